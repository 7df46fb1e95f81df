/* argv -> struct options. Pure: opens nothing, prints nothing.
 *
 * The dialect is kexec-tools': options and operands in any order, --opt=V and --opt V, bundles of
 * short options, `--`. The order of options never changes their meaning.
 */
#ifndef OPTIONS_H
#define OPTIONS_H

#include "error.h"
#include "text.h"

#include <stddef.h>

struct options {
	bool load, exec, unload, status; /* actions */
	bool plan, json; /* show the plan instead of loading */
	bool reuse_cmdline, run_at_load, no_sync, no_ifdown;
	bool debug, version, help;
	const char *kernel; /* first operand */
	const char *initrd, *dtb, *append; /* NULL: not given */
	const char *root, *capture, *seed, *dump_dtb;
};

/* The strings stay argv's. Errors: FAIL_USAGE. */
bool options_parse(int argc, char *const argv[], struct options *o, struct error *e);

/* What --help prints. */
void options_help(struct text *t);

/* The next kernel's command line: with --reuse-cmdline the running kernel's without BOOT_IMAGE=, then
 * --append. Neither: empty.
 */
void options_cmdline(const struct options *o, const char *running, struct text *out);

#endif
