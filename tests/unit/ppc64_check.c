/* SPDX-License-Identifier: MIT */
/* The ppc64 part of plan_check(): a finished plan, one thing wrong with it, one sentence; and every
 * edit of a tree that has not the room for it.
 */
#include "unit.h"

#include "arch/ppc64/ppc64.h"
#include "src/formats/iomem.h"

#include <libfdt.h>
#include <stdio.h>

#define TREE_NOTE                                                                                  \
	"/ { #address-cells = <2>; #size-cells = <2>; chosen { linux,kernel-end = <0 4000000>; "   \
	"}; "                                                                                      \
	"rtas { linux,rtas-base = <7000000>; rtas-size = <10000>; }; "                             \
	"cpus { a { device_type = \"cpu\"; reg = <0>; ibm,pft-size = <0 17>; "                       \
	"ibm,ppc-interrupt-server#s = <8 9>; }; "                                                  \
	"b { device_type = \"cpu\"; reg = <20>; ibm,pft-size = <17>; }; c { reg = <1>; }; }; "       \
	"memory@0 { device_type = \"memory\"; reg = <0 0 0 40000000>; }; };"

/* A machine of one gigabyte, its middle for a crash kernel, with a kernel of two parts. */
struct server {
	struct machine m;
	struct image img;
	struct request r;
	uint8_t *kernel, initrd[3000];
	struct span tree;
};

static void add(struct ranges *s, phys start, phys end, const char *what)
{
	if (!ranges_add(s, start, end, what))
		abort();
}

static void start(struct server *s, bool crash)
{
	struct error e = { 0 };

	memset(s, 0, sizeof(*s));
	s->tree = note_tree(TREE_NOTE);
	s->kernel = calloc(1, MIB);
	if (!s->kernel)
		abort();
	s->kernel[PPC64_RUN_AT_LOAD] = crash;
	s->m = (struct machine){
		.arch = &arch_ppc64, .page_size = 0x1000, .fdt = s->tree, .fdt_from = "/server"
	};
	if (!ppc64_memory(&s->m, (struct span){ 0 }, &e))
		abort();
	if (crash) {
		s->m.crash.region = (struct range){ 0x20000000, 0x30000000, NULL };
		add(&s->m.crash.notes, 0x5000000, 0x5001000, NULL);
		add(&s->m.crash.dump, 0x10000, 0x20000000, NULL);
		s->m.addressable.start = 0x20000000;
		s->m.addressable.end = s->m.rma_end = 0x30000000;
	}
	ranges_sort(&s->m.reserved);
	if (!ranges_subtract(&s->m.ram, &s->m.reserved, &s->m.free))
		abort();
	s->img = (struct image){
		.part = { { { s->kernel, 0x8000 }, 0, 0x8000 },
			  { { s->kernel + 0x10000, 0x10000 }, 0x10000, 0x10000 } },
		.parts = 2,
		.memsz = 2 * MIB,
		.align = 0x10000,
	};
	s->r = (struct request){
		.machine = &s->m,
		.image = &s->img,
		.initrd = { { s->initrd, sizeof(s->initrd) } },
		.initrds = 1,
		.cmdline = "root=/dev/sda",
	};
}

static void end(struct server *s)
{
	machine_ranges_free(&s->m);
	note_free(&s->tree);
	free(s->kernel);
}

static struct segment *piece(struct plan *p, enum piece which)
{
	return (struct segment *)(uintptr_t)plan_segment(p, which);
}

#define ROW(name) static void name(struct plan *p, struct server *s)

