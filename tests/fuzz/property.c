/* SPDX-License-Identifier: MIT */
/* property CASES [FIRST]		cases by number, from FIRST (0) on; each is refused with a
 *sentence, or its plan passes plan_check() and with any one defect does not property --samples N
 *DIR [FIRST]	N plans, each in DIR/NUMBER: the machine as captured, the files, the plan, and in
 *bad-DEFECT the same with a defect A case that breaks the promise aborts; "property 1 NUMBER" runs
 *it again. The last line counts.
 */
#include "scene.h"

#include "door.h"
#include "files.h"

#include "src/plan/print.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static uint64_t number;

_Noreturn void door_broken(const char *file, int line, const char *what)
{
	fprintf(stderr, "%s:%d: broken promise: %s\nit is case %llu\n", file, line, what,
		(unsigned long long)number);
	abort();
}

static void check_line(const char *prefix, const char *line, size_t cap)
{
	DOOR_WANT(strlen(prefix) + strlen(line) <= 200 && strlen(line) + 1 < cap);
	for (; *line; line++)
		DOOR_WANT(*line >= ' ' && *line <= '~');
}

void door_error(bool ok, const struct error *e)
{
	if (e->code == FAIL_BUG)
		fprintf(stderr, "%s\n", e->text);
	DOOR_WANT(ok == (e->code == FAIL_NONE) && ok == !e->text[0] && e->code != FAIL_BUG);
	check_line("kexec-lite: cannot ", e->text, sizeof(e->text));
	check_line("kexec-lite: ", e->hint, sizeof(e->hint));
}

static void run(struct scene *s, uint64_t n)
{
	struct dice d = { .state = n * 0x9e3779b97f4a7c15u + 1 };

	number = n;
	scene_run(s, d);
}

static int run_cases(uint64_t n, uint64_t first)
{
	static struct scene s;
	uint64_t i, refused[32] = { 0 }, planned = 0, spoilt = 0, crash = 0;
	struct error e;

	for (i = first; i < first + n; i++) {
		run(&s, i);
		scene_check(&s);
		refused[s.error.code]++;
		planned += s.ok;
		if (n < 1000)
			printf("case %llu: %s\n", (unsigned long long)i,
			       s.ok ? "planned" : s.error.text);
		crash += s.ok && s.panic;
		e = (struct error){ 0 };
		if (s.ok && scene_spoil(&s, (unsigned)(i % DEFECTS))) {
			DOOR_WANT(!plan_check(&s.plan, &s.request, &e) && e.code == FAIL_BUG);
			spoilt++;
		}
		scene_end(&s);
	}
	for (i = 1; i < 32; i++)
		if (refused[i])
			printf("refused with code %llu: %llu\n", (unsigned long long)i,
			       (unsigned long long)refused[i]);
	printf("%llu cases, %llu planned (%llu crash kernels), %llu refused, %llu defects caught\n",
	       (unsigned long long)n, (unsigned long long)planned, (unsigned long long)crash,
	       (unsigned long long)(n - planned), (unsigned long long)spoilt);
	return 0;
}

static void make_folders(char *path)
{
	char *slash;

	for (slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		mkdir(path, 0777);
		*slash = '/';
	}
}

/* `size` bytes, of which those behind the first ones are a hole. */
static void save(const char *dir, const char *name, const void *p, size_t len, size_t size)
{
	char path[400];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	make_folders(path);
	f = fopen(path, "w");
	if (!f || fwrite(p, 1, len, f) != len || fflush(f) || ftruncate(fileno(f), (off_t)size) ||
	    fclose(f)) {
		perror(path);
		exit(2);
	}
}

static void save_file(void *arg, const char *path, struct span bytes)
{
	save(arg, path, bytes.p, bytes.len, bytes.len);
}

static void save_plan(struct scene *s, const char *dir)
{
	const struct segment *tree = plan_segment(&s->plan, TREE);
	struct strbuf t = STRBUF_GROWING;

	print_json(&s->plan, &s->request, &t);
	save(dir, "plan.json", t.p, t.len, t.len);
	if (tree)
		save(dir, "tree.dtb", s->plan.tree.blob, s->plan.tree.blob ? tree->data.len : 0,
		     tree->data.len);
	strbuf_free(&t);
}

/* What the program is to be given, a word a line, to make the same plan. */
static void save_words(struct scene *s, const char *dir)
{
	struct strbuf t = STRBUF_GROWING;
	char name[24];
	size_t i;

	strbuf_printf(&t, "--seed\n01020000000000000304\n--append\n%s\n", s->cmdline);
	/* one that nobody gave is added again */
	for (i = 0; i < s->request.initrds && s->request.initrd[i].p != initrd_empty.p; i++) {
		snprintf(name, sizeof(name), "initrd%zu", i);
		save(dir, name, "", 0, s->request.initrd[i].len);
		strbuf_printf(&t, "--initrd\n%s/%s\n", dir, name);
	}
	if (s->has_user) {
		save(dir, "user", s->user, SCENE_TREE, SCENE_TREE);
		strbuf_printf(&t, "--dtb\n%s/user\n", dir);
	}
	if (s->has_over) {
		save(dir, "over", s->over, SCENE_TREE, SCENE_TREE);
		strbuf_printf(&t, "--dtb-overlay\n%s/over\n", dir);
	}
	if (s->request.bounds.start)
		strbuf_printf(&t, "--mem-min\n%llu\n", (unsigned long long)s->request.bounds.start);
	if (s->request.bounds.end)
		strbuf_printf(&t, "--mem-max\n%llu\n", (unsigned long long)s->request.bounds.end);
	strbuf_printf(&t, "%s%s%s", s->panic ? "-p\n" : "",
		      s->stay && !s->panic ? "--run-at-load\n" : "",
		      s->hotplug ? "--hotplug\n" : "");
	save(dir, "words", t.p, t.len, t.len);
	strbuf_free(&t);
}

static void save_case(struct scene *s, const char *dir, unsigned defect)
{
	char path[300];

	files_each(save_file, (snprintf(path, sizeof(path), "%s/machine", dir), path));
	save(dir, "kernel", s->kernel.p, s->kernel.len < 0x20000 ? s->kernel.len : 0x20000,
	     s->kernel.len);
	save_plan(s, dir);
	save_words(s, dir);
	if (!scene_spoil(s, defect))
		return;
	snprintf(path, sizeof(path), "%s/bad-%u", dir, defect);
	save_plan(s, path);
}

static int save_samples(uint64_t n, const char *dir, uint64_t first)
{
	static struct scene s;
	char path[300];
	uint64_t i, saved = 0;

	for (i = first; saved < n; i++) {
		run(&s, i);
		/* a freemap is of this very moment: no file of a captured machine */
		if (s.ok && !s.machine.freemap) {
			snprintf(path, sizeof(path), "%s/%llu", dir, (unsigned long long)i);
			save_case(&s, path, (unsigned)(saved % DEFECTS));
			saved++;
		}
		scene_end(&s);
	}
	printf("%llu samples\n", (unsigned long long)saved);
	return 0;
}

int main(int argc, char *argv[])
{
	if (argc >= 4 && strcmp(argv[1], "--samples") == 0)
		return save_samples(strtoull(argv[2], NULL, 10), argv[3],
				    argc > 4 ? strtoull(argv[4], NULL, 10) : 0);
	if (argc >= 2)
		return run_cases(strtoull(argv[1], NULL, 10),
				 argc > 2 ? strtoull(argv[2], NULL, 10) : 0);
	return 2;
}
