/* SPDX-License-Identifier: MIT */
#include "src/load.h"

#include "src/formats/uki.h"
#include "src/method.h"
#include "src/plan/print.h"
#include "src/sandbox.h"
#include "src/sys/files.h"
#include "src/sys/kexec_call.h"
#include "src/sys/log.h"
#include "src/sys/probe.h"
#include "src/sys/reboot.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

/* What a load works with, all of it open until the call is made. */
struct work {
	struct machine machine;
	struct request request;
	struct inputs in;
	struct sandbox sandbox;
	struct method method;
};

/* Text on stdout, which may be a full disk. */
bool print(struct strbuf *t, struct error *e)
{
	int err = 0;

	if (t->truncated)
		err = ENOMEM;
	else if (t->len)
		err = files_write(STDOUT_FILENO, t->p, t->len);
	strbuf_free(t);
	return !err || fail(e, FAIL_FILE, "write to stdout: %s", strerror(err));
}

/* "a1b2..." into the two seeds; the rest stays zero. */
static bool read_seed(const char *hex, struct request *r, struct error *e)
{
	uint8_t seed[KASLR_SEED + RNG_SEED] = { 0 };
	struct span digit;
	uint64_t v;
	size_t i;

	for (i = 0; i < 2 * sizeof(seed) && hex[i]; i++) {
		digit = (struct span){ (const uint8_t *)hex + i, 1 };
		if (!span_parse_number(&digit, 16, &v))
			break;
		seed[i / 2] = (uint8_t)(seed[i / 2] << 4 | (uint8_t)v);
	}
	if (hex[i] || !i || i % 2)
		return fail(e, FAIL_USAGE, "read the options: --seed takes 2 to %zu hex digits",
			    2 * sizeof(seed));
	memcpy(r->kaslr_seed, seed, KASLR_SEED);
	memcpy(r->rng_seed, seed + KASLR_SEED, RNG_SEED);
	return true;
}

/* At most 256 bytes at once: never short, never interrupted (getrandom(2)). */
static bool get_random(void *p, size_t len, struct error *e)
{
	const ssize_t n = getrandom(p, len, 0);

	if (n == (ssize_t)len)
		return true;
	return fail(e, FAIL_MACHINE, "get random bytes: %s",
		    n < 0 ? strerror(errno) : "too few of them");
}

static bool get_seeds(const struct options *o, struct request *r, struct error *e)
{
	if (o->seed)
		return read_seed(o->seed, r, e);
	return get_random(r->kaslr_seed, KASLR_SEED, e) && get_random(r->rng_seed, RNG_SEED, e);
}

/* An address, decimal or 0x. kexecboot writes --mem-max==0x...: the second `=` is no part of it. */
static bool read_address(const char *word, phys *v, struct error *e)
{
	struct span s = { (const uint8_t *)word, strlen(word) };

	span_skip_prefix(&s, "=");
	if (span_parse_address(&s, v) && !s.len)
		return true;
	return fail(e, FAIL_USAGE, "read the options: not an address: %.*s", AS_NAME, word);
}

static bool get_bounds(const struct options *o, struct request *r, struct error *e)
{
	return (!o->mem_min || read_address(o->mem_min, &r->bounds.start, e)) &&
	       (!o->mem_max || read_address(o->mem_max, &r->bounds.end, e));
}

static bool show_plan(const struct options *o, const struct plan *p, const struct request *r,
		      struct error *e)
{
	struct strbuf t = STRBUF_GROWING;

	if (o->dump_dtb && r->file_call)
		return fail(e, FAIL_USAGE, "write the next tree: kexec_file_load makes its own");
	if (o->dump_dtb && !files_save(NULL, o->dump_dtb, plan_segment(p, TREE)->data, e))
		return false;
	if (o->json)
		print_json(p, r, &t);
	else
		print_plan(p, r, &t);
	return print(&t, e);
}

/* On a terminal, what the load means for the next reboot. */
static void say_loaded(const struct options *o)
{
	struct strbuf t = STRBUF_GROWING;

	if (options_action(o) == LOAD && isatty(STDERR_FILENO))
		strbuf_printf(&t,
			      "kexec-lite: %.*s is loaded: a %s now starts it (to undo: kexec-lite "
			      "%s--unload)\n",
			      AS_NAME, o->kernel, o->panic ? "panic" : "reboot",
			      o->panic ? "-p " : "");
	log_write(STDERR_FILENO, &t);
}

