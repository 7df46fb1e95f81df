/* Overlays: fragments, each with a target in the base and what is to be laid over that. Numbers in
 * them (phandles) are either the overlay's own, and move above the base's (__local_fixups__ says
 * where they are used), or those of labels of the base (__fixups__; the base's __symbols__ knows
 * them).
 */
#include "src/base/strbuf.h"
#include "dt/merge.h"

#include <libfdt.h>
#include <string.h>

#define PATH_BYTES 512 /* of a node, in __symbols__ */

struct apply {
	struct tree *t;	  /* the base */
	struct tree o;	  /* a copy of the overlay, edited */
	const char *name; /* fit to print */
	struct error *e;
};

static bool wrong(struct apply *a, const char *why)
{
	return fail(a->e, FAIL_TREE, "apply overlay %s: %s", a->name, why);
}

/* The string in a property, or NULL when it does not end. */
static const char *string_of(const void *fdt, int node, const char *name)
{
	int len;
	const char *s = fdt_getprop(fdt, node, name, &len);

	return s && len > 0 && strnlen(s, (size_t)len) < (size_t)len ? s : NULL;
}

/* The bytes of a number at `at` in a property of the overlay; NULL when they are not there. */
static uint8_t *number_at(struct apply *a, int node, const char *name, size_t name_len, uint64_t at)
{
	int len;
	const void *p = fdt_getprop_namelen(a->o.blob, node, name, (int)name_len, &len);

	return p && len >= 4 && at <= (uint64_t)len - 4 ? (uint8_t *)(uintptr_t)p + at : NULL;
}

static bool add_to(uint8_t *p, uint32_t delta)
{
	uint32_t v;

	if (!p || __builtin_add_overflow(fdt32_ld((const void *)p), delta, &v) || v == UINT32_MAX)
		return false;
	put_be32(p, v);
	return true;
}

/* Moves the overlay's own phandles above those of the base. */
static bool renumber(struct apply *a, uint32_t delta)
{
	static const char *const names[] = { "phandle", "linux,phandle" };
	size_t i;
	int node;

	for (node = 0; node >= 0; node = fdt_next_node(a->o.blob, node, NULL))
		for (i = 0; i < 2; i++)
			if (fdt_getprop(a->o.blob, node, names[i], NULL) &&
			    !add_to(number_at(a, node, names[i], strlen(names[i]), 0), delta))
				return wrong(a, "its phandles are broken");
	return true;
}

/* A node of __local_fixups__ and the node that it is about. */
static bool fix_local(struct apply *a, int fix, int node, uint32_t delta, unsigned depth)
{
	const void *o = a->o.blob;
	int property, child, at, len;
	struct span offsets;
	const char *name;
	uint32_t offset;
	uint64_t i;

	fdt_for_each_property_offset(property, o, fix)
	{
		offsets.p = fdt_getprop_by_offset(o, property, &name, &len);
		offsets.len = (size_t)len;
		for (i = 0; span_be32(offsets, i, &offset); i += 4)
			if (!add_to(number_at(a, node, name, strlen(name), offset), delta))
				return false;
	}
	fdt_for_each_subnode(child, o, fix)
	{
		at = fdt_subnode_offset(o, node, fdt_get_name(o, child, NULL));
		if (at < 0 || depth == MERGE_DEPTH || !fix_local(a, child, at, delta, depth + 1))
			return false;
	}
	return true;
}

/* "PATH:PROPERTY:OFFSET" gets the phandle. */
static bool fix_place(struct apply *a, const char *place, uint32_t phandle)
{
	const char *name = strchr(place, ':'), *end = name ? strchr(name + 1, ':') : NULL;
	struct span digits;
	uint64_t offset;
	uint8_t *p;
	int node;

	if (!end)
		return false;
	digits = (struct span){ (const uint8_t *)end + 1, strlen(end + 1) };
	node = fdt_path_offset_namelen(a->o.blob, place, (int)(name - place));
	if (node < 0 || !span_parse_number(&digits, 10, &offset) || digits.len)
		return false;
	p = number_at(a, node, name + 1, (size_t)(end - name - 1), offset);
	if (p)
		put_be32(p, phandle);
	return p;
}

/* The phandle of a label of the base. */
static bool find_label(struct apply *a, const char *label, uint32_t *phandle)
{
	int symbols = fdt_path_offset(a->t->blob, "/__symbols__");
	const char *path = string_of(a->t->blob, symbols, label);
	int node = path ? fdt_path_offset(a->t->blob, path) : -1;
	char show[PRINTABLE_MAX];

	*phandle = node < 0 ? 0 : fdt_get_phandle(a->t->blob, node);
	if (*phandle)
		return true;
	fail(a->e, FAIL_TREE, "apply overlay %s: the device tree has no label %s", a->name,
	     printable(show, label));
	return symbols < 0 && hint(a->e, "nothing was loaded: the device tree has no __symbols__; "
					 "build it with dtc -@ and give it with --dtb");
}

