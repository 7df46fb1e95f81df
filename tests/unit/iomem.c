/* SPDX-License-Identifier: MIT */
#include "unit.h"

#include "src/formats/iomem.h"

#include <stdio.h>

static const struct row {
	const char *caption, *text;
	const char *ram, *keep; /* when it is read */
	const char *bare, *managed;
	enum code code; /* when it is not */
	const char *sentence, *hint;
} rows[] = {
	{ .caption = "one area of RAM",
	  .text = "40000000-7fffffff : System RAM\n",
	  .ram = "40000000-80000000",
	  .keep = "" },
	{ .caption = "the last line has no newline",
	  .text = "40000000-7fffffff : System RAM",
	  .ram = "40000000-80000000",
	  .keep = "" },
	{ .caption = "one byte",
	  .text = "40000000-40000000 : System RAM\n",
	  .ram = "40000000-40000001",
	  .keep = "" },
	{ .caption = "devices are neither",
	  .text = "09000000-09000fff : pl011@9000000\n  09000000-09000fff : 9000000.pl011\n"
		  "40000000-7fffffff : System RAM\n",
	  .ram = "40000000-80000000",
	  .keep = "" },
	{ .caption = "the running kernel may be overwritten",
	  .text = "40000000-7fffffff : System RAM\n"
		  "  40210000-411dffff : Kernel code\n"
		  "  411e0000-4188ffff : reserved\n"
		  "  41890000-41e9ffff : Kernel data\n"
		  "  41ea0000-41efffff : Kernel bss\n",
	  .ram = "40000000-80000000",
	  .keep = "411e0000-41890000" },
	{ .caption = "reserved children of RAM (kexec-tools overwrote EFI and ACPI tables)",
	  .text = "40000000-7fffffff : System RAM\n  7c000000-7c00ffff : reserved\n"
		  "  7f000000-7fffffff : reserved\n",
	  .ram = "40000000-80000000",
	  .keep = "7c000000-7c010000, 7f000000-80000000" },
	{ .caption = "children of children, whatever their name",
	  .text = "40000000-7fffffff : System RAM\n  50000000-5fffffff : reserved\n"
		  "    51000000-51ffffff : ACPI tables\n",
	  .ram = "40000000-80000000",
	  .keep = "50000000-60000000, 51000000-52000000" },
	{ .caption = "a reserved area inside the kernel's code",
	  .text = "40000000-7fffffff : System RAM\n  40000000-40ffffff : Kernel code\n"
		  "    40100000-401fffff : reserved\n",
	  .ram = "40000000-80000000",
	  .keep = "40100000-40200000" },
	{ .caption = "a child of RAM with a name we do not know is kept",
	  .text = "40000000-7fffffff : System RAM\n  50000000-5fffffff : something new\n",
	  .ram = "40000000-80000000",
	  .keep = "50000000-60000000" },
	{ .caption = "names that only begin like the kernel's are kept",
	  .text = "40000000-7fffffff : System RAM\n  50000000-5fffffff : Kernel code of another\n"
		  "  60000000-6fffffff : Kernel\n",
	  .ram = "40000000-80000000",
	  .keep = "50000000-60000000, 60000000-70000000" },
	{ .caption = "the crash region is kept (kexec-tools counts it as free)",
	  .text = "40000000-7fffffff : System RAM\n  60000000-6fffffff : Crash kernel\n",
	  .ram = "40000000-80000000",
	  .keep = "60000000-70000000" },
	{ .caption =
		  "three crash regions, in any order (a third one reallocs a static array there)",
	  .text = "40000000-13fffffff : System RAM\n  60000000-6fffffff : Crash kernel\n"
		  "  50000000-50ffffff : Crash kernel\n  100000000-10fffffff : Crash kernel\n",
	  .ram = "40000000-140000000",
	  .keep = "50000000-51000000, 60000000-70000000, 100000000-110000000" },
	{ .caption = "top-level reserved and crash areas, which are no RAM",
	  .text = "3c000000-3fffffff : reserved\n40000000-7fffffff : System RAM\n"
		  "80000000-8fffffff : Crash kernel\n",
	  .ram = "40000000-80000000",
	  .keep = "3c000000-40000000, 80000000-90000000" },
	{ .caption = "reserved inside of a device",
	  .text = "10000000-1fffffff : PCI Bus 0000:00\n  11000000-11ffffff : reserved\n"
		  "  12000000-12ffffff : 0000:00:01.0\n40000000-7fffffff : System RAM\n",
	  .ram = "40000000-80000000",
	  .keep = "11000000-12000000" },
	{ .caption = "RAM that belongs to a device is not ours",
	  .text = "40000000-7fffffff : System RAM\n100000000-1ffffffff : System RAM (kmem)\n"
		  "  100000000-10fffffff : reserved\n200000000-2ffffffff : Persistent Memory\n",
	  .ram = "40000000-80000000",
	  .keep = "100000000-110000000",
	  .managed = "100000000-200000000" },
	{ .caption = "memory of virtio, of two devices that touch, of an old dax driver",
	  .text = "40000000-7fffffff : System RAM\n100000000-1ffffffff : virtio0\n"
		  "  100000000-13fffffff : System RAM (virtio_mem)\n200000000-23fffffff : virtio1\n"
		  "  200000000-20fffffff : System RAM (virtio_mem)\n"
		  "  210000000-21fffffff : System RAM (virtio_mem)\n"
		  "300000000-3ffffffff : Persistent Memory\n  300000000-30fffffff : namespace0.0\n"
		  "  310000000-3ffffffff : dax0.0\n    310000000-3ffffffff : System RAM\n",
	  .ram = "40000000-80000000",
	  .keep = "",
	  .managed = "100000000-140000000, 200000000-220000000, 310000000-400000000" },
	{ .caption = "memory that was plugged in: nothing of a boot lies in it",
	  .text = "40000000-7fffffff : System RAM\n  50000000-50ffffff : Kernel code\n"
		  "80000000-bfffffff : System RAM\nc0000000-ffffffff : System RAM\n"
		  "  d0000000-dfffffff : reserved\n100000000-13fffffff : System RAM\n"
		  "  110000000-110ffffff : something new\n140000000-14fffffff : System RAM\n"
		  "  140000000-140ffffff : Crash kernel\n180000000-18fffffff : System RAM",
	  .ram = "40000000-150000000, 180000000-190000000",
	  .keep = "d0000000-e0000000, 110000000-111000000, 140000000-141000000",
	  .bare = "80000000-c0000000, 100000000-140000000, 180000000-190000000",
	  .managed = "" },
	{ .caption = "a child called System RAM is no more RAM",
	  .text = "40000000-7fffffff : System RAM\n100000000-1ffffffff : Persistent Memory\n"
		  "  100000000-1ffffffff : System RAM\n",
	  .ram = "40000000-80000000",
	  .keep = "" },
	{ .caption = "areas of RAM that touch become one",
	  .text = "40000000-7fffffff : System RAM\n80000000-bfffffff : System RAM\n",
	  .ram = "40000000-c0000000",
	  .keep = "" },
	{ .caption = "areas of RAM in any order, hot-added memory too",
	  .text = "880000000-8bfffffff : System RAM\n40000000-7fffffff : System RAM\n",
	  .ram = "40000000-80000000, 880000000-8c0000000",
	  .keep = "" },
	{ .caption = "a child does not hang on RAM of an earlier line",
	  .text = "40000000-7fffffff : System RAM\n90000000-9fffffff : a device\n"
		  "  90000000-90000fff : its registers\n",
	  .ram = "40000000-80000000",
	  .keep = "" },
	{ .caption = "52-bit addresses",
	  .text = "8000000000000-800003fffffff : System RAM\n",
	  .ram = "8000000000000-8000040000000",
	  .keep = "" },
	{ .caption = "the top of the 64-bit space",
	  .text = "40000000-7fffffff : System RAM\nffffffffffff0000-ffffffffffffffff : reserved\n",
	  .ram = "40000000-80000000",
	  .keep = "ffffffffffff0000-ffffffffffffffff" },
	{ .caption = "RAM at address 0, and a line of zeros among others",
	  .text = "00000000-00000000 : a byte\n00000000-3fffffff : System RAM\n",
	  .ram = "0-40000000",
	  .keep = "" },
	{ .caption = "all that the running kernel is made of is free, inside of RAM",
	  .text = "40000000-7fffffff : System RAM\n  40000000-400fffff : Kernel code\n"
		  "  40100000-401fffff : Kernel rodata\n  40200000-402fffff : Kernel data\n"
		  "  40300000-403fffff : Kernel bss\n  40400000-404fffff : Kernel rodata2\n",
	  .ram = "40000000-80000000",
	  .keep = "40400000-40500000" },
	{ .caption = "hidden addresses",
	  .text = "00000000-00000000 : System RAM\n  00000000-00000000 : Kernel code\n",
	  .code = FAIL_PRIVILEGE,
	  .sentence = "read /proc/iomem: addresses are hidden from this user",
	  .hint = "to load a kernel, run kexec-lite as root" },
	{ .caption = "nothing at all",
	  .text = "",
	  .code = FAIL_MACHINE,
	  .sentence = "read /proc/iomem: no System RAM in it" },
	{ .caption = "no RAM",
	  .text = "09000000-09000fff : pl011@9000000\n",
	  .code = FAIL_MACHINE,
	  .sentence = "read /proc/iomem: no System RAM in it" },
	{ .caption = "an empty line",
	  .text = "40000000-7fffffff : System RAM\n\n",
	  .code = FAIL_MACHINE,
	  .sentence = "read /proc/iomem: line 2 is not a range" },
	{ .caption = "a line cut short in the address",
	  .text = "40000000-7fffffff : System RAM\n  4021",
	  .code = FAIL_MACHINE,
	  .sentence = "read /proc/iomem: line 2 is not a range" },
	{ .caption = "a line cut short before the name",
	  .text = "40000000-7fffffff : System RAM\n  40210000-411dffff :",
	  .code = FAIL_MACHINE,
	  .sentence = "read /proc/iomem: line 2 is not a range" },
	{ .caption = "an end below the start",
	  .text = "40000000-3fffffff : System RAM\n",
	  .code = FAIL_MACHINE,
	  .sentence = "read /proc/iomem: line 1 is not a range" },
	{ .caption = "an address of 17 digits",
	  .text = "40000000-1ffffffffffffffff : System RAM\n",
	  .code = FAIL_MACHINE,
	  .sentence = "read /proc/iomem: line 1 is not a range" },
	{ .caption = "no address",
	  .text = "System RAM\n",
	  .code = FAIL_MACHINE,
	  .sentence = "read /proc/iomem: line 1 is not a range" },
	{ .caption = "an odd indent",
	  .text = " 40000000-7fffffff : System RAM\n",
	  .code = FAIL_MACHINE,
	  .sentence = "read /proc/iomem: line 1 is not a range" },
	{ .caption = "no name is a name",
	  .text = "40000000-7fffffff : System RAM\n  50000000-5fffffff : \n",
	  .ram = "40000000-80000000",
	  .keep = "50000000-60000000" },
};

