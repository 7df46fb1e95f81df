/* SPDX-License-Identifier: MIT */
/* merge_machine(): a user's tree, the machine's own, what comes of them. */
#include "unit.h"

#include "dt/merge.h"

#include <libfdt.h>
#include <stdio.h>

#define CELLS "#address-cells = <2>; #size-cells = <2>; "
#define MEM   "memory@4 { device_type = \"memory\"; reg = <0 40000000 0 1000>; }; "
/* what was copied has its properties the other way around */
#define MEM_COPY   "memory@4 { reg = <0 40000000 0 1000>; device_type = \"memory\"; }; "
#define OTHER_COPY "memory@5 { reg = <0 50000000 0 1000>; device_type = \"memory\"; }; "
#define OTHER	   "memory@5 { device_type = \"memory\"; reg = <0 50000000 0 1000>; }; "
#define AREAS	   "reserved-memory { " CELLS "ranges; "

#define AREAS_MADE "reserved-memory { ranges; #size-cells = <2>; #address-cells = <2>; "
#define SAME	   "compatible = \"v,b\"; "

static const struct row {
	const char *caption, *given, *own, *expected;
} rows[] = {
	{ "the machine's own tree: nothing is added",
	  "@1000+1000; / { " CELLS "chosen { stdout-path = \"/u\"; }; " MEM
	  "psci { a; }; u { }; };",
	  "@1000+1000; / { " CELLS "chosen { stdout-path = \"/u\"; }; " MEM
	  "psci { a; }; u { }; };",
	  "@1000+1000; / { " CELLS "chosen { stdout-path = \"/u\"; }; " MEM
	  "psci { a; }; u { }; };" },
	{ "no memory: all nodes of the machine's, and /chosen is there", "/ { " CELLS "};",
	  "/ { " CELLS MEM OTHER "};", "/ { " CELLS OTHER_COPY MEM_COPY "chosen { }; };" },
	{ "memory nodes of its own stay as they are", "/ { " CELLS "chosen { }; " OTHER "};",
	  "/ { " CELLS MEM "};", "/ { " CELLS "chosen { }; " OTHER "};" },
	{ "hot-pluggable memory of ppc64 goes along", "/ { " CELLS "chosen { }; };",
	  "/ { " CELLS MEM "ibm,dynamic-reconfiguration-memory { ibm,lmb-size = <0 10>; }; };",
	  "/ { " CELLS "ibm,dynamic-reconfiguration-memory { ibm,lmb-size = <0 10>; }; " MEM_COPY
	  "chosen { }; };" },
	{ "EFI: its memory map, and no memory nodes", "/ { " CELLS "chosen { }; };",
	  "/ { " CELLS
	  "chosen { bootargs = \"x\"; linux,uefi-mmap-start = <0 1>; linux,uefi-x; }; };",
	  "/ { " CELLS "chosen { linux,uefi-x; linux,uefi-mmap-start = <0 1>; }; };" },
	{ "EFI: another boot's map goes",
	  "/ { " CELLS "chosen { linux,uefi-mmap-start = <0 9>; a; linux,uefi-old; }; " MEM "};",
	  "/ { " CELLS "chosen { linux,uefi-mmap-start = <0 1>; }; };",
	  "/ { " CELLS "chosen { linux,uefi-mmap-start = <0 1>; a; }; " MEM "};" },
	{ "another boot's map goes from a machine without EFI",
	  "/ { " CELLS "chosen { linux,uefi-mmap-start = <0 9>; a; }; };",
	  "/ { " CELLS "chosen { }; " MEM "};", "/ { " CELLS MEM_COPY "chosen { a; }; };" },
	{ "reservations that it has not", "@1000+1000; / { " CELLS "chosen { }; " MEM "};",
	  "@1000+800; @3000+1000; / { " CELLS MEM "};",
	  "@1000+1000; @3000+1000; / { " CELLS "chosen { }; " MEM "};" },
	{ "a reserved area that it has not, with its flags; its place made",
	  "/ { " CELLS "chosen { }; " MEM "};",
	  "/ { " CELLS MEM AREAS "a@5 { no-map; reg = <0 5000 0 1000>; }; }; };",
	  "/ { " CELLS "reserved-memory { ranges; #size-cells = <2>; #address-cells = <2>; a@5 { "
	  "reg = <0 5000 0 1000>; no-map; }; }; chosen { }; " MEM "};" },
	{ "a reserved area without a place is nobody's",
	  "/ { " CELLS "chosen { }; " MEM AREAS "}; };",
	  "/ { " CELLS MEM AREAS "pool { size = <0 1000>; }; }; };",
	  "/ { " CELLS "chosen { }; " MEM AREAS "}; };" },
	{ "a reserved area that it keeps by another name",
	  "/ { " CELLS "chosen { }; " MEM AREAS "b@4 { reg = <0 4000 0 4000>; }; }; };",
	  "/ { " CELLS MEM AREAS "a@5 { reg = <0 5000 0 1000>; }; }; };",
	  "/ { " CELLS "chosen { }; " MEM AREAS "b@4 { reg = <0 4000 0 4000>; }; }; };" },
	{ "a reserved area whose name it has for another: a plain reservation",
	  "/ { " CELLS "chosen { }; " MEM AREAS "tz { reg = <0 8000 0 1000>; }; }; };",
	  "/ { " CELLS MEM AREAS "tz { reg = <0 5000 0 1000>; }; }; };",
	  "@5000+1000; / { " CELLS "chosen { }; " MEM AREAS
	  "tz { reg = <0 8000 0 1000>; }; }; };" },
	{ "a reserved area in other cells: a plain reservation",
	  "/ { " CELLS "chosen { }; " MEM
	  "reserved-memory { #address-cells = <1>; #size-cells = <1>; }; };",
	  "/ { " CELLS MEM AREAS "a@5 { reg = <0 5000 0 1000>; }; }; };",
	  "@5000+1000; / { " CELLS "chosen { }; " MEM
	  "reserved-memory { #address-cells = <1>; #size-cells = <1>; }; };" },
	{ "firmware's nodes, with their phandles where those are free",
	  "/ { " CELLS "chosen { }; " MEM "x { phandle = <7>; }; };",
	  "/ { " CELLS MEM
	  "psci { phandle = <7>; method = \"smc\"; }; firmware { optee { phandle = <8>; "
	  "sub { a; }; }; scmi { }; }; };",
	  "/ { " CELLS
	  "firmware { optee { phandle = <8>; sub { a; }; }; }; psci { method = \"smc\"; }; "
	  "chosen { }; " MEM "x { phandle = <7>; }; };" },
	{ "firmware's nodes that it has stay as they are",
	  "/ { " CELLS "chosen { }; " MEM "psci { b; }; };", "/ { " CELLS MEM "psci { a; }; };",
	  "/ { " CELLS "chosen { }; " MEM "psci { b; }; };" },
	{ "the console, by path and by alias, with its options",
	  "/ { " CELLS "chosen { }; " MEM "aliases { serial0 = \"/u\"; }; u { }; };",
	  "/ { " CELLS MEM "chosen { stdout-path = \"serial0:115200n8\"; }; };",
	  "/ { " CELLS "chosen { stdout-path = \"serial0:115200n8\"; }; " MEM
	  "aliases { serial0 = \"/u\"; }; u { }; };" },
	{ "no console that it has not, or has chosen itself", "/ { " CELLS "chosen { }; " MEM "};",
	  "/ { " CELLS MEM "chosen { stdout-path = \"/u\"; }; };",
	  "/ { " CELLS "chosen { }; " MEM "};" },
	{ "a console by another name, and one that does not end",
	  "/ { " CELLS "chosen { }; " MEM "u { }; };",
	  "/ { " CELLS MEM "chosen { stdout-path = [2f75]; linux,stdout-path = \"/u\"; }; };",
	  "/ { " CELLS "chosen { linux,stdout-path = \"/u\"; }; " MEM "u { }; };" },
	{ "nodes that are no memory, by types of seven letters and of others",
	  "/ { " CELLS "chosen { }; };",
	  "/ { " CELLS "a { device_type = \"cpu\"; }; b { device_type = \"memors\"; }; " MEM "};",
	  "/ { " CELLS MEM_COPY "chosen { }; };" },
	{ "a phandle by both of its names", "/ { " CELLS "chosen { }; " MEM "};",
	  "/ { " CELLS MEM "psci { linux,phandle = <8>; phandle = <8>; }; };",
	  "/ { " CELLS "psci { phandle = <8>; linux,phandle = <8>; }; chosen { }; " MEM "};" },
	{ "a reservation that wraps: all behind it",
	  "@fffffffffffff000+ffe; / { " CELLS "chosen { }; " MEM "};",
	  "@fffffffffffff000+2000; / { " CELLS MEM "};",
	  "@fffffffffffff000+ffe; @fffffffffffff000+fff; / { " CELLS "chosen { }; " MEM "};" },
	{ "an area of several places, of which it keeps one: the others, as plain reservations",
	  "@5000+1000; / { " CELLS "chosen { }; " MEM
	  "reserved-memory { #address-cells = <1>; #size-cells = <1>; }; };",
	  "/ { " CELLS MEM AREAS
	  "a@5 { reg = <0 5000 0 1000 0 7000 0 1000 0 9000 0 1000>; }; }; };",
	  "@5000+1000; @7000+1000; @9000+1000; / { " CELLS "chosen { }; " MEM
	  "reserved-memory { #address-cells = <1>; #size-cells = <1>; }; };" },
	{ "a place for reserved areas that kernels do not heed: theirs is as kernels want it",
	  "/ { " CELLS "chosen { }; " MEM "};",
	  "/ { " CELLS MEM "reserved-memory { #address-cells = <2>; #size-cells = <2>; a { "
	  "reg = <0 5000 0 1000>; }; }; };",
	  "/ { " CELLS AREAS_MADE "a { reg = <0 5000 0 1000>; }; }; chosen { }; " MEM "};" },
	{ "a console of its own choice stays",
	  "/ { " CELLS "chosen { linux,stdout-path = \"/v\"; }; " MEM "u { }; };",
	  "/ { " CELLS MEM "chosen { stdout-path = \"/u\"; }; };",
	  "/ { " CELLS "chosen { linux,stdout-path = \"/v\"; }; " MEM "u { }; };" },

	/* what kernels do not take for memory or reserved, the file does not have */
	{ "a memory node that tells of nothing, as boot loaders fill it in",
	  "/ { " CELLS "chosen { }; memory@4 { device_type = \"memory\"; reg = <0 40000000 0 0>; "
	  "}; };",
	  "/ { " CELLS MEM "};", "/ { " CELLS MEM_COPY "chosen { }; };" },
	{ "a memory node that is switched off",
	  "/ { " CELLS "chosen { }; memory@9 { device_type = \"memory\"; status = \"disabled\"; "
	  "reg = <0 40000000 0 1000>; }; };",
	  "/ { " CELLS MEM "};", "/ { " CELLS MEM_COPY "chosen { }; };" },
	{ "a memory node of which nothing may be used",
	  "/ { " CELLS "chosen { }; memory@9 { device_type = \"memory\"; linux,usable-memory = "
	  "<0 0 0 0>; reg = <0 40000000 0 1000>; }; };",
	  "/ { " CELLS MEM "};", "/ { " CELLS MEM_COPY "chosen { }; };" },
	{ "an area that is switched off in the file and live here: switched on, for its users",
	  "/ { " CELLS "chosen { }; " MEM AREAS
	  "tz@5 { status = \"disabled\"; phandle = <9>; reg = <0 4000 0 1000>; }; }; };",
	  "/ { " CELLS MEM AREAS "tz@5 { no-map; phandle = <3>; reg = <0 5000 0 1000>; }; }; };",
	  "/ { " CELLS "chosen { }; " MEM AREAS
	  "tz@5 { no-map; phandle = <9>; reg = <0 5000 0 1000>; }; }; };" },
	{ "the same without no-map, and on by its older name",
	  "/ { " CELLS "chosen { }; " MEM AREAS
	  "tz@5 { status = \"disabled\"; reg = <0 4000 0 1000>; }; }; };",
	  "/ { " CELLS MEM AREAS "tz@5 { status = \"ok\"; reg = <0 5000 0 1000>; }; }; };",
	  "/ { " CELLS "chosen { }; " MEM AREAS "tz@5 { reg = <0 5000 0 1000>; }; }; };" },
	{ "an area that is switched off here too, by a word that does not end",
	  "/ { " CELLS "chosen { }; " MEM "};",
	  "/ { " CELLS MEM AREAS "a@5 { status = \"disabled\"; reg = <0 5000 0 1000>; }; "
	  "b@6 { status = [6f6b6179]; reg = <0 6000 0 1000>; }; }; };",
	  "/ { " CELLS AREAS_MADE "}; chosen { }; " MEM "};" },
	{ "no-map memory that the file reserves in cells that kernels do not heed",
	  "/ { " CELLS "chosen { }; " MEM
	  "reserved-memory { #address-cells = <1>; #size-cells = <1>; ranges; a { reg = <5000 "
	  "1000>; }; }; };",
	  "/ { " CELLS MEM AREAS "a@5 { no-map; reg = <0 5000 0 1000>; }; }; };",
	  "@5000+1000; / { " CELLS "chosen { }; " MEM
	  "reserved-memory { #address-cells = <1>; #size-cells = <1>; ranges; a { reg = <5000 "
	  "1000>; }; }; };" },
	{ "the same without ranges, and without one of the cells",
	  "/ { " CELLS "chosen { }; " MEM
	  "reserved-memory { #address-cells = <2>; #size-cells = <2>; a { reg = <0 5000 0 1000>; "
	  "}; }; };",
	  "/ { " CELLS MEM AREAS "a@5 { reg = <0 5000 0 1000>; }; }; };",
	  "@5000+1000; / { " CELLS "chosen { }; " MEM
	  "reserved-memory { #address-cells = <2>; #size-cells = <2>; a { reg = <0 5000 0 1000>; "
	  "}; }; };" },

	{ "the same without one of the cells",
	  "/ { " CELLS "chosen { }; " MEM "reserved-memory { #address-cells = <2>; ranges; }; };",
	  "/ { " CELLS MEM AREAS "a@5 { reg = <0 5000 0 1000>; }; }; };",
	  "@5000+1000; / { " CELLS "chosen { }; " MEM
	  "reserved-memory { #address-cells = <2>; ranges; }; };" },
	{ "the same with addresses of one cell, and with sizes of one",
	  "/ { " CELLS "chosen { }; " MEM
	  "reserved-memory { #address-cells = <1>; #size-cells = <2>; ranges; }; };",
	  "/ { " CELLS MEM AREAS "a@5 { reg = <0 5000 0 1000>; }; }; };",
	  "@5000+1000; / { " CELLS "chosen { }; " MEM
	  "reserved-memory { #address-cells = <1>; #size-cells = <2>; ranges; }; };" },
	{ "the same with sizes of one cell",
	  "/ { " CELLS "chosen { }; " MEM
	  "reserved-memory { #address-cells = <2>; #size-cells = <1>; ranges; }; };",
	  "/ { " CELLS MEM AREAS "a@5 { reg = <0 5000 0 1000>; }; }; };",
	  "@5000+1000; / { " CELLS "chosen { }; " MEM
	  "reserved-memory { #address-cells = <2>; #size-cells = <1>; ranges; }; };" },
	{ "memory and an area that are switched on in so many letters",
	  "/ { " CELLS "chosen { }; memory@9 { device_type = \"memory\"; status = \"okay\"; "
	  "reg = <0 40000000 0 1000>; }; };",
	  "/ { " CELLS MEM AREAS "a@5 { status = \"okay\"; reg = <0 5000 0 1000>; }; }; };",
	  "/ { " CELLS AREAS_MADE "a@5 { reg = <0 5000 0 1000>; status = \"okay\"; }; }; chosen { "
	  "}; memory@9 { device_type = \"memory\"; status = \"okay\"; reg = <0 40000000 0 1000>; "
	  "}; };" },

	/* two versions of the same board's tree */
	{ "no-map memory that the file has in part, and a reservation of its header: the rest",
	  "@7000+1000; @9000+1000; / { " CELLS "chosen { }; " MEM AREAS
	  "a@4 { no-map; reg = <0 4000 0 2000>; }; }; };",
	  "/ { " CELLS MEM AREAS "a@5 { no-map; reg = <0 5000 0 4000>; }; }; };",
	  "@9000+1000; / { " CELLS "chosen { }; " MEM AREAS
	  "reserved@6000 { no-map; reg = <0 6000 0 3000>; }; a@4 { no-map; reg = <0 4000 0 2000>; "
	  "}; }; };" },
	{ "an area that the file has in the middle of the machine's: what is around it",
	  "/ { " CELLS "chosen { }; " MEM AREAS "a@6 { reg = <0 6000 0 1000>; }; }; };",
	  "/ { " CELLS MEM AREAS "a@5 { reg = <0 5000 0 3000>; }; }; };",
	  "@5000+1000; @7000+1000; / { " CELLS "chosen { }; " MEM AREAS
	  "a@6 { reg = <0 6000 0 1000>; }; }; };" },
	{ "areas that overlap here: apart", "/ { " CELLS "chosen { }; " MEM AREAS "}; };",
	  "/ { " CELLS MEM AREAS "a@5 { reg = <0 5000 0 2000>; }; b@6 { reg = <0 6000 0 2000>; "
	  "}; }; };",
	  "@7000+1000; / { " CELLS "chosen { }; " MEM AREAS
	  "a@5 { reg = <0 5000 0 2000>; }; }; };" },
	{ "no-map memory of two places: an area each", "/ { " CELLS "chosen { }; " MEM "};",
	  "/ { " CELLS MEM AREAS "a@5 { no-map; reg = <0 5000 0 1000 0 7000 0 1000>; }; }; };",
	  "/ { " CELLS AREAS_MADE "reserved@7000 { no-map; reg = <0 7000 0 1000>; }; "
	  "a@5 { reg = <0 5000 0 1000>; no-map; }; }; chosen { }; " MEM "};" },
	{ "no-map memory that the header has here too: the area alone",
	  "/ { " CELLS "chosen { }; " MEM "};",
	  "@5000+1000; @4000+4000; / { " CELLS MEM AREAS "a@5 { no-map; reg = <0 5000 0 1000>; }; "
	  "}; };",
	  "@4000+1000; @6000+2000; / { " CELLS AREAS_MADE "a@5 { reg = <0 5000 0 1000>; no-map; }; "
	  "}; chosen { }; " MEM "};" },
	{ "no-map memory whose name the file has for other memory, and for the rest of it",
	  "/ { " CELLS "chosen { }; " MEM AREAS
	  "tz { reg = <0 8000 0 1000>; }; reserved@5000 { }; }; };",
	  "/ { " CELLS MEM AREAS "tz { no-map; reg = <0 5000 0 1000 0 9000 0 1000>; }; }; };",
	  "@5000+1000; / { " CELLS "chosen { }; " MEM AREAS
	  "reserved@9000 { no-map; reg = <0 9000 0 1000>; }; tz { reg = <0 8000 0 1000>; }; "
	  "reserved@5000 { }; }; };" },
	{ "no-map memory above what the file's cells can say: a reservation",
	  "/ { " SAME "#address-cells = <1>; #size-cells = <1>; chosen { }; };",
	  "/ { " SAME CELLS MEM AREAS "a@5 { no-map; reg = <1 5000 0 1000>; }; b@6 { no-map; reg = "
	  "<0 6000 0 1000 1 6000 0 1000>; }; }; };",
	  "@100005000+1000; @100006000+1000; / { " SAME
	  "#address-cells = <1>; #size-cells = <1>; memory@4 { reg = <40000000 1000>; device_type "
	  "= \"memory\"; }; reserved-memory { ranges; #size-cells = <1>; #address-cells = <1>; "
	  "b@6 { reg = <6000 1000>; no-map; }; }; chosen { }; };" },

	/* the same machine */
	{ "memory of the same machine: its own, whatever the file has",
	  "/ { " SAME CELLS "chosen { }; memory@0 { device_type = \"memory\"; reg = <0 40000000 0 "
	  "28000000>; }; x { }; " OTHER "};",
	  "/ { " SAME CELLS MEM "};", "/ { " SAME CELLS MEM_COPY "chosen { }; x { }; };" },
	{ "memory of the same machine, which says none",
	  "/ { " SAME CELLS "chosen { }; " OTHER "};", "/ { " SAME CELLS "};",
	  "/ { " SAME CELLS "chosen { }; " OTHER "};" },
	{ "memory of the same machine in cells of the file's, what may be used of it",
	  "/ { " SAME "#address-cells = <1>; #size-cells = <1>; chosen { }; };",
	  "/ { " SAME CELLS "memory@4 { device_type = \"memory\"; linux,usable-memory = <0 "
	  "40000000 0 800>; reg = <0 40000000 0 1000>; }; };",
	  "/ { " SAME "#address-cells = <1>; #size-cells = <1>; memory@4 { reg = <40000000 800>; "
	  "device_type = \"memory\"; }; chosen { }; };" },
	{ "the same, where the file has fewer cells of size only",
	  "/ { " SAME "#address-cells = <2>; #size-cells = <1>; chosen { }; };",
	  "/ { " SAME CELLS MEM "};",
	  "/ { " SAME
	  "#address-cells = <2>; #size-cells = <1>; memory@4 { reg = <0 40000000 1000>; "
	  "device_type = \"memory\"; }; chosen { }; };" },
	{ "memory of a machine that does not say which it is: the file's stays",
	  "/ { " SAME CELLS "chosen { }; " OTHER "};", "/ { " CELLS MEM "};",
	  "/ { " SAME CELLS "chosen { }; " OTHER "};" },
	{ "another machine's memory stays, for what a check has to say",
	  "/ { compatible = \"w,b\"; " CELLS "chosen { }; " OTHER "};", "/ { " SAME CELLS MEM "};",
	  "/ { compatible = \"w,b\"; " CELLS "chosen { }; " OTHER "};" },
	{ "serial number and MAC addresses: by path, by alias, in place of the file's",
	  "/ { " SAME CELLS "chosen { }; " MEM
	  "aliases { ethernet0 = \"/soc/eth@9\"; }; soc { eth@9 { }; wifi@2 { local-mac-address = "
	  "[000000000000]; }; bt { }; }; };",
	  "/ { " SAME "serial-number = \"17\"; " CELLS MEM
	  "aliases { ethernet1 = \"/soc/gone\"; x = [2f]; ethernet0 = \"/soc/eth@1\"; }; soc { "
	  "gone { mac-address = [00]; }; eth@1 { mac-address = [01]; local-mac-address = [02]; }; "
	  "wifi@2 { local-mac-address = [030303030303]; }; bt { local-bd-address = [04]; }; }; };",
	  "/ { serial-number = \"17\"; " SAME CELLS MEM_COPY
	  "chosen { }; aliases { ethernet0 = \"/soc/eth@9\"; }; soc { eth@9 { local-mac-address = "
	  "[02]; mac-address = [01]; }; wifi@2 { local-mac-address = [030303030303]; }; bt { "
	  "local-bd-address = [04]; }; }; };" },
	{ "none of another machine's", "/ { compatible = \"w,b\"; " CELLS "chosen { }; " MEM "};",
	  "/ { " SAME "serial-number = \"17\"; " CELLS MEM "};",
	  "/ { compatible = \"w,b\"; " CELLS "chosen { }; " MEM "};" },
};

