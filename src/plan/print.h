/* SPDX-License-Identifier: MIT */
/* A plan as text and as JSON. Pure: bytes into a growing text. */
#ifndef PRINT_H
#define PRINT_H

#include "src/plan/plan.h"

/* The map of memory in 80 columns, what is reserved and why, and the numbers. */
void print_plan(const struct plan *p, const struct request *r, struct strbuf *t);

/* The same as JSON; doc/plan.md has the schema. */
void print_json(const struct plan *p, const struct request *r, struct strbuf *t);

/* Appends what a call leaves behind, of enum handed_on, as "A, B". */
void print_left(unsigned left, struct strbuf *t);

#endif
