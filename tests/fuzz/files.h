/* SPDX-License-Identifier: MIT */
/* A machine's files in memory, behind src/files.h: the program's edges that read a machine
 * (src/probe.c, crash.c) run on them as they are.
 */
#ifndef FUZZ_FILES_H
#define FUZZ_FILES_H

#include "src/base/span.h"

#define FUZZ_FILES 64

/* Forgets all files. */
void files_clear(void);
/* Path and bytes are borrowed until then. */
void files_put(const char *path, struct span bytes);
/* Calls each() with every file. */
void files_each(void (*each)(void *arg, const char *path, struct span bytes), void *arg);

#endif
