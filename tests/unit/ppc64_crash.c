/* SPDX-License-Identifier: MIT */
/* What a ppc64 crash kernel's tree says of memory, and what is undone when it loads the next one.
 */
#include "unit.h"

#include "arch/ppc64/ppc64.h"

#include <libfdt.h>
#include <stdio.h>

#define ROOT "#address-cells = <2>; #size-cells = <2>; "
#define MEMORY(at, reg, rest)                                                                      \
	"memory@" at " { " rest "device_type = \"memory\"; reg = <" reg ">; }; "
#define DYNAMIC(list, rest)                                                                        \
	"ibm,dynamic-reconfiguration-memory { " rest "ibm,lmb-size = <0 10000000>; " list "}; "
#define USABLE "linux,usable-memory = <"

/* in place of firmware */
static const char cma[] = "below its region and above", cma_first[] = "from what is saved on";

static const struct row {
	const char *caption, *tree, *expected;
	phys start, end;      /* crash region; 0: a normal load */
	const char *firmware; /* what [3a000000, 3b000000) is kept for; NULL: nothing */
} rows[] = {
	{ "all from 0 to the region's end in the node that has it, nothing in another",
	  "/ { " ROOT MEMORY("0", "0 0 0 40000000", "")
		  MEMORY("40000000", "0 40000000 0 40000000", "") "};",
	  "@10000+1fff0000; / { " ROOT MEMORY("0", "0 0 0 40000000", USABLE "0 0 0 30000000>; ")
		  MEMORY("40000000", "0 40000000 0 40000000", USABLE "0 0 0 0>; ") "};",
	  0x20000000, 0x30000000, NULL },
	{ "a region that starts below what is saved: nothing between them is reserved",
	  "/ { " ROOT MEMORY("0", "0 0 0 40000000", "") "};",
	  "/ { " ROOT MEMORY("0", "0 0 0 40000000", USABLE "0 0 0 30000000>; ") "};", 0x8000,
	  0x30000000, NULL },
	{ "a region right behind what is saved: no more is reserved",
	  "/ { " ROOT MEMORY("0", "0 0 0 40000000", "") "};",
	  "/ { " ROOT MEMORY("0", "0 0 0 40000000", USABLE "0 0 0 30000000>; ") "};", 0x10000,
	  0x30000000, NULL },
	{ "a region in two nodes, and one of several ranges",
	  "/ { " ROOT MEMORY("0", "0 0 0 28000000 0 28000000 0 10000000", "") "};",
	  "@10000+1fff0000; / { " ROOT MEMORY("0", "0 0 0 28000000 0 28000000 0 10000000",
					      USABLE "0 0 0 28000000 0 28000000 0 8000000>; ") "};",
	  0x20000000, 0x30000000, NULL },
	{ "dynamic memory: a count for each block that is RAM, none for the others",
	  "/ { " ROOT MEMORY("0", "0 0 0 20000000", "")
		  DYNAMIC("ibm,dynamic-memory = <4 "
			  "0 20000000 1 0 0 8 0 30000000 2 0 0 0 0 40000000 3 0 0 88 "
			  "0 50000000 4 0 0 8>; ",
			  "") "};",
	  "@10000+1fff0000; / { " ROOT MEMORY("0", "0 0 0 20000000", USABLE "0 0 0 20000000>; ")
		  DYNAMIC("ibm,dynamic-memory = <4 "
			  "0 20000000 1 0 0 8 0 30000000 2 0 0 0 0 40000000 3 0 0 88 "
			  "0 50000000 4 0 0 8>; ",
			  "linux,drconf-usable-memory = <0 1 0 20000000 0 8000000 0 0>; ") "};",
	  0x20000000, 0x28000000, NULL },
	{ "dynamic memory in runs (version 2)",
	  "/ { " ROOT DYNAMIC("ibm,dynamic-memory-v2 = <1 3 0 10000000 1 0 8>; ", "") "};",
	  "@10000+1fff0000; / { " ROOT DYNAMIC(
		  "ibm,dynamic-memory-v2 = <1 3 0 10000000 1 0 8>; ",
		  "linux,drconf-usable-memory = <0 1 0 10000000 0 10000000 "
		  "0 1 0 20000000 0 10000000 0 0>; ") "};",
	  0x20000000, 0x30000000, NULL },
	{ "no memory node that says where: nothing of it",
	  "/ { " ROOT "memory@0 { device_type = \"memory\"; }; };",
	  "@10000+1fff0000; / { " ROOT "memory@0 { " USABLE
	  "0 0 0 0>; device_type = \"memory\"; }; "
	  "};",
	  0x20000000, 0x30000000, NULL },
	{ "RTAS above the region is usable, and reserved",
	  "/ { " ROOT MEMORY("0", "0 0 0 40000000", "") "};",
	  "@10000+1fff0000; @3a000000+1000000; / { " ROOT MEMORY(
		  "0", "0 0 0 40000000", USABLE "0 0 0 30000000 0 3a000000 0 1000000>; ") "};",
	  0x20000000, 0x30000000, ppc64_rtas },
	{ "so is OPAL", "/ { " ROOT MEMORY("0", "0 0 0 40000000", "") "};",
	  "@10000+1fff0000; @3a000000+1000000; / { " ROOT MEMORY(
		  "0", "0 0 0 40000000", USABLE "0 0 0 30000000 0 3a000000 0 1000000>; ") "};",
	  0x20000000, 0x30000000, ppc64_opal },
	{ "so are the I/O translation tables", "/ { " ROOT MEMORY("0", "0 0 0 40000000", "") "};",
	  "@10000+1fff0000; @3a000000+1000000; / { " ROOT MEMORY(
		  "0", "0 0 0 40000000", USABLE "0 0 0 30000000 0 3a000000 0 1000000>; ") "};",
	  0x20000000, 0x30000000, ppc64_tce },
	{ "what it shares with the crashed kernel is usable, and not reserved",
	  "/ { " ROOT MEMORY("0", "0 0 0 40000000", "") "};",
	  "@10000+17ff0000; @1a000000+6000000; / { " ROOT MEMORY(
		  "0", "0 0 0 40000000", USABLE "0 0 0 30000000 0 38000000 0 2000000>; ") "};",
	  0x20000000, 0x30000000, cma },
	{ "all that is behind what is saved, up to there",
	  "/ { " ROOT MEMORY("0", "0 0 0 40000000", "") "};",
	  "@18000000+8000000; / { " ROOT MEMORY("0", "0 0 0 40000000",
						USABLE "0 0 0 30000000>; ") "};",
	  0x20000000, 0x30000000, cma_first },
	{ "other firmware is reserved only", "/ { " ROOT MEMORY("0", "0 0 0 40000000", "") "};",
	  "@10000+1fff0000; @3a000000+1000000; / { " ROOT MEMORY("0", "0 0 0 40000000",
								 USABLE "0 0 0 30000000>; ") "};",
	  0x20000000, 0x30000000, ppc64_reserved },
	{ "a device's memory is neither", "/ { " ROOT MEMORY("0", "0 0 0 40000000", "") "};",
	  "@10000+1fff0000; / { " ROOT MEMORY("0", "0 0 0 40000000",
					      USABLE "0 0 0 30000000>; ") "};",
	  0x20000000, 0x30000000, ppc64_device },
	{ "out of a crash kernel: what ends or starts above its memory stays reserved",
	  "@2fff0000+10001; @30000001+0000001; / { " ROOT MEMORY("0", "0 0 0 40000000",
								 USABLE "0 0 0 30000000>; ") "};",
	  "@2fff0000+10001; @30000001+1; / { " ROOT MEMORY("0", "0 0 0 40000000", "") "};", 0, 0,
	  NULL },
	{ "out of a crash kernel: its limits go, and what its loader reserved",
	  "@10000+1fff0000; @2f010000+10000; @30000000+1000; "
	  "/ { " ROOT MEMORY("0", "0 0 0 40000000", USABLE "0 0 0 30000000>; ") "};",
	  "@30000000+1000; / { " ROOT MEMORY("0", "0 0 0 40000000", "") "};", 0, 0, NULL },
	{ "a device's memory, of which firmware says that kernels leave it alone",
	  "/ { " ROOT MEMORY("0", "0 0 0 40000000",
			     "") "memory@1 { device_type = \"memory\"; "
				 "compatible = \"ibm,coherent-device-memory\"; " USABLE
				 "0 0 0 0>; reg = <1 0 0 1000>; }; };",
	  "/ { " ROOT MEMORY("0", "0 0 0 40000000",
			     "") "memory@1 { device_type = \"memory\"; "
				 "compatible = \"ibm,coherent-device-memory\"; " USABLE
				 "0 0 0 0>; reg = <1 0 0 1000>; }; };",
	  0, 0, NULL },
	{ "a normal kernel keeps what is reserved",
	  "@10000+1000; / { " ROOT MEMORY("0", "0 0 0 40000000", "") "};",
	  "@10000+1000; / { " ROOT MEMORY("0", "0 0 0 40000000", "") "};", 0, 0, NULL },
};

