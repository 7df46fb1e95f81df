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

/* Does s start with the len bytes at p? */
bool span_starts(struct span s, uint64_t off, const void *p, size_t len);

/* Writes into a caller's array. */
void put_le32(uint8_t *p, uint32_t v);
void put_le64(uint8_t *p, uint64_t v);
void put_be32(uint8_t *p, uint32_t v);
void put_be64(uint8_t *p, uint64_t v);

#endif
