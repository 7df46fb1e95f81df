/* SPDX-License-Identifier: MIT */
/* inject [-ab] [-c CODES] [-i FILE] [-lnp] [-r ROOT] [-m MACHINE] [-v] -- PROGRAM [ARGUMENT]...
 * inject -o [-e CALL=ERROR] [-i FILE] [-ptu] [-r ROOT] [-m MACHINE] [-s RELEASE] -- PROGRAM
 * [ARGUMENT]...
 *
 * Runs a kexec-lite under ptrace, first as it is, then once for each of its system calls and each
 * way in which that call can fail, and holds every run to the same rules: it ends by itself within
 * 5 s, without a signal, a child or an open file; it says the same and does the same as the first
 * run, or it says one sentence on stderr, has the exit code of one, and what was loaded before is
 * still loaded. The one child that it may make, by a clone without flags, is part of the run: its
 * calls are counted and fail as well, at each of them it is killed once, and it must not outlive
 * the program. It runs as the program waits for it, so the calls of both are one row. Prints
 * "SENTENCE code text" for each different one, "CHANGED ..." for a run that did something else and
 * called it a success (-v: with the call), "BAD ..." for one that broke a rule, and last "N calls,
 * N runs, N changed, N bad". Exits 1 when one is bad or the first run failed, 2 on wrong use.
 *
 * -r: the machine is the one captured in ROOT, not this one: "/" and a few absolute paths lead
 *     there, uname says MACHINE (-m) and RELEASE (-s, else 6.1.0), and CAP_SYS_BOOT seems to be
 *     there.
 * -a: each call with each error, where else the two worst, another one by turns, and EACCES as a
 * file is opened; and all of a row of equal calls, where else the first three and the last two. -l:
 * a kernel is loaded before; -p: the program is process 1; -b: what it loads may stay loaded in
 * spite of an error, since it goes on after that; -c: codes that mean success, "0,1"; -i: standard
 * input is a pipe with what is in FILE, 64 KiB at most.
 *
 * -o: the program runs once; what it says and its exit code are inject's, and what it did is the
 * last line on stdout, "did: load, down eth0, reboot". -e: all calls of that name fail with that
 * error, "kexec_load=EBUSY", or the first few, "reboot=EBUSY*3"; several may be given. -u: it has
 * no capability, -t: stdout and stderr seem to be a terminal, -k: it runs in a container, with -p
 * as its first process.
 *
 * kexec_load, kexec_file_load, reboot, execve and whatever else would change this machine are
 * answered here and never reach the kernel. A second belt: the program runs without capabilities
 * and behind a filter that forbids the same calls. x86-64 only.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/rtnetlink.h>
#include <linux/seccomp.h>
#include <net/if.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#define SECONDS	       5
#define LINE_MAX_BYTES 200
#define OUT_MAX	       16384

enum how { FAIL_ONCE, FAIL_ON, SHORT, NOTHING, KILLED };

/* The calls of the first run. */
static struct {
	char *name[4096];
	bool of_kid[4096];
} calls;

/* What a run is to meet: the call with this number, counted from 1; 0: none. */
struct fault {
	unsigned at;
	enum how how;
	int err;
};

struct outcome {
	bool timeout, half_image, kid_stayed;
	int signal, code; /* code -1: it never ended by itself, as process 1 must not */
	unsigned calls, forks, open_files, loads;
	uint64_t written, image, done; /* sums of what went to files, of the image, of the rest */
	uint64_t writing;	       /* the sum of the path that was written to last */
	char errors[OUT_MAX];	       /* stderr */
	size_t errors_len;
	char call[600]; /* what was made to fail */
	long nr;
	bool hit_stderr;
};

static struct {
	const char *root, *machine, *release, *codes, *input;
	bool all, stay, loaded, first, refuses, verbose, once, terminal, user, container;
	struct {
		const char *call;
		int err;
		unsigned times;
	} fails[4];
	unsigned n_fails;
	char **argv;
} opt = { .codes = "0" };

static pid_t child;   /* the program */
static pid_t tracee;  /* it, or the child that it made: whose call this is */
static bool may_boot; /* has CAP_SYS_BOOT, as far as the program knows */
static volatile sig_atomic_t late;
static char did[600]; /* what a run with -o did */

static const struct {
	long nr;
	const char *name;
} names[] = {
	{ SYS_open, "open" },
	{ SYS_openat, "openat" },
	{ SYS_read, "read" },
	{ SYS_write, "write" },
	{ SYS_writev, "writev" },
	{ SYS_close, "close" },
	{ SYS_mmap, "mmap" },
	{ SYS_mremap, "mremap" },
	{ SYS_munmap, "munmap" },
	{ SYS_brk, "brk" },
	{ SYS_fstat, "fstat" },
	{ SYS_newfstatat, "fstatat" },
	{ SYS_lseek, "lseek" },
	{ SYS_pread64, "pread" },
	{ SYS_getdents64, "getdents" },
	{ SYS_uname, "uname" },
	{ SYS_capget, "capget" },
	{ SYS_capset, "capset" },
	{ SYS_kexec_load, "kexec_load" },
	{ SYS_kexec_file_load, "kexec_file_load" },
	{ SYS_reboot, "reboot" },
	{ SYS_sync, "sync" },
	{ SYS_execve, "execve" },
	{ SYS_ioctl, "ioctl" },
	{ SYS_socket, "socket" },
	{ SYS_sendto, "sendto" },
	{ SYS_recvfrom, "recvfrom" },
	{ SYS_getrandom, "getrandom" },
	{ SYS_memfd_create, "memfd_create" },
	{ SYS_fcntl, "fcntl" },
	{ SYS_getcpu, "getcpu" },
	{ SYS_sched_setaffinity, "sched_setaffinity" },
	{ SYS_mkdir, "mkdir" },
	{ SYS_getpid, "getpid" },
	{ SYS_pause, "pause" },
	{ SYS_readlink, "readlink" },
	{ SYS_unlink, "unlink" },
	{ SYS_stat, "stat" },
	{ SYS_ftruncate, "ftruncate" },
	{ SYS_madvise, "madvise" },
	{ SYS_rt_sigaction, "sigaction" },
	{ SYS_prctl, "prctl" },
	{ SYS_clone, "clone" },
	{ SYS_wait4, "wait4" },
	{ SYS_kill, "kill" },
	{ SYS_landlock_create_ruleset, "landlock_create_ruleset" },
	{ SYS_landlock_restrict_self, "landlock_restrict_self" },
};

