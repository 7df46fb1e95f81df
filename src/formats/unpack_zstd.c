/* zstd (RFC 8878) through libzstd, block by block: the output itself is the window. */
#include "src/formats/unpack.h"

#define ZSTD_STATIC_LINKING_ONLY
#define ZSTD_DISABLE_DEPRECATE_WARNINGS
#include <zstd.h>
#include <zstd_errors.h>

/* All that it takes memory for it has from the start. */
static enum unpacked meaning(size_t result)
{
	switch (ZSTD_getErrorCode(result)) {
	case ZSTD_error_dstSize_tooSmall: return UNPACK_FULL;
	case ZSTD_error_srcSize_wrong: return UNPACK_CUT;
	case ZSTD_error_dictionary_wrong:
	case ZSTD_error_version_unsupported: return UNPACK_STRANGE;
	default: return UNPACK_BROKEN;
	}
}

static enum unpacked frame(struct unpack *u, ZSTD_DCtx *z)
{
	const struct span rest = unpack_rest(u);
	const unsigned long long said = ZSTD_getFrameContentSize(rest.p, rest.len);
	const size_t start = u->len;
	size_t in, out;

	if (said < ZSTD_CONTENTSIZE_ERROR && said > u->out_max - u->len)
		return UNPACK_FULL;
	ZSTD_decompressBegin(z);
	while ((in = ZSTD_nextSrcSizeToDecompress(z)) != 0) {
		if (in > u->in.len - u->used)
			return UNPACK_CUT;
		out = ZSTD_decompressContinue(z, u->out + u->len, u->out_max - u->len,
					      u->in.p + u->used, in);
		if (ZSTD_isError(out))
			return meaning(out);
		u->used += in;
		u->len += out;
		u->step(u->arg, u);
	}
	/* libzstd does not look when the last block is empty */
	return said < ZSTD_CONTENTSIZE_ERROR && said != u->len - start ? UNPACK_BROKEN
								       : UNPACK_DONE;
}

static bool is_frame(struct span s)
{
	uint32_t magic;

	return span_le32(s, 0, &magic) &&
	       (magic == ZSTD_MAGICNUMBER ||
		(magic & ZSTD_MAGIC_SKIPPABLE_MASK) == ZSTD_MAGIC_SKIPPABLE_START);
}

enum unpacked unpack_zstd(struct unpack *u)
{
	ZSTD_DCtx *z = ZSTD_createDCtx();
	enum unpacked result = UNPACK_DONE;

	if (!z)
		return UNPACK_MEMORY;
	do
		result = frame(u, z);
	while (result == UNPACK_DONE && is_frame(unpack_rest(u)));
	ZSTD_freeDCtx(z);
	return result;
}
