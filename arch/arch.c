#include "arch.h"

#include <string.h>

static const struct arch *const arches[] = {
	&arch_arm64,
};

const struct arch *arch_find(const char *uname_machine)
{
	size_t i;

	for (i = 0; i < sizeof(arches) / sizeof(arches[0]); i++)
		if (strcmp(arches[i]->machine, uname_machine) == 0)
			return arches[i];
	return NULL;
}
