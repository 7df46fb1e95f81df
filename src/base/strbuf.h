/* Text put together in memory: the one formatter of the program.
 *
 * A struct text is either fixed (a caller's array; what does not fit is cut and `lost` is set) or
 * growing (malloc; `lost` is set when memory runs out). Both are always terminated by a NUL.
 *
 * Formats are a checked subset of printf: %s %.*s %c %d %u %x with l, ll, z and the flags `-`, `0`
 * and a width. There are no floats: printf's would cost a quarter of the binary.
 */
#ifndef TEXT_H
#define TEXT_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct text {
	char *p;	 /* NUL terminated once anything was added */
	size_t len, cap; /* bytes used without the NUL; bytes there */
	bool grows;	 /* p is ours: end it with text_free() */
	bool lost;	 /* something did not fit */
};

/* A growing text, empty: struct text t = TEXT_GROWING; */
#define TEXT_GROWING                                                                               \
	{                                                                                          \
		.grows = true                                                                      \
	}

struct text text_fixed(char *buf, size_t cap);
void text_add(struct text *t, const char *format, ...) __attribute__((format(printf, 2, 3)));
void text_vadd(struct text *t, const char *format, va_list ap)
	__attribute__((format(printf, 2, 0)));
void text_bytes(struct text *t, const void *bytes, size_t len);
/* The bytes of s with `?` for each that is a control character or above 126: fit for a terminal. */
void text_plain(struct text *t, const char *s);
/* Makes room for len more bytes; false when there is none. Of a large text known to come, it saves
 * the copies.
 */
bool text_room(struct text *t, size_t len);
void text_free(struct text *t);

/* A size as people say it, rounded down to a tenth: "512 B", "33.2 MiB". Returns buf. */
#define SIZE_TEXT 16
const char *size_text(char buf[SIZE_TEXT], uint64_t bytes);

/* A name from outside, fit for a terminal and a line: control characters and bytes above 126 become
 * `?`, and of a long name the end is kept behind "...". Returns buf. */
#define NAME_TEXT 64
const char *name_text(char buf[NAME_TEXT], const char *name);

#endif
