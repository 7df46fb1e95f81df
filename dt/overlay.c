/* SPDX-License-Identifier: MIT */
/* An overlay has fragments, each with a target in the base and what is to be laid over that.
 * Numbers in it (phandles) are either its own, and move above the base's (__local_fixups__ says
 * where they are used), or those of labels of the base (__fixups__; the base's __symbols__ knows
 * them).
 *
 * fdt_overlay_apply() takes an overlay's word for much: it changes words wherever __local_fixups__
 * and __fixups__ point to, and follows strings that may have no end, or none any more after such a
 * change; before 1.7.1 it also follows an alias that stands for itself. So before it is called,
 * each place that it will write to is found to be inside a property that nothing else of this
 * depends on.
 */
#include "dt/overlay.h"

#include "src/base/strbuf.h"

#include <libfdt.h>

/* What an overlay may add to a tree: a label becomes a path, which may be longer than all of the
 * overlay. What is not used takes no memory.
 */
#define ROOM (4u << 20)

struct check {
	const void *base, *o;
	const char *name; /* of the overlay, fit to print */
	struct error *e;
	uint32_t delta; /* what libfdt adds to the overlay's own phandles */
};

static bool wrong(const struct check *c, const char *why)
{
	return fail(c->e, FAIL_TREE, "apply the overlay: %s: %s", why, c->name);
}

/* Is it one of the nodes that say what libfdt is to change, or in one? */
static bool in_table(const struct check *c, int node)
{
	static const char *const tables[] = { "__symbols__", "__fixups__", "__local_fixups__" };
	const char *name = "";
	int child;
	size_t i;

	tree_for_each_child(child, c->o, 0)
		if (child <= node)
			name = tree_name(c->o, child);
	for (i = 0; i < ARRAY_SIZE(tables); i++)
		if (strncmp(name, tables[i], strlen(tables[i])) == 0)
			return true;
	return false;
}

/* Does a phandle remain one when it moves? */
static bool moves(const struct check *c, uint32_t phandle)
{
	return phandle && phandle < UINT32_MAX - c->delta;
}

static bool check_phandles(const struct check *c, int node)
{
	static const char *const names[] = { "phandle", "linux,phandle" };
	uint32_t phandle;
	struct span s;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(names); i++) {
		s = tree_getprop(c->o, node, names[i]);
		span_be32(s, 0, &phandle);
		if (s.p && (s.len != 4 || !moves(c, phandle) || in_table(c, node)))
			return wrong(c, "corrupt phandles");
	}
	return true;
}

static bool check_nodes(const struct check *c)
{
	int node, depth = 0;

	for (node = 0; node >= 0; node = tree_next_node(c->o, node, &depth)) {
		if (depth > OVERLAY_DEPTH)
			return fail(c->e, FAIL_TREE,
				    "apply the overlay: nodes nest deeper than %u: %s",
				    OVERLAY_DEPTH, c->name);
		if (!check_phandles(c, node))
			return false;
	}
	return true;
}

/* The bytes of a property that a fixup may change; { NULL, 0 } for others. */
static struct span fixable(const struct check *c, int node, const char *name, size_t name_len)
{
	const struct span s = tree_getprop_namelen(c->o, node, name, name_len);

	if (in_table(c, node) || s.p == tree_getprop(c->o, node, "target-path").p ||
	    s.p == tree_getprop(c->o, node, "phandle").p ||
	    s.p == tree_getprop(c->o, node, "linux,phandle").p)
		return (struct span){ NULL, 0 };
	return s;
}

/* A node of __local_fixups__ and the node that it is about. */
static bool check_local(const struct check *c, int fix, int node)
{
	uint32_t offset, phandle;
	struct tree_props p;
	const char *name;
	struct span s;
	uint64_t i;
	int child;

	if (node < 0)
		return false;
	for (tree_props_of(&p, c->o, fix); tree_next_prop(&p);) {
		s = fixable(c, node, p.name, strlen(p.name));
		if (!s.p)
			return false;
		for (i = 0; i < p.value.len; i += 4)
			if (!span_be32(p.value, i, &offset) || !span_be32(s, offset, &phandle))
				return false;
	}
	tree_for_each_child(child, c->o, fix) {
		name = tree_name(c->o, child);
		if (!check_local(c, child, tree_child(c->o, node, name, strlen(name))))
			return false;
	}
	return true;
}

