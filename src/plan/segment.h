/* SPDX-License-Identifier: MIT */
/* What is loaded where: the segments of a load. */
#ifndef SEGMENT_H
#define SEGMENT_H

#include "src/base/range.h"
#include "src/base/span.h"

/* include/linux/kexec.h: KEXEC_SEGMENT_MAX */
#define SEGMENTS_MAX 16

/* CORE: the header of a crash kernel's core file */
enum piece { KERNEL, INITRD, TREE, STUB, CORE };
#define PIECES (CORE + 1)

/* As the plan shows it: "kernel". */
const char *piece_name(enum piece piece);

struct segment {
	enum piece piece;
	struct span data;  /* borrowed; shipped bytes */
	struct range at;   /* page aligned; the kernel zeroes what data does not fill */
	phys reserved_end; /* [at.start, reserved_end) belongs to the piece; >= at.end */
};

#endif
