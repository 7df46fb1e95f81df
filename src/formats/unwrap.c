/* SPDX-License-Identifier: MIT */
#include "src/formats/unwrap.h"

#include "src/base/strbuf.h"
#include "src/formats/elf64.h"
#include "src/formats/uki.h"
#include "src/formats/zboot.h"

#include <string.h>

struct work {
	const char *name; /* fit to print */
	const struct unwrap_target *target;
	struct store *s;
	struct unwrapped *u;
	struct error *e;
};

/* What the file is wrapped in. `table` is the section table of a UKI. */
static enum wrapping find_wrapping(struct span file, const struct unwrap_target *target,
				   struct span *table)
{
	uint16_t machine;
	bool is64;

	if (unpack_format(file))
		return WRAP_STREAM;
	if (zboot_is(file))
		return WRAP_ZBOOT;
	if (uki_is(file, table))
		return WRAP_UKI;
	if (target->elf_flat && elf_is(file, &machine, &is64) && is64 &&
	    machine == target->elf_flat)
		return WRAP_ELF;
	return WRAP_NONE;
}

enum wrapping unwrap_kind(struct span file, const struct unwrap_target *target)
{
	struct span table;

	return find_wrapping(file, target, &table);
}

/* The piece that was opened last becomes the kernel. */
static bool take_piece(const struct work *w, size_t len)
{
	const uint8_t *p = w->s->close(w->s, len);

	if (!p)
		return fail_memory(w->e);
	w->s->limit -= len;
	w->u->kernel = (struct span){ p, len };
	return true;
}

static bool take_stream(const struct work *w)
{
	const struct format *f = unpack_format(w->u->kernel);
	struct unpack u = { .in = w->u->kernel, .step = w->s->step, .arg = w->s };

	if (!f->run) {
		fail(w->e, FAIL_UNSUPPORTED, "load the kernel: this build has no %s: %s", f->name,
		     w->name);
		return hint(w->e, "nothing was loaded: unpack the kernel first");
	}
	u.out_max = w->s->limit < SIZE_MAX ? (size_t)w->s->limit : SIZE_MAX;
	u.out = w->s->open(w->s, &u.out_max);
	if (!u.out)
		return fail_memory(w->e);
	return unpack(f, &u, w->name, w->e) && take_piece(w, u.len);
}

static bool take_uki(const struct work *w, struct span table)
{
	struct uki uki;

	if (w->u->initrd.p || w->u->cmdline.p || w->u->dtb.p)
		return fail(w->e, FAIL_FORMAT, "load the kernel: a UKI inside a UKI: %s", w->name);
	if (!uki_read(w->u->kernel, table, w->name, w->target->fdt, &uki, w->e))
		return false;
	*w->u = (struct unwrapped){ uki.kernel, uki.initrd, uki.cmdline, uki.dtb, uki.foreign_dtb };
	return true;
}

/* ELF, where a flat image is wanted. */
static bool take_elf(const struct work *w)
{
	const struct elf_load *load, *last;
	char text[FORMAT_SIZE_MAX];
	struct elf elf;
	uint64_t size;
	size_t have;
	uint8_t *out;

	if (!elf_parse(w->u->kernel, w->name, &elf, w->e))
		return false;
	last = &elf.load[elf.loads - 1];
	size = last->paddr - elf.load[0].paddr + last->data.len;
	have = (size_t)size;
	if (size > w->s->limit)
		return fail(w->e, FAIL_MEMORY, "load the kernel: larger than %s, the limit: %s",
			    format_size(text, w->s->limit), w->name);
	out = w->s->open(w->s, &have);
	if (!out || have < size)
		return fail_memory(w->e);
	for (load = elf.load; load <= last; load++)
		if (load->data.len)
			memcpy(out + (load->paddr - elf.load[0].paddr), load->data.p,
			       load->data.len);
	return take_piece(w, (size_t)size);
}

/* Takes one wrapping off; *more says whether there may be another. An ELF file is the last: its
 * first segment may start with the ELF header, and would be taken for one again and again.
 */
static bool unwrap_one(const struct work *w, bool *more)
{
	const struct span file = w->u->kernel;
	struct span table;

	*more = true;
	switch (find_wrapping(file, w->target, &table)) {
	case WRAP_STREAM: return take_stream(w);
	case WRAP_ZBOOT: return zboot_payload(file, w->name, &w->u->kernel, w->e);
	case WRAP_UKI: return take_uki(w, table);
	case WRAP_ELF: *more = false; return take_elf(w);
	default: *more = false; return true;
	}
}

bool unwrap(struct span file, const char *name, const struct unwrap_target *target, struct store *s,
	    struct unwrapped *u, struct error *e)
{
	char show[PRINTABLE_MAX];
	const struct work w = { printable(show, name), target, s, u, e };
	bool more = true;
	int n;

	*u = (struct unwrapped){ .kernel = file };
	for (n = 0; more; n++) {
		if (n > WRAPS_MAX)
			return fail(e, FAIL_FORMAT,
				    "load the kernel: wrapped more than %d times: %s", WRAPS_MAX,
				    show);
		if (!unwrap_one(&w, &more))
			return false;
	}
	return true;
}
