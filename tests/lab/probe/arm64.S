/* SPDX-License-Identifier: MIT */
/*
 * A next "kernel" for QEMU's virt machine that prints how it was entered and
 * powers off. It is an arm64 Image (boot protocol header, position independent),
 * needs no stack and writes no memory, so what it prints is what it got.
 *
 *	PROBE x0=... to x3, x30, pc	registers at the first instruction
 *	PROBE cntvct=...		virtual counter at the second instruction
 *	PROBE el=, mmu=, dcache=	exception level, SCTLR_ELx.M and .C
 *	PROBE daif=, mpidr=		interrupt masks, which CPU
 *	PROBE fdt=...			the first 8 big-endian words behind x0, or
 *					"none" when x0 is zero or not 8-byte aligned
 *	PROBE fault esr=... far=...	the words behind x0 cannot be read
 *	PROBE end
 *
 * Registers:
 *	x19-x22	x0-x3 as entered	x26	CNTVCT_EL0
 *	x23	x30 as entered		x27	exception level, 1 or 2
 *	x24	address of the Image	x28	SCTLR_ELx
 *	x25	word counter		x29	UART base
 *	x0-x3	scratch of the printing routines; x30 their return address
 */

#define UART		0x09000000	/* PL011 of the virt machine */
#define UART_FR		0x18
#define UART_FR_TXFF	5		/* bit: transmit queue full */
#define PSCI_SYSTEM_OFF	0x84000008
#define IMAGE_BYTES	0x10000		/* in memory; the file is shorter */

	.macro	print text
	adr	x0, 9001f
	bl	puts
	.pushsection .text, 1
9001:	.asciz	"\text"
	.popsection
	.endm

	/* One "PROBE name=0x..." line of 16 digits. */
	.macro	show name, reg
	print	"\r\nPROBE \name=0x"
	mov	x0, \reg
	mov	x1, #64
	bl	puthex
	.endm

	/* One "PROBE name=digit" line from one bit (or a number below 16). */
	.macro	show_digit name, reg
	print	"\r\nPROBE \name="
	mov	x0, \reg
	mov	x1, #4
	bl	puthex
	.endm

	.text
image:
	b	start			/* code0 */
	.long	0			/* code1 */
	.quad	0			/* text_offset */
	.quad	IMAGE_BYTES		/* image_size */
	.quad	0xa			/* little endian, 4K pages, anywhere */
	.quad	0, 0, 0
	.ascii	"ARM\x64"
	.long	0			/* no PE header */

start:
	mrs	x26, cntvct_el0
	mov	x19, x0
	mov	x20, x1
	mov	x21, x2
	mov	x22, x3
	mov	x23, x30
	adr	x24, image
	mov	x29, #UART
	mrs	x27, CurrentEL
	lsr	x27, x27, #2
	adr	x0, vectors
	cmp	x27, #2
	b.eq	1f
	mrs	x28, sctlr_el1
	msr	vbar_el1, x0
	b	2f
1:	mrs	x28, sctlr_el2
	msr	vbar_el2, x0
2:	isb

	show	x0, x19
	show	x1, x20
	show	x2, x21
	show	x3, x22
	show	x30, x23
	show	pc, x24
	show	cntvct, x26
	show_digit el, x27
	and	x3, x28, #1
	show_digit mmu, x3
	ubfx	x3, x28, #2, #1
	show_digit dcache, x3
	mrs	x3, daif
	show	daif, x3
	mrs	x3, mpidr_el1
	show	mpidr, x3

	print	"\r\nPROBE fdt="
	cbz	x19, no_fdt
	tst	x19, #7
	b.ne	no_fdt
	mov	x25, #0
3:	ldr	w0, [x19, x25, lsl #2]
	rev	w0, w0
	mov	x1, #32
	bl	puthex
	print	" "
	add	x25, x25, #1
	cmp	x25, #8
	b.ne	3b
	b	end
no_fdt:
	print	"none"
end:
	print	"\r\nPROBE end\r\n"
	ldr	w0, =PSCI_SYSTEM_OFF
	cmp	x27, #2
	b.eq	4f
	hvc	#0			/* QEMU's own PSCI, below a guest at EL1 */
4:	smc	#0
5:	wfi
	b	5b

fault:
	cmp	x27, #2
	b.eq	6f
	mrs	x19, esr_el1
	mrs	x20, far_el1
	b	7f
6:	mrs	x19, esr_el2
	mrs	x20, far_el2
7:	show	"fault esr", x19
	print	" far=0x"
	mov	x0, x20
	mov	x1, #64
	bl	puthex
	b	end

/* void puts(x0 = zero-terminated text); uses x1, x2 */
puts:
	ldrb	w1, [x0], #1
	cbz	w1, 2f
1:	ldr	w2, [x29, #UART_FR]
	tbnz	w2, #UART_FR_TXFF, 1b
	str	w1, [x29]
	b	puts
2:	ret

/* void puthex(x0 = value, x1 = how many of its low bits, a multiple of 4); uses x2, x3 */
puthex:
	sub	x1, x1, #4
	lsr	x2, x0, x1
	and	x2, x2, #15
	cmp	x2, #10
	b.lo	1f
	add	x2, x2, #('a' - '0' - 10)
1:	add	x2, x2, #'0'
2:	ldr	w3, [x29, #UART_FR]
	tbnz	w3, #UART_FR_TXFF, 2b
	str	w2, [x29]
	cbnz	x1, puthex
	ret

	.ltorg
	.balign	2048
vectors:
	.rept	16
	.balign	128
	b	fault
	.endr
