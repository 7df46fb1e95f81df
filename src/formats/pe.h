/* SPDX-License-Identifier: MIT */
/* The section table of a PE file (Microsoft, "PE Format"): EFI programs, kernels and UKIs. */
#ifndef PE_H
#define PE_H

#include "src/base/span.h"

#define PE_SECTIONS_MAX 96 /* of a UKI: what Windows takes, too */

struct pe_section {
	char name[9];
	uint32_t virtual_size, size, at; /* size bytes of the file at `at` */
};

/* The table, 40 bytes a section; empty if this is not a PE file. False if it ends in its headers.
 */
bool pe_table(struct span file, struct span *table);

/* One of its sections; false after the last. */
bool pe_section(struct span table, unsigned i, struct pe_section *s);

#endif
