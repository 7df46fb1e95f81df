/* SPDX-License-Identifier: MIT */
#include "src/sys/unpack_buffer.h"

#include "src/sys/confine.h"
#include "src/sys/files.h"
#include "src/sys/memfile.h"

#include <errno.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <unistd.h>

#define LET_GO (256u << 10) /* bytes at a time */

static size_t pages(size_t len)
{
	const size_t page = getauxval(AT_PAGESZ);

	return (len + page - 1) & ~(page - 1);
}

static uint8_t *piece_open(struct store *store, size_t *room)
{
	struct unpack_buffer *s = (struct unpack_buffer *)store;

	if (*room > s->size - s->used)
		*room = s->size - s->used;
	return s->p && *room ? s->p + s->used : NULL;
}

static void hide(struct unpack_buffer *s)
{
	if (s->shown >= 0)
		files_write(STDERR_FILENO, "\r\033[K", 4);
	s->shown = -1;
}

static const uint8_t *piece_close(struct store *store, size_t len)
{
	struct unpack_buffer *s = (struct unpack_buffer *)store;
	const uint8_t *p = s->p + s->used;

	hide(s);
	s->used += pages(len);
	return p;
}

static void show(struct unpack_buffer *s, const struct unpack *u)
{
	const int percent = (int)(u->used / (u->in.len / 100 + 1));
	char line[128];
	struct strbuf t = strbuf_fixed(line, sizeof(line));

	if (percent == s->shown)
		return;
	s->shown = percent;
	strbuf_printf(&t, "\runpacking %.*s: %d %%", AS_NAME, s->name, percent);
	files_write(STDERR_FILENO, t.p, t.len);
}

/* Pages of a file that were read are given back, so that at most the output is in memory. */
static void piece_step(void *store, const struct unpack *u)
{
	struct unpack_buffer *s = store;
	const uintptr_t page = getauxval(AT_PAGESZ);
	const uintptr_t start = (uintptr_t)s->input.p + s->let_go;
	const uintptr_t end = ((uintptr_t)u->in.p + u->used) & ~(page - 1);

	if ((uintptr_t)u->in.p - (uintptr_t)s->input.p < s->input.len && end >= start + LET_GO) {
		madvise((void *)start, end - start, MADV_DONTNEED);
		s->let_go = end - (uintptr_t)s->input.p;
	}
	if (s->name)
		show(s, u);
}

void unpack_buffer_init(struct unpack_buffer *s, const struct machine *m, bool file)
{
	*s = (struct unpack_buffer){
		.store = { UINT64_MAX, piece_open, piece_close, piece_step },
		.shown = -1,
		.fd = file ? memfile_create() : -1,
	};
	if (m->mem_total)
		s->store.limit = m->mem_total / 2;
	if (m->mem_available && m->mem_available < s->store.limit)
		s->store.limit = m->mem_available;
	if (s->store.limit > PTRDIFF_MAX / 4)
		s->store.limit = PTRDIFF_MAX / 4;
	s->size = pages((size_t)s->store.limit);
	s->p = confine_share(s->fd, &s->size);
	if (s->p || s->fd < 0)
		return;
	/* no file may be that large; it is copied into one that is as large as it must be */
	close(s->fd);
	s->fd = -1;
	s->size = pages((size_t)s->store.limit);
	s->p = confine_share(-1, &s->size);
}

void unpack_buffer_free(struct unpack_buffer *s)
{
	hide(s);
	if (s->p)
		munmap(s->p, s->size);
	if (s->fd >= 0)
		close(s->fd);
}

/* All that is not used yet becomes memory of another kind, private or shared with children. It is
 * zero and stays so. Of a file that is done later, in the child.
 */
static bool remap(const struct unpack_buffer *s, int kind)
{
	return s->fd >= 0 || s->used == s->size ||
	       mmap(s->p + s->used, s->size - s->used, PROT_READ | PROT_WRITE,
		    kind | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0) != MAP_FAILED;
}

bool unpack_buffer_own(struct unpack_buffer *s, struct error *e)
{
	return s->fd < 0 || !s->used ||
	       mmap(s->p, s->used, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_FIXED, s->fd, 0) !=
		       MAP_FAILED ||
	       fail_memory(e);
}

bool unpack_buffer_read(struct unpack_buffer *s, int fd, const char *what, const char *path,
			struct span *out, struct error *e)
{
	size_t space = (size_t)s->store.limit;
	char size[FORMAT_SIZE_MAX], byte;
	uint8_t *p = piece_open(&s->store, &space);
	ssize_t len;

	if (!p || !remap(s, MAP_PRIVATE))
		return fail_memory(e);
	len = files_fill(fd, p, space);
	if (len < 0)
		return fail(e, FAIL_FILE, "read the %s: %s: %.*s", what, strerror(errno), AS_NAME,
			    path);
	if ((size_t)len == space && read(fd, &byte, 1) != 0)
		return fail(e, FAIL_MEMORY, "read the %s: larger than %s, the limit: %.*s", what,
			    format_size(size, space), AS_NAME, path);
	s->store.limit -= (size_t)len;
	*out = (struct span){ piece_close(&s->store, (size_t)len), (size_t)len };
	return remap(s, MAP_SHARED) || fail_memory(e);
}

int unpack_buffer_seal(struct unpack_buffer *s, struct span bytes)
{
	if (s->fd < 0 || bytes.p != s->p || s->used > pages(bytes.len) ||
	    ftruncate(s->fd, (off_t)bytes.len))
		return -1;
	/* what can be written to through a mapping cannot be sealed */
	munmap(s->p, s->size);
	s->p = NULL;
	s->fd = memfile_seal(s->fd);
	return s->fd;
}
