/* A device tree blob from a walk over a live one: begin, properties, child nodes, end, in that order.
 * The walker (src/probe.c) reads /proc/device-tree; this side never sees a file.
 */
#ifndef FLATTEN_H
#define FLATTEN_H

#include "tree.h"

#define FLATTEN_DEPTH 64 /* deeper trees are refused */

struct flatten {
	uint8_t *blob; /* malloc'd; end it with flatten_free() */
	size_t cap;
	unsigned depth;
	const char *from;
};

bool flatten_start(struct flatten *f, const char *from, struct error *e);

/* A reservation for the blob's header; only before the first node. */
bool flatten_reserve(struct flatten *f, phys start, uint64_t size, struct error *e);
bool flatten_begin(struct flatten *f, const char *node, struct error *e);
bool flatten_property(struct flatten *f, const char *name, struct span value, struct error *e);
bool flatten_end(struct flatten *f, struct error *e);

/* The finished blob, unchecked. */
bool flatten_finish(struct flatten *f, struct span *out, struct error *e);
void flatten_free(struct flatten *f);

#endif
