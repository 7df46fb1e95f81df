/* SPDX-License-Identifier: MIT */
/* Kernel files: good ones, and some that are slightly bad. Behind the headers they are zeros, of
 * which no more than a few pages are ever looked at, so that a file of 2 GiB costs nothing.
 */
#include "scene.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define DIRTY 0x11000 /* bytes that a kernel may have written to */

static uint8_t *body(void)
{
	static uint8_t *at;

	if (!at) {
		at = mmap(NULL, SCENE_PIECE, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
		if (at == MAP_FAILED)
			abort();
	}
	return at;
}

static void make_arm64(struct scene *s, uint8_t *p)
{
	struct dice *d = &s->dice;
	const uint64_t len = one_in(d, 32) ? PICK(d, 64, 65, 200 << 20)
					   : PICK(d, 0x1000, 1 << 20, 3 << 20, 33 << 20);
	uint64_t bss = PICK(d, 0, 0x1000, 1 << 20, 16 << 20);

	memset(p, 0, 64);
	put_le64(p + 8, one_in(d, 32)  ? PICK(d, 0x1000, 0x200000, 8)
			: one_in(d, 3) ? PICK(d, 0x80000, 0x10000)
				       : 0);
	put_le64(p + 16,
		 one_in(d, 16) ? PICK(d, 0, 0, 63, 1ull << 40, UINT64_MAX, 1ull << 63) : len + bss);
	put_le64(p + 24, one_in(d, 32) ? roll(d, 32) : PICK(d, 0xa, 0xa, 0x2, 0xe));
	memcpy(p + 0x38, one_in(d, 64) ? "ARM" : "ARM\x64", 4);
	s->kernel = (struct span){ p, len };
}

struct order {
	bool big_endian;
	uint8_t *p;
};

static void put32(const struct order *o, size_t at, uint32_t v)
{
	(o->big_endian ? put_be32 : put_le32)(o->p + at, v);
}

static void put64(const struct order *o, size_t at, uint64_t v)
{
	(o->big_endian ? put_be64 : put_le64)(o->p + at, v);
}

static void put16s(const struct order *o, size_t at, uint32_t a, uint32_t b)
{
	put32(o, at, o->big_endian ? a << 16 | b : b << 16 | a);
}

/* Program headers; returns the end of the file. */
static uint64_t make_loads(struct scene *s, const struct order *o, unsigned n, uint64_t base)
{
	struct dice *d = &s->dice;
	uint64_t offset = 0x1000, size, memsz, paddr = base;
	unsigned i;
	size_t at;

	for (i = 0; i < n; i++) {
		at = 64 + 56 * i;
		size = PICK(d, 0x1000, 0x10000, 0x10000, 0x12345, 0, 3 << 20);
		if (!i && size < 0x100)
			size = 0x10000;
		memsz = size + (one_in(d, 2) ? PICK(d, 0x1000, 0x23456, 1 << 20, 16 << 20) : 0);
		if (one_in(d, 256))
			memsz = PICK(d, UINT64_MAX, 1ull << 63, 0);
		put32(o, at, one_in(d, 32) ? 4 : 1);
		put64(o, at + 8, offset);
		put64(o, at + 16, 0xc000000000000000 + paddr);
		put64(o, at + 24, paddr);
		put64(o, at + 32, size);
		put64(o, at + 40, memsz);
		offset += size;
		paddr += one_in(d, 64) ? size / 2 : round_up(memsz, PICK(d, 0x10000, 0x1000, 16));
	}
	return offset;
}

static void make_ppc64(struct scene *s, uint8_t *p)
{
	struct dice *d = &s->dice;
	const struct order o = { one_in(d, 4), p };
	const unsigned n = one_in(d, 2) ? 1 : 1 + (unsigned)roll(d, one_in(d, 16) ? 9 : 5);
	const bool run0 = !one_in(d, 8);
	const uint64_t base =
		one_in(d, 3) ? round_down(scene_place(s), 0x10000) : 0x2000000 * roll(d, 3);

	memset(p, 0, DIRTY);
	memcpy(p,
	       "\x7f"
	       "ELF\2\1\1",
	       7);
	p[5] = o.big_endian ? 2 : 1;
	put16s(&o, 16, one_in(d, 2) ? 3 : 2, one_in(d, 64) ? 183 : 21);
	put64(&o, 24, 0xc000000000000000 + base + (one_in(d, 8) ? 4 * roll(d, 0x100) : 0));
	put64(&o, 32, 64);
	put32(&o, 48, 2);
	put16s(&o, 52, 64, 56);
	put16s(&o, 56, n, 0);
	s->kernel = (struct span){ p, make_loads(s, &o, n, base) };
	if (run0)
		put32(&o, 0x1000 + 0x5c, 0x72756e30);
	if (one_in(d, 64))
		s->kernel.len -= s->kernel.len / 3;
}

void scene_kernel(struct scene *s)
{
	if (s->ppc64)
		make_ppc64(s, body());
	else
		make_arm64(s, body());
}
