/* SPDX-License-Identifier: MIT */
/* /proc/iomem as text -> ranges (kernel/resource.c prints it; arch/arm64/kernel/setup.c fills it).
 *
 * A line is "  START-END : NAME": hexadecimal, END inclusive, two spaces of indent per level.
 */
#ifndef IOMEM_H
#define IOMEM_H

#include "src/base/error.h"
#include "src/base/range.h"
#include "src/base/span.h"

/* Why iomem_parse() reserves the ranges of `keep`. */
extern const char iomem_reserved[], iomem_crash[], iomem_other[];

/* Adds top-level "System RAM" to ram. To keep it adds everything inside System RAM but the running
 * kernel itself (its code, data and bss may be overwritten: the copy is made when it has stopped),
 * and "reserved" and "Crash kernel" areas wherever they stand. Other kinds of RAM, such as
 * "System RAM (kmem)", belong to a device, and the next kernel gets them from its driver.
 * Both sets are sorted; keep may overlap and nest.
 *
 * Errors: FAIL_PRIVILEGE when all addresses are zero, as they are for everybody but root;
 * FAIL_MACHINE when a line cannot be read or there is no RAM; FAIL_MEMORY.
 */
bool iomem_parse(struct span text, struct ranges *ram, struct ranges *keep, struct error *e);

#endif
