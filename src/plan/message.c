/* SPDX-License-Identifier: MIT */
#include "src/plan/message.h"

#include "src/plan/arch_ops.h"
#include "src/plan/kernel.h"

#include <string.h>

/* A tree is read in words of eight bytes. */
#define MADE_ALIGN 64u

/* ---- the reader's side */

static struct span blob(const struct blobs *b, size_t source)
{
	switch (source) {
	case FROM_KERNEL: return b->kernel;
	case FROM_UNPACKED: return b->unpacked;
	case FROM_MADE: return b->made;
	case FROM_COPY: return b->copy;
	default: return b->initrd[source - FROM_INITRD];
	}
}

/* Of an image that was changed, the first part is the copy. */
static struct span copy_of(const struct image *img)
{
	return img->copy ? img->part[0].data : (struct span){ 0 };
}

static bool refer(const struct blobs *b, struct span s, struct blob_ref *ref, struct error *e)
{
	struct span from;
	uintptr_t at;
	uint32_t i;

	*ref = (struct blob_ref){ 0 };
	for (i = 0; s.len && i < FROM_INITRD + b->initrds; i++) {
		from = blob(b, i);
		at = (uintptr_t)s.p - (uintptr_t)from.p;
		if (at >= from.len || s.len > from.len - at)
			continue;
		*ref = (struct blob_ref){ .source = i, .off = at, .len = s.len };
		return true;
	}
	return !s.len || fail(e, FAIL_BUG, "trust the plan: its bytes are from nowhere");
}

/* What was made: none of it is empty. */
static bool put(struct blobs *b, struct span s, struct blob_ref *ref, struct error *e)
{
	const size_t at = (b->made_used + MADE_ALIGN - 1) & ~(size_t)(MADE_ALIGN - 1);

	if (at > b->made.len || s.len > b->made.len - at)
		return fail_memory(e);
	memcpy(b->made_at + at, s.p, s.len);
	*ref = (struct blob_ref){ .source = FROM_MADE, .off = at, .len = s.len };
	b->made_used = at + s.len;
	return true;
}

static bool encode_files(const struct unwrapped *u, const struct blobs *b, struct message *m,
			 struct error *e)
{
	return refer(b, u->kernel, &m->kernel, e) && refer(b, u->initrd, &m->initrd, e) &&
	       refer(b, u->cmdline, &m->cmdline, e) && refer(b, u->dtb, &m->dtb, e);
}

static bool encode_image(const struct image *img, const struct blobs *b, struct message *m,
			 struct error *e)
{
	size_t i;

	m->bottom_up = img->bottom_up;
	m->big_endian = img->big_endian;
	m->fixed = img->fixed;
	m->run_flag = img->run_flag;
	m->zeroes_bss = img->zeroes_bss;
	m->image_page_size = img->page_size;
	m->image_memsz = img->memsz;
	m->image_align = img->align;
	m->image_offset = img->offset;
	m->image_entry = img->entry;
	m->parts = (uint32_t)img->parts;
	for (i = 0; i < img->parts; i++) {
		m->part[i] =
			(struct message_part){ .at = img->part[i].at, .size = img->part[i].size };
		if (!refer(b, img->part[i].data, &m->part[i].data, e))
			return false;
	}
	return true;
}

static bool encode_plan(const struct plan *p, struct blobs *b, struct message *m, struct error *e)
{
	const struct segment *s;
	struct blob_ref ref;
	size_t i;

	m->entry = p->entry;
	m->stage_node = p->stage_node;
	m->segments = (uint32_t)p->n;
	for (i = 0; i < p->n; i++) {
		s = &p->seg[i];
		if (s->piece < TREE ? !refer(b, s->data, &ref, e) : !put(b, s->data, &ref, e))
			return false;
		m->segment[i] = (struct message_segment){ .piece = s->piece,
							  .data = ref,
							  .start = s->at.start,
							  .end = s->at.end,
							  .reserved_end = s->reserved_end };
	}
	return true;
}

bool message_encode(const struct answer *a, struct blobs *b, struct message *m, struct error *e)
{
	if (!encode_files(a->unwrapped, b, m, e) || !encode_image(a->parsed, b, m, e))
		return false;
	b->copy = copy_of(a->image);
	if (a->plan && !encode_plan(a->plan, b, m, e))
		return false;
	m->state = MESSAGE_PLAN;
	return true;
}

