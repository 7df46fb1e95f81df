#include "dt/read.h"

#include "dt/tags.h"
#include "dt/tree.h"

static const uint8_t *structure(const void *fdt)
{
	return (const uint8_t *)fdt + fdt_off_dt_struct(fdt);
}

static const char *strings(const void *fdt)
{
	return (const char *)fdt + fdt_off_dt_strings(fdt);
}

/* ---- a blob that is not known to be sound */

/* The end of the block [off, off + len), or 0 when it leaves the tree. */
static size_t block_end(size_t total, uint32_t off, uint32_t len)
{
	return off <= total && len <= total - off ? (size_t)off + len : 0;
}

bool tree_extent(struct span head, const char *from, size_t *used, size_t *total, struct error *e)
{
	const void *fdt = head.p;
	size_t structs, names;

	if (head.len < TREE_HEADER || fdt_magic(fdt) != FDT_MAGIC)
		return fail(e, FAIL_TREE, "use device tree %s: it is not a device tree blob", from);
	*total = fdt_totalsize(fdt);
	if (*total < TREE_HEADER || *total > TREE_MAX)
		return fail(e, FAIL_TREE, "use device tree %s: its size of %zu bytes is not sound",
			    from, *total);
	*used = *total;
	if (fdt_version(fdt) < 17 || fdt_off_mem_rsvmap(fdt) > fdt_off_dt_struct(fdt))
		return true;
	structs = block_end(*total, fdt_off_dt_struct(fdt), fdt_size_dt_struct(fdt));
	names = block_end(*total, fdt_off_dt_strings(fdt), fdt_size_dt_strings(fdt));
	if (structs && names)
		*used = structs > names ? structs : names;
	return true;
}

/* A block behind the header and inside the blob. */
static bool has_block(struct span blob, size_t off, size_t len, struct span *out)
{
	return off >= TREE_HEADER && span_sub(blob, off, len, out);
}

bool tree_has_reserved(struct span start)
{
	uint64_t off = fdt_off_mem_rsvmap(start.p), size;

	if (off < TREE_HEADER)
		return false;
	do
		if (!span_be64(start, off + 8, &size))
			return false;
	while (off += 16, size);
	return true;
}

/* Passes over n bytes and what pads them. */
static bool pass(struct span *s, size_t n)
{
	n = padded(n);
	if (n > s->len)
		return false;
	s->p += n;
	s->len -= n;
	return true;
}

static int check_property(struct span *s, struct span names)
{
	uint32_t len;

	if (s->len < 2 * FDT_TAGSIZE)
		return -FDT_ERR_BADSTRUCTURE;
	len = word(s->p);
	if (word(s->p + FDT_TAGSIZE) >= names.len)
		return -FDT_ERR_BADOFFSET;
	return pass(s, 2 * FDT_TAGSIZE + (size_t)len) ? 0 : -FDT_ERR_BADSTRUCTURE;
}

/* Only the root has no name. */
static int check_name(struct span *s, bool is_root)
{
	const size_t len = strnlen((const char *)s->p, s->len);

	return len < s->len && !(is_root && len) && pass(s, len + 1) ? 0 : -FDT_ERR_BADSTRUCTURE;
}

/* One node, the root, with all that is in it, and the end. Names are offsets below names.len, whose
 * last byte is 0.
 */
static int check_structure(struct span s, struct span names)
{
	uint32_t tag, before = FDT_NOP;
	size_t depth = 0;
	int err = 0;

	for (; !err; before = tag) {
		if (s.len < FDT_TAGSIZE)
			return -FDT_ERR_TRUNCATED;
		tag = word(s.p);
		pass(&s, FDT_TAGSIZE);
		if (tag == FDT_END && before == FDT_END_NODE && !depth)
			return 0;
		if (tag == FDT_BEGIN_NODE && (depth || before == FDT_NOP))
			err = check_name(&s, !depth++);
		else if (tag == FDT_PROP && depth)
			err = check_property(&s, names);
		else if (tag == FDT_END_NODE && depth)
			depth--;
		else if (tag != FDT_NOP || !depth)
			err = -FDT_ERR_BADSTRUCTURE;
	}
	return err;
}

