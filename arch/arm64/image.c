/* SPDX-License-Identifier: MIT */
/* The arm64 Image: Documentation/arch/arm64/booting.rst, section 4, "Call the kernel image". */
#include "arch/arm64/arm64.h"

#include "src/formats/pe.h"
#include "src/base/strbuf.h"

#define HEADER	       64
#define MAGIC_AT       0x38
#define TEXT_OFFSET_AT 8
#define IMAGE_SIZE_AT  16
#define FLAGS_AT       24

#define FLAG_BIG_ENDIAN 1u
#define FLAG_PAGE_SHIFT 1
#define FLAG_ANYWHERE	8u

/* Before Linux 3.17: image_size is 0, text_offset is this, and nobody knows how large BSS is. */
#define OLD_TEXT_OFFSET 0x80000
#define OLD_BSS		(16u << 20)

#define PAGE_16K 0x4000u
#define PAGE_64K 0x10000u
#define ANY_PART 0xffffu

/* Cores that lack a granule, by MIDR implementer and part: ID_AA64MMFR0_EL1.TGran16 or TGran64, of
 * their manuals where there are any. The register itself is hidden from user space, and a kernel
 * of the wrong granule stops without a word. All cores known have 4 KiB.
 */
static const struct {
	uint8_t implementer;
	uint16_t part;
	uint32_t lacks;
} gaps[] = {
	{ 0x41, 0xd03, PAGE_16K },    /* Cortex-A53 */
	{ 0x41, 0xd07, PAGE_16K },    /* Cortex-A57 */
	{ 0x41, 0xd08, PAGE_16K },    /* Cortex-A72 */
	{ 0x46, 0x001, PAGE_16K },    /* Fujitsu A64FX */
	{ 0x61, 0x001, PAGE_16K },    /* Apple A7 */
	{ 0x61, 0x002, PAGE_16K },    /* A8 */
	{ 0x61, 0x003, PAGE_16K },    /* A8X */
	{ 0x61, ANY_PART, PAGE_64K }, /* and all that Apple makes */
};

static bool cpu_has_page(const struct machine *m, uint32_t size)
{
	const uint32_t part = m->cpu_id >> 4 & 0xfff, implementer = m->cpu_id >> 24;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(gaps) && size != m->page_size; i++)
		if (gaps[i].implementer == implementer && gaps[i].lacks == size &&
		    (gaps[i].part == part || gaps[i].part == ANY_PART))
			return false;
	return true;
}

/* An Image has no field for its length in the file, but those that are EFI programs too have a
 * section table that says where the last section ends. 0 in *end: not said. False: the file ends
 * before that.
 */
static bool pe_length(struct span file, uint64_t *end)
{
	struct pe_section s;
	struct span table;
	unsigned i;

	*end = 0;
	if (!pe_table(file, &table))
		return false;
	for (i = 0; pe_section(table, i, &s); i++)
		if (s.size && (uint64_t)s.at + s.size > *end)
			*end = (uint64_t)s.at + s.size;
	return true;
}

static bool check_length(struct span file, const char *name, uint64_t size, struct error *e)
{
	char have[FORMAT_SIZE_MAX], want[FORMAT_SIZE_MAX];
	uint64_t end;

	if (!pe_length(file, &end) || file.len == HEADER)
		return fail(e, FAIL_FORMAT, "load the kernel: truncated (%s): %s",
			    format_size(have, file.len), name);
	if (end > file.len)
		return fail(e, FAIL_FORMAT, "load the kernel: truncated (%s of %s): %s",
			    format_size(have, file.len), format_size(want, end), name);
	if (size && (size < HEADER || end > size || size > ARM64_ADDRESS_END))
		return fail(e, FAIL_FORMAT, "load the kernel: corrupt header (image size %s): %s",
			    format_size(want, size), name);
	return true;
}

static bool check_flags(uint64_t flags, const char *name, const struct machine *m,
			struct image *img, struct error *e)
{
	static const uint32_t sizes[] = { 0, 0x1000, 0x4000, 0x10000 };
	char size[FORMAT_SIZE_MAX];

	if (flags & FLAG_BIG_ENDIAN)
		return fail(e, FAIL_UNSUPPORTED, "load the kernel: a big-endian kernel: %s", name);
	img->page_size = sizes[flags >> FLAG_PAGE_SHIFT & 3];
	if (!cpu_has_page(m, img->page_size))
		return fail(e, FAIL_UNSUPPORTED, "load the kernel: this CPU has no pages of %s: %s",
			    format_size(size, img->page_size), name);
	img->bottom_up = !(flags & FLAG_ANYWHERE);
	return true;
}

bool arm64_image(struct span file, const char *name, const struct machine *m, struct image *img,
		 bool *is_ours, struct error *e)
{
	uint64_t offset, size, flags;

	*is_ours = span_equal_at(file, MAGIC_AT, "ARM\x64", 4);
	if (!*is_ours)
		return true;
	if (file.len < HEADER)
		return fail(e, FAIL_FORMAT, "load the kernel: truncated in its header: %s", name);
	span_le64(file, TEXT_OFFSET_AT, &offset);
	span_le64(file, IMAGE_SIZE_AT, &size);
	span_le64(file, FLAGS_AT, &flags);
	*img = (struct image){ .align = ARM64_BLOCK, .offset = offset, .memsz = size };
	if (!check_length(file, name, size, e) || !check_flags(flags, name, m, img, e))
		return false;
	if (!size) {
		img->offset = OLD_TEXT_OFFSET;
		img->memsz = file.len + OLD_BSS;
		img->bottom_up = true;
	}
	if (img->offset >= ARM64_BLOCK || img->offset % m->page_size)
		return fail(e, FAIL_FORMAT, "load the kernel: invalid text_offset 0x%llx: %s",
			    (unsigned long long)img->offset, name);
	/* what follows the image in its file, a signature for instance, is not part of it */
	if (file.len > img->memsz)
		file.len = (size_t)img->memsz;
	img->part[img->parts++] = (struct part){ .data = file, .size = file.len };
	return true;
}
