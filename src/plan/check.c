/* SPDX-License-Identifier: MIT */
/* plan_check(): written from the contracts, not from the planner. */
#include "src/plan/plan.h"

#include "src/plan/arch_ops.h"
#include "dt/memory.h"
#include "src/plan/elfcorehdr.h"

#include <string.h>

static bool wrong(struct error *e, const char *what, const struct segment *s)
{
	return fail(e, FAIL_BUG, "trust the plan: the %s %s", piece_name(s->piece), what);
}

/* sanity_check_segment_list() in kernel/kexec_core.c */
static bool check_segment(const struct segment *s, const struct machine *m, struct error *e)
{
	uint64_t size = s->at.end - s->at.start;

	if (s->at.end <= s->at.start || s->reserved_end < s->at.end)
		return wrong(e, "wraps", s);
	if (s->at.start % m->page_size || s->at.end % m->page_size)
		return wrong(e, "is not page aligned", s);
	if (s->data.len > size)
		return wrong(e, "does not fit its memory", s);
	if (m->mem_total && size > m->mem_total / 2)
		return wrong(e, "takes more than half of RAM", s);
	return true;
}

static bool check_overlaps(const struct plan *p, struct error *e)
{
	size_t i, j;

	for (i = 0; i < p->n; i++)
		for (j = 0; j < i; j++)
			if (p->seg[i].at.start < p->seg[j].reserved_end &&
			    p->seg[j].at.start < p->seg[i].reserved_end)
				return wrong(e, "overlaps another piece", &p->seg[i]);
	return true;
}

/* Is all of it in the set, which is in order? */
static bool is_covered(const struct segment *s, const struct ranges *set)
{
	phys at = s->at.start;
	size_t i;

	for (i = 0; i < set->n && at < s->reserved_end; i++)
		if (set->v[i].start <= at && at < set->v[i].end)
			at = set->v[i].end;
	return at >= s->reserved_end;
}

/* The kernel does not check: every byte that a piece may touch must be RAM that is not reserved. */
static bool check_place(const struct segment *s, const struct machine *m, struct error *e)
{
	size_t i;

	if (!is_covered(s, &m->ram))
		return wrong(e, "is not in RAM", s);
	for (i = 0; i < m->reserved.n; i++)
		if (m->reserved.v[i].start < s->reserved_end && s->at.start < m->reserved.v[i].end)
			return wrong(e, "lies on memory that must be kept", s);
	return true;
}

/* Every part of the kernel's file, and nothing else, where the image wants it. */
static bool check_kernel(const struct plan *p, const struct image *img, struct error *e)
{
	const struct part *part;
	const struct segment *s;
	size_t i, n = 0;

	for (i = 0; i < p->n; i++) {
		s = &p->seg[i];
		if (s->piece != KERNEL)
			continue;
		part = &img->part[n];
		if (n++ == img->parts || s->data.p != part->data.p ||
		    s->data.len != part->data.len || s->at.start - p->kernel != part->at ||
		    s->at.end - s->at.start < part->size)
			return wrong(e, "is not what its file says", s);
	}
	return n == img->parts ||
	       fail(e, FAIL_BUG, "trust the plan: a part of the kernel is missing");
}

/* Every initrd, in order, each on the page after the last one and some zeros; the tree names them
 * all as one.
 */
static bool check_initrds(const struct plan *p, const struct request *r, struct error *e)
{
	const struct segment *s, *last = NULL;
	size_t i, n = 0;

	for (i = 0; i < p->n; i++) {
		s = &p->seg[i];
		if (s->piece != INITRD)
			continue;
		if (n == r->initrds || s->data.p != r->initrd[n].p ||
		    s->data.len != r->initrd[n].len)
			return wrong(e, "is not its file", s);
		if (s->at.start != (n ? last->at.end : p->chosen.initrd_start))
			return wrong(e, "is not where the tree says", s);
		if (n && last->at.end - last->at.start - last->data.len < INITRD_GAP)
			return wrong(e, "has no zeros before it", s);
		last = s;
		n++;
	}
	if (n != r->initrds)
		return fail(e, FAIL_BUG, "trust the plan: a piece is missing");
	return !last || p->chosen.initrd_end == last->at.start + last->data.len ||
	       wrong(e, "is not where the tree says", last);
}

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
	size_t i;

	for (i = 0; i < p->n; i++) {
		s = &p->seg[i];
		if (k.start < s->reserved_end && s->at.start < k.end && !is_own(p, s, &k))
			return s;
	}
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
	return !bad || wrong(e, "lies on memory that its device tree reserves", bad);
}

