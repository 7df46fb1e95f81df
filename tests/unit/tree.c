/* SPDX-License-Identifier: MIT */
#include "unit.h"

#include <libfdt.h>

/* Where a blob's header has its fields. */
enum {
	MAGIC = 0,
	TOTAL = 4,
	OFF_STRUCT = 8,
	OFF_STRINGS = 12,
	OFF_RSV = 16,
	VERSION = 20,
	LAST_COMP = 24,
	BOOT_CPU = 28,
	SIZE_STRINGS = 32,
	SIZE_STRUCT = 36
};

#define NOTE	    "@1000+1000; / { a = <1>; node { b = \"x\"; }; };"
#define BROKEN(why) "use the device tree: FDT_ERR_" why ": /t"

/* A good blob with one header field changed. */
static const struct row {
	const char *caption;
	int field;
	uint32_t value;
	bool relative;	      /* to the blob's own size */
	const char *sentence; /* NULL: accepted */
} rows[] = {
	{ "as it is", BOOT_CPU, 0, false, NULL },
	{ "boot CPU: any", BOOT_CPU, 0xffffffff, false, NULL },
	{ "magic: another", MAGIC, 0xd00dfeee, false,
	  "use the device tree: not a device tree blob: /t" },
	{ "magic: that of an unfinished tree", MAGIC, 0x2ff20112, false,
	  "use the device tree: not a device tree blob: /t" },
	{ "magic: in the wrong byte order", MAGIC, 0xedfe0dd0, false,
	  "use the device tree: not a device tree blob: /t" },
	{ "total size: 0", TOTAL, 0, false, "use the device tree: invalid size of 0 bytes: /t" },
	{ "total size: less than a header", TOTAL, 39, false,
	  "use the device tree: invalid size of 39 bytes: /t" },
	{ "total size: just a header", TOTAL, 40, false, BROKEN("TRUNCATED") },
	{ "total size: one byte less", TOTAL, (uint32_t)-1, true, BROKEN("TRUNCATED") },
	{ "total size: one byte more", TOTAL, 1, true, "cut" },
	{ "total size: 64 MiB", TOTAL, 64u << 20, false, "cut" },
	{ "total size: above 64 MiB", TOTAL, (64u << 20) + 1, false,
	  "use the device tree: invalid size of 67108865 bytes: /t" },
	{ "total size: the largest", TOTAL, 0xffffffff, false,
	  "use the device tree: invalid size of 4294967295 bytes: /t" },
	{ "structure: in the header", OFF_STRUCT, 8, false, BROKEN("TRUNCATED") },
	{ "structure: not aligned", OFF_STRUCT, 58, false,
	  "use the device tree: structure not aligned: /t" },
	{ "structure: behind the end", OFF_STRUCT, 0x10000, false, BROKEN("TRUNCATED") },
	{ "structure: at the top", OFF_STRUCT, 0xfffffffc, false, BROKEN("TRUNCATED") },
	{ "structure size: 0", SIZE_STRUCT, 0, false, BROKEN("TRUNCATED") },
	{ "structure size: behind the end", SIZE_STRUCT, 0x10000, false, BROKEN("TRUNCATED") },
	{ "structure size: wraps", SIZE_STRUCT, 0xffffffff, false, BROKEN("TRUNCATED") },
	{ "strings: in the header", OFF_STRINGS, 8, false, BROKEN("TRUNCATED") },
	{ "strings: behind the end", OFF_STRINGS, 0x10000, false, BROKEN("TRUNCATED") },
	{ "strings: at the top", OFF_STRINGS, 0xffffffff, false, BROKEN("TRUNCATED") },
	{ "strings size: 0", SIZE_STRINGS, 0, false, BROKEN("BADOFFSET") },
	{ "strings size: behind the end", SIZE_STRINGS, 0x10000, false, BROKEN("TRUNCATED") },
	{ "strings size: wraps", SIZE_STRINGS, 0xffffffff, false, BROKEN("TRUNCATED") },
	{ "reservations: in the header", OFF_RSV, 8, false, BROKEN("TRUNCATED") },
	{ "reservations: not aligned", OFF_RSV, 44, false,
	  "use the device tree: structure not aligned: /t" },
	{ "reservations: behind the end", OFF_RSV, 0x10000, false, BROKEN("TRUNCATED") },
	{ "reservations: at the top", OFF_RSV, 0xfffffff8, false, BROKEN("TRUNCATED") },
	{ "version: 1", VERSION, 1, false, BROKEN("BADVERSION") },
	{ "version: less than compatible", VERSION, 15, false, BROKEN("BADVERSION") },
	{ "version: a later one that is compatible", VERSION, 18, false, NULL },
	{ "last compatible version: too late", LAST_COMP, 18, false, BROKEN("BADVERSION") },
};

