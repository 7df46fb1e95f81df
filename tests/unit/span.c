/* SPDX-License-Identifier: MIT */
#include "unit.h"

#include "src/base/span.h"

static const uint8_t bytes[] = { 0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef, 0xfe };

static void subs(void)
{
	static const struct {
		const char *caption;
		uint64_t off, len;
		bool ok;
	} rows[] = {
		{ "all of it", 0, 9, true },
		{ "the middle", 3, 2, true },
		{ "the last byte", 8, 1, true },
		{ "nothing at the start", 0, 0, true },
		{ "nothing at the end", 9, 0, true },
		{ "nothing behind the end", 10, 0, false },
		{ "one byte too many", 0, 10, false },
		{ "one byte too many at the end", 8, 2, false },
		{ "a length that wraps", 8, UINT64_MAX, false },
		{ "an offset that wraps", UINT64_MAX, 1, false },
		{ "their sum is 2^64", UINT64_MAX - 3, 4, false },
		{ "32-bit wrap of the offset", 1ull << 32, 4, false },
		{ "32-bit wrap of the length", 0, 1ull << 32, false },
		{ "half of 64 bits, twice", 1ull << 63, 1ull << 63, false },
	};
	const struct span all = { bytes, sizeof(bytes) };
	const struct span untouched = { NULL, 77 };
	struct span s;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		CASE("sub: %s", rows[i].caption);
		s = untouched;
		want_u64("answer", rows[i].ok, span_sub(all, rows[i].off, rows[i].len, &s));
		want(s.p == (rows[i].ok ? bytes + rows[i].off : NULL), "the start is right");
		want_u64("length", rows[i].ok ? rows[i].len : 77, s.len);
	}
}

static void numbers(void)
{
	static const struct {
		const char *caption;
		uint64_t off;
		uint64_t le16, be16, le32, be32, le64, be64;
	} rows[] = {
		{ "the start", 0, 0x2301, 0x0123, 0x67452301, 0x01234567, 0xefcdab8967452301,
		  0x0123456789abcdef },
		{ "not aligned", 1, 0x4523, 0x2345, 0x89674523, 0x23456789, 0xfeefcdab89674523,
		  0x23456789abcdeffe },
		/* UINT64_MAX: it is not there */
		{ "64 bits too far", 2, 0x6745, 0x4567, 0xab896745, 0x456789ab, UINT64_MAX,
		  UINT64_MAX },
		{ "32 bits too far", 6, 0xefcd, 0xcdef, UINT64_MAX, UINT64_MAX, UINT64_MAX,
		  UINT64_MAX },
		{ "16 bits too far", 8, UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX,
		  UINT64_MAX },
		{ "an offset near 2^64", UINT64_MAX - 1, UINT64_MAX, UINT64_MAX, UINT64_MAX,
		  UINT64_MAX, UINT64_MAX, UINT64_MAX },
	};
	const struct span s = { bytes, sizeof(bytes) };
	uint16_t h;
	uint32_t w;
	uint64_t d;
	size_t i;

/* the number, or zero and false */
#define CHECK(expected, read, v)                                                                   \
	do {                                                                                       \
		(v) = 1;                                                                           \
		want_u64(#read " answer", (expected) != UINT64_MAX, read(s, rows[i].off, &(v)));   \
		want_u64(#read, (expected) == UINT64_MAX ? 0 : (expected), (v));                   \
	} while (0)
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		CASE("numbers: %s", rows[i].caption);
		CHECK(rows[i].le16, span_le16, h);
		CHECK(rows[i].be16, span_be16, h);
		CHECK(rows[i].le32, span_le32, w);
		CHECK(rows[i].be32, span_be32, w);
		CHECK(rows[i].le64, span_le64, d);
		CHECK(rows[i].be64, span_be64, d);
	}
#undef CHECK
}

static void starts(void)
{
	const struct span s = { bytes, sizeof(bytes) };

	CASE("starts: the same bytes");
	want(span_equal_at(s, 2, "\x45\x67", 2), "it does");
	CASE("starts: other bytes");
	want(!span_equal_at(s, 2, "\x45\x68", 2), "it does not");
	CASE("starts: bytes that end behind the span");
	want(!span_equal_at(s, 8, "\xfe\x00", 2), "it does not");
	CASE("starts: an offset that wraps");
	want(!span_equal_at(s, UINT64_MAX, "\x01", 1), "it does not");
}

static void puts_back(void)
{
	uint8_t b[8];

	CASE("put: little endian, 32 bits");
	put_le32(b, 0x67452301);
	want_bytes("bytes", bytes, b, 4);
	CASE("put: little endian, 64 bits");
	put_le64(b, 0xefcdab8967452301);
	want_bytes("bytes", bytes, b, 8);
	CASE("put: big endian, 32 bits");
	put_be32(b, 0x01234567);
	want_bytes("bytes", bytes, b, 4);
	CASE("put: big endian, 64 bits");
	put_be64(b, 0x0123456789abcdef);
	want_bytes("bytes", bytes, b, 8);
}

static void takes(void)
{
	static const struct {
		const char *caption, *text;
		unsigned base;
		bool ok;
		uint64_t v;
		const char *behind;
	} rows[] = {
		{ "decimal", "123 x", 10, true, 123, " x" },
		{ "decimal stops at a letter", "12ab", 10, true, 12, "ab" },
		{ "hexadecimal", "12abg", 16, true, 0x12ab, "g" },
		{ "hexadecimal in capitals", "1ABCDEFG", 16, true, 0x1abcdef, "G" },
		{ "decimal stops at a capital", "12AB", 10, true, 12, "AB" },
		{ "next to the letters", "a@", 16, true, 0xa, "@" },
		{ "next to the letters, after", "a`", 16, true, 0xa, "`" },
		{ "signs next to the digits are none", "1:/", 16, true, 1, ":/" },
		{ "a sign is no digit", "-1", 10, false, 77, "-1" },
		{ "no digit", "x", 10, false, 77, "x" },
		{ "nothing", "", 10, false, 77, "" },
		{ "the largest", "18446744073709551615", 10, true, UINT64_MAX, "" },
		{ "one more than the largest", "18446744073709551616", 10, false, 77,
		  "18446744073709551616" },
		{ "the largest, hexadecimal", "ffffffffffffffff", 16, true, UINT64_MAX, "" },
		{ "17 digits", "1ffffffffffffffff", 16, false, 77, "1ffffffffffffffff" },
		{ "zeros in front do not count", "00000000000000000000001", 16, true, 1, "" },
	};
	static const struct {
		const char *caption, *text;
		bool ok;
		uint64_t v;
		const char *behind;
	} addresses[] = {
		{ "decimal", "1240", true, 1240, "" },
		{ "hexadecimal", "0x4a000000", true, 0x4a000000, "" },
		{ "hexadecimal in capitals", "0x4A000000", true, 0x4a000000, "" },
		{ "its x too", "0X4A000000,", true, 0x4a000000, "," },
		{ "a capital without 0x", "4A", true, 4, "A" },
		{ "no digit after 0x: nothing is taken", "0x", false, 77, "0x" },
		{ "too large: nothing is taken", "0x10000000000000000", false, 77,
		  "0x10000000000000000" },
		{ "nothing", "", false, 77, "" },
	};
	struct span s;
	uint64_t v;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		CASE("take a number: %s", rows[i].caption);
		s = text_span(rows[i].text);
		v = 77;
		want_u64("answer", rows[i].ok, span_parse_number(&s, rows[i].base, &v));
		if (rows[i].ok)
			want_u64("number", rows[i].v, v);
		want_u64("what is left", strlen(rows[i].behind), s.len);
	}
	for (i = 0; i < ARRAY_SIZE(addresses); i++) {
		CASE("take an address: %s", addresses[i].caption);
		s = text_span(addresses[i].text);
		v = 77;
		want_u64("answer", addresses[i].ok, span_parse_address(&s, &v));
		if (addresses[i].ok)
			want_u64("number", addresses[i].v, v);
		want_u64("what is left", strlen(addresses[i].behind), s.len);
	}
	CASE("take a word");
	s = text_span("word and");
	want(span_skip_prefix(&s, "word "), "it is taken");
	want_u64("what is left", 3, s.len);
	CASE("take another word");
	want(!span_skip_prefix(&s, "or") && s.len == 3, "nothing is taken");
	CASE("take a word that is cut short");
	want(!span_skip_prefix(&s, "and more") && s.len == 3, "nothing is taken");
	CASE("take nothing");
	want(span_skip_prefix(&s, "") && s.len == 3, "nothing is taken");
}

