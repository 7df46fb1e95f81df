/* SPDX-License-Identifier: MIT */
/* Unified kernel images: PE files with a kernel and what goes with it in sections (UAPI group,
 * specification 5). The one place that reads their sections.
 */
#ifndef UKI_H
#define UKI_H

#include "src/base/error.h"
#include "src/base/span.h"

struct uki {
	struct span kernel, initrd, cmdline, dtb; /* len 0: none */
};

/* Has the file a section .linux? Then `table` is its section table, for uki_read(). */
bool uki_is(struct span file, struct span *table);

/* The sections, all of them spans of `file`. Of several profiles the first is used, as boot loaders
 * do. Of the trees, the one for the machine with the tree `fdt` is used (NULL: none), if there is
 * one. NAME, fit to print, names the file in errors: FAIL_FORMAT, FAIL_TREE.
 */
bool uki_read(struct span file, struct span table, const char *name, const void *fdt, struct uki *u,
	      struct error *e);

#endif
