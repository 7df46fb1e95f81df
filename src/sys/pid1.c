/* SPDX-License-Identifier: MIT */
#include "src/sys/pid1.h"

#include <string.h>
#include <unistd.h>

/* The first namespace has a number of its own (PROC_PID_INIT_INO in include/linux/proc_ns.h since
 * Linux 3.8).
 */
static const char first_namespace[] = "pid:[4026531836]";

/* Without /proc, which boot menus have unmounted when they start the next kernel, we take it for
 * the first: a container that hangs is ended by whoever started it, but a machine whose first
 * process ends is lost. A kernel without namespaces has no such file, and no containers.
 */
bool pid1_in_container(void)
{
	char name[64];
	const ssize_t len = readlink("/proc/self/ns/pid", name, sizeof(name));

	return len >= 0 && ((size_t)len != strlen(first_namespace) ||
			    memcmp(name, first_namespace, (size_t)len) != 0);
}

bool pid1_is_first(void)
{
	return getpid() == 1 && !pid1_in_container();
}

void pid1_stay(void)
{
	while (pid1_is_first())
		pause();
}
