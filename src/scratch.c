#include "scratch.h"

#include "files.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <unistd.h>

#define LET_GO (256u << 10) /* bytes at a time */

static uint8_t *map(int fd, size_t size)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE,
		       fd < 0 ? MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE : MAP_SHARED, fd, 0);

	return p == MAP_FAILED ? NULL : p;
}

/* Where memory must not be promised twice (vm.overcommit_memory=2, ulimit -v) less is asked for. */
static uint8_t *piece_open(struct store *store, size_t *room)
{
	struct scratch *s = (struct scratch *)store;
	struct scratch_piece *piece = &s->piece[s->n];

	if (s->n == SCRATCH_PIECES)
		return NULL;
	*piece = (struct scratch_piece){ .len = *room, .fd = s->files ? files_memory() : -1 };
	for (; piece->len; piece->len /= 2) {
		if (piece->fd >= 0 && ftruncate(piece->fd, (off_t)piece->len))
			continue;
		piece->p = map(piece->fd, piece->len);
		if (piece->p)
			break;
	}
	*room = piece->len;
	s->n += piece->p != NULL;
	return piece->p;
}

/* The kernel wants nobody to write to a file that it reads: a descriptor that could is given up. */
static bool seal(struct scratch_piece *piece)
{
	char path[32];
	struct text t = text_fixed(path, sizeof(path));
	const int fd = piece->fd;

	munmap(piece->p, piece->len);
	piece->p = NULL;
	text_add(&t, "/proc/self/fd/%d", fd);
	if (files_seal(fd))
		return false;
	piece->fd = open(path, O_RDONLY | O_CLOEXEC);
	close(fd);
	if (piece->fd >= 0)
		piece->p = mmap(NULL, piece->len, PROT_READ, MAP_PRIVATE, piece->fd, 0);
	if (piece->p == MAP_FAILED)
		piece->p = NULL;
	return piece->p;
}

static void hide(struct scratch *s)
{
	if (s->shown >= 0)
		files_write(STDERR_FILENO, "\r\033[K", 4);
	s->shown = -1;
}

static const uint8_t *piece_close(struct store *store, size_t len)
{
	static const uint8_t nothing;
	struct scratch *s = (struct scratch *)store;
	struct scratch_piece *piece = &s->piece[s->n - 1];
	const size_t page = getauxval(AT_PAGESZ), end = (len + page - 1) & ~(page - 1);

	hide(s);
	if (!len)
		return &nothing;
	if (end < piece->len)
		munmap(piece->p + end, piece->len - end);
	piece->len = len;
	if (piece->fd < 0)
		return piece->p;
	return ftruncate(piece->fd, (off_t)len) == 0 && seal(piece) ? piece->p : NULL;
}

static void show(struct scratch *s, const struct unpack *u)
{
	const int percent = (int)(u->used / (u->in.len / 100 + 1));
	char line[128], name[NAME_TEXT];
	struct text t = text_fixed(line, sizeof(line));

	if (percent == s->shown)
		return;
	s->shown = percent;
	text_add(&t, "\runpacking %s: %d %%", name_text(name, s->name), percent);
	files_write(STDERR_FILENO, t.p, t.len);
}

/* What was read of a file is let go, so that at most the output is in memory. */
static void piece_step(void *store, const struct unpack *u)
{
	struct scratch *s = store;
	const size_t page = getauxval(AT_PAGESZ);
	const uintptr_t start = (uintptr_t)s->input.p + s->let_go;
	const uintptr_t end = ((uintptr_t)u->in.p + u->used) & ~(page - 1);

	if ((uintptr_t)u->in.p - (uintptr_t)s->input.p < s->input.len && end >= start + LET_GO) {
		madvise((void *)start, end - start, MADV_DONTNEED);
		s->let_go = end - (uintptr_t)s->input.p;
	}
	if (s->name)
		show(s, u);
}

void scratch_start(struct scratch *s, const struct machine *m, bool files)
{
	*s = (struct scratch){
		.store = { UINT64_MAX, piece_open, piece_close, piece_step },
		.files = files,
		.shown = -1,
	};
	if (m->mem_total)
		s->store.most = m->mem_total / 2;
	if (m->mem_available && m->mem_available < s->store.most)
		s->store.most = m->mem_available;
	if (s->store.most > PTRDIFF_MAX / 4)
		s->store.most = PTRDIFF_MAX / 4;
}

void scratch_free(struct scratch *s)
{
	struct scratch_piece *piece;

	hide(s);
	while (s->n) {
		piece = &s->piece[--s->n];
		if (piece->p)
			munmap(piece->p, piece->len);
		if (piece->fd >= 0)
			close(piece->fd);
	}
}

bool scratch_read(struct scratch *s, int fd, const char *what, const char *path, struct span *out,
		  struct error *e)
{
	size_t room = (size_t)s->store.most, len = 0;
	char name[NAME_TEXT], size[SIZE_TEXT], more;
	uint8_t *p = piece_open(&s->store, &room);
	ssize_t n = p ? 1 : 0;

	if (!p)
		return fail_memory(e);
	while (n && len < room) {
		n = read(fd, p + len, room - len < 1u << 20 ? room - len : 1u << 20);
		if (n > 0)
			len += (size_t)n;
		else if (n < 0 && errno == EINTR)
			n = 1;
		else if (n < 0)
			return fail(e, FAIL_FILE, "read %s%s: %s", what, name_text(name, path),
				    files_errno(errno));
	}
	if (n && read(fd, &more, 1) != 0)
		return fail(e, FAIL_MEMORY,
			    "read %s%s: it has more than %s, all that can be loaded", what,
			    name_text(name, path), size_text(size, room));
	s->store.most -= len;
	*out = (struct span){ piece_close(&s->store, len), len };
	return out->p || fail_memory(e);
}

int scratch_fd(const struct scratch *s, struct span bytes)
{
	size_t i;

	for (i = 0; i < s->n; i++)
		if (s->piece[i].p == bytes.p && s->piece[i].len == bytes.len)
			return s->piece[i].fd;
	return -1;
}
