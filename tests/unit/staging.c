/* SPDX-License-Identifier: MIT */
/* Which memory is quiet while a load is staged. */
#include "unit.h"

#include "src/plan/staging.h"

static const char two_nodes[] = "Node 0, zone      DMA\n"
				"  per-node stats\n"
				"      nr_inactive_anon 7\n"
				"  pages free     1024\n"
				"        boost    0\n"
				"        min      16\n"
				"        low      24\n"
				"        high     32\n"
				"        spanned  4096\n"
				"        present  4096\n"
				"      nr_free_pages 1024\n"
				"  pagesets\n"
				"    cpu: 0\n"
				"              count: 12\n"
				"  start_pfn:           1024\n"
				"Node 0, zone    DMA32\n"
				"  pages free     0\n"
				"        low      0\n"
				"        spanned  0\n"
				"Node 0, zone   Normal\n"
				"  pages free     10\n"
				"        low      20\n"
				"        spanned  100\n"
				"  start_pfn:           8192\n"
				"Node 1, zone   Normal\n"
				"  pages free     500\n"
				"        low      0\n"
				"        spanned  1000\n"
				"  start_pfn:           16384\n";

static void want_zones(const struct freemap *map, const char *expected)
{
	char buf[256];
	struct strbuf t = strbuf_fixed(buf, sizeof(buf));
	size_t i;

	strbuf_printf(&t, "%s", "");
	for (i = 0; i < map->zones; i++)
		strbuf_printf(&t, "%s%llx-%llx %llu of %llu", i ? ", " : "",
			      (unsigned long long)map->zone[i].at.start,
			      (unsigned long long)map->zone[i].at.end,
			      (unsigned long long)map->zone[i].free,
			      (unsigned long long)map->zone[i].node);
	want_text("zones", expected, buf);
}

static const struct zones_row {
	const char *caption, *text;
	uint64_t node;
	uint32_t page;
	const char *expected;
} zones_rows[] = {
	{ "own node first, its highest zone first", two_nodes, 0, 4096,
	  "2000000-2064000 0 of 0, 400000-1400000 4096000 of 0, 4000000-43e8000 2048000 of 1" },
	{ "the second node's own", two_nodes, 1, 4096,
	  "4000000-43e8000 2048000 of 1, 2000000-2064000 0 of 0, 400000-1400000 4096000 of 0" },
	{ "a node that is not listed", two_nodes, 9, 4096,
	  "2000000-2064000 0 of 0, 400000-1400000 4096000 of 0, 4000000-43e8000 2048000 of 1" },
	{ "pages of 64 KiB", two_nodes, 1, 65536,
	  "40000000-43e80000 32768000 of 1, 20000000-20640000 0 of 0, 4000000-14000000 65536000 of "
	  "0" },
	{ "no text", "", 0, 4096, "" },
	{ "another text", "Node\nNode x, zone\n", 0, 4096, "" },
	{ "cut in the middle of a zone", "Node 0, zone DMA\n  pages free 10\n  spanned 1", 0, 4096,
	  "0-1000 40960 of 0" },
	{ "memory for what can be moved is not for loads",
	  "Node 1, zone  Movable\n pages free 9\n spanned 9\nNode 1, zone   Normal\n spanned 1\n",
	  0, 4096, "0-1000 0 of 1" },
	{ "no node has a number of 1024 or more",
	  "Node 1024, zone DMA\n spanned 7\nNode 1023, zone DMA\n spanned 1\n", 0, 4096,
	  "0-1000 0 of 1023" },
	{ "numbers past 64 bits are none",
	  "Node 0, zone DMA\n spanned 18446744073709551615\n pages free 18446744073709551615\n", 0,
	  4096, "" },
};

/* 16 blocks of 2 MiB from 0x10000000; a letter each: `.` all free, `#` in use, `+` half. */
static void draw(struct freemap *map, const char *blocks)
{
	size_t i;

	*map = (struct freemap){ .size = 2 * MIB };
	for (i = 0; blocks[i]; i++)
		map->sample[map->blocks++] = (struct sample){
			0x10000000 + i * 2 * MIB,
			blocks[i] == '.'   ? BLOCK_PAGES
			: blocks[i] == '+' ? BLOCK_PAGES / 2
					   : 0,
		};
}

