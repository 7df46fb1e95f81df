/* SPDX-License-Identifier: MIT */
/* An arm64 kernel file. The last byte chooses the running kernel's page size and CPU. */
#include "door.h"

#include "src/plan/kernel.h"

void door_image(struct span in)
{
	static const uint32_t pages[] = { 0x1000, 0x4000, 0x10000 };
	const unsigned flag = door_flag(&in);
	const struct machine m = {
		.arch = &arch_arm64,
		.page_size = pages[flag % 3],
		.cpu_id = flag & 4 ? 0x410fd034 : 0x611f0250,
	};
	struct error e = { 0 };
	struct image img;
	bool ok = kernel_parse(in, "Image", &m, &img, &e);

	door_error(ok, &e);
	if (ok) {
		DOOR_WANT(img.parts == 1 && img.part[0].at == 0 && img.part[0].data.p == in.p);
		DOOR_WANT(img.part[0].data.len <= in.len && img.part[0].data.len >= 64);
		DOOR_WANT(img.part[0].size >= img.part[0].data.len);
		DOOR_WANT(img.memsz >= img.part[0].size && img.memsz <= 1ull << 48);
		DOOR_WANT(img.align == 2 << 20 && img.offset < img.align &&
			  img.offset % m.page_size == 0);
		DOOR_WANT(img.entry < img.part[0].data.len);
		DOOR_WANT(kernel_settle(&img, "Image", &m, true, &e));
	}
	image_free(&img);
}
