/* SPDX-License-Identifier: MIT */
#include "src/sys/log.h"

#include "src/sys/files.h"
#include "src/sys/pid1.h"

#include <fcntl.h>
#include <unistd.h>

/* Of the kernel's log. A boot menu that starts us as the first process may have told the console to
 * show nothing else (dmesg -n 1).
 */
#define EMERGENCY 0
#define WARNING	  4

void log_write(int fd, struct strbuf *t)
{
	if (t->len)
		files_write(fd, t->p, t->len);
	strbuf_free(t);
}

/* Nobody reads the first process's stderr. Its lines go to the kernel's log, one a call, and from
 * there to the console; without such a log to the console itself.
 */
static void write_first(unsigned level, const struct strbuf *line)
{
	char buf[320];
	struct strbuf t = strbuf_fixed(buf, sizeof(buf));
	int fd = open("/dev/kmsg", O_WRONLY | O_CLOEXEC), err = -1;

	strbuf_printf(&t, "<%u>%s", level, line->p);
	if (fd >= 0)
		err = files_write(fd, t.p, t.len);
	if (fd >= 0)
		close(fd);
	if (!err)
		return;
	fd = open("/dev/console", O_WRONLY | O_CLOEXEC | O_NOCTTY);
	files_write(fd < 0 ? STDERR_FILENO : fd, line->p, line->len);
	if (fd >= 0)
		close(fd);
}

static void print_line(unsigned level, const char *before, const char *what)
{
	char buf[256];
	struct strbuf t = strbuf_fixed(buf, sizeof(buf));

	strbuf_printf(&t, "kexec-lite: %s%s\n", before, what);
	if (pid1_is_first())
		write_first(level, &t);
	else
		files_write(STDERR_FILENO, t.p, t.len);
}

int log_error(const struct error *e)
{
	print_line(EMERGENCY, "cannot ", e->text);
	if (e->hint[0])
		print_line(EMERGENCY, "", e->hint);
	return (int)e->code;
}

void log_note(const char *format, ...)
{
	char buf[200];
	struct strbuf t = strbuf_fixed(buf, sizeof(buf));
	va_list ap;

	va_start(ap, format);
	strbuf_vprintf(&t, format, ap);
	va_end(ap);
	print_line(WARNING, "", buf);
}
