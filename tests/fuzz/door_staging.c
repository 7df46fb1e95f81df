/* SPDX-License-Identifier: MIT */
/* /proc/zoneinfo, and what was found free. Chunks: the text; the blocks, of which each has 9 bytes.
 */
#include "door.h"

#include "src/plan/staging.h"

#include <stdlib.h>

static void take_blocks(struct freemap *map, struct span in)
{
	struct sample *b = map->sample;
	uint64_t at;

	map->size = 2 << 20;
	span_le64(in, 0, &map->last);
	map->down = in.len & 1;
	while (map->blocks < BLOCKS_MAX && span_le64(in, 9 * map->blocks, &at) &&
	       in.len > 9 * map->blocks + 8) {
		at = round_down(at % (1ull << 52), map->size);
		if (map->blocks && at <= b[map->blocks - 1].start)
			break;
		b[map->blocks] =
			(struct sample){ at, in.p[9 * map->blocks + 8] % (BLOCK_PAGES + 1) };
		map->blocks++;
	}
}

static bool inside(const struct ranges *small, const struct ranges *large)
{
	size_t i, j;

	for (i = 0; i < small->n; i++) {
		for (j = 0; j < large->n && !range_within(small->v[i], large->v[j]); j++)
			;
		if (j == large->n)
			return false;
	}
	return true;
}

void door_staging(struct span in)
{
	static const uint64_t bytes[] = { 1, 5 << 20, 1ull << 33, 1ull << 62 };
	const unsigned flag = door_flag(&in);
	struct span text = door_chunk(&in), blocks = door_chunk(&in);
	struct range holes[] = { { 0x1000, 0x7ff01000, NULL }, { 1ull << 32, 3ull << 32, NULL } };
	const struct ranges room = { holes, 2, 2 };
	struct freemap *map = calloc(1, sizeof(*map));
	struct ranges out = { 0 };
	struct error e = { 0 };
	unsigned level;
	bool ok;

	if (!map)
		abort();
	take_blocks(map, blocks);
	staging_read_zones(map, text, flag & 3, flag & 4 ? 0x10000 : 0x1000);
	DOOR_WANT(map->zones <= ZONES_MAX);
	for (level = 0; level <= STAGING_LEVELS; level++) {
		ok = staging_quiet_ranges(map, &room, bytes[flag >> 3 & 3], flag >> 5 & 3, level,
					  &out, &e);
		door_error(ok, &e);
		DOOR_WANT(door_sorted(&out, true) && inside(&out, &room));
		DOOR_WANT(level < STAGING_LEVELS || ranges_total(&out) == ranges_total(&room));
		ranges_free(&out);
	}
	free(map);
	free((void *)(uintptr_t)text.p);
	free((void *)(uintptr_t)blocks.p);
}
