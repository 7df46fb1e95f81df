/* SPDX-License-Identifier: MIT */
/* EDGE: lines on standard error. */
#ifndef LOG_H
#define LOG_H

#include "src/base/error.h"
#include "src/base/strbuf.h"

/* Ends the text. */
void log_write(int fd, struct strbuf *t);

/* On stderr; as the first process, whose stderr nobody reads, in the kernel's log. */
void log_print(struct strbuf *t);
void log_warning(const char *what);

/* The failure: the sentence, and the hint below it. Returns its exit code. */
int log_error(const struct error *e);

#endif
