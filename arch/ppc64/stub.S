/* SPDX-License-Identifier: MIT */
/* void stub(unsigned long cpu, unsigned long start, unsigned long zero) __attribute__((noreturn));
 *
 *	tree->boot_cpuid_phys = cpu; if (backup) memcpy(backup, 0, 0x10000); wait a little;
 *	kernel(tree, address, 0, EPAPR, 0, opal, opal_entry)
 *
 * How it is entered (arch/powerpc/kernel/misc_64.S, kexec_sequence): the first 0x100 bytes of this
 * segment are copied to physical address 0, all other CPUs are sent to absolute 0x60 with r3 = their
 * number, and this one enters at `start`, MMU off, in the byte order of the kernel that ran. The
 * loader therefore puts the next kernel's bytes 4..0xff after our first word, so that the others
 * wait in that kernel's own code (arch/powerpc/kernel/head_64.S), and our code at 0x100.
 *
 *	in	r3 hardware number of this CPU; r4 address of the stub; r5 0
 *	r3	first that number, at the end the physical address of the tree
 *	r4	address of the stub, at the end that of the kernel
 *	r5-r7	copy: to, doubleword, from; then time; at the end 0, the ePAPR magic, 0
 *	r8, r9	MSR work; at the end OPAL's base and entry (0 without OPAL)
 *	r10	tree
 *	r11	first instruction of the kernel, in ctr, which counts the copy before that
 *	r12	how long to wait: a CPU of a shared processor partition may be off for two rounds of
 *		10 ms before it takes the jump to 0x60, and the code that it spins in dies soon
 *
 * After a crash the first 64 KiB, which the next kernel's vectors will overwrite, are copied to where
 * the core header says that they are (the first 0x100 bytes are this segment's by then).
 *
 * Position independent, no stack; memory: its own, one word of the tree, and the copy. Two parts are stored in
 * two byte orders: `order` and the branch to it as the running kernel's, because we are entered in
 * it; `enter` and all data big endian, because a kernel is entered so (Linux fixes its own order).
 * The rfid between them changes the order. `make stubs` makes stub_words.h of all words; ppc64.c
 * knows where `enter` starts, what the data words mean, and puts the words in order.
 */
	.text
	.globl	stub
	.set	CODE, 0x100	/* of the stub's segment: where this code is put */
	.set	TREE, CODE + data - order
stub:
order:
	mfmsr	%r9
	li	%r8, 1			/* MSR_LE */
	andc	%r9, %r9, %r8
	addi	%r8, %r4, CODE + enter - order
	mtsrr0	%r8
	mtsrr1	%r9
	rfid
enter:
	ld	%r10, TREE(%r4)
	stw	%r3, 28(%r10)		/* struct fdt_header: boot_cpuid_phys */
	ld	%r5, TREE + 40(%r4)
	cmpdi	%r5, 0			/* no crash */
	beq	3f
	li	%r7, 0x2000		/* doublewords in 64 KiB */
	mtctr	%r7
	li	%r7, -8
	addi	%r5, %r5, -8
2:	ldu	%r6, 8(%r7)
	stdu	%r6, 8(%r5)
	bdnz	2b
3:	lis	%r12, 0x186		/* 25.6 million ticks of 512 MHz: 50 ms; with one CPU li %r12, 0 */
	or	%r1, %r1, %r1		/* low priority: the others may share this core */
	mftb	%r5
1:	mftb	%r6			/* until they have left the code that the kernel overwrites */
	subf	%r6, %r5, %r6
	cmpld	%r6, %r12
	blt	1b
	or	%r2, %r2, %r2		/* medium priority */
	ld	%r11, TREE + 16(%r4)
	mtctr	%r11
	ld	%r8, TREE + 24(%r4)
	ld	%r9, TREE + 32(%r4)
	mr	%r3, %r10
	ld	%r4, TREE + 8(%r4)
	li	%r5, 0
	lis	%r6, 0x6550		/* ePAPR: 0x65504150 */
	ori	%r6, %r6, 0x4150
	li	%r7, 0
	sync				/* the word in the tree, before anybody reads it */
	isync
	bctr
	.balign	8
data:	/* tree, kernel, its first instruction, OPAL base, OPAL entry, backup: written by ppc64.c */
