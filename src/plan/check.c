/* SPDX-License-Identifier: MIT */
/* plan_check(): written from the contracts, not from the planner. */
#include "src/plan/check.h"

#include "src/plan/arch_ops.h"
#include "src/formats/iomem.h"
#include "src/plan/elfcorehdr.h"

#include <string.h>

bool broken(struct error *e, const char *rule, const char *what)
{
	return fail(e, FAIL_BUG, "trust the plan: %s (%s)", what, rule);
}

bool broken_by(struct error *e, const char *rule, const struct segment *s, const char *what)
{
	return fail(e, FAIL_BUG, "trust the plan: the %s %s (%s)", piece_name(s->piece), what,
		    rule);
}

bool is_covered(const struct segment *s, const struct ranges *set)
{
	phys at = s->at.start;
	const struct range *r;

	ranges_for_each(r, set)
		if (r->start <= at && at < r->end)
			at = r->end;
	return at >= s->reserved_end;
}

/* ---- the call: sanity_check_segment_list() in kernel/kexec_core.c */

static bool check_segment(const struct segment *s, const struct machine *m, struct error *e)
{
	uint64_t size = s->at.end - s->at.start;

	if (s->at.end <= s->at.start || s->reserved_end < s->at.end)
		return broken_by(e, "no-wrap", s, "wraps");
	if (s->at.start % m->page_size || s->at.end % m->page_size)
		return broken_by(e, "page-aligned", s, "is not page aligned");
	if (s->data.len > size)
		return broken_by(e, "fits-memsz", s, "does not fit its memory");
	if (m->mem_total && size > m->mem_total / 2)
		return broken_by(e, "half-of-ram", s, "takes more than half of RAM");
	return true;
}

static bool check_sum(const struct plan *p, const struct machine *m, struct error *e)
{
	const struct segment *s;
	uint64_t sum = 0;

	plan_for_each(s, p)
		sum += s->at.end - s->at.start;
	return !m->mem_total || sum <= m->mem_total / 2 ||
	       broken(e, "half-of-ram", "it takes more than half of RAM");
}

static bool check_overlaps(const struct plan *p, struct error *e)
{
	const struct segment *a, *b;

	plan_for_each(a, p)
		for (b = p->seg; b < a; b++)
			if (a->at.start < b->reserved_end && b->at.start < a->reserved_end)
				return broken_by(e, "no-overlap", a, "overlaps another piece");
	return true;
}

static bool check_entry(const struct plan *p, struct error *e)
{
	const struct segment *s;

	plan_for_each(s, p)
		if (p->entry >= s->at.start && p->entry - s->at.start < s->data.len)
			return true;
	return broken(e, "entry-in-segment", "it starts outside of what is loaded");
}

/* ---- places */

/* The rule by which memory is kept for this reason. */
static const char *kept_rule(const struct machine *m, const char *why)
{
	const struct kept_rule *k = m->arch->kept_rules;

	while (k->what && k->what != why)
		k++;
	if (k->what)
		return k->rule;
	if (why == plan_poisoned)
		return "not-poisoned";
	return why == iomem_crash ? "crash-region-kept" : "not-kept";
}

/* The kernel does not look: every byte that a piece may touch must be RAM that nobody keeps. */
static bool check_place(const struct segment *s, const struct machine *m, struct error *e)
{
	const bool may_use_region = m->arch->region_is_room && !m->crash.region.end;
	const struct range *keep;

	if (!is_covered(s, &m->ram))
		return broken_by(e, "in-ram", s, "is not in RAM");
	ranges_for_each(keep, &m->reserved) {
		if (keep->start >= s->reserved_end || s->at.start >= keep->end)
			continue;
		if (keep->what != iomem_crash || !may_use_region)
			return broken_by(e, kept_rule(m, keep->what), s,
					 "lies on memory that must be kept");
	}
	return true;
}

static bool check_bounds(const struct segment *s, struct range bounds, struct error *e)
{
	if (s->at.start >= bounds.start && (!bounds.end || s->reserved_end <= bounds.end))
		return true;
	return broken_by(e, "bounds", s, "is outside of the bounds that were asked for");
}

static bool check_places(const struct plan *p, const struct request *r, struct error *e)
{
	const struct segment *s;

	plan_for_each(s, p)
		if (!check_segment(s, r->machine, e) || !check_place(s, r->machine, e) ||
		    !check_bounds(s, r->bounds, e))
			return false;
	return check_sum(p, r->machine, e);
}

/* ---- what the pieces are */

/* Every part of the kernel's file, and nothing else, where the image wants it. */
static bool check_kernel(const struct plan *p, const struct image *img, struct error *e)
{
	const struct part *part;
	const struct segment *s;
	size_t n = 0;

	plan_for_each(s, p) {
		if (s->piece != KERNEL)
			continue;
		part = &img->part[n];
		if (n++ == img->parts || s->data.p != part->data.p ||
		    s->data.len != part->data.len || s->at.start - p->kernel != part->at ||
		    s->at.end - s->at.start < part->size)
			return broken_by(e, "is-its-file", s, "is not what its file says");
	}
	return n == img->parts || broken(e, "is-its-file", "a part of the kernel is missing");
}

