#include "src/sys/kexec_call.h"

#include "arch/arch.h"
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

static bool fail_privilege(const char *what, struct error *e)
{
	fail(e, FAIL_PRIVILEGE, "%s: this takes root (CAP_SYS_BOOT)", what);
	return hint(e, "nothing was done: run kexec-lite as root");
}

/* kexec_load_permitted() in kernel/kexec_core.c: for loading and unloading alike. */
static bool may_call(const char *what, const struct machine *m, bool crash, struct error *e)
{
	if (!m->may_boot)
		return fail_privilege(what, e);
	if (m->load_disabled) {
		fail(e, FAIL_POLICY, "%s: kernel.kexec_load_disabled is 1", what);
		return hint(
			e, "nothing was done: loading and unloading are off until the next reboot");
	}
	if ((crash ? m->limit_panic : m->limit_reboot) == 0) {
		fail(e, FAIL_POLICY, "%s: %s", what,
		     crash ? "kernel.kexec_load_limit_panic is used up"
			   : "kernel.kexec_load_limit_reboot is used up");
		return hint(e, "nothing was done: only a reboot lifts the load limit");
	}
	return true;
}

bool method_may_ask(const struct machine *m, bool crash, struct error *e)
{
	return may_call("load a kernel", m, crash, e);
}

static bool fail_lockdown(const struct machine *m, struct error *e)
{
	fail(e, FAIL_POLICY,
	     "load a kernel: lockdown (%s) of the running kernel forbids kexec_load",
	     lockdown_name(m->lockdown));
	if (m->has_file_load)
		return hint(e,
			    "nothing was loaded: leave out -c, and kexec_file_load takes a signed "
			    "kernel");
	return hint(e,
		    "nothing was loaded: lockdown ends with secure boot switched off in firmware");
}

bool method_may_load(const struct machine *m, bool file_call, struct error *e)
{
	const char *call = file_call ? "kexec_file_load" : "kexec_load";

	if (file_call ? !m->has_file_load : !m->has_load)
		return fail(e, FAIL_NOSYS, "load a kernel: the running kernel %s has no %s",
			    m->release, call);
	if (!file_call && m->lockdown != LOCKDOWN_NONE)
		return fail_lockdown(m, e);
	return true;
}

bool method_may_jump(const struct machine *m, struct error *e)
{
	if (!m->xen || !m->arch->xen_fails)
		return true;
	fail(e, FAIL_XEN, "load a kernel: under Xen on %s the next kernel panics in xen_guest_init",
	     m->arch->name);
	return hint(e,
		    "nothing was loaded: Xen keeps the CPUs' info pages; --force-xen loads all the "
		    "same");
}

/* What errno means where method_may_load() could not foresee it. An errno has one meaning for
 * both calls; those of kexec_file_load about the kernel's file come last (kernel/kexec_file.c,
 * security/integrity, crypto/asymmetric_keys).
 */
static const struct meaning {
	int err;
	enum code code;
	const char *why, *hint;
} meanings[] = {
	{ EPERM, FAIL_POLICY, "a security policy or container forbids it",
	  "nothing was done: in a container, run kexec-lite on the host" },
	{ EACCES, FAIL_POLICY, "a security module or IMA policy forbids it",
	  "nothing was done: IMA wants the file signed or measured (see "
	  "/sys/kernel/security/ima)" },
	{ ENOMEM, FAIL_MEMORY, "the running kernel is out of memory",
	  "nothing was loaded: free some memory and try again" },
	{ ENOSYS, FAIL_NOSYS, "the running kernel has no such system call", NULL },
	{ EADDRNOTAVAIL, FAIL_ROOM, "the running kernel finds no hole for it",
	  "nothing was loaded: -c places by itself, and kexec-lite --plan -c shows where" },
	{ EFAULT, FAIL_FILE, "a file was cut short meanwhile",
	  "nothing was loaded: try again when the file is whole" },
	{ ETXTBSY, FAIL_FILE, "a file is open for writing",
	  "nothing was loaded: close the file, or load a copy of it" },
	{ EKEYREJECTED, FAIL_POLICY,
	  "the kernel's signature is not by a key that this machine trusts",
	  "nothing was loaded: enrol the key (mokutil --import), or load a signed kernel" },
	{ ENOKEY, FAIL_POLICY, "the kernel is signed with a key that this machine does not have",
	  "nothing was loaded: enrol the key (mokutil --import), or load a signed kernel" },
	{ ENODATA, FAIL_POLICY, "the kernel is not signed, and this machine wants a signature",
	  "nothing was loaded: load a signed kernel" },
	{ EBADMSG, FAIL_POLICY, "the kernel's signature is broken",
	  "nothing was loaded: load the kernel as its distribution signed it" },
	{ ENOPKG, FAIL_POLICY, "the running kernel cannot check this kind of signature", NULL },
	{ ENOEXEC, FAIL_FORMAT, "the running kernel does not know this kind of kernel", NULL },
};

