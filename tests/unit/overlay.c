/* SPDX-License-Identifier: MIT */
/* overlay_apply(): a base, an overlay as dtc -@ writes it, what comes of them. The notes cannot
 * have a name with a slash, nor a string list; none is needed.
 */
#include "unit.h"

#include "dt/overlay.h"

#include <libfdt.h>

#define BASE                                                                                       \
	"/ { a { phandle = <3>; old = <1>; sub { }; }; b { phandle = <5>; user = <3>; }; "         \
	"__symbols__ { b = \"/b\"; a = \"/a\"; gone = \"/c\"; plain = \"/a/sub\"; }; };"
#define APPLY(why) "apply the overlay: " why ": o.dtbo"

#define N52    "n23456789012345678901234567890123456789012345678901"
#define N5     N52 " { " N52 " { " N52 " { " N52 " { " N52 " { "
#define CLOSE5 "}; }; }; }; }; "
#define LONG   N5 N5 N5 N5
#define CLOSE  CLOSE5 CLOSE5 CLOSE5 CLOSE5
#define P5     "/" N52 "/" N52 "/" N52 "/" N52 "/" N52
#define PATH   P5 P5 P5 P5

static const struct row {
	const char *caption, *base, *overlay, *expected;
	const char *sentence, *hint; /* NULL: it is applied */
} rows[] = {
	{ "by path: properties new and changed, nodes new and there",
	  "/ { a { old = <1>; sub { x; }; }; };",
	  "/ { fragment@0 { target-path = \"/a\"; __overlay__ { old = <2>; new; sub { y; }; n { z; "
	  "}; }; }; };",
	  "/ { a { new; old = <2>; n { z; }; sub { y; x; }; }; };", NULL, NULL },
	{ "the root", "/ { a; };", "/ { f { target-path = \"/\"; __overlay__ { n { }; }; }; };",
	  "/ { a; n { }; };", NULL, NULL },
	{ "a target of 0: by path", "/ { a; };",
	  "/ { f { target = <0>; target-path = \"/\"; __overlay__ { n { }; }; }; };",
	  "/ { a; n { }; };", NULL, NULL },
	{ "a target of 0, and no path", "/ { a; };", "/ { f { target = <0>; __overlay__ { }; }; };",
	  NULL, APPLY("no target for its f"), "" },
	{ "by label", BASE,
	  "/ { f { target = <ffffffff>; __overlay__ { x; }; }; __fixups__ { b = \"/f:target:0\"; "
	  "}; };",
	  "/ { a { phandle = <3>; old = <1>; sub { }; }; b { x; phandle = <5>; user = <3>; }; "
	  "__symbols__ { b = \"/b\"; a = \"/a\"; gone = \"/c\"; plain = \"/a/sub\"; }; };",
	  NULL, NULL },
	{ "its own phandles move above the base's, and so do their uses",
	  "/ { a { phandle = <3>; }; };",
	  "/ { f { target-path = \"/\"; __overlay__ { n { phandle = <1>; }; m { use = <9 1>; }; }; "
	  "}; __local_fixups__ { f { __overlay__ { m { use = <4>; }; }; }; }; };",
	  "/ { m { use = <9 4>; }; n { phandle = <4>; }; a { phandle = <3>; }; };", NULL, NULL },
	{ "a use inside of bytes, at no multiple of 4", "/ { a { phandle = <3>; }; };",
	  "/ { f { target-path = \"/\"; __overlay__ { use = [ff00000001ff]; n { phandle = <1>; }; "
	  "}; }; __local_fixups__ { f { __overlay__ { use = <1>; }; }; }; };",
	  "/ { use = [ff00000004ff]; n { phandle = <4>; }; a { phandle = <3>; }; };", NULL, NULL },
	{ "its labels are the base's from now on", "/ { a { }; };",
	  "/ { f { target-path = \"/a\"; __overlay__ { n { }; }; }; __symbols__ { n = "
	  "\"/f/__overlay__/n\"; top = \"/f/__overlay__\"; not = \"/n\"; }; };",
	  "/ { __symbols__ { top = \"/a/\"; n = \"/a/n\"; }; a { n { }; }; };", NULL, NULL },
	{ "labels below the root", "/ { };",
	  "/ { f { target-path = \"/\"; __overlay__ { n { }; }; }; __symbols__ { n = "
	  "\"/f/__overlay__/n\"; top = \"/f/__overlay__\"; }; };",
	  "/ { __symbols__ { top = \"/\"; n = \"/n\"; }; n { }; };", NULL, NULL },

	{ "labels of nothing in particular", "/ { a { }; };",
	  "/ { f { target-path = \"/a\"; __overlay__ { x; }; }; __symbols__ { c = "
	  "\"/f/__overlay__x\"; d = \"/f\"; }; };",
	  "/ { __symbols__ { }; a { x; }; };", NULL, NULL },
	{ "a second fragment whose target is new", "/ { a { }; };",
	  "/ { f { target-path = \"/a\"; __overlay__ { n { }; }; }; g { target-path = \"/a/n\"; "
	  "__overlay__ { x; }; }; };",
	  "/ { a { n { x; }; }; };", NULL, NULL },
	{ "a node with nothing to lay over, and a label with two places", BASE,
	  "/ { g { x; }; f { target = <ffffffff>; __overlay__ { use = <0>; }; }; __fixups__ { b = "
	  "[2f663a7461726765743a30002f662f5f5f6f7665726c61795f5f3a7573653a3000]; }; };",
	  "/ { a { phandle = <3>; old = <1>; sub { }; }; b { use = <5>; phandle = <5>; user = <3>; "
	  "}; __symbols__ { b = \"/b\"; a = \"/a\"; gone = \"/c\"; plain = \"/a/sub\"; }; };",
	  NULL, NULL },
	{ "one whose target is another's node, by its phandle", "/ { a { phandle = <3>; }; };",
	  "/ { f { target-path = \"/a\"; __overlay__ { n { phandle = <1>; }; }; }; g { target = "
	  "<1>; __overlay__ { x; }; }; __local_fixups__ { g { target = <0>; }; }; };",
	  "/ { a { phandle = <3>; n { x; phandle = <4>; }; }; };", NULL, NULL },
	{ "a name without a unit address finds one with", "/ { a@1 { }; };",
	  "/ { f { target-path = \"/a\"; __overlay__ { x; }; }; };", "/ { a@1 { x; }; };", NULL,
	  NULL },
	{ "a node of the base that has a phandle keeps it, and what uses it follows", BASE,
	  "/ { f { target-path = \"/\"; __overlay__ { a { phandle = <1>; }; n { phandle = <2>; }; "
	  "m { use = <1 2>; }; }; }; __local_fixups__ { f { __overlay__ { m { use = <0 4>; }; "
	  "}; }; }; };",
	  "/ { m { use = <3 7>; }; n { phandle = <7>; }; a { phandle = <3>; old = <1>; sub { }; }; "
	  "b { phandle = <5>; user = <3>; }; __symbols__ { b = \"/b\"; a = \"/a\"; gone = "
	  "\"/c\"; plain = \"/a/sub\"; }; };",
	  NULL, NULL },
	{ "the same by labels, of which one comes first and one has the old name", BASE,
	  "/ { f { target = <ffffffff>; __overlay__ { linux,phandle = <1>; x; }; }; g { target = "
	  "<ffffffff>; __overlay__ { phandle = <2>; use = <1 2 9>; sub { use = <2 1>; }; }; }; "
	  "__fixups__ { b = \"/f:target:0\"; a = \"/g:target:0\"; }; __local_fixups__ { g { "
	  "__overlay__ { use = <0 4>; sub { use = <0 4>; }; }; }; }; };",
	  "/ { a { use = <5 3 9>; phandle = <3>; old = <1>; sub { use = <3 5>; }; }; b { x; phandle = "
	  "<5>; user = <3>; }; __symbols__ { b = \"/b\"; a = \"/a\"; gone = \"/c\"; plain = "
	  "\"/a/sub\"; }; };",
	  NULL, NULL },
	{ "by an alias", "/ { a { b { }; }; aliases { x = \"/a\"; }; };",
	  "/ { f { target-path = \"x/b\"; __overlay__ { y; }; }; __symbols__ { x = \"/g\"; }; };",
	  "/ { __symbols__ { }; a { b { y; }; }; aliases { x = \"/a\"; }; };", NULL, NULL },
	{ "a label at the end of a long path: more room is made",
	  "/ { " LONG "phandle = <3>; " CLOSE "};",
	  "/ { f { target = <3>; __overlay__ { }; }; __symbols__ { n = \"/f/__overlay__/n\"; }; };",
	  "/ { __symbols__ { n = \"" PATH "/n\"; }; " LONG "phandle = <3>; " CLOSE "};", NULL,
	  NULL },
	{ "an empty path", BASE, "/ { f { target-path; __overlay__ { }; }; };", NULL,
	  APPLY("no target for its f"), "" },
	{ "a phandle that becomes the one that means none", BASE,
	  "/ { f { target-path = \"/a\"; __overlay__ { n { phandle = <fffffffa>; }; }; }; };", NULL,
	  APPLY("corrupt phandles"), "" },
	{ "__symbols__: a fragment without a target", BASE,
	  "/ { f { target-path = \"/a\"; __overlay__ { }; }; g { }; __symbols__ { n = "
	  "\"/g/__overlay__/n\"; }; };",
	  NULL, APPLY("corrupt __symbols__"), "" },
	{ "no overlay", BASE, "/ { a { }; };", NULL, APPLY("not an overlay: no __overlay__ node"),
	  "" },
	{ "a base without labels", "/ { a { }; };",
	  "/ { f { target = <ffffffff>; __overlay__ { }; }; __fixups__ { i2c1 = \"/f:target:0\"; "
	  "}; };",
	  NULL, APPLY("no label i2c1 in the device tree"),
	  "nothing was loaded: the device tree has no __symbols__; build it with dtc -@ and give "
	  "it with --dtb" },
	{ "a label that the base has not", BASE,
	  "/ { f { target = <ffffffff>; __overlay__ { }; }; __fixups__ { i2c1 = \"/f:target:0\"; "
	  "}; };",
	  NULL, APPLY("no label i2c1 in the device tree"), "" },
	{ "a label of a node that the base has not", BASE,
	  "/ { f { target = <ffffffff>; __overlay__ { }; }; __fixups__ { gone = \"/f:target:0\"; "
	  "}; };",
	  NULL, APPLY("no label gone in the device tree"), "" },
	{ "a label of a node without phandle", BASE,
	  "/ { f { target = <ffffffff>; __overlay__ { }; }; __fixups__ { plain = \"/f:target:0\"; "
	  "}; };",
	  NULL, APPLY("no label plain in the device tree"), "" },
	{ "a path that the base has not", BASE,
	  "/ { fragment@0 { target-path = \"/c\"; __overlay__ { }; }; };", NULL,
	  APPLY("no target for its fragment@0"), "" },
	{ "a path without an end", BASE, "/ { f { target-path = [2f61]; __overlay__ { }; }; };",
	  NULL, APPLY("no target for its f"), "" },
	{ "no target", BASE, "/ { f { __overlay__ { }; }; };", NULL, APPLY("no target for its f"),
	  "" },
	{ "a target that nothing fixes", BASE,
	  "/ { f { target = <ffffffff>; __overlay__ { }; }; };", NULL, APPLY("no target for its f"),
	  "" },
	{ "a phandle of three bytes", BASE,
	  "/ { f { target-path = \"/a\"; __overlay__ { n { phandle = [000001]; }; }; }; };", NULL,
	  APPLY("corrupt phandles"), "" },
	{ "a phandle that wraps", BASE,
	  "/ { f { target-path = \"/a\"; __overlay__ { n { phandle = <fffffffc>; }; }; }; };", NULL,
	  APPLY("corrupt phandles"), "" },
	{ "a phandle that means none", BASE,
	  "/ { f { target-path = \"/a\"; __overlay__ { n { linux,phandle = <0>; }; }; }; };", NULL,
	  APPLY("corrupt phandles"), "" },
	{ "a phandle in a table", BASE,
	  "/ { f { target-path = \"/a\"; __overlay__ { }; }; __symbols__ { phandle = <2f666700>; "
	  "}; "
	  "};",
	  NULL, APPLY("corrupt phandles"), "" },
	{ "a target of eight bytes", BASE, "/ { f { target = <3 3>; __overlay__ { }; }; };", NULL,
	  APPLY("no target for its f"), "" },
	{ "a target of three bytes", BASE, "/ { f { target = [000003]; __overlay__ { }; }; };",
	  NULL, APPLY("no target for its f"), "" },
	{ "by an alias that is not there", BASE,
	  "/ { f { target-path = \"x\"; __overlay__ { }; }; };", NULL, APPLY("no target for its f"),
	  "" },
	{ "by an alias of an alias (libfdt before 1.7.1 goes in circles)",
	  "/ { aliases { x = \"x\"; }; };", "/ { f { target-path = \"x\"; __overlay__ { }; }; };",
	  NULL, APPLY("no target for its f"), "" },
	{ "by an alias that a fragment changes", "/ { a { }; aliases { x = \"/a\"; }; };",
	  "/ { f { target-path = \"/aliases\"; __overlay__ { x = \"x\"; }; }; g { target-path = "
	  "\"x\"; __overlay__ { }; }; };",
	  NULL, APPLY("no target for its g"), "" },
	{ "__symbols__: no path", BASE,
	  "/ { f { target-path = \"/a\"; __overlay__ { }; }; __symbols__ { n = \"f\"; }; };", NULL,
	  APPLY("corrupt __symbols__"), "" },
	{ "__symbols__: nothing", BASE,
	  "/ { f { target-path = \"/a\"; __overlay__ { }; }; __symbols__ { n; }; };", NULL,
	  APPLY("corrupt __symbols__"), "" },
	{ "__symbols__: a string without an end", BASE,
	  "/ { f { target-path = \"/a\"; __overlay__ { }; }; __symbols__ { n = [2f66]; }; };", NULL,
	  APPLY("corrupt __symbols__"), "" },
#define LOCAL(fixups)                                                                              \
	"/ { f { target-path = \"/a\"; __overlay__ { use = <1>; }; }; __symbols__ { x = "          \
	"\"/f/y\"; "                                                                               \
	"}; __local_fixups__ { " fixups " }; };",                                                  \
		NULL, APPLY("corrupt __local_fixups__"), ""
	{ "__local_fixups__: the end of a target's path", BASE,
	  LOCAL("f { target-path = <0>; };") },
	{ "__local_fixups__: itself", BASE,
	  LOCAL("__local_fixups__ { f { use = <0>; }; }; f { use = <0>; };") },
	{ "__local_fixups__: a label's path", BASE, LOCAL("__symbols__ { x = <0>; };") },
	{ "__local_fixups__: a phandle", BASE,
	  "/ { f { target-path = \"/a\"; __overlay__ { n { phandle = <1>; }; }; }; "
	  "__local_fixups__ { f { __overlay__ { n { phandle = <0>; }; }; }; }; };",
	  NULL, APPLY("corrupt phandles"), "" },
	{ "__local_fixups__: an offset of three bytes", BASE,
	  LOCAL("f { __overlay__ { use = [000000]; }; };") },
	{ "__local_fixups__: no offset, of no property", BASE,
	  LOCAL("f { __overlay__ { none; }; };") },
	{ "__local_fixups__: behind the property's end (libfdt writes there)", BASE,
	  "/ { f { target-path = \"/a\"; __overlay__ { use = <1>; }; }; __local_fixups__ { f { "
	  "__overlay__ { use = <1>; }; }; }; };",
	  NULL, APPLY("corrupt __local_fixups__"), "" },
	{ "__local_fixups__: before everything (libfdt writes there)", BASE,
	  "/ { f { target-path = \"/a\"; __overlay__ { use = <1>; }; }; __local_fixups__ { f { "
	  "__overlay__ { use = <fffffffc>; }; }; }; };",
	  NULL, APPLY("corrupt __local_fixups__"), "" },
	{ "__local_fixups__: a property that is not there", BASE,
	  "/ { f { target-path = \"/a\"; __overlay__ { }; }; __local_fixups__ { f { __overlay__ { "
	  "use = <0>; }; }; }; };",
	  NULL, APPLY("corrupt __local_fixups__"), "" },
	{ "__local_fixups__: a node that is not there", BASE,
	  "/ { f { target-path = \"/a\"; __overlay__ { }; }; __local_fixups__ { g { }; }; };", NULL,
	  APPLY("corrupt __local_fixups__"), "" },
#define FIXUP(places)                                                                              \
	"/ { f { target = <ffffffff>; __overlay__ { }; }; __fixups__ { b = " places "; }; };",     \
		NULL, APPLY("corrupt __fixups__"), ""
	{ "__fixups__: an offset of four bytes before (libfdt writes there)", BASE,
	  FIXUP("\"/f:target:4294967292\"") },
	{ "__fixups__: a negative offset", BASE, FIXUP("\"/f:target:-4\"") },
	{ "__fixups__: behind the end", BASE, FIXUP("\"/f:target:1\"") },
	{ "__fixups__: no offset", BASE, FIXUP("\"/f:target:\"") },
	{ "__fixups__: one colon", BASE, FIXUP("\"/f:target\"") },
	{ "__fixups__: no colon", BASE, FIXUP("\"/f\"") },
	{ "__fixups__: junk behind", BASE, FIXUP("\"/f:target:0x\"") },
	{ "__fixups__: no such property", BASE, FIXUP("\"/f:tar:0\"") },
	{ "__fixups__: no such node", BASE, FIXUP("\"/g:target:0\"") },
	{ "__fixups__: no path", BASE, FIXUP("\"f:target:0\"") },
	{ "__fixups__: itself", BASE, FIXUP("\"/__fixups__:b:0\"") },
	{ "__fixups__: a phandle", BASE, FIXUP("\"/f/__overlay__:phandle:0\"") },
	{ "__fixups__: an old phandle", BASE, FIXUP("\"/f/__overlay__:linux,phandle:0\"") },
#define PHANDLE(name)                                                                              \
	"/ { f { target-path = \"/a\"; __overlay__ { n { " name " = <1>; }; }; }; "                \
	"__fixups__ { b = \"/f/__overlay__/n:" name ":0\"; }; };",                                 \
		NULL, APPLY("corrupt __fixups__"), ""
	{ "__fixups__: a phandle that is there", BASE, PHANDLE("phandle") },
	{ "__fixups__: an old phandle that is there", BASE, PHANDLE("linux,phandle") },
	{ "__fixups__: no such property, as long as one", BASE, FIXUP("\"/f:target-bath:0\"") },
	{ "__fixups__: a string without an end", BASE, FIXUP("[2f663a]") },
	{ "__fixups__: nothing", BASE, FIXUP("[]") },
	{ "__symbols__: a fragment that is not there", BASE,
	  "/ { f { target-path = \"/a\"; __overlay__ { }; }; __symbols__ { n = "
	  "\"/g/__overlay__/n\"; }; };",
	  NULL, APPLY("corrupt __symbols__"), "" },
};

