/* xz through XZ Embedded. Its one-call mode has the output as dictionary, but wants all of the input
 * at once and knows no CRC64, which xz(1) writes; so its files are built in here, as they are made
 * to be, and its state machine is called in steps.
 */
#include "unpack.h"

#include <endian.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h> /* crc32() */

#define XZ_DEC_SINGLE
#define XZ_DEC_ANY_CHECK
#define XZ_INTERNAL_CRC32 0
#define XZ_EXTERN	  static
#define XZ_FUNC
#define NOINLINE
static uint32_t xz_crc32(const uint8_t *p, size_t len, uint32_t crc)
{
	return (uint32_t)crc32_z(crc, p, len);
}
#include <xz_dec_lzma2.c>
#include <xz_dec_stream.c>

#define STEP   (512u << 10)
#define HEADER 12 /* and footer */

/* Eight bytes at a time. */
static uint64_t crc64(uint64_t table[8][256], const uint8_t *p, uint64_t len)
{
	uint64_t crc = ~0ull, x;

	for (; len >= 8; len -= 8, p += 8) {
		memcpy(&x, p, sizeof(x));
		x = le64toh(x) ^ crc;
		crc = table[7][x & 0xff] ^ table[6][x >> 8 & 0xff] ^ table[5][x >> 16 & 0xff] ^
		      table[4][x >> 24 & 0xff] ^ table[3][x >> 32 & 0xff] ^
		      table[2][x >> 40 & 0xff] ^ table[1][x >> 48 & 0xff] ^ table[0][x >> 56];
	}
	for (; len; len--)
		crc = table[0][*p++ ^ (crc & 0xff)] ^ crc >> 8;
	return ~crc;
}

static void crc64_table(uint64_t table[8][256])
{
	unsigned i, n;
	uint64_t v;

	for (i = 0; i < 256; i++) {
		for (v = i, n = 0; n < 8; n++)
			v = v >> 1 ^ (v & 1 ? 0xc96c5795d7870f42ull : 0);
		table[0][i] = v;
	}
	for (n = 1; n < 8; n++)
		for (i = 0; i < 256; i++)
			table[n][i] = table[0][table[n - 1][i] & 0xff] ^ table[n - 1][i] >> 8;
}

/* A number of the index, which the decoder has found sound. */
static uint64_t take(struct span *s)
{
	unsigned shift = 0;
	uint64_t v = 0;
	uint8_t byte;

	do {
		byte = *s->p++;
		v |= (uint64_t)(byte & 0x7f) << shift;
		shift += 7;
	} while (byte & 0x80);
	return v;
}

/* The checksums of all blocks of a stream that was decoded to out: the index says where they are. */
static bool check_crc64(struct span stream, const uint8_t *out)
{
	uint64_t table[8][256], said, n, len, at = HEADER;
	struct span index;
	uint32_t size = 0;

	crc64_table(table);
	span_le32(stream, stream.len - 8, &size);
	index = stream;
	index.p += stream.len - HEADER - 4 * ((size_t)size + 1) + 1;
	for (n = take(&index); n; n--) {
		/* less the padding in front of the checksum */
		at += (take(&index) + 3) & ~3ull;
		len = take(&index);
		if (!span_le64(stream, at - sizeof(said), &said) ||
		    said != crc64(table, out, len))
			return false;
		out += len;
	}
	return true;
}

static enum unpacked meaning(enum xz_ret ret)
{
	return ret == XZ_MEM_ERROR ? UNPACK_MEMORY
	       : ret == XZ_OPTIONS_ERROR || ret == XZ_MEMLIMIT_ERROR ? UNPACK_STRANGE
								     : UNPACK_BROKEN;
}

static enum unpacked stream(struct unpack *u, struct xz_dec *z)
{
	const struct span in = unpack_rest(u);
	const size_t room = u->room - u->len, used = u->used, len = u->len;
	struct xz_buf b = { .in = in.p, .out = u->out + u->len, .out_size = room };
	enum xz_ret ret;

	xz_dec_reset(z);
	do {
		b.in_size = in.len - b.in_pos > STEP ? b.in_pos + STEP : in.len;
		ret = dec_main(z, &b);
		u->used = used + b.in_pos;
		u->len = len + b.out_pos;
		u->step(u->arg, u);
		if (ret == XZ_UNSUPPORTED_CHECK && z->check_type == XZ_CHECK_CRC64)
			ret = XZ_OK;
		if (ret == XZ_UNSUPPORTED_CHECK)
			return UNPACK_STRANGE;
		if (ret == XZ_OK && b.out_pos == room && b.in_pos < b.in_size)
			return UNPACK_FULL;
		if (ret == XZ_OK && b.in_pos == in.len)
			return UNPACK_CUT;
	} while (ret == XZ_OK);
	if (ret != XZ_STREAM_END)
		return meaning(ret);
	return z->check_type != XZ_CHECK_CRC64 ||
			       check_crc64((struct span){ in.p, b.in_pos }, b.out)
		       ? UNPACK_DONE
		       : UNPACK_BROKEN;
}

enum unpacked unpack_xz(struct unpack *u)
{
	struct xz_dec *z = xz_dec_init(XZ_SINGLE, 0);
	enum unpacked result;

	if (!z)
		return UNPACK_MEMORY;
	do
		result = stream(u, z);
	while (result == UNPACK_DONE && span_starts(unpack_rest(u), 0, HEADER_MAGIC, 6));
	xz_dec_end(z);
	return result;
}
