/* The order of events. The only place that prints and exits. */
#include "choose.h"
#include "files.h"
#include "options.h"
#include "print.h"
#include "probe.h"
#include "scratch.h"
#include "transport.h"
#include "version.h"

#include "../dt/tree.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

static void put(int fd, struct text *t)
{
	if (t->len)
		files_write(fd, t->p, t->len);
	text_free(t);
}

/* Text on stdout, which may be a full disk. */
static bool print(struct text *t, struct error *e)
{
	int err = t->lost ? ENOMEM : t->len ? files_write(STDOUT_FILENO, t->p, t->len) : 0;

	text_free(t);
	return !err || fail(e, FAIL_FILE, "write to standard output: %s", files_errno(err));
}

/* Lines on stderr; as the first process, whose stderr nobody reads, in the kernel's log. */
static void say(struct text *t)
{
	int log = getpid() == 1 ? open("/dev/kmsg", O_WRONLY | O_CLOEXEC) : -1;

	put(log < 0 ? STDERR_FILENO : log, t);
	if (log >= 0)
		close(log);
}

/* The failure: the sentence, and the hint below it. The kernel's log takes one line at a time. */
static int report(const struct error *e)
{
	char buf[256];
	struct text t = text_fixed(buf, sizeof(buf));

	text_add(&t, "kexec-lite: cannot %s\n", e->text);
	say(&t);
	t = text_fixed(buf, sizeof(buf));
	if (e->hint[0])
		text_add(&t, "kexec-lite: %s\n", e->hint);
	say(&t);
	return (int)e->code;
}

static void warn(const char *what)
{
	char buf[200];
	struct text t = text_fixed(buf, sizeof(buf));

	text_add(&t, "kexec-lite: warning: %s\n", what);
	say(&t);
}

static void warn_offline(const struct machine *m)
{
	if (m->cpus_offline)
		warn("some CPUs or threads are offline, and the next kernel may not get them back");
}

/* "a1b2..." into the two seeds; the rest stays zero. */
static bool read_seed(const char *hex, struct request *r, struct error *e)
{
	uint8_t seed[KASLR_SEED + RNG_SEED] = { 0 };
	const char *digits = "0123456789abcdef", *d;
	size_t i;

	for (i = 0; hex[i] && i < 2 * sizeof(seed); i++) {
		d = strchr(digits, hex[i]);
		if (!d)
			break;
		seed[i / 2] = (uint8_t)(seed[i / 2] << 4 | (d - digits));
	}
	if (hex[i] || !i || i % 2)
		return fail(e, FAIL_USAGE, "read the options: --seed takes 2 to %zu hex digits",
			    2 * sizeof(seed));
	memcpy(r->kaslr_seed, seed, KASLR_SEED);
	memcpy(r->rng_seed, seed + KASLR_SEED, RNG_SEED);
	return true;
}

static bool get_seeds(const struct options *o, struct request *r, struct error *e)
{
	if (o->seed)
		return read_seed(o->seed, r, e);
	return files_random(r->kaslr_seed, KASLR_SEED, e) && files_random(r->rng_seed, RNG_SEED, e);
}

/* An address, decimal or 0x. kexecboot writes --mem-max==0x...: the second `=` is no part of it. */
static bool read_address(const char *word, phys *v, struct error *e)
{
	struct span s = { (const uint8_t *)word, strlen(word) };
	char show[NAME_TEXT];
	bool hex;

	span_take(&s, "=");
	hex = span_take(&s, "0x");
	if (span_take_number(&s, hex ? 16 : 10, v) && !s.len)
		return true;
	return fail(e, FAIL_USAGE, "read the options: %s is no address", name_text(show, word));
}

static bool get_bounds(const struct options *o, struct request *r, struct error *e)
{
	return (!o->mem_min || read_address(o->mem_min, &r->bounds.start, e)) &&
	       (!o->mem_max || read_address(o->mem_max, &r->bounds.end, e));
}

