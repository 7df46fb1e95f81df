#include "memory.h"

#include "reserved.h"

#include <string.h>

#define LARGEST_PAGE 0x10000

const char memory_reserved[] = "reserved in the device tree";

bool memory_efi(const void *fdt)
{
	return fdt_getprop(fdt, tree_child(fdt, "chosen"), "linux,uefi-mmap-start", NULL);
}

/* The first memory node from this one on; early_init_dt_scan_memory() looks at the root's children
 * only.
 */
static int memory_from(const void *fdt, int node)
{
	while (node >= 0 && !tree_says(fdt, node, "device_type", "memory"))
		node = tree_next_child(fdt, node);
	return node;
}

bool memory_told(const void *fdt, struct ranges *out)
{
	int node = memory_from(fdt, tree_next_child(fdt, 0));
	struct tree_pairs pairs;
	struct range r;

	for (; node >= 0; node = memory_from(fdt, tree_next_child(fdt, node)))
		for (tree_pairs_of(&pairs, fdt, 0, node, "reg"); tree_next_pair(&pairs, &r);)
			if (!ranges_add(out, r.start, r.end, NULL))
				return false;
	return true;
}

bool memory_known(const void *fdt)
{
	int node = memory_from(fdt, tree_next_child(fdt, 0)), len;

	for (; node >= 0; node = memory_from(fdt, tree_next_child(fdt, node)))
		if (fdt_getprop(fdt, node, "reg", &len) && len > 0)
			return true;
	return memory_efi(fdt);
}

bool memory_keep(const void *fdt, struct ranges *keep, struct error *e)
{
	int node, parent = tree_child(fdt, "chosen"), i;
	uint64_t start, size, end;
	struct range initrd = { 0, 0, NULL };
	struct tree_pairs pairs;
	struct range r;

	if (parent < 0 || !tree_address(fdt, parent, "linux,initrd-start", &initrd.start) ||
	    !tree_address(fdt, parent, "linux,initrd-end", &initrd.end))
		initrd.end = 0;
	for (i = 0; i < fdt_num_mem_rsv(fdt); i++) {
		tree_reserved(fdt, i, &start, &size);
		if (__builtin_add_overflow(start, size, &end))
			end = UINT64_MAX;
		if ((start != initrd.start || end > round_up(initrd.end, LARGEST_PAGE)) &&
		    !ranges_add(keep, start, end, memory_reserved))
			return fail_memory(e);
	}
	parent = tree_child(fdt, "reserved-memory");
	if (parent < 0)
		return true;
	fdt_for_each_subnode(
		node, fdt,
		parent) for (tree_pairs_of(&pairs, fdt, parent, node, "reg");
			     tree_next_pair(
				     &pairs,
				     &r);) if (!ranges_add(keep, r.start, r.end,
							   memory_reserved)) return fail_memory(e);
	return true;
}
