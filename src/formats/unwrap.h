/* What a kernel comes wrapped in, told by content and never by name: gzip, zstd, xz and lz4; EFI
 * zboot (the kernel's drivers/firmware/efi/libstub/zboot-header.S); a unified kernel image (UAPI
 * group specification 5). Each may hold the next. Last, for targets that start flat images, ELF.
 */
#ifndef UNWRAP_H
#define UNWRAP_H

#include "src/plan/machine.h"
#include "src/formats/unpack.h"

#define WRAPS_MAX 4

/* Where unpacked bytes go. All of it lives until its owner ends it. */
struct store {
	uint64_t limit; /* bytes that can be loaded; no more are taken, over all pieces */
	/* A piece of memory, zero, of up to *room bytes; *room becomes what there is. NULL: none.
	 */
	uint8_t *(*open)(struct store *s, size_t *room);
	/* Ends the piece that was opened last: its first len bytes, which are constant from now on,
	 * and may have moved. NULL: out of memory.
	 */
	const uint8_t *(*close)(struct store *s, size_t len);
	/* See struct unpack; arg is the store. */
	void (*step)(void *arg, const struct unpack *u);
};

struct unwrapped {
	struct span kernel;		  /* for image_parse() */
	struct span initrd, cmdline, dtb; /* of a UKI; len 0: none */
};

/* Unwraps the kernel file NAME. All spans are the file's or the store's. Of the trees of a UKI the
 * one for this machine is taken, or none. Errors: FAIL_FORMAT, FAIL_UNSUPPORTED, FAIL_TREE,
 * FAIL_MEMORY.
 */
bool unwrap(struct span file, const char *name, const struct machine *m, struct store *s,
	    struct unwrapped *u, struct error *e);

#endif
