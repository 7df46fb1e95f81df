/* SPDX-License-Identifier: MIT */
/* Runs in a guest: meters a command, jumps, and makes a machine's memory used.
 *
 *	meter run NAME COMMAND...	METER run NAME rc=R ticks=T
 *	meter memory NAME COMMAND...	METER memory NAME rc=R anon_kb=A mapped_kb=M
 *	meter peak NAME COMMAND...	METER peak NAME rc=R kb=K
 *	meter zeros NAME COMMAND...	METER zeros NAME rc=R ticks=T pages=P
 *	meter jump			METER jump ticks=T, then reboot(2) into what is loaded
 *	meter clock			METER clock ticks=T ns=N hz=H: the counter, CLOCK_MONOTONIC
 *	meter used PERCENT		takes that share of free memory, and gives it back in an
 *					order that leaves the allocator's lists mixed
 *
 * run: the ticks of the guest's counter from before fork to after wait, between the marks BEGIN and
 * END. rc is the exit code, or minus the signal. memory: the highest sum of private pages and the
 * highest sum of mapped file pages, looked at before every system call that can lessen them.
 * peak: the most that was resident of the command or of one that it started, by the kernel's
 *account. zeros: the ticks of the command's kexec_load alone, made of nothing but zeros: its
 *segments lose their bytes before the call, so that what is left is what the kernel does to find
 *pages. Its process's memory policy and the like are in force. P are the pages of all segments.
 */
#include "mark.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/reboot.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/sysinfo.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define RB_KEXEC	  0x45584543
#define PTRACE_GET_INFO	  0x420e /* PTRACE_GET_SYSCALL_INFO, of 5.3 */
#define PTRACE_INFO_ENTRY 1
#define POPULATE_WRITE	  23 /* MADV_POPULATE_WRITE, of 5.14 */

static _Noreturn void die(const char *what)
{
	fprintf(stderr, "meter: %s: %s\n", what, strerror(errno));
	exit(126);
}

static uint64_t ticks(void)
{
	uint64_t v;

#if defined __aarch64__
	__asm__ volatile("isb; mrs %0, cntvct_el0" : "=r"(v) : : "memory");
#else
	__asm__ volatile("mftb %0" : "=r"(v) : : "memory");
#endif
	return v;
}

static uint64_t hertz(void)
{
#if defined __aarch64__
	uint64_t v;

	__asm__ volatile("mrs %0, cntfrq_el0" : "=r"(v));
	return v;
#else
	return 512000000;
#endif
}

