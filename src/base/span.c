/* SPDX-License-Identifier: MIT */
#include "src/base/span.h"

#include <ctype.h>
#include <limits.h>
#include <string.h>

bool span_sub(struct span s, uint64_t off, uint64_t len, struct span *out)
{
	if (off > s.len || len > s.len - off)
		return false;
	*out = (struct span){ s.p + off, (size_t)len };
	return true;
}

/* The number in `width` bytes at off; first byte lowest when little. */
static bool span_number(struct span s, uint64_t off, unsigned width, bool little, uint64_t *v)
{
	struct span f;
	unsigned i;

	*v = 0;
	if (!span_sub(s, off, width, &f))
		return false;
	for (i = 0; i < width; i++)
		*v = *v << 8 | f.p[little ? width - 1 - i : i];
	return true;
}

/* Each reads a number of its width. */
#define SPAN_READ(name, type, little)                                                              \
	bool name(struct span s, uint64_t off, type *v)                                            \
	{                                                                                          \
		uint64_t n;                                                                        \
		const bool ok = span_number(s, off, sizeof(*v), little, &n);                       \
                                                                                                   \
		*v = (type)n;                                                                      \
		return ok;                                                                         \
	}

SPAN_READ(span_le16, uint16_t, true)
SPAN_READ(span_be16, uint16_t, false)
SPAN_READ(span_le32, uint32_t, true)
SPAN_READ(span_be32, uint32_t, false)
SPAN_READ(span_le64, uint64_t, true)
SPAN_READ(span_be64, uint64_t, false)

bool span_equal_at(struct span s, uint64_t off, const void *p, size_t len)
{
	struct span f;

	return span_sub(s, off, len, &f) && memcmp(f.p, p, len) == 0;
}

bool span_skip_prefix(struct span *s, const char *word)
{
	size_t len = strlen(word);

	if (!span_equal_at(*s, 0, word, len))
		return false;
	*s = (struct span){ s->p + len, s->len - len };
	return true;
}

/* The value of a digit of any base up to 36, or UINT_MAX. */
static unsigned digit_value(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'Z')
		return c - 'A' + 10;
	return UINT_MAX;
}

bool span_parse_number(struct span *s, unsigned base, uint64_t *v)
{
	uint64_t n = 0;
	unsigned digit;
	size_t i;

	for (i = 0; i < s->len; i++) {
		digit = digit_value(s->p[i]);
		if (digit >= base)
			break;
		if (__builtin_mul_overflow(n, (uint64_t)base, &n) ||
		    __builtin_add_overflow(n, (uint64_t)digit, &n))
			return false;
	}
	*v = n;
	if (!i)
		return false;
	*s = (struct span){ s->p + i, s->len - i };
	return true;
}

bool span_parse_address(struct span *s, uint64_t *v)
{
	struct span digits = *s;
	const bool hex = span_skip_prefix(&digits, "0x") || span_skip_prefix(&digits, "0X");

	if (!span_parse_number(&digits, hex ? 16 : 10, v))
		return false;
	*s = digits;
	return true;
}

bool span_find(struct span s, const char *word, struct span *after)
{
	const size_t len = strlen(word);
	const uint8_t *at;

	while (s.len >= len && (at = memchr(s.p, word[0], s.len - len + 1))) {
		s.len -= (size_t)(at - s.p);
		s.p = at;
		/* few pass the first look, which is cheaper than a call */
		if (at[len - 1] == (uint8_t)word[len - 1] && memcmp(at, word, len) == 0) {
			if (after)
				*after = (struct span){ at + len, s.len - len };
			return true;
		}
		s.p++;
		s.len--;
	}
	return false;
}

uint64_t span_find_number(struct span s, const char *word)
{
	uint64_t v = 0;

	if (!span_find(s, word, &s))
		return 0;
	while (span_skip_prefix(&s, " "))
		;
	span_parse_number(&s, 10, &v);
	return v;
}

size_t word_length(const char *s)
{
	bool quoted = false;
	size_t i;

	for (i = 0; s[i] && (quoted || !isspace((unsigned char)s[i])); i++)
		quoted ^= s[i] == '"';
	return i;
}

bool line_has_word(const char *line, const char *word)
{
	size_t len;

	for (; *line; line += len + (line[len] != '\0')) {
		len = word_length(line);
		if (len == strlen(word) && memcmp(line, word, len) == 0)
			return true;
	}
	return false;
}

void put_le32(uint8_t *p, uint32_t v)
{
	unsigned i;

	for (i = 0; i < 4; i++)
		p[i] = (uint8_t)(v >> 8 * i);
}

void put_le64(uint8_t *p, uint64_t v)
{
	put_le32(p, (uint32_t)v);
	put_le32(p + 4, (uint32_t)(v >> 32));
}

void put_be32(uint8_t *p, uint32_t v)
{
	put_le32(p, __builtin_bswap32(v));
}

void put_be64(uint8_t *p, uint64_t v)
{
	put_le64(p, __builtin_bswap64(v));
}
