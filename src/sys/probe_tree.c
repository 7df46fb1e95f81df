/* SPDX-License-Identifier: MIT */
/* The machine's device tree: the blob that it booted with, or the live tree. */
#include "src/plan/arch_ops.h"
#include "src/sys/files.h"
#include "src/sys/probe_internal.h"

#include <errno.h>
#include <string.h>

/* Most of all reservations that a blob has are in this. */
#define BLOB_HEAD 4096

/* Just these bytes from the start of the blob, which may have more. */
static bool read_blob(int root, size_t len, struct strbuf *t, struct error *e)
{
	int err;

	t->len = 0;
	err = files_read(root, FDT_FILE, len, t);
	return ((!err || err == EFBIG) && t->len == len) ||
	       probe_fail_read(FDT_FILE, err && err != EFBIG ? err : EIO, e);
}

/* Its first bytes, when they have all reservations; the rest is not needed. Whatever is wrong here
 * is wrong with the whole blob too, and reported there.
 */
static bool probe_reserved(int root, size_t used, struct strbuf *t)
{
	struct error ours = { 0 };

	return read_blob(root, used < BLOB_HEAD ? used : BLOB_HEAD, t, &ours) &&
	       tree_has_reserved(strbuf_span(t));
}

/* The blob that the kernel booted with, without its padding, into m; m->blob stays NULL when there
 * is none. Where the live tree is used, its reservations are enough.
 */
static bool probe_blob(int root, bool live_tree, struct machine *m, struct error *e)
{
	struct strbuf t = STRBUF_GROWING;
	size_t used = 0, total = 0;
	int err;
	bool ok;

	m->fdt_from = m->fdt_name[0] ? m->fdt_name : "/" FDT_FILE;
	err = files_read(root, FDT_FILE, TREE_HEADER, &t);
	if (err == ENOENT)
		return true;
	ok = (!err || err == EFBIG) && t.len &&
	     tree_extent(strbuf_span(&t), m->fdt_from, &used, &total, e);
	if (!ok)
		probe_fail_read(FDT_FILE, err ? err : EIO, e);
	if (ok && !(live_tree && probe_reserved(root, used, &t))) {
		ok = read_blob(root, used, &t, e);
		if (ok)
			tree_set_size((uint8_t *)t.p, used);
		ok = ok && tree_check(strbuf_span(&t), m->fdt_from, e);
	}
	m->blob = (uint8_t *)t.p;
	m->fdt = strbuf_span(&t);
	if (!m->fdt_total)
		m->fdt_total = total;
	return ok;
}

/* The live tree, and the blob's reservations. */
static bool probe_live_tree(int root, struct machine *m, struct error *e)
{
	uint8_t *boot = m->blob;

	m->blob = NULL;
	m->fdt_from = "/" LIVE_TREE;
	if (!live_tree_flatten(root, m->fdt_from, boot, &m->fdt, e))
		return false;
	m->blob = (uint8_t *)(uintptr_t)m->fdt.p;
	return tree_check(m->fdt, m->fdt_from, e);
}

bool probe_tree(int root, struct machine *m, struct error *e)
{
	/* a captured machine has one blob, made of what was the better source there */
	const bool live_tree = m->arch->live_tree && m->live;

	if (!probe_blob(root, live_tree, m, e))
		return false;
	return (m->blob && !live_tree) || probe_live_tree(root, m, e);
}