static bool read_text(const char *text, struct iomem *m, struct error *e)
{
	/* a copy of just its length: a read behind the end is seen by the sanitizer */
	size_t len = strlen(text);
	uint8_t *copy = malloc(len ? len : 1);
	bool ok;

	if (!copy)
		abort();
	memcpy(copy, text, len);
	ok = iomem_parse((struct span){ copy, len }, m, e);
	free(copy);
	return ok;
}

static void walk_rows(void)
{
	struct iomem m;
	const struct row *r;
	struct error e;
	bool ok;

	for (r = rows; r < rows + ARRAY_SIZE(rows); r++) {
		CASE("%s", r->caption);
		e = (struct error){ 0 };
		ok = read_text(r->text, &m, &e);
		want_error(ok, &e, r->code, r->sentence ? r->sentence : "");
		want_hint(&e, r->hint ? r->hint : "");
		if (r->ram)
			want_ranges("RAM", r->ram, &m.ram);
		if (r->keep)
			want_ranges("kept", r->keep, &m.reserved);
		if (r->bare)
			want_ranges("bare", r->bare, &m.bare);
		if (r->managed)
			want_ranges("managed", r->managed, &m.managed);
		iomem_free(&m);
	}
}

static void tells(void)
{
	static const struct {
		const char *text;
		bool tells;
	} texts[] = {
		{ "3c000000-3fffffff : reserved\n40000000-7fffffff : System RAM\n"
		  "  40210000-411dffff : Kernel code\n  50000000-50ffffff : Crash kernel\n",
		  false },
		{ "40000000-7fffffff : System RAM\n  50000000-50000fff : reserved\n", true },
		{ "40000000-7fffffff : System RAM\n  50000000-500fffff : Kernel code\n"
		  "    50000000-50000fff : reserved\n",
		  true },
	};
	struct error e = { 0 };
	struct iomem m;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(texts); i++) {
		CASE("does it tell what is reserved inside of RAM? %zu", i);
		want(read_text(texts[i].text, &m, &e), "it is read");
		want(m.tells_reserved == texts[i].tells, "it is as expected");
		iomem_free(&m);
	}
}

