#include "src/sys/probe.h"

#include "arch/arch.h"
#include "dt/flatten.h"
#include "dt/memory.h"
#include "src/sys/files.h"
#include "src/sys/kexec_abi.h"
#include "src/sys/probe_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

/* Most of all reservations that a blob has are in this. */
#define BLOB_HEAD 4096

#define TEXT_MAX (16u << 20) /* /proc/iomem of 64 TiB in 100,000 pieces has 4 MiB */

static bool fail_read(const char *path, int err, struct error *e)
{
	if (err != EACCES && err != EPERM)
		return fail(e, FAIL_MACHINE, "read /%s: %s", path, files_errno(err));
	fail(e, FAIL_PRIVILEGE, "read /%s: %s", path, files_errno(err));
	return hint(e, "nothing was done: run kexec-lite as root");
}

static struct span strbuf_span(const struct strbuf *t)
{
	return (struct span){ (const uint8_t *)t->p, t->len };
}

/* The number in a file of one number, decimal or 0x; `absent` when there is no such file or number.
 */
static int64_t read_number(int root, const char *path, int64_t absent)
{
	char buf[32];
	struct strbuf t = strbuf_fixed(buf, sizeof(buf));
	struct span s;
	uint64_t v;
	bool minus, hex;

	if (files_read(root, path, sizeof(buf) - 1, &t))
		return absent;
	s = strbuf_span(&t);
	minus = span_skip_prefix(&s, "-");
	hex = span_skip_prefix(&s, "0x");
	if (!span_parse_number(&s, hex ? 16 : 10, &v) || v > INT64_MAX)
		return absent;
	return minus ? -(int64_t)v : (int64_t)v;
}

/* "MemTotal:    8000 kB" in bytes; 0 when the line is not there. */
static uint64_t meminfo(const struct strbuf *t, const char *name)
{
	struct span s;
	uint64_t kb = 0;

	if (!span_find(strbuf_span(t), name, &s))
		return 0;
	while (span_skip_prefix(&s, " "))
		;
	span_parse_number(&s, 10, &kb);
	return kb * 1024;
}

/* Does the file start with the word? */
static bool read_word(int root, const char *path, const char *word)
{
	char buf[32];
	struct strbuf t = strbuf_fixed(buf, sizeof(buf));

	files_read(root, path, sizeof(buf) - 1, &t);
	return span_equal_at(strbuf_span(&t), 0, word, strlen(word));
}

static enum lockdown read_lockdown(int root)
{
	struct strbuf t = STRBUF_GROWING;
	enum lockdown l = LOCKDOWN_NONE;

	/* "none [integrity] confidentiality"; absent where securityfs is not mounted */
	files_read(root, "sys/kernel/security/lockdown", 256, &t);
	if (span_find(strbuf_span(&t), "[integrity]", NULL))
		l = LOCKDOWN_INTEGRITY;
	else if (span_find(strbuf_span(&t), "[confidentiality]", NULL))
		l = LOCKDOWN_CONFIDENTIALITY;
	strbuf_free(&t);
	return l;
}

struct cap_header {
	uint32_t version;
	int pid;
};

struct cap_data {
	uint32_t effective, permitted, inheritable;
};

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
#ifdef SYS_kexec_file_load
	m->has_file_load = has_syscall(SYS_kexec_file_load);
#endif
	if (m->may_boot)
		syscall(SYS_capset, &head, had);
}

static bool find_arch(struct machine *m, const char *name, struct error *e)
{
	char show[PRINTABLE_MAX];

	m->arch = arch_find(name, &m->big_endian);
	if (m->arch)
		return true;
	fail(e, FAIL_MACHINE, "work for a machine of %s: this binary is not built for such",
	     printable(show, name));
	return hint(e, "nothing was done: there are builds for arm64, for ppc64le, and one that "
		       "only plans, with --plan --root DIR");
}

static bool probe_live(struct machine *m, struct error *e)
{
	struct utsname u;

	if (uname(&u))
		return fail(e, FAIL_MACHINE, "name this machine: %s", files_errno(errno));
	if (!find_arch(m, u.machine, e))
		return false;
	memcpy(m->release, u.release, sizeof(m->release) - 1);
	m->page_size = (uint32_t)getauxval(AT_PAGESZ);
	probe_syscalls(m);
	return true;
}

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

static uint64_t system_number(const struct strbuf *t, const char *name)
{
	struct span s = system_value(t, name);
	uint64_t v = 0;

	span_parse_number(&s, 10, &v);
	return v;
}

static void system_string(const struct strbuf *t, const char *name, char out[65])
{
	struct span s = system_value(t, name);
	struct strbuf o = strbuf_fixed(out, 65);

	strbuf_append(&o, s.p, s.len);
}

