/* SPDX-License-Identifier: MIT */
/* plan_make(): a small machine in memory, planned. */
#include "unit.h"

#include "src/formats/iomem.h"
#include "src/plan/kernel.h"

#include "arch/arm64/arm64.h"

#include <libfdt.h>

static const char *pieces(const struct plan *p, char *buf, size_t cap)
{
	struct strbuf t = strbuf_fixed(buf, cap);
	size_t i;

	for (i = 0; i < p->n; i++)
		strbuf_printf(&t, "%s%s %llx-%llx-%llx", i ? ", " : "", piece_name(p->seg[i].piece),
			      (unsigned long long)p->seg[i].at.start,
			      (unsigned long long)p->seg[i].at.end,
			      (unsigned long long)p->seg[i].reserved_end);
	return buf;
}

static void want_plan(struct small *s, const char *expected)
{
	struct error e = { 0 };
	struct plan p;
	char buf[400];
	bool ok = plan_make(&s->r, &p, &e);

	want_error(ok, &e, FAIL_NONE, "");
	if (ok)
		want_text("pieces", expected, pieces(&p, buf, sizeof(buf)));
	plan_free(&p);
}

static void want_refusal(struct small *s, enum code code, const char *sentence,
			 const char *hint_text)
{
	struct error e = { 0 };
	struct plan p;

	want_error(plan_make(&s->r, &p, &e), &e, code, sentence);
	want_hint(&e, hint_text);
	plan_free(&p);
}

