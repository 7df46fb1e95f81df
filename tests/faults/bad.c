/* SPDX-License-Identifier: MIT */
/* bad WHAT: a program that gets wrong what kexec-lite must not, for inject to find. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

static int log_print(const char *s)
{
	return write(2, s, strlen(s)) < 0;
}

static int fail(void)
{
	log_print("kexec-lite: cannot do it: it is bad\n");
	return 3;
}

int main(int argc, char *argv[])
{
	const char *what = argc > 1 ? argv[1] : "";
	char *p, buf[16] = "";
	int fd;

	fcntl(STDIN_FILENO, F_GETFD);
	fd = open("/dev/zero", O_RDONLY);
	if (strcmp(what, "leaks") == 0) {
		if (fd < 0)
			return fail();
		if (read(fd, buf, sizeof(buf)) < 0)
			return fail();
	} else if (strcmp(what, "crashes") == 0) {
		p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		p[0] = 1;
	} else if (strcmp(what, "hangs") == 0) {
		while (read(fd, buf, sizeof(buf)) < 0 && errno == EINTR)
			for (;;)
				; /* inject answers calls that wait */
	} else if (strcmp(what, "forks") == 0) {
		if (fd < 0)
			return syscall(SYS_clone, 17, 0, 0, 0, 0), 0;
	} else if (strcmp(what, "orphans") == 0) {
		if (fd < 0 && syscall(SYS_clone, 0, 0, 0, 0, 0) == 0)
			for (;;)
				pause();
		if (fd < 0)
			return fail();
	} else if (strcmp(what, "loads") == 0) {
		if (syscall(SYS_kexec_load, 0, 1, (size_t[4]){ (size_t)buf, 1, 0, 4096 }, 0) ||
		    fd < 0)
			return close(fd), fail();
	} else if (strcmp(what, "pretends") == 0) {
		syscall(SYS_kexec_load, 0, 1, (size_t[4]){ (size_t)buf, 1, 0, 4096 }, 0);
	} else if (strcmp(what, "mumbles") == 0) {
		if (fd < 0)
			return log_print("kexec-lite: something is wrong\n"), 3;
	} else if (strcmp(what, "lies") == 0) {
		if (fd < 0)
			return fail(), 77;
	}
	close(fd);
	return 0;
}
