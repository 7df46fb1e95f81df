/* SPDX-License-Identifier: MIT */
#include "unit.h"

#include "src/plan/holes.h"

#define BITS48 (1ull << 48)
#define MISFIT(what, need, most, free)                                                             \
	"place the " what ": " need " needed, the largest hole has " most " (" free " free)"
#define TOGETHER(need, most, free)                                                                 \
	"place the pieces: " need " needed, the largest hole has " most " (" free " free)"

static const struct row {
	const char *caption;
	const char *room; /* "start-end start-end", hexadecimal */
	struct placement v[4];
	phys start, end;      /* bounds; end 0: 48 bits */
	uint64_t window;      /* aligned to 1 GiB */
	const char *expected; /* "KERNEL INITRD ..." as addresses, - where there is no wish */
	const char *sentence; /* or this */
} rows[] = {
	{ "one piece goes to the top",
	  "40000000-80000000",
	  { { .what = "kernel", .size = 0x100000, .align = 0x200000 } },
	  .expected = "7fe00000" },
	{ "one piece at an offset",
	  "40000000-80000000",
	  { { .what = "kernel", .size = 0x100000, .align = 0x200000, .offset = 0x80000 } },
	  .expected = "7fe80000" },
	{ "the offset counts against the hole (u-root's segments ran past theirs)",
	  "40000000-40200000",
	  { { .what = "kernel", .size = 0x1c0000, .align = 0x200000, .offset = 0x80000 } },
	  .sentence = MISFIT("kernel", "1.7 MiB", "2 MiB", "2 MiB") },
	{ "a hole that begins between multiples",
	  "40100000-40700000",
	  { { .what = "kernel", .size = 0x100000, .align = 0x200000 } },
	  .expected = "40600000" },
	{ "a hole of just the size",
	  "40200000-40300000",
	  { { .what = "kernel", .size = 0x100000, .align = 0x100000 } },
	  .expected = "40200000" },
	{ "a hole one byte short",
	  "40200000-402fffff",
	  { { .what = "kernel", .size = 0x100000, .align = 0x100000 } },
	  .sentence = MISFIT("kernel", "1 MiB", "1023.9 KiB", "1023.9 KiB") },
	{ "16 MiB from one hole of 64 KiB (kexec-lite of 2013 answers 0xffffffffff020000)",
	  "10000-20000",
	  { { .what = "kernel", .size = 0x1000000, .align = 0x10000 } },
	  .sentence = MISFIT("kernel", "16 MiB", "64 KiB", "64 KiB") },
	{ "more than the hole's own address: nothing wraps below 0",
	  "1000-100000",
	  { { .what = "kernel", .size = 0x200000, .align = 0x1000 } },
	  .sentence = MISFIT("kernel", "2 MiB", "1020 KiB", "1020 KiB") },
	{ "a size near 2^64",
	  "40000000-80000000",
	  { { .what = "kernel", .size = 0xffffffffffff0000, .align = 0x10000 } },
	  .sentence = MISFIT("kernel", "15.9 EiB", "1 GiB", "1 GiB") },
	{ "at the top of the 64-bit space",
	  "ffffffffffe00000-ffffffffffffffff",
	  { { .what = "kernel", .size = 0x100000, .align = 0x100000 } },
	  .end = UINT64_MAX,
	  .expected = "ffffffffffe00000" },
	{ "lowest, at the top of the 64-bit space: rounding up does not wrap to 0",
	  "fffffffffff00001-ffffffffffffffff",
	  { { .what = "kernel", .size = 0x1000, .align = 0x200000, .bottom_up = true } },
	  .end = UINT64_MAX,
	  .sentence = MISFIT("kernel", "4 KiB", "1023.9 KiB", "1023.9 KiB") },
	{ "a piece that may lie in a part of memory only: the error names it",
	  "40000000-80000000",
	  { { .what = "tree",
	      .size = 0x200000,
	      .align = 0x200000,
	      .within = { 0x40000000, 0x40100000, NULL },
	      .where = "in the RMA" } },
	  .sentence = "place the tree: 2 MiB needed, the largest hole in the RMA has 1 MiB "
		      "(1 MiB free)" },
	{ "at address 0",
	  "0-200000",
	  { { .what = "kernel", .size = 0x200000, .align = 0x200000 } },
	  .expected = "0" },
	{ "no room at all",
	  "",
	  { { .what = "kernel", .size = 0x1000, .align = 0x1000 } },
	  .sentence = MISFIT("kernel", "4 KiB", "0 B", "0 B") },
	{ "nothing wanted", "40000000-80000000", { { .what = "kernel" } }, .expected = "-" },
	{ "what is not wanted takes no place",
	  "40000000-80000000",
	  { { .what = "kernel", .size = 0x200000, .align = 0x200000 },
	    { .what = "initrd", .size = 0, .align = 0x10000 },
	    { .what = "tree", .size = 0x200000, .align = 0x200000 } },
	  .expected = "7fe00000 - 7fc00000" },
	{ "the largest chooses first",
	  "40000000-80000000",
	  { { .what = "kernel", .size = 0x200000, .align = 0x200000 },
	    { .what = "initrd", .size = 0x10000000, .align = 0x10000 },
	    { .what = "tree", .size = 0x200000, .align = 0x200000 },
	    { .what = "stub", .size = 0x10000, .align = 0x10000 } },
	  .expected = "6fe00000 70000000 6fc00000 6fbf0000" },
	{ "the small ones use small holes above",
	  "40000000-60000000 70000000-70200000 78000000-78010000",
	  { { .what = "kernel", .size = 0x1000000, .align = 0x200000 },
	    { .what = "initrd", .size = 0x2000000, .align = 0x10000 },
	    { .what = "tree", .size = 0x200000, .align = 0x200000 },
	    { .what = "stub", .size = 0x10000, .align = 0x10000 } },
	  .expected = "5d000000 5e000000 70000000 78000000" },
	{ "a second hole is tried when the first is too small (kexec-tools gives up)",
	  "40000000-50000000 60000000-60100000",
	  { { .what = "kernel", .size = 0x400000, .align = 0x200000 } },
	  .expected = "4fc00000" },
	{ "a hole large enough but for its alignment is passed over",
	  "40000000-40400000 60100000-60300000",
	  { { .what = "kernel", .size = 0x200000, .align = 0x200000 } },
	  .expected = "40200000" },
	{ "bounds from above",
	  "40000000-8000000000000",
	  { { .what = "kernel", .size = 0x200000, .align = 0x200000 } },
	  .expected = "ffffffe00000" },
	{ "bounds from below",
	  "0-10000000",
	  { { .what = "kernel", .size = 0x200000, .align = 0x200000, .bottom_up = true } },
	  .start = 0x5000000,
	  .end = 0x8000000,
	  .expected = "5000000" },
	{ "bounds that cut a hole: the numbers count what can be used",
	  "40000000-50000000",
	  { { .what = "kernel", .size = 0x400000, .align = 0x200000 } },
	  .start = 0x4fe00000,
	  .end = 0x60000000,
	  .sentence = MISFIT("kernel", "4 MiB", "2 MiB", "2 MiB") },
	{ "bounds of one piece: it goes below, the others to the top (an initrd above the RMA)",
	  "4000000-8000000 20000000-800000000",
	  { { .what = "kernel",
	      .size = 0x2000000,
	      .align = 0x10000,
	      .within = { 0x4000000, 0x20000000, NULL } },
	    { .what = "initrd", .size = 0x5000000, .align = 0x10000 },
	    { .what = "tree",
	      .size = 0x10000,
	      .align = 0x10000,
	      .within = { 0x4000000, 0x20000000, NULL } } },
	  .expected = "6000000 7fb000000 5ff0000" },
	{ "bounds of one piece: one that may lie anywhere does not take its only place",
	  "0-8000 10000-20000 30000-40000",
	  { { .what = "kernel", .size = 0x10000, .align = 0x10000 },
	    { .what = "initrd", .size = 0x8000, .align = 0x8000 },
	    { .what = "tree", .size = 0x10000, .align = 0x10000, .within = { 0, 0x20000, NULL } } },
	  .expected = "30000 0 10000" },
	{ "bounds of one piece: the numbers are those of its own bounds",
	  "10000-20000 30000-80000",
	  { { .what = "kernel", .size = 0x10000, .align = 0x10000 },
	    { .what = "tree", .size = 0x18000, .align = 0x8000, .within = { 0, 0x38000, NULL } } },
	  .sentence = MISFIT("tree", "96 KiB", "64 KiB", "96 KiB") },
	{ "bounds from below of all but one: that one may lie below (a kernel that moves to 0)",
	  "1800000-4000000",
	  { { .what = "kernel", .size = 0x1000000, .align = 0x10000 },
	    { .what = "initrd",
	      .size = 0x800000,
	      .align = 0x10000,
	      .within = { 0x3000000, BITS48, NULL } },
	    { .what = "tree",
	      .size = 0x10000,
	      .align = 0x10000,
	      .within = { 0x3000000, BITS48, NULL } } },
	  .expected = "1800000 3800000 37f0000" },
	{ "bounds in a gap of room",
	  "40000000-50000000 60000000-70000000",
	  { { .what = "kernel", .size = 0x200000, .align = 0x200000 } },
	  .start = 0x50000000,
	  .end = 0x60000000,
	  .sentence = MISFIT("kernel", "2 MiB", "0 B", "0 B") },

	{ "lowest: the lowest place there is",
	  "40000000-50000000 60000000-70000000",
	  { { .what = "kernel", .size = 0x400000, .align = 0x200000, .bottom_up = true } },
	  .expected = "40000000" },
	{ "lowest: with its offset",
	  "40000000-50000000",
	  { { .what = "kernel",
	      .size = 0x400000,
	      .align = 0x200000,
	      .offset = 0x80000,
	      .bottom_up = true } },
	  .expected = "40080000" },
	{ "lowest: a hole that begins behind the offset",
	  "40090000-50000000",
	  { { .what = "kernel",
	      .size = 0x400000,
	      .align = 0x200000,
	      .offset = 0x80000,
	      .bottom_up = true } },
	  .expected = "40280000" },
	{ "lowest: a hole too small is passed over",
	  "40000000-40100000 40800000-50000000",
	  { { .what = "kernel", .size = 0x400000, .align = 0x200000, .bottom_up = true } },
	  .expected = "40800000" },
	{ "lowest: nothing may lie below the kernel",
	  "40000000-40200000 40400000-41000000",
	  { { .what = "kernel", .size = 0x400000, .align = 0x200000, .bottom_up = true },
	    { .what = "initrd", .size = 0x200000, .align = 0x10000 },
	    { .what = "tree", .size = 0x200000, .align = 0x200000 } },
	  .expected = "40400000 40e00000 40c00000" },
	{ "lowest: one that must be near it",
	  "40000000-80000000",
	  { { .what = "kernel",
	      .size = 0x400000,
	      .align = 0x200000,
	      .offset = 0x80000,
	      .bottom_up = true },
	    { .what = "initrd", .size = 0x200000, .align = 0x10000 },
	    { .what = "tree", .size = 0x200000, .align = 0x200000, .near = 0x20000000 } },
	  .expected = "40080000 7fe00000 5fe00000" },
	{ "lowest: one that must be near it, at the top of the 64-bit space",
	  "fffffffffff00000-ffffffffffffffff",
	  { { .what = "kernel", .size = 0x1000, .align = 0x10000, .bottom_up = true },
	    { .what = "tree", .size = 0x1000, .align = 0x1000, .near = 0x20000000 } },
	  .end = UINT64_MAX,
	  .expected = "fffffffffff00000 ffffffffffffe000" },
	{ "lowest: no room near it",
	  "40000000-40500000 80000000-80300000",
	  { { .what = "kernel", .size = 0x400000, .align = 0x200000, .bottom_up = true },
	    { .what = "tree", .size = 0x200000, .align = 0x200000, .near = 0x20000000 } },
	  .sentence = TOGETHER("6 MiB", "5 MiB", "8 MiB") },
	{ "lowest: not where there is no room near it",
	  "40000000-40500000 80000000-90000000",
	  { { .what = "kernel", .size = 0x400000, .align = 0x200000, .bottom_up = true },
	    { .what = "tree", .size = 0x200000, .align = 0x200000, .near = 0x20000000 } },
	  .expected = "80000000 8fe00000" },
	{ "lowest: one that is not wanted takes no place",
	  "40000000-50000000",
	  { { .what = "kernel", .bottom_up = true },
	    { .what = "tree", .size = 0x200000, .align = 0x200000 } },
	  .expected = "- 4fe00000" },
	{ "lowest: an offset beyond the 64-bit space",
	  "fffffffffff00001-ffffffffffffffff",
	  { { .what = "kernel",
	      .size = 0x1000,
	      .align = 0x10000,
	      .offset = 0xf000,
	      .bottom_up = true } },
	  .end = UINT64_MAX,
	  .expected = "fffffffffff0f000" },
	{ "lowest: one place only, below the hole: it does not wrap to another",
	  "8000000000002000-8000000000102000",
	  { { .what = "kernel",
	      .size = 0x1000,
	      .align = 1ull << 63,
	      .offset = 0x8000000000001000,
	      .bottom_up = true } },
	  .end = UINT64_MAX,
	  .sentence = MISFIT("kernel", "4 KiB", "1 MiB", "1 MiB") },
	{ "lowest: a hole between two multiples is passed over",
	  "40010000-40020000 41000000-42000000",
	  { { .what = "kernel", .size = 0x1000, .align = 0x200000, .bottom_up = true } },
	  .expected = "41000000" },
	{ "an offset above the hole",
	  "0-100000",
	  { { .what = "kernel", .size = 0x10000, .align = 0x10000, .offset = 0xff000 } },
	  .sentence = MISFIT("kernel", "64 KiB", "1 MiB", "1 MiB") },
	{ "lowest: no room above",
	  "40000000-40200000 40400000-40800000",
	  { { .what = "kernel", .size = 0x400000, .align = 0x200000, .bottom_up = true },
	    { .what = "initrd", .size = 0x200000, .align = 0x10000 } },
	  .sentence = TOGETHER("6 MiB", "4 MiB", "6 MiB") },

	{ "window: both in the highest RAM",
	  "40000000-80000000 8800000000-8840000000",
	  { { .what = "kernel", .size = 0x1000000, .align = 0x200000, .share_window = true },
	    { .what = "initrd", .size = 0x2000000, .align = 0x10000, .share_window = true } },
	  .window = 32 * GIB,
	  .expected = "883d000000 883e000000" },
	{ "window: the initrd fits only below, so the kernel follows (hot-added memory over 31 "
	  "GiB)",
	  "40000000-80000000 8800000000-8801000000",
	  { { .what = "kernel", .size = 0x1000000, .align = 0x200000, .share_window = true },
	    { .what = "initrd", .size = 0x2000000, .align = 0x10000, .share_window = true } },
	  .window = 32 * GIB,
	  .expected = "7d000000 7e000000" },
	{ "window: the kernel fits only above, so a larger initrd follows",
	  "40000000-4f000000 8800000000-8840000000",
	  { { .what = "kernel", .size = 0x10000000, .align = 0x200000, .share_window = true },
	    { .what = "initrd", .size = 0x8000000, .align = 0x10000, .share_window = true } },
	  .window = 32 * GIB,
	  .expected = "8830000000 8828000000" },
	{ "window: other pieces need not be in it",
	  "40000000-40800000 8800000000-8800200000",
	  { { .what = "kernel", .size = 0x400000, .align = 0x200000, .share_window = true },
	    { .what = "initrd", .size = 0x400000, .align = 0x10000, .share_window = true },
	    { .what = "tree", .size = 0x200000, .align = 0x200000 } },
	  .window = 32 * GIB,
	  .expected = "40400000 40000000 8800000000" },
	{ "window: just inside 32 GiB",
	  "40000000-41000000 83f000000-840000000",
	  { { .what = "kernel", .size = 0x1000000, .align = 0x200000, .share_window = true },
	    { .what = "initrd", .size = 0x1000000, .align = 0x10000, .share_window = true } },
	  .window = 32 * GIB,
	  .expected = "83f000000 40000000" },
	{ "window: just outside 32 GiB",
	  "40000000-41000000 83f200000-840200000",
	  { { .what = "kernel", .size = 0x1000000, .align = 0x200000, .share_window = true },
	    { .what = "initrd", .size = 0x1000000, .align = 0x10000, .share_window = true } },
	  .window = 32 * GIB,
	  .sentence = TOGETHER("32 MiB", "16 MiB", "32 MiB") },
	{ "window: it starts at a whole GiB, not where the lower piece does",
	  "7f000000-80000000 840000000-841000000",
	  { { .what = "kernel", .size = 0x1000000, .align = 0x200000, .share_window = true },
	    { .what = "initrd", .size = 0x1000000, .align = 0x10000, .share_window = true } },
	  .window = 32 * GIB,
	  .sentence = TOGETHER("32 MiB", "16 MiB", "32 MiB") },
	{ "window: around address 0",
	  "0-2000000",
	  { { .what = "kernel", .size = 0x1000000, .align = 0x200000, .share_window = true },
	    { .what = "initrd", .size = 0x1000000, .align = 0x10000, .share_window = true } },
	  .window = 32 * GIB,
	  .expected = "1000000 0" },
	{ "window: at the top of the 64-bit space",
	  "ffffffffc0000000-ffffffffffffffff",
	  { { .what = "kernel", .size = 0x1000000, .align = 0x200000, .share_window = true },
	    { .what = "initrd", .size = 0x1000000, .align = 0x10000, .share_window = true } },
	  .end = UINT64_MAX,
	  .window = 32 * GIB,
	  .expected = "fffffffffee00000 fffffffffde00000" },
	{ "window: a lowest kernel keeps its place, the initrd comes near",
	  "40000000-80000000 8800000000-8840000000",
	  { { .what = "kernel",
	      .size = 0x1000000,
	      .align = 0x200000,
	      .bottom_up = true,
	      .share_window = true },
	    { .what = "initrd", .size = 0x2000000, .align = 0x10000, .share_window = true } },
	  .window = 32 * GIB,
	  .expected = "40000000 7e000000" },
	{ "window: kernel and initrd share it when a larger tree chooses first",
	  "40000000-41000000 8800000000-8800300000",
	  { { .what = "kernel", .size = 0x100000, .align = 0x200000, .share_window = true },
	    { .what = "initrd", .size = 0x100000, .align = 0x10000, .share_window = true },
	    { .what = "tree", .size = 0x200000, .align = 0x200000 } },
	  .window = 32 * GIB },

	{ "window: bounds that leave less of it, below",
	  "80000000-c0000000 1000000000-1040000000",
	  { { .what = "kernel", .size = 0x1000000, .align = 0x200000, .share_window = true },
	    { .what = "initrd", .size = 0x30000000, .align = 0x10000, .share_window = true } },
	  .start = 0xfe0000000,
	  .window = 32 * GIB,
	  .expected = "100f000000 1010000000" },
	{ "window: bounds that leave less of it, above",
	  "80000000-c0000000 1000000000-1040000000",
	  { { .what = "kernel", .size = 0x1000000, .align = 0x200000, .share_window = true },
	    { .what = "initrd", .size = 0x30000000, .align = 0x10000, .share_window = true } },
	  .end = 0xb8000000,
	  .window = 32 * GIB,
	  .expected = "87000000 88000000" },

	{ "each alone fits, together they do not",
	  "40000000-40600000",
	  { { .what = "kernel", .size = 0x400000, .align = 0x200000 },
	    { .what = "initrd", .size = 0x400000, .align = 0x10000 } },
	  .sentence = TOGETHER("8 MiB", "6 MiB", "6 MiB") },
	{ "the piece that finds no hole even alone is named",
	  "40000000-40600000",
	  { { .what = "kernel", .size = 0x200000, .align = 0x200000 },
	    { .what = "initrd", .size = 0x800000, .align = 0x10000 } },
	  .sentence = MISFIT("initrd", "8 MiB", "6 MiB", "6 MiB") },
	{ "of several holes the largest is named, and all are counted",
	  "40000000-40080000 50000000-50100000 60000000-60080000",
	  { { .what = "kernel", .size = 0x200000, .align = 0x200000 } },
	  .sentence = MISFIT("kernel", "2 MiB", "1 MiB", "2 MiB") },
	{ "the tree can be the one that finds none",
	  "40000000-401f0000",
	  { { .what = "kernel", .size = 0x100000, .align = 0x10000 },
	    { .what = "tree", .size = 0x200000, .align = 0x200000 } },
	  .sentence = MISFIT("tree", "2 MiB", "1.9 MiB", "1.9 MiB") },
	{ "another hole: the largest must not take the only aligned block",
	  "30100000-30300000 50000000-50200000",
	  { { .what = "kernel", .size = 0x1f0000, .align = 0x200000 },
	    { .what = "initrd", .size = 0x200000, .align = 0x10000 } },
	  .expected = "50000000 30100000" },
	{ "another end: the largest at the bottom, where the top leaves no aligned block",
	  "40000000-40500000",
	  { { .what = "kernel", .size = 0x200000, .align = 0x200000 },
	    { .what = "initrd", .size = 0x210000, .align = 0x10000 },
	    { .what = "tree", .size = 0x80000, .align = 0x10000 } },
	  .expected = "40000000 402f0000 40270000" },
	{ "another order: the second largest first",
	  "40000000-40200000 50000000-50200000 60000000-60100000",
	  { { .what = "kernel", .size = 0x100000, .align = 0x200000 },
	    { .what = "initrd", .size = 0x1f0000, .align = 0x10000 },
	    { .what = "tree", .size = 0x200000, .align = 0x200000 } },
	  .expected = "60000000 40010000 50000000" },
	{ "all of RAM, exactly",
	  "40000000-40400000",
	  { { .what = "kernel", .size = 0x200000, .align = 0x200000 },
	    { .what = "tree", .size = 0x200000, .align = 0x200000 } },
	  .expected = "40200000 40000000" },
};

