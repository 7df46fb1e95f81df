/* SPDX-License-Identifier: MIT */
#include "unit.h"

void test_error(void)
{
	struct error e = { 0 };
	char long_word[400];
	bool ok;

	CASE("a failure is recorded, and fail() says false");
	ok = fail(&e, FAIL_FILE, "open %s: %s", "Image", "no such file");
	want_error(ok, &e, FAIL_FILE, "open Image: no such file");
	want_hint(&e, "");

	CASE("the hint goes with it, and hint() says false");
	want(!hint(&e, "look at %d", 7), "hint() is false");
	want_hint(&e, "look at 7");

	CASE("the first failure wins: sentence and code stay");
	ok = fail(&e, FAIL_BUG, "blame %s", "others");
	want_error(ok, &e, FAIL_FILE, "open Image: no such file");

	CASE("the first failure wins: its hint stays too");
	want(!hint(&e, "look elsewhere"), "hint() is false");
	want_hint(&e, "look at 7");

	CASE("a failure without a hint gets none from a later one");
	e = (struct error){ 0 };
	fail(&e, FAIL_FORMAT, "first");
	fail(&e, FAIL_FILE, "second");
	hint(&e, "of the second");
	want_error(false, &e, FAIL_FORMAT, "first");
	want_hint(&e, "");

	CASE("out of memory has its own sentence");
	e = (struct error){ 0 };
	ok = fail_memory(&e);
	want_error(ok, &e, FAIL_MEMORY, "go on: out of memory");

	CASE("with the prefix no line is over 200 bytes, whatever goes in");
	memset(long_word, 'a', sizeof(long_word));
	long_word[sizeof(long_word) - 1] = '\0';
	e = (struct error){ 0 };
	fail(&e, FAIL_FILE, "open %s", long_word);
	hint(&e, "close %s", long_word);
	want_u64("bytes of the sentence", 200 - strlen("kexec-lite: cannot "), strlen(e.text));
	want_u64("bytes of the hint", 200 - strlen("kexec-lite: "), strlen(e.hint));
}
