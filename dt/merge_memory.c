/* SPDX-License-Identifier: MIT */
/* Memory, and what of it is reserved, in a tree given by the user. */
#include "dt/merge_internal.h"

#include "dt/memory.h"
#include "src/base/strbuf.h"

#include <libfdt.h>

/* ---- memory */

static bool is_memory(const void *fdt, int node)
{
	return tree_prop_equals(fdt, node, "device_type", "memory") ||
	       strcmp(tree_name(fdt, node), "ibm,dynamic-reconfiguration-memory") == 0;
}

static bool same_cells(const void *a, const void *b)
{
	return tree_address_cells(a, 0) == tree_address_cells(b, 0) &&
	       tree_size_cells(a, 0) == tree_size_cells(b, 0);
}

static bool fail_cells(const struct tree *t, bool same, struct error *e)
{
	char show[PRINTABLE_MAX];

	printable(show, t->from);
	if (same)
		return fail(e, FAIL_TREE,
			    "use the device tree: #address-cells are too few for this machine's "
			    "memory: %s",
			    show);
	fail(e, FAIL_TREE,
	     "use the device tree: no memory node, other #address-cells than this machine: %s",
	     show);
	return hint(e,
		    "nothing was loaded: %s is not for this machine; leave --dtb out to use its "
		    "own tree",
		    show);
}

/* Writes what a copied memory node tells of in the cells of t. */
static bool recode(struct tree *t, int to, const void *own, int node, struct error *e)
{
	struct ranges told = { 0 };
	struct tree_pairs pairs;
	struct range r;
	bool ok = true;
	int err;

	for (dt_memory_of(&pairs, own, node); ok && tree_next_pair(&pairs, &r);)
		ok = ranges_add(&told, r.start, r.end, NULL);
	tree_nop_prop(t, to, "linux,usable-memory");
	err = tree_set_pairs(t, to, "reg", told.v, told.n);
	ranges_free(&told);
	if (!ok)
		return fail_memory(e);
	if (err == -FDT_ERR_BADVALUE || err == -FDT_ERR_BADNCELLS)
		return fail_cells(t, true, e);
	return merge_wrote(t, err, e);
}

bool merge_memory(struct tree *t, const void *own, bool same, struct error *e)
{
	const bool as_is = same_cells(t->blob, own);
	int node, next, to;

	if (dt_has_memory(t->blob) && !(same && dt_has_memory(own)))
		return true;
	if (!same && !as_is)
		return fail_cells(t, false, e);
	for (node = tree_first_child(t->blob, 0); node >= 0; node = next) {
		next = tree_next_sibling(t->blob, node);
		if (is_memory(t->blob, node))
			fdt_nop_node(t->blob, node);
	}
	tree_for_each_child(node, own, 0) {
		if (!is_memory(own, node))
			continue;
		if (!merge_wrote(t, copy_node(t, 0, own, node), e))
			return false;
		to = tree_root_child(t->blob, tree_name(own, node));
		if (!as_is && !recode(t, to, own, node, e))
			return false;
	}
	return true;
}

/* ---- reserved memory */

/* What t reserves: by areas that kernels heed, by those of them that must not be mapped, by those
 * that are used meanwhile, and by all, with the header. Sorted, without overlaps.
 */
struct reserved {
	struct tree *t;
	int areas; /* /reserved-memory, where kernels heed it */
	struct ranges area, no_map, pool, all;
};

static bool add_reserved(struct reserved *k, const struct range *r, bool no_map)
{
	return ranges_add(&k->area, r->start, r->end, NULL) &&
	       ranges_add(&k->all, r->start, r->end, NULL) &&
	       (!no_map || ranges_add(&k->no_map, r->start, r->end, NULL));
}

static void sort_reserved(struct reserved *k)
{
	ranges_union(&k->area);
	ranges_union(&k->no_map);
	ranges_union(&k->all);
}

