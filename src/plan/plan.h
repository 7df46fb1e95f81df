/* SPDX-License-Identifier: MIT */
/* The plan of a load: which bytes go where, and where the next kernel starts.
 *
 * plan_draft() computes, and plan_check() derives every rule again from the finished plan with its
 * own arithmetic. One property holds for any input: an error is set, or plan_check() passes.
 * Nothing after a plan decides anything.
 */
#ifndef PLAN_H
#define PLAN_H

#include "src/plan/request.h"
#include "src/plan/segment.h"

/* Bytes that a stub may have. */
#define STUB_MAX 512

#define plan_for_each(segment, plan)                                                               \
	for ((segment) = (plan)->seg; (segment) < (plan)->seg + (plan)->n; (segment)++)

struct plan {
	struct segment seg[SEGMENTS_MAX];
	size_t n;
	int stage_node; /* NUMA node in whose memory the load is to be staged; -1: anywhere */
	phys entry;
	phys kernel;	      /* load address of the kernel image */
	phys kernel_entry;    /* its first instruction; entry itself without a stub */
	struct chosen chosen; /* what the tree tells the next kernel */
	const char *tree_from;
	struct tree tree;	/* owns the tree's bytes */
	uint8_t stub[STUB_MAX]; /* and the stub's */
	size_t stub_len;
	uint8_t *elfcorehdr;   /* and the core header's */
	struct strbuf cmdline; /* and the command line's, where it names the core header */
};

/* Errors: FAIL_ROOM, FAIL_MEMORY, FAIL_TREE, FAIL_CMDLINE. End the plan with plan_free() in
 * any case. The request's spans must outlive it.
 */
bool plan_draft(const struct request *r, struct plan *p, struct error *e);

/* Why memory that failed is reserved. */
extern const char plan_poisoned[];

/* A plan without segments that says what the request says; and, once it has segments, where they
 * lie: all of p->chosen. For plan_draft(), and for plans that come in a message. Errors:
 * FAIL_MEMORY.
 */
bool plan_start(struct plan *p, const struct request *r, struct error *e);
void plan_tell(struct plan *p, const struct request *r);

/* What must hold for any call: the length of the command line. Errors: FAIL_CMDLINE. */
bool plan_check_cmdline(const struct request *r, struct error *e);

/* What must hold for kexec_file_load: that, and memory. The running kernel reads both files whole,
 * then copies them to pages that it allocates (kernel/kexec_file.c, kimage_file_prepare_segments).
 * Where kexec handover is on, it places them in handover's scratch memory only.
 * Errors: FAIL_CMDLINE, FAIL_MEMORY, FAIL_ROOM.
 */
bool plan_check_file_call(const struct request *r, struct error *e);

/* FAIL_ROOM: that memory is too small. Always false. */
bool plan_fail_scratch(const struct machine *m, struct error *e);
void plan_free(struct plan *p);

/* Everything that the running kernel would refuse, and everything that it leaves to us: pages,
 * overlaps, half of RAM; inside RAM, outside what is kept, the rules of the target. Errors:
 * FAIL_BUG.
 */
bool plan_check(const struct plan *p, const struct request *r, struct error *e);

/* The first segment of a piece (a kernel may have several), or NULL. */
const struct segment *plan_segment(const struct plan *p, enum piece piece);

#endif
