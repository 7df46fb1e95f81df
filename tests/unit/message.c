/* SPDX-License-Identifier: MIT */
/* The reader's message: a good one comes out as it went in; of each lie, one sentence. */
#include "unit.h"

#include "src/plan/kernel.h"
#include "src/plan/message.h"

#include "arch/arch.h"

#define LIE "trust the sandbox: it "

/* Both sides of a load of the small machine. */
struct sides {
	struct small s;
	struct image img;
	struct plan p;
	struct unwrapped u;
	struct blobs b;
	struct message m;
	_Alignas(64) uint8_t made[65536], unpacked[8192];
	struct span initrd[INITRDS_MAX];
	struct image parent_img;
	struct plan parent;
};

static void start(struct sides *t)
{
	struct error e = { 0 };
	struct answer a = { &t->u, &t->s.img, &t->img, &t->p };

	memset(t, 0, sizeof(*t));
	small_start(&t->s, SMALL_TREE);
	t->u.kernel = t->s.img.part[0].data;
	t->img = t->s.img;
	t->s.r.image = &t->img;
	t->initrd[0] = t->s.r.initrd[0];
	t->b = (struct blobs){
		.kernel = t->u.kernel,
		.unpacked = { t->unpacked, sizeof(t->unpacked) },
		.initrd = t->initrd,
		.initrds = 1,
		.made = { t->made, sizeof(t->made) },
		.made_at = t->made,
	};
	if (!plan_draft(&t->s.r, &t->p, &e) || !message_encode(&a, &t->b, &t->m, &e))
		unit_fail("expected a message, came \"%s\"", e.text);
}

static void end(struct sides *t)
{
	plan_free(&t->p);
	plan_free(&t->parent);
	image_free(&t->parent_img);
	small_end(&t->s);
}

static bool decode(struct sides *t, enum wrapping w, struct error *e)
{
	struct request *r = &t->s.r;
	struct expected x = { .request = r, .name = "Image" };

	if (!message_decode_files(&t->m, &t->b, w, &t->u, e))
		return false;
	r->image = &t->parent_img;
	x.kernel = t->u.kernel;
	return message_decode_plan(&t->m, &t->b, &x, &t->parent_img, &t->parent, e) &&
	       (r->file_call || plan_check(&t->parent, r, e));
}

/* In the order of the small machine's plan. */
enum { K, I, T, S };

#define ROW(name) static void name(struct message *m)

/* clang-format off */
ROW(nothing) { (void)m; }
ROW(kernel_other) { m->kernel.source = FROM_INITRD; m->kernel.len = 5000; }
ROW(kernel_made) { m->kernel.source = FROM_MADE; }
ROW(kernel_unpacked) { m->kernel.source = FROM_UNPACKED; m->kernel.len = 64; }
ROW(kernel_shorter) { m->kernel.len--; }
ROW(kernel_later) { m->kernel.off = 1; m->kernel.len--; }
ROW(kernel_pad) { m->kernel.pad = 1; }
ROW(kernel_none) { m->kernel.len = 0; }
ROW(uki_initrd) { m->initrd = (struct blob_ref){ FROM_KERNEL, 0, 0, 64 }; }
ROW(uki_initrd_made) { m->initrd = (struct blob_ref){ FROM_MADE, 0, 0, 64 }; }
ROW(uki_cmdline) { m->cmdline = (struct blob_ref){ FROM_KERNEL, 0, 0, 64 }; }
ROW(uki_cmdline_made) { m->cmdline = (struct blob_ref){ FROM_MADE, 0, 0, 64 }; }
ROW(uki_cmdline_unpacked) { m->cmdline = (struct blob_ref){ FROM_UNPACKED, 0, 0, 64 }; }
ROW(uki_cmdline_beyond) { m->cmdline = (struct blob_ref){ FROM_UNPACKED, 0, 8129, 64 }; }
ROW(uki_cmdline_wraps) { m->cmdline = (struct blob_ref){ FROM_UNPACKED, 0, UINT64_MAX - 3, 8 }; }
ROW(uki_dtb) { m->dtb = (struct blob_ref){ FROM_KERNEL, 0, 0, 64 }; }
ROW(uki_dtb_made) { m->dtb = (struct blob_ref){ FROM_MADE, 0, 0, 64 }; }

