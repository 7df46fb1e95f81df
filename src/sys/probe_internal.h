/* SPDX-License-Identifier: MIT */
/* What the files that read a machine share. */
#ifndef PROBE_INTERNAL_H
#define PROBE_INTERNAL_H

#include "src/plan/machine.h"
#include "src/base/error.h"
#include "src/base/span.h"
#include "src/base/strbuf.h"

#include <limits.h>

#define FDT_FILE     "sys/firmware/fdt"
#define LIVE_TREE    "sys/firmware/devicetree/base"
#define LOG_FILE     "dev/kmsg"
#define KCORE_FILE   "proc/kcore"
#define HPT_FILE     "sys/kernel/debug/powerpc/hpt_order"
#define SCRATCH_FILE "sys/kernel/debug/kho/out/scratch_len"
#define HANDOVER_DIR "sys/kernel/debug/kho/out/sub_fdts"
#define IMA_FILE     "sys/kernel/security/ima/runtime_measurements_count"
#define KEYS_FILE    "sys/kernel/config/crash_dm_crypt_keys/count"
#define POSSIBLE_FILE "sys/devices/system/cpu/possible"
/* of ppc64: a CPU's number in a device tree */
#define PHYSICAL_ID_FILE "sys/devices/system/cpu/cpu%u/physical_id"
#define MIDR_FILE	 "sys/devices/system/cpu/cpu0/regs/identification/midr_el1"

/* A piece of memory that kexec handover keeps, "" for none: the first that is not always there. */
void probe_kept(int root, char name[NAME_MAX + 1]);

/* Appends what of the kernel's log m's arch asks for, as far as it can be read. */
void probe_log(int root, const struct machine *m, struct strbuf *out);

/* Flattens root/LIVE_TREE into malloc'd bytes, nodes and properties sorted by name, with the
 * reservations of the checked blob `boot`, which may be NULL and is freed.
 */
bool live_tree_flatten(int root, const char *from, uint8_t *boot, struct span *out,
		       struct error *e);

/* A file that cannot be read: FAIL_PRIVILEGE where that is the reason, else FAIL_MACHINE. Always
 * false.
 */
bool probe_fail_read(const char *path, int err, struct error *e);

/* The number in a file of one number, decimal or after 0x hexadecimal; `absent` when there is no
 * such file or number.
 */
int64_t probe_number(int root, const char *path, int64_t absent);

/* The tree of the machine, checked, into m->fdt. Errors: FAIL_MACHINE, FAIL_TREE, FAIL_PRIVILEGE,
 * FAIL_MEMORY.
 */
bool probe_tree(int root, struct machine *m, struct error *e);

/* An open root directory, or -1 (FAIL_FILE). */
int probe_root(const char *root, struct error *e);

#endif
