#include "unit.h"

#include "src/base/sort.h"

static unsigned compared;

static int order(const void *pa, const void *pb)
{
	const unsigned *a = pa, *b = pb;

	compared++;
	return (*a > *b) - (*a < *b);
}

static void want_sorted(const unsigned *v, size_t n, uint64_t sum)
{
	size_t i;

	for (i = 0; i < n; i++) {
		sum -= v[i];
		if (i && v[i - 1] > v[i]) {
			unit_fail("element %zu of %zu: expected at least %u, came %u", i, n,
				  v[i - 1], v[i]);
			return;
		}
	}
	want_u64("sum of what is missing", 0, sum);
}

void test_sort(void)
{
	static unsigned v[5000];
	uint64_t sum;
	size_t n, i;

	CASE("every length up to 200, random elements, many of them equal");
	unit_random_start(5);
	for (n = 0; n <= 200; n++) {
		for (i = 0, sum = 0; i < n; i++)
			sum += v[i] = (unsigned)(unit_random() % (1 + n / 2));
		sort(v, n, sizeof(v[0]), order);
		want_sorted(v, n, sum);
	}
	CASE("in order already: one look at each");
	for (i = 0, sum = 0; i < COUNT(v); i++)
		sum += v[i] = (unsigned)i / 2;
	compared = 0;
	sort(v, COUNT(v), sizeof(v[0]), order);
	want_sorted(v, COUNT(v), sum);
	want(compared < COUNT(v), "it compared neighbours only");
	CASE("in the wrong order: n log n steps");
	for (i = 0, sum = 0; i < COUNT(v); i++)
		sum += v[i] = (unsigned)(COUNT(v) - i);
	compared = 0;
	sort(v, COUNT(v), sizeof(v[0]), order);
	want_sorted(v, COUNT(v), sum);
	want(compared < 5000 * 2 * 13, "it did not compare all with all");
}
