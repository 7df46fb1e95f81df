/* SPDX-License-Identifier: MIT */
/*
 * A next "kernel" for QEMU's pseries and powernv machines that prints how it was
 * entered and powers off. Big-endian ELF64, position independent, with the marks a
 * loader looks for in a ppc64 Linux kernel: its first byte is the entry, 0x5c holds
 * "run0", 0x60 is where secondary CPUs are held (here: for good).
 *
 *	PROBE r3=... to r9	registers at the first instruction
 *	PROBE msr=, pc=, tb=	machine state, address of the image, time base
 *	PROBE endian=big	or "little" if MSR_LE was set
 *	PROBE run=...		the word at 0x5c of the image
 *	PROBE low NN=...	memory at address NN, 16 bytes a line, 0 to 0xff
 *	PROBE fdt=...		the first 10 words behind r3; the one at offset 28
 *				is boot_cpuid_phys. "none" when r3 is zero or not
 *				8-byte aligned, or r5 (Open Firmware) is not zero
 *	PROBE end
 *
 * Output goes to H_PUT_TERM_CHAR, or with MSR_HV set to the OPAL call at r9 (base r8);
 * a powernv entry with r9 = 0 is therefore silent. No stack is used, nothing outside
 * the image is written.
 *
 * Registers (r14 and up survive hypervisor and OPAL calls):
 *	r14-r20	r3-r9 as entered	r26	value being printed
 *	r21	MSR as entered		r27	bits left of it
 *	r22	address of the image	r28	return address of puts, puthex
 *	r23	time base		r29	1 if we have OPAL, else 0
 *	r24	loop counter		r30	return address of putc
 *	r25	text being printed	r31	address being dumped
 */

#define H_PUT_TERM_CHAR		0x58
#define H_RTAS			0xf000	/* QEMU's own: r4 = RTAS argument block */
#define RTAS_POWER_OFF		0x2003	/* QEMU's token */
#define OPAL_CONSOLE_WRITE	1
#define OPAL_CEC_POWER_DOWN	5
#define OPAL_POLL_EVENTS	10
#define IMAGE_BYTES		0x10000	/* in memory; the file is shorter */

	/* An instruction as the other byte order reads it. */
	.macro	swapped insn
	.long	((\insn & 0xff) << 24) | ((\insn & 0xff00) << 8) | ((\insn >> 8) & 0xff00) | (\insn >> 24)
	.endm

	.macro	print text
	addi	%r3, %r22, 9001f - image
	bl	puts
	.pushsection .text, 1
9001:	.asciz	"\text"
	.popsection
	.endm

	/* One "PROBE name=0x..." line of 16 digits. */
	.macro	show name, reg
	print	"\r\nPROBE \name=0x"
	mr	%r3, \reg
	li	%r4, 64
	bl	puthex
	.endm

	.text
	.global	image
image:
	tdi	0, %r0, 0x48	/* little endian: branch to image + 8 */
	b	start
	/* Entered in little endian: note it (r11 = MSR) and change over. */
	swapped	0x7d6000a6	/* mfmsr r11 */
	swapped	0x429f0005	/* bcl 20,31,$+4 */
here:	swapped	0x7d4802a6	/* mflr r10 */
	swapped	(0x394a0000 + (entered - here))	/* addi r10,r10,entered-here */
	swapped	0x7d5a03a6	/* mtsrr0 r10 */
	swapped	0x696c0001	/* xori r12,r11,MSR_LE */
	swapped	0x7d9b03a6	/* mtsrr1 r12 */
	swapped	0x4c000024	/* rfid */

	.org	image + 0x5c
run:	.ascii	"run0"
	.org	image + 0x60
	b	.

	.org	image + 0x100
start:
	mfmsr	%r11
entered:
	mftb	%r23
	mr	%r14, %r3
	mr	%r15, %r4
	mr	%r16, %r5
	mr	%r17, %r6
	mr	%r18, %r7
	mr	%r19, %r8
	mr	%r20, %r9
	mr	%r21, %r11
	bcl	20, 31, 1f
1:	mflr	%r22
	addi	%r22, %r22, image - 1b
	rldicl	%r29, %r21, 4, 63	/* MSR_HV */
	cmpdi	%r29, 0
	beq	2f
	cmpdi	%r20, 0
	beq	.			/* nobody to print for us */
