/* SPDX-License-Identifier: MIT */
/* The live device tree: a directory per node, a file per property (drivers/of/kobj.c). */
#include "src/sys/probe_internal.h"

#include "dt/flatten.h"
#include "src/sys/files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PROPERTY_MAX (16u << 20)

/* The names in one directory: for each a type letter, 'p' (property) or 'n' (node), and the name.
 */
struct names {
	struct strbuf all; /* a NUL after each */
	const char **v;
	size_t n;
};

static int name_order(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Sorted, which also puts the nodes ('n') before the properties ('p'). */
static bool names_sort(struct names *l)
{
	size_t i, at = 0;

	if (l->all.truncated)
		return false;
	l->v = malloc((l->n + 1) * sizeof(*l->v));
	if (!l->v)
		return false;
	for (i = 0; i < l->n; i++) {
		l->v[i] = l->all.p + at;
		at += strlen(l->v[i]) + 1;
	}
	qsort(l->v, l->n, sizeof(*l->v), name_order);
	return true;
}

/* All but the property "name", which the node's own says. Returns 0 or errno. */
static int names_read(struct names *l, DIR *d)
{
	const struct dirent *entry;
	bool is_dir;

	for (errno = 0; (entry = readdir(d)); errno = 0) {
		is_dir = entry->d_type == DT_DIR;
		if (entry->d_name[0] == '.' || (strcmp(entry->d_name, "name") == 0 && !is_dir))
			continue;
		strbuf_append(&l->all, is_dir ? "n" : "p", 1);
		strbuf_append(&l->all, entry->d_name, strlen(entry->d_name) + 1);
		l->n++;
	}
	return errno;
}

/* A walk through a live tree: what it makes of it, and one piece of memory for all values. */
struct walk {
	struct flatten f;
	struct strbuf value;
};

static bool walk_property(struct walk *w, int dir, const char *name, struct error *e)
{
	int err;

	w->value.len = 0;
	err = files_read_attribute(dir, name, PROPERTY_MAX, &w->value);
	if (err)
		return fail(e, FAIL_MACHINE, "read the device tree: %s: %.*s in %s", strerror(err),
			    AS_NAME, name, w->f.from);
	return flatten_property(&w->f, name, (struct span){ (uint8_t *)w->value.p, w->value.len },
				e);
}

static bool walk_node(struct walk *w, int parent, const char *path, const char *name,
		      struct error *e);

static bool walk_names(struct walk *w, int dir, const struct names *l, struct error *e)
{
	size_t i;

	for (i = 0; i < l->n; i++)
		if (l->v[i][0] == 'p' && !walk_property(w, dir, l->v[i] + 1, e))
			return false;
	for (i = 0; i < l->n; i++)
		if (l->v[i][0] == 'n' && !walk_node(w, dir, l->v[i] + 1, l->v[i] + 1, e))
			return false;
	return true;
}

static bool walk_node(struct walk *w, int parent, const char *path, const char *name,
		      struct error *e)
{
	struct names l = { .all = STRBUF_GROWING };
	const int dir = openat(parent, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = dir < 0 ? NULL : fdopendir(dir);
	const int err = d ? names_read(&l, d) : errno;
	bool ok;

	if (err)
		ok = fail(e, FAIL_MACHINE, "read the device tree: %s: %s", strerror(err),
			  w->f.from);
	else
		ok = flatten_begin(&w->f, name, e) && (names_sort(&l) || fail_memory(e)) &&
		     walk_names(w, dir, &l, e) && flatten_end(&w->f, e);
	if (d)
		closedir(d);
	else if (dir >= 0)
		close(dir);
	free(l.v);
	strbuf_free(&l.all);
	return ok;
}

/* The live tree has no reservations; those of the blob that the kernel booted with still hold. */
static bool keep_reservations(struct flatten *f, const uint8_t *blob, struct error *e)
{
	struct range r;
	size_t i;

	for (i = 0; blob && tree_next_reserved(blob, &i, &r);)
		/* one at the last address is empty where it ends, and an empty one would end the
		 * list */
		if (r.start < r.end && !flatten_reserve(f, r.start, r.end - r.start, e))
			return false;
	return true;
}

bool live_tree_flatten(int root, const char *from, uint8_t *boot, struct span *out, struct error *e)
{
	struct walk w = { .value = STRBUF_GROWING };
	bool ok = flatten_start(&w.f, from, e) && keep_reservations(&w.f, boot, e);

	free(boot); /* it may be larger than all that follows */
	ok = ok && walk_node(&w, root, LIVE_TREE, "", e) && flatten_finish(&w.f, out, e);
	strbuf_free(&w.value);
	flatten_free(&w.f);
	return ok;
}
