/* SPDX-License-Identifier: MIT */
/* gcov's counters of all runs of a program, however a run ends, and of the children that it makes:
 * in a file, COUNTERS, that each run has mapped in their place (counters.ld). gcov itself would
 * write them at exit(), and not after a kill, a reboot, an execve or an _exit.
 *
 * With WRITE_COUNTERS in the environment a run does nothing but to write what the file has, as gcov
 * does. For programs that are linked with --wrap=__gcov_exit.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

extern char counters_start[], counters_end[];
void __real___gcov_exit(void);
void __wrap___gcov_exit(void);

static int writes;

/* Behind those of gcov, which have a priority. */
__attribute__((constructor)) static void share(void)
{
	const size_t size = (size_t)(counters_end - counters_start);
	int fd = open(COUNTERS, O_RDWR | O_CLOEXEC);

	writes = getenv("WRITE_COUNTERS") != NULL;
	if (fd < 0 || ftruncate(fd, (off_t)size) ||
	    mmap(counters_start, size, PROT_READ | PROT_WRITE,
		 MAP_FIXED | (writes ? MAP_PRIVATE : MAP_SHARED), fd, 0) == MAP_FAILED)
		abort(); /* or its branches would be lost without a word */
	close(fd);
	if (writes)
		exit(0);
}

void __wrap___gcov_exit(void)
{
	if (writes)
		__real___gcov_exit();
}
