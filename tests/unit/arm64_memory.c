/* SPDX-License-Identifier: MIT */
/* The arm64 reading of /proc/iomem and tree together. */
#include "unit.h"

#include "arch/arm64/arm64.h"

#define RAM "40000000-7fffffff : System RAM\n"
#define INITRD(start, end)                                                                         \
	"/ { chosen { linux,initrd-start = <0 " start ">; linux,initrd-end = <0 " end ">; }; };"

#define RAM_IN_USE   RAM "  40000000-400fffff : Kernel code\n"
#define EARLY(range) "6,9,0,-;  node   0: [mem " range "]\n"
#define EFI	     "linux,uefi-system-table = <0 1>; linux,uefi-mmap-start = <0 50000000>; "

/* As probe.c reads it: the log if it is asked for. */
static bool probe(struct machine *m, const char *iomem, const char *log, struct error *e)
{
	const struct span lines = { (const uint8_t *)iomem, strlen(iomem) };
	const struct span records = { (const uint8_t *)log, strlen(log) };

	return arch_arm64.memory(m, lines, e) &&
	       (!m->log_word || arch_arm64.log(m, records) || fail_memory(e));
}

static void free_machine(struct machine *m)
{
	ranges_free(&m->ram);
	ranges_free(&m->reserved);
	ranges_free(&m->driver_ram);
}

static const struct row {
	const char *caption, *iomem, *tree, *keep;
} rows[] = {
	{ "no old initrd", RAM "  48000000-484fffff : reserved\n", "/ { chosen { }; };",
	  "48000000-48500000" },
	{ "no /chosen", RAM "  48000000-484fffff : reserved\n", "/ { };", "48000000-48500000" },
	{ "the old initrd is free", RAM "  48000000-484fffff : reserved\n",
	  INITRD("48000000", "48500000"), "" },
	{ "the old initrd in 4 bytes", RAM "  48000000-484fffff : reserved\n",
	  "/ { chosen { linux,initrd-start = <48000000>; linux,initrd-end = <48500000>; }; };",
	  "" },
	{ "a start of the old initrd, and no end", RAM "  48000000-484fffff : reserved\n",
	  "/ { chosen { linux,initrd-start = <0 48000000>; }; };", "48000000-48500000" },
	{ "the old initrd among other reserved memory", RAM "  47000000-490fffff : reserved\n",
	  INITRD("48000000", "48500000"), "47000000-48000000, 48500000-49100000" },
	{ "the old initrd over several areas",
	  RAM "  47ff0000-480fffff : reserved\n  48200000-485fffff : reserved\n",
	  INITRD("48000000", "48500000"), "47ff0000-48000000, 48500000-48600000" },
	{ "only whole pages of it", RAM "  48000000-48500fff : reserved\n",
	  INITRD("48000123", "48500ff0"), "48000000-48001000, 48500000-48501000" },
	{ "less than a page", RAM "  48000000-48000fff : reserved\n",
	  INITRD("48000010", "48000020"), "48000000-48001000" },
	{ "it ends below its start", RAM "  48000000-484fffff : reserved\n",
	  INITRD("48500000", "48000000"), "48000000-48500000" },
	{ "an end at the top of the 64-bit space does not wrap",
	  RAM "  48000000-484fffff : reserved\n",
	  "/ { chosen { linux,initrd-start = <ffffffff fffffff0>; linux,initrd-end = <ffffffff "
	  "ffffffff>; }; };",
	  "48000000-48500000" },
	{ "a crash region inside of it stays (it is no initrd's)",
	  RAM "  48000000-484fffff : Crash kernel\n", INITRD("48000000", "48500000"),
	  "48000000-48500000" },
	{ "memory that was added since this kernel booted: the next one's tree does not tell of it",
	  RAM "100000000-13fffffff : System RAM\n  120000000-1200fffff : reserved\n",
	  "/ { #address-cells = <2>; #size-cells = <2>; "
	  "memory@40000000 { device_type = \"memory\"; reg = <0 40000000 0 40000000>; }; };",
	  "120000000-120100000, 100000000-140000000" },
	{ "a device's area inside of it stays", RAM "  48000000-484fffff : ACPI tables\n",
	  INITRD("48000000", "48500000"), "48000000-48500000" },
};

