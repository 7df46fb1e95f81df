/* SPDX-License-Identifier: MIT */
#include "dt/tree.h"

#include "src/base/strbuf.h"
#include "dt/tags.h"

#include <libfdt.h>
#include <stdlib.h>
#include <string.h>

bool tree_fail(const char *from, const char *what, int fdt_error, struct error *e)
{
	char show[PRINTABLE_MAX];

	return fail(e, FAIL_TREE, "%s the device tree: %s: %s", what, fdt_strerror(fdt_error),
		    printable(show, from));
}

void tree_set_size(uint8_t *blob, size_t used)
{
	fdt_set_totalsize(blob, (uint32_t)used);
}

bool tree_open(struct tree *t, struct span blob, size_t slack, const char *from, struct error *e)
{
	size_t size = fdt_totalsize(blob.p) + slack;
	int err;

	*t = (struct tree){ .blob = malloc(size), .from = from };
	if (!t->blob)
		return fail_memory(e);
	err = fdt_open_into(blob.p, t->blob, (int)size);
	if (err)
		return tree_fail(from, "open", err, e);
	return true;
}

/* The same bytes, to be written. */
static uint8_t *own(struct tree *t, const uint8_t *p)
{
	return t->blob + (p - t->blob);
}

int tree_setprop(struct tree *t, int node, const char *name, const void *value, size_t len)
{
	const struct span s = tree_getprop(t->blob, node, name);

	if (!s.p || s.len != len)
		return fdt_setprop(t->blob, node, name, value, (int)len);
	if (len)
		memcpy(own(t, s.p), value, len);
	return 0;
}

static uint8_t *put_cells(uint8_t *p, uint32_t cells, uint64_t v)
{
	if (cells == 2)
		put_be32(p, (uint32_t)(v >> 32));
	put_be32(p + 4 * (cells - 1), (uint32_t)v);
	return p + 4 * cells;
}

int tree_check_pair(const void *fdt, struct range r)
{
	const uint32_t cells = tree_address_cells(fdt, 0), sizes = tree_size_cells(fdt, 0);

	if (cells < 1 || cells > 2 || sizes < 1 || sizes > 2)
		return -FDT_ERR_BADNCELLS;
	if ((cells == 1 && r.start > UINT32_MAX) || (sizes == 1 && r.end - r.start > UINT32_MAX))
		return -FDT_ERR_BADVALUE;
	return 0;
}

int tree_set_pairs(struct tree *t, int node, const char *name, const struct range *r, size_t n)
{
	const uint32_t cells = tree_address_cells(t->blob, 0), sizes = tree_size_cells(t->blob, 0);
	void *value;
	uint8_t *p;
	int err = 0;
	size_t i;

	for (i = 0; i < n && !err; i++)
		err = tree_check_pair(t->blob, r[i]);
	if (err)
		return err;
	err = fdt_setprop_placeholder(t->blob, node, name, (int)(n * 4 * (cells + sizes)), &value);
	for (p = value, i = 0; !err && i < n; i++) {
		p = put_cells(p, cells, r[i].start);
		p = put_cells(p, sizes, r[i].end - r[i].start);
	}
	return err;
}

void tree_nop_node(struct tree *t, int node)
{
	fdt_nop_node(t->blob, node);
}

bool tree_nop_prop(struct tree *t, int node, const char *name)
{
	bool had = false;
	struct span s;
	uint8_t *p, *end;

	while ((s = tree_getprop(t->blob, node, name)).p) {
		end = own(t, s.p) + padded(s.len);
		for (p = own(t, s.p) - 3 * FDT_TAGSIZE; p < end; p += FDT_TAGSIZE)
			put_be32(p, FDT_NOP);
		had = true;
	}
	return had;
}

/* Removes NOPs: the kernel turns seeds into them, and each kexec would add some more. */
static void drop_nops(uint8_t *fdt)
{
	uint8_t *const block = fdt + fdt_off_dt_struct(fdt);
	const uint8_t *at = block, *from = block; /* from here to `at` all stays */
	uint8_t *to = block;
	uint32_t tag;

	do {
		tag = word(at);
		if (tag == FDT_NOP || tag == FDT_END) {
			memmove(to, from, (size_t)(at - from));
			to += at - from;
			from = at + FDT_TAGSIZE;
		}
		at = skip(at + FDT_TAGSIZE, tag);
	} while (tag != FDT_END);
	put_be32(to, FDT_END);
	fdt_set_size_dt_struct(fdt, (uint32_t)(to - block) + FDT_TAGSIZE);
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

void tree_set_reservation(struct tree *t, size_t i, struct range r)
{
	uint8_t *p = t->blob + fdt_off_mem_rsvmap(t->blob) + 16 * i;

	put_be64(p, r.start);
	put_be64(p + 8, r.end - r.start);
}

void tree_drop_reservations(struct tree *t, struct range within, struct range old)
{
	size_t i = tree_reservations(t->blob), next;
	struct range r;

	/* backwards: deleting one renumbers those after it */
	while (i-- > 0) {
		next = i;
		tree_next_reserved(t->blob, &next, &r);
		if (range_within(r, within) && range_overlaps(r, old))
			fdt_del_mem_rsv(t->blob, (int)i);
	}
}

bool tree_add_reservation(struct tree *t, struct range r, struct error *e)
{
	int err;

	if (tree_reserves(t->blob, r))
		return true;
	err = fdt_add_mem_rsv(t->blob, r.start, r.end - r.start);
	return !err || tree_fail(t->from, "write", err, e);
}
