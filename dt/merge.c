/* SPDX-License-Identifier: MIT */
#include "dt/merge.h"

#include "src/base/strbuf.h"
#include "dt/memory.h"

#include <libfdt.h>
#include <string.h>

bool merge_same_machine(const void *fdt, const void *own)
{
	struct span rest = tree_getprop(own, 0, "compatible");
	bool says = false;
	const char *s;

	if (!tree_getprop(fdt, 0, "compatible").p)
		return true;
	while ((s = tree_next_string(&rest))) {
		if (tree_stringlist_has(fdt, 0, "compatible", s))
			return true;
		says = true;
	}
	return !says;
}

bool merge_same_board(const void *fdt, const void *own)
{
	const char *a = tree_string(fdt, 0, "compatible");
	const char *b = own ? tree_string(own, 0, "compatible") : NULL;

	return a && b && strcmp(a, b) == 0;
}

size_t merge_slack(struct span own)
{
	/* twice, since a place of 8 bytes may become a reservation of 16; and nodes that hold what
	 * is copied: /chosen, /firmware, /reserved-memory and its cells
	 */
	return 2 * own.len + 256;
}

/* 0: it may be written; 1: left out; or libfdt's error. */
static int check_phandle(const void *fdt, int to, const struct tree_props *p)
{
	uint32_t had = tree_phandle(fdt, to), number;

	if (strcmp(p->name, "phandle") != 0 && strcmp(p->name, "linux,phandle") != 0)
		return 0;
	if (!span_be32(p->value, 0, &number))
		return -FDT_ERR_BADPHANDLE;
	if (had)
		return had == number ? 0 : -FDT_ERR_BADPHANDLE;
	return tree_phandle_node(fdt, number) >= 0;
}

/* The child of that name, made when absent. */
static int need_node(struct tree *t, int parent, const char *name)
{
	const int node = fdt_add_subnode(t->blob, parent, name);

	return node == -FDT_ERR_EXISTS ? tree_child(t->blob, parent, name, strlen(name)) : node;
}

/* Copies properties and children of a node over those of another one. A phandle that t has given
 * away already is left out. -FDT_ERR_BADPHANDLE when a node would be renumbered.
 */
static int merge_node(struct tree *t, int to, const void *from, int node, unsigned depth)
{
	struct tree_props p;
	int child, sub, err;

	if (depth == MERGE_DEPTH)
		return -FDT_ERR_BADSTRUCTURE;
	for (tree_props_of(&p, from, node); tree_next_prop(&p);) {
		err = check_phandle(t->blob, to, &p);
		if (!err)
			err = fdt_setprop(t->blob, to, p.name, p.value.p, (int)p.value.len);
		if (err < 0)
			return err;
	}
	tree_for_each_child(child, from, node) {
		sub = need_node(t, to, tree_name(from, child));
		err = sub < 0 ? sub : merge_node(t, sub, from, child, depth + 1);
		if (err)
			return err;
	}
	return 0;
}

/* A node that t does not have; -FDT_ERR_EXISTS when it does. */
static int copy_node(struct tree *t, int to, const void *own, int node)
{
	int sub = fdt_add_subnode(t->blob, to, tree_name(own, node));

	return sub < 0 ? sub : merge_node(t, sub, own, node, 0);
}

static bool same_cells(const void *a, int in_a, const void *b, int in_b)
{
	return tree_address_cells(a, in_a) == tree_address_cells(b, in_b) &&
	       tree_size_cells(a, in_a) == tree_size_cells(b, in_b);
}

/* The name of the first property from EFI, or NULL. */
static const char *find_efi(struct tree_props *p)
{
	while (tree_next_prop(p))
		if (strncmp(p->name, "linux,uefi-", 11) == 0)
			return p->name;
	return NULL;
}

/* EFI's memory map lies where this boot put it: another boot's would be garbage. */
static int merge_efi(struct tree *t, int to, const void *own, int chosen)
{
	struct tree_props p;
	const char *name;
	int err = 0;

	for (tree_props_of(&p, t->blob, to); (name = find_efi(&p)); tree_props_of(&p, t->blob, to))
		tree_nop_prop(t, to, name);
	for (tree_props_of(&p, own, chosen); !err && find_efi(&p);)
		err = fdt_setprop(t->blob, to, p.name, p.value.p, (int)p.value.len);
	return err;
}

static int merge_console(struct tree *t, int to, const void *own, int chosen)
{
	static const char *const names[] = { "stdout-path", "linux,stdout-path" };
	struct span value;
	const char *path;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(names); i++)
		if (tree_getprop(t->blob, to, names[i]).p)
			return 0;
	for (i = 0; i < ARRAY_SIZE(names); i++) {
		/* an alias or a path, and options after a colon */
		value = tree_getprop(own, chosen, names[i]);
		path = tree_string(own, chosen, names[i]);
		if (path && tree_path(t->blob, path, strcspn(path, ":")) >= 0)
			return fdt_setprop(t->blob, to, names[i], value.p, (int)value.len);
	}
	return 0;
}

static int merge_memory(struct tree *t, const void *own)
{
	int node, err = 0;

	tree_for_each_child(node, own, 0) {
		if (tree_prop_equals(own, node, "device_type", "memory") ||
		    strcmp(tree_name(own, node), "ibm,dynamic-reconfiguration-memory") == 0)
			err = copy_node(t, 0, own, node);
		if (err)
			break;
	}
	return err;
}

