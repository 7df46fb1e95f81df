/* SPDX-License-Identifier: MIT */
#include "src/sys/probe.h"

#include "dt/redact.h"
#include "src/sys/files.h"
#include "src/sys/probe_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

/* Copied as they are; those that are absent stay absent. */
static const char *const files[] = {
	"proc/iomem",
	"proc/meminfo",
	"sys/kernel/kexec_loaded",
	"sys/kernel/kexec_crash_loaded",
	"proc/sys/kernel/kexec_load_disabled",
	"proc/sys/kernel/kexec_load_limit_reboot",
	"proc/sys/kernel/kexec_load_limit_panic",
	"sys/kernel/security/lockdown",
	"sys/kernel/fadump/enabled",
	"sys/kernel/fadump_enabled",
	"sys/hypervisor/type",
	"sys/devices/system/cpu/online",
	"sys/devices/system/cpu/present",
	POSSIBLE_FILE,
	IMA_FILE,
	KEYS_FILE,
	SCRATCH_FILE,
	"sys/kernel/reboot/cpu",
	MIDR_FILE,
};

static bool capture_file(int root, const char *dir, const char *path, struct error *e)
{
	struct strbuf t = STRBUF_GROWING;
	int err = files_read(root, path, 16u << 20, &t);
	bool ok = true;

	if (!err)
		ok = files_save(dir, path, strbuf_span(&t), e);
	else if (err != ENOENT && err != ENOTDIR)
		ok = fail(e, FAIL_MACHINE, "read a file: %s: /%s", strerror(err), path);
	strbuf_free(&t);
	return ok;
}

/* Of what handover keeps, that there is something. */
static bool capture_handover(int root, const char *dir, struct error *e)
{
	const struct span empty = { (const uint8_t *)"", 0 };
	char at[sizeof(HANDOVER_DIR) + NAME_MAX + 1], name[NAME_MAX + 1];
	struct strbuf path = strbuf_fixed(at, sizeof(at));

	probe_kept(root, name);
	if (!*name)
		return true;
	strbuf_printf(&path, HANDOVER_DIR "/%s", name);
	return files_save(dir, at, empty, e);
}

static bool capture_files(int root, const char *dir, const struct machine *m, struct error *e)
{
	char cpu[sizeof(PHYSICAL_ID_FILE) + 10];
	struct strbuf path = strbuf_fixed(cpu, sizeof(cpu));
	bool ok = true;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(files) && ok; i++)
		ok = capture_file(root, dir, files[i], e);
	strbuf_printf(&path, PHYSICAL_ID_FILE, m->reboot_cpu);
	return ok && (!m->boot_cpu_known || capture_file(root, dir, cpu, e)) &&
	       capture_handover(root, dir, e);
}

/* Of the log what m's arch looks for, and that the rest is there. */
static bool capture_log(int root, const char *dir, const struct machine *m, struct error *e)
{
	struct strbuf t = STRBUF_GROWING;
	bool ok = true;

	probe_log(root, m, &t);
	if (t.len) {
		redact_log(t.p, t.len, m->log_word);
		ok = files_save(dir, LOG_FILE, strbuf_span(&t), e);
	}
	strbuf_free(&t);
	return ok;
}

/* Lockdown forbids this file, which most machines do not have. */
static bool capture_hpt(const char *dir, const struct machine *m, struct error *e)
{
	char buf[16];
	struct strbuf t = strbuf_fixed(buf, sizeof(buf));

	strbuf_printf(&t, "%u\n", m->hpt_order);
	return !m->hpt_order || files_save(dir, HPT_FILE, strbuf_span(&t), e);
}

static bool capture_system(const char *dir, const struct machine *m, struct error *e)
{
	char buf[512];
	struct strbuf t = strbuf_fixed(buf, sizeof(buf));
	struct utsname u;

	if (uname(&u))
		return fail(e, FAIL_MACHINE, "call uname: %s", strerror(errno));
	strbuf_printf(
		&t,
		"machine=%s\nrelease=%s\npage_size=%u\nfdt_total=%zu\nfdt_from=%s\nsyscalls=%s%s\n",
		u.machine, u.release, m->page_size, m->fdt_total, m->fdt_from,
		m->has_load ? "kexec_load " : "", m->has_file_load ? "kexec_file_load" : "");
	return files_save(dir, "system", strbuf_span(&t), e);
}

bool probe_capture(const char *dir, struct error *e)
{
	int root = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct error none = { 0 };
	struct machine m;
	bool ok;

	if (root < 0)
		return fail(e, FAIL_MACHINE, "open the directory: %s: /", strerror(errno));
	ok = probe_state(NULL, &m, e) && probe_machine(NULL, &m, e) &&
	     capture_files(root, dir, &m, e) && capture_log(root, dir, &m, e) &&
	     capture_system(dir, &m, e) && capture_hpt(dir, &m, e);
	if (ok) {
		redact_cmdline(m.cmdline.p, m.cmdline.len);
		strbuf_append(&m.cmdline, "\n", 1);
		ok = files_save(dir, "proc/cmdline", strbuf_span(&m.cmdline), e);
	}
	if (ok) {
		redact_tree(m.blob);
		ok = files_save(dir, FDT_FILE, m.fdt, e);
	}
	/* what a crash kernel takes, as far as it is there; a disk that is full is no such thing */
	if (ok && !probe_crash(NULL, &m, true, dir, &none) &&
	    (none.code == FAIL_FILE || none.code == FAIL_MEMORY)) {
		*e = none;
		ok = false;
	}
	machine_free(&m);
	close(root);
	return ok;
}
