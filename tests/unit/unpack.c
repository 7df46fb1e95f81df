/* SPDX-License-Identifier: MIT */
/* Streams as their tools write them, of 140 bytes: "kernel " twenty times. */
#include "unit.h"

#include "src/formats/unpack.h"

#include <lzma.h>
#include <stdio.h>

#define SIZE 140

/* clang-format off: no words */
static const char gzip[] = "1f8b0800000000000003cb4e2dca4bcd51c81e0c1400e68b478e8c000000";
static const char gzip_fields[] =
	"1f8b081e000000000003050065787472616e616d6500636f6d6d656e740003a5cb4e2dca4bcd51c81e0c1400"
	"e68b478e8c000000";
static const char gzip_two[] =
	"1f8b0800000000000203cb4e2dca4bcd51c8a68c02002192f878460000001f8b0800000000000203cb4e2dca"
	"4bcd51c8a68c02002192f87846000000";
static const char gzip_stored[] =
	"1f8b0800000000000003018c0073ff6b65726e656c206b65726e656c206b65726e656c206b65726e656c206b"
	"65726e656c206b65726e656c206b65726e656c206b65726e656c206b65726e656c206b65726e656c206b6572"
	"6e656c206b65726e656c206b65726e656c206b65726e656c206b65726e656c206b65726e656c206b65726e65"
	"6c206b65726e656c206b65726e656c206b65726e656c20e68b478e8c000000";
static const char zstd[] = "28b52ffd208c750000386b65726e656c2001000251c508";
static const char zstd_sum[] = "28b52ffd248c750000386b65726e656c2001000251c50863be9583";
static const char zstd_blind[] = "28b52ffd0058750000386b65726e656c2001000251c508";
static const char zstd_skip[] =
	"502a4d1804000000736b697028b52ffd24466d0000386b65726e656c20010094548ce280c16c5f2a4d180000"
	"000028b52ffd24466d0000386b65726e656c20010094548ce280c16c502a4d1804000000736b6970";
static const char xz[] =
	"fd377a585a000004e6d6b4460200210116000000742fe5a3e0008b000e5d0035994aaba2e2af22a9ecda9000"
	"00000000b3040d56306ff6ae00012a8c010000007bc8c8a9b1c467fb020000000004595a";
static const char xz_crc32[] =
	"fd377a585a0000016922de360200210116000000742fe5a3e0008b000e5d0035994aaba2e2af22a9ecda9000"
	"00000000e68b478e0001268c0100000000080ade3e300d8b020000000001595a";
static const char xz_none[] =
	"fd377a585a000000ff12d9410200210116000000742fe5a3e0008b000e5d0035994aaba2e2af22a9ecda9000"
	"000000000001228c01000000164a9b45a8000afc020000000000595a";
static const char xz_sha256[] =
	"fd377a585a00000ae1fb0ca10200210116000000742fe5a3e0008b000e5d0035994aaba2e2af22a9ecda9000"
	"000000009b3d29960f272a7a314a69f33f084ea25badbae3759a7a5a6eafcc83300f08fa0001428c01000000"
	"4c456f4db6e9df1c02000000000a595a";
static const char xz_delta[] =
	"fd377a585a0000016922de3602010301002101167920c4eee0008b000f5d0035be7dafc9b8700edc862b290c"
	"00000000e68b478e0001278c01000000a5db56153e300d8b020000000001595a";
static const char xz_arm64[] =
	"fd377a585a0000016922de3602010a00210116007de73f25e0008b000e5d0035994aaba2e2af22a9ecda9000"
	"00000000e68b478e0001268c0100000000080ade3e300d8b020000000001595a";
static const char xz_start[] =
	"fd377a585a0000016922de3603010a040010000021011600ef8101e5e0008b000e5d0035994aaba2e2af22a9"
	"ecda900000000000e68b478e00012a8c010000007bc8c8a93e300d8b020000000001595a";
static const char xz_powerpc[] =
	"fd377a585a0000016922de360201050021011600a85569d4e0008b000e5d0035994aaba2e2af22a9ecda9000"
	"00000000e68b478e0001268c0100000000080ade3e300d8b020000000001595a";
static const char xz_x86[] =
	"fd377a585a000000ff12d94102010400210116000d86351fe0008b000e5d0035994aaba2e2af22a9ecda9000"
	"000000000001228c01000000164a9b45a8000afc020000000000595a";
