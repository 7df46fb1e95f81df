/* SPDX-License-Identifier: MIT */
/* Captioned tables of cases, and no more.
 *
 * A room's file has tables of rows and walks them: CASE(caption) starts a row, want_*() compare. A
 * row that fails prints "FILE: CAPTION: what was expected, what came", and the rest goes on. unit.c
 * counts.
 */
#ifndef UNIT_H
#define UNIT_H

#include "src/base/error.h"
#include "src/plan/plan.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define KIB (1ull << 10)
#define MIB (1ull << 20)
#define GIB (1ull << 30)

/* The rooms: one file each. */
#define ROOMS(X)                                                                                   \
	X(error)                                                                                   \
	X(strbuf)                                                                                  \
	X(span)                                                                                    \
	X(range)                                                                                   \
	X(message) X(iomem) X(options) X(method) X(holes) X(map) X(staging) X(image) X(elf64)      \
		X(arm64_image) X(arm64_memory) X(ppc64_image) X(ppc64_memory) X(tree) X(memory)    \
			X(merge) X(overlay) X(chosen) X(flatten) X(redact) X(arch) X(plan)         \
				X(plan_check) X(print) X(elfcorehdr) X(ppc64_crash) X(unpack)      \
					X(unwrap) X(ppc64_check) X(ppc64_place) X(trees)
#define ROOM_DECLARE(name) void test_##name(void);
ROOMS(ROOM_DECLARE)
#undef ROOM_DECLARE

/* Starts a row. The caption is copied. */
#define CASE(...) unit_case(__FILE__, __VA_ARGS__)
void unit_case(const char *file, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The row fails with this sentence. */
void unit_fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

void want(bool ok, const char *what);
void want_u64(const char *what, uint64_t expected, uint64_t came);
void want_text(const char *what, const char *expected, const char *came);
void want_bytes(const char *what, const void *expected, const void *came, size_t len);
/* "start-end, start-end": hexadecimal, half open */
void want_ranges(const char *what, const char *expected, const struct ranges *came);

/* The failure has this code, exactly this sentence and, unless NULL, this hint; both fit their
 * line. FAIL_NONE: there is none. `ok` is what the function returned, and must agree.
 */
void want_error(bool ok, const struct error *e, enum code code, const char *sentence);
void want_hint(const struct error *e, const char *expected);

/* Numbers that look random and are the same on every machine. */
uint64_t unit_random(void);
void unit_random_start(uint64_t seed);

/* The bytes of a text, which is borrowed, without its NUL. */
static inline struct span text_span(const char *text)
{
	return (struct span){ (const uint8_t *)text, strlen(text) };
}

/* After n more calls every malloc, calloc and realloc of the program under test fails. -1: never.
 */
void unit_memory(long n);

/* note.c: device trees in one line of text, in and out. Like a dts, without tabs and newlines:
 *
 *	@40000000+1000; / { chosen { bootargs = "x"; n = <1 2>; b = [00ff7a]; empty; }; };
 *
 * @START+SIZE; are reservations; all numbers are hexadecimal.
 */
struct span note_tree(const char *note); /* malloc'd by it: end with note_free() */
void note_free(struct span *tree);
const char *note_print(const void *fdt, char *buf, size_t cap);

/* small.c: a machine of one gigabyte with an arm64 kernel, in memory. */
#define SMALL_BASE 0x40000000ull
#define SMALL_TREE                                                                                 \
	"/ { #address-cells = <2>; #size-cells = <2>; chosen { }; "                                \
	"memory@40000000 { device_type = \"memory\"; reg = <0 40000000 0 40000000>; }; };"

struct small {
	struct machine m;
	struct image img;
	struct request r;
	uint8_t *kernel; /* an Image of 1 MiB, with 4 MiB of memory */
	uint8_t initrd[5000];
	struct span tree; /* the machine's */
};

/* All of RAM is room but 16 MiB at its start. The kernel may lie anywhere. */
void small_start(struct small *s, const char *tree_note);
/* It has EFI, whose stub told the running kernel nothing of secure boot. */
void small_efi(struct small *s);
/* Room is ram without keep: to be called after either was changed. */
void small_free(struct small *s);
void small_end(struct small *s);

/* The ranges that a machine in memory has; small_end() does it, too. */
void machine_ranges_free(struct machine *m);

/* The load becomes a crash kernel's, for a region of 256 MiB in the middle of RAM and a low one of
 * 16 MiB below it.
 */
#define SMALL_REGION 0x60000000ull
#define SMALL_LOW    0x48000000ull
void small_crash(struct small *s);

/* plan_draft() and plan_check(). */
bool plan_make(const struct request *r, struct plan *p, struct error *e);

/* A 64-byte arm64 Image header. */
void small_header(uint8_t h[64], uint64_t text_offset, uint64_t image_size, uint64_t flags);

#endif