int tree_validate(struct span blob)
{
	const void *fdt = blob.p;
	struct span block, names;
	size_t off;

	if (blob.len < TREE_HEADER || fdt_magic(fdt) != FDT_MAGIC)
		return -FDT_ERR_BADMAGIC;
	if (fdt_totalsize(fdt) > blob.len)
		return -FDT_ERR_TRUNCATED;
	blob.len = fdt_totalsize(fdt);
	if (fdt_version(fdt) < 16 || fdt_last_comp_version(fdt) > 17 ||
	    fdt_last_comp_version(fdt) > fdt_version(fdt))
		return -FDT_ERR_BADVERSION;
	off = fdt_off_dt_struct(fdt);
	if (off % FDT_TAGSIZE || fdt_off_mem_rsvmap(fdt) % 8)
		return -FDT_ERR_ALIGNMENT;
	if (!has_block(blob, off, fdt_version(fdt) > 16 ? fdt_size_dt_struct(fdt) : blob.len - off,
		       &block) ||
	    !has_block(blob, fdt_off_dt_strings(fdt), fdt_size_dt_strings(fdt), &names) ||
	    !tree_has_reserved(blob))
		return -FDT_ERR_TRUNCATED;
	while (names.len && names.p[names.len - 1])
		names.len--;
	return check_structure(block, names);
}

bool tree_check(struct span blob, const char *from, struct error *e)
{
	size_t used, total = 0;
	int err;

	if (!tree_extent(blob, from, &used, &total, e))
		return false;
	if (blob.len < total)
		return fail(e, FAIL_TREE, "use device tree %s: it is cut short (%zu of %zu bytes)",
			    from, blob.len, total);
	err = tree_validate(blob);
	if (err == -FDT_ERR_ALIGNMENT)
		return fail(e, FAIL_TREE, "use device tree %s: its structure is not aligned", from);
	return !err || tree_fail(from, "use", err, e);
}

/* ---- a sound tree */

int tree_next_node(const void *fdt, int node, int *depth)
{
	const uint8_t *p = structure(fdt) + node;
	uint32_t tag = FDT_BEGIN_NODE;

	do {
		p = skip(p + FDT_TAGSIZE, tag);
		tag = word(p);
		*depth += tag == FDT_BEGIN_NODE ? 1 : tag == FDT_END_NODE ? -1 : 0;
	} while (tag != FDT_BEGIN_NODE && tag != FDT_END);
	return tag == FDT_END ? -FDT_ERR_NOTFOUND : (int)(p - structure(fdt));
}

/* The node that begins where `depth` nodes, this one first, have ended, or the first sibling of it
 * that has this name.
 */
static int find_node(const void *fdt, int node, int depth, const char *name)
{
	const uint8_t *p = structure(fdt) + node;
	uint32_t tag = FDT_BEGIN_NODE;

	while (node >= 0 && depth >= 0) {
		p = skip(p + FDT_TAGSIZE, tag);
		tag = word(p);
		if (tag == FDT_BEGIN_NODE && depth++ == 0 &&
		    (!name || strcmp((const char *)p + FDT_TAGSIZE, name) == 0))
			return (int)(p - structure(fdt));
		if (tag == FDT_END_NODE || tag == FDT_END)
			depth--;
	}
	return -FDT_ERR_NOTFOUND;
}

int tree_first_child(const void *fdt, int node)
{
	return find_node(fdt, node, 0, NULL);
}

int tree_next_sibling(const void *fdt, int node)
{
	return find_node(fdt, node, 1, NULL);
}

int tree_root_child(const void *fdt, const char *name)
{
	return find_node(fdt, 0, 0, name);
}

struct span tree_getprop(const void *fdt, int node, const char *name)
{
	const uint8_t *p = structure(fdt) + node;
	const char *names = strings(fdt);
	uint32_t tag = FDT_BEGIN_NODE;

	while (node >= 0) {
		p = skip(p + FDT_TAGSIZE, tag);
		tag = word(p);
		if (tag == FDT_PROP && strcmp(names + word(p + 2 * FDT_TAGSIZE), name) == 0)
			return (struct span){ p + 3 * FDT_TAGSIZE, word(p + FDT_TAGSIZE) };
		if (tag != FDT_PROP && tag != FDT_NOP)
			break;
	}
	return (struct span){ NULL, 0 };
}

