/* SPDX-License-Identifier: MIT */
#include "unit.h"

#include "arch/ppc64/ppc64.h"

#define HEAD	 "/ { #address-cells = <2>; #size-cells = <2>; "
#define END_1G	 "chosen { linux,kernel-end = <0 2000000>; }; "
#define MEM(reg) "memory@0 { device_type = \"memory\"; reg = <" reg ">; }; "

#define DYNAMIC(list)                                                                              \
	"ibm,dynamic-reconfiguration-memory { ibm,lmb-size = <0 10000000>; " list "}; "

/* Of a dump: request flag, type and error flags, from and how much, bytes dumped, where to. */
#define SECTION(type, from) "1 " type "0000 " from " 0 0 0 0 "

static const struct row {
	const char *caption, *tree, *ram, *keep;
	phys reach;
	const char *sentence;
} rows[] = {
	{ "one memory node", HEAD END_1G MEM("0 0 0 40000000") "};", "0-40000000", "0-2000000",
	  0x40000000, "" },
	{ "all pairs of reg (kexec-tools reads the first)",
	  HEAD END_1G MEM("0 0 0 10000000 0 20000000 0 10000000 1 0 0 10000000") "};",
	  "0-10000000, 20000000-30000000, 100000000-110000000", "0-2000000", 0x10000000, "" },
	{ "cells of 1",
	  "/ { #address-cells = <1>; #size-cells = <1>; " END_1G MEM("0 40000000") "};",
	  "0-40000000", "0-2000000", 0x40000000, "" },
	{ "the RMA is the first range of the node at 0, whichever comes first",
	  HEAD END_1G "memory@1 { device_type = \"memory\"; reg = <1 0 0 40000000>; }; " MEM(
		  "0 0 0 20000000") "};",
	  "0-20000000, 100000000-140000000", "0-2000000", 0x20000000, "" },
	{ "above 1 TiB real mode wraps", HEAD END_1G MEM("0 0 200 0") "};", "0-20000000000",
	  "0-2000000", 1ull << 40, "" },
	{ "holes between nodes are no RAM (they are in kexec-tools)",
	  HEAD END_1G MEM("0 0 0 10000000") "memory@40000000 { device_type = \"memory\"; "
					    "reg = <0 40000000 0 10000000>; }; };",
	  "0-10000000, 40000000-50000000", "0-2000000", 0x10000000, "" },
	{ "coherent memory of a device is kept",
	  HEAD END_1G MEM("0 0 0 10000000") "memory@40000000 { device_type = \"memory\"; "
					    "compatible = \"ibm,coherent-device-memory\"; reg = <0 "
					    "40000000 0 10000000>; }; };",
	  "0-10000000", "0-2000000, 40000000-50000000", 0x10000000, "" },
	{ "LMBs: assigned and not reserved only (all are RAM in kexec-tools)",
	  HEAD END_1G MEM("0 0 0 10000000") "ibm,dynamic-reconfiguration-memory { ibm,lmb-size = "
					    "<0 10000000>; ibm,dynamic-memory = <4 "
					    "0 10000000 1 0 0 8 0 20000000 2 0 0 0 0 30000000 3 0 "
					    "0 88 0 40000000 4 0 0 8>; }; };",
	  "0-20000000, 40000000-50000000", "0-2000000", 0x10000000, "" },
	{ "LMBs: a count larger than the list",
	  HEAD END_1G MEM("0 0 0 10000000") "ibm,dynamic-reconfiguration-memory { ibm,lmb-size = "
					    "<0 10000000>; ibm,dynamic-memory = "
					    "<ffffffff 0 10000000 1 0 0 8>; }; };",
	  "0-20000000", "0-2000000", 0x10000000, "" },
	{ "LMBs, version 2: runs",
	  HEAD END_1G MEM("0 0 0 10000000") "ibm,dynamic-reconfiguration-memory { ibm,lmb-size = "
					    "<0 10000000>; ibm,dynamic-memory-v2 = <2 "
					    "3 0 10000000 1 0 8 2 0 80000000 1 0 0>; }; };",
	  "0-40000000", "0-2000000", 0x10000000, "" },
	{ "LMBs, version 2: a run that wraps",
	  HEAD END_1G MEM("0 0 0 10000000") "ibm,dynamic-reconfiguration-memory { ibm,lmb-size = "
					    "<80000000 0>; ibm,dynamic-memory-v2 = <1 "
					    "2 0 10000000 1 0 8>; }; };",
	  "0-10000000", "0-2000000", 0x10000000, "" },
	{ "LMBs, version 2: a count larger than the list",
	  HEAD END_1G MEM("0 0 0 10000000") DYNAMIC("ibm,dynamic-memory-v2 = <2 "
						    "3 0 10000000 1 0 8>; ") "};",
	  "0-40000000", "0-2000000", 0x10000000, "" },
	{ "LMBs: the last one ends before its flags",
	  HEAD END_1G MEM("0 0 0 10000000") DYNAMIC("ibm,dynamic-memory = <2 "
						    "0 10000000 1 0 0 8 0 20000000 2 0 0>; ") "};",
	  "0-20000000", "0-2000000", 0x10000000, "" },
	{ "LMBs: one that ends behind 2^64",
	  HEAD END_1G MEM("0 0 0 10000000") DYNAMIC("ibm,dynamic-memory = <2 "
						    "ffffffff f8000000 1 0 0 8 "
						    "0 10000000 2 0 0 8>; ") "};",
	  "0-20000000", "0-2000000", 0x10000000, "" },
	{ "LMBs in both versions: kernels read the second without the first only",
	  HEAD END_1G MEM("0 0 0 10000000") DYNAMIC("ibm,dynamic-memory-v2 = <1 "
						    "3 0 10000000 1 0 8>; "
						    "ibm,dynamic-memory = <1 "
						    "0 10000000 1 0 0 8>; ") "};",
	  "0-20000000", "0-2000000", 0x10000000, "" },
	{ "LMBs: no list of them", HEAD END_1G MEM("0 0 0 10000000") DYNAMIC("") "};", "0-10000000",
	  "0-2000000", 0x10000000, "" },
	{ "LMBs: no size",
	  HEAD END_1G MEM("0 0 0 10000000") "ibm,dynamic-reconfiguration-memory { "
					    "ibm,dynamic-memory = <1 0 10000000 1 0 0 8>; }; };",
	  "0-10000000", "0-2000000", 0x10000000, "" },
	{ "LMBs: a size of 0",
	  HEAD END_1G MEM("0 0 0 10000000") "ibm,dynamic-reconfiguration-memory { ibm,lmb-size = "
					    "<0 0>; ibm,dynamic-memory = "
					    "<1 0 10000000 1 0 0 8>; }; };",
	  "0-10000000", "0-2000000", 0x10000000, "" },
	{ "a crash kernel has what it was told to use, and no LMBs",
	  HEAD END_1G "memory@0 { device_type = \"memory\"; linux,usable-memory = <0 0 0 8000000>; "
		      "reg = <0 0 0 10000000>; }; " DYNAMIC(
			      "ibm,dynamic-memory = <1 0 10000000 1 0 0 8>; "
			      "linux,drconf-usable-memory = <0 1 0 10000000 0 10000000>; ") "};",
	  "0-8000000", "0-2000000", 0x8000000, "" },
	{ "memory nodes without a place, or with an empty one, say nothing",
	  HEAD END_1G "memory@1 { device_type = \"memory\"; }; memory@2 { device_type = "
		      "\"memory\"; reg = <0 0 0 0>; }; " MEM("0 0 0 40000000") "};",
	  "0-40000000", "0-2000000", 0x40000000, "" },
	{ "a memory node that is switched off says nothing",
	  HEAD END_1G "memory@1 { device_type = \"memory\"; status = \"disabled\"; "
		      "reg = <0 40000000 0 40000000>; }; " MEM("0 0 0 40000000") "};",
	  "0-40000000", "0-2000000", 0x40000000, "" },
	{ "RTAS without a size",
	  HEAD END_1G "rtas { linux,rtas-base = <c000000>; }; " MEM("0 0 0 40000000") "};",
	  "0-40000000", "0-2000000", 0x40000000, "" },
	{ "RTAS that ends behind 2^64: all of the rest",
	  HEAD END_1G
	  "rtas { linux,rtas-base = <ffffffff f0000000>; rtas-size = <20000000>; }; " MEM(
		  "0 0 0 40000000") "};",
	  "0-40000000", "0-2000000, fffffffff0000000-ffffffffffffffff", 0x40000000, "" },
	{ "no /chosen", HEAD MEM("0 0 0 40000000") "};", NULL, NULL, 0,
	  "use the device tree: no linux,kernel-end in /chosen: /t" },
	{ "firmware: RTAS, OPAL, TCE tables, hash table, crash region, reserved-ranges",
	  HEAD "reserved-ranges = <0 30000000 0 1000000 0 31000000 0 1000>; "
	       "chosen { linux,kernel-end = <0 2000000>; linux,htab-base = <0 8000000>; "
	       "linux,htab-size = <0 1000000>; linux,crashkernel-base = <0 a000000>; "
	       "linux,crashkernel-size = <0 1000000>; }; "
	       "rtas { linux,rtas-base = <c000000>; rtas-size = <100000>; }; "
	       "ibm,opal { opal-base-address = <0 d000000>; opal-runtime-size = <0 100000>; }; "
	       "pci { linux,tce-base = <0 e000000>; linux,tce-size = <80000>; }; " MEM(
		       "0 0 0 40000000") "};",
	  "0-40000000",
	  "0-2000000, 8000000-9000000, a000000-b000000, c000000-c100000, d000000-d100000, "
	  "e000000-e080000, "
	  "30000000-31000000, 31000000-31001000",
	  0x40000000, "" },
	{ "a running kernel with mem=, hash MMU: bytes are counted, not addresses",
	  HEAD
	  "chosen { linux,kernel-end = <0 2000000>; linux,memory-limit = <0 18000000>; }; " MEM(
		  "0 0 0 10000000 0 20000000 0 10000000") "};",
	  "0-10000000, 20000000-30000000", "0-2000000, 28000000-30000000", 0x10000000, "" },
	{ "a running kernel without mem=: its limit is 0",
	  HEAD "chosen { linux,kernel-end = <0 2000000>; linux,memory-limit = <0 0>; }; " MEM(
		  "0 0 0 40000000") "};",
	  "0-40000000", "0-2000000", 0x40000000, "" },
	{ "a running kernel of 6.12: its limit is all of memory",
	  HEAD
	  "chosen { linux,kernel-end = <0 2000000>; linux,memory-limit = <0 40000000>; }; " MEM(
		  "0 0 0 40000000") "};",
	  "0-40000000", "0-2000000", 0x40000000, "" },
	{ "a running kernel with mem= and radix MMU: it copies with the MMU off",
	  HEAD "chosen { linux,kernel-end = <0 2000000>; linux,memory-limit = <0 18000000>; "
	       "ibm,architecture-vec-5 = <19002000 a00500 0 0 0 80 40400040>; }; " MEM(
		       "0 0 0 40000000") "};",
	  "0-40000000", "0-2000000", 0x40000000, "" },
	{ "the same with hash MMU, as the hypervisor says",
	  HEAD "chosen { linux,kernel-end = <0 2000000>; linux,memory-limit = <0 18000000>; "
	       "ibm,architecture-vec-5 = <19002000 a00500 0 0 0 80 00400040>; }; " MEM(
		       "0 0 0 40000000") "};",
	  "0-40000000", "0-2000000, 18000000-40000000", 0x40000000, "" },
	{ "a running kernel with mem= on bare metal: it copies with the MMU off",
	  HEAD "chosen { linux,kernel-end = <0 2000000>; linux,memory-limit = <0 18000000>; }; "
	       "ibm,opal { }; " MEM("0 0 0 40000000") "};",
	  "0-40000000", "0-2000000", 0x40000000, "" },
	{ "OPAL has a dump: all above 768 MiB",
	  HEAD END_1G "ibm,opal { dump { mpipl-boot; }; }; " MEM("0 0 1 0") "};", "0-100000000",
	  "0-2000000, 30000000-100000000", 1ull << 32, "" },
	{ "OPAL could have a dump", HEAD END_1G "ibm,opal { dump { }; }; " MEM("0 0 1 0") "};",
	  "0-100000000", "0-2000000", 1ull << 32, "" },
	{ "OPAL has a dump, and memory ends below it",
	  HEAD END_1G "ibm,opal { dump { mpipl-boot; }; }; " MEM("0 0 0 20000000") "};",
	  "0-20000000", "0-2000000", 0x20000000, "" },
	{ "an LPAR has a dump: all above the last of its real mode regions",
	  HEAD END_1G "rtas { ibm,kernel-dump = <1 00030000 c " SECTION("00000001", "0 0 0 60000000")
		  SECTION("00000011", "0 0 0 20000000")
			  SECTION("00000011", "0 40000000 0 8000000") ">; }; " MEM("0 0 1 0") "};",
	  "0-100000000", "0-2000000, 48000000-100000000", 1ull << 32, "" },
	{ "an LPAR has a dump: the lower of its real mode regions comes last",
	  HEAD END_1G "rtas { ibm,kernel-dump = <1 00020000 c " SECTION("00000011", "0 0 0 20000000")
		  SECTION("00000011", "0 0 0 8000000") ">; }; " MEM("0 0 1 0") "};",
	  "0-100000000", "0-2000000, 20000000-100000000", 1ull << 32, "" },
	{ "an LPAR has a dump whose only region ends before its place: all above 320 MiB",
	  HEAD END_1G "rtas { ibm,kernel-dump = <1 00010000 c 1 00110000 0>; }; " MEM(
		  "0 0 1 0") "};",
	  "0-100000000", "0-2000000, 14000000-100000000", 1ull << 32, "" },
	{ "the same before its size",
	  HEAD END_1G "rtas { ibm,kernel-dump = <1 00010000 c 1 00110000 0 8000000 0>; }; " MEM(
		  "0 0 1 0") "};",
	  "0-100000000", "0-2000000, 14000000-100000000", 1ull << 32, "" },
	{ "an LPAR has a dump without sections: all above 320 MiB",
	  HEAD END_1G "rtas { ibm,kernel-dump = <1 0 28>; }; " MEM("0 0 1 0") "};", "0-100000000",
	  "0-2000000, 14000000-100000000", 1ull << 32, "" },
	{ "an LPAR has a dump whose regions wrap or are cut short: the same",
	  HEAD END_1G "rtas { ibm,kernel-dump = <1 ffff0000 c " SECTION(
		  "00000011",
		  "ffffffff fffff000 0 2000") "0 00000011 0 0>; }; " MEM("0 0 1 0") "};",
	  "0-100000000", "0-2000000, 14000000-100000000", 1ull << 32, "" },
	{ "RTAS without a base (fatal in kexec-tools)",
	  HEAD END_1G "rtas { rtas-size = <100000>; }; " MEM("0 0 0 40000000") "};", "0-40000000",
	  "0-2000000", 0x40000000, "" },
	{ "a kernel's end in 4 bytes",
	  HEAD "chosen { linux,kernel-end = <2000000>; }; " MEM("0 0 0 40000000") "};",
	  "0-40000000", "0-2000000", 0x40000000, "" },
	{ "no kernel's end", HEAD "chosen { }; " MEM("0 0 0 40000000") "};", NULL, NULL, 0,
	  "use the device tree: no linux,kernel-end in /chosen: /t" },
	{ "no memory at 0",
	  HEAD END_1G "memory@1 { device_type = \"memory\"; reg = <1 0 0 10000000>; }; };", NULL,
	  NULL, 0, "use the device tree: no memory node starts at 0: /t" },
};

