/* SPDX-License-Identifier: MIT */
/* EDGE: reads a machine, this one or one captured in a directory, into struct machine.
 *
 * Files, relative to the root: proc/iomem, sys/firmware/fdt (or sys/firmware/devicetree/base),
 * proc/cmdline, proc/meminfo, sys/kernel/kexec_loaded and kexec_crash_loaded (since Linux 7.0
 * sys/kernel/kexec/loaded and crash_loaded), proc/sys/kernel/kexec_load_disabled and
 * kexec_load_limit_reboot, sys/kernel/security/lockdown, sys/hypervisor/type, the MIDR of the first
 * CPU, sys/devices/system/cpu/online, present and possible, before Linux 4.8 proc/kallsyms, where
 * arm64 asks for it dev/kmsg. What is not in a file of the running system (uname, page size, system
 * calls) a capture keeps in its file `system`.
 */
#ifndef PROBE_H
#define PROBE_H

#include "src/base/error.h"
#include "src/plan/plan.h"

/* First: what the machine is, what it permits and what is loaded, which is all that --status,
 * --exec and --unload need. root NULL: this machine. Errors: FAIL_MACHINE. End m with
 * machine_free() in any case.
 */
bool probe_state(const char *root, struct machine *m, struct error *e);

/* Then, into the same m: its tree and memory. Errors: FAIL_MACHINE, FAIL_TREE, FAIL_PRIVILEGE,
 * FAIL_MEMORY.
 */
bool probe_machine(const char *root, struct machine *m, struct error *e);

/* What the next two read, opened by the process that asks; -1: not there. */
struct freepages_files {
	int flags, zones, map;
};
void freepages_open(struct freepages_files *f);
void freepages_close(const struct freepages_files *f);

/* Then, for a plan of our own on this machine, which of its pages are free: m->freemap. `newest` is
 * what of the load came into memory last, not empty: the allocator goes on from there. Never an
 * error: a kernel that does not say leaves the map without blocks.
 */
void freepages_probe(struct machine *m, const struct freepages_files *f, struct span newest);

/* plan_draft(), without pages whose memory failed: where the running kernel knows of such, those of
 * a draft are looked at, and one that has bad ones is made anew, with them in m->reserved. The
 * kernel writes to destinations without a question (kernel/kexec_core.c, kimage_load_segment).
 * Errors: those of plan_draft().
 */
bool freepages_plan(struct machine *m, const struct freepages_files *f, const struct request *r,
		    struct plan *p, struct error *e);

/* For plan_check() of a plan that came from the sandbox: such pages among its places go into
 * m->reserved. Errors: FAIL_MEMORY.
 */
bool freepages_keep_bad(struct machine *m, const struct plan *p, struct error *e);

/* Then, for a crash kernel: its memory, which is all that is free from now on, and, if the plan is
 * to be our own, what its core header says. Files: sys/devices/system/cpu/possible and the
 * crash_notes and crash_notes_size of each CPU, sys/kernel/vmcoreinfo, crash_elfcorehdr_size,
 * fadump/enabled (before Linux 5.5 fadump_enabled),
 * where the arch asks for it proc/kcore (its headers). Errors: FAIL_ROOM without a crash region,
 * FAIL_MACHINE when any of that cannot be had, FAIL_MEMORY.
 */
bool probe_crash(const char *root, struct machine *m, bool own_plan, const char *save,
		 struct error *e);

/* Adds the size of the crash kernel region in bytes, and a newline. Errors: FAIL_MACHINE. */
bool probe_crash_size(struct strbuf *out, struct error *e);

/* Writes what probe_machine() reads of this machine to a directory, for --root and for bug reports:
 * serial numbers, MAC addresses, keys and seeds are blanked, sizes are kept. Errors: FAIL_FILE and
 * those of probe_machine().
 */
bool probe_capture(const char *dir, struct error *e);

#endif
