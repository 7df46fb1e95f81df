#include "files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static bool fail_file(const char *verb, const char *what, const char *path, int err,
		      struct error *e)
{
	char show[NAME_TEXT];

	return fail(e, FAIL_FILE, "%s %s%s: %s", verb, what, name_text(show, path), strerror(err));
}

/* The size of a regular file. */
static bool file_size(int fd, const char *path, const char *what, size_t *size, struct error *e)
{
	char show[NAME_TEXT];
	struct stat st;

	if (fstat(fd, &st))
		return fail_file("read", what, path, errno, e);
	*size = (size_t)st.st_size;
	return S_ISREG(st.st_mode) ||
	       fail(e, FAIL_FILE, "read %s%s: it is %s", what, name_text(show, path),
		    S_ISDIR(st.st_mode) ? "a directory" : "not a regular file");
}

/* Appends at most `most` bytes of what is left in fd; `whole`: a short read is the end. Returns 0
 * or errno; EFBIG when there is more.
 */
static int read_all(int fd, size_t most, bool whole, struct text *out)
{
	char buf[4096];
	ssize_t n;

	for (;;) {
		n = read(fd, buf, sizeof(buf) < most ? sizeof(buf) : most);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		text_bytes(out, buf, (size_t)n);
		most -= (size_t)n;
		if (whole && (size_t)n < sizeof(buf))
			n = 0;
		if (!n || !most)
			break;
	}
	if (n < 0)
		return errno;
	if (out->lost)
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

bool files_open(const char *path, const char *what, struct input *in, struct error *e)
{
	size_t size = 0;
	void *p;
	int err;

	/* O_NONBLOCK: a fifo must not hold us up before we can say that it is one */
	in->fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (in->fd < 0)
		return fail_file("open", what, path, errno, e);
	if (!file_size(in->fd, path, what, &size, e) || !size)
		return e->code == FAIL_NONE;
	p = mmap(NULL, size, PROT_READ, MAP_PRIVATE | map_now(), in->fd, 0);
	if (p != MAP_FAILED) {
		in->data = (struct span){ p, size };
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

void files_close(struct input *in)
{
	if (in->data.len && !in->copy.len)
		munmap((void *)(uintptr_t)in->data.p, in->data.len);
	text_free(&in->copy);
	if (in->fd >= 0)
		close(in->fd);
	*in = (struct input)NO_INPUT;
}

static int read_file(int root, const char *path, size_t most, bool whole, struct text *out)
{
	int fd = openat(root, path, O_RDONLY | O_CLOEXEC), err;

	if (fd < 0)
		return errno;
	err = read_all(fd, most, whole, out);
	close(fd);
	return err;
}

void files_log(int root, const char *path, size_t most, const char *word, struct text *out)
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
			text_bytes(out, buf, (size_t)n);
	}
	if (fd >= 0)
		close(fd);
}

int files_read(int root, const char *path, size_t most, struct text *out)
{
	return read_file(root, path, most, false, out);
}

int files_read_attribute(int root, const char *path, size_t most, struct text *out)
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
	struct text t = text_fixed(name, sizeof(name));
	int fd, err;

	text_add(&t, "%s%s%s", dir ? dir : "", dir ? "/" : "", path);
	if (t.lost)
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

int files_join(const struct span *parts, size_t n, size_t gap, const char *what, struct error *e)
{
	int fd = memfd_create("kexec-lite", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	int err = fd < 0 ? errno : 0;
	off_t at = 0;
	size_t i;

	for (i = 0; i < n && !err; i++) {
		err = lseek(fd, at, SEEK_SET) < 0 ? errno
						  : files_write(fd, parts[i].p, parts[i].len);
		at = (at + (off_t)(parts[i].len + gap) + 3) & ~(off_t)3;
	}
	/* musl's fcntl() is 600 bytes for the sake of other commands */
	if (!err && syscall(SYS_fcntl, fd, F_ADD_SEALS,
			    F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE))
		err = errno;
	if (!err)
		return fd;
	if (fd >= 0)
		close(fd);
	fail(e, FAIL_FILE, "join the %s: %s", what, strerror(err));
	return -1;
}

bool files_random(void *p, size_t len, struct error *e)
{
	/* at most 256 bytes: never short, never interrupted (getrandom(2)) */
	if (getrandom(p, len, 0) == (ssize_t)len)
		return true;
	return fail(e, FAIL_MACHINE, "get random bytes: %s", strerror(errno));
}