/* Every initrd, in order, each on the page after the last one and some zeros; the tree names them
 * all as one.
 */
static bool check_initrds(const struct plan *p, const struct request *r, struct error *e)
{
	static const char elsewhere[] = "is not where the tree says";
	const struct segment *s, *last = NULL;
	size_t n = 0;

	plan_for_each(s, p) {
		if (s->piece != INITRD)
			continue;
		if (n == r->initrds || s->data.p != r->initrd[n].p ||
		    s->data.len != r->initrd[n].len)
			return broken_by(e, "is-its-file", s, "is not its file");
		if (s->at.start != (n ? last->at.end : p->chosen.initrd_start))
			return broken_by(e, "initrd-place", s, elsewhere);
		if (n && last->at.end - last->at.start - last->data.len < INITRD_GAP)
			return broken_by(e, "initrd-gap", s, "has no zeros before it");
		last = s;
		n++;
	}
	if (n != r->initrds)
		return broken(e, "is-its-file", "a piece is missing");
	return !last || p->chosen.initrd_end == last->at.start + last->data.len ||
	       broken_by(e, "initrd-place", last, elsewhere);
}

/* kernel/crash_core.c, crash_handle_hotplug_event: the header is the last segment that starts as an
 * ELF file, and what is written there must fit its memory.
 */
static bool check_hotplug(const struct plan *p, const struct request *r, const struct segment *s,
			  struct error *e)
{
	const struct segment *other;

	if (!r->hotplug)
		return true;
	for (other = s + 1; other < p->seg + p->n; other++)
		if (span_equal_at(other->data, 0,
				  "\x7f"
				  "ELF",
				  4))
			return broken_by(e, "hotplug-room", other, "looks like a core header");
	return s->at.end - s->at.start >= r->machine->crash.elfcorehdr_memsz ||
	       broken_by(e, "hotplug-room", s, "has no room for memory that comes");
}

/* A crash kernel writes to what it shares with the crashed one: none of that is in the dump. */
static bool check_shared(const struct crash *c, struct error *e)
{
	const struct range *dumped, *shared;

	ranges_for_each(dumped, &c->dump)
		ranges_for_each(shared, &c->cma)
			if (range_overlaps(*dumped, *shared))
				return broken(e, "crash-cma",
					      "it dumps what the crash kernel uses");
	return true;
}

/* A crash kernel's core header is there, where the tree says, and all of the plan in its region:
 * check_place() has the rest of RAM among what is reserved.
 */
static bool check_core(const struct plan *p, const struct request *r, struct error *e)
{
	const struct segment *core = plan_segment(p, CORE), *s;
	const struct range *region = &r->machine->crash.region;

	if (!region->end != !core)
		return broken(e, "is-its-file", "its core header is missing");
	if (!core)
		return true;
	plan_for_each(s, p)
		if (s->at.start < region->start || s->reserved_end > region->end)
			return broken_by(e, "crash-region", s,
					 "is outside of the crash kernel region");
	if (p->chosen.elfcorehdr.start != core->at.start ||
	    p->chosen.elfcorehdr.end != core->reserved_end)
		return broken_by(e, "elfcorehdr", core, "is not where the tree says");
	return check_hotplug(p, r, core, e) && check_shared(&r->machine->crash, e) &&
	       elfcorehdr_check(core->data, r->machine, p->chosen.backup.start, e);
}

/* Each piece is there, and once. */
static bool check_pieces(const struct plan *p, const struct request *r, struct error *e)
{
	size_t n = r->image->parts + 1 + r->initrds;

	if (!plan_segment(p, TREE))
		return broken(e, "is-its-file", "a piece is missing");
	if (!check_initrds(p, r, e) || !check_kernel(p, r->image, e) || !check_core(p, r, e))
		return false;
	n += plan_segment(p, STUB) != NULL;
	n += plan_segment(p, CORE) != NULL;
	return p->n == n || broken(e, "is-its-file", "a piece is there twice");
}

bool plan_check(const struct plan *p, const struct request *r, struct error *e)
{
	if (!p->n || p->n > SEGMENTS_MAX)
		return fail(e, FAIL_BUG, "trust the plan: it has %zu segments (segment-count)",
			    p->n);
	if (!check_places(p, r, e) || !check_pieces(p, r, e) || !check_overlaps(p, e) ||
	    !check_entry(p, e) || !check_next_tree(p, r, e) || !r->machine->arch->check(p, r, e) ||
	    !check_told(p, r, e) || !check_areas(p, r, e))
		return false;
	return p->kernel_entry == p->kernel + r->image->entry ||
	       broken(e, "is-its-file", "the kernel does not start where its file says");
}
