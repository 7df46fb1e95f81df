/* SPDX-License-Identifier: MIT */
/* EDGE: memory for bytes that no file has as they are to be loaded: unpacked, or read from a
 * pipe. All of it is one piece as large as could be needed, shared with children, of which pages
 * are taken as they are written. For kexec_file_load it is a file in memory.
 */
#ifndef UNPACK_BUFFER_H
#define UNPACK_BUFFER_H

#include "src/formats/unwrap.h"
#include "src/plan/machine.h"

struct unpack_buffer {
	struct store store; /* first: unwrap() gets this */
	const char *name;   /* what is unpacked, for progress on a terminal; NULL: none */
	struct span input;  /* a mapped file: pages of it that were read are given back */
	size_t let_go;	    /* bytes of it */
	int shown;	    /* per cent on the terminal; -1: nothing */
	uint8_t *p;	    /* NULL: no memory */
	size_t size, used;  /* used: of whole pages */
	int fd;		    /* the file in memory; -1: none */
};

#define NO_UNPACK_BUFFER                                                                           \
	{                                                                                          \
		.shown = -1, .fd = -1                                                              \
	}

/* Half of RAM is what the running kernel takes; what is available, what we may. End it with
 * unpack_buffer_free() in any case.
 */
void unpack_buffer_init(struct unpack_buffer *s, const struct machine *m, bool file);
void unpack_buffer_free(struct unpack_buffer *s);

/* All that fd still has. `what` and `path` name it in errors. Errors: FAIL_FILE, FAIL_MEMORY. */
bool unpack_buffer_read(struct unpack_buffer *s, int fd, const char *what, const char *path,
			struct span *out, struct error *e);

/* In a child: what pipes brought is from now on a copy of its own, and what it unpacks is still its
 * parent's too. Errors: FAIL_MEMORY.
 */
bool unpack_buffer_own(struct unpack_buffer *s, struct error *e);

/* The file in memory, sealed, if these bytes are all that it has; they are no longer mapped then.
 * -1: they are not. The descriptor stays the buffer's.
 */
int unpack_buffer_seal(struct unpack_buffer *s, struct span bytes);

#endif
