/* SPDX-License-Identifier: MIT */
/* Containers, made here: EFI zboot, UKI, ELF, each inside of others, and the table of a PE file. */
#include "unit.h"

#include "src/plan/kernel.h"

#include "arch/arch.h"
#include "dt/merge.h"
#include "src/formats/pe.h"
#include "src/formats/uki.h"
#include "src/formats/unwrap.h"

#include <stdio.h>

#define FILE_MAX 16384
#define BODY	 "a kernel"

/* ---- a store of pieces that are no longer than they may be */

struct pieces {
	struct store store; /* first */
	uint8_t *p[8];
	size_t n;
	bool no_open, no_close; /* there is no memory for that */
};

static uint8_t *piece_open(struct store *store, size_t *room)
{
	struct pieces *s = (struct pieces *)store;

	if (s->no_open)
		return NULL;
	if (*room > MIB)
		*room = MIB;
	s->p[s->n] = calloc(1, *room ? *room : 1);
	return s->p[s->n] ? s->p[s->n++] : NULL;
}

static const uint8_t *piece_close(struct store *store, size_t len)
{
	const struct pieces *s = (struct pieces *)store;

	(void)len;
	return s->no_close ? NULL : s->p[s->n - 1];
}

static void piece_step(void *arg, const struct unpack *u)
{
	(void)arg, (void)u;
}

static void pieces_start(struct pieces *s, uint64_t most)
{
	*s = (struct pieces){ .store = { most, piece_open, piece_close, piece_step } };
}

static void pieces_end(struct pieces *s)
{
	while (s->n)
		free(s->p[--s->n]);
}

/* ---- files */

static void put16(uint8_t *p, unsigned v)
{
	p[0] = (uint8_t)v;
	p[1] = (uint8_t)(v >> 8);
}

/* A member of gzip that is stored; returns its size. */
static size_t make_gzip(uint8_t *f, const void *body, size_t len)
{
	static const uint8_t head[10] = { 0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3 };
	uint32_t crc = ~0u;
	size_t i;
	int n;

	memmove(f + 15, body, len);
	memcpy(f, head, 10);
	f[10] = 1;
	put16(f + 11, (unsigned)len);
	put16(f + 13, ~(unsigned)len);
	for (i = 0; i < len; i++)
		for (crc ^= f[15 + i], n = 0; n < 8; n++)
			crc = crc >> 1 ^ (crc & 1 ? 0xedb88320 : 0);
	put_le32(f + 15 + len, ~crc);
	put_le32(f + 19 + len, (uint32_t)len);
	return len + 23;
}

static size_t make_zboot(uint8_t *f, const void *body, size_t len)
{
	memmove(f + 64, body, len);
	memset(f, 0, 64);
	memcpy(f, "MZ\0\0zimg", 8);
	put_le32(f + 8, 64);
	put_le32(f + 12, (uint32_t)len);
	memcpy(f + 24, "gzip", 4);
	return 64 + len;
}

#define TABLE	   0x58 /* of sections */
#define NAME(i)	   (TABLE + 40 * (i))
#define VIRTUAL(i) (NAME(i) + 8)
#define RAW(i)	   (NAME(i) + 16)
#define AT(i)	   (NAME(i) + 20)
#define SECTIONS   0x46 /* how many */
#define OPTIONAL   0x54 /* bytes of that header */
#define DATA	   0x200

/* .linux, .initrd and .cmdline, each of a block of 512 bytes but the first, which has what it
 * takes. */
static size_t make_uki(uint8_t *f, const void *body, size_t len)
{
	static const char *const names[] = { ".linux\0\0", ".initrd\0", ".cmdline" };
	const size_t raw = (len + 511) & ~(size_t)511;
	const size_t at[] = { DATA, DATA + raw, DATA + raw + 512 };
	const size_t size[] = { len, 6, 5 };
	unsigned i;

	memmove(f + DATA, body, len);
	memset(f, 0, DATA);
	memset(f + DATA + len, 0, raw - len + 1024);
	memcpy(f + at[1], "initrd", 6);
	memcpy(f + at[2], "words", 5);
	memcpy(f, "MZ", 2);
	put_le32(f + 60, 0x40);
	memcpy(f + 0x40, "PE", 2);
	put16(f + SECTIONS, 3);
	for (i = 0; i < 3; i++) {
		memcpy(f + NAME(i), names[i], 8);
		put_le32(f + VIRTUAL(i), (uint32_t)size[i]);
		put_le32(f + RAW(i), i ? 512 : (uint32_t)raw);
		put_le32(f + AT(i), (uint32_t)at[i]);
	}
	return DATA + raw + 1024;
}

