/* SPDX-License-Identifier: MIT */
#include "unit.h"

#include "src/plan/kernel.h"

#include "arch/arch.h"
#include "src/formats/image.h"

#include <sys/mman.h>

#define SIZE 4096 /* of the file, where a row does not say */

static const struct row {
	const char *caption;
	uint64_t text_offset, image_size, flags;
	uint32_t page_size, cpu_id; /* of the machine; 0: 4 KiB, not known */
	/* expected */
	uint64_t offset, room;
	uint32_t page;
	bool lowest;
	const char *sentence; /* or this, with code */
	enum code code;
} rows[] = {
	{ "a kernel of today", 0, 0x200000, 8 | 2, 0, 0, 0, 0x200000, 0x1000, false, NULL, 0 },
	{ "page size not said", 0, 0x200000, 8, 0, 0, 0, 0x200000, 0, false, NULL, 0 },
	{ "pages of 16 KiB", 0, 0x200000, 8 | 4, 0, 0, 0, 0x200000, 0x4000, false, NULL, 0 },
	{ "pages of 64 KiB", 0, 0x200000, 8 | 6, 0, 0, 0, 0x200000, 0x10000, false, NULL, 0 },
	{ "not anywhere: as low as possible", 0, 0x200000, 2, 0, 0, 0, 0x200000, 0x1000, true, NULL,
	  0 },
	{ "flag bits we do not know", 0, 0x200000, 0xfffffffffffffff0 | 8 | 2, 0, 0, 0, 0x200000,
	  0x1000, false, NULL, 0 },
	{ "big endian", 0, 0x200000, 9, 0, 0, 0, 0, 0, false,
	  "load the kernel: a big-endian kernel: Image", FAIL_UNSUPPORTED },
	{ "big endian, of any page size", 0, 0x200000, 15, 0, 0, 0, 0, 0, false,
	  "load the kernel: a big-endian kernel: Image", FAIL_UNSUPPORTED },
	{ "16 KiB on a Cortex-A57", 0, 0x200000, 8 | 4, 0, 0x411fd070, 0, 0, 0, false,
	  "load the kernel: this CPU has no pages of 16 KiB: Image", FAIL_UNSUPPORTED },
	{ "16 KiB on a Cortex-A53", 0, 0x200000, 8 | 4, 0, 0x410fd034, 0, 0, 0, false,
	  "load the kernel: this CPU has no pages of 16 KiB: Image", FAIL_UNSUPPORTED },
	{ "16 KiB on a Cortex-A72", 0, 0x200000, 8 | 4, 0x10000, 0x410fd083, 0, 0, 0, false,
	  "load the kernel: this CPU has no pages of 16 KiB: Image", FAIL_UNSUPPORTED },
	{ "4 and 64 KiB on a Cortex-A57", 0, 0x200000, 8 | 6, 0, 0x411fd070, 0, 0x200000, 0x10000,
	  false, NULL, 0 },
	{ "16 KiB on a Cortex-A55, which has it", 0, 0x200000, 8 | 4, 0, 0x412fd050, 0, 0x200000,
	  0x4000, false, NULL, 0 },
	{ "16 KiB on a core of another maker with the same part", 0, 0x200000, 8 | 4, 0, 0x611fd070,
	  0, 0x200000, 0x4000, false, NULL, 0 },
	{ "16 KiB on a Fujitsu A64FX", 0, 0x200000, 8 | 4, 0x10000, 0x461f0010, 0, 0, 0, false,
	  "load the kernel: this CPU has no pages of 16 KiB: Image", FAIL_UNSUPPORTED },
	{ "64 KiB on a Fujitsu A64FX", 0, 0x200000, 8 | 6, 0, 0x461f0010, 0, 0x200000, 0x10000,
	  false, NULL, 0 },
	{ "64 KiB on an Apple M1", 0, 0x200000, 8 | 6, 0x4000, 0x611f0221, 0, 0, 0, false,
	  "load the kernel: this CPU has no pages of 64 KiB: Image", FAIL_UNSUPPORTED },
	{ "64 KiB on a part of Apple's that nobody knows", 0, 0x200000, 8 | 6, 0, 0x610fffff, 0, 0,
	  0, false, "load the kernel: this CPU has no pages of 64 KiB: Image", FAIL_UNSUPPORTED },
	{ "64 KiB on a virtual Apple CPU", 0, 0x200000, 8 | 6, 0, 0x610f0000, 0, 0, 0, false,
	  "load the kernel: this CPU has no pages of 64 KiB: Image", FAIL_UNSUPPORTED },
	{ "4 KiB on an Apple M1 that runs with 16", 0, 0x200000, 8 | 2, 0x4000, 0x611f0221, 0,
	  0x200000, 0x1000, false, NULL, 0 },
	{ "16 KiB on an Apple M1 that runs with 4", 0, 0x200000, 8 | 4, 0, 0x611f0221, 0, 0x200000,
	  0x4000, false, NULL, 0 },
	{ "16 KiB on an Apple A7", 0, 0x200000, 8 | 4, 0, 0x611f0010, 0, 0, 0, false,
	  "load the kernel: this CPU has no pages of 16 KiB: Image", FAIL_UNSUPPORTED },
	{ "64 KiB on a CPU that is not known", 0, 0x200000, 8 | 6, 0, 0, 0, 0x200000, 0x10000,
	  false, NULL, 0 },
	{ "16 KiB where the kernel that runs has it, whatever the CPU says", 0, 0x200000, 8 | 4,
	  0x4000, 0x411fd070, 0, 0x200000, 0x4000, false, NULL, 0 },
	{ "text_offset of old kernels", 0x80000, 0x200000, 2, 0, 0, 0x80000, 0x200000, 0x1000, true,
	  NULL, 0 },
	{ "text_offset that was made random", 0x1ff000, 0x200000, 8, 0, 0, 0x1ff000, 0x200000, 0,
	  false, NULL, 0 },
	{ "text_offset of 2 MiB", 0x200000, 0x200000, 8, 0, 0, 0, 0, 0, false,
	  "load the kernel: invalid text_offset 0x200000: Image", FAIL_FORMAT },
	{ "text_offset above 32 bits", 0x100000000, 0x200000, 8, 0, 0, 0, 0, 0, false,
	  "load the kernel: invalid text_offset 0x100000000: Image", FAIL_FORMAT },
	{ "text_offset at the top", UINT64_MAX, 0x200000, 8, 0, 0, 0, 0, 0, false,
	  "load the kernel: invalid text_offset 0xffffffffffffffff: Image", FAIL_FORMAT },
	{ "text_offset inside a page", 0x800, 0x200000, 8, 0, 0, 0, 0, 0, false,
	  "load the kernel: invalid text_offset 0x800: Image", FAIL_FORMAT },
	{ "text_offset inside a page of 64 KiB", 0x1000, 0x200000, 8, 0x10000, 0, 0, 0, 0, false,
	  "load the kernel: invalid text_offset 0x1000: Image", FAIL_FORMAT },
	{ "image_size 0: before 3.17, 0x80000, low, with room for BSS", 0x123, 0, 0, 0, 0, 0x80000,
	  SIZE + 16 * MIB, 0, true, NULL, 0 },
	{ "image_size 0: low, whatever flags say", 0, 0, 8, 0, 0, 0x80000, SIZE + 16 * MIB, 0, true,
	  NULL, 0 },
	{ "image_size 63: less than a header", 0, 63, 8, 0, 0, 0, 0, 0, false,
	  "load the kernel: corrupt header (image size 63 B): Image", FAIL_FORMAT },
	{ "image_size 64: just a header", 0, 64, 8, 0, 0, 0, 64, 0, false, NULL, 0 },
	{ "image_size less than the file: what follows is not loaded", 0, 0x800, 8, 0, 0, 0, 0x800,
	  0, false, NULL, 0 },
	{ "image_size of 2^48", 0, 1ull << 48, 8, 0, 0, 0, 1ull << 48, 0, false, NULL, 0 },
	{ "image_size above 2^48", 0, (1ull << 48) + 1, 8, 0, 0, 0, 0, 0, false,
	  "load the kernel: corrupt header (image size 256 TiB): Image", FAIL_FORMAT },
	{ "image_size at the top", 0, UINT64_MAX, 8, 0, 0, 0, 0, 0, false,
	  "load the kernel: corrupt header (image size 15.9 EiB): Image", FAIL_FORMAT },
};

