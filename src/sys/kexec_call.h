/* EDGE: the system calls that load, unload and start a kernel, and what their errors mean. */
#ifndef KEXEC_CALL_H
#define KEXEC_CALL_H

#include "src/plan/plan.h"

/* Is this process allowed to ask at all, for a crash kernel or another? Errors: FAIL_PRIVILEGE,
 * FAIL_POLICY. */
bool method_may_ask(const struct machine *m, bool crash, struct error *e);

/* May this machine load through this call? Asked before the one call, since even a refused call may
 * count against kernel.kexec_load_limit_reboot. Errors: FAIL_PRIVILEGE, FAIL_POLICY, FAIL_NOSYS.
 */
bool method_may_load(const struct machine *m, bool file_call, struct error *e);

/* Would a kernel that is loaded start at all? Errors: FAIL_XEN. */
bool method_may_jump(const struct machine *m, struct error *e);

/* One kexec_load(2) with the plan. The image that was loaded before stays until this one is whole,
 * but of crash kernels the running kernel drops the old one first.
 * Errors: FAIL_MEMORY, FAIL_PRIVILEGE, FAIL_POLICY, FAIL_NOSYS, FAIL_KERNEL.
 */
bool kexec_call_load(const struct plan *p, const struct machine *m, bool hotplug, struct error *e);

/* One kexec_file_load(2): the running kernel reads the files and places them. initrd -1: none.
 * Errors as kexec_call_load(), and FAIL_FORMAT, FAIL_ROOM, FAIL_FILE.
 */
bool kexec_call_file_load(int kernel, int initrd, const char *cmdline, const struct machine *m,
			  bool crash, struct error *e);

/* Unloads, the crash kernel if so asked, through the call that this machine permits; nothing loaded
 * is no error. Errors as kexec_call_load().
 */
bool kexec_call_unload(const struct machine *m, bool crash, struct error *e);

/* Runs `shutdown -r now`, which starts the loaded kernel at its end. Returns only to fail:
 * FAIL_FILE. */
bool run_shutdown(struct error *e);

struct exec_options {
	bool no_sync, no_ifdown;
};

/* Starts what is loaded: sync, network interfaces down, reboot(2). Returns only to fail:
 * FAIL_NOTHING, FAIL_PRIVILEGE, FAIL_KERNEL.
 */
bool kexec_call_exec(const struct machine *m, const struct exec_options *o, struct error *e);

#endif
