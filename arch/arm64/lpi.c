/* SPDX-License-Identifier: MIT */
/* The LPI tables of a GICv3 with an ITS: one of properties, and of each CPU one of what is pending.
 *
 * A redistributor uses them from when LPIs are enabled until power is cut: enabling them may not
 * be taken back (GICR_CTLR.EnableLPIs; irq-gic-v3-its.c, redist_disable_lpis). So they outlive the
 * kernel that made them, of plain pages that /proc/iomem calls free. A next kernel that finds them
 * in reserved memory goes on using them, after it has filled the properties anew: whatever else was
 * put there is gone, its own code for instance, and it stops at "GICv3: Using preallocated
 * redistributor tables". One that finds them elsewhere says "memory probably corrupted".
 *
 * With EFI the kernels tell each other (the memreserve table), and they are "reserved" in
 * /proc/iomem, but not before Linux 5.5. Without, we tell: placed around, and reserved in the next
 * tree. Where they are, only the log of the running kernel says.
 */
#include "arch/arm64/arm64.h"

#include "dt/memory.h"

#include <string.h>

/* LPI_PROPBASE_SZ and LPI_PENDBASE_SZ: 2^16 LPIs of a byte; of a bit, but 64 KiB aligned. */
#define TABLE	   0x10000
#define TABLE_PAGE 0x1000

const char arm64_lpi[] = "LPI tables of the GIC";

static bool may_have_tables(const struct machine *m)
{
	const void *fdt = m->fdt.p;
	const bool efi = dt_has_efi(fdt);

	if (efi && !machine_before(m, 5, 5))
		return false;
	/* with ACPI the tree has no devices at all */
	if (efi && tree_root_child(fdt, "cpus") < 0)
		return true;
	/* whatever it is in: to read the log for nothing does no harm, to look at each node costs
	 * more than all the rest of a plan. Commas are rarer than the letters before this one.
	 */
	return span_find(m->fdt, ",gic-v3-its", NULL);
}

void arm64_lpi_expect(struct machine *m)
{
	if (!may_have_tables(m))
		return;
	/* lines of both kinds have an address of 16 digits, of which 12 are used */
	m->log_word = m->log_word ? "0x0000" : " LPI ";
}

/* Reserves the tables whose addresses follow `what` in the log. */
static bool keep_tables(struct machine *m, struct span log, const char *what)
{
	phys at;

	while (span_find(log, what, &log)) {
		if (!span_parse_number(&log, 16, &at) || at % TABLE_PAGE || at >= ARM64_ADDRESS_END)
			continue;
		m->lpi = LPI_KNOWN;
		if (!ranges_add(&m->reserved, at, at + TABLE, arm64_lpi))
			return false;
	}
	return true;
}

/* The log drops its oldest records first, so the line of the properties, which is the first of
 * them, says that none is lost. A log that still has record 0 ("6,0,0,-;Booting Linux") and no such
 * line says that there are no tables.
 */
bool arm64_lpi_find(struct machine *m, struct span log)
{
	struct span s = { (const uint8_t *)m->cmdline.p, m->cmdline.len };

	m->lpi = LPI_NONE;
	if (!may_have_tables(m) || !keep_tables(m, log, "LPI property table @0x"))
		return m->lpi == LPI_NONE;
	if (m->lpi == LPI_KNOWN)
		return keep_tables(m, log, "LPI pending table @0x");
	if (!(span_find(log, ",", &log) && span_skip_prefix(&log, "0,")) &&
	    !(span_find(s, "irqchip.gicv3_nolpi=", &s) && s.len && strchr("1yYtT", s.p[0])))
		m->lpi = LPI_UNKNOWN;
	return true;
}
