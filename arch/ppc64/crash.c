/* SPDX-License-Identifier: MIT */
/* What the tree tells a crash kernel about memory, beside each piece of it (arch/powerpc/mm/numa.c,
 * drmem.c, kernel/prom.c): linux,usable-memory in a memory node, linux,drconf-usable-memory for
 * dynamic memory. As the kernel's own loader has it (arch/powerpc/kexec/file_load_64.c), usable is
 * all from 0 to the region's end, since kernels want the first block of memory, and what firmware
 * holds, and what is shared with the crashed kernel; what is below the region and not saved is
 * reserved, but for what is shared.
 */
#include "arch/ppc64/ppc64.h"

#include <libfdt.h>
#include <stdlib.h>
#include <string.h>

static void add_number(struct strbuf *t, uint64_t v)
{
	uint8_t b[8];

	put_be64(b, v);
	strbuf_append(t, b, sizeof(b));
}

/* Appends (address, size) of each usable stretch of a block; returns how many. */
static unsigned add_usable(const struct ranges *usable, struct range block, struct strbuf *t)
{
	const struct range *u;
	struct range r;
	unsigned n = 0;

	ranges_for_each(u, usable) {
		r = range_clip(*u, block);
		if (r.start >= r.end)
			continue;
		add_number(t, r.start);
		add_number(t, r.end - r.start);
		n++;
	}
	return n;
}

bool ppc64_find_usable(const struct machine *m, struct ranges *usable)
{
	const struct range *r;
	bool ok = ranges_add(usable, 0, m->crash.region.end, NULL);

	ranges_for_each(r, &m->reserved)
		if (ppc64_is_usable(r))
			ok = ok && ranges_add(usable, r->start, r->end, NULL);
	ranges_for_each(r, &m->crash.cma)
		ok = ok && ranges_add(usable, r->start, r->end, NULL);
	ranges_union(usable);
	return ok;
}

/* Writes a property that may be longer than the space that is left. */
static bool write_property(struct tree *t, int node, const char *name, const struct strbuf *v,
			   struct error *e)
{
	struct span unused;
	int err;

	if (v->truncated)
		return fail_memory(e);
	if (!tree_grow(t, v->len + 64, &unused, e))
		return false;
	err = fdt_setprop(t->blob, node, name, v->p, (int)v->len);
	return err ? tree_fail(t->from, "write", err, e) : true;
}

/* linux,usable-memory of one node: (0, 0) when none of it is. */
static bool limit_node(struct tree *t, int node, const struct ranges *usable, struct error *e)
{
	struct strbuf v = STRBUF_GROWING;
	struct tree_pairs pairs;
	struct range r;
	unsigned n = 0;
	bool ok;

	for (tree_pairs_of(&pairs, t->blob, 0, node, "reg"); tree_next_pair(&pairs, &r);)
		n += add_usable(usable, r, &v);
	if (!n) {
		add_number(&v, 0);
		add_number(&v, 0);
	}
	ok = write_property(t, node, ppc64_usable, &v, e);
	strbuf_free(&v);
	return ok;
}

static bool limit_nodes(struct tree *t, const struct ranges *usable, struct error *e)
{
	int node = 0, depth = 0;

	for (; node >= 0; node = tree_next_node(t->blob, node, &depth))
		if (tree_prop_equals(t->blob, node, "device_type", "memory") &&
		    !limit_node(t, node, usable, e))
			return false;
	return true;
}

/* More blocks than that no machine has: 256 TiB, where they have 256 MiB. */
#define LMBS_MAX (1u << 20)

static bool check_blocks(const struct tree *t, struct error *e)
{
	char show[PRINTABLE_MAX];
	struct ppc64_runs runs;
	uint64_t n = 0;
	struct range r;

	for (ppc64_runs_of(&runs, t->blob); n <= LMBS_MAX && ppc64_next_run(&runs, &r);)
		n += (r.end - r.start) / runs.size;
	return n <= LMBS_MAX ||
	       fail(e, FAIL_TREE, "use the device tree: more than %u blocks of memory: %s",
		    LMBS_MAX, printable(show, t->from));
}

/* linux,drconf-usable-memory: for each block that is RAM a count and as many pairs. */
static bool limit_dynamic(struct tree *t, const struct ranges *usable, struct error *e)
{
	int node = tree_root_child(t->blob, "ibm,dynamic-reconfiguration-memory");
	struct strbuf v = STRBUF_GROWING;
	struct ppc64_runs runs;
	struct range r, block;
	uint8_t count[8];
	size_t at;
	bool ok = true;

	for (ppc64_runs_of(&runs, t->blob); ppc64_next_run(&runs, &r);)
		for (; r.start < r.end && !v.truncated; r.start += runs.size) {
			block = (struct range){ r.start, r.start + runs.size, NULL };
			at = v.len;
			add_number(&v, 0);
			put_be64(count, add_usable(usable, block, &v));
			if (!v.truncated)
				memcpy(v.p + at, count, sizeof(count));
		}
	if (v.len || v.truncated)
		ok = write_property(t, node, ppc64_drconf_usable, &v, e);
	strbuf_free(&v);
	return ok;
}

/* What is below the region, and neither saved nor shared. */
static bool reserve_below(struct tree *t, const struct machine *m, struct error *e)
{
	struct range left = { m->arch->backup, m->crash.region.start, NULL };
	const struct range *shared;

	ranges_for_each(shared, &m->crash.cma) {
		const struct range gap = { left.start, shared->start, NULL };

		if (shared->start >= left.end)
			break;
		if (gap.start < gap.end && !tree_add_reservation(t, gap, e))
			return false;
		left.start = shared->end;
	}
	return left.start >= left.end || tree_add_reservation(t, left, e);
}

bool ppc64_crash_tree(struct tree *t, const struct machine *m, struct error *e)
{
	struct ranges usable = { 0 };
	bool ok;

	ok = (ppc64_find_usable(m, &usable) || fail_memory(e)) && check_blocks(t, e) &&
	     limit_nodes(t, &usable, e) && limit_dynamic(t, &usable, e);
	ranges_free(&usable);
	return ok && reserve_below(t, m, e);
}

/* When a CPU is added, the kernel rewrites the nodes of all CPUs (arch/powerpc/kexec/core_64.c,
 * update_cpus_node()), each with the `name` that trees in memory do not have, and adds one for each
 * new core.
 */
size_t ppc64_tree_room(const struct machine *m)
{
	const size_t cpus = m->crash.notes.n - 1; /* the last one is vmcoreinfo */
	size_t nodes = 0, threads = 1, largest = 0, bytes, servers;
	const void *fdt = m->fdt.p;
	struct tree_props p;
	int node = 0, depth = 0;

	for (; node >= 0; node = tree_next_node(fdt, node, &depth)) {
		if (!tree_prop_equals(fdt, node, "device_type", "cpu"))
			continue;
		bytes = 128;
		for (tree_props_of(&p, fdt, node); tree_next_prop(&p);)
			bytes += p.value.len + 16;
		if (bytes > largest)
			largest = bytes;
		servers = tree_getprop(fdt, node, "ibm,ppc-interrupt-server#s").len / 4;
		if (servers)
			threads = servers;
		nodes++;
	}
	return 1024 + nodes * 128 +
	       (cpus / threads > nodes ? (cpus / threads - nodes) * largest : 0);
}
