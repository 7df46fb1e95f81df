/* SPDX-License-Identifier: MIT */
/* Memory of a ppc64 machine, all of it from its tree: what is RAM (arch/powerpc/kernel/prom.c,
 * LoPAR B.6.6 for dynamic memory), what firmware and the running kernel hold, and how far real mode
 * reaches.
 */
#include "arch/ppc64/ppc64.h"

#include "src/formats/iomem.h"

const char ppc64_running[] = "the running kernel";
const char ppc64_hash[] = "hash page table";
const char ppc64_unmapped[] = "above the running kernel's mem=";
const char ppc64_rtas[] = "RTAS firmware";
const char ppc64_opal[] = "OPAL firmware";
const char ppc64_tce[] = "I/O translation tables";
const char ppc64_reserved[] = "reserved by firmware";
const char ppc64_device[] = "memory of a device";

const char ppc64_usable[] = "linux,usable-memory";
const char ppc64_drconf_usable[] = "linux,drconf-usable-memory";

#define LMB_ASSIGNED 0x8u
#define LMB_RESERVED 0x80u
#define DEPTH_MAX    64

/* On POWER9 and later addresses wrap here (arch/powerpc/mm/book3s64/hash_utils.c,
 * hash__setup_initial_memory_limit).
 */
#define REAL_MODE_END (1ull << 40)

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
 * reaches. A crash kernel has, and can copy to, no more than it was told to use.
 */
static bool add_node(struct machine *m, int parent, int node)
{
	const void *fdt = m->fdt.p;
	const char *reg = tree_getprop(fdt, node, ppc64_usable).p ? ppc64_usable : "reg";
	struct tree_pairs pairs;
	struct range r;

	if (tree_stringlist_has(fdt, node, "compatible", "ibm,coherent-device-memory"))
		return add_pairs(fdt, parent, node, "reg", &m->reserved, ppc64_device);
	tree_pairs_of(&pairs, fdt, parent, node, reg);
	if (tree_next_pair(&pairs, &r) && r.start == 0 && r.end)
		m->rma_end = r.end < REAL_MODE_END ? r.end : REAL_MODE_END;
	return add_pairs(fdt, parent, node, reg, &m->ram, "RAM");
}

static bool add_nodes(struct machine *m)
{
	int parents[DEPTH_MAX] = { 0 }, depth = 0, node = 0;

	while ((node = tree_next_node(m->fdt.p, node, &depth)) >= 0) {
		if (depth >= DEPTH_MAX)
			continue;
		parents[depth] = node;
		if (tree_stringlist_has(m->fdt.p, node, "device_type", "memory") &&
		    tree_is_available(m->fdt.p, node) && !add_node(m, parents[depth - 1], node))
			return false;
	}
	return true;
}

void ppc64_runs_of(struct ppc64_runs *runs, const void *fdt)
{
	int node = tree_root_child(fdt, "ibm,dynamic-reconfiguration-memory");

	*runs = (struct ppc64_runs){ 0 };
	if (!tree_address(fdt, node, "ibm,lmb-size", &runs->size) || !runs->size)
		return;
	runs->list = tree_getprop(fdt, node, "ibm,dynamic-memory");
	runs->version2 = !runs->list.p;
	if (runs->version2)
		runs->list = tree_getprop(fdt, node, "ibm,dynamic-memory-v2");
	runs->limited = tree_getprop(fdt, node, ppc64_drconf_usable).p;
	span_be32(runs->list, 0, &runs->left);
	runs->at = 4;
}

/* An LMB is address, DRC index, reserved, associativity, flags; a run (version 2) how many, address
 * of the first, DRC index, associativity, flags.
 */
bool ppc64_next_run(struct ppc64_runs *runs, struct range *r)
{
	uint32_t flags, n = 1;
	uint64_t bytes, at;

	for (; runs->left; runs->left--, runs->at += 24) {
		at = runs->at + (runs->version2 ? 4 : 0);
		if ((runs->version2 && !span_be32(runs->list, runs->at, &n)) ||
		    !span_be64(runs->list, at, &r->start) ||
		    !span_be32(runs->list, runs->at + 20, &flags))
			return false;
		if ((flags & (LMB_ASSIGNED | LMB_RESERVED)) != LMB_ASSIGNED ||
		    __builtin_mul_overflow(runs->size, (uint64_t)n, &bytes) ||
		    __builtin_add_overflow(r->start, bytes, &r->end))
			continue;
		runs->left--;
		runs->at += 24;
		return true;
	}
	return false;
}

