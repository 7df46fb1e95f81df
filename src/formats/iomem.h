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

/* The reasons that iomem_parse() gives what is reserved. */
extern const char iomem_reserved[], iomem_crash[], iomem_other[];

/* All sets are sorted; `reserved` may overlap and nest. */
struct iomem {
	struct ranges ram; /* "System RAM" at the top level */
	/* Everything inside of that but the running kernel itself (its code, data and bss may be
	 * overwritten: the copy is made when it has stopped), and "reserved" and "Crash kernel"
	 * areas wherever they stand.
	 */
	struct ranges reserved;
	/* Lines of ram in which nothing lies that a boot puts there, "reserved" or the kernel:
	 * memory may have been added since.
	 */
	struct ranges bare;
	/* RAM that the next kernel gets from a driver: "System RAM (kmem)" and the like, and
	 * "System RAM" inside of a device.
	 */
	struct ranges managed;
	bool tells_reserved; /* something inside of RAM is "reserved", as it is since Linux 4.19 */
};

/* End it with iomem_free() in any case. Errors: FAIL_PRIVILEGE when all addresses are zero, as they
 * are for everybody but root; FAIL_MACHINE when a line cannot be read or there is no RAM;
 * FAIL_MEMORY.
 */
bool iomem_parse(struct span text, struct iomem *out, struct error *e);
void iomem_free(struct iomem *m);

#endif
