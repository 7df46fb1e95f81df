/* SPDX-License-Identifier: MIT */
#include "unit.h"

#include "dt/chosen.h"

#include <libfdt.h>
#include <stdio.h>

/* What chosen_write() puts into an empty /chosen: newest first. */
#define SEEDS                                                                                      \
	"rng-seed = <80818283 84858687 88898a8b 8c8d8e8f 90919293 94959697 98999a9b 9c9d9e9f>; "   \
	"kaslr-seed = <10111213 14151617>; "
#define FRESH(bootargs) "linux,booted-from-kexec; " SEEDS "bootargs = \"" bootargs "\"; "
#define INITRD		"linux,initrd-end = <0 50001388>; linux,initrd-start = <0 50000000>; "
/* where there was one before */
#define PLACE "linux,initrd-start = <0 50000000>; linux,initrd-end = <0 50001388>; "
#define CELLS "#address-cells = <2>; #size-cells = <2>; "

static const struct row {
	const char *caption, *before, *cmdline;
	phys initrd_start, initrd_end;
	phys tree_start;
	size_t tree_size, old_total;
	const char *after;
} rows[] = {
	{ .caption = "no /chosen at all",
	  .before = "/ { model = \"m\"; cpus { }; };",
	  .cmdline = "quiet",
	  .after = "/ { model = \"m\"; chosen { " FRESH("quiet") "}; cpus { }; };" },
	{ .caption = "an empty /chosen: seeds are created (EFI machines; kexec-tools makes none)",
	  .before = "/ { chosen { }; };",
	  .cmdline = "quiet",
	  .after = "/ { chosen { " FRESH("quiet") "}; };" },
	{ .caption = "an empty command line",
	  .before = "/ { chosen { bootargs = \"old\"; }; };",
	  .cmdline = "",
	  .after = "/ { chosen { linux,booted-from-kexec; " SEEDS "bootargs = \"\"; }; };" },
	{ .caption = "seeds are replaced, a stale one is no error (kexec-tools with nokaslr)",
	  .before = "/ { chosen { kaslr-seed = <aaaaaaaa bbbbbbbb>; rng-seed = <1 2 3 4 5 6 7 8>; "
		    "}; };",
	  .cmdline = "a",
	  .after = "/ { chosen { linux,booted-from-kexec; bootargs = \"a\"; "
		   "kaslr-seed = <10111213 14151617>; rng-seed = <80818283 84858687 88898a8b "
		   "8c8d8e8f "
		   "90919293 94959697 98999a9b 9c9d9e9f>; }; };" },
	{ .caption = "seeds of other lengths are replaced",
	  .before = "/ { chosen { kaslr-seed = <1>; rng-seed; }; };",
	  .cmdline = "a",
	  .after = "/ { chosen { linux,booted-from-kexec; bootargs = \"a\"; "
		   "kaslr-seed = <10111213 14151617>; rng-seed = <80818283 84858687 88898a8b "
		   "8c8d8e8f "
		   "90919293 94959697 98999a9b 9c9d9e9f>; }; };" },
	{ .caption = "all of linux,uefi-* stays, and stdout-path",
	  .before = "/ { chosen { linux,uefi-system-table = <0 1>; linux,uefi-mmap-start = <0 2>; "
		    "linux,uefi-mmap-size = <3>; linux,uefi-mmap-desc-size = <4>; "
		    "linux,uefi-mmap-desc-ver = <1>; linux,uefi-secure-boot = <1>; "
		    "stdout-path = \"/pl011\"; bootargs = \"old\"; }; };",
	  .cmdline = "new",
	  .after = "/ { chosen { linux,booted-from-kexec; " SEEDS
		   "linux,uefi-system-table = <0 1>; linux,uefi-mmap-start = <0 2>; "
		   "linux,uefi-mmap-size = <3>; linux,uefi-mmap-desc-size = <4>; "
		   "linux,uefi-mmap-desc-ver = <1>; linux,uefi-secure-boot = <1>; "
		   "stdout-path = \"/pl011\"; bootargs = \"new\"; }; };" },
	{ .caption = "EFI, and nothing is said of secure boot: unknown",
	  .before = "/ { chosen { linux,uefi-system-table = <0 1>; bootargs = \"old\"; }; };",
	  .cmdline = "a",
	  .after = "/ { chosen { linux,uefi-secure-boot = <0>; linux,booted-from-kexec; " SEEDS
		   "linux,uefi-system-table = <0 1>; bootargs = \"a\"; }; };" },
	{ .caption = "EFI, and what is said of secure boot is no number: unknown",
	  .before = "/ { chosen { linux,uefi-system-table = <0 1>; linux,uefi-secure-boot; }; };",
	  .cmdline = "a",
	  .after = "/ { chosen { " FRESH("a") "linux,uefi-system-table = <0 1>; "
					      "linux,uefi-secure-boot = <0>; }; };" },
	{ .caption = "initrd, with its reservation behind the others",
	  .before = "@1000+1000; / { chosen { }; };",
	  .cmdline = "a",
	  .initrd_start = 0x50000000,
	  .initrd_end = 0x50001388,
	  .after = "@1000+1000; @50000000+1388; / { chosen { " INITRD FRESH("a") "}; };" },
	{ .caption =
		  "a tree without a reservation gets one (it overwrote the header in kexec-tools)",
	  .before = "/ { chosen { }; };",
	  .cmdline = "a",
	  .initrd_start = 0x50000000,
	  .initrd_end = 0x50001388,
	  .after = "@50000000+1388; / { chosen { " INITRD FRESH("a") "}; };" },
	{ .caption = "a tree that reserves itself",
	  .before = "@1000+1000; / { chosen { }; };",
	  .cmdline = "a",
	  .initrd_start = 0x50000000,
	  .initrd_end = 0x50001388,
	  .tree_start = 0x60000000,
	  .tree_size = 0x400,
	  .after = "@1000+1000; @50000000+1388; @60000000+400; / { chosen { " INITRD FRESH(
		  "a") "}; };" },
	{ .caption = "a tree that reserves itself, without initrd",
	  .before = "/ { chosen { }; };",
	  .cmdline = "a",
	  .tree_start = 0x60000000,
	  .tree_size = 0x400,
	  .after = "@60000000+400; / { chosen { " FRESH("a") "}; };" },
	{ .caption = "no initrd: the old one goes, with its reservation (kexec-lite of 2013 leaves "
		     "it)",
	  .before = "@48000000+500000; / { chosen { linux,initrd-start = <0 48000000>; "
		    "linux,initrd-end = <0 48500000>; }; };",
	  .cmdline = "a",
	  .after = "/ { chosen { " FRESH("a") "}; };" },
	{ .caption = "an old initrd in 4 bytes, its end inside a page",
	  .before = "@48000000+500000; / { chosen { linux,initrd-start = <48000000>; "
		    "linux,initrd-end = <484ffff1>; }; };",
	  .cmdline = "a",
	  .after = "/ { chosen { " FRESH("a") "}; };" },
	{ .caption = "a new initrd in place of an old one, in 4 bytes: it stays there, in 8 bytes",
	  .before = "@48000000+500000; / { chosen { linux,initrd-start = <48000000>; "
		    "linux,initrd-end = <48500000>; }; };",
	  .cmdline = "a",
	  .initrd_start = 0x50000000,
	  .initrd_end = 0x50001388,
	  .after = "@50000000+1388; / { chosen { " FRESH("a") PLACE "}; };" },
	{ .caption = "an old initrd reserved in several pieces: all of them go",
	  .before = "@48000000+100000; @1000+1000; @48100000+100000; @48200000+300000; "
		    "/ { chosen { linux,initrd-start = <0 48000000>; linux,initrd-end = <0 "
		    "48500000>; }; };",
	  .cmdline = "a",
	  .after = "@1000+1000; / { chosen { " FRESH("a") "}; };" },
	{ .caption = "three stale reservations in a row: every one goes (kexec-lite left every "
		     "other one)",
	  .before = "@48000000+100000; @48100000+100000; @48200000+300000; "
		    "/ { chosen { linux,initrd-start = <0 48000000>; linux,initrd-end = <0 "
		    "48500000>; }; };",
	  .cmdline = "a",
	  .after = "/ { chosen { " FRESH("a") "}; };" },
	{ .caption = "the same stale reservation five times",
	  .before = "@48000000+500000; @48000000+500000; @48000000+500000; @48000000+500000; "
		    "@48000000+500000; / { chosen { linux,initrd-start = <0 48000000>; "
		    "linux,initrd-end = <0 48500000>; }; };",
	  .cmdline = "a",
	  .after = "/ { chosen { " FRESH("a") "}; };" },
	{ .caption = "a larger reservation over the old initrd is another's, and stays",
	  .before = "@40000000+10000000; @48000000+500000; / { chosen { "
		    "linux,initrd-start = <0 48000000>; linux,initrd-end = <0 48500000>; }; };",
	  .cmdline = "a",
	  .after = "@40000000+10000000; / { chosen { " FRESH("a") "}; };" },
	{ .caption = "reservations that only touch the old initrd stay",
	  .before = "@47ff0000+10000; @48500000+10000; / { chosen { linux,initrd-start = <0 "
		    "48000000>; "
		    "linux,initrd-end = <0 48500000>; }; };",
	  .cmdline = "a",
	  .after = "@47ff0000+10000; @48500000+10000; / { chosen { " FRESH("a") "}; };" },
	{ .caption = "an old initrd that ends below its start says nothing of memory",
	  .before = "@48000000+500000; / { chosen { linux,initrd-start = <0 48500000>; "
		    "linux,initrd-end = <0 48000000>; }; };",
	  .cmdline = "a",
	  .after = "@48000000+500000; / { chosen { " FRESH("a") "}; };" },
	{ .caption = "a reservation that wraps stays",
	  .before =
		  "@fffffffffffff000+2000; / { chosen { linux,initrd-start = <ffffffff fffff000>; "
		  "linux,initrd-end = <ffffffff ffffffff>; }; };",
	  .cmdline = "a",
	  .after = "@fffffffffffff000+2000; / { chosen { " FRESH("a") "}; };" },
	{ .caption = "every stale property goes",
	  .before = "/ { chosen { linux,elfcorehdr = <1>; linux,usable-memory-range = <2>; "
		    "linux,kho-fdt = <3>; linux,kho-scratch = <4>; linux,ima-kexec-buffer = <5>; "
		    "linux,dmcryptkeys = <6>; linux,initrd-start = <7>; linux,initrd-end = <8>; "
		    "bootargs = \"old\"; }; };",
	  .cmdline = "a",
	  .after = "/ { chosen { linux,booted-from-kexec; " SEEDS "bootargs = \"a\"; }; };" },
	{ .caption = "three stale properties in a row, among others",
	  .before = "/ { chosen { a; linux,elfcorehdr = <1>; linux,kho-fdt = <3>; "
		    "linux,ima-kexec-buffer = <5>; b; }; };",
	  .cmdline = "x",
	  .after = "/ { chosen { " FRESH("x") "a; b; }; };" },
	{ .caption =
		  "a stale property that is there twice goes twice (usable-memory in kexec-tools)",
	  .before =
		  "/ { chosen { linux,usable-memory-range = <1>; linux,usable-memory-range = <2>; "
		  "linux,usable-memory-range = <3>; }; };",
	  .cmdline = "a",
	  .after = "/ { chosen { " FRESH("a") "}; };" },
	{ .caption = "properties that only begin like stale ones stay",
	  .before = "/ { chosen { linux,elfcorehdr2 = <1>; linux,initrd = <2>; }; };",
	  .cmdline = "a",
	  .after =
		  "/ { chosen { " FRESH("a") "linux,elfcorehdr2 = <1>; linux,initrd = <2>; }; };" },
	{ .caption = "the crash kernel's header goes with its reservation",
	  .before = "@60000000+10000; @1000+1000; / { " CELLS
		    "chosen { linux,elfcorehdr = <0 60000000 0 400>; }; };",
	  .cmdline = "a",
	  .after = "@1000+1000; / { " CELLS "chosen { " FRESH("a") "}; };" },
	{ .caption = "KHO and IMA go with their reservations",
	  .before = "@60000000+1000; @1000+1000; @70000000+5000; / { " CELLS
		    "chosen { linux,kho-fdt = <0 60000000 0 1000>; "
		    "linux,ima-kexec-buffer = <0 70000000 0 5000>; }; };",
	  .cmdline = "a",
	  .after = "@1000+1000; / { " CELLS "chosen { " FRESH("a") "}; };" },
	{ .caption = "in cells of 1",
	  .before = "@60000000+1000; / { #address-cells = <1>; #size-cells = <1>; "
		    "chosen { linux,kho-fdt = <60000000 1000>; }; };",
	  .cmdline = "a",
	  .after = "/ { #address-cells = <1>; #size-cells = <1>; chosen { " FRESH("a") "}; };" },
	{ .caption = "the old tree's own reservation goes, by its odd size",
	  .before = "@1000+1000; @45000000+3e97; @2000+1000; / { chosen { }; };",
	  .cmdline = "a",
	  .old_total = 0x3e97,
	  .after = "@1000+1000; @2000+1000; / { chosen { " FRESH("a") "}; };" },
	{ .caption = "an old tree of round size: its reservation may be another's, and stays",
	  .before = "@45000000+100000; / { chosen { }; };",
	  .cmdline = "a",
	  .old_total = 0x100000,
	  .after = "@45000000+100000; / { chosen { " FRESH("a") "}; };" },
	{ .caption = "two reservations of the old tree's size: nobody knows which, both stay",
	  .before = "@45000000+3e97; @46000000+3e97; / { chosen { }; };",
	  .cmdline = "a",
	  .old_total = 0x3e97,
	  .after = "@45000000+3e97; @46000000+3e97; / { chosen { " FRESH("a") "}; };" },
	{ .caption = "a start of an old initrd without an end says nothing of memory",
	  .before = "@48000000+500000; / { chosen { linux,initrd-start = <0 48000000>; }; };",
	  .cmdline = "a",
	  .after = "@48000000+500000; / { chosen { " FRESH("a") "}; };" },
	{ .caption = "an empty crash header says nothing of memory",
	  .before = "@60000000+10000; / { " CELLS
		    "chosen { linux,elfcorehdr = <0 60000000 0 0>; }; };",
	  .cmdline = "a",
	  .after = "@60000000+10000; / { " CELLS "chosen { " FRESH("a") "}; };" },
	{ .caption = "an old tree that nobody reserved: other reservations stay",
	  .before = "@45000000+3e98; / { chosen { }; };",
	  .cmdline = "a",
	  .old_total = 0x3e97,
	  .after = "@45000000+3e98; / { chosen { " FRESH("a") "}; };" },
	{ .caption = "old reservations before /chosen is touched: the node moves",
	  .before = "@48000000+500000; @60000000+1000; @45000000+3e97; / { " CELLS
		    "cpus { cpu@0 { }; }; chosen { linux,initrd-start = <0 48000000>; "
		    "linux,initrd-end = <0 48500000>; linux,elfcorehdr = <0 60000000 0 1000>; }; "
		    "memory@0 { }; };",
	  .cmdline = "a",
	  .initrd_start = 0x50000000,
	  .initrd_end = 0x50001388,
	  .old_total = 0x3e97,
	  .after = "@50000000+1388; / { " CELLS "cpus { cpu@0 { }; }; chosen { " FRESH("a") PLACE
	  "}; memory@0 { }; };" },
};

