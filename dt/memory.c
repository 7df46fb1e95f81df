/* SPDX-License-Identifier: MIT */
#include "dt/memory.h"

#include <libfdt.h>

const char dt_reserved_why[] = "reserved in the device tree";

bool dt_has_efi_memmap(const void *fdt)
{
	return tree_getprop(fdt, tree_root_child(fdt, "chosen"), "linux,uefi-mmap-start").p;
}

bool dt_has_efi(const void *fdt)
{
	return tree_getprop(fdt, tree_root_child(fdt, "chosen"), "linux,uefi-system-table").p;
}

bool dt_lacks_secure_boot(const void *fdt)
{
	const int chosen = tree_root_child(fdt, "chosen");
	const struct span mode = tree_getprop(fdt, chosen, "linux,uefi-secure-boot");

	return tree_getprop(fdt, chosen, "linux,uefi-system-table").p && mode.len != 4 &&
	       mode.len != 8;
}

/* The first memory node from this one on; early_init_dt_scan_memory() looks at the root's children
 * only.
 */
static int memory_from(const void *fdt, int node)
{
	while (node >= 0 && (!tree_prop_equals(fdt, node, "device_type", "memory") ||
			     !tree_is_available(fdt, node)))
		node = tree_next_sibling(fdt, node);
	return node;
}

void dt_memory_of(struct tree_pairs *pairs, const void *fdt, int node)
{
	static const char usable[] = "linux,usable-memory";

	tree_pairs_of(pairs, fdt, 0, node, tree_getprop(fdt, node, usable).p ? usable : "reg");
}

bool dt_ram(const void *fdt, struct ranges *out)
{
	int node = memory_from(fdt, tree_first_child(fdt, 0));
	struct tree_pairs pairs;
	struct range r;

	for (; node >= 0; node = memory_from(fdt, tree_next_sibling(fdt, node)))
		for (dt_memory_of(&pairs, fdt, node); tree_next_pair(&pairs, &r);)
			if (!ranges_add(out, r.start, r.end, NULL))
				return false;
	return true;
}

bool dt_has_memory(const void *fdt)
{
	int node = memory_from(fdt, tree_first_child(fdt, 0));
	struct tree_pairs pairs;
	struct range r;

	for (; node >= 0; node = memory_from(fdt, tree_next_sibling(fdt, node)))
		for (dt_memory_of(&pairs, fdt, node); tree_next_pair(&pairs, &r);)
			if (r.start < r.end)
				return true;
	return dt_has_efi_memmap(fdt);
}

int dt_areas(const void *fdt)
{
	const int node = tree_root_child(fdt, "reserved-memory");

	if (tree_getprop(fdt, node, "#address-cells").p &&
	    tree_getprop(fdt, node, "#size-cells").p && tree_getprop(fdt, node, "ranges").p &&
	    tree_address_cells(fdt, node) == tree_address_cells(fdt, 0) &&
	    tree_size_cells(fdt, node) == tree_size_cells(fdt, 0))
		return node;
	return -FDT_ERR_NOTFOUND;
}

bool dt_reserved(const void *fdt, struct ranges *keep)
{
	const int chosen = tree_root_child(fdt, "chosen"),
		  parent = tree_root_child(fdt, "reserved-memory");
	struct range initrd = { 0, 0, NULL }, r;
	struct tree_pairs pairs;
	size_t i;
	int node;

	if (!tree_address(fdt, chosen, "linux,initrd-start", &initrd.start) ||
	    !tree_address(fdt, chosen, "linux,initrd-end", &initrd.end))
		initrd.end = 0;
	for (i = 0; tree_next_reserved(fdt, &i, &r);)
		if ((r.start != initrd.start || r.end > round_up(initrd.end, LARGEST_PAGE)) &&
		    !ranges_add(keep, r.start, r.end, dt_reserved_why))
			return false;
	tree_for_each_child(node, fdt, parent)
		for (tree_pairs_of(&pairs, fdt, parent, node, "reg"); tree_next_pair(&pairs, &r);)
			if (!ranges_add(keep, r.start, r.end, dt_reserved_why))
				return false;
	return true;
}
