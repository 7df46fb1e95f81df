/* SPDX-License-Identifier: MIT */
/* What a kernel file asks for, validated: the target's parser turns bytes into this. */
#ifndef IMAGE_H
#define IMAGE_H

#include "src/base/error.h"
#include "src/base/span.h"

#include <stdlib.h>

#define IMAGE_PARTS 10

struct part {
	struct span data; /* the bytes to load; borrowed */
	uint64_t at;	  /* bytes from the load address; once settled, on a page */
	uint64_t size;	  /* bytes of memory, zero after data; >= data.len */
};

struct image {
	struct part part[IMAGE_PARTS]; /* ascending, without overlaps; the first one is at 0 */
	size_t parts;
	uint64_t memsz; /* bytes from the load address that must stay free, BSS included */
	uint64_t align; /* the load address is `offset` above a multiple of this power of two */
	uint64_t offset;
	uint64_t entry;	    /* bytes from the load address */
	bool bottom_up;	    /* wants the lowest place there is: below it is memory it cannot use */
	uint32_t page_size; /* of the kernel in the file; 0: not said */
	bool big_endian;    /* its byte order */
	bool fixed;	    /* runs at `offset` and nowhere else */
	bool run_flag;	    /* ppc64 Linux: moves itself to 0, or stays when __run_at_load is set */
	bool zeroes_bss;    /* by itself, so that zeros need not be loaded */
	uint8_t *copy;	    /* owns bytes of parts that had to be changed, or NULL */
};

static inline void image_free(struct image *img)
{
	free(img->copy);
	img->copy = NULL;
}

/* What a file is that is not a kernel for `arch` ("arm64"), as a failure of FAIL_FORMAT or
 * FAIL_UNSUPPORTED. NAME, fit to print, names it. Always false.
 */
bool image_fail_foreign(struct span file, const char *name, const char *arch, struct error *e);

#endif
