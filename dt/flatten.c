/* SPDX-License-Identifier: MIT */
#include "dt/flatten.h"

#include <libfdt.h>
#include <stdlib.h>
#include <string.h>

#define HEADER 40 /* of version 17, and a multiple of 8 */

/* Address space for a common tree: mappings of their own, of which only what is used takes memory.
 */
#define FLATTEN_ROOM (1u << 18)

static void add_word(struct strbuf *t, uint32_t v)
{
	uint8_t word[4];

	put_be32(word, v);
	strbuf_append(t, word, sizeof(word));
}

/* Zeros up to a multiple of 4. */
static void pad(struct strbuf *t)
{
	strbuf_append(t, "\0\0\0", -t->len & 3);
}

static bool check(const struct flatten *f, struct error *e)
{
	if (f->reserved.truncated || f->structure.truncated || f->strings.truncated)
		return fail_memory(e);
	if (f->structure.len > TREE_MAX / 2 || f->strings.len > TREE_MAX / 4)
		return fail(e, FAIL_TREE, "read the device tree: too large: %s", f->from);
	return true;
}

bool flatten_start(struct flatten *f, const char *from, struct error *e)
{
	*f = (struct flatten){
		.from = from,
		.reserved = STRBUF_GROWING,
		.structure = STRBUF_GROWING,
		.strings = STRBUF_GROWING,
		.names = calloc(FLATTEN_NAMES, sizeof(*f->names)),
	};
	return f->names || fail_memory(e);
}

bool flatten_reserve(struct flatten *f, phys start, uint64_t size, struct error *e)
{
	uint8_t pair[16];

	put_be64(pair, start);
	put_be64(pair + 8, size);
	strbuf_append(&f->reserved, pair, sizeof(pair));
	return check(f, e);
}

/* The offset of a name in the strings block, where it is put when it is new. */
static bool name_offset(struct flatten *f, const char *name, uint32_t *offset, struct error *e)
{
	uint32_t hash = 2166136261u, at; /* FNV-1a */
	const char *c;

	for (c = name; *c; c++)
		hash = (hash ^ (uint8_t)*c) * 16777619u;
	for (at = hash % FLATTEN_NAMES; f->names[at]; at = (at + 1) % FLATTEN_NAMES) {
		*offset = f->names[at] - 1;
		if (strcmp(f->strings.p + *offset, name) == 0)
			return true;
	}
	if (++f->used == FLATTEN_NAMES)
		return fail(e, FAIL_TREE, "read the device tree: too many property names: %s",
			    f->from);
	*offset = (uint32_t)f->strings.len;
	f->names[at] = *offset + 1;
	strbuf_append(&f->strings, name, strlen(name) + 1);
	return check(f, e);
}

/* What chosen_write() adds. A new property's name is sought among all that are there (libfdt's
 * fdt_find_string_()), and these are found at once.
 */
static bool room(struct flatten *f, struct error *e)
{
	static const char *const added[] = { "kaslr-seed", "rng-seed", "linux,booted-from-kexec" };
	uint32_t unused;
	size_t i;
	bool ok = true;

	strbuf_reserve(&f->structure, FLATTEN_ROOM);
	strbuf_reserve(&f->strings, FLATTEN_ROOM);
	for (i = 0; i < ARRAY_SIZE(added) && ok; i++)
		ok = name_offset(f, added[i], &unused, e);
	return ok;
}

bool flatten_begin(struct flatten *f, const char *node, struct error *e)
{
	/* no earlier: until now the caller may have held another whole tree */
	if (!f->structure.cap && !room(f, e))
		return false;
	if (f->depth++ >= FLATTEN_DEPTH)
		return fail(e, FAIL_TREE, "read the device tree: nodes nest deeper than %u: %s",
			    FLATTEN_DEPTH, f->from);
	add_word(&f->structure, FDT_BEGIN_NODE);
	strbuf_append(&f->structure, node, strlen(node) + 1);
	pad(&f->structure);
	return check(f, e);
}

bool flatten_property(struct flatten *f, const char *name, struct span value, struct error *e)
{
	uint32_t offset = 0;

	if (!name_offset(f, name, &offset, e))
		return false;
	if (value.len > TREE_MAX)
		return fail(e, FAIL_TREE, "read the device tree: too large: %s", f->from);
	add_word(&f->structure, FDT_PROP);
	add_word(&f->structure, (uint32_t)value.len);
	add_word(&f->structure, offset);
	strbuf_append(&f->structure, value.p, value.len);
	pad(&f->structure);
	return check(f, e);
}

bool flatten_end(struct flatten *f, struct error *e)
{
	f->depth--;
	add_word(&f->structure, FDT_END_NODE);
	return check(f, e);
}

bool flatten_finish(struct flatten *f, struct span *out, struct error *e)
{
	struct strbuf blob = STRBUF_GROWING;
	uint32_t structure, strings;

	add_word(&f->structure, FDT_END);
	free(f->names); /* before memory is taken for the whole */
	f->names = NULL;
	if (!flatten_reserve(f, 0, 0, e))
		return false;
	structure = HEADER + (uint32_t)f->reserved.len;
	strings = structure + (uint32_t)f->structure.len;
	add_word(&blob, FDT_MAGIC);
	add_word(&blob, strings + (uint32_t)f->strings.len);
	add_word(&blob, structure);
	add_word(&blob, strings);
	add_word(&blob, HEADER);
	add_word(&blob, 17); /* version */
	add_word(&blob, 16); /* and the last one that reads it */
	add_word(&blob, 0);  /* boot CPU: not known here */
	add_word(&blob, (uint32_t)f->strings.len);
	add_word(&blob, (uint32_t)f->structure.len);
	strbuf_append(&blob, f->reserved.p, f->reserved.len);
	strbuf_append(&blob, f->structure.p, f->structure.len);
	strbuf_append(&blob, f->strings.p, f->strings.len);
	*out = (struct span){ (uint8_t *)blob.p, blob.len };
	if (!blob.truncated)
		return true;
	strbuf_free(&blob);
	return fail_memory(e);
}

void flatten_free(struct flatten *f)
{
	strbuf_free(&f->reserved);
	strbuf_free(&f->structure);
	strbuf_free(&f->strings);
	free(f->names);
	f->names = NULL;
}