/* The bytes behind the structure's start. */
static const struct body {
	const char *caption;
	uint32_t off, value; /* a big-endian word in the structure */
	const char *sentence;
} bodies[] = {
	{ "no first node", 0, 9, BROKEN("BADSTRUCTURE") },
	{ "a property before the first node", 0, 3, BROKEN("BADSTRUCTURE") },
	{ "a NOP before the first node", 0, 4, BROKEN("BADSTRUCTURE") },
	{ "a root with a name", 4, 0x61000000, BROKEN("BADSTRUCTURE") },
	{ "an unknown tag", 8, 0x77, BROKEN("BADSTRUCTURE") },
	{ "a property longer than the tree", 12, 0xfffffff0, BROKEN("BADSTRUCTURE") },
	{ "a property's name outside of the strings", 16, 0x7fffffff, BROKEN("BADOFFSET") },
};

static uint8_t *copy_of(struct span s, size_t len)
{
	uint8_t *p = calloc(1, len);

	if (!p)
		abort();
	memcpy(p, s.p, len < s.len ? len : s.len);
	return p;
}

static void put_word(uint8_t *p, uint32_t v)
{
	fdt32_st(p, v);
}

static void checks(void)
{
	struct span good = note_tree(NOTE);
	uint32_t at = fdt_off_dt_struct(good.p), v;
	char sentence[100];
	struct strbuf t;
	struct error e;
	uint8_t *blob;
	size_t i, n;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		CASE("header: %s", rows[i].caption);
		blob = copy_of(good, good.len);
		v = rows[i].value + (rows[i].relative ? (uint32_t)good.len : 0);
		put_word(blob + rows[i].field, v);
		t = strbuf_fixed(sentence, sizeof(sentence));
		if (rows[i].sentence && strcmp(rows[i].sentence, "cut") == 0)
			strbuf_printf(&t, "use the device tree: truncated (%zu of %u bytes): /t",
				      good.len, v);
		else
			strbuf_printf(&t, "%s", rows[i].sentence ? rows[i].sentence : "");
		e = (struct error){ 0 };
		want_error(tree_check((struct span){ blob, good.len }, "/t", &e), &e,
			   rows[i].sentence ? FAIL_TREE : FAIL_NONE, sentence);
		free(blob);
	}
	for (i = 0; i < ARRAY_SIZE(bodies); i++) {
		CASE("structure: %s", bodies[i].caption);
		blob = copy_of(good, good.len);
		put_word(blob + at + bodies[i].off, bodies[i].value);
		e = (struct error){ 0 };
		want_error(tree_check((struct span){ blob, good.len }, "/t", &e), &e, FAIL_TREE,
			   bodies[i].sentence);
		free(blob);
	}
	CASE("structure: a property of 4 GiB less a byte, whose value is a tag, over which libfdt "
	     "wraps");
	blob = copy_of(good, good.len);
	put_word(blob + at + 12, 0xffffffff);
	put_word(blob + at + 20, FDT_NOP);
	e = (struct error){ 0 };
	want_error(tree_check((struct span){ blob, good.len }, "/t", &e), &e, FAIL_TREE,
		   BROKEN("BADSTRUCTURE"));
	free(blob);
	CASE("version 16 that only readers of 17 know");
	blob = copy_of(good, good.len);
	put_word(blob + VERSION, 16);
	put_word(blob + LAST_COMP, 17);
	e = (struct error){ 0 };
	want_error(tree_check((struct span){ blob, good.len }, "/t", &e), &e, FAIL_TREE,
		   BROKEN("BADVERSION"));
	free(blob);
	for (n = FDT_TAGSIZE; n < fdt_size_dt_struct(good.p); n++) {
		CASE("structure: %zu bytes of it", n);
		blob = copy_of(good, good.len);
		put_word(blob + SIZE_STRUCT, (uint32_t)n);
		want(tree_validate((struct span){ blob, good.len }), "it is refused");
		free(blob);
	}
	CASE("a blob that ends in its header, one of another magic");
	blob = copy_of(good, good.len);
	want_u64("libfdt's error", FDT_ERR_BADMAGIC,
		 (uint64_t)-tree_validate((struct span){ blob, TREE_HEADER - 1 }));
	put_word(blob + MAGIC, 0);
	want_u64("libfdt's error", FDT_ERR_BADMAGIC,
		 (uint64_t)-tree_validate((struct span){ blob, good.len }));
	free(blob);
	CASE("version 15, whose properties were padded in another way");
	blob = copy_of(good, good.len);
	put_word(blob + VERSION, 15);
	put_word(blob + LAST_COMP, 2);
	e = (struct error){ 0 };
	want_error(tree_check((struct span){ blob, good.len }, "/t", &e), &e, FAIL_TREE,
		   BROKEN("BADVERSION"));
	free(blob);
	CASE("bytes behind the tree are not looked at");
	blob = copy_of(good, good.len + 64);
	e = (struct error){ 0 };
	want_error(tree_check((struct span){ blob, good.len + 64 }, "/t", &e), &e, FAIL_NONE, "");
	free(blob);
	note_free(&good);
}

