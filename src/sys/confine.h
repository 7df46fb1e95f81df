/* EDGE: a child process that can compute, and nothing else: no files, no network, no programs, no
 * signals. What it makes lies in memory that it shares with its parent, which looks at all of it
 * again before it is used. The kernel's Documentation/userspace-api: landlock.rst,
 * seccomp_filter.rst.
 */
#ifndef CONFINE_H
#define CONFINE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* Shared memory, zero, of `size` bytes or, down to `least`, of what can be had; of a file in memory
 * where fd is not -1, which gets that size. NULL: none. Pages are taken as they are written.
 */
void *confine_share(int fd, size_t least, size_t *size);

/* 0 in the child, its pid in the parent, -1: no child. Whatever our caller does about SIGCHLD, the
 * child is ours to wait for. False: it cannot be waited for. Then it was killed, but may still
 * write for a moment: nothing that it shares may be used.
 */
pid_t confine_fork(void);
bool confine_wait(pid_t child);

/* From here on the child may read and write descriptors that are open, hand memory back, and end;
 * anything else kills it. It gets memory from `heap`, which is shared. Where the running kernel
 * lacks one of the two means, the other still holds; false: it lacks both.
 */
struct confinement {
	bool files, calls; /* landlock, seccomp */
};
void confine(void *heap, size_t size, struct confinement *c);

/* Does this build's malloc() know shared memory? Not that of a library. */
bool confine_possible(void);

#endif