static void plans(void)
{
	struct small s;
	struct plan p;
	struct error e = { 0 };
	char buf[600];

	CASE("kernel with BSS, initrd, tree, stub: from the top down");
	small_start(&s, SMALL_TREE);
	want_plan(&s, "kernel 7fc00000-7fd00000-80000000, initrd 7fbf0000-7fbf2000-7fc00000, "
		      "tree 7f800000-7f801000-7fa00000, stub 7fbe0000-7fbe1000-7fbf0000");
	CASE("it starts in the stub, which has both addresses");
	if (plan_make(&s.r, &p, &e)) {
		want_u64("entry", 0x7fbe0000, p.entry);
		want_u64("kernel", 0x7fc00000, p.kernel);
		want_u64("kernel's entry", 0x7fc00000, p.kernel_entry);
		want_bytes("stub's words",
			   "\xc0\x00\x00\x58\xe1\x03\x1f\xaa\xe2\x03\x1f\xaa\xe3\x03\x1f\xaa\x84"
			   "\x00\x00\x58"
			   "\x80\x00\x1f\xd6"
			   "\x00\x00\x80\x7f\x00\x00\x00\x00\x00\x00\xc0\x7f\x00\x00\x00\x00",
			   p.stub, 40);
		want(p.seg[0].data.p == s.kernel && p.seg[1].data.p == s.initrd,
		     "files are borrowed, not copied");
	}
	CASE("its tree says all that was asked");
	want_text(
		"tree",
		"@7fbf0000+1388; / { #address-cells = <2>; #size-cells = <2>; "
		"chosen { linux,initrd-end = <0 7fbf1388>; linux,initrd-start = <0 7fbf0000>; "
		"linux,booted-from-kexec; "
		"rng-seed = <80818283 84858687 88898a8b 8c8d8e8f 90919293 94959697 98999a9b "
		"9c9d9e9f>; "
		"kaslr-seed = <10111213 14151617>; bootargs = \"console=ttyAMA0 root=/dev/vda1\"; "
		"}; "
		"memory@40000000 { device_type = \"memory\"; reg = <0 40000000 0 40000000>; }; };",
		note_print(plan_segment(&p, TREE)->data.p, buf, sizeof(buf)));
	plan_free(&p);

	CASE("without initrd");
	s.r.initrds = 0;
	want_plan(&s, "kernel 7fc00000-7fd00000-80000000, tree 7fa00000-7fa01000-7fc00000, "
		      "stub 7f9f0000-7f9f1000-7fa00000");
	CASE("without initrd, and without EFI: the request has all");
	request_complete(&s.r);
	want_u64("initrds", 0, s.r.initrds);
	CASE("without initrd, but with EFI: an empty archive, which nothing may be left out of");
	small_efi(&s);
	request_complete(&s.r);
	want_plan(&s, "kernel 7fc00000-7fd00000-80000000, initrd 7fbf0000-7fbf1000-7fc00000, "
		      "tree 7f800000-7f801000-7fa00000, stub 7fbe0000-7fbe1000-7fbf0000");
	want_bytes("archive",
		   "0707010000000000000000000000000000000000000001000000000000000000000000"
		   "0000000000000000000000000000000b00000000TRAILER!!!\0\0\0",
		   s.r.initrd[0].p, 124);
	want_u64("its length", 124, s.r.initrd[0].len);
	CASE("with EFI and an initrd: nothing is added");
	s.r.initrd[0] = (struct span){ s.initrd, 100 };
	request_complete(&s.r);
	want_u64("initrds", 1, s.r.initrds);
	want(s.r.initrd[0].p == s.initrd, "it is the one that was given");
	small_end(&s);

	CASE("an empty command line is in the tree as an empty one");
	small_start(&s, SMALL_TREE);
	s.r.cmdline = "";
	if (plan_make(&s.r, &p, &e)) {
		int len = 0;
		const char *args = fdt_getprop(p.tree.blob, fdt_path_offset(p.tree.blob, "/chosen"),
					       "bootargs", &len);

		want_text("bootargs", "", args);
		want_u64("length", 1, (uint64_t)len);
	} else {
		unit_fail("expected a plan, came %s", e.text);
	}
	plan_free(&p);
	small_end(&s);

	CASE("a running kernel that passes the tree in x0: no stub");
	small_start(&s, SMALL_TREE);
	s.m.tree_in_x0 = true;
	want_plan(&s, "kernel 7fc00000-7fd00000-80000000, initrd 7fbf0000-7fbf2000-7fc00000, "
		      "tree 7f800000-7f801000-7fa00000");
	small_end(&s);

	CASE("pages of 16 KiB: those of the machine, not of this host");
	small_start(&s, SMALL_TREE);
	s.m.page_size = 0x4000;
	want_plan(&s, "kernel 7fc00000-7fd00000-80000000, initrd 7fbf0000-7fbf4000-7fc00000, "
		      "tree 7f800000-7f804000-7fa00000, stub 7fbe0000-7fbe4000-7fbf0000");
	CASE("pages of 64 KiB");
	s.m.page_size = 0x10000;
	want_plan(&s, "kernel 7fc00000-7fd00000-80000000, initrd 7fbf0000-7fc00000-7fc00000, "
		      "tree 7f800000-7f810000-7fa00000, stub 7fbe0000-7fbf0000-7fbf0000");
	small_end(&s);

	CASE("two initrds on pages of 4 KiB: a segment each, the second on the page behind zeros");
	small_start(&s, SMALL_TREE);
	s.r.initrd[1] = (struct span){ s.initrd, 100 };
	s.r.initrds = 2;
	want_plan(&s, "kernel 7fc00000-7fd00000-80000000, initrd 7fbf0000-7fbf2000-7fbf2000, "
		      "initrd 7fbf2000-7fbf3000-7fc00000, "
		      "tree 7f800000-7f801000-7fa00000, stub 7fbe0000-7fbe1000-7fbf0000");
	CASE("the tree names them as one, to the last byte of the last");
	e = (struct error){ 0 };
	if (plan_make(&s.r, &p, &e)) {
		want_u64("start", 0x7fbf0000, p.chosen.initrd_start);
		want_u64("end", 0x7fbf2064, p.chosen.initrd_end);
		want(p.seg[1].data.p == s.initrd && p.seg[2].data.p == s.initrd,
		     "files are borrowed, not copied");
	}
	plan_free(&p);
	CASE("two initrds on pages of 16 KiB");
	s.m.page_size = 0x4000;
	want_plan(&s, "kernel 7fc00000-7fd00000-80000000, initrd 7fbf0000-7fbf4000-7fbf4000, "
		      "initrd 7fbf4000-7fbf8000-7fc00000, "
		      "tree 7f800000-7f804000-7fa00000, stub 7fbe0000-7fbe4000-7fbf0000");
	CASE("two initrds on pages of 64 KiB");
	s.m.page_size = 0x10000;
	want_plan(&s, "kernel 7fc00000-7fd00000-80000000, initrd 7fbe0000-7fbf0000-7fbf0000, "
		      "initrd 7fbf0000-7fc00000-7fc00000, "
		      "tree 7f800000-7f810000-7fa00000, stub 7fbd0000-7fbe0000-7fbe0000");
	CASE("an initrd of whole pages, and three bytes short of them: a page of zeros before the "
	     "next");
	s.m.page_size = 0x1000;
	s.r.initrd[0].len = 0x1000;
	want_plan(&s, "kernel 7fc00000-7fd00000-80000000, initrd 7fbf0000-7fbf2000-7fbf2000, "
		      "initrd 7fbf2000-7fbf3000-7fc00000, "
		      "tree 7f800000-7f801000-7fa00000, stub 7fbe0000-7fbe1000-7fbf0000");
	s.r.initrd[0].len = 0xffd;
	want_plan(&s, "kernel 7fc00000-7fd00000-80000000, initrd 7fbf0000-7fbf2000-7fbf2000, "
		      "initrd 7fbf2000-7fbf3000-7fc00000, "
		      "tree 7f800000-7f801000-7fa00000, stub 7fbe0000-7fbe1000-7fbf0000");
	s.r.initrd[0].len = 0xffc;
	want_plan(&s, "kernel 7fc00000-7fd00000-80000000, initrd 7fbf0000-7fbf1000-7fbf1000, "
		      "initrd 7fbf1000-7fbf2000-7fc00000, "
		      "tree 7f800000-7f801000-7fa00000, stub 7fbe0000-7fbe1000-7fbf0000");
	small_end(&s);

	CASE("an old kernel: low, with text_offset, nothing below it");
	small_start(&s, SMALL_TREE);
	small_header(s.kernel, 0, 0, 0);
	if (!kernel_parse((struct span){ s.kernel, 1 << 20 }, "Image", &s.m, &s.img, &e))
		abort();
	want_plan(&s, "kernel 41080000-41180000-42180000, initrd 7fff0000-7fff2000-80000000, "
		      "tree 60e00000-60e01000-61000000, stub 7ffe0000-7ffe1000-7fff0000");
	small_end(&s);

	CASE("the hole must have room for BSS (kexec-tools: p_filesz, not p_memsz)");
	small_start(&s, SMALL_TREE);
	if (!ranges_add(&s.m.reserved, 0x7fe00000, 0x80000000, "x"))
		abort();
	small_free(&s);
	want_plan(&s, "kernel 7fa00000-7fb00000-7fe00000, initrd 7f9f0000-7f9f2000-7fa00000, "
		      "tree 7f600000-7f601000-7f800000, stub 7f9e0000-7f9e1000-7f9f0000");
	small_end(&s);

	CASE("a crash region on top is kept out of (kexec-tools takes it)");
	small_start(&s, SMALL_TREE);
	if (!ranges_add(&s.m.reserved, 0x70000000, 0x80000000, "crash"))
		abort();
	small_free(&s);
	want_plan(&s, "kernel 6fc00000-6fd00000-70000000, initrd 6fbf0000-6fbf2000-6fc00000, "
		      "tree 6f800000-6f801000-6fa00000, stub 6fbe0000-6fbe1000-6fbf0000");
	small_end(&s);

	CASE("hot-added memory above 2^48 is not used");
	small_start(&s, SMALL_TREE);
	if (!ranges_add(&s.m.ram, 1ull << 48, (1ull << 48) + GIB, "RAM"))
		abort();
	small_free(&s);
	want_plan(&s, "kernel 7fc00000-7fd00000-80000000, initrd 7fbf0000-7fbf2000-7fc00000, "
		      "tree 7f800000-7f801000-7fa00000, stub 7fbe0000-7fbe1000-7fbf0000");
	small_end(&s);

	CASE("what firmware holds inside of the last boot's initrd stays reserved");
	small_start(&s, "/ { #address-cells = <2>; #size-cells = <2>; chosen { "
			"linux,initrd-start = <0 48000000>; linux,initrd-end = <0 49000000>; }; "
			"memory@40000000 { device_type = \"memory\"; "
			"reg = <0 40000000 0 40000000>; }; };");
	if (!ranges_add(&s.m.reserved, 0x48100000, 0x48110000, arm64_lpi))
		abort();
	small_free(&s);
	want_plan(&s, "kernel 7fc00000-7fd00000-80000000, initrd 7fbf0000-7fbf2000-7fc00000, "
		      "tree 7f800000-7f801000-7fa00000, stub 7fbe0000-7fbe1000-7fbf0000");
	small_end(&s);

	CASE("the same in a user's tree that says where an initrd was");
	small_start(&s, "@48100000+10000; " SMALL_TREE);
	{
		struct span dtb = note_tree(
			"/ { #address-cells = <2>; #size-cells = <2>; chosen { "
			"linux,initrd-start = <0 48000000>; linux,initrd-end = <0 49000000>; }; "
			"memory@40000000 { device_type = \"memory\"; "
			"reg = <0 40000000 0 40000000>; }; };");

		s.r.dtb = dtb;
		s.r.dtb_name = "my.dtb";
		e = (struct error){ 0 };
		want_error(plan_make(&s.r, &p, &e), &e, FAIL_NONE, "");
		want(p.tree.blob && fdt_num_mem_rsv(p.tree.blob) == 2,
		     "the machine's reservation is there, and the new initrd's");
		plan_free(&p);
		note_free(&dtb);
	}
	small_end(&s);

	CASE("a user's tree that reserves the bottom of memory, with an initrd larger than that");
	small_start(&s, SMALL_TREE);
	s.m.ram.v[0] = (struct range){ 0, GIB, NULL };
	s.m.reserved.n = 0;
	small_free(&s);
	s.img.bottom_up = true;
	{
		struct span dtb = note_tree("@0+1000; / { #address-cells = <2>; #size-cells = <2>; "
					    "memory@0 { device_type = \"memory\"; "
					    "reg = <0 0 0 40000000>; }; };");

		s.r.dtb = dtb;
		s.r.dtb_name = "my.dtb";
		want_plan(&s, "kernel 200000-300000-600000, initrd 3fff0000-3fff2000-40000000, "
			      "tree 20000000-20001000-20200000, stub 3ffe0000-3ffe1000-3fff0000");
		note_free(&dtb);
	}
	small_end(&s);

	CASE("a tree given by the user (kexec-tools drops --append there)");
	small_start(&s, "/ { };");
	{
		struct span dtb = note_tree(SMALL_TREE);

		s.r.dtb = dtb;
		s.r.dtb_name = "my.dtb";
		e = (struct error){ 0 };
		if (plan_make(&s.r, &p, &e)) {
			want_text("it is from", "my.dtb", p.tree_from);
			want_text("bootargs", "console=ttyAMA0 root=/dev/vda1",
				  fdt_getprop(p.tree.blob, fdt_path_offset(p.tree.blob, "/chosen"),
					      "bootargs", NULL));
		} else {
			unit_fail("expected a plan, came %s", e.text);
		}
		plan_free(&p);
		note_free(&dtb);
	}
	small_end(&s);
}

