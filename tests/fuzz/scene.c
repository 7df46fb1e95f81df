/* SPDX-License-Identifier: MIT */
#include "scene.h"

#include "src/plan/kernel.h"

#include "door.h"
#include "files.h"

#include "src/plan/print.h"
#include "src/sys/probe.h"
#include "src/plan/staging.h"

#include <stdlib.h>
#include <string.h>

uint64_t roll(struct dice *d, uint64_t n)
{
	uint64_t z, i, bytes = n <= 256 ? 1 : n <= 65536 ? 2 : 8;

	if (d->from_bytes) {
		for (i = z = 0; i < bytes && d->bytes.len; i++, d->bytes.len--)
			z = z << 8 | *d->bytes.p++;
		return z % n;
	}
	/* splitmix64 */
	z = d->state += 0x9e3779b97f4a7c15u;
	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return (z ^ z >> 31) % n;
}

uint64_t scene_size(struct scene *s)
{
	struct dice *d = &s->dice;
	const uint64_t unit = PICK(d, 1, 0x1000, 0x10000, 1 << 20, 2 << 20, 16 << 20, 1 << 30);

	return unit * (1 + roll(d, 16)) + (one_in(d, 8) ? roll(d, 0x2000) : 0);
}

uint64_t scene_place(struct scene *s)
{
	struct dice *d = &s->dice;
	const struct range *r =
		s->keeps && one_in(d, 3) ? &s->keep[roll(d, s->keeps)] : &s->ram[roll(d, s->rams)];
	const uint64_t unit = PICK(d, 0x1000, 0x10000, 1 << 20, 2 << 20, 64 << 20);

	switch (roll(d, 6)) {
	case 0: return r->start;
	case 1: return r->end;
	case 2: return r->end - unit * roll(d, 8);
	case 3: return r->start + unit * roll(d, 8);
	case 4: return r->start + roll(d, r->end - r->start) / unit * unit;
	default: return r->start + roll(d, r->end - r->start);
	}
}

/* RAM that touches, nests, overlaps and, rarely, wraps. */
static void make_ram(struct scene *s)
{
	struct dice *d = &s->dice;
	struct range *r;
	uint64_t at = s->ppc64 ? 0
			       : PICK(d, 0x40000000, 0x40000000, 0x80000000, 0, 1ull << 35,
				      (1ull << 48) - (1ull << 31), 1ull << 52);
	uint64_t size;

	s->rams = 1 + (one_in(d, 2) ? roll(d, SCENE_RAM) : 0);
	for (r = s->ram; r < s->ram + s->rams; r++) {
		size = PICK(d, 64ull << 20, 128ull << 20, 256ull << 20, 1ull << 30, 1ull << 30,
			    512ull << 20, 1ull << 30, 1ull << 30, 2ull << 30, 4ull << 30,
			    64ull << 30) +
		       (one_in(d, 6) ? 0x1000 * roll(d, 600) : 0);
		if (r > s->ram)
			switch (roll(d, 5)) {
			case 0: at = r[-1].end; break;
			case 1: at = r[-1].end + scene_size(s); break;
			case 2: at = r[-1].start + 0x1000 * roll(d, 0x10000); break;
			case 3:
				at = r[-1].end -
				     0x1000 * roll(d, 1 + (r[-1].end - r[-1].start) / 0x1000);
				break;
			default: at = r[-1].end + (1ull << 30) * roll(d, 64); break;
			}
		r->start = at;
		r->end = at + size;
		if (r->end <= r->start)
			r->end = one_in(d, 2) ? UINT64_MAX : r->start + 0x1000;
		if (r->end <= r->start)
			*r = (struct range){ 0x1000, 0x2000, NULL };
		s->total += r->end - r->start;
	}
}

static void make_keep(struct scene *s)
{
	struct dice *d = &s->dice;
	struct range k;
	size_t n = one_in(d, 8) ? roll(d, SCENE_KEEP) : roll(d, 8);

	while (s->keeps < n) {
		k.start = scene_place(s);
		k.end = k.start + scene_size(s);
		if (k.end <= k.start)
			break;
		s->keep[s->keeps++] = k;
	}
}

/* A crash kernel region or two, inside of RAM, as kernels make them. */
static void make_regions(struct scene *s)
{
	struct dice *d = &s->dice;
	const struct range *r = &s->ram[s->ppc64 ? 0 : roll(d, s->rams)];
	const uint64_t align = s->ppc64 ? PICK(d, 0x10000, 1 << 24) : 2 << 20;
	uint64_t size = scene_size(s);

	s->panic = one_in(d, 4);
	if (!s->panic && !one_in(d, 8))
		return;
	if (one_in(d, 2))
		size = PICK(d, 64 << 20, 128 << 20);
	if (size < r->end - r->start) {
		s->region.start =
			round_down(r->end - size - roll(d, r->end - r->start - size), align);
		s->region.end = s->region.start + round_up(size, one_in(d, 8) ? 0x1000 : align);
	}
	if (!s->ppc64 && one_in(d, 3) && s->region.start > s->ram[0].start + (256 << 20)) {
		s->low.start = s->ram[0].start + (64 << 20);
		s->low.end = s->low.start + (64 << 20);
	}
}