static bool apply(struct tree *t, struct span base, struct span overlay, struct error *e)
{
	const struct overlay o = { overlay, "o.dtbo" };

	*e = (struct error){ 0 };
	return tree_open(t, base, 0, "base", e) && overlay_apply(t, &o, 100, e);
}

static void deep(void)
{
	static char note[4000];
	struct strbuf n = strbuf_fixed(note, sizeof(note));
	struct span base = note_tree(BASE), overlay;
	struct error e;
	struct tree t;
	int i;
	bool ok;

	CASE("nodes 65 deep, which would take the stack in the end");
	strbuf_printf(&n, "/ { f { target-path = \"/a\"; __overlay__ { ");
	for (i = 0; i < 63; i++)
		strbuf_printf(&n, "n { ");
	for (i = 0; i < 63; i++)
		strbuf_printf(&n, "}; ");
	strbuf_printf(&n, "}; }; };");
	overlay = note_tree(note);
	ok = apply(&t, base, overlay, &e);
	want_error(ok, &e, FAIL_TREE, APPLY("nodes nest deeper than 64"));
	tree_free(&t);
	note_free(&overlay);

	CASE("an overlay of more than 64 KiB");
	overlay = note_tree("/ { f { target-path = \"/\"; __overlay__ { }; }; };");
	overlay.len = OVERLAY_MAX + 1;
	ok = apply(&t, base, overlay, &e);
	want_error(ok, &e, FAIL_TREE, APPLY("64 KiB, 64 KiB are the most"));
	tree_free(&t);
	note_free(&overlay);
	note_free(&base);

	CASE("a label whose path libfdt never has room for: in a node without a name");
	base = note_tree("/ { x { a { phandle = <3>; }; }; };");
	*(char *)(uintptr_t)tree_name(base.p, tree_first_child(base.p, 0)) = '\0';
	overlay = note_tree("/ { f { target = <3>; __overlay__ { }; }; __symbols__ { n = "
			    "\"/f/__overlay__/n\"; }; };");
	ok = apply(&t, base, overlay, &e);
	want_error(ok, &e, FAIL_TREE, APPLY("labels make the tree too large"));
	tree_free(&t);
	note_free(&overlay);
	note_free(&base);
}