static void reasons(void)
{
	struct iomem m;
	struct error e = { 0 };

	CASE("each kept range has its reason");
	read_text("40000000-7fffffff : System RAM\n  50000000-50ffffff : reserved\n"
		  "  60000000-60ffffff : Crash kernel\n  70000000-70ffffff : other\n",
		  &m, &e);
	want_ranges("kept", "50000000-51000000, 60000000-61000000, 70000000-71000000", &m.reserved);
	if (m.reserved.n == 3) {
		want(m.reserved.v[0].what == iomem_reserved, "the first is reserved");
		want(m.reserved.v[1].what == iomem_crash, "the second is the crash region");
		want(m.reserved.v[2].what == iomem_other, "the third is another");
	}
	iomem_free(&m);
}

static void many_lines(void)
{
	struct strbuf t = STRBUF_GROWING;
	struct iomem m;
	struct error e = { 0 };
	unsigned i;
	bool ok;

	CASE("hundreds of reserved lines (they overflowed an array in kexec-tools)");
	strbuf_printf(&t, "40000000-7fffffff : System RAM\n");
	for (i = 0; i < 3000; i++)
		strbuf_printf(&t, "  %x-%x : reserved\n", 0x40000000 + i * 0x10000,
			      0x40000000 + i * 0x10000 + 0x7fff);
	ok = read_text(t.p, &m, &e);
	want_error(ok, &e, FAIL_NONE, "");
	want_u64("how many", 3000, m.reserved.n);
	want_u64("how much", 3000 * 0x8000, ranges_total(&m.reserved));
	iomem_free(&m);
	for (i = 1; i < 3; i++) {
		CASE("out of memory for %s, lines behind it", i == 1 ? "RAM" : "what is kept");
		e = (struct error){ 0 };
		unit_memory(i); /* the first is the copy of the text */
		ok = read_text("40000000-7fffffff : System RAM\n  50000000-50ffffff : reserved\n"
			       "  60000000-60ffffff : reserved\n",
			       &m, &e);
		unit_memory(-1);
		want_error(ok, &e, FAIL_MEMORY, "go on: out of memory");
		iomem_free(&m);
	}
	strbuf_free(&t);
}

/* Whatever the bytes: an answer, and no read behind them. */
static void every_cut(void)
{
	const char *text = "40000000-7fffffff : System RAM\n  50000000-50ffffff : reserved\n";
	struct iomem m;
	char cut[100];
	struct error e;
	size_t n;

	CASE("cut at each byte: an answer that agrees with the error");
	for (n = 0; n < strlen(text); n++) {
		memcpy(cut, text, n);
		cut[n] = '\0';
		e = (struct error){ 0 };
		want(read_text(cut, &m, &e) == (e.code == FAIL_NONE), "they agree");
		iomem_free(&m);
	}
}

void test_iomem(void)
{
	walk_rows();
	tells();
	reasons();
	many_lines();
	every_cut();
}