static bool probe_captured(int root, struct machine *m, struct error *e)
{
	struct strbuf t = STRBUF_GROWING;
	int err = files_read(root, "system", 4096, &t);
	char name[65];
	bool ok;

	if (err || !t.len) {
		strbuf_free(&t);
		return fail(e, FAIL_MACHINE,
			    "use --root: it is no captured machine (file system: %s)",
			    files_errno(err ? err : EINVAL));
	}
	system_string(&t, "machine=", name);
	system_string(&t, "release=", m->release);
	ok = find_arch(m, name, e);
	m->page_size = (uint32_t)system_number(&t, "page_size=");
	m->fdt_total = (size_t)system_number(&t, "fdt_total=");
	system_string(&t, "fdt_from=", m->fdt_name);
	m->may_boot = true;
	m->has_load = span_find(system_value(&t, "syscalls="), "kexec_load", NULL);
	m->has_file_load = span_find(system_value(&t, "syscalls="), "kexec_file_load", NULL);
	strbuf_free(&t);
	if (ok && m->page_size != 0x1000 && m->page_size != 0x4000 && m->page_size != 0x10000)
		return fail(e, FAIL_MACHINE, "use --root: its page size of %u bytes is none",
			    m->page_size);
	return ok;
}

/* Is there no such directory? */
static bool is_absent(int root, const char *path)
{
	int fd = openat(root, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd >= 0)
		close(fd);
	return fd < 0;
}

/* Lists such as "0-3,8"; equal when all CPUs are online. */
static void probe_cpus(int root, struct machine *m)
{
	char online[256], present[256];
	struct strbuf o = strbuf_fixed(online, sizeof(online)),
		      p = strbuf_fixed(present, sizeof(present));
	uint64_t first = 0;
	struct span s;

	if (!m->arch->threads || files_read(root, "sys/devices/system/cpu/online", 255, &o) ||
	    files_read(root, "sys/devices/system/cpu/present", 255, &p))
		return;
	s = strbuf_span(&o);
	span_parse_number(&s, 10, &first);
	m->first_cpu = (unsigned)first;
	m->cpus_offline = strcmp(online, present) != 0;
}

/* Is something loaded? The file is since Linux 7.0 at the first path; a kernel without kexec has
 * neither, one that does not log_print leaves it unknown.
 */
static bool read_loaded(int root, const char *path, const char *old, struct machine *m)
{
	char buf[32];
	struct strbuf t = strbuf_fixed(buf, sizeof(buf));
	int err = files_read(root, path, sizeof(buf) - 1, &t);

	if (err == ENOENT)
		err = files_read(root, old, sizeof(buf) - 1, &t);
	if (err == ENOENT ? is_absent(root, "sys/kernel") : err || !t.len)
		m->loaded_unknown = true;
	return t.len && buf[0] != '0';
}

static void probe_files(int root, struct machine *m)
{
	m->loaded = read_loaded(root, "sys/kernel/kexec/loaded", "sys/kernel/kexec_loaded", m);
	m->crash_loaded = read_loaded(root, "sys/kernel/kexec/crash_loaded",
				      "sys/kernel/kexec_crash_loaded", m);
	m->load_disabled = read_number(root, "proc/sys/kernel/kexec_load_disabled", 0) != 0;
	m->limit_reboot = read_number(root, "proc/sys/kernel/kexec_load_limit_reboot", -1);
	m->limit_panic = read_number(root, "proc/sys/kernel/kexec_load_limit_panic", -1);
	m->lockdown = read_lockdown(root);
	m->xen = read_word(root, "sys/hypervisor/type", "xen");
	probe_cpus(root, m);
}

static bool probe_cmdline(int root, struct machine *m, struct error *e)
{
	int err = files_read(root, "proc/cmdline", 65536, &m->cmdline);

	if (err)
		return fail_read("proc/cmdline", err, e);
	while (m->cmdline.len && m->cmdline.p[m->cmdline.len - 1] == '\n')
		m->cmdline.p[--m->cmdline.len] = '\0';
	return true;
}

/* Kernels with the arm64 series of 2014 pass the tree themselves; the merged kexec (Linux 4.8) does
 * not, so only older ones are worth reading a hundred thousand symbols for.
 */
static void probe_tree_in_x0(int root, struct machine *m)
{
	struct span s = { (const uint8_t *)m->release, strlen(m->release) };
	struct strbuf t = STRBUF_GROWING;
	uint64_t major = 0, minor = 0;

	if (span_parse_number(&s, 10, &major) && span_skip_prefix(&s, "."))
		span_parse_number(&s, 10, &minor);
	if (m->arch->live_tree || major > 4 || (major == 4 && minor >= 8))
		return;
	if (files_read(root, "proc/kallsyms", TEXT_MAX, &t) == 0)
		m->tree_in_x0 = span_find(strbuf_span(&t), " arm64_kexec_dtb_addr\n", NULL);
	strbuf_free(&t);
}

/* Just these bytes from the start of the blob, which may have more. */
static bool read_blob(int root, size_t len, struct strbuf *t, struct error *e)
{
	int err;

	t->len = 0;
	err = files_read(root, FDT_FILE, len, t);
	return ((!err || err == EFBIG) && t->len == len) ||
	       fail_read(FDT_FILE, err && err != EFBIG ? err : EIO, e);
}

/* Its first bytes, when they have all reservations; what else is behind them nobody wants. Whatever
 * is wrong here is wrong with all of it too, and told there.
 */