static void cuts(void)
{
	struct span good = note_tree(NOTE);
	char sentence[100];
	struct strbuf t;
	struct error e;
	uint8_t *blob;
	size_t n;

	for (n = 0; n < good.len; n++) {
		blob = copy_of(good, n ? n : 1);
		e = (struct error){ 0 };
		t = strbuf_fixed(sentence, sizeof(sentence));
		if (n < 40)
			strbuf_printf(&t, "use the device tree: not a device tree blob: /t");
		else
			strbuf_printf(&t, "use the device tree: truncated (%zu of %zu bytes): /t",
				      n, good.len);
		CASE("cut at byte %zu", n);
		want_error(tree_check((struct span){ blob, n }, "/t", &e), &e, FAIL_TREE, sentence);
		free(blob);
	}
	note_free(&good);
}

static void padding(void)
{
	struct span good = note_tree(NOTE), padded;
	size_t used = 0, total = 0;
	struct error e = { 0 };
	uint8_t *blob = copy_of(good, 1 << 20);
	bool ok;

	CASE("extent: a tree without padding");
	ok = tree_extent(good, "/t", &used, &total, &e);
	want_error(ok, &e, FAIL_NONE, "");
	want_u64("used", good.len, used);
	want_u64("total", good.len, total);
	CASE("extent: 1 MiB with padding (QEMU's)");
	put_word(blob + TOTAL, 1 << 20);
	padded = (struct span){ blob, TREE_HEADER };
	ok = tree_extent(padded, "/t", &used, &total, &e);
	want_error(ok, &e, FAIL_NONE, "");
	want_u64("used", good.len, used);
	want_u64("total", 1 << 20, total);
	CASE("extent: a version without a size of its structure is taken whole");
	put_word(blob + VERSION, 16);
	ok = tree_extent(padded, "/t", &used, &total, &e);
	want_u64("used", 1 << 20, used);
	put_word(blob + VERSION, 17);
	CASE("extent: reservations behind the structure: taken whole");
	put_word(blob + OFF_RSV, 0x8000);
	ok = tree_extent(padded, "/t", &used, &total, &e);
	want_u64("used", 1 << 20, used);
	put_word(blob + OFF_RSV, 40);
	CASE("extent: a structure that leaves the tree: taken whole");
	put_word(blob + SIZE_STRUCT, 0xfffffff0);
	ok = tree_extent(padded, "/t", &used, &total, &e);
	want_u64("used", 1 << 20, used);
	put_word(blob + SIZE_STRUCT, fdt_size_dt_struct(good.p));
	CASE("shorten: the tree is sound, and says what it has");
	tree_extent(padded, "/t", &used, &total, &e);
	tree_set_size(blob, used);
	want_u64("total", good.len, fdt_totalsize(blob));
	ok = tree_check((struct span){ blob, used }, "/t", &e);
	want_error(ok, &e, FAIL_NONE, "");
	free(blob);
	note_free(&good);
}