static void seed(struct chosen *c)
{
	size_t i;

	for (i = 0; i < KASLR_SEED; i++)
		c->kaslr_seed[i] = (uint8_t)(0x10 + i);
	for (i = 0; i < RNG_SEED; i++)
		c->rng_seed[i] = (uint8_t)(0x80 + i);
}

static struct chosen ask(const struct row *r)
{
	struct chosen c = { .cmdline = r->cmdline,
			    .initrd_start = r->initrd_start,
			    .initrd_end = r->initrd_end,
			    .tree_start = r->tree_start,
			    .tree_size = r->tree_size };

	seed(&c);
	return c;
}

static void writes(void)
{
	char buf[2000];
	struct span before, out = { NULL, 0 };
	struct chosen c;
	struct error e;
	struct tree t;
	size_t i;
	bool ok;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		CASE("write: %s", rows[i].caption);
		before = note_tree(rows[i].before);
		c = ask(&rows[i]);
		e = (struct error){ 0 };
		if (!tree_open(&t, before, chosen_slack(strlen(c.cmdline)), "/t", &e))
			abort();
		chosen_clean(&t, rows[i].old_total);
		ok = chosen_write(&t, &c, &e) && tree_pack(&t, &out, &e);
		want_error(ok, &e, FAIL_NONE, "");
		if (ok) {
			want_text("tree", rows[i].after, note_print(out.p, buf, sizeof(buf)));
			want_error(chosen_check(out, &c, &e), &e, FAIL_NONE, "");
		}
		tree_free(&t);
		note_free(&before);
	}
}

