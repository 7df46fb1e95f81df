/* SPDX-License-Identifier: MIT */
/* plan_check(): a finished plan, one thing wrong with it, one sentence. */
#include "unit.h"

#include "arch/arm64/arm64.h"
#include "src/formats/iomem.h"

#include <libfdt.h>

/* In the order of the small machine's plan. */
enum { K, I, T, S, C };

#define TRUST "trust the plan: "

/* The rule of doc/contracts.md that a row breaks, and what the check says; it names the rule too,
 * but for those that dt/chosen.c has.
 */
#define BREAKS(rule, what)    TRUST what " (" rule ")"
#define TREE_SAYS(rule, what) TRUST what

static struct segment *seg(struct plan *p, int i)
{
	return &p->seg[i];
}

/* A segment as a whole goes elsewhere; its data stay. */
static void move(struct plan *p, int i, phys start)
{
	struct range *r = &p->seg[i].at;

	p->seg[i].reserved_end = start + (p->seg[i].reserved_end - r->start);
	r->end = start + (r->end - r->start);
	r->start = start;
}

static void drop(struct plan *p, int i)
{
	memmove(&p->seg[i], &p->seg[i + 1], (p->n - (size_t)i - 1) * sizeof(p->seg[0]));
	p->n--;
}

#define ROW(name) static void name(struct plan *p, struct small *s)

/* clang-format off */
ROW(nothing) { (void)p, (void)s; }

ROW(no_segments) { (void)s; p->n = 0; }
ROW(many_segments) { (void)s; p->n = 17; }
ROW(wrapped_count) { (void)s; p->n = SIZE_MAX; }

ROW(kernel_unaligned) { (void)s; move(p, K, seg(p, K)->at.start + 0x800); }
ROW(kernel_byte_off) { (void)s; move(p, K, seg(p, K)->at.start + 1); }
ROW(initrd_unaligned) { (void)s; seg(p, I)->at.start -= 0x800; }
ROW(initrd_end_unaligned) { (void)s; seg(p, I)->at.end -= 1; }
ROW(page_64k) { (void)p; s->m.page_size = 0x10000; }
ROW(tree_empty) { (void)s; seg(p, T)->at.end = seg(p, T)->at.start; }
ROW(stub_backwards) { (void)s; seg(p, S)->at.end = seg(p, S)->at.start - 0x1000; }
ROW(kernel_to_top) { (void)s; move(p, K, 0xfffffffffff00000); }
ROW(room_below_end) { (void)s; seg(p, K)->reserved_end = seg(p, K)->at.end - 0x1000; }
ROW(data_too_long) { (void)s; seg(p, I)->at.end -= 0x1000; }
ROW(one_over_half) { (void)p; s->m.mem_total = MIB; }
ROW(sum_over_half) { (void)p; s->m.mem_total = 2 * MIB + 0x2000; }

ROW(kernel_off_ram) { (void)s; move(p, K, 0x90000000); }
ROW(kernel_below_ram) { (void)s; move(p, K, 0x3fe00000); }
ROW(kernel_half_off_ram) { (void)s; move(p, K, 0x7fe00000); }
ROW(bss_off_ram) { (void)s; seg(p, K)->reserved_end += 0x10000; }
ROW(hole_in_ram)
{
	(void)p;
	/* 4 KiB missing inside of the kernel's BSS */
	s->m.ram.v[0].end = 0x7ff00000;
	if (!ranges_add(&s->m.ram, 0x7ff01000, 0x80000000, "RAM"))
		abort();
}
ROW(no_ram) { (void)p; s->m.ram.n = 0; }
ROW(initrd_on_kept) { (void)s; move(p, I, SMALL_BASE); }
ROW(kept_in_bss) { (void)p; if (!ranges_add(&s->m.reserved, 0x7ff00000, 0x7ff00001, "x")) abort(); }
ROW(kept_first_byte) { (void)p; if (!ranges_add(&s->m.reserved, 0x7fbdf000, 0x7fbe0001, "x")) abort(); }
ROW(kept_all) { (void)p; if (!ranges_add(&s->m.reserved, 0, UINT64_MAX, "x")) abort(); }
ROW(kept_beside)
{
	(void)p;
	/* touches stub and kernel from both sides: no fault */
	if (!ranges_add(&s->m.reserved, 0x7fbdf000, 0x7fbe0000, "x") ||
	    !ranges_add(&s->m.reserved, 0x80000000, 0x80001000, "x"))
		abort();
}
ROW(kept_tree_block) { (void)p; if (!ranges_add(&s->m.reserved, 0x7f900000, 0x7f901000, "x")) abort(); }

ROW(kept_region) { (void)p; if (!ranges_add(&s->m.reserved, 0x7fbd0000, 0x7fbe0001, iomem_crash)) abort(); }

static void keep_stub(struct small *s, const char *why)
{
	if (!ranges_add(&s->m.reserved, 0x7fbd0000, 0x7fbe0001, why))
		abort();
}
ROW(kept_poisoned) { (void)p; keep_stub(s, plan_poisoned); }
ROW(kept_lpi) { (void)p; keep_stub(s, arm64_lpi); }
ROW(kept_added) { (void)p; keep_stub(s, arm64_added); }
ROW(kept_map) { (void)p; keep_stub(s, arm64_efi_map); }
ROW(kept_untold) { (void)p; keep_stub(s, arm64_untold); }

ROW(no_tree) { (void)s; drop(p, T); }
ROW(no_initrd) { (void)s; drop(p, I); }
ROW(extra_initrd) { (void)p; s->r.initrds = 0; }
ROW(no_stub) { (void)s; drop(p, S); }
ROW(no_kernel) { (void)s; drop(p, K); }
ROW(initrd_moved) { (void)s; move(p, I, seg(p, I)->at.start - 0x100000); }
ROW(tree_says_start) { (void)s; p->chosen.initrd_start += 0x1000; }
ROW(tree_says_end) { (void)s; p->chosen.initrd_end -= 1; }
ROW(initrd_other_bytes) { (void)s; seg(p, I)->data.p += 1; seg(p, I)->data.len -= 1; }
ROW(initrd_shorter) { (void)s; seg(p, I)->data.len -= 1; }
ROW(initrd_is_kernel) { seg(p, I)->data.p = s->kernel; }
ROW(two_initrds)
{
	(void)s;
	p->seg[4] = p->seg[I];
	p->n = 5;
	move(p, 4, 0x50000000);
}

ROW(kernel_other_bytes) { (void)s; seg(p, K)->data.p += 64; }
ROW(kernel_shorter) { (void)s; seg(p, K)->data.len -= 1; }
ROW(kernel_memory_short) { (void)p; s->img.part[0].size += MIB; }
ROW(kernel_moved) { (void)s; move(p, K, 0x60000000); }
ROW(kernel_address) { (void)s; p->kernel -= 0x200000; }
ROW(kernel_twice)
{
	(void)s;
	p->seg[4] = p->seg[K];
	p->n = 5;
	move(p, 4, 0x50000000);
}
ROW(kernel_part_missing)
{
	(void)p;
	s->img.parts = 2;
	s->img.part[1] = (struct part){ { s->kernel, 10 }, 2 * MIB, 10 };
}

ROW(stub_on_kernel) { (void)s; move(p, S, seg(p, K)->at.start + 0x1000); }
ROW(stub_on_bss) { (void)s; move(p, S, seg(p, K)->at.end); }
ROW(same_place) { (void)s; move(p, S, seg(p, T)->at.start); }
ROW(room_overlaps) { (void)s; seg(p, S)->reserved_end = seg(p, I)->at.start + 1; }

