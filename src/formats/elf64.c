/* SPDX-License-Identifier: MIT */
#include "src/formats/elf64.h"

#define IDENT_CLASS    4
#define IDENT_DATA     5
#define CLASS_64       2
#define DATA_BIG       2
#define HEADER	       64
#define PROGRAM_HEADER 56
#define PT_LOAD	       1
#define PT_INTERP      3
#define PT_TLS	       7
#define PT_GNU_STACK   0x6474e551
#define FREEBSD_INTERP "/red/herring" /* sys/conf/kern.pre.mk: what its kernels name */

static bool read16(const struct elf *elf, struct span s, uint64_t off, uint16_t *v)
{
	return elf->big_endian ? span_be16(s, off, v) : span_le16(s, off, v);
}

bool elf_read32(const struct elf *elf, struct span s, uint64_t off, uint32_t *v)
{
	return elf->big_endian ? span_be32(s, off, v) : span_le32(s, off, v);
}

bool elf_read64(const struct elf *elf, struct span s, uint64_t off, uint64_t *v)
{
	return elf->big_endian ? span_be64(s, off, v) : span_le64(s, off, v);
}

bool elf_is(struct span file, uint16_t *machine, bool *is64)
{
	struct elf order;

	if (file.len < 20 || !span_equal_at(file, 0,
					    "\x7f"
					    "ELF",
					    4))
		return false;
	order.big_endian = file.p[IDENT_DATA] == DATA_BIG;
	*is64 = file.p[IDENT_CLASS] == CLASS_64;
	return read16(&order, file, 18, machine);
}

/* One PT_LOAD; empty ones are passed over. */
static bool take_load(struct span file, struct span ph, const char *name, struct elf *elf,
		      struct error *e)
{
	struct elf_load l;
	uint64_t offset, filesz, end;
	size_t i = elf->loads;

	elf_read64(elf, ph, 8, &offset);
	elf_read64(elf, ph, 16, &l.vaddr);
	elf_read64(elf, ph, 24, &l.paddr);
	elf_read64(elf, ph, 32, &filesz);
	elf_read64(elf, ph, 40, &l.memsz);
	if (!l.memsz && !filesz)
		return true;
	if (filesz > l.memsz || __builtin_add_overflow(l.paddr, l.memsz, &end) ||
	    __builtin_add_overflow(l.vaddr, l.memsz, &end))
		return fail(e, FAIL_FORMAT, "load the kernel: the size of a segment wraps: %s",
			    name);
	if (!span_sub(file, offset, filesz, &l.data))
		return fail(e, FAIL_FORMAT, "load the kernel: cut short inside a segment: %s",
			    name);
	if (i == ELF_LOADS)
		return fail(e, FAIL_FORMAT, "load the kernel: more than %d segments: %s", ELF_LOADS,
			    name);
	for (; i && elf->load[i - 1].paddr > l.paddr; i--)
		elf->load[i] = elf->load[i - 1];
	elf->load[i] = l;
	elf->loads++;
	return true;
}

static bool has_interpreter(const struct elf *elf, struct span file, struct span ph)
{
	uint64_t offset;

	elf_read64(elf, ph, 8, &offset);
	return !span_equal_at(file, offset, FREEBSD_INTERP, sizeof(FREEBSD_INTERP));
}

static bool check_loads(const struct elf *elf, const char *name, struct error *e)
{
	size_t i;

	if (!elf->loads)
		return fail(e, FAIL_FORMAT, "load the kernel: nothing to load in it: %s", name);
	for (i = 1; i < elf->loads; i++)
		if (elf->load[i].paddr - elf->load[i - 1].paddr < elf->load[i - 1].memsz)
			return fail(e, FAIL_FORMAT, "load the kernel: its segments overlap: %s",
				    name);
	return true;
}

static bool parse_headers(struct span file, const char *name, uint64_t at, uint16_t count,
			  struct elf *elf, struct error *e)
{
	bool dummy = false;
	struct span ph;
	uint32_t type;
	unsigned i;

	for (i = 0; i < count; i++) {
		if (at > file.len ||
		    !span_sub(file, at + (uint64_t)i * PROGRAM_HEADER, PROGRAM_HEADER, &ph))
			return fail(e, FAIL_FORMAT, "load the kernel: truncated: %s", name);
		elf_read32(elf, ph, 0, &type);
		elf->program |= type == PT_TLS || type == PT_GNU_STACK;
		if (type == PT_INTERP && has_interpreter(elf, file, ph))
			return fail(e, FAIL_UNSUPPORTED,
				    "load the kernel: a program with an interpreter: %s", name);
		dummy |= type == PT_INTERP;
		if (type == PT_LOAD && !take_load(file, ph, name, elf, e))
			return false;
	}
	elf->program &= !dummy;
	return check_loads(elf, name, e);
}

bool elf_parse(struct span file, const char *name, struct elf *elf, struct error *e)
{
	uint16_t size, count;
	uint64_t at;

	*elf = (struct elf){ 0 };
	if (file.len < HEADER)
		return fail(e, FAIL_FORMAT, "load the kernel: truncated in its header: %s", name);
	elf->big_endian = file.p[IDENT_DATA] == DATA_BIG;
	read16(elf, file, 16, &elf->type);
	read16(elf, file, 18, &elf->machine);
	elf_read64(elf, file, 24, &elf->entry);
	elf_read64(elf, file, 32, &at);
	elf_read32(elf, file, 48, &elf->flags);
	read16(elf, file, 54, &size);
	read16(elf, file, 56, &count);
	if (elf->type != ELF_EXEC && elf->type != ELF_DYN)
		return fail(e, FAIL_UNSUPPORTED, "load the kernel: an object or core file: %s",
			    name);
	if (count && size != PROGRAM_HEADER)
		return fail(e, FAIL_FORMAT, "load the kernel: corrupt program headers: %s", name);
	return parse_headers(file, name, at, count, elf, e);
}
