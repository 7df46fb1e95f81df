/* SPDX-License-Identifier: MIT */
/* EDGE: files of the running system, such as /proc and /sys have, and files that we write. */
#ifndef FILES_H
#define FILES_H

#include "src/base/error.h"
#include "src/base/span.h"
#include "src/base/strbuf.h"

#include <sys/types.h>

/* Reads at most `limit` bytes of root/path, appended to a growing buffer. Returns 0 or errno; EFBIG
 * when there is more.
 */
int files_read(int root, const char *path, size_t limit, struct strbuf *out);

/* The same of a file in /sys, whose content comes in one piece: a short read is its end. */
int files_read_attribute(int root, const char *path, size_t limit, struct strbuf *out);

/* The same of a descriptor, from where it stands. */
int files_rest(int fd, size_t limit, struct strbuf *out);

/* Reads until p has len bytes, or to the end. Returns how many, or -1 and errno. */
ssize_t files_fill(int fd, void *p, size_t len);

/* Appends records of a kernel log, of which each read(2) returns one ("6,250,0,-;text"): the
 * oldest, and those with the word. Looks at `limit` bytes; without a log, at none.
 */
void files_log(int root, const char *path, size_t limit, const char *word, struct strbuf *out);

/* Writes all of it to a descriptor, in spite of short writes. Returns 0 or errno. */
int files_write(int fd, const void *p, size_t len);

/* Makes a file holding these bytes, which nobody but its owner can read: dir/path, with the
 * directories on its way, in place of one that is there; or path as it is when dir is NULL, which
 * may be a pipe. Errors: FAIL_FILE.
 */
bool files_save(const char *dir, const char *path, struct span bytes, struct error *e);

#endif
