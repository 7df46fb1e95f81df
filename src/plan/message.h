/* SPDX-License-Identifier: MIT */
/* What the sandboxed reader of the files tells its parent: which bytes go where, or what is wrong
 * with them.
 *
 * The reader leaves one struct message in memory that both share, and beside it, in the area MADE,
 * the bytes that it made. Bytes are named by what holds them, an offset and a length; every field
 * has a fixed width, and there is no pointer, bool or enum in it.
 *
 * The reader may have been taken over by a file, so nothing here is believed. The parent looks up
 * each name among what it opened itself, and makes by itself whatever it can: the command line, the
 * order of the initrds, the copies of kernel bytes that must be changed, the stub, and all that the
 * next tree is told. What stays the reader's word is the next tree, but for that; where a kernel's
 * parts and its entry lie in its file; and what a wrapped kernel unpacks to.
 */
#ifndef MESSAGE_H
#define MESSAGE_H

#include "src/formats/unwrap.h"
#include "src/plan/plan.h"

/* struct blob_ref: source. FROM_COPY is image.copy, which each side makes for itself. */
enum { FROM_KERNEL, FROM_UNPACKED, FROM_MADE, FROM_COPY, FROM_INITRD /* + i */ };

struct blob_ref {
	uint32_t source, pad; /* pad is 0 */
	uint64_t off, len;
};

struct message_segment {
	uint32_t piece, pad;
	struct blob_ref data;
	uint64_t start, end, reserved_end;
};

struct message_part {
	struct blob_ref data;
	uint64_t at, size;
};

enum { MESSAGE_NONE, MESSAGE_PLAN, MESSAGE_ERROR }; /* state */

struct message {
	uint32_t state;
	uint32_t code;			     /* of an error, with text and hint */
	uint32_t dtb_mismatch, dtb_unusable; /* of struct inputs */
	uint32_t missing; /* the sandbox's own: what the running kernel lacks to confine a child */

	/* struct unwrapped */
	struct blob_ref kernel, initrd, cmdline, dtb;

	/* struct image, as kernel_parse() made it */
	uint32_t bottom_up, big_endian, fixed, run_flag, zeroes_bss;
	uint32_t image_page_size, parts, segments;
	uint64_t image_memsz, image_align, image_offset, image_entry;
	struct message_part part[IMAGE_PARTS];

	/* struct plan; no segments for kexec_file_load */
	uint64_t entry;
	int32_t stage_node, pad;
	struct message_segment segment[SEGMENTS_MAX];

	char text[sizeof(((struct error *)0)->text)], hint[sizeof(((struct error *)0)->hint)];
};
_Static_assert(sizeof(struct message) <= 4096, "a message must fit the smallest page");

/* What either side has at hand: the same bytes, perhaps at other addresses. */
struct blobs {
	struct span kernel;   /* the file */
	struct span unpacked; /* where the reader unpacks */
	const struct span *initrd;
	size_t initrds;	  /* those that were opened */
	struct span made; /* the whole area */
	size_t made_used; /* of it; the reader's */
	uint8_t *made_at; /* of it; the reader's, which may write there */
	struct span copy; /* of the kernel */
};

/* The reader's side. `parsed` is the image as kernel_parse() left it, plan NULL for
 * kexec_file_load. Errors: FAIL_MEMORY when MADE is full, FAIL_BUG.
 */
struct answer {
	const struct unwrapped *unwrapped;
	const struct image *parsed, *image;
	const struct plan *plan;
};
bool message_encode(const struct answer *a, struct blobs *b, struct message *m, struct error *e);
void message_encode_error(const struct error *why, struct message *m);

/* The parent's side, on a copy of the message. Always false: takes over the reader's error, with
 * nothing in it that could harm a terminal. There must be one (MESSAGE_ERROR).
 */
bool message_decode_error(const struct message *m, struct error *e);

/* The kernel and what came with it, for a kernel whose file is wrapped like that. Errors: FAIL_BUG,
 * which names the lie.
 */
bool message_decode_files(const struct message *m, const struct blobs *b, enum wrapping w,
			  struct unwrapped *u, struct error *e);

/* The rest, for a request that already says what inputs_use() makes of u, with `name` the kernel's
 * and `pin` as for kernel_settle(); r->image must be img. plan_check() is still to come. Bytes of
 * the plan are b's. End p and img with plan_free() and image_free() in any case. Errors: FAIL_BUG,
 * which names the lie, FAIL_MEMORY.
 */
struct expected {
	const struct request *request;
	struct span kernel; /* unwrapped */
	const char *name;
	bool pin;
};
bool message_decode_plan(const struct message *m, struct blobs *b, const struct expected *x,
			 struct image *img, struct plan *p, struct error *e);

#endif
