/* SPDX-License-Identifier: MIT */
/* What the rest of the program asks a tree, and how a tree is edited: by the contract of dt/tree.h.
 */
#include "unit.h"

#include "dt/tree.h"

#include <libfdt.h>

#define CELLS "#address-cells = <2>; #size-cells = <2>; "

static const struct {
	const char *caption, *note;
	bool xen, spin, stub;
} kinds[] = {
	{ "nothing of it", "/ { cpus { cpu@0 { enable-method = \"psci\"; }; }; };", false, false,
	  false },
	{ "no CPUs", "/ { };", false, false, true },
	{ "/chosen only", "/ { chosen { a { }; }; };", false, false, true },
	{ "another node beside it", "/ { chosen { }; a { }; };", false, false, false },
	{ "Xen",
	  "/ { hypervisor { compatible = [78656e2c78656e2d342e31370078656e2c78656e00]; }; };", true,
	  false, true },
	{ "another hypervisor", "/ { hypervisor { compatible = \"linux,kvm\"; }; };", false, false,
	  false },
	{ "a hypervisor without a name", "/ { hypervisor { }; };", false, false, false },
	{ "Xen elsewhere", "/ { a { hypervisor { compatible = \"xen,xen\"; }; }; };", false, false,
	  false },
	{ "spin-table on the second CPU",
	  "/ { cpus { cpu@0 { }; cpu@1 { enable-method = \"spin-table\"; }; }; };", false, true,
	  false },
	{ "a method as long as spin-table",
	  "/ { cpus { cpu@0 { enable-method = \"spin-tables\"; }; cpu@1 { enable-method = "
	  "\"spin_table\"; }; cpu@2 { enable-method; }; }; };",
	  false, false, false },
	{ "spin-table of something else", "/ { a { enable-method = \"spin-table\"; }; };", false,
	  false, false },
};

static void test_kinds(void)
{
	struct span s;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		CASE("Xen and spin tables: %s", kinds[i].caption);
		s = note_tree(kinds[i].note);
		want_u64("Xen", kinds[i].xen, tree_is_xen(s.p));
		want_u64("stub", kinds[i].stub, tree_is_stub(s.p));
		want_u64("spin table", kinds[i].spin, tree_has_spin_table(s.p));
		note_free(&s);
	}
}

static const struct {
	const char *caption, *note;
	bool says;
} sayings[] = {
	{ "first of all", "/ { a = \"memory\"; b; };", true },
	{ "last of all", "/ { b; c = <1>; a = \"memory\"; n { }; };", true },
	{ "in a child", "/ { n { a = \"memory\"; }; };", false },
	{ "by another name", "/ { b = \"memory\"; };", false },
	{ "as long a word", "/ { a = \"memors\"; };", false },
	{ "a longer word", "/ { a = \"memory2\"; };", false },
	{ "a list that begins with it", "/ { a = [6d656d6f7279007800]; };", false },
	{ "not at all", "/ { };", false },
};

static void test_says(void)
{
	struct span s;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(sayings); i++) {
		CASE("a property that is this string: %s", sayings[i].caption);
		s = note_tree(sayings[i].note);
		want_u64("answer", sayings[i].says, tree_prop_equals(s.p, 0, "a", "memory"));
		/* the kernel does that to seeds */
		if (fdt_getprop(s.p, 0, "b", NULL))
			fdt_nop_property((void *)(uintptr_t)s.p, 0, "b");
		want_u64("without b", sayings[i].says && !strstr(sayings[i].note, "b = "),
			 tree_prop_equals(s.p, 0, "a", "memory"));
		note_free(&s);
	}
}

static const struct {
	const char *caption, *before;
	phys start, end;
	const char *after;
} reserves[] = {
	{ "there is none", "/ { };", 0x1000, 0x2000, "@1000+1000; / { };" },
	{ "the same is there", "@1000+1000; / { };", 0x1000, 0x2000, "@1000+1000; / { };" },
	{ "a larger one is there, the second", "@8000+1000; @0+9000; / { };", 0x1000, 0x2000,
	  "@8000+1000; @0+9000; / { };" },
	{ "one that ends inside", "@1000+fff; / { };", 0x1000, 0x2000,
	  "@1000+fff; @1000+1000; / { };" },
	{ "one that starts inside", "@1001+1000; / { };", 0x1000, 0x2000,
	  "@1001+1000; @1000+1000; / { };" },
	{ "one far below", "@0+10; / { };", 0x1000, 0x2000, "@0+10; @1000+1000; / { };" },
};