#define ITS  "intc { its { compatible = \"arm,gic-v3-its\"; }; };"
#define HEAD "6,0,0,-;Booting Linux on physical CPU 0x0000000000 [0x411fd070]\n"
#define PROP "6,44,0,-;GICv3: using LPI property table @0x0000000040860000\n"
#define PEND                                                                                       \
	"6,45,0,-;GICv3: CPU0: using allocated LPI pending table @0x0000000040870000\n"            \
	"6,99,0,-;GICv3: CPU1: using reserved LPI pending table @0x0000000048880000\n"

static const struct lpi_row {
	const char *caption, *tree, *log, *cmdline, *keep;
	enum lpi lpi;
} lpi_rows[] = {
	{ "all tables are in the log", "/ {" ITS "};", HEAD PROP PEND, "",
	  "40860000-40870000, 40870000-40880000, 48880000-48890000", LPI_KNOWN },
	{ "the property table's line is the oldest that matters", "/ {" ITS "};",
	  "6,30,0,-;x\n" PROP PEND, "", "40860000-40870000, 40870000-40880000, 48880000-48890000",
	  LPI_KNOWN },
	{ "the line of Linux 4.4", "/ {" ITS "};",
	  HEAD "6,4,0,-;GIC: using LPI property table @0x00000000be870000\n"
	       "6,5,0,-;CPU0: using LPI pending table @0x00000000be880000\n",
	  "", "be870000-be880000, be880000-be890000", LPI_KNOWN },
	{ "lost with the start of the log", "/ {" ITS "};", "6,45,0,-;x\n" PEND, "", "",
	  LPI_UNKNOWN },
	{ "record 10 is not record 0", "/ {" ITS "};", "6,10,0,-;x\n", "", "", LPI_UNKNOWN },
	{ "no log", "/ {" ITS "};", "", "", "", LPI_UNKNOWN },
	{ "a log from its start without tables", "/ {" ITS "};", HEAD, "", "", LPI_NONE },
	{ "switched off, and the log is gone", "/ {" ITS "};", "6,10,0,-;x\n",
	  "quiet irqchip.gicv3_nolpi=y", "", LPI_NONE },
	{ "not switched off", "/ {" ITS "};", "6,10,0,-;x\n", "irqchip.gicv3_nolpi=n", "",
	  LPI_UNKNOWN },
	{ "switched to nothing", "/ {" ITS "};", "", "irqchip.gicv3_nolpi=", "", LPI_UNKNOWN },
	{ "no ITS", "/ { intc { compatible = \"arm,gic-v3\"; }; };", HEAD PROP PEND, "", "",
	  LPI_NONE },
	{ "with EFI the kernels tell each other",
	  "/ {" ITS "chosen { linux,uefi-system-table = <0 1>; }; };", PROP PEND, "", "",
	  LPI_NONE },
	{ "no number", "/ {" ITS "};", "6,1,0,-;GICv3: using LPI property table @0xgone\n", "", "",
	  LPI_UNKNOWN },
	{ "no table starts there", "/ {" ITS "};",
	  "6,1,0,-;GICv3: using LPI property table @0x0000000040860001\n", "", "", LPI_UNKNOWN },
	{ "no memory is there", "/ {" ITS "};",
	  "6,1,0,-;GICv3: using LPI property table @0xfffffffffffff000\n", "", "", LPI_UNKNOWN },
	{ "a number of more than 64 bits", "/ {" ITS "};",
	  "6,1,0,-;GICv3: using LPI property table @0x40860000000000000000\n", "", "",
	  LPI_UNKNOWN },
};

#define ACPI "/ { chosen { linux,uefi-system-table = <0 1>; }; };"

/* Of other releases than 6.1. */
static const struct old_row {
	const char *release;
	struct lpi_row r;
} old_rows[] = {
	{ "4.19.0",
	  { "with EFI and before 5.5 they do, and user space is not told",
	    "/ { cpus { }; " ITS "chosen { linux,uefi-system-table = <0 1>; }; };", PROP PEND, "",
	    "40860000-40870000, 40870000-40880000, 48880000-48890000", LPI_KNOWN } },
	{ "5.4.0-42-generic",
	  { "with EFI, ACPI and 5.4: the tree has no devices", ACPI, HEAD PROP PEND, "",
	    "40860000-40870000, 40870000-40880000, 48880000-48890000", LPI_KNOWN } },
	{ "5.4.0",
	  { "with EFI, ACPI and 5.4, no log", ACPI, "", "", "", LPI_UNKNOWN } },
	{ "5.4.0",
	  { "with EFI, a tree, 5.4 and no ITS",
	    "/ { cpus { }; chosen { linux,uefi-system-table = <0 1>; }; };", PROP PEND, "", "",
	    LPI_NONE } },
	{ "5.5.0", { "with EFI and 5.5", ACPI, PROP PEND, "", "", LPI_NONE } },
	{ "mine", { "with EFI and a kernel without a number", ACPI, PROP PEND, "", "", LPI_NONE } },
};