ROW(no_parts) { m->parts = 0; }
ROW(many_parts) { m->parts = IMAGE_PARTS; }
ROW(all_parts) { m->parts = UINT32_MAX; }
ROW(part_off_start) { m->part[0].at = 0x1000; }
ROW(part_of_initrd) { m->part[0].data = (struct blob_ref){ FROM_INITRD, 0, 0, 4096 }; }
ROW(part_of_copy) { m->part[0].data.source = FROM_COPY; }
ROW(part_beyond) { m->part[0].data.off = 1; }
ROW(part_larger) { m->image_memsz = m->part[0].size - 1; }
ROW(part_small) { m->part[0].size = m->part[0].data.len - 1; }
ROW(parts_overlap) { m->parts = 2; m->part[1] = m->part[0]; m->part[1].at = m->part[0].size - 1; m->part[1].data.len = m->part[1].size = 1; }
ROW(part_pad) { m->part[0].data.pad = 1; }
ROW(part_longer) { kernel_unpacked(m); m->segment[K].data = m->part[0].data = (struct blob_ref){ FROM_UNPACKED, 0, 0, 65 }; }
ROW(part_before) { m->kernel = (struct blob_ref){ FROM_KERNEL, 0, 64, 64 }; m->segment[K].data.len = m->part[0].data.len = 64; }
ROW(part_behind) { m->parts = 2; m->part[1] = (struct message_part){ .at = m->image_memsz + 1 }; }
ROW(part_wraps) { m->parts = 2; m->part[1] = (struct message_part){ .at = 0x200000, .size = UINT64_MAX }; }
ROW(memory_less) { m->image_memsz = UINT64_MAX; }

ROW(no_segments) { m->segments = 0; }
ROW(many_segments) { m->segments = SEGMENTS_MAX + 1; }
ROW(node_below) { m->stage_node = -2; }
ROW(node_above) { m->stage_node = NODES_MAX; }
ROW(piece_unknown) { m->segment[K].piece = PIECES; }
ROW(source_unknown) { m->segment[K].data.source = FROM_INITRD + 1; }
ROW(source_last) { m->segment[K].data.source = UINT32_MAX; }
ROW(data_wraps) { m->segment[T].data.off = UINT64_MAX - 7; }
ROW(data_beyond) { m->segment[T].data.off = 65536 - 64; m->segment[T].data.len = 128; }
ROW(kernel_by_tree) { m->segment[K].data = m->segment[T].data; }
ROW(kernel_cut) { m->segment[K].data.len -= 4096; }
ROW(kernel_empty) { m->segment[K].data.len = 0; }
ROW(kernel_twice) { m->segment[m->segments++] = m->segment[K]; }
ROW(kernel_more) { kernel_twice(m); m->segment[m->segments - 1].data.len = 0; }
ROW(kernel_missing) { m->segment[K] = m->segment[--m->segments]; }
ROW(segment_pad) { m->segment[I].data.pad = 1; }
ROW(initrd_by_kernel) { m->segment[I].data = (struct blob_ref){ FROM_KERNEL, 0, 0, 5000 }; }
ROW(initrd_cut) { m->segment[I].data.len--; }
ROW(initrd_twice) { m->segment[m->segments++] = m->segment[I]; }
ROW(initrd_missing) { m->segment[I] = m->segment[--m->segments]; }
ROW(tree_by_kernel) { m->segment[T].data.source = FROM_KERNEL; }
ROW(tree_unaligned) { m->segment[T].data.off += 8; }
ROW(tree_empty) { m->segment[T].data.len = 0; }
ROW(tree_missing) { m->segment[T] = m->segment[--m->segments]; }
ROW(stub_other) { m->segment[S].data = m->segment[T].data; }
ROW(stub_cut) { m->segment[S].data.len--; }
ROW(stub_empty) { m->segment[S].data.len = 0; }
ROW(stub_missing) { m->segments--; }
ROW(initrd_wraps) { m->segment[I].start = UINT64_MAX - 0xfff; }
ROW(initrd_elsewhere) { m->segment[I].start += 0x1000; m->segment[I].end += 0x1000; }
ROW(kernel_elsewhere) { m->segment[K].start -= 0x200000; m->segment[K].end -= 0x200000; m->segment[K].reserved_end -= 0x200000; }
ROW(entry_elsewhere) { m->entry = SMALL_BASE; }
ROW(entry_kernel) { m->entry = m->segment[K].start; }
ROW(core_added) { m->segment[m->segments] = m->segment[T]; m->segment[m->segments++].piece = CORE; }
/* clang-format on */

