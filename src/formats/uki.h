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
	bool foreign_dtb; /* there is one .dtb, and it is another machine's */
};

/* Has the file a section .linux? Then `table` is its section table, for uki_read(). */
bool uki_is(struct span file, struct span *table);

/* Does it bring a device tree, for whatever machine? By the names of its sections alone. */
bool uki_has_tree(struct span file);

/* The sections, all of them spans of `file`. Of several profiles the first counts, which a boot
 * loader takes too. Of the trees the first one for the machine with the tree `fdt` is taken (NULL:
 * no tree is), else a .dtb that is alone and names that machine among others. systemd's stub takes
 * that one whichever machine it names; with another's the machine would not start. NAME, fit to
 * print, names the file in errors: FAIL_FORMAT, FAIL_TREE.
 */
bool uki_read(struct span file, struct span table, const char *name, const void *fdt, struct uki *u,
	      struct error *e);

#endif
