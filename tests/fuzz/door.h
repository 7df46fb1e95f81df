/* SPDX-License-Identifier: MIT */
/* Doors: where bytes from outside come in. Each file door_NAME.c has one, door_NAME(), which takes
 * any bytes and aborts, by DOOR_WANT(), when what the program makes of them breaks a promise of a
 * header. doors.c gives it to libFuzzer. See doc/testing.md.
 */
#ifndef DOOR_H
#define DOOR_H

#include "arch/arch.h"
#include "src/base/error.h"
#include "src/base/span.h"

#define DOORS(X)                                                                                   \
	X(image)                                                                                   \
	X(elf64)                                                                                   \
	X(tree)                                                                                    \
	X(edit)                                                                                    \
	X(flatten)                                                                                 \
	X(iomem) X(staging) X(elfcorehdr) X(options) X(plan) X(message) X(gzip) X(zstd) X(xz)      \
		X(lz4) X(unwrap)
#define DOOR_DECLARE(name) void door_##name(struct span in);
DOORS(DOOR_DECLARE)
#undef DOOR_DECLARE

#define DOOR_WANT(what)                                                                            \
	do {                                                                                       \
		if (!(what))                                                                       \
			door_broken(__FILE__, __LINE__, #what);                                    \
	} while (0)
_Noreturn void door_broken(const char *file, int line, const char *what);

/* The answer and the failure agree; sentence and hint are whole, plain and fit their lines; and the
 * failure is none of our own making (FAIL_BUG).
 */
void door_error(bool ok, const struct error *e);

/* Takes a byte off the end, where the seeds keep what is not the file itself: 0 when there is none.
 */
unsigned door_flag(struct span *in);
/* Takes a chunk off the front: its length in four bytes, little endian, and as many bytes, or what
 * there is. The copy is as long as it says, aligned, and the caller's to free().
 */
struct span door_chunk(struct span *in);

bool door_sorted(const struct ranges *s, bool apart);

#endif
