/* SPDX-License-Identifier: MIT */
/* void stub(void) __attribute__((noreturn));
 *
 *	x0 = tree; x1 = x2 = x3 = 0; goto *kernel;
 *
 * kexec_load(2) enters its image with the MMU and caches off, at EL2 or EL1, and x0 to x3 zero on
 * the kernels we know (arch/arm64/kernel/relocate_kernel.S). A kernel wants the physical address of
 * its device tree in x0 and zero in x1 to x3 (booting.rst). That is all that is missing.
 *
 *	in	nothing
 *	x0	physical address of the tree
 *	x1-x3	0, as the contract says, whatever the running kernel left there
 *	x4	physical address of the next kernel's first instruction
 *
 * Position independent, no stack, no memory but its own 40 bytes. The two addresses are written
 * after the code by arm64.c. `make stubs` makes stub_words.h from this file; a test compares them.
 */
	.text
	.globl	stub
stub:
	ldr	x0, tree
	mov	x1, xzr
	mov	x2, xzr
	mov	x3, xzr
	ldr	x4, kernel
	br	x4
tree = . /* 8-byte aligned: loads with the MMU off must be */
kernel = . + 8
