/* SPDX-License-Identifier: MIT */
#include "unit.h"

#include "src/base/strbuf.h"

#include <limits.h>
#include <stdio.h>

/* Our formatter beside the C library's. */
#define SAME_AS_PRINTF(caption, ...)                                                               \
	do {                                                                                       \
		char expected[128], came[128];                                                     \
		struct strbuf t = strbuf_fixed(came, sizeof(came));                                \
		CASE("format " caption);                                                           \
		snprintf(expected, sizeof(expected), __VA_ARGS__);                                 \
		strbuf_printf(&t, __VA_ARGS__);                                                    \
		want_text("text", expected, came);                                                 \
		want_u64("length", strlen(expected), t.len);                                       \
		want(!t.truncated, "nothing is lost");                                             \
	} while (0)

static void formats(void)
{
	const size_t big = SIZE_MAX;

	SAME_AS_PRINTF("plain text", "no conversions");
	SAME_AS_PRINTF("%%s", "<%s>", "word");
	SAME_AS_PRINTF("%%s of nothing", "<%s>", "");
	SAME_AS_PRINTF("a width", "<%8s>", "word");
	SAME_AS_PRINTF("a width, left", "<%-8s>", "word");
	SAME_AS_PRINTF("a width that is too small", "<%2s>", "word");
	SAME_AS_PRINTF("%%.*s", "<%.*s>", 2, "word");
	SAME_AS_PRINTF("%%.*s beyond the end", "<%.*s>", 9, "word");
	SAME_AS_PRINTF("%%.*s of zero bytes", "<%.*s>", 0, "word");
	SAME_AS_PRINTF("%%c", "<%c%c>", 'a', '%');
	SAME_AS_PRINTF("%%d", "%d %d %d", 0, INT_MAX, INT_MIN);
	SAME_AS_PRINTF("%%ld", "%ld %ld", LONG_MAX, LONG_MIN);
	SAME_AS_PRINTF("%%lld", "%lld %lld", LLONG_MAX, LLONG_MIN);
	SAME_AS_PRINTF("%%u", "%u %u", 0u, UINT_MAX);
	SAME_AS_PRINTF("%%lu", "%lu", ULONG_MAX);
	SAME_AS_PRINTF("%%llu", "%llu", ULLONG_MAX);
	SAME_AS_PRINTF("%%zu", "%zu %zu", big, (size_t)0);
	SAME_AS_PRINTF("%%x", "%x %llx", 0xdeadbeefu, 0x0123456789abcdefull);
	SAME_AS_PRINTF("%%x with zeros", "<%02x> <%012llx> <%04x>", 5u, 0x40000000ull, 0x12345u);
	SAME_AS_PRINTF("%%d with zeros", "<%05d>", 42);
	SAME_AS_PRINTF("%%d with zeros, negative: zeros behind the sign", "<%05d>", -42);
	SAME_AS_PRINTF("%%d with a width, negative", "<%5d> <%-5d>", -42, -42);
	SAME_AS_PRINTF("%%%%", "100%% of %s", "it");
	SAME_AS_PRINTF("several", "%s=%u%c%-4d|%8llx|", "a", 1u, ',', 2, 3ull);
}

/* Formats that a compiler would warn of are read all the same. */
static void strange(void)
{
	static const struct {
		const char *caption, *format, *expected;
	} rows[] = {
		{ "zeros of a width that no number has", "<%030x>",
		  "<00000000000000000000000000002a>" },
		{ "zeros on the left are none", "<%-05x>", "<2a   >" },
		{ "zeros before a word", "<%05s>", "<0word>" },
		{ "a percent sign at the end", "%x%", "2a" },
	};
	const char *volatile format;
	struct strbuf t;
	char buf[64];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		CASE("format %s", rows[i].caption);
		t = strbuf_fixed(buf, sizeof(buf));
		format = rows[i].format;
		if (strchr(format, 's'))
			strbuf_printf(&t, format, "word");
		else
			strbuf_printf(&t, format, 42u);
		want_text("text", rows[i].expected, buf);
	}
}

static void fixed(void)
{
	char buf[8] = "???????";
	struct strbuf t = strbuf_fixed(buf, sizeof(buf));

	CASE("a fixed text starts empty");
	want_text("text", "", buf);
	CASE("a fixed text that is just full");
	strbuf_printf(&t, "%s", "1234567");
	want_text("text", "1234567", buf);
	want(!t.truncated, "nothing is lost");
	CASE("a fixed text that is full loses, and says so");
	strbuf_printf(&t, "8");
	want_text("text", "1234567", buf);
	want(t.truncated, "it is marked");
	CASE("a fixed text is cut where it ends");
	t = strbuf_fixed(buf, sizeof(buf));
	strbuf_printf(&t, "abc%s", "defghijkl");
	want_text("text", "abcdefg", buf);
	want(t.truncated, "it is marked");
	CASE("a fixed text of one byte holds nothing but the NUL");
	t = strbuf_fixed(buf, 1);
	strbuf_printf(&t, "x");
	want_text("text", "", buf);
	want(t.truncated, "it is marked");
	CASE("a fixed text of no bytes is not touched");
	t = strbuf_fixed(NULL, 0);
	strbuf_printf(&t, "x");
	want(t.truncated && !t.len, "it is marked");
	CASE("text_free() leaves a fixed text's array alone, and forgets it");
	t = strbuf_fixed(buf, sizeof(buf));
	strbuf_free(&t);
	want(!t.p && !t.cap && !t.grows, "it is empty");
}

