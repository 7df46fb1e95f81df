/* SPDX-License-Identifier: MIT */
#include "unit.h"

#include "dt/memory.h"

static const struct {
	const char *caption, *note;
	bool expected;
} known_rows[] = {
	{ "a memory node", "/ { memory@0 { device_type = \"memory\"; reg = <0 1>; }; };", true },
	{ "a memory node without an address in its name",
	  "/ { memory { device_type = \"memory\"; reg = <0 1>; }; };", true },
	{ "no memory node", "/ { chosen { }; };", false },
	{ "an empty tree", "/ { };", false },
	{ "a memory node without reg", "/ { memory { device_type = \"memory\"; }; };", false },
	{ "a memory node with an empty reg", "/ { memory { device_type = \"memory\"; reg; }; };",
	  false },
	{ "the second memory node has reg",
	  "/ { memory@0 { device_type = \"memory\"; }; memory@1 { device_type = \"memory\"; reg = "
	  "<0 1>; }; };",
	  true },
	{ "a name alone is no memory node", "/ { memory@0 { reg = <0 1>; }; };", false },
	{ "another device_type", "/ { cpu { device_type = \"cpu\"; reg = <0 1>; }; };", false },
	{ "the EFI memory map (u-root fails there)",
	  "/ { chosen { linux,uefi-mmap-start = <0 1>; }; };", true },
	{ "only the EFI system table", "/ { chosen { linux,uefi-system-table = <0 1>; }; };",
	  false },
};

static const struct {
	const char *caption, *note;
	bool efi, lacks;
} efi_rows[] = {
	{ "no EFI", "/ { chosen { linux,uefi-mmap-start = <0 1>; }; };", false, false },
	{ "no EFI, and no /chosen", "/ { };", false, false },
	{ "EFI, from the stub of Linux itself",
	  "/ { chosen { linux,uefi-system-table = <0 1>; }; };", true, true },
	{ "EFI, from the stub of a distribution",
	  "/ { chosen { linux,uefi-system-table = <0 1>; linux,uefi-secure-boot = <2>; }; };", true,
	  false },
	{ "EFI, secure boot in 8 bytes",
	  "/ { chosen { linux,uefi-system-table = <0 1>; linux,uefi-secure-boot = <0 2>; }; };",
	  true, false },
	{ "EFI, secure boot that is no number",
	  "/ { chosen { linux,uefi-system-table = <0 1>; linux,uefi-secure-boot; }; };", true,
	  true },
	{ "secure boot alone", "/ { chosen { linux,uefi-secure-boot; }; };", false, false },
};

