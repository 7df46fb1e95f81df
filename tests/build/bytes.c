/* src/bytes.c beside libc: tests/build/build.bats gives its names the prefix small_. Sizes up to
 * 70, every place in 16 bytes, every overlap in reach.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

void *small_memmove(void *to, const void *from, size_t n);
void *small_memcpy(void *to, const void *from, size_t n);
void *small_memset(void *to, int c, size_t n);
void *small_memchr(const void *s, int c, size_t n);
char *small_strchrnul(const char *s, int c);
size_t small_strcspn(const char *s, const char *none);
void *small_mmap(void *at, size_t size, int protection, int flags, int fd, off_t offset);
void *small_mremap(void *old, size_t old_size, size_t size, int flags, ...);

#define SIZE 192

static uint8_t ours[SIZE], libc[SIZE];

static void want(int ok, const char *what, size_t a, size_t b, size_t n)
{
	if (ok)
		return;
	printf("%s: %zu, %zu, %zu\n", what, a, b, n);
	exit(1);
}

static void fill(void)
{
	size_t i;

	for (i = 0; i < SIZE; i++)
		ours[i] = libc[i] = (uint8_t)(i * 7 + 1);
}

int main(void)
{
	static const char text[] = "a\xff"
				   "b=c d";
	size_t a, b, n;
	uint8_t *p;

	for (n = 0; n <= 70; n++) {
		for (a = 0; a < 100; a++) {
			for (b = 0; b < 100; b++) {
				fill();
				want(small_memmove(ours + a, ours + b, n) == ours + a, "answer", a,
				     b, n);
				memmove(libc + a, libc + b, n);
				want(!memcmp(ours, libc, SIZE), "memmove", a, b, n);
			}
			fill();
			want(small_memset(ours + a, 0x1a5, n) == ours + a, "answer", a, 0, n);
			memset(libc + a, 0x1a5, n);
			want(!memcmp(ours, libc, SIZE), "memset", a, 0, n);
		}
	}
	for (b = 0; b < 256; b++)
		for (n = 0; n < SIZE; n++)
			want(small_memchr(ours, (int)b, n) == memchr(ours, (int)b, n), "memchr", b,
			     0, n);
	for (n = 0; n < sizeof(text); n++) {
		want(small_strchrnul(text, text[n]) == strchrnul(text, text[n]), "strchrnul", n, 0,
		     0);
		want(small_strcspn(text + n, "= ") == strcspn(text + n, "= "), "strcspn", n, 0, 0);
	}
	want(small_strcspn(text, "") == strlen(text), "strcspn", 0, 0, 0);
	want(small_memcpy(ours, text, 3) == ours && !memcmp(ours, text, 3), "memcpy", 0, 0, 3);

	p = small_mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	want(p != MAP_FAILED, "mmap", 0, 0, 0);
	p[(1 << 20) - 1] = 1;
	p = small_mremap(p, 1 << 20, 2 << 20, MREMAP_MAYMOVE);
	want(p != MAP_FAILED && p[(1 << 20) - 1] == 1 && !p[(2 << 20) - 1], "mremap", 0, 0, 0);
	want(small_mmap(NULL, 0, PROT_READ, MAP_PRIVATE, -1, 0) == MAP_FAILED, "mmap of nothing", 0,
	     0, 0);
	puts("as libc's");
	return 0;
}
