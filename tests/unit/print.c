/* SPDX-License-Identifier: MIT */
#include "unit.h"

#include "src/plan/print.h"

static void whole(void)
{
	static const char *const lines[] = {
		"arm64 machine, Linux 6.12.0\n1 GiB of RAM, 1008 MiB free, one cell is 1 MiB\n\n",
		"kept     firmware                           1 area, 16 MiB\n",
		"kernel   0x00007fc00000 - 0x00007fcfffff  1 MiB, 4 MiB kept free\n",
		"initrd   0x00007fbf0000 - 0x00007fbf1fff  4.8 KiB, 64 KiB kept free\n",
		"start    0x00007fbe0000, the stub: it passes the tree to the kernel\n",
		"tree     from /small\n",
		"call     kexec_load, 4 segments\n",
		"cmdline  console=ttyAMA0 root=/dev/vda1\n",
	};
	struct strbuf t = STRBUF_GROWING;
	struct error e = { 0 };
	struct small s;
	struct plan p;
	char *line;
	size_t i;

	small_start(&s, SMALL_TREE);
	if (!plan_make(&s.r, &p, &e))
		abort();
	print_plan(&p, &s.r, &t);
	for (i = 0; i < ARRAY_SIZE(lines); i++) {
		CASE("plan: line \"%.40s...\"", lines[i]);
		want(t.p && strstr(t.p, lines[i]), "it is there");
	}
	CASE("plan: no line of the picture is wider than 80 columns");
	for (line = t.p; line && (line = strchr(line, '|')); line += 66)
		want(line[65] == '|' && line[66] == '\n', "a row has 64 cells");
	strbuf_free(&t);
	plan_free(&p);
	small_end(&s);
}

/* The same machine twice; only where the reasons' strings lie differs, as it does between builds.
 */
static void reasons(void)
{
	static const char strings[2][2][8] = { { "alpha", "beta" }, { "beta", "alpha" } };
	struct strbuf t[2] = { STRBUF_GROWING, STRBUF_GROWING };
	struct error e = { 0 };
	struct small s;
	struct plan p;
	int i;

	CASE("plan: the order of reasons does not depend on where their strings lie");
	for (i = 0; i < 2; i++) {
		small_start(&s, SMALL_TREE);
		s.m.reserved.v[0].what = strings[i][i];
		if (!ranges_add(&s.m.reserved, 0x50000000, 0x50001000, strings[i][!i]))
			abort();
		small_free(&s);
		if (!plan_make(&s.r, &p, &e))
			abort();
		print_plan(&p, &s.r, &t[i]);
		plan_free(&p);
		small_end(&s);
	}
	want(t[0].p && t[1].p && strcmp(t[0].p, t[1].p) == 0, "both print the same");
	strbuf_free(&t[0]);
	strbuf_free(&t[1]);
}

static void json(void)
{
	struct strbuf t = STRBUF_GROWING;
	struct error e = { 0 };
	struct small s;
	struct plan p;

	CASE("json: segments");
	small_start(&s, SMALL_TREE);
	if (!plan_make(&s.r, &p, &e))
		abort();
	print_json(&p, &s.r, &t);
	want(t.p && strstr(t.p,
			   "    { \"piece\": \"kernel\", \"start\": \"0x7fc00000\", \"end\": "
			   "\"0x7fd00000\", \"room_end\": \"0x80000000\", \"bytes\": 1048576 },\n"),
	     "the kernel's is there");
	CASE("json: kept memory with its reason");
	want(t.p && strstr(t.p,
			   "\"keep\": [\n    { \"start\": \"0x40000000\", \"end\": \"0x41000000\", "
			   "\"why\": \"firmware\" }\n  ],\n"),
	     "it is there");
	strbuf_free(&t);
	plan_free(&p);
	small_end(&s);
}

/* What a JSON string makes of these bytes. */
static const struct {
	const char *caption, *bytes, *expected;
} string_rows[] = {
	{ "plain", "a b~", "a b~" },
	{ "nothing", "", "" },
	{ "quotes, backslashes and control characters are escaped", "a=\"b c\" d\\e\tf\x7f",
	  "a=\\\"b c\\\" d\\\\e\\u0009f\\u007f" },
	{ "UTF-8 of two, three and four bytes stays", "\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80",
	  "\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80" },
	{ "the first and last of each length",
	  "\xc2\xa0 \xdf\xbf \xe0\xa0\x80 \xef\xbf\xbf \xf0\x90\x80\x80 \xf4\x8f\xbf\xbf",
	  "\xc2\xa0 \xdf\xbf \xe0\xa0\x80 \xef\xbf\xbf \xf0\x90\x80\x80 \xf4\x8f\xbf\xbf" },
	{ "control characters of C1 are escaped", "\xc2\x9b \xc2\x80 \xc2\x9f",
	  "\\u009b \\u0080 \\u009f" },
	{ "Latin-1 is not UTF-8", "caf\xe9 au", "caf\\u00e9 au" },
	{ "what follows a broken character stays", "\xc3(\xe2\x82", "\\u00c3(\\u00e2\\u0082" },
	{ "the end after the first byte of one", "\xf0", "\\u00f0" },
	{ "a byte that no character starts with", "\x80\xbf\xff\xfe\xf8\xf5\x80\x80\x80",
	  "\\u0080\\u00bf\\u00ff\\u00fe\\u00f8\\u00f5\\u0080\\u0080\\u0080" },
	{ "a longer form than needed", "\xc0\xaf \xc1\xbf \xe0\x9f\xbf \xf0\x8f\xbf\xbf",
	  "\\u00c0\\u00af \\u00c1\\u00bf \\u00e0\\u009f\\u00bf \\u00f0\\u008f\\u00bf\\u00bf" },
	{ "surrogates", "\xed\xa0\x80 \xed\xbf\xbf",
	  "\\u00ed\\u00a0\\u0080 \\u00ed\\u00bf\\u00bf" },
	{ "next to surrogates", "\xed\x9f\xbf \xee\x80\x80", "\xed\x9f\xbf \xee\x80\x80" },
	{ "above the last character", "\xf4\x90\x80\x80", "\\u00f4\\u0090\\u0080\\u0080" },
};

