/* EDGE: what a crash kernel and its core header are told of this machine. */
#include "core.h"
#include "files.h"
#include "iomem.h"
#include "probe.h"
#include "probe_internal.h"

#include "../arch/arch.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

static const char running[] = "memory of the running system";

#define CPU_FOLDER    "sys/devices/system/cpu/"
#define CPUS_MAX      65536 /* more notes than an ELF header can have */
#define KCORE_HEAD    64    /* bytes of an ELF header; e_phnum is at KCORE_NUMBER */
#define KCORE_NUMBER  56
#define KCORE_PROGRAM 56 /* bytes of a program header */

/* Takes "3-5," or "8" off a list of CPUs. */
static bool take_cpus(struct span *s, uint64_t *first, uint64_t *last)
{
	if (!span_take_number(s, 10, first))
		return false;
	*last = *first;
	if (span_take(s, "-") && !span_take_number(s, 10, last))
		return false;
	span_take(s, ",");
	return *last < CPUS_MAX;
}

static bool has_cpu(struct span list, uint64_t cpu)
{
	uint64_t first, last;

	while (take_cpus(&list, &first, &last))
		if (cpu >= first && cpu <= last)
			return true;
	return false;
}

static struct span read_small(int root, const char *path, struct text *t, int *err)
{
	t->len = 0;
	*err = files_read(root, path, t->cap - 1, t);
	return (struct span){ (const uint8_t *)t->p, t->len };
}

static bool fail_note(const char *path, int err, struct error *e)
{
	fail(e, FAIL_MACHINE, "read /%s: %s", path,
	     err ? strerror(err) : "it does not say where in RAM a note lies");
	return hint(e, "nothing was loaded: a crash kernel could not read this machine without it");
}

static bool add_note(struct machine *m, const char *path, phys at, uint64_t size, struct error *e)
{
	const struct ranges *ram = &m->crash.dump;
	struct range note = { at, at + size, NULL };
	size_t i;

	for (i = 0; i < ram->n && size && note.end > at; i++)
		if (range_within(note, ram->v[i]))
			return ranges_add(&m->crash.notes, at, note.end, NULL) || fail_memory(e);
	return fail_note(path, 0, e);
}

/* drivers/base/cpu.c: the address in hexadecimal, the size in another file, decimal. */
static bool read_cpu(int root, uint64_t cpu, bool present, struct machine *m, struct error *e)
{
	char path[80], buf[64];
	struct text p = text_fixed(path, sizeof(path)), t = text_fixed(buf, sizeof(buf));
	uint64_t at, size;
	struct span s;
	int err;

	text_add(&p, CPU_FOLDER "cpu%u/crash_notes", (unsigned)cpu);
	s = read_small(root, path, &t, &err);
	if (err == ENOENT && !present) {
		m->crash.cpus_missing++;
		return true;
	}
	if (err || !span_take_number(&s, 16, &at))
		return fail_note(path, err, e);
	text_add(&p, "_size");
	s = read_small(root, path, &t, &err);
	if (err || !span_take_number(&s, 10, &size))
		return fail_note(path, err, e);
	return add_note(m, path, at, size, e);
}

/* A note for each possible CPU that sysfs has; one that is present must have it. */
static bool read_cpus(int root, struct machine *m, struct error *e)
{
	char possible[1024], present[1024];
	struct text all = text_fixed(possible, sizeof(possible)),
		    now = text_fixed(present, sizeof(present));
	uint64_t cpu, last;
	struct span list, have;
	int err;

	have = read_small(root, CPU_FOLDER "present", &now, &err);
	list = read_small(root, CPU_FOLDER "possible", &all, &err);
	if (err)
		return fail_note(CPU_FOLDER "possible", err, e);
	while (take_cpus(&list, &cpu, &last))
		for (; cpu <= last; cpu++)
			if (!read_cpu(root, cpu, has_cpu(have, cpu), m, e))
				return false;
	return m->crash.notes.n || fail_note(CPU_FOLDER "possible", 0, e);
}

/* kernel/ksysfs.c: address and size, both hexadecimal. */
static bool read_vmcoreinfo(int root, struct machine *m, struct error *e)
{
	static const char path[] = "sys/kernel/vmcoreinfo";
	char buf[64];
	struct text t = text_fixed(buf, sizeof(buf));
	uint64_t at, size;
	struct span s;
	int err;

	s = read_small(root, path, &t, &err);
	span_take(&s, "0x");
	if (err || !span_take_number(&s, 16, &at) || !span_take(&s, " ") ||
	    !span_take_number(&s, 16, &size))
		return fail_note(path, err, e);
	return add_note(m, path, at, size, e);
}

/* ELF and program headers of /proc/kcore. Returns 0 or errno. */
static int read_kcore(int root, const struct machine *m, struct text *t)
{
	uint16_t n = 0;
	struct span s;
	int err = files_read(root, KCORE_FILE, KCORE_HEAD, t);

	s = (struct span){ (const uint8_t *)t->p, t->len };
	if (err == EFBIG && (m->big_endian ? span_be16 : span_le16)(s, KCORE_NUMBER, &n)) {
		t->len = 0;
		err = files_read(root, KCORE_FILE, KCORE_HEAD + n * (size_t)KCORE_PROGRAM, t);
	}
	return err == EFBIG ? 0 : err;
}