static const char xz_two[] =
	"fd377a585a000004e6d6b4460200210116000000742fe5a3e00045000e5d0035994aaba2e2af229251e29000"
	"00000000b460030b2aec955d00012a46a69d52d01fb6f37d010000000004595afd377a585a0000016922de36"
	"0200210116000000742fe5a3e00045000e5d0035994aaba2e2af229251e29000000000002192f87800012646"
	"aad2e77c9042990d010000000001595a";
static const char xz_blocks[] =
	"fd377a585a000004e6d6b4460200210116000000742fe5a3e00031000e5d0035994aaba2e2af228b93529000"
	"00000000077c79c1c5c5d4350200210116000000742fe5a3e00031000e5d00329c89ffd064f05811ff4d9800"
	"00000000b7ca4b85c960804c0200210116000000742fe5a3e00027000e5d00391b88d3fcc817af2855618000"
	"0000000098acc9cd8e1f75fd00032a322a322a283412a29bb1c467fb020000000004595a";
static const char lz4_legacy[] = "02214c18110000007f6b65726e656c2007006d50726e656c20";
static const char lz4_two[] =
	"02214c18110000007f6b65726e656c2007002750726e656c2002214c18110000007f6b65726e656c20070027"
	"50726e656c20";
static const char lz4[] =
	"04224d186440a7110000007f6b65726e656c2007006d50726e656c20000000000f8736c9";
static const char lz4_all[] =
	"04224d187c408c00000000000000ad110000007f6b65726e656c2007006d50726e656c20543e6ffa00000000"
	"0f8736c9";
static const char lz4_plain[] = "04224d18604082110000007f6b65726e656c2007006d50726e656c2000000000";
static const char lz4_skip[] =
	"04224d186440a7110000007f6b65726e656c2007002750726e656c2000000000616ddad1512a4d1804000000"
	"736b697004224d186440a7110000007f6b65726e656c2007002750726e656c2000000000616ddad1";
