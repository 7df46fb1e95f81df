/* SPDX-License-Identifier: MIT */
#include "dt/read.h"

#include "dt/tags.h"

static const uint8_t *structure(const void *fdt)
{
	return (const uint8_t *)fdt + fdt_off_dt_struct(fdt);
}

static const char *strings(const void *fdt)
{
	return (const char *)fdt + fdt_off_dt_strings(fdt);
}

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

static bool has_name(const char *full, const char *name, size_t len)
{
	if (strncmp(full, name, len) != 0)
		return false;
	return !full[len] || (full[len] == '@' && !memchr(name, '@', len));
}

/* The node that begins where `depth` nodes, this one first, have ended, or the first sibling of it
 * that has this name. Most of what it passes over are properties, hence the order.
 */
static int find_node(const void *fdt, int node, int depth, const char *name, size_t len)
{
	const uint8_t *p = structure(fdt) + node;
	uint32_t tag;

	if (node < 0)
		return -FDT_ERR_NOTFOUND;
	for (p = skip_name(p + FDT_TAGSIZE); depth >= 0; p = skip(p + FDT_TAGSIZE, tag)) {
		while ((tag = word(p)) == FDT_PROP)
			p += 3 * FDT_TAGSIZE + padded(word(p + FDT_TAGSIZE));
		if (tag == FDT_BEGIN_NODE && depth++ == 0 &&
		    (!name || has_name((const char *)p + FDT_TAGSIZE, name, len)))
			return (int)(p - structure(fdt));
		if (tag == FDT_END_NODE || tag == FDT_END)
			depth--;
	}
	return -FDT_ERR_NOTFOUND;
}

int tree_first_child(const void *fdt, int node)
{
	return find_node(fdt, node, 0, NULL, 0);
}

int tree_next_sibling(const void *fdt, int node)
{
	return find_node(fdt, node, 1, NULL, 0);
}

int tree_child(const void *fdt, int node, const char *name, size_t name_len)
{
	return find_node(fdt, node, 0, name, name_len);
}

int tree_root_child(const void *fdt, const char *name)
{
	return find_node(fdt, 0, 0, name, strlen(name));
}

const char *tree_name(const void *fdt, int node)
{
	return (const char *)structure(fdt) + node + FDT_TAGSIZE;
}

/* Goes down from a node. */
static int walk(const void *fdt, int node, const char *path, size_t len)
{
	const char *slash;
	size_t n;

	for (; len && node >= 0; path += n, len -= n) {
		slash = memchr(path, '/', len);
		n = slash ? (size_t)(slash - path) : len;
		if (n)
			node = tree_child(fdt, node, path, n);
		else
			n = 1;
	}
	return node;
}

int tree_path(const void *fdt, const char *path, size_t len)
{
	const char *slash = memchr(path, '/', len);
	const size_t n = slash ? (size_t)(slash - path) : len;
	struct span alias;
	const char *full;

	if (slash == path)
		return walk(fdt, 0, path, len);
	/* what an alias stands for is no alias, or a tree might lead in circles */
	alias = tree_getprop_namelen(fdt, tree_root_child(fdt, "aliases"), path, n);
	full = tree_next_string(&alias);
	if (!full || *full != '/')
		return -FDT_ERR_NOTFOUND;
	return walk(fdt, walk(fdt, 0, full, strlen(full)), path + n, len - n);
}

void tree_props_of(struct tree_props *p, const void *fdt, int node)
{
	*p = (struct tree_props){ .strings = strings(fdt), .tag = FDT_BEGIN_NODE };
	if (node >= 0)
		p->at = structure(fdt) + node;
}

bool tree_next_prop(struct tree_props *p)
{
	if (!p->at)
		return false;
	do {
		p->at = skip(p->at + FDT_TAGSIZE, p->tag);
		p->tag = word(p->at);
	} while (p->tag == FDT_NOP);
	if (p->tag != FDT_PROP)
		return false;
	p->name = p->strings + word(p->at + 2 * FDT_TAGSIZE);
	p->value = (struct span){ p->at + 3 * FDT_TAGSIZE, word(p->at + FDT_TAGSIZE) };
	return true;
}