static const struct row {
	const char *caption, *sentence;
	void (*change)(struct message *m);
	enum wrapping wrapping;
} rows[] = {
	{ .caption = "a good one", .change = nothing },

	{ .caption = "the kernel is an initrd",
	  .change = kernel_other,
	  .sentence = LIE "swapped the kernel" },
	{ .caption = "the kernel is something made",
	  .change = kernel_made,
	  .sentence = LIE "swapped the kernel" },
	{ .caption = "the kernel is unpacked, where nothing is packed",
	  .change = kernel_unpacked,
	  .sentence = LIE "swapped the kernel" },
	{ .caption = "the kernel lacks a byte at its end",
	  .change = kernel_shorter,
	  .sentence = LIE "swapped the kernel" },
	{ .caption = "the kernel lacks a byte at its start",
	  .change = kernel_later,
	  .sentence = LIE "swapped the kernel" },
	{ .caption = "a word that must be 0",
	  .change = kernel_pad,
	  .sentence = LIE "swapped the kernel" },
	{ .caption = "no kernel", .change = kernel_none, .sentence = LIE "swapped the kernel" },
	{ .caption = "a stream: its kernel is not the file",
	  .change = nothing,
	  .wrapping = WRAP_STREAM,
	  .sentence = LIE "swapped the kernel" },
	{ .caption = "zboot: its kernel is not the file",
	  .change = nothing,
	  .wrapping = WRAP_ZBOOT,
	  .sentence = LIE "swapped the kernel" },
	{ .caption = "an ELF file: its kernel is not the file",
	  .change = nothing,
	  .wrapping = WRAP_ELF,
	  .sentence = LIE "swapped the kernel" },
	{ .caption = "a UKI: its kernel may be in the file",
	  .change = nothing,
	  .wrapping = WRAP_UKI },
	{ .caption = "a UKI: its kernel is not made",
	  .change = kernel_made,
	  .wrapping = WRAP_UKI,
	  .sentence = LIE "swapped the kernel" },
	{ .caption = "a UKI: it has a kernel",
	  .change = kernel_none,
	  .wrapping = WRAP_UKI,
	  .sentence = LIE "swapped the kernel" },
	{ .caption = "a UKI: the image is not in its kernel",
	  .change = kernel_unpacked,
	  .wrapping = WRAP_UKI,
	  .sentence = LIE "swapped a part of the kernel" },
	{ .caption = "a stream: the image is not in its kernel",
	  .change = kernel_unpacked,
	  .wrapping = WRAP_STREAM,
	  .sentence = LIE "swapped a part of the kernel" },

	{ .caption = "a UKI: a part that ends a byte behind its kernel",
	  .change = part_longer,
	  .wrapping = WRAP_UKI,
	  .sentence = LIE "swapped a part of the kernel" },
	{ .caption = "a UKI: a part that starts before its kernel",
	  .change = part_before,
	  .wrapping = WRAP_UKI,
	  .sentence = LIE "swapped a part of the kernel" },

	{ .caption = "an initrd that no UKI brought",
	  .change = uki_initrd,
	  .sentence = LIE "swapped the initrd" },
	{ .caption = "an initrd of a UKI that was made",
	  .change = uki_initrd_made,
	  .wrapping = WRAP_UKI,
	  .sentence = LIE "swapped the initrd" },
	{ .caption = "a command line that no UKI brought",
	  .change = uki_cmdline,
	  .sentence = LIE "swapped the command line" },
	{ .caption = "a command line of a UKI that was made",
	  .change = uki_cmdline_made,
	  .wrapping = WRAP_UKI,
	  .sentence = LIE "swapped the command line" },
	{ .caption = "a command line of a UKI, from its file",
	  .change = uki_cmdline,
	  .wrapping = WRAP_UKI },
	{ .caption = "a command line of a UKI, unpacked",
	  .change = uki_cmdline_unpacked,
	  .wrapping = WRAP_UKI },
	{ .caption = "a command line that ends outside",
	  .change = uki_cmdline_beyond,
	  .wrapping = WRAP_UKI,
	  .sentence = LIE "swapped the command line" },
	{ .caption = "a command line that wraps",
	  .change = uki_cmdline_wraps,
	  .wrapping = WRAP_UKI,
	  .sentence = LIE "swapped the command line" },
	{ .caption = "a tree that no UKI brought",
	  .change = uki_dtb,
	  .sentence = LIE "swapped the device tree" },
	{ .caption = "a tree of a UKI that was made",
	  .change = uki_dtb_made,
	  .wrapping = WRAP_UKI,
	  .sentence = LIE "swapped the device tree" },

	{ .caption = "a kernel without parts",
	  .change = no_parts,
	  .sentence = LIE "miscounted the parts of the kernel" },
	{ .caption = "as many parts as there may be, and no room for one more",
	  .change = many_parts,
	  .sentence = LIE "miscounted the parts of the kernel" },
	{ .caption = "parts without number",
	  .change = all_parts,
	  .sentence = LIE "miscounted the parts of the kernel" },
	{ .caption = "a first part that is not at the start",
	  .change = part_off_start,
	  .sentence = LIE "miscounted the parts of the kernel" },
	{ .caption = "a part from the initrd",
	  .change = part_of_initrd,
	  .sentence = LIE "swapped a part of the kernel" },
	{ .caption = "a part from a copy that is not made yet",
	  .change = part_of_copy,
	  .sentence = LIE "swapped a part of the kernel" },
	{ .caption = "a part that ends outside of the file",
	  .change = part_beyond,
	  .sentence = LIE "swapped a part of the kernel" },
	{ .caption = "a part that is larger than the image",
	  .change = part_larger,
	  .sentence = LIE "laid parts of the kernel over each other" },
	{ .caption = "a part that is larger than its memory",
	  .change = part_small,
	  .sentence = LIE "laid parts of the kernel over each other" },
	{ .caption = "parts that overlap by a byte",
	  .change = parts_overlap,
	  .sentence = LIE "laid parts of the kernel over each other" },
	{ .caption = "a part, of no bytes, that starts behind the image",
	  .change = part_behind,
	  .sentence = LIE "laid parts of the kernel over each other" },
	{ .caption = "a word that must be 0, of a part",
	  .change = part_pad,
	  .sentence = LIE "swapped a part of the kernel" },
	{ .caption = "a part that wraps",
	  .change = part_wraps,
	  .sentence = LIE "laid parts of the kernel over each other" },
	{ .caption = "an image that has all of memory",
	  .change = memory_less,
	  .sentence =
		  "trust the plan: the kernel has no room for its image_size (arm64-image-size)" },

	{ .caption = "no segments",
	  .change = no_segments,
	  .sentence = LIE "miscounted the segments" },
	{ .caption = "17 segments",
	  .change = many_segments,
	  .sentence = LIE "miscounted the segments" },
	{ .caption = "a NUMA node below the one that means any",
	  .change = node_below,
	  .sentence = LIE "named a NUMA node that cannot be" },
	{ .caption = "the first NUMA node that no kernel has",
	  .change = node_above,
	  .sentence = LIE "named a NUMA node that cannot be" },
	{ .caption = "a piece that is unknown",
	  .change = piece_unknown,
	  .sentence = LIE "named a piece that is unknown" },
	{ .caption = "an initrd more than there are",
	  .change = source_unknown,
	  .sentence = LIE "named bytes that are in no file" },
	{ .caption = "the last source",
	  .change = source_last,
	  .sentence = LIE "named bytes that are in no file" },
	{ .caption = "bytes that wrap",
	  .change = data_wraps,
	  .sentence = LIE "named bytes that are in no file" },
	{ .caption = "bytes that end outside",
	  .change = data_beyond,
	  .sentence = LIE "named bytes that are in no file" },
	{ .caption = "the tree in the kernel's place",
	  .change = kernel_by_tree,
	  .sentence = LIE "swapped a part of the kernel" },
	{ .caption = "a page of the kernel is missing",
	  .change = kernel_cut,
	  .sentence = LIE "swapped a part of the kernel" },
	{ .caption = "nothing in the kernel's place",
	  .change = kernel_empty,
	  .sentence = LIE "swapped a part of the kernel" },
	{ .caption = "the kernel twice",
	  .change = kernel_twice,
	  .sentence = LIE "swapped a part of the kernel" },
	{ .caption = "the kernel once more, of no bytes",
	  .change = kernel_more,
	  .sentence = "trust the plan: the kernel is not what its file says (is-its-file)" },
	{ .caption = "the kernel is missing",
	  .change = kernel_missing,
	  .sentence = LIE "changed the stub" },
	{ .caption = "a word that must be 0, of a segment",
	  .change = segment_pad,
	  .sentence = LIE "named bytes that are in no file" },
	{ .caption = "the kernel in the initrd's place",
	  .change = initrd_by_kernel,
	  .sentence = LIE "swapped an initrd" },
	{ .caption = "the initrd lacks a byte",
	  .change = initrd_cut,
	  .sentence = LIE "swapped an initrd" },
	{ .caption = "the initrd twice",
	  .change = initrd_twice,
	  .sentence = LIE "swapped an initrd" },
	{ .caption = "the initrd is missing",
	  .change = initrd_missing,
	  .sentence = "trust the plan: a piece is missing (is-its-file)" },
	{ .caption = "the kernel in the tree's place",
	  .change = tree_by_kernel,
	  .sentence = LIE "passed off a file as what it made" },
	{ .caption = "a tree that is not aligned",
	  .change = tree_unaligned,
	  .sentence = LIE "passed off a file as what it made" },
	{ .caption = "a tree of no bytes",
	  .change = tree_empty,
	  .sentence = "trust the plan: its device tree is not sound" },
	{ .caption = "the tree is missing",
	  .change = tree_missing,
	  .sentence = "trust the plan: a piece is missing (is-its-file)" },
	{ .caption = "the tree in the stub's place",
	  .change = stub_other,
	  .sentence = LIE "changed the stub" },
	{ .caption = "the stub lacks a byte",
	  .change = stub_cut,
	  .sentence = LIE "changed the stub" },
	{ .caption = "a stub of no bytes",
	  .change = stub_empty,
	  .sentence = LIE "changed the stub" },
	{ .caption = "the stub is missing",
	  .change = stub_missing,
	  .sentence = "trust the plan: it starts outside of what is loaded (entry-in-segment)" },
	{ .caption = "a place that wraps",
	  .change = initrd_wraps,
	  .sentence = "trust the plan: the initrd wraps (no-wrap)" },
	{ .caption = "the tree says another place",
	  .change = initrd_elsewhere,
	  .sentence = "trust the plan: the initrd in its device tree is wrong" },
	{ .caption = "the stub says another place",
	  .change = kernel_elsewhere,
	  .sentence = LIE "changed the stub" },
	{ .caption = "a start outside of the plan",
	  .change = entry_elsewhere,
	  .sentence = "trust the plan: it starts outside of what is loaded (entry-in-segment)" },
	{ .caption = "a start without the stub",
	  .change = entry_kernel,
	  .sentence = "trust the plan: it does not start in the stub (stub-points)" },
	{ .caption = "a core header of no crash kernel",
	  .change = core_added,
	  .sentence = "trust the plan: its core header is missing (is-its-file)" },
};