static bool read_reserved(struct reserved *k)
{
	const void *fdt = k->t->blob;
	struct tree_pairs pairs;
	struct range r;
	size_t i;
	int node;

	k->areas = dt_areas(fdt);
	for (i = 0; tree_next_reserved(fdt, &i, &r);)
		if (!ranges_add(&k->all, r.start, r.end, NULL))
			return false;
	tree_for_each_child(node, fdt, k->areas) {
		tree_pairs_of(&pairs, fdt, k->areas, node, "reg");
		while (tree_is_available(fdt, node) && tree_next_pair(&pairs, &r))
			if (!add_reserved(k, &r, tree_getprop(fdt, node, "no-map").p) ||
			    (tree_getprop(fdt, node, "reusable").p &&
			     !ranges_add(&k->pool, r.start, r.end, NULL)))
				return false;
	}
	sort_reserved(k);
	return true;
}

/* A node for the machine's areas where t has none: in the cells of the root, or it is ignored. */
static int need_areas(struct tree *t)
{
	int node = tree_root_child(t->blob, "reserved-memory"), err;

	if (node >= 0)
		return dt_areas(t->blob);
	node = fdt_add_subnode(t->blob, 0, "reserved-memory");
	if (node < 0)
		return node;
	err = fdt_setprop_u32(t->blob, node, "#address-cells", tree_address_cells(t->blob, 0));
	if (!err)
		err = fdt_setprop_u32(t->blob, node, "#size-cells", tree_size_cells(t->blob, 0));
	if (!err)
		err = fdt_setprop_empty(t->blob, node, "ranges");
	return err ? err : node;
}

/* An area as firmware has it, with what uses it in the machine's tree. Kernels from 7.2 on take the
 * first range alone (__reserved_mem_reserve_reg), so it gets no more. Where t has an area of this
 * name that is switched off, that is switched on, for those who refer to it. -FDT_ERR_EXISTS when
 * it has another one.
 */
static int copy_area(struct reserved *k, const void *own, int node, const struct range *first)
{
	const char *name = tree_name(own, node);
	struct tree *t = k->t;
	int to = fdt_add_subnode(t->blob, k->areas, name), err;

	if (to >= 0) {
		err = merge_node(t, to, own, node, 0);
		return err ? err : tree_set_pairs(t, to, "reg", first, 1);
	}
	if (to != -FDT_ERR_EXISTS)
		return to;
	to = tree_child(t->blob, k->areas, name, strlen(name));
	if (tree_is_available(t->blob, to))
		return -FDT_ERR_EXISTS;
	tree_nop_prop(t, to, "status");
	err = tree_set_pairs(t, to, "reg", first, 1);
	if (!err && tree_getprop(own, node, "no-map").p)
		err = fdt_setprop_empty(t->blob, to, "no-map");
	return err;
}

/* A range by itself: no-map memory as an area, which the header could not say, other as a
 * reservation of the header.
 */
static int add_range(struct reserved *k, const struct range *r, bool no_map)
{
	char name[32];
	struct strbuf text = strbuf_fixed(name, sizeof(name));
	struct tree *t = k->t;
	int to = -FDT_ERR_NOTFOUND, err;

	strbuf_printf(&text, "reserved@%llx", (unsigned long long)r->start);
	if (no_map && k->areas >= 0 && !tree_check_pair(t->blob, *r))
		to = fdt_add_subnode(t->blob, k->areas, name);
	if (to < 0)
		return fdt_add_mem_rsv(t->blob, r->start, r->end - r->start);
	err = tree_set_pairs(t, to, "reg", r, 1);
	return err ? err : fdt_setprop_empty(t->blob, to, "no-map");
}

/* What t does not reserve of an area: all of it with its node, or by itself what is left. */
static bool add_area(struct reserved *k, const void *own, int node, const struct ranges *was,
		     const struct ranges *left, struct error *e)
{
	const bool no_map = tree_getprop(own, node, "no-map").p;
	const struct range *r = left->v, *end = r + left->n;
	struct span unused;
	int err = 0;

	/* pairs of 8 bytes become reservations of 16, or nodes */
	if (!tree_grow(k->t, 128 * left->n, &unused, e))
		return false;
	/* the header's come first, and would let it be mapped (early_init_dt_reserve_memory) */
	for (; no_map && r < end; r++)
		tree_drop_reservations(k->t, *r, *r);
	r = left->v;
	if (k->areas >= 0 && ranges_total(was) == ranges_total(left) &&
	    !tree_check_pair(k->t->blob, *r)) {
		err = copy_area(k, own, node, r);
		r += !err;
		if (err == -FDT_ERR_EXISTS)
			err = 0;
	}
	for (; !err && r < end; r++)
		err = add_range(k, r, no_map);
	return merge_wrote(k->t, err, e);
}

