/* SPDX-License-Identifier: MIT */
/* The core header, to the byte, and the running kernel's mappings out of /proc/kcore. */
#include "unit.h"

#include "arch/arch.h"
#include "src/plan/elfcorehdr.h"

#include <stdio.h>

static void add(struct ranges *s, phys start, phys end)
{
	if (!ranges_add(s, start, end, NULL))
		abort();
}

static void machine_end(struct machine *m)
{
	ranges_free(&m->ram);
	ranges_free(&m->crash.dump);
	ranges_free(&m->crash.cma);
	ranges_free(&m->crash.notes);
}

/* clang-format off */
static const uint8_t little[] = {
	0x7f, 'E', 'L', 'F', 2, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0,
	4, 0, 183, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
	64, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
	0, 0, 0, 0, 64, 0, 56, 0, 4, 0, 0, 0, 0, 0, 0, 0,
	/* a CPU's note: type, flags, offset, virtual, physical, file, memory, align */
	4, 0, 0, 0, 0, 0, 0, 0, 0, 0x10, 0, 0x40, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
	0, 0x10, 0, 0x40, 0, 0, 0, 0, 0x90, 1, 0, 0, 0, 0, 0, 0, 0x90, 1, 0, 0, 0, 0, 0, 0,
	0, 0, 0, 0, 0, 0, 0, 0,
	/* vmcoreinfo */
	4, 0, 0, 0, 0, 0, 0, 0, 0, 0x20, 0, 0x40, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
	0, 0x20, 0, 0x40, 0, 0, 0, 0, 0x24, 0x10, 0, 0, 0, 0, 0, 0, 0x24, 0x10, 0, 0, 0, 0, 0, 0,
	0, 0, 0, 0, 0, 0, 0, 0,
	/* RAM */
	1, 0, 0, 0, 7, 0, 0, 0, 0, 0, 0, 0x40, 0, 0, 0, 0, 0, 0, 0, 0x40, 0x12, 0, 0xff, 0xff,
	0, 0, 0, 0x40, 0, 0, 0, 0, 0, 0, 0, 0x10, 0, 0, 0, 0, 0, 0, 0, 0x10, 0, 0, 0, 0,
	0, 0, 0, 0, 0, 0, 0, 0,
	/* the kernel's image */
	1, 0, 0, 0, 7, 0, 0, 0, 0, 0, 0x20, 0x40, 0, 0, 0, 0, 0, 0, 0x20, 8, 0, 0x80, 0xff, 0xff,
	0, 0, 0x20, 0x40, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0,
	0, 0, 0, 0, 0, 0, 0, 0,
};
static const uint8_t big[] = {
	0x7f, 'E', 'L', 'F', 2, 2, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0,
	0, 4, 0, 21, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0,
	0, 0, 0, 0, 0, 0, 0, 64, 0, 0, 0, 0, 0, 0, 0, 0,
	0, 0, 0, 0, 0, 64, 0, 56, 0, 3, 0, 0, 0, 0, 0, 0,
	0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
	0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 4, 0,
	0, 0, 0, 0, 0, 0, 0, 0,
	/* the first 64 KiB, found where the stub saves them */
	0, 0, 0, 1, 0, 0, 0, 7, 0, 0, 0, 0, 0x2f, 1, 0, 0, 0xc0, 0, 0, 0, 0, 0, 0, 0,
	0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0,
	0, 0, 0, 0, 0, 0, 0, 0,
	0, 0, 0, 1, 0, 0, 0, 7, 0, 0, 0, 0, 0, 1, 0, 0, 0xc0, 0, 0, 0, 0, 1, 0, 0,
	0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0x1f, 0xff, 0, 0, 0, 0, 0, 0, 0x1f, 0xff, 0, 0,
	0, 0, 0, 0, 0, 0, 0, 0,
};
/* clang-format on */

