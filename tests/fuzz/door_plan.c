/* SPDX-License-Identifier: MIT */
/* The whole way from a machine's files to a plan, each byte a roll of the dice. */
#include "door.h"

#include "scene.h"

void door_plan(struct span in)
{
	static struct scene s;
	struct error e = { 0 };
	unsigned defect;

	scene_run(&s, (struct dice){ .bytes = in, .from_bytes = true });
	scene_check(&s);
	defect = door_flag(&in) % DEFECTS;
	if (s.ok && scene_spoil(&s, defect))
		DOOR_WANT(!plan_check(&s.plan, &s.request, &e));
	scene_end(&s);
}
