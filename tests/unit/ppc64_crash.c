/* What a ppc64 crash kernel's tree says of memory, and what is undone when it loads the next one.
 */
#include "unit.h"

#include "../../arch/arch.h"

#include <libfdt.h>

#define ROOT "#address-cells = <2>; #size-cells = <2>; "
#define MEMORY(at, reg, rest)                                                                      \
	"memory@" at " { " rest "device_type = \"memory\"; reg = <" reg ">; }; "
#define DYNAMIC(list, rest)                                                                        \
	"ibm,dynamic-reconfiguration-memory { " rest "ibm,lmb-size = <0 10000000>; " list "}; "
#define USABLE "linux,usable-memory = <"

static const struct row {
	const char *caption, *tree, *expected;
	phys start, end; /* crash region; 0: a normal load */
} rows[] = {
	{ "all from 0 to the region's end in the node that has it, nothing in another",
	  "/ { " ROOT MEMORY("0", "0 0 0 40000000", "")
		  MEMORY("40000000", "0 40000000 0 40000000", "") "};",
	  "@10000+1fff0000; / { " ROOT MEMORY("0", "0 0 0 40000000", USABLE "0 0 0 30000000>; ")
		  MEMORY("40000000", "0 40000000 0 40000000", USABLE "0 0 0 0>; ") "};",
	  0x20000000, 0x30000000 },
	{ "a region in two nodes, and one of several ranges",
	  "/ { " ROOT MEMORY("0", "0 0 0 28000000 0 28000000 0 10000000", "") "};",
	  "@10000+1fff0000; / { " ROOT MEMORY("0", "0 0 0 28000000 0 28000000 0 10000000",
					      USABLE "0 0 0 28000000 0 28000000 0 8000000>; ") "};",
	  0x20000000, 0x30000000 },
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
	  0x20000000, 0x28000000 },
	{ "dynamic memory in runs (version 2)",
	  "/ { " ROOT DYNAMIC("ibm,dynamic-memory-v2 = <1 3 0 10000000 1 0 8>; ", "") "};",
	  "@10000+1fff0000; / { " ROOT DYNAMIC(
		  "ibm,dynamic-memory-v2 = <1 3 0 10000000 1 0 8>; ",
		  "linux,drconf-usable-memory = <0 1 0 10000000 0 10000000 "
		  "0 1 0 20000000 0 10000000 0 0>; ") "};",
	  0x20000000, 0x30000000 },
	{ "out of a crash kernel: its limits go, and what its loader reserved",
	  "@10000+1fff0000; @2f010000+10000; @30000000+1000; "
	  "/ { " ROOT MEMORY("0", "0 0 0 40000000", USABLE "0 0 0 30000000>; ") "};",
	  "@30000000+1000; / { " ROOT MEMORY("0", "0 0 0 40000000", "") "};", 0, 0 },
	{ "a normal kernel keeps what is reserved",
	  "@10000+1000; / { " ROOT MEMORY("0", "0 0 0 40000000", "") "};",
	  "@10000+1000; / { " ROOT MEMORY("0", "0 0 0 40000000", "") "};", 0, 0 },
};

void test_ppc64_crash(void)
{
	const struct row *r;
	struct machine m;
	struct tree t;
	struct span in, out;
	struct error e;
	char buf[2000];
	bool ok;

	for (r = rows; r < rows + COUNT(rows); r++) {
		CASE("%s", r->caption);
		in = note_tree(r->tree);
		m = (struct machine){ .arch = &arch_ppc64, .fdt = in, .fdt_from = "/t" };
		m.crash.region = (struct range){ r->start, r->end, NULL };
		m.reach.end = 0x30000000;
		e = (struct error){ 0 };
		ok = tree_open(&t, in, 512, "/t", &e) && arch_ppc64.tree(&t, &m, &e) &&
		     tree_pack(&t, &out, &e);
		want_error(ok, &e, FAIL_NONE, "");
		if (ok)
			want_text("tree", r->expected, note_print(t.blob, buf, sizeof(buf)));
		tree_free(&t);
		note_free(&in);
	}
}
