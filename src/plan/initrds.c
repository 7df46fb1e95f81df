/* SPDX-License-Identifier: MIT */
#include "src/plan/pieces.h"

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
