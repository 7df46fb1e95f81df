/* SPDX-License-Identifier: MIT */
/* For a kexec-lite that is linked with --wrap=malloc,calloc,realloc: of its allocations the one
 * with the number in FAIL_ALLOCATION fails, and, where that ends with a plus, all that follow. At
 * the end it writes "allocations N" to descriptor 9, if that is open.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t size);

static unsigned long count;

__attribute__((destructor)) static void tell(void)
{
	char line[40];
	int n = snprintf(line, sizeof(line), "allocations %lu\n", count);

	if (write(9, line, (size_t)n) < 0)
		return; /* nobody asked */
}

static int fails(void)
{
	const char *word = getenv("FAIL_ALLOCATION");
	char *end = NULL;
	unsigned long at = word ? strtoul(word, &end, 10) : 0;

	count++;
	if (!at || (count != at && !(end[0] == '+' && count > at)))
		return 0;
	errno = ENOMEM;
	return 1;
}

void *__wrap_malloc(size_t size)
{
	return fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t n, size_t size)
{
	return fails() ? NULL : __real_calloc(n, size);
}

void *__wrap_realloc(void *p, size_t size)
{
	return fails() ? NULL : __real_realloc(p, size);
}
