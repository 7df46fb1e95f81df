/* SPDX-License-Identifier: MIT */
/* A made-up machine and a request, from rolls of dice: what the property tests plan for. The
 * machine is files (files.h), as a captured one is, so that probe.c and crash.c read it as they
 * would any other.
 */
#ifndef SCENE_H
#define SCENE_H

#include "arch/arch.h"
#include "src/plan/message.h"

/* Rolls come from bytes while there are any (and are 0 behind them), or, without, from a state. */
struct dice {
	struct span bytes;
	bool from_bytes;
	uint64_t state;
};

uint64_t roll(struct dice *d, uint64_t n); /* 0 to n - 1 */
static inline bool one_in(struct dice *d, unsigned n)
{
	return roll(d, n) == n - 1;
}
/* One of those given. */
#define PICK(d, ...)                                                                               \
	((const uint64_t[]){ __VA_ARGS__ })[roll(d, sizeof((const uint64_t[]){ __VA_ARGS__ }) /    \
							    sizeof(uint64_t))]

#define SCENE_RAM   8
#define SCENE_KEEP  40
#define SCENE_TREE  16384
#define SCENE_TEXT  8192
#define SCENE_PIECE (2ull << 30) /* the largest file */

struct scene {
	struct dice dice;
	bool ppc64, big_endian, efi, panic, stay, hotplug;
	uint32_t page;
	struct range ram[SCENE_RAM], keep[SCENE_KEEP], region, low;
	size_t rams, keeps;
	uint64_t kernel_end, total;

	char text[8][SCENE_TEXT]; /* what files_put() was given */
	uint8_t note[64 + 56 * 16];
	_Alignas(8) uint8_t tree[SCENE_TREE];
	_Alignas(8) uint8_t user[SCENE_TREE];
	_Alignas(8) uint8_t over[SCENE_TREE];

	struct machine machine;
	struct image parsed, image; /* as the file is, and as it is loaded */
	struct overlay overlay;
	struct request request;
	char cmdline[2100];
	struct span kernel; /* the file; its bytes are good until the next scene */
	bool has_user, has_over;
	struct error error;
	struct plan plan;
	bool probed, ok;
};

/* Makes a scene and plans it: s->ok, s->error, s->plan. End it with scene_end(). */
void scene_run(struct scene *s, struct dice dice);
void scene_end(struct scene *s);

/* scene_tree.c: writes the machine's tree, the user's, an overlay; scene_kernel.c: a kernel file.
 */
void scene_trees(struct scene *s);
void scene_kernel(struct scene *s);

/* A place near one that matters: an edge of RAM or of what is kept, or anywhere in RAM. */
uint64_t scene_place(struct scene *s);
uint64_t scene_size(struct scene *s);

/* Aborts unless the scene was refused with a sentence or its plan passes plan_check(). */
void scene_check(struct scene *s);

/* What the sandboxed reader of the files passes on of a good plan, and what its parent makes of it.
 */
struct passed {
	_Alignas(64) uint8_t made[1 << 20];
	struct blobs blobs;
	struct message message;
	enum wrapping wrapping; /* of the kernel's file, as the parent sees it */
	struct request request; /* the parent's */
	struct image image;
	struct unwrapped unwrapped;
	struct plan plan;
};
void scene_encode(const struct scene *s, struct passed *p);
/* With plan_check(). End it with scene_passed_free() in any case. */
bool scene_decode(const struct scene *s, struct passed *p, struct error *e);
void scene_passed_free(struct passed *p);

/* Does one thing to a good plan that makes it bad; false when there is nothing of that kind in it.
 */
#define DEFECTS 16
bool scene_spoil(struct scene *s, unsigned defect);

#endif
