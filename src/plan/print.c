/* SPDX-License-Identifier: MIT */
#include "src/plan/print.h"

#include "dt/memory.h"
#include "src/plan/arch_ops.h"
#include "src/plan/map.h"

#include <string.h>

static unsigned long long ull(uint64_t v)
{
	return v;
}

static void print_map(const struct plan *p, const struct machine *m, struct strbuf *t)
{
	char ram[FORMAT_SIZE_MAX], room[FORMAT_SIZE_MAX], cell[FORMAT_SIZE_MAX], c;
	const struct segment *s;
	struct map map;
	size_t i;

	map_make(&map, m);
	/* backwards: in a cell of many pieces the kernel is seen */
	for (i = p->n; i-- > 0;) {
		s = &p->seg[i];
		c = piece_name(s->piece)[0];
		map_mark(&map, (struct range){ s->at.start, s->reserved_end, NULL }, c);
		map_mark(&map, s->at, (char)(c - 'a' + 'A'));
	}
	strbuf_printf(t, "%s machine, Linux %s\n%s of RAM, %s free, one cell is %s\n\n",
		      m->arch->name, m->release, format_size(ram, ranges_total(&m->ram)),
		      format_size(room, ranges_total(&m->free)), format_size(cell, map.cell));
	map_print(&map, t);
	strbuf_printf(t,
		      "\n              K kernel  k its BSS  I initrd  T tree  S stub%s\n"
		      "              # kept    : partly kept         . free\n\n",
		      m->crash.region.end ? "  C core header" : "");
}

/* One line per reason: how many areas, how much. */
static void print_kept(const struct machine *m, struct strbuf *t)
{
	const char *why, *done = NULL, *next;
	char size[FORMAT_SIZE_MAX];
	uint64_t sum;
	size_t i, n;

	/* reasons are few: each round takes the next one by name */
	for (;; done = why) {
		why = NULL;
		for (i = 0; i < m->reserved.n; i++) {
			next = m->reserved.v[i].what;
			if ((!done || strcmp(next, done) > 0) && (!why || strcmp(next, why) < 0))
				why = next;
		}
		if (!why)
			break;
		for (sum = n = i = 0; i < m->reserved.n; i++) {
			/* each reserved range has a reason:
			 * NOLINTNEXTLINE(clang-analyzer-core.*) */
			if (strcmp(m->reserved.v[i].what, why) != 0)
				continue;
			sum += m->reserved.v[i].end - m->reserved.v[i].start;
			n++;
		}
		strbuf_printf(t, "kept     %-34s %zu area%s, %s\n", why, n, n == 1 ? "" : "s",
			      format_size(size, sum));
	}
}

static void print_pieces(const struct plan *p, struct strbuf *t)
{
	char size[FORMAT_SIZE_MAX], room[FORMAT_SIZE_MAX];
	const struct segment *s;

	plan_for_each(s, p) {
		strbuf_printf(t, "%-8s 0x%012llx - 0x%012llx  %s", piece_name(s->piece),
			      ull(s->at.start), ull(s->at.end - 1), format_size(size, s->data.len));
		if (s->reserved_end > s->at.end)
			strbuf_printf(t, ", %s kept free",
				      format_size(room, s->reserved_end - s->at.start));
		strbuf_printf(t, "\n");
	}
}

/* ---- what nobody gave */

static bool adds_initrd(const struct request *r)
{
	return r->initrds && r->initrd[0].p == initrd_empty.p;
}

static bool adds_secure_boot(const struct request *r)
{
	return !r->file_call && dt_lacks_secure_boot(r->machine->fdt.p);
}

static void print_added(const struct request *r, struct strbuf *t)
{
	if (adds_initrd(r))
		strbuf_printf(t,
			      "added    an empty initrd: the next kernel would take EFI's, which "
			      "is gone\n");
	if (adds_secure_boot(r))
		strbuf_printf(t,
			      "added    linux,uefi-secure-boot = 0 (unknown), which some kernels "
			      "require\n");
}

static void json_added(const struct request *r, struct strbuf *t)
{
	const bool initrd = adds_initrd(r), mode = adds_secure_boot(r);

	if (initrd || mode)
		strbuf_printf(t, ",\n  \"added\": [%s%s%s]", initrd ? "\"initrd\"" : "",
			      initrd && mode ? ", " : "", mode ? "\"linux,uefi-secure-boot\"" : "");
}