ROW(entry_zero) { (void)s; p->entry = 0; }
ROW(entry_top) { (void)s; p->entry = UINT64_MAX; }
ROW(entry_before) { (void)s; p->entry = seg(p, S)->at.start - 1; }
ROW(entry_behind_data) { (void)s; p->entry = seg(p, S)->at.start + 40; }
ROW(entry_in_bss) { (void)s; p->entry = seg(p, K)->at.end; }
ROW(entry_in_stub) { (void)s; p->entry += 4; }
ROW(entry_in_kernel) { (void)s; p->entry = p->kernel; }
ROW(entry_in_initrd) { (void)s; p->entry = seg(p, I)->at.start; }
ROW(kernel_entry) { (void)s; p->kernel_entry += 4; }

ROW(tree_magic) { (void)s; p->tree.blob[0] ^= 1; }
ROW(tree_cut) { (void)s; seg(p, T)->data.len -= 1; }
ROW(tree_bootargs)
{
	(void)s;
	char *args = fdt_getprop_w(p->tree.blob, fdt_path_offset(p->tree.blob, "/chosen"), "bootargs", NULL);

	args[0] ^= 1;
}
ROW(tree_seed)
{
	(void)s;
	char *v = fdt_getprop_w(p->tree.blob, fdt_path_offset(p->tree.blob, "/chosen"), "kaslr-seed", NULL);

	v[7] ^= 1;
}
ROW(tree_rng)
{
	(void)s;
	char *v = fdt_getprop_w(p->tree.blob, fdt_path_offset(p->tree.blob, "/chosen"), "rng-seed", NULL);

	v[31] ^= 1;
}
ROW(tree_initrd)
{
	(void)s;
	char *v = fdt_getprop_w(p->tree.blob, fdt_path_offset(p->tree.blob, "/chosen"),
				"linux,initrd-start", NULL);

	v[5] ^= 1;
}
ROW(tree_initrd_end)
{
	(void)s;
	char *v = fdt_getprop_w(p->tree.blob, fdt_path_offset(p->tree.blob, "/chosen"),
				"linux,initrd-end", NULL);

	v[7] ^= 1;
}
ROW(tree_secure_boot) { (void)s; fdt_nop_property(p->tree.blob, fdt_path_offset(p->tree.blob, "/chosen"), "linux,uefi-secure-boot"); }
ROW(machine_efi) { (void)p; small_efi(s); }
ROW(tree_reservation)
{
	(void)s;
	p->tree.blob[fdt_off_mem_rsvmap(p->tree.blob) + 15] ^= 1;
}
ROW(other_line) { (void)p; s->r.cmdline = "console=ttyAMA0"; }
ROW(longer_line) { (void)p; s->r.cmdline = "root=/dev/vda1"; }
ROW(other_seed) { (void)p; s->r.kaslr_seed[7] ^= 1; }
ROW(other_rng) { (void)p; s->r.rng_seed[0] ^= 1; }
ROW(told_of_crash) { (void)s; p->chosen.usable.end = 1; }
ROW(untold)
{
	/* the tree's memory ends where the kernel begins */
	int node = fdt_path_offset(p->tree.blob, "/memory@40000000");

	(void)s;
	put_be32((uint8_t *)fdt_getprop_w(p->tree.blob, node, "reg", NULL) + 12, 0x3fc00000);
}
ROW(tree_marker)
{
	(void)s;
	fdt_nop_property(p->tree.blob, fdt_path_offset(p->tree.blob, "/chosen"), "linux,booted-from-kexec");
}

ROW(kernel_not_2m) { (void)s; move(p, K, 0x60010000); p->kernel = 0x60010000; }
ROW(kernel_offset) { (void)p; s->img.offset = 0x80000; }
ROW(kernel_no_room) { (void)s; seg(p, K)->reserved_end -= 0x10000; }
ROW(kernel_image_room) { (void)p; s->img.memsz = 1000; }
ROW(kernel_high)
{
	(void)s;
	if (!ranges_add(&s->m.ram, 1ull << 48, (1ull << 48) + GIB, "RAM"))
		abort();
	move(p, K, 1ull << 48);
	p->kernel = 1ull << 48;
}
ROW(kernel_across_48)
{
	if (!ranges_add(&s->m.ram, (1ull << 48) - GIB, (1ull << 48) + GIB, "RAM"))
		abort();
	move(p, K, (1ull << 48) - 2 * MIB);
	p->kernel = (1ull << 48) - 2 * MIB;
}
static void in_window(struct plan *p, struct small *s, phys start)
{
	int node = fdt_path_offset(p->tree.blob, "/memory@40000000");

	/* the tree tells of a TiB */
	put_be32((uint8_t *)fdt_getprop_w(p->tree.blob, node, "reg", NULL) + 8, 0x100);
	if (!ranges_add(&s->m.ram, start / GIB * GIB, start / GIB * GIB + GIB, "RAM"))
		abort();
	move(p, K, start);
	p->kernel = p->kernel_entry = start;
	put_le64(p->stub + 32, start);
}
ROW(window_inside) { in_window(p, s, 0x840000000 - 4 * MIB); }
ROW(window_outside)
{
	in_window(p, s, 0x840000000 - 2 * MIB);
	if (!ranges_add(&s->m.ram, 0x840000000, 0x880000000, "RAM"))
		abort();
}
ROW(window_far) { in_window(p, s, 0x8800000000); }

ROW(tree_across_blocks)
{
	static _Alignas(8) uint8_t big[0x2000];

	(void)s;
	/* the same tree in a larger blob, across a boundary of 2 MiB */
	if (fdt_open_into(p->tree.blob, big, sizeof(big)))
		abort();
	seg(p, T)->data = (struct span){ big, sizeof(big) };
	seg(p, T)->at = (struct range){ 0x5ffff000, 0x60001000, NULL };
	seg(p, T)->reserved_end = 0x60001000;
	put_le64(p->stub + 24, 0x5ffff000);
}
ROW(tree_block_shared)
{
	(void)s;
	seg(p, T)->reserved_end = seg(p, T)->at.end;
	move(p, S, 0x7f810000);
	p->entry = 0x7f810000;
}
ROW(tree_room_kept)
{
	/* the block's rest is kept by somebody: mapped with the tree all the same */
	seg(p, T)->reserved_end = seg(p, T)->at.end;
	if (!ranges_add(&s->m.reserved, 0x7f900000, 0x7f901000, "x"))
		abort();
}

ROW(stub_tree) { (void)s; p->stub[25] ^= 1; }
ROW(stub_tree_high) { (void)s; p->stub[31] ^= 0x80; }
ROW(stub_kernel) { (void)s; p->stub[34] ^= 0x20; }
ROW(stub_code) { (void)s; p->stub[0] ^= 1; }
ROW(stub_code_last) { (void)s; p->stub[20] ^= 0x20; }
ROW(stub_short) { (void)s; seg(p, S)->data.len = 32; }
ROW(stub_long) { (void)s; seg(p, S)->data.len = 44; }
ROW(stub_other_bytes) { seg(p, S)->data.p = s->kernel; }
ROW(image_entry) { (void)p; s->img.entry = 64; }
ROW(tree_in_x0) { (void)p; s->m.tree_in_x0 = true; }

/* What plan_check() refuses before it asks the target. */
ROW(target_kernel_elsewhere) { (void)s; p->kernel += 2 * MIB; }
ROW(target_kernel_below_offset) { move(p, K, 0x60000); p->kernel = 0x60000; s->img.offset = 0x80000; }
ROW(target_tree_at_4) { (void)s; move(p, T, seg(p, T)->at.start + 4); }
ROW(target_tree_far) { move(p, K, 0x50000000); p->kernel = 0x50000000; s->img.bottom_up = true; }
ROW(target_tree_near) { target_tree_far(p, s); move(p, K, 0x5fa00000); p->kernel = 0x5fa00000; put_le64(p->stub + 32, 0x5fa00000); }
ROW(target_tree_just_far) { target_tree_near(p, s); seg(p, T)->reserved_end++; }
ROW(target_no_kernel) { (void)s; drop(p, K); }
ROW(target_no_tree) { (void)s; drop(p, T); }