/* Is it in `keep`, which is sorted and without overlaps? */
static bool is_kept(const struct ranges *keep, struct range r)
{
	size_t i;

	for (i = 0; i < keep->n; i++)
		if (range_within(r, keep->v[i]))
			return true;
	return r.start >= r.end;
}

static int merge_header(struct tree *t, const void *own, const struct ranges *keep)
{
	struct range r;
	size_t i;
	int err = 0;

	for (i = 0; !err && tree_next_reserved(own, &i, &r);)
		if (!is_kept(keep, r))
			err = fdt_add_mem_rsv(t->blob, r.start, r.end - r.start);
	return err;
}

/* One child of /reserved-memory: with no-map the kernel must not even map it, so it goes as a node;
 * where t has another node of that name, as a reservation of the header.
 */
static int merge_area(struct tree *t, int to, const void *own, int parent, int node,
		      const struct ranges *keep)
{
	struct tree_pairs pairs;
	struct range r;
	int err = 0;
	bool kept = true;

	for (tree_pairs_of(&pairs, own, parent, node, "reg"); tree_next_pair(&pairs, &r);)
		kept &= is_kept(keep, r);
	if (kept)
		return 0;
	if (same_cells(t->blob, to, own, parent)) {
		err = copy_node(t, to, own, node);
		if (err != -FDT_ERR_EXISTS)
			return err;
	}
	err = 0;
	for (tree_pairs_of(&pairs, own, parent, node, "reg"); !err && tree_next_pair(&pairs, &r);)
		if (!is_kept(keep, r))
			err = fdt_add_mem_rsv(t->blob, r.start, r.end - r.start);
	return err;
}

/* /reserved-memory, made when absent, in the cells of own's. */
static int need_areas(struct tree *t, const void *own, int from)
{
	static const char *const cells[] = { "#address-cells", "#size-cells", "ranges" };
	int to = tree_root_child(t->blob, "reserved-memory"), err;
	struct span value;
	size_t i;

	if (to >= 0)
		return to;
	to = fdt_add_subnode(t->blob, 0, "reserved-memory");
	for (i = 0; i < ARRAY_SIZE(cells) && to >= 0; i++) {
		value = tree_getprop(own, from, cells[i]);
		if (!value.p)
			continue;
		err = fdt_setprop(t->blob, to, cells[i], value.p, (int)value.len);
		if (err)
			return err;
	}
	return to;
}

static int merge_areas(struct tree *t, const void *own, const struct ranges *keep)
{
	int from = tree_root_child(own, "reserved-memory"), to, node, err;

	if (from < 0)
		return 0;
	to = need_areas(t, own, from);
	if (to < 0)
		return to;
	tree_for_each_child(node, own, from) {
		err = merge_area(t, to, own, from, node, keep);
		if (err)
			return err;
	}
	return 0;
}

static int merge_firmware(struct tree *t, const void *own, const char *const *path)
{
	int node, to, err = 0;

	for (; *path && !err; path++) {
		node = tree_path(own, *path, strlen(*path));
		if (node < 0 || tree_path(t->blob, *path, strlen(*path)) >= 0)
			continue;
		to = strncmp(*path, "/firmware/", 10) == 0 ? need_node(t, 0, "firmware") : 0;
		err = to < 0 ? to : copy_node(t, to, own, node);
	}
	return err;
}

/* All but memory; keep is what t reserves. */
static int merge_parts(struct tree *t, const void *own, const char *const *firmware,
		       const struct ranges *keep)
{
	const int to = need_node(t, 0, "chosen"), chosen = tree_root_child(own, "chosen");
	int err;

	if (to < 0)
		return to;
	if (chosen >= 0) {
		err = merge_efi(t, to, own, chosen);
		if (!err)
			err = merge_console(t, to, own, chosen);
		if (err)
			return err;
	}
	err = merge_header(t, own, keep);
	if (!err)
		err = merge_areas(t, own, keep);
	if (!err)
		err = merge_firmware(t, own, firmware);
	return err;
}

static bool fail_cells(const struct tree *t, struct error *e)
{
	char show[PRINTABLE_MAX];

	fail(e, FAIL_TREE,
	     "use the device tree: no memory node, other #address-cells than this machine: %s",
	     printable(show, t->from));
	return hint(e,
		    "nothing was loaded: %s is not for this machine; leave --dtb out to use its "
		    "own tree",
		    show);
}

bool merge_machine(struct tree *t, const void *own, const char *const *firmware, struct error *e)
{
	struct ranges keep = { 0 };
	int err;

	if (!dt_reserved(t->blob, &keep)) {
		ranges_free(&keep);
		return fail_memory(e);
	}
	ranges_union(&keep);
	err = merge_parts(t, own, firmware, &keep);
	ranges_free(&keep);
	if (err)
		return tree_fail(t->from, "merge", err, e);
	if (dt_has_memory(t->blob))
		return true;
	if (!same_cells(t->blob, 0, own, 0))
		return fail_cells(t, e);
	err = merge_memory(t, own);
	return !err || tree_fail(t->from, "merge", err, e);
}