/* The next kernel has the memory that its tree, or EFI, describes, and no other. */
static bool check_told(const struct plan *p, const void *tree, struct error *e)
{
	const struct segment *bad = NULL;
	struct ranges told = { 0 };
	bool ok = true;
	size_t i;

	if (dt_has_efi_memmap(tree))
		return true;
	if (!dt_ram(tree, &told))
		ok = fail_memory(e);
	ranges_sort(&told);
	for (i = 0; i < p->n && ok && !bad; i++)
		if (!is_covered(&p->seg[i], &told))
			bad = &p->seg[i];
	ranges_free(&told);
	return bad ? wrong(e, "lies in memory that its device tree does not tell of", bad) : ok;
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
		return fail(e, FAIL_BUG, "trust the plan: it has another command line");
	if (memcmp(p->chosen.kaslr_seed, r->kaslr_seed, KASLR_SEED) != 0 ||
	    memcmp(p->chosen.rng_seed, r->rng_seed, RNG_SEED) != 0)
		return fail(e, FAIL_BUG, "trust the plan: it has other seeds");
	return (same(p->chosen.usable, crash->region) && same(p->chosen.low, crash->low)) ||
	       fail(e, FAIL_BUG, "trust the plan: the crash kernel is told of other memory");
}

static bool check_entry(const struct plan *p, struct error *e)
{
	size_t i;

	for (i = 0; i < p->n; i++)
		if (p->entry >= p->seg[i].at.start &&
		    p->entry - p->seg[i].at.start < p->seg[i].data.len)
			return true;
	return fail(e, FAIL_BUG, "trust the plan: it starts outside of what is loaded");
}

/* A crash kernel's core header is there, where the tree says, and all of the plan in its region:
 * check_place() has the rest of RAM among what is reserved.
 */
static bool check_core(const struct plan *p, const struct segment *s, const struct machine *m,
		       struct error *e)
{
	const struct range *region = &m->crash.region;
	size_t i;

	if (!region->end != !s)
		return fail(e, FAIL_BUG, "trust the plan: its core header is missing");
	for (i = 0; s && i < p->n; i++)
		if (p->seg[i].at.start < region->start || p->seg[i].reserved_end > region->end)
			return wrong(e, "is outside of the crash kernel region", &p->seg[i]);
	if (s && (p->chosen.elfcorehdr.start != s->at.start ||
		  p->chosen.elfcorehdr.end != s->reserved_end))
		return wrong(e, "is not where the tree says", s);
	return !s || elfcorehdr_check(s->data, m, p->chosen.backup.start, e);
}

bool plan_check(const struct plan *p, const struct request *r, struct error *e)
{
	const struct segment *tree = plan_segment(p, TREE), *core;
	const struct machine *m = r->machine;
	uint64_t sum = 0;
	size_t i;

	if (!p->n || p->n > SEGMENTS_MAX)
		return fail(e, FAIL_BUG, "trust the plan: it has %zu segments", p->n);
	core = plan_segment(p, CORE);
	for (i = 0; i < p->n; i++) {
		if (!check_segment(&p->seg[i], m, e) || !check_place(&p->seg[i], m, e))
			return false;
		if (p->seg[i].at.start < r->bounds.start ||
		    (r->bounds.end && p->seg[i].reserved_end > r->bounds.end))
			return wrong(e, "is outside of the bounds that were asked for", &p->seg[i]);
		sum += p->seg[i].at.end - p->seg[i].at.start;
	}
	if (m->mem_total && sum > m->mem_total / 2)
		return fail(e, FAIL_BUG, "trust the plan: it takes more than half of RAM");
	if (!tree)
		return fail(e, FAIL_BUG, "trust the plan: a piece is missing");
	if (!check_initrds(p, r, e) || !check_kernel(p, r->image, e) || !check_core(p, core, m, e))
		return false;
	if (p->n !=
	    r->image->parts + 1 + r->initrds + (plan_segment(p, STUB) != NULL) + (core != NULL))
		return fail(e, FAIL_BUG, "trust the plan: a piece is there twice");
	if (!check_overlaps(p, e) || !check_entry(p, e) || !check_asked(p, r, e) ||
	    !chosen_check(tree->data, &p->chosen, e) || !check_reserved(p, tree->data.p, e) ||
	    !m->arch->check(p, r, e) || !check_told(p, tree->data.p, e))
		return false;
	return p->kernel_entry == p->kernel + r->image->entry ||
	       fail(e, FAIL_BUG, "trust the plan: the kernel does not start where its file says");
}
