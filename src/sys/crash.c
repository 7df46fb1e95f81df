/* SPDX-License-Identifier: MIT */
/* EDGE: what a crash kernel and its core header are told of this machine. */
#include "src/plan/elfcorehdr.h"
#include "src/sys/files.h"
#include "src/formats/iomem.h"
#include "src/sys/probe.h"
#include "src/sys/probe_internal.h"

#include "arch/arch.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

static const char running[] = "memory of the running system",
		  shared[] = "the crash kernel's, too, once it runs (CMA)";

#define CPU_FOLDER    "sys/devices/system/cpu/"
#define CMA_FILE      "sys/kernel/kexec/crash_cma_ranges"
#define CPUS_MAX      65536 /* more notes than an ELF header can have */
#define KCORE_HEAD    64    /* bytes of an ELF header; e_phnum is at KCORE_NUMBER */
#define KCORE_NUMBER  56
#define KCORE_PROGRAM 56 /* bytes of a program header */

/* More than files of numbers and lists have, which are read whole or not at all: the list of CPUs
 * that are possible, with every other thread off, passes 4 KiB at 2,000 of them.
 */
#define ATTRIBUTE_MAX (1u << 20)

/* Takes "3-5," or "8" off a list of CPUs. */
static bool take_cpus(struct span *s, uint64_t *first, uint64_t *last)
{
	if (!span_parse_number(s, 10, first))
		return false;
	*last = *first;
	if (span_skip_prefix(s, "-") && !span_parse_number(s, 10, last))
		return false;
	span_skip_prefix(s, ",");
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

/* A machine being read, and where to leave copies of what is read. */
struct reader {
	int root;
	const char *save; /* directory, or NULL */
	struct machine *m;
	struct error *e;
	struct strbuf text; /* of the last file of a number or two */
};

static bool fail_read(struct reader *r, const char *path, int err)
{
	const char *why = err ? strerror(err) : "no address in RAM in it";

	fail(r->e, FAIL_MACHINE, "read crash notes: %s: /%s", why, path);
	return hint(r->e, "nothing was loaded: without it nobody could read this machine's dump");
}

/* The text of a file. Returns 0 or errno. */
static int read_text(struct reader *r, const char *path, struct strbuf *t)
{
	int err;

	t->len = 0;
	err = files_read(r->root, path, ATTRIBUTE_MAX, t);
	if (!err && r->save && !files_save(r->save, path, strbuf_span(t), r->e))
		return EIO;
	return err;
}

/* The number in r->text, which was read from there if err is 0. */
static bool take_number(struct reader *r, const char *path, int err, unsigned base, uint64_t *v)
{
	struct span s = strbuf_span(&r->text);

	return (!err && span_parse_number(&s, base, v)) || fail_read(r, path, err);
}

static bool add_note(struct reader *r, const char *path, phys at, uint64_t size)
{
	const struct ranges *ram = &r->m->crash.dump;
	struct range note = { at, at + size, NULL };
	size_t i;

	for (i = 0; i < ram->n && note.end > at; i++)
		if (range_within(note, ram->v[i]))
			return ranges_add(&r->m->crash.notes, at, note.end, NULL) ||
			       fail_memory(r->e);
	return fail_read(r, path, 0);
}

/* drivers/base/cpu.c: the address in hexadecimal, the size in another file, decimal. */
static bool read_cpu(struct reader *r, uint64_t cpu, bool present)
{
	char path[80];
	struct strbuf p = strbuf_fixed(path, sizeof(path));
	uint64_t at, size;
	int err;

	strbuf_printf(&p, CPU_FOLDER "cpu%u/crash_notes", (unsigned)cpu);
	err = read_text(r, path, &r->text);
	if (err == ENOENT && !present)
		return true;
	if (!take_number(r, path, err, 16, &at))
		return false;
	strbuf_printf(&p, "_size");
	err = read_text(r, path, &r->text);
	return take_number(r, path, err, 10, &size) && add_note(r, path, at, size);
}

static bool read_each_cpu(struct reader *r, struct span possible, struct span present)
{
	uint64_t cpu, last;

	while (take_cpus(&possible, &cpu, &last))
		for (; cpu <= last; cpu++)
			if (!read_cpu(r, cpu, has_cpu(present, cpu)))
				return false;
	return true;
}

/* A note for each possible CPU that sysfs has; one that is present must have it. */
static bool read_cpus(struct reader *r)
{
	static const char path[] = POSSIBLE_FILE;
	struct strbuf possible = STRBUF_GROWING, present = STRBUF_GROWING;
	int err = read_text(r, CPU_FOLDER "present", &present);
	bool ok;

	if (!err)
		err = read_text(r, path, &possible);
	ok = !err && read_each_cpu(r, strbuf_span(&possible), strbuf_span(&present));
	if (err || (ok && !r->m->crash.notes.n))
		ok = fail_read(r, path, err);
	strbuf_free(&possible);
	strbuf_free(&present);
	return ok;
}

/* kernel/ksysfs.c: address and size, both hexadecimal. */
static bool read_vmcoreinfo(struct reader *r)
{
	static const char path[] = "sys/kernel/vmcoreinfo";
	const int err = read_text(r, path, &r->text);
	struct span s = strbuf_span(&r->text);
	uint64_t at, size;

	span_skip_prefix(&s, "0x");
	if (err || !span_parse_number(&s, 16, &at) || !span_skip_prefix(&s, " ") ||
	    !span_parse_number(&s, 16, &size))
		return fail_read(r, path, err);
	return add_note(r, path, at, size);
}

/* ELF and program headers of /proc/kcore; the memory that follows is not read. */
static bool read_maps(struct reader *r)
{
	struct machine *m = r->m;
	struct strbuf *t = &r->text;
	uint16_t n = 0;
	int err;

	m->crash.page_offset = m->arch->page_offset;
	if (m->crash.page_offset)
		return true;
	t->len = 0;
	err = files_read(r->root, KCORE_FILE, KCORE_HEAD, t);
	if (err == EFBIG) {
		(m->big_endian ? span_be16 : span_le16)(strbuf_span(t), KCORE_NUMBER, &n);
		t->len = 0;
		err = files_read(r->root, KCORE_FILE, KCORE_HEAD + n * (size_t)KCORE_PROGRAM, t);
	}
	if (err && err != EFBIG)
		return fail_read(r, KCORE_FILE, err);
	return elfcorehdr_read_kcore(strbuf_span(t), m, &m->crash, r->e) &&
	       (!r->save || files_save(r->save, KCORE_FILE, strbuf_span(t), r->e));
}

/* All RAM of the machine: drivers' too, which user programs have their pages in. */
static bool find_ram(const struct machine *m, struct ranges *out)
{
	const struct ranges none = { 0 };
	const bool ok =
		ranges_subtract(&m->ram, &none, out) && ranges_subtract(&m->driver_ram, &none, out);

	ranges_union(out);
	return ok;
}

/* The regions, out of what is kept, which is in order; all other RAM, what a stub saves first. */
static bool find_regions(struct machine *m)
{
	const phys saved = m->arch->backup;
	struct crash *c = &m->crash;
	struct ranges regions = { 0 }, ram = { 0 };
	const struct range *r;
	bool ok;
	size_t i;

	ok = ranges_add(&c->dump, 0, saved, running) && ranges_add(&regions, 0, saved, NULL);
	for (i = 0; i < m->reserved.n && ok; i++) {
		r = &m->reserved.v[i];
		if (r->what != iomem_crash)
			continue;
		c->low = c->region;
		c->region = *r;
		ok = ranges_add(&regions, r->start, r->end, NULL);
	}
	ok = ok && find_ram(m, &ram) && ranges_subtract(&ram, &regions, &c->dump);
	ranges_free(&regions);
	ranges_free(&ram);
	return ok;
}

static bool reserve(struct machine *m, const struct ranges *from, size_t first, const char *what)
{
	size_t i;

	for (i = first; i < from->n; i++)
		if (!ranges_add(&m->reserved, from->v[i].start, from->v[i].end, what))
			return false;
	return true;
}

/* From now on only the region is free; what is to be dumped is reserved. */
static bool narrow(struct machine *m)
{
	const struct crash *c = &m->crash;
	size_t i;

	for (i = 0; i < m->reserved.n; i++)
		if (m->reserved.v[i].what == iomem_crash &&
		    m->reserved.v[i].start == c->region.start)
			m->reserved.v[i] =
				(struct range){ c->dump.v[0].start, c->dump.v[0].end, running };
	if (!reserve(m, &c->dump, 1, running) || !reserve(m, &c->cma, 0, shared))
		return false;
	ranges_sort(&m->reserved);
	ranges_free(&m->free);
	if (m->addressable.start < c->region.start)
		m->addressable.start = c->region.start;
	if (m->addressable.end > c->region.end)
		m->addressable.end = c->region.end;
	return ranges_subtract(&m->ram, &m->reserved, &m->free);
}

/* What a crash kernel shares is not dumped, as the notes must be. */
static bool read_cma(struct reader *r)
{
	const int err = read_text(r, CMA_FILE, &r->text);

	if (err)
		return err == ENOENT || fail_read(r, CMA_FILE, err);
	return elfcorehdr_read_cma(strbuf_span(&r->text), r->m, &r->m->crash, r->e);
}

static bool read_all(struct reader *r)
{
	struct span s;

	/* since Linux 6.5; in 7.0 it moved */
	if (read_text(r, "sys/kernel/kexec/crash_elfcorehdr_size", &r->text))
		read_text(r, "sys/kernel/crash_elfcorehdr_size", &r->text);
	s = strbuf_span(&r->text);
	span_parse_number(&s, 10, &r->m->crash.elfcorehdr_memsz);
	return read_cma(r) && read_cpus(r) && read_vmcoreinfo(r) && read_maps(r);
}

/* With firmware-assisted dumps (ppc64, fadump=on) crashkernel= says how much firmware keeps, and a
 * panic starts no crash kernel. Since Linux 5.5 at the first path.
 */
static bool fail_region(int root, struct error *e)
{
	if (probe_number(root, "sys/kernel/fadump/enabled", 0) > 0 ||
	    probe_number(root, "sys/kernel/fadump_enabled", 0) > 0) {
		fail(e, FAIL_ROOM, "load a crash kernel: fadump is on, and dumps without one");
		return hint(e, "nothing was loaded: a crash kernel takes a boot with fadump=off "
			       "crashkernel=256M");
	}
	fail(e, FAIL_ROOM, "load a crash kernel: no memory is reserved for one");
	return hint(e, "nothing was loaded: boot with crashkernel=256M, for instance");
}

bool probe_crash(const char *root, struct machine *m, bool own_plan, const char *save,
		 struct error *e)
{
	struct reader r = { .save = save, .m = m, .e = e, .text = STRBUF_GROWING };
	bool ok;

	if (!find_regions(m))
		return fail_memory(e);
	if (m->crash.region.end && !own_plan)
		return true;
	r.root = probe_root(root, e);
	if (r.root < 0)
		return false;
	if (m->crash.region.end)
		ok = read_all(&r) && (narrow(m) || fail_memory(e));
	else
		ok = fail_region(r.root, e);
	strbuf_free(&r.text);
	close(r.root);
	return ok;
}
