/* SPDX-License-Identifier: MIT */
/* EDGE: the start of what is loaded. */
#ifndef SYS_REBOOT_H
#define SYS_REBOOT_H

#include "src/base/error.h"
#include "src/plan/machine.h"

/* Starts what is loaded: sync, network interfaces down, both unless told not to, and reboot(2).
 * Returns only to fail, with the interfaces up again: FAIL_NOTHING, FAIL_PRIVILEGE, FAIL_POLICY,
 * FAIL_KERNEL.
 */
bool reboot_kexec(const struct machine *m, bool no_sync, bool no_ifdown, struct error *e);

/* Runs `shutdown -r now`, which starts the loaded kernel at its end. Returns only to fail:
 * FAIL_FILE.
 */
bool reboot_shutdown(struct error *e);

#endif
