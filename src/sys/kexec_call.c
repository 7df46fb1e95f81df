/* SPDX-License-Identifier: MIT */
#include "src/sys/kexec_call.h"

#include "src/plan/arch_ops.h"
#include "src/plan/plan.h"
#include "src/sys/kexec_abi.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

/* What errno means where method_may_load() could not foresee it. An errno has one meaning for
 * both calls; those of kexec_file_load about the kernel's file come last (kernel/kexec_file.c,
 * security/integrity, crypto/asymmetric_keys).
 */
static const struct meaning {
	int err;
	enum code code;
	const char *why, *hint;
} meanings[] = {
	{ EPERM, FAIL_POLICY, "forbidden by a security policy or container",
	  "nothing was done: in a container, run kexec-lite on the host" },
	{ EACCES, FAIL_POLICY, "forbidden by a security module or IMA policy",
	  "nothing was done: IMA wants the file signed or measured (see "
	  "/sys/kernel/security/ima)" },
	{ ENOMEM, FAIL_MEMORY, "out of memory in the running kernel",
	  "nothing was loaded: free some memory and try again" },
	{ ENOSYS, FAIL_NOSYS, "no such call in the running kernel", NULL },
	{ EADDRNOTAVAIL, FAIL_ROOM, "no hole for it, says the running kernel",
	  "nothing was loaded: -c places by itself, and kexec-lite --plan -c shows where" },
	{ EFAULT, FAIL_FILE, "a file cannot be read",
	  "nothing was loaded: it was cut short meanwhile, or its disk fails" },
	{ EIO, FAIL_FILE, "I/O error in a file", NULL },
	{ ETXTBSY, FAIL_FILE, "a file is open for writing",
	  "nothing was loaded: close the file, or load a copy of it" },
	{ EKEYREJECTED, FAIL_POLICY, "signature not trusted by this machine",
	  "nothing was loaded: enrol the key (mokutil --import), or load a signed kernel" },
	{ ENOKEY, FAIL_POLICY, "signing key not known to this machine",
	  "nothing was loaded: enrol the key (mokutil --import), or load a signed kernel" },
	{ ENODATA, FAIL_POLICY, "not signed, and this machine wants a signature",
	  "nothing was loaded: load a signed kernel" },
	{ EBADMSG, FAIL_POLICY, "broken signature",
	  "nothing was loaded: load the kernel as its distribution signed it" },
	{ ENOPKG, FAIL_POLICY, "signature of a kind that the running kernel cannot check", NULL },
	{ ENOEXEC, FAIL_FORMAT, "not a kind of kernel that the running one knows", NULL },
};

static bool fail_load(const char *what, int err, const struct machine *m, struct error *e)
{
	const struct meaning *w = meanings;
	size_t i;

	if (err == EPERM && !m->may_boot)
		return fail_privilege(e, what);
	if (err == EADDRNOTAVAIL && m->crash.notes.n)
		return fail(e, FAIL_KERNEL, "%s: the crash region has changed", what);
	if (err == EBUSY)
		return fail(e, FAIL_KERNEL, "%s: %s", what,
			    m->spin_table ? "its other CPUs cannot be stopped (spin-table)"
					  : "another load is under way, or CPUs cannot be stopped");
	for (i = 0; i < ARRAY_SIZE(meanings); i++, w++) {
		if (w->err != err)
			continue;
		fail(e, w->code, "%s: %s", what, w->why);
		return w->hint && hint(e, "%s", w->hint);
	}
	return fail(e, FAIL_KERNEL, "%s: the running kernel refused (%s)", what, strerror(err));
}

static long kexec_load(unsigned long entry, unsigned long n, const struct kexec_segment_abi *seg,
		       unsigned long flags)
{
	return syscall(SYS_kexec_load, entry, n, seg, flags);
}

void kexec_call_stage(unsigned node)
{
	enum { BITS = 8 * sizeof(unsigned long) };
	unsigned long nodes[NODES_MAX / BITS] = { 0 };

	nodes[node / BITS] = 1ul << node % BITS;
	/* one more: the kernel takes that as a count of bits, less one (get_nodes()) */
	syscall(SYS_set_mempolicy, MPOL_PREFERRED, nodes, NODES_MAX + 1ul);
}

bool kexec_call_load(const struct segment *seg, size_t n, phys entry, const struct machine *m,
		     bool hotplug, struct error *e)
{
	unsigned long flags = m->arch->kexec_arch;
	struct kexec_segment_abi abi[SEGMENTS_MAX];
	size_t i;

	if (m->crash.region.end)
		flags |= KEXEC_ON_CRASH;
	if (hotplug)
		flags |= KEXEC_CRASH_HOTPLUG;
	for (i = 0; i < n; i++)
		abi[i] = (struct kexec_segment_abi){
			.buf = seg[i].data.p,
			.bufsz = seg[i].data.len,
			.mem = seg[i].at.start,
			.memsz = seg[i].at.end - seg[i].at.start,
		};
	return kexec_load(entry, n, abi, flags) == 0 || fail_load("load a kernel", errno, m, e);
}

static long kexec_file_load(int kernel, int initrd, const char *cmdline, unsigned long flags)
{
	return syscall(SYS_kexec_file_load, kernel, initrd, cmdline ? strlen(cmdline) + 1 : 0,
		       cmdline, flags);
}

/* A flag that a kernel does not know is EINVAL (kernel/kexec_file.c, kexec_file_load), and this
 * refusal uses up kexec_load_limit: known kernels are not asked.
 */
static unsigned long new_flags(const struct machine *m, unsigned how)
{
	return ((how & FILE_DEBUG) && !machine_before(m, 6, 8) ? KEXEC_FILE_DEBUG : 0) |
	       ((how & FILE_NO_CMA) && !machine_before(m, 6, 17) ? KEXEC_FILE_NO_CMA : 0);
}

bool kexec_call_file_load(int kernel, int initrd, const char *cmdline, const struct machine *m,
			  unsigned how, struct error *e)
{
	const unsigned long more = new_flags(m, how);
	const unsigned long flags = (initrd < 0 ? KEXEC_FILE_NO_INITRAMFS : 0) |
				    (how & FILE_CRASH ? KEXEC_FILE_ON_CRASH : 0);
	long err = kexec_file_load(kernel, initrd, cmdline, flags | more);

	if (err && errno == EINVAL && more)
		err = kexec_file_load(kernel, initrd, cmdline, flags);
	if (err == 0)
		return true;
	if (errno == EADDRNOTAVAIL && m->scratch && !(how & FILE_CRASH))
		return plan_fail_scratch(m, e);
	return fail_load("load a kernel", errno, m, e);
}

bool kexec_call_unload(const struct machine *m, bool file_load, bool crash, struct error *e)
{
	long err;

	if (file_load)
		err = kexec_file_load(-1, -1, NULL,
				      KEXEC_FILE_UNLOAD | (crash ? KEXEC_FILE_ON_CRASH : 0));
	else
		err = kexec_load(0, 0, NULL, m->arch->kexec_arch | (crash ? KEXEC_ON_CRASH : 0));
	return err == 0 || fail_load("unload the kernel", errno, m, e);
}
