/* SPDX-License-Identifier: MIT */
/* vmlinux on a small ppc64 machine: parsed and planned. */
#include "unit.h"

#include "src/plan/kernel.h"

#include "arch/arch.h"
#include "src/formats/elf64.h"

#include <libfdt.h>

#define SIZE (1u << 20)
#define TREE_NOTE                                                                                  \
	"/ { #address-cells = <2>; #size-cells = <2>; chosen { linux,kernel-end = <0 2000000>; "   \
	"}; "                                                                                      \
	"memory@0 { device_type = \"memory\"; reg = <0 0 0 40000000>; }; };"

struct load {
	uint64_t off, paddr, filesz, memsz;
};

static uint8_t file[SIZE];

static void put(uint8_t *p, unsigned width, uint64_t v, bool big)
{
	unsigned i;

	for (i = 0; i < width; i++)
		p[i] = (uint8_t)(v >> 8 * (big ? width - 1 - i : i));
}

static void make(unsigned type, unsigned abi, uint64_t entry, const struct load *l, unsigned n,
		 bool run0, bool big)
{
	unsigned i;

	memset(file, 0, SIZE);
	memcpy(file,
	       "\x7f"
	       "ELF\2",
	       5);
	file[5] = big ? 2 : 1;
	put(file + 16, 2, type, big);
	put(file + 18, 2, 21, big);
	put(file + 24, 8, entry, big);
	put(file + 32, 8, 64, big);
	put(file + 48, 4, abi, big);
	put(file + 54, 2, 56, big);
	put(file + 56, 2, n, big);
	for (i = 0; i < n; i++) {
		uint8_t *ph = file + 64 + 56 * i;

		put(ph, 4, 1, big);
		put(ph + 8, 8, l[i].off, big);
		put(ph + 16, 8, 0xc000000000000000 + l[i].paddr, big);
		put(ph + 24, 8, l[i].paddr, big);
		put(ph + 32, 8, l[i].filesz, big);
		put(ph + 40, 8, l[i].memsz, big);
	}
	if (run0)
		put(file + l[0].off + 0x5c, 4, 0x72756e30, big);
}

static void machine(struct machine *m, struct span *tree, const char *note)
{
	struct error e = { 0 };

	*tree = note_tree(note);
	*m = (struct machine){ .arch = &arch_ppc64,
			       .page_size = 0x10000,
			       .release = "6.12.0",
			       .fdt = *tree,
			       .fdt_from = "/t",
			       .mem_total = GIB,
			       .mem_available = GIB };
	if (!arch_ppc64.memory(m, (struct span){ 0 }, &e) || !ranges_subtract(&m->ram, &m->reserved, &m->free))
		abort();
}

static void end(struct machine *m, struct span *tree)
{
	ranges_free(&m->ram);
	ranges_free(&m->reserved);
	ranges_free(&m->free);
	note_free(tree);
}

static const struct load one[] = { { 0x10000, 0, 0x20000, 0x90000 } };
static const struct load two[] = { { 0x10000, 0, 0x20000, 0x20000 },
				   { 0x30000, 0x40000, 0x1000, 0x90000 } };
static const struct load odd[] = { { 0x10000, 0, 0x20000, 0x20000 },
				   { 0x30000, 0x21000, 0x1000, 0x2000 } };
static const struct load bss[] = { { 0x10000, 0, 0x20000, 0x20000 },
				   { 0x30000, 0x20000, 0, 0x90000 } };
static const struct load eight[] = {
	{ 0x10000, 0x00000, 0x20000, 0x20000 }, { 0x30000, 0x20000, 0x100, 0x100 },
	{ 0x30000, 0x30000, 0x100, 0x100 },	{ 0x30000, 0x40000, 0x100, 0x100 },
	{ 0x30000, 0x50000, 0x100, 0x100 },	{ 0x30000, 0x60000, 0x100, 0x100 },
	{ 0x30000, 0x70000, 0x100, 0x100 },	{ 0x30000, 0x80000, 0x100, 0x100 },
};
static const struct load odd_bss[] = { { 0x10000, 0, 0x20000, 0x20000 },
				       { 0x30000, 0x21000, 0x1000, 0x21000 } };
static const struct load odd_hole[] = { { 0x10000, 0, 0x20000, 0x20000 },
					{ 0x30000, 0x21000, 0, 0x1000 },
					{ 0x30000, 0x22000, 0x1000, 0x1000 } };
static const struct load small[] = { { 0x10000, 0, 0x8000, 0x10000 },
				     { 0x30000, 0x10000, 0x1000, 0x1000 } };
