/* SPDX-License-Identifier: MIT */
/* Where the pieces of a load may lie, by what the next kernel does before it reads them. */
#include "arch/ppc64/ppc64.h"

/* Bytes from 0 that a kernel overwrites as it starts: one that does not stay copies itself there,
 * up to its _end, and clears its BSS, before it reads a tree (arch/powerpc/kernel/head_64.S,
 * __after_prom_start).
 */
static uint64_t overwritten(const struct image *img)
{
	uint32_t flag = 0;

	(img->big_endian ? span_be32 : span_le32)(img->part[0].data, PPC64_RUN_AT_LOAD, &flag);
	return img->run_flag && flag != 1 ? round_up(img->memsz, PPC64_ALIGN) : 0;
}

/* That a kernel overwrites firmware is no matter of places: there is no other one. */
static bool check_firmware(const struct machine *m, uint64_t end, struct error *e)
{
	const struct range *r;

	ranges_for_each(r, &m->reserved) {
		if (r->start >= end || !ppc64_is_firmware(r))
			continue;
		fail(e, FAIL_ROOM,
		     "load the kernel: it moves to 0, over what is kept at 0x%llx: %s",
		     (unsigned long long)r->start, r->what);
		return hint(e,
			    "nothing was loaded: with --run-at-load it stays where it is loaded");
	}
	return true;
}

static void keep_below(struct placement *w, phys end, const char *where)
{
	if (w->within.end <= end)
		return;
	w->within.end = end;
	w->where = where;
}

bool ppc64_reach(const struct request *r, const void *tree, struct placement w[PIECES],
		 struct error *e)
{
	const char *where = ppc64_mem_word(r->cmdline) ? "below mem=" : NULL;
	const uint64_t low = overwritten(r->image);
	phys end;
	size_t i;

	if (!check_firmware(r->machine, low, e) || !ppc64_next_end(r, tree, &end, e))
		return false;
	for (i = KERNEL; i < PIECES; i++) {
		/* an initrd is read when all of memory is mapped */
		if (i != INITRD)
			keep_below(&w[i], r->machine->rma_end, "in the RMA");
		keep_below(&w[i], end, where);
		/* the kernel's own bytes may: it copies from the bottom up */
		if (i != KERNEL && w[i].within.start < low)
			w[i].within.start = low;
	}
	return true;
}