/* Areas that take more than the room that is made for each: in their names, in their properties. */
#define LONG "a-long-name-of-an-area-that-nobody-would-give-to-it-"
static const struct row large[] = {
	{ .caption = "an area with a name of 150 letters",
	  .given = "/ { " CELLS "chosen { }; " MEM AREAS "}; };",
	  .own = "/ { " CELLS MEM AREAS LONG LONG LONG " { reg = <0 5000 0 1000>; }; }; };",
	  .expected = "/ { " CELLS "chosen { }; " MEM AREAS LONG LONG LONG
		      " { reg = <0 5000 0 1000>; }; }; };" },
	{ .caption = "an area with a property of 150 letters",
	  .given = "/ { " CELLS "chosen { }; " MEM AREAS "}; };",
	  .own = "/ { " CELLS MEM AREAS "a { compatible = \"" LONG LONG LONG
		 "\"; reg = <0 5000 0 1000 0 7000 0 1000>; }; }; };",
	  .expected = "@7000+1000; / { " CELLS "chosen { }; " MEM AREAS
		      "a { reg = <0 5000 0 1000>; compatible = \"" LONG LONG LONG "\"; }; }; };" },
};

/* Of a target whose firmware moves from boot to boot. */
static const struct row moves[] = {
	{ "firmware that moves: the machine's nodes, but the file's phandles",
	  "/ { " CELLS "chosen { }; " MEM "psci { phandle = <7>; old; base = <1>; same { phandle = "
	  "<8>; x; }; gone { }; }; y { phandle = <3>; }; };",
	  "/ { " CELLS MEM "psci { phandle = <5>; base = <2>; same { linux,phandle = <6>; }; new { "
	  "phandle = <3>; }; }; };",
	  "/ { " CELLS "chosen { }; " MEM
	  "psci { base = <2>; phandle = <7>; new { }; same { phandle "
	  "= <8>; }; }; y { phandle = <3>; }; };" },
	{ "firmware that moves, and that this machine has not",
	  "/ { " CELLS "reserved-ranges = <0 1000 0 1000>; chosen { }; " MEM
	  "psci { base = <1>; }; "
	  "};",
	  "/ { " CELLS MEM "};", "/ { " CELLS "chosen { }; " MEM "};" },
	{ "what firmware has reserved, and what an LPAR has agreed on",
	  "/ { " CELLS "reserved-names = \"old\"; chosen { ibm,architecture-vec-5 = [00]; }; " MEM
	  "};",
	  "/ { " CELLS "reserved-names = \"new\"; reserved-ranges = <0 1000 0 1000>; " MEM
	  "chosen { ibm,architecture-vec-5 = [01]; }; };",
	  "/ { reserved-names = \"new\"; reserved-ranges = <0 1000 0 1000>; " CELLS
	  "chosen { ibm,architecture-vec-5 = [01]; }; " MEM "};" },
};

