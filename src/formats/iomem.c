/* SPDX-License-Identifier: MIT */
#include "src/formats/iomem.h"

#include <string.h>

const char iomem_reserved[] = "reserved by firmware or kernel";
const char iomem_crash[] = "crash kernel region";
const char iomem_other[] = "in use inside RAM";

struct line {
	size_t level; /* 0: top */
	struct range at;
	struct span name;
};

static bool line_parse(struct span s, struct line *l)
{
	uint64_t last;

	l->level = 0;
	while (span_skip_prefix(&s, "  "))
		l->level++;
	if (!span_parse_number(&s, 16, &l->at.start) || !span_skip_prefix(&s, "-") ||
	    !span_parse_number(&s, 16, &last) || !span_skip_prefix(&s, " : ") || last < l->at.start)
		return false;
	l->at.end = last == UINT64_MAX ? last : last + 1;
	l->name = s;
	return true;
}

static bool is(struct span name, const char *word)
{
	return name.len == strlen(word) && memcmp(name.p, word, name.len) == 0;
}

static bool is_kernel(struct span name)
{
	return is(name, "Kernel code") || is(name, "Kernel data") || is(name, "Kernel bss") ||
	       is(name, "Kernel rodata");
}

/* Why the area of a line must be kept; NULL when it need not. */
static const char *keep_reason(const struct line *l, bool inside_ram)
{
	if (is(l->name, "Crash kernel"))
		return iomem_crash;
	if (is(l->name, "reserved"))
		return iomem_reserved;
	return !inside_ram || is_kernel(l->name) ? NULL : iomem_other;
}

static struct span next_line(struct span *text)
{
	const uint8_t *nl = memchr(text->p, '\n', text->len);
	struct span line = { text->p, nl ? (size_t)(nl - text->p) : text->len };
	size_t used = line.len + (nl != NULL);

	text->p += used;
	text->len -= used;
	return line;
}

struct reader {
	struct iomem *m;
	struct range ram; /* the System RAM that lines may lie in; end 0: none */
	bool bare;	  /* nothing of a boot was in it yet */
	bool any_address;
};

static bool end_ram(struct reader *r)
{
	const struct range ram = r->ram;

	r->ram.end = 0;
	return !ram.end || !r->bare || ranges_add(&r->m->bare, ram.start, ram.end, NULL);
}

static bool add_top(struct reader *r, const struct line *l)
{
	if (!end_ram(r))
		return false;
	if (is(l->name, "System RAM")) {
		r->ram = l->at;
		r->bare = true;
		return ranges_add(&r->m->ram, l->at.start, l->at.end, "RAM");
	}
	return true;
}

static bool add_line(struct reader *r, const struct line *l)
{
	const bool top = l->level == 0;
	struct iomem *m = r->m;
	const char *why;

	r->any_address |= l->at.end > 1;
	if (top && !add_top(r, l))
		return false;
	if (top && r->ram.end)
		return true;
	if (!r->ram.end && span_equal_at(l->name, 0, "System RAM", 10))
		return ranges_add(&m->managed, l->at.start, l->at.end, "RAM of a driver");
	why = keep_reason(l, r->ram.end);
	if (why != iomem_other)
		r->bare = false;
	m->tells_reserved |= r->ram.end && why == iomem_reserved;
	return !why || ranges_add(&m->reserved, l->at.start, l->at.end, why);
}

static bool read_lines(struct reader *r, struct span text, struct error *e)
{
	unsigned number = 0;
	struct line l;

	while (text.len) {
		number++;
		if (!line_parse(next_line(&text), &l))
			return fail(e, FAIL_MACHINE, "read /proc/iomem: line %u is not a range",
				    number);
		if (!add_line(r, &l))
			return fail_memory(e);
	}
	if (!end_ram(r))
		return fail_memory(e);
	if (!number || r->any_address)
		return true;
	fail(e, FAIL_PRIVILEGE, "read /proc/iomem: addresses are hidden from this user");
	return hint(e, "to load a kernel, run kexec-lite as root");
}

bool iomem_parse(struct span text, struct iomem *out, struct error *e)
{
	struct reader r = { .m = out };

	*out = (struct iomem){ 0 };
	if (!read_lines(&r, text, e))
		return false;
	if (!out->ram.n)
		return fail(e, FAIL_MACHINE, "read /proc/iomem: no System RAM in it");
	ranges_union(&out->ram);
	ranges_union(&out->managed);
	ranges_sort(&out->reserved);
	ranges_sort(&out->bare);
	return true;
}

void iomem_free(struct iomem *m)
{
	ranges_free(&m->ram);
	ranges_free(&m->reserved);
	ranges_free(&m->bare);
	ranges_free(&m->managed);
}