/* A request that holds 3 MiB in no file. */
static void file_call(struct small *s, const char *long_line)
{
	struct error e;

	CASE("kexec_file_load: the files are read, then copied: 1 MiB and 5000 bytes twice");
	s->r.file_call = true;
	s->m.mem_available = 3 * MIB + MIB + 5000 + 4 * MIB + 5000;
	e = (struct error){ 0 };
	want_error(plan_check_file_call(&s->r, &e), &e, FAIL_NONE, "");
	s->m.mem_available--;
	want_error(plan_check_file_call(&s->r, &e), &e, FAIL_MEMORY,
		   "load the kernel: 8 MiB needed, and only 8 MiB available");
	CASE("kexec_file_load: two initrds, of 8292 bytes with the gap, are made one file first");
	s->r.initrd[1] = (struct span){ s->initrd, 100 };
	s->r.initrds = 2;
	s->m.mem_available = 3 * MIB + MIB + 4 * MIB + 3 * 8292ull;
	e = (struct error){ 0 };
	want_error(plan_check_file_call(&s->r, &e), &e, FAIL_NONE, "");
	s->m.mem_available--;
	want_error(plan_check_file_call(&s->r, &e), &e, FAIL_MEMORY,
		   "load the kernel: 8 MiB needed, and only 8 MiB available");
	s->r.initrds = 1;
	CASE("kexec_file_load: a command line that is too long");
	s->r.cmdline = long_line;
	e = (struct error){ 0 };
	want_error(plan_check_file_call(&s->r, &e), &e, FAIL_CMDLINE,
		   "pass the command line: 2048 bytes, and arm64 takes 2047");
	s->r.cmdline = "";
	CASE("kexec_file_load: a kernel with its BSS, and the initrd, in half of RAM");
	s->m.mem_available = 0;
	s->m.mem_total = 2 * (4 * MIB + 5000);
	e = (struct error){ 0 };
	want_error(plan_check_file_call(&s->r, &e), &e, FAIL_NONE, "");
	s->m.mem_total -= 2;
	want_error(plan_check_file_call(&s->r, &e), &e, FAIL_MEMORY,
		   "load the kernel: more than half of RAM: 4 MiB of 8 MiB");
}

/* 16 KiB and the kernel's 1 MiB are staged; what we hold goes where most is free. */
static void cma_rows(struct small *s)
{
	static const struct {
		const char *caption;
		uint64_t available, cma, ours;
		const char *text;
	} rows[] = {
		{ "CMA: what is staged has no room outside of it", 3 * MIB, 2 * MIB, 0,
		  "load the kernel: 1 MiB needed, and only 1 MiB available outside of CMA" },
		{ "CMA: just as much room", 3 * MIB + 16 * KIB, 2 * MIB, 0, "" },
		{ "CMA: what we hold is outside, where most is free", 9 * MIB, MIB, 7 * MIB,
		  "load the kernel: 1 MiB needed, and only 1 MiB available outside of CMA" },
		{ "CMA: what we hold is inside, where most is free", 8 * MIB, 6 * MIB, 4 * MIB,
		  "" },
		{ "CMA: what we hold leaves as much inside as outside", 9 * MIB, 4 * MIB, 7 * MIB,
		  "load the kernel: 1 MiB needed, and only 1 MiB available outside of CMA" },
		{ "CMA: as much, and room", 9 * MIB + 64 * KIB, 4 * MIB, 7 * MIB, "" },
		{ "CMA: more of it than is available", 2 * MIB, 3 * MIB, 0,
		  "load the kernel: 1 MiB needed, and only 0 B available outside of CMA" },
	};
	struct error e;
	struct plan p;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		CASE("%s", rows[i].caption);
		s->m.mem_available = rows[i].available;
		s->m.cma_free = rows[i].cma;
		s->r.anonymous = rows[i].ours;
		e = (struct error){ 0 };
		want_error(plan_make(&s->r, &p, &e), &e, *rows[i].text ? FAIL_MEMORY : FAIL_NONE,
			   rows[i].text);
		plan_free(&p);
	}
	s->m.cma_free = s->r.anonymous = 0;
}