static const struct {
	const char *caption, *given, *own;
	bool same;
} machines[] = {
	{ "the same", "/ { compatible = \"a\"; };", "/ { compatible = \"a\"; };", true },
	{ "one of several", "/ { compatible = [61006200]; };", "/ { compatible = [63006200]; };",
	  true },
	{ "another", "/ { compatible = \"a\"; };", "/ { compatible = \"ab\"; };", false },
	{ "not said by the tree", "/ { };", "/ { compatible = \"a\"; };", true },
	{ "not said by the machine", "/ { compatible = \"a\"; };", "/ { };", true },
	{ "a string without an end", "/ { compatible = [61]; };", "/ { compatible = [61]; };",
	  true },
};

/* Merges with so much room and as many calls of malloc as that. */
static bool merge(struct span given, struct span own, size_t room, long memory, struct error *e)
{
	static const char *const firmware[] = { "/psci", "/firmware/optee", NULL };
	struct tree t;
	bool ok;

	*e = (struct error){ 0 };
	if (!tree_open(&t, given, room, "x.dtb", e))
		abort();
	unit_memory(memory);
	ok = merge_machine(&t, own.p, firmware, false, e);
	unit_memory(-1);
	tree_free(&t);
	return ok;
}

/* Every part of the machine's own needs its room. */
static void rooms(void)
{
	static const struct {
		const char *caption, *given, *own;
	} parts[] = {
		{ "all of it", "/ { " CELLS "u { }; };",
		  "@3000+1000; @7000+1000; / { " CELLS MEM OTHER AREAS
		  "a@5 { no-map; reg = <0 5000 0 1000>; }; "
		  "}; psci { a; b { c; }; }; firmware { optee { d; }; }; chosen { "
		  "linux,uefi-system-table = <0 1>; linux,uefi-x; stdout-path = \"/u\"; }; };" },
		{ "memory", "/ { " CELLS "chosen { }; };", "/ { " CELLS MEM OTHER "};" },
		{ "plain reservations for areas in other cells",
		  "/ { " CELLS "chosen { }; reserved-memory { #address-cells = <1>; "
		  "#size-cells = <1>; }; };",
		  "/ { " CELLS AREAS "a { reg = <0 5000 0 1000 0 7000 0 1000>; }; "
		  "b { reg = <0 9000 0 1000>; }; }; };" },
	};
	struct error e;
	size_t i, room;
	bool ok;

	for (i = 0; i < ARRAY_SIZE(parts); i++) {
		struct span given = note_tree(parts[i].given), own = note_tree(parts[i].own);

		CASE("merge: %s, without room for some of it", parts[i].caption);
		for (room = 0, ok = false; room < merge_slack(own) && !ok; room += 4) {
			ok = merge(given, own, room, -1, &e);
			if (!ok && strstr(e.text, "no memory node"))
				break; /* all of the rest is there */
			want_error(ok, &e, ok ? FAIL_NONE : FAIL_TREE,
				   ok ? "" : "merge the device tree: FDT_ERR_NOSPACE: x.dtb");
		}
		want(room < merge_slack(own), "with room it goes in");
		note_free(&given);
		note_free(&own);
	}
}

