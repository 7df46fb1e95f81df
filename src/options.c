/* SPDX-License-Identifier: MIT */
#include "src/options.h"

#include <string.h>

enum kind { FLAG, VALUE, LIST, PLAN_WORD, IGNORED, IGNORED_VALUE };

static const struct option {
	const char *name;   /* without -- */
	char letter;	    /* 0: none */
	unsigned char kind; /* enum kind */
	unsigned short at;  /* in struct options: bool, const char * or struct words */
	const char *value;
	const char *help; /* NULL: another spelling of the one above, or not worth a line */
} table[] = {
#define AT(field) offsetof(struct options, field)
	{ "load", 'l', FLAG, AT(load), "", "load a kernel; a reboot then starts it" },
	{ "load-panic", 'p', FLAG, AT(panic), "", "load a crash kernel; with -u: that one" },
	{ "exec", 'e', FLAG, AT(exec), "", "start the loaded kernel now" },
	{ "force", 'f', FLAG, AT(force), "", "load and start at once, without shutdown" },
	{ "unload", 'u', FLAG, AT(unload), "", "forget the loaded kernel" },
	{ "status", 'S', FLAG, AT(status), "", "exit 1 when a crash kernel is loaded, 0 if none" },
	{ "hotplug", 0, FLAG, AT(hotplug), "",
	  "with -p: the kernel follows changes of CPUs and memory" },
	{ "print-ckr-size", 0, FLAG, AT(print_size), "",
	  "print the size of the crash kernel region" },
	{ "initrd", 0, LIST, AT(initrd), "FILE", "initial ramdisk; several: one behind another" },
	{ "ramdisk", 0, LIST, AT(initrd), "FILE", NULL },
	{ "append", 0, VALUE, AT(append), "TEXT", "command line of the next kernel" },
	{ "command-line", 0, VALUE, AT(append), "TEXT", NULL },
	{ "reuse-cmdline", 0, FLAG, AT(reuse_cmdline), "", "start from the running kernel's own" },
	{ "dtb", 0, VALUE, AT(dtb), "FILE", "device tree, in place of the running kernel's" },
	{ "devicetreeblob", 0, VALUE, AT(dtb), "FILE", NULL },
	{ "dtb-overlay", 0, LIST, AT(overlay), "FILE", "apply to that tree; several: in order" },
	{ "kexec-syscall", 'c', FLAG, AT(load_call), "", "load through kexec_load" },
	{ "kexec-file-syscall", 's', FLAG, AT(file_call), "", "load through kexec_file_load" },
	{ "kexec-syscall-auto", 'a', FLAG, AT(any_call), "", "through whichever serves better" },
	{ "mem-min", 0, VALUE, AT(mem_min), "ADDR", "load at or above this address" },
	{ "mem-max", 0, VALUE, AT(mem_max), "ADDR", "load below this address" },
	{ "run-at-load", 0, FLAG, AT(run_at_load), "",
	  "ppc64: the kernel stays where it is loaded" },
	{ "plan", 0, PLAN_WORD, AT(plan), "",
	  "show what a load would do to memory; =json for programs" },
	{ "dump-dtb", 0, VALUE, AT(dump_dtb), "FILE", "with --plan: write the next kernel's tree" },
	{ "root", 0, VALUE, AT(root), "DIR", "with --plan: a captured machine, not this one" },
	{ "capture", 0, VALUE, AT(capture), "DIR", "write this machine to DIR, for --root" },
	{ "seed", 0, VALUE, AT(seed), "HEX", "fixed seeds instead of random ones, for tests" },
	{ "force-xen", 0, FLAG, AT(force_xen), "", "load even where Xen makes the jump fail" },
	{ "hide-xen", 0, FLAG, AT(hide_xen), "", "arm64: the next kernel is not told of Xen" },
	{ "no-sandbox", 0, FLAG, AT(no_sandbox), "", "read files in this process, for debugging" },
	{ "no-ifdown", 'x', FLAG, AT(no_ifdown), "", "leave network interfaces up" },
	{ "no-sync", 'y', FLAG, AT(no_sync), "", "do not sync disks" },
	{ "debug", 'd', FLAG, AT(debug), "", "say what is done" },
	{ "version", 'v', FLAG, AT(version), "", "print the version" },
	{ "help", 'h', FLAG, AT(help), "", "print this" },
	{ "help", '?', FLAG, AT(help), "", NULL },
	{ "no-cma", 0, FLAG, AT(no_cma), "", NULL },
	/* options of kexec-tools that callers use and that have no effect without a purgatory */
	{ "reuseinitrd", 0, FLAG, AT(reuse_initrd), "", NULL },
	{ "no-checks", 'i', IGNORED, 0, "", NULL },
	{ "type", 't', IGNORED_VALUE, 0, "", NULL },
	{ "entry", 0, IGNORED_VALUE, 0, "", NULL },
	{ "serial", 0, IGNORED_VALUE, 0, "", NULL },
	{ "console-serial", 0, IGNORED, 0, "", NULL },
	{ "console-vga", 0, IGNORED, 0, "", NULL },
	{ "args-linux", 0, IGNORED, 0, "", NULL },
	{ "elf64-core-headers", 0, IGNORED, 0, "", NULL },
	{ "dt-no-old-root", 0, IGNORED, 0, "", NULL },
	{ "force-dtb", 0, IGNORED, 0, "", NULL },
#undef AT
};