/* The slack is enough whatever the tree lacks, and not by luck of alignment. */
static void slacks(void)
{
	static char cmdline[2049];
	struct span before = note_tree("/ { };");
	struct chosen c = { .cmdline = cmdline,
			    .initrd_start = 0x50000000,
			    .initrd_end = 0x60000000,
			    .tree_start = 0x70000000,
			    .tree_size = 0x1000 };
	struct ranges shared = { 0 };
	struct error e = { 0 };
	struct tree t;
	size_t n;

	CASE("slack: enough for every length of a command line, and all that a crash kernel "
	     "shares");
	seed(&c);
	c.elfcorehdr = c.usable = c.low = (struct range){ 0x30000000, 0x31000000, NULL };
	c.cma = &shared;
	for (n = 0; n <= CRASH_CMA_MAX; n++)
		ranges_add(&shared, (n + 1) << 20, ((n + 1) << 20) + 0x1000, NULL);
	for (n = 0; n < 2048; n++) {
		if (!tree_open(&t, before, chosen_slack(n), "/t", &e) || !chosen_write(&t, &c, &e))
			unit_fail("expected room for %zu bytes, came %s", n, e.text);
		tree_free(&t);
		cmdline[n] = 'a';
	}
	ranges_free(&shared);
	note_free(&before);
}