bool tree_prop_equals(const void *fdt, int node, const char *name, const char *value)
{
	const struct span s = tree_getprop(fdt, node, name);

	return span_equal_at(s, 0, value, strlen(value) + 1) && s.len == strlen(value) + 1;
}

bool tree_stringlist_has(const void *fdt, int node, const char *name, const char *value)
{
	struct span s = tree_getprop(fdt, node, name);
	size_t n;

	for (; s.p && s.len; s = (struct span){ s.p + n, s.len - n }) {
		n = strnlen((const char *)s.p, s.len - 1) + 1;
		if (span_equal_at(s, 0, value, strlen(value) + 1))
			return true;
	}
	return false;
}

bool tree_may_have_prop(const void *fdt, const char *property)
{
	const struct span names = { (const uint8_t *)strings(fdt), fdt_size_dt_strings(fdt) };

	return span_find(names, property, NULL);
}

bool tree_address(const void *fdt, int node, const char *name, uint64_t *v)
{
	const struct span s = tree_getprop(fdt, node, name);

	if (s.len == 8)
		return span_be64(s, 0, v);
	if (s.len == 4)
		*v = word(s.p);
	return s.len == 4;
}

static uint32_t cells(const void *fdt, int node, const char *name, uint32_t otherwise)
{
	const struct span s = tree_getprop(fdt, node, name);

	if (!s.p)
		return otherwise;
	return s.len == 4 ? word(s.p) : UINT32_MAX;
}

uint32_t tree_address_cells(const void *fdt, int node)
{
	return cells(fdt, node, "#address-cells", 2);
}

uint32_t tree_size_cells(const void *fdt, int node)
{
	return cells(fdt, node, "#size-cells", 1);
}

bool tree_next_reserved(const void *fdt, size_t *i, struct range *r)
{
	const uint8_t *p = (const uint8_t *)fdt + fdt_off_mem_rsvmap(fdt) + 16 * (*i)++;
	const struct span s = { p, 16 };
	uint64_t size;

	span_be64(s, 8, &size);
	if (!size)
		return false;
	*r = (struct range){ 0 };
	span_be64(s, 0, &r->start);
	if (__builtin_add_overflow(r->start, size, &r->end))
		r->end = UINT64_MAX;
	return true;
}

size_t tree_reservations(const void *fdt)
{
	struct range r;
	size_t n = 0;

	while (tree_next_reserved(fdt, &n, &r))
		;
	return n - 1;
}

bool tree_is_xen(const void *fdt)
{
	return tree_stringlist_has(fdt, tree_root_child(fdt, "hypervisor"), "compatible",
				   "xen,xen");
}

bool tree_has_spin_table(const void *fdt)
{
	int node;

	tree_for_each_child(
		node, fdt,
		tree_root_child(fdt, "cpus")) if (tree_prop_equals(fdt, node, "enable-method",
								   "spin-table")) return true;
	return false;
}

void tree_pairs_of(struct tree_pairs *p, const void *fdt, int parent, int node, const char *name)
{
	*p = (struct tree_pairs){ .bytes = tree_getprop(fdt, node, name) };
	if (!p->bytes.len)
		return;
	p->address = tree_address_cells(fdt, parent);
	p->size = tree_size_cells(fdt, parent);
	if (p->address < 1 || p->address > 2 || p->size < 1 || p->size > 2)
		p->bytes.len = 0;
}

static bool next_number(struct tree_pairs *p, uint32_t n, uint64_t *v)
{
	uint32_t cell;

	for (*v = 0; n; n--, p->at += 4) {
		if (!span_be32(p->bytes, p->at, &cell))
			return false;
		*v = *v << 32 | cell;
	}
	return true;
}

bool tree_next_pair(struct tree_pairs *p, struct range *r)
{
	uint64_t size;

	if (!p->bytes.len || !next_number(p, p->address, &r->start) ||
	    !next_number(p, p->size, &size))
		return false;
	if (__builtin_add_overflow(r->start, size, &r->end))
		r->end = UINT64_MAX;
	return true;
}
