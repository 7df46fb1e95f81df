/* SPDX-License-Identifier: MIT */
#include "src/plan/elfcorehdr.h"
#include "src/plan/pieces.h"

#include <stdlib.h>
#include <string.h>

const char plan_poisoned[] = "memory that failed";

const char *piece_name(enum piece piece)
{
	static const char *const names[] = { "kernel", "initrd", "tree", "stub", "core" };

	return names[piece];
}

const struct segment *plan_segment(const struct plan *p, enum piece piece)
{
	const struct segment *s;

	plan_for_each(s, p)
		if (s->piece == piece)
			return s;
	return NULL;
}

/* A placeholder for an address, where firmware reserves nothing. */
#define NOWHERE (1ull << 62)

/* Bytes of "elfcorehdr=0x" and twelve digits and a space. It comes first: what follows a "--" is
 * for init.
 */
#define ELFCOREHDR_WORD 26

static bool has_elfcorehdr_word(const struct request *r)
{
	return is_crash(r) && r->machine->arch->elfcorehdr_on_cmdline;
}

/* ---- what can be refused before anything is placed */

bool plan_check_cmdline(const struct request *r, struct error *e)
{
	const struct arch *a = r->machine->arch;
	size_t len = strlen(r->cmdline);

	if (has_elfcorehdr_word(r))
		len += ELFCOREHDR_WORD;
	return len <= a->cmdline_max ||
	       fail(e, FAIL_CMDLINE, "pass the command line: %zu bytes, and %s takes %zu", len,
		    a->name, a->cmdline_max);
}

static bool check_request(const struct request *r, struct error *e)
{
	/* the kernel's parts, the initrds, tree and stub */
	const size_t segments = r->image->parts + r->initrds + 2;

	if (!plan_check_cmdline(r, e))
		return false;
	if (segments <= SEGMENTS_MAX)
		return true;
	fail(e, FAIL_USAGE, "load the initrds: %zu of them make %zu segments, and %d is the limit",
	     r->initrds, segments, SEGMENTS_MAX);
	return hint(e, "nothing was loaded: make one file of several initrds");
}

/* Of what is available, the bytes that are left for pages which cannot be moved, as staged ones,
 * once `ours` are taken, which can: these come from CMA while more than half of what is free is
 * there (mm/page_alloc.c, __rmqueue).
 */
static uint64_t unmovable_room(const struct machine *m, uint64_t ours)
{
	const uint64_t all = m->mem_available;
	const uint64_t other = all > m->cma_free ? all - m->cma_free : 0;
	const uint64_t even = (all - ours) / 2; /* not below 0: check_memory() has seen to that */
	const uint64_t least = other > ours ? other - ours : 0;

	if (even > other)
		return other;
	return even > least ? even : least;
}

/* kimage_alloc_page() and sanity_check_segment_list() take at most half of all pages, each segment
 * and their sum; short of that, what is not available would be taken from programs that run. What
 * is staged is taken while we hold all that we have in memory and in no file, and `more` bytes.
 */
static bool check_memory(const struct request *r, uint64_t shipped, uint64_t more, struct error *e)
{
	char need[FORMAT_SIZE_MAX], have[FORMAT_SIZE_MAX];
	const struct machine *m = r->machine;
	const uint64_t needed = add_to_top(shipped, more + r->anonymous);
	uint64_t room;

	format_size(need, shipped);
	if (m->mem_total && shipped > m->mem_total / 2) {
		fail(e, FAIL_MEMORY, "load the kernel: more than half of RAM: %s of %s", need,
		     format_size(have, m->mem_total));
		return hint(e, "nothing was loaded: the running kernel takes half of RAM at most; "
			       "make kernel or initrd smaller");
	}
	/* a crash kernel is written to where it will run */
	if (m->mem_available && !is_crash(r) && needed > m->mem_available) {
		fail(e, FAIL_MEMORY, "load the kernel: %s needed, and only %s available",
		     format_size(need, needed), format_size(have, m->mem_available));
		return hint(e, "nothing was loaded: free some memory and try again");
	}
	if (!m->cma_free || !m->mem_available || is_crash(r))
		return true;
	room = unmovable_room(m, r->anonymous);
	if (shipped + more <= room)
		return true;
	fail(e, FAIL_MEMORY, "load the kernel: %s needed, and only %s available outside of CMA",
	     format_size(need, shipped + more), format_size(have, room));
	return hint(e, "nothing was loaded: free some memory and try again");
}

