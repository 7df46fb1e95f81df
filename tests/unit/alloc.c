/* The allocator of the static binaries, under other names beside the host's own. */
#include "unit.h"

void *own_malloc(size_t size);
void own_free(void *p);
void *own_calloc(size_t n, size_t size);
void *own_realloc(void *p, size_t size);

#define malloc	own_malloc
#define free	own_free
#define calloc	own_calloc
#define realloc own_realloc
#include "src/sys/alloc.c"
#undef malloc
#undef free
#undef calloc
#undef realloc

/* Blocks full of a byte each; any overlap or loss shows. */
static void random_calls(void)
{
	struct {
		uint8_t *p, byte;
		size_t size;
	} block[40] = { { NULL, 0, 0 } };
	unsigned k, i;
	size_t size, j;
	uint8_t *p;

	CASE("30000 random calls: no block overlaps another or loses bytes");
	unit_random_start(6);
	for (k = 0; k < 30000; k++) {
		i = (unsigned)(unit_random() % ARRAY_SIZE(block));
		size = unit_random() % 100 ? unit_random() % 2000 : unit_random() % 300000;
		for (j = 0; j < block[i].size && block[i].p[j] == block[i].byte; j++)
			;
		if (j != block[i].size) {
			unit_fail("call %u: expected byte 0x%02x at %zu, came 0x%02x", k,
				  block[i].byte, j, block[i].p[j]);
			return;
		}
		switch (unit_random() % 4) {
		case 0:
			own_free(block[i].p);
			block[i].p = NULL;
			block[i].size = 0;
			continue;
		case 1:
			own_free(block[i].p);
			p = own_calloc(1, size);
			for (j = 0; j < size && !p[j]; j++)
				;
			want(j == size, "calloc() gives zeros");
			break;
		default:
			p = own_realloc(block[i].p, size);
			for (j = 0; j < size && j < block[i].size && p[j] == block[i].byte; j++)
				;
			want(j == (size < block[i].size ? size : block[i].size),
			     "realloc() keeps what was there");
			break;
		}
		want(p && (uintptr_t)p % 16 == 0, "blocks are aligned");
		block[i].p = p;
		block[i].size = size;
		block[i].byte = (uint8_t)(k % 255 + 1);
		memset(p, block[i].byte, size);
	}
	for (i = 0; i < ARRAY_SIZE(block); i++)
		own_free(block[i].p);
}

static void edges(void)
{
	volatile size_t half = SIZE_MAX / 2 + 1, most = SIZE_MAX;
	uint8_t *p, *q, *r;

	CASE("more than there is: NULL and ENOMEM");
	errno = 0;
	want(!own_malloc(most) && errno == ENOMEM, "malloc() says so");
	errno = 0;
	want(!own_malloc(half) && errno == ENOMEM, "so it does for half of it");
	CASE("calloc: a product that wraps");
	errno = 0;
	want(!own_calloc(half, 2) && errno == ENOMEM, "it says so");
	CASE("realloc: more than there is: the block stays");
	p = own_malloc(100);
	memset(p, 7, 100);
	want(!own_realloc(p, most), "it says so");
	want(p[0] == 7 && p[99] == 7, "its bytes are there");
	q = own_malloc(100);
	want(q >= p + 100 || q + 100 <= p, "the next block does not overlap it");
	CASE("realloc: a large block more than there is: the block stays");
	r = own_malloc(100000);
	memset(r, 8, 100000);
	want(!own_realloc(r, most), "it says so");
	want(r[0] == 8 && r[99999] == 8, "its bytes are there");
	own_free(r);
	own_free(q);
	own_free(p);
	CASE("the last block grows where it stands");
	p = own_malloc(16);
	want(own_realloc(p, 1000) == p, "it does");
	own_free(p);
	CASE("the last block is cut again after free()");
	want(own_malloc(16) == p, "it is");
	own_free(p);
	CASE("no bytes");
	p = own_malloc(0);
	q = own_malloc(0);
	want(p && q && p != q, "each call gives a block of its own");
	own_free(q);
	own_free(p);
	CASE("free(NULL)");
	own_free(NULL);
	CASE("just below and above a mapping of its own");
	for (size_t n = 65536 - 40; n < 65536 + 40; n++) {
		p = own_malloc(n);
		want(p, "it is there");
		memset(p, 1, n);
		q = own_realloc(p, n + 30);
		want(q && q[n - 1] == 1, "and grows");
		own_free(q);
	}
}

void test_alloc(void)
{
	random_calls();
	edges();
}
