/* SPDX-License-Identifier: MIT */
/* A plan on its way from the sandboxed reader to its parent: src/plan/message.h. */
#include "scene.h"

#include "door.h"

void scene_encode(const struct scene *s, struct passed *p)
{
	const struct unwrapped u = { .kernel = s->kernel };
	const struct answer a = { &u, &s->parsed, &s->image, &s->plan };
	struct error e = { 0 };

	p->message = (struct message){ 0 };
	p->wrapping = WRAP_NONE;
	p->blobs = (struct blobs){
		.kernel = s->kernel,
		.initrd = s->request.initrd,
		.initrds = s->request.initrds,
		.made = { p->made, sizeof(p->made) },
		.made_at = p->made,
	};
	DOOR_WANT(message_encode(&a, &p->blobs, &p->message, &e));
}

bool scene_decode(const struct scene *s, struct passed *p, struct error *e)
{
	struct expected x = { .request = &p->request, .name = "kernel", .pin = s->stay };

	p->image = (struct image){ 0 };
	p->plan = (struct plan){ 0 };
	p->request = s->request;
	p->request.image = &p->image;
	if (!message_decode_files(&p->message, &p->blobs, p->wrapping, &p->unwrapped, e))
		return false;
	x.kernel = p->unwrapped.kernel;
	return message_decode_plan(&p->message, &p->blobs, &x, &p->image, &p->plan, e) &&
	       plan_check(&p->plan, &p->request, e);
}

void scene_passed_free(struct passed *p)
{
	plan_free(&p->plan);
	image_free(&p->image);
}