/* clang-format off */
ROW(nothing) { (void)p, (void)s; }
ROW(below_reach) { (void)p; s->m.addressable.start = p->seg[0].at.start + 0x1000; s->m.addressable.start |= 1ull << 29; }
ROW(above_reach) { (void)p; s->m.rma_end = piece(p, KERNEL)->at.start; }
ROW(initrd_above_reach) { piece(p, INITRD)->reserved_end = s->m.rma_end + 0x10000; }
ROW(mem_over_all) { (void)s; p->chosen.cmdline = "mem=1G"; }
ROW(mem_below_kernel) { (void)s; p->chosen.cmdline = "mem=0x3fffffff"; }
ROW(ram_to_16m) { (void)p; put_be32((uint8_t *)fdt_getprop_w(p->tree.blob, fdt_path_offset(p->tree.blob, "/memory@0"), "reg", NULL) + 12, 0x3ffff000); (void)s; }
ROW(mem_over_lacking) { ram_to_16m(p, s); p->chosen.cmdline = "mem=4G"; }
/* A crash kernel's region ends 12 MiB lower, and firmware holds some memory above. */
static void firmware_above(struct plan *p, struct server *s, uint64_t mib, const char *last)
{
	/* the tree tells of all memory */
	fdt_nop_property(p->tree.blob, fdt_path_offset(p->tree.blob, "/memory@0"), ppc64_usable);
	s->m.crash.region.end -= 12 * MIB;
	add(&s->m.reserved, 0x38000000, 0x38800000, ppc64_tce);
	add(&s->m.reserved, 0x38000000, 0x38400000, ppc64_opal);
	add(&s->m.reserved, 0x38400000, 0x38000000 + mib * MIB, last);
}
ROW(firmware_enough) { firmware_above(p, s, 12, ppc64_rtas); }
ROW(firmware_lacking) { firmware_above(p, s, 11, ppc64_rtas); }
ROW(firmware_untold) { firmware_above(p, s, 12, ppc64_reserved); }
ROW(no_tree) { (void)s; piece(p, TREE)->piece = STUB; }
ROW(tree_odd) { (void)s; piece(p, TREE)->at.start += 4; }
ROW(no_kernel) { (void)s; while (piece(p, KERNEL)) piece(p, KERNEL)->piece = INITRD; }
ROW(kernel_elsewhere) { (void)s; p->kernel -= 0x10000; }
ROW(kernel_odd) { (void)s; p->kernel += 0x1000; piece(p, KERNEL)->at.start += 0x1000; }
ROW(kernel_fixed) { (void)p; s->img.fixed = true; s->img.offset = 0x1000; }
ROW(kernel_no_room) { (void)p; s->img.memsz += MIB; }
/* The kernel moves to 0, so large that it ends where the lowest of the others starts. */
static struct segment *moves(struct plan *p, struct server *s)
{
	struct segment *lowest = piece(p, INITRD), *x;