static void arm64_start(struct machine *m)
{
	*m = (struct machine){ .arch = &arch_arm64 };
	add(&m->crash.notes, 0x40001000, 0x40001190);
	add(&m->crash.notes, 0x40002000, 0x40003024);
	add(&m->crash.dump, 0x40000000, 0x50000000);
	m->crash.page_offset = 0xffff001200000000;
	m->crash.text = (struct range){ 0x40200000, 0x40210000, NULL };
	m->crash.text_virtual = 0xffff800008200000;
}

static void ppc64_start(struct machine *m)
{
	*m = (struct machine){ .arch = &arch_ppc64, .big_endian = true };
	add(&m->crash.notes, 0x1000000, 0x1000400);
	add(&m->crash.dump, 0, 0x10000);
	add(&m->crash.dump, 0x10000, 0x20000000);
	m->crash.page_offset = 0xc000000000000000;
}

static void check_bytes(struct machine *m, phys backup, const uint8_t *expected, size_t size)
{
	uint8_t got[512], other;
	struct error e = { 0 };
	size_t i, caught = 0;

	want_u64("size", size, elfcorehdr_size(m));
	memset(got, 0xaa, sizeof(got));
	elfcorehdr_write(m, backup, got);
	want_bytes("header", expected, got, size);
	want_u64("the byte behind it", 0xaa, got[size]);
	want_error(elfcorehdr_check((struct span){ got, size }, m, backup, &e), &e, FAIL_NONE, "");
	/* what a reader goes by is looked at again: 36 bytes of 56 */
	for (i = 64; i < size; i++) {
		other = got[i];
		got[i] ^= 0x10;
		e = (struct error){ 0 };
		caught += !elfcorehdr_check((struct span){ got, size }, m, backup, &e);
		got[i] = other;
	}
	want_u64("changed bytes that are noticed", 36 * ((size - 64) / 56), caught);
	for (i = 0; i <= size + 56; i++) {
		/* one more of the last */
		memcpy(got + size, got + size - 56, 56);
		e = (struct error){ 0 };
		if (i != size)
			want_error(elfcorehdr_check((struct span){ got, i }, m, backup, &e), &e,
				   FAIL_BUG, "trust the plan: its core header is wrong (core-header)");
	}
	/* what it is at all: its magic, class and machine */
	for (i = 0; i < 4; i++) {
		static const uint8_t at[] = { 0, 4, 18, 19 };

		other = got[at[i]];
		got[at[i]] ^= 1;
		e = (struct error){ 0 };
		want_error(elfcorehdr_check((struct span){ got, size }, m, backup, &e), &e,
			   FAIL_BUG, "trust the plan: its core header is wrong (core-header)");
		got[at[i]] = other;
	}
}

static void headers(void)
{
	struct machine m;
	unsigned i;

	CASE("little endian, a kernel with a mapping of its own (arm64)");
	arm64_start(&m);
	check_bytes(&m, 0, little, sizeof(little));
	machine_end(&m);
	CASE("big endian, the first 64 KiB saved elsewhere (ppc64)");
	ppc64_start(&m);
	check_bytes(&m, 0x2f010000, big, sizeof(big));
	CASE("the check minds where they are saved");
	{
		uint8_t got[512];
		struct error e = { 0 };

		elfcorehdr_write(&m, 0x2f010000, got);
		want_error(elfcorehdr_check((struct span){ got, sizeof(big) }, &m, 0x2f020000, &e),
			   &e, FAIL_BUG, "trust the plan: its core header is wrong (core-header)");
	}
	CASE("what is saved and does not start at 0 is found as far behind");
	{
		uint8_t got[512];
		struct error e = { 0 };
		uint64_t found;

		m.crash.dump.v[0].start = 0x1000;
		elfcorehdr_write(&m, 0x2f010000, got);
		span_be64((struct span){ got, sizeof(got) }, 64 + 56 + 8, &found);
		want_u64("place", 0x2f011000, found);
		want_error(elfcorehdr_check((struct span){ got, sizeof(big) }, &m, 0x2f010000, &e),
			   &e, FAIL_NONE, "");
	}
	CASE("as many headers as ELF can have");
	for (i = 0; i < 65534 - 3; i++)
		add(&m.crash.notes, 0x1000000 + 8 * i, 0x1000008 + 8 * i);
	want_u64("size", 64 + 56 * 65534, elfcorehdr_size(&m));
	CASE("one more");
	add(&m.crash.notes, 0x2000000, 0x2000008);
	want_u64("size", 0, elfcorehdr_size(&m));
	machine_end(&m);
}

