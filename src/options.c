#include "options.h"

#include <string.h>

enum kind { FLAG, VALUE, PLAN };

static const struct option {
	const char *name; /* without -- */
	char letter; /* 0: none */
	enum kind kind;
	size_t at; /* in struct options: a bool for FLAG, a const char * for VALUE */
	const char *value, *help; /* help NULL: another spelling of the one above */
} table[] = {
#define AT(field) offsetof(struct options, field)
	{ "load", 'l', FLAG, AT(load), "", "load a kernel; a reboot then starts it" },
	{ "exec", 'e', FLAG, AT(exec), "", "start the loaded kernel now" },
	{ "unload", 'u', FLAG, AT(unload), "", "forget the loaded kernel" },
	{ "status", 'S', FLAG, AT(status), "", "exit 1 when a kernel is loaded, 0 when none is" },
	{ "initrd", 0, VALUE, AT(initrd), "FILE", "initial ramdisk" },
	{ "ramdisk", 0, VALUE, AT(initrd), "FILE", NULL },
	{ "append", 0, VALUE, AT(append), "TEXT", "command line of the next kernel" },
	{ "command-line", 0, VALUE, AT(append), "TEXT", NULL },
	{ "reuse-cmdline", 0, FLAG, AT(reuse_cmdline), "", "start from the running kernel's own" },
	{ "dtb", 0, VALUE, AT(dtb), "FILE", "device tree, in place of the running kernel's" },
	{ "devicetreeblob", 0, VALUE, AT(dtb), "FILE", NULL },
	{ "run-at-load", 0, FLAG, AT(run_at_load), "", "ppc64: the kernel stays where it is loaded" },
	{ "plan", 0, PLAN, AT(plan), "", "show what a load would do to memory; =json for programs" },
	{ "dump-dtb", 0, VALUE, AT(dump_dtb), "FILE", "with --plan: write the next kernel's tree" },
	{ "root", 0, VALUE, AT(root), "DIR", "with --plan: a captured machine, not this one" },
	{ "capture", 0, VALUE, AT(capture), "DIR", "write this machine to DIR, for --root" },
	{ "seed", 0, VALUE, AT(seed), "HEX", "fixed seeds instead of random ones, for tests" },
	{ "no-ifdown", 'x', FLAG, AT(no_ifdown), "", "with --exec: leave network interfaces up" },
	{ "no-sync", 'y', FLAG, AT(no_sync), "", "with --exec: do not sync disks" },
	{ "debug", 'd', FLAG, AT(debug), "", "say what is done" },
	{ "version", 'v', FLAG, AT(version), "", "print the version" },
	{ "help", 'h', FLAG, AT(help), "", "print this" },
#undef AT
};

#define OPTIONS (sizeof(table) / sizeof(table[0]))

struct parser {
	int argc, at;
	char *const *argv;
	struct options *o;
};

static bool usage(struct error *e)
{
	return hint(e, "nothing was done: see kexec-lite --help");
}

static bool set(struct parser *p, const struct option *opt, const char *value, struct error *e)
{
	void *field = (char *)p->o + opt->at;

	if (opt->kind == VALUE) {
		if (!value && p->at < p->argc)
			value = p->argv[p->at++];
		if (!value) {
			fail(e, FAIL_USAGE, "read the options: --%s needs a value", opt->name);
			return usage(e);
		}
		if (opt->at == offsetof(struct options, initrd) && p->o->initrd) {
			fail(e, FAIL_USAGE, "read the options: one initrd is the most, so far");
			return usage(e);
		}
		*(const char **)field = value;
		return true;
	}
	if (opt->kind == PLAN && value && strcmp(value, "json") == 0)
		p->o->json = true;
	else if (value) {
		fail(e, FAIL_USAGE, "read the options: --%s takes no value of that kind", opt->name);
		return usage(e);
	}
	*(bool *)field = true;
	return true;
}

static bool unknown(const char *word, struct error *e)
{
	char show[NAME_TEXT];

	fail(e, FAIL_USAGE, "read the options: there is no option %s", name_text(show, word));
	return usage(e);
}

