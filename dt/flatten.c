#include "flatten.h"

#include <libfdt.h>
#include <stdlib.h>

/* Doubles the room after libfdt answered that there is none. False: stop, e says why. */
static bool grow(struct flatten *f, int err, struct error *e)
{
	uint8_t *p;

	if (err != -FDT_ERR_NOSPACE)
		return tree_fail(f->from, "read", err, e);
	if (f->cap >= TREE_MAX)
		return fail(e, FAIL_TREE, "read device tree %s: it is larger than 64 MiB", f->from);
	p = malloc(f->cap * 2);
	if (!p)
		return fail_memory(e);
	err = fdt_resize(f->blob, p, (int)(f->cap * 2));
	if (err) {
		free(p);
		return tree_fail(f->from, "read", err, e);
	}
	free(f->blob);
	f->blob = p;
	f->cap *= 2;
	return true;
}

bool flatten_start(struct flatten *f, const char *from, struct error *e)
{
	int err;

	*f = (struct flatten){ .cap = 64 << 10, .from = from };
	f->blob = malloc(f->cap);
	if (!f->blob)
		return fail_memory(e);
	err = fdt_create(f->blob, (int)f->cap);
	return !err || tree_fail(from, "read", err, e);
}

bool flatten_reserve(struct flatten *f, phys start, uint64_t size, struct error *e)
{
	int err;

	while ((err = fdt_add_reservemap_entry(f->blob, start, size)))
		if (!grow(f, err, e))
			return false;
	return true;
}

bool flatten_begin(struct flatten *f, const char *node, struct error *e)
{
	int err = 0;

	if (f->depth >= FLATTEN_DEPTH)
		return fail(e, FAIL_TREE, "read device tree %s: its nodes nest deeper than %u",
			    f->from, FLATTEN_DEPTH);
	while (!f->depth && (err = fdt_finish_reservemap(f->blob)))
		if (!grow(f, err, e))
			return false;
	f->depth++;
	while ((err = fdt_begin_node(f->blob, node)))
		if (!grow(f, err, e))
			return false;
	return true;
}

bool flatten_property(struct flatten *f, const char *name, struct span value, struct error *e)
{
	int err;

	while ((err = fdt_property(f->blob, name, value.p, (int)value.len)))
		if (!grow(f, err, e))
			return false;
	return true;
}

bool flatten_end(struct flatten *f, struct error *e)
{
	int err;

	f->depth--;
	while ((err = fdt_end_node(f->blob)))
		if (!grow(f, err, e))
			return false;
	return true;
}

bool flatten_finish(struct flatten *f, struct span *out, struct error *e)
{
	int err;

	while ((err = fdt_finish(f->blob)))
		if (!grow(f, err, e))
			return false;
	*out = (struct span){ f->blob, fdt_totalsize(f->blob) };
	return true;
}

void flatten_free(struct flatten *f)
{
	free(f->blob);
	f->blob = NULL;
}
