/* SPDX-License-Identifier: MIT */
#include "unit.h"

#include "src/options.h"

#include <stdio.h>

#define WORDS 16

/* The fields that a row expects; those left out are false or NULL. */
static const struct row {
	const char *caption;
	const char *argv[WORDS]; /* behind the program's name */
	struct options o;
} rows[] = {
	{ "a plain load", { "-l", "Image" }, { .load = true, .kernel = "Image" } },
	{ "a plain load, long", { "--load", "Image" }, { .load = true, .kernel = "Image" } },
	{ "the kernel first", { "Image", "-l" }, { .load = true, .kernel = "Image" } },
	{ "--opt=V",
	  { "-l", "--initrd=rd", "--append=a b", "--dtb=t", "Image" },
	  { .load = true,
	    .kernel = "Image",
	    .initrd = { { "rd" }, 1 },
	    .append = "a b",
	    .dtb = "t" } },
	{ "--opt V",
	  { "-l", "--initrd", "rd", "--append", "a b", "--dtb", "t", "Image" },
	  { .load = true,
	    .kernel = "Image",
	    .initrd = { { "rd" }, 1 },
	    .append = "a b",
	    .dtb = "t" } },
	{ "the other spellings",
	  { "-l", "--ramdisk=rd", "--command-line=a", "--devicetreeblob=t", "Image" },
	  { .load = true,
	    .kernel = "Image",
	    .initrd = { { "rd" }, 1 },
	    .append = "a",
	    .dtb = "t" } },
	{ "options behind the operand (SUSE kdump)",
	  { "-l", "Image", "--append=a", "--initrd=rd" },
	  { .load = true, .kernel = "Image", .append = "a", .initrd = { { "rd" }, 1 } } },
	{ "systemd's words",
	  { "--load", "Image", "--append", "quiet", "--initrd", "rd" },
	  { .load = true, .kernel = "Image", .append = "quiet", .initrd = { { "rd" }, 1 } } },
	{ "a value that looks like an option",
	  { "-l", "--append", "-l", "Image" },
	  { .load = true, .kernel = "Image", .append = "-l" } },
	{ "a value with = in it",
	  { "-l", "--append=root=/dev/vda1 x=y", "Image" },
	  { .load = true, .kernel = "Image", .append = "root=/dev/vda1 x=y" } },
	{ "several initrds, in the order given",
	  { "-l", "--initrd=a", "--ramdisk=b", "--initrd", "a", "Image" },
	  { .load = true, .kernel = "Image", .initrd = { { "a", "b", "a" }, 3 } } },
	{ "empty initrds and overlays are none",
	  { "-l", "--initrd=", "--initrd=a", "--dtb-overlay=", "--dtb-overlay=o", "Image" },
	  { .load = true,
	    .kernel = "Image",
	    .initrd = { { "a" }, 1 },
	    .overlay = { { "o" }, 1 } } },
	{ "an empty value",
	  { "-l", "--append=", "--initrd=", "Image" },
	  { .load = true, .kernel = "Image", .append = "" } },
	{ "an empty --dtb is none",
	  { "-l", "--dtb=", "Image" },
	  { .load = true, .kernel = "Image" } },
	{ "an empty value as a word",
	  { "-l", "--append", "", "Image" },
	  { .load = true, .kernel = "Image", .append = "" } },
	{ "an empty operand is passed over (curtin has no initrd)",
	  { "-l", "", "Image", "" },
	  { .load = true, .kernel = "Image" } },
	{ "the first operand is the kernel, later ones mean nothing",
	  { "-l", "Image", "other", "x" },
	  { .load = true, .kernel = "Image" } },
	{ "--append again: the last one counts",
	  { "-l", "--append=a", "--command-line=b", "Image" },
	  { .load = true, .kernel = "Image", .append = "b" } },
	{ "-- ends the options",
	  { "-l", "--", "-strange" },
	  { .load = true, .kernel = "-strange" } },
	{ "a second -- is an operand", { "-l", "--", "--" }, { .load = true, .kernel = "--" } },
	{ "- is an operand", { "-l", "-" }, { .load = true, .kernel = "-" } },
	{ "a bundle", { "-ld", "Image" }, { .load = true, .debug = true, .kernel = "Image" } },
	{ "a bundle, the other way",
	  { "-dl", "Image" },
	  { .load = true, .debug = true, .kernel = "Image" } },
	{ "-ex", { "-ex" }, { .exec = true, .no_ifdown = true } },
	{ "-exy", { "-exy" }, { .exec = true, .no_ifdown = true, .no_sync = true } },
	{ "-e", { "-e" }, { .exec = true } },
	{ "--exec --no-ifdown --no-sync",
	  { "--exec", "--no-ifdown", "--no-sync" },
	  { .exec = true, .no_ifdown = true, .no_sync = true } },
	{ "-u", { "-u" }, { .unload = true } },
	{ "--unload", { "--unload" }, { .unload = true } },
	{ "-S", { "-S" }, { .status = true } },
	{ "--status", { "--status" }, { .status = true } },
	{ "-S -l", { "-S", "-l" }, { .status = true, .load = true } },
	{ "-S -p", { "-pS" }, { .status = true, .panic = true } },
	{ "-v", { "-v" }, { .version = true } },
	{ "--version", { "--version" }, { .version = true } },
	{ "-h beside things that make no sense",
	  { "-h", "-e", "-u" },
	  { .help = true, .exec = true, .unload = true } },
	{ "--help", { "--help" }, { .help = true } },
	{ "the same twice", { "-l", "-l", "Image" }, { .load = true, .kernel = "Image" } },
	{ "--plan alone", { "--plan", "Image" }, { .plan = true, .kernel = "Image" } },
	{ "--plan --load",
	  { "--plan", "--load", "Image" },
	  { .plan = true, .load = true, .kernel = "Image" } },
	{ "--plan=json",
	  { "--plan=json", "Image" },
	  { .plan = true, .json = true, .kernel = "Image" } },
	{ "--plan does not eat the kernel",
	  { "--plan", "json" },
	  { .plan = true, .kernel = "json" } },
	{ "all that goes with --plan",
	  { "--plan", "--root=m", "--dump-dtb", "out", "--seed=00", "Image" },
	  { .plan = true, .root = "m", .dump_dtb = "out", .seed = "00", .kernel = "Image" } },
	{ "--capture", { "--capture=dir" }, { .capture = "dir" } },
	{ "--reuse-cmdline",
	  { "-l", "--reuse-cmdline", "Image" },
	  { .load = true, .reuse_cmdline = true, .kernel = "Image" } },
};

