/* SPDX-License-Identifier: MIT */
#include "src/base/range.h"

#include <stdlib.h>
#include <string.h>

bool ranges_add(struct ranges *s, phys start, phys end, const char *what)
{
	size_t cap;
	struct range *v;

	if (start >= end)
		return true;
	if (s->n == s->cap) {
		cap = s->cap ? s->cap * 2 : 64;
		v = realloc(s->v, cap * sizeof(*v));
		if (!v)
			return false;
		s->v = v;
		s->cap = cap;
	}
	s->v[s->n++] = (struct range){ start, end, what };
	return true;
}

static int order_reasons(const char *a, const char *b)
{
	if (!a || !b)
		return (a != NULL) - (b != NULL);
	return strcmp(a, b);
}

/* qsort() may leave equal ranges in any order, which differs between libcs: so no two are equal. */
static int order_ranges(const void *pa, const void *pb)
{
	const struct range *a = pa, *b = pb;

	if (a->start != b->start)
		return a->start < b->start ? -1 : 1;
	if (a->end != b->end)
		return a->end > b->end ? -1 : 1;
	return order_reasons(a->what, b->what);
}

void ranges_sort(struct ranges *s)
{
	/* qsort() of an empty set would be given NULL */
	if (s->n > 1)
		qsort(s->v, s->n, sizeof(*s->v), order_ranges);
}

void ranges_union(struct ranges *s)
{
	struct range *last;
	size_t i, n = 0;

	ranges_sort(s);
	for (i = 0; i < s->n; i++) {
		last = n ? &s->v[n - 1] : NULL;
		if (!last || s->v[i].start > last->end)
			s->v[n++] = s->v[i];
		else if (s->v[i].end > last->end)
			last->end = s->v[i].end;
	}
	s->n = n;
}

bool ranges_subtract(const struct ranges *from, const struct ranges *minus, struct ranges *out)
{
	const struct range *r, *m;
	size_t i, j = 0;
	phys at;

	for (i = 0; i < from->n; i++) {
		r = &from->v[i];
		at = r->start;
		for (; j < minus->n && minus->v[j].start < r->end && at < r->end; j++) {
			m = &minus->v[j];
			if (m->start > at && !ranges_add(out, at, m->start, r->what))
				return false;
			if (m->end > at)
				at = m->end;
			/* the next range looks at it again, and at none before it */
			if (m->end > r->end)
				break;
		}
		if (at < r->end && !ranges_add(out, at, r->end, r->what))
			return false;
	}
	return true;
}

uint64_t ranges_total(const struct ranges *s)
{
	uint64_t sum = 0;
	size_t i;

	for (i = 0; i < s->n; i++)
		sum += s->v[i].end - s->v[i].start;
	return sum;
}

void ranges_free(struct ranges *s)
{
	free(s->v);
	*s = (struct ranges){ 0 };
}

bool range_overlaps(struct range a, struct range b)
{
	return a.start < b.end && b.start < a.end;
}

bool range_within(struct range inner, struct range outer)
{
	return inner.start >= outer.start && inner.end <= outer.end;
}

struct range range_clip(struct range a, struct range b)
{
	if (a.start < b.start)
		a.start = b.start;
	if (a.end > b.end)
		a.end = b.end;
	return a;
}

uint64_t add_to_top(uint64_t a, uint64_t b)
{
	return a < UINT64_MAX - b ? a + b : UINT64_MAX;
}

uint64_t round_down(uint64_t v, uint64_t align)
{
	return v & ~(align - 1);
}

uint64_t round_up(uint64_t v, uint64_t align)
{
	uint64_t up;

	if (__builtin_add_overflow(v, align - 1, &up))
		return round_down(UINT64_MAX, align);
	return round_down(up, align);
}
