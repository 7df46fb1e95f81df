/* SPDX-License-Identifier: MIT */
#include "unit.h"

#include "src/formats/elf64.h"

#define SIZE 4096

/* Fields of the header and of one program header, by offset and width. */
static const struct row {
	const char *caption;
	unsigned off, width;
	uint64_t value;
	enum code code;
	const char *sentence; /* "": accepted */
} rows[] = {
	{ "as it is", 0, 0, 0, FAIL_NONE, "" },
	{ "type: relocatable", 16, 2, 1, FAIL_UNSUPPORTED,
	  "load the kernel: an object or core file: x" },
	{ "type: core", 16, 2, 4, FAIL_UNSUPPORTED, "load the kernel: an object or core file: x" },
	{ "type: dynamic", 16, 2, 3, FAIL_NONE, "" },
	{ "program headers: of another size", 54, 2, 57, FAIL_FORMAT,
	  "load the kernel: corrupt program headers: x" },
	{ "program headers: none", 56, 2, 0, FAIL_FORMAT,
	  "load the kernel: nothing to load in it: x" },
	{ "program headers: more than the file has", 56, 2, 0xffff, FAIL_FORMAT,
	  "load the kernel: truncated: x" },
	{ "program headers: behind the end", 32, 8, SIZE - 55, FAIL_FORMAT,
	  "load the kernel: truncated: x" },
	{ "program headers: at the top", 32, 8, UINT64_MAX, FAIL_FORMAT,
	  "load the kernel: truncated: x" },
	{ "program headers: wrap to the file's start", 32, 8, UINT64_MAX - 55, FAIL_FORMAT,
	  "load the kernel: truncated: x" },
	{ "an interpreter", 64, 4, 3, FAIL_UNSUPPORTED,
	  "load the kernel: a program with an interpreter: x" },
	{ "bytes without memory", 104, 8, 0, FAIL_FORMAT,
	  "load the kernel: the size of a segment wraps: x" },
	{ "no PT_LOAD", 64, 4, 6, FAIL_FORMAT, "load the kernel: nothing to load in it: x" },
	{ "offset behind the end", 72, 8, SIZE + 1, FAIL_FORMAT,
	  "load the kernel: cut short inside a segment: x" },
	{ "offset at the top", 72, 8, UINT64_MAX, FAIL_FORMAT,
	  "load the kernel: cut short inside a segment: x" },
	{ "bytes leave the file", 96, 8, SIZE - 0x200 + 1, FAIL_FORMAT,
	  "load the kernel: cut short inside a segment: x" },
	{ "bytes end with the file", 96, 8, SIZE - 0x200, FAIL_NONE, "" },
	{ "more bytes than memory", 104, 8, 0xff, FAIL_FORMAT,
	  "load the kernel: the size of a segment wraps: x" },
	{ "physical address wraps", 88, 8, UINT64_MAX - 0xff, FAIL_FORMAT,
	  "load the kernel: the size of a segment wraps: x" },
	{ "virtual address wraps", 80, 8, UINT64_MAX - 0xff, FAIL_FORMAT,
	  "load the kernel: the size of a segment wraps: x" },
	{ "memory wraps", 104, 8, UINT64_MAX, FAIL_FORMAT,
	  "load the kernel: the size of a segment wraps: x" },
};

static void put(uint8_t *p, unsigned width, uint64_t v, bool big)
{
	unsigned i;

	for (i = 0; i < width; i++)
		p[i] = (uint8_t)(v >> 8 * (big ? width - 1 - i : i));
}

/* One PT_LOAD: 0x100 bytes at 0x200, 0x1000 bytes of memory. */
static void make_load(uint8_t *ph, uint64_t paddr, bool big)
{
	put(ph, 4, 1, big);
	put(ph + 8, 8, 0x200, big);
	put(ph + 16, 8, 0xc000000000000000 + paddr, big);
	put(ph + 24, 8, paddr, big);
	put(ph + 32, 8, 0x100, big);
	put(ph + 40, 8, SIZE, big);
}

static void make(uint8_t *f, unsigned loads, bool big)
{
	unsigned i;

	memset(f, 0, SIZE);
	memcpy(f,
	       "\x7f"
	       "ELF\2",
	       5);
	f[5] = big ? 2 : 1;
	put(f + 16, 2, 2, big);
	put(f + 18, 2, 21, big);
	put(f + 24, 8, 0xc000000000000010, big);
	put(f + 32, 8, 64, big);
	put(f + 54, 2, 56, big);
	put(f + 56, 2, loads, big);
	for (i = 0; i < loads; i++)
		make_load(f + 64 + 56 * i, (uint64_t)(loads - 1 - i) * 0x1000, big);
}