static const struct quiet_row {
	const char *caption, *blocks;
	uint64_t free; /* of the one zone */
	phys last;
	bool down;
	uint64_t bytes;
	unsigned level;
	const char *expected;
} quiet_rows[] = {
	{ "pages in use are quiet, those from the lowest up are not", "##..............", 28 * MIB,
	  0, false, 2 * MIB, 0, "10000000-10400000, 10600000-12000000" },
	{ "a larger load reaches farther", "##..............", 28 * MIB, 0, false, 8 * MIB, 0,
	  "10000000-10400000, 10e00000-12000000" },
	{ "the more, the less of the zone is free", "####.+.+########", 8 * MIB, 0, false, 2 * MIB,
	  0, "10000000-10800000, 11000000-12000000" },
	{ "next to the page that came last, both ways", "................", 32 * MIB, 0x11000000,
	  false, 4 * MIB, 0, "10000000-10a00000, 11800000-12000000" },
	{ "upwards only", "................", 32 * MIB, 0x11000000, false, 4 * MIB, 1,
	  "10000000-11000000, 11800000-12000000" },
	{ "downwards only", "................", 32 * MIB, 0x11000000, true, 4 * MIB, 1,
	  "10000000-10a00000, 11000000-12000000" },
	{ "a last page in no zone says nothing", "................", 32 * MIB, 0x50000000, false,
	  4 * MIB, 0, "10800000-12000000" },
	{ "blocks in use in part are loud", "#+#+############", 2 * MIB, 0, false, 2 * MIB, 0,
	  "10000000-10200000, 10400000-10600000, 10800000-12000000" },
	{ "until nothing else is left", "#+#+############", 2 * MIB, 0, false, 2 * MIB, 2,
	  "10000000-12000000" },
	{ "the whole zone is taken", "####............", 24 * MIB, 0, false, 64 * MIB, 2,
	  "10000000-10800000" },
	{ "then what is near to pages in use", "##..............", 28 * MIB, 0, false, 64 * MIB, 3,
	  "10000000-11400000" },
	{ "whether those lie below it or above", "..............##", 28 * MIB, 0, false, 64 * MIB,
	  3, "10c00000-12000000" },
	{ "at last the whole room", "................", 32 * MIB, 0, false, 64 * MIB,
	  STAGING_LEVELS, "10000000-12000000" },
	{ "a zone that gives nothing is quiet", "................", 0, 0, false, 4 * MIB, 0,
	  "10000000-12000000" },
	{ "nothing is known: the whole room", "", 32 * MIB, 0, false, 4 * MIB, 0,
	  "10000000-12000000" },
	{ "less than a MiB is free: no place is far", "................", MIB - 1, 0, false,
	  2 * MIB, 0, "" },
	{ "a zone that has more than there is: no place is far", "................", UINT64_MAX, 0,
	  false, UINT64_MAX / 4, 0, "" },
	{ "a size near 64 bits", "................", 32 * MIB, 0, false, UINT64_MAX / 2, 0, "" },
};

static void test_zones(void)
{
	struct freemap map;
	struct strbuf t = STRBUF_GROWING;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(zones_rows); i++) {
		CASE("zones: %s", zones_rows[i].caption);
		staging_read_zones(&map,
				   (struct span){ (const uint8_t *)zones_rows[i].text,
						  strlen(zones_rows[i].text) },
				   zones_rows[i].node, zones_rows[i].page);
		want_zones(&map, zones_rows[i].expected);
	}
	CASE("zones: more than there is room for");
	for (i = 0; i < 2 * ZONES_MAX; i++)
		strbuf_printf(&t, "Node %zu, zone Normal\n spanned 1\n", i);
	staging_read_zones(&map, (struct span){ (uint8_t *)t.p, t.len }, 3, 4096);
	want_u64("zones", ZONES_MAX, map.zones);
	strbuf_free(&t);
}

