/* SPDX-License-Identifier: MIT */
/* Memory of an arm64 machine: what /proc/iomem says is RAM and kept, less what the last boot has
 * done with; and what the next kernel would not find there.
 */
#include "arch/arm64/arm64.h"

#include "dt/memory.h"
#include "src/formats/iomem.h"

const char arm64_untold[] = "RAM that the device tree lacks";
const char arm64_added[] = "RAM that EFI may not know";
const char arm64_efi_map[] = "EFI's memory map";

/* /proc/iomem is written before the kernel frees the initrd that it booted with, and goes on
 * calling it reserved (arch/arm64/kernel/setup.c, reserve_memblock_reserved_regions). Whole pages
 * of it are free.
 */
static bool free_initrd(struct machine *m)
{
	int chosen = tree_root_child(m->fdt.p, "chosen");
	struct ranges keep = { 0 };
	const struct range *r;
	struct range old = { 0 };
	bool ok = true;
	size_t i;

	if (chosen < 0 || !tree_address(m->fdt.p, chosen, "linux,initrd-start", &old.start) ||
	    !tree_address(m->fdt.p, chosen, "linux,initrd-end", &old.end))
		return true;
	old.start = round_up(old.start, m->page_size);
	old.end = round_down(old.end, m->page_size);
	for (i = 0; i < m->reserved.n && ok; i++) {
		r = &m->reserved.v[i];
		if (old.start >= old.end || !range_overlaps(*r, old) || r->what != iomem_reserved)
			ok = ranges_add(&keep, r->start, r->end, r->what);
		else
			ok = ranges_add(&keep, r->start, old.start, r->what) &&
			     ranges_add(&keep, old.end, r->end, r->what);
	}
	ranges_free(&m->reserved);
	m->reserved = keep;
	return ok;
}

/* ---- what the next kernel is not told of */

/* Memory that was added since this kernel booted is not in the tree that it booted with, which the
 * next one gets: it must not find itself there.
 */
static bool keep_untold(struct machine *m)
{
	struct ranges told = { 0 };
	size_t i = m->reserved.n;
	bool ok = dt_ram(m->fdt.p, &told);

	ranges_union(&told);
	/* a tree without memory is another error */
	ok = ok && (!told.n || ranges_subtract(&m->ram, &told, &m->reserved));
	for (; i < m->reserved.n; i++)
		m->reserved.v[i].what = arm64_untold;
	ranges_free(&told);
	return ok;
}

/* With EFI the next kernel gets the memory map of the boot, and forgets all memory that this lacks,
 * whatever a tree says (drivers/firmware/efi/efi-init.c, reserve_regions). User space is not shown
 * the map. What a boot puts things in is in it; of the rest the log says what was there early on.
 */
static bool keep_added(struct machine *m, const struct ranges *bare)
{
	size_t i;

	for (i = 0; i < bare->n; i++)
		if (!ranges_add(&m->reserved, bare->v[i].start, bare->v[i].end, arm64_added))
			return false;
	if (bare->n)
		m->log_word = ": [mem 0x";
	return true;
}

/* Takes a line "  node   0: [mem 0x0000000040000000-0x000000007fffffff]" (mm/mm_init.c) off the
 * log.
 */
static bool next_early_range(struct span *log, struct range *r)
{
	uint64_t node;

	while (span_find(*log, "  node ", log)) {
		while (span_skip_prefix(log, " "))
			;
		if (!span_parse_number(log, 10, &node) || !span_skip_prefix(log, ": [mem 0x") ||
		    !span_parse_number(log, 16, &r->start) || !span_skip_prefix(log, "-0x") ||
		    !span_parse_number(log, 16, &r->end) || !span_skip_prefix(log, "]"))
			continue;
		if (r->end < UINT64_MAX)
			r->end++;
		return true;
	}
	return false;
}

/* Of what may have been added nothing is kept that was there as the running kernel started. */
static bool free_early(struct machine *m, struct span log)
{
	struct ranges early = { 0 }, keep = { 0 };
	const struct range *k;
	struct range r;
	bool ok = true;
	size_t i, n;

	while (ok && next_early_range(&log, &r))
		ok = ranges_add(&early, r.start, r.end, NULL);
	ranges_union(&early);
	for (i = 0; i < m->reserved.n && ok; i++) {
		k = &m->reserved.v[i];
		n = keep.n;
		if (k->what == arm64_added)
			ok = ranges_subtract(&(struct ranges){ &m->reserved.v[i], 1, 1 }, &early,
					     &keep);
		else
			ok = ranges_add(&keep, k->start, k->end, k->what);
		for (; n < keep.n; n++)
			keep.v[n].what = k->what;
	}
	ranges_free(&early);
	ranges_free(&m->reserved);
	m->reserved = keep;
	return ok;
}

/* ---- EFI */

/* Kernels before 4.19 show it as free: it is named in the tree alone. */
static bool keep_efi_map(struct machine *m)
{
	const int chosen = tree_root_child(m->fdt.p, "chosen");
	uint64_t start, size, end;

	if (!tree_address(m->fdt.p, chosen, "linux,uefi-mmap-start", &start) ||
	    !tree_address(m->fdt.p, chosen, "linux,uefi-mmap-size", &size))
		return true;
	if (__builtin_add_overflow(start, size, &end))
		end = UINT64_MAX;
	return ranges_add(&m->reserved, start, end, arm64_efi_map);
}

static bool keep_for_next(struct machine *m, const struct iomem *text)
{
	if (dt_has_efi_memmap(m->fdt.p))
		return keep_added(m, &text->bare) && keep_efi_map(m);
	return keep_untold(m);
}

bool arm64_memory(struct machine *m, struct span iomem, struct error *e)
{
	struct iomem text;
	bool ok = iomem_parse(iomem, &text, e);

	m->addressable = (struct range){ 0, ARM64_ADDRESS_END, NULL };
	m->ram = text.ram;
	m->reserved = text.reserved;
	m->driver_ram = text.managed;
	text.ram = text.reserved = text.managed = (struct ranges){ 0 };
	m->reserved_unknown = ok && !text.tells_reserved && dt_has_efi(m->fdt.p);
	ok = ok && ((free_initrd(m) && keep_for_next(m, &text)) || fail_memory(e));
	iomem_free(&text);
	if (ok)
		arm64_lpi_expect(m);
	return ok;
}

bool arm64_log(struct machine *m, struct span log)
{
	return free_early(m, log) && arm64_lpi_find(m, log);
}
