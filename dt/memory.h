/* SPDX-License-Identifier: MIT */
/* What a device tree says about memory. */
#ifndef MEMORY_H
#define MEMORY_H

#include "dt/tree.h"

extern const char dt_reserved_why[]; /* why the ranges of dt_reserved() are reserved */

/* Can the next kernel find its memory with this tree: from a memory node that tells of some, or
 * from the EFI memory map that /chosen points to?
 */
bool dt_has_memory(const void *fdt);

/* Does /chosen point to an EFI memory map? A kernel that finds one takes all memory from there. */
bool dt_has_efi_memmap(const void *fdt);

/* Does /chosen point to EFI's system table, so that the next kernel uses EFI? */
bool dt_has_efi(const void *fdt);

/* And does it leave out what EFI's secure boot is set to, which the EFI stub of Linux itself does
 * not write? Debian's and Ubuntu's kernels do without EFI, and so without memory, unless it is
 * there, as a number.
 */
bool dt_lacks_secure_boot(const void *fdt);

/* Adds the ranges of the memory nodes below the root, as kernels read them: those whose status is
 * okay, and linux,usable-memory in place of reg (drivers/of/fdt.c, early_init_dt_scan_memory).
 * False when out of memory.
 */
bool dt_ram(const void *fdt, struct ranges *out);

/* The (address, size) pairs of a memory node, those that kernels take. */
void dt_memory_of(struct tree_pairs *pairs, const void *fdt, int node);

/* The node /reserved-memory, if kernels heed it: in the cells of the root, with ranges
 * (drivers/of/of_reserved_mem.c, __reserved_mem_check_root). Or -FDT_ERR_NOTFOUND.
 */
int dt_areas(const void *fdt);

/* Adds to `keep` what a checked tree reserves: the header's reservations and the fixed areas of
 * /reserved-memory, heeded or not, but not the last boot's initrd, which is free once that boot is
 * done. The set is left unsorted. False when out of memory.
 */
bool dt_reserved(const void *fdt, struct ranges *keep);

#endif
