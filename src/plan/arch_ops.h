/* SPDX-License-Identifier: MIT */
/* What the planner asks of a target. Each target is a folder below arch/ with one const struct
 * arch; which one is in force is read from the machine.
 */
#ifndef ARCH_OPS_H
#define ARCH_OPS_H

#include "src/plan/holes.h"
#include "src/plan/plan.h"

/* The rule of doc/contracts.md by which memory is kept for a reason; it is "not-kept" for others.
 */
struct kept_rule {
	const char *what, *rule;
};

struct arch {
	const char *name;	/* "arm64" */
	const char *machine;	/* uname -m */
	const char *machine_be; /* the same of a big-endian kernel; NULL: there is none */
	bool live_tree;		/* memory is read from the live tree, not from /proc/iomem */
	bool file_load_first;	/* the kernel's own file loader brings no purgatory */
	bool xen_fails; /* under Xen the next kernel panics: vCPU info pages stay registered */
	bool threads;	/* a core has several CPUs: which of them starts the next kernel matters */
	bool tree_reserved;   /* the tree reserves itself */
	bool region_is_room;  /* the crash kernel region may be written by a normal kexec */
	bool hash_table;      /* it may grow; see struct machine */
	uint64_t page_offset; /* virtual address of physical 0; 0: /proc/kcore tells */
	uint64_t backup; /* bytes from 0 that a crash stub saves after itself, before they go */
	bool elfcorehdr_on_cmdline; /* a crash kernel finds the core header by elfcorehdr= */
	uint32_t kexec_arch; /* include/uapi/linux/kexec.h: the load flag, ELF machine << 16 */
	uint16_t elf_flat;   /* e_machine of ELF files that hold a flat image; 0: ELF is loaded as
				such */
	size_t cmdline_max;  /* bytes a command line may have, without its NUL */
	uint64_t window, window_align; /* see struct placements */
	uint64_t tree_max;	       /* bytes of a tree */
	uint64_t tree_align;	       /* the tree gets a block of its own of this size */
	uint64_t tree_near; /* with a bottom_up image it ends so near above its base; 0: no rule */

	/* Nodes that firmware adds to a tree as the machine starts, without references to others;
	 * NULL ends them. See merge_machine().
	 */
	const char *const *firmware;
	bool firmware_moves; /* they say where it lies, which the next boot changes */

	/* Fills all that a machine says of memory, from its tree and, but for targets whose tree
	 * is live, from /proc/iomem. May set m->log_word, and clear m->one_cpu.
	 */
	bool (*memory)(struct machine *m, struct span iomem, struct error *e);
	/* What the log adds to that; false when out of memory. NULL: nothing. */
	bool (*log)(struct machine *m, struct span log);
	/* Is it this target's kernel? Then *is_ours is set and img filled, or e says why not. */
	bool (*image)(struct span file, const char *name, const struct machine *m,
		      struct image *img, bool *is_ours, struct error *e);
	/* The last part of kernel_settle(); NULL: kernels stay anyway. */
	bool (*pin)(struct image *img, const char *name, const struct machine *m, struct error *e);
	/* Narrows where the pieces may lie, by what the next kernel, with its tree, does before it
	 * reads them. NULL: anywhere. Errors: FAIL_ROOM, FAIL_MEMORY.
	 */
	bool (*reach)(const struct request *r, const void *tree, struct placement w[PIECES],
		      struct error *e);
	/* Adds RAM that a tree tells of elsewhere than in memory nodes; false when out of memory.
	 * NULL: there is none.
	 */
	bool (*dynamic_ram)(const void *fdt, struct ranges *out);
	/* Edits of the next tree that only this target needs; room for a reservation per kept range
	 * is there.
	 */
	bool (*tree)(struct tree *t, const struct request *r, struct error *e);
	/* Bytes that the running kernel wants free in a crash kernel's tree, to keep it up to date
	 * as CPUs come and go. NULL: it does not do that.
	 */
	size_t (*tree_room)(const struct machine *m);
	/* Writes the stub; returns its length, whatever the addresses; 0 where none is needed.
	 * backup: where to save `backup` bytes from 0; 0: nowhere.
	 */
	size_t (*stub)(const struct request *r, phys kernel, phys tree, phys backup,
		       uint8_t out[STUB_MAX]);
	const struct kept_rule *kept_rules; /* NULL ends them */
	/* The target's part of plan_check(). */
	bool (*check)(const struct plan *p, const struct request *r, struct error *e);
};

#endif
