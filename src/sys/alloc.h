/* EDGE: of the static binaries' malloc(). */
#ifndef ALLOC_H
#define ALLOC_H

#include <stddef.h>

/* All memory comes from here from now on, and none from or back to the kernel. Weak: a build with
 * libc's malloc() has no such thing.
 */
void heap_share(void *p, size_t size) __attribute__((weak));

#endif