static bool show_plan(const struct options *o, const struct plan *p, const struct request *r,
		      struct error *e)
{
	struct text t = TEXT_GROWING;

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
	struct text t = TEXT_GROWING;
	char show[NAME_TEXT];

	if (options_action(o) == LOAD && isatty(STDERR_FILENO))
		text_add(&t,
			 "kexec-lite: %s is loaded: a reboot now starts it (to undo: kexec-lite "
			 "--unload)\n",
			 name_text(show, o->kernel));
	put(STDERR_FILENO, &t);
}

/* What a load works with, all of it open until the call is made. */
struct work {
	struct machine machine;
	struct scratch scratch;
	struct unwrapped unwrapped;
	struct image image;
	struct request request;
	struct input kernel, initrd, dtb;
	struct text cmdline;
	struct plan plan;
};

/* The running kernel gets the file as it is, if that is what is to be loaded: it may want to look at
 * its signature.
 */
static int descriptor(struct work *w, const struct input *in, struct span bytes, struct error *e)
{
	return !in->pipe && bytes.p == in->data.p && bytes.len == in->data.len
		       ? in->fd
		       : scratch_fd(&w->scratch, bytes, e);
}

static bool file_load(struct work *w, struct error *e)
{
	const struct request *r = &w->request;
	int kernel = descriptor(w, &w->kernel, w->unwrapped.kernel, e), initrd = -1;

	if (kernel < 0)
		return false;
	if (r->initrd.len) {
		initrd = descriptor(w, &w->initrd, r->initrd, e);
		if (initrd < 0)
			return false;
	}
	return transport_file_load(kernel, initrd, r->cmdline, &w->machine, e);
}

static bool carry_out(const struct options *o, struct work *w, struct error *e)
{
	const struct request *r = &w->request;
	struct text t = TEXT_GROWING;

	if (!files_unchanged(&w->kernel, e) || !files_unchanged(&w->initrd, e) ||
	    !files_unchanged(&w->dtb, e))
		return false;
	if (o->plan)
		return show_plan(o, &w->plan, r, e);
	if (o->debug)
		print_plan(&w->plan, r, &t);
	put(STDERR_FILENO, &t);
	if (r->file_call ? !file_load(w, e) : !transport_load(&w->plan, &w->machine, e))
		return false;
	w->machine.loaded = true;
	warn_offline(&w->machine);
	say_loaded(o);
	return true;
}

/* A file, or a pipe read to its end. */
static bool open_input(struct work *w, const char *path, const char *what, struct input *in,
		       struct error *e)
{
	return files_open(path, what, in, e) &&
	       (!in->pipe || scratch_read(&w->scratch, in->fd, what, path, &in->data, e));
}

static bool open_files(const struct options *o, struct work *w, struct error *e)
{
	struct request *r = &w->request;
	static const char none[] = "";
	char show[NAME_TEXT];

	scratch_start(&w->scratch, &w->machine, r->file_call);
	if (!open_input(w, o->kernel, "kernel ", &w->kernel, e))
		return false;
	if (o->initrd && *o->initrd) {
		if (!open_input(w, o->initrd, "initrd ", &w->initrd, e))
			return false;
		if (!w->initrd.data.len)
			return fail(e, FAIL_FILE, "load initrd %s: the file is empty",
				    name_text(show, o->initrd));
	}
	r->initrd = w->initrd.data;
	r->dtb_name = none;
	if (!o->dtb || r->file_call)
		return true;
	r->dtb_name = o->dtb;
	if (!open_input(w, o->dtb, "device tree ", &w->dtb, e) ||
	    !tree_check(w->dtb.data, name_text(show, o->dtb), e))
		return false;
	r->dtb = w->dtb.data;
	return true;
}