/* A pair of 8 bytes becomes a reservation of 16. */
static void many_places(void)
{
	struct strbuf t = STRBUF_GROWING;
	struct span given = note_tree("/ { " CELLS "chosen { }; " MEM AREAS "}; };"), own;
	struct error e;
	unsigned i;

	CASE("merge: an area of 100 places in smaller cells has its room");
	strbuf_printf(&t,
		      "/ { " CELLS MEM "reserved-memory { #address-cells = <1>; #size-cells = <1>; "
		      "a { reg = <");
	for (i = 0; i < 100; i++)
		strbuf_printf(&t, "%x 1000 ", 0x100000 + 0x2000 * i);
	strbuf_printf(&t, ">; }; }; };");
	own = note_tree(t.p);
	want_error(merge(given, own, merge_slack(own), -1, &e), &e, FAIL_NONE, "");
	strbuf_free(&t);
	note_free(&own);
	note_free(&given);
}

#define ONE_CELL "#address-cells = <1>; #size-cells = <1>; "
#define TOO_FEW	 "use the device tree: #address-cells are too few for this machine's memory: x.dtb"

/* A file for this machine whose cells do not do for its memory. */
static void few_cells(void)
{
	static const struct {
		const char *caption, *cells, *reg;
		bool fit;
	} few[] = {
		{ "an address of 32 bits", ONE_CELL, "0 ffff0000 0 10000", true },
		{ "an address of 33 bits", ONE_CELL, "1 0 0 10000", false },
		{ "a size of 32 bits", ONE_CELL, "0 40000000 0 ffff0000", true },
		{ "a size of 33 bits", ONE_CELL, "0 40000000 1 0", false },
		{ "the first of two", ONE_CELL, "1 0 0 10000 0 40000000 0 10000", false },
		{ "three cells", "#address-cells = <3>; #size-cells = <1>; ", "0 40000000 0 10000",
		  false },
	};
	char note[300];
	struct span given, own;
	struct error e;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(few); i++) {
		CASE("merge: cells that do not do for memory: %s", few[i].caption);
		snprintf(note, sizeof(note), "/ { " SAME "%schosen { }; };", few[i].cells);
		given = note_tree(note);
		snprintf(note, sizeof(note),
			 "/ { " SAME CELLS "memory@4 { device_type = \"memory\"; reg = <%s>; }; };",
			 few[i].reg);
		own = note_tree(note);
		want_error(merge(given, own, merge_slack(own), -1, &e), &e,
			   few[i].fit ? FAIL_NONE : FAIL_TREE, few[i].fit ? "" : TOO_FEW);
		note_free(&given);
		note_free(&own);
	}
}