static bool fail_load(const char *what, int err, const struct machine *m, struct error *e)
{
	const struct meaning *w = meanings;
	size_t i;

	if (err == EPERM && !m->may_boot)
		return fail_privilege(what, e);
	if (err == EADDRNOTAVAIL && m->crash.notes.n)
		return fail(e, FAIL_KERNEL, "%s: the running kernel's crash region is another one",
			    what);
	if (err == EBUSY)
		return fail(e, FAIL_KERNEL, "%s: %s", what,
			    m->spin_table ? "its other CPUs cannot be stopped (spin-table)"
					  : "another load is under way, or CPUs cannot be stopped");
	for (i = 0; i < sizeof(meanings) / sizeof(meanings[0]); i++, w++) {
		if (w->err != err)
			continue;
		fail(e, w->code, "%s: %s", what, w->why);
		return w->hint && hint(e, "%s", w->hint);
	}
	return fail(e, FAIL_KERNEL, "%s: the running kernel refused (%s)", what, files_errno(err));
}

static long kexec_load(unsigned long entry, unsigned long n, const struct kexec_segment_abi *seg,
		       unsigned long flags)
{
	return syscall(SYS_kexec_load, entry, n, seg, flags);
}

bool kexec_call_load(const struct plan *p, const struct machine *m, bool hotplug, struct error *e)
{
	const unsigned long crash = m->crash.region.end ? KEXEC_ON_CRASH : 0;
	struct kexec_segment_abi seg[SEGMENTS_MAX];
	size_t i;

	for (i = 0; i < p->n; i++)
		seg[i] = (struct kexec_segment_abi){
			.buf = p->seg[i].data.p,
			.bufsz = p->seg[i].data.len,
			.mem = p->seg[i].at.start,
			.memsz = p->seg[i].at.end - p->seg[i].at.start,
		};
	return kexec_load(p->entry, p->n, seg,
			  m->arch->kexec_arch | crash | (hotplug ? KEXEC_CRASH_HOTPLUG : 0)) == 0 ||
	       fail_load("load a kernel", errno, m, e);
}

static long kexec_file_load(int kernel, int initrd, const char *cmdline, unsigned long flags)
{
#ifdef SYS_kexec_file_load
	return syscall(SYS_kexec_file_load, kernel, initrd, cmdline ? strlen(cmdline) + 1 : 0,
		       cmdline, flags);
#else
	(void)kernel, (void)initrd, (void)cmdline, (void)flags;
	errno = ENOSYS;
	return -1;
#endif
}

bool kexec_call_file_load(int kernel, int initrd, const char *cmdline, const struct machine *m,
			  bool crash, struct error *e)
{
	const unsigned long flags =
		(initrd < 0 ? KEXEC_FILE_NO_INITRAMFS : 0) | (crash ? KEXEC_FILE_ON_CRASH : 0);

	return kexec_file_load(kernel, initrd, cmdline, flags) == 0 ||
	       fail_load("load a kernel", errno, m, e);
}

bool kexec_call_unload(const struct machine *m, bool crash, struct error *e)
{
	const bool file_call = !m->has_load || m->lockdown != LOCKDOWN_NONE;
	long err;

	if (!may_call("unload the kernel", m, crash, e))
		return false;
	if (file_call)
		err = kexec_file_load(-1, -1, NULL,
				      KEXEC_FILE_UNLOAD | (crash ? KEXEC_FILE_ON_CRASH : 0));
	else
		err = kexec_load(0, 0, NULL, m->arch->kexec_arch | (crash ? KEXEC_ON_CRASH : 0));
	return err == 0 || fail_load("unload the kernel", errno, m, e);
}

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
	int s = (int)syscall(SYS_socket, AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
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

bool kexec_call_exec(const struct machine *m, const struct exec_options *o, struct error *e)
{
	if (!m->may_boot)
		return fail_privilege("start the loaded kernel", e);
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
	return fail(e, FAIL_KERNEL, "start the loaded kernel: %s", files_errno(errno));
}

bool run_shutdown(struct error *e)
{
	static const char *const paths[] = { "/sbin/shutdown", "/usr/sbin/shutdown",
					     "/bin/shutdown", "/usr/bin/shutdown" };
	char *const argv[] = { "shutdown", "-r", "now", NULL };
	size_t i;

	/* by path: boot menus and shutdown scripts have no PATH */
	for (i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
		execv(paths[i], argv);
	fail(e, FAIL_FILE, "run shutdown: %s", files_errno(errno));
	return hint(e, "the kernel is loaded: kexec-lite -e starts it, --unload forgets it");
}
