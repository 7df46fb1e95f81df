/* SPDX-License-Identifier: MIT */
/* A kernel file, as the target of the machine understands it. */
#ifndef KERNEL_H
#define KERNEL_H

#include "src/formats/image.h"
#include "src/formats/unwrap.h"
#include "src/plan/machine.h"

/* What unwrap() is told of this machine. */
struct unwrap_target kernel_target(const struct machine *m);

/* Parses the kernel file NAME for this machine; the parts are the file's bytes where they lie, on
 * pages or not. Files that are no kernel for it are told apart, so that the error says what they
 * are. Errors: FAIL_FORMAT, FAIL_UNSUPPORTED.
 */
bool kernel_parse(struct span file, const char *name, const struct machine *m, struct image *img,
		  struct error *e);

/* Makes of the parts what can be loaded: parts that do not start on pages become one, in a copy.
 * `pin`: a kernel that would move itself stays where it is loaded (ppc64: __run_at_load, in a copy
 * of the page that has it); nothing where kernels stay anyway. Errors: FAIL_UNSUPPORTED,
 * FAIL_MEMORY. End img with image_free() in any case.
 */
bool kernel_settle(struct image *img, const char *name, const struct machine *m, bool pin,
		   struct error *e);

#endif
