/* SPDX-License-Identifier: MIT */
#include "src/formats/unpack.h"

#include "src/base/strbuf.h"

static const struct format formats[] = {
	{ "gzip", "\x1f\x8b", 2, false, unpack_gzip },
	{ "zstd", "\x28\xb5\x2f\xfd", 4, true, unpack_zstd },
	{ "zstd", "\x50\x2a\x4d\x18", 4, true, unpack_zstd }, /* a skippable frame first: pzstd */
	{ "xz", "\xfd\x37zXZ", 6, false, unpack_xz },
	{ "lz4", "\x02\x21\x4c\x18", 4, true, unpack_lz4 }, /* legacy, which kernels use */
	{ "lz4", "\x04\x22\x4d\x18", 4, true, unpack_lz4 },
};

const struct format *unpack_format(struct span file)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(formats); i++)
		if (span_equal_at(file, 0, formats[i].magic, formats[i].magic_len))
			return &formats[i];
	return NULL;
}

#define SKIPPABLE 0x184d2a50u /* to 5f: what zstd and lz4 frames may have between them */
#define SIGNATURE "~Module signature appended~\n" /* include/linux/module_signature.h */

static bool may_follow(struct span rest, size_t len)
{
	const size_t mark = sizeof(SIGNATURE) - 1;
	uint32_t said;

	span_le32(rest, 0, &said);
	if (rest.len == 4 && said == (uint32_t)len)
		return true;
	if (rest.len >= mark && span_equal_at(rest, rest.len - mark, SIGNATURE, mark))
		return true;
	while (rest.len && !rest.p[rest.len - 1])
		rest.len--;
	return !rest.len;
}

/* Is there another stream to be joined to the last one? */
static bool goes_on(const struct format *f, struct span rest)
{
	const struct format *next = unpack_format(rest);
	uint32_t magic;

	return (next && next->run == f->run) ||
	       (f->skips && span_le32(rest, 0, &magic) && (magic & ~15u) == SKIPPABLE);
}

bool unpack(const struct format *f, struct unpack *u, const char *kernel, struct error *e)
{
	char size[FORMAT_SIZE_MAX];
	enum unpacked result;

	u->used = u->len = 0;
	do
		result = f->run(u);
	while (result == UNPACK_DONE && goes_on(f, unpack_rest(u)));
	switch (result) {
	case UNPACK_DONE:
		return may_follow(unpack_rest(u), u->len) ||
		       fail(e, FAIL_FORMAT, "load the kernel: data after its %s stream: %s",
			    f->name, kernel);
	case UNPACK_CUT:
		return fail(e, FAIL_FORMAT, "load the kernel: truncated %s stream: %s", f->name,
			    kernel);
	case UNPACK_FULL:
		return fail(e, FAIL_MEMORY,
			    "load the kernel: unpacked, larger than %s, the limit: %s",
			    format_size(size, u->out_max), kernel);
	case UNPACK_STRANGE:
		return fail(e, FAIL_UNSUPPORTED,
			    "load the kernel: unsupported %s stream (filter, checksum or "
			    "dictionary): %s",
			    f->name, kernel);
	case UNPACK_MEMORY: return fail_memory(e);
	default:
		return fail(e, FAIL_FORMAT, "load the kernel: corrupt %s stream: %s", f->name,
			    kernel);
	}
}
