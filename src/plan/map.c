/* SPDX-License-Identifier: MIT */
#include "src/plan/map.h"

#include <string.h>

/* Gives each stretch of RAM its rows; false when there are not enough of this size. */
static bool lay_rows(struct map *map, const struct ranges *ram)
{
	const uint64_t bytes = map->cell * MAP_COLUMNS;
	const struct range *r;
	phys at, next = 0;

	map->rows = 0;
	ranges_for_each(r, ram) {
		at = round_down(r->start, bytes);
		for (at = at < next ? next : at; at < r->end; at = next) {
			if (map->rows == MAP_ROWS)
				return false;
			map->row[map->rows++] = at;
			next = add_to_top(at, bytes);
		}
	}
	return true;
}

static struct range cell_range(const struct map *map, unsigned i)
{
	const phys at = map->row[i / MAP_COLUMNS] + i % MAP_COLUMNS * map->cell;

	return (struct range){ at, add_to_top(at, map->cell), NULL };
}

/* Adds each range's bytes to the cells that it covers; all ranges are in cells, and both ascend. */
static void cover(const struct map *map, const struct ranges *s, uint64_t *cells)
{
	struct range cell, part;
	size_t j = 0;
	unsigned i;

	for (i = 0; i < map->rows * MAP_COLUMNS; i++) {
		cell = cell_range(map, i);
		for (; j < s->n && s->v[j].start < cell.end; j++) {
			part = range_clip(s->v[j], cell);
			cells[i] += part.end - part.start;
			if (s->v[j].end > cell.end)
				break;
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

	for (i = 0; i < map->rows * MAP_COLUMNS; i++)
		if (range_overlaps(cell_range(map, i), r))
			map->mark[i] = mark;
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