/* clang-format on */
static const struct row {
	const char *caption, *stream;
	int at;		   /* where bytes are put over it; -1: behind it */
	const char *bytes; /* hexadecimal */
	enum code code;
	const char *sentence; /* "": the 140 bytes come */
} rows[] = {
	{ "gzip", gzip, 0, "", FAIL_NONE, "" },
	{ "gzip with extra, name, comment and a header CRC", gzip_fields, 0, "", FAIL_NONE, "" },
	{ "gzip: its header CRC is another", gzip_fields, 30, "a6", FAIL_FORMAT,
	  "load the kernel: corrupt gzip stream: x" },
	{ "gzip: the extra field is longer than the file", gzip_fields, 10, "ffff", FAIL_FORMAT,
	  "load the kernel: truncated gzip stream: x" },
	{ "gzip: two members", gzip_two, 0, "", FAIL_NONE, "" },
	{ "gzip: stored, not compressed", gzip_stored, 0, "", FAIL_NONE, "" },
	{ "gzip: a stored length that its complement is not", gzip_stored, 11, "ffff", FAIL_FORMAT,
	  "load the kernel: corrupt gzip stream: x" },
	{ "gzip: a method that is not deflate", gzip, 2, "07", FAIL_FORMAT,
	  "load the kernel: corrupt gzip stream: x" },
	{ "gzip: reserved flags", gzip, 3, "e0", FAIL_FORMAT,
	  "load the kernel: corrupt gzip stream: x" },
	{ "gzip: its CRC is another", gzip, 22, "00", FAIL_FORMAT,
	  "load the kernel: corrupt gzip stream: x" },
	{ "gzip: its length is another", gzip, 26, "8d", FAIL_FORMAT,
	  "load the kernel: corrupt gzip stream: x" },
	{ "gzip: its length is another by 2^24", gzip, 29, "01", FAIL_FORMAT,
	  "load the kernel: corrupt gzip stream: x" },
	{ "gzip, and zeros behind it", gzip, -1, "000000000000000000", FAIL_NONE, "" },
	{ "gzip, and its length behind it", gzip, -1, "8c000000", FAIL_NONE, "" },
	{ "gzip, and another length behind it", gzip, -1, "8d000000", FAIL_FORMAT,
	  "load the kernel: data after its gzip stream: x" },
	{ "gzip, and half of a length behind it", gzip, -1, "8c00", FAIL_FORMAT,
	  "load the kernel: data after its gzip stream: x" },
	{ "gzip, and text behind it", gzip, -1, "6d6f7265", FAIL_FORMAT,
	  "load the kernel: data after its gzip stream: x" },
	{ "gzip, and the start of a member behind it", gzip, -1, "1f8b", FAIL_FORMAT,
	  "load the kernel: truncated gzip stream: x" },
	{ "gzip, and a module signature behind it", gzip, -1,
	  "00017e4d6f64756c65207369676e617475726520617070656e6465647e0a", FAIL_NONE, "" },
	{ "zstd", zstd, 0, "", FAIL_NONE, "" },
	{ "zstd with a checksum", zstd_sum, 0, "", FAIL_NONE, "" },
	{ "zstd without a size", zstd_blind, 0, "", FAIL_NONE, "" },
	{ "zstd: its checksum is another", zstd_sum, 26, "00", FAIL_FORMAT,
	  "load the kernel: corrupt zstd stream: x" },
	{ "zstd: two frames, skippable ones before, between and behind", zstd_skip, 0, "",
	  FAIL_NONE, "" },
	{ "zstd: a skippable frame of almost 4 GiB", zstd_skip, 4, "f7ffffff", FAIL_FORMAT,
	  "load the kernel: truncated zstd stream: x" },
	{ "zstd: a skippable frame that ends at 4 GiB", zstd_skip, 4, "f8ffffff", FAIL_FORMAT,
	  "load the kernel: corrupt zstd stream: x" },
	{ "zstd: a size of 16 EiB", zstd, 4, "e0fdffffffffffffff", FAIL_MEMORY,
	  "load the kernel: unpacked, larger than 140 B, the limit: x" },
	{ "zstd: a size of 4 GiB less a byte", zstd, 4, "a0ffffffff", FAIL_MEMORY,
	  "load the kernel: unpacked, larger than 140 B, the limit: x" },
	{ "zstd: a smaller size", zstd, 5, "8b", FAIL_FORMAT,
	  "load the kernel: corrupt zstd stream: x" },
	{ "zstd: a dictionary is wanted", zstd, 4, "2101", FAIL_UNSUPPORTED,
	  "load the kernel: unsupported zstd stream (filter, checksum or dictionary): x" },
	{ "zstd: a reserved bit", zstd, 4, "28", FAIL_FORMAT,
	  "load the kernel: corrupt zstd stream: x" },
	{ "zstd: a block of no sequences, with bytes for one", zstd, 17, "00", FAIL_FORMAT,
	  "load the kernel: corrupt zstd stream: x" },
	{ "zstd, and its length behind it", zstd, -1, "8c000000", FAIL_NONE, "" },
	{ "zstd, and text behind it", zstd, -1, "6d6f7265", FAIL_FORMAT,
	  "load the kernel: data after its zstd stream: x" },
	{ "xz with CRC64, which xz(1) writes", xz, 0, "", FAIL_NONE, "" },
	{ "xz with CRC32", xz_crc32, 0, "", FAIL_NONE, "" },
	{ "xz without a checksum", xz_none, 0, "", FAIL_NONE, "" },
	{ "xz: a checksum that nobody has", xz_crc32, 7, "02d373d7af", FAIL_UNSUPPORTED,
	  "load the kernel: unsupported xz stream (filter, checksum or dictionary): x" },
	{ "xz: a filter that nobody has", xz, 14, "3f01160000009f4c399a", FAIL_UNSUPPORTED,
	  "load the kernel: unsupported xz stream (filter, checksum or dictionary): x" },
	{ "xz: a dictionary of 128 MiB", xz, 16, "1e0000009b075166", FAIL_NONE, "" },
	{ "xz: a dictionary of 192 MiB", xz, 16, "1f000000fe60edde", FAIL_UNSUPPORTED,
	  "load the kernel: unsupported xz stream (filter, checksum or dictionary): x" },
	{ "xz: a dictionary of 4 GiB", xz, 16, "28000000e6a011b3", FAIL_UNSUPPORTED,
	  "load the kernel: unsupported xz stream (filter, checksum or dictionary): x" },
	{ "xz with the filter of arm64", xz_arm64, 0, "", FAIL_NONE, "" },
	{ "xz with the filter of arm64 from another address", xz_start, 0, "", FAIL_NONE, "" },
	{ "xz with the filter of powerpc", xz_powerpc, 0, "", FAIL_NONE, "" },
	{ "xz: two streams", xz_two, 0, "", FAIL_NONE, "" },
	{ "xz: three blocks", xz_blocks, 0, "", FAIL_NONE, "" },
	{ "xz: its CRC64 is another", xz, 48, "00", FAIL_FORMAT,
	  "load the kernel: corrupt xz stream: x" },
	{ "xz: its CRC32 is another", xz_crc32, 48, "00", FAIL_FORMAT,
	  "load the kernel: corrupt xz stream: x" },
	{ "xz: the header's CRC is another", xz, 8, "00", FAIL_FORMAT,
	  "load the kernel: corrupt xz stream: x" },
	{ "xz: the footer's magic is another", xz, 79, "00", FAIL_FORMAT,
	  "load the kernel: corrupt xz stream: x" },
	{ "xz, and zeros behind it", xz, -1, "00000000", FAIL_NONE, "" },
	{ "xz, and text behind it", xz, -1, "6d6f7265", FAIL_FORMAT,
	  "load the kernel: data after its xz stream: x" },
	{ "lz4, as kernels have it", lz4_legacy, 0, "", FAIL_NONE, "" },
	{ "lz4, as kernels have it, twice", lz4_two, 0, "", FAIL_NONE, "" },
	{ "lz4, as kernels have it, with its length behind it", lz4_legacy, -1, "8c000000",
	  FAIL_NONE, "" },
	{ "lz4, as kernels have it, with text behind it", lz4_legacy, -1, "6d6f7265", FAIL_FORMAT,
	  "load the kernel: data after its lz4 stream: x" },
	{ "lz4, as kernels have it: a block of more bytes than a block can have", lz4_legacy, 4,
	  "ffffffff", FAIL_FORMAT, "load the kernel: data after its lz4 stream: x" },
	{ "lz4, as kernels have it: a block that leaves the file", lz4_legacy, 4, "12", FAIL_FORMAT,
	  "load the kernel: truncated lz4 stream: x" },
	{ "lz4, as kernels have it: a match before the output, with less room than a block may "
	  "have",
	  lz4_legacy, 16, "0800", FAIL_MEMORY,
	  "load the kernel: unpacked, larger than 140 B, the limit: x" },
	{ "lz4 frame", lz4, 0, "", FAIL_NONE, "" },
	{ "lz4 frame without its checksum", lz4_plain, 0, "", FAIL_NONE, "" },
	{ "lz4 frame with every checksum and its size", lz4_all, 0, "", FAIL_NONE, "" },
	{ "lz4 frame: skippable ones between two", lz4_skip, 0, "", FAIL_NONE, "" },
	{ "lz4 frame: a skippable one of 4 GiB", lz4_skip, 40, "ffffffff", FAIL_FORMAT,
	  "load the kernel: truncated lz4 stream: x" },
	{ "lz4 frame: its checksum is another", lz4, 35, "00", FAIL_FORMAT,
	  "load the kernel: corrupt lz4 stream: x" },
	{ "lz4 frame: a block's checksum is another", lz4_all, 36, "00", FAIL_FORMAT,
	  "load the kernel: corrupt lz4 stream: x" },
	{ "lz4 frame: the header's checksum is another", lz4, 6, "00", FAIL_FORMAT,
	  "load the kernel: corrupt lz4 stream: x" },
	{ "lz4 frame: version 2", lz4, 4, "a4", FAIL_FORMAT,
	  "load the kernel: corrupt lz4 stream: x" },
	{ "lz4 frame: a reserved bit", lz4, 4, "66", FAIL_FORMAT,
	  "load the kernel: corrupt lz4 stream: x" },
	{ "lz4 frame: blocks of a size that is none", lz4, 5, "30", FAIL_FORMAT,
	  "load the kernel: corrupt lz4 stream: x" },
	{ "lz4 frame: a dictionary is wanted", lz4, 4, "654001000000dc", FAIL_UNSUPPORTED,
	  "load the kernel: unsupported lz4 stream (filter, checksum or dictionary): x" },
	{ "lz4 frame: a block above its limit", lz4, 7, "01004000", FAIL_FORMAT,
	  "load the kernel: corrupt lz4 stream: x" },
	{ "lz4 frame: a stored block that leaves the file", lz4, 7, "00000480", FAIL_FORMAT,
	  "load the kernel: corrupt lz4 stream: x" },
	{ "lz4, as kernels have it, and zeros behind it", lz4_legacy, -1, "0000000000000000",
	  FAIL_NONE, "" },
	{ "lz4 frame: a stored block that leaves the file by a byte", lz4_plain, 7, "16000080",
	  FAIL_FORMAT, "load the kernel: truncated lz4 stream: x" },
	{ "lz4 frame: it says a byte more than it has", lz4_all, 6, "8d00000000000000d4",
	  FAIL_MEMORY, "load the kernel: unpacked, larger than 140 B, the limit: x" },
	{ "lz4 frame: it says a byte less than it has", lz4_all, 6, "8b000000000000001f",
	  FAIL_FORMAT, "load the kernel: corrupt lz4 stream: x" },
	{ "lz4 frame, and a skippable one without a length behind it", lz4, -1, "502a4d18000000",
	  FAIL_FORMAT, "load the kernel: truncated lz4 stream: x" },
	{ "lz4 frame, and the first four bytes of another behind it", lz4, -1, "04224d18",
	  FAIL_FORMAT, "load the kernel: truncated lz4 stream: x" },
	{ "lz4 frame, and text behind it", lz4, -1, "6d6f7265", FAIL_FORMAT,
	  "load the kernel: data after its lz4 stream: x" },
};