static const struct efi_row {
	const char *caption, *iomem, *tree, *keep, *log;
	bool unknown; /* what firmware reserved inside of RAM */
} efi_rows[] = {
	{ "memory that was added: EFI's map is the boot's: nothing of the boot is in it",
	  RAM_IN_USE "100000000-13fffffff : System RAM\n", "/ { chosen { " EFI "}; };",
	  "100000000-140000000", "", true },
	{ "with EFI, memory of a second node",
	  RAM_IN_USE "100000000-13fffffff : System RAM\n  120000000-1200fffff : reserved\n",
	  "/ { chosen { " EFI "}; };", "120000000-120100000", "", false },
	{ "with EFI, and the log says that it was there early on",
	  RAM_IN_USE "100000000-13fffffff : System RAM\n  120000000-1200fffff : something\n",
	  "/ { chosen { " EFI "}; };", "120000000-120100000",
	  EARLY("0x0000000040000000-0x000000007fffffff")
		  EARLY("0x0000000100000000-0x000000013fffffff"),
	  true },
	{ "with EFI, and the log says that some of it was",
	  RAM_IN_USE "  48000000-480fffff : reserved\n100000000-13fffffff : System RAM\n",
	  "/ { chosen { " EFI "}; };",
	  "48000000-48100000, 100000000-108000000, 110000000-120000000, 128000000-140000000",
	  EARLY("0x0000000108000000-0x000000010fffffff")
		  EARLY("0x0000000120000000-0x0000000127ffffff"),
	  false },
	{ "with EFI, lines that are none of the early memory",
	  RAM_IN_USE "  48000000-480fffff : reserved\n100000000-13fffffff : System RAM\n",
	  "/ { chosen { " EFI "}; };", "48000000-48100000, 100000000-140000000",
	  "6,1,0,-;  DMA      [mem 0x0000000100000000-0x000000013fffffff]\n"
	  "6,2,0,-;  node x: [mem 0x0000000100000000-0x000000013fffffff]\n"
	  "6,3,0,-;  node   0 [mem 0x0000000100000000-0x000000013fffffff]\n"
	  "6,4,0,-;  node   0: [mem 0xgg-0x000000013fffffff]\n"
	  "6,5,0,-;  node   0: [mem 0x0000000100000000 0x000000013fffffff]\n"
	  "6,6,0,-;  node   0: [mem 0x0000000100000000-0x]\n"
	  "6,7,0,-;  node   0: [mem 0x0000000100000000-0x000000013fffffff\n",
	  false },
	{ "with EFI, an early range up to the top, and one that ends before it starts",
	  RAM_IN_USE "  48000000-480fffff : reserved\n100000000-13fffffff : System RAM\n",
	  "/ { chosen { " EFI "}; };", "48000000-48100000, 100000000-130000000",
	  EARLY("0x0000000130000000-0xffffffffffffffff")
		  EARLY("0x0000000120000000-0x0000000110000000"),
	  false },
	{ "EFI's map is kept, which kernels before 4.19 show as free", RAM_IN_USE,
	  "/ { chosen { " EFI "linux,uefi-mmap-size = <1200>; }; };", "50000000-50001200", "",
	  true },
	{ "EFI's map, whose place is no number", RAM_IN_USE "  48000000-480fffff : reserved\n",
	  "/ { chosen { linux,uefi-mmap-start = <0 0 50000000>; linux,uefi-mmap-size = <1200>; }; };",
	  "48000000-48100000", "", false },
	{ "EFI's map ends at the top", RAM_IN_USE "  48000000-480fffff : reserved\n",
	  "/ { chosen { " EFI "linux,uefi-mmap-size = <ffffffff ffffffff>; }; };",
	  "48000000-48100000, 50000000-ffffffffffffffff", "", false },
};

