/* SPDX-License-Identifier: MIT */
/* Streams, and what they come wrapped in. The last byte chooses how much room there is. */
#include "door.h"

#include "src/plan/kernel.h"

#include "src/formats/image.h"
#include "src/formats/unwrap.h"

#include <stdlib.h>
#include <string.h>

#define HEAP_PIECES (WRAPS_MAX + 2)

static void step(void *arg, const struct unpack *u)
{
	(void)arg;
	DOOR_WANT(u->len <= u->out_max && u->used <= u->in.len);
}

/* Unpacks into `room` bytes and no more; the caller's to free(). */
static uint8_t *run(const struct format *f, struct span in, size_t room, struct unpack *u,
		    struct error *e, bool *ok)
{
	/* behind a byte of nothing, so that a room of 0 is a place too */
	uint8_t *out = malloc(room + 1);

	if (!out)
		abort();
	memset(out, 0xa5, room + 1);
	*u = (struct unpack){ .in = in, .out = out, .out_max = room, .step = step };
	*ok = unpack(f, u, "kernel", e);
	door_error(*ok, e);
	DOOR_WANT(u->len <= room && u->used <= in.len && out[room] == 0xa5);
	return out;
}

static void stream(const char *name, struct span in)
{
	const unsigned flag = door_flag(&in);
	const struct format *f = unpack_format(in);
	uint8_t *out, *again;
	struct error e = { 0 }, none = { 0 };
	struct unpack u, v;
	bool ok;

	if (!f || strcmp(f->name, name) != 0)
		return;
	out = run(f, in, flag & 1 ? flag << 6 : 50000, &u, &e, &ok);
	if (ok) {
		/* Little more room than it takes is enough: liblz4 wants some behind streams that
		 * do not end as they should.
		 */
		again = run(f, in, u.len + 64, &v, &none, &ok);
		DOOR_WANT(ok && v.len == u.len && v.used == u.used &&
			  memcmp(out, again, u.len) == 0);
		free(again);
	}
	free(out);
}

void door_gzip(struct span in)
{
	stream("gzip", in);
}

void door_zstd(struct span in)
{
	stream("zstd", in);
}

void door_xz(struct span in)
{
	stream("xz", in);
}

void door_lz4(struct span in)
{
	stream("lz4", in);
}

/* A store of the heap. */
struct heap {
	struct store store;
	uint8_t *piece[HEAP_PIECES];
	size_t n;
};

static uint8_t *heap_open(struct store *s, size_t *room)
{
	struct heap *h = (struct heap *)s;

	DOOR_WANT(h->n < HEAP_PIECES && *room <= s->limit);
	h->piece[h->n] = calloc(1, *room + 1);
	return h->piece[h->n++];
}

static const uint8_t *heap_close(struct store *s, size_t len)
{
	struct heap *h = (struct heap *)s;
	/* exactly as long as it says */
	uint8_t *p = malloc(len + !len);

	DOOR_WANT(h->n && len <= s->limit);
	if (p && len)
		memcpy(p, h->piece[h->n - 1], len);
	free(h->piece[h->n - 1]);
	h->piece[h->n - 1] = p;
	return p;
}

/* Are all of the bytes there? */
static void touch(struct span s)
{
	static volatile uint8_t sum;
	size_t i;

	for (i = 0; i < s.len; i++)
		sum = (uint8_t)(sum + s.p[i]);
}

void door_unwrap(struct span in)
{
	const unsigned flag = door_flag(&in);
	struct range all = { 0, 1 << 30, NULL };
	const struct machine m = { .arch = flag & 1 ? &arch_ppc64 : &arch_arm64,
				   .page_size = 0x1000,
				   .mem_total = 1 << 30,
				   .free = { &all, 1, 1 },
				   .addressable = all };
	struct heap h = { .store = { flag & 2 ? 5000 : 1 << 20, heap_open, heap_close, step } };
	const struct unwrap_target target = kernel_target(&m);
	struct unwrapped u;
	struct error e = { 0 };
	struct image img = { 0 };
	bool ok;

	ok = unwrap(in, "kernel", &target, &h.store, &u, &e);
	door_error(ok, &e);
	if (ok) {
		touch(u.kernel);
		touch(u.initrd);
		touch(u.cmdline);
		touch(u.dtb);
		ok = kernel_parse(u.kernel, "kernel", &m, &img, &e) &&
		     kernel_settle(&img, "kernel", &m, flag & 4, &e);
		door_error(ok, &e);
		image_free(&img);
	}
	while (h.n)
		free(h.piece[--h.n]);
}