static unsigned nibble(char c)
{
	return (unsigned)(c <= '9' ? c - '0' : c - 'a' + 10);
}

static size_t bytes_of(const char *hex, uint8_t *p)
{
	size_t n;

	for (n = 0; hex[2 * n]; n++)
		p[n] = (uint8_t)(nibble(hex[2 * n]) << 4 | nibble(hex[2 * n + 1]));
	return n;
}

static void count(void *arg, const struct unpack *u)
{
	unsigned *steps = arg;

	++*steps;
	want(u->used <= u->in.len, "no more is read than there is");
	want(u->len <= u->out_max, "no more is written than there is room");
}

/* Unpacks exactly these n bytes into exactly that room, so that the sanitizer sees more. True when
 * the 140 bytes came.
 */
static bool came(const uint8_t *p, size_t n, size_t room, struct error *e, unsigned *steps)
{
	uint8_t *in = malloc(n), *out = malloc(room ? room : 1);
	struct unpack u = { { in, n }, out, room, 0, 0, count, steps };
	const struct format *f;
	bool ok, same;
	size_t i;

	if (!in || !out)
		abort();
	memcpy(in, p, n);
	memset(e, 0, sizeof(*e));
	f = unpack_format(u.in);
	ok = f && unpack(f, &u, "x", e);
	want(!f || ok == (e->code == FAIL_NONE), "the answer agrees with the error");
	same = ok && u.len == SIZE;
	for (i = 0; same && i < SIZE; i++)
		same = out[i] == (uint8_t) "kernel "[i % 7];
	free(in);
	free(out);
	return same;
}

