/* Streams that no tool writes; what tools write is in tests/unpack.bats. */
#include "unit.h"

#include "../../src/unpack.h"

#define ZSTD "\x28\xb5\x2f\xfd"

static void step(void *arg, const struct unpack *u)
{
	(void)arg;
	(void)u;
}

static const struct row {
	const char *caption, *bytes;
	size_t len, unpacked;
	enum unpacked result;
} rows[] = {
	{ "zstd: three bytes as they are", ZSTD "\x20\x03\x19\0\0abc", 12, 3, UNPACK_DONE },
	{ "zstd: a frame of 128 bytes that has none", ZSTD "\x20\x80\1\0\0", 9, 0, UNPACK_BROKEN },
	{ "zstd: a frame of 4 bytes that ends behind 3", ZSTD "\x20\4\x18\0\0abc\1\0\0", 15, 3,
	  UNPACK_BROKEN },
};

void test_unpack(void)
{
	const struct row *r;
	uint8_t out[200];
	struct unpack u;

	for (r = rows; r < rows + COUNT(rows); r++) {
		CASE("%s", r->caption);
		u = (struct unpack){ .in = { (const uint8_t *)r->bytes, r->len },
				     .out = out,
				     .room = sizeof(out),
				     .step = step };
		want_u64("result", r->result, unpack_format(u.in)->run(&u));
		want_u64("bytes", r->unpacked, u.len);
	}
}
