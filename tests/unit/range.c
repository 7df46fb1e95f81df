/* SPDX-License-Identifier: MIT */
#include "unit.h"

#include "src/base/range.h"

#define TOP UINT64_MAX

/* "start-end start-end", hexadecimal; one name for all */
static void read_ranges(struct ranges *s, const char *note)
{
	uint64_t start, end;
	char *next;

	*s = (struct ranges){ 0 };
	while (*note) {
		start = strtoull(note, &next, 16);
		end = strtoull(next + 1, &next, 16);
		if (!ranges_add(s, start, end, "noted"))
			abort();
		note = next + strspn(next, " ");
	}
}

static void adds(void)
{
	struct ranges s = { 0 };
	phys i;

	CASE("add: an empty range is not added");
	want(ranges_add(&s, 5, 5, "x") && s.n == 0, "the set stays empty");
	CASE("add: an end below the start is not added");
	want(ranges_add(&s, 6, 5, "x") && s.n == 0, "the set stays empty");
	CASE("add: up to the top of the 64-bit space");
	want(ranges_add(&s, TOP - 1, TOP, "x") && s.n == 1, "the set has it");
	ranges_free(&s);
	CASE("add: hundreds (kexec-tools: hundreds of reserved lines overflowed an array)");
	for (i = 0; i < 1000; i++)
		want(ranges_add(&s, i * 2, i * 2 + 1, "x"), "it is added");
	want_u64("count", 1000, s.n);
	want_u64("total", 1000, ranges_total(&s));
	ranges_free(&s);
	CASE("add: out of memory");
	unit_memory(0);
	want(!ranges_add(&s, 0, 1, "x"), "it says false");
	unit_memory(-1);
	ranges_free(&s);
	CASE("free: twice does no harm");
	ranges_free(&s);
	want(!s.v && !s.n && !s.cap, "it is empty");
}

static void sorts_and_unions(void)
{
	static const struct {
		const char *caption, *set, *sorted, *united;
	} rows[] = {
		{ "nothing", "", "", "" },
		{ "one", "1-2", "1-2", "1-2" },
		{ "wrong order", "5-6 1-2 3-4", "1-2, 3-4, 5-6", "1-2, 3-4, 5-6" },
		{ "same start: larger first", "1-2 1-9 1-4", "1-9, 1-4, 1-2", "1-9" },
		{ "twice the same", "1-2 1-2", "1-2, 1-2", "1-2" },
		{ "they touch", "1-2 2-3", "1-2, 2-3", "1-3" },
		{ "they overlap", "1-5 3-8", "1-5, 3-8", "1-8" },
		{ "one in another", "1-9 3-4", "1-9, 3-4", "1-9" },
		{ "the second is long over when the third comes", "1-9 2-3 5-a", "1-9, 2-3, 5-a",
		  "1-a" },
		{ "the top of the 64-bit space", "fffffffffffffffe-ffffffffffffffff 0-1",
		  "0-1, fffffffffffffffe-ffffffffffffffff",
		  "0-1, fffffffffffffffe-ffffffffffffffff" },
		{ "all there is", "0-ffffffffffffffff 1-2", "0-ffffffffffffffff, 1-2",
		  "0-ffffffffffffffff" },
	};
	struct ranges s;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		CASE("sort and union: %s", rows[i].caption);
		read_ranges(&s, rows[i].set);
		ranges_sort(&s);
		want_ranges("sorted", rows[i].sorted, &s);
		ranges_free(&s);
		read_ranges(&s, rows[i].set);
		ranges_union(&s);
		want_ranges("united", rows[i].united, &s);
		ranges_free(&s);
	}
}

/* Ranges that are equal but for why they are there: an order that no libc's qsort() decides. */
static void reasons(void)
{
	static const char *const orders[][3] = {
		{ NULL, "a", "b" }, { NULL, "b", "a" }, { "a", NULL, "b" },
		{ "a", "b", NULL }, { "b", NULL, "a" }, { "b", "a", NULL },
	};
	struct ranges s;
	size_t i, j;

	for (i = 0; i < ARRAY_SIZE(orders); i++) {
		CASE("sort: equal ranges for three reasons, order %zu", i);
		s = (struct ranges){ 0 };
		for (j = 0; j < 3; j++)
			if (!ranges_add(&s, 1, 2, orders[i][j]))
				abort();
		ranges_sort(&s);
		want(!s.v[0].what, "none comes first");
		want_text("the second", "a", s.v[1].what);
		want_text("the third", "b", s.v[2].what);
		ranges_free(&s);
	}
}