static const char *cmdline_of(const struct plan *p, const struct request *r)
{
	return r->file_call ? r->cmdline : p->chosen.cmdline;
}

static void print_call(const struct plan *p, const struct request *r, struct strbuf *t)
{
	char show[PRINTABLE_MAX];
	size_t i;

	strbuf_printf(t, "start    0x%012llx, the %s\n", ull(p->entry),
		      p->stub_len ? "stub: it passes the tree to the kernel"
				  : "kernel: the running one passes it the tree");
	strbuf_printf(t, "tree     from %s", p->tree_from);
	for (i = 0; i < r->overlays; i++)
		strbuf_printf(t, ", %s", printable(show, r->overlay[i].name));
	strbuf_printf(t, "\n");
	strbuf_printf(t, "call     kexec_load, %zu segments%s", p->n,
		      r->machine->crash.region.end ? ", to be started by a panic" : "");
	if (p->stage_node >= 0)
		strbuf_printf(t, ", until then in memory of node %d", p->stage_node);
	strbuf_printf(t, "\n");
}

/* By the bits of enum handed_on, for people and for programs. */
static const char *const handed_on[][2] = {
	{ "memory kept by kexec handover", "\"handover\"" },
	{ "IMA's measurements", "\"ima\"" },
	{ "keys of encrypted disks", "\"dm-crypt\"" },
};

static void list_left(unsigned left, unsigned column, struct strbuf *t)
{
	const char *comma = "";
	size_t i;

	for (i = 0; i < ARRAY_SIZE(handed_on); i++)
		if (left >> i & 1) {
			strbuf_printf(t, "%s%s", comma, handed_on[i][column]);
			comma = ", ";
		}
}

void print_left(unsigned left, struct strbuf *t)
{
	list_left(left, 0, t);
}

void print_plan(const struct plan *p, const struct request *r, struct strbuf *t)
{
	print_map(p, r->machine, t);
	print_kept(r->machine, t);
	print_pieces(p, t);
	if (r->file_call)
		strbuf_printf(t,
			      "call     kexec_file_load, which places kernel and initrd itself\n");
	else
		print_call(p, r, t);
	if (r->why)
		strbuf_printf(t, "why      %s\n", r->why);
	if (r->left) {
		strbuf_printf(t, "lost     ");
		print_left(r->left, t);
		strbuf_printf(t, "\n");
	}
	print_added(r, t);
	strbuf_printf(t, "cmdline  ");
	strbuf_append_printable(t, cmdline_of(p, r));
	strbuf_printf(t, "\n");
}

/* The length of the UTF-8 character that s starts with, whose number is *c; 0 where it starts with
 * none as RFC 3629 has it: no form longer than needed, no surrogate, none above U+10FFFF.
 */
static size_t utf8_length(const char *s, uint32_t *c)
{
	static const uint32_t least[] = { 0, UINT32_MAX, 0x80, 0x800, 0x10000, UINT32_MAX };
	const uint32_t first = (uint8_t)s[0];
	/* as many bytes as it begins with ones, but for a byte alone, which has none */
	const unsigned ones = (unsigned)__builtin_clz(~(first << 24));
	unsigned i;

	*c = first & (0xffu >> ones);
	for (i = 1; i < ones; i++) {
		if (((uint8_t)s[i] & 0xc0) != 0x80)
			return 0;
		*c = *c << 6 | ((uint8_t)s[i] & 0x3f);
	}
	if (*c < least[ones < 5 ? ones : 5] || *c > 0x10ffff || (*c >= 0xd800 && *c < 0xe000))
		return 0;
	return ones ? ones : 1;
}

/* Fit for a terminal too: what controls one (C0, DEL, C1) is escaped. */
static bool json_is_plain(uint32_t c)
{
	return c >= ' ' && c != '"' && c != '\\' && (c < 0x7f || c >= 0xa0);
}