static const char *name_of(long nr)
{
	static char number[24];
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (names[i].nr == nr)
			return names[i].name;
	snprintf(number, sizeof(number), "call %ld", nr);
	return number;
}

__attribute__((noreturn)) static void die(const char *what)
{
	perror(what);
	if (child > 0)
		kill(child, SIGKILL);
	exit(3);
}

static void note(const char *what, const char *name)
{
	const size_t n = strlen(did);

	snprintf(did + n, sizeof(did) - n, "%s%s%s", n ? ", " : "", what, name);
}

/* ---- the program's memory */

static bool get(uint64_t at, void *p, size_t len)
{
	struct iovec here = { p, len }, there = { (void *)(uintptr_t)at, len };

	return process_vm_readv(tracee, &here, 1, &there, 1, 0) == (ssize_t)len;
}

static bool put(uint64_t at, const void *p, size_t len)
{
	struct iovec here = { (void *)(uintptr_t)p, len }, there = { (void *)(uintptr_t)at, len };

	return process_vm_writev(tracee, &here, 1, &there, 1, 0) == (ssize_t)len;
}

/* A string, cut at size - 1 bytes. No more is read than the page that it ends in. */
static void get_string(uint64_t at, char *s, size_t size)
{
	size_t len = 0, n;

	while (len + 1 < size) {
		n = 4096 - (at + len) % 4096;
		if (n > size - 1 - len)
			n = size - 1 - len;
		if (!get(at + len, s + len, n))
			break;
		if (memchr(s + len, 0, n))
			return;
		len += n;
	}
	s[len] = '\0';
}

static uint64_t sum(uint64_t h, const void *p, size_t len)
{
	const unsigned char *at = p;
	uint64_t word;

	for (; len >= 8; len -= 8, at += 8) {
		memcpy(&word, at, 8);
		h = (h ^ word) * 0x9e3779b97f4a7c15u;
		h ^= h >> 29;
	}
	while (len--)
		h = (h ^ *at++) * 0x100000001b3u;
	return h;
}

/* Bytes one by one, so that it does not matter in how many calls they came. */
static uint64_t sum_bytes(uint64_t h, const char *p, size_t len)
{
	while (len--)
		h = (h ^ (unsigned char)*p++) * 0x100000001b3u;
	return h;
}

/* Memory of the program; false when it is not there. */
static bool sum_memory(uint64_t *h, uint64_t at, uint64_t len)
{
	static char buf[1 << 16];
	size_t n;

	for (; len; at += n, len -= n) {
		n = len < sizeof(buf) ? len : sizeof(buf);
		if (!get(at, buf, n))
			return false;
		*h = sum(*h, buf, n);
	}
	return true;
}

static void fd_path(int fd, char *s, size_t size)
{
	char link[64];
	ssize_t n;

	snprintf(link, sizeof(link), "/proc/%d/fd/%d", (int)tracee, fd);
	n = readlink(link, s, size - 1);
	s[n < 0 ? 0 : n] = '\0';
}

static bool sum_file(uint64_t *h, int fd)
{
	char link[64], buf[1 << 14];
	ssize_t n;
	int f;

	snprintf(link, sizeof(link), "/proc/%d/fd/%d", (int)tracee, fd);
	f = open(link, O_RDONLY | O_CLOEXEC);
	if (f < 0)
		return false;
	while ((n = pread(f, buf, sizeof(buf), lseek(f, 0, SEEK_CUR))) > 0) {
		*h = sum(*h, buf, (size_t)n);
		lseek(f, n, SEEK_CUR);
	}
	close(f);
	return n == 0;
}

static unsigned open_files(void)
{
	char link[64], path[600];
	unsigned n = 0;
	int fd;

	for (fd = 3; fd < 64; fd++) {
		fd_path(fd, path, sizeof(path));
		snprintf(link, sizeof(link), "/proc/%d/fd/%d", (int)tracee, fd);
		n += path[0] != '\0';
	}
	return n;
}

/* ---- the program, and the calls that are answered here */

static void forbid(void)
{
	static const int never[] = { SYS_kexec_load,   SYS_kexec_file_load, SYS_reboot, SYS_mount,
				     SYS_sethostname,  SYS_init_module,	    SYS_fork,	SYS_vfork,
				     SYS_finit_module, SYS_capset,	    SYS_swapoff };
	struct sock_filter f[2 * sizeof(never) / sizeof(never[0]) + 2];
	struct sock_fprog prog = { 0, f };
	struct __user_cap_header_struct head = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct none[2] = { { 0 } };
	unsigned short n = 0;
	size_t i;
	int cap;

	f[n++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
					      offsetof(struct seccomp_data, nr));
	for (i = 0; i < sizeof(never) / sizeof(never[0]); i++) {
		f[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)never[i],
						      0, 1);
		f[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM);
	}
	f[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	prog.len = n;
	for (cap = 0; cap < 64; cap++)
		prctl(PR_CAPBSET_DROP, cap, 0, 0, 0);
	if (syscall(SYS_capset, &head, none) || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &prog))
		_exit(126);
}

