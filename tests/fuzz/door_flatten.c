/* SPDX-License-Identifier: MIT */
/* A walk over a live tree, as src/walk.c makes it: node by node, properties first. A byte says what
 * comes: the end of the node, a property, a node.
 */
#include "door.h"

#include "dt/flatten.h"

#include <libfdt.h>
#include <string.h>

static unsigned take(struct span *in)
{
	if (!in->len)
		return 0;
	in->len--;
	return *in->p++;
}

/* A name: bytes up to a NUL, a slash or the 31st. */
static void take_name(struct span *in, char name[32])
{
	size_t i = 0;
	unsigned c;

	while (i < 31 && (c = take(in)) && c != '/')
		name[i++] = (char)c;
	name[i] = '\0';
}

static bool walk(struct flatten *f, struct span *in, const char *name, struct error *e)
{
	struct span value;
	char child[32];
	unsigned what;

	if (!flatten_begin(f, name, e))
		return false;
	for (what = take(in); what % 4 == 1; what = take(in)) {
		take_name(in, child);
		value = (struct span){ in->p, what / 4 < in->len ? what / 4 : in->len };
		in->p += value.len;
		in->len -= value.len;
		if (!flatten_property(f, child, value, e))
			return false;
	}
	for (; what % 4 == 2; what = take(in)) {
		take_name(in, child);
		if (!walk(f, in, child, e))
			return false;
	}
	return flatten_end(f, e);
}

void door_flatten(struct span in)
{
	const unsigned flag = door_flag(&in);
	struct error e = { 0 };
	struct flatten f;
	struct span out = { 0 };
	bool ok;

	ok = flatten_start(&f, "live", &e) &&
	     (!flag || flatten_reserve(&f, 0x1000 * flag, 0x1000, &e)) && walk(&f, &in, "", &e) &&
	     flatten_finish(&f, &out, &e);
	door_error(ok, &e);
	flatten_free(&f);
	if (!ok)
		return;
	/* names may be odd; the shape may not */
	DOOR_WANT(fdt_check_header(out.p) == 0 && fdt_totalsize(out.p) == out.len);
	DOOR_WANT(fdt_num_mem_rsv(out.p) == (flag != 0));
	ok = tree_check(out, "live", &e);
	door_error(ok, &e);
	free((void *)(uintptr_t)out.p);
}
