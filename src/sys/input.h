/* SPDX-License-Identifier: MIT */
/* EDGE: files that the user named. */
#ifndef INPUT_H
#define INPUT_H

#include "src/base/error.h"
#include "src/base/span.h"
#include "src/base/strbuf.h"

#include <sys/stat.h>

/* A file that a user named, opened once: its bytes, mapped (or read, up to INPUT_READ_MAX, where a
 * file cannot be mapped, as /sys/firmware/fdt cannot), and the descriptor, for kernels that want to
 * look at the file itself. fd is -1 when there is none.
 *
 * A mapped file that somebody cuts short, or whose disk fails, ends the program with FAIL_FILE
 * where it is read, before anything is loaded; input_unchanged() tells what that does not. An open
 * input stays where it is in memory.
 */
#define INPUT_READ_MAX (64u << 20)
struct input {
	struct span data;
	int fd;
	bool pipe;	    /* data is still to be read from fd: see unpack_buffer_read() */
	struct strbuf copy; /* owns data when it was read */
	const char *what, *path;
	struct stat status; /* of the file as it was opened */
};

#define NO_INPUT                                                                                   \
	{                                                                                          \
		.fd = -1, .copy = STRBUF_GROWING                                                   \
	}

/* Once, before anything is written: past the limit of file sizes (ulimit -f), which memory that is
 * a file has too, a write is then an error and not the end.
 */
void input_ignore_sigxfsz(void);

/* `what` ("kernel ") names it in errors; both stay borrowed. "-" is standard input. End it with
 * input_close() in any case. Errors: FAIL_FILE.
 */
bool input_open(const char *path, const char *what, struct input *in, struct error *e);

/* In a child: of a file that can no longer be read the error goes there, and the child ends. */
void input_report_to(void (*report)(const struct error *e));

/* Is the file still as it was opened? Errors: FAIL_FILE. */
bool input_unchanged(const struct input *in, struct error *e);
void input_close(struct input *in);

#endif