/* ---- unwrapping */

static struct small small;

/* Of a file of exactly that length; the answer's spans are gone. What .linux was is in `got`. */
static bool opens(const uint8_t *f, size_t len, uint64_t most, struct error *e, char got[32])
{
	struct unwrapped u;
	struct pieces s;
	uint8_t *file = malloc(len ? len : 1);
	bool ok;

	if (!file)
		abort();
	memcpy(file, f, len);
	*e = (struct error){ 0 };
	*got = '\0';
	pieces_start(&s, most);
	ok = unwrap((struct span){ file, len }, "x",
		    &(struct unwrap_target){ small.m.arch->elf_flat, small.m.fdt.p }, &s.store, &u,
		    e);
	if (ok)
		snprintf(got, 32, "%.*s|%.*s|%.*s", (int)u.kernel.len, (const char *)u.kernel.p,
			 (int)u.initrd.len, (const char *)u.initrd.p, (int)u.cmdline.len,
			 (const char *)u.cmdline.p);
	pieces_end(&s);
	free(file);
	return ok;
}

#define CUT(what) "load the kernel: truncated in section " what ": x"

/* A field of a UKI of 2,048 bytes: sections at 0x200, 0x400 and 0x600. */
static const struct row {
	const char *caption;
	unsigned off, width;
	uint32_t value;
	const char *sentence; /* or, with a bar, kernel, initrd and command line */
} uki_rows[] = {
	{ "as it is", 0, 0, 0, BODY "|initrd|words" },
	{ ".linux: no more bytes in memory than in the file", VIRTUAL(0), 4, 4,
	  "a ke|initrd|words" },
	{ ".linux: empty in memory", VIRTUAL(0), 4, 0,
	  "load the kernel: section .linux is empty: x" },
	{ ".linux: empty in the file", RAW(0), 4, 0,
	  "load the kernel: section .linux is empty: x" },
	{ ".linux: starts with the file's last byte", AT(0), 4, 2047,
	  "load the kernel: two sections overlap: x" },
	{ ".linux: starts behind the file", AT(0), 4, 2049, CUT(".linux") },
	{ ".linux: starts at 4 GiB less a byte", AT(0), 4, UINT32_MAX, CUT(".linux") },
	{ ".linux: 4 GiB less a byte", RAW(0), 4, UINT32_MAX,
	  "load the kernel: two sections overlap: x" },
	{ ".initrd: 2 GiB", RAW(1), 4, 1u << 31, "load the kernel: two sections overlap: x" },
	{ ".cmdline: a byte too many", RAW(2), 4, 513, CUT(".cmdline") },
	{ ".cmdline: 4 GiB less a byte", RAW(2), 4, UINT32_MAX, CUT(".cmdline") },
	{ ".cmdline: wraps to the file's start", AT(2), 4, UINT32_MAX - 511, CUT(".cmdline") },
	{ ".initrd: overlaps .linux by a byte", AT(1), 4, 0x3ff,
	  "load the kernel: two sections overlap: x" },
	{ ".initrd: is .linux", AT(1), 4, 0x200, "load the kernel: two sections overlap: x" },
	{ ".initrd: an empty one may lie in another", RAW(1), 4, 0, BODY "||words" },
	{ ".initrd: a name that nobody knows", NAME(1), 4, 0x6f6f662e, BODY "||words" },
	{ "two sections .linux", 0, 1, 0, "load the kernel: two sections .linux: x" },
	{ "two sections more than the table has: 0 in .linux's bytes are no names", SECTIONS, 2, 5,
	  BODY "|initrd|words" },
	{ "97 sections", SECTIONS, 2, 97, "load the kernel: more than 96 sections: x" },
};

