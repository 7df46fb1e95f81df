#include "src/base/sort.h"

/* A heap sort: a quarter of what libc's qsort() adds to the binary. */
struct heap {
	char *v;
	size_t n, size;
	int (*order)(const void *, const void *);
};

static int compare(const struct heap *h, size_t i, size_t j)
{
	return h->order(h->v + i * h->size, h->v + j * h->size);
}

static void swap(const struct heap *h, size_t i, size_t j)
{
	char *a = h->v + i * h->size, *b = h->v + j * h->size, c;
	size_t k;

	for (k = 0; k < h->size; k++) {
		c = a[k];
		a[k] = b[k];
		b[k] = c;
	}
}

/* Moves element i down until no child is larger. */
static void sift(const struct heap *h, size_t i)
{
	size_t child;

	while ((child = 2 * i + 1) < h->n) {
		if (child + 1 < h->n && compare(h, child, child + 1) < 0)
			child++;
		if (compare(h, i, child) >= 0)
			return;
		swap(h, i, child);
		i = child;
	}
}

void sort(void *v, size_t n, size_t size, int (*order)(const void *, const void *))
{
	struct heap h = { v, n, size, order };
	size_t i;

	for (i = 1; i < n && compare(&h, i - 1, i) <= 0; i++)
		;
	if (i >= n)
		return;
	for (i = n / 2; i-- > 0;)
		sift(&h, i);
	while (h.n > 1) {
		swap(&h, 0, --h.n);
		sift(&h, 0);
	}
}
