/* overlay_apply(): a base, an overlay as dtc -@ writes it, what comes of them. The notes cannot
 * have a name with a slash, nor a string list; none is needed.
 */
#include "unit.h"

#include "dt/merge.h"

#include <libfdt.h>

#define BASE                                                                                       \
	"/ { a { phandle = <3>; old = <1>; sub { }; }; b { phandle = <5>; user = <3>; }; "         \
	"__symbols__ { b = \"/b\"; a = \"/a\"; gone = \"/c\"; plain = \"/a/sub\"; }; };"
#define APPLY "apply overlay o.dtbo: "

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
	  "/ { __symbols__ { top = \"/a\"; n = \"/a/n\"; }; a { n { }; }; };", NULL, NULL },
	{ "labels below the root", "/ { };",
	  "/ { f { target-path = \"/\"; __overlay__ { n { }; }; }; __symbols__ { n = "
	  "\"/f/__overlay__/n\"; top = \"/f/__overlay__\"; }; };",
	  "/ { __symbols__ { top = \"/\"; n = \"/n\"; }; n { }; };", NULL, NULL },

	{ "labels of nothing, and none that ends", "/ { a { }; };",
	  "/ { f { target-path = \"/a\"; __overlay__ { x; }; }; __symbols__ { a; b = [2f66]; "
	  "c = \"f\"; d = \"/f\"; }; };",
	  "/ { a { x; }; };", NULL, NULL },
	{ "an empty path", BASE, "/ { f { target-path; __overlay__ { }; }; };", NULL,
	  APPLY "the device tree has no target for its f", "" },
	{ "a phandle that becomes the one that means none", BASE,
	  "/ { f { target-path = \"/a\"; __overlay__ { n { phandle = <fffffffa>; }; }; }; };", NULL,
	  APPLY "its phandles are broken", "" },
	{ "__symbols__: a fragment without a target", BASE,
	  "/ { f { target-path = \"/a\"; __overlay__ { }; }; g { }; __symbols__ { n = "
	  "\"/g/__overlay__/n\"; }; };",
	  NULL, APPLY "its __symbols__ are broken", "" },
	{ "no overlay", BASE, "/ { a { }; };", NULL,
	  APPLY "it is none: no node of it has an __overlay__", "" },
	{ "a base without labels", "/ { a { }; };",
	  "/ { f { target = <ffffffff>; __overlay__ { }; }; __fixups__ { i2c1 = \"/f:target:0\"; "
	  "}; };",
	  NULL, APPLY "the device tree has no label i2c1",
	  "nothing was loaded: the device tree has no __symbols__; build it with dtc -@ and give "
	  "it with --dtb" },
	{ "a label that the base has not", BASE,
	  "/ { f { target = <ffffffff>; __overlay__ { }; }; __fixups__ { i2c1 = \"/f:target:0\"; "
	  "}; };",
	  NULL, APPLY "the device tree has no label i2c1", "" },
	{ "a label of a node that the base has not", BASE,
	  "/ { f { target = <ffffffff>; __overlay__ { }; }; __fixups__ { gone = \"/f:target:0\"; "
	  "}; };",
	  NULL, APPLY "the device tree has no label gone", "" },
	{ "a label of a node without phandle", BASE,
	  "/ { f { target = <ffffffff>; __overlay__ { }; }; __fixups__ { plain = \"/f:target:0\"; "
	  "}; };",
	  NULL, APPLY "the device tree has no label plain", "" },
	{ "a path that the base has not", BASE,
	  "/ { fragment@0 { target-path = \"/c\"; __overlay__ { }; }; };", NULL,
	  APPLY "the device tree has no target for its fragment@0", "" },
	{ "a path without an end", BASE, "/ { f { target-path = [2f61]; __overlay__ { }; }; };",
	  NULL, APPLY "the device tree has no target for its f", "" },
	{ "no target", BASE, "/ { f { __overlay__ { }; }; };", NULL,
	  APPLY "the device tree has no target for its f", "" },
	{ "a target that nothing fixes", BASE,
	  "/ { f { target = <ffffffff>; __overlay__ { }; }; };", NULL,
	  APPLY "the device tree has no target for its f", "" },
	{ "a phandle of three bytes", BASE,
	  "/ { f { target-path = \"/a\"; __overlay__ { n { phandle = [000001]; }; }; }; };", NULL,
	  APPLY "its phandles are broken", "" },
	{ "a phandle that wraps", BASE,
	  "/ { f { target-path = \"/a\"; __overlay__ { n { phandle = <fffffffc>; }; }; }; };", NULL,
	  APPLY "its phandles are broken", "" },
	{ "a node of the base would be renumbered", BASE,
	  "/ { f { target-path = \"/a\"; __overlay__ { phandle = <1>; }; }; };", NULL,
	  APPLY "FDT_ERR_BADPHANDLE", "" },
	{ "__local_fixups__: behind the property's end (libfdt writes there)", BASE,
	  "/ { f { target-path = \"/a\"; __overlay__ { use = <1>; }; }; __local_fixups__ { f { "
	  "__overlay__ { use = <1>; }; }; }; };",
	  NULL, APPLY "its __local_fixups__ are broken", "" },
	{ "__local_fixups__: before everything (libfdt writes there)", BASE,
	  "/ { f { target-path = \"/a\"; __overlay__ { use = <1>; }; }; __local_fixups__ { f { "
	  "__overlay__ { use = <fffffffc>; }; }; }; };",
	  NULL, APPLY "its __local_fixups__ are broken", "" },
	{ "__local_fixups__: a property that is not there", BASE,
	  "/ { f { target-path = \"/a\"; __overlay__ { }; }; __local_fixups__ { f { __overlay__ { "
	  "use = <0>; }; }; }; };",
	  NULL, APPLY "its __local_fixups__ are broken", "" },
	{ "__local_fixups__: a node that is not there", BASE,
	  "/ { f { target-path = \"/a\"; __overlay__ { }; }; __local_fixups__ { g { }; }; };", NULL,
	  APPLY "its __local_fixups__ are broken", "" },