static void test_rows(void)
{
	uint8_t b[512];
	struct error e;
	unsigned steps;
	bool ok;
	size_t i, n;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		CASE("%s", rows[i].caption);
		n = bytes_of(rows[i].stream, b);
		if (rows[i].at < 0)
			n += bytes_of(rows[i].bytes, b + n);
		else
			bytes_of(rows[i].bytes, b + rows[i].at);
		steps = 0;
		ok = came(b, n, SIZE, &e, &steps);
		want_error(ok, &e, rows[i].code, rows[i].sentence);
		want(!ok || steps, "it is said how far it is");
	}
}

/* What liblzma may be built without. */
static const struct {
	const char *caption, *stream;
	lzma_check check;
	lzma_vli filter;
} options[] = {
	{ "xz with SHA-256", xz_sha256, LZMA_CHECK_SHA256, LZMA_FILTER_LZMA2 },
	{ "xz with a delta filter", xz_delta, LZMA_CHECK_CRC32, LZMA_FILTER_DELTA },
	{ "xz with the filter of x86", xz_x86, LZMA_CHECK_NONE, LZMA_FILTER_X86 },
};

static void test_build_options(void)
{
	uint8_t b[512];
	struct error e;
	unsigned steps;
	bool known, ok;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(options); i++) {
		CASE("%s", options[i].caption);
		known = lzma_check_is_supported(options[i].check) &&
			lzma_filter_decoder_is_supported(options[i].filter);
		ok = came(b, bytes_of(options[i].stream, b), SIZE, &e, &steps);
		want_error(ok, &e, known ? FAIL_NONE : FAIL_UNSUPPORTED,
			   known ? ""
				 : "load the kernel: unsupported xz stream (filter, checksum "
				   "or dictionary): x");
	}
}

