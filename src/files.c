#include "files.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

static bool fail_file(const char *verb, const char *what, const char *path, int err,
		      struct error *e)
{
	char show[NAME_TEXT];

	return fail(e, FAIL_FILE, "%s %s%s: %s", verb, what, name_text(show, path), strerror(err));
}

/* Is it a file that can be mapped? */
static bool check_file(int fd, const char *path, const char *what, struct stat *st, struct error *e)
{
	char show[NAME_TEXT];

	if (fstat(fd, st))
		return fail_file("read", what, path, errno, e);
	if (S_ISREG(st->st_mode))
		return true;
	return fail(e, FAIL_FILE, "read %s%s: it is %s", what, name_text(show, path),
		    S_ISDIR(st->st_mode) ? "a directory" : "not a regular file");
}

bool files_map(const char *path, const char *what, struct span *out, struct error *e)
{
	/* O_NONBLOCK: a fifo must not hold us up before we can say that it is one */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	struct stat st;
	void *p = NULL;
	bool ok;

	*out = (struct span){ 0 };
	if (fd < 0)
		return fail_file("open", what, path, errno, e);
	ok = check_file(fd, path, what, &st, e);
	if (ok && st.st_size) {
		p = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
		if (p == MAP_FAILED)
			ok = fail_file("read", what, path, errno, e);
		else
			*out = (struct span){ p, (size_t)st.st_size };
	}
	close(fd);
	return ok;
}

void files_unmap(struct span *s)
{
	if (s->len)
		munmap((void *)(uintptr_t)s->p, s->len);
	*s = (struct span){ 0 };
}

int files_read(int root, const char *path, size_t most, struct text *out)
{
	int fd = openat(root, path, O_RDONLY | O_CLOEXEC), err = 0;
	char buf[4096];
	ssize_t n;

	if (fd < 0)
		return errno;
	for (;;) {
		n = read(fd, buf, sizeof(buf) < most ? sizeof(buf) : most);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		text_bytes(out, buf, (size_t)n);
		most -= (size_t)n;
		if (!most)
			break;
	}
	if (n < 0)
		err = errno;
	else if (out->lost)
		err = ENOMEM;
	else if (n > 0 && read(fd, buf, 1) > 0)
		err = EFBIG;
	close(fd);
	return err;
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

bool files_random(void *p, size_t len, struct error *e)
{
	/* at most 256 bytes: never short, never interrupted (getrandom(2)) */
	if (getrandom(p, len, 0) == (ssize_t)len)
		return true;
	return fail(e, FAIL_MACHINE, "get random bytes: %s", strerror(errno));
}
