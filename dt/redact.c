/* SPDX-License-Identifier: MIT */
#include "dt/redact.h"

#include "dt/read.h"

#include <stdbool.h>
#include <string.h>

static const char *const secret_properties[] = {
	"serial-number", "serial#",  "serialno", "system-id", "mac-address", "bd-address", "uuid",
	"seed",		 "password", "secret",	 "luks",      "dmcryptkey",  "loc-code",   "vpd",
};

static const char *const secret_words[] = { "pass", "key", "secret", "token", "serial", "mac" };

static bool has_one(const char *name, size_t len, const char *const *words, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (span_find((struct span){ (const uint8_t *)name, len }, words[i], NULL))
			return true;
	return false;
}

/* The end of the name of the word at `at`: an = or a space. */
static size_t name_end(const char *cmdline, size_t at, size_t len)
{
	while (at < len && cmdline[at] != '=' && cmdline[at] != ' ')
		at++;
	return at;
}

void redact_cmdline(char *cmdline, size_t len)
{
	size_t at = 0, name;
	bool quoted, secret;

	for (; at < len; at++) {
		name = at;
		at = name_end(cmdline, at, len);
		secret = has_one(cmdline + name, at - name, secret_words, ARRAY_SIZE(secret_words));
		/* quotes may stand around the value, or around the whole word */
		quoted = cmdline[name] == '"';
		if (at < len && cmdline[at] == '=')
			at++;
		for (; at < len && (quoted || cmdline[at] != ' '); at++) {
			if (cmdline[at] == '"')
				quoted = !quoted;
			else if (secret)
				cmdline[at] = 'x';
		}
	}
}

void redact_tree(uint8_t *fdt)
{
	struct tree_props p;
	int node, depth = 0;
	uint8_t *value;

	for (node = 0; node >= 0; node = tree_next_node(fdt, node, &depth))
		for (tree_props_of(&p, fdt, node); tree_next_prop(&p);) {
			value = fdt + (p.value.p - fdt);
			if (strcmp(p.name, "bootargs") == 0)
				redact_cmdline((char *)value, strnlen((char *)value, p.value.len));
			else if (has_one(p.name, strlen(p.name), secret_properties,
					 ARRAY_SIZE(secret_properties)))
				memset(value, 0, p.value.len);
		}
}