static struct strbuf start_text(struct scene *s, unsigned i)
{
	return strbuf_fixed(s->text[i], SCENE_TEXT);
}

static void put(const char *path, const struct strbuf *t)
{
	if (t->truncated)
		abort();
	files_put(path, (struct span){ (const uint8_t *)t->p, t->len });
}

static void add_line(struct strbuf *t, const char *indent, struct range r, const char *name)
{
	if (r.start < r.end)
		strbuf_printf(t, "%s%08llx-%08llx : %s\n", indent, (unsigned long long)r.start,
			      (unsigned long long)r.end - 1, name);
}

static void put_iomem(struct scene *s)
{
	static const char *const names[] = { "reserved",    "reserved",	   "Kernel code",
					     "Kernel data", "ACPI Tables", "reserved" };
	struct dice *d = &s->dice;
	struct strbuf t = start_text(s, 0);
	size_t i, k = 0;

	add_line(&t, "", (struct range){ 0x9000000, 0x9001000, NULL }, "pl011@9000000");
	for (i = 0; i < s->rams; i++) {
		add_line(&t, "", s->ram[i], "System RAM");
		if (!i) {
			add_line(&t, "  ", s->low, "Crash kernel");
			add_line(&t, "  ", s->region, "Crash kernel");
		}
		for (; k < (i + 1) * s->keeps / s->rams; k++)
			add_line(&t, one_in(d, 8) ? "    " : "  ", s->keep[k], names[roll(d, 6)]);
	}
	for (i = 0; i < s->keeps; i += 5)
		add_line(&t, "", s->keep[i], one_in(d, 2) ? "reserved" : "PCI ECAM");
	put("proc/iomem", &t);
}

static void put_texts(struct scene *s)
{
	struct dice *d = &s->dice;
	const uint64_t total = one_in(d, 8) ? s->total / 8 : s->total * PICK(d, 1, 2, 4);
	struct strbuf t = start_text(s, 1);

	strbuf_printf(
		&t, "machine=%s\nrelease=6.12.0\npage_size=%u\nfdt_total=%u\nsyscalls=kexec_load\n",
		!s->ppc64	? "aarch64"
		: s->big_endian ? "ppc64"
				: "ppc64le",
		s->page, (unsigned)PICK(d, 0, 0x10000, 0x5800));
	put("system", &t);
	t = start_text(s, 2);
	strbuf_printf(&t, "MemTotal: %llu kB\nMemAvailable: %llu kB\n",
		      (unsigned long long)total / 1024, (unsigned long long)total / 1024);
	put("proc/meminfo", &t);
	files_put("proc/cmdline", (struct span){ (const uint8_t *)"root=/dev/vda1\n", 15 });
}

/* Headers as /proc/kcore has them: a mapping of each range of RAM, and the kernel's own in one. */
static void put_kcore(struct scene *s)
{
	uint8_t *p = s->note;
	size_t i, n = s->rams + 1;
	struct range r;

	memset(s->note, 0, sizeof(s->note));
	put_le32(p + 56, (uint32_t)n);
	for (i = 0; i < n; i++) {
		r = s->ram[i < s->rams ? i : 0];
		if (i == s->rams)
			r = (struct range){ r.start + 0x200000, r.start + 0x1200000, NULL };
		p = s->note + 64 + 56 * i;
		put_le32(p, 1);
		put_le64(p + 16, r.start + (i < s->rams ? 0xffff000000000000 : 0xffff800080000000));
		put_le64(p + 24, r.start);
		put_le64(p + 40, r.end - r.start);
	}
	files_put("proc/kcore", (struct span){ s->note, 64 + 56 * n });
}