/* Whatever is found first takes the memory that there is not. */
static void out_of_memory(void)
{
#define NO_END "chosen { linux,kernel-end = <0 0>; }; "
	static const struct {
		const char *caption, *tree;
	} trees[] = {
		{ "RAM, and the running kernel", HEAD END_1G MEM("0 0 0 40000000") "};" },
		{ "LMBs, which are no memory at 0",
		  HEAD END_1G DYNAMIC("ibm,dynamic-memory = <1 0 0 1 0 0 8>; ") "};" },
		{ "memory of a device",
		  HEAD NO_END "memory@1 { device_type = \"memory\"; compatible = "
			      "\"ibm,coherent-device-memory\"; reg = <1 0 0 1000>; }; " MEM(
				      "0 0 0 40000000") "};" },
		{ "hash table",
		  HEAD "chosen { linux,kernel-end = <0 0>; linux,htab-base = <0 8000000>; "
		       "linux,htab-size = <0 1000000>; }; " MEM("0 0 0 40000000") "};" },
		{ "crash region",
		  HEAD "chosen { linux,kernel-end = <0 0>; linux,crashkernel-base = <0 a000000>; "
		       "linux,crashkernel-size = <0 1000000>; }; " MEM("0 0 0 40000000") "};" },
		{ "a dump",
		  HEAD NO_END "ibm,opal { dump { mpipl-boot; }; }; " MEM("0 0 0 40000000") "};" },
		{ "what mem= left out", HEAD
		  "chosen { linux,kernel-end = <0 0>; linux,memory-limit = <0 18000000>; }; " MEM(
			  "0 0 0 40000000") "};" },
		{ "RTAS",
		  HEAD NO_END "rtas { linux,rtas-base = <c000000>; rtas-size = <100000>; }; " MEM(
			  "0 0 0 40000000") "};" },
		{ "OPAL",
		  HEAD NO_END "ibm,opal { opal-base-address = <0 d000000>; opal-runtime-size = "
			      "<0 100000>; }; " MEM("0 0 0 40000000") "};" },
		{ "TCE tables", HEAD NO_END
		  "pci { linux,tce-base = <0 e000000>; linux,tce-size = <80000>; }; " MEM(
			  "0 0 0 40000000") "};" },
		{ "reserved-ranges", HEAD
		  "reserved-ranges = <0 30000000 0 1000000>; " NO_END MEM("0 0 0 40000000") "};" },
	};
	struct machine m;
	struct error e;
	struct span tree;
	size_t i;
	long n;
	bool ok;

	for (i = 0; i < ARRAY_SIZE(trees); i++) {
		CASE("out of memory: %s", trees[i].caption);
		tree = note_tree(trees[i].tree);
		for (n = 0, ok = false; n < 5 && !ok; n++) {
			m = (struct machine){ .arch = &arch_ppc64, .fdt = tree, .fdt_from = "/t" };
			e = (struct error){ 0 };
			unit_memory(n);
			ok = arch_ppc64.memory(&m, (struct span){ 0 }, &e);
			unit_memory(-1);
			ranges_free(&m.ram);
			ranges_free(&m.reserved);
			if (e.code == FAIL_TREE)
				break;
			want_error(ok, &e, ok ? FAIL_NONE : FAIL_MEMORY,
				   ok ? "" : "go on: out of memory");
		}
		want_u64("calls of malloc", 2, (uint64_t)n - ok);
		note_free(&tree);
	}
}