static void read_room(struct ranges *s, const char *note)
{
	uint64_t start, end;
	char *next;

	*s = (struct ranges){ 0 };
	while (*note) {
		start = strtoull(note, &next, 16);
		end = strtoull(next + 1, &next, 16);
		if (!ranges_add(s, start, end, "RAM"))
			abort();
		note = next + strspn(next, " ");
	}
}

/* What any answer must keep, with arithmetic of its own. */
static void want_sound(const struct ranges *room, const struct placements *w)
{
	const struct placement *a, *b;
	bool inside;
	size_t i, j;

	for (i = 0; i < w->n; i++) {
		a = &w->v[i];
		want(a->placed == (a->size != 0), "each wish is answered");
		if (!a->placed)
			continue;
		want(a->at >= a->offset && (a->at - a->offset) % a->align == 0, "it is aligned");
		want(a->at >= a->within.start && a->size <= a->within.end - a->at,
		     "it is in bounds");
		for (inside = false, j = 0; j < room->n; j++)
			inside |= a->at >= room->v[j].start && a->at < room->v[j].end &&
				  a->size <= room->v[j].end - a->at;
		want(inside, "it is in one hole");
		for (j = 0; j < i; j++) {
			b = &w->v[j];
			if (!b->placed)
				continue;
			want(a->at < b->at ? b->at - a->at >= a->size : a->at - b->at >= b->size,
			     "no two overlap");
			want(!a->bottom_up || b->at > a->at, "nothing lies below the lowest");
			want(!b->bottom_up || a->at > b->at, "nothing lies below the lowest");
			want(!b->bottom_up || !a->near ||
				     a->at - (b->at - b->offset) + a->size <= a->near,
			     "it is near the lowest");
			if (!w->window || !a->share_window || !b->share_window)
				continue;
			uint64_t low =
				(a->at < b->at ? a->at : b->at) / w->window_align * w->window_align;

			want(a->at + a->size - low <= w->window &&
				     b->at + b->size - low <= w->window,
			     "they share a window");
		}
	}
}