static void growing(void)
{
	struct strbuf t = STRBUF_GROWING;
	unsigned i;

	CASE("a growing text grows");
	for (i = 0; i < 10000; i++)
		strbuf_printf(&t, "%04x ", i);
	want_u64("length", 50000, t.len);
	want(t.p && !t.truncated && t.p[t.len] == '\0', "it is whole and terminated");
	want(t.p && strncmp(t.p + 5 * 0x123, "0123 ", 5) == 0, "the middle is right");
	strbuf_free(&t);
	CASE("a growing text takes bytes with a NUL among them");
	strbuf_append(&t, "a\0b", 3);
	want_u64("length", 3, t.len);
	want(t.p && memcmp(t.p, "a\0b", 4) == 0, "all are there");
	strbuf_free(&t);
	CASE("a growing text can be used again after text_free()");
	strbuf_printf(&t, "again");
	want_text("text", "again", t.p);
	strbuf_free(&t);
	CASE("more room than there are numbers for");
	strbuf_printf(&t, "a");
	want(!strbuf_reserve(&t, SIZE_MAX - 1), "there is none");
	want(!strbuf_reserve(&t, SIZE_MAX / 2 + 1), "nor half of it");
	want_text("text", "a", t.p);
	strbuf_free(&t);
	CASE("out of memory: a growing text is lost, and says so");
	unit_memory(0);
	strbuf_printf(&t, "word");
	unit_memory(-1);
	want(t.truncated && !t.len, "it is marked");
	strbuf_free(&t);
	CASE("out of memory: what was there stays");
	strbuf_printf(&t, "word");
	unit_memory(0);
	for (i = 0; i < 100; i++)
		strbuf_printf(&t, " and another");
	unit_memory(-1);
	want(t.truncated && t.p && strncmp(t.p, "word and another", 16) == 0, "it is marked");
	strbuf_free(&t);
}

static void sizes(void)
{
	static const struct {
		const char *caption;
		uint64_t bytes;
		const char *expected;
	} rows[] = {
		{ "nothing", 0, "0 B" },
		{ "below a KiB", 1023, "1023 B" },
		{ "a KiB", 1024, "1 KiB" },
		{ "a tenth is rounded down", 1024 + 102, "1 KiB" },
		{ "a tenth", 1024 + 103, "1.1 KiB" },
		{ "half", 1536, "1.5 KiB" },
		{ "just below a MiB", MIB - 1, "1023.9 KiB" },
		{ "a MiB", MIB, "1 MiB" },
		{ "33.2 MiB", 34865152, "33.2 MiB" },
		{ "a GiB", GIB, "1 GiB" },
		{ "a TiB", GIB << 10, "1 TiB" },
		{ "a PiB", GIB << 20, "1 PiB" },
		{ "an EiB", GIB << 30, "1 EiB" },
		{ "just below an EiB", (GIB << 30) - 1, "1023.9 PiB" },
		{ "all of 64 bits", UINT64_MAX, "15.9 EiB" },
	};
	char buf[FORMAT_SIZE_MAX];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		CASE("size: %s", rows[i].caption);
		want_text("text", rows[i].expected, format_size(buf, rows[i].bytes));
	}
}

static void plain(void)
{
	struct strbuf t = STRBUF_GROWING;

	CASE("plain: control characters and bytes above 126 become ?, however long it is");
	strbuf_append_printable(&t, "a\x1b[2J b\tc\n\x7f\xc3\xa9~");
	want_text("text", "a?[2J b?c????~", t.p);
	strbuf_free(&t);
}

static void names(void)
{
	static const struct {
		const char *caption, *name, *expected;
	} rows[] = {
		{ "a plain one stays", "/boot/vmlinuz-6.12", "/boot/vmlinuz-6.12" },
		{ "an empty one", "", "" },
		{ "control characters", "a\nb\tc\x1b[1m", "a?b?c?[1m" },
		{ "DEL and bytes above it", "a\x7f\x80\xff", "a???" },
		{ "a space and ~ stay", "a ~b", "a ~b" },
		{ "63 bytes fit", "0123456789012345678901234567890123456789012345678901234567890az",
		  "0123456789012345678901234567890123456789012345678901234567890az" },
		{ "of 64 the end is kept",
		  "0123456789012345678901234567890123456789012345678901234567890abz",
		  "...456789012345678901234567890123456789012345678901234567890abz" },
	};
	char buf[PRINTABLE_MAX], line[PRINTABLE_MAX + 8], after[PRINTABLE_MAX + 8];
	struct strbuf t, expected;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		CASE("name: %s", rows[i].caption);
		want_text("text", rows[i].expected, printable(buf, rows[i].name));
		t = strbuf_fixed(line, sizeof(line));
		strbuf_printf(&t, "%.*s: %s", AS_NAME, rows[i].name, "why");
		expected = strbuf_fixed(after, sizeof(after));
		strbuf_printf(&expected, "%s: why", rows[i].expected);
		want_text("formatted", after, line);
	}
}

void test_strbuf(void)
{
	formats();
	strange();
	fixed();
	growing();
	sizes();
	plain();
	names();
}
