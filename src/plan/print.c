#include "src/plan/print.h"

#include "arch/arch.h"
#include "src/plan/map.h"

#include <string.h>

static unsigned long long ull(uint64_t v)
{
	return v;
}

static void print_map(const struct plan *p, const struct machine *m, struct text *t)
{
	char ram[SIZE_TEXT], room[SIZE_TEXT], cell[SIZE_TEXT], c;
	const struct segment *s;
	struct map map;
	size_t i;

	map_make(&map, m);
	/* backwards: in a cell of many pieces the kernel is seen */
	for (i = p->n; i-- > 0;) {
		s = &p->seg[i];
		c = piece_name(s->piece)[0];
		map_mark(&map, (struct range){ s->at.start, s->room_end, NULL }, c);
		map_mark(&map, s->at, (char)(c - 'a' + 'A'));
	}
	text_add(t, "%s machine, Linux %s\n%s of RAM, %s free, one cell is %s\n\n", m->arch->name,
		 m->release, size_text(ram, ranges_total(&m->ram)),
		 size_text(room, ranges_total(&m->room)), size_text(cell, map.cell));
	map_print(&map, t);
	text_add(t,
		 "\n              K kernel  k its BSS  I initrd  T tree  S stub%s\n"
		 "              # kept    : partly kept         . free\n\n",
		 m->crash.region.end ? "  C core header" : "");
}

/* One line per reason: how many areas, how much. */
static void print_kept(const struct machine *m, struct text *t)
{
	const char *why, *done = NULL, *next;
	char size[SIZE_TEXT];
	uint64_t sum;
	size_t i, n;

	/* reasons are few: each round takes the next one by name */
	for (;; done = why) {
		why = NULL;
		for (i = 0; i < m->keep.n; i++) {
			next = m->keep.v[i].what;
			if ((!done || strcmp(next, done) > 0) && (!why || strcmp(next, why) < 0))
				why = next;
		}
		if (!why)
			break;
		for (sum = n = i = 0; i < m->keep.n; i++) {
			/* each range that is kept has a reason: NOLINTNEXTLINE(clang-analyzer-core.*) */
			if (strcmp(m->keep.v[i].what, why) != 0)
				continue;
			sum += m->keep.v[i].end - m->keep.v[i].start;
			n++;
		}
		text_add(t, "kept     %-34s %zu area%s, %s\n", why, n, n == 1 ? "" : "s",
			 size_text(size, sum));
	}
}

static void print_pieces(const struct plan *p, struct text *t)
{
	char size[SIZE_TEXT], room[SIZE_TEXT];
	const struct segment *s;
	size_t i;

	for (i = 0; i < p->n; i++) {
		s = &p->seg[i];
		text_add(t, "%-8s 0x%012llx - 0x%012llx  %s", piece_name(s->piece),
			 ull(s->at.start), ull(s->at.end - 1), size_text(size, s->data.len));
		if (s->room_end > s->at.end)
			text_add(t, ", %s kept free", size_text(room, s->room_end - s->at.start));
		text_add(t, "\n");
	}
}

void print_plan(const struct plan *p, const struct request *r, struct text *t)
{
	char show[NAME_TEXT];
	size_t i;

	print_map(p, r->machine, t);
	print_kept(r->machine, t);
	print_pieces(p, t);
	if (r->file_call) {
		text_add(t,
			 "call     kexec_file_load, which places kernel and initrd itself\n"
			 "why      %s\n",
			 r->why);
		text_add(t, "cmdline  ");
		text_plain(t, r->cmdline);
		text_add(t, "\n");
		return;
	}
	text_add(t, "start    0x%012llx, the %s\n", ull(p->entry),
		 p->stub_len ? "stub: it passes the tree to the kernel"
			     : "kernel: the running one passes it the tree");
	text_add(t, "tree     from %s", p->tree_from);
	for (i = 0; i < r->overlays; i++)
		text_add(t, ", %s", name_text(show, r->overlay[i].name));
	text_add(t, "\n");
	text_add(t, "call     kexec_load, %zu segments%s\n", p->n,
		 r->machine->crash.region.end ? ", to be started by a panic" : "");
	if (r->why)
		text_add(t, "why      %s\n", r->why);
	text_add(t, "cmdline  ");
	text_plain(t, p->chosen.cmdline);
	text_add(t, "\n");
}

