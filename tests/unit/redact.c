/* SPDX-License-Identifier: MIT */
#include "unit.h"

#include "dt/redact.h"

static const struct {
	const char *caption, *words, *expected;
} word_rows[] = {
	{ "nothing", "", "" },
	{ "known words stay, values and all",
	  "console=ttyS0,115200 earlycon=pl011,0x9000000 crashkernel=256M,high mem=4G quiet ro",
	  "console=ttyS0,115200 earlycon=pl011,0x9000000 crashkernel=256M,high mem=4G quiet ro" },
	{ "all others go, names and all", "root=/dev/vda1 quiet nokaslrx",
	  "xxxxxxxxxxxxxx quiet xxxxxxxx" },
	{ "those that somebody thought of too late, each of a kind",
	  "BOOTIF=01-52-54-00-12 ifname=eth0:52:54 PASSWORD=a rootpw=b "
	  "netroot=iscsi:user:pass@10.0.0.1 cifs://u:p@host/share systemd.set_credential=a:b "
	  "rd.luks.uuid=luks-1f inst.ks=https://u:p@h/k ip=10.0.0.2",
	  "xxxxxxxxxxxxxxxxxxxxx xxxxxxxxxxxxxxxxx xxxxxxxxxx xxxxxxxx "
	  "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx xxxxxxxxxxxxxxxxxxxxx xxxxxxxxxxxxxxxxxxxxxxxxxx "
	  "xxxxxxxxxxxxxxxxxxxx xxxxxxxxxxxxxxxxxxxxxxx xxxxxxxxxxx" },
	{ "a known name is not the beginning of another", "memory=secret mem",
	  "xxxxxxxxxxxxx mem" },
	{ "nor of a known one", "me=1 crashkerne=1", "xxxx xxxxxxxxxxxx" },
	{ "all of a module", "irqchip.gicv3_nolpi=y irqchipx=1 irqchip.",
	  "irqchip.gicv3_nolpi=y xxxxxxxxxx xxxxxxxx" },
	{ "dashes and underscores are the same", "smt_enabled=off nohz-full=1 kvm_arm.mode=nvhe",
	  "smt_enabled=off nohz-full=1 kvm_arm.mode=nvhe" },
	{ "a dash is no letter of a name", "m-m=1 quie_ me-=1", "xxxxx xxxxx xxxxx" },
	{ "nor a letter a dash of one", "smtxenabled=off", "xxxxxxxxxxxxxxx" },
	{ "but not other signs", "smt.enabled=off", "xxxxxxxxxxxxxxx" },
	{ "capitals count, as for kernels", "MEM=1 Quiet", "xxxxx xxxxx" },
	{ "a known name as a value", "x=mem y=quiet", "xxxxx xxxxxxx" },
	{ "an unknown value with quotes and spaces is one word", "pw=\"a b -- c\" quiet",
	  "xxxxxxxxxxxxx quiet" },
	{ "a known name with quotes and spaces in its value", "console=\"a b\" console=\"c\"",
	  "xxxxxxxxxxxxx console=\"c\"" },
	{ "quotes around the whole word", "\"mem=1G\" \"mem=1 G\" \"key=a b\" \"quiet\"",
	  "\"mem=1G\" xxxxxxxxx xxxxxxxxx \"quiet\"" },
	{ "a quote that never ends", "key=\"a b quiet", "xxxxxxxxxxxxxx" },
	{ "a known word whose quote never ends", "\"quiet mem=1", "xxxxxxxxxxxx" },
	{ "the same without a space, which the kernel takes", "\"quiet", "\"quiet" },
	{ "a quote alone", "\" quiet", "xxxxxxx" },
	{ "and at the end", "quiet \"", "quiet x" },
	{ "two quotes", "\"\" quiet", "xx quiet" },
	{ "init's words go as well", "quiet -- single token", "quiet -- xxxxxx xxxxx" },
	{ "several spaces, a tab", "  key=a \t mem=1 ", "  xxxxx \t mem=1 " },
	{ "an = alone", "= quiet", "x quiet" },
	{ "signs below the spaces are part of a word", "quiet\001 mem=\010 ro",
	  "xxxxxx mem=\010 ro" },
};

static const struct {
	const char *caption, *words, *expected;
} log_rows[] = {
	{ "nothing", "", "" },
	{ "a record with the word stays", "6,1,0,-;GIC LPI table\n", "6,1,0,-;GIC LPI table\n" },
	{ "of others the number stays, and the length",
	  "6,0,5,-;Booting Linux\n6,7,0,-;LPIx LPI y\n",
	  "6,0,5,-;xxxxxxxxxxxxx\n6,7,0,-;LPIx LPI y\n" },
	{ "lines that go with a record", "6,0,5,-;a\n SUBSYSTEM=pci\n",
	  "6,0,5,-;x\nxxxxxxxxxxxxxx\n" },
	{ "no end of line", "6,0,5,-;ab", "6,0,5,-;xx" },
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
	{ "what names a machine on a network",
	  "/ { ibm,partition-name = \"db1\"; chosen { bootpath = \"x\"; wifi-psk = \"y\"; }; };",
	  "/ { ibm,partition-name = <0>; chosen { bootpath = [0000]; wifi-psk = [0000]; }; };" },
	{ "names that only look alike stay",
	  "/ { aliases { serial0 = \"/u\"; }; r { ibm,mac = <1>; smmu-bypass = <1>; }; };",
	  "/ { aliases { serial0 = \"/u\"; }; r { ibm,mac = <1>; smmu-bypass = <1>; }; };" },
	{ "bootargs, as a command line", "/ { chosen { bootargs = \"root=x key=abc quiet\"; }; };",
	  "/ { chosen { bootargs = \"xxxxxx xxxxxxx quiet\"; }; };" },
	{ "more bootargs", "/ { chosen { linux,bootargs-append = \"ro key=abc\"; }; };",
	  "/ { chosen { linux,bootargs-append = \"ro xxxxxxx\"; }; };" },
	{ "bootargs without a NUL", "/ { chosen { bootargs = [6b65793d61]; }; };",
	  "/ { chosen { bootargs = [7878787878]; }; };" },
	{ "bootargs of several strings", "/ { chosen { bootargs = [726f006162006300]; }; };",
	  "/ { chosen { bootargs = <726f0078 78007800>; }; };" },
	{ "empty bootargs", "/ { chosen { bootargs; }; };", "/ { chosen { bootargs; }; };" },
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
	CASE("words: nothing after the given length is touched");
	memcpy(buf, "key=abcdef", 11);
	redact_cmdline(buf, 6);
	want_text("words", "xxxxxxcdef", buf);
	CASE("words: nothing after the given length is looked at");
	memcpy(buf, "memx", 5);
	redact_cmdline(buf, 3);
	want_text("words", "memx", buf);
	for (i = 0; i < ARRAY_SIZE(log_rows); i++) {
		CASE("log: %s", log_rows[i].caption);
		len = strlen(log_rows[i].words);
		memcpy(buf, log_rows[i].words, len + 1);
		redact_log(buf, len, " LPI ");
		want_text("log", log_rows[i].expected, buf);
	}
	for (i = 0; i < ARRAY_SIZE(tree_rows); i++) {
		CASE("tree: %s", tree_rows[i].caption);
		s = note_tree(tree_rows[i].note);
		redact_tree((uint8_t *)(uintptr_t)s.p);
		want_text("tree", tree_rows[i].expected, note_print(s.p, buf, sizeof(buf)));
		note_free(&s);
	}
}
