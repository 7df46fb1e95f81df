/* SPDX-License-Identifier: MIT */
/* A device tree blob, read in every way that this program reads one. */
#include "door.h"

#include "arch/ppc64/ppc64.h"
#include "dt/memory.h"
#include "dt/merge.h"
#include "dt/redact.h"

#include <libfdt.h>
#include <stdlib.h>
#include <string.h>

static void read_ppc64(struct span in, bool big_endian)
{
	struct machine m = { .arch = &arch_ppc64,
			     .page_size = 0x10000,
			     .big_endian = big_endian,
			     .fdt = in,
			     .fdt_from = "tree" };
	struct error e = { 0 };
	bool ok;

	ok = arch_ppc64.memory(&m, (struct span){ 0 }, &e);
	door_error(ok, &e);
	DOOR_WANT(!ok || door_sorted(&m.ram, true));
	ranges_sort(&m.reserved);
	DOOR_WANT(door_sorted(&m.reserved, false));
	m.crash.notes.n = 9;
	ppc64_tree_room(&m);
	machine_free(&m);
}

/* All of a node, as libfdt reads it. */
static void compare_node(const void *fdt, int node)
{
	const char *name = tree_name(fdt, node), *theirs;
	int property, child, len;
	struct tree_props p;

	DOOR_WANT(strcmp(name, fdt_get_name(fdt, node, NULL)) == 0);
	tree_props_of(&p, fdt, node);
	fdt_for_each_property_offset(property, fdt, node)
	{
		DOOR_WANT(tree_next_prop(&p));
		DOOR_WANT(p.value.p == fdt_getprop_by_offset(fdt, property, &theirs, &len));
		DOOR_WANT(p.value.len == (size_t)len && strcmp(p.name, theirs) == 0);
		DOOR_WANT(tree_getprop(fdt, node, p.name).p ==
			  fdt_getprop(fdt, node, p.name, NULL));
	}
	DOOR_WANT(!tree_next_prop(&p));
	DOOR_WANT(tree_phandle(fdt, node) == fdt_get_phandle(fdt, node));
	tree_for_each_child(child, fdt, node) {
		name = tree_name(fdt, child);
		DOOR_WANT(tree_child(fdt, node, name, strlen(name)) ==
			  fdt_subnode_offset(fdt, node, name));
	}
}

/* The whole tree, unless that takes a long time: libfdt's does, in a node with many. */
static void compare(const void *fdt)
{
	int node, depth = 0, child;
	char path[256];

	if (fdt_size_dt_struct(fdt) > 4096 || fdt_version(fdt) < 17)
		return;
	for (node = 0; node >= 0; node = tree_next_node(fdt, node, &depth)) {
		compare_node(fdt, node);
		child = tree_first_child(fdt, node);
		DOOR_WANT(child == fdt_first_subnode(fdt, node));
		for (; child >= 0; child = tree_next_sibling(fdt, child))
			DOOR_WANT(fdt_parent_offset(fdt, child) == node);
		if (fdt_get_path(fdt, node, path, sizeof(path)) == 0)
			DOOR_WANT(tree_path(fdt, path, strlen(path)) == fdt_path_offset(fdt, path));
	}
	DOOR_WANT(depth == -1);
}

void door_tree(struct span in)
{
	const unsigned flag = door_flag(&in);
	struct ranges keep = { 0 }, told = { 0 };
	struct error e = { 0 };
	size_t used, total;
	uint8_t *copy;
	bool ok;

	if (tree_extent(in, "tree", &used, &total, &e))
		DOOR_WANT(used <= total && total <= TREE_MAX);
	e = (struct error){ 0 };
	ok = tree_check(in, "tree", &e);
	door_error(ok, &e);
	if (!ok)
		return;
	compare(in.p);
	/* ours asks for more: see tree_validate() */
	DOOR_WANT(fdt_check_full(in.p, in.len) == 0);
	DOOR_WANT(dt_reserved(in.p, &keep) && dt_ram(in.p, &told));
	ranges_free(&keep);
	ranges_free(&told);
	dt_has_memory(in.p);
	tree_is_xen(in.p);
	tree_has_spin_table(in.p);
	DOOR_WANT(merge_same_machine(in.p, in.p));
	DOOR_WANT(!merge_same_board(in.p, in.p) || merge_same_machine(in.p, in.p));
	read_ppc64(in, flag & 1);
	copy = malloc(in.len);
	if (!copy)
		abort();
	memcpy(copy, in.p, in.len);
	redact_tree(copy);
	DOOR_WANT(tree_check((struct span){ copy, in.len }, "tree", &e));
	free(copy);
}
