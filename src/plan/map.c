/* SPDX-License-Identifier: MIT */
#include "src/plan/map.h"

#include <string.h>

static uint64_t row_bytes(const struct map *map)
{
	return map->cell * MAP_COLUMNS;
}

/* Gives each stretch of RAM its rows; false when there are not enough of this size. */
static bool lay_rows(struct map *map, const struct ranges *ram)
{
	const uint64_t bytes = row_bytes(map);
	phys at, next = 0;
	size_t i;

	map->rows = 0;
	for (i = 0; i < ram->n; i++) {
		at = round_down(ram->v[i].start, bytes);
		if (at < next)
			at = next;
		for (; at < ram->v[i].end; at += bytes) {
			if (map->rows == MAP_ROWS)
				return false;
			map->row[map->rows++] = at;
			next = at + bytes;
			if (next < at)
				return true;
		}
	}
	return true;
}

/* Adds each range's bytes to the cells that it covers. */
static void cover(const struct map *map, const struct ranges *s, uint64_t *cells)
{
	struct range part;
	unsigned row = 0;
	phys end, at;
	size_t i;

	for (i = 0; i < s->n; i++) {
		while (row + 1 < map->rows && map->row[row + 1] <= s->v[i].start)
			row++;
		for (unsigned y = row; y < map->rows && map->row[y] < s->v[i].end; y++) {
			for (unsigned x = 0; x < MAP_COLUMNS; x++) {
				at = map->row[y] + x * map->cell;
				end = at + map->cell ? at + map->cell : UINT64_MAX;
				part.start = s->v[i].start > at ? s->v[i].start : at;
				part.end = s->v[i].end < end ? s->v[i].end : end;
				if (part.start < part.end)
					cells[y * MAP_COLUMNS + x] += part.end - part.start;
			}
		}
	}
}

void map_make(struct map *map, const struct machine *m)
{
	memset(map, 0, sizeof(*map));
	/* it ends where eight rows are all of the 64-bit space */
	for (map->cell = 1 << 16; !lay_rows(map, &m->ram); map->cell *= 2)
		;
	cover(map, &m->ram, map->ram);
	cover(map, &m->free, map->free);
}

void map_mark(struct map *map, struct range r, char mark)
{
	unsigned i;
	phys at;

	for (i = 0; i < map->rows * MAP_COLUMNS; i++) {
		at = map->row[i / MAP_COLUMNS] + i % MAP_COLUMNS * map->cell;
		if (at < r.end && (r.start < at || r.start - at < map->cell))
			map->mark[i] = mark;
	}
}

static char cell_mark(const struct map *map, unsigned i)
{
	if (map->mark[i])
		return map->mark[i];
	if (!map->ram[i])
		return ' ';
	if (!map->free[i])
		return '#';
	return map->free[i] < map->ram[i] ? ':' : '.';
}

void map_print(const struct map *map, struct strbuf *t)
{
	unsigned x, y;
	char c;

	for (y = 0; y < map->rows; y++) {
		strbuf_printf(t, "%12llx |", (unsigned long long)map->row[y]);
		for (x = 0; x < MAP_COLUMNS; x++) {
			c = cell_mark(map, y * MAP_COLUMNS + x);
			strbuf_append(t, &c, 1);
		}
		strbuf_printf(t, "|\n");
	}
}
