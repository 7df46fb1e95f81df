/* The plan of a load: which bytes go where, and where the next kernel starts.
 *
 * plan_make() computes, and plan_check() derives every rule again from the finished plan with its
 * own arithmetic. One property holds for any input: an error is set, or plan_check() passes.
 * Nothing after a plan decides anything.
 */
#ifndef PLAN_H
#define PLAN_H

#include "dt/chosen.h"
#include "dt/merge.h"
#include "src/formats/image.h"

/* include/linux/kexec.h: KEXEC_SEGMENT_MAX */
#define SEGMENTS_MAX 16
#define STUB_MAX     512

/* CORE: the header of a crash kernel's core file */
enum piece { KERNEL, INITRD, TREE, STUB, CORE };
#define PIECES (CORE + 1)

struct segment {
	enum piece piece;
	struct span data;  /* borrowed; shipped bytes */
	struct range at;   /* page aligned; the kernel zeroes what data does not fill */
	phys reserved_end; /* [at.start, reserved_end) belongs to the piece; >= at.end */
};

struct plan {
	struct segment seg[SEGMENTS_MAX];
	size_t n;
	phys entry;
	phys kernel;	      /* load address of the kernel image */
	phys kernel_entry;    /* its first instruction; entry itself without a stub */
	struct chosen chosen; /* what the tree was told to log_print */
	const char *tree_from;
	struct tree tree;	/* owns the tree's bytes */
	uint8_t stub[STUB_MAX]; /* and the stub's */
	size_t stub_len;
	uint8_t *elfcorehdr;   /* and the core header's */
	struct strbuf cmdline; /* and the command line's, where it names the core header */
};

/* WORDS_MAX given ones, and one that came with the kernel. */
#define INITRDS_MAX 9

/* The next kernel wants one initrd; several lie in memory one behind another, in this order, each
 * on a page of its own, so that every one is a segment straight from its file. The kernel passes
 * over zeros between archives (init/initramfs.c, unpack_to_rootfs); there are at least four, by
 * which its LZ4 decompressor knows the end of its data.
 */
#define INITRD_GAP 4

struct request {
	const struct machine *machine;
	const struct image *image;
	struct span initrd[INITRDS_MAX]; /* none is empty */
	size_t initrds;
	struct span dtb; /* len 0: the machine's own; checked by tree_check() */
	const char *dtb_name;
	const struct overlay *overlay; /* for that tree, in this order */
	size_t overlays;
	const char *cmdline;
	struct range bounds; /* --mem-min, --mem-max; end 0: none */
	bool file_call;	     /* the running kernel plans: kexec_file_load */
	bool hotplug;	     /* of a crash kernel: the running one will keep its core header true */
	const char *why;     /* this call, for people */
	uint8_t kaslr_seed[KASLR_SEED], rng_seed[RNG_SEED];
};

/* Errors: FAIL_ROOM, FAIL_MEMORY, FAIL_TREE, FAIL_CMDLINE, FAIL_BUG. End the plan with plan_free()
 * in any case. The request's spans must outlive it.
 */
bool plan_make(const struct request *r, struct plan *p, struct error *e);

/* The same without the check, for who makes it where the plan is used. */
bool plan_draft(const struct request *r, struct plan *p, struct error *e);

/* What must hold for any call: the length of the command line. Errors: FAIL_CMDLINE. */
bool plan_check_cmdline(const struct request *r, struct error *e);
void plan_free(struct plan *p);

/* Everything that the running kernel would refuse, and everything that it leaves to us: pages,
 * overlaps, half of RAM; inside RAM, outside what is kept, the rules of the target. Errors:
 * FAIL_BUG.
 */
bool plan_check(const struct plan *p, const struct request *r, struct error *e);

/* The first segment of a piece (a kernel may have several), or NULL. */
const struct segment *plan_segment(const struct plan *p, enum piece piece);
const char *piece_name(enum piece piece);

#endif
