/* SPDX-License-Identifier: MIT */
/* EDGE: lines on standard error. */
#ifndef LOG_H
#define LOG_H

#include "src/base/error.h"
#include "src/base/strbuf.h"

/* Text to a descriptor, whether or not that takes it. Ends the text. */
void log_write(int fd, struct strbuf *t);

/* A line on stderr; of the machine's first process in the kernel's log, and from there on a
 * console, even on one that shows emergencies only when it is an error. A warning starts with
 * "warning: ".
 */
void log_note(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The failure: the sentence, and the hint below it. Returns its exit code. */
int log_error(const struct error *e);

#endif
