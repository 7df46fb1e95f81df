/* The arm64 reading of /proc/iomem and tree together. */
#include "unit.h"

#include "../../arch/arch.h"

#define RAM "40000000-7fffffff : System RAM\n"
#define INITRD(start, end)                                                                         \
	"/ { chosen { linux,initrd-start = <0 " start ">; linux,initrd-end = <0 " end ">; }; };"

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
	{ "a device's area inside of it stays", RAM "  48000000-484fffff : ACPI tables\n",
	  INITRD("48000000", "48500000"), "48000000-48500000" },
};

void test_arm64_memory(void)
{
	struct machine m;
	struct sources s;
	struct error e;
	struct span tree;
	size_t i;

	for (i = 0; i < COUNT(rows); i++) {
		CASE("%s", rows[i].caption);
		tree = note_tree(rows[i].tree);
		m = (struct machine){
			.arch = &arch_arm64, .page_size = 0x1000, .fdt = tree, .fdt_from = "/t"
		};
		s = (struct sources){ .iomem = { (const uint8_t *)rows[i].iomem,
						 strlen(rows[i].iomem) } };
		e = (struct error){ 0 };
		want_error(arch_arm64.memory(&m, &s, &e), &e, FAIL_NONE, "");
		want_ranges("RAM", "40000000-80000000", &m.ram);
		want_ranges("kept", rows[i].keep, &m.keep);
		want_u64("reach", 1ull << 48, m.reach.end);
		ranges_free(&m.ram);
		ranges_free(&m.keep);
		note_free(&tree);
	}
}