	for (x = lowest; x < p->seg + p->n; x++)
		if (x->at.start < lowest->at.start)
			lowest = x;
	s->img.run_flag = true;
	s->m.reserved.n = 0;
	s->img.memsz = lowest->at.start;
	piece(p, KERNEL)->reserved_end = s->m.rma_end = UINT64_MAX;
	return lowest;
}
ROW(moves_just_below) { moves(p, s); }
ROW(moves_over_stub) { moves(p, s)->at.start -= 0x1000; }
ROW(moves_over_page) { moves(p, s); s->img.memsz++; }
ROW(stays_over_all) { moves(p, s); s->img.memsz += MIB; s->kernel[PPC64_RUN_AT_LOAD] = p->stub[PPC64_RUN_AT_LOAD] = 1; }
ROW(moves_over_rtas) { moves(p, s); add(&s->m.reserved, 0x1000000, 0x1001000, ppc64_rtas); }
ROW(no_stub) { (void)s; piece(p, STUB)->piece = INITRD; }
ROW(stub_short) { (void)s; piece(p, STUB)->data.len--; }
ROW(entry_elsewhere) { (void)s; p->entry += 4; }
ROW(stub_branch) { (void)s; p->stub[0] ^= 1; }
ROW(stub_order) { (void)p; s->m.big_endian = true; }
ROW(shares)
{
	(void)p;
	add(&s->m.crash.cma, 0x28000000, 0x29000000, NULL);
	add(&s->m.crash.cma, 0x2f000000, 0x31000000, NULL);
	add(&s->m.crash.cma, 0x38000000, 0x39000000, NULL);
}
ROW(stub_waits) { (void)p; s->m.one_cpu = true; }
ROW(stub_head) { (void)s; p->stub[0xff] ^= 1; }
ROW(kernel_short)
{
	/* its last byte is the last of its memory: to look further is found out */
	const size_t len = 0x60;
	uint8_t *tail = malloc(len);

	(void)p;
	if (!tail)
		abort();
	memcpy(tail, s->kernel, len);
	free(s->kernel);
	s->kernel = tail;
	s->img.part[0].data = (struct span){ tail, len };
}
ROW(stub_tree) { (void)s; p->stub[0x1a7] ^= 8; }
ROW(stub_kernel) { (void)s; p->stub[0x1ae] ^= 1; }
ROW(stub_entry) { (void)s; p->stub[0x1b7] ^= 4; }
ROW(entry_shown) { (void)s; p->kernel_entry += 4; p->stub[0x1b7] ^= 4; }
ROW(stub_code) { (void)s; p->stub[0x100] ^= 1; }
ROW(stub_code_last) { (void)s; p->stub[0x19f] ^= 1; }
ROW(stub_code_order)
{
	uint32_t word;
	size_t i;

	(void)s;
	for (i = 0x100; i < 0x1a0; i += 4) {
		span_be32((struct span){ p->stub, 0x1a0 }, i, &word);
		if (i >= 0x11c)
			put_le32(p->stub + i, word);
	}
}
ROW(stub_opal) { (void)s; p->stub[0x1bc] ^= 0x30; }
ROW(stub_opal_entry) { (void)s; p->stub[0x1c7] ^= 0x30; }
/* The machine has this OPAL. */
static void opal(struct server *s, const char *note)
{
	note_free(&s->tree);
	s->tree = s->m.fdt = note_tree(note);
	/* the next tree has none of it, which only an overlay may do */
	s->r.overlays = 1;
}
#define BASE "/ { ibm,opal { opal-base-address = <0 30000000>; "
ROW(opal_there) { opal(s, BASE "opal-entry-address = <0 30001000>; }; };"); put_be64(p->stub + 0x1b8, 0x30000000); put_be64(p->stub + 0x1c0, 0x30001000); }
ROW(opal_unknown) { (void)p; opal(s, BASE "opal-entry-address = <0 30001000>; }; };"); }
ROW(opal_half) { (void)p; opal(s, BASE "}; };"); }
ROW(opal_half_told) { opal_half(p, s); put_be64(p->stub + 0x1b8, 0x30000000); }
ROW(stub_backup) { (void)s; p->stub[0x1cf] ^= 1; }
ROW(backup_for_none) { (void)s; p->chosen.backup.end = 1; }
ROW(crash_moves) { (void)p; s->kernel[PPC64_RUN_AT_LOAD] = 0; p->stub[PPC64_RUN_AT_LOAD] = 0; }
ROW(crash_moves_big) { (void)p; s->img.big_endian = true; }
ROW(crash_fixed) { (void)p; s->img.fixed = true; s->img.offset = p->kernel; }
ROW(backup_size) { (void)s; p->chosen.backup.end += 0x1000; }
ROW(backup_on_stub) { (void)s; piece(p, STUB)->at.end = p->chosen.backup.start + 0x1000; }
ROW(backup_outside) { (void)s; piece(p, STUB)->reserved_end -= 0x1000; }
ROW(core_no_word) { (void)s; p->cmdline.p[0] = 'x'; }
ROW(core_no_number) { (void)s; memcpy(p->cmdline.p + 13, "zz", 2); }
ROW(core_no_space) { (void)s; p->cmdline.p[25] = 'x'; }
ROW(core_elsewhere) { (void)s; p->cmdline.p[24] ^= 1; }
ROW(tree_not_reserved) { (void)s; fdt_del_mem_rsv(p->tree.blob, fdt_num_mem_rsv(p->tree.blob) - 1); }
ROW(rtas_not_reserved)
{
	uint64_t at, size;
	int i = fdt_num_mem_rsv(p->tree.blob);

	(void)s;
	while (i-- > 0)
		if (!fdt_get_mem_rsv(p->tree.blob, i, &at, &size) && at == 0x7000000)
			fdt_del_mem_rsv(p->tree.blob, i);
}
ROW(tree_half_reserved) { (void)s; piece(p, TREE)->data.len++; }
ROW(opal_not_reserved) { (void)p; add(&s->m.reserved, 0x9000000, 0x9010000, ppc64_opal); }
ROW(tce_not_reserved) { (void)p; add(&s->m.reserved, 0x9000000, 0x9010000, ppc64_tce); }
ROW(ranges_not_reserved) { (void)p; add(&s->m.reserved, 0x9000000, 0x9010000, ppc64_reserved); }
ROW(device_not_reserved) { (void)p; add(&s->m.reserved, 0x9000000, 0x9010000, ppc64_device); }
ROW(hash_table_same) { (void)p; s->m.hpt_order = 0x17; }
ROW(hash_table_grew) { (void)p; s->m.hpt_order = 0x18; }
static void cpu(struct server *s, uint32_t number)
{
	s->m.boot_cpu_known = true;
	s->m.boot_cpu = number;
}
ROW(cpu_thread) { (void)p; cpu(s, 9); }
ROW(cpu_by_reg) { (void)p; cpu(s, 0x20); }
ROW(cpu_not_by_reg) { (void)p; cpu(s, 0); }
ROW(cpu_no_cpu) { (void)p; cpu(s, 1); }
static void rtas_prop(struct plan *p, const char *name, uint32_t v)
{
	if (fdt_setprop_inplace_u32(p->tree.blob, fdt_path_offset(p->tree.blob, "/rtas"), name, v))
		abort();
}
ROW(rtas_elsewhere) { (void)s; rtas_prop(p, "linux,rtas-base", 0x7100000); }
ROW(rtas_longer) { (void)s; rtas_prop(p, "rtas-size", 0x10001); }
ROW(rtas_empty)
{
	(void)s;
	if (fdt_setprop(p->tree.blob, fdt_path_offset(p->tree.blob, "/rtas"), "rtas-size", "", 0))
		abort();
}
ROW(rtas_by_overlay) { s->r.overlays = 1; rtas_prop(p, "rtas-size", 0x10001); }
ROW(rtas_gone) { (void)s; fdt_nop_node(p->tree.blob, fdt_path_offset(p->tree.blob, "/rtas")); }
ROW(rtas_half_reserved) { (void)p; s->m.reserved.v[s->m.reserved.n - 1].end += 0x10000; }
/* clang-format on */

