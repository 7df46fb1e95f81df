/* SPDX-License-Identifier: MIT */
/* A flattened device tree that may be edited, a copy of one that tree_check() found sound: libfdt
 * with our errors and limits.
 */
#ifndef TREE_H
#define TREE_H

#include "dt/read.h"
#include "dt/validate.h"

/* Makes a blob that was read up to its `used` bytes whole again: it now says that size. */
void tree_set_size(uint8_t *blob, size_t used);

struct tree {
	uint8_t *blob;	  /* malloc'd */
	const char *from; /* borrowed: names it in errors */
};

/* A copy of a checked blob with `slack` bytes free for edits. End it with tree_free(). */
bool tree_open(struct tree *t, struct span blob, size_t slack, const char *from, struct error *e);

/* Gives up the free bytes that are left, and NOPs. Returns the finished bytes, owned by the tree.
 */
bool tree_pack(struct tree *t, struct span *out, struct error *e);
/* Gives it free bytes again, which become a part of it. Errors: FAIL_MEMORY. */
bool tree_grow(struct tree *t, size_t more, struct span *out, struct error *e);
void tree_free(struct tree *t);

/* The failure that libfdt's (negative) answer stands for, as "WHAT the device tree: WHY: FROM".
 */
bool tree_fail(const char *from, const char *what, int fdt_error, struct error *e);

/* Writes a property: in its place where one as long is there, and else through libfdt. Answers 0 or
 * libfdt's error.
 */
int tree_setprop(struct tree *t, int node, const char *name, const void *value, size_t len);

/* Can an (address, size) pair in the cells of the root say this range? 0, or -FDT_ERR_BADNCELLS or
 * -FDT_ERR_BADVALUE.
 */
int tree_check_pair(const void *fdt, struct range r);

/* Writes n ranges as such pairs; where one cannot be said nothing is written. */
int tree_set_pairs(struct tree *t, int node, const char *name, const struct range *r, size_t n);

/* Removes every property of this name, of which a malformed tree may have several: their bytes
 * become NOPs, which tree_pack() gives up. Was there one?
 */
bool tree_nop_prop(struct tree *t, int node, const char *name);

/* Removes a node that is there, in the same way. */
void tree_nop_node(struct tree *t, int node);

/* Adds a reservation to the header's, unless one of them has all of r: 16 bytes must be free.
 * Errors: FAIL_TREE.
 */
bool tree_add_reservation(struct tree *t, struct range r, struct error *e);

/* Removes those of the header's that lie in `within` and overlap `old`. */
void tree_drop_reservations(struct tree *t, struct range within, struct range old);

/* Writes r, which is not empty, in the place of the header's i-th reservation, which is there. */
void tree_set_reservation(struct tree *t, size_t i, struct range r);

#endif
