/* SPDX-License-Identifier: MIT */
/* The first part of a machine: what it is, what it permits, what is loaded. */
#include "arch/arch.h"
#include "src/sys/files.h"
#include "src/sys/kexec_abi.h"
#include "src/sys/probe.h"
#include "src/sys/probe_internal.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/utsname.h>
#include <unistd.h>

/* What a file starts with, which is all of a number, a word, or a few; empty when it cannot be read
 * or is.
 */
#define START_MAX 128
static struct span read_start(int root, const char *path, char buf[START_MAX])
{
	struct strbuf t = strbuf_fixed(buf, START_MAX);
	const int err = files_read(root, path, START_MAX - 1, &t);

	return (struct span){ (uint8_t *)buf, err && err != EFBIG ? 0 : t.len };
}

int64_t probe_number(int root, const char *path, int64_t absent)
{
	char buf[START_MAX];
	struct span s = read_start(root, path, buf);
	const bool minus = span_skip_prefix(&s, "-");
	uint64_t v;

	if (!span_parse_address(&s, &v) || v > INT64_MAX)
		return absent;
	return minus ? -(int64_t)v : (int64_t)v;
}

/* "none [integrity] confidentiality"; absent where securityfs is not mounted */
static enum lockdown read_lockdown(int root)
{
	char buf[START_MAX];
	const struct span s = read_start(root, "sys/kernel/security/lockdown", buf);

	if (span_find(s, "[integrity]", NULL))
		return LOCKDOWN_INTEGRITY;
	return span_find(s, "[confidentiality]", NULL) ? LOCKDOWN_CONFIDENTIALITY : LOCKDOWN_NONE;
}

/* ---- this machine */

/* Is the call there? Without CAP_SYS_BOOT it answers EPERM before it looks at, or counts, anything;
 * a kernel without it answers ENOSYS. The flags are wrong all the same, so that nothing can happen.
 */
static bool has_syscall(long number)
{
	return syscall(number, -1, -1, 0, 0, ~0ul) != -1 || errno != ENOSYS;
}

static void probe_syscalls(struct machine *m)
{
	struct cap_header head = { CAPABILITY_VERSION_3, 0 };
	struct cap_data had[2] = { { 0 } }, without[2];

	m->has_load = m->has_file_load = true; /* as long as we cannot know better */
	if (syscall(SYS_capget, &head, had))
		return;
	memcpy(without, had, sizeof(had));
	without[0].effective &= ~(1u << CAP_SYS_BOOT_BIT);
	m->may_boot = without[0].effective != had[0].effective;
	if (m->may_boot && syscall(SYS_capset, &head, without))
		return;
	m->has_load = has_syscall(SYS_kexec_load);
	m->has_file_load = has_syscall(SYS_kexec_file_load);
	if (m->may_boot)
		syscall(SYS_capset, &head, had);
}

static bool find_arch(struct machine *m, const char *name, struct error *e)
{
	m->arch = arch_find(name, &m->big_endian);
	if (m->arch)
		return true;
	fail(e, FAIL_MACHINE, "work on this machine: not built for it: %.*s", AS_NAME, name);
	return hint(e, "nothing was done: there are builds for arm64 and ppc64le; others only plan,"
		       " with --plan --root DIR");
}

static bool probe_live(struct machine *m, struct error *e)
{
	struct utsname u;

	if (uname(&u))
		return fail(e, FAIL_MACHINE, "call uname: %s", strerror(errno));
	if (!find_arch(m, u.machine, e))
		return false;
	memcpy(m->release, u.release, sizeof(m->release) - 1);
	m->page_size = (uint32_t)getauxval(AT_PAGESZ);
	probe_syscalls(m);
	return true;
}

/* ---- a captured one */

/* What follows "name=" in a captured `system`, up to the end of the line; empty when it is not
 * there. */
static struct span system_value(const struct strbuf *t, const char *name)
{
	struct span value = { 0 };
	const uint8_t *end;

	if (span_find(strbuf_span(t), name, &value)) {
		end = memchr(value.p, '\n', value.len);
		if (end)
			value.len = (size_t)(end - value.p);
	}
	return value;
}

