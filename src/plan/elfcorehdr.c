/* SPDX-License-Identifier: MIT */
#include "src/plan/elfcorehdr.h"

#include "dt/chosen.h"
#include "src/plan/arch_ops.h"
#include "src/formats/elf64.h"

#include <string.h>

#define HEADER	       64
#define PROGRAM_HEADER 56
#define HEADERS_MAX    0xfffe /* 0xffff: the number is elsewhere (PN_XNUM) */
#define CORE	       4      /* e_type: ET_CORE */
#define LOAD	       1      /* p_type: PT_LOAD */
#define NOTE	       4      /* p_type: PT_NOTE */
#define ALL	       7      /* p_flags: read, write, execute */
#define NOWHERE	       UINT64_MAX

static size_t header_count(const struct crash *c)
{
	return c->notes.n + c->dump.n + (c->text.end != 0);
}

size_t elfcorehdr_size(const struct machine *m)
{
	const size_t n = header_count(&m->crash);

	return n > HEADERS_MAX ? 0 : HEADER + n * PROGRAM_HEADER;
}

struct writer {
	uint8_t *at;
	bool big_endian;
};

static void write32(struct writer *w, uint32_t v)
{
	(w->big_endian ? put_be32 : put_le32)(w->at, v);
	w->at += 4;
}

static void write64(struct writer *w, uint64_t v)
{
	(w->big_endian ? put_be64 : put_le64)(w->at, v);
	w->at += 8;
}

/* Two halves of a word, the one at the lower address first. */
static void write16s(struct writer *w, uint32_t first, uint32_t second)
{
	write32(w, w->big_endian ? first << 16 | second : second << 16 | first);
}

static void write_program(struct writer *w, uint32_t type, uint64_t virtual, struct range r,
			  phys found)
{
	write32(w, type);
	write32(w, type == LOAD ? ALL : 0);
	write64(w, found);
	write64(w, virtual);
	write64(w, r.start);
	write64(w, r.end - r.start);
	write64(w, r.end - r.start);
	write64(w, 0);
}

void elfcorehdr_write(const struct machine *m, phys backup, uint8_t *out)
{
	const struct crash *c = &m->crash;
	struct writer w = { out, m->big_endian };
	const struct range *r;

	memcpy(out,
	       "\x7f"
	       "ELF\2\0\1\0\0\0\0\0\0\0\0",
	       16);
	out[5] = m->big_endian ? 2 : 1;
	w.at += 16;
	write16s(&w, CORE, m->arch->kexec_arch >> 16);
	write32(&w, 1);
	write64(&w, 0);
	write64(&w, HEADER);
	write64(&w, 0);
	write32(&w, 0);
	write16s(&w, HEADER, PROGRAM_HEADER);
	write16s(&w, (uint32_t)header_count(c), 0);
	write32(&w, 0);
	ranges_for_each(r, &c->notes)
		write_program(&w, NOTE, 0, *r, r->start);
	ranges_for_each(r, &c->dump)
		write_program(&w, LOAD, r->start + c->page_offset, *r,
			      r->start < m->arch->backup ? backup + r->start : r->start);
	/* last: virtual addresses ascend */
	if (c->text.end)
		write_program(&w, LOAD, c->text_virtual, c->text, c->text.start);
}

struct header {
	uint32_t type;
	uint64_t found, virtual, at, size;
};

/* Program header number i of an ELF64 file, after the others; false when it is cut off. */
static bool read_program(const struct elf *order, struct span file, size_t i, struct header *h)
{
	struct span s;

	if (!span_sub(file, HEADER + PROGRAM_HEADER * (uint64_t)i, PROGRAM_HEADER, &s))
		return false;
	elf_read32(order, s, 0, &h->type);
	elf_read64(order, s, 8, &h->found);
	elf_read64(order, s, 16, &h->virtual);
	elf_read64(order, s, 24, &h->at);
	elf_read64(order, s, 40, &h->size);
	return true;
}

static bool is_program(const struct header *h, uint32_t type, uint64_t virtual, struct range r,
		       phys found)
{
	return h->type == type && h->virtual == virtual && h->at == r.start &&
	       h->size == r.end - r.start && h->found == found;
}