bool plan_fail_scratch(const struct machine *m, struct error *e)
{
	char size[FORMAT_SIZE_MAX];

	fail(e, FAIL_ROOM, "load a kernel: kexec handover has no room for it: %s of scratch memory",
	     format_size(size, m->scratch));
	return hint(e, "nothing was loaded: boot this kernel with a larger kho_scratch=, or with "
		       "kho=off");
}

/* Kernel and initrd must each be in one area (kho_locate_mem_hole). What else goes there is small:
 * the running kernel finds that out.
 */
static bool check_scratch(const struct request *r, uint64_t staged, struct error *e)
{
	const struct machine *m = r->machine;
	const uint64_t largest = m->scratch_largest;

	if (!m->scratch || m->crash.region.end)
		return true;
	if (staged <= m->scratch && r->image->memsz <= largest && initrds_size(r) <= largest)
		return true;
	return plan_fail_scratch(m, e);
}

/* The running kernel counts the memory that a kernel takes, not only its bytes; and it reads the
 * files into memory of its own first, those of a crash kernel as well. Several initrds are one more
 * copy, since it takes one file.
 */
bool plan_check_file_call(const struct request *r, struct error *e)
{
	const struct image *img = r->image;
	uint64_t files = initrds_size(r);
	const uint64_t staged = add_to_top(files, img->memsz);
	size_t i;

	if (r->initrds > 1)
		files += initrds_size(r);
	for (i = 0; i < img->parts; i++)
		files += img->part[i].data.len;
	return plan_check_cmdline(r, e) && check_scratch(r, staged, e) &&
	       check_memory(r, staged, files, e);
}

/* ---- what the next kernel is told */

bool plan_start(struct plan *p, const struct request *r, struct error *e)
{
	*p = (struct plan){ .stage_node = -1,
			    .cmdline = STRBUF_GROWING,
			    .chosen.cmdline = r->cmdline };
	memcpy(p->chosen.kaslr_seed, r->kaslr_seed, KASLR_SEED);
	memcpy(p->chosen.rng_seed, r->rng_seed, RNG_SEED);
	if (!is_crash(r))
		return true;
	p->chosen.usable = r->machine->crash.region;
	p->chosen.low = r->machine->crash.low;
	p->chosen.cma = &r->machine->crash.cma;
	if (!has_elfcorehdr_word(r))
		return true;
	strbuf_printf(&p->cmdline, "%26s%s", "", r->cmdline);
	p->chosen.cmdline = p->cmdline.p;
	return !p->cmdline.truncated || fail_memory(e);
}

/* The word that tells where the core header is, in front of the command line, always as long. */
static void write_elfcorehdr_word(struct plan *p, phys at)
{
	char word[ELFCOREHDR_WORD + 1];
	struct strbuf t = strbuf_fixed(word, sizeof(word));

	strbuf_printf(&t, "elfcorehdr=0x%012llx ", (unsigned long long)at);
	if (p->cmdline.p)
		memcpy(p->cmdline.p, word, ELFCOREHDR_WORD);
}

static void tell_initrds(struct plan *p)
{
	const struct segment *first = plan_segment(p, INITRD), *s;

	p->chosen.initrd_start = p->chosen.initrd_end = 0;
	plan_for_each(s, p) {
		if (s->piece != INITRD)
			continue;
		p->chosen.initrd_start = first->at.start;
		p->chosen.initrd_end = s->at.start + s->data.len;
	}
}

void plan_tell(struct plan *p, const struct request *r)
{
	const struct segment *tree = plan_segment(p, TREE), *stub = plan_segment(p, STUB);
	const struct segment *core = plan_segment(p, CORE);
	const struct arch *a = r->machine->arch;
	struct chosen *c = &p->chosen;

	tell_initrds(p);
	if (a->tree_reserved && tree) {
		c->tree_start = tree->at.start;
		c->tree_size = tree->data.len;
	}
	if (!is_crash(r) || !core)
		return;
	c->elfcorehdr = (struct range){ core->at.start, core->reserved_end, NULL };
	if (a->backup && stub)
		c->backup =
			(struct range){ stub->reserved_end - a->backup, stub->reserved_end, NULL };
	write_elfcorehdr_word(p, core->at.start);
}

/* All else that a crash kernel has on top of another, with placeholders for where pieces lie. */
static bool start_crash(struct draft *d, struct error *e)
{
	const struct machine *m = d->r->machine;
	struct span *core = &d->data[CORE];
	struct plan *p = d->p;

	if (!is_crash(d->r))
		return true;
	core->len = elfcorehdr_size(m);
	if (!core->len)
		return fail(e, FAIL_MACHINE, "write the core header: more than 65534 entries");
	p->elfcorehdr = malloc(core->len);
	core->p = p->elfcorehdr;
	p->chosen.elfcorehdr.end = 1;
	p->chosen.backup.end = m->arch->backup;
	return p->elfcorehdr || fail_memory(e);
}

