/* SPDX-License-Identifier: MIT */
/* EDGE: lines on standard error. */
#ifndef LOG_H
#define LOG_H

#include "src/base/error.h"
#include "src/base/strbuf.h"

/* Text to a descriptor, whether or not that takes it. Ends the text. */
void log_write(int fd, struct strbuf *t);

/* One line each, on stderr; of the machine's first process in the kernel's log, and from there on a
 * console, even on one that shows emergencies only when it is an error.
 */
void log_note(const char *what);
void log_warning(const char *what);

/* The failure: the sentence, and the hint below it. Returns its exit code. */
int log_error(const struct error *e);

#endif
