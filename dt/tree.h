/* A flattened device tree that may be edited: libfdt with our errors and limits.
 *
 * Every blob from outside goes through tree_check() once; after that libfdt's own accessors keep
 * inside it. Format: devicetree.org, "Devicetree Specification" chapter 5.
 */
#ifndef TREE_H
#define TREE_H

#include "../src/error.h"
#include "../src/range.h"
#include "../src/span.h"

/* A tree larger than this is refused before memory is taken for it. */
#define TREE_MAX (64u << 20)

/* From the first TREE_HEADER bytes of a blob: how many of its bytes carry anything (firmware likes
 * to pad: QEMU's 8 KiB of tree come in a blob of 1 MiB) and the size it says it has. `from` names
 * the tree in errors. Errors: FAIL_TREE when it is no device tree or larger than TREE_MAX.
 */
#define TREE_HEADER 40
bool tree_extent(struct span head, const char *from, size_t *used, size_t *total, struct error *e);

/* Makes a blob that was read up to its `used` bytes whole again: it now says that size. */
void tree_shorten(uint8_t *blob, size_t used);

/* Is the whole blob sound? Errors: FAIL_TREE. */
bool tree_check(struct span blob, const char *from, struct error *e);

struct tree {
	uint8_t *blob;	  /* malloc'd */
	const char *from; /* borrowed: names it in errors */
};

/* A copy of a checked blob with `slack` bytes of room for edits. End it with tree_free(). */
bool tree_open(struct tree *t, struct span blob, size_t slack, const char *from, struct error *e);

/* Gives up the room that is left, and what was nopped. Returns the finished bytes, owned by the
 * tree. */
bool tree_pack(struct tree *t, struct span *out, struct error *e);
/* Gives it more room again, which becomes a part of it. Errors: FAIL_MEMORY. */
bool tree_grow(struct tree *t, size_t more, struct span *out, struct error *e);
void tree_free(struct tree *t);

/* The failure that libfdt's (negative) answer stands for, as "WHAT in the device tree FROM: ...".
 */
bool tree_fail(const char *from, const char *what, int fdt_error, struct error *e);

/* Adds a reservation to the header's, unless one of them has all of r: there must be 16 bytes of
 * room. Errors: FAIL_TREE.
 */
bool tree_reserve(struct tree *t, struct range r, struct error *e);

/* An address in a property: a number of 4 or 8 bytes, whichever its length says (firmware of
 * powernv writes 4). False when the property is absent or of another length.
 */
bool tree_address(const void *fdt, int node, const char *name, uint64_t *v);

/* Of a checked tree, the root's child behind this one, or its first one behind 0; or
 * -FDT_ERR_NOTFOUND.
 */
int tree_next_child(const void *fdt, int node);

/* Has the node of a checked tree a property of this name that is just this string? */
bool tree_says(const void *fdt, int node, const char *name, const char *value);

/* The node /NAME of a checked tree, or -FDT_ERR_NOTFOUND: fdt_path_offset() at a third of the cost,
 * which is most of what a plan costs.
 */
int tree_child(const void *fdt, const char *name);

/* May any node of a checked tree have a property of this name? False is certain, and far cheaper
 * than asking each node.
 */
bool tree_may_have(const void *fdt, const char *property);

/* Is /hypervisor a Xen? Has any CPU the enable-method spin-table? */
bool tree_is_xen(const void *fdt);
bool tree_has_spin_table(const void *fdt);

/* The (address, size) pairs of a property such as `reg`, in the cells of `parent`: none when the
 * property is absent or the cells are not 1 or 2. A pair that wraps ends at the top; bytes behind
 *the last whole pair are not looked at.
 *
 *	for (tree_pairs_of(&p, fdt, parent, node, "reg"); tree_next_pair(&p, &r);)
 */
struct tree_pairs {
	struct span bytes;
	uint64_t at;
	int address, size; /* cells */
};

void tree_pairs_of(struct tree_pairs *p, const void *fdt, int parent, int node, const char *name);
bool tree_next_pair(struct tree_pairs *p, struct range *r);

#endif
