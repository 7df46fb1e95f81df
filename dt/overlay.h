/* SPDX-License-Identifier: MIT */
/* Overlays, as `dtc -@` makes them (dtc, Documentation/dt-object-internal.txt): libfdt applies them
 * once they are known to be harmless.
 */
#ifndef OVERLAY_H
#define OVERLAY_H

#include "dt/tree.h"

/* Larger ones are refused, and deeper ones: libfdt's time grows with the cube of what refers to
 * nodes, and it calls itself for each level. Those of kernels have 10 KiB at most.
 */
#define OVERLAY_MAX   (64u << 10)
#define OVERLAY_DEPTH 64

struct overlay {
	struct span data; /* checked by tree_check() */
	const char *name;
};

/* Applies an overlay to t, and leaves `slack` bytes free. Errors: FAIL_TREE, FAIL_MEMORY; t is
 * then as it was.
 */
bool overlay_apply(struct tree *t, const struct overlay *o, size_t slack, struct error *e);

#endif