static const struct {
	const char *caption, *note, *expected;
} keep_rows[] = {
	{ "nothing", "/ { };", "" },
	{ "reservations of the header", "@1000+1000; @80000000+10; / { };",
	  "1000-2000, 80000000-80000010" },
	{ "reservations that overlap and nest", "@1000+9000; @2000+1000; / { };",
	  "1000-a000, 2000-3000" },
	{ "a reservation that wraps ends at the top", "@fffffffffffff000+2000; / { };",
	  "fffffffffffff000-ffffffffffffffff" },
	{ "an empty reservation ends the list, as it does for the kernel",
	  "@1000+0; @2000+1000; / { };", "" },
	{ "the last boot's initrd is free",
	  "@48000000+500000; @1000+1000; / { chosen { linux,initrd-start = <0 48000000>; "
	  "linux,initrd-end = <0 48500000>; }; };",
	  "1000-2000" },
	{ "the last boot's initrd in 4 bytes",
	  "@48000000+500000; / { chosen { linux,initrd-start = <48000000>; "
	  "linux,initrd-end = <48500000>; }; };",
	  "" },
	{ "a reservation of whole pages around the last boot's initrd",
	  "@48000000+510000; / { chosen { linux,initrd-start = <0 48000000>; "
	  "linux,initrd-end = <0 48500001>; }; };",
	  "" },
	{ "a reservation that starts with the last boot's initrd but goes far beyond is another's",
	  "@48000000+8000000; / { chosen { linux,initrd-start = <0 48000000>; "
	  "linux,initrd-end = <0 48500000>; }; };",
	  "48000000-50000000" },
	{ "an initrd-start without an end says nothing",
	  "@48000000+8000000; / { chosen { linux,initrd-start = <0 48000000>; }; };",
	  "48000000-50000000" },
	{ "a fixed area of /reserved-memory",
	  "/ { reserved-memory { #address-cells = <2>; #size-cells = <2>; "
	  "secure@50000000 { no-map; reg = <0 50000000 0 100000>; }; }; };",
	  "50000000-50100000" },
	{ "/reserved-memory with cells of its own",
	  "/ { #address-cells = <2>; #size-cells = <2>; reserved-memory { #address-cells = <1>; "
	  "#size-cells = <1>; secure@50000000 { reg = <50000000 100000>; }; }; };",
	  "50000000-50100000" },
	{ "all pairs of reg (kexec-tools reads the first)",
	  "/ { reserved-memory { #address-cells = <1>; #size-cells = <1>; "
	  "a@50000000 { reg = <50000000 1000 60000000 1000 70000000 1000>; }; }; };",
	  "50000000-50001000, 60000000-60001000, 70000000-70001000" },
	{ "several nodes",
	  "/ { reserved-memory { #address-cells = <1>; #size-cells = <1>; "
	  "a@50000000 { reg = <50000000 1000>; }; b@60000000 { reg = <60000000 1000>; }; }; };",
	  "50000000-50001000, 60000000-60001000" },
	{ "an area whose place is not fixed",
	  "/ { reserved-memory { #address-cells = <1>; #size-cells = <1>; "
	  "cma { size = <1000000>; reusable; }; }; };",
	  "" },
	{ "/reserved-memory that wraps",
	  "/ { reserved-memory { #address-cells = <2>; #size-cells = <2>; "
	  "a { reg = <ffffffff fffff000 0 2000>; }; }; };",
	  "fffffffffffff000-ffffffffffffffff" },
	{ "a property called linux,initramfs (kexec-lite of 2013 loops for ever)",
	  "@48000000+500000; / { reserved-names = \"linux,initramfs\"; reserved-ranges = <0 "
	  "48000000 0 500000>; };",
	  "48000000-48500000" },
};

void test_memory(void)
{
	static const struct {
		const char *caption, *note;
	} poor[] = {
		{ "the header's", "@1000+1000; / { };" },
		{ "an area's", "/ { reserved-memory { #address-cells = <1>; #size-cells = <1>; "
			       "a { reg = <1000 1000>; }; }; };" },
	};
	struct ranges keep;
	struct span s;
	size_t i;
	bool ok;

	for (i = 0; i < ARRAY_SIZE(known_rows); i++) {
		CASE("known: %s", known_rows[i].caption);
		s = note_tree(known_rows[i].note);
		want_u64("answer", known_rows[i].expected, dt_has_memory(s.p));
		note_free(&s);
	}
	for (i = 0; i < ARRAY_SIZE(efi_rows); i++) {
		CASE("EFI: %s", efi_rows[i].caption);
		s = note_tree(efi_rows[i].note);
		want_u64("EFI", efi_rows[i].efi, dt_has_efi(s.p));
		want_u64("lacks", efi_rows[i].lacks, dt_lacks_secure_boot(s.p));
		note_free(&s);
	}
	for (i = 0; i < ARRAY_SIZE(keep_rows); i++) {
		CASE("keep: %s", keep_rows[i].caption);
		s = note_tree(keep_rows[i].note);
		keep = (struct ranges){ 0 };
		want_u64("answer", true, dt_reserved(s.p, &keep));
		want_ranges("kept", keep_rows[i].expected, &keep);
		want(!keep.n || keep.v[0].what == dt_reserved_why, "it has its reason");
		ranges_free(&keep);
		note_free(&s);
	}
	for (i = 0; i < ARRAY_SIZE(poor); i++) {
		CASE("keep: out of memory for %s", poor[i].caption);
		s = note_tree(poor[i].note);
		keep = (struct ranges){ 0 };
		unit_memory(0);
		ok = dt_reserved(s.p, &keep);
		unit_memory(-1);
		want_u64("answer", false, ok);
		note_free(&s);
	}
}
