/* SPDX-License-Identifier: MIT */
/* Where each piece of a load goes: how large it is there, what it is aligned to, which pieces have
 * rules of their own. holes.c finds the place.
 */
#include "src/formats/iomem.h"
#include "src/plan/pieces.h"

static struct range find_bounds(const struct request *r)
{
	struct range bounds = r->bounds;

	if (!bounds.end)
		bounds.end = UINT64_MAX;
	return range_clip(r->machine->addressable, bounds);
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
	struct placement *w = d->at;
	int i;

	for (i = KERNEL; i < PIECES; i++)
		w[i] = (struct placement){ .what = piece_name((enum piece)i),
					   .size = round_up(d->data[i].len, LARGEST_PAGE),
					   .align = LARGEST_PAGE,
					   .within = find_bounds(r) };
	if (a->reach && !a->reach(r, d->p->tree.blob, w, e))
		return false;
	describe_kernel(r, &w[KERNEL]);
	w[INITRD].share_window = true;
	w[TREE].size = round_up(d->data[TREE].len, a->tree_align);
	w[TREE].align = a->tree_align;
	w[TREE].near = r->image->bottom_up ? a->tree_near : 0;
	if (!is_crash(r))
		return true;
	w[STUB].size += a->backup;
	w[CORE].size = round_up(core_memory(r, d->data[CORE].len), LARGEST_PAGE);
	return true;
}

static bool place_quietly(const struct ranges *in, const struct draft *d, struct placements *all,
			  uint64_t node, unsigned level, struct error *e)
{
	struct ranges quiet = { 0 };
	bool ok;

	*e = (struct error){ 0 };
	ok = staging_quiet_ranges(d->r->machine->freemap, in, d->shipped, node, level, &quiet, e) &&
	     place(&quiet, all, e);
	ranges_free(&quiet);
	return ok;
}

/* With the load staged in memory of another NUMA node than the allocator would turn to first. */
static bool place_and_prefer(const struct ranges *in, struct draft *d, struct placements *all,
			     struct error *e)
{
	const struct freemap *map = d->r->machine->freemap;
	const struct zone *z;

	for (z = map->zone; z < map->zone + map->zones; z++) {
		if (z->node == map->node || !place_quietly(in, d, all, z->node, 0, e))
			continue;
		d->p->stage_node = (int)z->node;
		return true;
	}
	return false;
}

/* In memory that the running kernel is least likely to stage the load in, if all of it fits there.
 */
static bool place_away_from_staging(const struct ranges *in, struct draft *d,
				    struct placements *all, struct error *e)
{
	const struct freemap *map = d->r->machine->freemap;
	unsigned level;

	if (map && (place_quietly(in, d, all, map->node, 0, e) || place_and_prefer(in, d, all, e)))
		return true;
	for (level = 1; level < STAGING_LEVELS && map; level++)
		if (place_quietly(in, d, all, map->node, level, e))
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

/* Bytes of a crash kernel's region below an address. */
static uint64_t region_below(const struct machine *m, phys end)
{
	const struct range *r;
	uint64_t sum = 0;

	ranges_for_each(r, &m->reserved)
		if (r->what == iomem_crash && r->start < end)
			sum += (r->end < end ? r->end : end) - r->start;
	return sum;
}

/* Where real mode reaches a part of memory only: how much that is, and how much of it the region
 * of a crash kernel takes.
 */
static bool fail_rma(const struct machine *m, struct error *e)
{
	const uint64_t region = region_below(m, m->rma_end);
	char rma[FORMAT_SIZE_MAX], size[FORMAT_SIZE_MAX];

	format_size(rma, m->rma_end);
	format_size(size, region);
	if (region)
		return hint(e,
			    "nothing was loaded: kernel, tree and stub must lie in the first %s "
			    "(RMA), of which %s are the crash kernel region",
			    rma, size);
	if (m->ram.v[m->ram.n - 1].end > m->rma_end)
		return hint(e,
			    "nothing was loaded: kernel, tree and stub must lie in the first %s "
			    "(RMA)",
			    rma);
	return false;
}

/* A tree that is not the machine's own may have less memory than that. */
static bool fail_told(const struct draft *d, struct error *e)
{
	const uint64_t told = next_tree_memory(d), here = ranges_total(&d->r->machine->ram);
	char has[FORMAT_SIZE_MAX], all[FORMAT_SIZE_MAX];

	return told < here &&
	       hint(e, "nothing was loaded: the device tree tells of %s of memory, and here are %s",
		    format_size(has, told), format_size(all, here));
}

/* ---- where to look, the best first */

enum attempt {
	TOGETHER, /* the initrd where the other pieces may lie too */
	APART,	  /* each piece wherever it may */
	REGION,	  /* and the crash kernel's region, where the target allows that */
	ATTEMPTS
};

/* Machine's free memory, with the crash kernel's region. */
static bool add_region(const struct machine *m, struct ranges *out)
{
	struct ranges reserved = { 0 };
	const struct range *r;
	bool ok = true;

	ranges_for_each(r, &m->reserved)
		if (ok && r->what != iomem_crash)
			ok = ranges_add(&reserved, r->start, r->end, r->what);
	ok = ok && ranges_subtract(&m->ram, &reserved, out);
	ranges_free(&reserved);
	return ok;
}

/* From the memory that is free for this attempt, as far as the next tree has it. */
static bool place_in(const struct ranges *free, struct draft *d, struct placements *all,
		     struct error *e)
{
	struct ranges told = { 0 };
	bool ok;

	if (!d->r->dtb.len && !d->r->overlays)
		return place_away_from_staging(free, d, all, e);
	ok = next_tree_free(d, free, &told, e) && place_away_from_staging(&told, d, all, e);
	ranges_free(&told);
	return ok;
}

static bool try_place(struct draft *d, enum attempt attempt, struct error *e)
{
	const struct machine *m = d->r->machine;
	const struct arch *a = m->arch;
	struct placements all = { d->at, PIECES, a->window, a->window_align };
	struct placement *initrd = &d->at[INITRD];
	const struct range far = initrd->within;
	struct ranges free = { 0 };
	bool ok;

	if (attempt == TOGETHER && initrd->within.end > d->at[KERNEL].within.end)
		initrd->within.end = d->at[KERNEL].within.end;
	if (attempt == REGION)
		ok = (add_region(m, &free) || fail_memory(e)) && place_in(&free, d, &all, e);
	else
		ok = place_in(&m->free, d, &all, e);
	initrd->within = far;
	ranges_free(&free);
	return ok;
}

/* How many attempts differ from the one before. */
static enum attempt attempts(const struct draft *d)
{
	const struct machine *m = d->r->machine;

	if (m->arch->region_is_room && !m->crash.region.end)
		return ATTEMPTS;
	return d->at[INITRD].within.end > d->at[KERNEL].within.end ? REGION : APART;
}

bool place_pieces(struct draft *d, struct error *e)
{
	const struct machine *m = d->r->machine;
	enum attempt i;
	bool ok;

	if (!describe_pieces(d, e))
		return false;
	ok = try_place(d, TOGETHER, e);
	for (i = APART; i < attempts(d) && !ok && e->code == FAIL_ROOM; i++) {
		*e = (struct error){ 0 };
		ok = try_place(d, i, e);
	}
	if (ok || e->code != FAIL_ROOM)
		return ok;
	if (is_crash(d->r))
		return fail_crash_room(m, e);
	return (m->rma_end && fail_rma(m, e)) || fail_told(d, e);
}