static void test_uki(void)
{
	static uint8_t f[FILE_MAX];
	char got[32];
	struct error e;
	size_t i, n;
	bool ok;

	for (i = 0; i < ARRAY_SIZE(uki_rows); i++) {
		const struct row *r = &uki_rows[i];

		CASE("UKI: %s", r->caption);
		memset(f, 0, sizeof(f));
		n = make_uki(f, BODY, 8);
		if (r->width == 4)
			put_le32(f + r->off, r->value);
		else if (r->width == 2)
			put16(f + r->off, r->value);
		else if (r->width == 1)
			memcpy(f + NAME(1), ".linux\0", 8);
		if (r->width == 2 && r->value == 97)
			n = FILE_MAX; /* the table is whole */
		ok = opens(f, n, MIB, &e, got);
		if (strchr(r->sentence, '|')) {
			want_error(ok, &e, FAIL_NONE, "");
			want_text("kernel|initrd|words", r->sentence, got);
		} else {
			want_error(ok, &e, FAIL_FORMAT, r->sentence);
		}
	}
	CASE("UKI: inside of another");
	n = make_uki(f, f, make_uki(f, BODY, 8));
	want_error(opens(f, n, MIB, &e, got), &e, FAIL_FORMAT,
		   "load the kernel: a UKI inside a UKI: x");
	n = make_uki(f, BODY, 8);
	for (i = 1; i < n; i++) {
		CASE("UKI: cut to %zu bytes", i);
		ok = opens(f, i, MIB, &e, got);
		if (i >= 0x78 + 3 * 20) /* the table's end: from here on it is a UKI */
			want_error(ok, &e, i < 0x58 + 120 ? FAIL_NONE : FAIL_FORMAT,
				   i < 0x58 + 120 ? ""
				   : i < 0x400	  ? CUT(".linux")
				   : i < 0x600	  ? CUT(".initrd")
						  : CUT(".cmdline"));
		else
			want_error(ok, &e, FAIL_NONE, "");
	}
}

static const struct row zboot_rows[] = {
	{ "as it is", 0, 0, 0, BODY "||" },
	{ "the payload at the file's end", 8, 4, 95,
	  "load the kernel: truncated EFI zboot payload: x" },
	{ "the payload at 4 GiB less a byte", 8, 4, UINT32_MAX,
	  "load the kernel: truncated EFI zboot payload: x" },
	{ "the payload at 2 GiB", 8, 4, 1u << 31,
	  "load the kernel: truncated EFI zboot payload: x" },
	{ "a payload of a byte too many", 12, 4, 32,
	  "load the kernel: truncated EFI zboot payload: x" },
	{ "a payload of 4 GiB less a byte", 12, 4, UINT32_MAX,
	  "load the kernel: truncated EFI zboot payload: x" },
	{ "a payload that wraps to the file's start", 8, 4, UINT32_MAX - 30,
	  "load the kernel: truncated EFI zboot payload: x" },
	{ "a payload of a byte less", 12, 4, 30, "load the kernel: truncated gzip stream: x" },
	{ "no payload", 12, 4, 0, "load the kernel: unknown compression in EFI zboot (gzip): x" },
	{ "a name of eight letters, of which one is none", 8, 1, 0,
	  "load the kernel: unknown compression in EFI zboot (ab?defgh): x" },
};

static void test_zboot(void)
{
	static uint8_t f[FILE_MAX];
	char got[32];
	struct error e;
	size_t i, n;
	bool ok;

	for (i = 0; i < ARRAY_SIZE(zboot_rows); i++) {
		const struct row *r = &zboot_rows[i];

		CASE("zboot: %s", r->caption);
		n = make_zboot(f, f, make_gzip(f, BODY, 8));
		if (r->width == 4)
			put_le32(f + r->off, r->value);
		if (r->width == 1) {
			memcpy(f + 24, "ab\033defgh", 8);
			f[64] = 0;
		}
		ok = opens(f, n, MIB, &e, got);
		if (strchr(r->sentence, '|')) {
			want_error(ok, &e, FAIL_NONE, "");
			want_text("kernel", r->sentence, got);
		} else {
			want_error(ok, &e,
				   strstr(r->sentence, "known") ? FAIL_UNSUPPORTED : FAIL_FORMAT,
				   r->sentence);
		}
	}
	n = make_zboot(f, f, make_gzip(f, BODY, 8));
	for (i = 8; i < n; i++) {
		CASE("zboot: cut to %zu bytes", i);
		want_error(opens(f, i, MIB, &e, got), &e, FAIL_FORMAT,
			   "load the kernel: truncated EFI zboot payload: x");
	}
}