/* "PATH:PROPERTY:OFFSET" */
static bool check_place(const struct check *c, const char *place)
{
	const char *name = strchr(place, ':'), *end = name ? strchr(name + 1, ':') : NULL;
	struct span digits, s;
	uint32_t phandle;
	uint64_t offset;
	int node;

	if (!end || *place != '/')
		return false;
	node = tree_path(c->o, place, (size_t)(name - place));
	digits = (struct span){ (const uint8_t *)end + 1, strlen(end + 1) };
	if (!span_parse_number(&digits, 10, &offset) || digits.len)
		return false;
	s = fixable(c, node, name + 1, (size_t)(end - name - 1));
	return span_be32(s, offset, &phandle);
}

static bool is_path(struct span s)
{
	const char *path = tree_next_string(&s);

	return path && *path == '/';
}

/* The node of the base that has this label, or an error of libfdt. */
static int label_node(const struct check *c, const char *label)
{
	const struct span s = tree_getprop(c->base, tree_root_child(c->base, "__symbols__"), label);
	const char *path = (const char *)s.p;

	return is_path(s) ? tree_path(c->base, path, strlen(path)) : -FDT_ERR_NOTFOUND;
}

/* Has the base this label, of a node with a phandle? */
static bool check_label(const struct check *c, const char *label)
{
	char show[PRINTABLE_MAX];

	if (tree_phandle(c->base, label_node(c, label)))
		return true;
	fail(c->e, FAIL_TREE, "apply the overlay: no label %s in the device tree: %s",
	     printable(show, label), c->name);
	if (tree_root_child(c->base, "__symbols__") >= 0)
		return false;
	return hint(c->e, "nothing was loaded: the device tree has no __symbols__; build it with "
			  "dtc -@ and give it with --dtb");
}

static bool check_fixups(const struct check *c)
{
	struct tree_props p;
	const char *place;

	for (tree_props_of(&p, c->o, tree_root_child(c->o, "__fixups__")); tree_next_prop(&p);) {
		if (!check_label(c, p.name))
			return false;
		do {
			place = tree_next_string(&p.value);
			if (!place || !check_place(c, place))
				return wrong(c, "corrupt __fixups__");
		} while (p.value.len);
	}
	return true;
}

/* Can libfdt look for the target of a fragment? Where that is a path that begins with an alias, no
 * fragment may have written another alias of that name.
 */
static bool check_target(const struct check *c, int fragment)
{
	const struct span number = tree_getprop(c->o, fragment, "target"),
			  s = tree_getprop(c->o, fragment, "target-path");
	const char *path = tree_string(c->o, fragment, "target-path");
	const int aliases = tree_root_child(c->base, "aliases");
	int node, depth = 0;
	size_t len;

	if (number.p && number.len != 4)
		return false;
	if (!s.p || is_path(s))
		return true;
	len = path ? strcspn(path, "/") : 0;
	if (!len || !is_path(tree_getprop_namelen(c->base, aliases, path, len)))
		return false;
	for (node = 0; node >= 0; node = tree_next_node(c->o, node, &depth))
		if (tree_getprop_namelen(c->o, node, path, len).p && !in_table(c, node))
			return false;
	return true;
}

static int overlay_of(const void *o, int fragment)
{
	return tree_child(o, fragment, "__overlay__", 11);
}

static bool fail_target(const struct check *c, int fragment)
{
	char show[PRINTABLE_MAX];

	return fail(c->e, FAIL_TREE, "apply the overlay: no target for its %s: %s",
		    printable(show, tree_name(c->o, fragment)), c->name);
}

static bool check_fragments(const struct check *c)
{
	bool any = false;
	int fragment;

	tree_for_each_child(fragment, c->o, 0) {
		if (overlay_of(c->o, fragment) < 0)
			continue;
		any = true;
		if (!check_target(c, fragment))
			return fail_target(c, fragment);
	}
	return any || wrong(c, "not an overlay: no __overlay__ node");
}

static bool check(struct check *c)
{
	const int local = tree_root_child(c->o, "__local_fixups__");

	c->delta = fdt_get_max_phandle(c->base);
	if (!check_nodes(c))
		return false;
	if (local >= 0 && !check_local(c, local, 0))
		return wrong(c, "corrupt __local_fixups__");
	return check_fixups(c) && check_fragments(c);
}

/* The node of the base that a fragment is for, with all numbers in place; or -FDT_ERR_NOTFOUND. */
static int find_target(const void *base, const void *o, int fragment)
{
	const char *path = tree_string(o, fragment, "target-path");
	uint32_t phandle;

	if (span_be32(tree_getprop(o, fragment, "target"), 0, &phandle) && phandle)
		return tree_phandle_node(base, phandle);
	return path ? tree_path(base, path, strlen(path)) : -FDT_ERR_NOTFOUND;
}

