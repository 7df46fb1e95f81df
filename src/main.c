/* The order of events. The only place that prints and exits. */
#include "choose.h"
#include "files.h"
#include "options.h"
#include "print.h"
#include "probe.h"
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
	return !err || fail(e, FAIL_FILE, "write to standard output: %s", strerror(err));
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

static void warn_risk(const char *why)
{
	char buf[160];
	struct text t = text_fixed(buf, sizeof(buf));

	text_add(&t, "%s: if the next kernel hangs, boot this one with irqchip.gicv3_nolpi=y", why);
	warn(buf);
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

	for (i = 0; i < 2 * sizeof(seed) && hex[i]; i++) {
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
			 "kexec-lite: %s is loaded: a %s now starts it (to undo: kexec-lite "
			 "%s--unload)\n",
			 name_text(show, o->kernel), o->panic ? "panic" : "reboot",
			 o->panic ? "-p " : "");
	put(STDERR_FILENO, &t);
}

/* What a load works with, all of it open until the call is made. */
struct work {
	struct machine machine;
	struct image image;
	struct request request;
	struct input kernel, dtb, initrd[WORDS_MAX], overlay[WORDS_MAX];
	struct overlay overlays[WORDS_MAX];
	char dtb_name[NAME_TEXT];
	struct text cmdline;
	struct plan plan;
};

_Static_assert(WORDS_MAX < INITRDS_MAX, "the kernel may bring one more initrd");

/* kexec_file_load takes one initrd: several become one file. */
static bool file_load(struct work *w, bool panic, struct error *e)
{
	const struct request *r = &w->request;
	int joined = -1;
	bool ok;

	if (r->initrds > 1) {
		joined = files_join(r->initrd, r->initrds, INITRD_GAP, "initrds", e);
		if (joined < 0)
			return false;
	}
	ok = transport_file_load(w->kernel.fd, joined < 0 ? w->initrd[0].fd : joined, r->cmdline,
				 &w->machine, panic, e);
	if (joined >= 0)
		close(joined);
	return ok;
}

/* Of crash kernels the running kernel drops the old one before it takes the new one in. */
static bool fail_loaded(const struct options *o, const struct machine *m, struct error *e)
{
	struct machine now;
	struct error none = { 0 };

	e->closed = false;
	if (o->panic && m->crash_loaded && probe_state(NULL, &now, &none) && !now.crash_loaded)
		hint(e, "the crash kernel that was loaded before is gone: a panic now starts none");
	return false;
}

static bool carry_out(const struct options *o, struct work *w, struct error *e)
{
	const struct request *r = &w->request;
	struct text t = TEXT_GROWING;

	if (o->plan)
		return show_plan(o, &w->plan, r, e);
	if (o->debug)
		print_plan(&w->plan, r, &t);
	put(STDERR_FILENO, &t);
	if (r->file_call ? !file_load(w, o->panic, e)
			 : !transport_load(&w->plan, &w->machine, r->hotplug, e))
		return fail_loaded(o, &w->machine, e);
	if (!o->panic) {
		w->machine.loaded = true;
		warn_offline(&w->machine);
	}
	say_loaded(o);
	return true;
}

static bool open_initrds(const struct options *o, struct work *w, struct error *e)
{
	struct request *r = &w->request;
	char show[NAME_TEXT];
	size_t i;

	for (i = 0; i < o->initrd.n; i++) {
		if (!files_open(o->initrd.v[i], "initrd ", &w->initrd[i], e))
			return false;
		if (!w->initrd[i].data.len)
			return fail(e, FAIL_FILE, "load initrd %s: the file is empty",
				    name_text(show, o->initrd.v[i]));
		r->initrd[r->initrds++] = w->initrd[i].data;
	}
	return true;
}

/* A tree whose root says another machine is loaded all the same: names change from one kernel's
 * tree to the next one's, and a wrong one's memory is refused later on.
 */