static bool parse(struct span file, const struct row *r, struct image *img, struct error *e)
{
	const struct machine m = { .arch = &arch_arm64,
				   .page_size = r && r->page_size ? r->page_size : 0x1000,
				   .cpu_id = r ? r->cpu_id : 0 };

	*e = (struct error){ 0 };
	return kernel_parse(file, "Image", &m, img, e);
}

static void headers(void)
{
	static uint8_t file[SIZE];
	const struct row *r;
	struct image img;
	struct error e;
	bool ok;

	for (r = rows; r < rows + ARRAY_SIZE(rows); r++) {
		CASE("header: %s", r->caption);
		small_header(file, r->text_offset, r->image_size, r->flags);
		ok = parse((struct span){ file, SIZE }, r, &img, &e);
		want_error(ok, &e, r->code, r->sentence ? r->sentence : "");
		if (ok) {
			size_t len = r->room < SIZE ? (size_t)r->room : SIZE;

			want_u64("parts", 1, img.parts);
			want_u64("align", 0x200000, img.align);
			want_u64("offset", r->offset, img.offset);
			want_u64("room", r->room, img.memsz);
			want_u64("page size", r->page, img.page_size);
			want_u64("lowest", r->lowest, img.bottom_up);
			want_u64("entry", 0, img.entry);
			want_u64("part's place", 0, img.part[0].at);
			want_u64("part's bytes", len, img.part[0].data.len);
			want_u64("part's size", len, img.part[0].size);
			want(img.part[0].data.p == file && !img.copy,
			     "the file's bytes are borrowed");
		}
		image_free(&img);
	}
}

