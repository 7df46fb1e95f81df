#include "src/plan/plan.h"

#include "arch/arch.h"
#include "dt/memory.h"
#include "src/plan/elfcorehdr.h"

#include <stdlib.h>
#include <string.h>

/* The next kernel may have pages of 64 KiB where ours are 4 KiB; it rounds what it reserves to its
 * own pages, and that must not reach into a neighbour.
 */
#define PIECE_ALIGN 0x10000

const char *piece_name(enum piece piece)
{
	static const char *const names[] = { "kernel", "initrd", "tree", "stub", "core" };

	return names[piece];
}

const struct segment *plan_segment(const struct plan *p, enum piece piece)
{
	size_t i;

	for (i = 0; i < p->n; i++)
		if (p->seg[i].piece == piece)
			return &p->seg[i];
	return NULL;
}

/* A place for what is not placed yet, that no reservation of firmware is at. */
#define NOWHERE (1ull << 62)

/* Bytes of "elfcorehdr=0x" and twelve digits and a space. It comes first: what follows a "--" is
 * for init.
 */
#define CORE_WORD 26

static bool is_crash(const struct request *r)
{
	return r->machine->crash.region.end && !r->file_call;
}

static bool has_elfcorehdr_word(const struct request *r)
{
	return is_crash(r) && r->machine->arch->elfcorehdr_on_cmdline;
}

bool plan_check_cmdline(const struct request *r, struct error *e)
{
	const struct arch *a = r->machine->arch;
	size_t len = strlen(r->cmdline) + (has_elfcorehdr_word(r) ? CORE_WORD : 0);

	return len <= a->cmdline_max ||
	       fail(e, FAIL_CMDLINE, "pass the command line: it has %zu bytes, %s takes %zu", len,
		    a->name, a->cmdline_max);
}

/* Where the initrd behind one at `at` goes. */
static uint64_t next_initrd(const struct request *r, size_t i, uint64_t at)
{
	return round_up(at + r->initrd[i].len + INITRD_GAP, r->machine->page_size);
}

/* From the first byte of the first one to the last byte of the last one. */
static uint64_t initrd_bytes(const struct request *r)
{
	uint64_t at = 0;
	size_t i;

	for (i = 0; i + 1 < r->initrds; i++)
		at = next_initrd(r, i, at);
	return r->initrds ? at + r->initrd[i].len : 0;
}

static bool check_request(const struct request *r, struct error *e)
{
	/* the kernel's parts, the initrds, tree and stub */
	const size_t segments = r->image->parts + r->initrds + 2;

	if (!plan_check_cmdline(r, e))
		return false;
	if (segments <= SEGMENTS_MAX)
		return true;
	fail(e, FAIL_USAGE, "load %zu initrds: that makes %zu pieces, the running kernel takes %d",
	     r->initrds, segments, SEGMENTS_MAX);
	return hint(e, "nothing was loaded: make one file of several initrds");
}

static bool check_tree(const void *tree, const char *from, struct error *e)
{
	char show[PRINTABLE_MAX];

	if (dt_has_memory(tree))
		return true;
	fail(e, FAIL_TREE, "use device tree %s: it has no memory node", printable(show, from));
	return hint(
		e,
		"nothing was loaded: a kernel finds no memory with %s; leave --dtb out to use this "
		"machine's own tree",
		show);
}

/* kimage_alloc_page() and sanity_check_segment_list() take at most half of all pages, each segment
 * and their sum; short of that, what is not available would be taken from programs that run.
 */
static bool check_memory(const struct request *r, uint64_t shipped, struct error *e)
{
	char need[FORMAT_SIZE_MAX], have[FORMAT_SIZE_MAX];
	const struct machine *m = r->machine;

	format_size(need, shipped);
	if (m->mem_total && shipped > m->mem_total / 2) {
		fail(e, FAIL_MEMORY,
		     "load %s: the running kernel takes half of its RAM at most, %s", need,
		     format_size(have, m->mem_total / 2));
		return hint(e, "nothing was loaded: %s are too much, make kernel or initrd smaller",
			    need);
	}
	/* a crash kernel is written to where it will run */
	if (m->mem_available && !is_crash(r) && shipped > m->mem_available) {
		fail(e, FAIL_MEMORY, "load %s: only %s of memory are available", need,
		     format_size(have, m->mem_available));
		return hint(e, "nothing was loaded: it needs %s of memory, free some", need);
	}
	return true;
}

