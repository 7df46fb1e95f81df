/* SPDX-License-Identifier: MIT */
/* Where the running kernel will not look for memory while it loads.
 *
 * It stages a load in pages that it takes from its allocator. A page that happens to lie in a
 * destination is put aside and searched for, page by page, whenever another is needed
 * (kernel/kexec_core.c, kimage_alloc_page()): placed badly, 256 MiB cost a hundred times as much.
 * So destinations go where pages are in use, and hence cannot be handed out, or are free but far
 * from those that come first; where the nearest NUMA node has no such place for the whole load, it
 * is staged in memory of another. Nothing here makes a plan right or wrong, only fast or slow.
 */
#ifndef STAGING_H
#define STAGING_H

#include "src/base/error.h"
#include "src/base/range.h"
#include "src/base/span.h"

#define BLOCK_PAGES 2 /* looked at in each block */
#define BLOCKS_MAX  1024
#define ZONES_MAX   64
#define NODES_MAX   1024 /* Linux has no more: CONFIG_NODES_SHIFT */

/* A zone of the running kernel's allocator, in the order in which it serves this process. */
struct zone {
	struct range at;
	uint64_t free; /* bytes that it gives before it turns to the next zone */
	uint64_t node; /* NUMA */
};

struct sample {
	phys start;
	uint8_t free; /* pages of those looked at that are free: 0 to BLOCK_PAGES */
};

struct freemap {
	struct zone zone[ZONES_MAX];
	size_t zones;
	uint64_t node;			  /* that this process runs on */
	struct sample sample[BLOCKS_MAX]; /* ascending */
	size_t blocks;			  /* 0: nothing is known */
	uint64_t size;			  /* bytes of a block, a power of two */
	phys last; /* of a page that was handed out not long ago; 0: not known */
	bool down; /* one before it came from above it */
};

/* Reads /proc/zoneinfo into map->zone, for a process that runs on NUMA node `node`. Zones beyond
 * ZONES_MAX, and of nodes beyond NODES_MAX, are left out, and those that no load is staged in.
 */
void staging_read_zones(struct freemap *map, struct span zoneinfo, uint64_t node,
			uint32_t page_size);

/* Adds to `out` what of `room` is quiet while `bytes` are loaded and staged in memory of `node` as
 * far as it has some. Level 0 asks most: pages in use,
 * or free and far from those that may come first. 1 allows what lies on the other side of these
 * and what was not sampled, 2 blocks that are partly in use, 3 and above free ones ever farther
 * from those in use. Levels from STAGING_LEVELS on are all of `room`.
 * Errors: FAIL_MEMORY.
 */
#define STAGING_LEVELS 8
bool staging_quiet_ranges(const struct freemap *map, const struct ranges *room, uint64_t bytes,
			  uint64_t node, unsigned level, struct ranges *out, struct error *e);

#endif
