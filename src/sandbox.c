/* SPDX-License-Identifier: MIT */
#include "src/sandbox.h"

#include "src/plan/kernel.h"
#include "src/plan/message.h"
#include "src/sys/probe.h"

#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The message, followed by MADE: a tree, a stub and the header of a core file. */
#define SHARED_BYTES (128u << 20)
#define MADE_OFFSET  4096u

struct job {
	const struct options *o;
	struct machine *m;
	struct inputs *in;
	struct request *r;
	struct blobs blobs;
	struct span initrd[WORDS_MAX + 1]; /* blobs has these: those given, and initrd_empty */
	struct message *message;	   /* shared */
	struct freepages_files pages;
};

/* ---- the child, or this process with --no-sandbox */

static bool wants_pages(const struct job *j)
{
	/* a crash kernel is written to its place as it is loaded */
	return j->m->live && !j->o->panic && !j->r->file_call;
}

/* Where memory has failed, the places of any plan of ours are looked at. */
static bool wants_flags(const struct job *j)
{
	return wants_pages(j) || (j->m->live && j->m->corrupted && !j->r->file_call);
}

static bool is_pinned(const struct job *j)
{
	return j->o->run_at_load || j->o->panic;
}

static bool make_plan(struct job *j, struct image *img, struct plan *p, struct error *e)
{
	if (j->r->file_call)
		return plan_check_file_call(j->r, e);
	if (wants_pages(j))
		freepages_probe(j->m, &j->pages, inputs_newest(j->in, j->r));
	return kernel_settle(img, j->o->kernel, j->m, is_pinned(j), e) &&
	       freepages_plan(j->m, &j->pages, j->r, p, e);
}

static bool answer(struct job *j, struct image *img, struct plan *p, struct error *e)
{
	struct image parsed;
	struct answer a = { .unwrapped = &j->in->unwrapped,
			    .parsed = &parsed,
			    .image = img,
			    .plan = j->r->file_call ? NULL : p };

	if (!inputs_unwrap(j->o, j->in, j->r, e) || !inputs_use(j->o, j->in, j->r, e) ||
	    !kernel_parse(j->in->unwrapped.kernel, j->o->kernel, j->m, img, e))
		return false;
	parsed = *img;
	j->r->image = img;
	j->message->dtb_mismatch = j->in->dtb_mismatch;
	j->message->dtb_unusable = j->in->dtb_unusable;
	return make_plan(j, img, p, e) && message_encode(&a, &j->blobs, j->message, e);
}

/* Where a signal handler finds it. */
static struct message *to_parent;

static void report(const struct error *e)
{
	message_encode_error(e, to_parent);
}

static void be_child(struct job *j)
{
	struct error e = { 0 };
	struct image img = { 0 };
	struct plan p = { 0 };

	to_parent = j->message;
	input_report_to(report);
	if (wants_flags(j))
		freepages_open(&j->pages);
	if (!unpack_buffer_own(&j->in->buffer, &e) || !confine(&j->message->missing, &e) ||
	    !answer(j, &img, &p, &e))
		message_encode_error(&e, j->message);
	/* before _exit(), a sanitizer would make a call that is forbidden */
	syscall(SYS_exit_group, FAIL_NONE);
}

static void be_both(struct job *j)
{
	struct request *theirs = j->r, r = *theirs;
	struct error e = { 0 };
	struct image img = { 0 };
	struct plan p = { 0 };

	if (wants_flags(j))
		freepages_open(&j->pages);
	j->r = &r;
	if (!answer(j, &img, &p, &e))
		message_encode_error(&e, j->message);
	j->r = theirs;
	plan_free(&p);
	image_free(&img);
	freepages_close(&j->pages);
}

/* ---- the parent */

static bool fail_killed(const struct job *j, struct error *e)
{
	return fail(e, FAIL_MEMORY, "load the kernel: the sandbox was killed: %.*s", AS_NAME,
		    j->o->kernel);
}

static bool run_child(struct job *j, struct sandbox *s, struct error *e)
{
	const pid_t child = confine_fork(e);
	bool finished;

	if (child == 0)
		be_child(j);
	if (child < 0)
		return false;
	if (!confine_wait(child, &finished))
		s->shared = NULL; /* it may write for a moment yet */
	return finished || fail_killed(j, e);
}

/* The message, which nobody writes to any more, becomes a plan in memory of our own. */
static bool take(struct job *j, const struct message *m, struct sandbox *s, struct error *e)
{
	struct unwrapped *u = &j->in->unwrapped;
	const struct unwrap_target target = kernel_target(j->m);
	struct expected x = { j->r, { 0 }, j->o->kernel, is_pinned(j) };

	if (m->state == MESSAGE_ERROR)
		return message_decode_error(m, e);
	if (m->state != MESSAGE_PLAN)
		return fail_killed(j, e);
	if (!message_decode_files(m, &j->blobs, unwrap_kind(j->in->kernel.data, &target), u, e) ||
	    !inputs_use(j->o, j->in, j->r, e))
		return false;
	x.kernel = u->kernel;
	j->r->image = &s->image;
	j->in->dtb_mismatch = m->dtb_mismatch;
	j->in->dtb_unusable |= m->dtb_unusable != 0;
	if (!message_decode_plan(m, &j->blobs, &x, &s->image, &s->plan, e))
		return false;
	s->plan.tree_from = j->r->dtb.len ? j->r->dtb_name : j->m->fdt_from;
	s->lacks = m->missing;
	if (j->r->file_call)
		return plan_check_file_call(j->r, e);
	return freepages_keep_bad(j->m, &s->plan, e) && plan_check(&s->plan, j->r, e);
}

static bool share(struct job *j, struct sandbox *s)
{
	const struct unpack_buffer *b = &j->in->buffer;

	s->size = SHARED_BYTES;
	s->shared = confine_share(-1, &s->size);
	if (!s->shared)
		return false;
	j->message = s->shared;
	memcpy(j->initrd, j->r->initrd, j->r->initrds * sizeof(j->initrd[0]));
	j->initrd[j->r->initrds] = initrd_empty;
	j->blobs = (struct blobs){
		.kernel = j->in->kernel.data,
		.initrd = j->initrd,
		.initrds = j->r->initrds + 1,
		.made_at = (uint8_t *)s->shared + MADE_OFFSET,
		.made = { (uint8_t *)s->shared + MADE_OFFSET, s->size - MADE_OFFSET },
	};
	if (b->p)
		j->blobs.unpacked = (struct span){ b->p + b->used, b->size - b->used };
	return true;
}

bool sandbox_plan(const struct options *o, struct machine *m, struct inputs *in, struct request *r,
		  struct sandbox *s, struct error *e)
{
	struct job j = { .o = o, .m = m, .in = in, .r = r, .pages = { -1, -1, -1 } };
	struct message copy;

	*s = (struct sandbox){ 0 };
	if (!share(&j, s))
		return fail_memory(e);
	if (o->no_sandbox)
		be_both(&j);
	else if (!run_child(&j, s, e))
		return false;
	copy = *j.message;
	return take(&j, &copy, s, e);
}

void sandbox_free(struct sandbox *s)
{
	plan_free(&s->plan);
	image_free(&s->image);
	if (s->shared)
		munmap(s->shared, s->size);
}
