/* SPDX-License-Identifier: MIT */
/* The targets of this build. Adding one is a folder, a const struct, a line in arch.c. */
#ifndef ARCH_H
#define ARCH_H

#include "src/plan/arch_ops.h"

/* Weak: a build for one target leaves the others out, and they are NULL. */
extern const struct arch arch_arm64 __attribute__((weak)), arch_ppc64 __attribute__((weak));

/* NULL: none of ours */
const struct arch *arch_find(const char *uname_machine, bool *big_endian);

#endif