/* A capture may be anybody's, and its strings are shown: they are made fit for a terminal here. */
static void system_string(const struct strbuf *t, const char *name, char out[65])
{
	const struct span s = system_value(t, name);
	char raw[65];
	struct strbuf r = strbuf_fixed(raw, sizeof(raw)), o = strbuf_fixed(out, 65);

	strbuf_append(&r, s.p, s.len);
	strbuf_append_printable(&o, raw);
}

static bool probe_captured(int root, struct machine *m, struct error *e)
{
	struct strbuf t = STRBUF_GROWING;
	int err = files_read(root, "system", 4096, &t);
	char name[65];
	bool ok;

	if (err || !t.len) {
		strbuf_free(&t);
		return fail(e, FAIL_MACHINE, "use --root: not a captured machine (file system: %s)",
			    strerror(err ? err : EINVAL));
	}
	system_string(&t, "machine=", name);
	system_string(&t, "release=", m->release);
	ok = find_arch(m, name, e);
	m->page_size = (uint32_t)span_find_number(strbuf_span(&t), "page_size=");
	m->fdt_total = (size_t)span_find_number(strbuf_span(&t), "fdt_total=");
	system_string(&t, "fdt_from=", m->fdt_name);
	m->may_boot = true;
	m->has_load = span_find(system_value(&t, "syscalls="), "kexec_load", NULL);
	m->has_file_load = span_find(system_value(&t, "syscalls="), "kexec_file_load", NULL);
	strbuf_free(&t);
	if (ok && m->page_size != 0x1000 && m->page_size != 0x4000 && m->page_size != 0x10000)
		return fail(e, FAIL_MACHINE, "use --root: invalid page size %u", m->page_size);
	return ok;
}

/* ---- both */

/* Is there no such directory? */
static bool is_absent(int root, const char *path)
{
	int fd = openat(root, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd >= 0)
		close(fd);
	return fd < 0;
}

#define LIST_MAX (64u << 10)

/* Is a CPU in a list such as "0-3,8"? */
static bool is_listed(struct span list, uint64_t cpu)
{
	uint64_t first, last;

	while (span_parse_number(&list, 10, &first)) {
		last = first;
		if (span_skip_prefix(&list, "-"))
			span_parse_number(&list, 10, &last);
		if (cpu >= first && cpu <= last)
			return true;
		span_skip_prefix(&list, ",");
	}
	return false;
}

/* The lowest CPU that is online; and the one that enters the next kernel: that of
 * /sys/kernel/reboot/cpu (by 5.11; before, the first), or else the lowest (kernel/reboot.c,
 * migrate_to_reboot_cpu).
 */
static void probe_cpus(int root, struct machine *m)
{
	struct strbuf t = STRBUF_GROWING, path = STRBUF_GROWING;
	uint64_t first = 0, cpu, number = 0;
	struct span s;

	if (!m->arch->threads)
		return;
	files_read(root, "sys/devices/system/cpu/online", LIST_MAX, &t);
	s = strbuf_span(&t);
	span_parse_number(&s, 10, &first);
	cpu = (uint64_t)probe_number(root, "sys/kernel/reboot/cpu", 0);
	m->first_cpu = (unsigned)first;
	m->reboot_cpu = (unsigned)(is_listed(strbuf_span(&t), cpu) ? cpu : first);
	t.len = 0;
	files_read(root, POSSIBLE_FILE, LIST_MAX, &t);
	s = strbuf_span(&t);
	m->one_cpu = span_equal_at(s, 0, "0\n", 2);
	t.len = 0;
	strbuf_printf(&path, PHYSICAL_ID_FILE, m->reboot_cpu);
	if (path.p && files_read(root, path.p, LIST_MAX, &t) == 0) {
		s = strbuf_span(&t);
		m->boot_cpu_known = span_parse_address(&s, &number) && number <= UINT32_MAX;
		m->boot_cpu = (uint32_t)number;
	}
	strbuf_free(&path);
	strbuf_free(&t);
}

/* Is something loaded? Since Linux 7.0 the file has a second path, which will be the only one; a
 * kernel without kexec has neither, one that does not say leaves it unknown.
 */
