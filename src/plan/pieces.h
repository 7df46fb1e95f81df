/* SPDX-License-Identifier: MIT */
/* The pieces of a load, as long as a plan is being made: what each holds, how long it is. */
#ifndef PIECES_H
#define PIECES_H

#include "src/plan/arch_ops.h"

/* For parts of src/plan only; others see the finished plan. */
struct draft {
	const struct request *r;
	struct plan *p;
	struct span data[PIECES]; /* of the initrds only the length */
	struct placement at[PIECES];
	uint64_t shipped; /* bytes of whole pages that the running kernel copies */
};

/* Is the load a crash kernel of our own planning? */
static inline bool is_crash(const struct request *r)
{
	return r->machine->crash.region.end && !r->file_call;
}

/* Bytes of memory that the core header is loaded with, zeros behind it: what the running kernel
 * wants there to keep it true to CPUs and memory that come and go (kernel/crash_core.c,
 * crash_handle_hotplug_event).
 */
static inline uint64_t core_memory(const struct request *r, uint64_t len)
{
	const uint64_t wanted = round_up(r->machine->crash.elfcorehdr_memsz, 0x1000);

	return len && r->hotplug && wanted > len ? wanted : len;
}

/* ---- initrds.c */

/* From the first byte of the first initrd to the last byte of the last one. */
uint64_t initrds_size(const struct request *r);

/* Where the initrd after the i-th goes, which lies at `at`. */
uint64_t initrds_next(const struct request *r, size_t i, uint64_t at);

/* ---- next_tree.c */

/* The next kernel's tree, with placeholders for where pieces lie, into p->tree and data[TREE].
 * Errors: FAIL_TREE, FAIL_MEMORY.
 */
bool next_tree_build(struct draft *d, struct error *e);

/* Bytes of memory that it tells of; UINT64_MAX where EFI tells, or when out of memory. */
uint64_t next_tree_memory(const struct draft *d);

/* What of `from`, free memory of the machine in order, the next kernel may be given, by its own
 * tree: less than that where the tree is not the machine's own. Memory that it lists and the
 * machine has not is an error. Errors: FAIL_TREE, FAIL_MEMORY.
 */
bool next_tree_free(const struct draft *d, const struct ranges *from, struct ranges *out,
		    struct error *e);

/* ---- place.c */

/* Finds a place for every piece. Errors: FAIL_ROOM, and those of next_tree_free(). */
bool place_pieces(struct draft *d, struct error *e);

#endif