#define TEXT_AT	  0xffff800008000000
#define LINEAR_AT 0xffff000000000000
#define NONE	  0xffffffffffffffff

static const struct map_row {
	const char *caption;
	struct {
		uint64_t virtual, physical, size;
	} entry[5];
	uint64_t linear, text, text_size; /* linear 0: refused */
	const char *sentence;
} map_rows[] = {
	{ "image, modules, RAM, the map of pages",
	  { { TEXT_AT, 0x40200000, 0x2000000 },
	    { 0xffff800000000000, NONE, 0x8000000 },
	    { LINEAR_AT, 0x40000000, 0x40000000 },
	    { 0xfffffc0000000000, NONE, 0x1000000 } },
	  LINEAR_AT - 0x40000000,
	  0x40200000,
	  0x2000000,
	  "" },
	{ "RAM first, and where a random offset puts it",
	  { { 0xffff56ab40000000, 0x40000000, 0x40000000 }, { TEXT_AT, 0x7a000000, 0x2000000 } },
	  0xffff56ab00000000,
	  0x7a000000,
	  0x2000000,
	  "" },
	{ "an image at the very start of RAM",
	  { { TEXT_AT, 0x40000000, 0x2000000 }, { LINEAR_AT, 0x40000000, 0x40000000 } },
	  LINEAR_AT - 0x40000000,
	  0x40000000,
	  0x2000000,
	  "" },
	{ "an image at its very end",
	  { { TEXT_AT, 0x7e000000, 0x2000000 }, { LINEAR_AT, 0x40000000, 0x40000000 } },
	  LINEAR_AT - 0x40000000,
	  0x7e000000,
	  0x2000000,
	  "" },
	{ "physical addresses that wrap when a virtual one is made (52 bits on a CPU with 48)",
	  { { TEXT_AT, 0x40200000, 0x2000000 },
	    { 0xffff000000000000, 0x40000000, 0x20000000 },
	    { 0xffff000020000000, 0x60000000, 0x20000000 } },
	  LINEAR_AT - 0x40000000,
	  0x40200000,
	  0x2000000,
	  "" },
	{ "an image in the second of two ranges with a gap between",
	  { { TEXT_AT, 0x60200000, 0x2000000 },
	    { LINEAR_AT, 0x40000000, 0x10000000 },
	    { LINEAR_AT + 0x20000000, 0x60000000, 0x20000000 } },
	  LINEAR_AT - 0x40000000,
	  0x60200000,
	  0x2000000,
	  "" },
	{ "no image",
	  { { LINEAR_AT, 0x40000000, 0x40000000 } },
	  0,
	  0,
	  0,
	  "read /proc/kcore: no mapping of the running kernel" },
	{ "an image outside of RAM",
	  { { TEXT_AT, 0x90000000, 0x2000000 }, { LINEAR_AT, 0x40000000, 0x40000000 } },
	  0,
	  0,
	  0,
	  "read /proc/kcore: no mapping of the running kernel" },
	{ "an image that leaves its RAM",
	  { { TEXT_AT, 0x7f000000, 0x2000000 }, { LINEAR_AT, 0x40000000, 0x40000000 } },
	  0,
	  0,
	  0,
	  "read /proc/kcore: no mapping of the running kernel" },
	{ "no physical addresses (before Linux 4.15)",
	  { { TEXT_AT, 0, 0x2000000 }, { LINEAR_AT, 0, 0x40000000 } },
	  0,
	  0,
	  0,
	  "read /proc/kcore: no mapping of the running kernel" },
	{ "RAM at two distances",
	  { { TEXT_AT, 0x40200000, 0x2000000 },
	    { LINEAR_AT, 0x40000000, 0x20000000 },
	    { LINEAR_AT + 0x40000000, 0x60000000, 0x20000000 } },
	  0,
	  0,
	  0,
	  "read /proc/kcore: two mappings of RAM" },
	{ "sizes that wrap",
	  { { TEXT_AT, 0x40200000, NONE }, { LINEAR_AT, 0x40000000, NONE - 0x100 } },
	  0,
	  0,
	  0,
	  "read /proc/kcore: no mapping of the running kernel" },
	{ "nothing",
	  { { 0 } },
	  0,
	  0,
	  0,
	  "read /proc/kcore: no mapping of the running kernel" },
};

