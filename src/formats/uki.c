/* SPDX-License-Identifier: MIT */
#include "src/formats/uki.h"

#include "dt/merge.h"
#include "dt/read.h"
#include "src/formats/pe.h"

#include <string.h>

struct reader {
	struct span file;
	const char *name;
	const void *fdt; /* of the machine */
	struct uki *u;
	struct error *e;
	struct span dtb; /* the first .dtb, whichever machine it is for */
	unsigned dtbs;	 /* how many of that name */
};

/* The bytes of a section. Its file size is padded; its memory size is larger where a kernel is to
 * run in place.
 */
static bool section_data(const struct reader *r, const struct pe_section *s, struct span *data)
{
	if (!span_sub(r->file, s->at, s->size, data))
		return fail(r->e, FAIL_FORMAT, "load the kernel: truncated in section %s: %s",
			    s->name, r->name);
	if (s->virtual_size < s->size)
		data->len = s->virtual_size;
	return true;
}

static bool overlap(const struct pe_section *a, const struct pe_section *b)
{
	return a->size && b->size && a->at < (uint64_t)b->at + b->size &&
	       b->at < (uint64_t)a->at + a->size;
}

static bool check_overlaps(const struct reader *r, struct span table)
{
	struct pe_section a, b;
	unsigned i, j;

	for (i = 0; pe_section(table, i, &a); i++) {
		if (i == PE_SECTIONS_MAX)
			return fail(r->e, FAIL_FORMAT, "load the kernel: more than %d sections: %s",
				    PE_SECTIONS_MAX, r->name);
		for (j = 0; j < i; j++) {
			pe_section(table, j, &b);
			if (overlap(&a, &b))
				return fail(r->e, FAIL_FORMAT,
					    "load the kernel: two sections overlap: %s", r->name);
		}
	}
	return true;
}

static bool is_tree(const char *section)
{
	return strcmp(section, ".dtb") == 0 || strcmp(section, ".dtbauto") == 0;
}

/* A tree for this machine becomes the one to use. */
static bool take_tree(struct reader *r, const char *section, struct span dtb)
{
	if (r->u->dtb.len || !dtb.len)
		return true;
	if ((uintptr_t)dtb.p % 8)
		return fail(r->e, FAIL_FORMAT, "load the kernel: section .dtb is not aligned: %s",
			    r->name);
	if (!tree_check(dtb, r->name, r->e))
		return false;
	if (merge_same_board(dtb.p, r->fdt))
		r->u->dtb = dtb;
	if (strcmp(section, ".dtb") == 0 && !r->dtbs++)
		r->dtb = dtb;
	return true;
}

/* Where a section's bytes go; NULL: nowhere. */
static struct span *section_place(const char *name, struct uki *u)
{
	if (strcmp(name, ".linux") == 0)
		return &u->kernel;
	if (strcmp(name, ".initrd") == 0)
		return &u->initrd;
	if (strcmp(name, ".cmdline") == 0)
		return &u->cmdline;
	return NULL;
}

/* `again`: a profile may have its own in place of what was before. */
static bool take_section(struct reader *r, const struct pe_section *s, bool again)
{
	struct span *place = section_place(s->name, r->u), data;

	if (!place && !is_tree(s->name))
		return true;
	if (!section_data(r, s, &data))
		return false;
	if (!place)
		return take_tree(r, s->name, data);
	if (place->p && !again)
		return fail(r->e, FAIL_FORMAT, "load the kernel: two sections %s: %s", s->name,
			    r->name);
	*place = data;
	return true;
}

bool uki_read(struct span file, struct span table, const char *name, const void *fdt, struct uki *u,
	      struct error *e)
{
	struct reader r = { .file = file, .name = name, .fdt = fdt, .u = u, .e = e };
	unsigned i, profiles = 0;
	struct pe_section s;

	*u = (struct uki){ 0 };
	if (!check_overlaps(&r, table))
		return false;
	for (i = 0; pe_section(table, i, &s); i++) {
		if (strcmp(s.name, ".profile") == 0 && profiles++)
			break;
		if (!take_section(&r, &s, profiles))
			return false;
	}
	if (!u->dtb.len && r.dtbs == 1 && fdt) {
		u->foreign_dtb = !merge_same_machine(r.dtb.p, fdt);
		u->dtb = u->foreign_dtb ? u->dtb : r.dtb;
	}
	return u->kernel.len ||
	       fail(e, FAIL_FORMAT, "load the kernel: section .linux is empty: %s", name);
}

bool uki_is(struct span file, struct span *table)
{
	struct pe_section s;
	unsigned i;

	if (!pe_table(file, table))
		return false;
	for (i = 0; pe_section(*table, i, &s); i++)
		if (strcmp(s.name, ".linux") == 0)
			return true;
	return false;
}

bool uki_has_tree(struct span file)
{
	unsigned i, profiles = 0;
	struct pe_section s;
	struct span table;

	if (!uki_is(file, &table))
		return false;
	for (i = 0; pe_section(table, i, &s); i++) {
		if (strcmp(s.name, ".profile") == 0 && profiles++)
			break;
		if (is_tree(s.name))
			return true;
	}
	return false;
}
