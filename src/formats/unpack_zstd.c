/* SPDX-License-Identifier: MIT */
/* zstd (RFC 8878) through libzstd, each frame in one call: so the output itself is the window. Its
 * streaming calls keep a window of their own, and kernels are packed with one of 128 MiB.
 */
#include "src/formats/unpack.h"

#include <zstd.h>
#include <zstd_errors.h>

/* libzstd allocates when the context is made, and only then. Its codes alone do not tell what is
 * cut short from what is broken: a checksum that is not there is wrong to it, and so is the size of
 * a broken part.
 */
static enum unpacked meaning(size_t result, bool whole)
{
	switch (ZSTD_getErrorCode(result)) {
	case ZSTD_error_dstSize_tooSmall: return UNPACK_FULL;
	case ZSTD_error_srcSize_wrong:
	case ZSTD_error_checksum_wrong: return whole ? UNPACK_BROKEN : UNPACK_CUT;
	case ZSTD_error_dictionary_wrong:
	case ZSTD_error_version_unsupported: return UNPACK_STRANGE;
	default: return UNPACK_BROKEN;
	}
}

static enum unpacked frame(struct unpack *u, ZSTD_DCtx *z)
{
	const struct span rest = unpack_rest(u);
	const unsigned long long said = ZSTD_getFrameContentSize(rest.p, rest.len);
	const size_t room = u->out_max - u->len;
	size_t in, out;
	bool whole;

	if (said < ZSTD_CONTENTSIZE_ERROR && said > room)
		return UNPACK_FULL;
	in = ZSTD_findFrameCompressedSize(rest.p, rest.len);
	whole = !ZSTD_isError(in);
	if (!whole)
		in = rest.len; /* the decoder tells what is wrong */
	out = ZSTD_decompressDCtx(z, u->out + u->len, room, rest.p, in);
	if (ZSTD_isError(out))
		return meaning(out, whole);
	u->used += in;
	u->len += out;
	u->step(u->arg, u);
	return UNPACK_DONE;
}

enum unpacked unpack_zstd(struct unpack *u)
{
	ZSTD_DCtx *z = ZSTD_createDCtx();
	enum unpacked result = z ? frame(u, z) : UNPACK_MEMORY;

	ZSTD_freeDCtx(z);
	return result;
}
