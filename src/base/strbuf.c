/* SPDX-License-Identifier: MIT */
#include "src/base/strbuf.h"

#include <stdlib.h>
#include <string.h>

struct strbuf strbuf_fixed(char *buf, size_t cap)
{
	struct strbuf t = { .p = buf, .cap = cap };

	if (cap)
		buf[0] = '\0';
	return t;
}

void strbuf_free(struct strbuf *t)
{
	if (t->grows)
		free(t->p);
	*t = (struct strbuf){ .grows = t->grows };
}

bool strbuf_reserve(struct strbuf *t, size_t len)
{
	size_t cap = t->cap ? t->cap : 256, want;
	char *p;

	/* so that neither the sum nor the doubling wraps */
	if (len >= SIZE_MAX / 4 - t->len)
		return false;
	want = t->len + len + 1;
	if (want <= t->cap)
		return true;
	if (!t->grows)
		return false;
	while (cap < want)
		cap *= 2;
	p = realloc(t->p, cap);
	if (!p)
		return false;
	t->p = p;
	t->cap = cap;
	return true;
}

void strbuf_append(struct strbuf *t, const void *bytes, size_t len)
{
	if (!len)
		return;
	if (!strbuf_reserve(t, len)) {
		t->truncated = true;
		if (t->grows || t->cap <= t->len + 1)
			return;
		len = t->cap - t->len - 1;
	}
	memcpy(t->p + t->len, bytes, len);
	t->len += len;
	t->p[t->len] = '\0';
}

/* One conversion: what stands between % and its letter, and the letter. */
struct spec {
	bool left, zero;
	size_t width;
	int precision; /* -1, the largest size_t: none given */
	int longs;     /* 0 int, 1 long or size_t, 2 long long */
	char kind;
};

static const char *spec_read(const char *f, struct spec *s, va_list *ap)
{
	*s = (struct spec){ .precision = -1 };
	for (; *f == '-' || *f == '0'; f++) {
		if (*f == '-')
			s->left = true;
		else
			s->zero = true;
	}
	for (; *f >= '0' && *f <= '9'; f++)
		s->width = s->width * 10 + (size_t)(*f - '0');
	if (*f == '.') { /* .* is the only precision */
		s->precision = va_arg(*ap, int);
		f += 2;
	}
	for (; *f == 'l' || *f == 'z'; f++)
		s->longs++;
	s->kind = *f;
	return *f ? f + 1 : f;
}

static void strbuf_append_padded(struct strbuf *t, const struct spec *s, const char *p, size_t len)
{
	size_t pad = len < s->width ? s->width - len : 0;

	for (; pad && !s->left; pad--)
		strbuf_append(t, s->zero ? "0" : " ", 1);
	strbuf_append(t, p, len);
	for (; pad; pad--)
		strbuf_append(t, " ", 1);
}

void strbuf_append_printable(struct strbuf *t, const char *s)
{
	for (; *s; s++)
		strbuf_append(t, *s < ' ' || *s > '~' ? "?" : s, 1);
}

static void append_name(struct strbuf *t, const char *name)
{
	const size_t len = strlen(name);

	if (len >= PRINTABLE_MAX) {
		strbuf_append(t, "...", 3);
		name += len - (PRINTABLE_MAX - 4);
	}
	strbuf_append_printable(t, name);
}

/* The argument, which a signed conversion makes a number without its sign. */
static unsigned long long read_number(const struct spec *s, va_list *ap, bool *minus)
{
	const bool is_signed = s->kind == 'd';
	unsigned long long v;

	switch (s->longs) {
	case 0:
		v = (unsigned long long)va_arg(*ap, int);
		v = is_signed ? v : (unsigned)v;
		break;
	case 1:
		v = (unsigned long long)va_arg(*ap, long);
		v = is_signed ? v : (unsigned long)v;
		break;
	default: v = va_arg(*ap, unsigned long long);
	}
	*minus = is_signed && (long long)v < 0;
	return *minus ? 0 - v : v;
}

static void strbuf_append_number(struct strbuf *t, const struct spec *s, va_list *ap)
{
	const unsigned base = s->kind == 'x' ? 16 : 10;
	bool minus;
	unsigned long long v = read_number(s, ap, &minus);
	char digits[24];
	size_t at = sizeof(digits);

	do {
		digits[--at] = "0123456789abcdef"[v % base];
		v /= base;
	} while (v);
	while (s->zero && !s->left && sizeof(digits) - at + minus < s->width && at > 1)
		digits[--at] = '0';
	if (minus)
		digits[--at] = '-';
	strbuf_append_padded(t, s, digits + at, sizeof(digits) - at);
}

static void strbuf_append_spec(struct strbuf *t, const struct spec *s, va_list *ap)
{
	const char *str;
	char c;

	switch (s->kind) {
	case 's':
		str = va_arg(*ap, const char *);
		if (s->precision == AS_NAME)
			append_name(t, str);
		else
			strbuf_append_padded(t, s, str, strnlen(str, (size_t)s->precision));
		break;
	case 'c':
		c = (char)va_arg(*ap, int);
		strbuf_append_padded(t, s, &c, 1);
		break;
	case 'd':
	case 'u':
	case 'x': strbuf_append_number(t, s, ap); break;
	default: strbuf_append(t, &s->kind, 1); /* %% */
	}
}

void strbuf_vprintf(struct strbuf *t, const char *format, va_list ap)
{
	struct spec s;
	va_list args;
	size_t plain;

	va_copy(args, ap);
	while (*format) {
		plain = strcspn(format, "%");
		strbuf_append(t, format, plain);
		format += plain;
		if (!*format)
			break;
		format = spec_read(format + 1, &s, &args);
		strbuf_append_spec(t, &s, &args);
	}
	va_end(args);
}

void strbuf_printf(struct strbuf *t, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	strbuf_vprintf(t, format, ap);
	va_end(ap);
}

const char *format_size(char buf[FORMAT_SIZE_MAX], uint64_t bytes)
{
	struct strbuf t = strbuf_fixed(buf, FORMAT_SIZE_MAX);
	unsigned i = 0, tenths;
	uint64_t part = 0;

	for (; bytes >= 1024; bytes /= 1024, i++)
		part = bytes % 1024;
	strbuf_printf(&t, "%u", (unsigned)bytes);
	tenths = (unsigned)(part * 10 / 1024);
	if (tenths)
		strbuf_printf(&t, ".%u", tenths);
	if (i)
		strbuf_printf(&t, " %ciB", "KMGTPE"[i - 1]);
	else
		strbuf_printf(&t, " B");
	return buf;
}

const char *printable(char buf[PRINTABLE_MAX], const char *name)
{
	struct strbuf t = strbuf_fixed(buf, PRINTABLE_MAX);

	append_name(&t, name);
	return buf;
}
