#include "dt/fit.h"

#include <libfdt.h>
#include <stddef.h>
#include <string.h>

bool merge_same_board(const void *fdt, const void *machine)
{
	const char *a = fdt_stringlist_get(fdt, 0, "compatible", 0, NULL);
	const char *b = machine ? fdt_stringlist_get(machine, 0, "compatible", 0, NULL) : NULL;

	return a && b && strcmp(a, b) == 0;
}
