/* SPDX-License-Identifier: MIT */
/* EDGE: which pages of the running machine are free now. */
#include "src/sys/probe.h"

#include "src/sys/files.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Documentation/admin-guide/mm/pagemap.rst: 64 bits for each page frame, this one set on all pages
 * of a free block.
 */
#define KPF_BUDDY    (1ull << 10)
#define KPF_HWPOISON (1ull << 19) /* its memory failed */

/* The allocator goes up within the blocks that it takes apart, of 4 MiB with pages of 4 KiB, and
 * from block to block either way.
 */
#define STEP (16u << 20)

/* Looking at a block costs a few thousand instructions, loading 256 KiB some 300,000. */
#define BLOCK_WORTH  (256u << 10)
#define BLOCKS_LEAST 128
#define BLOCK_LEAST  (2ull << 20)
#define BLOCK_MOST   (16ull << 20)

/* How many of the first pages at `at` are free; -1 when that cannot be read. */
static int count_free(int fd, phys at, uint32_t page_size)
{
	uint64_t flags[BLOCK_PAGES];
	int i, n = 0;

	if (pread(fd, flags, sizeof(flags), (off_t)(at / page_size * sizeof(*flags))) !=
	    sizeof(flags))
		return -1;
	for (i = 0; i < BLOCK_PAGES; i++)
		n += (flags[i] & KPF_BUDDY) != 0;
	return n;
}

/* Looks at a few pages of each block, `most` blocks from the top of memory down, where places are
 * sought first.
 */
static void look(int fd, const struct machine *m, size_t most, struct freemap *map)
{
	size_t n = 0, i = m->ram.n;
	phys at;
	int found;

	while (i-- > 0 && n < most) {
		at = round_down(m->ram.v[i].end - 1, map->size);
		for (; n < most && at >= m->ram.v[i].start && at >= map->size; at -= map->size) {
			found = count_free(fd, at, m->page_size);
			if (found < 0)
				return;
			n++;
			map->sample[BLOCKS_MAX - n] = (struct sample){ at, (uint8_t)found };
		}
	}
	map->blocks = n;
	memmove(map->sample, map->sample + BLOCKS_MAX - n, n * sizeof(map->sample[0]));
}

/* Where in memory the page is that holds this byte; 0 when that is not known. */
static phys locate(int fd, const volatile uint8_t *at, uint32_t page_size)
{
	/* Documentation/admin-guide/mm/pagemap.rst: bit 63 present, bits 0 to 54 the frame */
	const uint64_t present = 1ull << 63, frame = (1ull << 55) - 1;
	uint64_t v = *at; /* a page that is not mapped yet has no frame */
	ssize_t n;

	n = pread(fd, &v, sizeof(v), (off_t)((uintptr_t)at / page_size * sizeof(v)));
	return n == sizeof(v) && (v & present) ? (v & frame) * page_size : 0;
}

void freepages_open(struct freepages_files *f)
{
	f->flags = open("/proc/kpageflags", O_RDONLY | O_CLOEXEC);
	f->zones = open("/proc/zoneinfo", O_RDONLY | O_CLOEXEC);
	f->map = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
}

void freepages_close(const struct freepages_files *f)
{
	const int fd[] = { f->flags, f->zones, f->map };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(fd); i++)
		if (fd[i] >= 0)
			close(fd[i]);
}

void freepages_probe(struct machine *m, const struct freepages_files *f, struct span newest)
{
	struct freemap *map = malloc(sizeof(*map));
	struct strbuf zones = STRBUF_GROWING;
	unsigned node = 0;
	uint64_t total;
	size_t most;

	m->freemap = map;
	if (map)
		*map = (struct freemap){ .size = BLOCK_LEAST };
	if (!map || f->flags < 0)
		return;
	/* few for a small load, which this must not slow down */
	most = newest.len / BLOCK_WORTH < BLOCKS_LEAST ? BLOCKS_LEAST : newest.len / BLOCK_WORTH;
	if (most > BLOCKS_MAX)
		most = BLOCKS_MAX;
	total = ranges_total(&m->ram);
	while (map->size < BLOCK_MOST && total / map->size > most)
		map->size *= 2;
	look(f->flags, m, most, map);
	if (f->zones >= 0)
		files_rest(f->zones, 1u << 20, &zones);
	syscall(SYS_getcpu, NULL, &node, NULL);
	staging_read_zones(map, (struct span){ (uint8_t *)zones.p, zones.len }, node, m->page_size);
	strbuf_free(&zones);
	map->last = locate(f->map, newest.p + newest.len - 1, m->page_size);
	if (newest.len > STEP)
		map->down = locate(f->map, newest.p + newest.len - STEP, m->page_size) > map->last;
}

/* ---- pages whose memory failed */

/* Adds those of a segment, with the room after it, to `bad`. What cannot be read is sound. */
static bool find_bad(int fd, const struct segment *s, uint32_t page_size, struct ranges *bad)
{
	uint64_t flags[512];
	phys at = s->at.start;
	ssize_t n, i;

	while (at < s->reserved_end) {
		n = pread(fd, flags, sizeof(flags), (off_t)(at / page_size * sizeof(*flags)));
		n /= (ssize_t)sizeof(*flags);
		if (n <= 0)
			break;
		for (i = 0; i < n && at < s->reserved_end; i++, at += page_size)
			if ((flags[i] & KPF_HWPOISON) &&
			    !ranges_add(bad, at, at + page_size, plan_poisoned))
				return false;
	}
	return true;
}

/* Reserves what of the plan's places is bad: *found, if any is. */
static bool reserve_bad(struct machine *m, int fd, const struct plan *p, bool *found)
{
	const size_t known = m->reserved.n;
	bool ok = true;
	size_t i;

	for (i = 0; i < p->n && ok; i++)
		ok = find_bad(fd, &p->seg[i], m->page_size, &m->reserved);
	*found = m->reserved.n > known;
	if (!ok || !*found)
		return ok;
	ranges_sort(&m->reserved);
	ranges_free(&m->free);
	return ranges_subtract(&m->ram, &m->reserved, &m->free);
}

bool freepages_keep_bad(struct machine *m, const struct plan *p, struct error *e)
{
	struct freepages_files f = { -1, -1, -1 };
	bool found, ok;

	if (!m->live || !m->corrupted)
		return true;
	freepages_open(&f);
	ok = f.flags < 0 || reserve_bad(m, f.flags, p, &found);
	freepages_close(&f);
	return ok || fail_memory(e);
}

bool freepages_plan(struct machine *m, const struct freepages_files *f, const struct request *r,
		    struct plan *p, struct error *e)
{
	bool found;

	for (;;) {
		if (!plan_draft(r, p, e))
			return false;
		if (!m->corrupted || f->flags < 0)
			return true;
		if (!reserve_bad(m, f->flags, p, &found))
			return fail_memory(e);
		if (!found)
			return true;
		/* no later draft has these pages, so there is an end to it */
		plan_free(p);
	}
}