static void keep_lpi(struct small *s)
{
	if (!ranges_add(&s->m.reserved, 0x48000000, 0x48010000, "x") ||
	    !ranges_add(&s->m.reserved, 0x50000000, 0x50010000, arm64_lpi) ||
	    !ranges_add(&s->m.reserved, 0x51000000, 0x51010000, "x"))
		abort();
}
static void reserve(struct plan *p, phys start, uint64_t size)
{
	uint8_t *first = p->tree.blob + fdt_off_mem_rsvmap(p->tree.blob);

	put_be64(first, start);
	put_be64(first + 8, size);
}
ROW(lpi_reserved) { keep_lpi(s); reserve(p, 0x50000000, 0x10000); }
ROW(lpi_reserved_among) { keep_lpi(s); reserve(p, 0x4fff0000, 0x20000); }
ROW(lpi_reserved_above) { keep_lpi(s); reserve(p, 0x50001000, 0x10000); }
ROW(lpi_reserved_short) { keep_lpi(s); reserve(p, 0x4fff0000, 0x1ffff); }
/* The tree of a plan, unpacked: end it with packed(). */
static uint8_t *unpacked(struct plan *p)
{
	static _Alignas(8) uint8_t blob[0x2000];

	if (fdt_open_into(p->tree.blob, blob, sizeof(blob)))
		abort();
	seg(p, T)->data.p = blob;
	return blob;
}
static void packed(struct plan *p)
{
	uint8_t *blob = (uint8_t *)(uintptr_t)seg(p, T)->data.p;

	if (fdt_pack(blob))
		abort();
	seg(p, T)->data.len = fdt_totalsize(blob);
}
static void reserve_more(struct plan *p, phys start, uint64_t size)
{
	if (fdt_add_mem_rsv(unpacked(p), start, size))
		abort();
	packed(p);
}
static void add_areas(struct plan *p, size_t n, const uint32_t *reg)
{
	uint8_t *blob = unpacked(p), bytes[64];
	int areas = fdt_add_subnode(blob, 0, "reserved-memory"), area;
	size_t i;

	for (i = 0; i < n; i++)
		put_be32(bytes + 4 * i, reg[i]);
	area = fdt_add_subnode(blob, areas, "a");
	if (areas < 0 || area < 0 || fdt_setprop(blob, area, "reg", bytes, (int)(4 * n)))
		abort();
	areas = fdt_path_offset(blob, "/reserved-memory");
	if (fdt_setprop_u32(blob, areas, "#address-cells", 2) ||
	    fdt_setprop_u32(blob, areas, "#size-cells", 2))
		abort();
	packed(p);
}
ROW(reserved_beside) { (void)s; reserve_more(p, 0x50000000, 0x1000); }
ROW(reserved_kernel) { (void)s; reserve_more(p, 0x7fc00000, 1); }
ROW(reserved_before_kernel) { (void)s; reserve_more(p, 0x7fc00000 - 0x1000, 0x1000); }
ROW(reserved_kernel_bss) { (void)s; reserve_more(p, 0x7ffff000, 0x10000); }
ROW(reserved_kernel_and_more)
{
	uint8_t *blob = unpacked(p);

	(void)s;
	if (fdt_add_mem_rsv(blob, 0x7ffff000, 1) || fdt_add_mem_rsv(blob, 0x50000000, 1))
		abort();
	packed(p);
}
ROW(reserved_wraps) { (void)s; reserve_more(p, 0x7ffff000, UINT64_MAX); }
ROW(reserved_initrd) { (void)s; reserve_more(p, 0x7fbf0000, 0x1387); }
ROW(reserved_initrd_middle) { (void)s; reserve_more(p, 0x7fbf1000, 0x388); }
ROW(reserved_tree) { (void)s; reserve_more(p, 0x7f800000, 0x1000); }
ROW(reserved_tree_room) { (void)s; reserve_more(p, 0x7f800000, 0x1001); }
ROW(reserved_tree_middle) { (void)s; reserve_more(p, 0x7f800008, 8); }
ROW(reserved_stub) { (void)s; reserve_more(p, 0x7fbe0000, 0x1000); }
ROW(area_beside) { static const uint32_t reg[] = { 0, 0x50000000, 0, 0x1000 }; (void)s; add_areas(p, 4, reg); }
ROW(area_stub) { static const uint32_t reg[] = { 0, 0x7fbe0fff, 0, 1 }; (void)s; add_areas(p, 4, reg); }
ROW(area_second)
{
	static const uint32_t reg[] = { 0, 0x50000000, 0, 0x1000, 0, 0x7fbd0000, 0, 0x10001,
					0, 0x50000000, 0, 0x1000 };

	(void)s;
	add_areas(p, 12, reg);
}

/* A crash kernel's. */
ROW(no_core) { (void)s; drop(p, C); }
ROW(core_for_none)
{
	(void)p;
	s->m.crash.region.end = 0;
}
ROW(piece_below_region) { s->m.reserved.n = 0; move(p, S, 0x5fff0000); }
ROW(piece_above_region) { s->m.reserved.n = 0; move(p, S, 0x6fff8000); seg(p, S)->reserved_end = 0x70008000; seg(p, I)->reserved_end = 0x6fff4000; }
ROW(core_starts_elsewhere) { (void)s; p->chosen.elfcorehdr.start += 0x1000; }
ROW(core_ends_elsewhere) { (void)s; p->chosen.elfcorehdr.end -= 0x1000; }
ROW(core_other_note) { (void)s; p->elfcorehdr[64 + 8] ^= 1; }
ROW(core_other_ram) { (void)p; s->m.crash.dump.v[1].end -= 0x1000; }
ROW(shares_more) { (void)p; ranges_add(&s->m.crash.cma, GIB * 8, GIB * 8 + MIB, NULL); }
ROW(dumps_shared)
{
	(void)p;
	ranges_add(&s->m.crash.cma, SMALL_REGION + 256 * MIB, SMALL_REGION + 257 * MIB, NULL);
}
ROW(crash_words) { (void)p; s->r.cmdline = "root=/dev/vda1"; }
ROW(told_less) { (void)s; p->chosen.usable.end -= 0x1000; }
ROW(told_elsewhere) { (void)s; p->chosen.usable.start += 0x1000; }
ROW(told_no_low) { (void)s; p->chosen.low.end = 0; }
ROW(told_low_elsewhere) { (void)s; p->chosen.low.start += 0x1000; }
ROW(reserved_core) { (void)s; reserve_more(p, 0x6ffd0000, 0x1000); }
ROW(reserved_core_end) { (void)s; reserve_more(p, 0x6ffd1000, 0xf000); }

ROW(hotplug_room) { (void)p; s->m.crash.elfcorehdr_memsz = 0x14000; }
ROW(hotplug_other)
{
	(void)s;
	p->seg[p->n] = p->seg[I];
	memmove(&p->seg[I], &p->seg[I + 1], p->n * sizeof(p->seg[0]));
}
ROW(hotplug_other_elf)
{
	memcpy(s->initrd, "\x7f" "ELF", 4);
	hotplug_other(p, s);
}

/* Of two initrds. */
ROW(no_zeros) { s->r.initrd[0].len = seg(p, I)->data.len = 0x1ffd; }
ROW(few_zeros) { s->r.initrd[0].len = seg(p, I)->data.len = 0x1ffc; }
ROW(second_elsewhere) { (void)s; move(p, I + 1, seg(p, I + 1)->at.start + 0x1000); }
ROW(second_first) { struct segment was = p->seg[I]; (void)s; p->seg[I] = p->seg[I + 1]; p->seg[I + 1] = was; }

