/* SPDX-License-Identifier: MIT */
#include "src/sys/input.h"

#include "src/sys/files.h"
#include "src/sys/log.h"
#include "src/sys/pid1.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <unistd.h>

static bool fail_input(const char *verb, const struct input *in, const char *why, struct error *e)
{
	return fail(e, FAIL_FILE, "%s the %s: %s: %.*s", verb, in->what, why, AS_NAME, in->path);
}

/* With pages of 64 KiB, mapping all of a file at once is half the cost of a fault for each page;
 * with 4 KiB, where a fault maps 16, it costs more.
 */
static int map_flags(void)
{
	return getauxval(AT_PAGESZ) >= 0x10000 ? MAP_PRIVATE | MAP_POPULATE : MAP_PRIVATE;
}

/* ---- mapped files that can no longer be read: a SIGBUS. What is mapped is therefore known to the
 * whole program: kernel, tree, and as many initrds and overlays as options may name.
 */
static const struct input *mapped[20];

/* How a child leaves the sentence for its parent; NULL: this is no child. */
static void (*tell_parent)(const struct error *e);

void input_report_to(void (*report)(const struct error *e))
{
	tell_parent = report;
}

static void bus_error(int signal, siginfo_t *info, void *context)
{
	const uintptr_t at = (uintptr_t)info->si_addr;
	const struct input *in;
	struct error e = { 0 };
	char byte;
	size_t i;

	(void)signal;
	(void)context;
	for (i = 0; i < ARRAY_SIZE(mapped); i++) {
		in = mapped[i];
		if (!in || at - (uintptr_t)in->data.p >= in->data.len)
			continue;
		/* a failing disk looks the same, but for what it answers now */
		if (pread(in->fd, &byte, 1, (off_t)(at - (uintptr_t)in->data.p)) < 0)
			fail_input("read", in, strerror(errno), &e);
		else
			fail_input("read", in, "cut short while it was read", &e);
	}
	fail(&e, FAIL_FILE, "read a file: cut short, or out of memory");
	if (tell_parent) {
		tell_parent(&e);
		_exit(FAIL_NONE);
	}
	log_error(&e);
	pid1_stay();
	_exit(FAIL_FILE);
}

void input_ignore_sigxfsz(void)
{
	signal(SIGXFSZ, SIG_IGN);
}

static void remember(const struct input *in)
{
	const struct sigaction act = { .sa_sigaction = bus_error, .sa_flags = SA_SIGINFO };
	size_t i;

	for (i = 0; mapped[i]; i++)
		assert(i + 1 < ARRAY_SIZE(mapped));
	mapped[i] = in;
	sigaction(SIGBUS, &act, NULL);
}

static void forget(const struct input *in)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(mapped); i++)
		if (mapped[i] == in)
			mapped[i] = NULL;
}

/* A fifo is waited for; of everything else a device must not hold us up before it is refused. */
static int open_path(const char *path)
{
	int flags = O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK;
	struct stat st;

	if (strcmp(path, "-") == 0)
		return fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	if (stat(path, &st) == 0 && S_ISFIFO(st.st_mode))
		flags &= ~O_NONBLOCK;
	return open(path, flags);
}

static bool fail_kind(const struct input *in, struct error *e)
{
	if (S_ISDIR(in->status.st_mode))
		return fail_input("read", in, "it is a directory", e);
	if (isatty(in->fd))
		return fail_input("read", in, "it is a terminal", e);
	return fail_input("read", in, "not a regular file", e);
}

/* A regular file or a pipe, and when it was last written. */
static bool read_status(struct input *in, struct error *e)
{
	const struct stat *st = &in->status;

	if (fstat(in->fd, &in->status))
		return fail_input("read", in, strerror(errno), e);
	in->pipe = S_ISFIFO(st->st_mode) || S_ISSOCK(st->st_mode);
	return S_ISREG(st->st_mode) || in->pipe || fail_kind(in, e);
}

/* Into memory of our own, where a file cannot be mapped. Returns 0 or errno. */
static int read_copy(struct input *in)
{
	int err;

	if (lseek(in->fd, 0, SEEK_SET))
		return errno;
	err = files_rest(in->fd, INPUT_READ_MAX, &in->copy);
	in->data = strbuf_span(&in->copy);
	return err;
}

bool input_open(const char *path, const char *what, struct input *in, struct error *e)
{
	size_t size;
	void *p;
	int err;

	in->what = what;
	in->path = path;
	in->fd = open_path(path);
	if (in->fd < 0)
		return fail_input("open", in, strerror(errno), e);
	if (!read_status(in, e))
		return false;
	size = (size_t)in->status.st_size;
	if (in->pipe || !size)
		return true;
	p = mmap(NULL, size, PROT_READ, map_flags(), in->fd, 0);
	if (p != MAP_FAILED) {
		in->data = (struct span){ p, size };
		remember(in);
		return true;
	}
	err = errno;
	if (err == ENODEV)
		err = read_copy(in);
	return !err || fail_input("read", in, strerror(err), e);
}

bool input_unchanged(const struct input *in, struct error *e)
{
	struct input now = *in;
	const struct stat *was = &in->status, *is = &now.status;

	if (in->fd < 0 || in->pipe)
		return true;
	if (!read_status(&now, e))
		return false;
	if (is->st_size == was->st_size && is->st_mtim.tv_sec == was->st_mtim.tv_sec &&
	    is->st_mtim.tv_nsec == was->st_mtim.tv_nsec)
		return true;
	fail_input("read", in, "written to while it was read", e);
	return hint(e, "nothing was loaded: try again when the file is complete");
}

void input_close(struct input *in)
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