/* The user's tree with what it lacks of the machine's own. */
static bool merge_tree(const struct request *r, struct tree *t, size_t slack, struct error *e)
{
	const struct machine *m = r->machine;
	struct tree own = { 0 };
	bool ok = tree_open(t, r->dtb, slack + merge_slack(m->fdt), r->dtb_name, e) &&
		  tree_open(&own, m->fdt, 0, m->fdt_from, e);

	if (ok) {
		chosen_clean(t, 0);
		chosen_clean(&own, m->fdt_total);
		ok = merge_machine(t, own.blob, m->arch->firmware, e);
	}
	tree_free(&own);
	return ok;
}

/* The tree in use, overlays applied, with so many bytes of room. */
static bool start_tree(const struct request *r, struct plan *p, size_t slack, struct error *e)
{
	const struct machine *m = r->machine;
	size_t i;

	p->tree_from = r->dtb.len ? r->dtb_name : m->fdt_from;
	if (r->dtb.len ? !merge_tree(r, &p->tree, slack, e)
		       : !tree_open(&p->tree, m->fdt, slack, p->tree_from, e))
		return false;
	for (i = 0; i < r->overlays; i++)
		if (!overlay_apply(&p->tree, &r->overlay[i], slack, e))
			return false;
	return check_tree(p->tree.blob, p->tree_from, e);
}

static bool build_tree(const struct request *r, struct plan *p, struct span *tree, struct error *e)
{
	const struct machine *m = r->machine;
	char size[FORMAT_SIZE_MAX];
	size_t slack;

	memcpy(p->chosen.kaslr_seed, r->kaslr_seed, KASLR_SEED);
	memcpy(p->chosen.rng_seed, r->rng_seed, RNG_SEED);
	p->chosen.tree_size = m->arch->tree_reserved;
	slack = chosen_slack(strlen(p->chosen.cmdline)) + 16 * m->reserved.n;
	if (!start_tree(r, p, slack, e))
		return false;
	/* before firmware's reservations come in: those of the last boot's pieces may lie on them
	 */
	chosen_clean(&p->tree, r->dtb.len ? 0 : m->fdt_total);
	if (!m->arch->tree(&p->tree, m, e) || !chosen_write(&p->tree, &p->chosen, e) ||
	    !tree_pack(&p->tree, tree, e))
		return false;
	if (r->hotplug && m->arch->tree_room &&
	    !tree_grow(&p->tree, m->arch->tree_room(m), tree, e))
		return false;
	if (tree->len > m->arch->tree_max)
		return fail(e, FAIL_TREE, "use device tree %s: it has %s, %s takes %s",
			    p->tree_from, format_size(size, tree->len), m->arch->name,
			    format_size((char[FORMAT_SIZE_MAX]){ 0 }, m->arch->tree_max));
	return true;
}

static void add_segment(struct plan *p, const struct request *r, enum piece piece, struct part part,
			phys base, phys room_end)
{
	const phys start = base + part.at;

	if (!part.size)
		return;
	p->seg[p->n++] = (struct segment){
		.piece = piece,
		.data = part.data,
		.at = { start, start + round_up(part.size, r->machine->page_size), NULL },
		.reserved_end = room_end,
	};
}

static void add_segments(struct plan *p, const struct request *r, const struct span data[PIECES],
			 const struct placement w[PIECES])
{
	const struct image *img = r->image;
	phys end, at = w[INITRD].at;
	bool last;
	size_t i;

	for (i = 0; i < img->parts; i++) {
		end = i + 1 < img->parts ? img->part[i + 1].at : w[KERNEL].size;
		add_segment(p, r, KERNEL, img->part[i], w[KERNEL].at, w[KERNEL].at + end);
	}
	for (i = 0; i < r->initrds; i++, at = end) {
		last = i + 1 == r->initrds;
		end = last ? w[INITRD].at + w[INITRD].size : next_initrd(r, i, at);
		add_segment(p, r, INITRD,
			    (struct part){ r->initrd[i], 0, last ? r->initrd[i].len : end - at },
			    at, end);
	}
	for (i = TREE; i < PIECES; i++)
		add_segment(p, r, (enum piece)i, (struct part){ data[i], 0, data[i].len }, w[i].at,
			    w[i].at + w[i].size);
}

/* In the quietest memory that has room for all. */
static bool place_quietly(const struct ranges *all_room, const struct machine *m,
			  struct placements *all, uint64_t shipped, struct error *e)
{
	struct ranges room;
	unsigned level;
	bool ok = false;