/* A pipe with what is in a file. */
static int pipe_with(const char *path)
{
	static char buf[1 << 16];
	int file = open(path, O_RDONLY | O_CLOEXEC), ends[2];
	ssize_t n = read(file, buf, sizeof(buf));

	if (n < 0 || pipe(ends) || write(ends[1], buf, (size_t)n) != n)
		return -1;
	close(ends[1]);
	return ends[0];
}

static void start(int out, int err)
{
	int in = opt.input ? pipe_with(opt.input) : open("/dev/null", O_RDONLY);

	if (in < 0 || dup2(in, 0) < 0 || dup2(out, 1) < 0 || dup2(err, 2) < 0)
		_exit(126);
	syscall(SYS_close_range, 3, ~0u, 0);
	if (ptrace(PTRACE_TRACEME, 0, NULL, NULL))
		_exit(126);
	forbid();
	execv(opt.argv[0], opt.argv);
	_exit(127);
}

/* Absolute paths that lead into the captured machine. */
static bool is_there(const char *path)
{
	static const char *const paths[] = {
		"/", "/proc/kpageflags", "/proc/zoneinfo", "/dev/kmsg", "/dev/console",
	};
	size_t i;

	for (i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
		if (strcmp(path, paths[i]) == 0)
			return opt.root != NULL;
	return false;
}

static void lead(struct user_regs_struct *r, bool at)
{
	const uint64_t room = (r->rsp - 8192) & ~15ull;
	char path[512], there[1100];

	get_string(at ? r->rsi : r->rdi, path, sizeof(path));
	if (!is_there(path))
		return;
	snprintf(there, sizeof(there), "%s%s", opt.root, path);
	if (!put(room, there, strlen(there) + 1))
		die("inject: lead");
	*(at ? &r->rsi : &r->rdi) = room;
}

struct segment {
	uint64_t buf, bufsz, mem, memsz;
};

/* kexec_load: the whole image, or half of one when a segment is not there to be read. */
static long load(const struct user_regs_struct *r, struct outcome *o)
{
	struct segment s[16];
	uint64_t h = r->rdi, i;

	if (r->r10 == ~0ul)
		return -EPERM; /* the question whether the call is there */
	if (!may_boot || opt.refuses)
		return -EPERM;
	if (r->rsi > 16 || (r->rsi && !get(r->rdx, s, r->rsi * sizeof(s[0]))))
		return -EINVAL;
	o->loads++;
	note(r->rsi ? "load" : "unload", r->r10 & 1 ? " crash kernel" : "");
	if (r->r10 & 8)
		note("hotplug", "");
	for (i = 0; i < r->rsi; i++) {
		h = sum(h, &s[i].bufsz, 3 * sizeof(uint64_t));
		if (!sum_memory(&h, s[i].buf, s[i].bufsz))
			o->half_image = true;
	}
	o->image = r->rsi ? h : 0;
	return 0;
}

static long file_load(const struct user_regs_struct *r, struct outcome *o)
{
	uint64_t h = 7;

	if (r->r8 == ~0ul || !may_boot || opt.refuses)
		return -EPERM;
	o->loads++;
	note(r->r8 & 1 ? "file unload" : "file load", r->r8 & 2 ? " crash kernel" : "");
	if (r->r8 & 8)
		note("debug", "");
	if (r->r8 & 0x10)
		note("no CMA", "");
	if (!(r->r8 & 1)) {
		if (!sum_file(&h, (int)r->rdi) || !sum_memory(&h, r->r10, r->rdx) ||
		    (!(r->r8 & 4) && !sum_file(&h, (int)r->rsi)))
			o->half_image = true;
		o->image = h;
	} else {
		o->image = 0;
	}
	return 0;
}

static long capabilities(const struct user_regs_struct *r)
{
	const unsigned boot = opt.user ? 0 : 1u << CAP_SYS_BOOT;
	const struct __user_cap_data_struct all[2] = { { boot, boot, 0 } };

	return put(r->rsi, all, sizeof(all)) ? 0 : -EFAULT;
}

static long set_capabilities(const struct user_regs_struct *r)
{
	struct __user_cap_data_struct some[2];

	if (!get(r->rsi, some, sizeof(some)))
		return -EFAULT;
	may_boot = some[0].effective & 1u << CAP_SYS_BOOT;
	return 0;
}

/* ---- the network: eth0 and wlan0 are up, eth1 is down; an address, and a route */

static const struct {
	const char *name;
	unsigned flags;
} interfaces[] = { { "lo", IFF_UP | IFF_LOOPBACK },
		   { "eth0", IFF_UP | IFF_RUNNING },
		   { "eth1", IFF_RUNNING },
		   { "wlan0", IFF_UP } };

struct netlink {
	struct nlmsghdr h;
	struct ifinfomsg i;
};

static unsigned asked; /* the dump that is to be answered next */

static long netlink_send(const struct user_regs_struct *r, struct outcome *o)
{
	struct netlink m = { 0 };

	if (r->rdx < sizeof(m.h) || !get(r->rsi, &m, r->rdx < sizeof(m) ? r->rdx : sizeof(m)))
		return -EINVAL;
	if (m.h.nlmsg_flags & NLM_F_DUMP) {
		asked = m.h.nlmsg_type;
		return (long)r->rdx;
	}
	if (m.h.nlmsg_type == RTM_NEWLINK)
		note(m.i.ifi_flags & IFF_UP ? "up " : "down ",
		     interfaces[(m.i.ifi_index - 1) % 4].name);
	else
		note(m.h.nlmsg_type == RTM_NEWADDR ? "address" : "route", "");
	o->done = sum(o->done, &m, sizeof(m));
	return (long)r->rdx;
}

/* One of the messages of an answer; returns its bytes. */
static size_t netlink_answer(unsigned type, unsigned i, char *buf)
{
	struct netlink m = { .h.nlmsg_type = (unsigned short)type };

	m.h.nlmsg_len = sizeof(m);
	m.i.ifi_index = (int)i + 1;
	m.i.ifi_flags = interfaces[i].flags;
	memcpy(buf, &m, sizeof(m));
	return sizeof(m);
}

/* As the kernel does it: the messages in one piece, that they are all in another. */
static long netlink_receive(const struct user_regs_struct *r)
{
	char buf[256];
	size_t len = 0, i, n = 1;

	switch (asked) {
	case RTM_GETLINK: n = 4; break;
	case RTM_GETADDR:
	case RTM_GETROUTE:
	case NLMSG_DONE: break;
	default: return -EAGAIN;
	}
	for (i = 0; i < n; i++)
		len += netlink_answer(asked == NLMSG_DONE ? asked : asked - 2, (unsigned)i,
				      buf + len);
	asked = asked == NLMSG_DONE ? 0 : NLMSG_DONE;
	return len <= r->rdx && put(r->rsi, buf, len) ? (long)len : -EFAULT;
}

static long read_link(const struct user_regs_struct *r)
{
	const char *to = opt.container ? "pid:[4026532178]" : "pid:[4026531836]";
	const size_t len = strlen(to) < r->rdx ? strlen(to) : r->rdx;

	return put(r->rsi, to, len) ? (long)len : -EFAULT;
}

static long run_on(const struct user_regs_struct *r)
{
	char cpu[16] = "none";
	uint64_t word;
	unsigned i;

	for (i = 0; i < r->rsi / 8 && get(r->rdx + 8 * i, &word, 8); i++)
		if (word)
			snprintf(cpu, sizeof(cpu), "%u", 64 * i + (unsigned)__builtin_ctzll(word));
	note("on CPU ", cpu);
	return 0;
}

/* True when the call is answered here, in *answer. */
static bool answered(const struct user_regs_struct *r, struct outcome *o, long *answer)
{
	char s[64];

	*answer = 0;
	switch ((long)r->orig_rax) {
	case SYS_kexec_load: *answer = load(r, o); return true;
	case SYS_kexec_file_load: *answer = file_load(r, o); return true;
	case SYS_capget: *answer = capabilities(r); return opt.root != NULL;
	case SYS_capset:
		/* what the child puts down, the program still has */
		*answer = tracee == child ? set_capabilities(r) : 0;
		return opt.root != NULL || tracee != child;
	case SYS_sync: note("sync", ""); return true;
	case SYS_sched_setaffinity: *answer = run_on(r); return true;
	case SYS_getcpu: return true;
	case SYS_getpid: *answer = opt.first && tracee == child ? 1 : (long)tracee; return true;
	case SYS_getrandom:
		memset(s, 0x5a, sizeof(s));
		*answer = (long)(r->rsi < sizeof(s) ? r->rsi : sizeof(s));
		return put(r->rdi, s, (size_t)*answer);
	case SYS_sendto: *answer = netlink_send(r, o); return true;
	case SYS_recvfrom: *answer = netlink_receive(r); return true;
	case SYS_readlink: *answer = read_link(r); return opt.root != NULL;
	case SYS_nanosleep:
	case SYS_clock_nanosleep: return true;
	case SYS_ioctl: return opt.terminal && (r->rdi == 1 || r->rdi == 2);
	case SYS_execve: *answer = -ENOENT; return true;
	default: return false;
	}
}

/* Does the program end with this call? reboot that starts a kernel, pause of process 1, execve of a
 * shutdown program that is there.
 */
static bool is_last(const struct user_regs_struct *r, struct outcome *o)
{
	char path[64];

	if ((long)r->orig_rax == SYS_reboot) {
		o->done = sum(o->done, &r->rdx, 4);
		o->code = 0;
		note("reboot", "");
		return true;
	}
	if ((long)r->orig_rax == SYS_pause) {
		o->code = -1;
		note("pause", "");
		return true;
	}
	if ((long)r->orig_rax != SYS_execve)
		return false;
	get_string(r->rdi, path, sizeof(path));
	if (strcmp(path, "/usr/sbin/shutdown"))
		return false;
	o->done = sum(o->done, path, strlen(path));
	o->code = 0;
	note("execve ", path);
	return true;
}

/* ---- one run */

static bool takes_path(long nr)
{
	return nr == SYS_open || nr == SYS_execve || nr == SYS_mkdir || nr == SYS_readlink ||
	       nr == SYS_unlink || nr == SYS_stat;
}

static bool takes_fd(long nr)
{
	return nr == SYS_read || nr == SYS_write || nr == SYS_writev || nr == SYS_close ||
	       nr == SYS_fstat || nr == SYS_lseek || nr == SYS_pread64 || nr == SYS_getdents64 ||
	       nr == SYS_ioctl || nr == SYS_fcntl || nr == SYS_newfstatat || nr == SYS_ftruncate ||
	       nr == SYS_sendto || nr == SYS_recvfrom;
}

static void describe(const struct user_regs_struct *r, struct outcome *o)
{
	const long nr = (long)r->orig_rax;
	char path[512] = "";
	const char *p = path;

	if (nr == SYS_openat || takes_path(nr))
		get_string(nr == SYS_openat ? r->rsi : r->rdi, path, sizeof(path));
	else if (takes_fd(nr) || (nr == SYS_mmap && (int)r->r8 >= 0))
		fd_path((int)(nr == SYS_mmap ? r->r8 : r->rdi), path, sizeof(path));
	path[strncmp(path, "socket:", 7) ? strlen(path) : 6] = '\0';
	if (opt.root && strncmp(path, opt.root, strlen(opt.root)) == 0)
		p = path + strlen(opt.root);
	snprintf(o->call, sizeof(o->call), "%s %s", name_of(nr), p);
	o->nr = nr;
	o->hit_stderr = (nr == SYS_write || nr == SYS_writev) && r->rdi == 2;
}

/* What a write that was made wrote. */
static void keep_written(const struct user_regs_struct *r, long n, struct outcome *o)
{
	char buf[4096];
	uint64_t at = r->rsi;
	char path[512];
	size_t m, level;

	fd_path((int)r->rdi, path, sizeof(path));
	if (strncmp(path, "/memfd:", 7) == 0)
		return; /* what it holds counts when it is loaded */
	if (r->rdi != 2 && sum_bytes(1, path, strlen(path)) != o->writing) {
		o->writing = sum_bytes(1, path, strlen(path));
		o->written = sum(o->written, &o->writing, 8);
	}
	for (; n > 0; n -= (long)m, at += m) {
		m = (size_t)n < sizeof(buf) ? (size_t)n : sizeof(buf);
		if (!get(at, buf, m))
			return;
		if (r->rdi != 2 && !strstr(path, "/dev/kmsg") && !strstr(path, "/dev/console"))
			o->written = sum_bytes(o->written, buf, m);
		else if (o->errors_len + m < sizeof(o->errors)) {
			/* without the level of the kernel's log */
			level = m > 3 && buf[0] == '<' && buf[2] == '>' ? 3 : 0;
			memcpy(o->errors + o->errors_len, buf + level, m - level);
			o->errors_len += m - level;
		}
	}
}

/* A process of a run: the program, and its child. */
struct process {
	pid_t pid; /* 0: not there, or no more */
	bool entry, answer_it, held;
	int signal; /* that it is to get as it goes on */
	struct user_regs_struct in;
	long answer;
	int status;
};

struct run {
	struct fault f;
	struct outcome *o;
	struct process main, kid;
	bool on;
	unsigned n;
};

static void begin(struct run *r)
{
	int null = open("/dev/null", O_WRONLY | O_CLOEXEC), status;

	late = 0;
	asked = 0;
	may_boot = true;
	child = fork();
	if (child == 0)
		start(opt.once ? 1 : null, opt.once ? 2 : null);
	close(null);
	if (child < 0 || waitpid(child, &status, 0) != child || !WIFSTOPPED(status) ||
	    ptrace(PTRACE_SETOPTIONS, child, NULL,
		   (void *)(PTRACE_O_EXITKILL | PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEFORK |
			    PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE)))
		die("inject: start");
	tracee = r->main.pid = child;
	alarm(SECONDS);
}

static void go_on(struct process *p)
{
	const long signal = p->signal;

	p->held = false;
	p->signal = 0;
	if (ptrace(PTRACE_SYSCALL, p->pid, NULL, (void *)signal) && errno != ESRCH)
		die("inject: go on");
}

/* Waits a moment for the end of a child that was killed; one that was not has outlived its parent.
 */
static void end_kid(struct run *r)
{
	int i, status;

	for (i = 0; r->kid.pid && i < 300; i++) {
		if (waitpid(r->kid.pid, &status, __WALL | WNOHANG) == r->kid.pid &&
		    !WIFSTOPPED(status))
			r->kid.pid = 0;
		else
			usleep(1000);
	}
	if (!r->kid.pid)
		return;
	r->o->kid_stayed = true;
	kill(r->kid.pid, SIGKILL);
	while (waitpid(r->kid.pid, &status, __WALL) == r->kid.pid && WIFSTOPPED(status))
		;
	r->kid.pid = 0;
}

/* The call has ended: with our answer, where we have one. */
static void after(struct run *r, struct process *p, struct user_regs_struct *regs)
{
	const struct user_regs_struct *in = &p->in;
	struct utsname u;

	if (p->answer_it) {
		regs->rax = (unsigned long)p->answer;
		regs->orig_rax = in->orig_rax;
	}
	if (p->answer_it || (long)in->orig_rax == SYS_brk) {
		regs->rdi = in->rdi;
		ptrace(PTRACE_SETREGS, p->pid, NULL, regs);
	}
	/* on a machine without landlock the row of calls is the same */
	if ((long)regs->rax < 0 && !p->answer_it &&
	    ((long)in->orig_rax == SYS_landlock_create_ruleset ||
	     (long)in->orig_rax == SYS_landlock_restrict_self)) {
		regs->rax = (long)in->orig_rax == SYS_landlock_create_ruleset ? 1023 : 0;
		ptrace(PTRACE_SETREGS, p->pid, NULL, regs);
	}
	if ((long)in->orig_rax == SYS_uname && opt.root && !(long)regs->rax) {
		if (!get(in->rdi, &u, sizeof(u)))
			die("inject: uname");
		snprintf(u.machine, sizeof(u.machine), "%s", opt.machine);
		snprintf(u.release, sizeof(u.release), "%s", opt.release ? opt.release : "6.1.0");
		put(in->rdi, &u, sizeof(u));
	}
	if ((long)in->orig_rax == SYS_write && (long)regs->rax > 0)
		keep_written(in, (long)regs->rax, r->o);
}

/* Is a descriptor open? It cannot fail. */
static bool is_question(const struct user_regs_struct *regs)
{
	return (long)regs->orig_rax == SYS_fcntl && (int)regs->rsi == F_GETFD;
}

/* Counts the call. True: it is to fail. */
static bool count(struct run *r, const struct user_regs_struct *regs)
{
	const struct fault f = r->f;
	struct outcome *o = r->o;
	const long nr = (long)regs->orig_rax;
	bool hit;

	if (!r->on || is_question(regs))
		return false;
	r->n++;
	hit = f.at == r->n || (f.how == FAIL_ON && f.at && r->n > f.at && nr == o->nr);
	if (f.at == r->n || !f.at)
		describe(regs, o);
	if (!f.at && r->n < sizeof(calls.name) / sizeof(calls.name[0])) {
		calls.name[r->n] = strdup(o->call);
		calls.of_kid[r->n] = tracee != child;
	} else if (hit && nr == SYS_write && regs->rdi == 2) {
		o->hit_stderr = true;
	}
	return hit;
}

/* -e */
static bool fails_always(long nr, int *err)
{
	unsigned i;

	for (i = 0; i < opt.n_fails; i++) {
		if (strcmp(opt.fails[i].call, name_of(nr)) || !opt.fails[i].times)
			continue;
		opt.fails[i].times--;
		*err = opt.fails[i].err;
		return true;
	}
	return false;
}

/* Decides what becomes of a call that is to be made. */
static void before(struct run *r, struct process *p, struct user_regs_struct *regs)
{
	const long nr = (long)regs->orig_rax;
	struct outcome *o = r->o;
	bool hit;

	p->in = *regs;
	p->answer_it = false;
	p->answer = 0;
	/* main() starts with this; what the libc does before is its own affair */
	r->on |= is_question(regs);
	if (nr == SYS_exit_group) {
		if (p == &r->main) {
			o->open_files = open_files();
			end_kid(r);
		}
		return;
	}
	hit = count(r, regs);
	if (r->on && fails_always(nr, &r->f.err))
		hit = true;
	if (hit && r->f.how == KILLED) {
		kill(p->pid, SIGKILL);
		return;
	}
	if (hit && nr == SYS_brk) {
		/* it has no errno: where it fails the break stays where it is */
		hit = false;
		regs->rdi = 0;
		ptrace(PTRACE_SETREGS, p->pid, NULL, regs);
	}
	if (hit && r->f.how == SHORT) {
		hit = false;
		if (nr == SYS_getrandom) {
			p->answer = 1;
			p->answer_it = true;
		} else if (regs->rdx > 1) {
			regs->rdx = 1;
			p->in = *regs;
			ptrace(PTRACE_SETREGS, p->pid, NULL, regs);
		}
	}
	if (hit) {
		p->answer = r->f.how == NOTHING ? 0 : -r->f.err;
		p->answer_it = true;
		/* a descriptor is gone whatever close says */
		if (nr == SYS_close)
			return;
	} else if (!p->answer_it && r->on && is_last(regs, o)) {
		end_kid(r);
		kill(p->pid, SIGKILL);
		o->open_files = 0;
		return;
	} else if (!p->answer_it && r->on) {
		p->answer_it = answered(regs, o, &p->answer);
	}
	if (p->answer_it) {
		/* a call that has no effect and that the child's filter lets pass */
		regs->orig_rax = SYS_read;
		regs->rdi = ~0ul;
		if (ptrace(PTRACE_SETREGS, p->pid, NULL, regs) && errno != ESRCH)
			die("inject: answer");
	} else if (nr == SYS_open || nr == SYS_openat || nr == SYS_unlink) {
		lead(regs, nr == SYS_openat);
		ptrace(PTRACE_SETREGS, p->pid, NULL, regs);
	} else if (nr == SYS_memfd_create) {
		/* nor does it matter whether it knows MFD_NOEXEC_SEAL */
		regs->rsi &= ~8ul;
		ptrace(PTRACE_SETREGS, p->pid, NULL, regs);
	} else if (nr == SYS_wait4 && p == &r->main && r->kid.pid) {
		p->held = true;
	}
}

static void at_call(struct run *r, struct process *p)
{
	struct user_regs_struct regs;

	if (ptrace(PTRACE_GETREGS, p->pid, NULL, &regs))
		return; /* it was killed */
	p->entry = !p->entry;
	if (p->entry)
		before(r, p, &regs);
	else
		after(r, p, &regs);
}

/* A process was made: the one of clone(0), or one that must not be. */
static void at_birth(struct run *r)
{
	unsigned long pid = 0;

	ptrace(PTRACE_GETEVENTMSG, r->main.pid, NULL, &pid);
	if (tracee == child && (long)r->main.in.orig_rax == SYS_clone && !r->main.in.rdi &&
	    !r->kid.pid) {
		r->kid = (struct process){ .pid = (pid_t)pid, .held = true };
		while (waitpid(r->kid.pid, &r->kid.status, __WALL) < 0 && errno == EINTR)
			;
		if (!WIFSTOPPED(r->kid.status))
			r->kid.pid = 0;
		return;
	}
	r->o->forks++;
	kill((pid_t)pid, SIGKILL);
	kill(tracee, SIGKILL);
}

static void at_stop(struct run *r, struct process *p)
{
	const int signal = WSTOPSIG(p->status);

	tracee = p->pid;
	if (signal == (SIGTRAP | 0x80)) {
		at_call(r, p);
	} else if (p->status >> 16) {
		at_birth(r);
	} else if (opt.once) {
		p->signal = signal == SIGTRAP ? 0 : signal;
	} else if (signal != SIGTRAP) {
		r->o->signal = signal;
		kill(p->pid, SIGKILL);
	}
}

/* The next process that has something to say; NULL: the program has ended. The child goes on
 * while the program waits for it, and never else.
 */
static struct process *next(struct run *r)
{
	struct process *p = r->main.held ? &r->kid : &r->main;

	tracee = p->pid;
	go_on(p);
	while (waitpid(p->pid, &p->status, __WALL) < 0)
		if (errno != EINTR)
			die("inject: wait");
	if (WIFSTOPPED(p->status))
		return p;
	p->pid = 0;
	return p == &r->main ? NULL : &r->main;
}

/* Runs the program to its end with one fault. */
static void run(struct fault f, struct outcome *o)
{
	struct run r = { .f = f, .o = o };
	struct process *p;

	*o = (struct outcome){ .code = -2, .image = opt.loaded ? 1 : 0 };
	begin(&r);
	while ((p = next(&r)))
		if (p->pid == r.main.pid && r.main.held)
			r.main.held = false; /* its child has ended: it may wait now */
		else
			at_stop(&r, p);
	alarm(0);
	end_kid(&r);
	child = tracee = 0;
	o->calls = r.n;
	o->timeout = late;
	if (WIFEXITED(r.main.status))
		o->code = WEXITSTATUS(r.main.status);
	else if (o->code == -2 && !o->signal)
		o->signal = WTERMSIG(r.main.status);
}

/* ---- what is right */

static bool is_success(int code)
{
	char word[16];
	const char *at;

	snprintf(word, sizeof(word), "%d", code);
	at = strstr(opt.codes, word);
	return at && (at == opt.codes || at[-1] == ',') &&
	       (at[strlen(word)] == '\0' || at[strlen(word)] == ',');
}

static bool same(const struct outcome *a, const struct outcome *b)
{
	return a->code == b->code && a->written == b->written && a->image == b->image &&
	       a->done == b->done && a->loads == b->loads;
}

/* One sentence, perhaps behind warnings, perhaps with a hint behind it; in *text without prefix. */
static const char *check_sentence(struct outcome *o, char text[256])
{
	char *line, *end = o->errors + o->errors_len;
	char *next;
	unsigned sentences = 0, hints = 0;

	*end = '\0';
	text[0] = '\0';
	for (line = o->errors; line < end; line = next) {
		next = strchr(line, '\n');
		if (!next)
			return "a line without end";
		*next++ = '\0';
		if ((size_t)(next - line) - 1 > LINE_MAX_BYTES)
			return "a line too long";
		if (strncmp(line, "kexec-lite: ", 12))
			return "a line without the name";
		if (strncmp(line, "kexec-lite: cannot ", 19) == 0) {
			sentences++;
			snprintf(text, 256, "%s", line + 12);
		} else if (sentences) {
			hints++;
		} else if (strncmp(line, "kexec-lite: warning: ", 21)) {
			return "a line that is no warning";
		}
	}
	return sentences != 1 ? "not one sentence" : hints > 1 ? "more than a hint" : NULL;
}

static const char *judge(struct outcome *o, const struct outcome *good, char text[256],
			 bool *changed)
{
	const uint64_t before = opt.loaded ? 1 : 0;
	const char *bad;

	*changed = false;
	text[0] = '\0';
	if (o->forks)
		return "it made a child";
	if (o->kid_stayed)
		return "its child outlived it";
	if (o->timeout)
		return "it did not end";
	if (o->signal)
		return "killed by a signal";
	if (o->open_files)
		return "a file stayed open";
	if (o->half_image || o->loads > 1)
		return "half an image";
	if (opt.first ? same(o, good) : is_success(o->code)) {
		*changed = !same(o, good);
		return *changed && !o->image != !good->image ? "success without effect" : NULL;
	}
	if (o->image != before && !opt.stay && o->code != -1)
		return "an error, and yet it changed what is loaded";
	if (o->code != -1 && (o->code < 2 || (o->code > 17 && o->code != 255)))
		return "an exit code that is none";
	bad = check_sentence(o, text);
	return o->hit_stderr ? NULL : bad;
}

/* ---- all of them */

static struct {
	char *line[512];
	size_t n;
} said;

static void say_once(const char *line)
{
	size_t i;

	for (i = 0; i < said.n; i++)
		if (strcmp(said.line[i], line) == 0)
			return;
	if (said.n < sizeof(said.line) / sizeof(said.line[0]))
		said.line[said.n++] = strdup(line);
	puts(line);
}

static struct {
	unsigned runs, changed, bad;
} total;

static void try(struct fault f, const struct outcome *good)
{
	static const char *const hows[] = { "once", "from then on", "short", "nothing", "killed" };
	static struct outcome o;
	const char *bad;
	bool changed;
	char text[256], line[1400];

	run(f, &o);
	bad = judge(&o, good, text, &changed);
	total.runs++;
	if (bad) {
		total.bad++;
		printf("BAD %s: call %u, %s, %s %s; code %d, signal %d\n%.*s", bad, f.at, o.call,
		       hows[f.how], f.err ? strerrorname_np(f.err) : "", o.code, o.signal,
		       (int)o.errors_len, o.errors);
	} else if (changed) {
		total.changed++;
		snprintf(line, sizeof(line), "CHANGED %s, %s%s%s", o.call, hows[f.how],
			 f.err ? " " : "", f.err ? strerrorname_np(f.err) : "");
		say_once(line);
	} else if (text[0]) {
		snprintf(line, sizeof(line), "SENTENCE %d %s", o.code, text);
		if (opt.verbose)
			printf("%s %s %s: %s\n", o.call, hows[f.how],
			       f.err ? strerrorname_np(f.err) : "", line);
		else
			say_once(line);
	}
	fflush(stdout);
}

/* In the middle of a row of equal calls? */
static bool is_repeat(unsigned at, unsigned n)
{
	return at > 3 && at + 1 < n && strcmp(calls.name[at], calls.name[at - 3]) == 0 &&
	       strcmp(calls.name[at], calls.name[at - 2]) == 0 &&
	       strcmp(calls.name[at], calls.name[at - 1]) == 0 &&
	       strcmp(calls.name[at], calls.name[at + 1]) == 0;
}

/* Whose turn it is: for a file and these options the same, wherever its calls stand in the row. */
static unsigned turn(const char *call)
{
	const char *slash = strrchr(call, '/'), *name = slash ? slash : call;
	uint64_t h = sum_bytes(1, name, strcspn(name, " "));
	char **word;

	for (word = opt.argv + 1; *word; word++)
		if (**word == '-')
			h = sum_bytes(h, *word, strlen(*word));
	return (unsigned)(h >> 32);
}

static void try_call(unsigned at, const struct outcome *good)
{
	static const int errors[] = { EIO, EINTR, ENOMEM, EAGAIN, EACCES, ENOENT };
	static const int loads[] = { EBUSY,   EPERM,	    ENOSYS, EADDRNOTAVAIL, ETXTBSY,
				     ENOEXEC, EKEYREJECTED, ENOPKG, EACCES,	   ENOMEM };
	static const int lasting[] = { ENOMEM, EIO };
	const size_t n = sizeof(errors) / sizeof(errors[0]);
	const char *call = calls.name[at];
	size_t i;

	/* it has no errors: a break that cannot move is answered by one that is too low */
	if (strcmp(call, "brk ") == 0) {
		try((struct fault){ at, FAIL_ONCE, 0 }, good);
		try((struct fault){ at, FAIL_ON, 0 }, good);
		return;
	}
	for (i = 0; i < n; i++)
		if (opt.all || i < 2 || i == 2 + turn(call) % (n - 2) ||
		    (errors[i] == EACCES && strncmp(call, "open", 4) == 0))
			try((struct fault){ at, FAIL_ONCE, errors[i] }, good);
	/* what these calls answer for reasons of their own */
	for (i = 0; i < sizeof(loads) / sizeof(loads[0]); i++)
		if (strncmp(call, "kexec_", 6) == 0)
			try((struct fault){ at, FAIL_ONCE, loads[i] }, good);
	if (strncmp(call, "mmap /", 6) == 0)
		try((struct fault){ at, FAIL_ONCE, ENODEV }, good);
	if (strcmp(call, "read /dev/kmsg") == 0)
		try((struct fault){ at, FAIL_ONCE, EPIPE }, good);
	for (i = 0; i < 2; i++)
		if (opt.all || i == turn(call) % 2)
			try((struct fault){ at, FAIL_ON, lasting[i] }, good);
	if (calls.of_kid[at])
		try((struct fault){ at, KILLED, 0 }, good);
	if (strncmp(call, "read ", 5) && strncmp(call, "pread ", 6) && strncmp(call, "write ", 6) &&
	    strcmp(call, "getrandom "))
		return;
	try((struct fault){ at, SHORT, 0 }, good);
	try((struct fault){ at, NOTHING, 0 }, good);
}

static void on_alarm(int s)
{
	(void)s;
	late = 1;
	if (child > 0)
		kill(child, SIGKILL);
	if (tracee > 0 && tracee != child)
		kill(tracee, SIGKILL);
}

/* "kexec_load=EBUSY" */
static bool add_failure(char *word)
{
	char *name = strchr(word, '='), *times = strchr(word, '*');
	const char *known;
	int err;

	if (times)
		*times++ = '\0';
	for (err = 1; name && err < 4096 && opt.n_fails < 4; err++) {
		known = strerrorname_np(err);
		if (!known || strcmp(known, name + 1))
			continue;
		*name = '\0';
		opt.fails[opt.n_fails].call = word;
		opt.fails[opt.n_fails].times = times ? (unsigned)atoi(times) : UINT_MAX;
		opt.fails[opt.n_fails++].err = err;
		return true;
	}
	return false;
}

static int run_once(void)
{
	static struct outcome o;

	run((struct fault){ 0 }, &o);
	printf("did: %s\n", did[0] ? did : "nothing");
	return o.timeout ? 124 : o.signal ? 128 + o.signal : o.code < 0 ? 0 : o.code;
}

int main(int argc, char *argv[])
{
	const struct sigaction act = { .sa_handler = on_alarm };
	static struct outcome good;
	unsigned i;
	int c;

	while ((c = getopt(argc, argv, "+abc:e:i:klnopr:m:s:tuv")) != -1) {
		switch (c) {
		case 'a': opt.all = true; break;
		case 'b': opt.stay = true; break;
		case 'c': opt.codes = optarg; break;
		case 'e':
			if (!add_failure(optarg))
				return 2;
			break;
		case 'i': opt.input = optarg; break;
		case 'k': opt.container = true; break;
		case 'l': opt.loaded = true; break;
		case 'n': opt.refuses = true; break;
		case 'o': opt.once = true; break;
		case 'p': opt.first = true; break;
		case 'r': opt.root = optarg; break;
		case 'm': opt.machine = optarg; break;
		case 's': opt.release = optarg; break;
		case 't': opt.terminal = true; break;
		case 'u': opt.user = true; break;
		case 'v': opt.verbose = true; break;
		default: return 2;
		}
	}
	opt.argv = argv + optind;
	if (optind >= argc || (opt.root && !opt.machine)) {
		fprintf(stderr, "inject: see the head of inject.c\n");
		return 2;
	}
	sigaction(SIGALRM, &act, NULL);
	if (opt.once)
		return run_once();
	run((struct fault){ 0 }, &good);
	if ((opt.first ? good.code != -1 : !is_success(good.code)) || good.timeout || good.signal ||
	    good.forks || good.kid_stayed || good.open_files || good.half_image) {
		printf("BAD the first run: code %d, signal %d, %u open files\n%.*s", good.code,
		       good.signal, good.open_files, (int)good.errors_len, good.errors);
		return 1;
	}
	if (good.calls >= sizeof(calls.name) / sizeof(calls.name[0])) {
		printf("BAD the first run: it makes too many calls\n");
		return 1;
	}
	/* getpid() cannot fail, and process 1 has nothing to do but to pause again */
	for (i = 1; i <= good.calls; i++)
		if ((opt.all || !is_repeat(i, good.calls)) && strcmp(calls.name[i], "getpid ") &&
		    strcmp(calls.name[i], "pause "))
			try_call(i, &good);
	printf("%u calls, %u runs, %u changed, %u bad\n", good.calls, total.runs, total.changed,
	       total.bad);
	return total.bad != 0;
}
