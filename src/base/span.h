/* SPDX-License-Identifier: MIT */
/* Borrowed bytes, and reads from them that cannot leave them.
 *
 * A span owns nothing: whoever made it says how long the bytes live. No struct is ever overlaid on
 * file bytes; each field is read here, by offset, width and byte order. Offsets and lengths come
 * from files and may be any 64-bit number.
 */
#ifndef SPAN_H
#define SPAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

struct span {
	const uint8_t *p;
	size_t len;
};

/* The bytes [off, off + len) of s. False, with *out untouched, when s does not have them all. */
bool span_sub(struct span s, uint64_t off, uint64_t len, struct span *out);

/* False, with *v zero, when the bytes are not all there. */
bool span_le32(struct span s, uint64_t off, uint32_t *v);
bool span_le64(struct span s, uint64_t off, uint64_t *v);
bool span_be32(struct span s, uint64_t off, uint32_t *v);
bool span_be64(struct span s, uint64_t off, uint64_t *v);
bool span_le16(struct span s, uint64_t off, uint16_t *v);
bool span_be16(struct span s, uint64_t off, uint16_t *v);

/* Are the bytes at off the len bytes at p? */
bool span_equal_at(struct span s, uint64_t off, const void *p, size_t len);

/* Text. Each moves *s past what it read, and leaves it alone when it returns false: the
 * word, or the digits of a number of base 10 or 16 (false without a digit, or beyond 64 bits). An
 * address is hexadecimal after 0x, and else decimal.
 */
bool span_skip_prefix(struct span *s, const char *word);
bool span_parse_number(struct span *s, unsigned base, uint64_t *v);
bool span_parse_address(struct span *s, uint64_t *v);

/* Is the word, which is not empty, anywhere in s? *after, which may be NULL, gets what follows the
 * first occurrence.
 */
bool span_find(struct span s, const char *word, struct span *after);

/* The decimal number after a word in s and any spaces; 0 when it is not there. */
uint64_t span_find_number(struct span s, const char *word);

/* Bytes of the word at s on a kernel's command line: to the next white space that is not inside of
 * double quotes, or to the end (lib/cmdline.c, next_arg).
 */
size_t word_length(const char *s);

/* Is this one of the words of a command line? */
bool line_has_word(const char *line, const char *word);

/* Writes into a caller's array. */
void put_le32(uint8_t *p, uint32_t v);
void put_le64(uint8_t *p, uint64_t v);
void put_be32(uint8_t *p, uint32_t v);
void put_be64(uint8_t *p, uint64_t v);

#endif