static void test_efi(void)
{
	const struct efi_row *r;
	struct machine m;
	struct error e;
	struct span tree;

	for (r = efi_rows; r < efi_rows + ARRAY_SIZE(efi_rows); r++) {
		CASE("EFI: %s", r->caption);
		tree = note_tree(r->tree);
		m = (struct machine){
			.arch = &arch_arm64, .page_size = 0x1000, .fdt = tree, .fdt_from = "/t"
		};
		e = (struct error){ 0 };
		want_error(probe(&m, r->iomem, r->log, &e), &e, FAIL_NONE, "");
		ranges_sort(&m.reserved);
		want_ranges("kept", r->keep, &m.reserved);
		want(m.reserved_unknown == r->unknown, "it is known what firmware reserved");
		free_machine(&m);
		note_free(&tree);
	}
}

/* One more allocation each time. */
static void out_of_memory(void)
{
	static const struct {
		const char *caption, *iomem, *tree, *log;
		long calls;
	} texts[] = {
		{ "RAM, and that it is bare", RAM, "/ { };", "", 2 },
		{ "RAM and what is reserved", RAM "  48000000-484fffff : reserved\n", "/ { };", "",
		  2 },
		{ "the rest when the old initrd is free", RAM "  47000000-490fffff : reserved\n",
		  INITRD("48000000", "48500000"), "", 3 },
		{ "an area that is no initrd", RAM "  50000000-500fffff : reserved\n",
		  INITRD("48000000", "48500000"), "", 3 },
		{ "what the tree tells of", RAM,
		  "/ { #address-cells = <2>; #size-cells = <2>; "
		  "memory@40000000 { device_type = \"memory\"; reg = <0 40000000 0 40000000>; }; "
		  "};",
		  "", 3 },
		{ "what the tree does not tell of", RAM "100000000-13fffffff : System RAM\n",
		  "/ { #address-cells = <2>; #size-cells = <2>; "
		  "memory@40000000 { device_type = \"memory\"; reg = <0 40000000 0 40000000>; }; "
		  "};",
		  "", 4 },
		{ "LPI tables", RAM_IN_USE, "/ {" ITS "};", HEAD PROP PEND, 2 },
		{ "EFI's map", RAM_IN_USE,
		  "/ { chosen { " EFI "linux,uefi-mmap-size = <1200>; }; };", "", 2 },
		{ "EFI: memory that may be new, early ranges, what is still kept",
		  RAM_IN_USE "100000000-13fffffff : System RAM\n",
		  "/ { chosen { " EFI "linux,uefi-mmap-size = <1200>; }; };",
		  EARLY("0x0000000108000000-0x000000010fffffff"), 5 },
	};
	struct machine m;
	struct error e;
	struct span tree;
	size_t i;
	long n;
	bool ok;

	for (i = 0; i < ARRAY_SIZE(texts); i++) {
		CASE("out of memory: %s", texts[i].caption);
		tree = note_tree(texts[i].tree);
		for (n = 0, ok = false; n < 9 && !ok; n++) {
			m = (struct machine){ .arch = &arch_arm64,
					      .page_size = 0x1000,
					      .fdt = tree };
			e = (struct error){ 0 };
			unit_memory(n);
			ok = probe(&m, texts[i].iomem, texts[i].log, &e);
			unit_memory(-1);
			want_error(ok, &e, ok ? FAIL_NONE : FAIL_MEMORY,
				   ok ? "" : "go on: out of memory");
			free_machine(&m);
		}
		want_u64("calls of malloc", (uint64_t)texts[i].calls, (uint64_t)n - 1);
		note_free(&tree);
	}
}

/* Some 70 areas, one of them in two halves: a set grows at the 65th. */
static void many_areas(unsigned before, const char *half)
{
	struct strbuf t = STRBUF_GROWING;
	struct machine m = { 0 };
	struct span tree = note_tree(INITRD("40800000", "40801000"));
	struct error e;
	bool ok = false;
	unsigned i;
	long n;

	CASE("out of memory: the half of an area %s the old initrd is the 65th", half);
	strbuf_printf(&t, "%s", RAM);
	for (i = 0; i < before; i++)
		strbuf_printf(&t, "  %x-%x : reserved\n", 0x40000000 + 0x10000 * i,
			      0x40000fff + 0x10000 * i);
	strbuf_printf(&t, "  407ff000-408fffff : reserved\n");
	for (i = 0; i < 6; i++)
		strbuf_printf(&t, "  %x-%x : reserved\n", 0x41000000 + 0x10000 * i,
			      0x41000fff + 0x10000 * i);
	for (n = 0; n < 9 && !ok; n++) {
		m = (struct machine){ .arch = &arch_arm64, .page_size = 0x1000, .fdt = tree };
		e = (struct error){ 0 };
		unit_memory(n);
		ok = probe(&m, t.p, "", &e);
		unit_memory(-1);
		want_error(ok, &e, ok ? FAIL_NONE : FAIL_MEMORY, ok ? "" : "go on: out of memory");
		if (ok)
			want_u64("areas", before + 2 + 6, m.reserved.n);
		free_machine(&m);
	}
	want(ok, "they are read in the end");
	note_free(&tree);
	strbuf_free(&t);
}