#define POOL "p@4 { reusable; reg = <0 4000 0 4000>; }; "
#define GONE "a@5 { no-map; reg = <0 5000 0 1000>; }; "

/* The file has areas, this machine has others. */
static void pools(void)
{
	static const struct {
		const char *caption, *file, *own;
		bool fit;
	} areas[] = {
		{ "no-map memory of this machine in it", POOL, GONE, false },
		{ "the same, no-map in the file as well", POOL GONE, GONE, true },
		{ "memory of this machine that is mapped in it", POOL,
		  "a@5 { reg = <0 5000 0 1000>; }; ", true },
		{ "no-map memory of this machine behind it", POOL,
		  "a@8 { no-map; reg = <0 8000 0 1000>; }; ", true },
		{ "no-map memory of this machine that begins before it",
		  "p@5 { reusable; reg = <0 5000 0 4000>; }; ",
		  "a@4 { no-map; reg = <0 4000 0 2000>; }; ", false },
		{ "no-map memory of this machine, and it is switched off",
		  "p@4 { status = \"disabled\"; reusable; reg = <0 4000 0 4000>; }; ", GONE, true },
	};
	char note[300];
	struct span given, own;
	struct error e;
	size_t i;
	long n;

	for (i = 0; i < ARRAY_SIZE(areas); i++) {
		CASE("merge: a pool in the file: %s", areas[i].caption);
		snprintf(note, sizeof(note), "/ { " CELLS "chosen { }; " MEM AREAS "%s}; };",
			 areas[i].file);
		given = note_tree(note);
		snprintf(note, sizeof(note), "/ { " CELLS MEM AREAS "%s}; };", areas[i].own);
		own = note_tree(note);
		for (n = 0; !merge(given, own, merge_slack(own), n, &e) && e.code == FAIL_MEMORY;
		     n++)
			;
		want_error(
			e.code == FAIL_NONE, &e, areas[i].fit ? FAIL_NONE : FAIL_TREE,
			areas[i].fit
				? ""
				: "use the device tree: pool on no-map memory, at 0x5000: x.dtb");
		note_free(&given);
		note_free(&own);
	}
}