/* The rule of doc/contracts.md that a row breaks, and what the check says. */
#define BREAKS(rule, what) "trust the plan: " what " (" rule ")"
#define ADDRESS_0	   BREAKS("ppc64-head", "the stub is not what other CPUs need at address 0")
#define POINTS		   BREAKS("stub-points", "the stub does not point at kernel and device tree")
#define STUB_FIRST	   BREAKS("stub-points", "it does not start in the stub")
#define FIRMWARE                                                                                   \
	BREAKS("ppc64-reserve-firmware", "the device tree does not reserve what firmware needs")
#define NO_CPU	   BREAKS("ppc64-boot-cpu", "the device tree lacks the CPU that starts it")
#define OTHER_BOOT BREAKS("firmware-nodes", "the device tree has another boot's firmware")
#define CORE_LOST  BREAKS("elfcorehdr", "the crash kernel would not find the core header")
#define NO_MEMORY  BREAKS("mem-on-cmdline", "the kernel is above the memory that mem= leaves")
#define MOVES	   BREAKS("ppc64-copy-to-zero", "the stub lies where the kernel copies itself to")
#define LOW_LOST   BREAKS("backup-64k", "the crash kernel would not find the first 64 KiB")

static const struct row {
	const char *caption;
	bool crash;
	void (*spoil)(struct plan *p, struct server *s);
	const char *sentence; /* "": passes */
} rows[] = {
	{ "nothing is wrong", false, nothing, "" },
	{ "nothing is wrong with a crash kernel", true, nothing, "" },
	{ "a piece below the running kernel's end", false, below_reach,
	  BREAKS("ppc64-above-running-end", "the kernel lies on the running kernel") },
	{ "a piece above real mode's reach", false, above_reach,
	  BREAKS("ppc64-below-rma", "the kernel is outside of what real mode reaches") },
	{ "an initrd above real mode's reach", false, initrd_above_reach, "" },
	{ "mem= leaves just what is used", false, mem_over_all, "" },
	{ "mem= leaves a byte less, and so 16 MiB", false, mem_below_kernel, NO_MEMORY },
	{ "the same of a memory of that size", false, ram_to_16m, NO_MEMORY },
	{ "the same, and mem= over all of it", false, mem_over_lacking, NO_MEMORY },
	{ "a crash kernel: what firmware holds above its region counts; so it is not reserved",
	  true, firmware_enough, FIRMWARE },
	{ "and no part of it twice", true, firmware_lacking,
	  BREAKS("mem-on-cmdline", "the initrd is above the memory that mem= leaves") },
	{ "nor what the crash kernel is not told to use", true, firmware_untold,
	  BREAKS("mem-on-cmdline", "the initrd is above the memory that mem= leaves") },
	{ "no tree", false, no_tree, BREAKS("is-its-file", "it has no device tree") },
	{ "a tree at an odd place", false, tree_odd,
	  BREAKS("is-its-file", "it has no device tree") },
	{ "no kernel", false, no_kernel,
	  BREAKS("is-its-file", "the kernel is not where the plan says") },
	{ "the plan says another place", false, kernel_elsewhere,
	  BREAKS("is-its-file", "the kernel is not where the plan says") },
	{ "a kernel that is not on 64 KiB", false, kernel_odd,
	  BREAKS("ppc64-64k-aligned", "the kernel is not on 64 KiB") },
	{ "a fixed kernel elsewhere", false, kernel_fixed,
	  BREAKS("ppc64-fixed", "the kernel cannot run from its place") },
	{ "no room for BSS", false, kernel_no_room,
	  BREAKS("ppc64-memsz", "the kernel has no room for its BSS") },
	{ "no room for BSS of a crash kernel, whatever lies behind it", true, kernel_no_room,
	  BREAKS("ppc64-memsz", "the kernel has no room for its BSS") },
	{ "the kernel moves to just below the others", false, moves_just_below, "" },
	{ "the kernel moves over the lowest of the others", false, moves_over_stub, MOVES },
	{ "its end is not on 64 KiB", false, moves_over_page, MOVES },
	{ "one that stays may be larger", false, stays_over_all, "" },
	{ "the kernel moves over firmware", false, moves_over_rtas,
	  BREAKS("ppc64-copy-to-zero", "the kernel copies itself over firmware") },
	{ "no stub", false, no_stub, STUB_FIRST },
	{ "a stub that is a byte short", false, stub_short, STUB_FIRST },
	{ "an entry behind the stub's start", false, entry_elsewhere, STUB_FIRST },
	{ "another first instruction", false, stub_branch,
	  BREAKS("ppc64-byte-order", "the stub does not start with its branch") },
	{ "instructions in the other byte order", false, stub_order,
	  BREAKS("ppc64-byte-order", "the stub does not start with its branch") },
	{ "another last byte of what goes to 0", false, stub_head, ADDRESS_0 },
	{ "a kernel shorter than what goes to 0", false, kernel_short, ADDRESS_0 },
	{ "the stub has another tree", false, stub_tree, POINTS },
	{ "the stub has another kernel", false, stub_kernel, POINTS },
	{ "the stub has another entry", false, stub_entry, POINTS },
	{ "stub and plan agree on an entry that is not the kernel's", false, entry_shown, POINTS },
	{ "the stub saves what it need not", false, stub_backup,
	  BREAKS("backup-64k", "the stub saves the first 64 KiB elsewhere") },
	{ "a normal plan with a place to save to", false, backup_for_none,
	  BREAKS("backup-64k", "it saves memory for no crash kernel") },
	{ "a wait for other CPUs where there can be none", false, stub_waits,
	  BREAKS("ppc64-secondaries", "the stub waits as for other CPUs") },
	{ "another first word behind it", false, stub_code,
	  BREAKS("ppc64-byte-order", "the stub is not the code of stub.S") },
	{ "another last word", false, stub_code_last,
	  BREAKS("ppc64-byte-order", "the stub is not the code of stub.S") },
	{ "all words in the byte order that only the first have", false, stub_code_order,
	  BREAKS("ppc64-byte-order", "the stub is not the code of stub.S") },
	{ "an OPAL that is not there", false, stub_opal,
	  BREAKS("ppc64-registers", "the stub has another OPAL") },
	{ "an entry of an OPAL that is not there", false, stub_opal_entry,
	  BREAKS("ppc64-registers", "the stub has another OPAL") },
	{ "the machine's OPAL", false, opal_there, "" },
	{ "the machine has an OPAL, of which the stub does not know", false, opal_unknown,
	  BREAKS("ppc64-registers", "the stub has another OPAL") },
	{ "an OPAL without an entry is none", false, opal_half, "" },
	{ "and the stub knows it", false, opal_half_told,
	  BREAKS("ppc64-registers", "the stub has another OPAL") },
	{ "a crash kernel that moves to 0", true, crash_moves,
	  BREAKS("ppc64-run-at-load", "the crash kernel would move itself to 0") },
	{ "the same, its word in the other byte order", true, crash_moves_big,
	  BREAKS("ppc64-run-at-load", "the crash kernel would move itself to 0") },
	{ "a fixed crash kernel stays anyway", true, crash_fixed, "" },
	{ "not 64 KiB are saved", true, backup_size, LOW_LOST },
	{ "saved on the stub", true, backup_on_stub, LOW_LOST },
	{ "saved outside of the stub's room", true, backup_outside, LOW_LOST },
	{ "no elfcorehdr=", true, core_no_word, CORE_LOST },
	{ "elfcorehdr= without a number", true, core_no_number, CORE_LOST },
	{ "no space behind the number", true, core_no_space, CORE_LOST },
	{ "the core header is elsewhere", true, core_elsewhere, CORE_LOST },
	{ "the tree does not reserve itself", false, tree_not_reserved,
	  BREAKS("tree-self", "the device tree does not reserve itself") },
	{ "RTAS is not reserved", false, rtas_not_reserved, FIRMWARE },
	{ "half of what firmware keeps is reserved", false, rtas_half_reserved, FIRMWARE },
	{ "the tree reserves less than itself", false, tree_half_reserved,
	  BREAKS("tree-self", "the device tree does not reserve itself") },
	{ "OPAL is not reserved", false, opal_not_reserved, FIRMWARE },
	{ "I/O translation tables are not reserved", false, tce_not_reserved, FIRMWARE },
	{ "reserved-ranges are not reserved", false, ranges_not_reserved, FIRMWARE },
	{ "memory of a device need not be", false, device_not_reserved, "" },
	{ "a hash table of the size that the tree says", false, hash_table_same, "" },
	{ "a hash table that grew as memory was added", false, hash_table_grew,
	  BREAKS("hash-table-order", "the device tree says another size of the hash table") },
	{ "the CPU that starts kernels is a thread", false, cpu_thread, "" },
	{ "it is known by reg", false, cpu_by_reg, "" },
	{ "it is not known by reg where there is a list", false, cpu_not_by_reg, NO_CPU },
	{ "it is the reg of what is no CPU", false, cpu_no_cpu, NO_CPU },
	{ "RTAS is elsewhere", false, rtas_elsewhere, OTHER_BOOT },
	{ "RTAS is larger", false, rtas_longer, OTHER_BOOT },
	{ "RTAS has a size of no bytes", false, rtas_empty, OTHER_BOOT },
	{ "RTAS is not there", false, rtas_gone, OTHER_BOOT },
	{ "an overlay may say so", false, rtas_by_overlay, "" },
	{ "a crash kernel shares memory in its region, at its end, and above", true, shares, "" },
};

