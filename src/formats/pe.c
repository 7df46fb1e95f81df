/* SPDX-License-Identifier: MIT */
#include "src/formats/pe.h"

#include <string.h>

#define OFFSET_AT 60
#define HEADER	  24
#define SECTION	  40

bool pe_table(struct span file, struct span *table)
{
	uint16_t sections, optional;
	uint32_t pe;

	*table = (struct span){ 0 };
	if (!span_equal_at(file, 0, "MZ", 2) || !span_le32(file, OFFSET_AT, &pe))
		return true;
	if (!span_le16(file, (uint64_t)pe + 6, &sections) ||
	    !span_le16(file, (uint64_t)pe + 20, &optional))
		return false;
	return !span_equal_at(file, pe, "PE\0\0", 4) ||
	       span_sub(file, (uint64_t)pe + HEADER + optional, (uint64_t)sections * SECTION,
			table);
}

bool pe_section(struct span table, unsigned i, struct pe_section *s)
{
	struct span t;

	if (!span_sub(table, (uint64_t)i * SECTION, SECTION, &t))
		return false;
	memcpy(s->name, t.p, 8);
	s->name[8] = '\0';
	span_le32(t, 8, &s->virtual_size);
	span_le32(t, 16, &s->size);
	span_le32(t, 20, &s->at);
	return true;
}
