/* SPDX-License-Identifier: MIT */
/* Where pieces go on ppc64 machines whose real mode reaches a part of memory only, with the crash
 * kernel's region in it or across its end.
 */
#include "unit.h"

#include "arch/ppc64/ppc64.h"
#include "src/formats/iomem.h"

#define HEAD	     "/ { #address-cells = <2>; #size-cells = <2>; "
#define CHOSEN(more) "chosen { linux,kernel-end = <0 2000000>; " more "}; "
#define REGION(base, size)                                                                         \
	"linux,crashkernel-base = <0 " base ">; linux,crashkernel-size = <0 " size ">; "
#define MEM(reg) "memory@0 { device_type = \"memory\"; reg = <" reg ">; }; "

/* 256 MiB that real mode reaches, and 768 MiB more: the first range of the node is the RMA. */
#define RMA MEM("0 0 0 10000000 0 10000000 0 30000000")
#define DYNAMIC(at)                                                                                \
	"ibm,dynamic-reconfiguration-memory { ibm,lmb-size = <0 1000000>; ibm,dynamic-memory = "   \
	"<1 0 " at " 1 0 0 8>; }; "
/* A node of 64 ranges, the first of them the RMA, and one in the list: the 65th makes a set grow.
 */
#define RANGE(d) "0 " d "000000 0 1000000 "
#define ROW15(d)                                                                                   \
	RANGE(d "1")                                                                               \
	RANGE(d "2")                                                                               \
	RANGE(d "3")                                                                               \
	RANGE(d "4")                                                                               \
	RANGE(d "5")                                                                               \
	RANGE(d "6") RANGE(d "7") RANGE(d "8") RANGE(d "9") RANGE(d "a") RANGE(d "b") RANGE(d "c") \
		RANGE(d "d") RANGE(d "e") RANGE(d "f")
#define ROW16(d) RANGE(d "0") ROW15(d)
#define MANY                                                                                       \
	MEM("0 0 0 11000000 " ROW15("1") ROW16("2") ROW16("3") ROW16("4"))                         \
	"ibm,dynamic-reconfiguration-memory { ibm,lmb-size = <0 10000000>; "                       \
	"ibm,dynamic-memory = <1 0 60000000 1 0 0 8>; }; "
#define RTAS "rtas { linux,rtas-base = <7000000>; rtas-size = <10000>; }; "

#define PLACE_KERNEL(need, most, free)                                                             \
	"place the kernel: " need " needed, the largest hole in the RMA has " most " (" free       \
	" free)"
#define MAP    "nothing was loaded: kexec-lite --plan --load without the initrd shows the map"
#define IN_RMA "nothing was loaded: kernel, tree and stub must lie in the first 256 MiB (RMA)"

