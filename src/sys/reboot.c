/* SPDX-License-Identifier: MIT */
#include "src/sys/reboot.h"

#include "src/base/strbuf.h"
#include "src/plan/arch_ops.h"
#include "src/sys/files.h"
#include "src/sys/kexec_abi.h"

#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Takes down one interface; arg is a socket. Always goes on. */
static bool interface_down(void *arg, const char *name, bool is_dir)
{
	struct ifreq r = { 0 };
	struct strbuf t = strbuf_fixed(r.ifr_name, IFNAMSIZ);
	const int s = *(const int *)arg;

	(void)is_dir;
	strbuf_printf(&t, "%s", name);
	if (t.truncated || ioctl(s, SIOCGIFFLAGS, &r) || !(r.ifr_flags & IFF_UP) ||
	    r.ifr_flags & IFF_LOOPBACK)
		return true;
	r.ifr_flags = (short)(r.ifr_flags & ~IFF_UP);
	ioctl(s, SIOCSIFFLAGS, &r);
	return true;
}

/* A card that still receives would write into the next kernel's memory. Failures do not matter:
 * what cannot be taken down here is stopped by the kernel's own shutdown.
 */
static void interfaces_down(void)
{
	int s = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int all = open("/sys/class/net", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (s >= 0 && all >= 0)
		files_list(all, interface_down, &s);
	if (all >= 0)
		close(all);
	if (s >= 0)
		close(s);
}

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

bool reboot_kexec(const struct machine *m, const struct reboot_options *o, struct error *e)
{
	if (!m->may_boot)
		return fail_privilege(e, "start the kernel");
	if (!m->loaded && !m->loaded_unknown) {
		fail(e, FAIL_NOTHING, "start a kernel: none is loaded");
		return hint(e, "nothing was started: load a kernel first, with kexec-lite --load");
	}
	if (m->arch->threads)
		run_on(m->first_cpu);
	if (!o->no_sync)
		sync();
	if (!o->no_ifdown)
		interfaces_down();
	syscall(SYS_reboot, REBOOT_MAGIC1, REBOOT_MAGIC2, REBOOT_CMD_KEXEC, NULL);
	return fail(e, FAIL_KERNEL, "start the kernel: %s", strerror(errno));
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
