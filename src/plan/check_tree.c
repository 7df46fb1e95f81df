/* SPDX-License-Identifier: MIT */
/* plan_check(): what the next tree tells, read anew. */
#include "src/plan/check.h"

#include "src/plan/arch_ops.h"
#include "dt/memory.h"

#include <string.h>

/* Is that a piece's own reservation? That of several initrds is one. */
static bool is_own(const struct plan *p, const struct segment *s, const struct range *k)
{
	const struct range *own = s->piece == CORE ? &p->chosen.elfcorehdr : &p->chosen.backup;

	if (s->piece == INITRD)
		return k->start == p->chosen.initrd_start && k->end == p->chosen.initrd_end;
	if (s->piece == TREE)
		return k->start == s->at.start && k->end <= s->at.end;
	return (s->piece == CORE || s->piece == STUB) && k->start == own->start &&
	       k->end == own->end;
}

/* The piece that lies on a reservation which is not its own, or NULL. */
static const struct segment *find_reserved(const struct plan *p, struct range k)
{
	const struct segment *s;

	plan_for_each(s, p)
		if (k.start < s->reserved_end && s->at.start < k.end && !is_own(p, s, &k))
			return s;
	return NULL;
}

/* No piece lies on what the next kernel's tree reserves, but for the reservations of the pieces. */
static bool check_reserved(const struct plan *p, const void *tree, struct error *e)
{
	const int parent = tree_root_child(tree, "reserved-memory");
	const struct segment *bad = NULL;
	struct tree_pairs pairs;
	struct range r;
	size_t i;
	int node;

	for (i = 0; !bad && tree_next_reserved(tree, &i, &r);)
		bad = find_reserved(p, r);
	tree_for_each_child(node, tree, parent) {
		tree_pairs_of(&pairs, tree, parent, node, "reg");
		while (!bad && tree_next_pair(&pairs, &r))
			bad = find_reserved(p, r);
	}
	return !bad ||
	       broken_by(e, "not-reserved", bad, "lies on memory that its device tree reserves");
}

/* What not to count of how kernels read memory nodes. */
struct told_by {
	bool any_status, reg_alone;
	const char *rule; /* that is broken when this makes a difference */
};

/* early_init_dt_scan_memory(), and what a target has besides. */
static bool read_told(const void *tree, const struct arch *a, const struct told_by *how,
		      struct ranges *out)
{
	struct tree_pairs pairs;
	const char *name;
	struct range r;
	int node;

	tree_for_each_child(node, tree, 0) {
		if (!tree_prop_equals(tree, node, "device_type", "memory") ||
		    (!how->any_status && !tree_is_available(tree, node)))
			continue;
		name = "linux,usable-memory";
		if (how->reg_alone || !tree_getprop(tree, node, name).p)
			name = "reg";
		for (tree_pairs_of(&pairs, tree, 0, node, name); tree_next_pair(&pairs, &r);)
			if (!ranges_add(out, r.start, r.end, NULL))
				return false;
	}
	return !a->dynamic_ram || a->dynamic_ram(tree, out);
}

/* The first piece that lies in memory which is not told of, or NULL. */
static bool find_untold(const struct plan *p, const struct arch *a, const struct told_by *how,
			const struct segment **bad)
{
	struct ranges told = { 0 };
	const bool ok = read_told(plan_segment(p, TREE)->data.p, a, how, &told);
	const struct segment *s;

	ranges_sort(&told);
	*bad = NULL;
	for (s = p->seg; s < p->seg + p->n && !*bad; s++)
		if (!is_covered(s, &told))
			*bad = s;
	ranges_free(&told);
	return ok;
}

