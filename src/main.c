/* The order of events. The only place that prints and exits. */
#include "files.h"
#include "options.h"
#include "print.h"
#include "probe.h"
#include "transport.h"
#include "version.h"

#include "../dt/tree.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

static void put(int fd, struct text *t)
{
	if (t->len)
		files_write(fd, t->p, t->len);
	text_free(t);
}

static void warn_offline(const struct machine *m)
{
	char buf[200];
	struct text t = text_fixed(buf, sizeof(buf));

	if (!m->cpus_offline)
		return;
	text_add(&t, "kexec-lite: warning: some CPUs or threads are offline, and the next kernel may "
		     "not get them back\n");
	put(STDERR_FILENO, &t);
}

/* Text on stdout, which may be a full disk. */
static bool print(struct text *t, struct error *e)
{
	int err = t->lost ? ENOMEM : t->len ? files_write(STDOUT_FILENO, t->p, t->len) : 0;

	text_free(t);
	return !err || fail(e, FAIL_FILE, "write to standard output: %s", strerror(err));
}

/* Prints the failure: the sentence, and the hint below it. */
static int report(const struct error *e)
{
	char buf[512];
	struct text t = text_fixed(buf, sizeof(buf));

	text_add(&t, "kexec-lite: cannot %s\n", e->text);
	if (e->hint[0])
		text_add(&t, "kexec-lite: %s\n", e->hint);
	put(STDERR_FILENO, &t);
	return (int)e->code;
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
	return files_random(r->kaslr_seed, KASLR_SEED, e) &&
	       files_random(r->rng_seed, RNG_SEED, e);
}

static bool show_plan(const struct options *o, const struct plan *p, const struct request *r,
		      struct error *e)
{
	struct text t = TEXT_GROWING;

	if (o->dump_dtb && !files_save(NULL, o->dump_dtb, plan_segment(p, TREE)->data, e))
		return false;
	if (o->json)
		print_json(p, r, &t);
	else
		print_plan(p, r, &t);
	return print(&t, e);
}

static bool load_plan(const struct options *o, const struct plan *p, const struct request *r,
		      struct error *e)
{
	struct text t = TEXT_GROWING;
	char show[NAME_TEXT];

	if (o->debug)
		print_plan(p, r, &t);
	put(STDERR_FILENO, &t);
	if (!transport_load(p, r->machine, e))
		return false;
	warn_offline(r->machine);
	if (isatty(STDERR_FILENO))
		text_add(&t, "kexec-lite: %s is loaded: a reboot now starts it (to undo: kexec-lite "
			     "--unload)\n",
			 name_text(show, o->kernel));
	put(STDERR_FILENO, &t);
	return true;
}

static bool plan_and_load(const struct options *o, const struct request *r, struct error *e)
{
	struct plan p;
	bool ok = plan_make(r, &p, e);

	if (ok)
		ok = o->plan ? show_plan(o, &p, r, e) : load_plan(o, &p, r, e);
	plan_free(&p);
	return ok;
}

/* The files of the request, mapped: nothing is copied but trees. */
static bool with_files(const struct options *o, struct request *r, struct image *img,
		       struct error *e)
{
	struct span kernel = { 0 };
	char show[NAME_TEXT];
	bool ok;

	ok = files_map(o->kernel, "kernel ", &kernel, e);
	if (ok && o->initrd && *o->initrd) {
		ok = files_map(o->initrd, "initrd ", &r->initrd, e);
		if (ok && !r->initrd.len)
			ok = fail(e, FAIL_FILE, "load initrd %s: the file is empty",
				  name_text(show, o->initrd));
	}
	if (ok && o->dtb) {
		r->dtb_name = name_text(show, o->dtb);
		ok = files_map(o->dtb, "device tree ", &r->dtb, e) &&
		     tree_check(r->dtb, r->dtb_name, e);
	}
	if (ok)
		ok = image_parse(kernel, o->kernel, r->machine, img, e) &&
		     (!o->run_at_load || image_stay(img, o->kernel, r->machine, e)) &&
		     plan_and_load(o, r, e);
	image_free(img);
	files_unmap(&kernel);
	files_unmap(&r->initrd);
	files_unmap(&r->dtb);
	return ok;
}

static bool load(const struct options *o, struct error *e)
{
	struct machine m;
	struct image img = { 0 };
	struct request r = { .machine = &m, .image = &img };
	struct text cmdline = TEXT_GROWING;
	bool ok;

	ok = probe_state(o->root, &m, e) && (o->plan || transport_may_load(&m, e)) &&
	     probe_machine(o->root, &m, e) && get_seeds(o, &r, e);
	if (ok) {
		options_cmdline(o, m.cmdline.p ? m.cmdline.p : "", &cmdline);
		r.cmdline = cmdline.p ? cmdline.p : "";
		ok = cmdline.lost ? fail_memory(e) : with_files(o, &r, &img, e);
	}
	text_free(&cmdline);
	machine_free(&m);
	return ok;
}

static bool state_action(const struct options *o, struct machine *m, struct error *e)
{
	const struct exec_options how = { .no_sync = o->no_sync, .no_ifdown = o->no_ifdown };

	if (!probe_state(NULL, m, e))
		return false;
	if (o->exec)
		warn_offline(m);
	if (o->exec)
		return transport_exec(m, &how, e);
	return transport_unload(m, e);
}

/* kexec-tools' codes, which scripts know: 1 when a kernel is loaded, 0 when none is, 255 on error. */
static int status(void)
{
	struct machine m;
	struct error e = { 0 };
	struct text t = TEXT_GROWING;

	if (!probe_state(NULL, &m, &e)) {
		report(&e);
		return 255;
	}
	if (isatty(STDOUT_FILENO))
		text_add(&t, "%s\n", m.loaded ? "a kernel is loaded" : "no kernel is loaded");
	put(STDOUT_FILENO, &t);
	return m.loaded ? STATUS_LOADED : FAIL_NONE;
}

static int run(const struct options *o, struct error *e)
{
	struct text t = TEXT_GROWING;
	struct machine m;
	bool ok = true;

	if (o->help)
		options_help(&t);
	else if (o->version)
		text_add(&t, "kexec-lite " VERSION "\n");
	else if (o->status)
		return status();
	else if (o->capture)
		ok = probe_capture(o->capture, e);
	else if (o->exec || o->unload)
		ok = state_action(o, &m, e);
	else
		ok = load(o, e);
	if (ok)
		ok = print(&t, e);
	return ok ? FAIL_NONE : report(e);
}

int main(int argc, char *argv[])
{
	struct options o;
	struct error e = { 0 };

	return options_parse(argc, argv, &o, &e) ? run(&o, &e) : report(&e);
}