static bool write_crash(struct tree *t, struct span before, size_t slack, struct error *e)
{
	struct chosen c = { .cmdline = "a",
			    .initrd_start = 0x50000000,
			    .initrd_end = 0x50001388,
			    .tree_start = 0x60000000,
			    .tree_size = 0x400,
			    .elfcorehdr = { 0x70000000, 0x70001000, NULL },
			    .usable = { 0x70000000, 0x78000000, NULL },
			    .low = { 0x1000000, 0x2000000, NULL },
			    .backup = { 0x71000000, 0x71010000, NULL } };

	*e = (struct error){ 0 };
	seed(&c);
	return tree_open(t, before, slack, "/t", e) && chosen_write(t, &c, e);
}

#define CRASH_AFTER(cells, usable, core)                                                           \
	"@50000000+1388; @60000000+400; @70000000+1000; @71000000+10000; / { " cells               \
	"chosen { linux,usable-memory-range = <" usable ">; linux,elfcorehdr = <" core             \
	">; " INITRD FRESH("a") "}; };"

/* What a crash kernel is told, in the cells of its tree; and every part of it without room. */
static void crashes(void)
{
	static const struct {
		const char *caption, *before, *after, *sentence;
	} crash_rows[] = {
		{ "in cells of 2", "/ { " CELLS "chosen { }; };",
		  CRASH_AFTER(CELLS, "0 70000000 0 8000000 0 1000000 0 1000000",
			      "0 70000000 0 1000"),
		  "" },
		{ "in cells of 1", "/ { #address-cells = <1>; #size-cells = <1>; chosen { }; };",
		  CRASH_AFTER("#address-cells = <1>; #size-cells = <1>; ",
			      "70000000 8000000 1000000 1000000", "70000000 1000"),
		  "" },
		{ "in cells of 2, and sizes of 1, which a tree has that does not say",
		  "/ { #address-cells = <2>; chosen { }; };",
		  CRASH_AFTER("#address-cells = <2>; ", "0 70000000 8000000 0 1000000 1000000",
			      "0 70000000 1000"),
		  "" },
		{ "addresses of three cells: refused",
		  "/ { #address-cells = <3>; #size-cells = <2>; chosen { }; };", NULL,
		  "write the device tree: FDT_ERR_BADNCELLS: /t" },
		{ "addresses of no cells: refused",
		  "/ { #address-cells = <0>; #size-cells = <2>; chosen { }; };", NULL,
		  "write the device tree: FDT_ERR_BADNCELLS: /t" },
		{ "sizes of three cells: refused",
		  "/ { #address-cells = <2>; #size-cells = <3>; chosen { }; };", NULL,
		  "write the device tree: FDT_ERR_BADNCELLS: /t" },
		{ "sizes of no cells: refused",
		  "/ { #address-cells = <2>; #size-cells = <0>; chosen { }; };", NULL,
		  "write the device tree: FDT_ERR_BADNCELLS: /t" },
	};
	struct chosen high = { .cmdline = "a", .elfcorehdr = { 1ull << 32, 1ull << 33, NULL } };
	struct span before;
	struct error e;
	struct tree t;
	char buf[2000];
	size_t i, slack;
	bool ok;

	for (i = 0; i < ARRAY_SIZE(crash_rows); i++) {
		CASE("crash kernel: %s", crash_rows[i].caption);
		before = note_tree(crash_rows[i].before);
		ok = write_crash(&t, before, chosen_slack(1), &e);
		want_error(ok, &e, ok ? FAIL_NONE : FAIL_TREE, crash_rows[i].sentence);
		if (ok)
			want_text("tree", crash_rows[i].after,
				  note_print(t.blob, buf, sizeof(buf)));
		tree_free(&t);
		note_free(&before);
	}
	CASE("crash kernel: above 4 GiB in cells of 1: refused");
	before = note_tree("/ { #address-cells = <1>; #size-cells = <1>; chosen { }; };");
	e = (struct error){ 0 };
	seed(&high);
	ok = tree_open(&t, before, chosen_slack(1), "/t", &e) && chosen_write(&t, &high, &e);
	want_error(ok, &e, FAIL_TREE, "write the device tree: FDT_ERR_BADVALUE: /t");
	tree_free(&t);
	note_free(&before);

	CASE("without room: libfdt's sentence, wherever it ends");
	before = note_tree("/ { " CELLS "};");
	for (slack = 0, ok = false; slack < chosen_slack(1) && !ok; slack += 4) {
		ok = write_crash(&t, before, slack, &e);
		want_error(ok, &e, ok ? FAIL_NONE : FAIL_TREE,
			   ok ? "" : "write the device tree: FDT_ERR_NOSPACE: /t");
		tree_free(&t);
	}
	want(ok, "with room it is written");
	note_free(&before);
}