ROW(bounds_below) { s->r.bounds.start = seg(p, T)->at.start + 1; }
ROW(bounds_above) { s->r.bounds.end = seg(p, K)->reserved_end - 1; }
ROW(bounds_just) { s->r.bounds = (struct range){ seg(p, T)->at.start, seg(p, K)->reserved_end, NULL }; }
ROW(tree_twice) { (void)s; p->seg[4] = p->seg[T]; p->n = 5; }
ROW(line_cut) { (void)p; s->r.cmdline = "x console=ttyAMA0 root=/dev/vda1"; }
ROW(lpi_unreserved)
{
	(void)p;
	if (!ranges_add(&s->m.reserved, 0x50000000, 0x50010000, arm64_lpi))
		abort();
}
ROW(below_lowest) { (void)p; s->img.bottom_up = true; }


/* A machine that has ACPI: nothing is in its tree. */
ROW(acpi_off)
{
	(void)p;
	note_free(&s->tree);
	s->m.fdt = s->tree = note_tree("/ { chosen { linux,uefi-system-table = <0 1>; }; };");
}
ROW(xen_kept)
{
	uint8_t *blob = unpacked(p);

	if (fdt_add_subnode(blob, 0, "hypervisor") < 0 ||
	    fdt_setprop_string(blob, fdt_path_offset(blob, "/hypervisor"), "compatible", "xen,xen"))
		abort();
	packed(p);
	(void)s;
}
ROW(xen_not_hidden) { xen_kept(p, s); s->r.hide_xen = true; }
ROW(xen_hidden) { (void)p; s->r.hide_xen = true; }
ROW(acpi_on_line) { acpi_off(p, s); p->chosen.cmdline = "quiet acpi=on"; }
ROW(acpi_forced) { acpi_off(p, s); p->chosen.cmdline = "acpi=force"; }
ROW(acpi_unused)
{
	(void)p;
	note_free(&s->tree);
	s->m.fdt = s->tree = note_tree("/ { chosen { linux,uefi-system-table = <0 1>; }; cpus { }; };");
}
ROW(bare_without_efi)
{
	(void)p;
	note_free(&s->tree);
	s->m.fdt = s->tree = note_tree("/ { chosen { }; };");
}
ROW(acpi_own_cpus)
{
	acpi_off(p, s);
	if (fdt_add_subnode(unpacked(p), 0, "cpus") < 0)
		abort();
	packed(p);
}
ROW(acpi_bare)
{
	uint8_t *blob = unpacked(p);

	if (fdt_del_node(blob, fdt_path_offset(blob, "/memory@40000000")))
		abort();
	packed(p);
	acpi_off(p, s);
}

/* Of the memory node, which is all that the tree tells of. */
static void set_memory(struct plan *p, const char *name, const void *value, int len)
{
	uint8_t *blob = unpacked(p);

	if (fdt_setprop(blob, fdt_path_offset(blob, "/memory@40000000"), name, value, len))
		abort();
	packed(p);
}
ROW(memory_off) { (void)s; set_memory(p, "status", "disabled", 9); }
ROW(memory_unusable) { static const uint8_t none[16]; (void)s; set_memory(p, "linux,usable-memory", none, 16); }
ROW(memory_usable)
{
	static const uint8_t all[16] = { [4] = 0x40, [12] = 0x40 };

	(void)s;
	set_memory(p, "linux,usable-memory", all, 16);
}

/* A tree made of two. */
static void set_area(struct plan *p, const char *path, const char *name, const void *value, int len)
{
	uint8_t *blob = unpacked(p);
	int node = fdt_path_offset(blob, path);

	if (!value && !name)
		fdt_nop_node(blob, node);
	else if (value ? fdt_setprop(blob, node, name, value, len) : fdt_nop_property(blob, node, name))
		abort();
	packed(p);
}
#define AREA "/reserved-memory/a@50000000"
ROW(area_off) { (void)s; set_area(p, AREA, "status", "disabled", 9); }
ROW(area_gone) { (void)s; set_area(p, AREA, NULL, NULL, 0); }
ROW(areas_ignored) { (void)s; set_area(p, "/reserved-memory", "ranges", NULL, 0); }
ROW(areas_no_cells) { (void)s; set_area(p, "/reserved-memory", "#size-cells", NULL, 0); }
ROW(areas_odd_cells) { (void)s; set_area(p, "/reserved-memory", "#address-cells", "\0\0\0\2\0", 5); }
ROW(areas_other_cells) { (void)s; set_area(p, "/reserved-memory", "#size-cells", "\0\0\0\1", 4); }
ROW(file_area_longer)
{
	static const uint8_t other[32] = { [4] = 0x52, [13] = 0x28, [20] = 0x53, [30] = 0x10 };

	(void)s;
	set_area(p, "/reserved-memory/c@52000000", "reg", other, 32);
}
ROW(area_two)
{
	static const uint8_t two[32] = { [4] = 0x50, [13] = 0x10, [20] = 0x53, [29] = 0x10 };

	(void)s;
	set_area(p, AREA, "reg", two, 32);
}
ROW(area_long)
{
	static const uint8_t over[16] = { [4] = 0x50, [12] = 0x01, [13] = 0x10 };

	(void)s;
	set_area(p, AREA, "reg", over, 16);
}
ROW(area_in_header) { (void)s; reserve_more(p, 0x500ff000, 0x2000); }
ROW(area_in_firmware)
{
	/* which needs it there, as the target says */
	reserve_more(p, 0x50000000, 0x1000);
	if (!ranges_add(&s->m.reserved, 0x50000000, 0x50001000, "x"))
		abort();
}
ROW(plain_in_header) { (void)s; reserve_more(p, 0x51000000, 0x1000); }
ROW(area_off_by_overlay) { s->r.overlays = 1; set_area(p, AREA, "status", "disabled", 9); }

/* A crash kernel's memory in cells that libfdt would take where none are said. */
ROW(other_cells)
{
	static const uint8_t pairs[24] = { [4] = 0x60, [8] = 0x10, [16] = 0x48, [20] = 0x01 };
	uint8_t *blob = unpacked(p);

	(void)s;
	if (fdt_setprop(blob, fdt_path_offset(blob, "/chosen"), "linux,usable-memory-range", pairs, 24))
		abort();
	packed(p);
}
/* clang-format on */

#define AREA_LOST	"a reserved area of the machine is not in its device tree"
#define STUB_KEPT(rule) BREAKS(rule, "the stub lies on memory that must be kept")

