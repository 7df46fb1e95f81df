/* SPDX-License-Identifier: MIT */
/* EDGE: from open files to a plan. A child that can do nothing else unwraps, parses and plans; it
 * ends with a message (src/plan/message.h), of which nothing is believed.
 */
#ifndef SANDBOX_H
#define SANDBOX_H

#include "src/inputs.h"
#include "src/plan/plan.h"
#include "src/sys/confine.h"

struct sandbox {
	struct image image; /* the request's */
	struct plan plan;   /* empty for kexec_file_load */
	uint32_t lacks;	    /* of the running kernel, to confine a child: LACKS_LANDLOCK... */
	void *shared;	    /* with the child: bytes of the plan */
	size_t size;
};

/* Works on what inputs_open() has opened; afterwards r is as the files want it. End s with
 * sandbox_free() in any case. Errors: those of inputs_unwrap(), kernel_parse(), kernel_settle(),
 * plan_draft() and plan_check(), FAIL_MEMORY and FAIL_KERNEL when no child can be made or when it
 * is killed.
 */
bool sandbox_plan(const struct options *o, struct machine *m, struct inputs *in, struct request *r,
		  struct sandbox *s, struct error *e);
void sandbox_free(struct sandbox *s);

#endif