/* What chosen_move() gets that was not written: the tree has no room for it. */
static void moves_more(void)
{
	static const struct {
		const char *caption;
		struct chosen c;
	} more[] = {
		{ "a longer command line", { .cmdline = "abcdefgh" } },
		{ "an initrd", { .cmdline = "a", .initrd_start = 1, .initrd_end = 2 } },
		{ "a core header", { .cmdline = "a", .elfcorehdr = { 1, 2, NULL } } },
	};
	struct span before = note_tree("@1000+1000; / { " CELLS "chosen { }; };"), out;
	struct chosen c = { .cmdline = "a" };
	struct error e;
	struct tree t;
	size_t i;
	bool ok;

	seed(&c);
	for (i = 0; i < ARRAY_SIZE(more); i++) {
		CASE("move: %s that was not written has no room", more[i].caption);
		e = (struct error){ 0 };
		if (!tree_open(&t, before, chosen_slack(1), "/t", &e) ||
		    !chosen_write(&t, &c, &e) || !tree_pack(&t, &out, &e))
			abort();
		ok = chosen_move(&t, &more[i].c, &e);
		want_error(ok, &e, FAIL_TREE, "write the device tree: FDT_ERR_NOSPACE: /t");
		tree_free(&t);
	}
	note_free(&before);
}