/* The n-th allocation fails: of what is loud, of what is not. */
static void out_of_memory(void)
{
	static const struct {
		const char *caption, *blocks;
		phys start; /* of the first block */
		uint64_t node;
		long calls;
	} maps[] = {
		{ "blocks", "................", 0x10000000, 0, 2 },
		{ "blocks of another node", "................", 0x10000000, 1, 2 },
		{ "what nobody looked at", "########", 0x11000000, 0, 2 },
		{ "nothing that is loud", "################", 0x10000000, 0, 1 },
	};
	struct ranges room = { 0 }, out;
	struct freemap map;
	struct error e;
	size_t i, j;
	long n;
	bool ok;

	ranges_add(&room, 0x10000000, 0x12000000, NULL);
	for (i = 0; i < ARRAY_SIZE(maps); i++) {
		CASE("quiet: out of memory for %s", maps[i].caption);
		draw(&map, maps[i].blocks);
		for (j = 0; j < map.blocks; j++)
			map.sample[j].start += maps[i].start - 0x10000000;
		map.zone[0] =
			(struct zone){ { 0x10000000, 0x12000000, NULL }, 16 * MIB, maps[i].node };
		map.zone[1] = map.zone[0];
		map.zones = 2;
		for (n = 0, ok = false; n < 9 && !ok; n++) {
			out = (struct ranges){ 0 };
			e = (struct error){ 0 };
			unit_memory(n);
			ok = staging_quiet_ranges(&map, &room, 4 * MIB, 0, 0, &out, &e);
			unit_memory(-1);
			want_error(ok, &e, ok ? FAIL_NONE : FAIL_MEMORY,
				   ok ? "" : "go on: out of memory");
			ranges_free(&out);
		}
		want_u64("calls of malloc", (uint64_t)maps[i].calls, (uint64_t)n - 1);
	}
	ranges_free(&room);
}

void test_staging(void)
{
	const struct range whole = { 0x10000000, 0x12000000, NULL };
	const struct quiet_row *r;
	struct ranges room = { 0 }, out;
	struct freemap map;
	struct error e;
	size_t i;

	test_zones();
	out_of_memory();
	ranges_add(&room, whole.start, whole.end, NULL);
	for (i = 0; i < ARRAY_SIZE(quiet_rows); i++) {
		r = &quiet_rows[i];
		CASE("quiet: %s", r->caption);
		draw(&map, r->blocks);
		map.zone[map.zones++] = (struct zone){ whole, r->free, 0 };
		map.last = r->last;
		map.down = r->down;
		out = (struct ranges){ 0 };
		e = (struct error){ 0 };
		want_error(staging_quiet_ranges(&map, &room, r->bytes, 0, r->level, &out, &e), &e,
			   FAIL_NONE, "");
		want_ranges("quiet", r->expected, &out);
		ranges_free(&out);
	}
	CASE("quiet: what nobody looked at is loud");
	draw(&map, "........");
	for (i = 0; i < map.blocks; i++)
		map.sample[i].start += 16 * MIB;
	map.zone[map.zones++] = (struct zone){ whole, 32 * MIB, 0 };
	out = (struct ranges){ 0 };
	e = (struct error){ 0 };
	want_error(staging_quiet_ranges(&map, &room, 2 * MIB, 0, 0, &out, &e), &e, FAIL_NONE, "");
	want_ranges("level 0", "11000000-12000000", &out);
	out.n = 0;
	want_error(staging_quiet_ranges(&map, &room, 2 * MIB, 0, 1, &out, &e), &e, FAIL_NONE, "");
	want_ranges("level 1", "10000000-12000000", &out);
	ranges_free(&out);
	CASE("quiet: a second zone serves what the first has not");
	draw(&map, "................");
	map.zone[0] = (struct zone){ { 0x11000000, 0x12000000, NULL }, 4 * MIB, 0 };
	map.zone[1] = (struct zone){ { 0x10000000, 0x11000000, NULL }, 16 * MIB, 0 };
	map.zones = 2;
	out = (struct ranges){ 0 };
	e = (struct error){ 0 };
	want_error(staging_quiet_ranges(&map, &room, 4 * MIB, 0, 0, &out, &e), &e, FAIL_NONE, "");
	want_ranges("quiet", "10400000-11000000", &out);
	ranges_free(&out);
	CASE("quiet: the node that is asked for serves first");
	map.zone[1].node = 5;
	out = (struct ranges){ 0 };
	want_error(staging_quiet_ranges(&map, &room, 4 * MIB, 5, 0, &out, &e), &e, FAIL_NONE, "");
	want_ranges("quiet", "10800000-12000000", &out);
	ranges_free(&out);
	ranges_free(&room);
}
