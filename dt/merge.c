#include "dt/merge.h"

#include "src/base/strbuf.h"
#include "dt/memory.h"

#include <libfdt.h>
#include <string.h>

bool merge_same_machine(const void *fdt, const void *own)
{
	const char *s;
	int i;

	if (!fdt_getprop(fdt, 0, "compatible", NULL))
		return true;
	for (i = 0; (s = fdt_stringlist_get(own, 0, "compatible", i, NULL)); i++)
		if (fdt_node_check_compatible(fdt, 0, s) == 0)
			return true;
	return !i;
}

size_t merge_slack(struct span own)
{
	/* twice, since a place of 8 bytes may become a reservation of 16; and nodes that hold what
	 * is copied: /chosen, /firmware, /reserved-memory and its cells
	 */
	return 2 * own.len + 256;
}

/* 0: it may be written; 1: left out; or libfdt's error. */
static int check_phandle(const void *fdt, int to, const char *name, const void *value, int len)
{
	uint32_t had = fdt_get_phandle(fdt, to), number;

	if (strcmp(name, "phandle") != 0 && strcmp(name, "linux,phandle") != 0)
		return 0;
	if (!span_be32((struct span){ value, (size_t)len }, 0, &number))
		return -FDT_ERR_BADPHANDLE;
	if (had)
		return had == number ? 0 : -FDT_ERR_BADPHANDLE;
	return fdt_node_offset_by_phandle(fdt, number) >= 0;
}

int merge_node(struct tree *t, int to, const void *from, int node, unsigned depth)
{
	int property, child, sub, len, err;
	const char *name;
	const void *value;

	if (depth == MERGE_DEPTH)
		return -FDT_ERR_BADSTRUCTURE;
	fdt_for_each_property_offset(property, from, node)
	{
		value = fdt_getprop_by_offset(from, property, &name, &len);
		err = check_phandle(t->blob, to, name, value, len);
		if (!err)
			err = fdt_setprop(t->blob, to, name, value, len);
		if (err < 0)
			return err;
	}
	fdt_for_each_subnode(child, from, node)
	{
		name = fdt_get_name(from, child, NULL);
		sub = fdt_add_subnode(t->blob, to, name);
		if (sub == -FDT_ERR_EXISTS)
			sub = fdt_subnode_offset(t->blob, to, name);
		err = sub < 0 ? sub : merge_node(t, sub, from, child, depth + 1);
		if (err)
			return err;
	}
	return 0;
}

/* The child of that name, made when absent. */
static int need_node(struct tree *t, const char *name)
{
	int node = fdt_subnode_offset(t->blob, 0, name);

	return node == -FDT_ERR_NOTFOUND ? fdt_add_subnode(t->blob, 0, name) : node;
}

/* A node that t has not: -FDT_ERR_EXISTS when it has. */
static int copy_node(struct tree *t, int to, const void *own, int node)
{
	int sub = fdt_add_subnode(t->blob, to, fdt_get_name(own, node, NULL));

	return sub < 0 ? sub : merge_node(t, sub, own, node, 0);
}

static bool same_cells(const void *a, int in_a, const void *b, int in_b)
{
	return fdt_address_cells(a, in_a) == fdt_address_cells(b, in_b) &&
	       fdt_size_cells(a, in_a) == fdt_size_cells(b, in_b);
}

/* EFI's memory map lies where this boot put it: another boot's would be garbage. */
static int merge_efi(struct tree *t, int to, const void *own, int chosen)
{
	int at = fdt_first_property_offset(t->blob, to), len, err = 0;
	const char *name = "";
	const void *value;

	while (at >= 0) {
		fdt_getprop_by_offset(t->blob, at, &name, NULL);
		if (strncmp(name, "linux,uefi-", 11) == 0) {
			fdt_delprop(t->blob, to, name);
			at = fdt_first_property_offset(t->blob, to);
		} else {
			at = fdt_next_property_offset(t->blob, at);
		}
	}
	fdt_for_each_property_offset(at, own, chosen)
	{
		value = fdt_getprop_by_offset(own, at, &name, &len);
		if (!err && strncmp(name, "linux,uefi-", 11) == 0)
			err = fdt_setprop(t->blob, to, name, value, len);
	}
	return err;
}