static void put_crash(struct scene *s)
{
	static const char cpu[] = "sys/devices/system/cpu/cpu0/crash_notes",
			  size[] = "sys/devices/system/cpu/cpu0/crash_notes_size";
	const uint64_t at = s->ram[0].start + 0x100000 + 0x1000 * roll(&s->dice, 0x100);
	struct strbuf t = start_text(s, 3);

	strbuf_printf(&t, "%llx\n", (unsigned long long)at);
	put(cpu, &t);
	files_put(size, (struct span){ (const uint8_t *)"424\n", 4 });
	t = start_text(s, 4);
	strbuf_printf(&t, "0x%016llx 1024\n", (unsigned long long)at + 0x1000);
	put("sys/kernel/vmcoreinfo", &t);
	files_put("sys/devices/system/cpu/possible", (struct span){ (const uint8_t *)"0\n", 2 });
	files_put("sys/devices/system/cpu/present", (struct span){ (const uint8_t *)"0\n", 2 });
	if (s->hotplug)
		files_put("sys/kernel/crash_elfcorehdr_size",
			  (struct span){ (const uint8_t *)"458752\n", 7 });
	if (!s->ppc64)
		put_kcore(s);
}

static void make_machine(struct scene *s)
{
	struct dice *d = &s->dice;

	s->ppc64 = one_in(d, 2);
	s->big_endian = s->ppc64 && one_in(d, 8);
	s->page =
		(uint32_t)(s->ppc64 ? PICK(d, 0x1000, 0x10000) : PICK(d, 0x1000, 0x4000, 0x10000));
	make_ram(s);
	make_keep(s);
	make_regions(s);
	s->stay = s->panic || one_in(d, 16);
	s->hotplug = s->panic && one_in(d, 3);
	s->efi = !s->ppc64 && one_in(d, 4);
	scene_trees(s);
	files_clear();
	put_texts(s);
	put_iomem(s);
	files_put("sys/firmware/fdt", (struct span){ s->tree, SCENE_TREE });
	put_crash(s);
}

/* Which memory is free now: any, since nothing there makes a plan wrong. */
static void make_freemap(struct scene *s)
{
	struct dice *d = &s->dice;
	struct freemap *map;
	size_t i;

	if (s->panic || !one_in(d, 3))
		return;
	map = calloc(1, sizeof(*map));
	if (!map)
		abort();
	s->machine.freemap = map;
	map->size = 2 << 20;
	map->blocks = roll(d, 40);
	for (i = 0; i < map->blocks; i++)
		map->sample[i] =
			(struct sample){ s->ram[0].start / map->size * map->size + i * map->size,
					 (uint8_t)roll(d, BLOCK_PAGES + 1) };
	map->zones = roll(d, 3);
	for (i = 0; i < map->zones; i++) {
		map->zone[i].at = s->ram[roll(d, s->rams)];
		map->zone[i].free = scene_size(s);
		map->zone[i].node = roll(d, 3);
	}
	map->last = scene_place(s);
	map->down = one_in(d, 2);
}

/* Sizes of which many just fit: a hole, less what else must go in. */
static uint64_t initrd_size(struct scene *s)
{
	struct dice *d = &s->dice;
	const struct ranges *room = &s->machine.free;
	const struct range *hole;
	uint64_t size;

	if (!room->n || !one_in(d, 3))
		return PICK(d, 1, 4095, 4096, 4097, 5000000, 100 << 20, 1 << 30);
	hole = &room->v[roll(d, room->n)];
	size = hole->end - hole->start;
	size -= roll(d, 4) * 0x10000 + (one_in(d, 2) ? s->image.memsz : 0);
	return size && size <= SCENE_PIECE ? size : 0x10000;
}

static void make_request(struct scene *s)
{
	struct dice *d = &s->dice;
	struct request *r = &s->request;
	size_t i, len = one_in(d, 8) ? roll(d, 2100) : roll(d, 40);

	for (i = 0; i < len; i++)
		s->cmdline[i] = "ab =c\"-\t"[roll(d, 8)];
	*r = (struct request){
		.machine = &s->machine,
		.image = &s->image,
		.cmdline = s->cmdline,
		.dtb_name = "user",
		.kaslr_seed = { 1, 2 },
		.rng_seed = { 3, 4 },
		.hotplug = s->hotplug && s->machine.crash.elfcorehdr_memsz,
	};
	r->initrds = roll(d, 4);
	for (i = 0; i < r->initrds; i++)
		r->initrd[i] = (struct span){ s->kernel.p, initrd_size(s) };
	if (one_in(d, 6))
		r->bounds.start = scene_place(s);
	if (one_in(d, 6))
		r->bounds.end = scene_place(s);
	if (s->has_user)
		r->dtb = (struct span){ s->user, SCENE_TREE };
	if (s->has_over) {
		s->overlay = (struct overlay){ { s->over, SCENE_TREE }, "over" };
		r->overlay = &s->overlay;
		r->overlays = 1;
	}
	request_complete(r);
}

