#include "src/sandbox.h"

#include "src/plan/kernel.h"
#include "src/sys/probe.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* Behind the outcome. A plan for 64 TiB in 100,000 ranges takes 30 MiB. */
#define HEAP_MOST (256u << 20)

struct job {
	const struct options *o;
	struct machine *m;
	struct inputs *in;
	struct request *r;
	struct freepages_files pages;
	struct outcome *out;
};

static bool wants_pages(const struct job *j)
{
	/* a crash kernel is written to its place as it is loaded */
	return j->m->live && !j->o->panic && !j->r->file_call;
}

static bool compute(const struct job *j, struct error *e)
{
	struct outcome *out = j->out;
	struct request *r = j->r;

	r->image = &out->image;
	if (!inputs_unwrap(j->o, j->in, r, e) ||
	    !kernel_parse(j->in->unwrapped.kernel, j->o->kernel, j->m, &out->image, e))
		return false;
	if (r->file_call)
		return plan_check_cmdline(r, e);
	if (wants_pages(j))
		freepages_probe(j->m, &j->pages, inputs_newest(j->in, r));
	return kernel_settle(&out->image, j->o->kernel, j->m, j->o->run_at_load || j->o->panic,
			     e) &&
	       plan_draft(r, &out->plan, e);
}

static void be_child(struct job *j)
{
	struct outcome *out = j->out;

	if (wants_pages(j))
		freepages_open(&j->pages);
	input_report_to(&out->error);
	confine(out + 1, out->size - sizeof(*out), &out->confined);
	compute(j, &out->error);
	out->request = *j->r;
	out->unwrapped = j->in->unwrapped;
	out->strange = j->in->dtb_mismatch;
	out->done = true;
	_exit(FAIL_NONE);
}

/* ---- what a child left, which may be anything */

static bool inside(struct span s, const void *p, size_t len)
{
	const uintptr_t at = (uintptr_t)s.p - (uintptr_t)p;

	return at <= len && s.len <= len - at;
}

/* Bytes that are there: of a file, unpacked, or made. */
static bool known(const struct job *j, struct span s)
{
	const struct inputs *in = j->in;
	size_t i;

	for (i = 0; i < j->o->initrd.n; i++)
		if (inside(s, in->initrd[i].data.p, in->initrd[i].data.len))
			return true;
	return !s.len || inside(s, in->kernel.data.p, in->kernel.data.len) ||
	       (in->buffer.p && inside(s, in->buffer.p, in->buffer.size)) ||
	       inside(s, j->out, j->out->size);
}

/* A string of the child's, or the one it got. */
static bool known_text(const struct job *j, const char *s, const char *had)
{
	const uintptr_t at = (uintptr_t)s - (uintptr_t)j->out;

	return s == had || (at < j->out->size && memchr(s, 0, j->out->size - at));
}

static bool look_at_inputs(const struct job *j)
{
	const struct request *r = &j->out->request;
	bool ok = r->initrds >= j->r->initrds && r->initrds <= INITRDS_MAX;
	size_t i;

	for (i = 0; ok && i < r->initrds; i++)
		ok = r->initrd[i].len && known(j, r->initrd[i]);
	return ok && known(j, j->out->unwrapped.kernel) && known_text(j, r->cmdline, j->r->cmdline);
}

static bool look_at_plan(const struct job *j)
{
	const struct image *img = &j->out->image;
	const struct plan *p = &j->out->plan;
	bool ok = img->parts <= IMAGE_PARTS && p->n <= SEGMENTS_MAX;
	size_t i;

	for (i = 0; ok && i < img->parts; i++)
		ok = known(j, img->part[i].data);
	for (i = 0; ok && i < p->n; i++)
		ok = p->seg[i].piece < PIECES && known(j, p->seg[i].data);
	return ok && p->stub_len <= STUB_MAX &&
	       known_text(j, p->chosen.cmdline, j->out->request.cmdline);
}

static void take(const struct job *j)
{
	struct outcome *out = j->out;
	struct request *r = j->r;

	memcpy(r->initrd, out->request.initrd, sizeof(r->initrd));
	r->initrds = out->request.initrds;
	r->cmdline = out->request.cmdline;
	r->image = &out->image;
	j->in->unwrapped = (struct unwrapped){ .kernel = out->unwrapped.kernel };
	j->in->dtb_mismatch = out->strange;
	if (out->request.dtb.len && !r->dtb.len)
		printable(j->in->dtb_name, j->o->kernel);
	out->plan.tree_from = out->request.dtb.len ? r->dtb_name : j->m->fdt_from;
}

static bool take_error(const struct error *theirs, struct error *e)
{
	char buf[sizeof(theirs->hint) > sizeof(theirs->text) ? sizeof(theirs->hint)
							     : sizeof(theirs->text)];
	struct error copy = *theirs;
	struct strbuf t = strbuf_fixed(buf, sizeof(buf));

	copy.text[sizeof(copy.text) - 1] = copy.hint[sizeof(copy.hint) - 1] = 0;
	strbuf_append_printable(&t, copy.text);
	fail(e, copy.code >= FAIL_USAGE && copy.code <= FAIL_XEN ? copy.code : FAIL_BUG, "%s", buf);
	if (!copy.hint[0])
		return false;
	t = strbuf_fixed(buf, sizeof(buf));
	strbuf_append_printable(&t, copy.hint);
	return hint(e, "%s", buf);
}

static bool fail_killed(const struct job *j, struct error *e)
{
	char show[PRINTABLE_MAX];

	return fail(e, FAIL_MEMORY, "load kernel %s: the process that read it was killed",
		    printable(show, j->o->kernel));
}

static bool look_again(const struct job *j, struct error *e)
{
	struct outcome *out = j->out;

	/* owned by a heap that ended with its child: never for our free() */
	out->plan.tree = (struct tree){ 0 };
	out->plan.cmdline = (struct strbuf){ 0 };
	out->plan.elfcorehdr = NULL;
	out->image.copy = NULL;
	if (out->error.code != FAIL_NONE)
		return take_error(&out->error, e);
	if (!out->done)
		return fail_killed(j, e);
	if (!look_at_inputs(j) || (!j->r->file_call && !look_at_plan(j)))
		return fail(e, FAIL_BUG, "trust the plan: it is not about memory that we have");
	take(j);
	return j->r->file_call ? plan_check_cmdline(j->r, e) : plan_check(&out->plan, j->r, e);
}

bool outcome_make(const struct options *o, struct machine *m, struct inputs *in, struct request *r,
		  struct outcome **made, struct error *e)
{
	size_t size = HEAP_MOST;
	struct outcome *out = confine_share(-1, sizeof(*out), &size);
	struct job j = { o, m, in, r, { -1, -1, -1 }, out };
	pid_t child = -1;
	bool ok;

	*made = out;
	if (!out)
		return fail_memory(e);
	out->size = size;
	if (!o->no_sandbox && confine_possible())
		child = confine_fork();
	if (child == 0)
		be_child(&j);
	if (child > 0) {
		if (!confine_wait(child))
			return *made = NULL, fail_killed(&j, e);
		return out->size = size, look_again(&j, e);
	}
	if (wants_pages(&j))
		freepages_open(&j.pages);
	ok = compute(&j, e) && (r->file_call || plan_check(&out->plan, r, e));
	freepages_close(&j.pages);
	return ok;
}

void outcome_free(struct outcome *out)
{
	if (!out)
		return;
	plan_free(&out->plan);
	image_free(&out->image);
	munmap(out, out->size);
}
