#include "memory.h"

#include <libfdt.h>
#include <string.h>

const char memory_reserved[] = "reserved in the device tree";

bool memory_known(const void *fdt)
{
	int node = fdt_path_offset(fdt, "/chosen");
	int len;

	if (node >= 0 && fdt_getprop(fdt, node, "linux,uefi-mmap-start", NULL))
		return true;
	node = -1;
	for (;;) {
		node = fdt_node_offset_by_prop_value(fdt, node, "device_type", "memory", 7);
		if (node < 0)
			return false;
		if (fdt_getprop(fdt, node, "reg", &len) && len > 0)
			return true;
	}
}

/* The (address, size) pairs of `reg` in a child of /reserved-memory, in the parent's cells. */
static bool keep_reg(const void *fdt, int parent, int node, struct ranges *keep)
{
	int address = fdt_address_cells(fdt, parent), size = fdt_size_cells(fdt, parent);
	int len, i, pair;
	uint64_t v[2], off = 0, end;
	struct span s;
	uint32_t cell;

	s.p = fdt_getprop(fdt, node, "reg", &len);
	if (!s.p || address < 1 || address > 2 || size < 1 || size > 2)
		return true;
	s.len = (size_t)len;
	for (pair = 4 * (address + size); len >= pair; len -= pair) {
		v[0] = v[1] = 0;
		for (i = 0; i < address + size; i++, off += 4) {
			span_be32(s, off, &cell);
			v[i >= address] = v[i >= address] << 32 | cell;
		}
		if (__builtin_add_overflow(v[0], v[1], &end))
			end = UINT64_MAX;
		if (!ranges_add(keep, v[0], end, memory_reserved))
			return false;
	}
	return true;
}

bool memory_keep(const void *fdt, const char *from, struct ranges *keep, struct error *e)
{
	int node, parent = fdt_path_offset(fdt, "/chosen"), i, err;
	uint64_t start, size, end, initrd = UINT64_MAX;

	if (parent >= 0)
		tree_address(fdt, parent, "linux,initrd-start", &initrd);
	for (i = 0; i < fdt_num_mem_rsv(fdt); i++) {
		err = fdt_get_mem_rsv(fdt, i, &start, &size);
		if (err)
			return tree_fail(from, "read", err, e);
		if (__builtin_add_overflow(start, size, &end))
			end = UINT64_MAX;
		if (start != initrd && !ranges_add(keep, start, end, memory_reserved))
			return fail_memory(e);
	}
	parent = fdt_path_offset(fdt, "/reserved-memory");
	if (parent < 0)
		return true;
	fdt_for_each_subnode(node, fdt, parent)
		if (!keep_reg(fdt, parent, node, keep))
			return fail_memory(e);
	return true;
}
