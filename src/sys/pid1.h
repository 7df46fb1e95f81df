/* SPDX-License-Identifier: MIT */
/* EDGE: being process 1: of the machine, which must not end, or of a container, which must. */
#ifndef PID1_H
#define PID1_H

#include <stdbool.h>

/* Is this process in a container, that is in another PID namespace than the machine's first
 * process? False where that cannot be known.
 */
bool pid1_in_container(void);

/* Is it the machine's first process? Then its end would be a panic, and nobody would read what it
 * wrote on stderr.
 */
bool pid1_is_first(void);

/* Does not return to the machine's first process. */
void pid1_stay(void);

#endif
