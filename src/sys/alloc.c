/* EDGE: malloc for a program that runs for a moment. musl's is a good one, and 12 of the 96 KiB
 * that the binary may have; this one is one. Built into the static binaries only.
 *
 * Large blocks are mappings of their own: they grow in place and go back to the kernel. Small ones
 * are cut from chunks; only the last one cut can grow in place or be taken back, which is what
 * growing texts and sets need. Single-threaded.
 */
#include "src/sys/alloc.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define LARGE 65536u /* from here on a block is a mapping */
#define CHUNK (4 * LARGE)

struct block {
	size_t size; /* of the bytes behind this header, a multiple of 16 */
	size_t pad;
};

_Static_assert(sizeof(struct block) % 16 == 0, "blocks must stay aligned");

static struct {
	char *at, *end;	    /* what is left of the chunk */
	struct block *last; /* the block that ends at `at`, or NULL */
	bool shared;	    /* this chunk is all there is */
} heap;

/* What was allocated before stays where it is, for good. */
void heap_share(void *p, size_t size)
{
	heap.at = p;
	heap.end = heap.at + size / 16 * 16;
	heap.last = NULL;
	heap.shared = true;
}

/* A block that is a mapping of its own. */
static bool is_large(size_t size)
{
	return size >= LARGE && !heap.shared;
}

static struct block *block_of(void *p)
{
	return (struct block *)p - 1;
}

static void *map(size_t size)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return p == MAP_FAILED ? NULL : p;
}

static struct block *new_block(size_t size)
{
	struct block *b;

	if (is_large(size))
		return map(size + sizeof(*b));
	if ((size_t)(heap.end - heap.at) < size + sizeof(*b)) {
		b = heap.shared ? NULL : map(CHUNK);
		if (!b)
			return NULL;
		heap.at = (char *)b;
		heap.end = heap.at + CHUNK;
	}
	b = (struct block *)(void *)heap.at;
	heap.at += size + sizeof(*b);
	heap.last = b;
	return b;
}

static void *allocate(size_t size)
{
	struct block *b = NULL;

	if (size < PTRDIFF_MAX - LARGE) {
		size = (size + 15) & ~(size_t)15;
		b = new_block(size);
	}
	if (!b) {
		errno = ENOMEM;
		return NULL;
	}
	b->size = size;
	return b + 1;
}

void *malloc(size_t size)
{
	return allocate(size);
}

void free(void *p)
{
	struct block *b;

	if (!p)
		return;
	b = block_of(p);
	if (is_large(b->size)) {
		munmap(b, b->size + sizeof(*b));
	} else if (b == heap.last) {
		heap.at = (char *)b;
		heap.last = NULL;
	}
}

/* calloc() must give zeros, and a chunk may have been used before. */
void *calloc(size_t n, size_t size)
{
	void *p;

	if (__builtin_mul_overflow(n, size, &size)) {
		errno = ENOMEM;
		return NULL;
	}
	p = allocate(size);
	/* a mapping is new and zero */
	return p && !is_large(size) ? memset(p, 0, size) : p;
}

void *realloc(void *p, size_t size)
{
	struct block *b;
	size_t had;
	bool last;
	void *q;

	if (!p)
		return allocate(size);
	b = block_of(p);
	if (size <= b->size)
		return p;
	if (is_large(b->size) && size < PTRDIFF_MAX - LARGE) {
		size = (size + 15) & ~(size_t)15;
		b = mremap(b, b->size + sizeof(*b), size + sizeof(*b), MREMAP_MAYMOVE);
		if (b == MAP_FAILED)
			return NULL;
		b->size = size;
		return b + 1;
	}
	/* given back, the last block is cut again where it stands, if the chunk has the room */
	had = b->size;
	last = b == heap.last;
	if (last)
		heap.at = (char *)b;
	q = allocate(size);
	if (q && q != p)
		memcpy(q, p, had);
	if (!q && last)
		heap.at = (char *)p + had;
	return q;
}