static const struct bad {
	const char *caption;
	const char *argv[WORDS];
	const char *sentence;
} bad_rows[] = {
	{ "nothing", { NULL }, "load a kernel: no file given" },
	{ "only a modifier", { "-d" }, "load a kernel: no file given" },
	{ "-f without a kernel", { "-f" }, "load a kernel: no file given" },
	{ "-c and -s", { "-lcs", "Image" }, "read the options: -c and -s exclude each other" },
	{ "-l without a kernel", { "-l" }, "load a kernel: no file given" },
	{ "-l with an empty kernel", { "-l", "" }, "load a kernel: no file given" },
	{ "--plan without a kernel", { "--plan" }, "load a kernel: no file given" },
	{ "-l and -e", { "-le", "Image" }, "read the options: more than one action" },
	{ "-e and -l, in the other order",
	  { "-e", "-l", "Image" },
	  "read the options: more than one action" },
	{ "-u and -S", { "-u", "-S" }, "read the options: more than one action" },
	{ "-S, -l and -e", { "-Sle" }, "read the options: more than one action" },
	{ "--capture and -l",
	  { "--capture=x", "-l", "Image" },
	  "read the options: more than one action" },
	{ "an unknown long option",
	  { "-l", "--turbo", "Image" },
	  "read the options: unknown option: --turbo" },
	{ "an unknown long option with a value",
	  { "--turbo=9" },
	  "read the options: unknown option: --turbo=9" },
	{ "the beginning of an option is not the option",
	  { "--loa", "Image" },
	  "read the options: unknown option: --loa" },
	{ "an option and more",
	  { "--loads", "Image" },
	  "read the options: unknown option: --loads" },
	{ "--=", { "--=x" }, "read the options: unknown option: --=x" },
	{ "an unknown letter", { "-Z" }, "read the options: unknown option: -Z" },
	{ "an unknown letter in a bundle",
	  { "-lZd", "Image" },
	  "read the options: unknown option: -Z" },
	{ "an unknown word with control characters",
	  { "--a\nb" },
	  "read the options: unknown option: --a?b" },
	{ "an unknown letter that is none", { "-\x1b" }, "read the options: unknown option: -?" },
	{ "a value missing at the end",
	  { "-l", "Image", "--append" },
	  "read the options: a value is missing: --append" },
	{ "a value missing, another spelling",
	  { "-l", "Image", "--ramdisk" },
	  "read the options: a value is missing: --ramdisk" },
	{ "a value too many", { "--load=Image" }, "read the options: not a value for it: --load" },
	{ "an empty value too many",
	  { "--exec=" },
	  "read the options: not a value for it: --exec" },
	{ "--plan of another kind",
	  { "--plan=xml", "Image" },
	  "read the options: not a value for it: --plan" },
	{ "a value missing for a letter, which is the last",
	  { "Image", "-dt" },
	  "read the options: a value is missing: --type" },
	{ "two files from standard input: kernel and initrd",
	  { "-l", "-", "--initrd=-" },
	  "read the options: only one file can be \"-\"" },
	{ "two files from standard input: two initrds",
	  { "-l", "Image", "--initrd=-", "--initrd=-" },
	  "read the options: only one file can be \"-\"" },
	{ "two files from standard input: tree and overlay",
	  { "-l", "Image", "--dtb=-", "--dtb-overlay=-" },
	  "read the options: only one file can be \"-\"" },
	{ "a crash kernel now",
	  { "-p", "-e" },
	  "read the options: -p does not go with -e or --capture" },
	{ "a crash kernel of a capture",
	  { "-p", "--capture=x" },
	  "read the options: -p does not go with -e or --capture" },
	{ "an initrd too many",
	  { "--initrd=1", "--initrd=2", "--initrd=3", "--initrd=4", "--initrd=5", "--initrd=6",
	    "--initrd=7", "--initrd=8", "--initrd=9", "Image" },
	  "read the options: more than 8 times: --initrd" },
	{ "--dtb-overlay without a value",
	  { "-l", "Image", "--dtb-overlay" },
	  "read the options: a value is missing: --dtb-overlay" },
	{ "--root without --plan",
	  { "-l", "--root=m", "Image" },
	  "read the options: --root, --dump-dtb need --plan" },
	{ "--dump-dtb without --plan",
	  { "-l", "--dump-dtb=m", "Image" },
	  "read the options: --root, --dump-dtb need --plan" },
};