static struct sides sides;

static void lies(void)
{
	struct sides *t = &sides;
	const struct row *row;
	struct error e;
	bool ok;

	for (row = rows; row < rows + ARRAY_SIZE(rows); row++) {
		CASE("%s", row->caption);
		start(t);
		row->change(&t->m);
		e = (struct error){ 0 };
		ok = decode(t, row->wrapping, &e);
		want_error(ok, &e, row->sentence ? FAIL_BUG : FAIL_NONE,
			   row->sentence ? row->sentence : "");
		end(t);
	}
}

/* What went in comes out, in the parent's own memory. */
static void whole(void)
{
	struct sides *t = &sides;
	const struct segment *a, *b;
	struct error e = { 0 };
	size_t i;

	CASE("the plan is the same, but for what each side makes");
	start(t);
	want_error(decode(t, WRAP_NONE, &e), &e, FAIL_NONE, "");
	want_u64("segments", t->p.n, t->parent.n);
	for (i = 0; i < t->p.n; i++) {
		a = &t->p.seg[i];
		b = &t->parent.seg[i];
		want(a->piece == b->piece && a->data.len == b->data.len &&
			     a->at.start == b->at.start && a->at.end == b->at.end &&
			     a->reserved_end == b->reserved_end,
		     "a segment is as it was");
		want_bytes("its bytes", a->data.p, b->data.p, a->data.len);
		want((a->data.p == b->data.p) == (a->piece < TREE), "files are not copied");
	}
	want_u64("entry", t->p.entry, t->parent.entry);
	want_u64("kernel", t->p.kernel, t->parent.kernel);
	want_u64("the kernel's entry", t->p.kernel_entry, t->parent.kernel_entry);
	want(memcmp(&t->img, &t->parent_img, sizeof(t->img)) == 0, "the image is as it was");
	end(t);

	CASE("kexec_file_load: the kernel and no plan");
	start(t);
	t->s.r.file_call = true;
	t->m.segments = 0;
	want_error(decode(t, WRAP_NONE, &e), &e, FAIL_NONE, "");
	want_u64("segments", 0, t->parent.n);
	want_u64("memory", t->img.memsz, t->parent_img.memsz);
	end(t);
}

