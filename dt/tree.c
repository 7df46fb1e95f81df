#include "tree.h"

#include "../src/text.h"

#include <libfdt.h>
#include <stdlib.h>
#include <string.h>

bool tree_fail(const char *from, const char *what, int fdt_error, struct error *e)
{
	char show[NAME_TEXT];

	return fail(e, FAIL_TREE, "%s device tree %s: %s", what, name_text(show, from),
		    fdt_strerror(fdt_error));
}

/* The end of the block [off, off + len), or 0 when it leaves the tree. */
static size_t block_end(size_t total, uint32_t off, uint32_t len)
{
	return off <= total && len <= total - off ? (size_t)off + len : 0;
}

bool tree_extent(struct span head, const char *from, size_t *used, size_t *total, struct error *e)
{
	const void *fdt = head.p;
	size_t structs, strings;

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
	strings = block_end(*total, fdt_off_dt_strings(fdt), fdt_size_dt_strings(fdt));
	if (structs && strings)
		*used = structs > strings ? structs : strings;
	return true;
}

void tree_shorten(uint8_t *blob, size_t used)
{
	fdt_set_totalsize(blob, (uint32_t)used);
}

static uint32_t word(const void *p)
{
	return fdt32_ld(p);
}

/* Passes over what belongs to a tag; p is behind that. */
static const char *skip(const char *p, uint32_t tag)
{
	if (tag == FDT_BEGIN_NODE)
		return p + round_up(strlen(p) + 1, FDT_TAGSIZE);
	if (tag == FDT_PROP)
		return p + 2 * FDT_TAGSIZE + round_up(word(p), FDT_TAGSIZE);
	return p;
}

/* Of a tree that fdt_check_full() finds sound. It adds up a property's length in an int: near 4 GiB
 * that goes round and comes out right behind, and who believes the length reads what is not there.
 * Up to the first such length the tree is as it says.
 */
static bool has_sound_lengths(const void *fdt)
{
	const char *p = (const char *)fdt + fdt_off_dt_struct(fdt);
	uint32_t tag;

	do {
		tag = word(p);
		p += FDT_TAGSIZE;
		if (tag == FDT_PROP && word(p) > fdt_totalsize(fdt))
			return false;
		p = skip(p, tag);
	} while (tag != FDT_END);
	return true;
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
	/* libfdt reads the structure as words, reservations as double words, and takes a tree
	 * without a node for sound */
	if (fdt_off_dt_struct(blob.p) % 4 || fdt_off_mem_rsvmap(blob.p) % 8)
		return fail(e, FAIL_TREE, "use device tree %s: its structure is not aligned", from);
	/* before 16 properties were padded in another way, on which fdt_check_full() itself
	 * stumbles
	 */
	err = fdt_version(blob.p) < 16 ? -FDT_ERR_BADVERSION : fdt_check_full(blob.p, blob.len);
	if (!err && (!has_sound_lengths(blob.p) || !fdt_get_name(blob.p, 0, NULL)))
		err = -FDT_ERR_BADSTRUCTURE;
	if (err)
		return tree_fail(from, "use", err, e);
	return true;
}

bool tree_open(struct tree *t, struct span blob, size_t slack, const char *from, struct error *e)
{
	size_t size = fdt_totalsize(blob.p) + slack;
	int err;

	*t = (struct tree){ .blob = malloc(size), .from = from };
	if (!t->blob)
		return fail_memory(e);
	err = fdt_open_into(blob.p, t->blob, (int)size);
	/* of version 16 libfdt reads names behind the strings, which it does not copy */
	if (!err && fdt_version(blob.p) < 17)
		err = fdt_check_full(t->blob, size);
	if (err)
		return tree_fail(from, "open", err, e);
	return true;
}

/* Takes out what was nopped: the kernel does that to seeds, and each kexec would add some more. */
static void drop_nops(uint8_t *fdt)
{
	uint8_t *block = fdt + fdt_off_dt_struct(fdt);
	int at = 0, next = 0, to = 0;
	uint32_t tag;

	do {
		tag = fdt_next_tag(fdt, at, &next);
		if (next < 0)
			return;
		if (tag != FDT_NOP) {
			memmove(block + to, block + at, (size_t)(next - at));
			to += next - at;
		}
		at = next;
	} while (tag != FDT_END);
	fdt_set_size_dt_struct(fdt, (uint32_t)to);
}

bool tree_pack(struct tree *t, struct span *out, struct error *e)
{
	int err;

	drop_nops(t->blob);
	err = fdt_pack(t->blob);

	if (err)
		return tree_fail(t->from, "pack", err, e);
	*out = (struct span){ t->blob, fdt_totalsize(t->blob) };
	return true;
}

