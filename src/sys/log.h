/* EDGE: lines on standard error. */
#ifndef SAY_H
#define SAY_H

#include "src/base/error.h"
#include "src/base/strbuf.h"

/* Ends the text. */
void say_to(int fd, struct text *t);

/* On stderr; as the first process, whose stderr nobody reads, in the kernel's log. */
void say(struct text *t);
void warn(const char *what);

/* The failure: the sentence, and the hint below it. Returns its exit code. */
int report(const struct error *e);

#endif