/* What words ask for; each row is parsed forwards and backwards, and must mean the same. */
static const struct action_row {
	const char *argv[WORDS];
	enum action action;
} action_rows[] = {
	{ { "Image" }, LOAD_SHUTDOWN },
	{ { "-l", "Image" }, LOAD },
	{ { "-s", "Image" }, LOAD },
	{ { "-l", "-s", "Image" }, LOAD },
	{ { "-la", "Image" }, LOAD },
	{ { "-al", "Image" }, LOAD },
	{ { "-lc", "Image" }, LOAD },
	{ { "-c", "Image" }, LOAD_SHUTDOWN },
	{ { "-f", "Image" }, LOAD_EXEC },
	{ { "-s", "-f", "Image" }, LOAD_EXEC },
	{ { "-l", "-f", "Image" }, LOAD },
	{ { "-e" }, EXEC },
	{ { "-e", "-f" }, EXEC },
	{ { "-ef" }, EXEC },
	{ { "-ex" }, EXEC },
	{ { "-e", "-i" }, EXEC },
	{ { "-e", "--no-sync" }, EXEC },
	{ { "-p", "Image" }, LOAD },
	{ { "-p", "--hotplug", "Image" }, LOAD },
	{ { "-p", "-f", "Image" }, LOAD },
	{ { "-u" }, UNLOAD },
	{ { "-p", "-u" }, UNLOAD },
	{ { "-s", "-p", "-u" }, UNLOAD },
	{ { "-u", "-a" }, UNLOAD },
	{ { "-S" }, STATUS },
	{ { "-S", "-p" }, STATUS },
	{ { "-S", "-l" }, STATUS },
	{ { "-S", "-l", "-p" }, STATUS },
	{ { "-S", "Image" }, STATUS },
	{ { "--print-ckr-size" }, CRASH_SIZE },
	{ { "--plan", "-l", "Image" }, PLAN },
	{ { "--plan", "Image" }, PLAN },
	{ { "-?" }, SHOW_HELP },
	{ { "-v", "-l" }, SHOW_VERSION },
	{ { "-l", "-t", "Image", "vmlinux" }, LOAD },
	{ { "-l", "-tImage", "vmlinux" }, LOAD },
	{ { "-l", "--serial=ttyAMA0", "--console-serial", "--console-vga", "--args-linux", "-i",
	    "--elf64-core-headers", "--dt-no-old-root", "--hotplug", "--no-cma", "--force-dtb",
	    "--entry=0x0", "Image" },
	  LOAD },
};