/* A plain Image has no field for its length, so cuts behind the header cannot be seen. */
static void truncations(void)
{
	uint8_t whole[65], *cut;
	struct image img;
	struct error e;
	const char *why;
	size_t n;
	bool ok;

	small_header(whole, 0, 0x200000, 8);
	whole[64] = 0;
	for (n = 0; n <= sizeof(whole); n++) {
		CASE("header cut at byte %zu", n);
		cut = malloc(n + 1);
		if (!cut)
			abort();
		cut = realloc(cut, n ? n : 1); /* no byte behind the cut */
		memcpy(cut, whole, n);
		ok = parse((struct span){ cut, n }, NULL, &img, &e);
		why = !n	 ? "load the kernel: the file is empty: Image"
		      : n < 0x3c ? "load the kernel: not a kernel for arm64, or corrupt: Image"
		      : n < 64	 ? "load the kernel: truncated in its header: Image"
		      : n == 64	 ? "load the kernel: truncated (64 B): Image"
				 : "";
		want_error(ok, &e, *why ? FAIL_FORMAT : FAIL_NONE, why);
		image_free(&img);
		free(cut);
	}
}

/* PE headers: at `pe`, an optional header of `optional` bytes, then sections {SizeOfRawData,
 * PointerToRawData}.
 */
struct pe_row {
	const char *caption;
	uint32_t pe;
	uint16_t sections, optional;
	struct {
		uint32_t size, at;
	} s[3];
	size_t file;	      /* bytes; 0: SIZE */
	uint64_t image_size;  /* 0: 0x200000 */
	const char *sentence; /* FAIL_FORMAT */
};