/* What a crash kernel shares, below its region and above. */
static void share(struct machine *m)
{
	if (!ranges_add(&m->crash.cma, 0x18000000, 0x1a000000, NULL) ||
	    !ranges_add(&m->crash.cma, 0x38000000, 0x3a000000, NULL))
		abort();
}

static bool limit(struct machine *m, size_t room, long memory, struct error *e)
{
	const struct request req = { .machine = m };
	struct tree t;
	bool ok;

	m->arch = &arch_ppc64;
	m->crash.region = (struct range){ 0x20000000, 0x30000000, NULL };
	m->fdt_from = "/t";
	*e = (struct error){ 0 };
	if (!tree_open(&t, m->fdt, room, "/t", e))
		abort();
	unit_memory(memory);
	ok = arch_ppc64.tree(&t, &req, e);
	unit_memory(-1);
	tree_free(&t);
	return ok;
}

/* Each allocation may fail: that of the ranges, and of the lists, which grow. */
static void without_memory(void)
{
	static const struct {
		const char *caption, *tree;
		long calls;
	} trees[] = {
		{ "a memory node", "/ { " ROOT MEMORY("0", "0 0 0 40000000", "") "};", 3 },
		{ "dynamic memory",
		  "/ { " ROOT DYNAMIC("ibm,dynamic-memory-v2 = <1 1 0 10000000 1 0 8>; ", "") "};",
		  3 },
		{ "dynamic memory, of which the list grows",
		  "/ { " ROOT DYNAMIC("ibm,dynamic-memory-v2 = <1 40 0 10000000 1 0 8>; ", "") "};",
		  5 },
	};
	struct machine m = { 0 };
	struct error e;
	struct span in;
	size_t i;
	long n;
	bool ok;

	for (i = 0; i < ARRAY_SIZE(trees); i++) {
		CASE("out of memory: %s", trees[i].caption);
		in = note_tree(trees[i].tree);
		m.fdt = in;
		if (i == 0)
			share(&m);
		for (n = 0, ok = false; n < 9 && !ok; n++) {
			ok = limit(&m, 512, n, &e);
			want_error(ok, &e, ok ? FAIL_NONE : FAIL_MEMORY,
				   ok ? "" : "go on: out of memory");
		}
		want_u64("calls of malloc", (uint64_t)trees[i].calls, (uint64_t)n - 1);
		ranges_free(&m.crash.cma);
		note_free(&in);
	}
	CASE("out of memory: 65 areas of firmware");
	in = note_tree("/ { " ROOT "};");
	m.fdt = in;
	for (i = 0; i < 65; i++)
		if (!ranges_add(&m.reserved, 0x40000000 + i * 0x2000, 0x40001000 + i * 0x2000,
				ppc64_rtas))
			abort();
	want_error(limit(&m, 2048, 1, &e), &e, FAIL_MEMORY, "go on: out of memory");
	want_error(limit(&m, 2048, 2, &e), &e, FAIL_NONE, "");
	ranges_free(&m.reserved);
	CASE("out of memory: 65 areas that are shared");
	for (i = 0; i < 65; i++)
		if (!ranges_add(&m.crash.cma, 0x40000000 + i * 0x2000, 0x40001000 + i * 0x2000,
				NULL))
			abort();
	want_error(limit(&m, 2048, 1, &e), &e, FAIL_MEMORY, "go on: out of memory");
	ranges_free(&m.crash.cma);
	note_free(&in);
}