#define FIXUP(places)                                                                              \
	"/ { f { target = <ffffffff>; __overlay__ { }; }; __fixups__ { b = " places "; }; };",     \
		NULL, APPLY "its __fixups__ are broken", ""
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
	{ "__fixups__: a string without an end", BASE, FIXUP("[2f663a]") },
	{ "__fixups__: nothing", BASE, FIXUP("[]") },
	{ "__symbols__: a fragment that is not there", BASE,
	  "/ { f { target-path = \"/a\"; __overlay__ { }; }; __symbols__ { n = "
	  "\"/g/__overlay__/n\"; }; };",
	  NULL, APPLY "its __symbols__ are broken", "" },
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

	CASE("a node 65 deep, which would take the stack in the end");
	strbuf_printf(&n, "/ { f { target-path = \"/a\"; __overlay__ { ");
	for (i = 0; i < 65; i++)
		strbuf_printf(&n, "n { ");
	for (i = 0; i < 65; i++)
		strbuf_printf(&n, "}; ");
	strbuf_printf(&n, "}; }; };");
	overlay = note_tree(note);
	ok = apply(&t, base, overlay, &e);
	want_error(ok, &e, FAIL_TREE, APPLY "FDT_ERR_BADSTRUCTURE");
	tree_free(&t);
	note_free(&overlay);

	CASE("an overlay of more than 256 KiB");
	overlay = note_tree("/ { f { target-path = \"/\"; __overlay__ { }; }; };");
	overlay.len = OVERLAY_MAX + 1;
	ok = apply(&t, base, overlay, &e);
	want_error(ok, &e, FAIL_TREE, APPLY "it has 256 KiB, 256 KiB are the most");
	tree_free(&t);
	note_free(&overlay);
	note_free(&base);
}