static void test_match(void)
{
	uint8_t b[512], out[400];
	struct unpack u;
	struct error e;
	unsigned steps;
	size_t n = bytes_of(lz4_legacy, b);

	CASE("lz4, as kernels have it: a match before the output, with room for a block");
	b[16] = 8;
	want_error(came(b, n, 8 << 20, &e, &steps), &e, FAIL_FORMAT,
		   "load the kernel: corrupt lz4 stream: x");
	CASE("lz4 frame: two of them, each with its size and checksum");
	n = bytes_of(lz4_all, b);
	memcpy(b + n, b, n);
	u = (struct unpack){ { b, 2 * n }, out, sizeof(out), 0, 0, count, &steps };
	want(unpack(unpack_format(u.in), &u, "x", &e), "no error");
	want_u64("bytes", 2 * SIZE, u.len);
	want_bytes("the second", out, out + SIZE, SIZE);
}

static const struct whole {
	const char *name, *stream;
	unsigned open; /* it may end at this byte, and is another, whole stream then */
	bool blind;    /* without a checksum: other bytes may come */
} wholes[] = {
	{ "gzip", gzip, 0, false },	 { "gzip", gzip_fields, 0, false },
	{ "gzip", gzip_two, 30, false }, { "gzip", gzip_stored, 0, false },
	{ "zstd", zstd, 0, true },	 { "zstd", zstd_sum, 0, false },
	{ "zstd", zstd_blind, 0, true }, { "xz", xz, 0, false },
	{ "xz", xz_crc32, 0, false },	 { "xz", xz_none, 0, true },
	{ "xz", xz_blocks, 0, false },	 { "xz", xz_arm64, 0, false },
	{ "lz4", lz4_plain, 0, true },	 { "lz4", lz4, 0, false },
	{ "lz4", lz4_all, 0, false },
};

/* Every length, every byte, every room. */
static void test_each(void)
{
	char cut[80], full[100];
	uint8_t b[512];
	struct error e;
	unsigned steps;
	size_t i, j, n;

	for (i = 0; i < ARRAY_SIZE(wholes); i++) {
		n = bytes_of(wholes[i].stream, b);
		snprintf(cut, sizeof(cut), "load the kernel: truncated %s stream: x",
			 wholes[i].name);
		CASE("stream %zu, %s, cut at each byte", i, wholes[i].name);
		for (j = 6; j < n; j++)
			if (j < wholes[i].open || j > wholes[i].open + 1 || !wholes[i].open)
				want_error(came(b, j, SIZE, &e, &steps), &e, FAIL_FORMAT, cut);
		CASE("stream %zu, %s, too little room by any number", i, wholes[i].name);
		for (j = 0; j < SIZE; j++) {
			snprintf(full, sizeof(full),
				 "load the kernel: unpacked, larger than %zu B, the limit: x", j);
			want_error(came(b, n, j, &e, &steps), &e, FAIL_MEMORY, full);
		}
		CASE("stream %zu, %s, each byte another: the 140 bytes or an error", i,
		     wholes[i].name);
		for (j = 6; j < 8 * n; j++) {
			b[j / 8] ^= (uint8_t)(1 << j % 8);
			if (!came(b, n, SIZE, &e, &steps) && e.code == FAIL_NONE &&
			    unpack_format((struct span){ b, n }) && !wholes[i].blind)
				unit_fail("bit %zu: other bytes came", j);
			b[j / 8] ^= (uint8_t)(1 << j % 8);
		}
	}
}

/* The decoders' calls are counted where their libraries are linked statically. */
static void test_denied(void)
{
	uint8_t b[512];
	struct error e;
	unsigned steps;
	size_t i, n;
	long calls;

	for (i = 0; i < ARRAY_SIZE(wholes); i++) {
		CASE("stream %zu, %s, without memory", i, wholes[i].name);
		n = bytes_of(wholes[i].stream, b);
		for (calls = 2; calls < 40; calls++) {
			unit_memory(calls);
			if (came(b, n, SIZE, &e, &steps))
				break;
			unit_memory(-1);
			want_error(false, &e, FAIL_MEMORY, "go on: out of memory");
		}
		unit_memory(-1);
		want(calls < 40, "with enough memory it comes");
	}
}

/* ---- streams of more than a step, made here of what is stored as it is */

#define LARGE (1300u << 10)

static uint32_t crc_of(const uint8_t *p, size_t len)
{
	uint32_t crc = ~0u;
	int n;

	for (; len; len--)
		for (crc ^= *p++, n = 0; n < 8; n++)
			crc = crc >> 1 ^ (crc & 1 ? 0xedb88320 : 0);
	return ~crc;
}

static size_t put(uint8_t *f, size_t at, const void *bytes, size_t len)
{
	memcpy(f + at, bytes, len);
	return at + len;
}

