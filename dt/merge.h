/* SPDX-License-Identifier: MIT */
/* A tree given by the user: what only the running machine knows is added.
 *
 * A tree from a disk is as good as the one that firmware was given, and lacks what firmware writes
 * into that as the machine starts.
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

/* Adds to t what `own`, the machine's tree without chosen_clean()'s stale parts, has and t lacks:
 *
 *	linux,uefi-*	always the machine's own, or none
 *	memory		all nodes, when t has no way to find memory
 *	reservations	of the header and in /reserved-memory, unless t reserves that memory too
 *	firmware	the nodes with these paths (NULL ends them), below the root or /firmware
 *	console		stdout-path or linux,stdout-path, when t has none and has that device
 *
 * Errors: FAIL_TREE, also when memory must be added and t counts addresses in other cells.
 */
bool merge_machine(struct tree *t, const void *own, const char *const *firmware, struct error *e);

#endif
