/* Which of several trees is a machine's. */
#ifndef FIT_H
#define FIT_H

#include <stdbool.h>

/* Do two checked trees name the same machine? Their most specific `compatible` says it
 * (devicetree.org, "Devicetree Specification", 2.3.1).
 */
bool merge_same_board(const void *fdt, const void *machine);

#endif