static bool read_loaded(int root, const char *path, const char *later, struct machine *m)
{
	char buf[START_MAX];
	struct strbuf t = strbuf_fixed(buf, sizeof(buf));
	int err = files_read(root, path, START_MAX - 1, &t);

	if (err == ENOENT)
		err = files_read(root, later, START_MAX - 1, &t);
	if (err == ENOENT ? is_absent(root, "sys/kernel") : err || !t.len)
		m->loaded_unknown = true;
	return t.len && t.p[0] != '0';
}

/* A hash table has 256 KiB to 64 TiB; 0: there is none, or nobody says. */
static unsigned read_hpt_order(int root)
{
	const int64_t order = probe_number(root, HPT_FILE, 0);

	return order >= 18 && order <= 46 ? (unsigned)order : 0;
}

/* Kexec handover's scratch memory: "0x..." for each area. */
static void probe_scratch(int root, struct machine *m)
{
	struct strbuf t = STRBUF_GROWING;
	struct span s = { 0 };
	uint64_t size;

	if (files_read(root, SCRATCH_FILE, LIST_MAX, &t) == 0)
		s = strbuf_span(&t);
	while (span_parse_address(&s, &size)) {
		m->scratch = add_to_top(m->scratch, size);
		if (size > m->scratch_largest)
			m->scratch_largest = size;
		span_skip_prefix(&s, "\n");
	}
	strbuf_free(&t);
}

/* What is handed over: a blob of each driver that has something. The kernel's own name and version,
 * and that of live update, which has room for sessions before there are any, say nothing.
 */
void probe_kept(int root, char name[NAME_MAX + 1])
{
	const int fd = openat(root, HANDOVER_DIR, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *d;

	*name = '\0';
	if (!dir) {
		close(fd); /* or -1, which is nothing */
		return;
	}
	while (!*name && (d = readdir(dir)))
		if (d->d_name[0] != '.' && strcmp(d->d_name, "kexec-metadata") != 0 &&
		    strcmp(d->d_name, "LUO") != 0)
			memcpy(name, d->d_name, strlen(d->d_name) + 1);
	closedir(dir);
}

/* IMA's first measurement is of the boot, and there wherever it is built in. */
static void probe_handed_on(int root, struct machine *m)
{
	char name[NAME_MAX + 1];

	probe_kept(root, name);
	m->handed_on = (*name ? HANDS_HANDOVER : 0) |
		       (probe_number(root, IMA_FILE, 0) > 1 ? HANDS_IMA : 0) |
		       (probe_number(root, KEYS_FILE, 0) > 0 ? HANDS_KEYS : 0);
}

static void probe_files(int root, struct machine *m)
{
	char buf[START_MAX];

	m->loaded = read_loaded(root, "sys/kernel/kexec_loaded", "sys/kernel/kexec/loaded", m);
	m->crash_loaded = read_loaded(root, "sys/kernel/kexec_crash_loaded",
				      "sys/kernel/kexec/crash_loaded", m);
	m->load_disabled = probe_number(root, "proc/sys/kernel/kexec_load_disabled", 0) != 0;
	m->limit_reboot = probe_number(root, "proc/sys/kernel/kexec_load_limit_reboot", -1);
	m->limit_panic = probe_number(root, "proc/sys/kernel/kexec_load_limit_panic", -1);
	m->lockdown = read_lockdown(root);
	m->xen = span_equal_at(read_start(root, "sys/hypervisor/type", buf), 0, "xen", 3);
	probe_cpus(root, m);
	m->hpt_order = m->arch->hash_table ? read_hpt_order(root) : 0;
	if (!m->has_file_load)
		return;
	probe_scratch(root, m);
	probe_handed_on(root, m);
}

int probe_root(const char *root, struct error *e)
{
	const char *path = root ? root : "/";
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		fail(e, FAIL_FILE, "open the directory: %s: %.*s", strerror(errno), AS_NAME, path);
	return fd;
}

bool probe_state(const char *root, struct machine *m, struct error *e)
{
	int fd;
	bool ok;

	*m = (struct machine){
		.live = !root, .limit_reboot = -1, .limit_panic = -1, .cmdline = STRBUF_GROWING
	};
	fd = probe_root(root, e);
	if (fd < 0)
		return false;
	ok = root ? probe_captured(fd, m, e) : probe_live(m, e);
	if (ok)
		probe_files(fd, m);
	close(fd);
	return ok;
}
