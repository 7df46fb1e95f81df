/* SPDX-License-Identifier: MIT */
/* libFuzzer's side: the door is the one that the program is named after. */
#include "door.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void (*door)(struct span in);

_Noreturn void door_broken(const char *file, int line, const char *what)
{
	fprintf(stderr, "%s:%d: broken promise: %s\n", file, line, what);
	abort();
}

static void check_line(const char *prefix, const char *line, size_t cap)
{
	DOOR_WANT(strlen(prefix) + strlen(line) <= 200);
	DOOR_WANT(strlen(line) + 1 < cap);
	for (; *line; line++)
		DOOR_WANT(*line >= ' ' && *line <= '~');
}

void door_error(bool ok, const struct error *e)
{
	DOOR_WANT(ok == (e->code == FAIL_NONE));
	DOOR_WANT(ok == !e->text[0]);
	if (e->code == FAIL_BUG)
		fprintf(stderr, "%s\n", e->text);
	DOOR_WANT(e->code != FAIL_BUG);
	check_line("kexec-lite: cannot ", e->text, sizeof(e->text));
	check_line("kexec-lite: ", e->hint, sizeof(e->hint));
}

unsigned door_flag(struct span *in)
{
	return in->len ? in->p[--in->len] : 0;
}

struct span door_chunk(struct span *in)
{
	uint32_t len = 0;
	uint8_t *copy;

	if (span_le32(*in, 0, &len)) {
		in->p += 4;
		in->len -= 4;
	}
	if (len > in->len)
		len = (uint32_t)in->len;
	copy = malloc(len + !len);
	if (!copy)
		abort();
	if (len)
		memcpy(copy, in->p, len);
	in->p += len;
	in->len -= len;
	return (struct span){ copy, len };
}

bool door_sorted(const struct ranges *s, bool apart)
{
	size_t i;

	for (i = 0; i < s->n; i++)
		if (s->v[i].start >= s->v[i].end || (i && s->v[i].start < s->v[i - 1].start) ||
		    (apart && i && s->v[i].start <= s->v[i - 1].end))
			return false;
	return true;
}

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *p, size_t len);

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	static const struct {
		const char *name;
		void (*run)(struct span in);
	} doors[] = {
#define DOOR_ROW(name) { #name, door_##name },
		DOORS(DOOR_ROW)
	};
	const char *slash = strrchr(**argv, '/'), *name = slash ? slash + 1 : **argv;
	size_t i;

	(void)argc;
	for (i = 0; i < ARRAY_SIZE(doors); i++)
		if (strcmp(doors[i].name, name) == 0)
			door = doors[i].run;
	if (door)
		return 0;
	fprintf(stderr, "doors: there is no door %s\n", name);
	exit(2);
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t len)
{
	door((struct span){ p, len });
	return 0;
}
