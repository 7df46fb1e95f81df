/* SPDX-License-Identifier: MIT */
#include "src/sys/log.h"

#include "src/sys/files.h"

#include <fcntl.h>
#include <unistd.h>

void log_write(int fd, struct strbuf *t)
{
	if (t->len)
		files_write(fd, t->p, t->len);
	strbuf_free(t);
}

void log_print(struct strbuf *t)
{
	int log = getpid() == 1 ? open("/dev/kmsg", O_WRONLY | O_CLOEXEC) : -1;

	log_write(log < 0 ? STDERR_FILENO : log, t);
	if (log >= 0)
		close(log);
}

/* The kernel's log takes one line at a time. */
int log_error(const struct error *e)
{
	char buf[256];
	struct strbuf t = strbuf_fixed(buf, sizeof(buf));

	strbuf_printf(&t, "kexec-lite: cannot %s\n", e->text);
	log_print(&t);
	t = strbuf_fixed(buf, sizeof(buf));
	if (e->hint[0])
		strbuf_printf(&t, "kexec-lite: %s\n", e->hint);
	log_print(&t);
	return (int)e->code;
}

void log_warning(const char *what)
{
	char buf[200];
	struct strbuf t = strbuf_fixed(buf, sizeof(buf));

	strbuf_printf(&t, "kexec-lite: warning: %s\n", what);
	log_print(&t);
}