static bool parse_long(struct parser *p, const char *word, struct error *e)
{
	size_t len = strcspn(word + 2, "="), i;
	const char *value = word[2 + len] ? word + 2 + len + 1 : NULL;

	for (i = 0; i < OPTIONS; i++)
		if (strlen(table[i].name) == len && memcmp(table[i].name, word + 2, len) == 0)
			return set(p, &table[i], value, e);
	return unknown(word, e);
}

static bool parse_letters(struct parser *p, const char *word, struct error *e)
{
	char show[3] = "-";
	size_t i;

	for (word++; *word; word++) {
		for (i = 0; i < OPTIONS && table[i].letter != *word; i++)
			;
		show[1] = *word;
		if (i == OPTIONS)
			return unknown(show, e);
		if (!set(p, &table[i], NULL, e))
			return false;
	}
	return true;
}

static bool check(const struct options *o, struct error *e)
{
	int actions = o->load + o->exec + o->unload + o->status + (o->capture != NULL);

	if (o->version || o->help)
		return true;
	if (actions > 1)
		fail(e, FAIL_USAGE, "read the options: they ask for more than one thing");
	else if (!actions && !o->plan)
		fail(e, FAIL_USAGE, "read the options: they do not say what to do");
	else if ((o->load || o->plan) && !o->kernel)
		fail(e, FAIL_USAGE, "load a kernel: none is named");
	else if ((o->root || o->dump_dtb) && !o->plan)
		fail(e, FAIL_USAGE, "read the options: --root and --dump-dtb go with --plan only");
	else
		return true;
	return usage(e);
}

bool options_parse(int argc, char *const argv[], struct options *o, struct error *e)
{
	struct parser p = { argc, 1, argv, o };
	bool words = false, ok = true;
	const char *word;

	*o = (struct options){ 0 };
	while (p.at < argc && ok) {
		word = argv[p.at++];
		if (words || word[0] != '-' || !word[1]) {
			/* later operands mean nothing to kexec-tools, and callers rely on it */
			if (!o->kernel && *word)
				o->kernel = word;
		} else if (strcmp(word, "--") == 0) {
			words = true;
		} else if (word[1] == '-') {
			ok = parse_long(&p, word, e);
		} else {
			ok = parse_letters(&p, word, e);
		}
	}
	return ok && check(o, e);
}

void options_help(struct text *t)
{
	const struct option *o;
	char name[40];
	struct text n;
	size_t i;

	text_add(t, "usage: kexec-lite -l KERNEL [--initrd=FILE] [--append=TEXT]   load a kernel\n"
		    "       kexec-lite -e                                         start it\n\n");
	for (i = 0; i < OPTIONS; i++) {
		o = &table[i];
		if (!o->help)
			continue;
		n = text_fixed(name, sizeof(name));
		text_add(&n, "--%s%s%s", o->name, *o->value ? "=" : "", o->value);
		if (o->kind == PLAN)
			text_add(&n, "[=json]");
		text_add(t, "  %c%c  %-18s %s\n", o->letter ? '-' : ' ',
			 o->letter ? o->letter : ' ', name, o->help);
	}
	text_add(t, "\nExit codes and recipes: README.md. Bugs: send the output of --capture.\n");
}

static bool is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

/* The end of the word at s: a space outside of double quotes (kernel/params.c, next_arg). */
static size_t word_length(const char *s)
{
	bool quoted = false;
	size_t i;

	for (i = 0; s[i] && (quoted || !is_space(s[i])); i++)
		if (s[i] == '"')
			quoted = !quoted;
	return i;
}

void options_cmdline(const struct options *o, const char *running, struct text *out)
{
	size_t len;

	while (o->reuse_cmdline && *running) {
		len = word_length(running);
		if (len && strncmp(running, "BOOT_IMAGE=", 11) != 0) {
			text_bytes(out, " ", out->len > 0);
			text_bytes(out, running, len);
		}
		running += len + is_space(running[len]);
	}
	if (o->append && *o->append)
		text_add(out, "%s%s", out->len ? " " : "", o->append);
}
