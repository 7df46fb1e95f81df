/* SPDX-License-Identifier: MIT */
#include "src/inputs.h"

#include "dt/tree.h"

#include "src/plan/kernel.h"
#include "src/sys/memfile.h"

#include <string.h>
#include <unistd.h>

_Static_assert(WORDS_MAX < INITRDS_MAX, "the kernel may bring one more initrd");

void inputs_start(struct inputs *in)
{
	size_t i;

	*in = (struct inputs){ .kernel = NO_INPUT,
			       .dtb = NO_INPUT,
			       .buffer = NO_UNPACK_BUFFER,
			       .cmdline = STRBUF_GROWING,
			       .joined_fd = { -1, -1 } };
	for (i = 0; i < WORDS_MAX; i++)
		in->initrd[i] = in->overlay[i] = (struct input)NO_INPUT;
}

void inputs_close(struct inputs *in)
{
	size_t i;

	input_close(&in->kernel);
	input_close(&in->dtb);
	for (i = 0; i < WORDS_MAX; i++) {
		input_close(&in->initrd[i]);
		input_close(&in->overlay[i]);
	}
	for (i = 0; i < 2; i++)
		if (in->joined_fd[i] >= 0)
			close(in->joined_fd[i]);
	unpack_buffer_free(&in->buffer);
	strbuf_free(&in->cmdline);
}

/* A file, or a pipe read to its end. */
static bool open_one(struct unpack_buffer *s, const char *path, const char *what, struct input *in,
		     struct error *e)
{
	return input_open(path, what, in, e) &&
	       (!in->pipe || unpack_buffer_read(s, in->fd, what, path, &in->data, e));
}

static bool open_initrds(const struct options *o, struct inputs *in, struct request *r,
			 struct error *e)
{
	size_t i;

	for (i = 0; i < o->initrd.n; i++) {
		if (!open_one(&in->buffer, o->initrd.v[i], "initrd", &in->initrd[i], e))
			return false;
		if (!in->initrd[i].data.len)
			return fail(e, FAIL_FILE, "load the initrd: the file is empty: %.*s",
				    AS_NAME, o->initrd.v[i]);
		r->initrd[r->initrds++] = in->initrd[i].data;
	}
	return true;
}

static bool open_dtb(const char *path, struct inputs *in, struct request *r, struct error *e)
{
	if (!path)
		return true;
	printable(in->dtb_name, path);
	if (!open_one(&in->buffer, path, "device tree", &in->dtb, e))
		return false;
	r->dtb = in->dtb.data;
	return true;
}

static bool open_overlays(const struct options *o, struct inputs *in, struct request *r,
			  struct error *e)
{
	const char *path;
	size_t *n = &r->overlays;

	r->overlay = in->overlays;
	for (; *n < o->overlay.n; ++*n) {
		path = o->overlay.v[*n];
		if (!open_one(&in->buffer, path, "overlay", &in->overlay[*n], e))
			return false;
		in->overlays[*n] = (struct overlay){ in->overlay[*n].data, path };
	}
	return true;
}

/* One that cannot be used is looked at all the same: what is wrong with it should be known before
 * it is used again.
 */
static bool look_at_dtb(const char *path, struct inputs *in)
{
	struct error none = { 0 };

	if (!path)
		return true;
	in->dtb_ignored = true;
	printable(in->dtb_name, path);
	in->dtb_unusable = !input_open(path, "device tree", &in->dtb, &none);
	return true;
}

static bool open_trees(const struct options *o, struct inputs *in, struct request *r,
		       struct error *e)
{
	if (r->file_call)
		return look_at_dtb(o->dtb, in);
	return open_dtb(o->dtb, in, r, e) && open_overlays(o, in, r, e);
}

bool inputs_open(const struct options *o, struct inputs *in, struct request *r, struct error *e)
{
	r->dtb_name = in->dtb_name;
	unpack_buffer_init(&in->buffer, r->machine, r->file_call);
	in->buffer.name = isatty(STDERR_FILENO) ? o->kernel : NULL;
	return open_one(&in->buffer, o->kernel, "kernel", &in->kernel, e) &&
	       open_initrds(o, in, r, e) && open_trees(o, in, r, e);
}

/* ---- what is inside */

/* A tree whose root says another machine is loaded all the same: names change from one kernel's
 * tree to the next one's, and a wrong one's memory is refused later on.
 */
static bool check_trees(struct inputs *in, const struct request *r, struct error *e)
{
	struct error none = { 0 };
	char show[PRINTABLE_MAX];
	size_t i;

	if (in->dtb_ignored)
		in->dtb_unusable |= !in->dtb.pipe && !tree_check(in->dtb.data, r->dtb_name, &none);
	else if (in->dtb.fd >= 0 && !tree_check(r->dtb, r->dtb_name, e))
		return false;
	for (i = 0; i < r->overlays; i++)
		if (!tree_check(r->overlay[i].data, printable(show, r->overlay[i].name), e))
			return false;
	in->dtb_mismatch = r->dtb.len && !merge_same_machine(r->dtb.p, r->machine->fdt.p);
	return true;
}

