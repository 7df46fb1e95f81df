/* SPDX-License-Identifier: MIT */
/* A small machine in memory: see unit.h. */
#include "unit.h"

#include "src/plan/kernel.h"

#include "arch/arch.h"

#define KERNEL_BYTES  (1u << 20)
#define KERNEL_MEMORY (4u << 20)

void small_header(uint8_t h[64], uint64_t text_offset, uint64_t image_size, uint64_t flags)
{
	memset(h, 0, 64);
	put_le64(h + 8, text_offset);
	put_le64(h + 16, image_size);
	put_le64(h + 24, flags);
	memcpy(h + 0x38, "ARM\x64", 4);
}

void small_free(struct small *s)
{
	ranges_sort(&s->m.reserved);
	ranges_free(&s->m.free);
	if (!ranges_subtract(&s->m.ram, &s->m.reserved, &s->m.free))
		abort();
}

void small_start(struct small *s, const char *tree_note)
{
	struct error e = { 0 };
	size_t i;

	memset(s, 0, sizeof(*s));
	s->tree = note_tree(tree_note);
	s->kernel = calloc(1, KERNEL_BYTES);
	if (!s->kernel)
		abort();
	for (i = 0; i < sizeof(s->initrd); i++)
		s->initrd[i] = (uint8_t)i;
	s->m.arch = &arch_arm64;
	memcpy(s->m.release, "6.12.0", 7);
	s->m.page_size = 0x1000;
	s->m.fdt = s->tree;
	s->m.fdt_from = "/small";
	s->m.mem_total = GIB;
	s->m.mem_available = GIB;
	if (!ranges_add(&s->m.ram, SMALL_BASE, SMALL_BASE + GIB, "RAM") ||
	    !ranges_add(&s->m.reserved, SMALL_BASE, SMALL_BASE + 16 * MIB, "firmware"))
		abort();
	s->m.addressable = (struct range){ 0, 1ull << 48, NULL };
	small_free(s);
	small_header(s->kernel, 0, KERNEL_MEMORY, 8 | 1 << 1);
	if (!kernel_parse((struct span){ s->kernel, KERNEL_BYTES }, "Image", &s->m, &s->img, &e))
		abort();
	s->r = (struct request){
		.machine = &s->m,
		.image = &s->img,
		.initrd = { { s->initrd, sizeof(s->initrd) } },
		.initrds = 1,
		.cmdline = "console=ttyAMA0 root=/dev/vda1",
	};
	for (i = 0; i < KASLR_SEED; i++)
		s->r.kaslr_seed[i] = (uint8_t)(0x10 + i);
	for (i = 0; i < RNG_SEED; i++)
		s->r.rng_seed[i] = (uint8_t)(0x80 + i);
}

void small_efi(struct small *s)
{
	note_free(&s->tree);
	s->m.fdt = s->tree = note_tree(
		"/ { #address-cells = <2>; #size-cells = <2>; "
		"chosen { linux,uefi-system-table = <0 1>; }; "
		"memory@40000000 { device_type = \"memory\"; reg = <0 40000000 0 40000000>; }; };");
}

static void add(struct ranges *s, phys start, phys end, const char *what)
{
	if (!ranges_add(s, start, end, what))
		abort();
}

void small_crash(struct small *s)
{
	struct crash *c = &s->m.crash;
	size_t i;

	c->region = s->m.addressable =
		(struct range){ SMALL_REGION, SMALL_REGION + 256 * MIB, NULL };
	c->low = (struct range){ SMALL_LOW, SMALL_LOW + 16 * MIB, NULL };
	add(&c->notes, 0x41000000, 0x41000190, NULL); /* of a CPU */
	add(&c->notes, 0x41001000, 0x41002024, NULL); /* vmcoreinfo */
	add(&c->dump, SMALL_BASE, c->low.start, "the running system");
	add(&c->dump, c->low.end, c->region.start, "the running system");
	add(&c->dump, c->region.end, SMALL_BASE + GIB, "the running system");
	c->page_offset = 0xffff000000000000 - SMALL_BASE;
	c->text = (struct range){ 0x41200000, 0x43200000, NULL };
	c->text_virtual = 0xffff800008000000;
	for (i = 0; i < c->dump.n; i++)
		add(&s->m.reserved, c->dump.v[i].start, c->dump.v[i].end, c->dump.v[i].what);
	add(&s->m.reserved, c->low.start, c->low.end, "crash kernel region");
	small_free(s);
}

bool plan_make(const struct request *r, struct plan *p, struct error *e)
{
	return plan_draft(r, p, e) && plan_check(p, r, e);
}

void machine_ranges_free(struct machine *m)
{
	ranges_free(&m->ram);
	ranges_free(&m->reserved);
	ranges_free(&m->free);
	ranges_free(&m->crash.notes);
	ranges_free(&m->crash.dump);
	ranges_free(&m->crash.cma);
}

void small_end(struct small *s)
{
	image_free(&s->img);
	machine_ranges_free(&s->m);
	note_free(&s->tree);
	free(s->kernel);
}