static void deep(void)
{
	struct strbuf t = STRBUF_GROWING;
	struct machine m;
	struct error e = { 0 };
	struct span tree;
	unsigned i;

	CASE("a memory node 63 deep counts, below that none does");
	strbuf_printf(&t, "%s", HEAD END_1G MEM("0 0 0 10000000"));
	for (i = 1; i < 63; i++)
		strbuf_printf(&t, "n { #address-cells = <2>; #size-cells = <2>; ");
	strbuf_printf(&t, "memory@1 { device_type = \"memory\"; reg = <1 0 0 1000>; memory@2 { "
			  "device_type = \"memory\"; reg = <2 0 0 1000>; }; }; ");
	for (i = 1; i < 63; i++)
		strbuf_printf(&t, "}; ");
	strbuf_printf(&t, "};");
	tree = note_tree(t.p);
	m = (struct machine){ .arch = &arch_ppc64, .fdt = tree, .fdt_from = "/t" };
	want_error(arch_ppc64.memory(&m, (struct span){ 0 }, &e), &e, FAIL_NONE, "");
	want_ranges("RAM", "0-10000000, 100000000-100001000", &m.ram);
	ranges_free(&m.ram);
	ranges_free(&m.reserved);
	note_free(&tree);
	strbuf_free(&t);
}

