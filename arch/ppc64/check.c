/* SPDX-License-Identifier: MIT */
/* The ppc64 rules of a finished plan, derived again with arithmetic of their own. */
#include "arch/ppc64/ppc64.h"

#include <string.h>

static bool wrong(struct error *e, const char *what)
{
	return fail(e, FAIL_BUG, "trust the plan: %s", what);
}

/* machine_kexec_prepare() in arch/powerpc/kexec/core_64.c refuses what lies below the running
 * kernel's end; that real mode reaches the rest nobody checks but us.
 */
static bool check_reach(const struct plan *p, const struct machine *m, struct error *e)
{
	size_t i;

	for (i = 0; i < p->n; i++)
		if (p->seg[i].at.start < m->addressable.start ||
		    p->seg[i].reserved_end > m->addressable.end)
			return wrong(e, "a piece is outside of what real mode reaches");
	return true;
}

static bool check_kernel(const struct plan *p, const struct image *img, struct error *e)
{
	const struct segment *k = plan_segment(p, KERNEL);
	size_t i;

	if (!k || k->at.start != p->kernel)
		return wrong(e, "the kernel is not where the plan says");
	if (img->fixed ? p->kernel != img->offset : p->kernel % 65536)
		return wrong(e, "the kernel is at a place that it cannot run from");
	for (i = 0; i < p->n; i++)
		if (p->seg[i].piece == KERNEL && p->seg[i].reserved_end > k->reserved_end)
			k = &p->seg[i];
	return k->reserved_end - p->kernel >= img->memsz ||
	       wrong(e, "the kernel has no room for its BSS");
}

static bool check_stub(const struct plan *p, const struct request *r, struct error *e)
{
	const struct segment *s = plan_segment(p, STUB);
	const struct span head = r->image->part[0].data;
	uint64_t tree = 0, kernel = 0, entry = 0, backup = 1;
	uint32_t branch = 0;

	if (!s || p->entry != s->at.start || s->data.len != 0x1d0)
		return wrong(e, "it does not start in the stub");
	if (r->machine->big_endian)
		span_be32(s->data, 0, &branch);
	else
		span_le32(s->data, 0, &branch);
	if (branch != 0x48000100 || !span_equal_at(head, 4, s->data.p + 4, 0xfc))
		return wrong(e, "the stub is not what other CPUs need at address 0");
	span_be64(s->data, 0x1a0, &tree);
	span_be64(s->data, 0x1a8, &kernel);
	span_be64(s->data, 0x1b0, &entry);
	span_be64(s->data, 0x1c8, &backup);
	if (tree != plan_segment(p, TREE)->at.start || kernel != p->kernel ||
	    entry != p->kernel_entry || entry != kernel + r->image->entry)
		return wrong(e, "the stub does not point at kernel and device tree");
	if (backup != p->chosen.backup.start)
		return wrong(e, "the stub saves the first 64 KiB elsewhere");
	return true;
}

/* A crash kernel stays where it is, finds the core header, and nothing else lies where the stub
 * saves memory.
 */
static bool check_crash(const struct plan *p, const struct request *r, struct error *e)
{
	const struct segment *s = plan_segment(p, STUB), *c = plan_segment(p, CORE);
	struct span line = { (const uint8_t *)p->chosen.cmdline, strlen(p->chosen.cmdline) };
	const struct range backup = p->chosen.backup;
	uint32_t flag = 0;
	uint64_t core;

	if (!r->machine->crash.region.end)
		return !backup.end || wrong(e, "it saves memory for no crash kernel");
	(r->image->big_endian ? span_be32 : span_le32)(s->data, 0x5c, &flag);
	if (!r->image->fixed && flag != 1)
		return wrong(e, "the crash kernel would move itself to 0");
	if (backup.end - backup.start != 0x10000 || backup.start < s->at.end ||
	    backup.end > s->reserved_end || !span_skip_prefix(&line, "elfcorehdr=0x") ||
	    !span_parse_number(&line, 16, &core) || !span_skip_prefix(&line, " ") ||
	    core != c->at.start)
		return wrong(e,
			     "the crash kernel would not find the first 64 KiB or the core header");
	return true;
}

/* The tree must reserve itself, and everything that firmware holds. */
static bool check_reservations(const struct plan *p, const struct machine *m, struct error *e)
{
	const struct segment *t = plan_segment(p, TREE);
	bool self = false, found;
	struct range r;
	size_t k, i;

	for (i = 0; tree_next_reserved(t->data.p, &i, &r);)
		self |= r.start == t->at.start && r.end - r.start == t->data.len;
	for (k = 0, found = self; k < m->reserved.n && found; k++) {
		if (m->reserved.v[k].what != ppc64_rtas && m->reserved.v[k].what != ppc64_opal)
			continue;
		for (i = 0, found = false; !found && tree_next_reserved(t->data.p, &i, &r);)
			found = r.start <= m->reserved.v[k].start && r.end >= m->reserved.v[k].end;
	}
	return found || wrong(e, "the device tree does not reserve what firmware needs");
}

bool ppc64_check(const struct plan *p, const struct request *r, struct error *e)
{
	if (!plan_segment(p, TREE) || plan_segment(p, TREE)->at.start % 8)
		return wrong(e, "it has no device tree");
	return check_reach(p, r->machine, e) && check_kernel(p, r->image, e) &&
	       check_stub(p, r, e) && check_crash(p, r, e) && check_reservations(p, r->machine, e);
}
