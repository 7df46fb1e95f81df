/* SPDX-License-Identifier: MIT */
#include "dt/validate.h"

#include "dt/tags.h"
#include "dt/tree.h"

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
		return fail(e, FAIL_TREE, "use the device tree: not a device tree blob: %s", from);
	*total = fdt_totalsize(fdt);
	if (*total < TREE_HEADER || *total > TREE_MAX)
		return fail(e, FAIL_TREE, "use the device tree: invalid size of %zu bytes: %s",
			    *total, from);
	*used = *total;
	if (fdt_version(fdt) < 17 || fdt_off_mem_rsvmap(fdt) > fdt_off_dt_struct(fdt))
		return true;
	structs = block_end(*total, fdt_off_dt_struct(fdt), fdt_size_dt_struct(fdt));
	names = block_end(*total, fdt_off_dt_strings(fdt), fdt_size_dt_strings(fdt));
	if (structs && names)
		*used = structs > names ? structs : names;
	return true;
}

/* A block after the header and inside the blob. */
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

/* The root has no name. */
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
		return fail(e, FAIL_TREE, "use the device tree: truncated (%zu of %zu bytes): %s",
			    blob.len, total, from);
	err = tree_validate(blob);
	if (err == -FDT_ERR_ALIGNMENT)
		return fail(e, FAIL_TREE, "use the device tree: structure not aligned: %s", from);
	return !err || tree_fail(from, "use", err, e);
}
