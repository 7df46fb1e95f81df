/* SPDX-License-Identifier: MIT */
/* Memory as a picture: one character per cell, 64 cells per row, at most MAP_ROWS rows. */
#ifndef MAP_H
#define MAP_H

#include "src/plan/machine.h"

#define MAP_COLUMNS 64
#define MAP_ROWS    16

struct map {
	uint64_t cell;	    /* bytes per character, a power of two */
	phys row[MAP_ROWS]; /* address of each row's first cell; ascending */
	unsigned rows;
	uint64_t ram[MAP_ROWS * MAP_COLUMNS], free[MAP_ROWS * MAP_COLUMNS]; /* bytes per cell */
	char mark[MAP_ROWS * MAP_COLUMNS];				    /* 0: no piece here */
};

/* Lays out rows over the machine's RAM; stretches without RAM have none. */
void map_make(struct map *map, const struct machine *m);

/* Marks every cell that the range touches. */
void map_mark(struct map *map, struct range r, char mark);

void map_print(const struct map *map, struct strbuf *t);

#endif
