/* SPDX-License-Identifier: MIT */
#include "src/plan/kernel.h"

#include "src/plan/arch_ops.h"

#include <stdlib.h>
#include <string.h>

struct unwrap_target kernel_target(const struct machine *m)
{
	return (struct unwrap_target){ m->arch->elf_flat, m->fdt.p };
}

bool kernel_parse(struct span file, const char *name, const struct machine *m, struct image *img,
		  struct error *e)
{
	char show[PRINTABLE_MAX];
	bool is_ours = false;

	*img = (struct image){ 0 };
	printable(show, name);
	if (!file.len)
		return fail(e, FAIL_FORMAT, "load the kernel: the file is empty: %s", show);
	if (!m->arch->image(file, show, m, img, &is_ours, e))
		return false;
	if (!is_ours)
		return image_fail_foreign(file, show, m->arch->name, e);
	return true;
}

/* Parts that do not start on a page of the running kernel cannot be loaded one by one: then all of
 * them go, laid out as they will lie, into one copy.
 */
static bool join_parts(struct image *img, const char *name, const struct machine *m,
		       struct error *e)
{
	const struct part *last = &img->part[img->parts - 1], *part;
	const uint64_t size = last->at + last->data.len;

	if (m->mem_total && size > m->mem_total / 2)
		return fail(e, FAIL_MEMORY, "load the kernel: more than half of RAM: %s", name);
	img->copy = size <= SIZE_MAX ? calloc(1, (size_t)size) : NULL;
	if (!img->copy)
		return fail_memory(e);
	for (part = img->part; part <= last; part++)
		if (part->data.len)
			memcpy(img->copy + part->at, part->data.p, part->data.len);
	img->part[0] = (struct part){ { img->copy, (size_t)size }, 0, img->memsz };
	if (img->zeroes_bss)
		img->part[0].size = size;
	img->parts = 1;
	return true;
}

bool kernel_settle(struct image *img, const char *name, const struct machine *m, bool pin,
		   struct error *e)
{
	char show[PRINTABLE_MAX];
	size_t i;

	printable(show, name);
	for (i = 0; i < img->parts && img->part[i].at % m->page_size == 0; i++)
		;
	if (i < img->parts && !join_parts(img, show, m, e))
		return false;
	return !pin || !m->arch->pin || m->arch->pin(img, show, m, e);
}
