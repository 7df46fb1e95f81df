/* SPDX-License-Identifier: MIT */
/* xz (the .xz File Format) through liblzma, which keeps a dictionary of its own. */
#include "src/formats/unpack.h"

#include <lzma.h>

#define STEP (512u << 10)
/* A dictionary of 128 MiB, the largest that kernels are packed with (their scripts/xz_wrap.sh), and
 * the rest of the decoder. A file may ask for up to 4 GiB.
 */
#define MEMORY_LIMIT (129u << 20)

static enum unpacked meaning(lzma_ret ret, bool at_end)
{
	switch (ret) {
	case LZMA_STREAM_END: return UNPACK_DONE;
	case LZMA_BUF_ERROR: /* twice it could neither read nor write */
		return at_end ? UNPACK_CUT : UNPACK_FULL;
	case LZMA_MEM_ERROR: return UNPACK_MEMORY;
	case LZMA_MEMLIMIT_ERROR:
	case LZMA_OPTIONS_ERROR:
	case LZMA_UNSUPPORTED_CHECK: return UNPACK_STRANGE;
	default: return UNPACK_BROKEN;
	}
}

enum unpacked unpack_xz(struct unpack *u)
{
	lzma_stream z = LZMA_STREAM_INIT;
	lzma_ret ret = lzma_stream_decoder(&z, MEMORY_LIMIT, LZMA_TELL_UNSUPPORTED_CHECK);
	struct span in;
	size_t room;

	while (ret == LZMA_OK) {
		in = unpack_rest(u);
		if (in.len > STEP)
			in.len = STEP;
		room = u->out_max - u->len;
		z.next_in = in.p;
		z.avail_in = in.len;
		z.next_out = u->out + u->len;
		z.avail_out = room;
		ret = lzma_code(&z, LZMA_RUN);
		u->used += in.len - z.avail_in;
		u->len += room - z.avail_out;
		u->step(u->arg, u);
	}
	lzma_end(&z);
	return meaning(ret, u->used == u->in.len);
}
