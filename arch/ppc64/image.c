/* SPDX-License-Identifier: MIT */
/* ppc64 kernels are ELF files: vmlinux, or another system's. */
#include "arch/ppc64/ppc64.h"

#include "src/formats/elf64.h"

#include <stdlib.h>
#include <string.h>

#define RUN0 0x72756e30 /* "run0": a relocatable kernel that moves to 0 unless told otherwise */

/* The part of the file that holds a virtual address, as bytes from the first one loaded. */
static bool offset_of(const struct elf *elf, uint64_t vaddr, uint64_t *offset)
{
	const struct elf_load *l;
	size_t i;

	for (i = 0; i < elf->loads; i++) {
		l = &elf->load[i];
		if (vaddr >= l->vaddr && vaddr - l->vaddr < l->data.len) {
			*offset = l->paddr - elf->load[0].paddr + (vaddr - l->vaddr);
			return true;
		}
	}
	return false;
}

/* Where execution starts. With the first ELF ABI e_entry may name a function descriptor, whose
 * first doubleword is the address meant; no first instruction looks like an address of the kernel
 * itself.
 */
static bool find_entry(const struct elf *elf, uint64_t *entry)
{
	const struct elf_load *l;
	uint64_t target, offset;
	size_t i;

	if (!offset_of(elf, elf->entry, entry))
		return false;
	for (i = 0; i < elf->loads && (elf->flags & 3) < 2; i++) {
		l = &elf->load[i];
		if (elf->entry >= l->vaddr &&
		    elf_read64(elf, l->data, elf->entry - l->vaddr, &target) &&
		    offset_of(elf, target, &offset))
			*entry = offset;
	}
	return *entry % 4 == 0;
}

static void take_parts(const struct elf *elf, struct image *img)
{
	const struct elf_load *l;
	size_t i;

	for (i = 0; i < elf->loads; i++) {
		l = &elf->load[i];
		if (img->zeroes_bss && !l->data.len)
			continue;
		img->part[img->parts++] = (struct part){
			.data = l->data,
			.at = l->paddr - elf->load[0].paddr,
			.size = img->zeroes_bss ? l->data.len : l->memsz,
		};
	}
}

/* A kernel that cannot move must find its own place free. */
static bool check_fixed(const struct image *img, const char *name, const struct machine *m,
			struct error *e)
{
	const struct range want = { img->offset, img->offset + img->memsz, NULL };
	const struct range real = { m->addressable.start, m->rma_end, NULL };
	const struct range *r;

	if (!img->fixed)
		return true;
	if (img->offset % m->page_size)
		return fail(e, FAIL_UNSUPPORTED,
			    "load the kernel: runs only at 0x%llx, not page aligned: %s",
			    (unsigned long long)img->offset, name);
	ranges_for_each(r, &m->free)
		if (range_within(want, *r) && range_within(want, real))
			return true;
	if (m->crash.region.end)
		return fail(e, FAIL_UNSUPPORTED,
			    "load a crash kernel: runs only at 0x%llx, outside its region: %s",
			    (unsigned long long)img->offset, name);
	return fail(e, FAIL_ROOM, "load the kernel: runs only at 0x%llx, which is in use: %s",
		    (unsigned long long)img->offset, name);
}

static bool take_image(const struct elf *elf, const char *name, const struct machine *m,
		       struct image *img, struct error *e)
{
	const struct elf_load *first = &elf->load[0], *last = &elf->load[elf->loads - 1];
	uint32_t flag = 0;

	if (first->data.len < PPC64_HEAD)
		return fail(e, FAIL_FORMAT, "load the kernel: no code at its start: %s", name);
	elf_read32(elf, first->data, PPC64_RUN_AT_LOAD, &flag);
	img->big_endian = elf->big_endian;
	img->run_flag = flag == RUN0;
	img->zeroes_bss = img->run_flag; /* Linux clears it by itself */
	img->memsz = last->paddr - first->paddr + last->memsz;
	img->align = PPC64_ALIGN;
	if (!img->run_flag && elf->program)
		return fail(e, FAIL_UNSUPPORTED, "load the kernel: a program, not a kernel: %s",
			    name);
	if (!img->run_flag && elf->type != ELF_DYN) {
		img->fixed = true;
		img->align = 1ull << 63;
		img->offset = first->paddr;
	}
	if (!find_entry(elf, &img->entry))
		return fail(e, FAIL_FORMAT, "load the kernel: entry point outside its segments: %s",
			    name);
	take_parts(elf, img);
	return check_fixed(img, name, m, e);
}

bool ppc64_image(struct span file, const char *name, const struct machine *m, struct image *img,
		 bool *is_ours, struct error *e)
{
	uint16_t machine;
	struct elf elf;
	bool is64;

	*is_ours = false;
	if (!elf_is(file, &machine, &is64))
		return true;
	if (!is64)
		return fail(e, FAIL_UNSUPPORTED, "load the kernel: a 32-bit ELF file: %s", name);
	if (machine != ELF_PPC64)
		return true;
	*is_ours = true;
	return elf_parse(file, name, &elf, e) && take_image(&elf, name, m, img, e);
}

/* Puts the first page into a copy of its own; the rest stays where it is. */
static bool copy_first_page(struct image *img, size_t page, struct error *e)
{
	struct part *first = &img->part[0], rest = *first;

	img->copy = malloc(page);
	if (!img->copy)
		return fail_memory(e);
	memcpy(img->copy, first->data.p, page);
	first->data = (struct span){ img->copy, page };
	if (rest.data.len == page)
		return true;
	rest.data.p += page;
	rest.data.len -= page;
	rest.at += page;
	rest.size -= page;
	first->size = page;
	memmove(img->part + 2, img->part + 1, (img->parts - 1) * sizeof(rest));
	img->part[1] = rest;
	img->parts++;
	return true;
}

/* Sets __run_at_load. */
bool ppc64_pin(struct image *img, const char *name, const struct machine *m, struct error *e)
{
	const size_t len = img->part[0].data.len;

	if (img->fixed)
		return true;
	if (!img->run_flag || len < PPC64_HEAD)
		return fail(e, FAIL_UNSUPPORTED, "run in place: no __run_at_load: %s", name);
	if (!img->copy && !copy_first_page(img, len < m->page_size ? len : m->page_size, e))
		return false;
	(img->big_endian ? put_be32 : put_le32)(img->copy + PPC64_RUN_AT_LOAD, 1);
	/* it will be able to load the kernel after it only above its own end, and within what real mode
	 * reaches (arch/powerpc/kexec/core_64.c, machine_kexec_prepare())
	 */
	img->bottom_up = true;
	return true;
}
