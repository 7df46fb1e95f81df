/* SPDX-License-Identifier: MIT */
/* Where pieces go: best holes first, top of memory down.
 *
 * Why from the top: the running kernel takes the pages that it stages a load in from where its
 * allocator is, and each page that happens to lie in a destination is set aside and searched
 * for later. The lowest hole is the worst (kernel/kexec_core.c, kimage_alloc_page).
 */
#ifndef HOLES_H
#define HOLES_H

#include "src/base/error.h"
#include "src/base/range.h"

struct placement {
	const char *what;    /* for errors */
	uint64_t size;	     /* 0: not wanted */
	uint64_t align;	     /* power of two */
	uint64_t offset;     /* start = multiple of align + offset */
	struct range within; /* all of it inside this */
	const char *where;   /* what that is, for errors: "in the RMA"; NULL: nothing special */
	uint64_t near;	     /* not 0: ends no more than so far above the base (at - offset) of the
				bottom_up one */
	bool bottom_up;	     /* from the bottom up, and first of all */
	bool share_window;   /* one of those that must lie in one window */
	bool placed;	     /* the answer: whether, and where */
	phys at;
};

struct placements {
	struct placement *v;
	size_t n;
	uint64_t window;       /* bytes that the `together` ones share; 0: no such rule */
	uint64_t window_align; /* such a window starts at a multiple of this power of two */
};

/* Places all of w in `room` (sorted, no overlaps), without overlaps. When a piece does not fit
 * beside the others, other holes and orders are tried. Errors: FAIL_ROOM, with the sizes.
 */
bool place(const struct ranges *room, struct placements *w, struct error *e);

#endif
