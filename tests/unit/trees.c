/* What the rest of the program asks a tree, and how a tree is edited: by the contract of dt/tree.h.
 */
#include "unit.h"

#include "dt/tree.h"

#include <libfdt.h>

#define CELLS "#address-cells = <2>; #size-cells = <2>; "

static const struct {
	const char *caption, *note;
	bool xen, spin;
} kinds[] = {
	{ "nothing of it", "/ { cpus { cpu@0 { enable-method = \"psci\"; }; }; };", false, false },
	{ "no CPUs", "/ { };", false, false },
	{ "Xen",
	  "/ { hypervisor { compatible = [78656e2c78656e2d342e31370078656e2c78656e00]; }; };", true,
	  false },
	{ "another hypervisor", "/ { hypervisor { compatible = \"linux,kvm\"; }; };", false,
	  false },
	{ "a hypervisor without a name", "/ { hypervisor { }; };", false, false },
	{ "Xen elsewhere", "/ { a { hypervisor { compatible = \"xen,xen\"; }; }; };", false,
	  false },
	{ "spin-table on the second CPU",
	  "/ { cpus { cpu@0 { }; cpu@1 { enable-method = \"spin-table\"; }; }; };", false, true },
	{ "a method as long as spin-table",
	  "/ { cpus { cpu@0 { enable-method = \"spin-tables\"; }; cpu@1 { enable-method = "
	  "\"spin_table\"; }; cpu@2 { enable-method; }; }; };",
	  false, false },
	{ "spin-table of something else", "/ { a { enable-method = \"spin-table\"; }; };", false,
	  false },
};

static void test_kinds(void)
{
	struct span s;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		CASE("Xen and spin tables: %s", kinds[i].caption);
		s = note_tree(kinds[i].note);
		want_u64("Xen", kinds[i].xen, tree_is_xen(s.p));
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
		   FAIL_TREE, "write reservations of device tree /t: FDT_ERR_NOSPACE");
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
	test_properties();
	test_edits();
}
