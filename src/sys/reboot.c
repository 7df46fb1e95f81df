/* SPDX-License-Identifier: MIT */
#include "src/sys/reboot.h"

#include "src/plan/arch_ops.h"
#include "src/sys/network.h"
#include "src/sys/pid1.h"

#include <errno.h>
#include <sched.h>
#include <string.h>
#include <sys/reboot.h>
#include <time.h>
#include <unistd.h>

/* The CPU that calls becomes the next kernel's boot CPU: the lowest thread that is online, since
 * kernels expect a core's first thread. Recent ones see to it themselves.
 */
static void run_on(unsigned cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	if (cpu < CPU_SETSIZE)
		CPU_SET(cpu, &set);
	sched_setaffinity(0, sizeof(set), &set);
}

/* A load that is under way holds the lock of kexec while it copies. Returns an errno. */
static int start(void)
{
	const struct timespec wait = { .tv_nsec = 100000000 };
	int tries = 30, err;

	do {
		reboot(RB_KEXEC);
		err = errno;
		if (err == EBUSY)
			nanosleep(&wait, NULL);
	} while (err == EBUSY && --tries);
	return err;
}

static bool fail_nothing(struct error *e)
{
	fail(e, FAIL_NOTHING, "start a kernel: none is loaded");
	return hint(e, "nothing was started: load a kernel first, with kexec-lite --load");
}

static bool fail_start(const struct machine *m, int err, struct error *e)
{
	if (err == EINVAL && m->loaded_unknown)
		return fail_nothing(e);
	if (err == EBUSY)
		return fail(e, FAIL_KERNEL, "start the kernel: another load is under way");
	return fail(e, FAIL_KERNEL, "start the kernel: the running kernel refused (%s)",
		    strerror(err));
}

static bool may_start(const struct machine *m, struct error *e)
{
	if (!m->may_boot)
		return fail_privilege(e, "start the kernel");
	/* kernel/pid_namespace.c, reboot_pid_ns() */
	if (pid1_in_container()) {
		fail(e, FAIL_POLICY, "start the kernel: no container may do that");
		return hint(e, "nothing was started: run kexec-lite on the host");
	}
	return m->loaded || m->loaded_unknown || fail_nothing(e);
}

bool reboot_kexec(const struct machine *m, bool no_sync, bool no_ifdown, struct error *e)
{
	struct network network;
	int err;

	if (!may_start(m, e))
		return false;
	if (m->arch->threads)
		run_on(m->first_cpu);
	if (!no_sync)
		sync();
	/* a card that still receives would write into the next kernel's memory */
	if (!no_ifdown)
		network_down(&network);
	err = start();
	if (!no_ifdown) {
		network_up(&network);
		network_end(&network);
	}
	return fail_start(m, err, e);
}

bool reboot_shutdown(struct error *e)
{
	static const char *const paths[] = { "/sbin/shutdown", "/usr/sbin/shutdown",
					     "/bin/shutdown", "/usr/bin/shutdown" };
	char *const argv[] = { "shutdown", "-r", "now", NULL };
	size_t i;

	/* by path: boot menus and shutdown scripts have no PATH */
	for (i = 0; i < ARRAY_SIZE(paths); i++)
		execv(paths[i], argv);
	fail(e, FAIL_FILE, "run shutdown: %s", strerror(errno));
	return hint(e, "the kernel is loaded: kexec-lite -e starts it, --unload forgets it");
}
