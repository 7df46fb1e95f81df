/* SPDX-License-Identifier: MIT */
/* EDGE: one load, from the options to the call. */
#ifndef LOAD_H
#define LOAD_H

#include "src/plan/machine.h"
#include "src/options.h"

/* --plan, --load, and loads that are followed by a shutdown or a start. */
bool load(const struct options *o, struct error *e);

/* Text on stdout, which may be a full disk. Ends it. Errors: FAIL_FILE. */
bool print(struct strbuf *t, struct error *e);

#endif