/* kexec_file_load takes one initrd: several become one file. */
static bool file_load(const struct options *o, struct work *w, struct error *e)
{
	const unsigned how = (o->panic ? FILE_CRASH : 0) | (o->debug ? FILE_DEBUG : 0) |
			     (o->no_cma ? FILE_NO_CMA : 0);
	int kernel = inputs_kernel(&w->in, e), initrd = -1;

	if (kernel < 0 || !inputs_initrd(&w->in, &w->request, &initrd, e))
		return false;
	return kexec_call_file_load(kernel, initrd, w->request.cmdline, &w->machine, how, e);
}

static bool call(const struct options *o, struct work *w, struct error *e)
{
	const struct plan *p = &w->sandbox.plan;

	if (w->request.file_call)
		return file_load(o, w, e);
	if (p->stage_node >= 0)
		kexec_call_stage((unsigned)p->stage_node);
	return kexec_call_load(p->seg, p->n, p->entry, &w->machine, w->request.hotplug, e);
}

/* The running kernel drops the old crash kernel before it takes the new one. */
static bool fail_call(const struct options *o, const struct machine *m, struct error *e)
{
	struct error none = { 0 };
	struct machine now;

	e->superseded = false;
	if (o->panic && m->crash_loaded && probe_state(NULL, &now, &none) && !now.crash_loaded)
		hint(e, "the crash kernel that was loaded before is gone: a panic now starts none");
	return false;
}

static void debug(const struct work *w)
{
	struct strbuf t = STRBUF_GROWING;

	print_plan(&w->sandbox.plan, &w->request, &t);
	if (w->sandbox.lacks & LACKS_LANDLOCK)
		strbuf_printf(&t,
			      "files were read without landlock: the running kernel has none\n");
	if (w->sandbox.lacks & LACKS_SECCOMP)
		strbuf_printf(&t, "files were read without seccomp: the running kernel has none\n");
	log_write(STDERR_FILENO, &t);
}

/* Trees that are not used, or perhaps should not be. */
static const char *find_tree_warning(const struct options *o, const struct work *w)
{
	if (w->method.ignored_option && w->in.dtb_unusable)
		return "--dtb is ignored: kexec_file_load takes no device tree, and this one is "
		       "not usable";
	if (w->method.ignored_option)
		return "--dtb is ignored: kexec_file_load takes no device tree";
	if (w->in.dtb_mismatch && o->dtb)
		return "--dtb is for another machine: its compatible is not this one's";
	if (w->in.dtb_mismatch)
		return "the kernel's own device tree is ignored: it is for another machine";
	if (w->in.unwrapped.dtb.len && w->request.file_call)
		return "the kernel's own device tree is ignored: kexec_file_load takes none";
	return NULL;
}

static void warn_of_left(unsigned left)
{
	struct strbuf t = STRBUF_GROWING;

	print_left(left, &t);
	if (t.p)
		log_note("warning: kexec_load leaves behind: %s: -s hands it on", t.p);
	strbuf_free(&t);
}

/* What was ignored, or may go wrong: only when nothing can fail any more. */
static void warn_about(const struct options *o, const struct work *w)
{
	const char *tree = find_tree_warning(o, w);

	if (tree)
		log_note("warning: %s", tree);
	if (w->method.risk)
		log_note("warning: %s", w->method.risk);
	warn_of_left(w->request.left);
	if (o->hide_xen && w->machine.xen)
		log_note("warning: the next kernel has no console, disk or network of Xen, which "
			 "goes on using pages of this one");
	if (w->machine.reserved_unknown && !o->panic)
		log_note("warning: Linux before 4.19 does not say what firmware reserved: some of "
			 "it may be overwritten");
}

static bool carry_out(const struct options *o, struct work *w, struct error *e)
{
	const struct machine *m = &w->machine;

	if (!inputs_unchanged(&w->in, e) || !method_may_honour(m, &w->method, e))
		return false;
	if (o->plan) {
		if (!show_plan(o, &w->sandbox.plan, &w->request, e))
			return false;
		warn_about(o, w);
		return true;
	}
	if (!method_may_load(m, w->method.file_load, e))
		return false;
	if (o->debug)
		debug(w);
	if (!call(o, w, e))
		return fail_call(o, m, e);
	warn_about(o, w);
	if (!o->panic)
		w->machine.loaded = true;
	say_loaded(o);
	return true;
}

static bool choose_method(const struct options *o, struct work *w, bool brings_tree,
			  struct error *e)
{
	const struct machine *m = &w->machine;
	struct method *c = &w->method;

