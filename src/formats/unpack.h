/* SPDX-License-Identifier: MIT */
/* Streams of gzip, zstd, xz and lz4, each unpacked by its library straight to where its bytes are
 * wanted. Besides the output they take less than 256 KiB, with two exceptions. liblzma keeps the
 * last bytes twice, as many as the file says: at most 128 MiB, and never more than the output.
 * liblz4 has room for two blocks of a frame, 8 MiB, but uses it only when a block may not fit into
 * the output. Each format is in the build or left out (make ZSTD= and so on).
 */
#ifndef UNPACK_H
#define UNPACK_H

#include "src/base/error.h"
#include "src/base/span.h"

struct unpack {
	struct span in;	  /* a stream, and what may follow it */
	uint8_t *out;	  /* zeros, or any bytes */
	size_t out_max;	  /* bytes that out has */
	size_t used, len; /* of in that were read; of out that were written */
	/* Never NULL; called about once for each 64 KiB to 8 MiB, but for zstd once a frame. */
	void (*step)(void *arg, const struct unpack *u);
	void *arg;
};

enum unpacked {
	UNPACK_DONE,
	UNPACK_CUT,	/* `in` ends inside the stream */
	UNPACK_BROKEN,	/* not a stream, or its checksum is wrong */
	UNPACK_FULL,	/* `out` is full and the stream has not ended */
	UNPACK_STRANGE, /* a filter, a checksum or a dictionary that is not supported */
	UNPACK_MEMORY,	/* malloc */
};

typedef enum unpacked unpack_run(struct unpack *u);

struct format {
	const char *name; /* "gzip" */
	const char *magic;
	size_t magic_len;
	bool skips;	 /* frames of its streams may be skippable */
	unpack_run *run; /* NULL: left out of this build */
};

/* By the first bytes; NULL: none of them. */
const struct format *unpack_format(struct span file);

/* Unpacks all streams that follow each other. After them may come zeros, the length of the output
 * in four bytes (which builds of kernels append), or a module signature. `kernel`, fit to print,
 * names the file in errors. Errors: FAIL_FORMAT, FAIL_UNSUPPORTED, FAIL_MEMORY.
 */
bool unpack(const struct format *f, struct unpack *u, const char *kernel, struct error *e);

/* The decoders, of one stream each. used and len go on from what they are. Weak: those that the
 * build leaves out are NULL.
 */
extern unpack_run unpack_gzip __attribute__((weak)), unpack_zstd __attribute__((weak)),
	unpack_xz __attribute__((weak)), unpack_lz4 __attribute__((weak));

/* What is left of in. */
static inline struct span unpack_rest(const struct unpack *u)
{
	return (struct span){ u->in.p + u->used, u->in.len - u->used };
}

#endif
