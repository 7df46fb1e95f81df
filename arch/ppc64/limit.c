/* SPDX-License-Identifier: MIT */
/* Memory that a kernel does without: by mem= on its command line, which counts bytes of RAM from
 * the bottom up and not addresses.
 */
#include "arch/ppc64/ppc64.h"

#include "dt/memory.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* Linux 6.12 and later do without what is left of memory above a multiple of this, mem= or not
 * (arch/powerpc/kernel/prom.c, early_init_devtree).
 */
#define MEMORY_UNIT (16ull << 20)

/* A number as memparse() in lib/cmdline.c reads it: 0x or 0 in front, K to E behind. */
static uint64_t parse_size(const char *s)
{
	static const char units[] = "kmgtpe";
	char *end;
	uint64_t v = strtoull(s, &end, 0);
	const char *unit = *end ? strchr(units, tolower((unsigned char)*end)) : NULL;

	if (unit && __builtin_mul_overflow(v, 1024ull << 10 * (unit - units), &v))
		return UINT64_MAX;
	return v;
}

uint64_t ppc64_mem_word(const char *line)
{
	uint64_t limit = 0;
	const char *end;
	size_t len;

	for (;; line = end) {
		while (isspace((unsigned char)*line))
			line++;
		len = word_length(line);
		end = line + len;
		if (!len || (len == 2 && strncmp(line, "--", 2) == 0))
			return limit;
		line += *line == '"';
		if (strncmp(line, "mem=", 4) == 0)
			limit = parse_size(line + 4 + (line[4] == '"'));
	}
}

/* What a crash kernel may not use. */
static bool find_unusable(const struct machine *m, struct ranges *out)
{
	struct range all = { 0, UINT64_MAX, NULL };
	struct ranges usable = { 0 };
	bool ok;

	if (!m->crash.region.end)
		return true;
	ok = ppc64_find_usable(m, &usable) &&
	     ranges_subtract(&(struct ranges){ &all, 1, 1 }, &usable, out);
	ranges_free(&usable);
	return ok;
}

/* RAM that the next kernel finds in its tree, in order. */
static bool next_ram(const struct machine *m, const void *tree, struct ranges *out)
{
	struct ranges unusable = { 0 }, all = { 0 };
	bool ok =
		dt_ram(tree, &all) && ppc64_dynamic_ram(tree, &all) && find_unusable(m, &unusable);

	ranges_union(&all);
	ok = ok && ranges_subtract(&all, &unusable, out);
	ranges_free(&unusable);
	ranges_free(&all);
	return ok;
}

phys ppc64_limit_address(const struct ranges *ram, uint64_t limit)
{
	const struct range *r;
	uint64_t size;

	ranges_for_each(r, ram) {
		size = r->end - r->start;
		if (limit <= size)
			return r->start + limit;
		limit -= size;
	}
	return UINT64_MAX;
}

bool ppc64_next_end(const struct request *r, const void *tree, phys *end, struct error *e)
{
	uint64_t mem = ppc64_mem_word(r->cmdline), total;
	struct ranges ram = { 0 };
	const bool ok = next_ram(r->machine, tree, &ram) || fail_memory(e);

	total = ranges_total(&ram);
	if (mem && mem < total)
		total = mem;
	*end = ppc64_limit_address(&ram, round_down(total, MEMORY_UNIT));
	ranges_free(&ram);
	return ok;
}