static bool parse(const char *const *words, struct options *o, struct error *e)
{
	char *argv[WORDS + 2] = { "kexec-lite" };
	int argc = 1;

	while (argc <= WORDS && words[argc - 1]) {
		argv[argc] = (char *)(uintptr_t)words[argc - 1];
		argc++;
	}
	memset(o, 0xa5, sizeof(*o));
	*e = (struct error){ 0 };
	return options_parse(argc, argv, o, e);
}

static void want_string(const char *what, const char *expected, const char *came)
{
	if (expected)
		want_text(what, expected, came);
	else if (came)
		unit_fail("%s: expected none, came \"%s\"", what, came);
}

static void want_words(const char *what, const struct words *expected, const struct words *came)
{
	size_t i;

	want_u64(what, expected->n, came->n);
	for (i = 0; i < expected->n && i < came->n; i++)
		want_text(what, expected->v[i], came->v[i]);
}

static void walk_rows(void)
{
	struct options o;
	struct error e;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct options *x = &rows[i].o;

		CASE("parse: %s", rows[i].caption);
		want_error(parse(rows[i].argv, &o, &e), &e, FAIL_NONE, "");
#define FLAG(field) want_u64(#field, x->field, o.field)
		FLAG(load);
		FLAG(exec);
		FLAG(unload);
		FLAG(status);
		FLAG(plan);
		FLAG(json);
		FLAG(reuse_cmdline);
		FLAG(no_sync);
		FLAG(no_ifdown);
		FLAG(debug);
		FLAG(version);
		FLAG(help);
#undef FLAG
#define STRING(field) want_string(#field, x->field, o.field)
		STRING(kernel);
		want_words("initrd", &x->initrd, &o.initrd);
		want_words("overlay", &x->overlay, &o.overlay);
		STRING(dtb);
		STRING(append);
		STRING(root);
		STRING(capture);
		STRING(seed);
		STRING(dump_dtb);
#undef STRING
	}
	for (i = 0; i < ARRAY_SIZE(bad_rows); i++) {
		CASE("parse: %s", bad_rows[i].caption);
		want_error(parse(bad_rows[i].argv, &o, &e), &e, FAIL_USAGE, bad_rows[i].sentence);
		want_hint(&e, "nothing was done: see kexec-lite --help");
	}
}

/* Words that are accepted and do nothing: the last one is named. */
static void walk_ignored(void)
{
	static const struct {
		const char *argv[WORDS], *ignored;
	} words[] = {
		{ { "-l", "Image" }, NULL },
		{ { "-l", "--no-checks", "Image" }, "no-checks" },
		{ { "-l", "-i", "--entry=0", "Image" }, "entry" },
		{ { "-l", "--hotplug", "Image" }, "hotplug" },
		{ { "-p", "--hotplug", "Image" }, NULL },
		{ { "-p", "Image" }, NULL },
	};
	struct options o;
	struct error e;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(words); i++) {
		CASE("ignored: %s %s", words[i].argv[0], words[i].argv[1]);
		want_error(parse(words[i].argv, &o, &e), &e, FAIL_NONE, "");
		want_string("ignored", words[i].ignored, o.ignored);
	}
}

static void walk_actions(void)
{
	const char *back[WORDS];
	struct options o;
	struct error e;
	size_t i, j, n;

	for (i = 0; i < ARRAY_SIZE(action_rows); i++) {
		const char *const *words = action_rows[i].argv;

		for (n = 0; n < WORDS && words[n]; n++)
			;
		CASE("action: %s %s", words[0], n > 1 ? words[1] : "");
		want_error(parse(words, &o, &e), &e, FAIL_NONE, "");
		want_u64("action", action_rows[i].action, options_action(&o));
		if (n > 2 && strcmp(words[1], "-t") == 0)
			continue; /* an option and its value do not change places */
		memset(back, 0, sizeof(back));
		for (j = 0; j < n; j++)
			back[j] = words[n - 1 - j];
		want_error(parse(back, &o, &e), &e, FAIL_NONE, "");
		want_u64("backwards", action_rows[i].action, options_action(&o));
	}
}

