/* SPDX-License-Identifier: MIT */
/* EDGE: files in memory (memfd_create(2)), for what the running kernel is to read from a file that
 * is in none.
 */
#ifndef MEMFILE_H
#define MEMFILE_H

#include "src/base/error.h"
#include "src/base/span.h"

/* An empty file in memory. -1 and errno when there is none. */
int memfile_create(void);

/* No more writing to it, by anyone. Returns a read-only descriptor in its place, which is what the
 * running kernel wants of files that it reads; fd itself where /proc is not there.
 */
int memfile_seal(int fd);

/* A sealed file that holds these bytes one after another, each at a multiple of 4, with at least
 * `gap` zeros after the last one. Returns its descriptor, or -1 on errors: FAIL_FILE. `what` names
 * it in them.
 */
int memfile_join(const struct span *parts, size_t n, size_t gap, const char *what, struct error *e);

#endif