static void spoiled(const struct row *row)
{
	struct error e = { 0 };
	struct server s;
	struct plan p;

	CASE("%s", row->caption);
	start(&s, row->crash);
	if (!plan_make(&s.r, &p, &e)) {
		unit_fail("expected a plan, came %s", e.text);
	} else {
		row->spoil(&p, &s);
		want_error(ppc64_check(&p, &s.r, &e), &e, *row->sentence ? FAIL_BUG : FAIL_NONE,
			   row->sentence);
	}
	plan_free(&p);
	ranges_free(&s.m.crash.cma);
	end(&s);
}

#define KEPT(rule) BREAKS(rule, "the kernel lies on memory that must be kept")

/* Memory that is kept, each by its rule. */
static void kept(void)
{
	static const struct {
		const char *what, *sentence;
	} reasons[] = {
		{ ppc64_rtas, KEPT("ppc64-keep") },
		{ ppc64_opal, KEPT("ppc64-keep") },
		{ ppc64_hash, KEPT("ppc64-keep") },
		{ ppc64_reserved, KEPT("ppc64-keep") },
		{ ppc64_tce, KEPT("ppc64-off-tce") },
		{ ppc64_running, KEPT("ppc64-above-running-end") },
		{ ppc64_unmapped, KEPT("memory-limit") },
		{ ppc64_dump, KEPT("fadump-preserved") },
		{ ppc64_device, KEPT("not-kept") },
		{ iomem_crash, "" },
	};
	struct error e;
	struct server s;
	struct plan p;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(reasons); i++) {
		CASE("a kernel on memory kept: %s", reasons[i].what);
		start(&s, false);
		e = (struct error){ 0 };
		if (!plan_make(&s.r, &p, &e))
			abort();
		add(&s.m.reserved, p.kernel, p.kernel + 1, reasons[i].what);
		want_error(plan_check(&p, &s.r, &e), &e,
			   *reasons[i].sentence ? FAIL_BUG : FAIL_NONE, reasons[i].sentence);
		plan_free(&p);
		end(&s);
	}
}