static void without_room(void)
{
	struct machine m = { 0 };
	struct span in = note_tree("/ { " ROOT "};");
	struct error e;

	CASE("no room to reserve the memory of the system that crashed");
	m.fdt = in;
	want_error(limit(&m, 0, -1, &e), &e, FAIL_TREE,
		   "write the device tree: FDT_ERR_NOSPACE: /t");
	CASE("no room to reserve what is below and above memory that it shares");
	share(&m);
	want_error(limit(&m, 0, -1, &e), &e, FAIL_TREE,
		   "write the device tree: FDT_ERR_NOSPACE: /t");
	ranges_free(&m.crash.cma);
	CASE("no room to reserve what firmware has");
	if (!ranges_add(&m.reserved, 0x40000000, 0x40001000, ppc64_rtas))
		abort();
	want_error(limit(&m, 16, -1, &e), &e, FAIL_TREE,
		   "write the device tree: FDT_ERR_NOSPACE: /t");
	want_error(limit(&m, 32, -1, &e), &e, FAIL_NONE, "");
	ranges_free(&m.reserved);
	note_free(&in);
}

/* Each block takes 8 bytes of a list: what says of more blocks than machines have is made up. */
static void large(void)
{
	static const struct {
		const char *caption, *blocks;
		bool ok;
	} counts[] = {
		{ "four billion blocks of a byte", "ffffffff", false },
		{ "a block more than may be", "100001", false },
		{ "as many blocks as may be", "100000", true },
	};
	struct machine m = { 0 };
	struct error e;
	struct span in;
	char note[200];
	size_t i;
	bool ok;

	for (i = 0; i < ARRAY_SIZE(counts); i++) {
		CASE("%s", counts[i].caption);
		snprintf(note, sizeof(note),
			 "/ { " ROOT "ibm,dynamic-reconfiguration-memory { ibm,lmb-size = <0 1>; "
			 "ibm,dynamic-memory-v2 = <1 %s 0 40000000 1 0 8>; }; };",
			 counts[i].blocks);
		in = note_tree(note);
		m.fdt = in;
		ok = limit(&m, 512, -1, &e);
		want_error(ok, &e, counts[i].ok ? FAIL_NONE : FAIL_TREE,
			   counts[i].ok
				   ? ""
				   : "use the device tree: more than 1048576 blocks of memory: /t");
		note_free(&in);
	}
}