/* reuse, append, running -> the next command line */
static const struct cmdline {
	const char *caption;
	bool reuse;
	const char *append, *running, *expected;
} cmdlines[] = {
	{ "neither: empty (kexec-tools has four answers)", false, NULL, "root=/dev/vda1", "" },
	{ "an empty --append: empty", false, "", "root=/dev/vda1", "" },
	{ "a pair of quotes: empty (petitboot)", false, "\"\"", "root=/dev/vda1", "" },
	{ "a pair of quotes behind what is reused", true, "\"\"", "a b", "a b" },
	{ "quotes inside stay", false, "x=\"\"", "", "x=\"\"" },
	{ "only --append", false, "a b", "root=/dev/vda1", "a b" },
	{ "--append stays as it is", false, "  a  b ", "", "  a  b " },
	{ "only --reuse-cmdline", true, NULL, "root=/dev/vda1 quiet", "root=/dev/vda1 quiet" },
	{ "both: --append comes last", true, "quiet", "root=/dev/vda1", "root=/dev/vda1 quiet" },
	{ "both, nothing to reuse", true, "quiet", "", "quiet" },
	{ "reuse with an empty --append", true, "", "a b", "a b" },
	{ "BOOT_IMAGE= goes, at the start", true, NULL, "BOOT_IMAGE=/vmlinuz root=x", "root=x" },
	{ "BOOT_IMAGE= goes, in the middle", true, NULL, "a BOOT_IMAGE=/vmlinuz b", "a b" },
	{ "BOOT_IMAGE= goes, at the end", true, NULL, "a BOOT_IMAGE=/vmlinuz", "a" },
	{ "BOOT_IMAGE= goes, alone", true, NULL, "BOOT_IMAGE=/vmlinuz", "" },
	{ "BOOT_IMAGE= goes, alone, and --append stays", true, "a", "BOOT_IMAGE=/vmlinuz", "a" },
	{ "BOOT_IMAGE= without a value goes", true, NULL, "BOOT_IMAGE= a", "a" },
	{ "every BOOT_IMAGE= goes, three in a row", true, NULL,
	  "BOOT_IMAGE=a BOOT_IMAGE=b BOOT_IMAGE=c d", "d" },
	{ "BOOT_IMAGE inside a longer word stays", true, NULL, "MY_BOOT_IMAGE=a x.BOOT_IMAGE=b",
	  "MY_BOOT_IMAGE=a x.BOOT_IMAGE=b" },
	{ "words that begin with BOOT_IMAGE stay (kexec-tools matches prefixes)", true, NULL,
	  "BOOT_IMAGES=a BOOT_IMAGE BOOT_IMAGE.x=y", "BOOT_IMAGES=a BOOT_IMAGE BOOT_IMAGE.x=y" },
	{ "BOOT_IMAGE= in another case stays", true, NULL, "boot_image=a", "boot_image=a" },
	{ "a quoted value with spaces stays whole (kexec-tools breaks it)", true, NULL,
	  "dyndbg=\"file a.c +p; file b.c +p\" q", "dyndbg=\"file a.c +p; file b.c +p\" q" },
	{ "BOOT_IMAGE= inside quotes stays", true, NULL, "x=\"a BOOT_IMAGE=b c\" d",
	  "x=\"a BOOT_IMAGE=b c\" d" },
	{ "a quoted BOOT_IMAGE= goes with all its words", true, NULL,
	  "a BOOT_IMAGE=\"/my kernel x\" b", "a b" },
	{ "a quote that never ends", true, "z", "a x=\"b c", "a x=\"b c z" },
	{ "several spaces between words become one", true, NULL, "  a   b  ", "a b" },
	{ "only spaces", true, "x", "   ", "x" },
	{ "a tab ends a word, as it does for the kernel", true, NULL, "a\tBOOT_IMAGE=/vmlinuz b",
	  "a b" },
	{ "elfcorehdr= goes, which a crash kernel was given", true, NULL, "a elfcorehdr=0x1000 b",
	  "a b" },
	{ "crashkernel= stays", true, NULL, "a crashkernel=1G b", "a crashkernel=1G b" },
	{ "the arguments of init after -- stay", true, NULL, "a -- b", "a -- b" },
	{ "--append goes before the -- of the running kernel", true, "x y", "a -- b",
	  "a x y -- b" },
	{ "a -- in quotes is one for the kernel", true, "x", "a \"--\" b", "a x \"--\" b" },
	{ "a word as long as that is none", true, "x", "a fast ro b", "a fast ro b x" },
	{ "a -- inside quotes is none", true, "x", "a=\" -- b\"", "a=\" -- b\" x" },
	{ "a word with more after -- is none", true, "x", "a --b c", "a --b c x" },
	{ "a -- at the start", true, "x", "-- b", "x -- b" },
	{ "a -- at the end", true, "x", "a --", "a x --" },
	{ "both have a --: one stays, and init gets the words of both", true, "x -- y", "a -- b  c",
	  "a x -- y b c" },
	{ "both have a --, the running one at its end", true, "x -- y", "a --", "a x -- y" },
	{ "init's words stay as they are, whatever their names", true, "x",
	  "a -- BOOT_IMAGE=b -- elfcorehdr=c", "a x -- BOOT_IMAGE=b -- elfcorehdr=c" },
	{ "an empty --append leaves the -- where it is", true, "\"\"", "a -- b", "a -- b" },
};