/* What a header may be besides. */
static const struct {
	const char *caption;
	uint32_t type;
	const char *bytes; /* 13 of them, where it points to */
	bool program;
	enum code code;
} programs[] = {
	{ "thread-local storage: a program", 7, "             ", true, FAIL_NONE },
	{ "a stack: a program", 0x6474e551, "             ", true, FAIL_NONE },
	{ "FreeBSD's interpreter is none", 3, "/red/herring", false, FAIL_NONE },
	{ "a longer one is one", 3, "/red/herrings", false, FAIL_UNSUPPORTED },
};

void test_elf64(void)
{
	static uint8_t f[SIZE];
	uint16_t machine;
	struct error e;
	struct elf elf;
	uint8_t *cut;
	bool is64, ok;
	size_t i, n;
	int big;

	for (big = 0; big < 2; big++) {
		for (i = 0; i < ARRAY_SIZE(rows); i++) {
			CASE("%s endian: %s", big ? "big" : "little", rows[i].caption);
			make(f, 1, big);
			put(f + rows[i].off, rows[i].width, rows[i].value, big);
			e = (struct error){ 0 };
			ok = elf_parse((struct span){ f, SIZE }, "x", &elf, &e);
			want_error(ok, &e, rows[i].code, rows[i].sentence);
		}
		for (i = 0; i < ARRAY_SIZE(programs); i++) {
			CASE("%s endian: %s", big ? "big" : "little", programs[i].caption);
			make(f, 2, big);
			put(f + 64, 4, programs[i].type, big);
			memcpy(f + 0x200, programs[i].bytes, 13);
			e = (struct error){ 0 };
			ok = elf_parse((struct span){ f, SIZE }, "x", &elf, &e);
			want_error(ok, &e, programs[i].program ? FAIL_NONE : programs[i].code,
				   programs[i].code
					   ? "load the kernel: a program with an interpreter: x"
					   : "");
			want_u64("a program", programs[i].program, elf.program);
		}
		CASE("%s endian: segments come sorted by physical address", big ? "big" : "little");
		make(f, 8, big);
		e = (struct error){ 0 };
		want_error(elf_parse((struct span){ f, SIZE }, "x", &elf, &e), &e, FAIL_NONE, "");
		want_u64("how many", 8, elf.loads);
		for (i = 0; i < elf.loads; i++)
			want_u64("address", i * 0x1000, elf.load[i].paddr);
		want_u64("entry", 0xc000000000000010, elf.entry);
		want_u64("machine", 21, elf.machine);
		CASE("%s endian: 9 segments", big ? "big" : "little");
		make(f, 9, big);
		e = (struct error){ 0 };
		want_error(elf_parse((struct span){ f, SIZE }, "x", &elf, &e), &e, FAIL_FORMAT,
			   "load the kernel: more than 8 segments: x");
		CASE("%s endian: segments overlap by a byte", big ? "big" : "little");
		make(f, 2, big);
		put(f + 64 + 56 + 40, 8, SIZE + 1, big);
		e = (struct error){ 0 };
		want_error(elf_parse((struct span){ f, SIZE }, "x", &elf, &e), &e, FAIL_FORMAT,
			   "load the kernel: its segments overlap: x");
		CASE("%s endian: segments high above overlap by a byte", big ? "big" : "little");
		make(f, 2, big);
		put(f + 64 + 24, 8, 0x10000000 + SIZE - 1, big);
		put(f + 64 + 56 + 24, 8, 0x10000000, big);
		e = (struct error){ 0 };
		want_error(elf_parse((struct span){ f, SIZE }, "x", &elf, &e), &e, FAIL_FORMAT,
			   "load the kernel: its segments overlap: x");
		CASE("%s endian: empty segments are passed over", big ? "big" : "little");
		make(f, 2, big);
		put(f + 64 + 32, 8, 0, big);
		put(f + 64 + 40, 8, 0, big);
		e = (struct error){ 0 };
		want_error(elf_parse((struct span){ f, SIZE }, "x", &elf, &e), &e, FAIL_NONE, "");
		want_u64("how many", 1, elf.loads);
		CASE("%s endian: cut at each byte: an answer that agrees with the error",
		     big ? "big" : "little");
		make(f, 1, big);
		for (n = 0; n < 0x300; n++) {
			cut = malloc(n ? n : 1);
			if (!cut)
				abort();
			memcpy(cut, f, n);
			e = (struct error){ 0 };
			ok = elf_parse((struct span){ cut, n }, "x", &elf, &e);
			want(ok == (e.code == FAIL_NONE) && ok == (n == 0x300), "they agree");
			want(elf_is((struct span){ cut, n }, &machine, &is64) == (n >= 20),
			     "it is ELF");
			free(cut);
		}
	}
	CASE("is it ELF: 32 bits");
	make(f, 1, false);
	f[4] = 1;
	want(elf_is((struct span){ f, SIZE }, &machine, &is64) && !is64 && machine == 21,
	     "it says so");
	CASE("is it ELF: another magic");
	f[1] = 'e';
	want(!elf_is((struct span){ f, SIZE }, &machine, &is64), "it says so");
}
