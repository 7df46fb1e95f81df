/* What is asked for, and the exit code. */
#include "src/sys/files.h"
#include "src/load.h"
#include "src/sys/probe.h"
#include "src/sys/record.h"
#include "src/sys/log.h"
#include "src/sys/kexec_call.h"
#include "src/version.h"

#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

static bool state_action(const struct options *o, struct machine *m, struct error *e)
{
	const struct exec_options how = { .no_sync = o->no_sync, .no_ifdown = o->no_ifdown };

	if (!probe_state(NULL, m, e))
		return false;
	if (!o->exec) {
		if (!kexec_call_unload(m, o->panic, e))
			return false;
		if (o->panic)
			record_keep(NULL, false);
		return true;
	}
	warn_offline(m);
	return kexec_call_exec(m, &how, e);
}

/* kexec-tools' codes, which scripts know: 1 when a kernel is loaded, 0 when none is, 255 on error.
 */
static int status(const struct options *o)
{
	const char *what = o->panic ? "crash kernel" : "kernel";
	struct machine m;
	struct error e = { 0 };
	struct strbuf t = STRBUF_GROWING;
	bool loaded;

	if (!probe_state(NULL, &m, &e) ||
	    (m.loaded_unknown &&
	     !fail(&e, FAIL_MACHINE, "tell what is loaded: /sys is not there or does not say"))) {
		log_error(&e);
		return 255;
	}
	loaded = o->panic ? m.crash_loaded : m.loaded;
	if (isatty(STDOUT_FILENO))
		strbuf_printf(&t, "%s %s is loaded\n", loaded ? "a" : "no", what);
	log_write(STDOUT_FILENO, &t);
	if (loaded && o->panic && o->debug) {
		strbuf_printf(&t, "kexec-lite: ");
		if (!record_compare(&t, &e)) {
			strbuf_free(&t);
			log_error(&e);
			return 255;
		}
		log_print(&t);
	}
	return loaded ? STATUS_LOADED : FAIL_NONE;
}

static void debug_ignored(const struct options *o)
{
	char buf[128];
	struct strbuf t = strbuf_fixed(buf, sizeof(buf));

	if (!o->debug || !o->ignored)
		return;
	strbuf_printf(&t, "kexec-lite: --%s means nothing here\n", o->ignored);
	log_print(&t);
}

static bool act(const struct options *o, struct strbuf *out, struct error *e)
{
	struct machine m;

	switch (options_action(o)) {
	case SHOW_HELP: options_help(out); return true;
	case SHOW_VERSION: strbuf_printf(out, "kexec-lite " VERSION "\n"); return true;
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

	for (fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (syscall(SYS_fcntl, fd, F_GETFD) < 0)
			open("/dev/null", O_RDWR);
}

int main(int argc, char *argv[])
{
	struct strbuf out = STRBUF_GROWING;
	struct error e = { 0 };
	struct options o;
	int code = FAIL_NONE;

	open_standard();
	files_start();
	if (!options_parse(argc, argv, &o, &e)) {
		code = log_error(&e);
	} else {
		debug_ignored(&o);
		if (options_action(&o) == STATUS)
			code = status(&o);
		else if (!act(&o, &out, &e) || !print(&out, &e))
			code = log_error(&e);
	}
	/* The first process must not end: that panics the machine, and nobody could read why. */
	while (getpid() == 1)
		pause();
	return code;
}
