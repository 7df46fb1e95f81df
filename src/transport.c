#include "transport.h"

#include "../arch/arch.h"
#include "kexec_abi.h"

#include <dirent.h>
#include <errno.h>
#include <net/if.h>
#include <sched.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

static const char *const lockdown_name[] = { "none", "integrity", "confidentiality" };

static bool fail_privilege(const char *what, struct error *e)
{
	fail(e, FAIL_PRIVILEGE, "%s: this takes root (CAP_SYS_BOOT)", what);
	return hint(e, "nothing was done: run kexec-lite as root");
}

/* kexec_load_permitted() in kernel/kexec_core.c: for loading and unloading alike. */
static bool may_call(const char *what, const struct machine *m, struct error *e)
{
	if (!m->may_boot)
		return fail_privilege(what, e);
	if (m->load_disabled) {
		fail(e, FAIL_POLICY, "%s: kernel.kexec_load_disabled is 1", what);
		return hint(e, "nothing was done: loading and unloading are off until the next reboot");
	}
	if (m->limit_reboot == 0) {
		fail(e, FAIL_POLICY, "%s: kernel.kexec_load_limit_reboot is used up", what);
		return hint(e, "nothing was done: only a reboot lifts the load limit");
	}
	return true;
}

bool transport_may_load(const struct machine *m, struct error *e)
{
	if (!may_call("load a kernel", m, e))
		return false;
	if (!m->has_load)
		return fail(e, FAIL_NOSYS, "load a kernel: the running kernel %s has no kexec_load",
			    m->release);
	if (m->lockdown != LOCKDOWN_NONE)
		return fail(e, FAIL_POLICY, "load a kernel: the running kernel is locked down (%s)",
			    lockdown_name[m->lockdown]);
	return true;
}

/* The errors of kexec_load(2) that transport_may_load() could not foresee. */
static bool fail_load(const char *what, int err, const struct machine *m, struct error *e)
{
	switch (err) {
	case EPERM:
		if (!m->may_boot)
			return fail_privilege(what, e);
		return fail(e, FAIL_POLICY, "%s: a security policy or container forbids it", what);
	case EACCES:
		return fail(e, FAIL_POLICY, "%s: a security module forbids it", what);
	case ENOMEM:
		fail(e, FAIL_MEMORY, "%s: the running kernel is out of memory", what);
		return hint(e, "nothing was loaded: free some memory and try again");
	case EBUSY:
		return fail(e, FAIL_KERNEL, "%s: another load is under way", what);
	case ENOSYS:
		return fail(e, FAIL_NOSYS, "%s: the running kernel %s has no kexec_load", what,
			    m->release);
	default:
		return fail(e, FAIL_KERNEL, "%s: the running kernel refused (%s)", what,
			    strerror(err));
	}
}

static long kexec_load(unsigned long entry, unsigned long n, const struct kexec_segment_abi *seg,
		       unsigned long flags)
{
	return syscall(SYS_kexec_load, entry, n, seg, flags);
}

bool transport_load(const struct plan *p, const struct machine *m, struct error *e)
{
	struct kexec_segment_abi seg[SEGMENTS_MAX];
	size_t i;

	for (i = 0; i < p->n; i++)
		seg[i] = (struct kexec_segment_abi){
			.buf = p->seg[i].data.p,
			.bufsz = p->seg[i].data.len,
			.mem = p->seg[i].at.start,
			.memsz = p->seg[i].at.end - p->seg[i].at.start,
		};
	return kexec_load(p->entry, p->n, seg, m->arch->kexec_arch) == 0 ||
	       fail_load("load a kernel", errno, m, e);
}

bool transport_unload(const struct machine *m, struct error *e)
{
	return (may_call("unload the kernel", m, e) &&
		kexec_load(0, 0, NULL, m->arch->kexec_arch) == 0) ||
	       fail_load("unload the kernel", errno, m, e);
}

static void interface_down(int s, const char *name)
{
	struct ifreq r = { 0 };
	struct text t = text_fixed(r.ifr_name, IFNAMSIZ);

	text_add(&t, "%s", name);
	if (t.lost || ioctl(s, SIOCGIFFLAGS, &r) || !(r.ifr_flags & IFF_UP) ||
	    r.ifr_flags & IFF_LOOPBACK)
		return;
	r.ifr_flags = (short)(r.ifr_flags & ~IFF_UP);
	ioctl(s, SIOCSIFFLAGS, &r);
}

/* A card that still receives would write into the next kernel's memory. Failures do not matter: what
 * cannot be taken down here is stopped by the kernel's own shutdown.
 */
static void interfaces_down(void)
{
	int s = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	DIR *all = opendir("/sys/class/net");
	struct dirent *entry;

	while (s >= 0 && all && (entry = readdir(all)))
		if (entry->d_name[0] != '.')
			interface_down(s, entry->d_name);
	if (all)
		closedir(all);
	if (s >= 0)
		close(s);
}

/* The CPU that calls becomes the next kernel's boot CPU: the lowest thread that is online, since kernels
 * expect a core's first thread. Recent ones see to it themselves.
 */
static void run_on(unsigned cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	if (cpu < CPU_SETSIZE)
		CPU_SET(cpu, &set);
	sched_setaffinity(0, sizeof(set), &set);
}

bool transport_exec(const struct machine *m, const struct exec_options *o, struct error *e)
{
	if (!m->may_boot)
		return fail_privilege("start the loaded kernel", e);
	if (!m->loaded) {
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
	return fail(e, FAIL_KERNEL, "start the loaded kernel: %s", strerror(errno));
}