/* Why libfdt did not take it, from the two trees that it left. */
static bool explain(const struct check *c, int err, const void *base, const void *o)
{
	int fragment;

	if (err == -FDT_ERR_NOSPACE)
		return wrong(c, "labels make the tree too large");
	tree_for_each_child(fragment, o, 0)
		if (overlay_of(o, fragment) >= 0 && find_target(base, o, fragment) < 0)
			return fail_target(c, fragment);
	/* it looks at these last, and all else was found to be there */
	return wrong(c, "corrupt __symbols__");
}

/* The node of the base that a fragment is for, before libfdt puts the numbers in place. */
static int base_target(const struct check *c, int fragment)
{
	const int local = tree_root_child(c->o, "__local_fixups__");
	const char *name = tree_name(c->o, fragment), *place, *colon;
	struct tree_props p;

	for (tree_props_of(&p, c->o, tree_root_child(c->o, "__fixups__")); tree_next_prop(&p);)
		while ((place = tree_next_string(&p.value))) {
			colon = strchr(place, ':');
			if (strncmp(colon, ":target:", 8) == 0 &&
			    tree_path(c->o, place, (size_t)(colon - place)) == fragment)
				return label_node(c, p.name);
		}
	/* a number of the overlay's own */
	if (tree_getprop(c->o, tree_child(c->o, local, name, strlen(name)), "target").p)
		return -FDT_ERR_NOTFOUND;
	return find_target(c->base, c->o, fragment);
}

/* Makes what refers to one of the overlay's own phandles refer to another one. */
static void refer(const struct check *c, int fix, int node, uint32_t from, uint32_t to)
{
	uint32_t offset = 0, phandle;
	struct tree_props p;
	const char *name;
	struct span s;
	uint64_t i;
	int child;

	for (tree_props_of(&p, c->o, fix); tree_next_prop(&p);) {
		s = tree_getprop(c->o, node, p.name);
		for (i = 0; span_be32(p.value, i, &offset); i += 4) {
			span_be32(s, offset, &phandle);
			if (phandle == from)
				put_be32((uint8_t *)(uintptr_t)s.p + offset, to);
		}
	}
	tree_for_each_child(child, c->o, fix) {
		name = tree_name(c->o, child);
		refer(c, child, tree_child(c->o, node, name, strlen(name)), from, to);
	}
}

/* A node of the base that has a phandle keeps it, as libfdt sees to since 1.7, and what the overlay
 * laid over it gives up its own; else the node's users in the base would be without it. References
 * get a number that is the base's once libfdt has added delta to it.
 */
static void keep_phandles(const struct check *c, struct tree *o, int node, int over)
{
	const uint32_t had = tree_phandle(c->base, node), own = tree_phandle(c->o, over);
	const char *name;
	int child;

	if (had && own) {
		refer(c, tree_root_child(c->o, "__local_fixups__"), 0, own, had - c->delta);
		tree_nop_prop(o, over, "phandle");
		tree_nop_prop(o, over, "linux,phandle");
	}
	tree_for_each_child(child, c->o, over) {
		name = tree_name(c->o, child);
		keep_phandles(c, o, tree_child(c->base, node, name, strlen(name)), child);
	}
}

/* Applies it to a copy of the base. */
static bool apply(const struct check *c, const struct tree *t, struct span overlay,
		  struct tree *out)
{
	const struct span base = { t->blob, fdt_totalsize(t->blob) };
	struct check own = *c;
	struct tree o = { 0 };
	int fragment, err;
	bool ok;

	ok = tree_open(out, base, ROOM, t->from, c->e) && tree_open(&o, overlay, 0, c->name, c->e);
	if (ok) {
		own.o = o.blob;
		tree_for_each_child(fragment, o.blob, 0)
			keep_phandles(&own, &o, base_target(&own, fragment),
				      overlay_of(o.blob, fragment));
		err = fdt_overlay_apply(out->blob, o.blob);
		if (err)
			ok = explain(c, err, out->blob, o.blob);
	}
	tree_free(&o);
	return ok;
}

bool overlay_apply(struct tree *t, const struct overlay *o, size_t slack, struct error *e)
{
	char show[PRINTABLE_MAX], size[FORMAT_SIZE_MAX];
	struct check c = {
		.base = t->blob,
		.o = o->data.p,
		.name = printable(show, o->name),
		.e = e,
	};
	struct tree next = { 0 };
	struct span unused;

	if (o->data.len > OVERLAY_MAX)
		return fail(e, FAIL_TREE, "apply the overlay: %s, 64 KiB are the most: %s",
			    format_size(size, o->data.len), c.name);
	if (!check(&c) || !apply(&c, t, o->data, &next) || !tree_grow(&next, slack, &unused, e)) {
		tree_free(&next);
		return false;
	}
	tree_free(t);
	*t = next;
	return true;
}
