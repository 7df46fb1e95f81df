/* SPDX-License-Identifier: MIT */
/* What a device tree says about memory. */
#ifndef MEMORY_H
#define MEMORY_H

#include "dt/tree.h"

extern const char dt_reserved_why[]; /* why the ranges of dt_reserved() are reserved */

/* Can the next kernel find its memory with this tree: from a memory node, or from the EFI memory
 * map that /chosen points to?
 */
bool dt_has_memory(const void *fdt);

/* Does /chosen point to an EFI memory map? A kernel that finds one takes all memory from there. */
bool dt_has_efi_memmap(const void *fdt);

/* Adds the ranges of the memory nodes below the root (drivers/of/fdt.c, early_init_dt_scan_memory).
 * False when out of memory.
 */
bool dt_ram(const void *fdt, struct ranges *out);

/* Adds to `keep` what a checked tree reserves: the header's reservations and the fixed areas of
 * /reserved-memory, but not the last boot's initrd, which is free once that boot is done. The set
 * is left unsorted. False when out of memory.
 */
bool dt_reserved(const void *fdt, struct ranges *keep);

#endif
