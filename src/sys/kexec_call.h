/* SPDX-License-Identifier: MIT */
/* EDGE: kexec_load(2) and kexec_file_load(2), and what their errors mean. Segments go in as the
 * plan has them; nothing here knows what is in them.
 */
#ifndef KEXEC_CALL_H
#define KEXEC_CALL_H

#include "src/base/error.h"
#include "src/plan/machine.h"
#include "src/plan/segment.h"
#include "src/plan/staging.h"

/* The next load is to be staged in memory of this NUMA node, as far as it has some: the running
 * kernel allocates under the policy of the process (mm/mempolicy.c, alloc_pages()). Errors only
 * cost time, and are none. node: below NODES_MAX.
 */
void kexec_call_stage(unsigned node);

/* One kexec_load(2) with these segments. The image that was loaded before stays until this one is
 * whole, but of crash kernels the running kernel drops the old one first.
 * Errors: FAIL_MEMORY, FAIL_PRIVILEGE, FAIL_POLICY, FAIL_NOSYS, FAIL_KERNEL.
 */
bool kexec_call_load(const struct segment *seg, size_t n, phys entry, const struct machine *m,
		     bool hotplug, struct error *e);

/* What kexec_file_load(2) is asked. Where the running kernel does not know them, FILE_DEBUG (it
 * tells in its log what it places where, since 6.8) and FILE_NO_CMA (it takes no contiguous memory
 * for the image, as none before 6.17 does) are left out.
 */
enum file_call { FILE_CRASH = 1, FILE_DEBUG = 2, FILE_NO_CMA = 4 };

/* One kexec_file_load(2), how: of enum file_call. The running kernel reads the files and places
 * them. initrd -1: none. Errors as kexec_call_load(), and FAIL_FORMAT, FAIL_ROOM, FAIL_FILE.
 */
bool kexec_call_file_load(int kernel, int initrd, const char *cmdline, const struct machine *m,
			  unsigned how, struct error *e);

/* Unloads, the crash kernel if so asked; nothing loaded is no error. Errors as kexec_call_load().
 */
bool kexec_call_unload(const struct machine *m, bool file_load, bool crash, struct error *e);

#endif
