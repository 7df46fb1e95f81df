/* SPDX-License-Identifier: MIT */
/* Text put together in memory: the one formatter of the program.
 *
 * A struct strbuf is either fixed (a caller's array; what does not fit is cut and `truncated` is
 * set) or growing (malloc; `truncated` is set when memory runs out). Both always end with a NUL.
 *
 * Formats are a checked subset of printf: %s %.*s %c %d %u %x with l, ll, z and the flags `-`, `0`
 * and a width. There are no floats: printf's cost 16 to 24 KiB. "%.*s" with AS_NAME in place of a
 * length shows a name from outside as printable() does.
 */
#ifndef STRBUF_H
#define STRBUF_H

#include "src/base/span.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct strbuf {
	char *p;	 /* NUL terminated once anything was added */
	size_t len, cap; /* bytes used without the NUL; bytes there */
	bool grows;	 /* p is ours: end it with strbuf_free() */
	bool truncated;	 /* something did not fit */
};

/* A growing text, empty: struct strbuf t = STRBUF_GROWING; */
#define STRBUF_GROWING                                                                             \
	{                                                                                          \
		.grows = true                                                                      \
	}

/* What is in it so far, which the next addition may move. */
static inline struct span strbuf_span(const struct strbuf *t)
{
	return (struct span){ (const uint8_t *)t->p, t->len };
}

struct strbuf strbuf_fixed(char *buf, size_t cap);
void strbuf_printf(struct strbuf *t, const char *format, ...) __attribute__((format(printf, 2, 3)));
void strbuf_vprintf(struct strbuf *t, const char *format, va_list ap)
	__attribute__((format(printf, 2, 0)));
void strbuf_append(struct strbuf *t, const void *bytes, size_t len);
/* The bytes of s with `?` for each that is a control character or above 126: fit for a terminal. */
void strbuf_append_printable(struct strbuf *t, const char *s);
/* Makes space for len more bytes; false when there is none. Done before a large text, it saves
 * copies.
 */
bool strbuf_reserve(struct strbuf *t, size_t len);
void strbuf_free(struct strbuf *t);

/* A size for humans, rounded down to a tenth: "512 B", "33.2 MiB". Returns buf. */
#define FORMAT_SIZE_MAX 16
const char *format_size(char buf[FORMAT_SIZE_MAX], uint64_t bytes);

/* A name from outside, fit for a terminal and a line: control characters and bytes above 126 become
 * `?`, and of a long name the end is kept, after "...". Returns buf. */
#define PRINTABLE_MAX 64
#define AS_NAME	      (-2)
const char *printable(char buf[PRINTABLE_MAX], const char *name);

#endif
