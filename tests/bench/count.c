/* SPDX-License-Identifier: MIT */
/* A QEMU plugin that counts guest instructions, exactly. -plugin count.so,out=FILE[,stop=1]
 *
 * All of them, and apart those of user mode: by the address, since arm64 and ppc64 kernels run in
 * the upper half, and firmware and interrupts below LOWEST. One guest CPU. FILE gets one line per
 * mark that the guest runs through (mark.h), with the counts before it:
 *	mark N user U all A
 * Behind the mark JUMP comes what runs with low addresses between the two kernels, each instruction
 * counted by its address, up to the first instruction of a Linux kernel (at the end):
 *	entry ADDRESS all A		the counter there
 *	at ADDRESS COUNT		between JUMP and there
 * With stop=1 the emulator ends there.
 * Debian's QEMU takes plugins and ships no header, so its interface (version 1) is declared here.
 */
#include "mark.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef uint64_t qemu_plugin_id_t;
struct qemu_plugin_tb;
struct qemu_plugin_insn;
typedef void (*exec_cb)(unsigned int cpu, void *arg);

size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *, size_t);
uint64_t qemu_plugin_insn_vaddr(const struct qemu_plugin_insn *);
const void *qemu_plugin_insn_data(const struct qemu_plugin_insn *);
void qemu_plugin_register_vcpu_tb_trans_cb(qemu_plugin_id_t,
					   void (*)(qemu_plugin_id_t, struct qemu_plugin_tb *));
void qemu_plugin_register_vcpu_insn_exec_inline(struct qemu_plugin_insn *, int op, void *,
						uint64_t);
void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *, exec_cb, int flags, void *);
void qemu_plugin_register_atexit_cb(qemu_plugin_id_t, void (*)(qemu_plugin_id_t, void *), void *);
#define INLINE_ADD_U64 0
#define CB_NO_REGS     0

__attribute__((visibility("default"))) int qemu_plugin_version = 1;

#define LOWEST	0x10000
#define BETWEEN 65536

static uint64_t user, upper;
static bool jumped, entered, stop;
static FILE *out;
static struct {
	uint64_t address, count;
} between[BETWEEN];
static size_t n_between;

static void on_mark(unsigned int cpu, void *arg)
{
	unsigned int n = (unsigned int)(uintptr_t)arg;

	(void)cpu;
	fprintf(out, "mark %u user %" PRIu64 " all %" PRIu64 "\n", n, user, user + upper);
	fflush(out);
	jumped |= n == JUMP;
}

static void on_entry(unsigned int cpu, void *arg)
{
	size_t i;

	(void)cpu;
	if (entered)
		return;
	entered = true;
	fprintf(out, "entry 0x%" PRIx64 " all %" PRIu64 "\n", (uint64_t)(uintptr_t)arg,
		user + upper);
	for (i = 0; i < n_between; i++)
		if (between[i].count)
			fprintf(out, "at 0x%" PRIx64 " %" PRIu64 "\n", between[i].address,
				between[i].count);
	fflush(out);
	if (stop)
		exit(0);
}

static void translated(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
	size_t n = qemu_plugin_tb_n_insns(tb), i;
	struct qemu_plugin_insn *insn;
	uint64_t address;
	uint32_t word;
	bool low;

	(void)id;
	for (i = 0; i < n; i++) {
		insn = qemu_plugin_tb_get_insn(tb, i);
		address = qemu_plugin_insn_vaddr(insn);
		low = !(address >> 63);
		memcpy(&word, qemu_plugin_insn_data(insn), sizeof(word));
		if (low && MARK(word))
			qemu_plugin_register_vcpu_insn_exec_cb(
				insn, on_mark, CB_NO_REGS, (void *)(uintptr_t)MARK_NUMBER(word));
		if (low && jumped && !entered && ENTRY(word) && !(address & 0xffff))
			qemu_plugin_register_vcpu_insn_exec_cb(insn, on_entry, CB_NO_REGS,
							       (void *)(uintptr_t)address);
		qemu_plugin_register_vcpu_insn_exec_inline(
			insn, INLINE_ADD_U64, low && address >= LOWEST ? &user : &upper, 1);
		if (low && jumped && !entered && n_between < BETWEEN) {
			between[n_between].address = address;
			qemu_plugin_register_vcpu_insn_exec_inline(insn, INLINE_ADD_U64,
								   &between[n_between++].count, 1);
		}
	}
}

static void at_exit(qemu_plugin_id_t id, void *arg)
{
	(void)id;
	(void)arg;
	fprintf(out, "end user %" PRIu64 " all %" PRIu64 "\n", user, user + upper);
	fclose(out);
}

__attribute__((visibility("default"))) int
qemu_plugin_install(qemu_plugin_id_t id, const void *info, int argc, char **argv)
{
	(void)info;
	if (argc < 1 || strncmp(argv[0], "out=", 4))
		return 1;
	stop = argc == 2 && !strcmp(argv[1], "stop=1");
	out = fopen(argv[0] + 4, "w");
	if (!out)
		return 1;
	qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
	qemu_plugin_register_atexit_cb(id, at_exit, NULL);
	return 0;
}