static void refusals(void)
{
	static char cmdline[2100];
	static uint8_t huge[3 << 20];
	struct small s;
	struct span dtb;
	size_t n;

	memset(cmdline, 'a', sizeof(cmdline) - 1);
	small_start(&s, SMALL_TREE);
	CASE("a command line of 2047 bytes");
	cmdline[2047] = '\0';
	s.r.cmdline = cmdline;
	want_plan(&s, "kernel 7fc00000-7fd00000-80000000, initrd 7fbf0000-7fbf2000-7fc00000, "
		      "tree 7f800000-7f801000-7fa00000, stub 7fbe0000-7fbe1000-7fbf0000");
	CASE("a command line of 2048 bytes: refused with limit and length (kexec-tools: strcpy)");
	cmdline[2047] = 'a';
	cmdline[2048] = '\0';
	want_refusal(&s, FAIL_CMDLINE, "pass the command line: 2048 bytes, and arm64 takes 2047",
		     "");
	s.r.cmdline = "";
	small_end(&s);

	CASE("more initrds than there are segments");
	small_start(&s, SMALL_TREE);
	for (n = 1; n < INITRDS_MAX; n++)
		s.r.initrd[n] = s.r.initrd[0];
	s.r.initrds = INITRDS_MAX;
	s.img.parts = 6;
	want_refusal(&s, FAIL_USAGE,
		     "load the initrds: 9 of them make 17 segments, and 16 is the limit",
		     "nothing was loaded: make one file of several initrds");
	small_end(&s);

	CASE("a user's tree with another machine's memory");
	small_start(&s, SMALL_TREE);
	dtb = note_tree(
		"/ { #address-cells = <2>; #size-cells = <2>; memory@0 { device_type = \"memory\"; "
		"reg = <0 80000000 0 40000000>; }; };");
	s.r.dtb = dtb;
	s.r.dtb_name = "x.dtb";
	want_refusal(&s, FAIL_TREE, "use the device tree: no memory here at 0x80000000: x.dtb", "");
	note_free(&dtb);
	small_end(&s);

	CASE("a user's tree with some of the memory, some of it reserved: pieces keep to the rest");
	small_start(&s, SMALL_TREE);
	dtb = note_tree(
		"@4fc00000+200000; / { #address-cells = <2>; #size-cells = <2>; memory@0 { "
		"device_type = \"memory\"; reg = <0 40000000 0 10000000>; }; reserved-memory { "
		"#address-cells = <2>; #size-cells = <2>; a { reg = <0 4fe00000 0 200000>; }; }; "
		"};");
	s.r.dtb = dtb;
	s.r.dtb_name = "x.dtb";
	want_plan(&s, "kernel 4f800000-4f900000-4fc00000, initrd 4f7f0000-4f7f2000-4f800000, "
		      "tree 4f400000-4f401000-4f600000, stub 4f7e0000-4f7e1000-4f7f0000");
	note_free(&dtb);
	small_end(&s);

	CASE("a tree without memory");
	small_start(&s, "/ { chosen { }; };");
	want_refusal(&s, FAIL_TREE, "use the device tree: it tells of no memory: /small",
		     "nothing was loaded: give a tree that has this machine's memory with --dtb");
	small_end(&s);

	CASE("a tree whose memory node was left to the boot loader (this was exit code 16)");
	small_start(&s,
		    "/ { #address-cells = <2>; #size-cells = <2>; chosen { }; memory@40000000 { "
		    "device_type = \"memory\"; reg = <0 40000000 0 0>; }; };");
	want_refusal(&s, FAIL_TREE, "use the device tree: it tells of no memory: /small",
		     "nothing was loaded: give a tree that has this machine's memory with --dtb");
	small_end(&s);

	CASE("another machine's tree, with too little of the memory that is here");
	small_start(&s, SMALL_TREE);
	dtb = note_tree("/ { #address-cells = <2>; #size-cells = <2>; compatible = \"x\"; "
			"memory@0 { device_type = \"memory\"; reg = <0 50000000 0 100000>; }; };");
	s.r.dtb = dtb;
	s.r.dtb_name = "x.dtb";
	want_refusal(&s, FAIL_ROOM,
		     "place the kernel: 4 MiB needed, the largest hole has 1 MiB (1 MiB free)",
		     "nothing was loaded: the device tree tells of 1 MiB of memory, and here are "
		     "1 GiB");
	note_free(&dtb);
	small_end(&s);

	CASE("EFI tells of memory: the hint is another");
	small_start(&s, "/ { #address-cells = <2>; #size-cells = <2>; chosen { "
			"linux,uefi-mmap-start = <0 1>; }; };");
	s.r.bounds.end = SMALL_BASE + 18 * MIB;
	want_refusal(&s, FAIL_ROOM,
		     "place the kernel: 4 MiB needed, the largest hole has 2 MiB (2 MiB free)",
		     "nothing was loaded: kexec-lite --plan --load without the initrd shows the "
		     "map");
	small_end(&s);

	CASE("the same machine's tree in cells that cannot say its memory");
	small_start(&s, "/ { #address-cells = <2>; #size-cells = <2>; compatible = \"x\"; "
			"memory@0 { device_type = \"memory\"; reg = <1 0 0 10000000>; }; };");
	dtb = note_tree("/ { compatible = \"x\"; };");
	s.r.dtb = dtb;
	s.r.dtb_name = "x.dtb";
	want_refusal(&s, FAIL_TREE,
		     "use the device tree: #address-cells are too few for this machine's memory: "
		     "x.dtb",
		     "");
	note_free(&dtb);
	small_end(&s);

	CASE("a user's tree without memory gets the machine's");
	small_start(&s, SMALL_TREE);
	dtb = note_tree("/ { #address-cells = <2>; #size-cells = <2>; };");
	s.r.dtb = dtb;
	s.r.dtb_name = "x.dtb";
	want_plan(&s, "kernel 7fc00000-7fd00000-80000000, initrd 7fbf0000-7fbf2000-7fc00000, "
		      "tree 7f800000-7f801000-7fa00000, stub 7fbe0000-7fbe1000-7fbf0000");
	note_free(&dtb);
	small_end(&s);

	CASE("a user's tree without memory and with other cells, with the longest name");
	small_start(&s, SMALL_TREE);
	dtb = note_tree("/ { };");
	s.r.dtb = dtb;
	s.r.dtb_name = "...name/that/goes/on/and/on/until/nobody/reads/it/board-rev9.dtb";
	want_refusal(&s, FAIL_TREE,
		     "use the device tree: no memory node, other #address-cells than this machine: "
		     "...ame/that/goes/on/and/on/until/nobody/reads/it/board-rev9.dtb",
		     "nothing was loaded: "
		     "...ame/that/goes/on/and/on/until/nobody/reads/it/board-rev9.dtb is not for "
		     "this machine; leave --dtb out to use its own tree");
	note_free(&dtb);
	small_end(&s);

	CASE("more than half of RAM");
	small_start(&s, SMALL_TREE);
	s.m.mem_total = 2 * MIB;
	want_refusal(&s, FAIL_MEMORY, "load the kernel: more than half of RAM: 1 MiB of 2 MiB",
		     "nothing was loaded: the running kernel takes half of RAM at most; make "
		     "kernel or initrd smaller");
	CASE("just half of RAM: kernel 1 MiB, initrd 8 KiB, tree and stub 4 KiB");
	s.m.mem_total = 2 * (MIB + 16 * KIB);
	want_plan(&s, "kernel 7fc00000-7fd00000-80000000, initrd 7fbf0000-7fbf2000-7fc00000, "
		      "tree 7f800000-7f801000-7fa00000, stub 7fbe0000-7fbe1000-7fbf0000");
	CASE("a byte less than half of RAM");
	s.m.mem_total -= 2;
	want_refusal(&s, FAIL_MEMORY, "load the kernel: more than half of RAM: 1 MiB of 2 MiB",
		     "nothing was loaded: the running kernel takes half of RAM at most; make "
		     "kernel or initrd smaller");
	CASE("more than is available");
	s.m.mem_total = GIB;
	s.m.mem_available = 512 * KIB;
	want_refusal(&s, FAIL_MEMORY, "load the kernel: 1 MiB needed, and only 512 KiB available",
		     "nothing was loaded: free some memory and try again");
	CASE("what we hold in no file is not available for what is staged");
	s.m.mem_available = 4 * MIB;
	s.r.anonymous = 3 * MIB;
	want_refusal(&s, FAIL_MEMORY, "load the kernel: 4 MiB needed, and only 4 MiB available",
		     "nothing was loaded: free some memory and try again");
	CASE("what we hold in no file, and just as much is available");
	s.m.mem_available += 16 * KIB; /* initrd 8 KiB, tree and stub 4 KiB each */
	want_plan(&s, "kernel 7fc00000-7fd00000-80000000, initrd 7fbf0000-7fbf2000-7fc00000, "
		      "tree 7f800000-7f801000-7fa00000, stub 7fbe0000-7fbe1000-7fbf0000");
	file_call(&s, cmdline);
	s.r.file_call = false;
	s.r.anonymous = 0;
	cma_rows(&s);
	s.m.cma_free = MIB;
	CASE("nothing known about memory: nothing refused");
	s.m.mem_total = s.m.mem_available = 0;
	want_plan(&s, "kernel 7fc00000-7fd00000-80000000, initrd 7fbf0000-7fbf2000-7fc00000, "
		      "tree 7f800000-7f801000-7fa00000, stub 7fbe0000-7fbe1000-7fbf0000");
	small_end(&s);

	CASE("no room");
	small_start(&s, SMALL_TREE);
	if (!ranges_add(&s.m.reserved, SMALL_BASE, SMALL_BASE + GIB - 2 * MIB, "x"))
		abort();
	small_free(&s);
	want_refusal(
		&s, FAIL_ROOM,
		"place the kernel: 4 MiB needed, the largest hole has 2 MiB (2 MiB free)",
		"nothing was loaded: kexec-lite --plan --load without the initrd shows the map");
	small_end(&s);

	CASE("a tree above 2 MiB");
	small_start(&s, SMALL_TREE);
	{
		struct error e = { 0 };
		struct tree t = { 0 };
		struct span big = { NULL, 0 };

		if (!tree_open(&t, s.tree, sizeof(huge) + 100, "/t", &e) ||
		    fdt_setprop(t.blob, 0, "huge", huge, (int)sizeof(huge)) ||
		    !tree_pack(&t, &big, &e))
			abort();
		s.m.fdt = big;
		want_refusal(&s, FAIL_TREE,
			     "use the device tree: 3 MiB, and arm64 takes 2 MiB at most: /small",
			     "");
		tree_free(&t);
	}
	small_end(&s);
}