static void opens_and_packs(void)
{
	struct span good = note_tree(NOTE), out = { NULL, 0 };
	struct error e = { 0 };
	char buf[200];
	struct tree t;
	bool ok;

	CASE("open, edit, pack: a copy with the edit");
	ok = tree_open(&t, good, 100, "/t", &e);
	want_error(ok, &e, FAIL_NONE, "");
	want_u64("libfdt's answer", 0, (uint64_t)fdt_setprop_u32(t.blob, 0, "c", 7));
	ok = tree_pack(&t, &out, &e);
	want_error(ok, &e, FAIL_NONE, "");
	want_text("tree", "@1000+1000; / { c = <7>; a = <1>; node { b = \"x\"; }; };",
		  note_print(out.p, buf, sizeof(buf)));
	want_text("the original", NOTE, note_print(good.p, buf, sizeof(buf)));
	tree_free(&t);
	CASE("open: out of memory");
	unit_memory(0);
	e = (struct error){ 0 };
	ok = tree_open(&t, good, 100, "/t", &e);
	unit_memory(-1);
	want_error(ok, &e, FAIL_MEMORY, "go on: out of memory");
	tree_free(&t);
	CASE("libfdt's answer becomes a sentence");
	e = (struct error){ 0 };
	ok = tree_fail("/t", "write", -FDT_ERR_NOSPACE, &e);
	want_error(ok, &e, FAIL_TREE, "write the device tree: FDT_ERR_NOSPACE: /t");
	note_free(&good);
}

static void addresses(void)
{
	struct span s =
		note_tree("/ { four = <89abcdef>; eight = <1234567 89abcdef>; none; two = [0102]; "
			  "twelve = <1 2 3>; };");
	static const struct {
		const char *caption, *name;
		bool ok;
		uint64_t v;
	} addresses[] = {
		{ "of 4 bytes (powernv; kexec-tools reads 8)", "four", true, 0x89abcdef },
		{ "of 8 bytes", "eight", true, 0x123456789abcdef },
		{ "of no bytes", "none", false, 77 },
		{ "of 2 bytes", "two", false, 77 },
		{ "of 12 bytes", "twelve", false, 77 },
		{ "absent", "nothing", false, 77 },
	};
	uint64_t v;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(addresses); i++) {
		CASE("an address %s", addresses[i].caption);
		v = 77;
		want_u64("answer", addresses[i].ok, tree_address(s.p, 0, addresses[i].name, &v));
		want_u64("address", addresses[i].v, v);
	}
	note_free(&s);
}