static const struct load far[] = { { SIZE - 0x1000, 0, 0x2000, 0x2000 } };
static const struct load fixed[] = { { 0x10000, 0x4000000, 0x20000, 0x20000 } };
static const struct load inside[] = { { 0x10000, 0x4001000, 0x20000, 0x20000 } };
static const struct load high[] = { { 0x10000, 0x4000000, 0x20000, 0x20000 },
				    { 0x30000, 0x4040000, 0x2000, 0x90000 } };
static const struct load tiny[] = { { 0x10000, 0, 0xff, 0x1000 } };

#define FIRST 0xc000000000000000ull

static const struct row {
	const char *caption;
	unsigned type, abi;
	uint64_t entry;
	const struct load *l;
	unsigned n;
	bool run0, stay, be;
	size_t parts;
	uint64_t room;
	enum code code;
	const char *sentence;
} rows[] = {
	{ "one segment, relocatable", 3, 2, FIRST, one, 1, true, false, false, 1, 0x90000, 0, "" },
	{ "one segment, big endian", 3, 1, FIRST, one, 1, true, false, true, 1, 0x90000, 0, "" },
	{ "two segments keep their layout (kexec-tools moves the first only)", 3, 2, FIRST, two, 2,
	  true, false, false, 2, 0xd0000, 0, "" },
	{ "a segment that starts inside a page: one copy of all", 3, 2, FIRST, odd, 2, true, false,
	  false, 1, 0x23000, 0, "" },
	{ "a segment without bytes", 3, 2, FIRST, bss, 2, true, false, false, 0, 0xb0000, 0, "" },
	{ "eight segments", 3, 2, FIRST, eight, 8, true, false, false, 8, 0x80100, 0, "" },
	{ "stay: one segment becomes two", 3, 2, FIRST, one, 1, true, true, false, 2, 0x90000, 0,
	  "" },
	{ "stay: big endian", 3, 2, FIRST, one, 1, true, true, true, 2, 0x90000, 0, "" },
	{ "stay: eight segments become nine", 3, 2, FIRST, eight, 8, true, true, false, 9, 0x80100,
	  0, "" },
	{ "stay: a kernel without __run_at_load", 3, 2, FIRST, one, 1, false, true, false, 0, 0,
	  FAIL_UNSUPPORTED, "run in place: no __run_at_load: vmlinux" },
	{ "the entry in the middle", 3, 2, FIRST + 0x1000, one, 1, true, false, false, 1, 0x90000,
	  0, "" },
	{ "the entry outside", 3, 2, FIRST + 0x20000, one, 1, true, false, false, 0, 0, FAIL_FORMAT,
	  "load the kernel: entry point outside its segments: vmlinux" },
	{ "the entry between two instructions", 3, 2, FIRST + 2, one, 1, true, false, false, 0, 0,
	  FAIL_FORMAT, "load the kernel: entry point outside its segments: vmlinux" },
	{ "less than 0x100 bytes of code", 3, 2, FIRST, tiny, 1, false, false, false, 0, 0,
	  FAIL_FORMAT, "load the kernel: no code at its start: vmlinux" },
	{ "a kernel that clears its BSS by itself, in one copy without it", 3, 2, FIRST, odd_bss, 2,
	  true, false, false, 1, 0x42000, 0, "" },
	{ "one that does not, in one copy with it", 3, 2, FIRST, odd_bss, 2, false, false, false, 1,
	  0x42000, 0, "" },
	{ "one copy, of which a part in the middle has no bytes", 3, 2, FIRST, odd_hole, 3, false,
	  false, false, 1, 0x23000, 0, "" },
	{ "stay: a segment that starts inside a page", 3, 2, FIRST, odd, 2, true, true, false, 1,
	  0x23000, 0, "" },
	{ "stay: a first segment of less than a page", 3, 2, FIRST, small, 2, true, true, false, 2,
	  0x11000, 0, "" },
	{ "an entry below the second segment, which has no descriptor there", 3, 1, FIRST + 0x100,
	  two, 2, true, false, true, 2, 0xd0000, 0, "" },
	{ "an entry in the second segment, and the first has no descriptor there", 3, 1,
	  FIRST + 0x40000, two, 2, true, false, true, 2, 0xd0000, 0, "" },
	{ "cut short inside a segment", 3, 2, FIRST, far, 1, true, false, false, 0, 0, FAIL_FORMAT,
	  "load the kernel: cut short inside a segment: vmlinux" },
	{ "a fixed kernel whose place is taken", 2, 2, FIRST, one, 1, false, false, false, 0, 0,
	  FAIL_ROOM, "load the kernel: runs only at 0x0, which is in use: vmlinux" },
};

