/* xz through XZ Embedded. Its one-call mode has the output as dictionary, but wants all of the
 * input at once and knows no CRC64, which xz(1) writes; so its files are built in here, as they are
 * made to be, and its state machine is called in steps. It passes over the checksums of blocks,
 * which are looked at in the end, eight bytes at a time: one at a time, CRC32 was a tenth of all.
 */
#include "src/formats/unpack.h"

#include <endian.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h> /* crc32() */

#define XZ_DEC_SINGLE
#define XZ_DEC_ANY_CHECK
#define XZ_DEC_BCJ
#define XZ_INTERNAL_CRC32 0
#define XZ_EXTERN	  static
#define XZ_FUNC
#define NOINLINE
static uint32_t xz_crc32(const uint8_t *p, size_t len, uint32_t crc)
{
	return (uint32_t)crc32_z(crc, p, len);
}
#include <xz_stream.h>
enum { KNOWN = 1 << XZ_CHECK_NONE | 1 << XZ_CHECK_CRC32 | 1 << XZ_CHECK_CRC64 };
#define XZ_CHECK_CRC32 XZ_CHECK_MAX /* which nobody has */
#include <xz_dec_lzma2.c>	    /* to be static: NOLINT(bugprone-suspicious-include) */

/* The one caller, into which it is inlined; with two it is 3 % slower. */
static __attribute__((noinline)) enum xz_ret run_lzma2(struct xz_dec_lzma2 *s, struct xz_buf *b)
{
	return xz_dec_lzma2_run(s, b);
}

/* Its filters lack that of arm64, which kernels of 6.12 and later are packed with, and look at
 * bytes that are still to be looked back at. So it decodes without, and check_blocks() is the
 * filter.
 */
#undef xz_dec_bcj_end
#define xz_dec_bcj_end(s) (void)(s)
#define FILTER_ARM64	  10
static struct xz_dec_bcj *xz_dec_bcj_create(bool single)
{
	(void)single;
	return (struct xz_dec_bcj *)1; /* never looked at */
}

static enum xz_ret xz_dec_bcj_reset(struct xz_dec_bcj *s, uint8_t id)
{
	(void)s;
	return id == FILTER_ARM64 ? XZ_OK : XZ_OPTIONS_ERROR;
}

static enum xz_ret xz_dec_bcj_run(struct xz_dec_bcj *s, struct xz_dec_lzma2 *lzma2,
				  struct xz_buf *b)
{
	(void)s;
	return run_lzma2(lzma2, b);
}
#define xz_dec_lzma2_run run_lzma2
#include <xz_dec_stream.c> /* NOLINT(bugprone-suspicious-include) */
#undef xz_dec_lzma2_run

#define STEP   (512u << 10)
#define HEADER 12 /* and footer */
#define CHECK  7  /* in it, which checksum */

/* Polynomials, and ones where the checksum has bits. */
static const uint64_t crcs[2][2] = { { 0xedb88320, UINT32_MAX },
				     { 0xc96c5795d7870f42, UINT64_MAX } };

/* Eight bytes at a time. */
static __attribute__((hot, noinline)) uint64_t checksum(uint64_t table[8][256], uint64_t ones,
							const uint8_t *p, uint64_t len)
{
	uint64_t crc = ones, x;

	for (; len >= 8; len -= 8, p += 8) {
		memcpy(&x, p, sizeof(x));
		x = le64toh(x) ^ crc;
		crc = table[7][x & 0xff] ^ table[6][x >> 8 & 0xff] ^ table[5][x >> 16 & 0xff] ^
		      table[4][x >> 24 & 0xff] ^ table[3][x >> 32 & 0xff] ^
		      table[2][x >> 40 & 0xff] ^ table[1][x >> 48 & 0xff] ^ table[0][x >> 56];
	}
	for (; len; len--)
		crc = table[0][*p++ ^ (crc & 0xff)] ^ crc >> 8;
	return crc ^ ones;
}

static __attribute__((cold)) void make_table(uint64_t table[8][256], uint64_t polynomial)
{
	unsigned i, n;
	uint64_t v;

	for (i = 0; i < 256; i++) {
		for (v = i, n = 0; n < 8; n++)
			v = v >> 1 ^ (v & 1 ? polynomial : 0);
		table[0][i] = v;
	}
	for (n = 1; n < 8; n++)
		for (i = 0; i < 256; i++)
			table[n][i] = table[0][table[n - 1][i] & 0xff] ^ table[n - 1][i] >> 8;
}