/* Every allocation may fail. */
static void poor(const struct small *s, const char *what)
{
	struct error e;
	struct plan p;
	long n;
	bool ok = false;

	for (n = 0; n < 40 && !ok; n++) {
		CASE("out of memory at allocation %ld: %s", n, what);
		e = (struct error){ 0 };
		unit_memory(n);
		ok = plan_make(&s->r, &p, &e);
		unit_memory(-1);
		want_error(ok, &e, ok ? FAIL_NONE : FAIL_MEMORY, ok ? "" : "go on: out of memory");
		plan_free(&p);
	}
	want(ok, "a plan is made in the end");
}

#define OVERLAY "/ { f { target-path = \"/\"; __overlay__ { n; }; }; };"

static void out_of_memory(void)
{
	struct span dtb = note_tree("@48000000+1000; " SMALL_TREE), over = note_tree(OVERLAY);
	const struct overlay overlay = { over, "o.dtbo" };
	struct small s;
	struct plan p;
	struct error e;
	long n;
	bool ok = true;

	small_start(&s, SMALL_TREE);
	poor(&s, "normal");
	s.r.dtb = dtb;
	s.r.dtb_name = "x.dtb";
	poor(&s, "user's tree");
	s.r.overlay = &overlay;
	s.r.overlays = 1;
	poor(&s, "user's tree and overlay");
	s.r.dtb.len = 0;
	poor(&s, "overlay");
	small_crash(&s);
	poor(&s, "crash kernel");
	small_end(&s);
	note_free(&dtb);

	small_start(&s, SMALL_TREE);
	dtb = note_tree("/ { #address-cells = <2>; #size-cells = <2>; memory@0 { device_type = "
			"\"memory\"; reg = <0 40000000 0 20000000>; }; };");
	s.r.dtb = dtb;
	s.r.dtb_name = "x.dtb";
	poor(&s, "user's tree with less memory");
	note_free(&dtb);
	dtb = note_tree("/ { #address-cells = <2>; #size-cells = <2>; memory@0 { device_type = "
			"\"memory\"; reg = <0 80000000 0 20000000>; }; };");
	s.r.dtb = dtb;
	for (n = 0; n < 40; n++) {
		CASE("user's tree with other memory: out of memory at allocation %ld", n);
		e = (struct error){ 0 };
		unit_memory(n);
		ok = plan_make(&s.r, &p, &e);
		unit_memory(-1);
		plan_free(&p);
		if (e.code == FAIL_TREE)
			break;
		want_error(ok, &e, FAIL_MEMORY, "go on: out of memory");
	}
	want_error(ok, &e, FAIL_TREE, "use the device tree: no memory here at 0x80000000: x.dtb");
	small_end(&s);
	note_free(&dtb);
	note_free(&over);
}

static void overlays(void)
{
	struct span over[2] = { note_tree(OVERLAY), note_tree("/ { a { }; };") };
	struct overlay overlay[2] = { { over[0], "o.dtbo" }, { over[0], "o.dtbo" } };
	struct span node = note_tree("/ { f { target-path = \"/\"; __overlay__ { d { }; }; }; };");
	static const char *const acpi[] = { "acpi=on", "quiet acpi=force" };
	struct span cpus = note_tree("/ { a { }; cpus { }; };");
	struct small s;
	size_t i;

	CASE("overlays on the machine's own tree: pieces lie where it has memory");
	small_start(&s, SMALL_TREE);
	s.r.overlay = overlay;
	s.r.overlays = 2;
	want_plan(&s, "kernel 7fc00000-7fd00000-80000000, initrd 7fbf0000-7fbf2000-7fc00000, "
		      "tree 7f800000-7f801000-7fa00000, stub 7fbe0000-7fbe1000-7fbf0000");
	CASE("the second of two overlays is none");
	overlay[1].data = over[1];
	want_refusal(&s, FAIL_TREE,
		     "apply the overlay: not an overlay: no __overlay__ node: o.dtbo", "");
	small_end(&s);

	CASE("a user's tree on a machine whose EFI tells of all memory: it need not");
	small_start(&s, "/ { #address-cells = <2>; #size-cells = <2>; chosen { "
			"linux,uefi-mmap-start = <0 1>; linux,uefi-system-table = <0 1>; }; };");
	s.r.dtb = cpus;
	s.r.dtb_name = "x.dtb";
	want_plan(&s, "kernel 7fc00000-7fd00000-80000000, initrd 7fbf0000-7fbf2000-7fc00000, "
		      "tree 7f800000-7f801000-7fa00000, stub 7fbe0000-7fbe1000-7fbf0000");
	CASE("one without CPUs, where ACPI has them");
	s.r.dtb = over[1];
	want_refusal(&s, FAIL_TREE,
		     "use the device tree: ACPI would be off, and it has no CPUs: x.dtb",
		     "nothing was loaded: without overlays or --dtb, or with acpi=force on the "
		     "command line, the machine's ACPI is used");
	CASE("an overlay's node turns ACPI off as well");
	s.r.dtb = (struct span){ NULL, 0 };
	overlay[0].data = node;
	s.r.overlays = 1;
	s.r.overlay = overlay;
	want_refusal(&s, FAIL_TREE,
		     "use the device tree: ACPI would be off, and it has no CPUs: /small",
		     "nothing was loaded: without overlays or --dtb, or with acpi=force on the "
		     "command line, the machine's ACPI is used");
	for (i = 0; i < ARRAY_SIZE(acpi); i++) {
		CASE("not with %s", acpi[i]);
		s.r.cmdline = acpi[i];
		want_plan(&s, "kernel 7fc00000-7fd00000-80000000, initrd 7fbf0000-7fbf2000-7fc00000, "
			      "tree 7f800000-7f801000-7fa00000, stub 7fbe0000-7fbe1000-7fbf0000");
	}
	small_end(&s);

	CASE("a machine that tells of nothing, and has no EFI: its memory is what is missing");
	small_start(&s, "/ { #address-cells = <2>; #size-cells = <2>; chosen { }; };");
	s.r.overlay = overlay;
	s.r.overlays = 1;
	want_refusal(&s, FAIL_TREE, "use the device tree: it tells of no memory: /small",
		     "nothing was loaded: give a tree that has this machine's memory with --dtb");
	small_end(&s);
	note_free(&over[0]);
	note_free(&over[1]);
	note_free(&node);
	note_free(&cpus);
}