/* The next tree says how large the hash table is now, to CPUs that have one. */
static void hash_table(void)
{
	static const unsigned orders[][2] = { { 0, 0x17 }, { 0x18, 0x18 } };
	struct error e = { 0 };
	struct server s;
	struct tree t;
	struct span value;
	size_t i;

	start(&s, false);
	for (i = 0; i < ARRAY_SIZE(orders); i++) {
		CASE("a hash table of order %u (0: not known)", orders[i][0]);
		s.m.hpt_order = orders[i][0];
		if (!tree_open(&t, s.tree, 64, "/server", &e) || !ppc64_tree(&t, &s.r, &e))
			abort();
		value = tree_getprop(t.blob, fdt_path_offset(t.blob, "/cpus/a"), ppc64_pft_size);
		want(value.len == 8 && value.p[6] == 0 && value.p[7] == orders[i][1],
		     "a CPU that looks up in a hash table");
		value = tree_getprop(t.blob, fdt_path_offset(t.blob, "/cpus/b"), ppc64_pft_size);
		want(value.len == 4 && value.p[3] == 0x17, "what is no such property stays");
		tree_free(&t);
	}
	end(&s);
}

/* Of a tree that lacks the CPU that starts the next kernel. */
static void no_boot_cpu(void)
{
	struct error e = { 0 };
	struct server s;
	struct tree t;

	CASE("a tree without the CPU that starts the next kernel");
	start(&s, false);
	cpu(&s, 1);
	if (!tree_open(&t, s.tree, 64, "/server", &e))
		abort();
	want_error(ppc64_tree(&t, &s.r, &e), &e, FAIL_TREE,
		   "use the device tree: no CPU 1, which starts kernels here: /server");
	cpu(&s, 9);
	e = (struct error){ 0 };
	want_error(ppc64_tree(&t, &s.r, &e), &e, FAIL_NONE, "");
	tree_free(&t);
	end(&s);
}