static const struct row {
	const char *caption, *tree;
	uint64_t memsz;	     /* of the kernel */
	size_t initrd;	     /* bytes; 0: none */
	struct range region; /* of the crash kernel that is planned */
	const char *dtb;     /* the user's tree */
	const char *cmdline;
	bool moves;	      /* the kernel copies itself to 0 */
	const char *expected; /* pieces, each with its end */
	enum code code;
	const char *sentence, *hint;
} rows[] = {
	{ .caption = "all in the RMA",
	  .tree = HEAD CHOSEN("") RMA "};",
	  .memsz = 16 * MIB,
	  .initrd = 5000,
	  .expected = "kernel f000000-10000000, initrd eff0000-f000000, tree efe0000-eff0000, "
		      "stub efd0000-efe0000" },
	{ .caption = "an initrd larger than the RMA goes above it",
	  .tree = HEAD CHOSEN("") RMA "};",
	  .memsz = 16 * MIB,
	  .initrd = 256 * MIB,
	  .expected = "kernel f000000-10000000, initrd 30000000-40000000, tree eff0000-f000000, "
		      "stub efe0000-eff0000" },
	{ .caption = "a kernel that only the crash kernel's region has room for",
	  .tree = HEAD CHOSEN(REGION("8000000", "4000000")) RTAS RMA "};",
	  .memsz = 130 * MIB,
	  .initrd = 5000,
	  .expected = "kernel 7e00000-10000000, initrd 3fff0000-40000000, tree 7df0000-7e00000, "
		      "stub 7de0000-7df0000" },
	{ .caption = "a kernel larger than the RMA, of which the region takes a part",
	  .tree = HEAD CHOSEN(REGION("8000000", "4000000")) RMA "};",
	  .memsz = 240 * MIB,
	  .code = FAIL_ROOM,
	  .sentence = PLACE_KERNEL("240 MiB", "224 MiB", "224 MiB"),
	  .hint = IN_RMA ", of which 64 MiB are the crash kernel region" },
	{ .caption = "the same, and the region goes on above the RMA",
	  .tree = HEAD CHOSEN(REGION("e000000", "4000000")) RMA "};",
	  .memsz = 240 * MIB,
	  .code = FAIL_ROOM,
	  .sentence = PLACE_KERNEL("240 MiB", "224 MiB", "224 MiB"),
	  .hint = IN_RMA ", of which 32 MiB are the crash kernel region" },
	{ .caption = "the same, and the region is above the RMA",
	  .tree = HEAD CHOSEN(REGION("14000000", "4000000")) RMA "};",
	  .memsz = 240 * MIB,
	  .code = FAIL_ROOM,
	  .sentence = PLACE_KERNEL("240 MiB", "224 MiB", "224 MiB"),
	  .hint = IN_RMA },
	{ .caption = "the same, and all of memory is the RMA",
	  .tree = HEAD CHOSEN("") MEM("0 0 0 10000000") "};",
	  .memsz = 240 * MIB,
	  .code = FAIL_ROOM,
	  .sentence = PLACE_KERNEL("240 MiB", "224 MiB", "224 MiB"),
	  .hint = MAP },
	{ .caption = "a kernel that moves to 0, over firmware: no place is another",
	  .tree = HEAD CHOSEN("") RTAS RMA "};",
	  .memsz = 128 * MIB,
	  .moves = true,
	  .code = FAIL_ROOM,
	  .sentence = "load the kernel: it moves to 0, over what is kept at 0x7000000: RTAS "
		      "firmware",
	  .hint = "nothing was loaded: with --run-at-load it stays where it is loaded" },
	{ .caption = "a kernel that moves to 0, and firmware above what it takes there",
	  .tree = HEAD CHOSEN("") RTAS RMA "};",
	  .memsz = 112 * MIB,
	  .moves = true,
	  .initrd = 5000,
	  .expected = "kernel 9000000-10000000, initrd 8ff0000-9000000, tree 8fe0000-8ff0000, stub "
		      "8fd0000-8fe0000" },
	{ .caption = "a user's tree that has less of the memory, and dynamic memory of it",
	  .tree = HEAD CHOSEN(REGION("8000000", "4000000")) RMA "};",
	  .dtb = HEAD CHOSEN("") MEM("0 0 0 e000000") DYNAMIC("e000000") "};",
	  .memsz = 16 * MIB,
	  .initrd = 5000,
	  .expected = "kernel e000000-f000000, initrd dff0000-e000000, tree dfe0000-dff0000, stub "
		      "dfd0000-dfe0000" },
	{ .caption = "a user's tree that has too little of the memory",
	  .tree = HEAD CHOSEN("") RMA "};",
	  .dtb = HEAD CHOSEN("") MEM("0 0 0 8000000") "};",
	  .memsz = 100 * MIB,
	  .code = FAIL_ROOM,
	  .sentence = "place the kernel: 100 MiB needed, the largest hole has 96 MiB (96 MiB free)",
	  .hint = "nothing was loaded: the device tree tells of 128 MiB of memory, and here are 1 GiB" },
	{ .caption = "64 ranges and dynamic memory in both trees",
	  .tree = HEAD CHOSEN("") MANY "};",
	  .dtb = HEAD CHOSEN("") MANY "};",
	  .memsz = 16 * MIB,
	  .initrd = 5000,
	  .expected = "kernel 10000000-11000000, initrd fff0000-10000000, tree ffe0000-fff0000, "
		      "stub ffd0000-ffe0000" },
	{ .caption = "the same, and the initrd has all of the dynamic memory",
	  .tree = HEAD CHOSEN("") MANY "};",
	  .dtb = HEAD CHOSEN("") MANY "};",
	  .memsz = 16 * MIB,
	  .initrd = 256 * MIB,
	  .expected = "kernel 10000000-11000000, initrd 60000000-70000000, tree fff0000-10000000, "
		      "stub ffe0000-fff0000" },
	{ .caption = "mem= leaves half of the RMA",
	  .tree = HEAD CHOSEN("") RMA "};",
	  .memsz = 16 * MIB,
	  .initrd = 5000,
	  .cmdline = "mem=128M",
	  .expected = "kernel 7000000-8000000, initrd 6ff0000-7000000, tree 6fe0000-6ff0000, stub "
		      "6fd0000-6fe0000" },
	{ .caption = "mem= leaves too little, and says so",
	  .tree = HEAD CHOSEN("") RMA "};",
	  .memsz = 100 * MIB,
	  .cmdline = "mem=128M",
	  .code = FAIL_ROOM,
	  .sentence = "place the kernel: 100 MiB needed, the largest hole below mem= has 96 MiB "
		      "(96 MiB free)",
	  .hint = IN_RMA },
	{ .caption = "mem= larger than memory leaves it all",
	  .tree = HEAD CHOSEN("") RMA "};",
	  .memsz = 16 * MIB,
	  .cmdline = "mem=8G",
	  .expected = "kernel f000000-10000000, tree eff0000-f000000, stub efe0000-eff0000" },
	{ .caption = "a crash kernel, and firmware among what is kept elsewhere",
	  .tree = HEAD CHOSEN("linux,htab-base = <0 8000000>; linux,htab-size = <0 1000000>; ")
		  RTAS RMA "};",
	  .region = { 192 * MIB, 512 * MIB, NULL },
	  .memsz = 16 * MIB,
	  .expected = "kernel c000000-d000000, tree fff0000-10000000, stub ffd0000-fff0000, core "
		      "ffc0000-ffd0000" },
	{ .caption = "a crash kernel, and above its region a gap and 8 MiB of dynamic memory that "
		     "RTAS holds: just "
		     "enough, for its memory is counted in units of 16 MiB",
	  .tree = HEAD
		  CHOSEN("") "rtas { linux,rtas-base = <10000000>; rtas-size = <800000>; }; " MEM(
			  "0 0 0 f800000") DYNAMIC("10000000") "};",
	  .region = { 128 * MIB, 248 * MIB, NULL },
	  .memsz = 16 * MIB,
	  .expected = "kernel 8000000-9000000, tree f7f0000-f800000, stub f7d0000-f7f0000, "
		      "core f7c0000-f7d0000" },
	{ .caption = "the same in reserved-ranges, which it is not told to use",
	  .tree = HEAD "reserved-ranges = <0 10000000 0 800000>; " CHOSEN("") MEM("0 0 0 f800000")
		  DYNAMIC("10000000") "};",
	  .region = { 128 * MIB, 248 * MIB, NULL },
	  .memsz = 16 * MIB,
	  .expected = "kernel 8000000-9000000, tree eff0000-f000000, stub efd0000-eff0000, "
		      "core efc0000-efd0000" },
	{ .caption = "a user's tree with memory that is not here: no other attempt helps",
	  .tree = HEAD CHOSEN("") RMA "};",
	  .dtb = HEAD CHOSEN("") MEM("0 0 0 10000000 10 0 0 10000000") "};",
	  .memsz = 16 * MIB,
	  .code = FAIL_TREE,
	  .sentence = "use the device tree: no memory here at 0x1000000000: x.dtb" },
	{ .caption = "a crash kernel, all of whose region is in the RMA",
	  .tree = HEAD CHOSEN("") RMA "};",
	  .region = { 128 * MIB, 192 * MIB, NULL },
	  .memsz = 65 * MIB,
	  .code = FAIL_ROOM,
	  .sentence = "place the kernel: 65 MiB needed, the largest hole has 64 MiB (64 MiB free)",
	  .hint = "nothing was loaded: boot with a larger crashkernel=, it has 64 MiB" },
	{ .caption = "a crash kernel whose region goes on above the RMA: its initrd is there",
	  .tree = HEAD CHOSEN("") RMA "};",
	  .region = { 192 * MIB, 512 * MIB, NULL },
	  .memsz = 16 * MIB,
	  .initrd = 64 * MIB,
	  .expected = "kernel c000000-d000000, initrd 1c000000-20000000, tree fff0000-10000000, "
		      "stub ffd0000-fff0000, core ffc0000-ffd0000" },
	{ .caption = "the same, and its kernel is too large",
	  .tree = HEAD CHOSEN("") RMA "};",
	  .region = { 192 * MIB, 512 * MIB, NULL },
	  .memsz = 80 * MIB,
	  .initrd = 5000,
	  .code = FAIL_ROOM,
	  .sentence = PLACE_KERNEL("80 MiB", "64 MiB", "64 MiB"),
	  .hint = "nothing was loaded: boot with a larger crashkernel=, it has 320 MiB" },
};

