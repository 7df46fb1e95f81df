#include "memory.h"

#include <libfdt.h>
#include <string.h>

#define LARGEST_PAGE 0x10000

const char memory_reserved[] = "reserved in the device tree";

bool memory_efi(const void *fdt)
{
	return fdt_getprop(fdt, fdt_path_offset(fdt, "/chosen"), "linux,uefi-mmap-start", NULL);
}

bool memory_told(const void *fdt, struct ranges *out)
{
	struct tree_pairs pairs;
	const char *type;
	struct range r;
	int node, len;

	fdt_for_each_subnode(node, fdt, 0)
	{
		type = fdt_getprop(fdt, node, "device_type", &len);
		if (!type || len != sizeof("memory") || memcmp(type, "memory", sizeof("memory")))
			continue;
		for (tree_pairs_of(&pairs, fdt, 0, node, "reg"); tree_next_pair(&pairs, &r);)
			if (!ranges_add(out, r.start, r.end, NULL))
				return false;
	}
	return true;
}

bool memory_known(const void *fdt)
{
	int node = -1, len;

	if (memory_efi(fdt))
		return true;
	for (;;) {
		node = fdt_node_offset_by_prop_value(fdt, node, "device_type", "memory", 7);
		if (node < 0)
			return false;
		if (fdt_getprop(fdt, node, "reg", &len) && len > 0)
			return true;
	}
}

bool memory_keep(const void *fdt, const char *from, struct ranges *keep, struct error *e)
{
	int node, parent = fdt_path_offset(fdt, "/chosen"), i, err;
	uint64_t start, size, end;
	struct range initrd = { 0, 0, NULL };
	struct tree_pairs pairs;
	struct range r;

	if (parent < 0 || !tree_address(fdt, parent, "linux,initrd-start", &initrd.start) ||
	    !tree_address(fdt, parent, "linux,initrd-end", &initrd.end))
		initrd.end = 0;
	for (i = 0; i < fdt_num_mem_rsv(fdt); i++) {
		err = fdt_get_mem_rsv(fdt, i, &start, &size);
		if (err)
			return tree_fail(from, "read", err, e);
		if (__builtin_add_overflow(start, size, &end))
			end = UINT64_MAX;
		if ((start != initrd.start || end > round_up(initrd.end, LARGEST_PAGE)) &&
		    !ranges_add(keep, start, end, memory_reserved))
			return fail_memory(e);
	}
	parent = fdt_path_offset(fdt, "/reserved-memory");
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