static void test_nested(void)
{
	static uint8_t f[FILE_MAX];
	char got[32];
	struct error e;
	size_t n;

	CASE("gzip in a UKI, in zboot, in gzip");
	n = make_uki(f, f, make_gzip(f, BODY, 8));
	n = make_zboot(f, f, make_gzip(f, f, n));
	want_error(opens(f, n, MIB, &e, got), &e, FAIL_NONE, "");
	want_text("kernel|initrd|words", BODY "|initrd|words", got);
	CASE("the same in gzip once more: five");
	n = make_gzip(f, f, n);
	want_error(opens(f, n, MIB, &e, got), &e, FAIL_FORMAT,
		   "load the kernel: wrapped more than 4 times: x");
	CASE("gzip in gzip: what both take counts");
	n = make_gzip(f, BODY, 8);
	n = make_gzip(f, f, n);
	want_error(opens(f, n, 31 + 8, &e, got), &e, FAIL_NONE, "");
	want_error(opens(f, n, 31 + 7, &e, got), &e, FAIL_MEMORY,
		   "load the kernel: unpacked, larger than 7 B, the limit: x");
	CASE("gzip of nothing");
	n = make_gzip(f, "", 0);
	want_error(opens(f, n, MIB, &e, got), &e, FAIL_NONE, "");
	want_text("kernel", "||", got);
	CASE("nothing");
	want_error(opens(f, 0, MIB, &e, got), &e, FAIL_NONE, "");
	CASE("no container");
	want_error(opens((const uint8_t *)BODY, 8, MIB, &e, got), &e, FAIL_NONE, "");
	want_text("kernel", BODY "||", got);
}

/* ---- ELF: two segments of 4 bytes each, at 0x1000 and 0x1008 */

static size_t make_elf(uint8_t *f, unsigned machine)
{
	unsigned i;

	memset(f, 0, 256);
	memcpy(f,
	       "\x7f"
	       "ELF\2\1",
	       6);
	put16(f + 16, 2);
	put16(f + 18, machine);
	put_le64(f + 32, 64);
	put16(f + 54, 56);
	put16(f + 56, 2);
	for (i = 0; i < 2; i++) {
		put_le32(f + 64 + 56 * i, 1);
		put_le64(f + 72 + 56 * i, 176 + 4 * i);
		put_le64(f + 80 + 56 * i, 0x1000 + 8 * i);
		put_le64(f + 88 + 56 * i, 0x1000 + 8 * i);
		put_le64(f + 96 + 56 * i, 4);
		put_le64(f + 104 + 56 * i, 4);
	}
	memcpy(f + 176, "a keXXrn", 8);
	return 184;
}

static void test_flat(void)
{
	static uint8_t f[256];
	char got[32];
	struct error e;
	size_t n;

	CASE("ELF of arm64: flat, with zeros between");
	n = make_elf(f, 183);
	want_error(opens(f, n, MIB, &e, got), &e, FAIL_NONE, "");
	want_bytes("kernel", "a ke", got, 4);
	CASE("ELF of arm64: a gap of 2^63 bytes");
	put_le64(f + 80 + 56, 1ull << 63);
	put_le64(f + 88 + 56, 1ull << 63);
	want_error(opens(f, n, MIB, &e, got), &e, FAIL_MEMORY,
		   "load the kernel: larger than 1 MiB, the limit: x");
	CASE("ELF of arm64: a byte more than can be loaded");
	make_elf(f, 183);
	want_error(opens(f, n, 11, &e, got), &e, FAIL_MEMORY,
		   "load the kernel: larger than 11 B, the limit: x");
	want_error(opens(f, n, 12, &e, got), &e, FAIL_NONE, "");
	CASE("ELF of x86-64 stays as it is");
	make_elf(f, 62);
	want_error(opens(f, n, MIB, &e, got), &e, FAIL_NONE, "");
	want_bytes("kernel",
		   "\x7f"
		   "ELF",
		   got, 4);
	CASE("ELF of arm64 that is broken");
	make_elf(f, 183);
	want_error(opens(f, n - 1, MIB, &e, got), &e, FAIL_FORMAT,
		   "load the kernel: cut short inside a segment: x");
	CASE("ELF of arm64: a segment without bytes is not there when it is the last");
	make_elf(f, 183);
	put_le64(f + 96 + 56, 0);
	want_error(opens(f, n, MIB, &e, got), &e, FAIL_NONE, "");
	want_bytes("kernel", "a ke", got, 4);
	CASE("ELF stays as it is for a target that loads ELF");
	small.m.arch = &arch_ppc64;
	make_elf(f, 183);
	want_error(opens(f, n, MIB, &e, got), &e, FAIL_NONE, "");
	want_bytes("kernel",
		   "\x7f"
		   "ELF",
		   got, 4);
	small.m.arch = &arch_arm64;
	CASE("ELF of 32 bits stays as it is");
	make_elf(f, 183);
	f[4] = 1;
	want_error(opens(f, n, MIB, &e, got), &e, FAIL_NONE, "");
	CASE("ELF of arm64, a program whose first segment is its header: unwrapped once");
	make_elf(f, 183);
	put_le64(f + 72, 0);
	put_le64(f + 96, 176);
	put_le64(f + 104, 176);
	put_le64(f + 80 + 56, 0x2000);
	put_le64(f + 88 + 56, 0x2000);
	want_error(opens(f, n, MIB, &e, got), &e, FAIL_NONE, "");
	want_bytes("kernel",
		   "\x7f"
		   "ELF",
		   got, 4);
}