/* Bytes of room in the tree, from none on: each edit fails where the room ends, and no sooner does
 * the tree say it all.
 */
static void without_room(bool crash)
{
	const struct chosen c = {
		.cmdline = "root=/dev/sda",
		.initrd_start = 0x10000000,
		.initrd_end = 0x10001000,
		.tree_start = 0x10100000,
		.tree_size = 100,
		.elfcorehdr = { 0, crash ? 0x1000 : 0, NULL },
		.backup = { 0, crash ? 0x10000 : 0, NULL },
		.usable = { 0, crash ? 0x20000000 : 0, NULL },
	};
	size_t room, failed = 0;
	struct error e;
	struct server s;
	struct tree t;
	bool ok = false;

	CASE("a tree without room, %s", crash ? "crash kernel" : "normal");
	start(&s, crash);
	for (room = 0; room < 2048 && !ok; room += 4) {
		e = (struct error){ 0 };
		if (!tree_open(&t, s.tree, room, "/server", &e))
			abort();
		ok = ppc64_tree(&t, &s.r, &e) && chosen_write(&t, &c, &e);
		if (!ok)
			failed++;
		want(ok || e.code == FAIL_TREE, "an edit without room is an error of the tree");
		tree_free(&t);
	}
	want(ok && failed > 20, "with room it is none");
	end(&s);
}

/* The stub's words: OPAL's addresses where the tree has both, in the order that stub.S reads. */
static void stubs(void)
{
	static const struct {
		const char *caption, *opal;
		uint64_t base, entry;
	} opals[] = {
		{ "no OPAL", "", 0, 0 },
		{ "OPAL",
		  "ibm,opal { opal-base-address = <0 30000000>; opal-entry-address = <0 30001000>; "
		  "}; ",
		  0x30000000, 0x30001000 },
		{ "OPAL without an entry: none", "ibm,opal { opal-base-address = <0 30000000>; }; ",
		  0, 0 },
		{ "OPAL without a base: none", "ibm,opal { opal-entry-address = <0 30001000>; }; ",
		  0, 0 },
	};
	uint8_t kernel[PPC64_HEAD], out[STUB_MAX];
	uint64_t base, entry;
	uint32_t branch;
	struct image img = { .part = { { { kernel, sizeof(kernel) }, 0, sizeof(kernel) } } };
	struct machine m = { .arch = &arch_ppc64 };
	const struct request r = { .machine = &m, .image = &img };
	char note[200];
	struct span s;
	size_t i, big;
	int one;

	memset(kernel, 0xaa, sizeof(kernel));
	for (i = 0; i < ARRAY_SIZE(opals); i++) {
		CASE("stub: %s", opals[i].caption);
		snprintf(note, sizeof(note), "/ { %s};", opals[i].opal);
		m.fdt = note_tree(note);
		for (big = 0; big < 2; big++) {
			m.big_endian = big;
			s = (struct span){ out, arch_ppc64.stub(&r, 0x4000000, 0x5000000, 0, out) };
			want_u64("bytes", 0x1d0, s.len);
			(big ? span_be32 : span_le32)(s, 0, &branch);
			want_u64("it starts with a branch", 0x48000100, branch);
			span_be64(s, 0x1b8, &base);
			span_be64(s, 0x1c0, &entry);
			want_u64("base", opals[i].base, base);
			want_u64("entry", opals[i].entry, entry);
		}
		note_free(&m.fdt);
	}
	m.fdt = note_tree("/ { };");
	for (one = 0; one < 2; one++) {
		CASE("stub: %s", one ? "one CPU, no wait" : "others that may come are waited for");
		m.one_cpu = one;
		s = (struct span){ out, arch_ppc64.stub(&r, 0x4000000, 0x5000000, 0, out) };
		span_be32(s, 0x14c, &branch);
		want_u64("lis %r12, or li %r12, 0", one ? 0x39800000 : 0x3d800186, branch);
	}
	note_free(&m.fdt);
}

