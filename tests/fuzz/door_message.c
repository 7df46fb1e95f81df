/* SPDX-License-Identifier: MIT */
/* The message of a sandboxed reader that was taken over. The last two bytes choose a scene and how
 * its kernel's file is wrapped; the others are laid over the message that an honest reader would
 * leave, and what is left of them over what it made: zeros change nothing.
 */
#include "door.h"

#include "scene.h"

static void overlay(void *at, size_t len, struct span *in)
{
	uint8_t *p = at;

	for (; len && in->len; len--, in->len--)
		*p++ ^= *in->p++;
}

static bool inside(struct span s, struct span whole)
{
	const uintptr_t at = (uintptr_t)s.p - (uintptr_t)whole.p;

	return at <= whole.len && s.len <= whole.len - at;
}

/* Bytes that are loaded are those of their files, or made. */
static void check_segment(const struct scene *s, const struct passed *p, const struct segment *seg)
{
	const struct span stub = { p->plan.stub, p->plan.stub_len };
	bool given = false;
	size_t i;

	switch (seg->piece) {
	case KERNEL:
		DOOR_WANT(!seg->data.len || inside(seg->data, s->kernel) ||
			  inside(seg->data, p->blobs.copy));
		break;
	case INITRD:
		for (i = 0; i < s->request.initrds && !given; i++)
			given = seg->data.p == s->request.initrd[i].p &&
				seg->data.len == s->request.initrd[i].len;
		DOOR_WANT(given);
		break;
	case STUB: DOOR_WANT(seg->data.p == stub.p && seg->data.len == stub.len); break;
	default: DOOR_WANT(inside(seg->data, p->blobs.made)); break;
	}
}

static void check_passed(const struct scene *s, const struct passed *p)
{
	size_t i;

	for (i = 0; i < p->plan.n; i++)
		check_segment(s, p, &p->plan.seg[i]);
	if (p->wrapping == WRAP_NONE)
		DOOR_WANT(p->unwrapped.kernel.p == s->kernel.p &&
			  p->unwrapped.kernel.len == s->kernel.len);
	DOOR_WANT(p->request.cmdline == s->request.cmdline);
}

static void check_error(const struct error *e)
{
	const char *c;

	DOOR_WANT(e->code >= FAIL_USAGE && e->code <= FAIL_XEN && e->text[0]);
	for (c = e->text; *c; c++)
		DOOR_WANT(*c >= ' ' && *c <= '~');
	for (c = e->hint; *c; c++)
		DOOR_WANT(*c >= ' ' && *c <= '~');
}

void door_message(struct span in)
{
	static struct scene s;
	static struct passed p;
	const unsigned wrapping = door_flag(&in), number = door_flag(&in);
	struct error e = { 0 };

	scene_run(&s, (struct dice){ .state = number * 0x9e3779b97f4a7c15u });
	if (s.ok) {
		scene_encode(&s, &p);
		p.wrapping = (enum wrapping)(wrapping % (WRAP_ELF + 1));
		overlay(&p.message, sizeof(p.message), &in);
		overlay(p.made, p.blobs.made_used, &in);
		if (scene_decode(&s, &p, &e))
			check_passed(&s, &p);
		else
			check_error(&e);
		scene_passed_free(&p);
		e = (struct error){ 0 };
		message_decode_error(&p.message, &e);
		check_error(&e);
	}
	scene_end(&s);
}