/* ---- a UKI of any sections, each with all of its bytes on a multiple of 8 */

struct section {
	const char *name;
	struct span data;
};

#define TEXT(s)                                                                                    \
	{                                                                                          \
		(const uint8_t *)(s), sizeof(s) - 1                                                \
	}

static size_t make_sections(uint8_t *f, const struct section *s, unsigned n)
{
	size_t at = DATA;
	unsigned i;

	memset(f, 0, FILE_MAX);
	memcpy(f, "MZ", 2);
	put_le32(f + 60, 0x40);
	memcpy(f + 0x40, "PE", 2);
	put16(f + SECTIONS, n);
	for (i = 0; i < n; i++) {
		memcpy(f + NAME(i), s[i].name, strlen(s[i].name));
		put_le32(f + VIRTUAL(i), (uint32_t)s[i].data.len);
		put_le32(f + RAW(i), (uint32_t)s[i].data.len);
		put_le32(f + AT(i), (uint32_t)at);
		memcpy(f + at, s[i].data.p, s[i].data.len);
		at += (s[i].data.len + 7) & ~(size_t)7;
	}
	return at;
}

static void test_sections(void)
{
	static const struct {
		const char *caption;
		struct section s[6];
		const char *expected;
	} ukis[] = {
		{ "no .linux is no UKI",
		  { { ".text", TEXT("code") }, { ".initrd", TEXT("initrd") } },
		  "MZ||" },
		{ ".linux comes last",
		  { { ".cmdline", TEXT("words") },
		    { ".initrd", TEXT("i") },
		    { ".linux", TEXT(BODY) } },
		  BODY "|i|words" },
		{ "the first profile's section comes in place of the one for all",
		  { { ".linux", TEXT(BODY) },
		    { ".cmdline", TEXT("all") },
		    { ".profile", TEXT("ID=a") },
		    { ".cmdline", TEXT("first") },
		    { ".profile", TEXT("ID=b") },
		    { ".cmdline", TEXT("second") } },
		  BODY "||first" },
		{ "what the first profile has not is for all",
		  { { ".linux", TEXT(BODY) },
		    { ".cmdline", TEXT("all") },
		    { ".profile", TEXT("ID=a") },
		    { ".initrd", TEXT("i") } },
		  BODY "|i|all" },
	};
	static uint8_t f[FILE_MAX];
	char got[32];
	struct error e;
	size_t i, n;

	for (i = 0; i < ARRAY_SIZE(ukis); i++) {
		CASE("UKI: %s", ukis[i].caption);
		for (n = 0; n < ARRAY_SIZE(ukis[i].s) && ukis[i].s[n].name; n++)
			;
		n = make_sections(f, ukis[i].s, (unsigned)n);
		want_error(opens(f, n, MIB, &e, got), &e, FAIL_NONE, "");
		if (*ukis[i].expected == 'M')
			want_bytes("kernel", "MZ", got, 2);
		else
			want_text("kernel|initrd|words", ukis[i].expected, got);
	}
	CASE("UKI: inside of one that has no initrd");
	n = make_uki(f, BODY, 8);
	{
		static uint8_t outer[FILE_MAX];
		const struct section s[] = { { ".linux", { f, n } },
					     { ".cmdline", TEXT("words") } };

		n = make_sections(outer, s, 2);
		want_error(opens(outer, n, MIB, &e, got), &e, FAIL_FORMAT,
			   "load the kernel: a UKI inside a UKI: x");
	}
}