static void line_words(void)
{
	static const struct {
		const char *line;
		bool has;
	} rows[] = {
		{ "", false },	    { "a=on", true },	    { "x a=on", true },
		{ "a=on x", true }, { "xa=on", false },	    { "a=only", false },
		{ "b=on", false },  { "x  a=on\ty", true }, { "x=\"y a=on\"", false },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		CASE("a word of the line %s", rows[i].line);
		want_u64("there", rows[i].has, line_has_word(rows[i].line, "a=on"));
	}
}

static void finds(void)
{
	struct span behind = { NULL, 77 };

	CASE("find: a word at the start");
	want(span_find(text_span("ab cd"), "ab", &behind) && behind.len == 3, "it is found");
	CASE("find: a word at the end");
	want(span_find(text_span("ab cd"), "cd", &behind) && behind.len == 0, "it is found");
	CASE("find: the first place counts");
	want(span_find(text_span("xaxax"), "xa", &behind) && behind.len == 3, "it is found");
	CASE("find: no such word");
	want(!span_find(text_span("ab cd"), "bd", NULL), "it is not found");
	CASE("find: a word longer than all");
	want(!span_find(text_span("ab"), "abc", NULL), "it is not found");
	CASE("find: in nothing");
	want(!span_find(text_span(""), "a", NULL), "it is not found");
	CASE("find a number: after the word and spaces");
	want_u64("number", 80, span_find_number(text_span("a: 7\nb:   80 kB"), "b:"));
	CASE("find a number: no word, no digit after it, nothing after it");
	want_u64("no word", 0, span_find_number(text_span("a: 7"), "b:"));
	want_u64("no digit", 0, span_find_number(text_span("b: x7"), "b:"));
	want_u64("nothing", 0, span_find_number(text_span("a: 7 b:"), "b:"));
}

void test_span(void)
{
	takes();
	finds();
	line_words();
	subs();
	numbers();
	starts();
	puts_back();
}
