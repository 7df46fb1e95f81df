/* SPDX-License-Identifier: MIT */
/* A reader that a hostile file has taken over: linked into a test's build around plan_draft() and
 * message_encode(), which it calls first. $ATTACK says what it does then: forbidden calls, or lies
 * in its message.
 */
#include "src/plan/message.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

bool __real_plan_draft(const struct request *r, struct plan *p, struct error *e);
bool __wrap_plan_draft(const struct request *r, struct plan *p, struct error *e);
bool __real_message_encode(const struct answer *a, struct blobs *b, struct message *m,
			   struct error *e);
bool __wrap_message_encode(const struct answer *a, struct blobs *b, struct message *m,
			   struct error *e);

#define IS(name) (strcmp(what, name) == 0)

/* include/uapi/asm-generic/mman-common.h, which not every libc names */
#define HWPOISON     100
#define SOFT_OFFLINE 101

static char *const nothing[] = { NULL };
static _Alignas(65536) char page[65536];

static bool call_memory(const char *what)
{
	const int anonymous = MAP_PRIVATE | MAP_ANONYMOUS;

	if (IS("mmap"))
		mmap(NULL, 65536, PROT_READ | PROT_EXEC, anonymous, -1, 0);
	else if (IS("mmap-file"))
		mmap(NULL, 65536, PROT_READ, MAP_PRIVATE, 3, 0);
	else if (IS("mprotect"))
		mprotect(page, sizeof(page), PROT_READ | PROT_WRITE | PROT_EXEC);
	else if (IS("hwpoison"))
		madvise(page, sizeof(page), HWPOISON);
	else if (IS("soft-offline"))
		madvise(page, sizeof(page), SOFT_OFFLINE);
	else if (IS("free"))
		return madvise(page, sizeof(page), MADV_FREE) == 0;
	else if (IS("mergeable"))
		madvise(page, sizeof(page), 12);
	else
		return false;
	return true;
}

static bool call(const char *what)
{
	if (IS("open"))
		open("/etc/passwd", O_RDONLY);
	else if (IS("socket"))
		socket(AF_INET, SOCK_STREAM, 0);
	else if (IS("execve"))
		execve("/bin/true", nothing, nothing);
	else if (IS("kill"))
		kill(getppid(), 0);
	else if (IS("ptrace"))
		ptrace(PTRACE_ATTACH, getppid(), 0, 0);
	else if (IS("fork"))
		return fork() != 0;
	else if (IS("kexec"))
		syscall(SYS_kexec_load, 0, 0, NULL, 0xffff0000ul);
	else if (IS("write"))
		write(STDOUT_FILENO, "", 0);
	else if (IS("segv"))
		raise(SIGSEGV);
	else if (IS("spin"))
		for (;;)
			;
	else
		return call_memory(what);
	return true;
}

bool __wrap_plan_draft(const struct request *r, struct plan *p, struct error *e)
{
	const char *what = getenv("ATTACK");
	const bool ok = __real_plan_draft(r, p, e);

	if (ok && what && IS("blind"))
		((struct machine *)r->machine)->corrupted = 0;
	else if (ok && what && call(what))
		write(STDERR_FILENO, "came back\n", 10);
	return ok;
}

/* ---- lies */

static struct message_segment *find(struct message *m, enum piece piece)
{
	uint32_t i;

	for (i = 0; i < m->segments && m->segment[i].piece != piece; i++)
		;
	return &m->segment[i % SEGMENTS_MAX];
}

static uint8_t *made(const struct blobs *b, struct message *m, enum piece piece)
{
	return b->made_at + find(m, piece)->data.off;
}

/* About what was read. */
static void lie_about_files(const char *what, const struct blobs *b, struct message *m)
{
	const struct blob_ref kernel = { FROM_KERNEL, 0, 0, 16 };
	uint8_t *p;

	if (IS("cmdline")) {
		m->cmdline = kernel;
	} else if (IS("cmdline-tree")) {
		p = memmem(made(b, m, TREE), find(m, TREE)->data.len, "quiet", 5);
		memcpy(p, "evil!", 5);
	} else if (IS("initrd")) {
		find(m, INITRD)->data = (struct blob_ref){ FROM_KERNEL, 0, 0, 4096 };
	} else if (IS("initrd-more")) {
		m->initrd = kernel;
	} else if (IS("initrd-none")) {
		*find(m, INITRD) = m->segment[--m->segments];
	} else if (IS("kernel")) {
		m->kernel = (struct blob_ref){ FROM_INITRD, 0, 0, 4096 };
	} else if (IS("kernel-made")) {
		m->kernel = (struct blob_ref){ FROM_MADE, 0, 0, 4096 };
	} else if (IS("kernel-unpacked")) {
		m->kernel = (struct blob_ref){ FROM_UNPACKED, 0, 0, 4096 };
	} else if (IS("kernel-cut")) {
		m->kernel.len -= 4096;
	} else if (IS("kernel-part")) {
		m->part[0].data.source = FROM_INITRD;
	} else if (IS("kernel-segment")) {
		find(m, KERNEL)->data = find(m, TREE)->data;
	} else if (IS("dtb")) {
		m->dtb = kernel;
	} else if (IS("stub")) {
		made(b, m, STUB)[0] ^= 1;
	}
}

/* An error that is not whole, of bytes that a terminal obeys. */
static struct message shout(void)
{
	struct message m;

	memset(&m, 0x1b, sizeof(m));
	m.state = MESSAGE_ERROR;
	return m;
}

/* About where it goes, and the message itself. */
static void lie_about_plan(const char *what, struct message *m)
{
	struct message_segment *s = find(m, KERNEL);

	if (IS("wraps-data"))
		s->data.off = UINT64_MAX - 4;
	else if (IS("length"))
		s->data.len = UINT64_MAX / 2;
	else if (IS("source"))
		s->data.source = UINT32_MAX;
	else if (IS("wraps"))
		find(m, INITRD)->start = UINT64_MAX - 4095;
	else if (IS("count"))
		m->segments = UINT32_MAX;
	else if (IS("node"))
		m->stage_node = 1 << 30;
	else if (IS("piece"))
		s->piece = 12345;
	else if (IS("parts"))
		m->parts = UINT32_MAX;
	else if (IS("entry"))
		m->entry = 4096;
	else if (IS("state"))
		m->state = 77;
	else if (IS("error"))
		*m = shout();
	else if (IS("code"))
		*m = (struct message){ .state = MESSAGE_ERROR, .code = 1, .text = "be believed" };
}

bool __wrap_message_encode(const struct answer *a, struct blobs *b, struct message *m,
			   struct error *e)
{
	const char *what = getenv("ATTACK");
	const bool ok = __real_message_encode(a, b, m, e);

	if (ok && what) {
		lie_about_files(what, b, m);
		lie_about_plan(what, m);
	}
	return ok;
}
