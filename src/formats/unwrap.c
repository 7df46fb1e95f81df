#include "src/formats/unwrap.h"

#include "arch/arch.h"
#include "dt/fit.h"
#include "dt/tree.h"
#include "src/formats/elf64.h"
#include "src/formats/pe.h"

#include <string.h>

#define ZBOOT_PAYLOAD 8 /* offset, then size */
#define ZBOOT_KIND    0x18

struct work {
	const char *name; /* fit to print */
	const struct machine *m;
	struct store *s;
	struct unwrapped *u;
	struct error *e;
};

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

static bool take_stream(const struct work *w, const struct format *f)
{
	struct unpack u = { .in = w->u->kernel, .step = w->s->step, .arg = w->s };

	if (!f->run) {
		fail(w->e, FAIL_UNSUPPORTED,
		     "load kernel %s: it is compressed with %s, which this build leaves out",
		     w->name, f->name);
		return hint(w->e, "%s was not loaded; unpack it first", w->name);
	}
	u.out_max = w->s->limit < SIZE_MAX ? (size_t)w->s->limit : SIZE_MAX;
	u.out = w->s->open(w->s, &u.out_max);
	if (!u.out)
		return fail_memory(w->e);
	return unpack(f, &u, w->name, w->e) && take_piece(w, u.len);
}

static bool take_zboot(const struct work *w)
{
	const struct span file = w->u->kernel;
	char kind[9] = "", show[9];
	struct strbuf t = strbuf_fixed(show, sizeof(show));
	uint32_t at, size;

	if (!span_le32(file, ZBOOT_PAYLOAD, &at) || !span_le32(file, ZBOOT_PAYLOAD + 4, &size) ||
	    file.len < ZBOOT_KIND + 8 || !span_sub(file, at, size, &w->u->kernel))
		return fail(w->e, FAIL_FORMAT, "load kernel %s: its EFI zboot payload is cut short",
			    w->name);
	if (unpack_format(w->u->kernel))
		return true;
	memcpy(kind, file.p + ZBOOT_KIND, sizeof(kind) - 1);
	strbuf_append_printable(&t, kind);
	return fail(w->e, FAIL_UNSUPPORTED,
		    "load kernel %s: its EFI zboot payload is no stream that is known (%s)",
		    w->name, show);
}

/* ---- a UKI */

/* The bytes of a section. Its file size is padded; its memory size is larger where a kernel is to
 * run in place.
 */
static bool section_data(const struct work *w, struct span file, const struct pe_section *s,
			 struct span *data)
{
	const uint32_t len = s->virtual_size < s->size ? s->virtual_size : s->size;

	if (!span_sub(file, s->at, s->size, data))
		return fail(w->e, FAIL_FORMAT, "load kernel %s: its section %s is cut short",
			    w->name, s->name);
	data->len = len;
	return true;
}

static bool overlap(const struct pe_section *a, const struct pe_section *b)
{
	return a->size && b->size && a->at < (uint64_t)b->at + b->size &&
	       b->at < (uint64_t)a->at + a->size;
}

static bool check_overlaps(const struct work *w, struct span table)
{
	struct pe_section a, b;
	unsigned i, j;

	for (i = 0; pe_section(table, i, &a); i++) {
		if (i == PE_SECTIONS_MAX)
			return fail(w->e, FAIL_FORMAT,
				    "load kernel %s: it has more than %d sections", w->name,
				    PE_SECTIONS_MAX);
		for (j = 0; j < i; j++) {
			pe_section(table, j, &b);
			if (overlap(&a, &b))
				return fail(w->e, FAIL_FORMAT,
					    "load kernel %s: two of its sections overlap", w->name);
		}
	}
	return true;
}

/* A tree for this machine becomes the one to use. */
static bool take_tree(const struct work *w, struct span dtb)
{
	if (w->u->dtb.len || !dtb.len)
		return true;
	if ((uintptr_t)dtb.p % 8)
		return fail(w->e, FAIL_FORMAT, "load kernel %s: its section .dtb is not aligned",
			    w->name);
	if (!tree_check(dtb, w->name, w->e))
		return false;
	if (merge_same_board(dtb.p, w->m->fdt.p))
		w->u->dtb = dtb;
	return true;
}

/* Where a section's bytes go; NULL: nowhere. */
static struct span *section_place(const char *name, struct unwrapped *u)
{
	return strcmp(name, ".linux") == 0     ? &u->kernel
	       : strcmp(name, ".initrd") == 0  ? &u->initrd
	       : strcmp(name, ".cmdline") == 0 ? &u->cmdline
					       : NULL;
}