static const struct row {
	const char *caption;
	void (*spoil)(struct plan *p, struct small *s);
	const char *sentence; /* "": passes */
} rows[] = {
	{ "nothing is wrong", nothing, "" },
	{ "no segments", no_segments, BREAKS("segment-count", "it has 0 segments") },
	{ "17 segments (kexec-tools warns and overruns its array)", many_segments,
	  BREAKS("segment-count", "it has 17 segments") },
	{ "a wrapped count of segments", wrapped_count,
	  BREAKS("segment-count", "it has 18446744073709551615 segments") },

	{ "kernel half a page off", kernel_unaligned,
	  BREAKS("page-aligned", "the kernel is not page aligned") },
	{ "kernel a byte off", kernel_byte_off,
	  BREAKS("page-aligned", "the kernel is not page aligned") },
	{ "initrd starts inside a page", initrd_unaligned,
	  BREAKS("page-aligned", "the initrd is not page aligned") },
	{ "initrd ends inside a page", initrd_end_unaligned,
	  BREAKS("page-aligned", "the initrd is not page aligned") },
	{ "a machine with larger pages", page_64k,
	  BREAKS("page-aligned", "the initrd is not page aligned") },
	{ "tree without memory", tree_empty, BREAKS("no-wrap", "the tree wraps") },
	{ "stub ends below its start", stub_backwards, BREAKS("no-wrap", "the stub wraps") },
	{ "kernel's end wraps", kernel_to_top, BREAKS("no-wrap", "the kernel wraps") },
	{ "room ends below the segment's end", room_below_end,
	  BREAKS("no-wrap", "the kernel wraps") },
	{ "initrd longer than its memory", data_too_long,
	  BREAKS("fits-memsz", "the initrd does not fit its memory") },
	{ "one segment over half of RAM", one_over_half,
	  BREAKS("half-of-ram", "the kernel takes more than half of RAM") },
	{ "their sum over half of RAM", sum_over_half,
	  BREAKS("half-of-ram", "it takes more than half of RAM") },

	{ "kernel above RAM", kernel_off_ram, BREAKS("in-ram", "the kernel is not in RAM") },
	{ "kernel begins below RAM", kernel_below_ram,
	  BREAKS("in-ram", "the kernel is not in RAM") },
	{ "kernel ends above RAM", kernel_half_off_ram,
	  BREAKS("in-ram", "the kernel is not in RAM") },
	{ "BSS ends above RAM", bss_off_ram, BREAKS("in-ram", "the kernel is not in RAM") },
	{ "a hole in RAM inside of BSS", hole_in_ram,
	  BREAKS("in-ram", "the kernel is not in RAM") },
	{ "no RAM at all", no_ram, BREAKS("in-ram", "the kernel is not in RAM") },
	{ "initrd on kept memory", initrd_on_kept,
	  BREAKS("not-kept", "the initrd lies on memory that must be kept") },
	{ "one kept byte inside of BSS", kept_in_bss,
	  BREAKS("not-kept", "the kernel lies on memory that must be kept") },
	{ "the stub's first byte is kept", kept_first_byte,
	  BREAKS("not-kept", "the stub lies on memory that must be kept") },
	{ "all of the 64-bit space is kept", kept_all,
	  BREAKS("not-kept", "the kernel lies on memory that must be kept") },
	{ "kept memory just beside", kept_beside, "" },
	{ "kept memory in the tree's block", kept_tree_block,
	  BREAKS("not-kept", "the tree lies on memory that must be kept") },

	{ "the stub's first byte in the crash region", kept_region,
	  BREAKS("crash-region-kept", "the stub lies on memory that must be kept") },

	{ "the stub's first byte in memory that failed", kept_poisoned, STUB_KEPT("not-poisoned") },
	{ "the stub's first byte in an LPI table", kept_lpi, STUB_KEPT("lpi-tables") },
	{ "the stub's first byte in RAM that EFI does not know", kept_added,
	  STUB_KEPT("efi-hot-added") },
	{ "the stub's first byte in EFI's map", kept_map, STUB_KEPT("efi-map-kept") },
	{ "the stub's first byte in RAM that the tree lacks", kept_untold,
	  STUB_KEPT("memory-told") },

	{ "no tree", no_tree, BREAKS("is-its-file", "a piece is missing") },
	{ "no initrd", no_initrd, BREAKS("is-its-file", "a piece is missing") },
	{ "an initrd that nobody asked for", extra_initrd,
	  BREAKS("is-its-file", "the initrd is not its file") },
	{ "no stub: the entry is nowhere", no_stub,
	  BREAKS("entry-in-segment", "it starts outside of what is loaded") },
	{ "no kernel", no_kernel, BREAKS("is-its-file", "a part of the kernel is missing") },
	{ "initrd elsewhere than the tree says", initrd_moved,
	  BREAKS("initrd-place", "the initrd is not where the tree says") },
	{ "the tree was told another start", tree_says_start,
	  BREAKS("initrd-place", "the initrd is not where the tree says") },
	{ "the tree was told another end", tree_says_end,
	  BREAKS("initrd-place", "the initrd is not where the tree says") },
	{ "initrd's bytes start elsewhere", initrd_other_bytes,
	  BREAKS("is-its-file", "the initrd is not its file") },
	{ "initrd a byte short", initrd_shorter,
	  BREAKS("is-its-file", "the initrd is not its file") },
	{ "the kernel's bytes as initrd", initrd_is_kernel,
	  BREAKS("is-its-file", "the initrd is not its file") },
	{ "initrd twice", two_initrds, BREAKS("is-its-file", "the initrd is not its file") },

	{ "kernel's bytes start elsewhere", kernel_other_bytes,
	  BREAKS("is-its-file", "the kernel is not what its file says") },
	{ "kernel a byte short", kernel_shorter,
	  BREAKS("is-its-file", "the kernel is not what its file says") },
	{ "kernel's memory too small for its part", kernel_memory_short,
	  BREAKS("is-its-file", "the kernel is not what its file says") },
	{ "kernel elsewhere than the plan says", kernel_moved,
	  BREAKS("is-its-file", "the kernel is not what its file says") },
	{ "the plan says another place", kernel_address,
	  BREAKS("is-its-file", "the kernel is not what its file says") },
	{ "kernel twice", kernel_twice,
	  BREAKS("is-its-file", "the kernel is not what its file says") },
	{ "a part of the kernel is missing", kernel_part_missing,
	  BREAKS("is-its-file", "a part of the kernel is missing") },

	{ "stub on the kernel", stub_on_kernel,
	  BREAKS("no-overlap", "the stub overlaps another piece") },
	{ "stub on the kernel's BSS", stub_on_bss,
	  BREAKS("no-overlap", "the stub overlaps another piece") },
	{ "two at one place", same_place, BREAKS("no-overlap", "the stub overlaps another piece") },
	{ "a byte of room overlaps", room_overlaps,
	  BREAKS("no-overlap", "the stub overlaps another piece") },

	{ "entry 0", entry_zero,
	  BREAKS("entry-in-segment", "it starts outside of what is loaded") },
	{ "entry at the top", entry_top,
	  BREAKS("entry-in-segment", "it starts outside of what is loaded") },
	{ "entry a byte before the stub", entry_before,
	  BREAKS("entry-in-segment", "it starts outside of what is loaded") },
	{ "entry a byte behind the stub", entry_behind_data,
	  BREAKS("entry-in-segment", "it starts outside of what is loaded") },
	{ "entry in BSS", entry_in_bss,
	  BREAKS("entry-in-segment", "it starts outside of what is loaded") },
	{ "entry in the middle of the stub", entry_in_stub,
	  BREAKS("stub-points", "it does not start in the stub") },
	{ "entry in the kernel", entry_in_kernel,
	  BREAKS("stub-points", "it does not start in the stub") },
	{ "entry in the initrd", entry_in_initrd,
	  BREAKS("stub-points", "it does not start in the stub") },
	{ "the kernel's entry is shown wrong", kernel_entry,
	  BREAKS("is-its-file", "the kernel does not start where its file says") },

	{ "tree: magic", tree_magic, TREE_SAYS("tree-sound", "its device tree is not sound") },
	{ "tree: a byte short", tree_cut, TREE_SAYS("tree-sound", "its device tree is not sound") },
	{ "tree: bootargs", tree_bootargs,
	  TREE_SAYS("bootargs", "bootargs in its device tree is wrong") },
	{ "tree: last byte of kaslr-seed", tree_seed,
	  TREE_SAYS("kaslr-seed", "kaslr-seed in its device tree is wrong") },
	{ "tree: last byte of rng-seed", tree_rng,
	  TREE_SAYS("rng-seed", "rng-seed in its device tree is wrong") },
	{ "tree: initrd's start", tree_initrd,
	  TREE_SAYS("initrd-place", "the initrd in its device tree is wrong") },
	{ "tree: initrd's end", tree_initrd_end,
	  TREE_SAYS("initrd-place", "the initrd in its device tree is wrong") },
	{ "tree: initrd's reservation", tree_reservation,
	  TREE_SAYS("initrd-place", "the initrd in its device tree is wrong") },
	{ "another command line was asked for", other_line,
	  BREAKS("bootargs", "it has another command line") },
	{ "words before what was asked for", longer_line,
	  BREAKS("bootargs", "it has another command line") },
	{ "another kaslr-seed was asked for", other_seed,
	  BREAKS("kaslr-seed", "it has other seeds") },
	{ "another rng-seed was asked for", other_rng, BREAKS("rng-seed", "it has other seeds") },
	{ "memory for a crash kernel that nobody asked for", told_of_crash,
	  BREAKS("usable-range", "the crash kernel is told of other memory") },
	{ "kernel in memory that the next tree does not have", untold,
	  BREAKS("memory-told",
		 "the kernel lies in memory that its device tree does not tell of") },
	{ "all memory is switched off", memory_off,
	  BREAKS("status-okay",
		 "the kernel lies in memory that its device tree does not tell of") },
	{ "no memory may be used", memory_unusable,
	  BREAKS("usable-memory",
		 "the kernel lies in memory that its device tree does not tell of") },
	{ "all memory may be used", memory_usable, "" },
	{ "fewer words than were asked for", line_cut,
	  BREAKS("bootargs", "it has another command line") },
	{ "the tree is there twice", tree_twice, BREAKS("is-its-file", "a piece is there twice") },
	{ "a piece starts a byte below the bounds", bounds_below,
	  BREAKS("bounds", "the tree is outside of the bounds that were asked for") },
	{ "a piece ends a byte above the bounds", bounds_above,
	  BREAKS("bounds", "the kernel is outside of the bounds that were asked for") },
	{ "bounds that are just enough", bounds_just, "" },
	{ "the tree reserves memory besides", reserved_beside, "" },
	{ "the tree reserves the kernel's first byte", reserved_kernel,
	  BREAKS("not-reserved", "the kernel lies on memory that its device tree reserves") },
	{ "the tree reserves what ends where the kernel starts, the initrd", reserved_before_kernel,
	  BREAKS("not-reserved", "the initrd lies on memory that its device tree reserves") },
	{ "the tree reserves the end of BSS", reserved_kernel_bss,
	  BREAKS("not-reserved", "the kernel lies on memory that its device tree reserves") },
	{ "the tree reserves a byte of BSS, and others", reserved_kernel_and_more,
	  BREAKS("not-reserved", "the kernel lies on memory that its device tree reserves") },
	{ "the tree reserves the end of BSS and all behind it", reserved_wraps,
	  BREAKS("not-reserved", "the kernel lies on memory that its device tree reserves") },
	{ "the tree reserves the initrd but for a byte", reserved_initrd,
	  BREAKS("not-reserved", "the initrd lies on memory that its device tree reserves") },
	{ "the tree reserves the second half of the initrd", reserved_initrd_middle,
	  BREAKS("not-reserved", "the initrd lies on memory that its device tree reserves") },
	{ "the tree reserves itself", reserved_tree, "" },
	{ "the tree reserves more than itself", reserved_tree_room,
	  BREAKS("not-reserved", "the tree lies on memory that its device tree reserves") },
	{ "the tree reserves a part of itself", reserved_tree_middle,
	  BREAKS("not-reserved", "the tree lies on memory that its device tree reserves") },
	{ "the tree reserves the stub", reserved_stub,
	  BREAKS("not-reserved", "the stub lies on memory that its device tree reserves") },
	{ "the tree has a reserved area besides", area_beside, "" },
	{ "the tree has a reserved area on the stub", area_stub,
	  BREAKS("not-reserved", "the stub lies on memory that its device tree reserves") },
	{ "the tree has a reserved area of three places, the second on the stub", area_second,
	  BREAKS("not-reserved", "the stub lies on memory that its device tree reserves") },
	{ "tree: no linux,booted-from-kexec", tree_marker,
	  TREE_SAYS("booted-from-kexec", "linux,booted-from-kexec in its device tree is wrong") },

	{ "arm64: kernel not on 2 MiB", kernel_not_2m,
	  BREAKS("arm64-2mib", "the kernel is not at text_offset above a 2 MiB boundary") },
	{ "arm64: kernel not at text_offset", kernel_offset,
	  BREAKS("arm64-2mib", "the kernel is not at text_offset above a 2 MiB boundary") },
	{ "arm64: no room for image_size", kernel_no_room,
	  BREAKS("arm64-image-size", "the kernel has no room for its image_size") },
	{ "arm64: image_size less than the file", kernel_image_room,
	  BREAKS("is-its-file", "the kernel is not where the plan says") },
	{ "arm64: kernel above 48 bits", kernel_high,
	  BREAKS("arm64-48-bit", "the kernel is above the first 48 bits") },
	{ "arm64: kernel across 48 bits", kernel_across_48,
	  BREAKS("arm64-48-bit", "the kernel is above the first 48 bits") },
	{ "arm64: initrd just inside the window (seen from the kernel)", window_inside, "" },
	{ "arm64: initrd just outside the window", window_outside,
	  BREAKS("arm64-window", "kernel and initrd do not share a window of 32 GiB") },
	{ "arm64: initrd far outside the window", window_far,
	  BREAKS("arm64-window", "kernel and initrd do not share a window of 32 GiB") },
	{ "arm64: tree across two blocks", tree_across_blocks,
	  BREAKS("arm64-dtb-block", "the device tree is not inside one block of 2 MiB") },
	{ "arm64: tree shares its block", tree_block_shared,
	  BREAKS("arm64-dtb-block", "the device tree shares its block of 2 MiB") },
	{ "arm64: kept memory in the tree's block, outside of its room", tree_room_kept,
	  BREAKS("arm64-dtb-block", "the device tree does not have all of its block of 2 MiB") },
	{ "arm64: stub with another tree", stub_tree,
	  BREAKS("stub-points", "the stub does not point at kernel and device tree") },
	{ "arm64: stub with another tree, highest bit", stub_tree_high,
	  BREAKS("stub-points", "the stub does not point at kernel and device tree") },
	{ "arm64: stub with another kernel", stub_kernel,
	  BREAKS("stub-points", "the stub does not point at kernel and device tree") },
	{ "arm64: stub without its last word", stub_short,
	  BREAKS("stub-points", "the stub does not point at kernel and device tree") },
	{ "arm64: stub with a word more", stub_long,
	  BREAKS("stub-points", "the stub does not point at kernel and device tree") },
	{ "arm64: stub of other bytes", stub_other_bytes,
	  BREAKS("stub-points", "the stub does not point at kernel and device tree") },
	{ "arm64: first instruction of the stub is another", stub_code,
	  BREAKS("arm64-registers", "the stub is not the code of stub.S") },
	{ "arm64: last instruction of the stub is another", stub_code_last,
	  BREAKS("arm64-registers", "the stub is not the code of stub.S") },
	{ "arm64: image with another entry", image_entry,
	  BREAKS("stub-points", "the stub does not point at kernel and device tree") },
	{ "arm64: a running kernel that needs no stub", tree_in_x0,
	  BREAKS("arm64-tree-in-x0", "it does not start in the kernel") },
	{ "LPI tables that the next kernel does not hear of", lpi_unreserved,
	  BREAKS("lpi-tables", "the device tree does not reserve the LPI tables") },
	{ "arm64: pieces below a kernel that cannot use memory below it", below_lowest,
	  BREAKS("arm64-lowest", "a piece lies below a kernel that cannot use memory there") },
};