/* What a command line says of mem=, as the kernel's early parameters read it. */
static void mem_words(void)
{
	static const struct {
		const char *line;
		uint64_t limit;
	} lines[] = {
		{ "", 0 },
		{ "root=/dev/sda", 0 },
		{ "mem=1G", GIB },
		{ "root=/dev/sda mem=512m quiet", 512 * MIB },
		{ "mem=0x40000000", GIB },
		{ "mem=04000", 2048 },
		{ "mem=1073741824", GIB },
		{ "mem=1K", KIB },
		{ "mem=2t", 2048 * GIB },
		{ "mem=1P", 1ull << 50 },
		{ "mem=1e", 1ull << 60 },
		{ "mem=16E", UINT64_MAX },
		{ "mem=1Gx", GIB },
		{ "mem=x", 0 },
		{ "mem=", 0 },
		{ "mem", 0 },
		{ "mem=0", 0 },
		{ "xmem=1G", 0 },
		{ "memx=1G", 0 },
		{ "mem=1G mem=2G", 2 * GIB },
		{ "mem=1G\tmem=2G\n", 2 * GIB },
		{ "mem=1G -- mem=2G", GIB },
		{ "mem=1G --x mem=2G", 2 * GIB },
		{ "mem=1G ro mem=2G", 2 * GIB },
		{ "\"mem=1G\"", GIB },
		{ "mem=\"1G\"", GIB },
		{ "word=\"two mem=1G words\" x", 0 },
		{ "word=\"two mem=1G words", 0 },
		{ "word=\"two words\" mem=1G", GIB },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(lines); i++) {
		CASE("mem= in: %s", lines[i].line);
		want_u64("limit", lines[i].limit, ppc64_mem_word(lines[i].line));
	}
}

