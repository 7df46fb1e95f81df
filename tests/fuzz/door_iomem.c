/* SPDX-License-Identifier: MIT */
/* The text of /proc/iomem, and of an arm64 kernel's log behind a line "LOG". */
#include "door.h"

#include "src/formats/iomem.h"

#include <string.h>

/* A tree with a GICv3 ITS and an initrd of the last boot, fdt_create_empty_tree()-like, by hand. */
static const uint8_t *small_tree(size_t *len);

void door_iomem(struct span in)
{
	const unsigned flag = door_flag(&in);
	struct machine m = { .arch = &arch_arm64, .page_size = flag & 1 ? 0x10000 : 0x1000 };
	struct ranges room = { 0 };
	struct iomem lines;
	struct span log = { 0 }, text = in;
	struct error e = { 0 };
	bool ok;

	ok = iomem_parse(in, &lines, &e);
	door_error(ok, &e);
	if (ok) {
		DOOR_WANT(lines.ram.n && door_sorted(&lines.ram, true) &&
			  door_sorted(&lines.reserved, false) && door_sorted(&lines.bare, false) &&
			  door_sorted(&lines.managed, true));
		DOOR_WANT(ranges_subtract(&lines.ram, &lines.reserved, &room) &&
			  door_sorted(&room, true));
	}
	iomem_free(&lines);
	ranges_free(&room);

	if (span_find(in, "\nLOG\n", &log))
		text.len = (size_t)(log.p - in.p) - 4;
	m.fdt.p = small_tree(&m.fdt.len);
	m.fdt_from = "small";
	e = (struct error){ 0 };
	ok = m.arch->memory(&m, text, &e) && (!m.log_word || m.arch->log(&m, log));
	door_error(ok, &e);
	ranges_sort(&m.reserved);
	DOOR_WANT(!ok || (door_sorted(&m.ram, true) && door_sorted(&m.reserved, false)));
	machine_free(&m);
}

#include <libfdt.h>

static const uint8_t *small_tree(size_t *len)
{
	static _Alignas(8) uint8_t blob[1024];

	if (!blob[0] && (fdt_create(blob, sizeof(blob)) || fdt_finish_reservemap(blob) ||
			 fdt_begin_node(blob, "") || fdt_begin_node(blob, "chosen") ||
			 fdt_property_u64(blob, "linux,initrd-start", 0x48000000) ||
			 fdt_property_u64(blob, "linux,initrd-end", 0x48123456) ||
			 fdt_end_node(blob) || fdt_begin_node(blob, "its") ||
			 fdt_property_string(blob, "compatible", "arm,gic-v3-its") ||
			 fdt_end_node(blob) || fdt_end_node(blob) || fdt_finish(blob)))
		abort();
	*len = fdt_totalsize(blob);
	return blob;
}