static void with_two_initrds(struct small *s)
{
	s->r.initrd[1] = (struct span){ s->initrd, 100 };
	s->r.initrds = 2;
}

static void crash_hotplug(struct small *s)
{
	small_crash(s);
	s->m.crash.elfcorehdr_memsz = 0x12345;
	s->r.hotplug = true;
}

static void without_initrd(struct small *s)
{
	s->r.initrds = 0;
}

#define AREAS(areas)                                                                               \
	"reserved-memory { #address-cells = <2>; #size-cells = <2>; ranges; " areas "}; "
#define TWO_CELLS "/ { #address-cells = <2>; #size-cells = <2>; "

/* A machine that has a tree of its own, and is given another one. */
static void with_file(struct small *s, const char *own, const char *file)
{
	static struct span dtb;

	note_free(&s->tree);
	s->tree = s->m.fdt = note_tree(own);
	note_free(&dtb);
	dtb = note_tree(file);
	s->r.dtb = dtb;
	s->r.dtb_name = "x.dtb";
}

#define MACHINE_AREAS                                                                              \
	TWO_CELLS AREAS("a@50000000 { no-map; reg = <0 50000000 0 100000>; }; "                    \
			"b@51000000 { reg = <0 51000000 0 100000>; }; ") "};"

#define PLAIN                                                                                      \
	TWO_CELLS "chosen { }; memory@40000000 { device_type = \"memory\"; "                       \
		  "reg = <0 40000000 0 40000000>; }; };"