	if (!method_choose(o, m, brings_tree, c, e))
		return false;
	w->request.file_call =
		c->file_load && !c->refused_option && (o->plan || method_has_call(m, c));
	w->request.why = c->why;
	w->request.left = c->left;
	return true;
}

/* The machine, but for what a crash kernel is told of it. */
static bool probe(const struct options *o, struct work *w, struct error *e)
{
	struct machine *m = &w->machine;

	if (!probe_state(o->root, m, e))
		return false;
	if (!o->plan && !method_may_ask(m, o->panic, e))
		return false;
	if (!probe_machine(o->root, m, e))
		return false;
	return o->plan || o->force_xen || o->hide_xen || method_may_jump(m, e);
}

/* The files, and by which call they go: a UKI may bring a tree, which only one of them takes. */
static bool open_inputs(const struct options *o, struct work *w, struct error *e)
{
	if (!choose_method(o, w, false, e) || !inputs_open(o, &w->in, &w->request, e))
		return false;
	return !w->request.file_call || !uki_has_tree(w->in.kernel.data) ||
	       choose_method(o, w, !o->dtb, e);
}

/* What the options say of the request. */
static bool read_request(const struct options *o, struct work *w, struct error *e)
{
	const char *running = w->machine.cmdline.p;
	struct request *r = &w->request;

	if (!get_seeds(o, r, e) || !get_bounds(o, r, e))
		return false;
	r->hide_xen = o->hide_xen;
	r->hotplug = o->hotplug && w->machine.crash.elfcorehdr_memsz;
	options_cmdline(o, running ? running : "", &w->in.cmdline);
	r->cmdline = w->in.cmdline.p ? w->in.cmdline.p : "";
	return !w->in.cmdline.truncated || fail_memory(e);
}

static bool plan_and_load(const struct options *o, struct work *w, struct error *e)
{
	struct request *r = &w->request;

	if (o->reuse_initrd)
		return fail(e, FAIL_USAGE,
			    "reuse the initrd: its memory is free again; give --initrd");
	if (!probe(o, w, e) || !open_inputs(o, w, e))
		return false;
	if (o->panic && !probe_crash(o->root, &w->machine, !r->file_call, NULL, e))
		return false;
	if (!read_request(o, w, e))
		return false;
	if (!sandbox_plan(o, &w->machine, &w->in, r, &w->sandbox, e))
		return false;
	return carry_out(o, w, e);
}

/* May kexec_load do what kexec_file_load had no room for? With kexec handover, that has its scratch
 * memory only (kernel/liveupdate/kexec_handover.c), and kexec_load all of it; and the running
 * kernel copies what it reads once more. What came through a pipe cannot be read again.
 */
static bool has_other_call(const struct options *o, const struct work *w, const struct error *e)
{
	return (e->code == FAIL_ROOM || e->code == FAIL_MEMORY) && w->request.file_call &&
	       !o->file_call && !o->panic && method_permits_load(&w->machine) &&
	       !inputs_piped(&w->in);
}

/* True in *again: it failed, and there is the other call to try. */
static bool try(const struct options *o, struct work *w, bool *again, struct error *e)
{
	bool ok;

	*w = (struct work){ 0 };
	inputs_start(&w->in);
	w->request.machine = &w->machine;
	ok = plan_and_load(o, w, e);
	*again = !ok && has_other_call(o, w, e);
	sandbox_free(&w->sandbox);
	inputs_close(&w->in);
	return ok;
}

static bool try_both(const struct options *o, struct work *w, struct error *e)
{
	struct options other = *o;
	bool again, ok = try(o, w, &again, e);
	const bool copies = e->code == FAIL_MEMORY;

	if (!again)
		return ok;
	machine_free(&w->machine);
	*e = (struct error){ 0 };
	other.no_file_room = true;
	if (!try(&other, w, &again, e))
		return false;
	log_note("kexec_load is used: kexec_file_load finds no room%s",
		 copies		      ? " for its copies of the files"
		 : w->machine.scratch ? " in kexec handover's scratch memory"
				      : "");
	return true;
}

bool load(const struct options *o, struct error *e)
{
	enum action a = options_action(o);
	struct work w;
	bool ok = try_both(o, &w, e);

	if (ok && a == LOAD_EXEC)
		ok = reboot_kexec(&w.machine, o->no_sync, o->no_ifdown, e);
	machine_free(&w.machine);
	if (ok && a == LOAD_SHUTDOWN)
		ok = reboot_shutdown(e);
	return ok;
}
