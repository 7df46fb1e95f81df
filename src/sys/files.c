#include "src/sys/files.h"

#include "src/sys/log.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

const char *errno_text(char buf[ERRNO_TEXT], int err)
{
	static const struct {
		int err;
		const char *text;
	} known[] = {
		{ EPERM, "Operation not permitted" },
		{ ENOENT, "No such file or directory" },
		{ EIO, "I/O error" },
		{ ENXIO, "No such device or address" },
		{ EBADF, "Bad file descriptor" },
		{ ENOMEM, "Out of memory" },
		{ EACCES, "Permission denied" },
		{ EBUSY, "Resource busy" },
		{ EEXIST, "File exists" },
		{ ENODEV, "No such device" },
		{ ENOTDIR, "Not a directory" },
		{ EISDIR, "Is a directory" },
		{ EINVAL, "Invalid argument" },
		{ EMFILE, "No file descriptors available" },
		{ EFBIG, "File too large" },
		{ ENOSPC, "No space left on device" },
		{ EROFS, "Read-only file system" },
		{ ENAMETOOLONG, "Filename too long" },
		{ ENOSYS, "Function not implemented" },
		{ ELOOP, "Symbolic link loop" },
		{ ESTALE, "Stale file handle" },
	};
	struct strbuf t = strbuf_fixed(buf, ERRNO_TEXT);
	size_t i;

	for (i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (known[i].err == err)
			return known[i].text;
	strbuf_printf(&t, "error %d", err);
	return buf;
}

static bool fail_file(const char *verb, const char *what, const char *path, int err,
		      struct error *e)
{
	char show[PRINTABLE_MAX];

	return fail(e, FAIL_FILE, "%s %s%s: %s", verb, what, printable(show, path),
		    files_errno(err));
}

/* Appends at most `most` bytes of what is left in fd; `whole`: a short read is the end. Returns 0
 * or errno; EFBIG when there is more.
 */
static int read_all(int fd, size_t most, bool whole, struct strbuf *out)
{
	char buf[4096];
	ssize_t n;

	for (;;) {
		n = read(fd, buf, sizeof(buf) < most ? sizeof(buf) : most);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		strbuf_append(out, buf, (size_t)n);
		most -= (size_t)n;
		if (whole && (size_t)n < sizeof(buf))
			n = 0;
		if (!n || !most)
			break;
	}
	if (n < 0)
		return errno;
	if (out->truncated)
		return ENOMEM;
	return n > 0 && read(fd, buf, 1) > 0 ? EFBIG : 0;
}

/* With pages of 64 KiB, mapping all of a file at once is half the cost of a fault for each page;
 * with 4 KiB, where a fault maps 16, it is dearer.
 */
static int map_now(void)
{
	return getauxval(AT_PAGESZ) >= 0x10000 ? MAP_POPULATE : 0;
}

/* ---- files that are cut short while they are mapped: reading past the new end is a SIGBUS. What
 * is mapped is therefore known to the whole program; entries beyond the table go without a name.
 */
static struct {
	struct span data;
	const char *what, *path;
} mapped[20];

/* Where a child leaves the sentence for its parent. */
static struct error *for_parent;

void files_report_to(struct error *e)
{
	for_parent = e;
}

static void bus_error(int signal, siginfo_t *info, void *context)
{
	struct error here = { 0 }, *e = for_parent ? for_parent : &here;
	const uintptr_t at = (uintptr_t)info->si_addr;
	char show[PRINTABLE_MAX];
	size_t i;

	(void)signal, (void)context;
	for (i = 0; i < sizeof(mapped) / sizeof(mapped[0]); i++)
		if (at - (uintptr_t)mapped[i].data.p < mapped[i].data.len)
			fail(e, FAIL_FILE, "read %s%s: it was cut short meanwhile", mapped[i].what,
			     printable(show, mapped[i].path));
	fail(e, FAIL_FILE, "read a file: it was cut short, or memory is full");
	if (for_parent)
		_exit(FAIL_NONE);
	log_error(e);
	while (getpid() == 1)
		pause();
	_exit(FAIL_FILE);
}

/* include/uapi/asm-generic/signal.h; libc's way is 2 KiB longer. Nobody returns to a restorer. */
#define ACT_RESTORER 0x04000000ul
struct signal_action {
	uintptr_t handler;
	unsigned long flags;
	void (*restorer)(int signal, siginfo_t *info, void *context);
	uint64_t mask;
};

void files_start(void)
{
	const struct signal_action ignore = { .handler = (uintptr_t)SIG_IGN };

	syscall(SYS_rt_sigaction, SIGXFSZ, &ignore, NULL, sizeof(ignore.mask));
}

static void remember(const struct input *in)
{
	const struct signal_action act = { (uintptr_t)bus_error, SA_SIGINFO | ACT_RESTORER,
					   bus_error, 0 };
	size_t i;

	for (i = 0; i < sizeof(mapped) / sizeof(mapped[0]) && mapped[i].data.len; i++)
		;
	if (i < sizeof(mapped) / sizeof(mapped[0])) {
		mapped[i].what = in->what;
		mapped[i].path = in->path;
		mapped[i].data = in->data;
	}
	syscall(SYS_rt_sigaction, SIGBUS, &act, NULL, sizeof(act.mask));
}

static void forget(const struct input *in)
{
	size_t i;

	for (i = 0; i < sizeof(mapped) / sizeof(mapped[0]); i++)
		if (mapped[i].data.p == in->data.p)
			mapped[i].data.len = 0;
}

/* A fifo is waited for; of everything else a device must not hold us up before it is refused. */
static int open_input(const char *path)
{
	struct stat st;
	const bool fifo = stat(path, &st) == 0 && S_ISFIFO(st.st_mode);

	if (strcmp(path, "-") == 0)
		return (int)syscall(SYS_fcntl, STDIN_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	return open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | (fifo ? 0 : O_NONBLOCK));
}

/* What kind of a file it is: regular, or a pipe. */
static bool look(struct input *in, struct error *e)
{
	char show[PRINTABLE_MAX];
	struct stat st;

	if (fstat(in->fd, &st))
		return fail_file("read", in->what, in->path, errno, e);
	in->pipe = S_ISFIFO(st.st_mode) || S_ISSOCK(st.st_mode);
	in->size = st.st_size;
	in->seconds = st.st_mtim.tv_sec;
	in->nanoseconds = st.st_mtim.tv_nsec;
	return S_ISREG(st.st_mode) || in->pipe ||
	       fail(e, FAIL_FILE, "read %s%s: it is %s", in->what, printable(show, in->path),
		    S_ISDIR(st.st_mode) ? "a directory"
		    : isatty(in->fd)	? "a terminal"
					: "not a regular file");
}

bool files_open(const char *path, const char *what, struct input *in, struct error *e)
{
	size_t size = 0;
	void *p;
	int err;

	in->what = what;
	in->path = path;
	in->fd = open_input(path);
	if (in->fd < 0)
		return fail_file("open", what, path, errno, e);
	if (!look(in, e) || in->pipe || !in->size)
		return e->code == FAIL_NONE;
	size = (size_t)in->size;
	p = mmap(NULL, size, PROT_READ, MAP_PRIVATE | map_now(), in->fd, 0);
	if (p != MAP_FAILED) {
		in->data = (struct span){ p, size };
		remember(in);
		return true;
	}
	err = errno;
	if (err == ENODEV)
		err = lseek(in->fd, 0, SEEK_SET)
			      ? errno
			      : read_all(in->fd, INPUT_READ_MAX, false, &in->copy);
	in->data = (struct span){ (const uint8_t *)in->copy.p, in->copy.len };
	return !err || fail_file("read", what, path, err, e);
}

bool files_unchanged(const struct input *in, struct error *e)
{
	struct input now = *in;
	char show[PRINTABLE_MAX];

	if (in->fd < 0 || in->pipe)
		return true;
	if (!look(&now, e))
		return false;
	if (now.size == in->size && now.seconds == in->seconds &&
	    now.nanoseconds == in->nanoseconds)
		return true;
	fail(e, FAIL_FILE, "read %s%s: it was written to meanwhile", in->what,
	     printable(show, in->path));
	return hint(e, "nothing was loaded: try again when %s is whole", show);
}

void files_close(struct input *in)
{
	if (in->data.len && !in->copy.len && !in->pipe) {
		forget(in);
		munmap((void *)(uintptr_t)in->data.p, in->data.len);
	}
	strbuf_free(&in->copy);
	if (in->fd >= 0)
		close(in->fd);
	*in = (struct input)NO_INPUT;
}

static int read_file(int root, const char *path, size_t most, bool whole, struct strbuf *out)
{
	int fd = openat(root, path, O_RDONLY | O_CLOEXEC), err;

	if (fd < 0)
		return errno;
	err = read_all(fd, most, whole, out);
	close(fd);
	return err;
}

void files_log(int root, const char *path, size_t most, const char *word, struct strbuf *out)
{
	/* the longest record (CONSOLE_EXT_LOG_MAX); O_NONBLOCK: the end is an error, not a wait */
	char buf[8192];
	int fd = openat(root, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	ssize_t n;

	while (fd >= 0 && most > sizeof(buf)) {
		n = read(fd, buf, sizeof(buf));
		if (n < 0 && errno == EPIPE)
			out->len = 0; /* what was to come next is gone, so this is the first */
		else if (n <= 0 && (!n || errno != EINTR))
			break;
		most -= n > 0 ? (size_t)n : 1;
		if (n > 0 && (!out->len ||
			      span_find((struct span){ (uint8_t *)buf, (size_t)n }, word, NULL)))
			strbuf_append(out, buf, (size_t)n);
	}
	if (fd >= 0)
		close(fd);
}

int files_rest(int fd, size_t most, struct strbuf *out)
{
	return read_all(fd, most, false, out);
}

int files_read(int root, const char *path, size_t most, struct strbuf *out)
{
	return read_file(root, path, most, false, out);
}

int files_read_attribute(int root, const char *path, size_t most, struct strbuf *out)
{
	return read_file(root, path, most, true, out);
}

/* struct linux_dirent64: inode, offset, then these */
#define ENTRY_LENGTH 16
#define ENTRY_TYPE   18
#define ENTRY_NAME   19

int files_list(int dir, bool (*each)(void *arg, const char *name, bool is_dir), void *arg)
{
	char buf[4096], *at;
	uint16_t len;
	long n;

	while ((n = syscall(SYS_getdents64, dir, buf, sizeof(buf))) > 0) {
		for (at = buf; at < buf + n; at += len) {
			memcpy(&len, at + ENTRY_LENGTH, sizeof(len));
			if (at[ENTRY_NAME] != '.' &&
			    !each(arg, at + ENTRY_NAME, at[ENTRY_TYPE] == DT_DIR))
				return ECANCELED;
		}
	}
	return n < 0 ? errno : 0;
}

int files_write(int fd, const void *p, size_t len)
{
	const char *at = p;
	ssize_t n;

	while (len) {
		n = write(fd, at, len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n ? errno : EIO;
		at += n;
		len -= (size_t)n;
	}
	return 0;
}

bool files_save(const char *dir, const char *path, struct span bytes, struct error *e)
{
	char name[4096], *slash;
	struct strbuf t = strbuf_fixed(name, sizeof(name));
	int fd, err;

	strbuf_printf(&t, "%s%s%s", dir ? dir : "", dir ? "/" : "", path);
	if (t.truncated)
		return fail_file("write", "", path, ENAMETOOLONG, e);
	for (slash = dir ? strchr(name + 1, '/') : NULL; slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (mkdir(name, 0755) && errno != EEXIST)
			return fail_file("make directory", "", name, errno, e);
		*slash = '/';
	}
	fd = open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (fd < 0)
		return fail_file("write", "", name, errno, e);
	err = files_write(fd, bytes.p, bytes.len);
	if (close(fd) && !err)
		err = errno;
	return err ? fail_file("write", "", name, err, e) : true;
}

#define MEMFD_CLOEXEC	    1u /* include/uapi/linux/memfd.h */
#define MEMFD_ALLOW_SEALING 2u
#define MEMFD_NOEXEC_SEAL   8u /* since Linux 6.3; where the sysctl vm.memfd_noexec asks for it */

int files_memory(void)
{
	const unsigned flags = MEMFD_CLOEXEC | MEMFD_ALLOW_SEALING;
	long fd = syscall(SYS_memfd_create, "kexec-lite", flags | MEMFD_NOEXEC_SEAL);

	return (int)(fd < 0 ? syscall(SYS_memfd_create, "kexec-lite", flags) : fd);
}

int files_seal(int fd)
{
	char path[32];
	struct strbuf t = strbuf_fixed(path, sizeof(path));
	int sealed;

	/* musl's fcntl() is 600 bytes for the sake of other commands */
	syscall(SYS_fcntl, fd, F_ADD_SEALS,
		F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE);
	strbuf_printf(&t, "/proc/self/fd/%d", fd);
	sealed = open(path, O_RDONLY | O_CLOEXEC);
	if (sealed < 0)
		return fd;
	close(fd);
	return sealed;
}

int files_join(const struct span *parts, size_t n, size_t gap, const char *what, struct error *e)
{
	int fd = files_memory();
	int err = fd < 0 ? errno : 0;
	off_t at = 0;
	size_t i;

	for (i = 0; i < n && !err; i++) {
		err = lseek(fd, at, SEEK_SET) < 0 ? errno
						  : files_write(fd, parts[i].p, parts[i].len);
		at = (at + (off_t)(parts[i].len + gap) + 3) & ~(off_t)3;
	}
	if (!err)
		return files_seal(fd);
	if (fd >= 0)
		close(fd);
	fail(e, FAIL_FILE, "join the %s: %s", what, files_errno(err));
	return -1;
}

bool files_random(void *p, size_t len, struct error *e)
{
	/* at most 256 bytes: never short, never interrupted (getrandom(2)) */
	if (getrandom(p, len, 0) == (ssize_t)len)
		return true;
	return fail(e, FAIL_MACHINE, "get random bytes: %s", files_errno(errno));
}