/* Nothing is in the header of the next tree. */
static void two_areas(struct small *s)
{
	s->r.initrds = 0;
	with_file(s, MACHINE_AREAS, PLAIN);
}

static void no_areas(struct small *s)
{
	with_file(s, TWO_CELLS "};", PLAIN);
}

static void two_trees(struct small *s)
{
	with_file(s, MACHINE_AREAS,
		  "@54000000+1000; " TWO_CELLS AREAS(
			  "f { size = <0 1000>; }; "
			  "c@52000000 { reg = <0 52000000 0 200000 0 53000000 0 1000>; }; "
			  "d@52100000 { reg = <0 52100000 0 200000>; }; "
			  "e@54000000 { no-map; reg = <0 54000000 0 1000>; }; ") "chosen { }; "
			  "memory@40000000 { device_type = \"memory\"; "
			  "reg = <0 40000000 0 40000000>; }; };");
}

static void no_cells(struct small *s)
{
	note_free(&s->tree);
	s->tree = s->m.fdt = note_tree("/ { chosen { }; memory@40000000 { device_type = "
				       "\"memory\"; reg = <40000000 40000000>; }; };");
	small_crash(s);
}

static void no_stub_needed(struct small *s)
{
	s->m.tree_in_x0 = true;
}

/* Of another plan: what the small machine is before it. */
static const struct other_row {
	void (*change)(struct small *s);
	struct row r;
} other_rows[] = {
	{ small_crash, { "crash kernel: nothing is wrong", nothing, "" } },
	{ small_crash,
	  { "crash kernel: no core header", no_core,
	    BREAKS("is-its-file", "its core header is missing") } },
	{ small_crash,
	  { "a core header, and no crash kernel", core_for_none,
	    BREAKS("is-its-file", "its core header is missing") } },
	{ small_crash,
	  { "crash kernel: a piece below its region", piece_below_region,
	    BREAKS("crash-region", "the stub is outside of the crash kernel region") } },
	{ small_crash,
	  { "crash kernel: a piece above its region", piece_above_region,
	    BREAKS("crash-region", "the stub is outside of the crash kernel region") } },
	{ small_crash,
	  { "crash kernel: the tree has another start of the core header", core_starts_elsewhere,
	    BREAKS("elfcorehdr", "the core is not where the tree says") } },
	{ small_crash,
	  { "crash kernel: the tree has another end of the core header", core_ends_elsewhere,
	    BREAKS("elfcorehdr", "the core is not where the tree says") } },
	{ small_crash,
	  { "crash kernel: a note elsewhere", core_other_note,
	    BREAKS("core-header", "its core header is wrong") } },
	{ small_crash,
	  { "crash kernel: more RAM than there is", core_other_ram,
	    BREAKS("core-header", "its core header is wrong") } },
	{ small_crash,
	  { "crash kernel: memory that it shares is dumped", dumps_shared,
	    BREAKS("crash-cma", "it dumps what the crash kernel uses") } },
	{ small_crash,
	  { "crash kernel: not told of memory that it shares", shares_more,
	    BREAKS("cells-default-1-1", "its device tree has pairs in other cells") } },
	{ small_crash,
	  { "crash kernel: words before what was asked for", crash_words,
	    BREAKS("bootargs", "it has another command line") } },
	{ small_crash,
	  { "crash kernel: told of less than its region", told_less,
	    BREAKS("usable-range", "the crash kernel is told of other memory") } },
	{ small_crash,
	  { "crash kernel: told of another start", told_elsewhere,
	    BREAKS("usable-range", "the crash kernel is told of other memory") } },
	{ small_crash,
	  { "crash kernel: not told of its low memory", told_no_low,
	    BREAKS("usable-range", "the crash kernel is told of other memory") } },
	{ small_crash,
	  { "crash kernel: told of low memory elsewhere", told_low_elsewhere,
	    BREAKS("usable-range", "the crash kernel is told of other memory") } },
	{ small_crash,
	  { "crash kernel: the tree reserves a part of the core header", reserved_core,
	    BREAKS("not-reserved", "the core lies on memory that its device tree reserves") } },
	{ small_crash,
	  { "crash kernel: the tree reserves the room behind the core header", reserved_core_end,
	    BREAKS("not-reserved", "the core lies on memory that its device tree reserves") } },
	{ crash_hotplug, { "--hotplug: nothing is wrong", nothing, "" } },
	{ crash_hotplug,
	  { "--hotplug: the core header has no room for more", hotplug_room,
	    BREAKS("hotplug-room", "the core has no room for memory that comes") } },
	{ crash_hotplug, { "--hotplug: an initrd behind it", hotplug_other, "" } },
	{ crash_hotplug,
	  { "--hotplug: an initrd behind it that starts as an ELF file", hotplug_other_elf,
	    BREAKS("hotplug-room", "the initrd looks like a core header") } },
	{ with_two_initrds, { "two initrds: nothing is wrong", nothing, "" } },
	{ with_two_initrds,
	  { "two initrds: three zeros between", no_zeros,
	    BREAKS("initrd-gap", "the initrd has no zeros before it") } },
	{ with_two_initrds, { "two initrds: four zeros between", few_zeros, "" } },
	{ with_two_initrds,
	  { "two initrds: the second a page farther", second_elsewhere,
	    BREAKS("initrd-place", "the initrd is not where the tree says") } },
	{ with_two_initrds,
	  { "two initrds: the second first", second_first,
	    BREAKS("is-its-file", "the initrd is not its file") } },
	{ small_efi, { "EFI: nothing is wrong", nothing, "" } },
	{ small_efi,
	  { "EFI: the tree says nothing of secure boot", tree_secure_boot,
	    BREAKS("efi-secure-boot-property", "EFI's secure boot mode is no number") } },
	{ without_initrd, { "no initrd, and no EFI", nothing, "" } },
	{ without_initrd,
	  { "no initrd, where EFI still names the first boot's", machine_efi,
	    BREAKS("efi-initrd-table", "it leaves the next kernel to EFI's old initrd") } },
	{ no_cells, { "crash kernel: cells that are not said", nothing, "" } },
	{ no_cells,
	  { "crash kernel: memory in the cells of libfdt, where none are said", other_cells,
	    BREAKS("cells-default-1-1", "its device tree has pairs in other cells") } },
	{ two_trees, { "two trees: nothing is wrong, what overlaps in the file", nothing, "" } },
	{ two_trees,
	  { "two trees: an area of the machine's is switched off", area_off,
	    BREAKS("status-okay", AREA_LOST) } },
	{ two_trees,
	  { "two trees: an area of the machine's is not there", area_gone,
	    BREAKS("machine-reservations", AREA_LOST) } },
	{ two_trees,
	  { "two trees: no area counts", areas_ignored, BREAKS("reserved-root", AREA_LOST) } },
	{ two_trees,
	  { "two trees: areas whose cells are not said", areas_no_cells,
	    BREAKS("machine-reservations", AREA_LOST) } },
	{ two_trees,
	  { "two trees: areas whose cells are no number", areas_odd_cells,
	    BREAKS("machine-reservations", AREA_LOST) } },
	{ two_trees,
	  { "two trees: areas in other cells than the root's", areas_other_cells,
	    BREAKS("machine-reservations", AREA_LOST) } },
	{ two_trees,
	  { "two trees: an area of the file's is longer now, and overlaps another",
	    file_area_longer,
	    BREAKS("areas-apart", "reserved areas in its device tree overlap") } },
	{ no_areas, { "two trees without an area", nothing, "" } },
	{ two_areas, { "two trees without a word in the header", nothing, "" } },
	{ two_trees,
	  { "two trees: an area of the machine's with two ranges", area_two,
	    BREAKS("reserved-one-pair",
		   "a reserved area in its device tree has several ranges") } },
	{ two_trees,
	  { "two trees: areas of the machine's that overlap", area_long,
	    BREAKS("areas-apart", "reserved areas in its device tree overlap") } },
	{ two_trees,
	  { "two trees: no-map memory in the header too", area_in_header,
	    BREAKS("no-map-first", "its device tree reserves no-map memory in the header") } },
	{ two_trees, { "two trees: the same for firmware", area_in_firmware, "" } },
	{ two_trees, { "two trees: other areas in the header too", plain_in_header, "" } },
	{ two_trees, { "two trees and an overlay, which may do that", area_off_by_overlay, "" } },
	{ no_stub_needed, { "no stub, where none is needed", nothing, "" } },
};

