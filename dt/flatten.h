/* SPDX-License-Identifier: MIT */
/* A device tree blob from a walk over a live one: start, reservations, then begin, properties,
 * child nodes, end, in that order. The walker (src/sys/live_tree.c) reads /proc/device-tree; this
 * side never sees a file. Large partitions have megabytes of tree and tens of KiB of property
 * names: each name is stored once, found by hash, so that time grows with the size of the tree only
 * (libfdt's own writer searches all names for each property).
 */
#ifndef FLATTEN_H
#define FLATTEN_H

#include "src/base/strbuf.h"
#include "dt/tree.h"

#define FLATTEN_DEPTH 64    /* deeper trees are refused */
#define FLATTEN_NAMES 16384 /* as are trees with so many property names; a power of two */

struct flatten {
	const char *from;			    /* borrowed: names the tree in errors */
	struct strbuf reserved, structure, strings; /* the three blocks of a blob */
	uint32_t *names;			    /* hash table: offset in strings + 1, or 0 */
	unsigned depth, used;
};

/* End it with flatten_free() in any case. Errors of all: FAIL_TREE when it is too deep, too large
 * or has too many names; FAIL_MEMORY.
 */
bool flatten_start(struct flatten *f, const char *from, struct error *e);
bool flatten_reserve(struct flatten *f, phys start, uint64_t size, struct error *e);
bool flatten_begin(struct flatten *f, const char *node, struct error *e);
bool flatten_property(struct flatten *f, const char *name, struct span value, struct error *e);
bool flatten_end(struct flatten *f, struct error *e);

/* The blob, not yet checked; the caller's to free(). */
bool flatten_finish(struct flatten *f, struct span *out, struct error *e);
void flatten_free(struct flatten *f);

#endif