bool tree_grow(struct tree *t, size_t more, struct span *out, struct error *e)
{
	const size_t old = fdt_totalsize(t->blob);
	uint8_t *blob =
		old > TREE_MAX || more > TREE_MAX - old ? NULL : realloc(t->blob, old + more);

	if (!blob)
		return fail_memory(e);
	memset(blob + old, 0, more);
	t->blob = blob;
	fdt_set_totalsize(blob, (uint32_t)(old + more));
	*out = (struct span){ blob, old + more };
	return true;
}

void tree_free(struct tree *t)
{
	free(t->blob);
	t->blob = NULL;
}

bool tree_address(const void *fdt, int node, const char *name, uint64_t *v)
{
	struct span s;
	uint32_t word;
	int len;

	s.p = fdt_getprop(fdt, node, name, &len);
	if (!s.p)
		return false;
	s.len = (size_t)len;
	if (s.len == 8)
		return span_be64(s, 0, v);
	if (s.len != 4 || !span_be32(s, 0, &word))
		return false;
	*v = word;
	return true;
}

int tree_next_child(const void *fdt, int node)
{
	const char *block = (const char *)fdt + fdt_off_dt_struct(fdt), *p = block + node, *at;
	const int level = node ? 0 : 1; /* of what is sought, from in front of the node */
	int depth = 0;
	uint32_t tag;

	do {
		at = p;
		tag = word(p);
		p += FDT_TAGSIZE;
		if (tag == FDT_BEGIN_NODE && depth++ == level && at != block + node)
			return (int)(at - block);
		if (tag == FDT_END_NODE)
			depth--;
		p = skip(p, tag);
	} while (tag != FDT_END && depth >= 0);
	return -FDT_ERR_NOTFOUND;
}

bool tree_says(const void *fdt, int node, const char *name, const char *value)
{
	const char *p = (const char *)fdt + fdt_off_dt_struct(fdt) + node;
	const char *names = (const char *)fdt + fdt_off_dt_strings(fdt);
	uint32_t tag = FDT_BEGIN_NODE;

	do {
		p = skip(p + FDT_TAGSIZE, tag);
		tag = word(p);
		if (tag == FDT_PROP && word(p + FDT_TAGSIZE) == strlen(value) + 1 &&
		    memcmp(p + 3 * FDT_TAGSIZE, value, strlen(value) + 1) == 0 &&
		    strcmp(names + word(p + 2 * FDT_TAGSIZE), name) == 0)
			return true;
	} while (tag == FDT_PROP || tag == FDT_NOP);
	return false;
}

int tree_child(const void *fdt, const char *name)
{
	const char *block = (const char *)fdt + fdt_off_dt_struct(fdt);
	int node = tree_next_child(fdt, 0);

	while (node >= 0 && strcmp(block + node + FDT_TAGSIZE, name) != 0)
		node = tree_next_child(fdt, node);
	return node;
}

bool tree_reserve(struct tree *t, struct range r, struct error *e)
{
	uint64_t start, size;
	int i, err;

	for (i = 0; i < fdt_num_mem_rsv(t->blob); i++)
		if (fdt_get_mem_rsv(t->blob, i, &start, &size) == 0 && start <= r.start &&
		    r.start - start <= size && r.end - start <= size)
			return true;
	err = fdt_add_mem_rsv(t->blob, r.start, r.end - r.start);
	return !err || tree_fail(t->from, "write reservations of", err, e);
}

bool tree_may_have(const void *fdt, const char *property)
{
	const struct span names = { (const uint8_t *)fdt + fdt_off_dt_strings(fdt),
				    fdt_size_dt_strings(fdt) };

	return span_find(names, property, NULL);
}

bool tree_is_xen(const void *fdt)
{
	int node = tree_child(fdt, "hypervisor");

	return node >= 0 && fdt_node_check_compatible(fdt, node, "xen,xen") == 0;
}

bool tree_has_spin_table(const void *fdt)
{
	static const char method[] = "spin-table";
	int cpus = tree_child(fdt, "cpus"), node, len;
	const char *p;

	fdt_for_each_subnode(node, fdt, cpus)
	{
		p = fdt_getprop(fdt, node, "enable-method", &len);
		if (p && len == sizeof(method) && memcmp(p, method, sizeof(method)) == 0)
			return true;
	}
	return false;
}

void tree_pairs_of(struct tree_pairs *p, const void *fdt, int parent, int node, const char *name)
{
	int len;

	*p = (struct tree_pairs){ 0 };
	p->bytes.p = fdt_getprop(fdt, node, name, &len);
	p->address = fdt_address_cells(fdt, parent);
	p->size = fdt_size_cells(fdt, parent);
	if (p->bytes.p && p->address >= 1 && p->address <= 2 && p->size >= 1 && p->size <= 2)
		p->bytes.len = (size_t)len;
}

static bool next_number(struct tree_pairs *p, int cells, uint64_t *v)
{
	uint32_t cell;

	for (*v = 0; cells; cells--, p->at += 4) {
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
