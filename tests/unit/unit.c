/* SPDX-License-Identifier: MIT */
#include "unit.h"

#include <stdarg.h>
#include <stdio.h>

#define SHOWN 4 /* lines of one row */

static struct {
	unsigned long passed, failed;
	bool open;
	unsigned bad; /* lines of this row */
	const char *file;
	char caption[200];
} unit;

static void finish_case(void)
{
	if (!unit.open)
		return;
	unit.open = false;
	if (unit.bad)
		unit.failed++;
	else
		unit.passed++;
}

void unit_case(const char *file, const char *format, ...)
{
	const char *slash = strrchr(file, '/');
	va_list ap;

	finish_case();
	unit.open = true;
	unit.bad = 0;
	unit.file = slash ? slash + 1 : file;
	va_start(ap, format);
	vsnprintf(unit.caption, sizeof(unit.caption), format, ap);
	va_end(ap);
}

void unit_fail(const char *format, ...)
{
	va_list ap;

	if (unit.bad++ >= SHOWN)
		return;
	printf("%s: %s: ", unit.file, unit.caption);
	va_start(ap, format);
	vprintf(format, ap);
	va_end(ap);
	printf("\n");
	fflush(stdout);
}

void want(bool ok, const char *what)
{
	if (!ok)
		unit_fail("expected that %s, it is not so", what);
}

void want_u64(const char *what, uint64_t expected, uint64_t came)
{
	if (expected != came)
		unit_fail("%s: expected 0x%llx, came 0x%llx", what, (unsigned long long)expected,
			  (unsigned long long)came);
}

void want_text(const char *what, const char *expected, const char *came)
{
	if (!came || strcmp(expected, came) != 0)
		unit_fail("%s: expected \"%s\", came \"%s\"", what, expected, came ? came : "NULL");
}

void want_bytes(const char *what, const void *expected, const void *came, size_t len)
{
	const uint8_t *a = expected, *b = came;
	size_t i;

	for (i = 0; i < len; i++) {
		if (a[i] == b[i])
			continue;
		unit_fail("%s: expected 0x%02x at %zu, came 0x%02x", what, a[i], i, b[i]);
		return;
	}
}

void want_ranges(const char *what, const char *expected, const struct ranges *came)
{
	struct strbuf t = STRBUF_GROWING;
	size_t i;

	for (i = 0; i < came->n; i++)
		strbuf_printf(&t, "%s%llx-%llx", i ? ", " : "",
			      (unsigned long long)came->v[i].start,
			      (unsigned long long)came->v[i].end);
	want_text(what, expected, t.p ? t.p : "");
	strbuf_free(&t);
}

static void want_line(const char *prefix, const char *line, size_t cap)
{
	size_t len = strlen(prefix) + strlen(line);

	if (len > 200)
		unit_fail("expected a line of 200 bytes at most, came %zu: %s%s", len, prefix,
			  line);
	if (strlen(line) + 1 >= cap)
		unit_fail("expected a whole sentence, came one cut short: %s", line);
	for (; *line; line++) {
		if (*line >= ' ' && *line <= '~')
			continue;
		unit_fail("expected plain text, came byte 0x%02x", (unsigned)(unsigned char)*line);
		return;
	}
}

void want_error(bool ok, const struct error *e, enum code code, const char *sentence)
{
	want_u64("exit code", code, e->code);
	want_text("sentence", sentence, e->text);
	if (ok != (e->code == FAIL_NONE))
		unit_fail("expected an answer that agrees with the error, came %s",
			  ok ? "true" : "false");
	want_line("kexec-lite: cannot ", e->text, sizeof(e->text));
	want_line("kexec-lite: ", e->hint, sizeof(e->hint));
}

void want_hint(const struct error *e, const char *expected)
{
	want_text("hint", expected, e->hint);
}

static uint64_t random_state;

void unit_random_start(uint64_t seed)
{
	random_state = seed;
}

/* splitmix64 */
uint64_t unit_random(void)
{
	uint64_t z = random_state += 0x9e3779b97f4a7c15u;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return z ^ z >> 31;
}

/* The linker sends the pure rooms' calls here (--wrap). */
static long memory_left = -1;

void unit_memory(long n)
{
	memory_left = n;
}

static bool memory_denied(void)
{
	if (memory_left < 0)
		return false;
	if (memory_left == 0)
		return true;
	memory_left--;
	return false;
}

void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t size);

void *__wrap_malloc(size_t size)
{
	return memory_denied() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t n, size_t size)
{
	return memory_denied() ? NULL : __real_calloc(n, size);
}

void *__wrap_realloc(void *p, size_t size)
{
	return memory_denied() ? NULL : __real_realloc(p, size);
}

/* unit [ROOM...] */
int main(int argc, char *argv[])
{
	static const struct {
		const char *name;
		void (*test)(void);
	} rooms[] = {
#define ROOM_ROW(room) { #room, test_##room },
		ROOMS(ROOM_ROW)
	};
	size_t i;
	int j;

	for (i = 0; i < ARRAY_SIZE(rooms); i++) {
		for (j = 1; j < argc && strcmp(argv[j], rooms[i].name) != 0; j++)
			;
		if (argc == 1 || j < argc)
			rooms[i].test();
	}
	finish_case();
	printf("%lu cases passed, %lu failed\n", unit.passed, unit.failed);
	return unit.failed != 0;
}