static void moves(void)
{
	struct span before = note_tree("@1000+1000; / { chosen { }; };"), out = { NULL, 0 };
	struct chosen c = { .cmdline = "a", .initrd_end = 0x1388, .tree_size = 1 };
	struct error e = { 0 };
	char buf[1000];
	struct tree t;
	size_t size;
	bool ok;

	CASE("move: initrd and tree get their places, and the size stays");
	seed(&c);
	ok = tree_open(&t, before, chosen_slack(1), "/t", &e) && chosen_write(&t, &c, &e) &&
	     tree_pack(&t, &out, &e);
	size = out.len;
	c.initrd_start = 0x50000000;
	c.initrd_end = 0x50001388;
	c.tree_start = 0x60000000;
	c.tree_size = size;
	ok = ok && chosen_move(&t, &c, &e);
	want_error(ok, &e, FAIL_NONE, "");
	want_u64("size", size, fdt_totalsize(t.blob));
	snprintf(buf + 500, 500,
		 "@1000+1000; @50000000+1388; @60000000+%zx; / { chosen { " INITRD FRESH(
			 "a") "}; };",
		 size);
	want_text("tree", buf + 500, note_print(t.blob, buf, 500));
	want_error(chosen_check(out, &c, &e), &e, FAIL_NONE, "");
	tree_free(&t);

	CASE("move: without initrd nothing moves");
	c = (struct chosen){ .cmdline = "a" };
	seed(&c);
	ok = tree_open(&t, before, chosen_slack(1), "/t", &e) && chosen_write(&t, &c, &e) &&
	     tree_pack(&t, &out, &e) && chosen_move(&t, &c, &e);
	want_error(ok, &e, FAIL_NONE, "");
	want_text("tree", "@1000+1000; / { chosen { " FRESH("a") "}; };",
		  note_print(t.blob, buf, 500));
	tree_free(&t);
	note_free(&before);
}