static void test_reserve(void)
{
	struct span s;
	struct error e;
	struct tree t;
	char buf[200];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(reserves); i++) {
		CASE("reserve: %s", reserves[i].caption);
		s = note_tree(reserves[i].before);
		e = (struct error){ 0 };
		if (!tree_open(&t, s, 16, "/t", &e))
			abort();
		want_error(
			tree_add_reservation(
				&t, (struct range){ reserves[i].start, reserves[i].end, NULL }, &e),
			&e, FAIL_NONE, "");
		want_text("tree", reserves[i].after, note_print(t.blob, buf, sizeof(buf)));
		tree_free(&t);
		note_free(&s);
	}
	CASE("reserve: no room");
	s = note_tree("@2000+1000; / { };");
	e = (struct error){ 0 };
	if (!tree_open(&t, s, 0, "/t", &e))
		abort();
	want_error(tree_add_reservation(&t, (struct range){ 0x1000, 0x2000, NULL }, &e), &e,
		   FAIL_TREE, "write the device tree: FDT_ERR_NOSPACE: /t");
	tree_free(&t);
	note_free(&s);
}

/* In cells that are none no pair is read. */
static void test_cells(void)
{
	char note[120];
	struct strbuf t;
	struct tree_pairs p;
	struct range r;
	struct span s;
	unsigned a, b;

	for (a = 0; a < 5; a++)
		for (b = 0; b < 5; b++) {
			CASE("pairs: addresses of %u cells, sizes of %u", a, b);
			t = strbuf_fixed(note, sizeof(note));
			strbuf_printf(
				&t,
				"/ { #address-cells = <%u>; #size-cells = <%u>; reg = <1 2 3 4 5 "
				"6 7 8>; };",
				a, b);
			s = note_tree(note);
			tree_pairs_of(&p, s.p, 0, 0, "reg");
			want_u64("a pair", a >= 1 && a <= 2 && b >= 1 && b <= 2,
				 tree_next_pair(&p, &r));
			note_free(&s);
		}
}

#define PATHS                                                                                      \
	"/ { a { b@1 { }; b { c { }; }; }; ab { }; x@2 { y { }; }; w@1@2 { }; aliases { one = "    \
	"\"/a/b\"; two "                                                                           \
	"= "                                                                                       \
	"\"one\"; three = [2f61]; four = <0>; }; };"

static const struct {
	const char *path, *name; /* NULL: none */
} paths[] = {
	{ "/", "" },	      { "//", "" },
	{ "", NULL },	      { "/a", "a" },
	{ "/a/", "a" },	      { "/a/b", "b@1" },
	{ "/a/b@1", "b@1" },  { "//a//b", "b@1" },
	{ "/a/b/c", NULL },   { "/x/y", "y" },
	{ "/x@2/y", "y" },    { "/x@", NULL },
	{ "/w@1", NULL },     { "/w", "w@1@2" },
	{ "/ab", "ab" },      { "/b", NULL },
	{ "/a/b@1/c", NULL }, { "a", NULL },
	{ "one", "b@1" },     { "one/", "b@1" },
	{ "one/c", NULL },    { "on", NULL },
	{ "two", NULL },      { "three", NULL },
	{ "four", NULL },     { "/aliases/one", NULL },
};

/* As libfdt finds them, which says more of some: only an alias of an alias is none here. */
static void test_paths(void)
{
	struct span s = note_tree(PATHS);
	size_t i;
	int node;

	for (i = 0; i < ARRAY_SIZE(paths); i++) {
		CASE("path: \"%s\"", paths[i].path);
		node = tree_path(s.p, paths[i].path, strlen(paths[i].path));
		if (paths[i].name)
			want_text("node", paths[i].name, node < 0 ? NULL : tree_name(s.p, node));
		else
			want_u64("libfdt's error", FDT_ERR_NOTFOUND, (uint64_t)-node);
		if (strcmp(paths[i].path, "two") != 0 && strcmp(paths[i].path, "three") != 0)
			want_u64("libfdt's", paths[i].name != NULL,
				 fdt_path_offset(s.p, paths[i].path) >= 0);
		want_u64("below no node", FDT_ERR_NOTFOUND, (uint64_t)-tree_child(s.p, -1, "a", 1));
	}
	note_free(&s);
}