static void maps(bool big_endian)
{
	void (*const put32)(uint8_t *, uint32_t) = big_endian ? put_be32 : put_le32;
	void (*const put64)(uint8_t *, uint64_t) = big_endian ? put_be64 : put_le64;
	const struct map_row *r;
	struct machine m = { .arch = &arch_arm64, .big_endian = big_endian };
	uint8_t kcore[64 + 56 * 6];
	struct error e;
	size_t i, n;

	add(&m.ram, 0x40000000, 0x80000000);
	for (r = map_rows; r < map_rows + ARRAY_SIZE(map_rows); r++) {
		CASE("%s%s", r->caption, big_endian ? ", big endian" : "");
		memset(kcore, 0, sizeof(kcore));
		put32(kcore + 64, 4);
		for (i = 0; i < 5 && r->entry[i].size; i++) {
			put32(kcore + 120 + 56 * i, 1);
			put64(kcore + 120 + 56 * i + 16, r->entry[i].virtual);
			put64(kcore + 120 + 56 * i + 24, r->entry[i].physical);
			put64(kcore + 120 + 56 * i + 40, r->entry[i].size);
		}
		n = 120 + 56 * i;
		m.crash = (struct crash){ 0 };
		e = (struct error){ 0 };
		want_error(elfcorehdr_read_kcore((struct span){ kcore, n }, &m, &m.crash, &e), &e,
			   r->linear ? FAIL_NONE : FAIL_MACHINE, r->sentence);
		if (!r->linear)
			continue;
		want_u64("linear", r->linear, m.crash.page_offset);
		want_u64("image", r->text, m.crash.text.start);
		want_u64("its end", r->text + r->text_size, m.crash.text.end);
		want_u64("its virtual address", TEXT_AT, m.crash.text_virtual);
		/* cut anywhere, it is refused or says the same */
		for (i = 0; i < n; i++) {
			m.crash = (struct crash){ 0 };
			e = (struct error){ 0 };
			if (elfcorehdr_read_kcore((struct span){ kcore, i }, &m, &m.crash, &e))
				want_u64("linear, cut", r->linear, m.crash.page_offset);
		}
	}
	CASE("notes and empty entries at addresses of RAM say nothing%s",
	     big_endian ? ", big endian" : "");
	memset(kcore, 0, sizeof(kcore));
	for (i = 0; i < 4; i++) {
		put32(kcore + 64 + 56 * i, i ? 1 : 4);
		put64(kcore + 64 + 56 * i + 16, i < 3 ? TEXT_AT + i : LINEAR_AT);
		put64(kcore + 64 + 56 * i + 24, i < 3 ? 0x40200000 : 0x40000000);
		put64(kcore + 64 + 56 * i + 40, i == 1 ? 0 : i < 3 ? 0x2000000 : 0x40000000);
	}
	m.crash = (struct crash){ 0 };
	e = (struct error){ 0 };
	want_error(elfcorehdr_read_kcore((struct span){ kcore, 64 + 56 * 4 }, &m, &m.crash, &e), &e,
		   FAIL_NONE, "");
	want_u64("the image's virtual address", TEXT_AT + 2, m.crash.text_virtual);
	ranges_free(&m.ram);
}

