/* SPDX-License-Identifier: MIT */
#include "src/sys/probe.h"

#include "dt/memory.h"
#include "src/plan/arch_ops.h"
#include "src/sys/files.h"
#include "src/sys/probe_internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TEXT_MAX (16u << 20) /* /proc/iomem of 64 TiB in 100,000 pieces has 4 MiB */

bool probe_fail_read(const char *path, int err, struct error *e)
{
	if (err != EACCES && err != EPERM)
		return fail(e, FAIL_MACHINE, "read this machine: %s: /%s", strerror(err), path);
	fail(e, FAIL_PRIVILEGE, "read this machine: %s: /%s", strerror(err), path);
	return hint(e, "nothing was done: run kexec-lite as root");
}

static bool probe_cmdline(int root, struct machine *m, struct error *e)
{
	int err = files_read(root, "proc/cmdline", 65536, &m->cmdline);

	if (err)
		return probe_fail_read("proc/cmdline", err, e);
	while (m->cmdline.len && m->cmdline.p[m->cmdline.len - 1] == '\n')
		m->cmdline.p[--m->cmdline.len] = '\0';
	return true;
}

/* Kernels with the arm64 series of 2014 pass the tree themselves; the merged kexec (Linux 4.8) does
 * not, so only older ones are worth reading a hundred thousand symbols for.
 */
static void probe_tree_in_x0(int root, struct machine *m)
{
	struct strbuf t = STRBUF_GROWING;

	if (m->arch->live_tree || !machine_before(m, 4, 8))
		return;
	if (files_read(root, "proc/kallsyms", TEXT_MAX, &t) == 0)
		m->tree_in_x0 = span_find(strbuf_span(&t), " arm64_kexec_dtb_addr\n", NULL);
	strbuf_free(&t);
}

void probe_log(int root, const struct machine *m, struct strbuf *out)
{
	if (m->log_word)
		files_log(root, LOG_FILE, TEXT_MAX, m->log_word, out);
}

/* How much memory there is, in bytes; 0 where a capture does not say: then no limit is known. */
static bool probe_meminfo(int root, struct machine *m, struct error *e)
{
	struct strbuf info = STRBUF_GROWING;
	int err = files_read(root, "proc/meminfo", 65536, &info);

	/* "MemTotal:    8000 kB" */
	m->mem_total = span_find_number(strbuf_span(&info), "MemTotal:") * 1024;
	m->mem_available = span_find_number(strbuf_span(&info), "MemAvailable:") * 1024;
	m->cma_free = span_find_number(strbuf_span(&info), "CmaFree:") * 1024;
	m->corrupted = span_find_number(strbuf_span(&info), "HardwareCorrupted:") * 1024;
	strbuf_free(&info);
	return !err || err == ENOENT || probe_fail_read("proc/meminfo", err, e);
}

/* What of the log a target asked for as it read the rest. */
static bool probe_arch_log(int root, struct machine *m, struct error *e)
{
	struct strbuf log = STRBUF_GROWING;
	bool ok;

	if (!m->log_word)
		return true;
	probe_log(root, m, &log);
	ok = !log.truncated && m->arch->log(m, strbuf_span(&log));
	strbuf_free(&log);
	return ok || fail_memory(e);
}

/* RAM, and what must be kept of it, as the target reads it from /proc/iomem, tree and log. */
static bool probe_arch_memory(int root, struct machine *m, struct error *e)
{
	struct strbuf iomem = STRBUF_GROWING;
	int err = 0;
	bool ok;

	if (!m->arch->live_tree)
		err = files_read(root, "proc/iomem", TEXT_MAX, &iomem);
	ok = err ? probe_fail_read("proc/iomem", err, e)
		 : m->arch->memory(m, strbuf_span(&iomem), e);
	strbuf_free(&iomem);
	return ok && probe_arch_log(root, m, e);
}

static bool probe_memory(int root, struct machine *m, struct error *e)
{
	bool ok;

	if (!probe_meminfo(root, m, e) || !probe_arch_memory(root, m, e))
		return false;
	m->xen |= tree_is_xen(m->fdt.p);
	m->spin_table = tree_has_spin_table(m->fdt.p);
	ok = dt_reserved(m->fdt.p, &m->reserved);
	ranges_sort(&m->reserved);
	ok = ok && ranges_subtract(&m->ram, &m->reserved, &m->free);
	return ok || fail_memory(e);
}

bool probe_crash_size(struct strbuf *out, struct error *e)
{
	int fd = probe_root(NULL, e);
	int64_t size;

	if (fd < 0)
		return false;
	size = probe_number(fd, "sys/kernel/kexec/crash_size", -1);
	if (size < 0)
		size = probe_number(fd, "sys/kernel/kexec_crash_size", -1);
	close(fd);
	if (size < 0)
		return fail(e, FAIL_NOSYS, "read the crash region: none in the running kernel");
	strbuf_printf(out, "%lld\n", (long long)size);
	return true;
}

bool probe_machine(const char *root, struct machine *m, struct error *e)
{
	int fd;
	bool ok;

	fd = probe_root(root, e);
	if (fd < 0)
		return false;
	m->cpu_id = (uint32_t)probe_number(fd, MIDR_FILE, 0);
	probe_tree_in_x0(fd, m);
	ok = probe_cmdline(fd, m, e) && probe_tree(fd, m, e) && probe_memory(fd, m, e);
	close(fd);
	return ok;
}

void machine_free(struct machine *m)
{
	ranges_free(&m->ram);
	ranges_free(&m->reserved);
	ranges_free(&m->free);
	ranges_free(&m->driver_ram);
	ranges_free(&m->crash.dump);
	ranges_free(&m->crash.cma);
	ranges_free(&m->crash.notes);
	strbuf_free(&m->cmdline);
	free(m->freemap);
	m->freemap = NULL;
	free(m->blob);
	m->blob = NULL;
}
