/* SPDX-License-Identifier: MIT */
#include "unit.h"

#include "src/plan/map.h"

/* 64 cells */
#define FREE "................................................................"
#define KEPT "################################################################"

static void picture(const struct map *map, const char *expected)
{
	struct strbuf t = STRBUF_GROWING;

	map_print(map, &t);
	want_text("picture", expected, t.p ? t.p : "");
	strbuf_free(&t);
}

static void set(struct ranges *s, phys start, phys end)
{
	if (!ranges_add(s, start, end, "x"))
		abort();
}

static void finish(struct machine *m, struct map *map)
{
	ranges_free(&m->free);
	if (!ranges_subtract(&m->ram, &m->reserved, &m->free))
		abort();
	map_make(map, m);
}

static void free_sets(struct machine *m)
{
	ranges_free(&m->ram);
	ranges_free(&m->reserved);
	ranges_free(&m->free);
}

static void rows(void)
{
	struct machine m = { 0 };
	struct map map;

	CASE("16 MiB in 4 rows of 64 KiB cells: kept, partly kept, free, pieces");
	set(&m.ram, 0x40000000, 0x41000000);
	set(&m.reserved, 0x40000000, 0x40400000);
	set(&m.reserved, 0x40808000, 0x4080c000);
	finish(&m, &map);
	want_u64("cell", 0x10000, map.cell);
	map_mark(&map, (struct range){ 0x40c00000, 0x40c50000, NULL }, 'k');
	map_mark(&map, (struct range){ 0x40c00000, 0x40c20001, NULL }, 'K');
	map_mark(&map, (struct range){ 0x40ffffff, 0x41000000, NULL }, 'S');
	picture(&map,
		"    40000000 |" KEPT "|\n"
		"    40400000 |" FREE "|\n"
		"    40800000 |:...............................................................|\n"
		"    40c00000 "
		"|KKKkk..........................................................S|\n");
	free_sets(&m);

	CASE("stretches without RAM have no rows, and blanks where a row is shared");
	set(&m.ram, 0x40000000, 0x40010000);
	set(&m.ram, 0x40020000, 0x40030000);
	set(&m.ram, 0x8800000000, 0x8800400000);
	finish(&m, &map);
	picture(&map,
		"    40000000 |. .                                                             |\n"
		"  8800000000 |" FREE "|\n");
	free_sets(&m);

	CASE("RAM that begins inside of a row");
	set(&m.ram, 0x403f0000, 0x40410000);
	finish(&m, &map);
	picture(&map,
		"    40000000 |                                                               .|\n"
		"    40400000 |.                                                               "
		"|\n");
	free_sets(&m);

	CASE("RAM of less than a cell, all of it kept");
	set(&m.ram, 0x40000000, 0x40001000);
	set(&m.reserved, 0x40000000, 0x40001000);
	finish(&m, &map);
	picture(&map, "    40000000 |#                                                             "
		      "  |\n");
	free_sets(&m);

	CASE("16 rows are the most: cells grow until they are enough");
	set(&m.ram, 0, 64 * MIB + 1);
	finish(&m, &map);
	want_u64("cell", 0x20000, map.cell);
	want_u64("rows", 9, map.rows);
	free_sets(&m);

	CASE("exactly 16 rows");
	set(&m.ram, 0, 64 * MIB);
	finish(&m, &map);
	want_u64("cell", 0x10000, map.cell);
	want_u64("rows", 16, map.rows);
	free_sets(&m);

	CASE("no RAM: no rows");
	finish(&m, &map);
	picture(&map, "");
	free_sets(&m);

	CASE("all of the 64-bit space");
	set(&m.ram, 0, UINT64_MAX);
	finish(&m, &map);
	want_u64("cell", 1ull << 54, map.cell);
	want_u64("rows", 16, map.rows);
	free_sets(&m);

	CASE("the top of the 64-bit space: the last cell is there too");
	set(&m.ram, 0xffffffffffc00000, UINT64_MAX);
	finish(&m, &map);
	map_mark(&map, (struct range){ 0xffffffffffff0000, UINT64_MAX, NULL }, 'K');
	picture(&map, "ffffffffffc00000 "
		      "|...............................................................K|\n");
	free_sets(&m);
}

void test_map(void)
{
	rows();
}