static int merge_console(struct tree *t, int to, const void *own, int chosen)
{
	static const char *const names[] = { "stdout-path", "linux,stdout-path" };
	const char *value;
	size_t i;
	int len;

	for (i = 0; i < 2; i++)
		if (fdt_getprop(t->blob, to, names[i], NULL))
			return 0;
	for (i = 0; i < 2; i++) {
		/* an alias or a path, and options behind a colon */
		value = fdt_getprop(own, chosen, names[i], &len);
		if (value && strnlen(value, (size_t)len) < (size_t)len &&
		    fdt_path_offset_namelen(t->blob, value, (int)strcspn(value, ":")) >= 0)
			return fdt_setprop(t->blob, to, names[i], value, len);
	}
	return 0;
}

static int merge_memory(struct tree *t, const void *own)
{
	const char *type;
	int node, len, err = 0;

	fdt_for_each_subnode(node, own, 0)
	{
		type = fdt_getprop(own, node, "device_type", &len);
		if ((type && len == 7 && memcmp(type, "memory", 7) == 0) ||
		    strcmp(fdt_get_name(own, node, NULL), "ibm,dynamic-reconfiguration-memory") ==
			    0)
			err = copy_node(t, 0, own, node);
		if (err)
			break;
	}
	return err;
}

/* In `keep`, which is sorted and without overlaps. */
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

static int merge_areas(struct tree *t, const void *own, const struct ranges *keep)
{
	static const char *const cells[] = { "#address-cells", "#size-cells", "ranges" };
	int from = fdt_path_offset(own, "/reserved-memory"), to, node, len, err = 0;
	const void *value;
	size_t i;

	if (from < 0)
		return 0;
	to = fdt_subnode_offset(t->blob, 0, "reserved-memory");
	if (to < 0) {
		to = fdt_add_subnode(t->blob, 0, "reserved-memory");
		for (i = 0; i < 3 && to >= 0 && !err; i++) {
			value = fdt_getprop(own, from, cells[i], &len);
			if (value)
				err = fdt_setprop(t->blob, to, cells[i], value, len);
		}
	}
	if (to < 0)
		return to;
	fdt_for_each_subnode(node, own, from)
	{
		if (!err)
			err = merge_area(t, to, own, from, node, keep);
	}
	return err;
}

static int merge_firmware(struct tree *t, const void *own, const char *const *path)
{
	int node, to, err = 0;

	for (; *path && !err; path++) {
		node = fdt_path_offset(own, *path);
		if (node < 0 || fdt_path_offset(t->blob, *path) >= 0)
			continue;
		to = strncmp(*path, "/firmware/", 10) == 0 ? need_node(t, "firmware") : 0;
		err = to < 0 ? to : copy_node(t, to, own, node);
	}
	return err;
}

bool merge_machine(struct tree *t, const void *own, const char *const *firmware, struct error *e)
{
	int to = need_node(t, "chosen"), chosen = fdt_path_offset(own, "/chosen");
	struct ranges keep = { 0 };
	char show[PRINTABLE_MAX];
	int err = to < 0 ? to : 0;

	if (!dt_reserved(t->blob, &keep)) {
		ranges_free(&keep);
		return fail_memory(e);
	}
	ranges_union(&keep);
	if (!err && chosen >= 0)
		err = merge_efi(t, to, own, chosen);
	if (!err && chosen >= 0)
		err = merge_console(t, to, own, chosen);
	if (!err)
		err = merge_header(t, own, &keep);
	if (!err)
		err = merge_areas(t, own, &keep);
	if (!err)
		err = merge_firmware(t, own, firmware);
	ranges_free(&keep);
	if (err)
		return tree_fail(t->from, "add this machine's part to", err, e);
	if (dt_has_memory(t->blob))
		return true;
	if (!same_cells(t->blob, 0, own, 0)) {
		fail(e, FAIL_TREE,
		     "use device tree %s: it has no memory node, and other #address-cells than "
		     "this machine",
		     printable(show, t->from));
		return hint(e,
			    "nothing was loaded: %s is not for this machine; leave --dtb out to "
			    "use its own tree",
			    show);
	}
	err = merge_memory(t, own);
	return !err || tree_fail(t->from, "add this machine's memory to", err, e);
}