static void refusals(void)
{
	static const struct {
		const char *caption, *own;
		long memory;
		enum code code;
		const char *sentence;
	} bad[] = {
		{ "a phandle of three bytes", "/ { " CELLS MEM "psci { phandle = [000008]; }; };",
		  -1, FAIL_TREE, "merge the device tree: FDT_ERR_BADPHANDLE: x.dtb" },
		{ "two phandles for one node",
		  "/ { " CELLS MEM "psci { phandle = <8>; linux,phandle = <9>; }; };", -1,
		  FAIL_TREE, "merge the device tree: FDT_ERR_BADPHANDLE: x.dtb" },
		{ "out of memory", "/ { " CELLS MEM "};", 0, FAIL_MEMORY, "go on: out of memory" },
	};
	struct span given = note_tree("@1000+1000; / { " CELLS MEM "};"), own;
	struct error e;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		CASE("merge: %s", bad[i].caption);
		own = note_tree(bad[i].own);
		want_error(merge(given, own, merge_slack(own), bad[i].memory, &e), &e, bad[i].code,
			   bad[i].sentence);
		note_free(&own);
	}
	note_free(&given);
}

/* In /psci as many nodes in each other, which would take the stack in the end. */
static void deep(void)
{
	struct span given = note_tree("/ { " CELLS MEM "};"), own;
	struct strbuf t = STRBUF_GROWING;
	struct error e;
	unsigned n, i;

	for (n = MERGE_DEPTH - 1; n <= MERGE_DEPTH; n++) {
		CASE("merge: nodes %u deep", n);
		strbuf_printf(&t, "/ { " CELLS MEM "psci { ");
		for (i = 0; i < n; i++)
			strbuf_printf(&t, "n { ");
		for (i = 0; i < n; i++)
			strbuf_printf(&t, "}; ");
		strbuf_printf(&t, "}; };");
		own = note_tree(t.p);
		if (n < MERGE_DEPTH)
			want_error(merge(given, own, merge_slack(own), -1, &e), &e, FAIL_NONE, "");
		else
			want_error(merge(given, own, merge_slack(own), -1, &e), &e, FAIL_TREE,
				   "merge the device tree: FDT_ERR_BADSTRUCTURE: x.dtb");
		note_free(&own);
		strbuf_free(&t);
	}
	note_free(&given);
}