static void walk_rows(void)
{
	const struct row *r;
	struct placement v[4];
	struct placements w;
	struct ranges room;
	struct error e;
	char came[100];
	struct strbuf t;
	bool ok;
	size_t i;

	for (r = rows; r < rows + ARRAY_SIZE(rows); r++) {
		CASE("%s", r->caption);
		memcpy(v, r->v, sizeof(v));
		for (w.n = 0; w.n < ARRAY_SIZE(v) && v[w.n].what; w.n++) {
			if (!v[w.n].align)
				v[w.n].align = 1;
			if (!v[w.n].within.end)
				v[w.n].within =
					(struct range){ r->start, r->end ? r->end : BITS48, NULL };
		}
		w = (struct placements){
			.v = v, .n = w.n, .window = r->window, .window_align = GIB
		};
		read_room(&room, r->room);
		e = (struct error){ 0 };
		ok = place(&room, &w, &e);
		want_error(ok, &e, r->sentence ? FAIL_ROOM : FAIL_NONE,
			   r->sentence ? r->sentence : "");
		if (ok) {
			want_sound(&room, &w);
			t = strbuf_fixed(came, sizeof(came));
			for (i = 0; i < w.n; i++) {
				if (v[i].placed)
					strbuf_printf(&t, "%s%llx", i ? " " : "",
						      (unsigned long long)v[i].at);
				else
					strbuf_printf(&t, "%s-", i ? " " : "");
			}
			if (r->expected)
				want_text("places", r->expected, came);
		}
		ranges_free(&room);
	}
}