	for (level = 0; level < STAGING_LEVELS && m->freemap && !ok; level++) {
		room = (struct ranges){ 0 };
		*e = (struct error){ 0 };
		ok = staging_quiet_ranges(m->freemap, all_room, shipped, level, &room, e) &&
		     place(&room, all, e);
		ranges_free(&room);
	}
	if (ok)
		return true;
	*e = (struct error){ 0 };
	return place(all_room, all, e);
}

/* What the next kernel may be given, by its own tree: less than the machine has where that tree is
 * not the machine's own. Memory that it tells of and the machine has not is an error.
 */
static bool tree_room(const struct request *r, const struct plan *p, struct ranges *room,
		      struct error *e)
{
	const struct machine *m = r->machine;
	struct ranges told = { 0 }, ours = { 0 }, keep = { 0 }, wrong = { 0 };
	char show[PRINTABLE_MAX];
	bool ok = dt_reserved(p->tree.blob, &keep);

	if (ok && !dt_has_efi_memmap(p->tree.blob)) {
		ok = dt_ram(p->tree.blob, &told) && dt_ram(m->fdt.p, &ours);
		for (size_t i = 0; i < m->ram.n && ok; i++)
			ok = ranges_add(&ours, m->ram.v[i].start, m->ram.v[i].end, NULL);
		ranges_union(&told);
		ranges_union(&ours);
		ok = ok && ranges_subtract(&told, &ours, &wrong) &&
		     ranges_subtract(&m->free, &told, &keep);
	}
	if (wrong.n)
		fail(e, FAIL_TREE, "use device tree %s: this machine has no memory at 0x%llx",
		     printable(show, p->tree_from), (unsigned long long)wrong.v[0].start);
	ranges_sort(&keep);
	ok = ok && ranges_subtract(&m->free, &keep, room);
	ranges_free(&told);
	ranges_free(&ours);
	ranges_free(&keep);
	ranges_free(&wrong);
	return e->code == FAIL_NONE && (ok || fail_memory(e));
}

static bool place_pieces(const struct request *r, const struct plan *p,
			 const struct span data[PIECES], struct placement w[PIECES],
			 uint64_t shipped, struct error *e)
{
	const struct arch *a = r->machine->arch;
	struct placements all = { w, PIECES, r->machine->addressable, a->window, a->window_align };
	const struct machine *m = r->machine;
	const struct ranges *in = &m->free;
	struct ranges room = { 0 };
	bool ok = true;
	int i;

	if (all.bounds.start < r->bounds.start)
		all.bounds.start = r->bounds.start;
	if (r->bounds.end && all.bounds.end > r->bounds.end)
		all.bounds.end = r->bounds.end;

	for (i = KERNEL; i < PIECES; i++)
		w[i] = (struct placement){ .what = piece_name((enum piece)i),
					   .size = round_up(data[i].len, PIECE_ALIGN),
					   .align = PIECE_ALIGN };
	w[KERNEL].size = round_up(r->image->memsz, PIECE_ALIGN);
	w[KERNEL].align = r->image->align;
	w[KERNEL].offset = r->image->offset;
	/* a crash kernel leaves what memory it has above itself: ppc64 can kexec to nowhere else */
	w[KERNEL].bottom_up = r->image->bottom_up || is_crash(r);
	w[KERNEL].share_window = w[INITRD].share_window = true;
	w[TREE].size = round_up(data[TREE].len, a->tree_align);
	w[TREE].align = a->tree_align;
	if (is_crash(r))
		w[STUB].size += a->backup;
	if (w[CORE].size && r->hotplug && w[CORE].size < r->machine->crash.elfcorehdr_memsz)
		w[CORE].size = round_up(r->machine->crash.elfcorehdr_memsz, PIECE_ALIGN);
	if (r->dtb.len || r->overlays) {
		in = &room;
		ok = tree_room(r, p, &room, e);
	}
	ok = ok && place_quietly(in, m, &all, shipped, e);
	ranges_free(&room);
	if (ok || !is_crash(r) || e->code != FAIL_ROOM)
		return ok;
	return hint(e, "nothing was loaded: boot with a larger crashkernel=, it has %s",
		    format_size((char[FORMAT_SIZE_MAX]){ 0 },
				m->crash.region.end - m->crash.region.start));
}

static uint64_t shipped_bytes(const struct request *r, const struct span data[PIECES])
{
	const uint32_t page = r->machine->page_size;
	uint64_t sum = 0;
	size_t i;

	for (i = 0; i < r->image->parts; i++)
		sum += round_up(r->image->part[i].size, page);
	for (i = INITRD; i < PIECES; i++)
		sum += round_up(data[i].len, page);
	return sum;
}