/* Is it in a set that is sorted and without overlaps? */
static bool is_kept(const struct ranges *keep, struct range r)
{
	size_t i;

	for (i = 0; i < keep->n; i++)
		if (range_within(r, keep->v[i]))
			return true;
	return false;
}

/* A pool that is `reusable` is memory like any other until its device wants it
 * (kernel/dma/contiguous.c, rmem_cma_setup()), and nothing takes a part out of it.
 */
static bool check_pools(const struct reserved *k, const struct ranges *no_map, struct error *e)
{
	const struct range *r, *pool;

	ranges_for_each(r, no_map)
		ranges_for_each(pool, &k->pool)
			if (range_overlaps(*r, *pool) && !is_kept(&k->no_map, *r))
				return fail(
					e, FAIL_TREE,
					"use the device tree: pool on no-map memory, at 0x%llx: %s",
					(unsigned long long)range_clip(*r, *pool).start,
					k->t->from);
	return true;
}

static bool merge_area(struct reserved *k, const void *own, int parent, int node, struct error *e)
{
	const bool no_map = tree_getprop(own, node, "no-map").p;
	struct ranges was = { 0 }, left = { 0 };
	struct tree_pairs pairs;
	struct range r;
	bool ok = true;
	size_t i;

	for (tree_pairs_of(&pairs, own, parent, node, "reg"); ok && tree_next_pair(&pairs, &r);)
		ok = ranges_add(&was, r.start, r.end, NULL);
	ranges_union(&was);
	if (ok && no_map && !check_pools(k, &was, e)) {
		ranges_free(&was);
		return false;
	}
	ok = ok && ranges_subtract(&was, no_map ? &k->area : &k->all, &left);
	for (i = 0; ok && i < left.n; i++)
		ok = add_reserved(k, &left.v[i], no_map);
	sort_reserved(k);
	ok = ok ? !left.n || add_area(k, own, node, &was, &left, e) : fail_memory(e);
	ranges_free(&was);
	ranges_free(&left);
	return ok;
}

static bool merge_areas(struct reserved *k, const void *own, struct error *e)
{
	const int parent = tree_root_child(own, "reserved-memory");
	int node;

	if (parent < 0)
		return true;
	k->areas = need_areas(k->t);
	if (k->areas < 0 && k->areas != -FDT_ERR_NOTFOUND)
		return merge_wrote(k->t, k->areas, e);
	tree_for_each_child(node, own, parent)
		if (tree_is_available(own, node) && !merge_area(k, own, parent, node, e))
			return false;
	return true;
}

/* The machine's own reservations, but for no-map memory, which has its areas. */
static bool merge_header(struct reserved *k, const void *own, struct error *e)
{
	struct ranges left = { 0 };
	struct range r;
	bool ok = true;
	int err = 0;
	size_t i, j;

	for (i = 0; ok && tree_next_reserved(own, &i, &r);) {
		left.n = 0;
		ok = ranges_subtract(&(struct ranges){ &r, 1, 1 }, &k->no_map, &left);
		for (j = 0; !err && j < left.n; j++)
			if (!is_kept(&k->all, left.v[j]))
				err = fdt_add_mem_rsv(k->t->blob, left.v[j].start,
						      left.v[j].end - left.v[j].start);
	}
	ranges_free(&left);
	return ok ? merge_wrote(k->t, err, e) : fail_memory(e);
}

bool merge_reservations(struct tree *t, const void *own, struct error *e)
{
	struct reserved k = { .t = t };
	bool ok = read_reserved(&k) || fail_memory(e);

	ok = ok && merge_areas(&k, own, e) && merge_header(&k, own, e);
	ranges_free(&k.area);
	ranges_free(&k.no_map);
	ranges_free(&k.pool);
	ranges_free(&k.all);
	return ok;
}