static bool read_maps(int root, struct machine *m, struct error *e)
{
	struct text t = TEXT_GROWING;
	int err;
	bool ok;

	m->crash.linear = m->arch->linear;
	if (m->crash.linear)
		return true;
	err = read_kcore(root, m, &t);
	ok = err ? fail_note(KCORE_FILE, err, e)
		 : core_maps((struct span){ (const uint8_t *)t.p, t.len }, m, &m->crash, e);
	text_free(&t);
	return ok;
}

/* The regions, out of what is kept; RAM without them, what a stub saves apart from the rest. */
static bool find_regions(struct machine *m, struct ranges *regions)
{
	struct crash *c = &m->crash;
	struct ranges ram = { 0 };
	phys saved = m->arch->backup;
	size_t i;
	bool ok = true;

	for (i = 0; i < m->keep.n && ok; i++)
		if (m->keep.v[i].what == iomem_crash)
			ok = ranges_add(regions, m->keep.v[i].start, m->keep.v[i].end, iomem_crash);
	ranges_union(regions);
	for (i = 0; i < m->ram.n && ok; i++)
		ok = m->ram.v[i].start < saved && saved < m->ram.v[i].end
			     ? ranges_add(&ram, m->ram.v[i].start, saved, running) &&
				       ranges_add(&ram, saved, m->ram.v[i].end, running)
			     : ranges_add(&ram, m->ram.v[i].start, m->ram.v[i].end, running);
	ok = ok && ranges_subtract(&ram, regions, &c->dump);
	ranges_free(&ram);
	if (regions->n)
		c->region = regions->v[regions->n - 1];
	if (regions->n > 1)
		c->low = regions->v[regions->n - 2];
	return ok;
}

/* From now on only the region is room; the rest is kept, for the reason that it is to be dumped. */
static bool narrow(struct machine *m)
{
	const struct range *region = &m->crash.region;
	struct ranges keep = { 0 };
	const struct range *r;
	bool ok = true;
	size_t i;

	for (i = 0; i < m->keep.n && ok; i++) {
		r = &m->keep.v[i];
		if (r->what != iomem_crash || !range_within(*r, *region))
			ok = ranges_add(&keep, r->start, r->end, r->what);
	}
	for (i = 0; i < m->crash.dump.n && ok; i++) {
		r = &m->crash.dump.v[i];
		ok = ranges_add(&keep, r->start, r->end, running);
	}
	ranges_sort(&keep);
	ranges_free(&m->keep);
	ranges_free(&m->room);
	m->keep = keep;
	if (m->reach.start < region->start)
		m->reach.start = region->start;
	if (m->reach.end > region->end)
		m->reach.end = region->end;
	return ok && ranges_subtract(&m->ram, &m->keep, &m->room);
}

bool probe_crash(const char *root, struct machine *m, bool own_plan, struct error *e)
{
	struct ranges regions = { 0 };
	bool ok = find_regions(m, &regions);
	int fd;

	ranges_free(&regions);
	if (!ok)
		return fail_memory(e);
	if (!m->crash.region.end) {
		fail(e, FAIL_ROOM, "load a crash kernel: no memory is reserved for one");
		return hint(e,
			    "nothing was loaded: boot with crashkernel=256M, for instance, on the "
			    "command line");
	}
	if (!own_plan)
		return true;
	fd = probe_root(root, e);
	if (fd < 0)
		return false;
	m->crash.core_room =
		(uint64_t)probe_number(fd, "sys/kernel/kexec/crash_elfcorehdr_size", 0);
	if (!m->crash.core_room)
		m->crash.core_room =
			(uint64_t)probe_number(fd, "sys/kernel/crash_elfcorehdr_size", 0);
	ok = read_cpus(fd, m, e) && read_vmcoreinfo(fd, m, e) && read_maps(fd, m, e) &&
	     (narrow(m) || fail_memory(e));
	close(fd);
	return ok;
}

/* Copies one file, if it is there. */
static bool copy(int root, const char *dir, const char *path, struct error *e)
{
	char buf[1024];
	struct text t = text_fixed(buf, sizeof(buf));
	int err;
	struct span s = read_small(root, path, &t, &err);

	return err || files_save(dir, path, s, e);
}

bool crash_capture(int root, const struct machine *m, const char *dir, struct error *e)
{
	char path[80], buf[1024];
	struct text p, list = text_fixed(buf, sizeof(buf)), kcore = TEXT_GROWING;
	uint64_t cpu, last;
	struct span s;
	int err;
	bool ok;

	ok = copy(root, dir, "sys/kernel/vmcoreinfo", e) &&
	     copy(root, dir, "sys/kernel/crash_elfcorehdr_size", e) &&
	     copy(root, dir, CPU_FOLDER "possible", e);
	s = read_small(root, CPU_FOLDER "possible", &list, &err);
	while (ok && take_cpus(&s, &cpu, &last))
		for (; ok && cpu <= last; cpu++) {
			p = text_fixed(path, sizeof(path));
			text_add(&p, CPU_FOLDER "cpu%u/crash_notes", (unsigned)cpu);
			ok = copy(root, dir, path, e);
			text_add(&p, "_size");
			ok = ok && copy(root, dir, path, e);
		}
	if (ok && !m->arch->linear && read_kcore(root, m, &kcore) == 0)
		ok = files_save(dir, KCORE_FILE,
				(struct span){ (const uint8_t *)kcore.p, kcore.len }, e);
	text_free(&kcore);
	return ok;
}