/* A plan of it passes its check, or says why not: never FAIL_BUG. */
static void want_planned(const struct machine *m, const struct image *img)
{
	const struct request r = { .machine = m, .image = img, .cmdline = "quiet" };
	struct error e = { 0 };
	struct plan p;
	bool ok = plan_make(&r, &p, &e);

	want_error(ok, &e, FAIL_NONE, "");
	if (ok) {
		want(p.seg[0].at.start >= 0x2000000, "it lies above the running kernel");
		want(p.kernel % 0x10000 == 0, "it lies on 64 KiB");
	}
	plan_free(&p);
}

/* Parses the file and makes it ready to be loaded. */
static bool parse(const struct machine *m, struct image *img, bool stay, struct error *e)
{
	return kernel_parse((struct span){ file, SIZE }, "vmlinux", m, img, e) &&
	       kernel_settle(img, "vmlinux", m, stay, e);
}

/* Kernels that run in one place. */
static void fixed_kernels(void)
{
	static const struct {
		const char *caption;
		const struct load *l;
		phys taken, reach_start; /* 0: none of it is; 0: as it is */
		bool program, crash, stay;
		enum code code;
		const char *sentence;
	} places[] = {
		{ "its place is free", fixed, 0, 0, false, false, false, FAIL_NONE, "" },
		{ "it stays anyway", fixed, 0, 0, false, false, true, FAIL_NONE, "" },
		{ "its place is taken", fixed, 0x4010000, 0, false, false, false, FAIL_ROOM,
		  "load the kernel: runs only at 0x4000000, which is in use: vmlinux" },
		{ "its place is out of reach", fixed, 0, 0x5000000, false, false, false, FAIL_ROOM,
		  "load the kernel: runs only at 0x4000000, which is in use: vmlinux" },
		{ "its place is outside of the crash region", fixed, 0, 0x5000000, false, true,
		  false, FAIL_UNSUPPORTED,
		  "load a crash kernel: runs only at 0x4000000, outside its region: vmlinux" },
		{ "its place is no page", inside, 0, 0, false, false, false, FAIL_UNSUPPORTED,
		  "load the kernel: runs only at 0x4001000, not page aligned: vmlinux" },
		{ "a program that asks for a stack", fixed, 0, 0, true, false, false,
		  FAIL_UNSUPPORTED, "load the kernel: a program, not a kernel: vmlinux" },
	};
	struct machine m;
	struct image img;
	struct error e;
	struct span tree;
	size_t i;
	bool ok;

	for (i = 0; i < ARRAY_SIZE(places); i++) {
		CASE("a fixed kernel: %s", places[i].caption);
		machine(&m, &tree, TREE_NOTE);
		if (places[i].taken &&
		    !ranges_add(&m.reserved, places[i].taken, places[i].taken + 1, "x"))
			abort();
		ranges_free(&m.free);
		if (!ranges_subtract(&m.ram, &m.reserved, &m.free))
			abort();
		if (places[i].reach_start)
			m.addressable.start = places[i].reach_start;
		if (places[i].crash)
			m.crash.region = (struct range){ 0x5000000, 0x8000000, NULL };
		make(2, 2, 0xc000000000000000 + places[i].l->paddr, places[i].l, 1, false, false);
		if (places[i].program) {
			put(file + 56, 2, 2, false);
			put(file + 64 + 56, 4, 0x6474e551, false);
		}
		e = (struct error){ 0 };
		ok = parse(&m, &img, places[i].stay, &e);
		want_error(ok, &e, places[i].code, places[i].sentence);
		if (ok) {
			want(img.fixed && !img.copy, "it is as it was");
			want_u64("place", 0x4000000, img.offset);
		}
		image_free(&img);
		end(&m, &tree);
	}
}

