/* SPDX-License-Identifier: MIT */
/* The core header: an ELF64 header in memory, by which the kernel that runs after a crash finds the
 * memory and the registers of the one that crashed (its /proc/vmcore). fs/proc/vmcore.c reads it;
 * kernel/crash_core.c, crash_prepare_elf64_headers() writes the same for kexec_file_load.
 *
 * There is a PT_NOTE for each CPU, one for vmcoreinfo, a PT_LOAD for each range of RAM, and, where
 * the running kernel has a mapping of its own, one for that. p_offset is a physical address.
 */
#ifndef ELFCOREHDR_H
#define ELFCOREHDR_H

#include "src/base/error.h"
#include "src/plan/machine.h"

/* Bytes of the header; 0 when it takes more program headers than ELF has (65534). */
size_t elfcorehdr_size(const struct machine *m);

/* Writes it. What lies below arch->backup is found at `backup`: see arch_ops.h. */
void elfcorehdr_write(const struct machine *m, phys backup, uint8_t *out);

/* Is that what elfcorehdr_write() should have written? For plan_check(); reads it anew. */
bool elfcorehdr_check(struct span core, const struct machine *m, phys backup, struct error *e);

/* From the ELF and program headers of /proc/kcore (fs/proc/kcore.c), in the running kernel's byte
 * order, into c: page_offset, text and text_virtual. RAM has an entry per range, with its physical
 * address; the kernel's image one inside of such a range, mapped elsewhere. Errors: FAIL_MACHINE
 * when there is no entry for RAM, they disagree, or the image has none.
 */
bool elfcorehdr_read_kcore(struct span kcore, const struct machine *m, struct crash *c,
			   struct error *e);

/* From the text of /sys/kernel/kexec/crash_cma_ranges (kernel/kexec_core.c, crash_cma_ranges_show;
 * on ppc64 since Linux 7.2, on arm64 since 7.3) into c->cma: a line for each area in which the
 * running kernel has movable pages until it crashes. c->dump, which has them all, loses them.
 * Errors: FAIL_MACHINE when one is no whole pages of c->dump or below arch->backup, or there are
 * more than CRASH_CMA_MAX; FAIL_MEMORY.
 */
bool elfcorehdr_read_cma(struct span text, const struct machine *m, struct crash *c,
			 struct error *e);

#endif