static const struct {
	const char *caption, *tree;
	size_t cpus, expected;
} hotplug_rows[] = {
	{ "no CPUs in the tree, and none to come", "/ { };", 0, 1024 },
	{ "all CPUs are there",
	  "/ { cpu@0 { device_type = \"cpu\"; }; cpu@1 { device_type = "
	  "\"cpu\"; }; };",
	  2, 1024 + 2 * 128 },
	{ "two are to come, each as large as the largest: 128 bytes, a property of 4 and one of 8",
	  "/ { cpu@0 { device_type = \"cpu\"; reg = <1 2>; }; cpu@1 { device_type = \"cpu\"; }; };",
	  4, 1024 + 2 * 128 + 2 * (128 + 4 + 16 + 8 + 16) },
	{ "four threads a core: eight CPUs are two cores, of which one is there",
	  "/ { cpu@0 { device_type = \"cpu\"; ibm,ppc-interrupt-server#s = <0 1 2 3>; }; };", 8,
	  1024 + 128 + (128 + 4 + 16 + 16 + 16) },
	{ "threads that nobody names count as one",
	  "/ { cpu@0 { device_type = \"cpu\"; ibm,ppc-interrupt-server#s = [0001]; }; };", 2,
	  1024 + 128 + (128 + 4 + 16 + 2 + 16) },
};

static void hotplug(void)
{
	struct machine m;
	struct span in;
	size_t i, n;

	for (i = 0; i < ARRAY_SIZE(hotplug_rows); i++) {
		CASE("room for CPUs that come: %s", hotplug_rows[i].caption);
		in = note_tree(hotplug_rows[i].tree);
		m = (struct machine){ .arch = &arch_ppc64, .fdt = in };
		for (n = 0; n <= hotplug_rows[i].cpus; n++)
			if (!ranges_add(&m.crash.notes, n, n + 1, NULL))
				abort();
		want_u64("bytes", hotplug_rows[i].expected, arch_ppc64.tree_room(&m));
		ranges_free(&m.crash.notes);
		note_free(&in);
	}
}

void test_ppc64_crash(void)
{
	const struct row *r;
	struct machine m;
	const struct request req = { .machine = &m };
	struct tree t;
	struct span in, out;
	struct error e;
	char buf[2000];
	bool ok;

	for (r = rows; r < rows + ARRAY_SIZE(rows); r++) {
		CASE("%s", r->caption);
		in = note_tree(r->tree);
		m = (struct machine){ .arch = &arch_ppc64, .fdt = in, .fdt_from = "/t" };
		m.crash.region = (struct range){ r->start, r->end, NULL };
		m.rma_end = 0x30000000;
		if (r->firmware == cma)
			share(&m);
		else if (r->firmware &&
			 !(r->firmware == cma_first
				   ? ranges_add(&m.crash.cma, 0x10000, 0x18000000, NULL)
				   : ranges_add(&m.reserved, 0x3a000000, 0x3b000000, r->firmware)))
			abort();
		e = (struct error){ 0 };
		ok = tree_open(&t, in, 512, "/t", &e) && arch_ppc64.tree(&t, &req, &e) &&
		     tree_pack(&t, &out, &e);
		want_error(ok, &e, FAIL_NONE, "");
		if (ok)
			want_text("tree", r->expected, note_print(t.blob, buf, sizeof(buf)));
		tree_free(&t);
		note_free(&in);
		ranges_free(&m.reserved);
		ranges_free(&m.crash.cma);
	}
	without_memory();
	without_room();
	large();
	hotplug();
}
