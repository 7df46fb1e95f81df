/* SPDX-License-Identifier: MIT */
#include "arch/arch.h"

#include <string.h>

static const struct arch *const arches[] = {
	&arch_arm64,
	&arch_ppc64,
};

const struct arch *arch_find(const char *uname_machine, bool *big_endian)
{
	const struct arch *a;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(arches); i++) {
		a = arches[i];
		if (!a)
			continue;
		*big_endian = a->machine_be && strcmp(a->machine_be, uname_machine) == 0;
		if (*big_endian || strcmp(a->machine, uname_machine) == 0)
			return a;
	}
	return NULL;
}