struct span tree_getprop_namelen(const void *fdt, int node, const char *name, size_t name_len)
{
	struct tree_props p;

	for (tree_props_of(&p, fdt, node); tree_next_prop(&p);)
		if (strncmp(p.name, name, name_len) == 0 && !p.name[name_len])
			return p.value;
	return (struct span){ NULL, 0 };
}

const char *tree_next_string(struct span *rest)
{
	const char *s = (const char *)rest->p;
	const size_t len = s ? strnlen(s, rest->len) : 0;

	if (len == rest->len)
		return NULL;
	*rest = (struct span){ rest->p + len + 1, rest->len - len - 1 };
	return s;
}

const char *tree_string(const void *fdt, int node, const char *name)
{
	struct span s = tree_getprop(fdt, node, name);

	return tree_next_string(&s);
}

bool tree_prop_equals(const void *fdt, int node, const char *name, const char *value)
{
	const struct span s = tree_getprop(fdt, node, name);
	const size_t len = strlen(value) + 1;

	return s.len == len && memcmp(s.p, value, len) == 0;
}

bool tree_stringlist_has(const void *fdt, int node, const char *name, const char *value)
{
	struct span rest = tree_getprop(fdt, node, name);
	const char *s;

	while ((s = tree_next_string(&rest)))
		if (strcmp(s, value) == 0)
			return true;
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

bool tree_is_available(const void *fdt, int node)
{
	const char *s = tree_string(fdt, node, "status");

	if (!tree_getprop(fdt, node, "status").p)
		return true;
	return s && (strcmp(s, "okay") == 0 || strcmp(s, "ok") == 0);
}

static uint32_t cells(const void *fdt, int node, const char *name)
{
	const struct span s = tree_getprop(fdt, node, name);

	if (!s.p)
		return 1;
	return s.len == 4 ? word(s.p) : UINT32_MAX;
}

uint32_t tree_address_cells(const void *fdt, int node)
{
	return cells(fdt, node, "#address-cells");
}

uint32_t tree_size_cells(const void *fdt, int node)
{
	return cells(fdt, node, "#size-cells");
}

/* Of several the first that is a number, as libfdt has it. */
uint32_t tree_phandle(const void *fdt, int node)
{
	struct span s = tree_getprop(fdt, node, "phandle");

	if (s.len != 4)
		s = tree_getprop(fdt, node, "linux,phandle");
	return s.len == 4 ? word(s.p) : 0;
}

int tree_phandle_node(const void *fdt, uint32_t phandle)
{
	int node = 0, depth = 0;

	while (node >= 0 && tree_phandle(fdt, node) != phandle)
		node = tree_next_node(fdt, node, &depth);
	return node;
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
	r->end = add_to_top(r->start, size);
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

bool tree_reserves(const void *fdt, struct range r)
{
	struct range has;
	size_t i;

	for (i = 0; tree_next_reserved(fdt, &i, &has);)
		if (range_within(r, has))
			return true;
	return false;
}

bool tree_is_stub(const void *fdt)
{
	int node;

	tree_for_each_child(node, fdt, 0)
		if (strcmp(tree_name(fdt, node), "chosen") != 0 &&
		    !tree_stringlist_has(fdt, node, "compatible", "xen,xen"))
			return false;
	return true;
}

bool tree_is_xen(const void *fdt)
{
	return tree_stringlist_has(fdt, tree_root_child(fdt, "hypervisor"), "compatible",
				   "xen,xen");
}

bool tree_has_spin_table(const void *fdt)
{
	int node;

	tree_for_each_child(node, fdt, tree_root_child(fdt, "cpus"))
		if (tree_prop_equals(fdt, node, "enable-method", "spin-table"))
			return true;
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
	r->end = add_to_top(r->start, size);
	return true;
}