void message_encode_error(const struct error *why, struct message *m)
{
	m->code = (uint32_t)why->code;
	memcpy(m->text, why->text, sizeof(m->text));
	memcpy(m->hint, why->hint, sizeof(m->hint));
	m->state = MESSAGE_ERROR;
}

/* ---- the parent's side: the message may be anything */

static bool lie(struct error *e, const char *what)
{
	return fail(e, FAIL_BUG, "trust the sandbox: it %s", what);
}

bool message_decode_error(const struct message *m, struct error *e)
{
	char text[sizeof(e->text)], hint_text[sizeof(e->hint)];
	char copy[sizeof(m->text) > sizeof(m->hint) ? sizeof(m->text) : sizeof(m->hint)];
	struct strbuf t = strbuf_fixed(text, sizeof(text));
	const bool known = m->code >= FAIL_USAGE && m->code <= FAIL_XEN;

	memcpy(copy, m->text, sizeof(m->text));
	copy[sizeof(m->text) - 1] = '\0';
	strbuf_append_printable(&t, copy);
	fail(e, known ? (enum code)m->code : FAIL_BUG, "%s", t.len ? text : "tell what is wrong");
	memcpy(copy, m->hint, sizeof(m->hint));
	copy[sizeof(m->hint) - 1] = '\0';
	if (!copy[0])
		return false;
	t = strbuf_fixed(hint_text, sizeof(hint_text));
	strbuf_append_printable(&t, copy);
	return hint(e, "%s", hint_text);
}

static bool resolve(const struct blobs *b, const struct blob_ref *ref, struct span *s)
{
	return ref->source < FROM_INITRD + b->initrds && !ref->pad &&
	       span_sub(blob(b, ref->source), ref->off, ref->len, s);
}

/* Bytes that unwrapping such a file can give. */
static bool from_kernel(const struct blobs *b, const struct blob_ref *ref, enum wrapping w,
			struct span *s)
{
	if (!ref->len) {
		*s = (struct span){ 0 };
		return true;
	}
	if (ref->source != FROM_UNPACKED && (ref->source != FROM_KERNEL || w != WRAP_UKI))
		return false;
	return resolve(b, ref, s);
}

bool message_decode_files(const struct message *m, const struct blobs *b, enum wrapping w,
			  struct unwrapped *u, struct error *e)
{
	const bool may_have_more = w != WRAP_NONE && w != WRAP_ELF;

	*u = (struct unwrapped){ .kernel = b->kernel };
	if (w == WRAP_NONE ? m->kernel.source != FROM_KERNEL || m->kernel.pad || m->kernel.off ||
				     m->kernel.len != b->kernel.len
			   : !m->kernel.len || !from_kernel(b, &m->kernel, w, &u->kernel))
		return lie(e, "swapped the kernel");
	if ((m->initrd.len && !may_have_more) || !from_kernel(b, &m->initrd, w, &u->initrd))
		return lie(e, "swapped the initrd");
	if ((m->cmdline.len && !may_have_more) || !from_kernel(b, &m->cmdline, w, &u->cmdline))
		return lie(e, "swapped the command line");
	if ((m->dtb.len && !may_have_more) || !from_kernel(b, &m->dtb, w, &u->dtb))
		return lie(e, "swapped the device tree");
	return true;
}

static bool within(struct span inner, struct span outer)
{
	const uintptr_t at = (uintptr_t)inner.p - (uintptr_t)outer.p;

	return at <= outer.len && inner.len <= outer.len - at;
}

static bool decode_part(const struct message_part *from, const struct blobs *b, struct span kernel,
			struct part *to, struct error *e)
{
	*to = (struct part){ .at = from->at, .size = from->size };
	if (from->data.source == FROM_COPY || !resolve(b, &from->data, &to->data) ||
	    (to->data.len && !within(to->data, kernel)))
		return lie(e, "swapped a part of the kernel");
	return true;
}

/* The parts, in order, apart, inside of the memory that the image says it takes. */
static bool decode_parts(const struct message *m, const struct blobs *b, struct span kernel,
			 struct image *img, struct error *e)
{
	uint64_t at = 0;
	size_t i;

	/* one more may come when the image is settled */
	if (!m->parts || m->parts >= IMAGE_PARTS || m->part[0].at)
		return lie(e, "miscounted the parts of the kernel");
	for (i = 0; i < m->parts; i++) {
		if (!decode_part(&m->part[i], b, kernel, &img->part[i], e))
			return false;
		if (m->part[i].at < at || m->part[i].at > img->memsz ||
		    m->part[i].size > img->memsz - m->part[i].at ||
		    m->part[i].data.len > m->part[i].size)
			return lie(e, "laid parts of the kernel over each other");
		at = m->part[i].at + m->part[i].size;
	}
	img->parts = m->parts;
	return true;
}