static int code(int status)
{
	return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static _Noreturn void become(char **command)
{
	execvp(command[0], command);
	die(command[0]);
}

static void run(const char *name, char **command)
{
	uint64_t before, after;
	int status;
	pid_t pid;

	before = ticks();
	mark(BEGIN);
	pid = fork();
	if (pid < 0)
		die("fork");
	if (!pid)
		become(command);
	if (waitpid(pid, &status, 0) != pid)
		die("waitpid");
	mark(END);
	after = ticks();
	printf("METER run %s rc=%d ticks=%llu\n", name, code(status),
	       (unsigned long long)(after - before));
}

/* Adds a process's kilobytes of resident memory: pages of files, and all others. */
static void look(pid_t pid, unsigned long *anon, unsigned long *mapped)
{
	char path[64], line[512], name[256];
	unsigned long kb;
	bool file = false;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/smaps", (int)pid);
	f = fopen(path, "r");
	if (!f)
		return;
	while (fgets(line, sizeof(line), f)) {
		/* a mapping's own line starts with its address, those about it with a capital */
		if (*line < 'A' || *line >= 'a') {
			*name = 0;
			sscanf(line, "%*s %*s %*s %*s %*s %255s", name);
			file = *name == '/' && strncmp(name, "/dev/zero", 9) != 0 &&
			       strncmp(name, "/memfd:", 7) != 0;
		} else if (sscanf(line, "Pss: %lu kB", &kb) == 1) {
			*(file ? mapped : anon) += kb;
		} else if (file && sscanf(line, "Anonymous: %lu kB", &kb) == 1) {
			*anon += kb;
			*mapped -= kb < *mapped ? kb : *mapped;
		}
	}
	fclose(f);
}

static void peak(const char *name, char **command)
{
	struct rusage usage;
	pid_t pid = fork();
	int status;

	if (pid < 0)
		die("fork");
	if (!pid)
		become(command);
	if (wait4(pid, &status, 0, &usage) != pid)
		die("wait4");
	printf("METER peak %s rc=%d kb=%ld\n", name, code(status), usage.ru_maxrss);
}

struct syscall_info {
	uint8_t op, pad[3];
	uint32_t arch;
	uint64_t ip, sp, nr, args[6];
};

/* Whether the process stands before a system call, and which. */
static bool before_call(pid_t pid, struct syscall_info *info)
{
	return ptrace(PTRACE_GET_INFO, pid, sizeof(*info), info) > 0 &&
	       info->op == PTRACE_INFO_ENTRY;
}

/* Whether the system call that the process is about to make can give memory back. */
static bool lessens(pid_t pid)
{
	struct syscall_info info;
	static const long calls[] = { SYS_munmap,     SYS_brk,	  SYS_mremap,
				      SYS_madvise,    SYS_execve, SYS_exit,
				      SYS_exit_group, SYS_mmap,	  SYS_kexec_load };
	size_t i;

	if (!before_call(pid, &info))
		return false;
	for (i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
		if (info.nr == (uint64_t)calls[i])
			return true;
	return false;
}

/* The command, stopped at its start. */
static pid_t traced(char **command)
{
	int status;
	pid_t pid = fork();

	if (pid < 0)
		die("fork");
	if (!pid) {
		ptrace(PTRACE_TRACEME, 0, 0, 0);
		raise(SIGSTOP);
		become(command);
	}
	if (waitpid(pid, &status, 0) != pid || !WIFSTOPPED(status) ||
	    ptrace(PTRACE_SETOPTIONS, pid, 0,
		   PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL | PTRACE_O_TRACEEXEC))
		die("trace");
	/* Until it has become the command, it is we. */
	while (ptrace(PTRACE_CONT, pid, 0, 0) == 0 && waitpid(pid, &status, 0) == pid &&
	       WIFSTOPPED(status) && status >> 8 != (SIGTRAP | PTRACE_EVENT_EXEC << 8))
		;
	return pid;
}

/* On to the next system call, or the return of one; false at the end. */
static bool go_on(pid_t pid, int *status)
{
	return ptrace(PTRACE_SYSCALL, pid, 0, 0) == 0 && waitpid(pid, status, 0) == pid &&
	       WIFSTOPPED(*status);
}

static void memory(const char *name, char **command)
{
	unsigned long anon = 0, mapped = 0, a, m;
	pid_t pid = traced(command), child = 0, p = pid;
	int status = 0;

	/* the program, and a child of its own */
	if (ptrace(PTRACE_SETOPTIONS, pid, 0,
		   PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL | PTRACE_O_TRACECLONE))
		die("trace");
	for (;;) {
		if (p)
			ptrace(PTRACE_SYSCALL, p, 0, 0);
		p = waitpid(-1, &status, __WALL);
		if (p < 0 || (p == pid && !WIFSTOPPED(status)))
			break;
		if (p != pid)
			child = WIFSTOPPED(status) ? p : 0;
		if (!WIFSTOPPED(status)) {
			p = 0;
		} else if (WSTOPSIG(status) == (SIGTRAP | 0x80) && lessens(p)) {
			a = m = 0;
			look(pid, &a, &m);
			if (child)
				look(child, &a, &m);
			anon = a > anon ? a : anon;
			mapped = m > mapped ? m : mapped;
		}
	}
	printf("METER memory %s rc=%d anon_kb=%lu mapped_kb=%lu\n", name, code(status), anon,
	       mapped);
}

/* Takes the bytes from the segments of a kexec_load; returns how many bytes of memory they have. */
static uint64_t empty(pid_t pid, const struct syscall_info *info)
{
	uint64_t i, at, bytes = 0;

	for (i = 0; i < info->args[1]; i++) {
		at = info->args[2] + 32 * i; /* struct kexec_segment: buf, bufsz, mem, memsz */
		ptrace(PTRACE_POKEDATA, pid, (void *)(at + 8), 0);
		bytes += (uint64_t)ptrace(PTRACE_PEEKDATA, pid, (void *)(at + 24), 0);
	}
	return bytes;
}

static void zeros(const char *name, char **command)
{
	uint64_t bytes = 0, spent = 0, start = 0;
	struct syscall_info info;
	int status = 0;
	pid_t pid = traced(command);

	while (go_on(pid, &status)) {
		if (start)
			spent += ticks() - start;
		start = 0;
		if (WSTOPSIG(status) != (SIGTRAP | 0x80) || !before_call(pid, &info) ||
		    info.nr != SYS_kexec_load || !info.args[1] ||
		    info.args[1] > 16) /* more: only asks whether there is such a call */
			continue;
		bytes = empty(pid, &info);
		start = ticks();
	}
	printf("METER zeros %s rc=%d ticks=%llu pages=%llu\n", name, code(status),
	       (unsigned long long)spent, (unsigned long long)bytes / 4096);
}

static void say_clock(void)
{
	struct timespec t;
	uint64_t now = ticks();

	clock_gettime(CLOCK_MONOTONIC, &t);
	printf("METER clock ticks=%llu ns=%llu hz=%llu\n", (unsigned long long)now,
	       (unsigned long long)t.tv_sec * 1000000000 + (unsigned long long)t.tv_nsec,
	       (unsigned long long)hertz());
}

/* The line takes time to print: the second one tells how much, and the reader adds it. */
static void jump(void)
{
	say_clock();
	fflush(stdout);
	printf("METER jump ticks=%llu\n", (unsigned long long)ticks());
	fflush(stdout);
	printf("METER jump ticks=%llu\n", (unsigned long long)ticks());
	fflush(stdout);
	mark(JUMP);
	reboot(RB_KEXEC);
	die("reboot");
}

/* Blocks go back in steps of a prime number, so that neighbours do not follow each other. */
static void used(unsigned long percent)
{
	const size_t block = 2 << 20, step = 1009;
	struct sysinfo s;
	size_t n, i, at;
	char *p;

	sysinfo(&s);
	n = (size_t)((uint64_t)s.freeram * s.mem_unit / block * percent / 100);
	if (n % step == 0)
		n--;
	p = mmap(NULL, (n + 1) * block, PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (p == MAP_FAILED)
		die("mmap");
	p += -(uintptr_t)p % block;
	madvise(p, n * block, MADV_HUGEPAGE);
	if (madvise(p, n * block, POPULATE_WRITE))
		die("use memory");
	for (i = 0, at = 0; i < n; i++, at = (at + step) % n)
		madvise(p + at * block, block, MADV_DONTNEED);
	printf("METER used mb=%zu\n", n * block >> 20);
}

int main(int argc, char **argv)
{
	if (argc > 3 && !strcmp(argv[1], "run"))
		run(argv[2], argv + 3);
	else if (argc > 3 && !strcmp(argv[1], "memory"))
		memory(argv[2], argv + 3);
	else if (argc > 3 && !strcmp(argv[1], "peak"))
		peak(argv[2], argv + 3);
	else if (argc > 3 && !strcmp(argv[1], "zeros"))
		zeros(argv[2], argv + 3);
	else if (argc == 2 && !strcmp(argv[1], "jump"))
		jump();
	else if (argc == 2 && !strcmp(argv[1], "clock"))
		say_clock();
	else if (argc == 3 && !strcmp(argv[1], "used"))
		used(strtoul(argv[2], NULL, 10));
	else
		return 125;
	return 0;
}