static void strings(void)
{
	char want_line[256];
	struct strbuf line;
	struct error e = { 0 };
	struct strbuf t = STRBUF_GROWING;
	struct small s;
	struct plan p;
	size_t i;

	small_start(&s, SMALL_TREE);
	if (!plan_make(&s.r, &p, &e))
		abort();
	for (i = 0; i < ARRAY_SIZE(string_rows); i++) {
		CASE("json string: %s", string_rows[i].caption);
		p.chosen.cmdline = string_rows[i].bytes;
		print_json(&p, &s.r, &t);
		line = strbuf_fixed(want_line, sizeof(want_line));
		strbuf_printf(&line, "\"cmdline\": \"%s\"\n}\n", string_rows[i].expected);
		want(t.p && strstr(t.p, want_line), "it is escaped so");
		strbuf_free(&t);
	}
	plan_free(&p);
	small_end(&s);
}

/* Of the small machine, changed by `change`; prints text or JSON. */
struct print_row {
	const char *caption;
	void (*change)(struct small *s);
	bool json;
	const char *has, *has_not; /* a line of it; NULL: none is looked for */
};

static const struct overlay two_overlays[] = { { { NULL, 0 }, "a.dtbo" },
					       { { NULL, 0 }, "b\tc.dtbo" } };

static void as_it_is(struct small *s)
{
	(void)s;
}

static void by_the_kernel(struct small *s)
{
	s->r.file_call = true;
	s->r.why = "asked for";
	s->r.cmdline = "a\tb";
}

static void with_overlays(struct small *s)
{
	s->r.overlay = two_overlays;
	s->r.overlays = 2;
}

static void with_one_overlay(struct small *s)
{
	s->r.overlay = two_overlays;
	s->r.overlays = 1;
}

static void with_reason(struct small *s)
{
	s->r.why = "the running kernel has no kexec_file_load";
}

static void in_x0(struct small *s)
{
	s->m.tree_in_x0 = true;
}

static void two_initrds(struct small *s)
{
	s->r.initrd[1] = s->r.initrd[0];
	s->r.initrds = 2;
}

static void without_initrd(struct small *s)
{
	s->r.initrds = 0;
}

static void efi_without_initrd(struct small *s)
{
	small_efi(s);
	s->r.initrds = 0;
	request_complete(&s->r);
}

static void efi_by_the_kernel(struct small *s)
{
	efi_without_initrd(s);
	by_the_kernel(s);
}

static void keep_more(struct small *s)
{
	static const char *const why[] = { "beta", "gamma", "alpha", "beta" };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(why); i++)
		if (!ranges_add(&s->m.reserved, 0x50000000 + i * MIB, 0x50000000 + i * MIB + KIB,
				why[i]))
			abort();
	small_free(s);
}

/* Little is free on its own node, a gigabyte on another. */
static void on_node(struct small *s)
{
	static struct freemap map;

	map = (struct freemap){ .size = 2 * MIB, .zones = 2, .blocks = 1 };
	map.zone[0] = (struct zone){ { SMALL_BASE, SMALL_BASE + GIB, NULL }, 2 * MIB, 0 };
	map.zone[1] = (struct zone){ { 0x800000000, 0x840000000, NULL }, GIB, 3 };
	map.sample[0] = (struct sample){ SMALL_BASE + GIB - 2 * MIB, BLOCK_PAGES };
	s->m.freemap = &map;
}