/* ---- segments */

static void add_segment(struct draft *d, enum piece piece, struct part part, phys base,
			phys reserved_end)
{
	const phys start = base + part.at;

	if (!part.size)
		return;
	d->p->seg[d->p->n++] = (struct segment){
		.piece = piece,
		.data = part.data,
		.at = { start, start + round_up(part.size, d->r->machine->page_size), NULL },
		.reserved_end = reserved_end,
	};
}

static void add_kernel(struct draft *d)
{
	const struct image *img = d->r->image;
	const phys at = d->at[KERNEL].at;
	uint64_t end;
	size_t i;

	for (i = 0; i < img->parts; i++) {
		end = i + 1 < img->parts ? img->part[i + 1].at : d->at[KERNEL].size;
		add_segment(d, KERNEL, img->part[i], at, at + end);
	}
}

static void add_initrds(struct draft *d)
{
	const struct placement *w = &d->at[INITRD];
	const struct request *r = d->r;
	struct part part;
	phys end, at = w->at;
	size_t i;

	for (i = 0; i < r->initrds; i++, at = end) {
		part = (struct part){ .data = r->initrd[i], .size = r->initrd[i].len };
		end = w->at + w->size;
		if (i + 1 < r->initrds) {
			end = initrds_next(r, i, at);
			part.size = end - at;
		}
		add_segment(d, INITRD, part, at, end);
	}
}

static void add_segments(struct draft *d)
{
	const struct placement *w;
	uint64_t size;
	size_t i;

	add_kernel(d);
	add_initrds(d);
	for (i = TREE; i < PIECES; i++) {
		w = &d->at[i];
		size = d->data[i].len;
		if (i == CORE)
			size = core_memory(d->r, size);
		add_segment(d, (enum piece)i, (struct part){ d->data[i], 0, size }, w->at,
			    w->at + w->size);
	}
}

static uint64_t shipped_bytes(const struct draft *d)
{
	const uint32_t page = d->r->machine->page_size;
	const struct image *img = d->r->image;
	uint64_t sum = 0;
	size_t i;

	for (i = 0; i < img->parts; i++)
		sum += round_up(img->part[i].size, page);
	for (i = INITRD; i < CORE; i++)
		sum += round_up(d->data[i].len, page);
	return sum + round_up(core_memory(d->r, d->data[CORE].len), page);
}

/* ---- the plan */

/* How large all pieces are. The tree grows with an initrd, and its size is needed to place it: so
 * it is made with a placeholder, where no memory is.
 */
static bool measure(struct draft *d, struct error *e)
{
	const struct request *r = d->r;
	struct plan *p = d->p;

	d->data[INITRD].len = initrds_size(r);
	p->chosen.initrd_start = NOWHERE;
	p->chosen.initrd_end = NOWHERE + d->data[INITRD].len;
	if (!check_request(r, e) || !start_crash(d, e) || !next_tree_build(d, e))
		return false;
	d->data[STUB] = (struct span){ p->stub, r->machine->arch->stub(r, 0, 0, 0, p->stub) };
	d->shipped = shipped_bytes(d);
	return check_memory(r, d->shipped, 0, e);
}

/* Everything that depends on where pieces lie. */
static bool finish(struct draft *d, struct error *e)
{
	const struct request *r = d->r;
	const struct arch *a = r->machine->arch;
	struct plan *p = d->p;

	p->kernel = d->at[KERNEL].at;
	p->kernel_entry = p->kernel + r->image->entry;
	add_segments(d);
	plan_tell(p, r);
	if (p->elfcorehdr)
		elfcorehdr_write(r->machine, p->chosen.backup.start, p->elfcorehdr);
	if (!chosen_move(&p->tree, &p->chosen, e))
		return false;
	p->stub_len = a->stub(r, p->kernel, d->at[TREE].at, p->chosen.backup.start, p->stub);
	p->entry = p->stub_len ? d->at[STUB].at : p->kernel_entry;
	return true;
}

bool plan_draft(const struct request *r, struct plan *p, struct error *e)
{
	struct draft d = { .r = r, .p = p };

	return plan_start(p, r, e) && measure(&d, e) && place_pieces(&d, e) && finish(&d, e);
}

void plan_free(struct plan *p)
{
	tree_free(&p->tree);
	strbuf_free(&p->cmdline);
	free(p->elfcorehdr);
	p->elfcorehdr = NULL;
}