/* Two parts, the second one not on a page: each side joins them for itself. */
static void copies(void)
{
	struct sides *t = &sides;
	struct message_segment *k = &t->m.segment[K];
	struct error e = { 0 };

	CASE("parts that are not on pages are joined by the parent itself");
	start(t);
	t->m.parts = 2;
	t->m.part[0] = (struct message_part){ { FROM_KERNEL, 0, 0, 0x800 }, 0, 0x800 };
	t->m.part[1] = (struct message_part){ { FROM_KERNEL, 0, 0x800, 0xff800 }, 0x800, 0xff800 };
	k->data = (struct blob_ref){ FROM_COPY, 0, 0, 0x100000 };
	k->end = k->start + t->m.image_memsz;
	want_error(decode(t, WRAP_NONE, &e), &e, FAIL_NONE, "");
	want(t->parent_img.copy && t->parent.seg[K].data.p == t->parent_img.copy, "it is a copy");
	want_bytes("the kernel", t->s.kernel, t->parent_img.copy, 0x100000);
	plan_free(&t->parent);
	image_free(&t->parent_img);

	CASE("a part of the copy in the place of all of it");
	k->data.len -= 0x1000;
	want_error(decode(t, WRAP_NONE, &e), &e, FAIL_BUG, LIE "swapped a part of the kernel");
	plan_free(&t->parent);
	image_free(&t->parent_img);

	CASE("the file in the place of the copy");
	e = (struct error){ 0 };
	k->data = (struct blob_ref){ FROM_KERNEL, 0, 0, 0x100000 };
	want_error(decode(t, WRAP_NONE, &e), &e, FAIL_BUG, LIE "swapped a part of the kernel");
	plan_free(&t->parent);
	image_free(&t->parent_img);

	CASE("no memory for the copy");
	e = (struct error){ 0 };
	unit_memory(0);
	want_error(decode(t, WRAP_NONE, &e), &e, FAIL_MEMORY, "go on: out of memory");
	unit_memory(-1);
	end(t);
}