static void xen(void)
{
	static const char with[] = "/ { #address-cells = <2>; #size-cells = <2>; chosen { }; "
				   "hypervisor { compatible = \"xen,xen\"; "
				   "interrupts = <1 15 3848>; }; memory@40000000 { device_type = "
				   "\"memory\"; reg = <0 40000000 0 40000000>; }; };";
	struct error e;
	struct plan p;
	struct small s;
	int hide;

	small_start(&s, with);
	ranges_add(&s.m.reserved, 0x50000000, 0x50010000, iomem_reserved);
	for (hide = 0; hide < 2; hide++) {
		CASE("the next kernel is %stold of Xen", hide ? "not " : "");
		s.r.hide_xen = hide;
		e = (struct error){ 0 };
		want_error(plan_make(&s.r, &p, &e), &e, FAIL_NONE, "");
		want_u64("Xen", !hide, tree_is_xen(p.tree.blob));
		want_u64("its node", !hide, tree_root_child(p.tree.blob, "hypervisor") >= 0);
		want_u64("what it writes to is kept", 1u + (uint64_t)hide,
			 (uint64_t)fdt_num_mem_rsv(p.tree.blob));
		plan_free(&p);
	}
	small_end(&s);
}

static void bounds(void)
{
	struct small s;

	small_start(&s, SMALL_TREE);
	CASE("bounds from below: the top is as high");
	s.r.bounds.start = 0x70000000;
	want_plan(&s, "kernel 7fc00000-7fd00000-80000000, initrd 7fbf0000-7fbf2000-7fc00000, "
		      "tree 7f800000-7f801000-7fa00000, stub 7fbe0000-7fbe1000-7fbf0000");
	CASE("bounds from above");
	s.r.bounds = (struct range){ 0, 0x60000000, NULL };
	want_plan(&s, "kernel 5fc00000-5fd00000-60000000, initrd 5fbf0000-5fbf2000-5fc00000, "
		      "tree 5f800000-5f801000-5fa00000, stub 5fbe0000-5fbe1000-5fbf0000");
	CASE("bounds beyond what the machine can use");
	s.r.bounds = (struct range){ 0, UINT64_MAX, NULL };
	want_plan(&s, "kernel 7fc00000-7fd00000-80000000, initrd 7fbf0000-7fbf2000-7fc00000, "
		      "tree 7f800000-7f801000-7fa00000, stub 7fbe0000-7fbe1000-7fbf0000");
	CASE("bounds that leave too little");
	s.r.bounds = (struct range){ 0x70000000, 0x70200000, NULL };
	want_refusal(
		&s, FAIL_ROOM,
		"place the kernel: 4 MiB needed, the largest hole has 2 MiB (2 MiB free)",
		"nothing was loaded: kexec-lite --plan --load without the initrd shows the map");
	small_end(&s);
}

/* Blocks of 2 MiB of the small machine: `.` all free, `#` in use, `+` half. */
static void draw(struct freemap *map, char most, phys from, phys to, char other)
{
	phys at;

	*map = (struct freemap){ .size = 2 * MIB, .last = 0x7f000000, .down = true };
	for (at = SMALL_BASE; at < SMALL_BASE + GIB; at += map->size) {
		const char c = at >= from && at < to ? other : most;

		map->sample[map->blocks++] = (struct sample){ at, c == '.'   ? BLOCK_PAGES
								  : c == '+' ? BLOCK_PAGES / 2
									     : 0 };
	}
	map->zone[map->zones++] =
		(struct zone){ { SMALL_BASE, SMALL_BASE + GIB, NULL }, 512 * MIB, 0 };
}

static void quiet(void)
{
	static struct freemap map;
	struct small s;
	struct plan p;
	struct error e;
	char buf[400];
	long n;
	bool ok;

	small_start(&s, SMALL_TREE);
	s.m.freemap = &map;
	CASE("quiet: all above the page that came last, which is where none is taken");
	draw(&map, '.', 0, 0, '.');
	want_plan(&s, "kernel 7fc00000-7fd00000-80000000, initrd 7fbf0000-7fbf2000-7fc00000, "
		      "tree 7f800000-7f801000-7fa00000, stub 7fbe0000-7fbe1000-7fbf0000");
	CASE("quiet: pages in use, where the rest is in use in part");
	draw(&map, '+', 0x50000000, 0x51000000, '#');
	want_plan(&s, "kernel 50c00000-50d00000-51000000, initrd 50bf0000-50bf2000-50c00000, "
		      "tree 50800000-50801000-50a00000, stub 50be0000-50be1000-50bf0000");
	CASE("quiet: without memory to say what is, all of the room");
	for (n = 0, ok = false; n < 40 && !ok; n++) {
		e = (struct error){ 0 };
		unit_memory(n);
		ok = plan_draft(&s.r, &p, &e);
		unit_memory(-1);
		if (ok)
			want_text("pieces",
				  "kernel 7fc00000-7fd00000-80000000, initrd "
				  "7fbf0000-7fbf2000-7fc00000, tree 7f800000-7f801000-7fa00000, "
				  "stub 7fbe0000-7fbe1000-7fbf0000",
				  pieces(&p, buf, sizeof(buf)));
		plan_free(&p);
	}
	want(ok, "a plan is made");
	CASE("quiet: when only what is in use in part has room, that");
	draw(&map, '+', 0x50000000, 0x50400000, '#');
	want_plan(&s, "kernel 7fc00000-7fd00000-80000000, initrd 7fbf0000-7fbf2000-7fc00000, "
		      "tree 7f800000-7f801000-7fa00000, stub 7fbe0000-7fbe1000-7fbf0000");
	CASE("quiet: staged in memory of another node, when near its own there is no room");
	draw(&map, '.', 0, 0, '.');
	map.zone[0].free = 2 * MIB;
	map.zone[map.zones++] = (struct zone){ { 0x800000000, 0x840000000, NULL }, GIB, .node = 3 };
	for (n = 0; n < 2; n++) {
		/* if that has enough */
		map.zone[1].free = n ? GIB : MIB;
		e = (struct error){ 0 };
		want_error(plan_make(&s.r, &p, &e), &e, FAIL_NONE, "");
		want_u64("node", n ? 3 : UINT64_MAX, (uint64_t)p.stage_node);
		plan_free(&p);
	}
	CASE("quiet: when nothing is, all of the room; and the error is its own");
	draw(&map, '+', 0, 0, '+');
	s.r.bounds.end = SMALL_BASE + 18 * MIB;
	want_refusal(
		&s, FAIL_ROOM,
		"place the kernel: 4 MiB needed, the largest hole has 2 MiB (2 MiB free)",
		"nothing was loaded: kexec-lite --plan --load without the initrd shows the map");
	small_end(&s);
}