#define OPTIONS (ARRAY_SIZE(table))

struct parser {
	int argc, at;
	char *const *argv;
	struct options *o;
};

static bool usage(struct error *e)
{
	return hint(e, "nothing was done: see kexec-lite --help");
}

static bool refuse(struct error *e, const char *why, const struct option *opt)
{
	fail(e, FAIL_USAGE, "read the options: %s: --%s", why, opt->name);
	return usage(e);
}

static bool add_word(struct words *w, const struct option *opt, const char *value, struct error *e)
{
	if (w->n == WORDS_MAX) {
		fail(e, FAIL_USAGE, "read the options: more than %d times: --%s", WORDS_MAX,
		     opt->name);
		return usage(e);
	}
	w->v[w->n++] = value;
	return true;
}

static bool set_value(struct parser *p, const struct option *opt, const char *value,
		      struct error *e)
{
	void *field = (char *)p->o + opt->at;

	if (opt->kind == LIST)
		return !*value || add_word(field, opt, value, e);
	if (opt->kind == VALUE)
		*(const char **)field = value;
	else
		p->o->ignored = opt->name;
	return true;
}

static bool set(struct parser *p, const struct option *opt, const char *value, struct error *e)
{
	switch (opt->kind) {
	case VALUE:
	case LIST:
	case IGNORED_VALUE:
		if (!value && p->at < p->argc)
			value = p->argv[p->at++];
		return value ? set_value(p, opt, value, e) : refuse(e, "a value is missing", opt);
	default: break;
	}
	if (value && (opt->kind != PLAN_WORD || strcmp(value, "json") != 0))
		return refuse(e, "not a value for it", opt);
	p->o->json |= value != NULL;
	if (opt->kind == IGNORED)
		p->o->ignored = opt->name;
	else
		*((bool *)((char *)p->o + opt->at)) = true;
	return true;
}

static bool unknown(const char *word, struct error *e)
{
	fail(e, FAIL_USAGE, "read the options: unknown option: %.*s", AS_NAME, word);
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
		if (table[i].kind == IGNORED_VALUE && word[1])
			return set(p, &table[i], word + 1, e);
		if (!set(p, &table[i], NULL, e))
			return false;
	}
	return true;
}

enum action options_action(const struct options *o)
{
	if (o->help)
		return SHOW_HELP;
	if (o->version)
		return SHOW_VERSION;
	if (o->plan)
		return PLAN;
	if (o->status)
		return STATUS;
	if (o->print_size)
		return CRASH_SIZE;
	if (o->capture)
		return CAPTURE;
	if (o->unload)
		return UNLOAD;
	if (o->exec)
		return EXEC;
	if (o->load || o->panic || (o->file_call && !o->force))
		return LOAD;
	return o->force ? LOAD_EXEC : LOAD_SHUTDOWN;
}

bool options_status_of_crash(const struct options *o)
{
	return o->panic || !o->load;
}

static int is_input(const char *path)
{
	return path && strcmp(path, "-") == 0;
}

static int inputs(const struct words *w)
{
	int n = 0;
	size_t i;

	for (i = 0; i < w->n; i++)
		n += is_input(w->v[i]);
	return n;
}

