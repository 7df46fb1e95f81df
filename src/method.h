/* SPDX-License-Identifier: MIT */
/* Which system call loads and unloads, and whether this machine permits it: decided by what the
 * machine and the options say, and never by trying. The one place where lockdown matters.
 */
#ifndef METHOD_H
#define METHOD_H

#include "src/base/error.h"
#include "src/options.h"
#include "src/plan/machine.h"

struct method {
	bool file_load;		    /* kexec_file_load; else kexec_load */
	const char *why;	    /* for -d and --plan */
	const char *refused_option; /* given, and the call cannot honour it; or NULL */
	const char *ignored_option; /* the same, but it need not */
	const char *risk;	    /* why the next kernel may not start with this call; or NULL */
	unsigned left;		    /* of enum handed_on: what this call leaves behind */
};

/* -c and -s decide. Else the call that boots without purgatory and honours every option: on arm64
 * kexec_file_load where there is one (that kernel puts the tree in x0 itself), unless an option
 * needs a plan of ours, the next kernel must be told of LPI tables (arch/arm64/lpi.c), which that
 * call overwrites as it likes, or it may want linux,uefi-secure-boot, which only a tree of ours has
 * where the running kernel was told nothing of it, or that call has just found no room
 * (no_file_room); on ppc64 kexec_load, since the other brings the kernel's own purgatory, unless
 * something is there that only the other hands on. A kernel that is locked down or has no
 * kexec_load leaves kexec_file_load.
 *
 * A UKI that brings a device tree takes kexec_load as --dtb does, but when that is not permitted
 * the tree is ignored: nobody asked for it by name.
 *
 * An option that the call cannot honour is an error, but for `-s --dtb`, which petitboot tries
 * last: refusing it would leave a machine unbootable, so it is ignored with a warning. Errors:
 * FAIL_USAGE; what the machine does not permit is for the functions below.
 */
bool method_choose(const struct options *o, const struct machine *m, bool brings_tree,
		   struct method *c, struct error *e);

/* Is kexec_load there, and allowed? */
bool method_permits_load(const struct machine *m);

/* Is the call there? Where it is not, the other is planned, to find what is wrong with the files.
 * That is said first, for a boot menu shows one line, and who picks another file has been helped:
 * that a call is missing is the last thing to be said.
 */
bool method_has_call(const struct machine *m, const struct method *c);

/* Can the call honour all that was asked for? Errors: FAIL_NOSYS, FAIL_POLICY. */
bool method_may_honour(const struct machine *m, const struct method *c, struct error *e);

/* Is this process allowed to load at all, a crash kernel or another? Errors: FAIL_PRIVILEGE,
 * FAIL_POLICY.
 */
bool method_may_ask(const struct machine *m, bool crash, struct error *e);

/* May this machine load through this call? Asked before the one call, since even a refused call may
 * count against kernel.kexec_load_limit_reboot. Errors: FAIL_POLICY, FAIL_NOSYS.
 */
bool method_may_load(const struct machine *m, bool file_load, struct error *e);

/* Would a kernel that is loaded start at all? Errors: FAIL_XEN. */
bool method_may_jump(const struct machine *m, struct error *e);

/* Which call unloads, the crash kernel or the other, if that is allowed. Errors: FAIL_PRIVILEGE,
 * FAIL_POLICY.
 */
bool method_unload(const struct machine *m, bool crash, bool *file_load, struct error *e);

#endif