/* A UKI's own command line counts when none was given. Of its text, line ends are spaces. */
static bool take_cmdline(const struct options *o, struct inputs *in, struct request *r,
			 struct error *e)
{
	struct span s = in->unwrapped.cmdline;
	size_t i;

	while (s.len && s.p[s.len - 1] <= ' ')
		s.len--;
	if (!s.len || o->append || o->reuse_cmdline)
		return true;
	in->cmdline.len = 0;
	for (i = 0; i < s.len && s.p[i]; i++)
		strbuf_append(&in->cmdline, s.p[i] < ' ' ? (const uint8_t *)" " : s.p + i, 1);
	if (i < s.len)
		return fail(e, FAIL_FORMAT, "load the kernel: corrupt section .cmdline: %.*s",
			    AS_NAME, o->kernel);
	r->cmdline = in->cmdline.p;
	return !in->cmdline.truncated || fail_memory(e);
}

bool inputs_use(const struct options *o, struct inputs *in, struct request *r, struct error *e)
{
	const struct unwrapped *u = &in->unwrapped;

	if (!take_cmdline(o, in, r, e))
		return false;
	r->anonymous = in->buffer.used;
	if (u->initrd.len) {
		memmove(r->initrd + 1, r->initrd, r->initrds++ * sizeof(r->initrd[0]));
		r->initrd[0] = u->initrd;
	}
	if (u->dtb.len && !r->dtb.len && !r->file_call) {
		r->dtb = u->dtb;
		printable(in->dtb_name, o->kernel);
	}
	request_complete(r);
	return true;
}

bool inputs_unwrap(const struct options *o, struct inputs *in, struct request *r, struct error *e)
{
	const struct unwrap_target target = kernel_target(r->machine);

	if (!in->kernel.pipe && !in->kernel.copy.len)
		in->buffer.input = in->kernel.data;
	if (!check_trees(in, r, e) ||
	    !unwrap(in->kernel.data, o->kernel, &target, &in->buffer.store, &in->unwrapped, e))
		return false;
	if (!o->dtb)
		in->dtb_mismatch = in->unwrapped.foreign_dtb;
	return true;
}

bool inputs_piped(const struct inputs *in)
{
	bool piped = in->kernel.pipe;
	size_t i;

	for (i = 0; i < WORDS_MAX; i++)
		piped |= in->initrd[i].pipe;
	return piped;
}

bool inputs_unchanged(const struct inputs *in, struct error *e)
{
	size_t i;

	for (i = 0; i < WORDS_MAX; i++)
		if (!input_unchanged(&in->initrd[i], e) || !input_unchanged(&in->overlay[i], e))
			return false;
	return input_unchanged(&in->kernel, e) && (in->dtb_ignored || input_unchanged(&in->dtb, e));
}

/* Is it still the file's own bytes? */
static bool is_all(const struct input *in, struct span bytes)
{
	return bytes.p == in->data.p && bytes.len == in->data.len;
}

struct span inputs_newest(const struct inputs *in, const struct request *r)
{
	if (is_all(&in->kernel, in->unwrapped.kernel) && r->initrds &&
	    r->initrd[0].p != initrd_empty.p)
		return r->initrd[r->initrds - 1];
	return in->unwrapped.kernel;
}

/* ---- for kexec_file_load */

/* The running kernel gets the file as it is, if that is what is to be loaded: it may want to look
 * at its signature. Else a file in memory, which *joined keeps for inputs_close().
 */
static int descriptor(struct inputs *in, const struct input *file, struct span bytes, int *joined,
		      struct error *e)
{
	int fd = -1;

	if (!file->pipe && is_all(file, bytes))
		return file->fd;
	/* the buffer may have more than the kernel when that came with an initrd */
	if (!in->unwrapped.initrd.len)
		fd = unpack_buffer_seal(&in->buffer, bytes);
	if (fd < 0)
		fd = *joined =
			memfile_join(&bytes, 1, INITRD_GAP, file->what ? file->what : "initrd", e);
	return fd;
}

int inputs_kernel(struct inputs *in, struct error *e)
{
	return descriptor(in, &in->kernel, in->unwrapped.kernel, &in->joined_fd[0], e);
}

bool inputs_initrd(struct inputs *in, const struct request *r, int *fd, struct error *e)
{
	int *joined = &in->joined_fd[1];

	*fd = -1;
	if (!r->initrds)
		return true;
	if (r->initrds > 1)
		*fd = *joined = memfile_join(r->initrd, r->initrds, INITRD_GAP, "initrds", e);
	else
		*fd = descriptor(in, &in->initrd[0], r->initrd[0], joined, e);
	return *fd >= 0;
}
