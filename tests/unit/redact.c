/* SPDX-License-Identifier: MIT */
#include "unit.h"

#include "dt/redact.h"

static const struct {
	const char *caption, *words, *expected;
} word_rows[] = {
	{ "nothing", "", "" },
	{ "nothing secret", "root=/dev/vda1 quiet console=ttyS0",
	  "root=/dev/vda1 quiet console=ttyS0" },
	{ "a password", "a password=hunter2 b", "a password=xxxxxxx b" },
	{ "at the end", "rd.luks.key=abc", "rd.luks.key=xxx" },
	{ "at the start", "token=abc quiet", "token=xxx quiet" },
	{ "each kind", "apass=1 akey=1 asecret=1 atoken=1 aserial=1 amac=1",
	  "apass=x akey=x asecret=x atoken=x aserial=x amac=x" },
	{ "two in a row", "key=1 key=2", "key=x key=x" },
	{ "without a value", "pass key= secret", "pass key= secret" },
	{ "the secret's name as a value", "x=password y", "x=password y" },
	{ "a value with = in it, such as base64", "key=ab==cd=", "key=xxxxxxx" },
	{ "a quoted value with spaces", "key=\"a b\" c=d", "key=\"xxx\" c=d" },
	{ "quotes around the whole word (kernel/params.c)", "\"key=a b\" c=d", "\"key=xxx\" c=d" },
	{ "a quote that never ends", "key=\"a b c", "key=\"xxxxx" },
	{ "several spaces", "  key=a   b", "  key=x   b" },
};

static const struct {
	const char *caption, *note, *expected;
} tree_rows[] = {
	{ "nothing secret stays", "/ { model = \"box\"; cpus { reg = <1>; }; };",
	  "/ { model = \"box\"; cpus { reg = <1>; }; };" },
	{ "a serial number", "/ { serial-number = \"ABC\"; };", "/ { serial-number = <0>; };" },
	{ "seeds", "/ { chosen { kaslr-seed = <1 2>; rng-seed = <3 4>; }; };",
	  "/ { chosen { kaslr-seed = <0 0>; rng-seed = <0 0>; }; };" },
	{ "MAC addresses, deep down",
	  "/ { soc { eth { local-mac-address = [010203040506]; mac-address = [010203040506]; }; }; "
	  "};",
	  "/ { soc { eth { local-mac-address = [000000000000]; mac-address = [000000000000]; }; }; "
	  "};" },
	{ "the node behind a secret", "/ { a { uuid = <1>; }; b { system-id = <2>; }; };",
	  "/ { a { uuid = <0>; }; b { system-id = <0>; }; };" },
	{ "the secret words of bootargs", "/ { chosen { bootargs = \"root=x key=abc quiet\"; }; };",
	  "/ { chosen { bootargs = \"root=x key=xxx quiet\"; }; };" },
	{ "bootargs without a NUL", "/ { chosen { bootargs = [6b65793d61]; }; };",
	  "/ { chosen { bootargs = [6b65793d78]; }; };" },
	{ "an empty secret", "/ { uuid; };", "/ { uuid; };" },
};

void test_redact(void)
{
	char buf[400], *words;
	struct span s;
	size_t i, len;

	for (i = 0; i < ARRAY_SIZE(word_rows); i++) {
		CASE("words: %s", word_rows[i].caption);
		len = strlen(word_rows[i].words);
		words = malloc(len + 1);
		if (!words)
			abort();
		memcpy(words, word_rows[i].words, len + 1);
		redact_cmdline(words, len);
		want_text("words", word_rows[i].expected, words);
		free(words);
	}
	CASE("words: nothing behind the given length is touched");
	memcpy(buf, "key=abcdef", 11);
	redact_cmdline(buf, 6);
	want_text("words", "key=xxcdef", buf);
	for (i = 0; i < ARRAY_SIZE(tree_rows); i++) {
		CASE("tree: %s", tree_rows[i].caption);
		s = note_tree(tree_rows[i].note);
		redact_tree((uint8_t *)(uintptr_t)s.p);
		want_text("tree", tree_rows[i].expected, note_print(s.p, buf, sizeof(buf)));
		note_free(&s);
	}
}
