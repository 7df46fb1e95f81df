/* SPDX-License-Identifier: MIT */
/* What a kernel comes wrapped in, by content and never by name: gzip, zstd, xz and lz4; EFI
 * zboot; a unified kernel image. Each may hold the next. Last, for targets that start flat images,
 * ELF.
 */
#ifndef UNWRAP_H
#define UNWRAP_H

#include "src/formats/unpack.h"

#define WRAPS_MAX 4

/* Where unpacked bytes go. All of it lives until its owner ends it. */
struct store {
	uint64_t limit; /* bytes that can be loaded; no more are taken, over all pieces */
	/* A piece of memory, zero, of up to *size bytes; *size becomes what there is. NULL: none.
	 */
	uint8_t *(*open)(struct store *s, size_t *size);
	/* Ends the piece that was opened last: its first len bytes, which are constant from now on,
	 * and may have moved. NULL: out of memory.
	 */
	const uint8_t *(*close)(struct store *s, size_t len);
	/* See struct unpack; arg is the store. */
	void (*step)(void *arg, const struct unpack *u);
};

/* The machine that the kernel is for. */
struct unwrap_target {
	uint16_t elf_flat; /* e_machine of ELF files that hold a flat image; 0: none do */
	const void *fdt;   /* its device tree; NULL: no tree of a UKI is taken */
};

struct unwrapped {
	struct span kernel;		  /* for kernel_parse() */
	struct span initrd, cmdline, dtb; /* of a UKI; len 0: none */
	bool foreign_dtb;		  /* see struct uki */
};

/* What the file is wrapped in, outermost, by its headers alone. */
enum wrapping { WRAP_NONE, WRAP_STREAM, WRAP_ZBOOT, WRAP_UKI, WRAP_ELF };
enum wrapping unwrap_kind(struct span file, const struct unwrap_target *target);

/* Unwraps the kernel file NAME. All spans are the file's or the store's. Errors: FAIL_FORMAT,
 * FAIL_UNSUPPORTED, FAIL_TREE, FAIL_MEMORY.
 */
bool unwrap(struct span file, const char *name, const struct unwrap_target *target, struct store *s,
	    struct unwrapped *u, struct error *e);

#endif