/* A UKI's own command line counts when none was given. Of its text, line ends are spaces. */
static bool take_cmdline(const struct options *o, struct work *w, struct error *e)
{
	struct span s = w->unwrapped.cmdline;
	char show[NAME_TEXT];
	size_t i;

	while (s.len && s.p[s.len - 1] <= ' ')
		s.len--;
	if (!s.len || o->append || o->reuse_cmdline)
		return true;
	for (i = 0; i < s.len && s.p[i]; i++)
		text_bytes(&w->cmdline, s.p[i] < ' ' ? (const uint8_t *)" " : s.p + i, 1);
	if (i < s.len)
		return fail(e, FAIL_FORMAT, "load kernel %s: its section .cmdline is broken",
			    name_text(show, o->kernel));
	w->request.cmdline = w->cmdline.p;
	return !w->cmdline.lost || fail_memory(e);
}

/* What a UKI brings: its initrd goes before those given, its tree is used unless one is given. */
static bool take_uki(const struct options *o, struct work *w, struct error *e)
{
	const struct unwrapped *u = &w->unwrapped;
	struct request *r = &w->request;
	struct span initrds[] = { u->initrd, r->initrd };

	if (!take_cmdline(o, w, e))
		return false;
	/* MERGE: with several spans in the request this is one more at its front, and no copy */
	if (u->initrd.len && !scratch_join(&w->scratch, initrds, 1 + (r->initrd.len > 0),
					   &r->initrd, e))
		return false;
	if (u->dtb.len && !r->dtb.len && !r->file_call) {
		r->dtb = u->dtb;
		r->dtb_name = o->kernel;
	}
	return true;
}

static bool unwrap_kernel(const struct options *o, struct work *w, struct error *e)
{
	w->scratch.name = isatty(STDERR_FILENO) ? o->kernel : NULL;
	if (!w->kernel.pipe && !w->kernel.copy.len)
		w->scratch.input = w->kernel.data;
	return unwrap(w->kernel.data, o->kernel, &w->machine, &w->scratch.store, &w->unwrapped,
		      e) &&
	       take_uki(o, w, e) &&
	       image_parse(w->unwrapped.kernel, o->kernel, &w->machine, &w->image, e);
}

static bool plan_and_load(const struct options *o, struct work *w, struct error *e)
{
	struct request *r = &w->request;

	if (!open_files(o, w, e) || !unwrap_kernel(o, w, e))
		return false;
	if (r->file_call)
		return plan_check_cmdline(r, e) && carry_out(o, w, e);
	return (!o->run_at_load || image_stay(&w->image, o->kernel, &w->machine, e)) &&
	       plan_make(r, &w->plan, e) && carry_out(o, w, e);
}

static bool choose_call(const struct options *o, struct work *w, struct error *e)
{
	const struct machine *m = &w->machine;
	struct choice c;

	if (!choose(o, m, &c, e))
		return false;
	w->request.file_call = c.file;
	w->request.why = c.why;
	if (o->plan)
		return true;
	if (!transport_may_load(m, c.file, e) || (!o->force_xen && !transport_may_jump(m, e)))
		return false;
	if (c.lost)
		warn("--dtb is not honoured: kexec_file_load takes no device tree");
	return true;
}

static bool prepare(const struct options *o, struct work *w, struct error *e)
{
	struct request *r = &w->request;

	if (o->panic)
		return fail(e, FAIL_USAGE, "load a crash kernel: kexec-lite does not do that yet");
	if (o->reuse_initrd)
		return fail(e, FAIL_USAGE,
			    "reuse the initrd: its memory is used again; give --initrd");
	if (!probe_state(o->root, &w->machine, e) ||
	    (!o->plan && !transport_may_ask(&w->machine, e)) ||
	    !probe_machine(o->root, &w->machine, e) || !choose_call(o, w, e) ||
	    !get_seeds(o, r, e) || !get_bounds(o, r, e))
		return false;
	options_cmdline(o, w->machine.cmdline.p ? w->machine.cmdline.p : "", &w->cmdline);
	r->cmdline = w->cmdline.p ? w->cmdline.p : "";
	return !w->cmdline.lost || fail_memory(e);
}