/* The same of a crash kernel's. */
static const struct cmdline crash_cmdlines[] = {
	{ "of a crash kernel every crashkernel= goes", true, NULL,
	  "crashkernel=1G,high a \"crashkernel=256M,low\" crashkernels=x", "a crashkernels=x" },
	{ "of a crash kernel init's words stay", true, "x", "a -- crashkernel=1",
	  "a x -- crashkernel=1" },
	{ "of a crash kernel --append stays as it is", true, "crashkernel=1G", "a",
	  "a crashkernel=1G" },
};

static void walk_cmdlines(const struct cmdline *rows_of, size_t n, bool panic)
{
	size_t i;

	for (i = 0; i < n; i++) {
		const struct cmdline *c = &rows_of[i];
		struct options o = { .reuse_cmdline = c->reuse,
				     .append = c->append,
				     .panic = panic };
		struct strbuf out = STRBUF_GROWING;

		CASE("command line: %s", c->caption);
		options_cmdline(&o, c->running, &out);
		want_text("command line", c->expected, out.p ? out.p : "");
		want(!out.truncated, "nothing is lost");
		strbuf_free(&out);
	}
}

/* kexec-tools' main(): without -l and -p, -S is about the crash kernel. */
static void statuses(void)
{
	CASE("-S alone is about the crash kernel");
	want(options_status_of_crash(&(struct options){ .status = true }), "it is");
	CASE("-S -l is about the normal one");
	want(!options_status_of_crash(&(struct options){ .status = true, .load = true }), "it is");
	CASE("-S -p, with -l or without, is about the crash kernel");
	want(options_status_of_crash(&(struct options){ .status = true, .panic = true }), "it is");
	want(options_status_of_crash(
		     &(struct options){ .status = true, .panic = true, .load = true }),
	     "it is");
}

static void helps(void)
{
	struct strbuf t = STRBUF_GROWING;
	const char *line, *end;

	CASE("help: no line is wider than a terminal");
	options_help(&t);
	for (line = t.p; line && *line; line = end + 1) {
		end = strchr(line, '\n');
		if (!end) {
			unit_fail("expected a newline at the end, came \"%s\"", line);
			break;
		}
		if (end - line > 80)
			unit_fail("expected at most 80 characters, came \"%.*s\"",
				  (int)(end - line), line);
	}
	CASE("help: names the options");
	want(t.p && strstr(t.p, "  -l  --load ") && strstr(t.p, "      --initrd=FILE ") &&
		     strstr(t.p, "--plan[=json]"),
	     "they are there");
	CASE("help: not the other spellings");
	want(t.p && !strstr(t.p, "--ramdisk"), "they are not there");
	strbuf_free(&t);
}

void test_options(void)
{
	walk_rows();
	walk_ignored();
	walk_actions();
	walk_cmdlines(cmdlines, ARRAY_SIZE(cmdlines), false);
	walk_cmdlines(crash_cmdlines, ARRAY_SIZE(crash_cmdlines), true);
	statuses();
	helps();
}