/* `again`: a profile may have its own in place of what was before. */
static bool take_section(const struct work *w, struct span file, const struct pe_section *s,
			 bool again)
{
	struct span *place = section_place(s->name, w->u), data;

	if (!place && strcmp(s->name, ".dtb") != 0 && strcmp(s->name, ".dtbauto") != 0)
		return true;
	if (!section_data(w, file, s, &data))
		return false;
	if (!place)
		return take_tree(w, data);
	if (place->p && !again)
		return fail(w->e, FAIL_FORMAT, "load kernel %s: it has two sections %s", w->name,
			    s->name);
	*place = data;
	return true;
}

/* Of several profiles the first counts, which a boot loader takes too. */
static bool take_uki(const struct work *w, struct span table)
{
	const struct span file = w->u->kernel;
	struct pe_section s;
	unsigned i, profiles = 0;

	if (w->u->initrd.p || w->u->cmdline.p)
		return fail(w->e, FAIL_FORMAT, "load kernel %s: it is a UKI inside of a UKI",
			    w->name);
	if (!check_overlaps(w, table))
		return false;
	w->u->kernel = (struct span){ 0 };
	for (i = 0; pe_section(table, i, &s); i++) {
		if (strcmp(s.name, ".profile") == 0 && profiles++)
			break;
		if (!take_section(w, file, &s, profiles))
			return false;
	}
	return w->u->kernel.len ||
	       fail(w->e, FAIL_FORMAT, "load kernel %s: its section .linux is empty", w->name);
}

static bool is_uki(struct span file, struct span *table)
{
	struct pe_section s;
	unsigned i;

	if (!pe_table(file, table))
		return false;
	for (i = 0; pe_section(*table, i, &s); i++)
		if (strcmp(s.name, ".linux") == 0)
			return true;
	return false;
}

/* ---- ELF, where a flat image is wanted */

static bool take_elf(const struct work *w)
{
	const struct elf_load *last;
	struct elf elf;
	uint64_t size, at;
	size_t room, i;
	char text[FORMAT_SIZE_MAX];
	uint8_t *out;

	if (!elf_parse(w->u->kernel, w->name, &elf, w->e))
		return false;
	last = &elf.load[elf.loads - 1];
	size = last->paddr - elf.load[0].paddr + last->data.len;
	room = (size_t)size;
	if (size > w->s->limit)
		return fail(w->e, FAIL_MEMORY,
			    "load kernel %s: flat it takes more than %s, all that can be loaded",
			    w->name, format_size(text, w->s->limit));
	out = w->s->open(w->s, &room);
	if (!out || room < size)
		return fail_memory(w->e);
	for (i = 0; i < elf.loads; i++) {
		at = elf.load[i].paddr - elf.load[0].paddr;
		if (elf.load[i].data.len)
			memcpy(out + at, elf.load[i].data.p, elf.load[i].data.len);
	}
	return take_piece(w, (size_t)size);
}

/* Takes one wrapping off; *more says whether there may be another. An ELF file is the last: a
 * program starts with its own header, and would be one for ever.
 */
static bool unwrap_one(const struct work *w, bool *more)
{
	const struct span file = w->u->kernel;
	const struct format *f = unpack_format(file);
	struct span table;
	uint16_t machine;
	bool is64;

	*more = true;
	if (f)
		return take_stream(w, f);
	if (span_equal_at(file, 0, "MZ", 2) && span_equal_at(file, 4, "zimg", 4))
		return take_zboot(w);
	if (is_uki(file, &table))
		return take_uki(w, table);
	*more = false;
	return !w->m->arch->elf_flat || !elf_is(file, &machine, &is64) || !is64 ||
	       machine != w->m->arch->elf_flat || take_elf(w);
}

bool unwrap(struct span file, const char *name, const struct machine *m, struct store *s,
	    struct unwrapped *u, struct error *e)
{
	char show[PRINTABLE_MAX];
	const struct work w = { printable(show, name), m, s, u, e };
	bool more = true;
	int n;

	*u = (struct unwrapped){ .kernel = file };
	for (n = 0; more; n++) {
		if (n > WRAPS_MAX)
			return fail(e, FAIL_FORMAT,
				    "load kernel %s: it is wrapped more than %d times", show,
				    WRAPS_MAX);
		if (!unwrap_one(&w, &more))
			return false;
	}
	return true;
}