/* The next kernel has the memory that its tree, or EFI, tells of, and no other. */
bool check_told(const struct plan *p, const struct request *r, struct error *e)
{
	static const struct told_by readings[] = {
		{ false, false, "memory-told" },
		{ true, false, "status-okay" },
		{ false, true, "usable-memory" },
	};
	const struct arch *a = r->machine->arch;
	const struct segment *bad, *other;
	const char *rule = readings[0].rule;
	bool ok;
	size_t i;

	if (dt_has_efi_memmap(plan_segment(p, TREE)->data.p))
		return true;
	ok = find_untold(p, a, &readings[0], &bad);
	for (i = 1; ok && bad && i < ARRAY_SIZE(readings); i++) {
		ok = find_untold(p, a, &readings[i], &other);
		if (!other)
			rule = readings[i].rule;
	}
	if (!ok)
		return fail_memory(e);
	return !bad ||
	       broken_by(e, rule, bad, "lies in memory that its device tree does not tell of");
}

/* What the tree says by pairs is in the cells of the root, 1 where it does not say how many
 * (early_init_dt_scan_root).
 */
static bool check_cells(const struct plan *p, struct span tree, struct error *e)
{
	const size_t pairs = (p->chosen.usable.end ? 1u : 0u) + (p->chosen.low.end ? 1u : 0u) +
			     (p->chosen.cma ? p->chosen.cma->n : 0);
	uint32_t cells, sizes;
	struct span range;

	/* one that is not sound is refused next */
	if (tree_validate(tree))
		return true;
	range = tree_getprop(tree.p, tree_root_child(tree.p, "chosen"),
			     "linux,usable-memory-range");
	if (!span_be32(tree_getprop(tree.p, 0, "#address-cells"), 0, &cells))
		cells = 1;
	if (!span_be32(tree_getprop(tree.p, 0, "#size-cells"), 0, &sizes))
		sizes = 1;
	return range.len == pairs * 4 * ((size_t)cells + sizes) ||
	       broken(e, "cells-default-1-1", "its device tree has pairs in other cells");
}

static bool same(struct range a, struct range b)
{
	return a.start == b.start && a.end == b.end;
}

/* The tree was told what the request says, and not something else. */
static bool check_asked(const struct plan *p, const struct request *r, struct error *e)
{
	const struct crash *crash = &r->machine->crash;
	const char *line = p->chosen.cmdline;
	size_t had = strlen(r->cmdline), has = strlen(line);

	/* in front of it, where the target reads it there, the place of the core header */
	if (has < had || strcmp(line + has - had, r->cmdline) != 0 ||
	    (has > had && !(crash->region.end && r->machine->arch->elfcorehdr_on_cmdline)))
		return broken(e, "bootargs", "it has another command line");
	if (memcmp(p->chosen.kaslr_seed, r->kaslr_seed, KASLR_SEED) != 0)
		return broken(e, "kaslr-seed", "it has other seeds");
	if (memcmp(p->chosen.rng_seed, r->rng_seed, RNG_SEED) != 0)
		return broken(e, "rng-seed", "it has other seeds");
	return (same(p->chosen.usable, crash->region) && same(p->chosen.low, crash->low)) ||
	       broken(e, "usable-range", "the crash kernel is told of other memory");
}

/* With EFI, what some kernels do not start without, and all take from elsewhere; see
 * doc/contracts.md.
 */
static bool check_efi(const struct plan *p, const struct request *r, const void *tree,
		      struct error *e)
{
	const int chosen = tree_root_child(tree, "chosen");
	uint64_t mode;

	if (!plan_segment(p, INITRD) && dt_has_efi(r->machine->fdt.p))
		return broken(e, "efi-initrd-table",
			      "it leaves the next kernel to EFI's old initrd");
	return !tree_getprop(tree, chosen, "linux,uefi-system-table").p ||
	       tree_address(tree, chosen, "linux,uefi-secure-boot", &mode) ||
	       broken(e, "efi-secure-boot-property", "EFI's secure boot mode is no number");
}

bool check_next_tree(const struct plan *p, const struct request *r, struct error *e)
{
	const struct span tree = plan_segment(p, TREE)->data;

	return check_asked(p, r, e) && check_cells(p, tree, e) &&
	       chosen_check(tree, &p->chosen, e) && check_reserved(p, tree.p, e) &&
	       check_efi(p, r, tree.p, e);
}
