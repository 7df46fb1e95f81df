/* SPDX-License-Identifier: MIT */
#include "src/sys/confine.h"

#include "src/base/span.h"
#include "src/sys/kexec_abi.h"

#include <elf.h>
#include <errno.h>
#include <link.h>
#include <signal.h>
#include <string.h>
#include <stdint.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* The first object is the program. Whole pages, as dynamic linkers do it: a page may hold other data. */
static int protect(struct dl_phdr_info *program, size_t size, void *unused)
{
	const uintptr_t page = getauxval(AT_PAGESZ);
	const ElfW(Phdr) *p = program->dlpi_phdr, *last = p + program->dlpi_phnum;
	uintptr_t start, end;

	(void)size;
	(void)unused;
	for (; p < last; p++) {
		start = (program->dlpi_addr + p->p_vaddr) & -page;
		end = (program->dlpi_addr + p->p_vaddr + p->p_memsz) & -page;
		if (p->p_type == PT_GNU_RELRO)
			mprotect((void *)start, end - start, PROT_READ);
	}
	return 1;
}

void confine_relro(void)
{
	dl_iterate_phdr(protect, NULL);
}

void *confine_share(int fd, size_t *size)
{
	void *p;

	for (; *size >= SHARED_LEAST; *size /= 2) {
		if (fd >= 0 && ftruncate(fd, (off_t)*size))
			continue;
		p = mmap(NULL, *size, PROT_READ | PROT_WRITE,
			 MAP_SHARED | MAP_NORESERVE | (fd < 0 ? MAP_ANONYMOUS : 0), fd, 0);
		if (p != MAP_FAILED)
			return p;
	}
	return NULL;
}

static bool fail_start(const char *what, int err, enum code code, struct error *e)
{
	fail(e, code, "start the sandbox: %s: %s", strerror(err), what);
	return hint(e, "nothing was loaded: --no-sandbox reads the files without one");
}

/* Without a signal at its end, a child is reaped by nobody but us (clone(2)). */
pid_t confine_fork(struct error *e)
{
	const pid_t child = (pid_t)syscall(SYS_clone, 0, 0, 0, 0, 0);

	if (child < 0)
		fail_start("clone", errno, FAIL_MEMORY, e);
	return child;
}

bool confine_wait(pid_t child, bool *finished)
{
	int status = 0;
	long ended;

	do
		ended = syscall(SYS_wait4, child, &status, __WALL, NULL);
	while (ended < 0 && errno == EINTR);
	*finished = ended == child && WIFEXITED(status) && WEXITSTATUS(status) == 0;
	if (ended == child)
		return true;
	kill(child, SIGKILL);
	return false;
}

/* ---- no capabilities */

static bool without_capabilities(struct error *e)
{
	const struct cap_header header = { CAPABILITY_VERSION_3, 0 };
	const struct cap_data none[2] = { { 0, 0, 0 }, { 0, 0, 0 } };

	return syscall(SYS_capset, &header, none) == 0 ||
	       fail_start("capset", errno, FAIL_KERNEL, e);
}

/* ---- landlock: ABI 1, whose numbers are the same everywhere */

#define LANDLOCK_CREATE_RULESET 444
#define LANDLOCK_RESTRICT_SELF	446
#define ALL_RIGHTS		((1ull << 13) - 1)

/* No rule allows anything. */
static bool without_files(uint32_t *lacks, struct error *e)
{
	const uint64_t rights = ALL_RIGHTS;
	const long rules = syscall(LANDLOCK_CREATE_RULESET, &rights, sizeof(rights), 0);

	/* not built in, or not among the security modules that were chosen at boot */
	if (rules < 0 && (errno == ENOSYS || errno == EOPNOTSUPP)) {
		*lacks |= LACKS_LANDLOCK;
		return true;
	}
	return (rules >= 0 && syscall(LANDLOCK_RESTRICT_SELF, rules, 0) == 0) ||
	       fail_start("landlock", errno, FAIL_KERNEL, e);
}

/* ---- seccomp */

/* Our own ELF header, which names the ABI that the calls' numbers are of. */
extern const Elf64_Ehdr __ehdr_start __attribute__((visibility("hidden")));

/* include/uapi/linux/: filter.h, seccomp.h, audit.h */
struct instruction {
	uint16_t code;
	uint8_t yes, no; /* instructions to pass over */
	uint32_t value;
};
struct program {
	unsigned short n;
	const struct instruction *v;
};
#define LOAD	    0x20 /* a word of struct seccomp_data */
#define IF	    0x15 /* is it equal? */
#define IF_ANY	    0x45 /* has it any of these bits? */
#define RETURN	    0x06
#define DATA_CALL   0
#define DATA_ABI    4
#define DATA_ARG(i) (16 + 8 * (i) + (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__ ? 4 : 0))
#define ALLOW	    0x7fff0000u
#define KILL	    0x80000000u
#define REFUSE	    (0x50000u | EINVAL)
#define ABI_64BIT   0x80000000u
#define ABI_LE	    0x40000000u
#define MODE_FILTER 2

