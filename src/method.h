/* Which system call loads, by what the machine and the options log_print and never by trying. */
#ifndef METHOD_H
#define METHOD_H

#include "src/plan/machine.h"
#include "src/base/error.h"
#include "src/options.h"

struct method {
	bool file;		    /* kexec_file_load; else kexec_load */
	const char *why;	    /* for -d and --plan */
	const char *ignored_option; /* an option that the call cannot honour although it was asked
				       for, or NULL */
	const char *risk;	    /* why the next kernel may hang with this call, here; or NULL */
};

/* -c and -s decide. Else the call that boots without purgatory and honours every option: on arm64
 * kexec_file_load where there is one (that kernel puts the tree in x0 itself), unless an option
 * needs a plan of ours, or the next kernel must be told of LPI tables (arch/arm64/lpi.c), which
 * that call overwrites as it likes; on ppc64 kexec_load, since the other brings the kernel's own
 * purgatory. A kernel that is locked down or has no kexec_load leaves kexec_file_load.
 *
 * An option that the call cannot honour is an error, but for `-s --dtb`, which petitboot tries
 * last: refusing it would leave a machine unbootable, so it is lost with a warning. Errors:
 * FAIL_NOSYS, FAIL_POLICY, FAIL_USAGE.
 */
bool method_choose(const struct options *o, const struct machine *m, struct method *c,
		   struct error *e);

#endif