/* The others wait in the running kernel's code, also those that nr_cpus=1 kept out of it. */
static void other_cpus(void)
{
#define CPUS(CPU) "/ { cpus { " CPU " }; chosen { linux,kernel-end = <0 4000000>; }; };"
	static const struct {
		const char *caption, *tree;
		bool kernel, one;
	} trees[] = {
		{ "one CPU",
		  CPUS("a { device_type = \"cpu\"; ibm,ppc-interrupt-server#s = <8>; };"), true,
		  true },
		{ "one, of which the tree has only reg",
		  CPUS("a { device_type = \"cpu\"; reg = <0>; };"), true, true },
		{ "one, but the kernel can get more",
		  CPUS("a { device_type = \"cpu\"; ibm,ppc-interrupt-server#s = <8>; };"), false,
		  false },
		{ "one core with two",
		  CPUS("a { device_type = \"cpu\"; ibm,ppc-interrupt-server#s = <8 9>; };"), true,
		  false },
		{ "two cores",
		  CPUS("a { device_type = \"cpu\"; reg = <0>; }; b { device_type = \"cpu\"; };"),
		  true, false },
		{ "none in the tree", CPUS("a { };"), true, false },
	};
#undef CPUS
	struct machine m;
	struct error e = { 0 };
	struct span tree;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(trees); i++) {
		CASE("other CPUs: %s", trees[i].caption);
		tree = note_tree(trees[i].tree);
		m = (struct machine){ .arch = &arch_ppc64,
				      .page_size = 0x10000,
				      .fdt = tree,
				      .fdt_from = "/t",
				      .one_cpu = trees[i].kernel };
		arch_ppc64.memory(&m, (struct span){ 0 }, &e);
		want_u64("one CPU", trees[i].one, m.one_cpu);
		ranges_free(&m.ram);
		ranges_free(&m.reserved);
		note_free(&tree);
	}
}

void test_ppc64_memory(void)
{
	const struct row *r;
	struct machine m;
	struct error e;
	struct span tree;

	for (r = rows; r < rows + ARRAY_SIZE(rows); r++) {
		CASE("%s", r->caption);
		tree = note_tree(r->tree);
		m = (struct machine){
			.arch = &arch_ppc64, .page_size = 0x10000, .fdt = tree, .fdt_from = "/t"
		};
		e = (struct error){ 0 };
		want_error(arch_ppc64.memory(&m, (struct span){ 0 }, &e), &e, *r->sentence ? FAIL_TREE : FAIL_NONE,
			   r->sentence);
		if (r->ram) {
			want_ranges("RAM", r->ram, &m.ram);
			ranges_sort(&m.reserved);
			want_ranges("kept", r->keep, &m.reserved);
			want_u64("start of reach", 0x2000000, m.addressable.start);
			want_u64("end of reach", r->reach, m.rma_end);
		}
		ranges_free(&m.ram);
		ranges_free(&m.reserved);
		note_free(&tree);
	}
	mem_words();
	other_cpus();
	out_of_memory();
	deep();
}
