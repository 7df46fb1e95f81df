/* What a kernel file asks for, validated: the target's parser turns bytes into this. */
#ifndef IMAGE_H
#define IMAGE_H

#include "error.h"
#include "machine.h"

struct image {
	struct span data; /* the bytes to load; borrowed from the file */
	uint64_t room; /* bytes from its first one that must stay free: BSS, not shipped; >= data.len */
	uint64_t align; /* the load address is `offset` above a multiple of this power of two */
	uint64_t offset;
	uint64_t entry; /* bytes from the load address */
	bool lowest; /* wants the lowest place there is, and cannot use memory below it */
	uint32_t page_size; /* of the kernel in the file; 0: not said */
};

/* Parses the kernel file NAME for this machine. Files that are no kernel for it are told apart, so
 * that the error says what they are. Errors: FAIL_FORMAT, FAIL_UNSUPPORTED.
 */
bool image_parse(struct span file, const char *name, const struct machine *m, struct image *img,
		 struct error *e);

#endif