static bool decode_image(const struct message *m, const struct blobs *b, struct span kernel,
			 struct image *img, struct error *e)
{
	*img = (struct image){
		.memsz = m->image_memsz,
		.align = m->image_align,
		.offset = m->image_offset,
		.entry = m->image_entry,
		.page_size = m->image_page_size,
		.bottom_up = m->bottom_up,
		.big_endian = m->big_endian,
		.fixed = m->fixed,
		.run_flag = m->run_flag,
		.zeroes_bss = m->zeroes_bss,
	};
	return decode_parts(m, b, kernel, img, e);
}

/* The bytes must be those that the piece is to have. */
static bool expect(struct span s, struct span want, const char *otherwise, struct error *e)
{
	return (s.len == want.len && (!s.len || s.p == want.p)) || lie(e, otherwise);
}

struct count {
	size_t parts, initrds;
};

static bool decode_data(const struct message_segment *from, const struct blobs *b,
			const struct request *r, struct count *n, struct span *s, struct error *e)
{
	const struct span none = { NULL, 0 };

	if (!resolve(b, &from->data, s))
		return lie(e, "named bytes that are in no file");
	switch (from->piece) {
	case KERNEL:
		return expect(*s,
			      n->parts < r->image->parts ? r->image->part[n->parts++].data : none,
			      "swapped a part of the kernel", e);
	case INITRD:
		return expect(*s, n->initrds < r->initrds ? r->initrd[n->initrds++] : none,
			      "swapped an initrd", e);
	case TREE:
	case STUB:
	case CORE:
		return (from->data.source == FROM_MADE && from->data.off % MADE_ALIGN == 0) ||
		       lie(e, "passed off a file as what it made");
	default: return lie(e, "named a piece that is unknown");
	}
}

static bool decode_segments(const struct message *m, const struct blobs *b, const struct request *r,
			    struct plan *p, struct error *e)
{
	const struct message_segment *from;
	const struct segment *kernel;
	struct count n = { 0, 0 };
	struct span data;

	if (!m->segments || m->segments > SEGMENTS_MAX)
		return lie(e, "miscounted the segments");
	if (m->stage_node < -1 || m->stage_node >= NODES_MAX)
		return lie(e, "named a NUMA node that cannot be");
	p->stage_node = m->stage_node;
	for (; p->n < m->segments; p->n++) {
		from = &m->segment[p->n];
		if (!decode_data(from, b, r, &n, &data, e))
			return false;
		p->seg[p->n] = (struct segment){ .piece = (enum piece)from->piece,
						 .data = data,
						 .at = { from->start, from->end, NULL },
						 .reserved_end = from->reserved_end };
	}
	kernel = plan_segment(p, KERNEL);
	p->kernel = kernel ? kernel->at.start : 0;
	p->kernel_entry = p->kernel + r->image->entry;
	p->entry = m->entry;
	return true;
}

/* The stub is ours, and theirs must be the same. */
static bool make_stub(struct plan *p, const struct request *r, struct error *e)
{
	const struct segment *tree = plan_segment(p, TREE), *stub = plan_segment(p, STUB);
	struct span theirs;

	if (!stub || !tree)
		return true;
	theirs = stub->data;
	p->stub_len = r->machine->arch->stub(r, p->kernel, tree->at.start, p->chosen.backup.start,
					     p->stub);
	p->seg[stub - p->seg].data = (struct span){ p->stub, p->stub_len };
	return (theirs.len == p->stub_len && span_equal_at(theirs, 0, p->stub, p->stub_len)) ||
	       lie(e, "changed the stub");
}

bool message_decode_plan(const struct message *m, struct blobs *b, const struct expected *x,
			 struct image *img, struct plan *p, struct error *e)
{
	const struct request *r = x->request;

	if (!decode_image(m, b, x->kernel, img, e))
		return false;
	if (r->file_call)
		return true;
	if (!kernel_settle(img, x->name, r->machine, x->pin, e) || !plan_start(p, r, e))
		return false;
	b->copy = copy_of(img);
	if (!decode_segments(m, b, r, p, e))
		return false;
	plan_tell(p, r);
	return make_stub(p, r, e);
}