static void test_uki_trees(void)
{
	static const struct {
		const char *caption, *names[3], *trees[3]; /* "": no bytes */
		int taken; /* -1: none, -2: another machine's is not */
	} ukis[] = {
		{ "for this machine", { ".dtb" }, { "/ { compatible = \"a,b\"; };" }, 0 },
		{ "for another, and the only one",
		  { ".dtb" },
		  { "/ { compatible = \"a,c\"; };" },
		  -2 },
		{ "for a kin, and the only one",
		  { ".dtb" },
		  { "/ { compatible = [612c6300612c6200]; };" },
		  0 },
		{ "for a kin, to be chosen by that",
		  { ".dtbauto" },
		  { "/ { compatible = [612c6300612c6200]; };" },
		  -1 },
		{ "for another, and to be chosen by that",
		  { ".dtbauto" },
		  { "/ { compatible = \"a,c\"; };" },
		  -1 },
		{ "two for others",
		  { ".dtb", ".dtb" },
		  { "/ { compatible = \"a,c\"; };", "/ { compatible = \"a,d\"; };" },
		  -1 },
		{ "one for another, besides those to be chosen",
		  { ".dtbauto", ".dtb", ".dtbauto" },
		  { "/ { compatible = \"a,c\"; };", "/ { compatible = \"a,d\"; };",
		    "/ { compatible = \"a,e\"; };" },
		  -2 },
		{ "one for another, and then one that is chosen",
		  { ".dtb", ".dtbauto" },
		  { "/ { compatible = \"a,c\"; };", "/ { compatible = \"a,b\"; };" },
		  1 },
		{ "the second is for this machine, and so is the third",
		  { ".dtb", ".dtbauto", ".dtbauto" },
		  { "/ { compatible = \"a,c\"; };", "/ { compatible = \"a,b\"; n { }; };",
		    "/ { compatible = \"a,b\"; };" },
		  1 },
		{ "an empty one is none",
		  { ".dtb", ".dtb" },
		  { "", "/ { compatible = \"a,b\"; };" },
		  1 },
	};
	static _Alignas(8) uint8_t f[FILE_MAX];
	struct section s[4] = { { ".linux", TEXT(BODY) } };
	struct span tree = small.m.fdt, trees[3];
	struct unwrapped u;
	struct pieces p;
	struct error e;
	size_t i, j, n;

	small.m.fdt = note_tree("/ { compatible = \"a,b\"; };");
	for (i = 0; i < ARRAY_SIZE(ukis); i++) {
		CASE("UKI: a tree: %s", ukis[i].caption);
		for (n = 0; n < 3 && ukis[i].names[n]; n++) {
			trees[n] = note_tree(*ukis[i].trees[n] ? ukis[i].trees[n] : "/ { };");
			s[n + 1] = (struct section){ ukis[i].names[n], trees[n] };
			if (!*ukis[i].trees[n])
				s[n + 1].data.len = 0;
		}
		make_sections(f, s, (unsigned)n + 1);
		want(uki_has_tree((struct span){ f, FILE_MAX }), "it brings a tree");
		e = (struct error){ 0 };
		pieces_start(&p, MIB);
		want_error(unwrap((struct span){ f, FILE_MAX }, "x",
				  &(struct unwrap_target){ small.m.arch->elf_flat, small.m.fdt.p },
				  &p.store, &u, &e),
			   &e, FAIL_NONE, "");
		want_u64("another machine's", ukis[i].taken == -2, u.foreign_dtb);
		if (ukis[i].taken < 0) {
			want_u64("bytes of a tree", 0, u.dtb.len);
		} else {
			want_u64("bytes of the tree", trees[ukis[i].taken].len, u.dtb.len);
			want_bytes("tree", trees[ukis[i].taken].p, u.dtb.p, u.dtb.len);
		}
		pieces_end(&p);
		for (j = 0; j < n; j++)
			note_free(&trees[j]);
	}
	CASE("UKI: without a tree, and no UKI");
	make_sections(f, s, 1);
	want(!uki_has_tree((struct span){ f, FILE_MAX }), "it brings none");
	want(!uki_has_tree((struct span){ 0 }), "nothing brings none");
	CASE("UKI: a tree of another profile");
	s[1] = (struct section){ ".profile", TEXT("a") };
	s[2] = (struct section){ ".profile", TEXT("b") };
	s[3] = (struct section){ ".dtb", TEXT("c") };
	make_sections(f, s, 4);
	want(!uki_has_tree((struct span){ f, FILE_MAX }), "it brings none");
	make_sections(f, s, 2);
	want(!uki_has_tree((struct span){ f, FILE_MAX }), "it brings none");
	s[2] = s[3];
	make_sections(f, s, 3);
	want(uki_has_tree((struct span){ f, FILE_MAX }), "it brings one of the first profile");
	CASE("UKI: a tree, for a machine that has none");
	s[1] = (struct section){ ".dtb", trees[0] = note_tree("/ { compatible = \"a,b\"; };") };
	make_sections(f, s, 2);
	e = (struct error){ 0 };
	pieces_start(&p, MIB);
	want_error(unwrap((struct span){ f, FILE_MAX }, "x",
			  &(struct unwrap_target){ small.m.arch->elf_flat, NULL }, &p.store, &u,
			  &e),
		   &e, FAIL_NONE, "");
	want(!u.dtb.len && !u.foreign_dtb, "none is taken, and none is another machine's");
	pieces_end(&p);
	CASE("UKI: inside of one that has a tree and nothing else");
	{
		static uint8_t inner[FILE_MAX];
		const struct section two[] = { { ".linux", { inner, make_sections(inner, s, 1) } },
					       s[1] };

		n = make_sections(f, two, 2);
	}
	e = (struct error){ 0 };
	pieces_start(&p, MIB);
	want_error(unwrap((struct span){ f, n }, "x",
			  &(struct unwrap_target){ small.m.arch->elf_flat, small.m.fdt.p },
			  &p.store, &u, &e),
		   &e, FAIL_FORMAT, "load the kernel: a UKI inside a UKI: x");
	pieces_end(&p);
	note_free(&trees[0]);
	CASE("UKI: a tree at no multiple of 8");
	trees[0] = note_tree("/ { compatible = \"a,b\"; };");
	s[1] = (struct section){ ".dtb", trees[0] };
	n = make_sections(f, s, 2);
	memmove(f + DATA + 12, f + DATA + 8, trees[0].len);
	put_le32(f + AT(1), DATA + 12);
	e = (struct error){ 0 };
	pieces_start(&p, MIB);
	want_error(unwrap((struct span){ f, n + 8 }, "x",
			  &(struct unwrap_target){ small.m.arch->elf_flat, small.m.fdt.p },
			  &p.store, &u, &e),
		   &e, FAIL_FORMAT, "load the kernel: section .dtb is not aligned: x");
	CASE("UKI: a tree that is none");
	s[1] = (struct section){ ".dtb", TEXT("no tree, but bytes, and more of them than a head") };
	n = make_sections(f, s, 2);
	e = (struct error){ 0 };
	want_error(unwrap((struct span){ f, n }, "x",
			  &(struct unwrap_target){ small.m.arch->elf_flat, small.m.fdt.p },
			  &p.store, &u, &e),
		   &e, FAIL_TREE, "use the device tree: not a device tree blob: x");
	pieces_end(&p);
	note_free(&trees[0]);
	note_free(&small.m.fdt);
	small.m.fdt = tree;
}