static const struct pe_row pe_rows[] = {
	{ "sections end with the file",
	  0x40,
	  2,
	  0xa0,
	  { { 0x400, 0x400 }, { 0x800, 0x800 } },
	  0,
	  0,
	  NULL },
	{ "the last section is one byte short",
	  0x40,
	  2,
	  0xa0,
	  { { 0x400, 0x400 }, { 0x800, 0x801 } },
	  0,
	  0,
	  "load the kernel: truncated (4 KiB of 4 KiB): Image" },
	{ "the first section leaves the file, the last does not",
	  0x40,
	  2,
	  0xa0,
	  { { 0x10000, 0x400 }, { 0x400, 0x800 } },
	  0,
	  0,
	  "load the kernel: truncated (4 KiB of 65 KiB): Image" },
	{ "a kernel cut in half",
	  0x40,
	  2,
	  0xa0,
	  { { 0x80000, 0x1000 }, { 0x80000, 0x81000 } },
	  0x80000,
	  0,
	  "load the kernel: truncated (512 KiB of 1 MiB): Image" },
	{ "offset + size wrap 32 bits",
	  0x40,
	  1,
	  0xa0,
	  { { 0x1000, 0xfffff800 } },
	  0,
	  0,
	  "load the kernel: truncated (4 KiB of 4 GiB): Image" },
	{ "the largest offset and size",
	  0x40,
	  1,
	  0xa0,
	  { { 0xffffffff, 0xffffffff } },
	  0,
	  0,
	  "load the kernel: truncated (4 KiB of 7.9 GiB): Image" },
	{ "a section of no bytes in the file (BSS) may have any offset",
	  0x40,
	  2,
	  0xa0,
	  { { 0x400, 0x400 }, { 0, 0xffffffff } },
	  0,
	  0,
	  NULL },
	{ "no sections", 0x40, 0, 0xa0, { { 0, 0 } }, 0, 0, NULL },
	{ "the section table leaves the file",
	  0x40,
	  65535,
	  0xa0,
	  { { 0x400, 0x400 } },
	  0,
	  0,
	  "load the kernel: truncated (4 KiB): Image" },
	{ "an optional header that leaves the file",
	  0x40,
	  1,
	  0xffff,
	  { { 0, 0 } },
	  0,
	  0,
	  "load the kernel: truncated (4 KiB): Image" },
	{ "sections end behind image_size",
	  0x40,
	  1,
	  0xa0,
	  { { 0x800, 0x400 } },
	  0,
	  0x800,
	  "load the kernel: corrupt header (image size 2 KiB): Image" },
	{ "sections end with image_size", 0x40, 1, 0xa0, { { 0x800, 0x400 } }, 0, 0xc00, NULL },
};

/* `header` 0: there is no PE signature */
static void make_pe(uint8_t *file, const struct pe_row *r)
{
	uint8_t *p = file + r->pe;
	unsigned i;

	small_header(file, 0, r->image_size ? r->image_size : 0x200000, 8);
	memcpy(file, "MZ", 2);
	put_le32(file + 60, r->pe);
	memcpy(p, "PE\0\0", 4);
	p[6] = (uint8_t)r->sections;
	p[7] = (uint8_t)(r->sections >> 8);
	p[20] = (uint8_t)r->optional;
	p[21] = (uint8_t)(r->optional >> 8);
	for (i = 0; i < 3 && i < r->sections && r->optional < 0x800; i++) {
		put_le32(p + 24 + r->optional + 40 * i + 16, r->s[i].size);
		put_le32(p + 24 + r->optional + 40 * i + 20, r->s[i].at);
	}
}

