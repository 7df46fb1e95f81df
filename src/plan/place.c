/* SPDX-License-Identifier: MIT */
/* Where each piece of a load goes: how large it is there, what it is aligned to, which pieces have
 * rules of their own. holes.c finds the place.
 */
#include "src/plan/pieces.h"

static struct range find_bounds(const struct request *r)
{
	struct range bounds = r->machine->addressable;

	if (bounds.start < r->bounds.start)
		bounds.start = r->bounds.start;
	if (r->bounds.end && bounds.end > r->bounds.end)
		bounds.end = r->bounds.end;
	return bounds;
}

static void describe_kernel(const struct request *r, struct placement *w)
{
	w->size = round_up(r->image->memsz, LARGEST_PAGE);
	w->align = r->image->align;
	w->offset = r->image->offset;
	/* a crash kernel leaves what memory it has above itself: ppc64 can kexec to nowhere else */
	w->bottom_up = r->image->bottom_up || is_crash(r);
	w->share_window = true;
}

static bool describe_pieces(struct draft *d, struct error *e)
{
	const struct request *r = d->r;
	const struct arch *a = r->machine->arch;
	struct range within[PIECES];
	struct placement *w = d->at;
	int i;

	for (i = KERNEL; i < PIECES; i++)
		within[i] = find_bounds(r);
	if (a->reach && !a->reach(r, within, e))
		return false;
	for (i = KERNEL; i < PIECES; i++)
		w[i] = (struct placement){ .what = piece_name((enum piece)i),
					   .size = round_up(d->data[i].len, LARGEST_PAGE),
					   .align = LARGEST_PAGE,
					   .within = within[i] };
	describe_kernel(r, &w[KERNEL]);
	w[INITRD].share_window = true;
	w[TREE].size = round_up(d->data[TREE].len, a->tree_align);
	w[TREE].align = a->tree_align;
	if (!is_crash(r))
		return true;
	w[STUB].size += a->backup;
	if (w[CORE].size && r->hotplug && w[CORE].size < r->machine->crash.elfcorehdr_memsz)
		w[CORE].size = round_up(r->machine->crash.elfcorehdr_memsz, LARGEST_PAGE);
	return true;
}

/* In memory that the running kernel is least likely to stage the load in, if all of it fits there.
 */
static bool place_away_from_staging(const struct ranges *in, const struct draft *d,
				    struct placements *all, struct error *e)
{
	const struct freemap *map = d->r->machine->freemap;
	struct ranges quiet;
	unsigned level;
	bool ok = false;

	for (level = 0; level < STAGING_LEVELS && map && !ok; level++) {
		quiet = (struct ranges){ 0 };
		*e = (struct error){ 0 };
		ok = staging_quiet_ranges(map, in, d->shipped, level, &quiet, e) &&
		     place(&quiet, all, e);
		ranges_free(&quiet);
	}
	if (ok)
		return true;
	*e = (struct error){ 0 };
	return place(in, all, e);
}

static bool fail_crash_room(const struct machine *m, struct error *e)
{
	char size[FORMAT_SIZE_MAX];

	return hint(e, "nothing was loaded: boot with a larger crashkernel=, it has %s",
		    format_size(size, m->crash.region.end - m->crash.region.start));
}

bool place_pieces(struct draft *d, struct error *e)
{
	const struct machine *m = d->r->machine;
	const struct arch *a = m->arch;
	struct placements all = { d->at, PIECES, a->window, a->window_align };
	struct ranges told = { 0 };
	bool ok = true;

	if (!describe_pieces(d, e))
		return false;
	if (d->r->dtb.len || d->r->overlays) {
		ok = next_tree_free(d, &told, e) && place_away_from_staging(&told, d, &all, e);
		ranges_free(&told);
	} else {
		ok = place_away_from_staging(&m->free, d, &all, e);
	}
	if (ok || !is_crash(d->r) || e->code != FAIL_ROOM)
		return ok;
	return fail_crash_room(m, e);
}
