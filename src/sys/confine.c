#include "src/sys/confine.h"

#include "src/sys/alloc.h"

#include "src/base/span.h"

#include <elf.h>
#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

void *confine_share(int fd, size_t least, size_t *size)
{
	void *p;

	for (; *size >= least && *size; *size /= 2) {
		if (fd >= 0 && ftruncate(fd, (off_t)*size))
			continue;
		p = mmap(NULL, *size, PROT_READ | PROT_WRITE,
			 MAP_SHARED | MAP_NORESERVE | (fd < 0 ? MAP_ANONYMOUS : 0), fd, 0);
		if (p != MAP_FAILED)
			return p;
	}
	return NULL;
}

/* Without a signal at its end a child is not reaped behind our back (clone(2)). */
pid_t confine_fork(void)
{
	return (pid_t)syscall(SYS_clone, 0, 0, 0, 0, 0);
}

bool confine_wait(pid_t child)
{
	long ended;

	do
		ended = syscall(SYS_wait4, child, NULL, __WALL, NULL);
	while (ended < 0 && errno == EINTR);
	return ended == child || (kill(child, SIGKILL), false);
}

/* ---- landlock: ABI 1, whose numbers are the same everywhere */

#define LANDLOCK_CREATE_RULESET 444
#define LANDLOCK_RESTRICT_SELF	446
#define ALL_RIGHTS		((1ull << 13) - 1)

/* No rule allows anything. */
static bool without_files(void)
{
	const uint64_t rights = ALL_RIGHTS;
	long rules = syscall(LANDLOCK_CREATE_RULESET, &rights, sizeof(rights), 0);

	return rules >= 0 && syscall(LANDLOCK_RESTRICT_SELF, rules, 0) == 0;
}

/* ---- seccomp */

/* Our own ELF header, which names the ABI that the calls' numbers are of. */
extern const Elf64_Ehdr __ehdr_start __attribute__((visibility("hidden")));

/* include/uapi/linux/: filter.h, seccomp.h, audit.h */
struct instruction {
	uint16_t code;
	uint8_t equal, other; /* instructions to pass over */
	uint32_t value;
};
struct program {
	unsigned short n;
	const struct instruction *v;
};
#define LOAD	    0x20 /* a word of struct seccomp_data */
#define IF	    0x15
#define RETURN	    0x06
#define DATA_CALL   0
#define DATA_ABI    4
#define DATA_FIRST  16 /* half of the first argument */
#define ALLOW	    0x7fff0000u
#define KILL	    0x80000000u
#define ABI_64BIT   0x80000000u
#define ABI_LE	    0x40000000u
#define MODE_FILTER 2

static bool without_calls(void)
{
	const uint32_t abi = __ehdr_start.e_machine | ABI_64BIT |
			     (__ehdr_start.e_ident[EI_DATA] == ELFDATA2LSB ? ABI_LE : 0);
	/* The kernel tries a filter in advance, once for each call that there is, to know which it
	 * always allows (kernel/seccomp.c, seccomp_cache_prepare_bitmap). That costs more than our
	 * few calls do; it gives up where an argument is loaded, so that comes first.
	 */
	const struct instruction v[] = {
		{ LOAD, 0, 0, DATA_FIRST }, { LOAD, 0, 0, DATA_ABI },	  { IF, 0, 9, abi },
		{ LOAD, 0, 0, DATA_CALL },  { IF, 6, 0, SYS_read },	  { IF, 5, 0, SYS_pread64 },
		{ IF, 4, 0, SYS_write },    { IF, 3, 0, SYS_madvise },	  { IF, 2, 0, SYS_getcpu },
		{ IF, 1, 0, SYS_getpid },   { IF, 0, 1, SYS_exit_group }, { RETURN, 0, 0, ALLOW },
		{ RETURN, 0, 0, KILL },
	};
	const struct program p = { ARRAY_SIZE(v), v };

	return prctl(PR_SET_SECCOMP, MODE_FILTER, &p, 0, 0) == 0;
}

void confine(void *heap, size_t size, struct confinement *c)
{
	heap_share(heap, size);
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	c->files = without_files();
	c->calls = without_calls();
}

bool confine_possible(void)
{
	return heap_share;
}