/* Each is a few instructions that end by a return, or pass over all of them. */
/* clang-format off */
#define CALL(call) { IF, 0, 1, call }, { RETURN, 0, 0, ALLOW }
#define CALL_IF(call, arg, v)                                                                      \
	{ IF, 0, 4, call }, { LOAD, 0, 0, DATA_ARG(arg) }, { IF, 0, 1, v },                        \
	{ RETURN, 0, 0, ALLOW }, { RETURN, 0, 0, KILL }
#define CALL_IF_OR_REFUSE(call, arg, v, refused)                                                   \
	{ IF, 0, 6, call }, { LOAD, 0, 0, DATA_ARG(arg) }, { IF, 0, 1, v },                        \
	{ RETURN, 0, 0, ALLOW }, { IF, 0, 1, refused },                                            \
	{ RETURN, 0, 0, REFUSE }, { RETURN, 0, 0, KILL }
#define CALL_UNLESS(call, arg, bits)                                                               \
	{ IF, 0, 4, call }, { LOAD, 0, 0, DATA_ARG(arg) }, { IF_ANY, 1, 0, bits },                 \
	{ RETURN, 0, 0, ALLOW }, { RETURN, 0, 0, KILL }
#define CALL_IF_UNLESS(call, arg, bits, arg2, bits2)                                               \
	{ IF, 0, 6, call }, { LOAD, 0, 0, DATA_ARG(arg) }, { IF_ANY, 0, 3, bits },                 \
	{ LOAD, 0, 0, DATA_ARG(arg2) }, { IF_ANY, 1, 0, bits2 },                                   \
	{ RETURN, 0, 0, ALLOW }, { RETURN, 0, 0, KILL }
/* clang-format on */

/* What the child's own code needs, and malloc() of musl and of glibc. */
static int without_calls(void)
{
	const uint32_t abi = __ehdr_start.e_machine | ABI_64BIT |
			     (__ehdr_start.e_ident[EI_DATA] == ELFDATA2LSB ? ABI_LE : 0);
	/* The kernel tries a filter in advance, once for each call that there is, to know which it
	 * always allows (kernel/seccomp.c, seccomp_cache_prepare_bitmap). That costs more than our
	 * few calls do; it gives up where an argument is loaded, so that comes first.
	 */
	const struct instruction v[] = {
		{ LOAD, 0, 0, DATA_ARG(0) },
		{ LOAD, 0, 0, DATA_ABI },
		{ IF, 1, 0, abi },
		{ RETURN, 0, 0, KILL },
		{ LOAD, 0, 0, DATA_CALL },
		CALL_IF_UNLESS(SYS_mmap, 3, MAP_ANONYMOUS, 2, PROT_EXEC),
		CALL(SYS_munmap),
		CALL(SYS_mremap),
		CALL(SYS_brk),
		CALL_UNLESS(SYS_mprotect, 2, PROT_EXEC),
		/* free() of musl before 1.2.4 tries MADV_FREE, and does not mind */
		CALL_IF_OR_REFUSE(SYS_madvise, 2, MADV_DONTNEED, MADV_FREE),
		CALL(SYS_read),
		CALL(SYS_pread64),
		CALL_IF(SYS_write, 0, STDERR_FILENO),
		/* qsort() of glibc before 2.37, how much memory there is */
		CALL(SYS_sysinfo),
		CALL(SYS_getcpu),
		CALL(SYS_exit_group),
		{ RETURN, 0, 0, KILL },
	};
	const struct program p = { ARRAY_SIZE(v), v };

	return prctl(PR_SET_SECCOMP, MODE_FILTER, &p, 0, 0) ? errno : 0;
}

/* EINVAL is a kernel that knows no filters, or a filter that it does not take: where it knows them,
 * one at address 0 is EFAULT (seccomp(2)).
 */
static bool has_filters(void)
{
	return prctl(PR_SET_SECCOMP, MODE_FILTER, NULL, 0, 0) == 0 || errno != EINVAL;
}

bool confine(uint32_t *lacks, struct error *e)
{
	int err;

	*lacks = 0;
	/* EINVAL: before Linux 3.5, which has no filters either */
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) && errno != EINVAL)
		return fail_start("prctl", errno, FAIL_KERNEL, e);
	if (!without_capabilities(e) || !without_files(lacks, e))
		return false;
	err = without_calls();
	if (err == EINVAL && !has_filters()) {
		*lacks |= LACKS_SECCOMP;
		return true;
	}
	return !err || fail_start("seccomp", err, FAIL_KERNEL, e);
}
