/* SPDX-License-Identifier: MIT */
/* The words of a tree's structure: for validate.c, read.c and tree.c. */
#ifndef TAGS_H
#define TAGS_H

#include <libfdt.h>
#include <string.h>

/* Two instructions, for which -Os would make a call. */
static inline __attribute__((always_inline)) uint32_t word(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static inline size_t padded(size_t n)
{
	return (n + 3) & ~(size_t)3;
}

/* Passes over a string and what pads it, word by word: the last one has a byte that is 0. */
static inline const uint8_t *skip_name(const uint8_t *p)
{
	uint32_t v;

	do {
		memcpy(&v, p, sizeof(v));
		p += sizeof(v);
	} while (!((v - 0x01010101) & ~v & 0x80808080));
	return p;
}

/* Passes over what belongs to a tag: p is after the tag. */
static inline __attribute__((always_inline)) const uint8_t *skip(const uint8_t *p, uint32_t tag)
{
	if (tag == FDT_BEGIN_NODE)
		return skip_name(p);
	if (tag == FDT_PROP)
		return p + 2 * FDT_TAGSIZE + padded(word(p));
	return p;
}

#endif