/* Copies take memory, which there may be none of. */
static void copies(void)
{
	struct machine m;
	struct image img;
	struct error e = { 0 };
	struct span tree;
	bool ok;

	machine(&m, &tree, TREE_NOTE);
	make(3, 2, FIRST, odd, 2, true, false);
	CASE("one copy of all: out of memory");
	unit_memory(0);
	ok = parse(&m, &img, false, &e);
	unit_memory(-1);
	want_error(ok, &e, FAIL_MEMORY, "go on: out of memory");
	image_free(&img);
	CASE("one copy of all: just half of RAM, and two bytes less of RAM");
	m.mem_total = 2 * 0x22000;
	e = (struct error){ 0 };
	want_error(parse(&m, &img, false, &e), &e, FAIL_NONE, "");
	image_free(&img);
	m.mem_total -= 2;
	want_error(parse(&m, &img, false, &e), &e, FAIL_MEMORY,
		   "load the kernel: more than half of RAM: vmlinux");
	image_free(&img);
	CASE("one copy of all: nobody knows how much RAM there is");
	m.mem_total = 0;
	e = (struct error){ 0 };
	want_error(parse(&m, &img, false, &e), &e, FAIL_NONE, "");
	image_free(&img);
	CASE("stay: out of memory for the first page");
	make(3, 2, FIRST, one, 1, true, false);
	ok = kernel_parse((struct span){ file, SIZE }, "vmlinux", &m, &img, &e);
	unit_memory(0);
	ok = ok && kernel_settle(&img, "vmlinux", &m, true, &e);
	unit_memory(-1);
	want_error(ok, &e, FAIL_MEMORY, "go on: out of memory");
	image_free(&img);
	end(&m, &tree);
}

void test_ppc64_image(void)
{
	const struct row *r;
	struct machine m;
	struct image img;
	struct error e;
	struct span tree;
	uint32_t flag;
	bool ok;

	fixed_kernels();
	copies();
	for (r = rows; r < rows + ARRAY_SIZE(rows); r++) {
		CASE("%s", r->caption);
		machine(&m, &tree, TREE_NOTE);
		make(r->type, r->abi, r->entry, r->l, r->n, r->run0, r->be);
		e = (struct error){ 0 };
		ok = parse(&m, &img, r->stay, &e);
		want_error(ok, &e, r->code, r->sentence);
		if (ok) {
			if (r->parts)
				want_u64("parts", r->parts, img.parts);
			want_u64("room", r->room, img.memsz);
			want_u64("entry", r->entry - FIRST, img.entry);
			if (r->stay) {
				if (r->be)
					span_be32(img.part[0].data, 0x5c, &flag);
				else
					span_le32(img.part[0].data, 0x5c, &flag);
				want_u64("__run_at_load", 1, flag);
				want(file[0x1005c + (r->be ? 0 : 3)] == 0x72,
				     "the file is untouched");
			}
			want_planned(&m, &img);
		}
		image_free(&img);
		end(&m, &tree);
	}
	CASE("a function descriptor of the first ABI: its first doubleword is the entry");
	machine(&m, &tree, TREE_NOTE);
	make(2, 1, FIRST + 0x8000, one, 1, true, true);
	put(file + 0x18000, 8, FIRST + 0x4000, true);
	e = (struct error){ 0 };
	ok = parse(&m, &img, false, &e);
	want_error(ok, &e, FAIL_NONE, "");
	want_u64("entry", 0x4000, img.entry);
	image_free(&img);
	CASE("segments above 0: all places are counted from the first");
	make(3, 2, FIRST + 0x4041000, high, 2, true, false);
	e = (struct error){ 0 };
	ok = parse(&m, &img, false, &e);
	want_error(ok, &e, FAIL_NONE, "");
	want_u64("parts", 2, img.parts);
	want_u64("the first", 0, img.part[0].at);
	want_u64("the second", 0x40000, img.part[1].at);
	want_u64("room", 0xd0000, img.memsz);
	want_u64("entry", 0x41000, img.entry);
	image_free(&img);
	CASE("a 32-bit ELF file");
	file[4] = 1;
	e = (struct error){ 0 };
	ok = parse(&m, &img, false, &e);
	want_error(ok, &e, FAIL_UNSUPPORTED, "load the kernel: a 32-bit ELF file: vmlinux");
	image_free(&img);
	CASE("an ELF file of another machine");
	make(2, 2, FIRST, one, 1, true, false);
	put(file + 18, 2, 62, false);
	e = (struct error){ 0 };
	ok = parse(&m, &img, false, &e);
	want_error(ok, &e, FAIL_UNSUPPORTED,
		   "load the kernel: an ELF file, and this is ppc64: vmlinux");
	image_free(&img);
	CASE("no kernel at all: the article goes with the name");
	memset(file, 0, SIZE);
	e = (struct error){ 0 };
	ok = parse(&m, &img, false, &e);
	want_error(ok, &e, FAIL_FORMAT,
		   "load the kernel: not a kernel for ppc64, or corrupt: vmlinux");
	image_free(&img);
	end(&m, &tree);
}