static const char *pieces(const struct plan *p, char *buf, size_t cap)
{
	struct strbuf t = strbuf_fixed(buf, cap);
	size_t i;

	for (i = 0; i < p->n; i++)
		strbuf_printf(&t, "%s%s %llx-%llx", i ? ", " : "", piece_name(p->seg[i].piece),
			      (unsigned long long)p->seg[i].at.start,
			      (unsigned long long)p->seg[i].reserved_end);
	return buf;
}

/* A machine with that tree, and a request for that kernel. */
struct server {
	struct machine m;
	struct image img;
	struct request r;
	struct span tree, dtb;
};

static uint8_t kernel[0x8000], initrd[1];

static void start(struct server *s, const struct row *row)
{
	struct error e = { 0 };

	*s = (struct server){ .tree = note_tree(row->tree) };
	s->m = (struct machine){
		.arch = &arch_ppc64, .page_size = 0x1000, .fdt = s->tree, .fdt_from = "/server"
	};
	if (!ppc64_memory(&s->m, (struct span){ 0 }, &e))
		abort();
	if (row->region.end) {
		s->m.crash.region = row->region;
		s->m.addressable = row->region;
		if (!ranges_add(&s->m.crash.notes, 0x5000000, 0x5001000, NULL) ||
		    !ranges_add(&s->m.crash.dump, 0x10000, row->region.start, NULL))
			abort();
	}
	ranges_sort(&s->m.reserved);
	if (!ranges_subtract(&s->m.ram, &s->m.reserved, &s->m.free))
		abort();
	kernel[PPC64_RUN_AT_LOAD] = row->region.end > 0;
	s->img = (struct image){
		.part = { { { kernel, sizeof(kernel) }, 0, sizeof(kernel) } },
		.parts = 1,
		.memsz = row->memsz,
		.align = PPC64_ALIGN,
		.run_flag = row->moves,
	};
	s->r = (struct request){
		.machine = &s->m,
		.image = &s->img,
		.initrd = { { initrd, row->initrd } }, /* nobody reads it */
		.initrds = row->initrd > 0,
		.cmdline = row->cmdline ? row->cmdline : "quiet",
	};
	if (row->dtb) {
		s->r.dtb = s->dtb = note_tree(row->dtb);
		s->r.dtb_name = "x.dtb";
	}
}