bool elfcorehdr_check(struct span core, const struct machine *m, phys backup, struct error *e)
{
	const struct elf order = { .big_endian = m->big_endian };
	const struct crash *c = &m->crash;
	const size_t notes = c->notes.n, dump = c->dump.n;
	struct header h;
	struct range r;
	uint16_t machine;
	bool is64, ok;
	size_t i;

	ok = core.len == elfcorehdr_size(m) && elf_is(core, &machine, &is64) && is64 &&
	     machine == m->arch->kexec_arch >> 16;
	for (i = 0; ok && read_program(&order, core, i, &h); i++) {
		if (i < notes) {
			r = c->notes.v[i];
			ok = is_program(&h, NOTE, 0, r, r.start);
		} else if (i - notes < dump) {
			r = c->dump.v[i - notes];
			ok = is_program(&h, LOAD, r.start + c->page_offset, r,
					r.start + (r.end <= m->arch->backup ? backup : 0));
		} else {
			ok = is_program(&h, LOAD, c->text_virtual, c->text, c->text.start);
		}
	}
	return ok || fail(e, FAIL_BUG, "trust the plan: its core header is wrong (core-header)");
}

static bool in_ram(const struct machine *m, const struct header *h)
{
	const struct range *r;

	ranges_for_each(r, &m->ram)
		if (h->at >= r->start && h->at < r->end)
			return h->type == LOAD && h->size && h->size <= NOWHERE - h->at;
	return false;
}

/* The kernel's image: mapped away from the rest, inside the physical range of another entry. */
static void take_text(const struct header *a, const struct header *b, struct crash *c)
{
	if (a->at < b->at || a->at - b->at > b->size || a->size > b->size - (a->at - b->at) ||
	    a->virtual - a->at == b->virtual - b->at)
		return;
	c->page_offset = b->virtual - b->at;
	c->text_virtual = a->virtual;
	c->text = (struct range){ a->at, a->at + a->size, NULL };
}

bool elfcorehdr_read_kcore(struct span kcore, const struct machine *m, struct crash *c,
			   struct error *e)
{
	const struct elf order = { .big_endian = m->big_endian };
	struct header a, b;
	size_t i, j;

	for (i = 0; !c->text.end && read_program(&order, kcore, i, &a); i++)
		for (j = 0; !c->text.end && in_ram(m, &a) && read_program(&order, kcore, j, &b);
		     j++)
			if (in_ram(m, &b))
				take_text(&a, &b, c);
	if (!c->text.end)
		return fail(e, FAIL_MACHINE, "read /proc/kcore: no mapping of the running kernel");
	for (i = 0; read_program(&order, kcore, i, &a); i++)
		if (in_ram(m, &a) && a.virtual - a.at != c->page_offset && a.at != c->text.start)
			return fail(e, FAIL_MACHINE, "read /proc/kcore: two mappings of RAM");
	return true;
}

/* A line "start-end", the end inclusive; whole pages. */
static bool take_area(struct span *s, uint32_t page_size, struct range *a)
{
	*a = (struct range){ 0 };
	return span_parse_number(s, 16, &a->start) && span_skip_prefix(s, "-") &&
	       span_parse_number(s, 16, &a->end) && span_skip_prefix(s, "\n") &&
	       ++a->end > a->start && a->start % page_size == 0 && a->end % page_size == 0;
}

/* The kernel's vectors, which a crash stub saves, are no memory that it lends. */
static bool is_dumped(const struct machine *m, const struct crash *c, struct range a)
{
	const struct range *r;

	ranges_for_each(r, &c->dump)
		if (r->start >= m->arch->backup && range_within(a, *r))
			return true;
	return false;
}

bool elfcorehdr_read_cma(struct span text, const struct machine *m, struct crash *c,
			 struct error *e)
{
	struct ranges dump = { 0 };
	struct range a;
	bool ok = true;

	while (ok && text.len) {
		if (c->cma.n == CRASH_CMA_MAX || !take_area(&text, m->page_size, &a) ||
		    !is_dumped(m, c, a)) {
			fail(e, FAIL_MACHINE,
			     "read crash CMA: no area of RAM: /sys/kernel/kexec/crash_cma_ranges");
			return hint(e, "nothing was loaded: boot with a crashkernel= without "
				       "\",cma\"");
		}
		ok = ranges_add(&c->cma, a.start, a.end, NULL);
	}
	ranges_union(&c->cma);
	ok = ok && ranges_subtract(&c->dump, &c->cma, &dump);
	ranges_free(&c->dump);
	c->dump = dump;
	return ok || fail_memory(e);
}