static void the_hint(void)
{
	struct placement v = {
		.what = "kernel", .size = 1, .align = 1, .within = { 0, BITS48, NULL }
	};
	struct placements w = { .v = &v, .n = 1 };
	struct ranges room = { 0 };
	struct error e = { 0 };

	CASE("no room: the hint");
	place(&room, &w, &e);
	want_hint(&e,
		  "nothing was loaded: kexec-lite --plan --load without the initrd shows the map");
}

/* Answers whatever comes, in memory of a few cells, and every answer is sound. */
static void random_machines(void)
{
	unsigned k, placed = 0;
	struct placement v[4];
	struct placements w;
	struct ranges room;
	struct error e;
	size_t i, n;
	phys at;

	CASE("5000 random machines: an answer is sound, or an error is set");
	unit_random_start(2);
	for (k = 0; k < 5000; k++) {
		room = (struct ranges){ 0 };
		for (at = unit_random() % 32, n = 1 + unit_random() % 8; n--;
		     at += 1 + unit_random() % 40) {
			phys end = at + 1 + unit_random() % 60;

			if (!ranges_add(&room, at << 16, end << 16, "RAM"))
				abort();
			at = end;
		}
		for (i = 0; i < 4; i++) {
			v[i] = (struct placement){ .what = "piece", .share_window = i < 2 };
			v[i].size = (unit_random() % 40) << 16;
			v[i].align = 1ull << (16 + unit_random() % 4);
			v[i].within = (struct range){ 0, BITS48, NULL };
			if (unit_random() % 4 == 0)
				v[i].within.start = (unit_random() % 100) << 16;
			if (unit_random() % 4 == 0)
				v[i].within.end = v[i].within.start + ((unit_random() % 200) << 16);
		}
		if (unit_random() % 4 == 0)
			v[0].offset = 0x8000;
		v[0].bottom_up = unit_random() % 4 == 0 && v[0].size;
		v[2].near = unit_random() % 2 ? 100 << 16 : 0;
		w = (struct placements){ .v = v,
					 .n = 4,
					 .window = unit_random() % 2 ? 128 << 16 : 0,
					 .window_align = 16 << 16 };
		e = (struct error){ 0 };
		if (place(&room, &w, &e)) {
			placed++;
			want_sound(&room, &w);
		} else {
			want(e.code == FAIL_ROOM && e.text[0] && e.hint[0], "it says why not");
		}
		ranges_free(&room);
	}
	want(placed > 1000, "many find their place");
}

void test_holes(void)
{
	walk_rows();
	the_hint();
	random_machines();
}
