/* SPDX-License-Identifier: MIT */
/* EDGE: a child process that can compute, and nothing else: no files, no network, no programs, no
 * signals, no capabilities. What it makes lies in memory that it shares with its parent. The
 * kernel's Documentation/userspace-api: landlock.rst, seccomp_filter.rst.
 */
#ifndef CONFINE_H
#define CONFINE_H

#include "src/base/error.h"

#include <stdint.h>
#include <sys/types.h>

/* Tables of addresses become read-only, as the program's PT_GNU_RELRO says of them. musl leaves that
 * undone in a static program; dynamic linkers and glibc have done it already.
 */
void confine_relro(void);

/* Shared memory, zero, of `size` bytes or, down to SHARED_LEAST, of what can be had; of a file in
 * memory where fd is not -1, which gets that size. NULL: none. Pages are taken as they are written.
 */
#define SHARED_LEAST (1u << 20)
void *confine_share(int fd, size_t *size);

/* 0 in the child, its pid in the parent, -1 and an error: no child. Whatever our caller does about
 * SIGCHLD, the child is ours to wait for; *finished: it ended by itself, with 0. False: it cannot
 * be waited for. Then it was killed, but may still write for a moment: nothing that it shares may
 * be used. Errors: FAIL_MEMORY.
 */
pid_t confine_fork(struct error *e);
bool confine_wait(pid_t child, bool *finished);

/* From here on the child may read descriptors that are open, write to standard error, take memory
 * that holds no code, give it back, and end; anything else kills it. *lacks gets what the running
 * kernel has no means for: that is no error, everything else that fails is one (FAIL_KERNEL).
 */
enum { LACKS_LANDLOCK = 1, LACKS_SECCOMP = 2 };
bool confine(uint32_t *lacks, struct error *e);

#endif