bool ppc64_dynamic_ram(const void *fdt, struct ranges *out)
{
	struct ppc64_runs runs;
	struct range r;

	for (ppc64_runs_of(&runs, fdt); ppc64_next_run(&runs, &r);)
		if (!ranges_add(out, r.start, r.end, "RAM"))
			return false;
	return true;
}

/* A crash kernel's share of it is not worth the counting. */
static bool add_dynamic(struct machine *m)
{
	struct ppc64_runs runs;

	ppc64_runs_of(&runs, m->fdt.p);
	return runs.limited || ppc64_dynamic_ram(m->fdt.p, &m->ram);
}

/* [base, base + size) where both are numbers in properties; nothing when either is absent. */
static bool keep_numbers(struct machine *m, int node, const char *base, const char *size,
			 const char *why)
{
	uint64_t at, len, end;

	if (!tree_address(m->fdt.p, node, base, &at) || !tree_address(m->fdt.p, node, size, &len))
		return true;
	if (__builtin_add_overflow(at, len, &end))
		end = UINT64_MAX;
	return ranges_add(&m->reserved, at, end, why);
}

static bool keep_tce(struct machine *m)
{
	int node = tree_may_have_prop(m->fdt.p, "linux,tce-base") ? 0 : -1, depth = 0;

	for (; node >= 0; node = tree_next_node(m->fdt.p, node, &depth))
		if (!keep_numbers(m, node, "linux,tce-base", "linux,tce-size", ppc64_tce))
			return false;
	return true;
}

static bool keep_all(struct machine *m)
{
	const void *fdt = m->fdt.p;
	int chosen = tree_root_child(fdt, "chosen");
	int opal = tree_root_child(fdt, "ibm,opal");
	int rtas = tree_root_child(fdt, "rtas");

	return ranges_add(&m->reserved, 0, m->addressable.start, ppc64_running) &&
	       keep_numbers(m, chosen, "linux,htab-base", "linux,htab-size", ppc64_hash) &&
	       keep_numbers(m, chosen, "linux,crashkernel-base", "linux,crashkernel-size",
			    iomem_crash) &&
	       keep_numbers(m, rtas, "linux,rtas-base", "rtas-size", ppc64_rtas) &&
	       keep_numbers(m, opal, "opal-base-address", "opal-runtime-size", ppc64_opal) &&
	       keep_tce(m) && add_pairs(fdt, 0, 0, "reserved-ranges", &m->reserved, ppc64_reserved);
}

/* LoPAR, ibm,architecture-vec-5: byte 24 says how memory is mapped (arch/powerpc/mm/init_64.c,
 * early_check_vec5).
 */
static bool is_radix(const void *fdt)
{
	const struct span v =
		tree_getprop(fdt, tree_root_child(fdt, "chosen"), "ibm,architecture-vec-5");

	return v.len > 24 && (v.p[24] & 0xc0) == 0x40;
}

/* With the hash MMU the running kernel of an LPAR copies with the MMU on (default_machine_kexec),
 * and what is above its mem= is not mapped. Since Linux 6.12 it has a limit in any case, above
 * which is what was added later: that is mapped, and not needed.
 */
static bool keep_unmapped(struct machine *m)
{
	const void *fdt = m->fdt.p;
	uint64_t limit = 0;

	if (!tree_address(fdt, tree_root_child(fdt, "chosen"), "linux,memory-limit", &limit) ||
	    !limit || is_radix(fdt) || tree_root_child(fdt, "ibm,opal") >= 0)
		return true;
	return ranges_add(&m->reserved, ppc64_limit_address(&m->ram, limit),
			  m->ram.v[m->ram.n - 1].end, ppc64_unmapped);
}

bool ppc64_memory(struct machine *m, struct span iomem, struct error *e)
{
	int chosen = tree_root_child(m->fdt.p, "chosen");

	(void)iomem;
	m->one_cpu = m->one_cpu && ppc64_has_one_cpu(m->fdt.p);
	if (!tree_address(m->fdt.p, chosen, "linux,kernel-end", &m->addressable.start))
		return fail(e, FAIL_TREE, "use the device tree: no linux,kernel-end in /chosen: %s",
			    m->fdt_from);
	m->addressable.end = UINT64_MAX;
	if (!add_nodes(m) || !add_dynamic(m) || !keep_all(m))
		return fail_memory(e);
	if (!m->rma_end)
		return fail(e, FAIL_TREE, "use the device tree: no memory node starts at 0: %s",
			    m->fdt_from);
	ranges_union(&m->ram);
	return (keep_unmapped(m) && ppc64_keep_dump(m)) || fail_memory(e);
}
