/* SPDX-License-Identifier: MIT */
#include "unit.h"

#include "dt/flatten.h"

#include <libfdt.h>
#include <stdio.h>

static void drop(struct span *s)
{
	free((void *)(uintptr_t)s->p);
	*s = (struct span){ NULL, 0 };
}

static struct span bytes(const char *s)
{
	return (struct span){ (const uint8_t *)s, strlen(s) + 1 };
}

static void order(void)
{
	struct error e = { 0 };
	struct flatten f;
	struct span out = { NULL, 0 };
	char buf[300];
	bool ok;

	CASE("what is pushed comes out, in that order, with reservations");
	ok = flatten_start(&f, "/t", &e) && flatten_reserve(&f, 0x1000, 0x2000, &e) &&
	     flatten_reserve(&f, 0xfffffffff000, 0x1000, &e) && flatten_begin(&f, "", &e) &&
	     flatten_property(&f, "model", bytes("box"), &e) &&
	     flatten_property(&f, "zero", (struct span){ NULL, 0 }, &e) &&
	     flatten_begin(&f, "cpus", &e) && flatten_begin(&f, "cpu@0", &e) &&
	     flatten_property(&f, "reg", (struct span){ (const uint8_t *)"\0\0\0\1", 4 }, &e) &&
	     flatten_end(&f, &e) && flatten_end(&f, &e) && flatten_begin(&f, "memory@0", &e) &&
	     flatten_end(&f, &e) && flatten_end(&f, &e) && flatten_finish(&f, &out, &e);
	want_error(ok, &e, FAIL_NONE, "");
	if (ok) {
		want_text("tree",
			  "@1000+2000; @fffffffff000+1000; / { model = \"box\"; zero; "
			  "cpus { cpu@0 { reg = <1>; }; }; memory@0 { }; };",
			  note_print(out.p, buf, sizeof(buf)));
		want(tree_check(out, "/t", &e), "the tree is sound");
	}
	flatten_free(&f);
	drop(&out);
	CASE("an empty tree");
	ok = flatten_start(&f, "/t", &e) && flatten_begin(&f, "", &e) && flatten_end(&f, &e) &&
	     flatten_finish(&f, &out, &e);
	want_error(ok, &e, FAIL_NONE, "");
	if (ok)
		want_text("tree", "/ { };", note_print(out.p, buf, sizeof(buf)));
	flatten_free(&f);
	drop(&out);
	CASE("free: twice does no harm");
	flatten_free(&f);
	want(!f.names && !f.structure.p, "it is empty");
}

static bool nest(struct flatten *f, unsigned depth, struct span *out, struct error *e)
{
	unsigned i;

	if (!flatten_start(f, "/t", e))
		return false;
	for (i = 0; i < depth; i++)
		if (!flatten_begin(f, i ? "n" : "", e))
			return false;
	for (i = 0; i < depth; i++)
		if (!flatten_end(f, e))
			return false;
	return flatten_finish(f, out, e);
}

static void depths(void)
{
	struct error e = { 0 };
	struct flatten f;
	struct span out = { NULL, 0 };

	CASE("depth 64");
	want_error(nest(&f, 64, &out, &e), &e, FAIL_NONE, "");
	flatten_free(&f);
	drop(&out);
	CASE("depth 65 is refused");
	want_error(nest(&f, 65, &out, &e), &e, FAIL_TREE,
		   "read the device tree: nodes nest deeper than 64: /t");
	flatten_free(&f);
	drop(&out);
}