static bool probe_reserved(int root, size_t used, struct strbuf *t)
{
	struct error ours = { 0 };

	return read_blob(root, used < BLOB_HEAD ? used : BLOB_HEAD, t, &ours) &&
	       tree_has_reserved(strbuf_span(t));
}

/* The blob that the kernel booted with, without its padding, into m; m->blob stays NULL when there
 * is none. Where the live tree counts its reservations are enough.
 */
static bool probe_blob(int root, bool live_tree, struct machine *m, struct error *e)
{
	struct strbuf t = STRBUF_GROWING;
	size_t used = 0, total = 0;
	int err;
	bool ok;

	m->fdt_from = m->fdt_name[0] ? m->fdt_name : "/" FDT_FILE;
	err = files_read(root, FDT_FILE, TREE_HEADER, &t);
	if (err == ENOENT)
		return true;
	ok = (!err || err == EFBIG) && t.len &&
	     tree_extent(strbuf_span(&t), m->fdt_from, &used, &total, e);
	if (!ok)
		fail_read(FDT_FILE, err ? err : EIO, e);
	if (ok && !(live_tree && probe_reserved(root, used, &t))) {
		ok = read_blob(root, used, &t, e);
		if (ok)
			tree_set_size((uint8_t *)t.p, used);
		ok = ok && tree_check(strbuf_span(&t), m->fdt_from, e);
	}
	m->blob = (uint8_t *)t.p;
	m->fdt = strbuf_span(&t);
	if (!m->fdt_total)
		m->fdt_total = total;
	return ok;
}

/* The live tree, and the blob's reservations. */
static bool probe_live_tree(int root, struct machine *m, struct error *e)
{
	uint8_t *boot = m->blob;

	m->blob = NULL;
	m->fdt_from = "/" LIVE_TREE;
	if (!live_tree_flatten(root, m->fdt_from, boot, &m->fdt, e))
		return false;
	m->blob = (uint8_t *)(uintptr_t)m->fdt.p;
	return tree_check(m->fdt, m->fdt_from, e);
}

static bool probe_tree(int root, struct machine *m, struct error *e)
{
	/* a captured machine has one blob, made of what was the better source there */
	const bool live_tree = m->arch->live_tree && m->live;

	if (!probe_blob(root, live_tree, m, e))
		return false;
	return (m->blob && !live_tree) || probe_live_tree(root, m, e);
}

void probe_log(int root, const struct machine *m, struct strbuf *out)
{
	const char *word = m->arch->log_word ? m->arch->log_word(m) : NULL;

	if (word)
		files_log(root, LOG_FILE, TEXT_MAX, word, out);
}

static bool probe_memory(int root, struct machine *m, struct error *e)
{
	struct strbuf iomem = STRBUF_GROWING, info = STRBUF_GROWING, log = STRBUF_GROWING;
	struct sources s;
	int err = 0, err_info;
	bool ok;

	if (!m->arch->live_tree)
		err = files_read(root, "proc/iomem", TEXT_MAX, &iomem);
	s.iomem = strbuf_span(&iomem);
	probe_log(root, m, &log);
	s.log = strbuf_span(&log);

	/* a capture may be without it: then no limit is known */
	err_info = files_read(root, "proc/meminfo", 65536, &info);
	m->mem_total = meminfo(&info, "MemTotal:");
	m->mem_available = meminfo(&info, "MemAvailable:");
	strbuf_free(&info);
	ok = err ? fail_read("proc/iomem", err, e)
	     : err_info && err_info != ENOENT
		     ? fail_read("proc/meminfo", err_info, e)
		     : (!log.truncated || fail_memory(e)) && m->arch->memory(m, &s, e);
	strbuf_free(&iomem);
	strbuf_free(&log);
	m->xen |= tree_is_xen(m->fdt.p);
	m->spin_table = tree_has_spin_table(m->fdt.p);
	if (!ok)
		return false;
	ok = dt_reserved(m->fdt.p, &m->reserved);
	ranges_sort(&m->reserved);
	return (ok && ranges_subtract(&m->ram, &m->reserved, &m->free)) || fail_memory(e);
}

int probe_root(const char *root, struct error *e)
{
	int fd = open(root ? root : "/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	char show[PRINTABLE_MAX];

	if (fd < 0)
		fail(e, FAIL_FILE, "open directory %s: %s", printable(show, root ? root : "/"),
		     files_errno(errno));
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

bool probe_crash_size(struct strbuf *out, struct error *e)
{
	int fd = probe_root(NULL, e);
	int64_t size;

	if (fd < 0)
		return false;
	size = read_number(fd, "sys/kernel/kexec/crash_size", -1);
	if (size < 0)
		size = read_number(fd, "sys/kernel/kexec_crash_size", -1);
	close(fd);
	if (size < 0)
		return fail(e, FAIL_NOSYS,
			    "read the crash kernel region: the running kernel has none");
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
	m->cpu_id = (uint32_t)read_number(fd, MIDR_FILE, 0);
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
	ranges_free(&m->crash.dump);
	ranges_free(&m->crash.notes);
	strbuf_free(&m->cmdline);
	free(m->freemap);
	m->freemap = NULL;
	free(m->blob);
	m->blob = NULL;
}