/* Each flag of an image by itself. */
static void flags(void)
{
	static const struct {
		const char *caption;
		struct image img;
	} images[] = {
		{ "no flag", { .parts = 1 } },
		{ "bottom_up", { .parts = 1, .bottom_up = true } },
		{ "big_endian", { .parts = 1, .big_endian = true } },
		{ "fixed", { .parts = 1, .fixed = true } },
		{ "run_flag", { .parts = 1, .run_flag = true } },
		{ "zeroes_bss", { .parts = 1, .zeroes_bss = true } },
	};
	struct sides *t = &sides;
	struct answer a = { &t->u, &t->img, &t->img, NULL };
	struct error e;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(images); i++) {
		CASE("kexec_file_load: an image goes in and comes out: %s", images[i].caption);
		start(t);
		t->s.r.file_call = true;
		t->m = (struct message){ 0 };
		t->img = images[i].img;
		e = (struct error){ 0 };
		want_error(message_encode(&a, &t->b, &t->m, &e) && decode(t, WRAP_NONE, &e), &e,
			   FAIL_NONE, "");
		t->parent_img.part[0].data.p = NULL; /* of no bytes */
		want(memcmp(&t->img, &t->parent_img, sizeof(t->img)) == 0, "it is as it was");
		end(t);
	}
}