static bool check(const struct options *o, struct error *e)
{
	const int loads = o->load && !o->status; /* with -S, -l says which kernel */
	const int actions = loads + o->exec + o->unload + o->status + (o->capture != NULL);
	enum action a = options_action(o);

	if (is_input(o->kernel) + is_input(o->dtb) + inputs(&o->initrd) + inputs(&o->overlay) > 1) {
		fail(e, FAIL_USAGE, "read the options: only one file can be \"-\"");
		return usage(e);
	}
	if (a == SHOW_HELP || a == SHOW_VERSION)
		return true;
	if (actions > 1)
		fail(e, FAIL_USAGE, "read the options: more than one action");
	else if (o->panic && (o->exec || o->capture))
		fail(e, FAIL_USAGE, "read the options: -p does not go with -e or --capture");
	else if (o->file_call && o->load_call)
		fail(e, FAIL_USAGE, "read the options: -c and -s exclude each other");
	else if ((a == PLAN || a >= LOAD) && !o->kernel)
		fail(e, FAIL_USAGE, "load a kernel: no file given");
	else if ((o->root || o->dump_dtb) && a != PLAN)
		fail(e, FAIL_USAGE, "read the options: --root, --dump-dtb need --plan");
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
	if (o->hotplug && !o->panic)
		o->ignored = "hotplug";
	/* scripts write --dtb="$DTB" whether or not there is one */
	if (o->dtb && !*o->dtb)
		o->dtb = NULL;
	return ok && check(o, e);
}

void options_help(struct strbuf *t)
{
	const struct option *o;
	char name[40];
	struct strbuf n;
	size_t i;

	strbuf_printf(
		t, "usage: kexec-lite -l KERNEL [--initrd=FILE] [--append=TEXT]   load a kernel\n"
		   "       kexec-lite -e                                         start it\n"
		   "       kexec-lite KERNEL ...                load it, then shutdown -r now\n\n");
	for (i = 0; i < OPTIONS; i++) {
		o = &table[i];
		if (!o->help)
			continue;
		n = strbuf_fixed(name, sizeof(name));
		strbuf_printf(&n, "--%s%s%s", o->name, *o->value ? "=" : "", o->value);
		if (o->kind == PLAN_WORD)
			strbuf_printf(&n, "[=json]");
		strbuf_printf(t, "  %c%c  %-18s %s\n", o->letter ? '-' : ' ',
			      o->letter ? o->letter : ' ', name, o->help);
	}
	strbuf_printf(t,
		      "\nMore: man 8 kexec-lite. With a bug report send what --capture writes.\n");
}

/* Is the word of this name, in quotes or not? */
static bool is_word(const char *word, const char *name)
{
	word += *word == '"';
	return strncmp(word, name, strlen(name)) == 0;
}

/* Parameters that were meant for the running kernel only. */
static bool is_stale(const char *word, bool crash)
{
	return is_word(word, "BOOT_IMAGE=") || is_word(word, "elfcorehdr=") ||
	       (crash && is_word(word, "crashkernel="));
}

/* "--": what follows is for init (kernel/params.c, parse_args). */
static bool ends_parameters(const char *word, size_t len)
{
	return (len == 2 && memcmp(word, "--", 2) == 0) ||
	       (len == 4 && memcmp(word, "\"--\"", 4) == 0);
}

static const char *after_word(const char *word, size_t len)
{
	return word + len + (word[len] != '\0');
}

/* Where the words for init start, their "--" included; the end when there are none. */
static const char *find_init_words(const char *s)
{
	size_t len = word_length(s);

	while (*s && !ends_parameters(s, len)) {
		s = after_word(s, len);
		len = word_length(s);
	}
	return s;
}

static void append_word(struct strbuf *out, const char *word, size_t len)
{
	if (!len)
		return;
	strbuf_append(out, " ", out->len > 0);
	strbuf_append(out, word, len);
}

void options_cmdline(const struct options *o, const char *running, struct strbuf *out)
{
	/* petitboot passes a literal pair of quotes when there are no arguments */
	const bool append = o->append && *o->append && strcmp(o->append, "\"\"") != 0;
	const char *word = o->reuse_cmdline ? running : "";
	const char *for_init = find_init_words(word);
	size_t len;

	for (; word < for_init; word = after_word(word, len)) {
		len = word_length(word);
		if (!is_stale(word, o->panic))
			append_word(out, word, len);
	}
	/* before the "--" of the running kernel, after which they would be for init; one is enough
	 */
	if (append)
		append_word(out, o->append, strlen(o->append));
	if (append && *word && *find_init_words(o->append))
		word = after_word(word, word_length(word));
	for (; *word; word = after_word(word, len)) {
		len = word_length(word);
		append_word(out, word, len);
	}
}