/* n nodes called `name` in each other, and what the innermost has. */
static void add_nest(struct strbuf *t, unsigned n, const char *name, const char *has)
{
	unsigned i;

	for (i = 0; i < n; i++)
		strbuf_printf(t, "%s { ", name);
	strbuf_printf(t, "%s", has);
	for (i = 0; i < n; i++)
		strbuf_printf(t, "}; ");
}

#define LONG "n23456789012345678901234567890123456789012345678901"

/* Paths that are too long, nodes that are too deep, and one more allocation each time. */
static void limits(void)
{
	struct strbuf base = STRBUF_GROWING, over = STRBUF_GROWING;
	struct span b, o;
	struct error e;
	struct tree t;
	unsigned i;
	long n;
	bool ok;

	CASE("__local_fixups__: 65 deep");
	strbuf_printf(&over, "/ { f { target-path = \"/a\"; __overlay__ { }; }; ");
	add_nest(&over, 67, "n", "");
	strbuf_printf(&over, "__local_fixups__ { ");
	add_nest(&over, 67, "n", "");
	strbuf_printf(&over, "}; };");
	b = note_tree(BASE);
	o = note_tree(over.p);
	ok = apply(&t, b, o, &e);
	want_error(ok, &e, FAIL_TREE, APPLY "its __local_fixups__ are broken");
	tree_free(&t);
	note_free(&o);

	CASE("out of memory, at each of its allocations");
	o = note_tree("/ { f { target-path = \"/a\"; __overlay__ { x; }; }; };");
	for (n = 0, ok = false; n < 9 && !ok; n++) {
		e = (struct error){ 0 };
		if (!tree_open(&t, b, 0, "base", &e))
			abort();
		unit_memory(n);
		ok = overlay_apply(&t, &(struct overlay){ o, "o.dtbo" }, 100, &e);
		unit_memory(-1);
		want_error(ok, &e, ok ? FAIL_NONE : FAIL_MEMORY, ok ? "" : "go on: out of memory");
		tree_free(&t);
	}
	want(ok && n == 3, "it takes two");
	note_free(&o);
	note_free(&b);

	/* ten names of 51 bytes: a path of 520 */
	for (i = 9; i < 11; i++) {
		CASE("__symbols__: a target %u bytes deep", 52 * i);
		strbuf_free(&base);
		strbuf_free(&over);
		strbuf_printf(&base, "/ { ");
		add_nest(&base, i, LONG, "phandle = <3>; ");
		strbuf_printf(&base, "};");
		strbuf_printf(&over, "/ { f { target = <3>; __overlay__ { }; }; __symbols__ { n = "
				     "\"/f/__overlay__/n\"; }; };");
		b = note_tree(base.p);
		o = note_tree(over.p);
		ok = apply(&t, b, o, &e);
		want_error(ok, &e, i == 9 ? FAIL_NONE : FAIL_TREE,
			   i == 9 ? "" : APPLY "its __symbols__ are broken");
		tree_free(&t);
		note_free(&o);
		note_free(&b);
	}
	for (i = 511; i < 513; i++) {
		CASE("__symbols__: %u bytes below its target", i);
		strbuf_free(&over);
		strbuf_printf(&over,
			      "/ { f { target-path = \"/a\"; __overlay__ { }; }; __symbols__ { n "
			      "= \"/f/__overlay__/");
		for (n = 1; n < (long)i; n++)
			strbuf_printf(&over, "n");
		strbuf_printf(&over, "\"; }; };");
		b = note_tree(BASE);
		o = note_tree(over.p);
		ok = apply(&t, b, o, &e);
		want_error(ok, &e, i == 511 ? FAIL_NONE : FAIL_TREE,
			   i == 511 ? "" : APPLY "its __symbols__ are broken");
		tree_free(&t);
		note_free(&o);
		note_free(&b);
	}
	strbuf_free(&base);
	strbuf_free(&over);
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
	char buf[2000];
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
	limits();
	random_bytes();
}
