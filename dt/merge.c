/* SPDX-License-Identifier: MIT */
#include "dt/merge_internal.h"

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

static bool is_phandle(const char *name)
{
	return strcmp(name, "phandle") == 0 || strcmp(name, "linux,phandle") == 0;
}

/* 0: it may be written; 1: left out; or libfdt's error. */
static int check_phandle(const void *fdt, int to, const void *own, int node,
			 const struct tree_props *p)
{
	const uint32_t had = tree_phandle(fdt, to);
	uint32_t number;

	if (!is_phandle(p->name))
		return 0;
	if (!span_be32(p->value, 0, &number) || number != tree_phandle(own, node))
		return -FDT_ERR_BADPHANDLE;
	if (had)
		return had != number;
	return tree_phandle_node(fdt, number) >= 0;
}

int need_node(struct tree *t, int parent, const char *name)
{
	const int node = fdt_add_subnode(t->blob, parent, name);

	return node == -FDT_ERR_EXISTS ? tree_child(t->blob, parent, name, strlen(name)) : node;
}

/* Drops what t's node has and the other one has not, and all properties but its phandles. */
static void drop_rest(struct tree *t, int to, const void *from, int node)
{
	struct tree_props p;
	int child, next;

	for (tree_props_of(&p, t->blob, to); tree_next_prop(&p);) {
		if (is_phandle(p.name))
			continue;
		tree_nop_prop(t, to, p.name);
		tree_props_of(&p, t->blob, to);
	}
	for (child = tree_first_child(t->blob, to); child >= 0; child = next) {
		next = tree_next_sibling(t->blob, child);
		if (tree_child(from, node, tree_name(t->blob, child),
			       strlen(tree_name(t->blob, child))) < 0)
			fdt_nop_node(t->blob, child);
	}
}

