/* SPDX-License-Identifier: MIT */
/* argv -> struct options. Pure: opens nothing, prints nothing.
 *
 * The dialect is kexec-tools': options and operands in any order, --opt=V and --opt V, bundles of
 * short options, `--`. The order of options never changes their meaning.
 */
#ifndef OPTIONS_H
#define OPTIONS_H

#include "src/base/error.h"
#include "src/base/strbuf.h"

#include <stddef.h>

/* The values of an option that may be given several times, in the order given. */
#define WORDS_MAX 8
struct words {
	const char *v[WORDS_MAX];
	size_t n;
};

struct options {
	bool load, exec, unload, status, print_size; /* actions as given; see options_action() */
	bool panic;	 /* the crash kernel's place, not the normal one */
	bool hotplug;	 /* the crash kernel follows changes of CPUs and memory */
	bool force;	 /* at once, without shutdown(8) */
	bool plan, json; /* show the plan instead of loading */
	bool file_call, load_call, any_call; /* -s, -c, -a */
	bool reuse_cmdline, reuse_initrd, run_at_load, no_sync, no_ifdown, force_xen, hide_xen;
	bool no_sandbox, no_cma;
	bool debug, version, help;
	bool no_file_room;	      /* no option: kexec_file_load has just found no room */
	const char *kernel;	      /* first operand */
	const char *dtb, *append;     /* NULL: not given */
	struct words initrd, overlay; /* empty values are left out */
	const char *mem_min, *mem_max;
	const char *root, *capture, *seed, *dump_dtb;
	const char *ignored; /* the last option given that has no effect here, or NULL */
};

/* What the options ask for, the same in every order of them.
 *
 *	KERNEL			load, then shutdown -r now
 *	-l KERNEL, -s KERNEL	load
 *	-f KERNEL		load, then start it at once; with -l: load only
 *	-e, -e -f		start what is loaded
 */
enum action {
	SHOW_HELP,
	SHOW_VERSION,
	STATUS,
	CRASH_SIZE,
	CAPTURE,
	PLAN,
	UNLOAD,
	EXEC,
	LOAD,
	LOAD_EXEC,
	LOAD_SHUTDOWN
};
enum action options_action(const struct options *o);

/* Which kernel -S is about, by kexec-tools' rule: the crash kernel, unless -l stands beside it. */
bool options_status_of_crash(const struct options *o);

/* The strings stay argv's. Errors: FAIL_USAGE. */
bool options_parse(int argc, char *const argv[], struct options *o, struct error *e);

/* What --help prints. */
void options_help(struct strbuf *t);

/* The next kernel's command line: with --reuse-cmdline the running kernel's without BOOT_IMAGE=,
 * elfcorehdr= and, for a crash kernel, crashkernel=, then --append, then what the running kernel
 * has for init (after a "--"). Neither: empty.
 */
void options_cmdline(const struct options *o, const char *running, struct strbuf *out);

#endif
