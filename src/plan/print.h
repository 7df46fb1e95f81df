/* A plan as people and programs read it. Pure: bytes into a growing text. */
#ifndef PRINT_H
#define PRINT_H

#include "src/plan/plan.h"

/* The map of memory in 80 columns, what is kept and why, and the numbers. */
void print_plan(const struct plan *p, const struct request *r, struct strbuf *t);

/* The same as JSON; README.md and doc/plan.md have the schema. */
void print_json(const struct plan *p, const struct request *r, struct strbuf *t);

#endif
