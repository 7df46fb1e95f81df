/* SPDX-License-Identifier: MIT */
/* argv: words, each ended by a NUL. Behind an empty first word, the running kernel's command line.
 */
#include "door.h"

#include "dt/redact.h"
#include "src/method.h"
#include "src/options.h"

#include <libfdt.h>
#include <stdlib.h>
#include <string.h>

#define ARGS 40

static void check_line(const struct options *o, const char *running)
{
	struct strbuf line = STRBUF_GROWING;

	options_cmdline(o, running, &line);
	DOOR_WANT(!line.truncated &&
		  line.len <= strlen(running) + (o->append ? strlen(o->append) : 0) + 2);
	DOOR_WANT(!line.p || strlen(line.p) == line.len);
	if (line.p) {
		redact_cmdline(line.p, line.len);
		DOOR_WANT(strlen(line.p) == line.len);
	}
	strbuf_free(&line);
}

void door_options(struct span in)
{
	char *words = malloc(in.len + 1), *argv[ARGS + 1], *at = words;
	static char name[] = "kexec";
	static uint8_t fdt[256];
	struct machine m = { .arch = &arch_arm64, .has_load = true, .fdt = { fdt, sizeof(fdt) } };
	struct error e = { 0 };
	struct options o;
	struct method c;
	int argc = 1;
	bool ok;

	if (!words || fdt_create_empty_tree(fdt, sizeof(fdt)))
		abort();
	if (in.len)
		memcpy(words, in.p, in.len);
	words[in.len] = '\0';
	argv[0] = name;
	for (; at < words + in.len && argc < ARGS; at += strlen(at) + 1)
		argv[argc++] = at;
	argv[argc] = NULL;
	ok = options_parse(argc, argv, &o, &e);
	door_error(ok, &e);
	DOOR_WANT(o.initrd.n <= WORDS_MAX && o.overlay.n <= WORDS_MAX);
	if (ok) {
		DOOR_WANT(options_action(&o) <= LOAD_SHUTDOWN);
		m.has_file_load = o.debug;
		door_error(method_choose(&o, &m, o.no_sync, &c, &e), &e);
		check_line(&o, argc > 1 ? argv[argc - 1] : "");
	}
	free(words);
}
