/* SPDX-License-Identifier: MIT */
/* What is asked for, and the exit code. */
#include "src/method.h"
#include "src/sys/confine.h"
#include "src/sys/input.h"
#include "src/load.h"
#include "src/sys/pid1.h"
#include "src/sys/probe.h"
#include "src/sys/reboot.h"
#include "src/sys/log.h"
#include "src/sys/kexec_call.h"
#include "src/version.h"

#include <fcntl.h>
#include <unistd.h>

static bool exec(const struct options *o, struct error *e)
{
	struct machine m;

	return probe_state(NULL, &m, e) && reboot_kexec(&m, o->no_sync, o->no_ifdown, e);
}

static bool unload(const struct options *o, struct error *e)
{
	struct machine m;
	bool file_load;

	return probe_state(NULL, &m, e) && method_unload(&m, o->panic, &file_load, e) &&
	       kexec_call_unload(&m, file_load, o->panic, e);
}

/* Is something loaded? */
static bool read_status(struct machine *m, struct error *e)
{
	if (!probe_state(NULL, m, e))
		return false;
	return !m->loaded_unknown ||
	       fail(e, FAIL_MACHINE, "tell what is loaded: not in /sys, or no /sys");
}

static void print_status(const char *what, bool loaded)
{
	struct strbuf t = STRBUF_GROWING;

	strbuf_printf(&t, "%s %s is loaded\n", loaded ? "a" : "no", what);
	log_write(STDOUT_FILENO, &t);
}

/* kexec-tools' codes, which scripts know: 1 when a kernel is loaded, 0 when none is, 255 on error.
 * They are about one of the two kernels; who asks on a terminal is told of the other as well,
 * unless they said which one they mean.
 */
static int status(const struct options *o)
{
	const bool crash = options_status_of_crash(o);
	struct error e = { 0 };
	struct machine m;

	if (!read_status(&m, &e)) {
		log_error(&e);
		return 255;
	}
	if (crash && isatty(STDOUT_FILENO))
		print_status("crash kernel", m.crash_loaded);
	if (!o->panic && isatty(STDOUT_FILENO))
		print_status("kernel", m.loaded);
	return (crash ? m.crash_loaded : m.loaded) ? STATUS_LOADED : FAIL_NONE;
}

static bool act(const struct options *o, struct strbuf *out, struct error *e)
{
	switch (options_action(o)) {
	case SHOW_HELP: options_help(out); return true;
	case SHOW_VERSION: strbuf_printf(out, "kexec-lite " VERSION "\n"); return true;
	case CRASH_SIZE: return probe_crash_size(out, e);
	case CAPTURE: return probe_capture(o->capture, e);
	case EXEC: return exec(o, e);
	case UNLOAD: return unload(o, e);
	default: return load(o, e);
	}
}

/* Callers such as systemd-shutdown close everything; a file that we open must not become stderr. */
static void open_standard(void)
{
	int fd;

	for (fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0)
			open("/dev/null", O_RDWR);
}

int main(int argc, char *argv[])
{
	struct strbuf out = STRBUF_GROWING;
	struct error e = { 0 };
	struct options o;
	int code = FAIL_NONE;

	confine_relro();
	open_standard();
	input_ignore_sigxfsz();
	if (!options_parse(argc, argv, &o, &e)) {
		code = log_error(&e);
	} else {
		if (o.debug && o.ignored)
			log_note("--%s is ignored: it has no effect", o.ignored);
		if (options_action(&o) == STATUS)
			code = status(&o);
		else if (!act(&o, &out, &e) || !print(&out, &e))
			code = log_error(&e);
	}
	/* these two end wherever they run, as everybody expects of them */
	if (options_action(&o) != SHOW_HELP && options_action(&o) != SHOW_VERSION)
		pid1_stay();
	return code;
}