/* As deep as that no MAC address is looked for. */
static void deep_addresses(void)
{
	struct span given = note_tree("/ { " SAME CELLS MEM "};"), own;
	struct strbuf t = STRBUF_GROWING;
	struct error e;
	unsigned i;

	CASE("merge: a MAC address too deep");
	strbuf_printf(&t, "/ { " SAME CELLS MEM);
	for (i = 0; i < MERGE_DEPTH; i++)
		strbuf_printf(&t, "n { ");
	strbuf_printf(&t, "mac-address = [01]; ");
	for (i = 0; i < MERGE_DEPTH; i++)
		strbuf_printf(&t, "}; ");
	strbuf_printf(&t, "};");
	own = note_tree(t.p);
	want_error(merge(given, own, merge_slack(own), -1, &e), &e, FAIL_NONE, "");
	strbuf_free(&t);
	note_free(&own);
	note_free(&given);
}

/* Whatever lacks room or memory says so, and with enough it goes in. */
static void poor(const struct row *r, size_t n)
{
	struct error e;
	size_t room;
	bool ok;
	long calls;

	for (; n; n--, r++) {
		struct span given = note_tree(r->given), own = note_tree(r->own);

		CASE("merge: without room for some of it: %s", r->caption);
		for (room = 0, ok = false; room <= merge_slack(own) && !ok; room += 4) {
			ok = merge(given, own, room, -1, &e);
			want_error(ok, &e, ok ? FAIL_NONE : FAIL_TREE,
				   ok ? "" : "merge the device tree: FDT_ERR_NOSPACE: x.dtb");
		}
		want(ok, "with room it goes in");
		CASE("merge: out of memory: %s", r->caption);
		for (calls = 0, ok = false; calls < 40 && !ok; calls++) {
			ok = merge(given, own, merge_slack(own), calls, &e);
			want_error(ok, &e, ok ? FAIL_NONE : FAIL_MEMORY,
				   ok ? "" : "go on: out of memory");
		}
		want(ok, "with memory it goes in");
		note_free(&given);
		note_free(&own);
	}
}

