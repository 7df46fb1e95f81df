#include "src/sys/log.h"

#include "src/sys/files.h"

#include <fcntl.h>
#include <unistd.h>

void say_to(int fd, struct text *t)
{
	if (t->len)
		files_write(fd, t->p, t->len);
	text_free(t);
}

void say(struct text *t)
{
	int log = getpid() == 1 ? open("/dev/kmsg", O_WRONLY | O_CLOEXEC) : -1;

	say_to(log < 0 ? STDERR_FILENO : log, t);
	if (log >= 0)
		close(log);
}

/* The kernel's log takes one line at a time. */
int report(const struct error *e)
{
	char buf[256];
	struct text t = text_fixed(buf, sizeof(buf));

	text_add(&t, "kexec-lite: cannot %s\n", e->text);
	say(&t);
	t = text_fixed(buf, sizeof(buf));
	if (e->hint[0])
		text_add(&t, "kexec-lite: %s\n", e->hint);
	say(&t);
	return (int)e->code;
}

void warn(const char *what)
{
	char buf[200];
	struct text t = text_fixed(buf, sizeof(buf));

	text_add(&t, "kexec-lite: warning: %s\n", what);
	say(&t);
}