static void subtractions(void)
{
	static const struct {
		const char *caption, *from, *minus, *left;
	} rows[] = {
		{ "nothing from nothing", "", "", "" },
		{ "something from nothing", "", "1-2", "" },
		{ "nothing", "1-9", "", "1-9" },
		{ "all of it", "1-9", "1-9", "" },
		{ "more than all of it", "2-8", "1-9", "" },
		{ "the start", "1-9", "1-3", "3-9" },
		{ "the end", "1-9", "7-9", "1-7" },
		{ "the middle", "1-9", "4-6", "1-4, 6-9" },
		{ "what touches from below", "4-9", "1-4", "4-9" },
		{ "what touches from above", "1-4", "4-9", "1-4" },
		{ "a partial overlap from below (kexec-tools ignores it)", "4-9", "2-6", "6-9" },
		{ "a partial overlap from above (kexec-tools ignores it)", "4-9", "7-c", "4-7" },
		{ "in the first range, not the last (kexec-tools looks at the last RAM range only)",
		  "10-20 30-40", "14-18", "10-14, 18-20, 30-40" },
		{ "overlapping exclusions (kexec-tools hands the second's start out again)",
		  "0-100", "10-50 20-30", "0-10, 50-100" },
		{ "nested exclusions, three deep", "0-100", "10-80 20-70 30-40", "0-10, 80-100" },
		{ "a long exclusion first, short ones in later ranges", "0-10 20-30 40-50",
		  "5-48 22-23 44-4a", "0-5, 4a-50" },
		{ "one exclusion over several ranges", "0-10 20-30 40-50", "8-48", "0-8, 48-50" },
		{ "exclusions in a row", "0-100", "10-20 20-30 30-40", "0-10, 40-100" },
		{ "exclusions beside RAM", "10-20", "0-8 28-30", "10-20" },
		{ "two exclusions of one start", "0-100", "10-40 10-20", "0-10, 40-100" },
		{ "an exclusion in the gap, then one over the next range", "0-10 20-30",
		  "12-18 1c-24", "0-10, 24-30" },
		{ "the top of the 64-bit space", "fffffffffffff000-ffffffffffffffff",
		  "fffffffffffff800-ffffffffffffffff", "fffffffffffff000-fffffffffffff800" },
		{ "to the top from the bottom", "0-ffffffffffffffff", "1000-ffffffffffffffff",
		  "0-1000" },
	};
	struct ranges from, minus, left;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		CASE("subtract: %s", rows[i].caption);
		read_ranges(&from, rows[i].from);
		read_ranges(&minus, rows[i].minus);
		left = (struct ranges){ 0 };
		want(ranges_subtract(&from, &minus, &left), "there is memory for it");
		want_ranges("left", rows[i].left, &left);
		ranges_free(&from);
		ranges_free(&minus);
		ranges_free(&left);
	}
	CASE("subtract: out of memory");
	read_ranges(&from, "0-10");
	read_ranges(&minus, "4-8");
	left = (struct ranges){ 0 };
	unit_memory(0);
	want(!ranges_subtract(&from, &minus, &left), "it says false");
	unit_memory(-1);
	CASE("subtract: out of memory, with nothing to take away");
	minus.n = 0;
	unit_memory(0);
	want(!ranges_subtract(&from, &minus, &left), "it says false");
	unit_memory(-1);
	ranges_free(&from);
	ranges_free(&minus);
	ranges_free(&left);
}

/* A hundred cells, a bit for each: what subtract and union must agree with. */
#define CELLS 100

static void random_set(struct ranges *s, bool *cell, size_t most)
{
	size_t n = unit_random() % (most + 1);
	phys start, end, at;

	memset(cell, 0, CELLS * sizeof(*cell));
	*s = (struct ranges){ 0 };
	while (n--) {
		start = unit_random() % CELLS;
		end = start + unit_random() % 30;
		if (end > CELLS)
			end = CELLS;
		if (!ranges_add(s, start, end, "random"))
			abort();
		for (at = start; at < end; at++)
			cell[at] = true;
	}
}

static void random_sets(void)
{
	bool ram[CELLS], keep[CELLS], left[CELLS];
	struct ranges from, minus, out;
	size_t i, k;
	phys at;

	CASE("subtract: 2000 random pairs of sets, beside a bit for each cell");
	unit_random_start(1);
	for (k = 0; k < 2000; k++) {
		random_set(&from, ram, 8);
		random_set(&minus, keep, 12);
		ranges_union(&from);
		ranges_sort(&minus);
		out = (struct ranges){ 0 };
		memset(left, 0, sizeof(left));
		want(ranges_subtract(&from, &minus, &out), "there is memory for it");
		for (i = 0; i < out.n; i++) {
			want(out.v[i].start < out.v[i].end && out.v[i].end <= CELLS,
			     "it is a range");
			want(!i || out.v[i - 1].end <= out.v[i].start, "they are sorted");
			for (at = out.v[i].start; at < out.v[i].end; at++)
				left[at] = true;
		}
		for (at = 0; at < CELLS; at++)
			if (left[at] != (ram[at] && !keep[at]))
				unit_fail("pair %zu, cell %llu: expected %d, came %d", k,
					  (unsigned long long)at, ram[at] && !keep[at], left[at]);
		ranges_free(&from);
		ranges_free(&minus);
		ranges_free(&out);
	}
}

