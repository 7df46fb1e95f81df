/* EDGE: memory for bytes that are in no file as they are to be loaded: unpacked, or read from a
 * pipe. Each piece is one mapping as large as could be needed, of which pages are taken as they are
 * written; its end is given back. For kexec_file_load pieces are files in memory, sealed.
 */
#ifndef SCRATCH_H
#define SCRATCH_H

#include "unwrap.h"

#define SCRATCH_PIECES 12

struct scratch {
	struct store store; /* first: unwrap() gets this */
	const char *name;   /* what is unpacked, for people */
	struct span input;  /* a mapped file: pages of it that were read are let go */
	size_t let_go;	    /* bytes of it */
	bool files;	    /* pieces are files */
	int shown;	    /* per cent on the terminal; -1: nothing */
	struct scratch_piece {
		uint8_t *p;
		size_t len;
		int fd; /* -1: plain memory */
	} piece[SCRATCH_PIECES];
	size_t n;
};

/* Half of RAM is what the running kernel takes; what is available, what we may. End it with
 * scratch_free() in any case.
 */
void scratch_start(struct scratch *s, const struct machine *m, bool files);
void scratch_free(struct scratch *s);

/* A piece with all that fd still has. `what` and `path` name it in errors. Errors: FAIL_FILE,
 * FAIL_MEMORY.
 */
bool scratch_read(struct scratch *s, int fd, const char *what, const char *path, struct span *out,
		  struct error *e);

/* The sealed file whose bytes these are, all of them; -1: there is none. It stays the scratch's. */
int scratch_fd(const struct scratch *s, struct span bytes);

#endif
