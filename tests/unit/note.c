/* SPDX-License-Identifier: MIT */
/* Device trees as one line of text: see unit.h. Written for tests, so a note that is wrong aborts.
 */
#include "unit.h"

#include <ctype.h>
#include <libfdt.h>
#include <stdio.h>

#define NOTE_CAP (256 << 10)

/* bytes of a name, with its NUL */
#define WORD_MAX 200

static void sound(bool ok, const char *at)
{
	if (ok)
		return;
	fprintf(stderr, "note: cannot read it at: %.40s\n", at);
	abort();
}

static const char *skip(const char *p)
{
	while (*p == ' ')
		p++;
	return p;
}

static const char *expect(const char *p, char c)
{
	p = skip(p);
	sound(*p == c, p);
	return skip(p + 1);
}

static const char *take_word(const char *p, char word[WORD_MAX])
{
	size_t n = strcspn(p, " ;={");

	sound(n > 0 && n < WORD_MAX, p);
	memcpy(word, p, n);
	word[n] = '\0';
	return skip(p + n);
}

static const char *take_value(const char *p, uint8_t *value, size_t *len)
{
	const char *start = p;
	uint32_t cell;
	char *end;
	size_t n;
	unsigned byte;

	*len = 0;
	switch (*p++) {
	case '"':
		n = strcspn(p, "\"");
		memcpy(value, p, n);
		value[n] = 0;
		*len = n + 1;
		return p + n + 1;
	case '<':
		for (p = skip(p); *p != '>'; p = skip(end)) {
			cell = (uint32_t)strtoul(p, &end, 16);
			sound(end != p, p);
			fdt32_st(value + *len, cell);
			*len += 4;
		}
		return p + 1;
	case '[':
		for (; *p != ']'; p += 2) {
			sound(sscanf(p, "%2x", &byte) == 1, p);
			value[(*len)++] = (uint8_t)byte;
		}
		return p + 1;
	default: sound(false, start); return p;
	}
}

struct span note_tree(const char *note)
{
	static uint8_t value[1 << 16];
	uint8_t *blob = malloc(NOTE_CAP);
	bool nodes = false;
	const char *p = skip(note);
	char word[WORD_MAX], *end;
	uint64_t start;
	size_t len;

	sound(blob && fdt_create(blob, NOTE_CAP) == 0, p);
	while (*p) {
		if (*p == '@' && !nodes) {
			start = strtoull(p + 1, &end, 16);
			sound(*end == '+', end);
			sound(fdt_add_reservemap_entry(blob, start, strtoull(end + 1, &end, 16)) ==
				      0,
			      p);
			p = expect(end, ';');
			continue;
		}
		if (!nodes)
			sound(fdt_finish_reservemap(blob) == 0, p);
		nodes = true;
		if (*p == '}') {
			sound(fdt_end_node(blob) == 0, p);
			p = expect(p + 1, ';');
			continue;
		}
		p = take_word(p, word);
		if (*p == '{') {
			sound(fdt_begin_node(blob, strcmp(word, "/") == 0 ? "" : word) == 0, p);
			p = skip(p + 1);
			continue;
		}
		len = 0;
		if (*p == '=')
			p = take_value(skip(p + 1), value, &len);
		sound(fdt_property(blob, word, value, (int)len) == 0, p);
		p = expect(p, ';');
	}
	sound(fdt_finish(blob) == 0, p);
	return (struct span){ blob, fdt_totalsize(blob) };
}

void note_free(struct span *tree)
{
	free((void *)(uintptr_t)tree->p);
	*tree = (struct span){ NULL, 0 };
}

static bool is_string(const char *p, size_t len)
{
	size_t i;

	if (!len || p[len - 1])
		return false;
	for (i = 0; i + 1 < len; i++)
		if (!isprint((unsigned char)p[i]) || p[i] == '"')
			return false;
	return true;
}

static void print_value(struct strbuf *t, const uint8_t *p, size_t len)
{
	size_t i;

	if (!len)
		return;
	strbuf_printf(t, " = ");
	if (is_string((const char *)p, len)) {
		strbuf_printf(t, "\"%s\"", (const char *)p);
	} else if (len % 4 == 0) {
		for (i = 0; i < len; i += 4)
			strbuf_printf(t, "%s%x", i ? " " : "<",
				      (unsigned)fdt32_ld((const fdt32_t *)(const void *)(p + i)));
		strbuf_printf(t, ">");
	} else {
		for (i = 0; i < len; i++)
			strbuf_printf(t, "%s%02x", i ? "" : "[", p[i]);
		strbuf_printf(t, "]");
	}
}

static void print_node(struct strbuf *t, const void *fdt, int node)
{
	const char *name = fdt_get_name(fdt, node, NULL);
	const uint8_t *value;
	int child, property, len;

	strbuf_printf(t, "%s { ", *name ? name : "/");
	fdt_for_each_property_offset(property, fdt, node)
	{
		value = fdt_getprop_by_offset(fdt, property, &name, &len);
		strbuf_printf(t, "%s", name);
		print_value(t, value, (size_t)len);
		strbuf_printf(t, "; ");
	}
	fdt_for_each_subnode(child, fdt, node) print_node(t, fdt, child);
	strbuf_printf(t, "}; ");
}

const char *note_print(const void *fdt, char *buf, size_t cap)
{
	struct strbuf t = strbuf_fixed(buf, cap);
	uint64_t start, size;
	int i;

	for (i = 0; i < fdt_num_mem_rsv(fdt); i++) {
		fdt_get_mem_rsv(fdt, i, &start, &size);
		strbuf_printf(&t, "@%llx+%llx; ", (unsigned long long)start,
			      (unsigned long long)size);
	}
	print_node(&t, fdt, 0);
	if (t.len && !t.truncated)
		buf[t.len - 1] = '\0'; /* the last space */
	return buf;
}
