/* SPDX-License-Identifier: MIT */
/* plan_check(): reserved memory of a tree that was made of two, the user's and the machine's, read
 * as drivers/of/of_reserved_mem.c does.
 */
#include "src/plan/check.h"

#include <string.h>

/* What to take for reserved besides what Linux does: areas that are switched off; those of a
 * /reserved-memory that it ignores.
 */
struct reading {
	bool off, ignored;
	const char *rule; /* that is broken when this counts */
};

static bool is_number(const void *tree, int node, const char *name, unsigned wanted)
{
	uint32_t cells;

	return span_be32(tree_getprop(tree, node, name), 0, &cells) && cells == wanted;
}

/* __reserved_mem_check_root() */
static bool is_heeded(const void *tree, int parent)
{
	return is_number(tree, parent, "#address-cells", tree_address_cells(tree, 0)) &&
	       is_number(tree, parent, "#size-cells", tree_size_cells(tree, 0)) &&
	       tree_getprop(tree, parent, "ranges").p;
}

/* The areas of a tree; the reason of one is set where it is not to be mapped. */
static bool read_areas(const void *tree, struct reading how, struct ranges *out)
{
	const int parent = tree_root_child(tree, "reserved-memory");
	struct tree_pairs pairs;
	struct range r;
	int node;

	if (!how.ignored && !is_heeded(tree, parent))
		return true;
	tree_for_each_child(node, tree, parent) {
		if (!how.off && !tree_is_available(tree, node))
			continue;
		r.what = tree_getprop(tree, node, "no-map").p ? "no-map" : NULL;
		for (tree_pairs_of(&pairs, tree, parent, node, "reg"); tree_next_pair(&pairs, &r);)
			if (!ranges_add(out, r.start, r.end, r.what))
				return false;
	}
	return true;
}

static bool read_header(const void *tree, struct ranges *out)
{
	struct range r;
	size_t i;

	for (i = 0; tree_next_reserved(tree, &i, &r);)
		if (!ranges_add(out, r.start, r.end, NULL))
			return false;
	return true;
}

/* Is all of `was` reserved by the next tree, read in this way? */
static bool is_reserved(const void *tree, struct reading how, const struct ranges *was, bool *all)
{
	struct ranges has = { 0 }, lost = { 0 };
	bool ok = read_header(tree, &has) && read_areas(tree, how, &has);

	ranges_sort(&has);
	ok = ok && ranges_subtract(was, &has, &lost);
	*all = !lost.n;
	ranges_free(&has);
	ranges_free(&lost);
	return ok;
}

/* Where the machine's tree has a live area the next kernel has one. */
static bool check_kept(const void *tree, const void *own, struct error *e)
{
	static const struct reading readings[] = {
		{ false, false, "machine-reservations" },
		{ true, false, "status-okay" },
		{ false, true, "reserved-root" },
	};
	struct ranges was = { 0 };
	bool ok = read_areas(own, (struct reading){ .ignored = true }, &was), all = true, any;
	const char *rule = readings[0].rule;
	size_t i;

	ranges_union(&was);
	ok = ok && is_reserved(tree, readings[0], &was, &all);
	for (i = 1; ok && !all && i < ARRAY_SIZE(readings); i++) {
		ok = is_reserved(tree, readings[i], &was, &any);
		if (any)
			rule = readings[i].rule;
	}
	ranges_free(&was);
	if (!ok)
		return fail_memory(e);
	return all || broken(e, rule, "a reserved area of the machine is not in its device tree");
}

/* __reserved_mem_reserve_reg() of 7.2 takes the first range alone. */
static bool check_pairs(const void *tree, const void *file, struct error *e)
{
	const int parent = tree_root_child(tree, "reserved-memory");
	const int theirs = tree_root_child(file, "reserved-memory");
	struct tree_pairs pairs;
	struct range r;
	const char *name;
	int node;

	tree_for_each_child(node, tree, parent) {
		name = tree_name(tree, node);
		tree_pairs_of(&pairs, tree, parent, node, "reg");
		if (tree_next_pair(&pairs, &r) && tree_next_pair(&pairs, &r) &&
		    tree_child(file, theirs, name, strlen(name)) < 0)
			return broken(e, "reserved-one-pair",
				      "a reserved area in its device tree has several ranges");
	}
	return true;
}

static bool has(const struct ranges *set, const struct range *r)
{
	size_t i;

	for (i = 0; i < set->n; i++)
		if (set->v[i].start == r->start && set->v[i].end == r->end)
			return true;
	return false;
}

/* __rmem_check_for_overlap(): what overlaps in the file is the file's matter. */
static bool check_apart(const struct ranges *areas, const struct ranges *theirs, struct error *e)
{
	const struct range *a, *b;

	ranges_for_each(a, areas)
		for (b = areas->v; b < a; b++)
			if (range_overlaps(*a, *b) && (!has(theirs, a) || !has(theirs, b)))
				return broken(e, "areas-apart",
					      "reserved areas in its device tree overlap");
	return true;
}

/* early_init_dt_reserve_memory() does not make no-map what is reserved already, to 6.1 by the
 * header. What the file has there, or firmware needs there, is not ours.
 */
static bool check_no_map(const void *tree, const struct request *r, const struct ranges *areas,
			 const struct ranges *theirs, struct error *e)
{
	const struct range *a;
	struct range k;
	size_t i;

	ranges_for_each(a, areas)
		for (i = 0; a->what && tree_next_reserved(tree, &i, &k);)
			if (range_overlaps(*a, k) && !has(theirs, &k) &&
			    !has(&r->machine->reserved, &k))
				return broken(e, "no-map-first",
					      "its device tree reserves no-map memory in the "
					      "header");
	return true;
}

bool check_areas(const struct plan *p, const struct request *r, struct error *e)
{
	const void *tree = plan_segment(p, TREE)->data.p, *file = r->dtb.p;
	const struct reading heeded = { 0 };
	struct ranges areas = { 0 }, theirs = { 0 }, header = { 0 };
	bool ok;

	/* an overlay may do as it likes */
	if (!r->dtb.len || r->overlays)
		return true;
	ok = (read_areas(tree, heeded, &areas) && read_areas(file, heeded, &theirs) &&
	      read_header(file, &header)) ||
	     fail_memory(e);
	ok = ok && check_kept(tree, r->machine->fdt.p, e) && check_pairs(tree, file, e) &&
	     check_apart(&areas, &theirs, e) && check_no_map(tree, r, &areas, &header, e);
	ranges_free(&areas);
	ranges_free(&theirs);
	ranges_free(&header);
	return ok;
}
