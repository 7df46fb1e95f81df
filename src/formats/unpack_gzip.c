/* SPDX-License-Identifier: MIT */
/* gzip (RFC 1952) through zlib, which checks headers, CRCs and lengths. */
#include "src/formats/unpack.h"

#define ZLIB_CONST
#include <zlib.h>

#define STEP (1u << 20)

static size_t at_most(size_t a, size_t b)
{
	return a < b ? a : b;
}

static enum unpacked run(struct unpack *u, z_stream *z)
{
	size_t in, room;
	int err;

	for (;;) {
		in = at_most(u->in.len - u->used, STEP);
		room = at_most(u->out_max - u->len, 1u << 30);
		z->next_in = u->in.p + u->used;
		z->avail_in = (uInt)in;
		z->next_out = u->out + u->len;
		z->avail_out = (uInt)room;
		err = inflate(z, Z_NO_FLUSH);
		u->used += in - z->avail_in;
		u->len += room - z->avail_out;
		u->step(u->arg, u);
		if (err == Z_STREAM_END)
			return UNPACK_DONE;
		if (err == Z_MEM_ERROR)
			return UNPACK_MEMORY;
		if (err != Z_OK && err != Z_BUF_ERROR)
			return UNPACK_BROKEN;
		if (u->used == u->in.len)
			return UNPACK_CUT; /* with more to come, the trailer at least is left */
		if (u->len == u->out_max)
			return UNPACK_FULL;
	}
}

enum unpacked unpack_gzip(struct unpack *u)
{
	z_stream z = { 0 };
	enum unpacked result;

	if (inflateInit2(&z, 16 + MAX_WBITS) != Z_OK)
		return UNPACK_MEMORY;
	result = run(u, &z);
	inflateEnd(&z);
	return result;
}
