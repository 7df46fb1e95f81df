/* SPDX-License-Identifier: MIT */
/* ELF64 files, either byte order: the header and what is to be loaded (System V ABI, chapters 4,
 * 5). */
#ifndef ELF64_H
#define ELF64_H

#include "src/base/error.h"
#include "src/base/span.h"

#define ELF_LOADS 8

enum { ELF_EXEC = 2, ELF_DYN = 3 }; /* e_type */
enum { ELF_PPC64 = 21 };	    /* e_machine */

struct elf_load {
	uint64_t vaddr, paddr, memsz;
	struct span data; /* p_filesz bytes of the file; at most memsz */
};

struct elf {
	bool big_endian;
	uint16_t type, machine;
	uint32_t flags;
	uint64_t entry;			 /* virtual */
	struct elf_load load[ELF_LOADS]; /* by physical address, without overlaps */
	size_t loads;			 /* at least one */
	bool program; /* asks for a stack or thread-local storage, and is not FreeBSD's kernel: made
		       * to run under a kernel */
};

/* Does the file start like ELF? If so *machine is its e_machine and *is64 says its class. */
bool elf_is(struct span file, uint16_t *machine, bool *is64);

/* Parses an ELF64 file. NAME, fit to print, names it in errors. Errors: FAIL_FORMAT when it is cut
 * short, when segments leave the file, overlap or wrap, are absent or more than ELF_LOADS;
 * FAIL_UNSUPPORTED when it is a program with an interpreter (FreeBSD kernels name a dummy) or
 * neither ET_EXEC nor ET_DYN.
 */
bool elf_parse(struct span file, const char *name, struct elf *elf, struct error *e);

/* A number of the file in its byte order. False when the bytes are not there. */
bool elf_read32(const struct elf *elf, struct span s, uint64_t off, uint32_t *v);
bool elf_read64(const struct elf *elf, struct span s, uint64_t off, uint64_t *v);

#endif
