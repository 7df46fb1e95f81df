/* SPDX-License-Identifier: MIT */
/* Reading a flattened device tree that tree_check() found sound, or that tree.h has written: the
 * one way to read trees here. libfdt writes trees, and applies overlays. Its accessors look at each
 * offset and length again: with those of 1.8.1 in place of these, planning on a small pseries takes
 * 4.9 million instructions and not 0.9, where a whole load takes 11 to 21 million.
 *
 * A node is the offset of its FDT_BEGIN_NODE in the structure, as for libfdt: 0 is the root.
 * Functions that take a node take one below 0, and find nothing there.
 */
#ifndef READ_H
#define READ_H

#include "src/base/range.h"
#include "src/base/span.h"

#include <stdbool.h>
#include <string.h>

/* The first child of a node, and the sibling after a node; -FDT_ERR_NOTFOUND when there is none. */
int tree_first_child(const void *fdt, int node);
int tree_next_sibling(const void *fdt, int node);
#define tree_for_each_child(child, fdt, node)                                                      \
	for ((child) = tree_first_child(fdt, node); (child) >= 0;                                  \
	     (child) = tree_next_sibling(fdt, child))

/* The node after this one in the order of the structure, whose depth below the root *depth follows;
 * or -FDT_ERR_NOTFOUND.
 */
int tree_next_node(const void *fdt, int node, int *depth);

/* The child of that name, by the rule of libfdt and so of kernels: the first one that has just this
 * name, or this name and an @ and more where the name has no @. Or -FDT_ERR_NOTFOUND.
 */
int tree_child(const void *fdt, int node, const char *name, size_t name_len);
int tree_root_child(const void *fdt, const char *name);

/* The node with a path of that length, which may begin with an alias; or -FDT_ERR_NOTFOUND. */
int tree_path(const void *fdt, const char *path, size_t len);

/* Of a node that is there. */
const char *tree_name(const void *fdt, int node);

/* All properties of a node:
 *
 *	for (tree_props_of(&p, fdt, node); tree_next_prop(&p);)
 */
struct tree_props {
	const char *name;
	struct span value; /* in the tree */
	const uint8_t *at;
	const char *strings;
	uint32_t tag;
};

void tree_props_of(struct tree_props *p, const void *fdt, int node);
bool tree_next_prop(struct tree_props *p);

/* The value of a property, in the tree, or { NULL, 0 }. */
struct span tree_getprop_namelen(const void *fdt, int node, const char *name, size_t name_len);
static inline struct span tree_getprop(const void *fdt, int node, const char *name)
{
	return tree_getprop_namelen(fdt, node, name, strlen(name));
}

/* Takes the first string off the rest of a property that is a list of them: NULL at its end, and
 * when the string has none.
 */
const char *tree_next_string(struct span *rest);

/* The first string of a property; NULL when it is absent or has none. */
const char *tree_string(const void *fdt, int node, const char *name);

/* Has the node a property of this name that is just this string? That has it among its strings? */
bool tree_prop_equals(const void *fdt, int node, const char *name, const char *value);
bool tree_stringlist_has(const void *fdt, int node, const char *name, const char *value);

/* May any node have a property of this name? False is certain, and this costs far less than
 * asking each node.
 */
bool tree_may_have_prop(const void *fdt, const char *property);

/* An address in a property: a number of 4 or 8 bytes, whichever its length says (firmware of
 * powernv writes 4). False when the property is absent or of another length.
 */
bool tree_address(const void *fdt, int node, const char *name, uint64_t *v);

/* Does the next kernel heed the node? One whose status is another than okay it passes over
 * (drivers/of/fdt.c, of_fdt_device_is_available).
 */
bool tree_is_available(const void *fdt, int node);

/* The number in #address-cells and #size-cells, which is 1 where the tree does not say: so Linux
 * has it (drivers/of/of_private.h, OF_ROOT_NODE_*_CELLS_DEFAULT), for libfdt the first one is 2.
 */
uint32_t tree_address_cells(const void *fdt, int node);
uint32_t tree_size_cells(const void *fdt, int node);

/* The number that properties refer to a node by, or 0; and the first node of that number, or
 * -FDT_ERR_NOTFOUND.
 */
uint32_t tree_phandle(const void *fdt, int node);
int tree_phandle_node(const void *fdt, uint32_t phandle);

/* The reservation after the *i-th of the header, which ends at the top where it wraps:
 *
 *	for (i = 0; tree_next_reserved(fdt, &i, &r);)
 */
bool tree_next_reserved(const void *fdt, size_t *i, struct range *r);

/* How many there are, and has one of them all of r? */
size_t tree_reservations(const void *fdt);
bool tree_reserves(const void *fdt, struct range r);

/* Has the root no node but /chosen and Xen's? Such a tree says nothing of the machine: ACPI does
 * (arch/arm64/kernel/acpi.c, dt_is_stub()).
 */
bool tree_is_stub(const void *fdt);

/* Is /hypervisor a Xen? Has any CPU the enable-method spin-table? */
bool tree_is_xen(const void *fdt);
bool tree_has_spin_table(const void *fdt);

/* The (address, size) pairs of a property such as `reg`, in the cells of `parent`: none when the
 * property is absent or the cells are not 1 or 2. A pair that wraps ends at the top; bytes after
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