static void crashes(void)
{
	static char cmdline[2049];
	struct small s;
	struct plan p;
	struct error e = { 0 };
	struct span dtb;
	static const phys usable[] = { SMALL_REGION, SMALL_LOW, 0x75000000, 0x7a000000 };
	struct ranges dump = { 0 };
	struct tree_pairs pairs;
	const struct range *d;
	struct range r;
	size_t i;

	CASE("crash kernel: lowest in its region, the rest at its top, all told to it");
	small_start(&s, SMALL_TREE);
	small_crash(&s);
	want_plan(&s, "kernel 60000000-60100000-60400000, initrd 6fff0000-6fff2000-70000000, "
		      "tree 6fc00000-6fc01000-6fe00000, stub 6ffe0000-6ffe1000-6fff0000, "
		      "core 6ffd0000-6ffd1000-6ffe0000");
	if (plan_make(&s.r, &p, &e)) {
		want_text("bootargs", "console=ttyAMA0 root=/dev/vda1", p.chosen.cmdline);
		want_u64("core header", plan_segment(&p, CORE)->at.start,
			 p.chosen.elfcorehdr.start);
		want_u64("region", SMALL_REGION, p.chosen.usable.start);
		want_u64("low region", SMALL_LOW, p.chosen.low.start);
		want_u64("nothing is saved", 0, p.chosen.backup.end);
	}
	plan_free(&p);
	CASE("crash kernel: it is told of what it shares with the crashed one");
	ranges_add(&s.m.crash.cma, 0x75000000, 0x76000000, NULL);
	ranges_add(&s.m.crash.cma, 0x7a000000, 0x7b000000, NULL);
	ranges_subtract(&(struct ranges){ &s.m.crash.dump.v[2], 1, 1 }, &s.m.crash.cma, &dump);
	s.m.crash.dump.n = 2;
	ranges_for_each(d, &dump)
		ranges_add(&s.m.crash.dump, d->start, d->end, NULL);
	e = (struct error){ 0 };
	want_error(plan_make(&s.r, &p, &e), &e, FAIL_NONE, "");
	tree_pairs_of(&pairs, p.tree.blob, 0, tree_root_child(p.tree.blob, "chosen"),
		      "linux,usable-memory-range");
	for (i = 0; i < 4; i++) {
		want_u64("a pair", true, tree_next_pair(&pairs, &r));
		want_u64("its start", usable[i], r.start);
	}
	want_u64("no more", false, tree_next_pair(&pairs, &r));
	s.m.crash.cma.v[1].end -= 0x1000;
	CASE("crash kernel: told of other memory that it shares");
	want_error(plan_check(&p, &s.r, &e), &e, FAIL_BUG,
		   "trust the plan: a crash kernel's part in its device tree is wrong");
	s.m.crash.cma.v[1].end += 0x1000;
	plan_free(&p);
	ranges_free(&dump);
	CASE("crash kernel: it is written to where it will run, whatever is available");
	s.m.mem_available = 1;
	s.m.cma_free = 1;
	want_plan(&s, "kernel 60000000-60100000-60400000, initrd 6fff0000-6fff2000-70000000, "
		      "tree 6fc00000-6fc01000-6fe00000, stub 6ffe0000-6ffe1000-6fff0000, "
		      "core 6ffd0000-6ffd1000-6ffe0000");
	CASE("crash kernel: --hotplug, and the running kernel wants a larger header");
	s.r.hotplug = true;
	s.m.crash.elfcorehdr_memsz = 0x12345;
	want_plan(&s, "kernel 60000000-60100000-60400000, initrd 6fff0000-6fff2000-70000000, "
		      "tree 6fc00000-6fc01000-6fe00000, stub 6ffe0000-6ffe1000-6fff0000, "
		      "core 6ffc0000-6ffd3000-6ffe0000");
	CASE("crash kernel: --hotplug, and the running kernel wants none larger");
	s.m.crash.elfcorehdr_memsz = 100;
	want_plan(&s, "kernel 60000000-60100000-60400000, initrd 6fff0000-6fff2000-70000000, "
		      "tree 6fc00000-6fc01000-6fe00000, stub 6ffe0000-6ffe1000-6fff0000, "
		      "core 6ffd0000-6ffd1000-6ffe0000");
	s.r.hotplug = false;
	CASE("crash kernel: a larger header that nobody asked for");
	s.m.crash.elfcorehdr_memsz = 0x12345;
	want_plan(&s, "kernel 60000000-60100000-60400000, initrd 6fff0000-6fff2000-70000000, "
		      "tree 6fc00000-6fc01000-6fe00000, stub 6ffe0000-6ffe1000-6fff0000, "
		      "core 6ffd0000-6ffd1000-6ffe0000");
	CASE("crash kernel: no room in its region");
	s.r.bounds.end = SMALL_REGION + 2 * MIB;
	want_refusal(&s, FAIL_ROOM,
		     "place the kernel: 4 MiB needed, the largest hole has 2 MiB (2 MiB free)",
		     "nothing was loaded: boot with a larger crashkernel=, it has 256 MiB");
	s.r.bounds.end = 0;
	CASE("crash kernel: its other errors are their own");
	s.m.mem_total = 2 * MIB;
	want_refusal(&s, FAIL_MEMORY, "load the kernel: more than half of RAM: 1 MiB of 2 MiB",
		     "nothing was loaded: the running kernel takes half of RAM at most; make "
		     "kernel or initrd smaller");
	s.m.mem_total = GIB;
	dtb = note_tree("/ { #address-cells = <2>; #size-cells = <2>; memory@0 { device_type = "
			"\"memory\"; reg = <0 80000000 0 40000000>; }; };");
	s.r.dtb = dtb;
	s.r.dtb_name = "x.dtb";
	want_refusal(&s, FAIL_TREE, "use the device tree: no memory here at 0x80000000: x.dtb", "");
	note_free(&dtb);
	s.r.dtb.len = 0;
	CASE("crash kernel: more RAM and CPUs than a header can name");
	for (i = 0; i < 65534; i++)
		if (!ranges_add(&s.m.crash.notes, i, i + 1, NULL))
			abort();
	want_refusal(&s, FAIL_MACHINE, "write the core header: more than 65534 entries", "");
	small_end(&s);

	CASE("crash kernel: a region that ends above 4 GiB, and a tree whose cells do not");
	small_start(&s,
		    "/ { #address-cells = <1>; #size-cells = <1>; memory@80000000 { device_type = "
		    "\"memory\"; reg = <80000000 7fffffff>; }; };");
	s.m.ram.v[0] = (struct range){ 0x80000000, 0x180000000, NULL };
	s.m.reserved.n = 0;
	small_crash(&s);
	s.m.reserved.n = 0;
	s.m.crash.region = s.m.addressable = (struct range){ 0xf0000000, 0x110000000, NULL };
	small_free(&s);
	want_refusal(&s, FAIL_TREE, "write the device tree: FDT_ERR_BADVALUE: /small", "");
	small_end(&s);

	CASE("crash kernel: a tree whose cells are not sound");
	small_start(&s, "/ { #address-cells = <2>; #size-cells = <3>; chosen { "
			"linux,uefi-mmap-start = <0 1>; }; };");
	small_crash(&s);
	want_refusal(&s, FAIL_TREE, "write the device tree: FDT_ERR_BADNCELLS: /small", "");
	small_end(&s);

	CASE("command line: of a crash kernel on ppc64 26 bytes are the core header's, unless the "
	     "running kernel plans");
	memset(cmdline, 'a', 2048);
	small_start(&s, SMALL_TREE);
	small_crash(&s);
	s.m.arch = &arch_ppc64;
	s.r.cmdline = cmdline;
	for (i = 2020; i < 2049; i++) {
		cmdline[i] = '\0';
		s.r.file_call = false;
		e = (struct error){ 0 };
		want_u64("kexec_load", i + 26 <= 2047, plan_check_cmdline(&s.r, &e));
		s.r.file_call = true;
		e = (struct error){ 0 };
		want_u64("kexec_file_load", i <= 2047, plan_check_cmdline(&s.r, &e));
		cmdline[i] = 'a';
	}
	small_end(&s);
}