static void sums(void)
{
	struct ranges s;

	CASE("total of nothing");
	read_ranges(&s, "");
	want_u64("total", 0, ranges_total(&s));
	CASE("total");
	read_ranges(&s, "0-10 20-50 60-61");
	want_u64("total", 0x41, ranges_total(&s));
	ranges_free(&s);
}

static void pairs(void)
{
	static const struct {
		const char *caption;
		struct range a, b;
		bool overlaps, within; /* a within b */
	} rows[] = {
		{ "apart", { 1, 2, "" }, { 3, 4, "" }, false, false },
		{ "they touch", { 1, 2, "" }, { 2, 3, "" }, false, false },
		{ "the same", { 1, 2, "" }, { 1, 2, "" }, true, true },
		{ "a inside b", { 2, 3, "" }, { 1, 4, "" }, true, true },
		{ "b inside a", { 1, 4, "" }, { 2, 3, "" }, true, false },
		{ "a begins b", { 1, 2, "" }, { 1, 4, "" }, true, true },
		{ "a ends b", { 3, 4, "" }, { 1, 4, "" }, true, true },
		{ "a starts below b", { 1, 3, "" }, { 2, 4, "" }, true, false },
		{ "at the top", { TOP - 1, TOP, "" }, { 0, TOP, "" }, true, true },
	};
	struct range both;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		CASE("two ranges: %s", rows[i].caption);
		want_u64("overlaps", rows[i].overlaps, range_overlaps(rows[i].a, rows[i].b));
		want_u64("overlaps, the other way", rows[i].overlaps,
			 range_overlaps(rows[i].b, rows[i].a));
		want_u64("within", rows[i].within, range_within(rows[i].a, rows[i].b));
		both = range_clip(rows[i].a, rows[i].b);
		want_u64("something in both", rows[i].overlaps, both.start < both.end);
		want(!rows[i].overlaps ||
			     (range_within(both, rows[i].a) && range_within(both, rows[i].b)),
		     "what is in both is in each");
		want(!rows[i].within || both.end - both.start == rows[i].a.end - rows[i].a.start,
		     "all of a is in both where b has it");
	}
}

static void top(void)
{
	CASE("add to top: below it");
	want_u64("sum", TOP - 1, add_to_top(TOP - 3, 2));
	CASE("add to top: just there");
	want_u64("sum", TOP, add_to_top(TOP - 2, 2));
	CASE("add to top: it would wrap");
	want_u64("sum", TOP, add_to_top(TOP - 1, 2));
	CASE("add to top: twice all there is");
	want_u64("sum", TOP, add_to_top(TOP, TOP));
}

static void rounding(void)
{
	static const struct {
		const char *caption;
		uint64_t v, align, down, up;
	} rows[] = {
		{ "zero", 0, 0x1000, 0, 0 },
		{ "one", 1, 0x1000, 0, 0x1000 },
		{ "a multiple", 0x2000, 0x1000, 0x2000, 0x2000 },
		{ "one below", 0x1fff, 0x1000, 0x1000, 0x2000 },
		{ "one above", 0x2001, 0x1000, 0x2000, 0x3000 },
		{ "to one", 77, 1, 77, 77 },
		{ "the last multiple", 0xfffffffffffff000, 0x1000, 0xfffffffffffff000,
		  0xfffffffffffff000 },
		{ "up saturates instead of wrapping", 0xfffffffffffff001, 0x1000,
		  0xfffffffffffff000, 0xfffffffffffff000 },
		{ "the largest number", TOP, 0x10000, 0xffffffffffff0000, 0xffffffffffff0000 },
		{ "the largest number to one", TOP, 1, TOP, TOP },
		{ "to half of the space", 1, 1ull << 63, 0, 1ull << 63 },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		CASE("round: %s", rows[i].caption);
		want_u64("down", rows[i].down, round_down(rows[i].v, rows[i].align));
		want_u64("up", rows[i].up, round_up(rows[i].v, rows[i].align));
	}
}

void test_range(void)
{
	adds();
	sorts_and_unions();
	reasons();
	subtractions();
	random_sets();
	sums();
	pairs();
	top();
	rounding();
}