/* Packed with that filter, bl and adrp name where they go from the start of the block; they become
 * relative again, adrp where it is less than 512 MiB away (the .xz File Format, 5.3.2).
 */
static __attribute__((cold)) void unfilter(uint8_t *p, uint64_t len)
{
	uint32_t word, page;
	uint64_t at;

	for (at = 0; len - at >= sizeof(word); at += sizeof(word)) {
		memcpy(&word, p + at, sizeof(word));
		word = le32toh(word);
		if (word >> 26 == 0x25) {
			word = 0x25u << 26 | ((word - (uint32_t)(at >> 2)) & 0x3ffffff);
		} else if ((word & 0x9f000000) == 0x90000000) {
			page = (word >> 29 & 3) | (word >> 3 & 0x1ffffc);
			if ((page + 0x20000) & 0x1c0000)
				continue;
			page -= (uint32_t)(at >> 12);
			word = (word & 0x9000001f) | (page & 3) << 29 | (page & 0x3fffc) << 3 |
			       (page & 0x20000 ? 0xe00000 : 0);
		} else {
			continue;
		}
		put_le32(p + at, word);
	}
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

/* The filters and the checksums of all blocks of a stream that was decoded to out: the index says
 * where they are.
 */
static bool check_blocks(struct span stream, uint8_t *out)
{
	const bool is64 = stream.p[CHECK] == XZ_CHECK_CRC64;
	uint64_t table[8][256], said, n, len, at = HEADER;
	struct span index;
	uint32_t size = 0, said32 = 0;
	bool filtered;

	make_table(table, crcs[is64][0]);
	span_le32(stream, stream.len - 8, &size);
	index = stream;
	index.p += stream.len - HEADER - 4 * ((size_t)size + 1) + 1;
	for (n = take(&index); n; n--) {
		filtered = stream.p[at + 1] & 1;
		/* less the padding in front of the checksum */
		at += (take(&index) + 3) & ~3ull;
		len = take(&index);
		if (filtered)
			unfilter(out, len);
		span_le32(stream, at - 4, &said32);
		said = said32;
		if (is64)
			span_le64(stream, at - 8, &said);
		if (stream.p[CHECK] != XZ_CHECK_NONE &&
		    said != checksum(table, crcs[is64][1], out, len))
			return false;
		out += len;
	}
	return true;
}

/* With the output as dictionary it takes no memory and knows no limit. */
static enum unpacked meaning(enum xz_ret ret)
{
	return ret == XZ_OPTIONS_ERROR ? UNPACK_STRANGE : UNPACK_BROKEN;
}

static enum unpacked stream(struct unpack *u, struct xz_dec *z)
{
	const struct span in = unpack_rest(u);
	const size_t room = u->out_max - u->len, used = u->used, len = u->len;
	struct xz_buf b = { .in = in.p, .out = u->out + u->len, .out_size = room };
	enum xz_ret ret;

	if (in.len > CHECK && (in.p[CHECK] > XZ_CHECK_CRC64 || !(KNOWN >> in.p[CHECK] & 1)))
		return UNPACK_STRANGE;
	xz_dec_reset(z);
	do {
		b.in_size = in.len - b.in_pos > STEP ? b.in_pos + STEP : in.len;
		ret = dec_main(z, &b);
		u->used = used + b.in_pos;
		u->len = len + b.out_pos;
		u->step(u->arg, u);
		if (ret == XZ_OK && b.out_pos == room && b.in_pos < b.in_size)
			return UNPACK_FULL;
		if (ret == XZ_OK && b.in_pos == in.len)
			return UNPACK_CUT;
	} while (ret == XZ_OK);
	if (ret != XZ_STREAM_END)
		return meaning(ret);
	return check_blocks((struct span){ in.p, b.in_pos }, b.out) ? UNPACK_DONE : UNPACK_BROKEN;
}

enum unpacked unpack_xz(struct unpack *u)
{
	struct xz_dec *z = xz_dec_init(XZ_SINGLE, 0);
	enum unpacked result;

	if (!z)
		return UNPACK_MEMORY;
	do
		result = stream(u, z);
	while (result == UNPACK_DONE && span_equal_at(unpack_rest(u), 0, HEADER_MAGIC, 6));
	xz_dec_end(z);
	return result;
}
