/* SPDX-License-Identifier: MIT */
/* Is a flattened device tree from outside sound?
 *
 * Every blob from outside, and every plan's from the child that made it, goes through tree_check()
 * or tree_validate() once. After that no offset or length in it is looked at again: read.h takes
 * its word for everything, and so may libfdt, of which some versions wrap at a length near 4 GiB.
 * Format: devicetree.org, "Devicetree Specification" chapter 5, version 17, and 16, which does not
 * say how long its structure is.
 */
#ifndef VALIDATE_H
#define VALIDATE_H

#include "src/base/error.h"
#include "src/base/span.h"

/* A tree larger than this is refused before memory is taken for it. */
#define TREE_MAX (64u << 20)

/* From the first TREE_HEADER bytes of a blob: how many of its bytes carry anything (firmware likes
 * to pad: QEMU's 8 KiB of tree come in a blob of 1 MiB) and the size it says it has. `from` names
 * the tree in errors. Errors: FAIL_TREE when it is no device tree or larger than TREE_MAX.
 */
#define TREE_HEADER 40
bool tree_extent(struct span head, const char *from, size_t *used, size_t *total, struct error *e);

/* Has the start of a blob, of which tree_extent() knows the header, all of its reservations? Then
 * tree_next_reserved() may look at it.
 */
bool tree_has_reserved(struct span start);

/* Is the whole blob sound? Errors: FAIL_TREE. */
bool tree_check(struct span blob, const char *from, struct error *e);

/* The same, of less than 2 GiB, as 0 or one of libfdt's (negative) errors: of its header and
 * reservations, -FDT_ERR_BADMAGIC, -FDT_ERR_BADVERSION (before 16 properties were padded in another
 * way), -FDT_ERR_TRUNCATED, -FDT_ERR_ALIGNMENT (the structure is read in words, reservations in
 * double words); of the structure also -FDT_ERR_BADSTRUCTURE and -FDT_ERR_BADOFFSET.
 */
int tree_validate(struct span blob);

#endif