/* A JSON string: UTF-8 as it is, and bytes that are no part of it escaped one by one. */
static void json_string(struct strbuf *t, const char *s)
{
	uint32_t c;
	size_t len;

	strbuf_append(t, "\"", 1);
	for (; *s; s += len) {
		len = utf8_length(s, &c);
		if (len && json_is_plain(c)) {
			strbuf_append(t, s, len);
			continue;
		}
		if (!len) {
			len = 1;
			c = (uint8_t)*s;
		}
		if (c == '"' || c == '\\')
			strbuf_printf(t, "\\%c", (int)c);
		else
			strbuf_printf(t, "\\u%04x", (unsigned)c);
	}
	strbuf_append(t, "\"", 1);
}

static void json_ranges(struct strbuf *t, const char *name, const struct ranges *s, bool why)
{
	const struct range *r;

	strbuf_printf(t, "  \"%s\": [", name);
	ranges_for_each(r, s) {
		strbuf_printf(t, "%s\n    { \"start\": \"0x%llx\", \"end\": \"0x%llx\"",
			      r > s->v ? "," : "", ull(r->start), ull(r->end));
		if (why) {
			strbuf_printf(t, ", \"why\": ");
			json_string(t, r->what);
		}
		strbuf_printf(t, " }");
	}
	strbuf_printf(t, "\n  ],\n");
}

static void json_segments(const struct plan *p, struct strbuf *t)
{
	const struct segment *s;

	strbuf_printf(t, "  \"segments\": [");
	plan_for_each(s, p) {
		strbuf_printf(
			t,
			"%s\n    { \"piece\": \"%s\", \"start\": \"0x%llx\", \"end\": \"0x%llx\", "
			"\"room_end\": \"0x%llx\", \"bytes\": %zu }",
			s > p->seg ? "," : "", piece_name(s->piece), ull(s->at.start),
			ull(s->at.end), ull(s->reserved_end), s->data.len);
	}
	strbuf_printf(t, "\n  ],\n");
}

void print_json(const struct plan *p, const struct request *r, struct strbuf *t)
{
	const struct machine *m = r->machine;

	strbuf_printf(t,
		      "{\n  \"format\": 1,\n  \"arch\": \"%s\",\n  \"release\": ", m->arch->name);
	json_string(t, m->release);
	strbuf_printf(t, ",\n  \"page_size\": %u,\n  \"mem_total\": %llu,\n", m->page_size,
		      ull(m->mem_total));
	json_ranges(t, "ram", &m->ram, false);
	json_ranges(t, "keep", &m->reserved, true);
	json_segments(p, t);
	strbuf_printf(t, "  \"syscall\": \"%s\",\n  \"entry\": \"0x%llx\",\n",
		      r->file_call ? "kexec_file_load" : "kexec_load", ull(p->entry));
	strbuf_printf(t, "  \"kernel_entry\": \"0x%llx\",\n", ull(p->kernel_entry));
	if (!r->file_call && p->stage_node >= 0)
		strbuf_printf(t, "  \"stage_node\": %d,\n", p->stage_node);
	strbuf_printf(
		t,
		"  \"kernel_align\": %llu,\n  \"kernel_offset\": %llu,\n  \"kernel_room\": %llu,\n",
		ull(r->image->align), ull(r->image->offset), ull(r->image->memsz));
	if (m->crash.region.end)
		strbuf_printf(
			t, "  \"crash_region\": { \"start\": \"0x%llx\", \"end\": \"0x%llx\" },\n",
			ull(m->crash.region.start), ull(m->crash.region.end));
	if (m->crash.cma.n)
		json_ranges(t, "crash_cma", &m->crash.cma, false);
	strbuf_printf(t, "  \"tree_from\": ");
	json_string(t, r->file_call ? "" : p->tree_from);
	for (size_t i = 0; i < r->overlays; i++) {
		strbuf_printf(t, i ? ", " : ",\n  \"overlays\": [");
		json_string(t, r->overlay[i].name);
	}
	if (r->overlays)
		strbuf_printf(t, "]");
	json_added(r, t);
	if (r->left) {
		strbuf_printf(t, ",\n  \"left_behind\": [");
		list_left(r->left, 1, t);
		strbuf_printf(t, "]");
	}
	strbuf_printf(t, ",\n  \"cmdline\": ");
	json_string(t, cmdline_of(p, r));
	strbuf_printf(t, "\n}\n");
}
