/* SPDX-License-Identifier: MIT */
/* Physical ranges of the target, and sets of them.
 *
 * A phys is an address on the target machine, never a host pointer. A range is half open,
 * [start, end), and never empty; the last byte below 2^64 cannot be in one. Sets grow with
 * malloc; end them with ranges_free().
 */
#ifndef RANGE_H
#define RANGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef uint64_t phys;

/* Bytes of the largest page that a kernel of either target may have: what the next kernel reserves
 * it rounds to its own pages, and so do boot loaders. Nothing of ours shares such a page with a
 * neighbour.
 */
#define LARGEST_PAGE 0x10000ull

struct range {
	phys start, end;
	const char *what; /* why it is in its set; borrowed, may be NULL */
};

struct ranges {
	struct range *v;
	size_t n, cap;
};

#define ranges_for_each(range, set)                                                                \
	for ((range) = (set)->v; (size_t)((range) - (set)->v) < (set)->n; (range)++)

/* Adds [start, end); nothing when that is empty. False when out of memory. */
bool ranges_add(struct ranges *s, phys start, phys end, const char *what);

/* Sorts by start, larger first where starts are equal, by reason where ends are too. */
void ranges_sort(struct ranges *s);

/* Sorts, and makes one range of those that overlap or touch (it keeps the first one's `what`). */
void ranges_union(struct ranges *s);

/* Adds to `out` what of `from` is not in `minus`. Both must be sorted, `from` without overlaps;
 * `minus` may overlap and nest as it likes. False when out of memory.
 */
bool ranges_subtract(const struct ranges *from, const struct ranges *minus, struct ranges *out);

uint64_t ranges_total(const struct ranges *s); /* sum of all sizes, of a set without overlaps */
void ranges_free(struct ranges *s);

bool range_overlaps(struct range a, struct range b);
bool range_within(struct range inner, struct range outer);

/* What of a is in b: empty (start >= end) where nothing is. */
struct range range_clip(struct range a, struct range b);

/* a + b, or the top where that wraps. */
uint64_t add_to_top(uint64_t a, uint64_t b);

/* Rounds to a power of two; up saturates at the last multiple instead of wrapping. */
uint64_t round_down(uint64_t v, uint64_t align);
uint64_t round_up(uint64_t v, uint64_t align);

#endif
