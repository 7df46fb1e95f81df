/* EDGE: the system calls that load, unload and start a kernel, and what their errors mean. */
#ifndef TRANSPORT_H
#define TRANSPORT_H

#include "plan.h"

/* May this machine load at all? Asked before the one call, since even a refused call may count against
 * kernel.kexec_load_limit_reboot. Errors: FAIL_PRIVILEGE, FAIL_POLICY, FAIL_NOSYS.
 */
bool transport_may_load(const struct machine *m, struct error *e);

/* One kexec_load(2) with the plan. The image that was loaded before stays until this one is whole.
 * Errors: FAIL_MEMORY, FAIL_PRIVILEGE, FAIL_POLICY, FAIL_NOSYS, FAIL_KERNEL.
 */
bool transport_load(const struct plan *p, const struct machine *m, struct error *e);

/* Unloads; nothing loaded is no error. Errors as transport_load(). */
bool transport_unload(const struct machine *m, struct error *e);

struct exec_options {
	bool no_sync, no_ifdown;
};

/* Starts what is loaded: sync, network interfaces down, reboot(2). Returns only to fail: FAIL_NOTHING,
 * FAIL_PRIVILEGE, FAIL_KERNEL.
 */
bool transport_exec(const struct machine *m, const struct exec_options *o, struct error *e);

#endif
