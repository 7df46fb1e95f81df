/* EDGE: files of the host. Nothing else opens one. */
#ifndef FILES_H
#define FILES_H

#include "error.h"
#include "span.h"
#include "text.h"

/* Maps a regular file that a user named; `what` ("kernel") names it in errors. The span lives until
 * files_unmap(). Errors: FAIL_FILE.
 */
bool files_map(const char *path, const char *what, struct span *out, struct error *e);
void files_unmap(struct span *s);

/* Reads at most `most` bytes of root/path, appended to a growing text. Returns 0 or errno; EFBIG when
 * there is more.
 */
int files_read(int root, const char *path, size_t most, struct text *out);

/* Writes all of it to a descriptor, in spite of short writes. Returns 0 or errno. */
int files_write(int fd, const void *p, size_t len);

/* Makes a file holding these bytes: dir/path with the folders on its way, or path as it is when dir is
 * NULL. Errors: FAIL_FILE.
 */
bool files_save(const char *dir, const char *path, struct span bytes, struct error *e);

/* Fresh random bytes from the kernel. Errors: FAIL_MACHINE. */
bool files_random(void *p, size_t len, struct error *e);

#endif
