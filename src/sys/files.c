/* SPDX-License-Identifier: MIT */
#include "src/sys/files.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* read(2), again where a signal came between. */
static ssize_t read_again(int fd, void *buf, size_t len)
{
	ssize_t n;

	do
		n = read(fd, buf, len);
	while (n < 0 && errno == EINTR);
	return n;
}

ssize_t files_fill(int fd, void *p, size_t len)
{
	size_t have;
	ssize_t n = 0;

	for (have = 0; have < len; have += (size_t)n) {
		n = read_again(fd, (char *)p + have, len - have);
		if (n <= 0)
			break;
	}
	return n < 0 ? n : (ssize_t)have;
}

/* Appends at most `limit` bytes of what is left in fd; `whole`: a short read is the end. */
static int read_all(int fd, size_t limit, bool whole, struct strbuf *out)
{
	char buf[4096];
	size_t want;
	ssize_t n;

	for (; limit; limit -= (size_t)n) {
		want = sizeof(buf) < limit ? sizeof(buf) : limit;
		n = (whole ? read_again : files_fill)(fd, buf, want);
		if (n < 0)
			return errno;
		strbuf_append(out, buf, (size_t)n);
		if ((size_t)n < want)
			return out->truncated ? ENOMEM : 0;
	}
	if (out->truncated)
		return ENOMEM;
	return read_again(fd, buf, 1) > 0 ? EFBIG : 0;
}

int files_rest(int fd, size_t limit, struct strbuf *out)
{
	return read_all(fd, limit, false, out);
}

static int read_file(int root, const char *path, size_t limit, bool whole, struct strbuf *out)
{
	int fd = openat(root, path, O_RDONLY | O_CLOEXEC), err;
	struct stat st;

	if (fd < 0)
		return errno;
	/* a file that has a size is read into one piece of memory; that of an attribute is made up
	 */
	if (!whole && fstat(fd, &st) == 0 && st.st_size > 0 && (uint64_t)st.st_size < limit)
		strbuf_reserve(out, (size_t)st.st_size);
	err = read_all(fd, limit, whole, out);
	close(fd);
	return err;
}

int files_read(int root, const char *path, size_t limit, struct strbuf *out)
{
	return read_file(root, path, limit, false, out);
}

int files_read_attribute(int root, const char *path, size_t limit, struct strbuf *out)
{
	return read_file(root, path, limit, true, out);
}

void files_log(int root, const char *path, size_t limit, const char *word, struct strbuf *out)
{
	/* the longest record (CONSOLE_EXT_LOG_MAX); O_NONBLOCK: the end is an error, not a wait */
	char buf[8192];
	int fd = openat(root, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	ssize_t n;

	while (fd >= 0 && limit > sizeof(buf)) {
		n = read(fd, buf, sizeof(buf));
		if (n < 0 && errno == EPIPE)
			out->len = 0; /* what was to come next is gone, so this is the first */
		else if (n <= 0 && (!n || errno != EINTR))
			break;
		limit -= n > 0 ? (size_t)n : 1;
		if (n > 0 && (!out->len ||
			      span_find((struct span){ (uint8_t *)buf, (size_t)n }, word, NULL)))
			strbuf_append(out, buf, (size_t)n);
	}
	if (fd >= 0)
		close(fd);
}

int files_write(int fd, const void *p, size_t len)
{
	const char *at = p;
	ssize_t n;

	while (len) {
		n = write(fd, at, len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno;
		if (!n)
			return EIO;
		at += n;
		len -= (size_t)n;
	}
	return 0;
}

static bool fail_write(const char *path, int err, struct error *e)
{
	return fail(e, FAIL_FILE, "write a file: %s: %.*s", strerror(err), AS_NAME, path);
}

/* Makes the directories of `name`, which is put back as it was. Returns 0 or errno. */
static int make_folders(char *name)
{
	char *slash;

	for (slash = strchr(name + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (mkdir(name, 0700) && errno != EEXIST)
			return errno; /* the directory that failed is what the error names */
		*slash = '/';
	}
	return 0;
}

bool files_save(const char *dir, const char *path, struct span bytes, struct error *e)
{
	const int flags = O_WRONLY | O_CREAT | O_CLOEXEC | (dir ? O_EXCL : O_TRUNC);
	char name[4096];
	struct strbuf t = strbuf_fixed(name, sizeof(name));
	int fd, err = 0;

	strbuf_printf(&t, "%s%s%s", dir ? dir : "", dir ? "/" : "", path);
	if (t.truncated)
		return fail_write(path, ENAMETOOLONG, e);
	if (dir)
		err = make_folders(name);
	if (err)
		return fail_write(name, err, e);
	if (dir) /* what is there may be anybody's to read, and a link lead anywhere */
		unlink(name);
	fd = open(name, flags, 0600);
	if (fd < 0)
		return fail_write(name, errno, e);
	err = files_write(fd, bytes.p, bytes.len);
	if (close(fd) && !err)
		err = errno;
	return !err || fail_write(name, err, e);
}
