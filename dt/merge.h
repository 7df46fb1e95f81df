/* SPDX-License-Identifier: MIT */
/* A tree given by the user: what only the running machine knows is added.
 *
 * A tree from a disk is as good as the one that firmware was given, and lacks what firmware writes
 * into that as the machine starts; one saved at an earlier boot has what was written then.
 */
#ifndef MERGE_H
#define MERGE_H

#include "dt/tree.h"

/* Nodes nested deeper than this are not copied. */
#define MERGE_DEPTH 64

/* Is a tree for the machine of `own`: do the root nodes share a compatible? Trees without one
 * are.
 */
bool merge_same_machine(const void *fdt, const void *own);

/* Do both trees, of which own may be NULL, name the same board? Their most specific `compatible`
 * says it (devicetree.org, "Devicetree Specification", 2.3.1).
 */
bool merge_same_board(const void *fdt, const void *own);

/* The space that merge_machine() needs in a tree, for this one. */
size_t merge_slack(struct span own);

/* Makes t, a user's tree, one for the machine of `own`, its tree without chosen_clean()'s stale
 * parts. Of that it gets, in any case:
 *
 *	/chosen		linux,uefi-* and ibm,architecture-vec-5, or none: they are about this boot
 *	firmware	the nodes with these paths (NULL ends them), below the root or /firmware,
 *and reserved-ranges of the root, or none. With `always` false t keeps its nodes
 *
 * where both say that they are for the same machine:
 *
 *	memory		all nodes, in place of those of t
 *	MAC addresses	and serial numbers, in nodes of the same path or alias
 *
 * and where t lacks it:
 *
 *	memory		all nodes, when t tells of none
 *	reservations	of the header, and what is live in /reserved-memory: nodes, in part no-map
 *			nodes or reservations of the header. Kernels take an area that is
 *			disabled, or whose cells are not the root's, for none, and so does this
 *	console		stdout-path or linux,stdout-path, when t has none and has that device
 *
 * Errors: FAIL_TREE, also when memory must be added and t counts addresses in other cells;
 * FAIL_MEMORY.
 */
bool merge_machine(struct tree *t, const void *own, const char *const *firmware, bool always,
		   struct error *e);

#endif