2:
	show	r3, %r14
	show	r4, %r15
	show	r5, %r16
	show	r6, %r17
	show	r7, %r18
	show	r8, %r19
	show	r9, %r20
	show	msr, %r21
	show	pc, %r22
	show	tb, %r23
	andi.	%r0, %r21, 1
	bne	3f
	print	"\r\nPROBE endian=big"
	b	4f
3:	print	"\r\nPROBE endian=little"
4:	print	"\r\nPROBE run="
	lwz	%r3, run - image(%r22)
	li	%r4, 32
	bl	puthex

	li	%r31, 0
5:	print	"\r\nPROBE low "
	mr	%r3, %r31
	li	%r4, 8
	bl	puthex
	print	"="
	li	%r24, 4
	bl	words
	cmpdi	%r31, 0x100
	bne	5b

	print	"\r\nPROBE fdt="
	cmpdi	%r14, 0
	beq	6f
	andi.	%r0, %r14, 7
	bne	6f
	cmpdi	%r16, 0
	bne	6f
	mr	%r31, %r14
	li	%r24, 10
	bl	words
	b	7f
6:	print	"none"
7:	print	"\r\nPROBE end\r\n"
	cmpdi	%r29, 0
	bne	opal_off

	li	%r3, 0
	ori	%r3, %r3, H_RTAS
	addi	%r4, %r22, rtas_args - image
	sc	1
	b	.

opal_off:
	li	%r0, OPAL_CEC_POWER_DOWN
	li	%r3, 0			/* normal power-off */
	bl	opal
8:	li	%r0, OPAL_POLL_EVENTS
	li	%r3, 0
	bl	opal
	b	8b

/* Prints r24 words from r31 on and moves r31 behind them. */
words:
	mflr	%r0
	std	%r0, words_lr - image(%r22)
1:	lwz	%r3, 0(%r31)
	li	%r4, 32
	bl	puthex
	li	%r3, ' '
	bl	putc
	addi	%r31, %r31, 4
	addi	%r24, %r24, -1
	cmpdi	%r24, 0
	bne	1b
	ld	%r0, words_lr - image(%r22)
	mtlr	%r0
	blr

/* puts(r3 = zero-terminated text) */
puts:
	mflr	%r28
	mr	%r25, %r3
1:	lbz	%r3, 0(%r25)
	cmpdi	%r3, 0
	beq	2f
	bl	putc
	addi	%r25, %r25, 1
	b	1b
2:	mtlr	%r28
	blr

/* puthex(r3 = value, r4 = how many of its low bits, a multiple of 4) */
puthex:
	mflr	%r28
	mr	%r26, %r3
	mr	%r27, %r4
1:	addi	%r27, %r27, -4
	srd	%r3, %r26, %r27
	andi.	%r3, %r3, 15
	cmpdi	%r3, 10
	blt	2f
	addi	%r3, %r3, 'a' - '0' - 10
2:	addi	%r3, %r3, '0'
	bl	putc
	cmpdi	%r27, 0
	bne	1b
	mtlr	%r28
	blr

/* putc(r3 = character) */
putc:
	mflr	%r30
	cmpdi	%r29, 0
	bne	2f
	sldi	%r6, %r3, 56
	li	%r7, 0
	li	%r5, 1
	li	%r4, 0			/* terminal: QEMU's first one */
	li	%r3, H_PUT_TERM_CHAR
	sc	1
1:	mtlr	%r30
	blr
2:	addi	%r5, %r22, out_char - image
	stb	%r3, 0(%r5)
	addi	%r4, %r22, out_bytes - image
	li	%r6, 1
	std	%r6, 0(%r4)
	li	%r3, 0			/* terminal 0 */
	li	%r0, OPAL_CONSOLE_WRITE
	bl	opal
	b	1b

/* OPAL call r0 with arguments in r3 to r5 (firmware comes back to our caller) */
opal:
	mtctr	%r20
	mr	%r2, %r19
	bctr

	.balign	8
rtas_args:
	.long	RTAS_POWER_OFF, 2, 1	/* token, arguments, results */
	.long	-1, -1, 0		/* any event may switch it on again */
words_lr:
	.quad	0
out_bytes:
	.quad	0
out_char:
	.byte	0
	.balign	8

	.bss
	.space	IMAGE_BYTES - 0x1000