static void tables_without_room(void)
{
	struct machine m = { .arch = &arch_arm64 };
	struct span in = note_tree("/ { };");
	const struct request r = { .machine = &m };
	struct error e = { 0 };
	struct tree t;

	CASE("LPI tables: no room to reserve them");
	if (!ranges_add(&m.reserved, 0x40860000, 0x40870000, arm64_lpi) ||
	    !tree_open(&t, in, 0, "/t", &e))
		abort();
	want_error(arch_arm64.tree(&t, &r, &e), &e, FAIL_TREE,
		   "write the device tree: FDT_ERR_NOSPACE: /t");
	tree_free(&t);
	ranges_free(&m.reserved);
	note_free(&in);
}

static void test_tables(const struct lpi_row *r, const char *release)
{
	struct span tree = note_tree(r->tree);
	struct machine m = {
		.arch = &arch_arm64, .page_size = 0x1000, .fdt = tree, .fdt_from = "/t"
	};
	struct error e = { 0 };

	CASE("LPI tables: %s", r->caption);
	strcpy(m.release, release);
	m.cmdline =
		(struct strbuf){ .p = (char *)(uintptr_t)r->cmdline, .len = strlen(r->cmdline) };
	want_error(probe(&m, RAM_IN_USE, r->log, &e), &e, FAIL_NONE, "");
	want_ranges("kept", r->keep, &m.reserved);
	want_u64("known", r->lpi, m.lpi);
	m.cmdline = (struct strbuf){ 0 };
	free_machine(&m);
	note_free(&tree);
}

/* Lines of both kinds are wanted of the log, and there is one word for them. */
static void both_words(void)
{
	static const char ram[] = RAM_IN_USE "100000000-13fffffff : System RAM\n";
	struct span tree = note_tree("/ { chosen { " EFI "}; };");
	struct machine m = { .arch = &arch_arm64,
			     .page_size = 0x1000,
			     .release = "5.4.0",
			     .fdt = tree,
			     .fdt_from = "/t" };
	struct error e = { 0 };

	CASE("LPI tables, and memory that EFI may not know: what to look for in the log");
	want_error(arch_arm64.memory(&m, (struct span){ (const uint8_t *)ram, sizeof(ram) - 1 }, &e),
		   &e, FAIL_NONE, "");
	want(m.log_word && strstr(PROP, m.log_word) && strstr(PEND, m.log_word) &&
		     strstr(EARLY("0x0000000108000000-0x000000010fffffff"), m.log_word),
	     "lines of both kinds have it");
	free_machine(&m);
	note_free(&tree);
}

static void test_lpi(void)
{
	size_t i;

	both_words();

	for (i = 0; i < ARRAY_SIZE(lpi_rows); i++)
		test_tables(&lpi_rows[i], "6.1.0");
	for (i = 0; i < ARRAY_SIZE(old_rows); i++)
		test_tables(&old_rows[i].r, old_rows[i].release);
}

void test_arm64_memory(void)
{
	struct machine m;
	struct error e;
	struct span tree;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		CASE("%s", rows[i].caption);
		tree = note_tree(rows[i].tree);
		m = (struct machine){
			.arch = &arch_arm64, .page_size = 0x1000, .fdt = tree, .fdt_from = "/t"
		};
		e = (struct error){ 0 };
		want_error(probe(&m, rows[i].iomem, "", &e), &e, FAIL_NONE, "");
		want_ranges("RAM",
			    strstr(rows[i].iomem, "100000000")
				    ? "40000000-80000000, 100000000-140000000"
				    : "40000000-80000000",
			    &m.ram);
		want_ranges("kept", rows[i].keep, &m.reserved);
		want_u64("reach", 1ull << 48, m.addressable.end);
		ranges_free(&m.ram);
		ranges_free(&m.reserved);
		note_free(&tree);
	}
	test_lpi();
	test_efi();
	out_of_memory();
	many_areas(63, "behind");
	many_areas(64, "before");
	tables_without_room();
}