static size_t put32(uint8_t *f, size_t at, uint32_t v)
{
	put_le32(f + at, v);
	return at + 4;
}

static size_t make_gzip(uint8_t *f, const uint8_t *body, size_t len)
{
	size_t at = put(f, 0, "\x1f\x8b\x08\0\0\0\0\0\0\3", 10), done, n;

	for (done = 0; done < len; done += n) {
		n = len - done < 0xffff ? len - done : 0xffff;
		f[at++] = done + n == len;
		at = put32(f, at, (uint32_t)n | ~(uint32_t)n << 16);
		at = put(f, at, body + done, n);
	}
	at = put32(f, at, crc_of(body, len));
	return put32(f, at, (uint32_t)len);
}

/* A number of the index: seven bits a byte. */
static size_t put_number(uint8_t *f, size_t at, size_t v)
{
	for (; v > 0x7f; v >>= 7)
		f[at++] = (uint8_t)(v | 0x80);
	f[at++] = (uint8_t)v;
	return at;
}

static size_t put_zeros(uint8_t *f, size_t at)
{
	while (at % 4)
		f[at++] = 0;
	return at;
}

/* One block; `stored` is the body, or what the filter of arm64 makes of it. */
static size_t make_xz(uint8_t *f, const uint8_t *body, const uint8_t *stored, size_t len)
{
	const bool filtered = stored != body;
	size_t at = put(f, 0, "\xfd\x37zXZ\0\0\1", 8), done, n, block, index;

	at = put32(f, at, crc_of(f + 6, 2));
	block = at;
	at = put(f, at, filtered ? "\2\1\x0a\0\x21\1\x16\0" : "\2\0\x21\1\x16\0\0\0", 8);
	at = put32(f, at, crc_of(f + block, 8));
	for (done = 0; done < len; done += n) {
		n = len - done < 0x10000 ? len - done : 0x10000;
		f[at++] = done ? 2 : 1;
		f[at++] = (uint8_t)((n - 1) >> 8);
		f[at++] = (uint8_t)(n - 1);
		at = put(f, at, stored + done, n);
	}
	f[at++] = 0;
	n = at - block + 4;
	at = put32(f, put_zeros(f, at), crc_of(body, len));
	index = at;
	at = put(f, at, "\0\1", 2);
	at = put_zeros(f, put_number(f, put_number(f, at, n), len));
	at = put32(f, at, crc_of(f + index, at - index));
	at = put32(f, at + 4, (uint32_t)((at - index) / 4 - 1));
	at = put(f, at, "\0\1YZ", 4);
	put_le32(f + at - 12, crc_of(f + at - 8, 6));
	return at;
}

/* Frames whose blocks look back: two stored ones of 64 KiB, then four bytes of 65,535 before and
 * twelve letters.
 */
static size_t make_lz4(uint8_t *f, const uint8_t *body)
{
	size_t at = put(f, 0, "\x04\x22\x4d\x18\x40\x40\xc0", 7);
	unsigned i;

	for (i = 0; i < 2; i++) {
		at = put32(f, at, 0x80010000);
		at = put(f, at, body + 0x10000 * i, 0x10000);
	}
	at = put(f, put32(f, at, 16),
		 "\0\xff\xff\xc0"
		 "abcdefghijkl",
		 16);
	return put32(f, at, 0);
}

static void want_large(const char *name, const uint8_t *f, size_t n, const uint8_t *body,
		       size_t len)
{
	uint8_t *out = malloc(len);
	unsigned steps = 0;
	struct unpack u = { { f, n }, out, len, 0, 0, count, &steps };
	struct error e = { 0 };
	const struct format *format = unpack_format(u.in);

	if (!out || !format)
		abort();
	want_text("format", name, format->name);
	want_error(unpack(format, &u, "x", &e), &e, FAIL_NONE, "");
	want_u64("bytes", len, u.len);
	want_bytes("body", body, out, len);
	if (len == LARGE)
		want(steps > 1, "it is said more than once how far it is");
	free(out);
}

