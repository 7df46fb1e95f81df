#include "dt/memory.h"

#define LARGEST_PAGE 0x10000

const char memory_reserved[] = "reserved in the device tree";

bool memory_efi(const void *fdt)
{
	return tree_property(fdt, tree_child(fdt, "chosen"), "linux,uefi-mmap-start").p;
}

/* The first memory node from this one on; early_init_dt_scan_memory() looks at the root's children
 * only.
 */
static int memory_from(const void *fdt, int node)
{
	while (node >= 0 && !tree_says(fdt, node, "device_type", "memory"))
		node = tree_next(fdt, node);
	return node;
}

bool memory_told(const void *fdt, struct ranges *out)
{
	int node = memory_from(fdt, tree_first(fdt, 0));
	struct tree_pairs pairs;
	struct range r;

	for (; node >= 0; node = memory_from(fdt, tree_next(fdt, node)))
		for (tree_pairs_of(&pairs, fdt, 0, node, "reg"); tree_next_pair(&pairs, &r);)
			if (!ranges_add(out, r.start, r.end, NULL))
				return false;
	return true;
}

bool memory_known(const void *fdt)
{
	int node = memory_from(fdt, tree_first(fdt, 0));

	for (; node >= 0; node = memory_from(fdt, tree_next(fdt, node)))
		if (tree_property(fdt, node, "reg").len)
			return true;
	return memory_efi(fdt);
}

bool memory_keep(const void *fdt, struct ranges *keep)
{
	const int chosen = tree_child(fdt, "chosen"), parent = tree_child(fdt, "reserved-memory");
	struct range initrd = { 0, 0, NULL }, r;
	struct tree_pairs pairs;
	size_t i;
	int node;

	if (!tree_address(fdt, chosen, "linux,initrd-start", &initrd.start) ||
	    !tree_address(fdt, chosen, "linux,initrd-end", &initrd.end))
		initrd.end = 0;
	for (i = 0; tree_next_reserved(fdt, &i, &r);)
		if ((r.start != initrd.start || r.end > round_up(initrd.end, LARGEST_PAGE)) &&
		    !ranges_add(keep, r.start, r.end, memory_reserved))
			return false;
	tree_each(node, fdt, parent)
		for (tree_pairs_of(&pairs, fdt, parent, node, "reg"); tree_next_pair(&pairs, &r);)
			if (!ranges_add(keep, r.start, r.end, memory_reserved))
				return false;
	return true;
}
