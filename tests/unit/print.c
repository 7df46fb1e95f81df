#include "unit.h"

#include "../../src/print.h"

static void whole(void)
{
	static const char *const lines[] = {
		"arm64 machine, Linux 6.12.0\n1 GiB of RAM, 1008 MiB free, one cell is 1 MiB\n\n",
		"kept     firmware                           1 area, 16 MiB\n",
		"kernel   0x00007fc00000 - 0x00007fcfffff  1 MiB, 4 MiB kept free\n",
		"initrd   0x00007fbf0000 - 0x00007fbf1fff  4.8 KiB, 64 KiB kept free\n",
		"start    0x00007fbe0000, the stub: it passes the tree to the kernel\n",
		"tree     from /small\n",
		"call     kexec_load, 4 segments\n",
		"cmdline  console=ttyAMA0 root=/dev/vda1\n",
	};
	struct text t = TEXT_GROWING;
	struct error e = { 0 };
	struct small s;
	struct plan p;
	char *line;
	size_t i;

	small_start(&s, SMALL_TREE);
	if (!plan_make(&s.r, &p, &e))
		abort();
	print_plan(&p, &s.r, &t);
	for (i = 0; i < COUNT(lines); i++) {
		CASE("plan: line \"%.40s...\"", lines[i]);
		want(t.p && strstr(t.p, lines[i]), "it is there");
	}
	CASE("plan: no line of the picture is wider than 80 columns");
	for (line = t.p; line && (line = strchr(line, '|')); line += 66)
		want(line[65] == '|' && line[66] == '\n', "a row has 64 cells");
	text_free(&t);
	plan_free(&p);
	small_end(&s);
}

/* The same machine twice; only where the reasons' strings lie differs, as it does between builds.
 */
static void reasons(void)
{
	static const char strings[2][2][8] = { { "alpha", "beta" }, { "beta", "alpha" } };
	struct text t[2] = { TEXT_GROWING, TEXT_GROWING };
	struct error e = { 0 };
	struct small s;
	struct plan p;
	int i;

	CASE("plan: the order of reasons does not depend on where their strings lie");
	for (i = 0; i < 2; i++) {
		small_start(&s, SMALL_TREE);
		s.m.keep.v[0].what = strings[i][i];
		if (!ranges_add(&s.m.keep, 0x50000000, 0x50001000, strings[i][!i]))
			abort();
		small_room(&s);
		if (!plan_make(&s.r, &p, &e))
			abort();
		print_plan(&p, &s.r, &t[i]);
		plan_free(&p);
		small_end(&s);
	}
	want(t[0].p && t[1].p && strcmp(t[0].p, t[1].p) == 0, "both print the same");
	text_free(&t[0]);
	text_free(&t[1]);
}

static void json(void)
{
	struct text t = TEXT_GROWING;
	struct error e = { 0 };
	struct small s;
	struct plan p;

	CASE("json: quotes, backslashes, control characters and other bytes are escaped");
	small_start(&s, SMALL_TREE);
	s.r.cmdline = "a=\"b c\" d\\e\tf\x7f\xc3\xa9";
	if (!plan_make(&s.r, &p, &e))
		abort();
	print_json(&p, &s.r, &t);
	want(t.p && strstr(t.p, "\"cmdline\": \"a=\\\"b c\\\" "
				"d\\\\e\\u0009f\\u007f\\u00c3\\u00a9\"\n}\n"),
	     "the command line is whole");
	CASE("json: segments");
	want(t.p && strstr(t.p,
			   "    { \"piece\": \"kernel\", \"start\": \"0x7fc00000\", \"end\": "
			   "\"0x7fd00000\", \"room_end\": \"0x80000000\", \"bytes\": 1048576 },\n"),
	     "the kernel's is there");
	CASE("json: kept memory with its reason");
	want(t.p && strstr(t.p,
			   "\"keep\": [\n    { \"start\": \"0x40000000\", \"end\": \"0x41000000\", "
			   "\"why\": \"firmware\" }\n  ],\n"),
	     "it is there");
	text_free(&t);
	plan_free(&p);
	small_end(&s);
}

void test_print(void)
{
	whole();
	reasons();
	json();
}