/* Neither is there memory to begin a piece, nor to end it. */
static void test_no_memory(void)
{
	static uint8_t f[FILE_MAX];
	struct unwrapped u;
	struct pieces p;
	struct error e;
	size_t i, n;

	for (i = 0; i < 4; i++) {
		CASE("%s, out of memory %s", i < 2 ? "gzip" : "ELF",
		     i % 2 ? "at its end" : "at its start");
		n = i < 2 ? make_gzip(f, BODY, 8) : make_elf(f, 183);
		pieces_start(&p, MIB);
		p.no_open = i % 2 == 0;
		p.no_close = i % 2;
		e = (struct error){ 0 };
		want_error(unwrap((struct span){ f, n }, "x",
				  &(struct unwrap_target){ small.m.arch->elf_flat, small.m.fdt.p },
				  &p.store, &u, &e),
			   &e, FAIL_MEMORY, "go on: out of memory");
		pieces_end(&p);
	}
	CASE("ELF: less memory than it takes");
	n = make_elf(f, 183);
	put_le64(f + 80 + 56, 2 * MIB);
	put_le64(f + 88 + 56, 2 * MIB);
	pieces_start(&p, 4 * MIB);
	e = (struct error){ 0 };
	want_error(unwrap((struct span){ f, n }, "x",
			  &(struct unwrap_target){ small.m.arch->elf_flat, small.m.fdt.p },
			  &p.store, &u, &e),
		   &e, FAIL_MEMORY, "go on: out of memory");
	pieces_end(&p);
}

