/* Reading a flattened device tree.
 *
 * Every blob from outside, and every plan's from the child that made it, goes through tree_check()
 * or tree_validate() once. What is below then takes its word for everything: no offset or length is
 * looked at again, which libfdt's accessors do for each word, at ten times the cost. libfdt writes
 * (tree.h); what it has written is as sound. Format: devicetree.org, "Devicetree Specification"
 * chapter 5, version 17, and 16, which does not log_print how long its structure is.
 *
 * A node is the offset of its FDT_BEGIN_NODE in the structure, as for libfdt: 0 is the root.
 */
#ifndef READ_H
#define READ_H

#include "src/base/error.h"
#include "src/base/range.h"
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

/* The first child of a node, and the sibling behind a node; -FDT_ERR_NOTFOUND when there is none,
 * and for a node below 0.
 */
int tree_first_child(const void *fdt, int node);
int tree_next_sibling(const void *fdt, int node);
#define tree_for_each_child(child, fdt, node)                                                      \
	for ((child) = tree_first_child(fdt, node); (child) >= 0;                                  \
	     (child) = tree_next_sibling(fdt, child))

/* The node behind this one in the order of the structure, whose depth below the root *depth
 * follows; or -FDT_ERR_NOTFOUND.
 */
int tree_next_node(const void *fdt, int node, int *depth);

/* The node /NAME, or -FDT_ERR_NOTFOUND. */
int tree_root_child(const void *fdt, const char *name);

/* The value of a property, in the tree, or { NULL, 0 }: for a node below 0 too. */
struct span tree_getprop(const void *fdt, int node, const char *name);

/* Has the node a property of this name that is just this string? That has it among its strings? */
bool tree_prop_equals(const void *fdt, int node, const char *name, const char *value);
bool tree_stringlist_has(const void *fdt, int node, const char *name, const char *value);

/* May any node have a property of this name? False is certain, and far cheaper than asking each
 * node.
 */
bool tree_may_have_prop(const void *fdt, const char *property);

/* An address in a property: a number of 4 or 8 bytes, whichever its length says (firmware of
 * powernv writes 4). False when the property is absent or of another length.
 */
bool tree_address(const void *fdt, int node, const char *name, uint64_t *v);

/* The number in a property such as #address-cells, which is 2 or 1 where the tree does not
 * log_print. */
uint32_t tree_address_cells(const void *fdt, int node);
uint32_t tree_size_cells(const void *fdt, int node);

/* The reservation behind the *i-th of the header, which ends at the top where it wraps:
 *
 *	for (i = 0; tree_next_reserved(fdt, &i, &r);)
 */
bool tree_next_reserved(const void *fdt, size_t *i, struct range *r);

/* How many there are. */
size_t tree_reservations(const void *fdt);

/* Is /hypervisor a Xen? Has any CPU the enable-method spin-table? */
bool tree_is_xen(const void *fdt);
bool tree_has_spin_table(const void *fdt);

/* The (address, size) pairs of a property such as `reg`, in the cells of `parent`: none when the
 * property is absent or the cells are not 1 or 2. A pair that wraps ends at the top; bytes behind
 * the last whole pair are not looked at.
 *
 *	for (tree_pairs_of(&p, fdt, parent, node, "reg"); tree_next_pair(&p, &r);)
 */
struct tree_pairs {
	struct span bytes;
	uint64_t at;
	uint32_t address, size; /* cells */
};

void tree_pairs_of(struct tree_pairs *p, const void *fdt, int parent, int node, const char *name);
bool tree_next_pair(struct tree_pairs *p, struct range *r);

#endif