static const struct print_row print_rows[] = {
	{ "a crash kernel's core header is in the legend", small_crash, false,
	  "S stub  C core header\n", NULL },
	{ "a crash kernel is started by a panic", small_crash, false,
	  "call     kexec_load, 5 segments, to be started by a panic\n", NULL },
	{ "where the load waits", on_node, false,
	  "call     kexec_load, 4 segments, until then in memory of node 3\n", NULL },
	{ "JSON: where the load waits", on_node, true, "  \"stage_node\": 3,\n", NULL },
	{ "JSON: anywhere", as_it_is, true, "cmdline", "stage_node" },
	{ "another has none", as_it_is, false, "S stub\n", "core header" },
	{ "no reason where none is known", as_it_is, false,
	  "call     kexec_load, 4 segments\ncmdline", NULL },
	{ "the reason for this call", with_reason, false,
	  "call     kexec_load, 4 segments\nwhy      the running kernel has no kexec_file_load\n",
	  NULL },
	{ "the tree's overlays, in order and fit for a terminal", with_overlays, false,
	  "tree     from /small, a.dtbo, b?c.dtbo\n", NULL },
	{ "the running kernel passes the tree", in_x0, false,
	  "start    0x00007fc00000, the kernel: the running one passes it the tree\n", "S stub:" },
	{ "the running kernel plans", by_the_kernel, false,
	  "call     kexec_file_load, which places kernel and initrd itself\nwhy      asked for\n"
	  "cmdline  a?b\n",
	  "tree     from" },
	{ "with EFI what nobody gave: secure boot", small_efi, false,
	  "added    linux,uefi-secure-boot = 0 (unknown), which some kernels require\n"
	  "cmdline",
	  "an empty initrd" },
	{ "and an initrd", efi_without_initrd, false,
	  "added    an empty initrd: the next kernel would take EFI's, which is gone\n"
	  "added    linux,uefi-secure-boot",
	  NULL },
	{ "by the running kernel only the initrd", efi_by_the_kernel, false,
	  "why      asked for\nadded    an empty initrd: the next kernel would take EFI's, which "
	  "is "
	  "gone\ncmdline",
	  "uefi-secure-boot" },
	{ "without EFI nothing", as_it_is, false, "cmdline", "added" },
	{ "without initrd and without EFI nothing", without_initrd, false, "cmdline", "added" },
	{ "an initrd whose room is all of its memory", two_initrds, false,
	  "initrd   0x00007fbf0000 - 0x00007fbf1fff  4.8 KiB\n", NULL },
	{ "reasons by name, each once, with all of its areas", keep_more, false,
	  "kept     alpha                              1 area, 1 KiB\n"
	  "kept     beta                               2 areas, 2 KiB\n"
	  "kept     firmware                           1 area, 16 MiB\n"
	  "kept     gamma                              1 area, 1 KiB\n",
	  NULL },
	{ "JSON: a crash kernel's region", small_crash, true,
	  "  \"crash_region\": { \"start\": \"0x60000000\", \"end\": \"0x70000000\" },\n", NULL },
	{ "JSON: none for another", as_it_is, true, "  \"tree_from\": \"/small\",\n  \"cmdline\"",
	  "crash_region" },
	{ "JSON: kept areas, one behind another", keep_more, true,
	  "    { \"start\": \"0x50000000\", \"end\": \"0x50000400\", \"why\": \"beta\" },\n"
	  "    { \"start\": \"0x50100000\"",
	  NULL },
	{ "JSON: what nobody gave", small_efi, true,
	  "  \"tree_from\": \"/small\",\n  \"added\": [\"linux,uefi-secure-boot\"],\n", NULL },
	{ "JSON: all that nobody gave", efi_without_initrd, true,
	  "  \"added\": [\"initrd\", \"linux,uefi-secure-boot\"],\n", NULL },
	{ "JSON: by the running kernel only the initrd", efi_by_the_kernel, true,
	  "  \"added\": [\"initrd\"],\n", NULL },
	{ "JSON: without EFI nothing", as_it_is, true, "cmdline", "added" },
	{ "JSON: an overlay", with_one_overlay, true, "\"overlays\": [\"a.dtbo\"],\n", NULL },
	{ "JSON: two overlays", with_overlays, true,
	  "\"overlays\": [\"a.dtbo\", \"b\\u0009c.dtbo\"],\n", NULL },
	{ "JSON: the running kernel plans", by_the_kernel, true,
	  "  \"syscall\": \"kexec_file_load\",", NULL },
	{ "JSON: the running kernel plans, from no tree and with the words as they are",
	  by_the_kernel, true, "  \"tree_from\": \"\",\n  \"cmdline\": \"a\\u0009b\"\n", NULL },
};

static void prints(void)
{
	const struct print_row *r;
	struct strbuf t = STRBUF_GROWING;
	struct error e;
	struct small s;
	struct plan p;
	size_t overlays;

	for (r = print_rows; r < print_rows + ARRAY_SIZE(print_rows); r++) {
		CASE("print: %s", r->caption);
		small_start(&s, SMALL_TREE);
		r->change(&s);
		/* their bytes are not looked at */
		overlays = s.r.overlays;
		s.r.overlays = 0;
		e = (struct error){ 0 };
		if (!plan_make(&s.r, &p, &e))
			abort();
		s.r.overlays = overlays;
		(r->json ? print_json : print_plan)(&p, &s.r, &t);
		want(t.p && strstr(t.p, r->has), "it is there");
		want(!r->has_not || !strstr(t.p, r->has_not), "the other is not");
		strbuf_free(&t);
		plan_free(&p);
		small_end(&s);
	}
}

void test_print(void)
{
	prints();
	whole();
	reasons();
	json();
	strings();
}