#define NO_SCRATCH "load a kernel: kexec handover has no room for it: 96 MiB of scratch memory"

/* Kexec handover has 32 and 64 MiB of scratch memory. */
static void scratch(void)
{
	static const struct {
		const char *caption;
		uint64_t total, initrd, memsz;
		bool crash;
		const char *sentence;
	} scratch_rows[] = {
		{ "each fits", 96 * MIB, 32 * MIB, 64 * MIB, false, "" },
		{ "the initrd fits into none", 96 * MIB, 64 * MIB + 1, 1 * MIB, false, NO_SCRATCH },
		{ "the kernel fits into none", 96 * MIB, 1 * MIB, 64 * MIB + 1, false, NO_SCRATCH },
		{ "not both", 96 * MIB, 33 * MIB, 64 * MIB, false, NO_SCRATCH },
		{ "a crash kernel goes elsewhere", 96 * MIB, 65 * MIB, 65 * MIB, true, "" },
		{ "handover is off", 0, 65 * MIB, 65 * MIB, false, "" },
	};
	struct small s;
	struct error e;
	size_t i;

	small_start(&s, SMALL_TREE);
	s.r.file_call = true;
	for (i = 0; i < ARRAY_SIZE(scratch_rows); i++) {
		CASE("scratch memory: %s", scratch_rows[i].caption);
		s.m.scratch = scratch_rows[i].total;
		s.m.scratch_largest = 64 * MIB;
		s.m.crash.region = (struct range){ 0, scratch_rows[i].crash, NULL };
		s.r.initrds = 1;
		s.r.initrd[0].len = (size_t)scratch_rows[i].initrd; /* nobody reads it */
		s.img.memsz = scratch_rows[i].memsz;
		e = (struct error){ 0 };
		want_error(plan_check_file_call(&s.r, &e), &e,
			   *scratch_rows[i].sentence ? FAIL_ROOM : FAIL_NONE,
			   scratch_rows[i].sentence);
		if (*scratch_rows[i].sentence)
			want_hint(&e, "nothing was loaded: boot this kernel with a larger "
				      "kho_scratch=, or with kho=off");
	}
	small_end(&s);
}

static void file_calls(void)
{
	static const struct {
		const char *caption;
		uint64_t total, available, initrd, memsz;
		enum code code;
		const char *sentence;
	} file_rows[] = {
		{ "half of RAM", 512 * MIB, 0, 156 * MIB, 100 * MIB, FAIL_NONE, "" },
		{ "a byte more", 512 * MIB, 0, 156 * MIB + 1, 100 * MIB, FAIL_MEMORY,
		  "load the kernel: more than half of RAM: 256 MiB of 512 MiB" },
		{ "by the kernel alone", 512 * MIB, 0, 0, 257 * MIB, FAIL_MEMORY,
		  "load the kernel: more than half of RAM: 257 MiB of 512 MiB" },
		{ "by a kernel that says so", 512 * MIB, 0, 1, UINT64_MAX, FAIL_MEMORY,
		  "load the kernel: more than half of RAM: 15.9 EiB of 512 MiB" },
		{ "less is available", 512 * MIB, 100 * MIB, 60 * MIB, 50 * MIB, FAIL_MEMORY,
		  "load the kernel: 171 MiB needed, and only 100 MiB available" },
		{ "nothing is known of RAM", 0, 0, 60 * MIB, 50 * MIB, FAIL_NONE, "" },
	};
	struct small s;
	struct error e;
	size_t i;

	small_start(&s, SMALL_TREE);
	s.r.file_call = true;
	for (i = 0; i < ARRAY_SIZE(file_rows); i++) {
		CASE("kexec_file_load: %s", file_rows[i].caption);
		s.m.mem_total = file_rows[i].total;
		s.m.mem_available = file_rows[i].available;
		s.r.initrds = file_rows[i].initrd > 0;
		s.r.initrd[0].len = (size_t)file_rows[i].initrd; /* nobody reads it */
		s.img.memsz = file_rows[i].memsz;
		e = (struct error){ 0 };
		want_error(plan_check_file_call(&s.r, &e), &e, file_rows[i].code,
			   file_rows[i].sentence);
	}
	small_end(&s);
}

/* The one property: a failure with its own sentence, or plan_check() passes. Never FAIL_BUG. */
static void random_machines(void)
{
	static const uint32_t pages[] = { 0x1000, 0x4000, 0x10000 };
	unsigned k, planned = 0;
	struct small s;
	struct error e;
	struct plan p;
	uint64_t offset, size;
	phys at;
	size_t n;

	CASE("2000 random machines: a plan that passes its check, or a sentence that is no bug");
	unit_random_start(4);
	/* of which EFI tells the memory */
	small_start(&s, "/ { chosen { linux,uefi-mmap-start = <0 1>; }; };");
	for (k = 0; k < 2000; k++) {
		ranges_free(&s.m.ram);
		ranges_free(&s.m.reserved);
		for (at = unit_random() % 64 << 20, n = 1 + unit_random() % 4; n--;) {
			phys end = at + (1 + unit_random() % 24) * MIB;

			end += unit_random() % 256 << 12;
			if (!ranges_add(&s.m.ram, at, end, "RAM"))
				abort();
			at = end + 4096 +
			     unit_random() % (n % 2 ? 64 * MIB : 64 * GIB) / 4096 * 4096;
		}
		for (n = unit_random() % 6; n--;) {
			at = s.m.ram.v[unit_random() % s.m.ram.n].start;
			at += unit_random() % (8 * MIB);
			if (!ranges_add(&s.m.reserved, at, at + unit_random() % (4 * MIB), "x"))
				abort();
		}
		ranges_union(&s.m.ram);
		small_free(&s);
		s.m.page_size = pages[unit_random() % 3];
		s.m.tree_in_x0 = unit_random() % 4 == 0;
		for (n = 0; n < ARRAY_SIZE(s.r.initrd); n++)
			s.r.initrd[n] =
				(struct span){ s.initrd, 1 + unit_random() % sizeof(s.initrd) };
		s.r.initrds = unit_random() % 4;
		/* one by one: the order of arguments is the compiler's */
		offset = unit_random() % 2 ? 0 : unit_random() % 32 << 16;
		size = unit_random() % 4 ? unit_random() % (8 * MIB) : 0;
		small_header(s.kernel, offset, size, unit_random() % 16 & ~1u);
		e = (struct error){ 0 };
		if (!kernel_parse((struct span){ s.kernel, 1 << 20 }, "Image", &s.m, &s.img, &e))
			continue;
		if (plan_make(&s.r, &p, &e))
			planned++;
		else if (e.code == FAIL_BUG || !e.text[0])
			unit_fail("machine %u: expected no bug, came %s", k, e.text);
		plan_free(&p);
	}
	want(planned > 500, "many plans are made");
	small_end(&s);
}

void test_plan(void)
{
	plans();
	refusals();
	out_of_memory();
	overlays();
	xen();
	bounds();
	quiet();
	crashes();
	file_calls();
	scratch();
	random_machines();
}