/* One more allocation each time. */
static void memory(void)
{
	struct span b = note_tree(BASE),
		    o = note_tree("/ { f { target-path = \"/a\"; __overlay__ { x; }; }; };");
	struct error e;
	struct tree t;
	bool ok = false;
	long n;

	CASE("out of memory, at each of its allocations: the tree stays as it was");
	for (n = 0; n < 9 && !ok; n++) {
		e = (struct error){ 0 };
		if (!tree_open(&t, b, 0, "base", &e))
			abort();
		unit_memory(n);
		ok = overlay_apply(&t, &(struct overlay){ o, "o.dtbo" }, 100, &e);
		unit_memory(-1);
		want_error(ok, &e, ok ? FAIL_NONE : FAIL_MEMORY, ok ? "" : "go on: out of memory");
		if (!ok)
			want_bytes("tree", b.p, t.blob, b.len);
		tree_free(&t);
	}
	want(ok && n == 4, "it takes three");
	note_free(&o);
	note_free(&b);
}

/* Any byte may be any other: a sentence or a sound tree. */
static void random_bytes(void)
{
	struct span base = note_tree(BASE),
		    good = note_tree("/ { f { target = <ffffffff>; __overlay__ { use = <1 1>; n { "
				     "phandle = <1>; }; }; }; __fixups__ { b = \"/f:target:0\"; }; "
				     "__symbols__ { n = \"/f/__overlay__/n\"; }; __local_fixups__ "
				     "{ f { __overlay__ { use = <0 4>; }; }; }; };");
	uint8_t *bytes = malloc(good.len);
	unsigned k, n, applied = 0;
	struct error e;
	struct tree t;
	struct span out;

	CASE("5000 damaged overlays: applied to a sound tree, or refused");
	unit_random_start(6);
	for (k = 0; k < 5000 && bytes; k++) {
		memcpy(bytes, good.p, good.len);
		for (n = (unsigned)(unit_random() % 4); n--;)
			bytes[unit_random() % good.len] = (uint8_t)unit_random();
		e = (struct error){ 0 };
		if (!tree_check((struct span){ bytes, good.len }, "o", &e))
			continue;
		if (apply(&t, base, (struct span){ bytes, good.len }, &e)) {
			applied++;
			want(tree_pack(&t, &out, &e) && tree_check(out, "out", &e),
			     "the tree is sound");
		}
		tree_free(&t);
	}
	want(applied > 500, "many are applied");
	free(bytes);
	note_free(&base);
	note_free(&good);
}

void test_overlay(void)
{
	char buf[4000];
	struct error e;
	struct tree t;
	size_t i;
	bool ok;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct row *r = &rows[i];
		struct span base = note_tree(r->base), overlay = note_tree(r->overlay);

		CASE("overlay: %s", r->caption);
		ok = apply(&t, base, overlay, &e);
		want_error(ok, &e, r->sentence ? FAIL_TREE : FAIL_NONE,
			   r->sentence ? r->sentence : "");
		if (ok)
			want_text("tree", r->expected, note_print(t.blob, buf, sizeof(buf)));
		else if (r->hint)
			want_hint(&e, r->hint);
		tree_free(&t);
		note_free(&base);
		note_free(&overlay);
	}
	deep();
	memory();
	random_bytes();
}