static void end(struct server *s)
{
	machine_ranges_free(&s->m);
	note_free(&s->tree);
	if (s->dtb.p)
		note_free(&s->dtb);
}

/* Every allocation may fail, and a plan or its own refusal comes in the end. */
static void poor(const struct row *row)
{
	struct error e = { .code = FAIL_MEMORY };
	struct server s;
	struct plan p;
	bool ok = false;
	long n;

	start(&s, row);
	for (n = 0; n < 60 && e.code == FAIL_MEMORY; n++) {
		CASE("out of memory at allocation %ld: %s", n, row->caption);
		e = (struct error){ 0 };
		unit_memory(n);
		ok = plan_make(&s.r, &p, &e);
		unit_memory(-1);
		if (e.code == FAIL_MEMORY)
			want_error(ok, &e, FAIL_MEMORY, "go on: out of memory");
		plan_free(&p);
	}
	want_error(ok, &e, row->code, row->sentence ? row->sentence : "");
	end(&s);
}

void test_ppc64_place(void)
{
	const struct row *row;
	struct error e;
	struct server s;
	struct plan p;
	char buf[400];
	bool ok;

	for (row = rows; row < rows + ARRAY_SIZE(rows); row++) {
		CASE("%s", row->caption);
		start(&s, row);
		e = (struct error){ 0 };
		ok = plan_make(&s.r, &p, &e);
		want_error(ok, &e, row->code, row->sentence ? row->sentence : "");
		want_hint(&e, row->hint ? row->hint : "");
		if (ok)
			want_text("pieces", row->expected, pieces(&p, buf, sizeof(buf)));
		plan_free(&p);
		end(&s);
		poor(row);
	}
}
