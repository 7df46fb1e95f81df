/* SPDX-License-Identifier: MIT */
/* EDGE: the files that a load is made of, opened once each and kept open until the call is made,
 * and what is in them: an unwrapped kernel, a UKI's command line, initrd and tree.
 */
#ifndef INPUTS_H
#define INPUTS_H

#include "src/sys/input.h"
#include "src/options.h"
#include "src/plan/plan.h"
#include "src/sys/unpack_buffer.h"

struct inputs {
	struct input kernel, dtb, initrd[WORDS_MAX], overlay[WORDS_MAX];
	struct overlay overlays[WORDS_MAX]; /* the request's */
	struct unpack_buffer buffer;
	struct unwrapped unwrapped;
	struct strbuf cmdline; /* the request's */
	char dtb_name[PRINTABLE_MAX];
	bool dtb_mismatch; /* --dtb names another machine; else, a tree of the kernel's own does */
	bool dtb_ignored;  /* --dtb is not for the request, and only looked at */
	bool dtb_unusable; /* and could not have been used: no file, or no tree */
	int joined_fd[2];  /* files made of several, or of a part; -1: none */
};

/* End it with inputs_close() in any case. */
void inputs_start(struct inputs *in);
void inputs_close(struct inputs *in);

/* Opens what the options name, for r->machine; spans in r are borrowed. Of --dtb where the running
 * kernel makes the tree (r->file_call) nothing is an error. Errors: those of input_open() and
 * unpack_buffer_read(), FAIL_TREE.
 */
bool inputs_open(const struct options *o, struct inputs *in, struct request *r, struct error *e);

/* Checks the trees and fills in->unwrapped. Errors: those of unwrap(), FAIL_TREE. */
bool inputs_unwrap(const struct options *o, struct inputs *in, struct request *r, struct error *e);

/* What of in->unwrapped goes into the request: a UKI's initrd before those given, its command line
 * and its tree unless one is given. Completes the request. Errors: FAIL_FORMAT, FAIL_MEMORY.
 */
bool inputs_use(const struct options *o, struct inputs *in, struct request *r, struct error *e);

/* Did kernel or initrd come through a pipe? */
bool inputs_piped(const struct inputs *in);

/* Are the files still as they were opened? Errors: FAIL_FILE. */
bool inputs_unchanged(const struct inputs *in, struct error *e);

/* Of what is to be loaded, what was put into memory last: see freepages_probe(). */
struct span inputs_newest(const struct inputs *in, const struct request *r);

/* Descriptors for kexec_file_load, which stay the inputs'. Errors: FAIL_FILE. -1: no initrd. */
int inputs_kernel(struct inputs *in, struct error *e);
bool inputs_initrd(struct inputs *in, const struct request *r, int *fd, struct error *e);

#endif
