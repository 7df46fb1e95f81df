/* A parser that a hostile file has taken over: linked into a test's build in place of plan_draft(),
 * which it calls first. $ATTACK says what it does then: forbidden calls, or lies about the plan.
 */
#include "src/inputs.h"

#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/reboot.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

bool __real_plan_draft(const struct request *r, struct plan *p, struct error *e);
bool __wrap_plan_draft(const struct request *r, struct plan *p, struct error *e);

static char *const nothing[] = { NULL };

/* Each says so if it comes back, whatever it brought. */
static bool call(const char *what)
{
	bool back = true;

	if (strcmp(what, "open") == 0)
		open("/etc/passwd", O_RDONLY);
	else if (strcmp(what, "socket") == 0)
		socket(AF_INET, SOCK_STREAM, 0);
	else if (strcmp(what, "execve") == 0)
		execve("/bin/true", nothing, nothing);
	else if (strcmp(what, "kill") == 0)
		kill(getppid(), 0);
	else if (strcmp(what, "ptrace") == 0)
		ptrace(PTRACE_ATTACH, getppid(), 0, 0);
	else if (strcmp(what, "fork") == 0)
		back = fork() != 0;
	else if (strcmp(what, "mmap") == 0)
		mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	else if (strcmp(what, "kexec") == 0)
		syscall(SYS_kexec_load, 0, 0, NULL, 0xffff0000ul);
	else if (strcmp(what, "segv") == 0)
		raise(SIGSEGV);
	else
		return false;
	if (back)
		write(STDERR_FILENO, "came back\n", 10);
	return true;
}

/* The request points into them. */
static struct inputs *inputs_of(const struct request *r)
{
	return (struct inputs *)((uintptr_t)r->dtb_name - offsetof(struct inputs, dtb_name));
}

static void lie(const char *about, const struct request *r, struct plan *p, struct error *e)
{
	struct segment *s = &p->seg[0];
	const struct range kept = r->machine->reserved.v[0];

	if (strcmp(about, "kept") == 0)
		s->at = (struct range){ kept.start, kept.start + s->at.end - s->at.start, NULL };
	else if (strcmp(about, "data") == 0)
		s->data.p = (const uint8_t *)r->machine;
	else if (strcmp(about, "length") == 0)
		s->data.len = SIZE_MAX / 2;
	else if (strcmp(about, "count") == 0)
		p->n = 1000000;
	else if (strcmp(about, "piece") == 0)
		s->piece = (enum piece)12345;
	else if (strcmp(about, "parts") == 0)
		((struct image *)(uintptr_t)r->image)->parts = 1000000;
	else if (strcmp(about, "initrds") == 0)
		((struct request *)(uintptr_t)r)->initrds = 1000000;
	else if (strcmp(about, "cmdline") == 0)
		((struct request *)(uintptr_t)r)->cmdline = (const char *)8;
	else if (strcmp(about, "entry") == 0)
		p->entry = kept.start;
	else if (strcmp(about, "words") == 0)
		p->chosen.cmdline = (const char *)8;
	else if (strcmp(about, "stub") == 0)
		p->stub_len = 1000000;
	else if (strcmp(about, "fewer") == 0)
		((struct request *)(uintptr_t)r)->initrds = 0;
	else if (strcmp(about, "empty") == 0)
		((struct request *)(uintptr_t)r)->initrd[0].len = 0;
	else if (strcmp(about, "initrd") == 0)
		((struct request *)(uintptr_t)r)->initrd[0].p = (const uint8_t *)8;
	else if (strcmp(about, "kernel") == 0)
		inputs_of(r)->unwrapped.kernel.p = (const uint8_t *)8;
	else if (strcmp(about, "code") == 0)
		fail(e, (enum code)1, "be believed");
	else if (strcmp(about, "error") == 0) {
		memset(e, 0x1b, sizeof(*e));
		e->code = (enum code)77;
	}
}

bool __wrap_plan_draft(const struct request *r, struct plan *p, struct error *e)
{
	const char *what = getenv("ATTACK");
	bool ok = __real_plan_draft(r, p, e);

	if (ok && what && !call(what))
		lie(what, r, p, e);
	return ok;
}
