/* SPDX-License-Identifier: MIT */
#include "src/plan/holes.h"

#include "src/base/strbuf.h"

/* The piece among those placed that [start, start + size) would overlap, or NULL. */
static const struct placement *placement_overlapping(const struct placements *w, phys start,
						     uint64_t size)
{
	const struct placement *x;
	size_t i;

	for (i = 0; i < w->n; i++) {
		x = &w->v[i];
		if (x->placed && x->at < start + size && start < x->at + x->size)
			return x;
	}
	return NULL;
}

/* The highest place for x in the hole. */
static bool fit_top(struct range hole, const struct placements *w, const struct placement *x,
		    phys *at)
{
	const struct placement *other;
	phys end = hole.end;

	for (;;) {
		if (end < hole.start || end - hole.start < x->size || end - x->size < x->offset)
			return false;
		*at = round_down(end - x->size - x->offset, x->align) + x->offset;
		if (*at < hole.start)
			return false;
		other = placement_overlapping(w, *at, x->size);
		if (!other)
			return true;
		end = other->at;
	}
}

/* The lowest place for x in the hole, while nothing else is placed. */
static bool fit_bottom(struct range hole, const struct placement *x, phys *at)
{
	*at = hole.start > x->offset ? round_up(hole.start - x->offset, x->align) : 0;
	return !__builtin_add_overflow(*at, x->offset, at) && *at >= hole.start &&
	       *at <= hole.end && hole.end - *at >= x->size;
}