static void pe_tables(void)
{
	static const uint32_t outside[] = { 0,		SIZE - 4,   SIZE - 1,  SIZE,
					    0x7fffffff, 0xfffffffc, 0xffffffff };
	const struct pe_row *r;
	struct image img;
	struct error e;
	uint8_t *file;
	size_t size, i;
	bool ok;

	for (r = pe_rows; r < pe_rows + ARRAY_SIZE(pe_rows); r++) {
		CASE("PE: %s", r->caption);
		size = r->file ? r->file : SIZE;
		file = calloc(1, size);
		if (!file)
			abort();
		make_pe(file, r);
		ok = parse((struct span){ file, size }, NULL, &img, &e);
		want_error(ok, &e, r->sentence ? FAIL_FORMAT : FAIL_NONE,
			   r->sentence ? r->sentence : "");
		image_free(&img);
		free(file);
	}
	for (i = 0; i < ARRAY_SIZE(outside); i++) {
		CASE("PE: the header's offset 0x%x: %s", outside[i],
		     outside[i] ? "it leaves the file, which is cut short" : "none, a plain Image");
		file = calloc(1, SIZE);
		if (!file)
			abort();
		small_header(file, 0, 0x200000, 8);
		memcpy(file, "MZ", 2);
		put_le32(file + 60, outside[i]);
		if (outside[i] == SIZE - 4)
			memcpy(file + SIZE - 4, "PE\0\0", 4);
		ok = parse((struct span){ file, SIZE }, NULL, &img, &e);
		want_error(ok, &e, outside[i] ? FAIL_FORMAT : FAIL_NONE,
			   outside[i] ? "load the kernel: truncated (4 KiB): Image" : "");
		image_free(&img);
		free(file);
	}
}

/* Offsets near 2^32 in a file that has them: sums of 32-bit fields must not wrap. */
static void pe_wraps(void)
{
	const size_t size = (size_t)4 * GIB + 0x10000;
	const struct pe_row r = { "", 0xfffff000,	 1,   0xfff0, { { 0, 0 } },
				  0,  4 * GIB + 0x10000, NULL };
	struct image img;
	struct error e;
	uint8_t *file, *section;
	bool ok;

	CASE("PE: the section table begins above 4 GiB");
	file = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
		    -1, 0);
	if (file == MAP_FAILED) {
		unit_fail("expected 4 GiB of address space, came none");
		return;
	}
	make_pe(file, &r);
	section = file + 0xfffff000ull + 24 + 0xfff0;
	put_le32(section + 16, 0xfffffff0);
	put_le32(section + 20, 0xfffffff0);
	ok = parse((struct span){ file, size }, NULL, &img, &e);
	want_error(ok, &e, FAIL_FORMAT, "load the kernel: truncated (4 GiB of 7.9 GiB): Image");
	image_free(&img);
	munmap(file, size);
}

/* Of any number of bits. */
static uint64_t random_width(void)
{
	uint64_t v = unit_random();

	return v >> unit_random() % 64;
}

/* Bytes that may be anything: an answer, no read outside of the file. */
static void random_headers(void)
{
	uint64_t offset, image;
	uint8_t *file;
	struct image img;
	struct error e;
	unsigned k, i;
	size_t size;
	bool ok;

	CASE("20000 random headers: sound, or a sentence");
	unit_random_start(3);
	for (k = 0; k < 20000; k++) {
		size = 64 + unit_random() % 300;
		file = malloc(size);
		if (!file)
			abort();
		for (i = 0; i < size; i++)
			file[i] = (uint8_t)unit_random();
		/* one by one: the order of arguments is the compiler's */
		offset = random_width();
		image = random_width();
		small_header(file, offset, image, unit_random() % 16);
		if (k % 2)
			memcpy(file, "MZ", 2);
		put_le32(file + 60, (uint32_t)random_width());
		if (k % 4 == 1) {
			put_le32(file + 60, 0x40);
			memcpy(file + 0x40, "PE\0\0", size < 0x44 ? size - 0x40 : 4);
		}
		ok = parse((struct span){ file, size }, NULL, &img, &e);
		want(ok == (e.code == FAIL_NONE) && ok == (e.text[0] == '\0'), "they agree");
		if (ok) {
			want(img.offset < 0x200000 && img.offset % 0x1000 == 0,
			     "its offset is sound");
			want(img.memsz >= img.part[0].size && img.memsz <= 1ull << 48,
			     "its room is sound");
			want(img.part[0].data.len <= size, "its bytes are the file's");
		}
		image_free(&img);
		free(file);
	}
}

void test_arm64_image(void)
{
	headers();
	truncations();
	pe_tables();
	pe_wraps();
	random_headers();
}