static const struct {
	const char *caption, *note, *strings; /* each and a | */
} lists[] = {
	{ "absent", "/ { };", "" },
	{ "empty", "/ { a; };", "" },
	{ "one", "/ { a = \"x\"; };", "x|" },
	{ "three, the second empty", "/ { a = [6100006200]; };", "a||b|" },
	{ "the last has no end", "/ { a = [61006262]; };", "a|" },
	{ "none has an end", "/ { a = <61616161>; };", "" },
};

static void test_lists(void)
{
	char buf[40];
	struct strbuf t;
	struct span s, rest;
	const char *string;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(lists); i++) {
		CASE("strings: %s", lists[i].caption);
		s = note_tree(lists[i].note);
		t = strbuf_fixed(buf, sizeof(buf));
		strbuf_printf(&t, "%s", "");
		for (rest = tree_getprop(s.p, 0, "a"); (string = tree_next_string(&rest));)
			strbuf_printf(&t, "%s|", string);
		want_text("all", lists[i].strings, buf);
		string = tree_string(s.p, 0, "a");
		want_u64("a first one", *lists[i].strings != 0, string != NULL);
		note_free(&s);
	}
}

static const struct {
	const char *caption, *note;
	uint32_t first;
	const char *third; /* the name of the first node with phandle 3 */
} phandles[] = {
	{ "none", "/ { a { }; };", 0, NULL },
	{ "of the root, and two alike",
	  "/ { phandle = <2>; a { phandle = <3>; }; b { phandle = <3>; }; };", 2, "a" },
	{ "the old name", "/ { linux,phandle = <3>; };", 3, "" },
	{ "both: the new one", "/ { linux,phandle = <3>; phandle = <4>; };", 4, NULL },
	{ "both, and the new one is no number", "/ { linux,phandle = <3>; phandle = [03]; };", 3,
	  "" },
};

static void test_phandles(void)
{
	struct span s;
	size_t i;
	int node;

	for (i = 0; i < ARRAY_SIZE(phandles); i++) {
		CASE("phandles: %s", phandles[i].caption);
		s = note_tree(phandles[i].note);
		want_u64("of the root", phandles[i].first, tree_phandle(s.p, 0));
		want_u64("libfdt's", phandles[i].first, fdt_get_phandle(s.p, 0));
		node = tree_phandle_node(s.p, 3);
		if (phandles[i].third)
			want_text("of 3", phandles[i].third,
				  node < 0 ? NULL : tree_name(s.p, node));
		else
			want_u64("of 3", FDT_ERR_NOTFOUND, (uint64_t)-node);
		note_free(&s);
	}
}

static const struct {
	const char *caption, *before;
	struct range within, old;
	const char *after;
} drops[] = {
	{ "none", "/ { };", { 0, 0x9000, NULL }, { 0, 0x9000, NULL }, "/ { };" },
	{ "all that lie within",
	  "@1000+1000; @0+1; @8fff+1; @8fff+2; @9000+1; / { };",
	  { 0, 0x9000, NULL },
	  { 0, 0x9000, NULL },
	  "@8fff+2; @9000+1; / { };" },
	{ "of these only what overlaps",
	  "@1000+1000; @2000+1000; @3000+1000; @fff+1; @4000+1; / { };",
	  { 0x1000, 0x4000, NULL },
	  { 0x1fff, 0x3000, NULL },
	  "@3000+1000; @fff+1; @4000+1; / { };" },
	{ "one that wraps stays",
	  "@1000+ffffffffffffffff; / { };",
	  { 0, 0x9000, NULL },
	  { 0, 0x9000, NULL },
	  "@1000+ffffffffffffffff; / { };" },
};

static void test_drops(void)
{
	struct error e = { 0 };
	struct tree t;
	struct span s;
	char buf[200];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(drops); i++) {
		CASE("drop reservations: %s", drops[i].caption);
		s = note_tree(drops[i].before);
		if (!tree_open(&t, s, 0, "/t", &e))
			abort();
		tree_drop_reservations(&t, drops[i].within, drops[i].old);
		want_text("tree", drops[i].after, note_print(t.blob, buf, sizeof(buf)));
		tree_free(&t);
		note_free(&s);
	}
}