/* As main.c does it. */
static bool run(struct scene *s)
{
	struct machine *m = &s->machine;
	struct error *e = &s->error;

	if (!probe_state("/", m, e) || !probe_machine("/", m, e) ||
	    (s->panic && !probe_crash("/", m, true, NULL, e)))
		return false;
	s->probed = true;
	make_freemap(s);
	if (!kernel_parse(s->kernel, "kernel", m, &s->image, e))
		return false;
	s->parsed = s->image;
	if (!kernel_settle(&s->image, "kernel", m, s->stay, e))
		return false;
	make_request(s);
	return (!s->has_user || tree_check(s->request.dtb, "user", e)) &&
	       (!s->has_over || tree_check(s->overlay.data, "over", e)) &&
	       plan_draft(&s->request, &s->plan, e) && plan_check(&s->plan, &s->request, e);
}

void scene_run(struct scene *s, struct dice dice)
{
	/* all but the large buffers, which are written before they are read */
	s->dice = dice;
	s->rams = s->keeps = 0;
	s->total = s->kernel_end = 0;
	s->region = s->low = (struct range){ 0 };
	s->has_user = s->has_over = s->panic = s->probed = false;
	s->machine = (struct machine){ 0 };
	s->image = (struct image){ 0 };
	s->plan = (struct plan){ 0 };
	s->error = (struct error){ 0 };
	memset(s->cmdline, 0, sizeof(s->cmdline));
	make_machine(s);
	scene_kernel(s);
	s->ok = run(s);
}

void scene_end(struct scene *s)
{
	plan_free(&s->plan);
	image_free(&s->image);
	machine_free(&s->machine);
}

/* The plan that went through the sandbox's message is the same. */
static void check_passed(const struct scene *s)
{
	static struct passed p;
	const struct segment *a, *b;
	struct error e = { 0 };
	size_t i;

	scene_encode(s, &p);
	DOOR_WANT(scene_decode(s, &p, &e));
	DOOR_WANT(p.plan.n == s->plan.n && p.plan.entry == s->plan.entry);
	for (i = 0; i < p.plan.n; i++) {
		a = &s->plan.seg[i];
		b = &p.plan.seg[i];
		DOOR_WANT(a->piece == b->piece && a->data.len == b->data.len);
		DOOR_WANT(a->at.start == b->at.start && a->at.end == b->at.end);
		DOOR_WANT(a->reserved_end == b->reserved_end);
	}
	scene_passed_free(&p);
}

void scene_check(struct scene *s)
{
	struct strbuf t = STRBUF_GROWING;
	struct error e = { 0 };

	door_error(s->ok, &s->error);
	if (!s->ok)
		return;
	DOOR_WANT(plan_check(&s->plan, &s->request, &e));
	print_plan(&s->plan, &s->request, &t);
	DOOR_WANT(!t.truncated);
	strbuf_free(&t);
	check_passed(s);
}

static struct segment *piece(struct scene *s, enum piece which)
{
	size_t i;

	for (i = 0; i < s->plan.n; i++)
		if (s->plan.seg[i].piece == which)
			return &s->plan.seg[i];
	return NULL;
}

static void move(struct segment *x, phys to)
{
	const uint64_t room = x->reserved_end - x->at.start, size = x->at.end - x->at.start;

	x->at.start = to;
	x->at.end = to + size;
	x->reserved_end = to + room;
}

bool scene_spoil(struct scene *s, unsigned defect)
{
	struct plan *p = &s->plan;
	struct segment *kernel = piece(s, KERNEL), *tree = piece(s, TREE), *stub = piece(s, STUB);
	struct segment *initrd = piece(s, INITRD);

	switch (defect) {
	case 0: move(tree, kernel->at.start); return true;
	case 1: move(stub, stub->at.start + 1); return true;
	case 2: move(tree, 1ull << 60); return true;
	case 3: p->entry += 4; return true;
	case 4: p->kernel_entry += 4; return true;
	case 5: *tree = p->seg[--p->n]; return true;
	case 6:
		for (; kernel + 1 < p->seg + p->n && kernel[1].piece == KERNEL; kernel++)
			;
		kernel->reserved_end = p->kernel + s->image.memsz - 1;
		return true;
	case 7:
		if (initrd)
			move(initrd, initrd->at.start + s->page);
		return initrd;
	case 8: stub->at.end = stub->at.start; return true;
	case 9: tree->data.len = tree->at.end - tree->at.start + 1; return true;
	case 10:
		if (s->machine.reserved.n)
			move(tree, round_down(s->machine.reserved.v[0].start, s->page));
		return s->machine.reserved.n;
	case 11: p->seg[p->n] = *stub; return p->n++ < SEGMENTS_MAX;
	case 12: tree->data.p[0] ? (void)(p->tree.blob[0] ^= 1) : (void)0; return true;
	case 13: p->chosen.cmdline = "something else"; return strcmp(s->cmdline, "something else");
	case 14: p->chosen.kaslr_seed[0] ^= 1; return true;
	default: kernel->data.len--; return true;
	}
}