static void pairs(void)
{
	static const struct {
		const char *caption, *note, *expected;
	} pair_rows[] = {
		{ "2 and 2 cells",
		  "/ { #address-cells = <2>; #size-cells = <2>; reg = <1 2 3 4>; };",
		  "100000002-400000006" },
		{ "2 and 1 cells", "/ { #address-cells = <2>; #size-cells = <1>; reg = <1 2 4>; };",
		  "100000002-100000006" },
		{ "1 and 2 cells", "/ { #address-cells = <1>; #size-cells = <2>; reg = <2 1 4>; };",
		  "2-100000006" },
		{ "1 and 1 cells", "/ { #address-cells = <1>; #size-cells = <1>; reg = <2 4>; };",
		  "2-6" },
		{ "cells not said: 1 and 1, as Linux has it, not libfdt", "/ { reg = <2 4>; };",
		  "2-6" },
		{ "all pairs (kexec-tools reads the first)",
		  "/ { #address-cells = <1>; #size-cells = <1>; reg = <10 8 20 8 30 8>; };",
		  "10-18, 20-28, 30-38" },
		{ "a pair cut short is not looked at",
		  "/ { #address-cells = <1>; #size-cells = <1>; reg = <10 8 20>; };", "10-18" },
		{ "a pair that wraps ends at the top",
		  "/ { #address-cells = <2>; #size-cells = <2>; reg = <ffffffff fffff000 0 2000>; "
		  "};",
		  "fffffffffffff000-ffffffffffffffff" },
		{ "0 cells of size",
		  "/ { #address-cells = <1>; #size-cells = <0>; reg = <10 8>; };", "" },
		{ "3 cells of address",
		  "/ { #address-cells = <3>; #size-cells = <1>; reg = <1 2 3 4>; };", "" },
		{ "an absurd number of cells",
		  "/ { #address-cells = <ffffffff>; #size-cells = <1>; reg = <1 2>; };", "" },
		{ "a number of cells in 8 bytes is none (1, to a reader of the last four)",
		  "/ { #address-cells = <0 1>; #size-cells = <1>; reg = <2 4>; };", "" },
		{ "the same of a size (1, to a reader of the first four)",
		  "/ { #address-cells = <1>; #size-cells = <1 0>; reg = <2 4>; };", "" },
		{ "empty", "/ { #address-cells = <1>; #size-cells = <1>; reg; };", "" },
		{ "absent", "/ { #address-cells = <1>; #size-cells = <1>; };", "" },
	};
	struct tree_pairs p;
	struct ranges out;
	struct range r;
	struct span s;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(pair_rows); i++) {
		CASE("pairs: %s", pair_rows[i].caption);
		s = note_tree(pair_rows[i].note);
		out = (struct ranges){ 0 };
		for (tree_pairs_of(&p, s.p, 0, 0, "reg"); tree_next_pair(&p, &r);)
			if (!ranges_add(&out, r.start, r.end, "x"))
				abort();
		want_ranges("ranges", pair_rows[i].expected, &out);
		ranges_free(&out);
		note_free(&s);
	}
}

/* Version 16 does not say how long its structure is, and libfdt takes names from behind the
 * strings, which it does not copy.
 */
static void version_16(void)
{
	struct span blob = note_tree("/ { chosen { bootargs = \"x\"; n = <1>; }; };");
	uint8_t *p = (uint8_t *)(uintptr_t)blob.p;
	struct error e = { 0 };
	struct tree t;

	CASE("version 16");
	fdt_set_version(p, 16);
	want_error(tree_check(blob, "/t", &e) && tree_open(&t, blob, 100, "/t", &e), &e, FAIL_NONE,
		   "");
	tree_free(&t);
	CASE("version 16, names behind its strings");
	fdt_set_size_dt_strings(p, 4);
	want_error(tree_check(blob, "/t", &e) && tree_open(&t, blob, 100, "/t", &e), &e, FAIL_TREE,
		   "use the device tree: FDT_ERR_BADOFFSET: /t");
	tree_free(&t);
	note_free(&blob);
}

void test_tree(void)
{
	version_16();
	checks();
	cuts();
	padding();
	opens_and_packs();
	addresses();
	pairs();
}
