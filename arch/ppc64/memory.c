/* Memory of a ppc64 machine, all of it from its tree: what is RAM (arch/powerpc/kernel/prom.c,
 * LoPAR B.6.6 for dynamic memory), what firmware and the running kernel hold, and how far real mode
 * reaches.
 */
#include "ppc64.h"

#include <libfdt.h>
#include <string.h>

const char ppc64_running[] = "the running kernel";
const char ppc64_hash[] = "hash page table";
const char ppc64_crash[] = "crash kernel region";
const char ppc64_rtas[] = "RTAS firmware";
const char ppc64_opal[] = "OPAL firmware";
const char ppc64_tce[] = "I/O translation tables";
const char ppc64_reserved[] = "reserved by firmware";
const char ppc64_device[] = "memory of a device";

#define LMB_ASSIGNED 0x8u
#define LMB_RESERVED 0x80u
#define DEPTH_MAX    64

static bool has_string(const void *fdt, int node, const char *property, const char *string)
{
	return fdt_stringlist_search(fdt, node, property, string) >= 0;
}

/* Adds every (address, size) pair of a property, in the cells of `parent`. */
static bool add_pairs(const void *fdt, int parent, int node, const char *property,
		      struct ranges *out, const char *why)
{
	struct tree_pairs pairs;
	struct range r;

	for (tree_pairs_of(&pairs, fdt, parent, node, property); tree_next_pair(&pairs, &r);)
		if (!ranges_add(out, r.start, r.end, why))
			return false;
	return true;
}

/* A memory node: RAM, unless it belongs to a device. The first range at 0 is what real mode
 * reaches. */
static bool add_node(struct machine *m, int parent, int node)
{
	const void *fdt = m->fdt.p;
	struct tree_pairs pairs;
	struct range r;

	if (has_string(fdt, node, "compatible", "ibm,coherent-device-memory"))
		return add_pairs(fdt, parent, node, "reg", &m->keep, ppc64_device);
	tree_pairs_of(&pairs, fdt, parent, node, "reg");
	if (tree_next_pair(&pairs, &r) && r.start == 0)
		m->reach.end = r.end;
	return add_pairs(fdt, parent, node, "reg", &m->ram, "RAM");
}

static bool add_nodes(struct machine *m)
{
	int parents[DEPTH_MAX] = { 0 }, depth = 0, node = 0;

	while ((node = fdt_next_node(m->fdt.p, node, &depth)) >= 0 && depth > 0) {
		if (depth >= DEPTH_MAX)
			continue;
		parents[depth] = node;
		if (has_string(m->fdt.p, node, "device_type", "memory") &&
		    !add_node(m, parents[depth - 1], node))
			return false;
	}
	return true;
}

/* LMBs one by one: address, DRC index, reserved, associativity, flags. */
static bool add_lmbs(struct span list, uint64_t size, struct ranges *ram)
{
	uint32_t count, flags, i;
	uint64_t at, end;

	span_be32(list, 0, &count);
	for (i = 0; i < count; i++) {
		if (!span_be64(list, 4 + 24ull * i, &at) ||
		    !span_be32(list, 4 + 24ull * i + 20, &flags))
			break;
		if ((flags & (LMB_ASSIGNED | LMB_RESERVED)) == LMB_ASSIGNED &&
		    !__builtin_add_overflow(at, size, &end) && !ranges_add(ram, at, end, "RAM"))
			return false;
	}
	return true;
}

/* Version 2, runs of LMBs: how many, address of the first, DRC index, associativity, flags. */
static bool add_lmb_runs(struct span list, uint64_t size, struct ranges *ram)
{
	uint32_t count, lmbs, flags, i;
	uint64_t at, end;

	span_be32(list, 0, &count);
	for (i = 0; i < count; i++) {
		if (!span_be32(list, 4 + 24ull * i, &lmbs) ||
		    !span_be64(list, 8 + 24ull * i, &at) ||
		    !span_be32(list, 4 + 24ull * i + 20, &flags))
			break;
		if ((flags & (LMB_ASSIGNED | LMB_RESERVED)) == LMB_ASSIGNED &&
		    !__builtin_mul_overflow(size, (uint64_t)lmbs, &end) &&
		    !__builtin_add_overflow(at, end, &end) && !ranges_add(ram, at, end, "RAM"))
			return false;
	}
	return true;
}

static bool add_dynamic(struct machine *m)
{
	const void *fdt = m->fdt.p;
	int node = tree_child(fdt, "ibm,dynamic-reconfiguration-memory"), len;
	struct span list;
	uint64_t size;

	if (node < 0 || !tree_address(fdt, node, "ibm,lmb-size", &size) || !size)
		return true;
	list.p = fdt_getprop(fdt, node, "ibm,dynamic-memory-v2", &len);
	if (list.p) {
		list.len = (size_t)len;
		return add_lmb_runs(list, size, &m->ram);
	}
	list.p = fdt_getprop(fdt, node, "ibm,dynamic-memory", &len);
	list.len = list.p ? (size_t)len : 0;
	return !list.p || add_lmbs(list, size, &m->ram);
}

/* [base, base + size) where both are numbers in properties; nothing when either is absent. */
static bool keep_numbers(struct machine *m, int node, const char *base, const char *size,
			 const char *why)
{
	uint64_t at, len, end;

	if (node < 0 || !tree_address(m->fdt.p, node, base, &at) ||
	    !tree_address(m->fdt.p, node, size, &len))
		return true;
	if (__builtin_add_overflow(at, len, &end))
		end = UINT64_MAX;
	return ranges_add(&m->keep, at, end, why);
}

static bool keep_tce(struct machine *m)
{
	int node = tree_may_have(m->fdt.p, "linux,tce-base") ? 0 : -1;

	for (; node >= 0; node = fdt_next_node(m->fdt.p, node, NULL))
		if (!keep_numbers(m, node, "linux,tce-base", "linux,tce-size", ppc64_tce))
			return false;
	return true;
}

static bool keep_all(struct machine *m)
{
	const void *fdt = m->fdt.p;
	int chosen = tree_child(fdt, "chosen");
	int opal = tree_child(fdt, "ibm,opal");
	int rtas = tree_child(fdt, "rtas");

	return ranges_add(&m->keep, 0, m->reach.start, ppc64_running) &&
	       keep_numbers(m, chosen, "linux,htab-base", "linux,htab-size", ppc64_hash) &&
	       keep_numbers(m, chosen, "linux,crashkernel-base", "linux,crashkernel-size",
			    ppc64_crash) &&
	       keep_numbers(m, rtas, "linux,rtas-base", "rtas-size", ppc64_rtas) &&
	       keep_numbers(m, opal, "opal-base-address", "opal-runtime-size", ppc64_opal) &&
	       keep_tce(m) && add_pairs(fdt, 0, 0, "reserved-ranges", &m->keep, ppc64_reserved);
}

bool ppc64_memory(struct machine *m, const struct sources *s, struct error *e)
{
	int chosen = tree_child(m->fdt.p, "chosen");

	(void)s;
	if (chosen < 0 || !tree_address(m->fdt.p, chosen, "linux,kernel-end", &m->reach.start))
		return fail(e, FAIL_TREE, "use device tree %s: /chosen has no linux,kernel-end",
			    m->fdt_from);
	if (!add_nodes(m) || !add_dynamic(m) || !keep_all(m))
		return fail_memory(e);
	if (!m->reach.end)
		return fail(e, FAIL_TREE, "use device tree %s: no memory node starts at 0",
			    m->fdt_from);
	ranges_union(&m->ram);
	return true;
}
