/* EDGE: from open files to a plan. A child that can do nothing else unwraps, parses and plans; what
 * it leaves in shared memory is looked at again here, by plan_check() and before that for every
 * address, before anything is done with it.
 */
#ifndef SANDBOX_H
#define SANDBOX_H

#include "src/sys/confine.h"
#include "src/inputs.h"

struct outcome {
	struct image image; /* the request's */
	struct plan plan;   /* empty for kexec_file_load */
	bool strange;	    /* --dtb names another machine */

	bool done;
	struct error error;
	struct confinement confined;
	struct unwrapped unwrapped;
	struct request request;
	size_t size; /* of this and the child's heap behind it */
};

/* Works on what inputs_open() has opened; afterwards r is as the files want it. *out is NULL or
 * ended with outcome_free(), in any case. Errors: those of inputs_unwrap(), kernel_parse(),
 * kernel_pin() and plan_make(), FAIL_MEMORY when the child is killed.
 */
bool outcome_make(const struct options *o, struct machine *m, struct inputs *in, struct request *r,
		  struct outcome **out, struct error *e);
void outcome_free(struct outcome *out);

#endif