static void sizes(void)
{
	const size_t big = 20u << 20;
	struct error e = { 0 };
	struct flatten f;
	struct span out = { NULL, 0 }, value = { calloc(1, big), big };
	char name[40];
	unsigned i;
	int len;
	bool ok;

	CASE("2000 names, 40 KiB of them (kexec-tools had room for 16 KiB)");
	ok = flatten_start(&f, "/t", &e) && flatten_begin(&f, "", &e);
	for (i = 0; ok && i < 2000; i++) {
		snprintf(name, sizeof(name), "property-of-number-%u", i);
		ok = flatten_property(&f, name, bytes(name), &e);
	}
	ok = ok && flatten_end(&f, &e) && flatten_finish(&f, &out, &e);
	want_error(ok, &e, FAIL_NONE, "");
	if (ok) {
		want_text("the last one", "property-of-number-1999",
			  fdt_getprop(out.p, 0, "property-of-number-1999", &len));
		want(tree_check(out, "/t", &e), "the tree is sound");
	}
	flatten_free(&f);
	drop(&out);

	CASE("1000 reservations");
	e = (struct error){ 0 };
	ok = flatten_start(&f, "/t", &e);
	for (i = 0; ok && i < 1000; i++)
		ok = flatten_reserve(&f, i * 0x1000ull, 0x800, &e);
	ok = ok && flatten_begin(&f, "", &e) && flatten_end(&f, &e) && flatten_finish(&f, &out, &e);
	want_error(ok, &e, FAIL_NONE, "");
	if (ok)
		want_u64("how many", 1000, (uint64_t)fdt_num_mem_rsv(out.p));
	flatten_free(&f);
	drop(&out);

	CASE("10000 reservations: the blob grows for them too");
	e = (struct error){ 0 };
	ok = flatten_start(&f, "/t", &e);
	for (i = 0; ok && i < 10000; i++)
		ok = flatten_reserve(&f, i * 0x1000ull, 0x800, &e);
	ok = ok && flatten_begin(&f, "", &e) && flatten_end(&f, &e) && flatten_finish(&f, &out, &e);
	want_error(ok, &e, FAIL_NONE, "");
	if (ok)
		want_u64("how many", 10000, (uint64_t)fdt_num_mem_rsv(out.p));
	flatten_free(&f);
	drop(&out);

	CASE("a property of 20 MiB");
	e = (struct error){ 0 };
	ok = flatten_start(&f, "/t", &e) && flatten_begin(&f, "", &e) &&
	     flatten_property(&f, "big", value, &e) && flatten_end(&f, &e) &&
	     flatten_finish(&f, &out, &e);
	want_error(ok, &e, FAIL_NONE, "");
	if (ok)
		want(tree_check(out, "/t", &e), "the tree is sound");
	flatten_free(&f);
	drop(&out);

	CASE("two properties of 20 MiB: refused, not cut");
	e = (struct error){ 0 };
	ok = flatten_start(&f, "/t", &e) && flatten_begin(&f, "", &e) &&
	     flatten_property(&f, "a", value, &e) && flatten_property(&f, "b", value, &e);
	want_error(ok, &e, FAIL_TREE, "read the device tree: too large: /t");
	flatten_free(&f);

	CASE("a property above 64 MiB");
	e = (struct error){ 0 };
	ok = flatten_start(&f, "/t", &e) && flatten_begin(&f, "", &e) &&
	     flatten_property(&f, "a", (struct span){ value.p, (64u << 20) + 1 }, &e);
	want_error(ok, &e, FAIL_TREE, "read the device tree: too large: /t");
	flatten_free(&f);

	CASE("too many names");
	e = (struct error){ 0 };
	ok = flatten_start(&f, "/t", &e) && flatten_begin(&f, "", &e);
	for (i = 0; ok && i <= FLATTEN_NAMES; i++) {
		snprintf(name, sizeof(name), "p%u", i);
		ok = flatten_property(&f, name, (struct span){ NULL, 0 }, &e);
	}
	want_error(ok, &e, FAIL_TREE, "read the device tree: too many property names: /t");
	flatten_free(&f);

	CASE("the same name in 20000 nodes is one name, beside three that will be added");
	e = (struct error){ 0 };
	ok = flatten_start(&f, "/t", &e) && flatten_begin(&f, "", &e);
	for (i = 0; ok && i < 20000; i++) {
		snprintf(name, sizeof(name), "n@%x", i);
		ok = flatten_begin(&f, name, &e) && flatten_property(&f, "reg", bytes(name), &e) &&
		     flatten_end(&f, &e);
	}
	ok = ok && flatten_end(&f, &e) && flatten_finish(&f, &out, &e);
	want_error(ok, &e, FAIL_NONE, "");
	if (ok) {
		want(tree_check(out, "/t", &e), "the tree is sound");
		want_u64("bytes of names", 4 + 11 + 9 + 24, fdt_size_dt_strings(out.p));
	}
	flatten_free(&f);
	drop(&out);

	CASE("out of memory at the start");
	e = (struct error){ 0 };
	unit_memory(0);
	ok = flatten_start(&f, "/t", &e);
	unit_memory(-1);
	want_error(ok, &e, FAIL_MEMORY, "go on: out of memory");
	flatten_free(&f);
	drop(&out);

	CASE("out of memory while it grows");
	e = (struct error){ 0 };
	ok = flatten_start(&f, "/t", &e) && flatten_begin(&f, "", &e);
	unit_memory(0);
	ok = ok && flatten_property(&f, "big", value, &e);
	unit_memory(-1);
	want_error(ok, &e, FAIL_MEMORY, "go on: out of memory");
	flatten_free(&f);
	drop(&out);
	free((void *)(uintptr_t)value.p);
}

static bool small_tree(struct flatten *f, struct span *out, struct error *e)
{
	*out = (struct span){ NULL, 0 };
	*e = (struct error){ 0 };
	return flatten_start(f, "/t", e) && flatten_reserve(f, 0x1000, 0x1000, e) &&
	       flatten_begin(f, "", e) && flatten_property(f, "model", bytes("box"), e) &&
	       flatten_end(f, e) && flatten_finish(f, out, e);
}

static void limits(void)
{
	const size_t len = 17u << 20;
	char *name = malloc(len + 1);
	struct error e = { 0 };
	struct flatten f;
	struct span out;
	long n;
	bool ok = false;

	CASE("out of memory, at each of its allocations");
	for (n = 0; n < 9 && !ok; n++) {
		unit_memory(n);
		ok = small_tree(&f, &out, &e);
		unit_memory(-1);
		want_error(ok, &e, ok ? FAIL_NONE : FAIL_MEMORY, ok ? "" : "go on: out of memory");
		want(ok || !out.p, "nothing is left");
		flatten_free(&f);
		drop(&out);
	}
	want(ok && n > 5, "table of names, reservations, structure, strings and the whole each "
			  "take one");

	CASE("out of memory while reservations are ended");
	ok = flatten_start(&f, "/t", &e) && flatten_begin(&f, "", &e) && flatten_end(&f, &e);
	unit_memory(0);
	ok = ok && flatten_finish(&f, &out, &e);
	unit_memory(-1);
	want_error(ok, &e, FAIL_MEMORY, "go on: out of memory");
	flatten_free(&f);

	CASE("a name of 17 MiB");
	if (!name)
		abort();
	memset(name, 'n', len);
	name[len] = '\0';
	e = (struct error){ 0 };
	ok = flatten_start(&f, "/t", &e) && flatten_begin(&f, "", &e) &&
	     flatten_property(&f, name, bytes("x"), &e);
	want_error(ok, &e, FAIL_TREE, "read the device tree: too large: /t");
	flatten_free(&f);
	free(name);
}

void test_flatten(void)
{
	order();
	depths();
	sizes();
	limits();
}