/* How many holes start below `end`. */
static size_t holes_below(const struct ranges *room, phys end)
{
	size_t low = 0, high = room->n, mid;

	while (low < high) {
		mid = low + (high - low) / 2;
		if (room->v[mid].start < end)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static bool fit(const struct ranges *room, const struct placements *w, struct placement *x,
		struct range within)
{
	size_t i;

	for (i = holes_below(room, within.end); i-- > 0;) {
		if (room->v[i].end <= within.start)
			break;
		if (fit_top(range_clip(room->v[i], within), w, x, &x->at)) {
			x->placed = true;
			return true;
		}
	}
	return false;
}

/* Where the other pieces of a window may lie once x is placed: in any window that holds x. */
static struct range reach(const struct placements *w, const struct placement *x)
{
	struct range r = { 0, UINT64_MAX, NULL };
	phys end = x->at + x->size;

	if (!w->window)
		return r;
	if (end > w->window)
		r.start = round_up(end - w->window, w->window_align);
	r.end = add_to_top(round_down(x->at, w->window_align), w->window);
	return r;
}

/* Where x may lie above the lowest piece, which is placed. */
static struct range above(const struct placement *lowest, const struct placement *x)
{
	const phys base = lowest->at - lowest->offset;

	return (struct range){ lowest->at, add_to_top(base, x->near ? x->near : UINT64_MAX), NULL };
}

/* Where x may lie beside those that are placed. */
static struct range limits(const struct placements *w, const struct placement *x)
{
	const struct placement *other;
	struct range r = x->within;
	size_t i;

	for (i = 0; i < w->n; i++) {
		other = &w->v[i];
		if (!other->placed)
			continue;
		if (other->bottom_up)
			r = range_clip(r, above(other, x));
		if (x->share_window && other->share_window)
			r = range_clip(r, reach(w, other));
	}
	return r;
}

/* Places those of the rest that may lie up to the highest end of all, or those that may not. */
static bool place_some(const struct ranges *room, struct placements *w,
		       const struct placement *first, bool highest)
{
	struct placement *x;
	phys end = 0;

	for (x = w->v; x < w->v + w->n; x++)
		if (x->size && x->within.end > end)
			end = x->within.end;
	for (x = w->v; x < w->v + w->n; x++)
		if (x != first && x->size && (x->within.end == end) == highest &&
		    !fit(room, w, x, limits(w, x)))
			return false;
	return true;
}

/* Places all but `first`, which is placed, those with the least choice before the others; forgets
 * them again when one does not fit.
 */
static bool place_rest(const struct ranges *room, struct placements *w,
		       const struct placement *first)
{
	const bool ok = place_some(room, w, first, false) && place_some(room, w, first, true);
	size_t i;

	for (i = 0; i < w->n && !ok; i++)
		if (&w->v[i] != first)
			w->v[i].placed = false;
	return ok;
}

/* Tries x at one end of one hole, and all others around it. */
static bool place_from(const struct ranges *room, struct placements *w, struct placement *x,
		       size_t hole, bool bottom)
{
	struct range r = range_clip(room->v[hole], x->within);

	if (r.start >= r.end)
		return false;
	x->placed = bottom ? fit_bottom(r, x, &x->at) : fit_top(r, w, x, &x->at);
	if (x->placed && place_rest(room, w, x))
		return true;
	x->placed = false;
	return false;
}

static bool place_first(const struct ranges *room, struct placements *w, struct placement *first)
{
	size_t i;

	if (first->bottom_up) {
		for (i = 0; i < room->n; i++)
			if (place_from(room, w, first, i, true))
				return true;
		return false;
	}
	for (i = room->n; i-- > 0;)
		if (place_from(room, w, first, i, false) || place_from(room, w, first, i, true))
			return true;
	return false;
}

/* The first piece that finds no hole even alone, or NULL; *within: where it, or all of them, may
 * lie, *sum: their bytes so far.
 */
static const struct placement *find_misfit(const struct ranges *room, struct placements *w,
					   struct range *within, uint64_t *sum)
{
	struct placement *x;

	*within = (struct range){ UINT64_MAX, 0, NULL };
	for (x = w->v; x < w->v + w->n; x++) {
		if (!x->size)
			continue;
		*sum += x->size;
		if (!fit(room, w, x, x->within)) {
			*within = x->within;
			return x;
		}
		x->placed = false;
		if (within->start > x->within.start)
			within->start = x->within.start;
		if (within->end < x->within.end)
			within->end = x->within.end;
	}
	return NULL;
}

static bool place_fail(const struct ranges *room, struct placements *w, struct error *e)
{
	char need[FORMAT_SIZE_MAX], most[FORMAT_SIZE_MAX], all[FORMAT_SIZE_MAX];
	uint64_t largest = 0, total = 0, sum = 0;
	struct range r, within;
	const struct placement *none = find_misfit(room, w, &within, &sum);
	const struct range *hole;

	ranges_for_each(hole, room) {
		r = range_clip(*hole, within);
		if (r.start >= r.end)
			continue;
		total += r.end - r.start;
		if (r.end - r.start > largest)
			largest = r.end - r.start;
	}
	format_size(most, largest);
	format_size(all, total);
	if (none)
		fail(e, FAIL_ROOM, "place the %s: %s needed, the largest hole%s%s has %s (%s free)",
		     none->what, format_size(need, none->size), none->where ? " " : "",
		     none->where ? none->where : "", most, all);
	else
		fail(e, FAIL_ROOM,
		     "place the pieces: %s needed, the largest hole has %s (%s free)",
		     format_size(need, sum), most, all);
	return hint(
		e, "nothing was loaded: kexec-lite --plan --load without the initrd shows the map");
}

bool place(const struct ranges *room, struct placements *w, struct error *e)
{
	struct placement *big = NULL, *next = NULL, *x;
	size_t i;

	/* The large pieces are hard to place, so they come first; big and next may swap. */
	for (i = 0; i < w->n; i++) {
		x = &w->v[i];
		x->placed = false;
		if (!x->size)
			continue;
		if (x->bottom_up)
			return place_first(room, w, x) || place_fail(room, w, e);
		if (!big || x->size > big->size) {
			next = big;
			big = x;
		} else if (!next || x->size > next->size) {
			next = x;
		}
	}
	if (!big || place_first(room, w, big) || (next && place_first(room, w, next)))
		return true;
	return place_fail(room, w, e);
}
