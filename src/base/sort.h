/* Sorting in place, in n log n steps whatever the order. What is in order already, as /proc/iomem
 * is, costs one look at each.
 */
#ifndef SORT_H
#define SORT_H

#include <stddef.h>

/* Sorts n elements of `size` bytes; order() answers as for qsort(3). */
void sort(void *v, size_t n, size_t size, int (*order)(const void *, const void *));

#endif