/* A crash kernel: all that it is told is the parent's own. */
static void crash(void)
{
	struct sides *t = &sides;
	struct answer a = { &t->u, &t->s.img, &t->img, &t->p };
	struct error e = { 0 };

	CASE("a crash kernel");
	start(t);
	plan_free(&t->p);
	small_crash(&t->s);
	t->s.r.image = &t->img;
	t->b.made_used = 0;
	if (!plan_draft(&t->s.r, &t->p, &e) || !message_encode(&a, &t->b, &t->m, &e))
		abort();
	want_error(decode(t, WRAP_NONE, &e), &e, FAIL_NONE, "");
	want_u64("core header", t->p.chosen.elfcorehdr.start, t->parent.chosen.elfcorehdr.start);
	plan_free(&t->parent);

	CASE("a crash kernel: no memory for its command line");
	t->s.m.arch = &arch_ppc64;
	e = (struct error){ 0 };
	unit_memory(0);
	want_error(decode(t, WRAP_NONE, &e), &e, FAIL_MEMORY, "go on: out of memory");
	unit_memory(-1);
	t->s.m.arch = &arch_arm64;
	e = (struct error){ 0 };
	plan_free(&t->parent);

	CASE("a crash kernel: the core header is another one");
	t->made[t->m.segment[t->m.segments - 1].data.off + 4]++;
	want(!decode(t, WRAP_NONE, &e) && e.code == FAIL_BUG, "it is refused");
	end(t);
}

/* Each span of what came unwrapped. */
static void from_nowhere(struct sides *t)
{
	static uint8_t nowhere[4];
	struct span *const spans[] = { &t->u.kernel, &t->u.initrd, &t->u.cmdline, &t->u.dtb };
	struct answer a = { &t->u, &t->s.img, &t->img, &t->p };
	struct error e;
	struct span was;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(spans); i++) {
		CASE("the reader: unwrapped bytes that are in no file, span %zu", i);
		was = *spans[i];
		*spans[i] = (struct span){ nowhere, sizeof(nowhere) };
		e = (struct error){ 0 };
		want_error(message_encode(&a, &t->b, &t->m, &e), &e, FAIL_BUG,
			   "trust the plan: its bytes are from nowhere");
		*spans[i] = was;
	}
}

static void reader(void)
{
	struct sides *t = &sides;
	struct answer a = { &t->u, &t->s.img, &t->img, &t->p };
	struct error e = { 0 };

	CASE("the reader: no space for the tree");
	start(t);
	t->b.made_used = sizeof(t->made) - 64;
	want_error(message_encode(&a, &t->b, &t->m, &e), &e, FAIL_MEMORY, "go on: out of memory");
	CASE("the reader: all space is used");
	t->b.made_used = sizeof(t->made) - 1;
	e = (struct error){ 0 };
	want_error(message_encode(&a, &t->b, &t->m, &e), &e, FAIL_MEMORY, "go on: out of memory");
	CASE("the reader: what is left is less than what bytes are aligned to");
	t->b.made.len = sizeof(t->made) - 32;
	t->b.made_used = sizeof(t->made) - 40;
	e = (struct error){ 0 };
	want_error(message_encode(&a, &t->b, &t->m, &e), &e, FAIL_MEMORY, "go on: out of memory");
	t->b.made.len = sizeof(t->made);
	t->b.made_used = 0;
	from_nowhere(t);
	CASE("the reader: bytes that start in a file and end behind it");
	t->p.seg[I].data.p++;
	e = (struct error){ 0 };
	want_error(message_encode(&a, &t->b, &t->m, &e), &e, FAIL_BUG,
		   "trust the plan: its bytes are from nowhere");
	CASE("the reader: bytes that are in no file");
	t->p.seg[I].data.p = (const uint8_t *)&e;
	e = (struct error){ 0 };
	want_error(message_encode(&a, &t->b, &t->m, &e), &e, FAIL_BUG,
		   "trust the plan: its bytes are from nowhere");
	CASE("the reader: a part that is in no file");
	t->s.img.part[0].data.p = (const uint8_t *)&e;
	e = (struct error){ 0 };
	want_error(message_encode(&a, &t->b, &t->m, &e), &e, FAIL_BUG,
		   "trust the plan: its bytes are from nowhere");
	end(t);
}

