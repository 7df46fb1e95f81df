/* SPDX-License-Identifier: MIT */
#include "src/plan/staging.h"

#include <string.h>

/* The number after the word, in pages, as bytes, from where s goes on; 0 when it is not there. */
static uint64_t pages(struct span *s, const char *word, uint32_t page_size)
{
	uint64_t v = 0;

	if (!span_find(*s, word, s))
		return 0;
	while (span_skip_prefix(s, " "))
		;
	span_parse_number(s, 10, &v);
	return v > UINT64_MAX / page_size ? 0 : v * page_size;
}

/* What is before `end`, which is a tail of s. */
static struct span before(struct span s, struct span end)
{
	return (struct span){ s.p, s.len - end.len };
}

static void insert_zone(struct freemap *map, size_t at, struct zone z)
{
	if (map->zones == ZONES_MAX)
		return;
	memmove(&map->zone[at + 1], &map->zone[at], (map->zones - at) * sizeof(z));
	map->zone[at] = z;
	map->zones++;
}

void staging_read_zones(struct freemap *map, struct span zoneinfo, uint64_t node,
			uint32_t page_size)
{
	struct span s = zoneinfo, next, part;
	uint64_t id, last = UINT64_MAX, low, spanned;
	size_t first = 0;
	struct zone z = { 0 };

	map->zones = 0;
	map->node = node;
	while (span_find(s, "Node ", &s)) {
		if (!span_parse_number(&s, 10, &id) || id >= NODES_MAX)
			continue;
		part = span_find(s, "Node ", &next) ? before(s, next) : s;
		/* GFP_HIGHUSER, as kimage_load_normal_segment() asks, is never served from there */
		if (span_skip_prefix(&part, ", zone  Movable"))
			continue;
		/* in the order of zoneinfo_show_print() in mm/vmstat.c */
		z.free = pages(&part, "pages free ", page_size);
		low = pages(&part, " low ", page_size);
		z.free -= z.free < low ? z.free : low;
		spanned = pages(&part, " spanned ", page_size);
		z.at.start = pages(&part, "start_pfn:", page_size);
		z.at.end = z.at.start + spanned;
		/* nodes are listed with their lowest zone first, and used from the highest; our own
		 * node comes before all others */
		if (id != last)
			first = id == node ? 0 : map->zones;
		last = id;
		z.node = id;
		if (z.at.start < z.at.end)
			insert_zone(map, first, z);
	}
}

/* How far from where the zone's allocator is its next `taken` bytes reach, which are not quite the
 * nearest.
 */
static uint64_t reach(const struct zone *z, uint64_t taken)
{
	const uint64_t all = (z->at.end - z->at.start) >> 20, free = z->free >> 20;
	uint64_t far;

	if (!free || __builtin_mul_overflow(taken + taken / 8, all, &far))
		return UINT64_MAX;
	return far / free;
}

/* Is the block quiet while the zone gives pages up to `far` from where it is? Those that come next
 * are most likely near those that came last, upwards in a machine that has used little, often
 * downwards in one that has freed a lot; where none is known to come from this zone, from its
 * lowest up.
 */
static bool is_quiet(const struct freemap *map, const struct sample *b, const struct zone *z,
		     uint64_t far, unsigned level)
{
	const bool known = map->last >= z->at.start && map->last < z->at.end;
	const phys from = known ? map->last : z->at.start;
	const bool down = known && map->down;

	if (b->free < BLOCK_PAGES)
		return !b->free || level >= 2;
	if (b->start >= from)
		return b->start - from >= far || (level >= 1 && down);
	return from - b->start >= far || (level >= 1 && !down);
}

/* Is any block in use that is no more than n from this one? Where nothing is quiet, a destination
 * over pages in use has the fewest that can be handed out.
 */
static bool is_near_use(const struct freemap *map, size_t i, size_t n)
{
	const size_t end = i + n < map->blocks ? i + n : map->blocks - 1;
	size_t j;

	for (j = i < n ? 0 : i - n; j <= end; j++)
		if (map->sample[j].free < BLOCK_PAGES)
			return true;
	return false;
}

static bool loud_zone(const struct freemap *map, const struct zone *z, uint64_t taken,
		      unsigned level, struct ranges *loud)
{
	const uint64_t far = reach(z, taken);
	const struct sample *b;
	phys seen = z->at.end;
	size_t i;

	for (i = map->blocks; i-- > 0;) {
		b = &map->sample[i];
		if (b->start < z->at.start || b->start >= z->at.end)
			continue;
		seen = b->start;
		if (!is_quiet(map, b, z, far, level) &&
		    (level < 3 || !is_near_use(map, i, (size_t)1 << level)) &&
		    !ranges_add(loud, b->start, b->start + map->size, NULL))
			return false;
	}
	/* nobody looked at the rest */
	return level >= 1 || ranges_add(loud, z->at.start, seen, NULL);
}

/* The zones of one node, or of all others. */
static bool loud_zones(const struct freemap *map, uint64_t node, bool others, uint64_t *rest,
		       unsigned level, struct ranges *loud)
{
	const struct zone *z;
	uint64_t taken;

	for (z = map->zone; z < map->zone + map->zones; z++) {
		taken = z->free < *rest ? z->free : *rest;
		if ((z->node != node) != others || !taken)
			continue;
		*rest -= taken;
		if (!loud_zone(map, z, taken, level, loud))
			return false;
	}
	return true;
}

bool staging_quiet_ranges(const struct freemap *map, const struct ranges *room, uint64_t bytes,
			  uint64_t node, unsigned level, struct ranges *out, struct error *e)
{
	/* page tables, lists, and what others take meanwhile */
	uint64_t rest = bytes + bytes / 32 + map->size;
	struct ranges loud = { 0 };
	bool ok = true;

	if (level < STAGING_LEVELS && map->blocks)
		ok = loud_zones(map, node, false, &rest, level, &loud) &&
		     loud_zones(map, node, true, &rest, level, &loud);
	ranges_sort(&loud);
	ok = ok && ranges_subtract(room, &loud, out);
	ranges_free(&loud);
	return ok || fail_memory(e);
}
