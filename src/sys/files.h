/* EDGE: files of the host. Nothing else opens one. */
#ifndef FILES_H
#define FILES_H

#include "src/base/error.h"
#include "src/base/span.h"
#include "src/base/strbuf.h"

/* A file that a user named, opened once: its bytes, mapped (or read, up to INPUT_READ_MAX, where a
 * file cannot be mapped, as /sys/firmware/fdt cannot), and the descriptor, for kernels that want to
 * look at the file itself. fd is -1 when there is none.
 *
 * A mapped file that somebody cuts short ends the program with FAIL_FILE where it is read, before
 * anything is loaded; files_unchanged() tells what that does not.
 */
#define INPUT_READ_MAX (64u << 20)
struct input {
	struct span data;
	int fd;
	bool pipe;	    /* data is still to be read from fd: see unpack_buffer_read() */
	struct strbuf copy; /* owns data when it was read */
	const char *what, *path;
	int64_t size, seconds, nanoseconds; /* of the file as it was opened; when it was written */
};

#define NO_INPUT                                                                                   \
	{                                                                                          \
		.fd = -1, .copy = STRBUF_GROWING                                                   \
	}

/* Once, before anything is written: past the limit of file sizes (ulimit -f), which memory that is
 * a file has too, a write is then an error and not the end.
 */
void files_start(void);

/* `what` ("kernel ") names it in errors; both stay borrowed. "-" is standard input. End it with
 * files_close() in any case. Errors: FAIL_FILE.
 */
bool files_open(const char *path, const char *what, struct input *in, struct error *e);

/* In a child: of a file that is cut short the error goes here, and the child ends. */
void files_report_to(struct error *e);

/* Is the file still as it was opened? Errors: FAIL_FILE. */
bool files_unchanged(const struct input *in, struct error *e);
void files_close(struct input *in);

/* What an errno means. libc's table is larger than all of what can happen here; others are "error
 * 71".
 */
#define ERRNO_TEXT	 20
#define files_errno(err) errno_text((char[ERRNO_TEXT]){ 0 }, err)
const char *errno_text(char buf[ERRNO_TEXT], int err);

/* Reads at most `most` bytes of root/path, appended to a growing text. Returns 0 or errno; EFBIG
 * when there is more.
 */
int files_read(int root, const char *path, size_t most, struct strbuf *out);

/* The same of a descriptor, from where it stands. */
int files_rest(int fd, size_t most, struct strbuf *out);

/* Appends records of a kernel log, of which each read(2) returns one ("6,250,0,-;text"): the
 * oldest, and those with the word. Looks at `most` bytes; without a log, at none.
 */
void files_log(int root, const char *path, size_t most, const char *word, struct strbuf *out);

/* The same of a file in /sys, whose content comes in one piece: a short read is its end. */
int files_read_attribute(int root, const char *path, size_t most, struct strbuf *out);

/* Calls each() with every name in an open directory but those that start with a dot, and whether it
 * is a directory itself, until each() says false. Returns 0 or errno; ECANCELED when each() stopped
 * it.
 */
int files_list(int dir, bool (*each)(void *arg, const char *name, bool is_dir), void *arg);

/* Writes all of it to a descriptor, in spite of short writes. Returns 0 or errno. */
int files_write(int fd, const void *p, size_t len);

/* Makes a file holding these bytes: dir/path with the folders on its way, or path as it is when dir
 * is NULL. Errors: FAIL_FILE.
 */
bool files_save(const char *dir, const char *path, struct span bytes, struct error *e);

/* A file in memory, empty; -1 and errno. Then, no more writing to it, by anyone: in its place comes
 * a descriptor that could not, which is what the running kernel wants of files that it reads.
 */
int files_memory(void);
int files_seal(int fd);

/* A file in memory that holds these bytes one behind another, each at a multiple of 4 and at least
 * `gap` zeros behind the last one, sealed. Returns its descriptor, -1 on errors: FAIL_FILE. `what`
 * names it in them.
 */
int files_join(const struct span *parts, size_t n, size_t gap, const char *what, struct error *e);

/* Fresh random bytes from the kernel. Errors: FAIL_MACHINE. */
bool files_random(void *p, size_t len, struct error *e);

#endif
