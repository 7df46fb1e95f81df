/* SPDX-License-Identifier: MIT */
/* The parts of the next tree that only this target has. */
#include "arch/ppc64/ppc64.h"

#include "src/base/strbuf.h"

/* Made by the running kernel for itself (arch/powerpc/kexec/core_64.c, core.c), or by a crash
 * kernel's loader: all wrong for the next one.
 */
static const char *const stale[] = {
	"linux,htab-base",	  "linux,htab-size",
	"linux,kernel-end",	  "linux,pci-domain",
	"linux,crashkernel-base", "linux,crashkernel-size",
	"linux,memory-limit",	  ppc64_usable,
	ppc64_drconf_usable,
};

/* Memory of a device, of which firmware says with linux,usable-memory that kernels leave it alone.
 */
static bool is_device(const void *fdt, int node)
{
	return tree_stringlist_has(fdt, node, "compatible", "ibm,coherent-device-memory");
}

/* Removing something from a valid tree never fails: it needs no space. */
static void drop_stale(struct tree *t, const struct machine *m)
{
	/* In a crash kernel: what its loader reserved, most of it the memory of the system that
	 * crashed, up to the end of what it may use. What firmware holds there comes back below.
	 */
	const struct range usable = { 0, m->rma_end, NULL };
	bool limited = false;
	int node, depth = 0;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(stale); i++) {
		node = tree_may_have_prop(t->blob, stale[i]) ? 0 : -1;
		for (; node >= 0; node = tree_next_node(t->blob, node, &depth))
			if (!is_device(t->blob, node) && tree_nop_prop(t, node, stale[i]))
				limited |= stale[i] == ppc64_usable;
	}
	if (limited)
		tree_drop_reservations(t, usable, usable);
}

bool ppc64_is_usable(const struct range *r)
{
	return r->what == ppc64_rtas || r->what == ppc64_opal || r->what == ppc64_tce;
}

const char ppc64_pft_size[] = "ibm,pft-size";

/* A hypervisor's hash table that was resized since the tree was made, as memory came or went: CPUs
 * use all of it, a kernel only as much as the tree says (arch/powerpc/mm/book3s64/hash_utils.c,
 * htab_dt_scan_pftsize), and then finds no page again.
 */
static void write_hpt_order(struct tree *t, unsigned order)
{
	const uint8_t value[8] = { 0, 0, 0, 0, 0, 0, 0, (uint8_t)order };
	int node, depth = 0;

	for (node = order ? 0 : -1; node >= 0; node = tree_next_node(t->blob, node, &depth))
		if (tree_getprop(t->blob, node, ppc64_pft_size).len == sizeof(value))
			tree_setprop(t, node, ppc64_pft_size, value, sizeof(value));
}

bool ppc64_is_firmware(const struct range *r)
{
	return ppc64_is_usable(r) || r->what == ppc64_reserved;
}

bool ppc64_has_cpu(const void *fdt, uint32_t number)
{
	int node = 0, depth = 0;
	struct span threads;
	uint32_t n;
	size_t i;

	for (; node >= 0; node = tree_next_node(fdt, node, &depth)) {
		if (!tree_prop_equals(fdt, node, "device_type", "cpu"))
			continue;
		threads = tree_getprop(fdt, node, "ibm,ppc-interrupt-server#s");
		if (!threads.p)
			threads = tree_getprop(fdt, node, "reg");
		for (i = 0; span_be32(threads, i, &n); i += 4)
			if (n == number)
				return true;
	}
	return false;
}

bool ppc64_has_one_cpu(const void *fdt)
{
	int node = 0, depth = 0;
	size_t cpus = 0;

	for (; node >= 0; node = tree_next_node(fdt, node, &depth))
		if (tree_prop_equals(fdt, node, "device_type", "cpu"))
			cpus += tree_getprop(fdt, node, "ibm,ppc-interrupt-server#s").len > 4 ? 2
											      : 1;
	return cpus == 1;
}

/* Without it the next kernel ends before it has a console. */
static bool check_cpu(const struct tree *t, const struct machine *m, struct error *e)
{
	char show[PRINTABLE_MAX];

	return !m->boot_cpu_known || ppc64_has_cpu(t->blob, m->boot_cpu) ||
	       fail(e, FAIL_TREE, "use the device tree: no CPU %u, which starts kernels here: %s",
		    m->boot_cpu, printable(show, t->from));
}

bool ppc64_tree(struct tree *t, const struct request *req, struct error *e)
{
	const struct machine *m = req->machine;
	const struct range *r;

	drop_stale(t, m);
	if (!check_cpu(t, m, e))
		return false;
	write_hpt_order(t, m->hpt_order);
	if (m->crash.region.end && !ppc64_crash_tree(t, m, e))
		return false;
	ranges_for_each(r, &m->reserved)
		if (ppc64_is_firmware(r) && !tree_add_reservation(t, *r, e))
			return false;
	return true;
}
