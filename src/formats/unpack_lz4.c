/* SPDX-License-Identifier: MIT */
/* lz4 through liblz4: its frames, and the blocks of the older form that kernels are packed in, for
 * which it has no call.
 */
#include "src/formats/unpack.h"

#include <lz4.h>
#include <lz4frame.h>
#include <string.h>

#define LEGACY	     "\x02\x21\x4c\x18"
#define LEGACY_BLOCK (8u << 20)

static enum unpacked legacy_block(struct unpack *u, uint32_t size)
{
	const size_t left = u->out_max - u->len;
	const int room = (int)(left < LEGACY_BLOCK ? left : LEGACY_BLOCK);
	const char *in = (const char *)u->in.p + u->used;
	int n;

	if (size > u->in.len - u->used)
		return UNPACK_CUT;
	n = LZ4_decompress_safe(in, (char *)u->out + u->len, (int)size, room);
	if (n < 0)
		return left < LEGACY_BLOCK ? UNPACK_FULL : UNPACK_BROKEN;
	u->used += size;
	u->len += (size_t)n;
	u->step(u->arg, u);
	return UNPACK_DONE;
}

/* Blocks of 8 MiB, each after its length, until the file ends or another frame starts: nothing says
 * where. A length that no block has is what follows.
 */
static enum unpacked legacy(struct unpack *u)
{
	enum unpacked result = UNPACK_DONE;
	uint32_t size;

	u->used += 4;
	while (result == UNPACK_DONE && span_le32(u->in, u->used, &size) && size &&
	       size <= LZ4_COMPRESSBOUND(LEGACY_BLOCK) && u->in.len - u->used > 4) {
		u->used += 4;
		result = legacy_block(u, size);
	}
	return result;
}

/* The stable interface has no numbers for errors, only names. */
static enum unpacked meaning(size_t error)
{
	return strcmp(LZ4F_getErrorName(error), "ERROR_allocation_failed") == 0 ? UNPACK_MEMORY
										: UNPACK_BROKEN;
}

/* *next: how many bytes liblz4 asks for next. */
static enum unpacked header(struct unpack *u, LZ4F_dctx *z, size_t *next)
{
	const struct span rest = unpack_rest(u);
	LZ4F_frameInfo_t info;
	size_t len = LZ4F_headerSize(rest.p, rest.len);

	if (LZ4F_isError(len) || len > rest.len)
		return UNPACK_CUT;
	*next = LZ4F_getFrameInfo(z, &info, rest.p, &len);
	if (LZ4F_isError(*next))
		return meaning(*next);
	if (info.dictID)
		return UNPACK_STRANGE;
	if (info.contentSize > u->out_max - u->len)
		return UNPACK_FULL;
	u->used += len;
	return UNPACK_DONE;
}

/* A frame, or one to skip. When liblz4 gets as many bytes as it asks for, and is told that the
 * output stays where it is, it decodes straight from the input to the output.
 */
static enum unpacked frame(struct unpack *u, LZ4F_dctx *z)
{
	const LZ4F_decompressOptions_t stays = { .stableDst = 1 };
	size_t next, in, out;
	enum unpacked result = header(u, z, &next);

	while (result == UNPACK_DONE && next) {
		in = unpack_rest(u).len;
		if (in > next)
			in = next;
		out = u->out_max - u->len;
		next = LZ4F_decompress(z, u->out + u->len, &out, u->in.p + u->used, &in, &stays);
		if (LZ4F_isError(next))
			return meaning(next);
		u->used += in;
		u->len += out;
		u->step(u->arg, u);
		/* what it keeps to write later, it keeps for want of room */
		if (next && !in)
			return u->used == u->in.len ? UNPACK_CUT : UNPACK_FULL;
	}
	return result;
}

enum unpacked unpack_lz4(struct unpack *u)
{
	enum unpacked result;
	LZ4F_dctx *z;

	if (span_equal_at(u->in, u->used, LEGACY, 4))
		return legacy(u);
	if (LZ4F_isError(LZ4F_createDecompressionContext(&z, LZ4F_VERSION)))
		return UNPACK_MEMORY;
	result = frame(u, z);
	LZ4F_freeDecompressionContext(z);
	return result;
}