static bool open_dtb(const struct options *o, struct work *w, struct error *e)
{
	struct request *r = &w->request;

	r->dtb_name = o->dtb ? name_text(w->dtb_name, o->dtb) : "";
	if (!o->dtb)
		return true;
	if (!files_open(o->dtb, "device tree ", &w->dtb, e) ||
	    !tree_check(w->dtb.data, r->dtb_name, e))
		return false;
	r->dtb = w->dtb.data;
	if (!merge_same_machine(r->dtb.p, w->machine.fdt.p))
		warn("--dtb is for another machine: its compatible is not this one's");
	return true;
}

static bool open_overlays(const struct options *o, struct work *w, struct error *e)
{
	struct request *r = &w->request;
	const char *path;
	char show[NAME_TEXT];

	r->overlay = w->overlays;
	for (; r->overlays < o->overlay.n; r->overlays++) {
		path = o->overlay.v[r->overlays];
		if (!files_open(path, "overlay ", &w->overlay[r->overlays], e) ||
		    !tree_check(w->overlay[r->overlays].data, name_text(show, path), e))
			return false;
		w->overlays[r->overlays] = (struct overlay){ w->overlay[r->overlays].data, path };
	}
	return true;
}

static bool open_files(const struct options *o, struct work *w, struct error *e)
{
	struct request *r = &w->request;

	return files_open(o->kernel, "kernel ", &w->kernel, e) && open_initrds(o, w, e) &&
	       (r->file_call || (open_dtb(o, w, e) && open_overlays(o, w, e)));
}

static bool plan_and_load(const struct options *o, struct work *w, struct error *e)
{
	struct request *r = &w->request;

	if (!open_files(o, w, e) ||
	    !image_parse(w->kernel.data, o->kernel, &w->machine, &w->image, e))
		return false;
	if (r->file_call)
		return plan_check_cmdline(r, e) && carry_out(o, w, e);
	/* a crash kernel is written to its place as it is loaded */
	if (w->machine.live && !o->panic)
		probe_pages(&w->machine, r->initrds ? r->initrd[r->initrds - 1] : w->kernel.data);
	return (!(o->run_at_load || o->panic) ||
		image_stay(&w->image, o->kernel, &w->machine, e)) &&
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
	if (c.risk)
		warn_risk(c.risk);
	return true;
}

static bool prepare(const struct options *o, struct work *w, struct error *e)
{
	struct request *r = &w->request;

	if (o->reuse_initrd)
		return fail(e, FAIL_USAGE,
			    "reuse the initrd: its memory is used again; give --initrd");
	if (!probe_state(o->root, &w->machine, e) ||
	    (!o->plan && !transport_may_ask(&w->machine, o->panic, e)) ||
	    !probe_machine(o->root, &w->machine, e) || !choose_call(o, w, e) ||
	    (o->panic && !probe_crash(o->root, &w->machine, !r->file_call, NULL, e)) ||
	    !get_seeds(o, r, e) || !get_bounds(o, r, e))
		return false;
	r->hotplug = o->hotplug && w->machine.crash.core_room;
	options_cmdline(o, w->machine.cmdline.p ? w->machine.cmdline.p : "", &w->cmdline);
	r->cmdline = w->cmdline.p ? w->cmdline.p : "";
	return !w->cmdline.lost || fail_memory(e);
}

static bool load(const struct options *o, struct error *e)
{
	const struct exec_options how = { .no_sync = o->no_sync, .no_ifdown = o->no_ifdown };
	struct work w = {
		.kernel = NO_INPUT,
		.dtb = NO_INPUT,
		.cmdline = TEXT_GROWING,
	};
	enum action a = options_action(o);
	size_t i;
	bool ok;

	for (i = 0; i < WORDS_MAX; i++)
		w.initrd[i] = w.overlay[i] = (struct input)NO_INPUT;
	w.request.machine = &w.machine;
	w.request.image = &w.image;
	ok = prepare(o, &w, e) && plan_and_load(o, &w, e);
	plan_free(&w.plan);
	image_free(&w.image);
	files_close(&w.kernel);
	files_close(&w.dtb);
	for (i = 0; i < WORDS_MAX; i++) {
		files_close(&w.initrd[i]);
		files_close(&w.overlay[i]);
	}
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
	     !fail(&e, FAIL_MACHINE, "tell what is loaded: /sys is not there or does not say"))) {
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
