/* lz4: blocks through liblz4; the two frames around them, of doc/lz4_Frame_format.md there, are a
 * few lines. Its own frame decoder would keep up to 4 MiB of each frame twice.
 */
#include "src/formats/unpack.h"

#include <lz4.h>

#define XXH_NAMESPACE LZ4_
#include <xxhash.h>

#define LEGACY	     0x184c2102u
#define LEGACY_BLOCK (8u << 20)
#define FRAME	     0x184d2204u
#define SKIPPABLE    0x184d2a50u /* to 5f */
#define PREFIX	     (64u << 10) /* how far a block looks back */

#define FLAG_DICTIONARY	 1u
#define FLAG_SUM	 4u
#define FLAG_SIZE	 8u
#define FLAG_BLOCK_SUM	 16u
#define FLAG_INDEPENDENT 32u

static enum unpacked read32(struct unpack *u, uint32_t *v)
{
	if (!span_le32(u->in, u->used, v))
		return UNPACK_CUT;
	u->used += 4;
	return UNPACK_DONE;
}

/* One block of `size` bytes, of at most `most` unpacked; it may look back `prefix` bytes. */
static enum unpacked block(struct unpack *u, uint32_t size, uint32_t most, size_t prefix)
{
	const size_t left = u->out_max - u->len;
	const int room = (int)(left < most ? left : most);
	const char *in = (const char *)u->in.p + u->used;
	char *out = (char *)u->out + u->len;
	int n;

	if (size > u->in.len - u->used)
		return UNPACK_CUT;
	if (prefix > PREFIX)
		prefix = PREFIX;
	n = LZ4_decompress_safe_usingDict(in, out, (int)size, room, out - prefix, (int)prefix);
	if (n < 0)
		return left < most ? UNPACK_FULL : UNPACK_BROKEN;
	u->used += size;
	u->len += (size_t)n;
	u->step(u->arg, u);
	return UNPACK_DONE;
}

/* Blocks of 8 MiB, each behind its length, until the file or the frame ends: nothing says where. A
 * length that none has is what follows.
 */
static enum unpacked legacy(struct unpack *u)
{
	enum unpacked result;
	uint32_t size;

	while (span_le32(u->in, u->used, &size) && size &&
	       size <= (uint32_t)LZ4_COMPRESSBOUND(LEGACY_BLOCK) && u->in.len - u->used > 4) {
		u->used += 4;
		result = block(u, size, LEGACY_BLOCK, 0);
		if (result != UNPACK_DONE)
			return result;
	}
	return UNPACK_DONE;
}

static enum unpacked stored(struct unpack *u, uint32_t size)
{
	struct span s;

	if (!span_sub(u->in, u->used, size, &s))
		return UNPACK_CUT;
	if (size > u->out_max - u->len)
		return UNPACK_FULL;
	__builtin_memcpy(u->out + u->len, s.p, size);
	u->used += size;
	u->len += size;
	u->step(u->arg, u);
	return UNPACK_DONE;
}

static enum unpacked check(struct unpack *u, const void *p, size_t len)
{
	uint32_t said;

	if (read32(u, &said))
		return UNPACK_CUT;
	return XXH32(p, len, 0) == said ? UNPACK_DONE : UNPACK_BROKEN;
}

static enum unpacked blocks(struct unpack *u, unsigned flags, uint32_t most)
{
	const size_t start = u->len;
	enum unpacked result;
	uint32_t size;
	size_t at;

	for (;;) {
		if (read32(u, &size))
			return UNPACK_CUT;
		if (!size)
			break;
		if ((size & INT32_MAX) > most)
			return UNPACK_BROKEN;
		at = u->used;
		result = size > INT32_MAX ? stored(u, size & INT32_MAX)
					  : block(u, size, most,
						  flags & FLAG_INDEPENDENT ? 0 : u->len - start);
		if (result == UNPACK_DONE && flags & FLAG_BLOCK_SUM)
			result = check(u, u->in.p + at, size & INT32_MAX);
		if (result != UNPACK_DONE)
			return result;
	}
	return flags & FLAG_SUM ? check(u, u->out + start, u->len - start) : UNPACK_DONE;
}

static enum unpacked frame(struct unpack *u)
{
	const size_t start = u->len;
	const struct span s = unpack_rest(u);
	enum unpacked result;
	unsigned flags, size;
	uint64_t said = 0;
	size_t len;

	if (s.len < 3)
		return UNPACK_CUT;
	flags = s.p[0];
	size = s.p[1] >> 4;
	if (flags >> 6 != 1 || flags & 2 || s.p[1] & 0x8f || size < 4)
		return UNPACK_BROKEN;
	if (flags & FLAG_DICTIONARY)
		return UNPACK_STRANGE;
	len = flags & FLAG_SIZE ? 10 : 2;
	if (s.len <= len)
		return UNPACK_CUT;
	if ((XXH32(s.p, len, 0) >> 8 & 0xff) != s.p[len])
		return UNPACK_BROKEN;
	if (flags & FLAG_SIZE)
		span_le64(s, 2, &said);
	if (said > u->out_max - u->len)
		return UNPACK_FULL;
	u->used += len + 1;
	result = blocks(u, flags, 1u << (8 + 2 * size));
	if (result == UNPACK_DONE && flags & FLAG_SIZE && u->len - start != said)
		result = UNPACK_BROKEN;
	return result;
}

static enum unpacked skip(struct unpack *u)
{
	uint32_t size;

	if (read32(u, &size) || size > u->in.len - u->used)
		return UNPACK_CUT;
	u->used += size;
	return UNPACK_DONE;
}

enum unpacked unpack_lz4(struct unpack *u)
{
	enum unpacked result = UNPACK_DONE;
	uint32_t magic;

	while (result == UNPACK_DONE && span_le32(u->in, u->used, &magic) &&
	       (magic == LEGACY || magic == FRAME || (magic & ~15u) == SKIPPABLE)) {
		u->used += 4;
		result = magic == LEGACY ? legacy(u) : magic == FRAME ? frame(u) : skip(u);
	}
	return result;
}