/* A finished tree, and one thing wrong with it. */
#define WRONG(what) "trust the plan: " what " in its device tree is wrong"
#define GOOD	    "linux,booted-from-kexec; " SEEDS "bootargs = \"a\"; "
static const struct {
	const char *caption, *note;
	bool initrd;
	const char *sentence;
} check_rows[] = {
	{ "as asked", "/ { chosen { " GOOD "}; };", false, "" },
	{ "as asked, with initrd", "@50000000+1388; / { chosen { " INITRD GOOD "}; };", true, "" },
	{ "no /chosen", "/ { };", false, WRONG("/chosen") },
	{ "no bootargs", "/ { chosen { linux,booted-from-kexec; " SEEDS "}; };", false,
	  WRONG("bootargs") },
	{ "other bootargs",
	  "/ { chosen { linux,booted-from-kexec; " SEEDS "bootargs = \"b\"; }; };", false,
	  WRONG("bootargs") },
	{ "bootargs that go on",
	  "/ { chosen { linux,booted-from-kexec; " SEEDS "bootargs = \"ab\"; }; };", false,
	  WRONG("bootargs") },
	{ "bootargs without a NUL",
	  "/ { chosen { linux,booted-from-kexec; " SEEDS "bootargs = [61]; }; };", false,
	  WRONG("bootargs") },
	{ "no kaslr-seed", "/ { chosen { linux,booted-from-kexec; bootargs = \"a\"; }; };", false,
	  WRONG("kaslr-seed") },
	{ "another kaslr-seed",
	  "/ { chosen { linux,booted-from-kexec; kaslr-seed = <10111213 14151618>; bootargs = "
	  "\"a\"; }; };",
	  false, WRONG("kaslr-seed") },
	{ "no rng-seed",
	  "/ { chosen { linux,booted-from-kexec; kaslr-seed = <10111213 14151617>; bootargs = "
	  "\"a\"; }; };",
	  false, WRONG("rng-seed") },
	{ "no linux,booted-from-kexec", "/ { chosen { " SEEDS "bootargs = \"a\"; }; };", false,
	  WRONG("linux,booted-from-kexec") },
	{ "an initrd that was not asked for", "@50000000+1388; / { chosen { " INITRD GOOD "}; };",
	  false, WRONG("the initrd") },
	{ "only an initrd's end that was not asked for",
	  "/ { chosen { linux,initrd-end = <0 1>; " GOOD "}; };", false, WRONG("the initrd") },
	{ "no initrd", "@50000000+1388; / { chosen { " GOOD "}; };", true, WRONG("the initrd") },
	{ "no reservation for the initrd", "/ { chosen { " INITRD GOOD "}; };", true,
	  WRONG("the initrd") },
	{ "a shorter reservation for the initrd",
	  "@50000000+1387; / { chosen { " INITRD GOOD "}; };", true, WRONG("the initrd") },
	{ "an initrd that ends elsewhere",
	  "@50000000+1388; / { chosen { linux,initrd-start = <0 50000000>; linux,initrd-end = <0 "
	  "50001389>; " GOOD "}; };",
	  true, WRONG("the initrd") },
	{ "an initrd that starts elsewhere",
	  "@50000000+1388; / { chosen { linux,initrd-start = <0 50000001>; linux,initrd-end = <0 "
	  "50001388>; " GOOD "}; };",
	  true, WRONG("the initrd") },
	{ "linux,elfcorehdr", "/ { chosen { linux,elfcorehdr = <1>; " GOOD "}; };", false,
	  WRONG("a crash kernel's part") },
	{ "linux,usable-memory-range",
	  "/ { chosen { linux,usable-memory-range = <1>; " GOOD "}; };", false,
	  WRONG("a crash kernel's part") },
	/* "and nothing stale": any sentence will do */
	{ "linux,kho-fdt", "/ { chosen { linux,kho-fdt = <1>; " GOOD "}; };", false, NULL },
	{ "linux,kho-scratch", "/ { chosen { linux,kho-scratch = <1>; " GOOD "}; };", false, NULL },
	{ "linux,ima-kexec-buffer", "/ { chosen { linux,ima-kexec-buffer = <1>; " GOOD "}; };",
	  false, NULL },
	{ "linux,dmcryptkeys", "/ { chosen { linux,dmcryptkeys = <1>; " GOOD "}; };", false, NULL },
};

