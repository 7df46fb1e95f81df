/* SPDX-License-Identifier: MIT */
/* Device trees of made-up machines, written in order by libfdt. */
#include "scene.h"

#include <libfdt.h>
#include <stdlib.h>
#include <string.h>

static void must(int err)
{
	if (err)
		abort();
}

static void number(void *t, const char *name, uint64_t v, bool narrow)
{
	must(narrow ? fdt_property_u32(t, name, (uint32_t)v) : fdt_property_u64(t, name, v));
}

/* libfdt's is a macro that takes the value twice */
static void string(void *t, const char *name, const char *value)
{
	must(fdt_property(t, name, value, (int)strlen(value) + 1));
}

/* (address, size) pairs of two cells each. */
static void pairs(void *t, const char *name, const struct range *r, size_t n)
{
	uint8_t b[SCENE_KEEP * 16];
	size_t i;

	for (i = 0; i < n; i++) {
		put_be64(b + 16 * i, r[i].start);
		put_be64(b + 16 * i + 8, r[i].end - r[i].start);
	}
	must(fdt_property(t, name, b, (int)(16 * n)));
}

static void memory_node(void *t, const struct range *r, size_t n)
{
	char name[32];
	struct strbuf text = strbuf_fixed(name, sizeof(name));

	strbuf_printf(&text, "memory@%llx", (unsigned long long)r->start);
	must(fdt_begin_node(t, name));
	must(fdt_property_string(t, "device_type", "memory"));
	pairs(t, "reg", r, n);
	must(fdt_end_node(t));
}

/* All RAM in one node, in a node each, or not all of it: memory that was added later. */
static void memory_nodes(struct scene *s, void *t)
{
	struct dice *d = &s->dice;
	size_t i, first = 0, n = s->rams;

	if (n > 1 && one_in(d, 8))
		n--;
	if (one_in(d, 2)) {
		memory_node(t, s->ram, n);
		return;
	}
	for (i = first; i < n; i++)
		memory_node(t, &s->ram[i], 1);
}

static void reservations(struct scene *s, void *t)
{
	struct dice *d = &s->dice;
	struct range r;
	size_t i, n = one_in(d, 2) ? roll(d, 5) : 0;

	for (i = 0; i < n; i++) {
		r.start = one_in(d, 2) ? scene_place(s) : 0x48000000;
		must(fdt_add_reservemap_entry(t, r.start, one_in(d, 4) ? 0x5800 : scene_size(s)));
	}
	must(fdt_finish_reservemap(t));
}

/* From an EFI stub of Linux itself, or of a distribution, or half of it. */
static void efi(struct scene *s, void *t, uint64_t map)
{
	struct dice *d = &s->dice;

	must(fdt_property_u64(t, "linux,uefi-mmap-start", map));
	if (one_in(d, 2))
		must(fdt_property_u64(t, "linux,uefi-system-table", map + 0x10000));
	if (one_in(d, 4))
		must(fdt_property_u32(t, "linux,uefi-secure-boot", (uint32_t)roll(d, 4)));
}

/* What the last boot left, of which some is stale. */
static void chosen(struct scene *s, void *t, bool users)
{
	struct dice *d = &s->dice;
	const uint64_t at = scene_place(s);

	must(fdt_begin_node(t, "chosen"));
	if (one_in(d, 2))
		must(fdt_property_string(t, "bootargs", "root=/dev/vda1"));
	if (one_in(d, 2))
		must(fdt_property_u64(t, "kaslr-seed", 7));
	if (one_in(d, 3)) {
		number(t, "linux,initrd-start", at, s->ppc64 && at < 1ull << 31);
		number(t, "linux,initrd-end", at + 0x123456, s->ppc64 && at < 1ull << 31);
	}
	if (one_in(d, 8))
		pairs(t, "linux,elfcorehdr", s->ram, 1);
	if (one_in(d, 8))
		must(fdt_property_u64(t, "linux,ima-kexec-buffer", at));
	if (s->efi && !users)
		efi(s, t, at);
	if (s->ppc64) {
		s->kernel_end =
			one_in(d, 16) ? scene_place(s) : 0x1000000 + 0x1000 * roll(d, 0x1000);
		must(fdt_property_u64(t, "linux,kernel-end", s->kernel_end));
		if (one_in(d, 3)) {
			must(fdt_property_u64(t, "linux,htab-base", scene_place(s)));
			must(fdt_property_u64(t, "linux,htab-size", 16 << 20));
		}
		if (s->region.end) {
			must(fdt_property_u64(t, "linux,crashkernel-base", s->region.start));
			must(fdt_property_u64(t, "linux,crashkernel-size",
					      s->region.end - s->region.start));
		}
	}
	must(fdt_end_node(t));
}