/* Kernels of which less than that is in their first part: the sandboxed reader may say so. */
static void short_kernels(void)
{
	uint8_t kernel[PPC64_HEAD - 1] = { 0 }, out[STUB_MAX];
	struct image img = { .part = { { { kernel, sizeof(kernel) }, 0, sizeof(kernel) } },
			     .parts = 1,
			     .run_flag = true };
	const struct machine m = { .arch = &arch_ppc64, .page_size = 0x1000 };
	const struct request r = { .machine = &m, .image = &img };
	struct error e = { 0 };

	CASE("stub: a kernel shorter than what goes to 0 has none");
	want_u64("bytes", 0, arch_ppc64.stub(&r, 0x4000000, 0x5000000, 0, out));
	CASE("run in place: a kernel shorter than what goes to 0");
	want_error(ppc64_pin(&img, "vmlinux", &m, &e), &e, FAIL_UNSUPPORTED,
		   "run in place: no __run_at_load: vmlinux");
}

/* What the next kernel is told of pieces that are there, and of none that is not: the reader may
 * leave them out.
 */
static void told(void)
{
	static const struct {
		const char *caption;
		enum piece missing;
		bool tree, core, backup;
	} missing[] = {
		{ "all are there", INITRD, true, true, true },
		{ "no tree", TREE, false, true, true },
		{ "no stub", STUB, true, true, false },
		{ "no core header", CORE, true, false, false },
	};
	struct chosen was;
	struct server s;
	struct plan p;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(missing); i++) {
		CASE("told of its pieces: %s", missing[i].caption);
		start(&s, true);
		if (!plan_make(&s.r, &p, &(struct error){ 0 }))
			abort();
		was = p.chosen;
		p.chosen.tree_start = p.chosen.elfcorehdr.start = p.chosen.backup.start = 0;
		piece(&p, missing[i].missing)->piece = KERNEL;
		plan_tell(&p, &s.r);
		want_u64("tree", missing[i].tree ? was.tree_start : 0, p.chosen.tree_start);
		want_u64("core header", missing[i].core ? was.elfcorehdr.start : 0,
			 p.chosen.elfcorehdr.start);
		want_u64("first 64 KiB", missing[i].backup ? was.backup.start : 0,
			 p.chosen.backup.start);
		plan_free(&p);
		end(&s);
	}
}

/* A crash kernel's plan, which the running kernel keeps true, with one more allocation each time.
 */
static void hotplug(void)
{
	struct error e;
	struct server s;
	struct plan p;
	size_t size = 0;
	long n;
	bool ok = false;

	CASE("--hotplug: the tree has room for CPUs that come; out of memory at each allocation");
	start(&s, true);
	if (!plan_make(&s.r, &p, &(struct error){ 0 }))
		abort();
	size = plan_segment(&p, TREE)->data.len;
	plan_free(&p);
	s.r.hotplug = true;
	for (n = 0; n < 40 && !ok; n++) {
		e = (struct error){ 0 };
		unit_memory(n);
		ok = plan_make(&s.r, &p, &e);
		unit_memory(-1);
		want_error(ok, &e, ok ? FAIL_NONE : FAIL_MEMORY, ok ? "" : "go on: out of memory");
		if (ok)
			want_u64("bytes of the tree", size + arch_ppc64.tree_room(&s.m),
				 plan_segment(&p, TREE)->data.len);
		plan_free(&p);
	}
	want(ok, "a plan is made in the end");
	end(&s);
}

/* A file may lack the CPU on which the next kernel starts. */
static void boot_cpu(void)
{
	struct error e = { 0 };
	struct server s;
	struct plan p;

	CASE("a tree without the CPU that starts kernels");
	start(&s, false);
	cpu(&s, 0);
	s.r.dtb = s.tree;
	s.r.dtb_name = "x.dtb";
	want_error(plan_make(&s.r, &p, &e), &e, FAIL_TREE,
		   "use the device tree: no CPU 0, which starts kernels here: x.dtb");
	plan_free(&p);
	end(&s);
}

void test_ppc64_check(void)
{
	size_t i;

	boot_cpu();
	hotplug();

	stubs();
	short_kernels();
	told();
	for (i = 0; i < ARRAY_SIZE(rows); i++)
		spoiled(&rows[i]);
	kept();
	hash_table();
	no_boot_cpu();
	without_room(false);
	without_room(true);
}