/* The RAM that is dumped is [40000000, 50000000), in pages of 4 KiB. */
static void shared(void)
{
	static const struct {
		const char *caption, *text;
		bool ok;
		size_t areas, dumped; /* in how many pieces */
	} rows[] = {
		{ "none", "", true, 0, 1 },
		{ "one", "0000000041000000-0000000041ffffff\n", true, 1, 2 },
		{ "two, the upper one first", "43000000-43ffffff\n41000000-41ffffff\n", true, 2,
		  3 },
		{ "two that touch are one", "41000000-41ffffff\n42000000-42ffffff\n", true, 1, 2 },
		{ "to the last page", "4f000000-4fffffff\n", true, 1, 1 },
		{ "no number", "x", false, 0, 0 },
		{ "no dash", "41000000 41ffffff\n", false, 0, 0 },
		{ "no end", "41000000-", false, 0, 0 },
		{ "no end of the line", "41000000-41ffffff", false, 0, 0 },
		{ "the end before the start", "41ffffff-41000000\n", false, 0, 0 },
		{ "an end that is the last of all", "0-ffffffffffffffff\n", false, 0, 0 },
		{ "a start within a page", "41000001-41ffffff\n", false, 0, 0 },
		{ "an end within a page", "41000000-41fffffe\n", false, 0, 0 },
		{ "not in RAM", "30000000-30ffffff\n", false, 0, 0 },
		{ "in part not in RAM", "4f000000-50ffffff\n", false, 0, 0 },
		{ "good, then bad", "41000000-41ffffff\nx", false, 0, 0 },
	};
	char many[(CRASH_CMA_MAX + 1) * 18 + 1];
	struct machine m;
	struct error e;
	size_t i, n;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		CASE("shared memory: %s", rows[i].caption);
		arm64_start(&m);
		m.page_size = 0x1000;
		e = (struct error){ 0 };
		want_error(elfcorehdr_read_cma(text_span(rows[i].text), &m, &m.crash, &e), &e,
			   rows[i].ok ? FAIL_NONE : FAIL_MACHINE,
			   rows[i].ok ? ""
				      : "read crash CMA: no area of RAM: "
					"/sys/kernel/kexec/crash_cma_ranges");
		if (rows[i].ok) {
			want_u64("areas", rows[i].areas, m.crash.cma.n);
			want_u64("pieces that are dumped", rows[i].dumped, m.crash.dump.n);
		}
		machine_end(&m);
	}
	for (n = 0; n < 2; n++) {
		CASE("shared memory: %s what a stub saves", n ? "above" : "in");
		ppc64_start(&m);
		m.page_size = 0x1000;
		e = (struct error){ 0 };
		want_u64("is read", n,
			 elfcorehdr_read_cma(text_span(n ? "10000-1ffff\n" : "8000-ffff\n"), &m,
					     &m.crash, &e));
		machine_end(&m);
	}
	for (n = CRASH_CMA_MAX; n <= CRASH_CMA_MAX + 1; n++) {
		CASE("shared memory: %zu areas", n);
		arm64_start(&m);
		m.page_size = 0x1000;
		for (i = 0; i < n; i++)
			snprintf(many + i * 18, 19, "4%zx000000-4%zx0fffff\n", i % 16, i % 16);
		e = (struct error){ 0 };
		want_u64("is read", n == CRASH_CMA_MAX,
			 elfcorehdr_read_cma((struct span){ (uint8_t *)many, n * 18 }, &m, &m.crash,
					     &e));
		machine_end(&m);
	}
	for (n = 0; n < 3; n++) {
		CASE("shared memory: no memory after %zu calls", n);
		arm64_start(&m);
		m.page_size = 0x1000;
		e = (struct error){ 0 };
		unit_memory((long)n);
		want_error(elfcorehdr_read_cma(text_span("41000000-41ffffff\n43000000-43ffffff\n"),
					       &m, &m.crash, &e),
			   &e, n < 2 ? FAIL_MEMORY : FAIL_NONE,
			   n < 2 ? "go on: out of memory" : "");
		unit_memory(-1);
		machine_end(&m);
	}
}

void test_elfcorehdr(void)
{
	headers();
	shared();
	maps(false);
	maps(true);
}
