/* SPDX-License-Identifier: MIT */
/* What is to be loaded, and how: all that a plan is made of. */
#ifndef REQUEST_H
#define REQUEST_H

#include "dt/chosen.h"
#include "dt/merge.h"
#include "dt/overlay.h"
#include "src/formats/image.h"
#include "src/plan/machine.h"

/* WORDS_MAX given ones, and one that came with the kernel. */
#define INITRDS_MAX 9

/* The next kernel expects one initrd; several lie in memory one after another, in this order, each
 * on a page of its own, so that every one is a segment straight from its file. The kernel passes
 * over zeros between archives (init/initramfs.c, unpack_to_rootfs); there are at least four, from
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
	uint64_t anonymous;  /* bytes that we hold in no file: unpacked, or read from pipes */
	bool file_call;	     /* the running kernel plans: kexec_file_load */
	bool hotplug;	     /* of a crash kernel: the running one will update its core header */
	bool hide_xen;	     /* the next kernel is not told of Xen */
	const char *why;     /* this call, for -d and --plan */
	unsigned left;	     /* of enum handed_on: what this call leaves behind */
	uint8_t kaslr_seed[KASLR_SEED], rng_seed[RNG_SEED];
};

/* An archive of no files, for a next kernel that finds EFI: one without an initrd would take the
 * first boot's, whose memory was given back long ago (drivers/firmware/efi/efi.c,
 * efi_config_parse_tables, until late 2025), unpack what lies there now, and free it.
 */
extern const struct span initrd_empty;

/* Adds initrd_empty where it is needed. Each request must have been through this before it is
 * planned, or checked for kexec_file_load.
 */
void request_complete(struct request *r);

#endif