/* All places of all labels. */
static bool fix_labels(struct apply *a)
{
	int fixups = fdt_path_offset(a->o.blob, "/__fixups__"), property, len, at;
	const char *label, *places;
	uint32_t phandle;

	if (fixups < 0)
		return true;
	fdt_for_each_property_offset(property, a->o.blob, fixups)
	{
		places = fdt_getprop_by_offset(a->o.blob, property, &label, &len);
		if (len < 1 || places[len - 1])
			return wrong(a, "its __fixups__ are broken");
		if (!find_label(a, label, &phandle))
			return false;
		for (at = 0; at < len; at += (int)strlen(places + at) + 1)
			if (!fix_place(a, places + at, phandle))
				return wrong(a, "its __fixups__ are broken");
	}
	return true;
}

/* The node of the base that a fragment is for; negative when there is none. */
static int find_target(struct apply *a, int fragment)
{
	struct span number;
	const char *path;
	uint32_t phandle;
	int len;

	number.p = fdt_getprop(a->o.blob, fragment, "target", &len);
	number.len = number.p ? (size_t)len : 0;
	if (span_be32(number, 0, &phandle))
		return fdt_node_offset_by_phandle(a->t->blob, phandle);
	path = string_of(a->o.blob, fragment, "target-path");
	return path ? fdt_path_offset(a->t->blob, path) : -FDT_ERR_BADOVERLAY;
}

static bool lay_over(struct apply *a)
{
	int fragment, node, to, err, n = 0;
	char show[PRINTABLE_MAX];

	fdt_for_each_subnode(fragment, a->o.blob, 0)
	{
		node = fdt_subnode_offset(a->o.blob, fragment, "__overlay__");
		if (node < 0)
			continue;
		n++;
		to = find_target(a, fragment);
		if (to < 0)
			return fail(a->e, FAIL_TREE,
				    "apply overlay %s: the device tree has no target for its %s",
				    a->name,
				    printable(show, fdt_get_name(a->o.blob, fragment, NULL)));
		err = merge_node(a->t, to, a->o.blob, node, 0);
		if (err)
			return wrong(a, fdt_strerror(err));
	}
	return n || wrong(a, "it is none: no node of it has an __overlay__");
}

/* The labels of the overlay, "/FRAGMENT/__overlay__REST", are the base's from now on, for the
 * overlays behind it.
 */
static bool add_label(struct apply *a, const char *label, const char *path)
{
	static const char over[] = "/__overlay__";
	const char *rest = *path == '/' ? strchr(path + 1, '/') : NULL;
	char at[PATH_BYTES], all[2 * PATH_BYTES];
	struct strbuf t = strbuf_fixed(all, sizeof(all));
	int node, to;

	if (!rest || strncmp(rest, over, sizeof(over) - 1) != 0)
		return true;
	node = fdt_path_offset_namelen(a->o.blob, path, (int)(rest - path));
	to = node < 0 ? node : find_target(a, node);
	rest += sizeof(over) - 1;
	if (to < 0 || fdt_get_path(a->t->blob, to, at, sizeof(at)) || strlen(rest) >= PATH_BYTES)
		return wrong(a, "its __symbols__ are broken");
	strbuf_printf(&t, "%s%s", at[1] || !*rest ? at : "", rest);
	to = fdt_path_offset(a->t->blob, "/__symbols__");
	if (to < 0)
		to = fdt_add_subnode(a->t->blob, 0, "__symbols__");
	return fdt_setprop(a->t->blob, to, label, all, (int)t.len + 1) == 0 ||
	       wrong(a, "its __symbols__ are broken");
}

static bool add_labels(struct apply *a)
{
	int symbols = fdt_path_offset(a->o.blob, "/__symbols__"), property;
	const char *label = "", *path;

	fdt_for_each_property_offset(property, a->o.blob, symbols)
	{
		fdt_getprop_by_offset(a->o.blob, property, &label, NULL);
		path = string_of(a->o.blob, symbols, label);
		if (path && !add_label(a, label, path))
			return false;
	}
	return true;
}

static bool apply(struct apply *a)
{
	int local = fdt_path_offset(a->o.blob, "/__local_fixups__");
	uint32_t delta = 0;

	fdt_find_max_phandle(a->t->blob, &delta);
	if (!renumber(a, delta))
		return wrong(a, "its phandles are broken");
	if (local >= 0 && !fix_local(a, local, 0, delta, 0))
		return wrong(a, "its __local_fixups__ are broken");
	return fix_labels(a) && lay_over(a) && add_labels(a);
}

bool overlay_apply(struct tree *t, const struct overlay *o, size_t slack, struct error *e)
{
	const struct span base = { t->blob, fdt_totalsize(t->blob) };
	struct tree next = { 0 };
	char show[PRINTABLE_MAX], size[FORMAT_SIZE_MAX];
	struct apply a = { .t = &next, .name = printable(show, o->name), .e = e };
	bool ok;

	if (o->data.len > OVERLAY_MAX)
		return fail(e, FAIL_TREE, "apply overlay %s: it has %s, 256 KiB are the most",
			    a.name, format_size(size, o->data.len));
	/* a label takes 28 bytes of the overlay at least, and PATH_BYTES more in the base at most
	 */
	ok = tree_open(&next, base, slack + 64 + (1 + PATH_BYTES / 28 + 1) * o->data.len, t->from,
		       e) &&
	     tree_open(&a.o, o->data, 0, a.name, e) && apply(&a);
	tree_free(&a.o);
	tree_free(t);
	*t = next;
	return ok;
}