static void reserved_memory(struct scene *s, void *t)
{
	const size_t n = s->keeps < 4 ? s->keeps : 4;

	if (!n || !one_in(&s->dice, 3))
		return;
	must(fdt_begin_node(t, "reserved-memory"));
	must(fdt_property_u32(t, "#address-cells", 2));
	must(fdt_property_u32(t, "#size-cells", 2));
	must(fdt_begin_node(t, "pool"));
	pairs(t, "reg", s->keep, n);
	must(fdt_end_node(t));
	must(fdt_end_node(t));
}

/* Blocks of dynamic memory behind the first range, some of which are not there. */
static void drconf(struct scene *s, void *t)
{
	struct dice *d = &s->dice;
	const uint64_t size = PICK(d, 16 << 20, 256 << 20),
		       base = s->ram[0].end / size * size + size;
	uint8_t b[4 + 24 * 16];
	unsigned i, n = 1 + (unsigned)roll(d, 16);
	const bool version2 = one_in(d, 2);

	must(fdt_begin_node(t, "ibm,dynamic-reconfiguration-memory"));
	must(fdt_property_u64(t, "ibm,lmb-size", size));
	put_be32(b, n);
	for (i = 0; i < n; i++) {
		memset(b + 4 + 24 * i, 0, 24);
		if (version2)
			put_be32(b + 4 + 24 * i, 1 + (uint32_t)roll(d, 3));
		put_be64(b + 4 + 24 * i + (version2 ? 4 : 0), base + 4 * i * size);
		put_be32(b + 4 + 24 * i + 20, (uint32_t)PICK(d, 8, 8, 0, 0x88));
	}
	must(fdt_property(t, version2 ? "ibm,dynamic-memory-v2" : "ibm,dynamic-memory", b,
			  (int)(4 + 24 * n)));
	must(fdt_end_node(t));
}

static void firmware(struct scene *s, void *t)
{
	struct dice *d = &s->dice;

	if (one_in(d, 2)) {
		must(fdt_begin_node(t, "rtas"));
		number(t, "linux,rtas-base", scene_place(s), false);
		must(fdt_property_u32(t, "rtas-size", 0x10000 * (1 + (uint32_t)roll(d, 4))));
		must(fdt_end_node(t));
	}
	if (one_in(d, 3)) {
		must(fdt_begin_node(t, "ibm,opal"));
		must(fdt_property_u64(t, "opal-base-address", scene_place(s)));
		must(fdt_property_u64(t, "opal-entry-address", 0x30000));
		must(fdt_property_u64(t, "opal-runtime-size", 0x100000));
		must(fdt_end_node(t));
	}
	if (one_in(d, 4)) {
		must(fdt_begin_node(t, "pci"));
		must(fdt_property_u64(t, "linux,tce-base", scene_place(s)));
		must(fdt_property_u32(t, "linux,tce-size", 0x10000));
		must(fdt_end_node(t));
	}
	if (one_in(d, 4))
		drconf(s, t);
}

static void make_tree(struct scene *s, void *t, bool users)
{
	struct dice *d = &s->dice;

	must(fdt_create(t, SCENE_TREE));
	reservations(s, t);
	must(fdt_begin_node(t, ""));
	must(fdt_property_u32(t, "#address-cells", 2));
	must(fdt_property_u32(t, "#size-cells", 2));
	string(t, "compatible", users && one_in(d, 4) ? "b,b" : "a,a");
	if (s->ppc64 && !users && s->keeps && one_in(d, 2))
		pairs(t, "reserved-ranges", s->keep, s->keeps);
	if (!users || !one_in(d, 8))
		chosen(s, t, users);
	if (users ? !one_in(d, 2) : !s->efi)
		memory_nodes(s, t);
	reserved_memory(s, t);
	if (s->ppc64)
		firmware(s, t);
	must(fdt_end_node(t));
	must(fdt_finish(t));
}

static void make_overlay(struct scene *s)
{
	void *t = s->over;

	must(fdt_create(t, SCENE_TREE));
	must(fdt_finish_reservemap(t));
	must(fdt_begin_node(t, ""));
	must(fdt_begin_node(t, "fragment@0"));
	string(t, "target-path", one_in(&s->dice, 8) ? "/none" : "/");
	must(fdt_begin_node(t, "__overlay__"));
	must(fdt_property_string(t, "model", "another"));
	reserved_memory(s, t);
	must(fdt_end_node(t));
	must(fdt_end_node(t));
	must(fdt_end_node(t));
	must(fdt_finish(t));
}

/* A blob as long as its buffer: the rest is room that firmware left. */
static void pad(uint8_t *t)
{
	const uint32_t used = fdt_totalsize(t);

	memset(t + used, 0, SCENE_TREE - used);
	fdt_set_totalsize(t, SCENE_TREE);
}

void scene_trees(struct scene *s)
{
	make_tree(s, s->tree, false);
	pad(s->tree);
	s->has_user = one_in(&s->dice, 5);
	if (s->has_user) {
		make_tree(s, s->user, true);
		pad(s->user);
	}
	s->has_over = one_in(&s->dice, 8);
	if (s->has_over) {
		make_overlay(s);
		pad(s->over);
	}
}
