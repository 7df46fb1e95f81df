/* A tree given by the user: what only the running machine knows is added, and overlays applied.
 *
 * A tree from a disk is as good as the one that firmware was given, and lacks what firmware writes
 * into that as the machine starts.
 */
#ifndef MERGE_H
#define MERGE_H

#include "dt/tree.h"

/* Nodes nested deeper than this are refused. */
#define MERGE_DEPTH 64
/* As are larger overlays: the time that one takes grows with the square of its size. */
#define OVERLAY_MAX (256u << 10)

struct overlay {
	struct span data; /* checked by tree_check() */
	const char *name;
};

/* Is a tree for the machine of `own`: do the root nodes share a compatible? Trees that do not
 * log_print are.
 */
bool merge_same_machine(const void *fdt, const void *own);

/* The room that merge_machine() needs in a tree, for this one. */
size_t merge_slack(struct span own);

/* Adds to t what `own`, the machine's tree without chosen_clean()'s stale parts, has and t lacks:
 *
 *	linux,uefi-*	always the machine's own, or none
 *	memory		all nodes, when t has no way to find memory
 *	reservations	of the header and in /reserved-memory, unless t keeps that memory too
 *	firmware	the nodes with these paths (NULL ends them), below the root or /firmware
 *	console		stdout-path or linux,stdout-path, when t has none and has that device
 *
 * Errors: FAIL_TREE, also when memory must be added and t counts addresses in other cells.
 */
bool merge_machine(struct tree *t, const void *own, const char *const *firmware, struct error *e);

/* Applies an overlay as `dtc -@` makes them (dtc, Documentation/dt-object-internal.txt), and leaves
 * `slack` bytes of room. Not libfdt's: that believes the offsets in __local_fixups__ and
 * __fixups__, and writes where they point to. Errors: FAIL_TREE, FAIL_MEMORY; t is then of no use.
 */
bool overlay_apply(struct tree *t, const struct overlay *o, size_t slack, struct error *e);

/* Copies properties and children of a node over those of another one. A phandle that t has given
 * away already is left out. Returns 0 or libfdt's error, -FDT_ERR_BADPHANDLE when a node would be
 * renumbered.
 */
int merge_node(struct tree *t, int to, const void *from, int node, unsigned depth);

#endif