static void others(void)
{
	const struct other_row *r;
	struct small s;
	struct error e;
	struct plan p;

	for (r = other_rows; r < other_rows + ARRAY_SIZE(other_rows); r++) {
		CASE("%s", r->r.caption);
		small_start(&s, SMALL_TREE);
		r->change(&s);
		e = (struct error){ 0 };
		if (!plan_make(&s.r, &p, &e))
			abort();
		r->r.spoil(&p, &s);
		want_error(plan_check(&p, &s.r, &e), &e, *r->r.sentence ? FAIL_BUG : FAIL_NONE,
			   r->r.sentence);
		plan_free(&p);
		small_end(&s);
	}
}

/* Each allocation of the check of two trees fails in turn, and is not taken for a finding. */
static void starved(void)
{
	const struct other_row *r;
	struct small s;
	struct error e;
	struct plan p;
	long n;
	bool ok;

	for (r = other_rows; r < other_rows + ARRAY_SIZE(other_rows); r++) {
		if (r->change != two_trees && r->change != two_areas)
			continue;
		CASE("%s, without memory", r->r.caption);
		small_start(&s, SMALL_TREE);
		r->change(&s);
		e = (struct error){ 0 };
		if (!plan_make(&s.r, &p, &e))
			abort();
		r->r.spoil(&p, &s);
		for (n = 0;; n++) {
			e = (struct error){ 0 };
			unit_memory(n);
			ok = plan_check(&p, &s.r, &e);
			unit_memory(-1);
			if (e.code != FAIL_MEMORY)
				break;
			want(!ok && strcmp(e.text, "go on: out of memory") == 0, "it says so");
		}
		want(n > 3 || s.r.overlays, "allocations");
		want_error(ok, &e, *r->r.sentence ? FAIL_BUG : FAIL_NONE, r->r.sentence);
		plan_free(&p);
		small_end(&s);
	}
}

/* The same by the target's part alone. */
static const struct row target_rows[] = {
	{ "nothing is wrong", nothing, "" },
	{ "a node turns ACPI off, which has the CPUs", acpi_off,
	  BREAKS("acpi-kept", "the device tree turns ACPI off, and has no CPUs") },
	{ "the same, with acpi=on", acpi_on_line, "" },
	{ "the same, with acpi=force", acpi_forced, "" },
	{ "the same, with CPUs in the tree", acpi_own_cpus, "" },
	{ "the next tree is as bare", acpi_bare, "" },
	{ "EFI, and a tree that is in use", acpi_unused, "" },
	{ "a bare tree, and no EFI", bare_without_efi, "" },
	{ "the tree tells of Xen", xen_kept, "" },
	{ "it does, and is not to", xen_not_hidden,
	  BREAKS("xen-hidden", "the device tree tells of Xen") },
	{ "it is not to, and does not", xen_hidden, "" },
	{ "a tree far above a kernel that asks for the lowest place", target_tree_far,
	  BREAKS("tree-512mib", "the device tree is more than 512 MiB above the kernel") },
	{ "a tree that ends 512 MiB above it", target_tree_near, "" },
	{ "a byte more", target_tree_just_far,
	  BREAKS("tree-512mib", "the device tree is more than 512 MiB above the kernel") },
	{ "the kernel is elsewhere than the plan says", target_kernel_elsewhere,
	  BREAKS("is-its-file", "the kernel is not where the plan says") },
	{ "the kernel lies below its text_offset", target_kernel_below_offset,
	  BREAKS("arm64-2mib", "the kernel is not at text_offset above a 2 MiB boundary") },
	{ "the tree is not on 8 bytes", target_tree_at_4,
	  BREAKS("arm64-dtb-8", "the device tree is not at a multiple of 8") },
	{ "no kernel", target_no_kernel,
	  BREAKS("is-its-file", "it has no kernel or no device tree") },
	{ "no tree", target_no_tree, BREAKS("is-its-file", "it has no kernel or no device tree") },
	{ "LPI tables are reserved", lpi_reserved, "" },
	{ "LPI tables are reserved with more around them", lpi_reserved_among, "" },
	{ "what is reserved starts inside of the LPI tables", lpi_reserved_above,
	  BREAKS("lpi-tables", "the device tree does not reserve the LPI tables") },
	{ "what is reserved ends inside of the LPI tables", lpi_reserved_short,
	  BREAKS("lpi-tables", "the device tree does not reserve the LPI tables") },
};

static void targets(void)
{
	const struct row *r;
	struct small s;
	struct error e;
	struct plan p;

	for (r = target_rows; r < target_rows + ARRAY_SIZE(target_rows); r++) {
		CASE("arm64 alone: %s", r->caption);
		small_start(&s, SMALL_TREE);
		e = (struct error){ 0 };
		if (!plan_make(&s.r, &p, &e))
			abort();
		r->spoil(&p, &s);
		want_error(arm64_check(&p, &s.r, &e), &e, *r->sentence ? FAIL_BUG : FAIL_NONE,
			   r->sentence);
		plan_free(&p);
		small_end(&s);
	}
}

void test_plan_check(void)
{
	const struct row *r;
	struct small s;
	struct error e;
	struct plan p;
	bool ok;

	for (r = rows; r < rows + ARRAY_SIZE(rows); r++) {
		CASE("%s", r->caption);
		small_start(&s, SMALL_TREE);
		e = (struct error){ 0 };
		if (!plan_make(&s.r, &p, &e)) {
			unit_fail("expected a plan, came %s", e.text);
		} else {
			r->spoil(&p, &s);
			ok = plan_check(&p, &s.r, &e);
			want_error(ok, &e, *r->sentence ? FAIL_BUG : FAIL_NONE, r->sentence);
		}
		plan_free(&p);
		small_end(&s);
	}
	targets();
	others();
	starved();
}
