/* SPDX-License-Identifier: MIT */
/* The floor: what a load costs at least. Maps files, makes one kexec_load, and nothing else.
 *
 *	floor [-p] ADDRESS FILE[:OFFSET:BYTES[:MEMORY]]...
 *
 * One segment for each pair, at that physical address; the first one is the entry. -p has all
 * mapped pages made at once (MAP_POPULATE). Without FILE, "=BYTES": nothing but zeros, which the
 * kernel makes.
 */
#include <elf.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

struct segment {
	const void *buf;
	size_t bufsz;
	unsigned long mem;
	size_t memsz;
};

#if defined __aarch64__
#define KEXEC_ARCH ((unsigned long)EM_AARCH64 << 16)
#else
#define KEXEC_ARCH ((unsigned long)EM_PPC64 << 16)
#endif

/* The number behind the next ':', or `none`. */
static size_t part(char **at, size_t none)
{
	if (**at != ':')
		return none;
	return strtoull(*at + 1, at, 0);
}

static int get(struct segment *s, char *word, int flags)
{
	size_t page = getauxval(AT_PAGESZ), offset;
	char *end = strchr(word, ':');
	struct stat st;
	char *p;
	int fd;

	if (*word == '=') {
		s->memsz = strtoull(word + 1, NULL, 0);
	} else {
		if (end)
			*end = 0;
		fd = open(word, O_RDONLY);
		if (fd < 0 || fstat(fd, &st))
			return 1;
		p = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE | flags, fd, 0);
		if (p == MAP_FAILED)
			return 2;
		if (end)
			*end = ':';
		else
			end = word + strlen(word);
		offset = part(&end, 0);
		s->buf = p + offset;
		s->bufsz = part(&end, (size_t)st.st_size - offset);
		s->memsz = part(&end, s->bufsz);
	}
	s->memsz = (s->memsz + page - 1) / page * page;
	return 0;
}

int main(int argc, char **argv)
{
	struct segment seg[16] = { 0 };
	unsigned long n = 0;
	int flags = 0, i = 1;

	if (argc > 1 && !strcmp(argv[1], "-p")) {
		flags = MAP_POPULATE;
		i++;
	}
	for (; i + 1 < argc && n < 16; i += 2, n++) {
		seg[n].mem = strtoul(argv[i], NULL, 0);
		if (get(&seg[n], argv[i + 1], flags))
			return 3;
	}
	return n && syscall(SYS_kexec_load, seg[0].mem, n, seg, KEXEC_ARCH) ? 1 : 0;
}