int merge_node(struct tree *t, int to, const void *from, int node, unsigned depth)
{
	struct tree_props p;
	int child, sub, err;

	if (depth == MERGE_DEPTH)
		return -FDT_ERR_BADSTRUCTURE;
	drop_rest(t, to, from, node);
	for (tree_props_of(&p, from, node); tree_next_prop(&p);) {
		err = check_phandle(t->blob, to, from, node, &p);
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

int copy_node(struct tree *t, int to, const void *own, int node)
{
	int sub = fdt_add_subnode(t->blob, to, tree_name(own, node));

	return sub < 0 ? sub : merge_node(t, sub, own, node, 0);
}

/* The name of the first property that is about this boot, or NULL: of EFI, whose memory map lies
 * where this boot put it; and what an LPAR has agreed on with its hypervisor, the MMU among it.
 */
static const char *find_boots(struct tree_props *p)
{
	while (tree_next_prop(p))
		if (strncmp(p->name, "linux,uefi-", 11) == 0 ||
		    strcmp(p->name, "ibm,architecture-vec-5") == 0)
			return p->name;
	return NULL;
}

/* Another boot's would be garbage. */
static int merge_boots(struct tree *t, int to, const void *own, int chosen)
{
	struct tree_props p;
	const char *name;
	int err = 0;

	for (tree_props_of(&p, t->blob, to); (name = find_boots(&p));
	     tree_props_of(&p, t->blob, to))
		tree_nop_prop(t, to, name);
	for (tree_props_of(&p, own, chosen); !err && find_boots(&p);)
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

/* Nodes that firmware makes: what the file lacks; or, where they say where firmware lies in memory,
 * the machine's in any case.
 */
static int merge_firmware(struct tree *t, const void *own, const char *const *path, bool always)
{
	int node, to, err = 0;

	for (; *path && !err; path++) {
		node = tree_path(own, *path, strlen(*path));
		to = tree_path(t->blob, *path, strlen(*path));
		if (to >= 0 && always)
			err = node < 0 ? fdt_nop_node(t->blob, to)
				       : merge_node(t, to, own, node, 0);
		if (node < 0 || to >= 0)
			continue;
		to = strncmp(*path, "/firmware/", 10) == 0 ? need_node(t, 0, "firmware") : 0;
		err = to < 0 ? to : copy_node(t, to, own, node);
	}
	return err;
}

static int copy_props(struct tree *t, int to, const void *own, int node, const char *const *name)
{
	struct span value;
	int err = 0;

	for (; *name && !err; name++) {
		value = tree_getprop(own, node, *name);
		if (value.p)
			err = tree_setprop(t, to, *name, value.p, value.len);
	}
	return err;
}

/* The node of t that is the machine's `node`: by its path, `names` from the root on, or by an
 * alias.
 */
static int find_same(const struct tree *t, const void *own, int node, const char *const *names,
		     int depth)
{
	struct tree_props p;
	const char *path;
	int to = 0, i;

	for (i = 1; i <= depth; i++)
		to = tree_child(t->blob, to, names[i], strlen(names[i]));
	if (to >= 0)
		return to;
	for (tree_props_of(&p, own, tree_root_child(own, "aliases")); tree_next_prop(&p);) {
		path = tree_next_string(&p.value);
		if (path && tree_path(own, path, strlen(path)) == node)
			to = tree_path(t->blob, p.name, strlen(p.name));
		if (to >= 0)
			break;
	}
	return to;
}

/* What a boot loader writes of this one machine (U-Boot, fdt_fixup_ethernet, fdt_root). */
static int merge_identity(struct tree *t, const void *own)
{
	static const char *const props[] = { "mac-address", "local-mac-address", "local-bd-address",
					     "serial-number", NULL };
	const char *names[MERGE_DEPTH];
	int node, to, depth = 0, err = 0;
	bool any = false;
	size_t i;

	for (i = 0; props[i]; i++)
		any |= tree_may_have_prop(own, props[i]);
	for (node = any ? 0 : -1; node >= 0 && !err; node = tree_next_node(own, node, &depth)) {
		if (depth >= MERGE_DEPTH)
			continue;
		names[depth] = tree_name(own, node);
		for (i = 0; props[i] && !tree_getprop(own, node, props[i]).p; i++)
			;
		if (!props[i])
			continue;
		to = find_same(t, own, node, names, depth);
		err = to < 0 ? 0 : copy_props(t, to, own, node, props);
	}
	return err;
}

static int merge_chosen(struct tree *t, const void *own)
{
	const int to = need_node(t, 0, "chosen"), chosen = tree_root_child(own, "chosen");
	int err;

	if (to < 0 || chosen < 0)
		return to < 0 ? to : 0;
	err = merge_boots(t, to, own, chosen);
	return err ? err : merge_console(t, to, own, chosen);
}

bool merge_wrote(struct tree *t, int err, struct error *e)
{
	return !err || tree_fail(t->from, "merge", err, e);
}

/* Memory that firmware holds, on ppc64. */
static int merge_root(struct tree *t, const void *own)
{
	static const char *const names[] = { "reserved-ranges", "reserved-names", NULL };
	size_t i;

	for (i = 0; names[i]; i++)
		tree_nop_prop(t, 0, names[i]);
	return copy_props(t, 0, own, 0, names);
}

bool merge_machine(struct tree *t, const void *own, const char *const *firmware, bool always,
		   struct error *e)
{
	const bool same = tree_getprop(t->blob, 0, "compatible").p &&
			  tree_getprop(own, 0, "compatible").p && merge_same_machine(t->blob, own);

	return merge_wrote(t, merge_chosen(t, own), e) && merge_reservations(t, own, e) &&
	       merge_wrote(t, merge_firmware(t, own, firmware, always), e) &&
	       merge_wrote(t, merge_root(t, own), e) && merge_memory(t, own, same, e) &&
	       (!same || merge_wrote(t, merge_identity(t, own), e));
}
