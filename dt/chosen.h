/* SPDX-License-Identifier: MIT */
/* What the next kernel is told: /chosen and the reservations that go with it.
 *
 * The reference for what must go and what must come is the kernel's own file loader,
 * drivers/of/kexec.c (of_kexec_alloc_and_setup_fdt).
 */
#ifndef CHOSEN_H
#define CHOSEN_H

#include "dt/tree.h"

#define KASLR_SEED 8
#define RNG_SEED   32

/* Linux has 4 such areas at most (kernel/crash_reserve.c, CRASHKERNEL_CMA_RANGES_MAX). */
#define CRASH_CMA_MAX 16

struct chosen {
	const char *cmdline;		/* never NULL */
	phys initrd_start, initrd_end;	/* equal: no initrd */
	uint8_t kaslr_seed[KASLR_SEED]; /* fresh random bytes, not all zero */
	uint8_t rng_seed[RNG_SEED];
	phys tree_start; /* the tree reserves itself here, where tree_size is not 0 */
	size_t tree_size;
	struct range elfcorehdr;  /* a crash kernel's core header; end 0: no crash kernel */
	struct range usable, low; /* its memory; low, end 0: not there */
	/* and what it shares with the crashed kernel, CRASH_CMA_MAX areas at most; borrowed, or
	 * NULL */
	const struct ranges *cma;
	struct range backup;	  /* what its stub fills; reserved; end 0: nothing */
};

/* The space that chosen_write() needs in a tree, for a command line of len bytes. */
size_t chosen_slack(size_t len);

/* Removes what the last boot left: elfcorehdr, usable-memory-range, KHO, IMA and dm-crypt
 * hand-overs, with their reservations, those of the initrd, and that of the last tree itself, which
 * had old_total bytes (0: not known). Where the initrd was stays, for chosen_write() to put the
 * next one's place there.
 */
void chosen_clean(struct tree *t, size_t old_total);

/* Removes where the initrd was. */
void chosen_forget_initrd(struct tree *t);

/* Writes c into /chosen, which is made if absent, of a tree that chosen_clean() has seen. It adds
 * bootargs, the initrd with its reservation, or removes where the last boot's was, both seeds
 * whether or not there were any, linux,booted-from-kexec, and linux,uefi-secure-boot where
 * dt_lacks_secure_boot(). Of linux,uefi-* the others, stdout-path and all else stay as they are.
 * Errors: FAIL_TREE, FAIL_MEMORY.
 */
bool chosen_write(struct tree *t, const struct chosen *c, struct error *e);

/* Tells a packed tree, written by chosen_write() with an initrd of the same size, a command line of
 * the same length (and tree_size, core and backup as much 0 or not), where all that lies now. It
 * keeps its size. Errors: FAIL_TREE.
 */
bool chosen_move(struct tree *t, const struct chosen *c, struct error *e);

/* Does a finished tree say exactly what c asks, and nothing stale? For plan_check(): reads
 * the tree anew and shares no code with chosen_write(). Errors: FAIL_BUG.
 */
bool chosen_check(struct span tree, const struct chosen *c, struct error *e);

#endif
