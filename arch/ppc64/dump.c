/* SPDX-License-Identifier: MIT */
/* A firmware-assisted dump that has not been saved yet: the running kernel starts in the first part
 * of memory, and leaves all above as the system that crashed left it (arch/powerpc/kernel/fadump.c,
 * fadump_reserve_crash_area). Petitboot runs so, and the kernel that it starts is to find the dump.
 */
#include "arch/ppc64/ppc64.h"

const char ppc64_dump[] = "a dump of the last crash";

/* OPAL says only that there is one: the part that is not preserved is as large as that at least
 * (platforms/powernv/opal-fadump.h).
 */
#define OPAL_BOOT_MEMORY 0x30000000u

/* What an LPAR was given to start in, as the dump's sections have it (rtas-fadump.h); at least
 * that.
 */
#define LPAR_BOOT_MEMORY 0x14000000u
#define SECTIONS_MAX	 10u
#define SECTION		 40u
#define REAL_MODE_REGION 0x11u

/* /ibm,opal/dump says so. */
static bool opal_has_dump(const void *fdt)
{
	const int opal = tree_root_child(fdt, "ibm,opal");
	int node;

	tree_for_each_child(node, fdt, opal)
	{
		if (tree_getprop(fdt, node, "mpipl-boot").p)
			return true;
	}
	return false;
}

/* The end of what is not preserved; 0: there is no dump. */
static phys lpar_boot_memory(const void *fdt)
{
	const struct span dump = tree_getprop(fdt, tree_root_child(fdt, "rtas"), "ibm,kernel-dump");
	uint64_t start, size, end, top = 0;
	uint32_t first = 0;
	uint16_t n = 0, type = 0, i;

	span_be16(dump, 4, &n);
	span_be32(dump, 8, &first);
	for (i = 0; i < n && i < SECTIONS_MAX; i++) {
		span_be16(dump, first + (uint64_t)i * SECTION + 4, &type);
		if (type == REAL_MODE_REGION &&
		    span_be64(dump, first + (uint64_t)i * SECTION + 8, &start) &&
		    span_be64(dump, first + (uint64_t)i * SECTION + 16, &size) &&
		    !__builtin_add_overflow(start, size, &end) && end > top)
			top = end;
	}
	return dump.p && !top ? LPAR_BOOT_MEMORY : top;
}

bool ppc64_keep_dump(struct machine *m)
{
	phys top = lpar_boot_memory(m->fdt.p);

	if (opal_has_dump(m->fdt.p))
		top = OPAL_BOOT_MEMORY;
	return !top || ranges_add(&m->reserved, top, m->ram.v[m->ram.n - 1].end, ppc64_dump);
}