/* A crash kernel's tree, and one thing wrong with it. */
static void checks_crash(void)
{
#define CRASH(core, usable) CELLS "chosen { " core usable GOOD "}; };"
#define CORE_IS(v)	    "linux,elfcorehdr = <" v ">; "
#define USABLE_IS(v)	    "linux,usable-memory-range = <" v ">; "
#define CORE_GOOD	    CORE_IS("0 70000000 0 1000")
#define USABLE_GOOD	    USABLE_IS("0 70000000 0 8000000 0 1000000 0 1000000")
#define RESERVED	    "@70000000+1000; @71000000+10000; / { "
	static const struct {
		const char *caption, *note;
		bool good;
	} crash_rows[] = {
		{ "as asked", RESERVED CRASH(CORE_GOOD, USABLE_GOOD), true },
		{ "no header", RESERVED CRASH("", USABLE_GOOD), false },
		{ "a header elsewhere", RESERVED CRASH(CORE_IS("0 70000001 0 fff"), USABLE_GOOD),
		  false },
		{ "a longer header", RESERVED CRASH(CORE_IS("0 70000000 0 1001"), USABLE_GOOD),
		  false },
		{ "two headers", RESERVED CRASH(CORE_IS("0 70000000 0 1000 0 1 0 1"), USABLE_GOOD),
		  false },
		{ "no memory", RESERVED CRASH(CORE_GOOD, ""), false },
		{ "no low memory", RESERVED CRASH(CORE_GOOD, USABLE_IS("0 70000000 0 8000000")),
		  false },
		{ "low memory elsewhere",
		  RESERVED CRASH(CORE_GOOD, USABLE_IS("0 70000000 0 8000000 0 1000001 0 ffffff")),
		  false },
		{ "more low memory",
		  RESERVED CRASH(CORE_GOOD, USABLE_IS("0 70000000 0 8000000 0 1000000 0 1000001")),
		  false },
		{ "a third range",
		  RESERVED CRASH(CORE_GOOD, USABLE_IS("0 70000000 0 8000000 0 1000000 0 1000000 "
						      "0 1 0 1")),
		  false },
		{ "the header is not reserved",
		  "@71000000+10000; / { " CRASH(CORE_GOOD, USABLE_GOOD), false },
		{ "what the stub fills is not reserved",
		  "@70000000+1000; / { " CRASH(CORE_GOOD, USABLE_GOOD), false },
	};
	struct chosen c = { .cmdline = "a",
			    .elfcorehdr = { 0x70000000, 0x70001000, NULL },
			    .usable = { 0x70000000, 0x78000000, NULL },
			    .low = { 0x1000000, 0x2000000, NULL },
			    .backup = { 0x71000000, 0x71010000, NULL } };
	struct error e;
	struct span s;
	size_t i;

	seed(&c);
	for (i = 0; i < ARRAY_SIZE(crash_rows); i++) {
		CASE("check, crash kernel: %s", crash_rows[i].caption);
		s = note_tree(crash_rows[i].note);
		e = (struct error){ 0 };
		want_error(chosen_check(s, &c, &e), &e, crash_rows[i].good ? FAIL_NONE : FAIL_BUG,
			   crash_rows[i].good ? "" : WRONG("a crash kernel's part"));
		note_free(&s);
	}
}

static void checks(void)
{
	struct chosen c;
	struct error e;
	struct span s;
	size_t i;
	bool ok;

	for (i = 0; i < ARRAY_SIZE(check_rows); i++) {
		CASE("check: %s", check_rows[i].caption);
		c = (struct chosen){ .cmdline = "a" };
		seed(&c);
		if (check_rows[i].initrd) {
			c.initrd_start = 0x50000000;
			c.initrd_end = 0x50001388;
		}
		s = note_tree(check_rows[i].note);
		e = (struct error){ 0 };
		ok = chosen_check(s, &c, &e);
		if (check_rows[i].sentence)
			want_error(ok, &e, *check_rows[i].sentence ? FAIL_BUG : FAIL_NONE,
				   check_rows[i].sentence);
		else
			want(!ok && e.code == FAIL_BUG, "it is refused");
		note_free(&s);
	}
	CASE("check: a property of 4 GiB less a byte, over which libfdt 1.6 wraps");
	c = (struct chosen){ .cmdline = "a" };
	seed(&c);
	s = note_tree("/ { wraps = <4>; chosen { " GOOD "}; };"); /* 4: a NOP, if it is a tag */
	put_be32((uint8_t *)(uintptr_t)tree_getprop(s.p, 0, "wraps").p - 8, 0xffffffff);
	e = (struct error){ 0 };
	want_error(chosen_check(s, &c, &e), &e, FAIL_BUG,
		   "trust the plan: its device tree is not sound");
	note_free(&s);
	CASE("check: a tree cut short");
	c = (struct chosen){ .cmdline = "a" };
	seed(&c);
	s = note_tree("/ { chosen { " GOOD "}; };");
	s.len--;
	e = (struct error){ 0 };
	want_error(chosen_check(s, &c, &e), &e, FAIL_BUG,
		   "trust the plan: its device tree is not sound");
	note_free(&s);
}

void test_chosen(void)
{
	writes();
	slacks();
	crashes();
	moves();
	moves_more();
	checks();
	checks_crash();
}
