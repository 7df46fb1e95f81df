/* SPDX-License-Identifier: MIT */
/* A ppc64 kernel file. The last byte chooses the running kernel and whether it is to stay. */
#include "door.h"

#include "src/plan/kernel.h"

static void check(const struct image *img, const struct machine *m)
{
	const struct part *part = img->part, *last = NULL;
	size_t i;

	DOOR_WANT(img->parts >= 1 && img->parts <= IMAGE_PARTS && part[0].at == 0);
	DOOR_WANT(part[0].data.len >= 0x100);
	for (i = 0; i < img->parts; last = &part[i++]) {
		DOOR_WANT(part[i].size >= part[i].data.len && part[i].at % m->page_size == 0);
		DOOR_WANT(part[i].at <= img->memsz && part[i].size <= img->memsz - part[i].at);
		DOOR_WANT(!last || part[i].at - last->at >= last->size);
	}
	DOOR_WANT(img->entry % 4 == 0 && img->entry < img->memsz);
	DOOR_WANT(img->align && !(img->align & (img->align - 1)));
}

void door_elf64(struct span in)
{
	const unsigned flag = door_flag(&in);
	struct range all = { 0x2000000, 0x40000000, NULL };
	const struct machine m = {
		.arch = &arch_ppc64,
		.page_size = flag & 1 ? 0x1000 : 0x10000,
		.big_endian = flag & 2,
		.mem_total = 0x40000000,
		.free = { &all, 1, 1 },
		.addressable = all,
		.crash.region.end = flag & 4 ? all.end : 0,
	};
	struct error e = { 0 };
	struct image img;
	bool ok = kernel_parse(in, "vmlinux", &m, &img, &e);

	if (ok) {
		DOOR_WANT(img.parts < IMAGE_PARTS);
		ok = kernel_settle(&img, "vmlinux", &m, flag & 8, &e);
	}
	if (ok)
		check(&img, &m);
	door_error(ok, &e);
	image_free(&img);
}
