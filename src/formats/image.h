/* What a kernel file asks for, validated: the target's parser turns bytes into this. */
#ifndef IMAGE_H
#define IMAGE_H

#include "src/base/error.h"
#include "src/plan/machine.h"

#define IMAGE_PARTS 10

struct part {
	struct span data; /* the bytes to load; borrowed */
	uint64_t at;	  /* bytes from the load address; a multiple of the running kernel's page */
	uint64_t size;	  /* bytes of memory, zero behind data; >= data.len */
};

struct image {
	struct part part[IMAGE_PARTS]; /* ascending, without overlaps; the first one is at 0 */
	size_t parts;
	uint64_t memsz; /* bytes from the load address that must stay free, BSS included */
	uint64_t align; /* the load address is `offset` above a multiple of this power of two */
	uint64_t offset;
	uint64_t entry;	    /* bytes from the load address */
	bool bottom_up;	    /* wants the lowest place there is, and cannot use memory below it */
	uint32_t page_size; /* of the kernel in the file; 0: not said */
	bool big_endian;    /* its byte order */
	bool fixed;	    /* runs at `offset` and nowhere else */
	bool run_flag;	    /* ppc64 Linux: moves itself to 0, or stays when __run_at_load is set */
	bool zeroes_bss;    /* by itself, so that zeros need not be loaded */
	uint8_t *copy;	    /* owns bytes of parts that had to be changed, or NULL */
};

/* Parses the kernel file NAME for this machine. Files that are no kernel for it are told apart, so
 * that the error says what they are. Errors: FAIL_FORMAT, FAIL_UNSUPPORTED, FAIL_MEMORY. End img
 * with image_free() in any case.
 */
bool image_parse(struct span file, const char *name, const struct machine *m, struct image *img,
		 struct error *e);
/* Makes a kernel that would move itself stay where it is loaded (ppc64: __run_at_load, in a private
 * copy of the page that has it). Nothing where kernels stay anyway. Errors: FAIL_UNSUPPORTED,
 * FAIL_MEMORY.
 */
bool image_pin(struct image *img, const char *name, const struct machine *m, struct error *e);

void image_free(struct image *img);

#endif