static void test_large(void)
{
	uint8_t *body = calloc(1, LARGE), *f = malloc(LARGE + 4096), *out = malloc(LARGE);
	unsigned steps = 0;
	struct unpack u;
	size_t i, n;
	long calls;
	bool ok;

	if (!body || !f || !out)
		abort();
	for (i = 0; i < LARGE; i++)
		body[i] = (uint8_t)(i ^ i >> 8);
	CASE("gzip: of more than a MiB, in steps");
	n = make_gzip(f, body, LARGE);
	want_large("gzip", f, n, body, LARGE);
	CASE("gzip: of more than a MiB, without memory for what comes between steps");
	for (calls = 0, ok = false; calls < 4 && !ok; calls++) {
		u = (struct unpack){ { f, n }, out, LARGE, 0, 0, count, &steps };
		unit_memory(calls);
		ok = unpack_gzip(&u) == UNPACK_DONE;
		unit_memory(-1);
	}
	want(ok, "two allocations are enough");
	CASE("gzip: nothing is cut short");
	u = (struct unpack){ { f, 0 }, out, LARGE, 0, 0, count, &steps };
	want_u64("result", UNPACK_CUT, unpack_gzip(&u));
	CASE("xz: of more than a MiB, in steps");
	n = make_xz(f, body, body, LARGE);
	want_large("xz", f, n, body, LARGE);
	CASE("lz4 frame: blocks that look back into those before, no farther than 64 KiB");
	n = make_lz4(f, body);
	memcpy(out, body, 0x20000);
	memcpy(out + 0x20000, body + 0x10001, 4);
	memcpy(out + 0x20004, "abcdefghijkl", 12);
	want_large("lz4", f, n, out, 0x20010);
	CASE("lz4 frame: a stored block that is larger than the room");
	u = (struct unpack){ { f, n }, out, 0x1ffff, 0, 0, count, &steps };
	want_u64("result", UNPACK_FULL, unpack_lz4(&u));
	free(body);
	free(f);
	free(out);
}

/* What `xz --arm64` (5.4.1) makes of words at these places. */
static const struct {
	const char *caption;
	uint32_t at, word, filtered;
} filters[] = {
	{ "bl forwards", 0x1004, 0x94000001, 0x94000402 },
	{ "bl backwards", 0x1008, 0x97ffffff, 0x94000401 },
	{ "bl by less than it is from the start", 0x1024, 0x97fffffe, 0x94000407 },
	{ "adrp of its own page", 0x100c, 0x90000000, 0xb0000000 },
	{ "adrp of the page before", 0x1010, 0xf0ffffe3, 0x90000003 },
	{ "adrp of a page far away", 0x1014, 0x90800001, 0x90800001 },
	{ "adrp of a page far away, another", 0x1020, 0xb07fffff, 0xb07fffff },
	{ "b is no bl", 0x1018, 0x14000001, 0x14000001 },
	{ "adr is no adrp", 0x101c, 0x10000001, 0x10000001 },
};

static void test_filter(void)
{
	static uint8_t body[0x2000], stored[0x2000], f[0x2100];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(filters); i++) {
		CASE("xz with the filter of arm64: %s", filters[i].caption);
		memset(body, 0, sizeof(body));
		memset(stored, 0, sizeof(stored));
		put_le32(body + filters[i].at, filters[i].word);
		put_le32(stored + filters[i].at, filters[i].filtered);
		want_large("xz", f, make_xz(f, body, stored, sizeof(body)), body, sizeof(body));
	}
}

#define ZSTD "\x28\xb5\x2f\xfd"

/* Frames whose size is not what they say. */
static const struct sized {
	const char *caption, *bytes;
	size_t len, unpacked;
	enum unpacked result;
} sized[] = {
	{ "zstd: three bytes as they are", ZSTD "\x20\x03\x19\0\0abc", 12, 3, UNPACK_DONE },
	{ "zstd: a frame of 128 bytes that has none", ZSTD "\x20\x80\1\0\0", 9, 0, UNPACK_BROKEN },
	{ "zstd: a frame of 4 bytes that ends behind 3", ZSTD "\x20\4\x18\0\0abc\1\0\0", 15, 0,
	  UNPACK_BROKEN },
};

static void test_sizes(void)
{
	const struct sized *r;
	uint8_t out[200];
	unsigned steps = 0;
	struct unpack u;

	for (r = sized; r < sized + ARRAY_SIZE(sized); r++) {
		CASE("%s", r->caption);
		u = (struct unpack){ .in = { (const uint8_t *)r->bytes, r->len },
				     .out = out,
				     .out_max = sizeof(out),
				     .step = count,
				     .arg = &steps };
		want_u64("result", r->result, unpack_format(u.in)->run(&u));
		want_u64("bytes", r->unpacked, u.len);
	}
}

void test_unpack(void)
{
	test_rows();
	test_build_options();
	test_match();
	test_each();
	test_denied();
	test_sizes();
	test_large();
	test_filter();
}