static void walk(const struct row *r, size_t n, bool always)
{
	static const char *const firmware[] = { "/psci", "/firmware/optee", NULL };
	char buf[2000];
	struct error e;
	struct tree t;
	bool ok;

	for (; n; n--, r++) {
		struct span given = note_tree(r->given), own = note_tree(r->own);

		CASE("merge: %s", r->caption);
		e = (struct error){ 0 };
		ok = tree_open(&t, given, merge_slack(own), "x.dtb", &e) &&
		     merge_machine(&t, own.p, firmware, always, &e);
		want_error(ok, &e, FAIL_NONE, "");
		want_text("tree", r->expected, note_print(t.blob, buf, sizeof(buf)));
		tree_free(&t);
		note_free(&given);
		note_free(&own);
	}
}

void test_merge(void)
{
	size_t i;

	walk(rows, ARRAY_SIZE(rows), false);
	walk(moves, ARRAY_SIZE(moves), true);
	poor(rows, ARRAY_SIZE(rows));
	poor(moves, ARRAY_SIZE(moves));
	walk(large, ARRAY_SIZE(large), false);
	poor(large, ARRAY_SIZE(large));
	few_cells();
	deep_addresses();
	for (i = 0; i < ARRAY_SIZE(machines); i++) {
		struct span given = note_tree(machines[i].given), own = note_tree(machines[i].own);

		CASE("same machine: %s", machines[i].caption);
		want_u64("same", machines[i].same, merge_same_machine(given.p, own.p));
		note_free(&given);
		note_free(&own);
	}
	rooms();
	many_places();
	pools();
	refusals();
	deep();
}