/* ---- the section table of a PE file, and a tree's name */

static void test_pe(void)
{
	static uint8_t f[FILE_MAX];
	struct span table;
	struct pe_section s;
	size_t i;

	make_uki(f, BODY, 8);
	for (i = 0; i < DATA; i++) {
		CASE("PE: cut to %zu bytes", i);
		want_u64("answer", i < 64 || i >= TABLE + 120,
			 pe_table((struct span){ f, i }, &table));
		want_u64("bytes of the table", i >= TABLE + 120 ? 120 : 0, table.len);
	}
	CASE("PE: its sections");
	want(pe_table((struct span){ f, DATA }, &table), "it is read");
	want(pe_section(table, 2, &s), "there is a third section");
	want_text("name, of eight letters", ".cmdline", s.name);
	want_u64("bytes in memory", 5, s.virtual_size);
	want_u64("bytes in the file", 512, s.size);
	want_u64("place", DATA + 1024, s.at);
	want(!pe_section(table, 3, &s), "there is no fourth");
	want(!pe_section(table, UINT32_MAX, &s), "there is no last of all numbers");
	CASE("PE: a header of 65,535 bytes");
	put16(f + OPTIONAL, 0xffff);
	want(!pe_table((struct span){ f, FILE_MAX }, &table), "it leaves the file");
	CASE("PE: 65,535 sections");
	put16(f + OPTIONAL, 0);
	put16(f + SECTIONS, 0xffff);
	want(!pe_table((struct span){ f, FILE_MAX }, &table), "they leave the file");
	CASE("PE: its place is at 4 GiB less a byte");
	put_le32(f + 60, UINT32_MAX);
	want(!pe_table((struct span){ f, FILE_MAX }, &table), "it leaves the file");
	CASE("PE: no letters PE");
	put_le32(f + 60, 0x80);
	want(pe_table((struct span){ f, FILE_MAX }, &table), "it is another file");
	want_u64("bytes of the table", 0, table.len);
	CASE("PE: no letters MZ");
	make_uki(f, BODY, 8);
	f[0] = 'N';
	want(pe_table((struct span){ f, FILE_MAX }, &table), "it is another file");
	want_u64("bytes of the table", 0, table.len);
}

static const struct {
	const char *caption, *a, *b;
	bool fits;
} fits[] = {
	{ "the same", "/ { compatible = \"a,b\"; };", "/ { compatible = \"a,b\"; };", true },
	{ "another", "/ { compatible = \"a,c\"; };", "/ { compatible = \"a,b\"; };", false },
	{ "the start of a name", "/ { compatible = \"a,\"; };", "/ { compatible = \"a,b\"; };",
	  false },
	{ "without a name", "/ { };", "/ { compatible = \"a,b\"; };", false },
	{ "of a machine without a name", "/ { compatible = \"a,b\"; };", "/ { };", false },
	{ "a name that does not end", "/ { compatible = [61]; };", "/ { compatible = [61]; };",
	  false },
};

static void test_fits(void)
{
	struct span a, b;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(fits); i++) {
		CASE("a UKI's tree: %s", fits[i].caption);
		a = note_tree(fits[i].a);
		b = note_tree(fits[i].b);
		want_u64("fits", fits[i].fits, merge_same_board(a.p, b.p));
		want_u64("fits no machine", false, merge_same_board(a.p, NULL));
		note_free(&a);
		note_free(&b);
	}
}

void test_unwrap(void)
{
	small_start(&small, SMALL_TREE);
	test_uki();
	test_zboot();
	test_nested();
	test_flat();
	test_sections();
	test_uki_trees();
	test_no_memory();
	small_end(&small);
	test_pe();
	test_fits();
}