/* What is put in a tree, and taken out. */
static void test_properties(void)
{
	struct span s = note_tree("/ { a = <1>; b; n { }; m { }; };"), out = { NULL, 0 };
	struct error e = { 0 };
	struct tree t = { 0 };
	char buf[200];

	CASE("the root has no sibling");
	want_u64("libfdt's error", FDT_ERR_NOTFOUND, (uint64_t)-tree_next_sibling(s.p, 0));
	CASE("put: as long, with and without bytes, stays where it is; longer and new is libfdt's");
	if (!tree_open(&t, s, 200, "/t", &e))
		abort();
	want_u64("a", 0, (uint64_t)tree_setprop(&t, 0, "a", "\0\0\0\3", 4));
	want_u64("b", 0, (uint64_t)tree_setprop(&t, 0, "b", NULL, 0));
	want_u64("c", 0, (uint64_t)tree_setprop(&t, 0, "c", "x", 2));
	want_u64("c", 0, (uint64_t)tree_setprop(&t, 0, "c", "longer", 7));
	want(tree_pack(&t, &out, &e), "it is packed");
	want_text("tree", "/ { c = \"longer\"; a = <3>; b; n { }; m { }; };",
		  note_print(out.p, buf, sizeof(buf)));
	CASE("drop: once, twice, and what is not there");
	want_u64("had", true, tree_nop_prop(&t, 0, "c"));
	want_u64("had", true, tree_nop_prop(&t, 0, "b"));
	want_u64("had", false, tree_nop_prop(&t, 0, "b"));
	want_u64("had", false, tree_nop_prop(&t, -1, "a"));
	want(tree_pack(&t, &out, &e), "it is packed");
	want_text("tree", "/ { a = <3>; n { }; m { }; };", note_print(out.p, buf, sizeof(buf)));
	tree_free(&t);
	note_free(&s);
}

static void test_edits(void)
{
	struct span s = note_tree("/ { a = <1>; b = <2>; n { b = <3>; c; }; };"), out = { NULL, 0 };
	struct error e = { 0 };
	struct tree t;
	char buf[200];
	size_t size;
	bool ok;

	CASE("pack: what was nopped is gone, and so is the room");
	if (!tree_open(&t, s, 4096, "/t", &e))
		abort();
	fdt_nop_property(t.blob, 0, "a");
	fdt_nop_property(t.blob, fdt_path_offset(t.blob, "/n"), "b");
	want_error(tree_pack(&t, &out, &e), &e, FAIL_NONE, "");
	want(out.len <= s.len - 32, "that is 16 bytes each at least");
	want_text("tree", "/ { b = <2>; n { c; }; };", note_print(out.p, buf, sizeof(buf)));
	want(tree_check(out, "/t", &e), "it is sound");

	CASE("grow: the room becomes a part of it");
	size = out.len;
	want_error(tree_grow(&t, 100, &out, &e), &e, FAIL_NONE, "");
	want_u64("bytes", size + 100, out.len);
	want_u64("it says so", out.len, fdt_totalsize(out.p));
	want(!out.p[size] && !out.p[out.len - 1], "they are zeros");
	CASE("grow: out of memory");
	unit_memory(0);
	ok = tree_grow(&t, 100, &out, &e);
	unit_memory(-1);
	want_error(ok, &e, FAIL_MEMORY, "go on: out of memory");
	CASE("grow: beyond 64 MiB");
	e = (struct error){ 0 };
	want_error(tree_grow(&t, TREE_MAX, &out, &e), &e, FAIL_MEMORY, "go on: out of memory");
	tree_free(&t);
	e = (struct error){ 0 };
	if (!tree_open(&t, s, TREE_MAX, "/t", &e))
		abort();
	want_error(tree_grow(&t, 0, &out, &e), &e, FAIL_MEMORY, "go on: out of memory");
	tree_free(&t);
	note_free(&s);
}

void test_trees(void)
{
	test_kinds();
	test_says();
	test_reserve();
	test_cells();
	test_paths();
	test_lists();
	test_phandles();
	test_drops();
	test_properties();
	test_edits();
}
