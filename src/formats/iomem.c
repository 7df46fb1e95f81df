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

/* Why the area of a line must be kept; NULL when it need not. */
static const char *keep_reason(const struct line *l, bool inside_ram)
{
	if (is(l->name, "Crash kernel"))
		return iomem_crash;
	if (is(l->name, "reserved"))
		return iomem_reserved;
	if (!inside_ram || is(l->name, "Kernel code") || is(l->name, "Kernel data") ||
	    is(l->name, "Kernel bss") || is(l->name, "Kernel rodata"))
		return NULL;
	return iomem_other;
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

bool iomem_parse(struct span text, struct ranges *ram, struct ranges *keep, struct error *e)
{
	bool inside_ram = false, any_address = false;
	unsigned number = 0;
	const char *why;
	struct line l;
	bool ok = true;

	while (text.len && ok) {
		number++;
		if (!line_parse(next_line(&text), &l))
			return fail(e, FAIL_MACHINE, "read /proc/iomem: line %u is not a range",
				    number);
		any_address |= l.at.end > 1;
		if (l.level == 0) {
			inside_ram = is(l.name, "System RAM");
			if (inside_ram)
				ok = ranges_add(ram, l.at.start, l.at.end, "RAM");
		}
		why = l.level || !inside_ram ? keep_reason(&l, inside_ram) : NULL;
		if (why)
			ok = ranges_add(keep, l.at.start, l.at.end, why);
	}
	if (!ok)
		return fail_memory(e);
	if (number && !any_address) {
		fail(e, FAIL_PRIVILEGE, "read /proc/iomem: addresses are hidden from this user");
		return hint(e, "to load a kernel, run kexec-lite as root");
	}
	if (!ram->n)
		return fail(e, FAIL_MACHINE, "read /proc/iomem: no System RAM in it");
	ranges_union(ram);
	ranges_sort(keep);
	return true;
}