static bool load(const struct options *o, struct error *e)
{
	const struct exec_options how = { .no_sync = o->no_sync, .no_ifdown = o->no_ifdown };
	struct work w = {
		.kernel = NO_INPUT,
		.initrd = NO_INPUT,
		.dtb = NO_INPUT,
		.cmdline = TEXT_GROWING,
	};
	enum action a = options_action(o);
	bool ok;

	w.request.machine = &w.machine;
	w.request.image = &w.image;
	ok = prepare(o, &w, e) && plan_and_load(o, &w, e);
	plan_free(&w.plan);
	image_free(&w.image);
	files_close(&w.kernel);
	files_close(&w.initrd);
	files_close(&w.dtb);
	scratch_free(&w.scratch);
	text_free(&w.cmdline);
	if (ok && a == LOAD_EXEC)
		ok = transport_exec(&w.machine, &how, e);
	machine_free(&w.machine);
	return ok && a == LOAD_SHUTDOWN ? transport_shutdown(e) : ok;
}

static bool state_action(const struct options *o, struct machine *m, struct error *e)
{
	const struct exec_options how = { .no_sync = o->no_sync, .no_ifdown = o->no_ifdown };

	if (!probe_state(NULL, m, e))
		return false;
	if (!o->exec)
		return transport_unload(m, o->panic, e);
	warn_offline(m);
	return transport_exec(m, &how, e);
}

/* kexec-tools' codes, which scripts know: 1 when a kernel is loaded, 0 when none is, 255 on error.
 */
static int status(const struct options *o)
{
	const char *what = o->panic ? "crash kernel" : "kernel";
	struct machine m;
	struct error e = { 0 };
	struct text t = TEXT_GROWING;
	bool loaded;

	if (!probe_state(NULL, &m, &e) ||
	    (m.loaded_unknown &&
	     !fail(&e, FAIL_MACHINE, "tell what is loaded: there is no /sys"))) {
		report(&e);
		return 255;
	}
	loaded = o->panic ? m.crash_loaded : m.loaded;
	if (isatty(STDOUT_FILENO))
		text_add(&t, "%s %s is loaded\n", loaded ? "a" : "no", what);
	put(STDOUT_FILENO, &t);
	return loaded ? STATUS_LOADED : FAIL_NONE;
}

static void debug_ignored(const struct options *o)
{
	char buf[128];
	struct text t = text_fixed(buf, sizeof(buf));

	if (!o->debug || !o->ignored)
		return;
	text_add(&t, "kexec-lite: --%s means nothing here\n", o->ignored);
	say(&t);
}

static bool act(const struct options *o, struct text *out, struct error *e)
{
	struct machine m;

	switch (options_action(o)) {
	case SHOW_HELP: options_help(out); return true;
	case SHOW_VERSION: text_add(out, "kexec-lite " VERSION "\n"); return true;
	case CRASH_SIZE: return probe_crash_size(out, e);
	case CAPTURE: return probe_capture(o->capture, e);
	case EXEC:
	case UNLOAD: return state_action(o, &m, e);
	default: return load(o, e);
	}
}

/* Callers such as systemd-shutdown close everything; a file that we open must not become stderr. */
static void open_standard(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDWR);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd > STDERR_FILENO)
		close(fd);
}

int main(int argc, char *argv[])
{
	struct text out = TEXT_GROWING;
	struct error e = { 0 };
	struct options o;
	int code = FAIL_NONE;

	open_standard();
	if (!options_parse(argc, argv, &o, &e)) {
		code = report(&e);
	} else {
		debug_ignored(&o);
		if (options_action(&o) == STATUS)
			code = status(&o);
		else if (!act(&o, &out, &e) || !print(&out, &e))
			code = report(&e);
	}
	/* The first process must not end: that panics the machine, and nobody could read why. */
	while (getpid() == 1)
		pause();
	return code;
}
