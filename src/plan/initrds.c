/* SPDX-License-Identifier: MIT */
#include "src/plan/pieces.h"

#include "dt/memory.h"

/* Documentation/driver-api/early-userspace/buffer-format.rst: a header of the format "newc", of
 * which nothing is set but a link and how long the name is that ends an archive.
 */
static const char archive[] = "070701"
			      "00000000000000000000000000000000"
			      "00000001"
			      "000000000000000000000000000000000000000000000000"
			      "0000000b"
			      "00000000"
			      "TRAILER!!!\0\0\0";
_Static_assert(sizeof(archive) == 124, "a header of 110 bytes and a name of 11, padded");

const struct span initrd_empty = { (const uint8_t *)archive, sizeof(archive) };

void request_complete(struct request *r)
{
	if (!r->initrds && dt_has_efi(r->machine->fdt.p))
		r->initrd[r->initrds++] = initrd_empty;
}

uint64_t initrds_next(const struct request *r, size_t i, uint64_t at)
{
	return round_up(at + r->initrd[i].len + INITRD_GAP, r->machine->page_size);
}

uint64_t initrds_size(const struct request *r)
{
	uint64_t at = 0;
	size_t i;

	if (!r->initrds)
		return 0;
	for (i = 0; i + 1 < r->initrds; i++)
		at = initrds_next(r, i, at);
	return at + r->initrd[i].len;
}
