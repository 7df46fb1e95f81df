/* The reservations of a tree's header, one by one. */
#ifndef RESERVED_H
#define RESERVED_H

#include <libfdt.h>

/* Number i of a checked tree, whose fdt_num_mem_rsv() is above i: all that libfdt can find wrong
 * with it is wrong with the count already.
 */
static inline void tree_reserved(const void *fdt, int i, uint64_t *start, uint64_t *size)
{
	*start = *size = 0;
	fdt_get_mem_rsv(fdt, i, start, size);
}

#endif