/* A JSON string. Bytes that are not plain ASCII are escaped one by one. */
static void json_string(struct text *t, const char *s)
{
	unsigned char c;

	text_add(t, "\"");
	for (; *s; s++) {
		c = (unsigned char)*s;
		if (c == '"' || c == '\\')
			text_add(t, "\\%c", c);
		else if (c < ' ' || c > '~')
			text_add(t, "\\u%04x", c);
		else
			text_bytes(t, s, 1);
	}
	text_add(t, "\"");
}

static void json_ranges(struct text *t, const char *name, const struct ranges *s, bool why)
{
	size_t i;

	text_add(t, "  \"%s\": [", name);
	for (i = 0; i < s->n; i++) {
		text_add(t, "%s\n    { \"start\": \"0x%llx\", \"end\": \"0x%llx\"", i ? "," : "",
			 ull(s->v[i].start), ull(s->v[i].end));
		if (why) {
			text_add(t, ", \"why\": ");
			json_string(t, s->v[i].what);
		}
		text_add(t, " }");
	}
	text_add(t, "\n  ],\n");
}

static void json_segments(const struct plan *p, struct text *t)
{
	const struct segment *s;
	size_t i;

	text_add(t, "  \"segments\": [");
	for (i = 0; i < p->n; i++) {
		s = &p->seg[i];
		text_add(t,
			 "%s\n    { \"piece\": \"%s\", \"start\": \"0x%llx\", \"end\": \"0x%llx\", "
			 "\"room_end\": \"0x%llx\", \"bytes\": %zu }",
			 i ? "," : "", piece_name(s->piece), ull(s->at.start), ull(s->at.end),
			 ull(s->room_end), s->data.len);
	}
	text_add(t, "\n  ],\n");
}

void print_json(const struct plan *p, const struct request *r, struct text *t)
{
	const struct machine *m = r->machine;

	text_add(t, "{\n  \"format\": 1,\n  \"arch\": \"%s\",\n  \"release\": ", m->arch->name);
	json_string(t, m->release);
	text_add(t, ",\n  \"page_size\": %u,\n  \"mem_total\": %llu,\n", m->page_size,
		 ull(m->mem_total));
	json_ranges(t, "ram", &m->ram, false);
	json_ranges(t, "keep", &m->keep, true);
	json_segments(p, t);
	text_add(t, "  \"syscall\": \"%s\",\n  \"entry\": \"0x%llx\",\n",
		 r->file_call ? "kexec_file_load" : "kexec_load", ull(p->entry));
	text_add(t, "  \"kernel_entry\": \"0x%llx\",\n", ull(p->kernel_entry));
	text_add(
		t,
		"  \"kernel_align\": %llu,\n  \"kernel_offset\": %llu,\n  \"kernel_room\": %llu,\n",
		ull(r->image->align), ull(r->image->offset), ull(r->image->room));
	if (m->crash.region.end)
		text_add(t, "  \"crash_region\": { \"start\": \"0x%llx\", \"end\": \"0x%llx\" },\n",
			 ull(m->crash.region.start), ull(m->crash.region.end));
	text_add(t, "  \"tree_from\": ");
	json_string(t, r->file_call ? "" : p->tree_from);
	if (r->overlays)
		text_add(t, ",\n  \"overlays\": [");
	for (size_t i = 0; i < r->overlays; i++) {
		text_add(t, i ? ", " : "");
		json_string(t, r->overlay[i].name);
	}
	if (r->overlays)
		text_add(t, "]");
	text_add(t, ",\n  \"cmdline\": ");
	json_string(t, r->file_call ? r->cmdline : p->chosen.cmdline);
	text_add(t, "\n}\n");
}