/* The word that tells where the core header is, in front of the command line, always as long. */
static void write_line(struct plan *p, phys core)
{
	char word[CORE_WORD + 1];
	struct strbuf t = strbuf_fixed(word, sizeof(word));

	strbuf_printf(&t, "elfcorehdr=0x%012llx ", (unsigned long long)core);
	if (p->cmdline.p)
		memcpy(p->cmdline.p, word, CORE_WORD);
}

/* All that a crash kernel has on top of another, with placeholders for where pieces lie. */
static bool start_crash(const struct request *r, struct plan *p, struct span *core, struct error *e)
{
	const struct machine *m = r->machine;

	if (!is_crash(r))
		return true;
	core->len = elfcorehdr_size(m);
	p->elfcorehdr = malloc(core->len + 1);
	core->p = p->elfcorehdr;
	if (has_elfcorehdr_word(r)) {
		strbuf_printf(&p->cmdline, "%26s%s", "", r->cmdline);
		p->chosen.cmdline = p->cmdline.p;
	}
	if (!p->elfcorehdr || p->cmdline.truncated)
		return fail_memory(e);
	write_line(p, 0);
	p->chosen.elfcorehdr.end = 1;
	p->chosen.backup.end = m->arch->backup;
	p->chosen.usable = m->crash.region;
	p->chosen.low = m->crash.low;
	return core->len ||
	       fail(e, FAIL_MACHINE, "write the core header: it has more than 65534 entries");
}

static void finish_crash(const struct request *r, struct plan *p, const struct placement w[PIECES])
{
	const uint64_t backup = r->machine->arch->backup;
	const phys at = w[STUB].at + w[STUB].size - backup;

	if (!is_crash(r))
		return;
	p->chosen.elfcorehdr = (struct range){ w[CORE].at, w[CORE].at + w[CORE].size, NULL };
	if (backup)
		p->chosen.backup = (struct range){ at, at + backup, NULL };
	write_line(p, w[CORE].at);
	elfcorehdr_write(r->machine, at, p->elfcorehdr);
}

bool plan_make(const struct request *r, struct plan *p, struct error *e)
{
	return plan_draft(r, p, e) && plan_check(p, r, e);
}

bool plan_draft(const struct request *r, struct plan *p, struct error *e)
{
	const struct arch *a = r->machine->arch;
	struct span data[PIECES] = { { NULL, 0 } }; /* of the initrds only the length */
	struct placement w[PIECES];
	uint64_t shipped;

	*p = (struct plan){ .cmdline = STRBUF_GROWING };
	/* a placeholder, where no memory is: with an initrd the tree grows, and its size is needed
	 * to place it
	 */
	data[INITRD].len = initrd_bytes(r);
	p->chosen.initrd_start = NOWHERE;
	p->chosen.initrd_end = NOWHERE + data[INITRD].len;
	p->chosen.cmdline = r->cmdline;
	if (!check_request(r, e) || !start_crash(r, p, &data[CORE], e) ||
	    !build_tree(r, p, &data[TREE], e))
		return false;
	data[STUB] = (struct span){ p->stub, a->stub(r, 0, 0, 0, p->stub) };
	shipped = shipped_bytes(r, data);
	if (!check_memory(r, shipped, e) || !place_pieces(r, p, data, w, shipped, e))
		return false;
	p->kernel = w[KERNEL].at;
	p->kernel_entry = p->kernel + r->image->entry;
	p->chosen.initrd_start = data[INITRD].len ? w[INITRD].at : 0;
	p->chosen.initrd_end = p->chosen.initrd_start + data[INITRD].len;
	if (a->tree_reserved) {
		p->chosen.tree_start = w[TREE].at;
		p->chosen.tree_size = data[TREE].len;
	}
	finish_crash(r, p, w);
	if (!chosen_move(&p->tree, &p->chosen, e))
		return false;
	p->stub_len = a->stub(r, p->kernel, w[TREE].at, p->chosen.backup.start, p->stub);
	add_segments(p, r, data, w);
	p->entry = p->stub_len ? w[STUB].at : p->kernel_entry;
	return true;
}

void plan_free(struct plan *p)
{
	tree_free(&p->tree);
	strbuf_free(&p->cmdline);
	free(p->elfcorehdr);
	p->elfcorehdr = NULL;
}