static const struct {
	const char *caption, *text, *hint, *said, *hinted;
	uint32_t code;
	enum code became;
} errors[] = {
	{ .caption = "an error",
	  .code = FAIL_TREE,
	  .text = "use device tree x: y",
	  .hint = "nothing was loaded",
	  .became = FAIL_TREE,
	  .said = "use device tree x: y",
	  .hinted = "nothing was loaded" },
	{ .caption = "an error without a hint",
	  .code = FAIL_XEN,
	  .text = "x",
	  .hint = "",
	  .became = FAIL_XEN,
	  .said = "x",
	  .hinted = "" },
	{ .caption = "a code that is success",
	  .code = FAIL_NONE,
	  .text = "x",
	  .hint = "",
	  .became = FAIL_BUG,
	  .said = "x",
	  .hinted = "" },
	{ .caption = "a code that is an answer of --status",
	  .code = STATUS_LOADED,
	  .text = "x",
	  .hint = "",
	  .became = FAIL_BUG,
	  .said = "x",
	  .hinted = "" },
	{ .caption = "a code that is unknown",
	  .code = UINT32_MAX,
	  .text = "x",
	  .hint = "",
	  .became = FAIL_BUG,
	  .said = "x",
	  .hinted = "" },
	{ .caption = "what a terminal obeys",
	  .code = FAIL_FILE,
	  .text = "\033[2Jx\n",
	  .hint = "\x9b\r",
	  .became = FAIL_FILE,
	  .said = "?[2Jx?",
	  .hinted = "??" },
	{ .caption = "no words",
	  .code = FAIL_FILE,
	  .text = "",
	  .hint = "",
	  .became = FAIL_FILE,
	  .said = "tell what is wrong",
	  .hinted = "" },
};

static void failures(void)
{
	struct error e, went = { 0 };
	struct message m;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(errors); i++) {
		CASE("%s", errors[i].caption);
		m = (struct message){ .state = MESSAGE_ERROR, .code = errors[i].code };
		memcpy(m.text, errors[i].text, strlen(errors[i].text) + 1);
		memcpy(m.hint, errors[i].hint, strlen(errors[i].hint) + 1);
		e = (struct error){ 0 };
		want_error(message_decode_error(&m, &e), &e, errors[i].became, errors[i].said);
		want_hint(&e, errors[i].hinted);
	}
	CASE("an error goes in and comes out");
	fail(&went, FAIL_ROOM, "place x");
	hint(&went, "make room");
	message_encode_error(&went, &m);
	e = (struct error){ 0 };
	want_error(message_decode_error(&m, &e), &e, FAIL_ROOM, "place x");
	want_hint(&e, "make room");
	CASE("words without an end");
	memset(&m, 'x', sizeof(m));
	e = (struct error){ 0 };
	want(!message_decode_error(&m, &e) && e.code == FAIL_BUG, "it is an error of ours");
	want_u64("text", sizeof(e.text) - 1, strlen(e.text));
	want_u64("hint", sizeof(e.hint) - 1, strlen(e.hint));
}

void test_message(void)
{
	lies();
	whole();
	copies();
	flags();
	crash();
	reader();
	failures();
}
