#include "src/sys/record.h"

#include "src/sys/files.h"

#include <elf.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define RECORD	"/run/kexec-lite.crash"
#define LONGEST 4096  /* bytes of it */
#define CHUNK	16384 /* bytes that are read at once, a multiple of 8 */

/* ---- the digest: each word of eight bytes moves all bits behind it */

static uint64_t digest(uint64_t h, const uint8_t *p, size_t len)
{
	uint64_t w;

	for (; len; p += sizeof(w), len -= sizeof(w)) {
		w = 0;
		if (len < sizeof(w)) {
			memcpy(&w, p, len);
			len = sizeof(w);
		} else {
			memcpy(&w, p, sizeof(w));
		}
		h = (h ^ w) * 0x9e3779b97f4a7c15u;
		h ^= h >> 29;
	}
	return h;
}

/* ---- keeping */

static bool keeps(const struct segment *s, bool changing)
{
	return s->data.len && !(changing && (s->piece == TREE || s->piece == CORE));
}

void record_keep(const struct plan *p, bool changing)
{
	char buf[LONGEST];
	struct strbuf t = strbuf_fixed(buf, sizeof(buf));
	const struct segment *s;
	int fd;

	unlink(RECORD);
	if (!p)
		return;
	for (s = p->seg; s < p->seg + p->n; s++)
		if (keeps(s, changing))
			strbuf_printf(&t, "0x%llx 0x%zx 0x%llx %s\n",
				      (unsigned long long)s->at.start, s->data.len,
				      (unsigned long long)digest(0, s->data.p, s->data.len),
				      piece_name(s->piece));
	fd = open(RECORD, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return;
	if (files_write(fd, t.p, t.len))
		unlink(RECORD);
	close(fd);
}

/* ---- comparing */

struct piece_record {
	uint64_t start, len, digest;
	struct span name;
};

static bool take_hex(struct span *s, uint64_t *v)
{
	return span_skip_prefix(s, "0x") && span_parse_number(s, 16, v) && span_skip_prefix(s, " ");
}

/* Takes a line, or nothing. */
static bool take_piece(struct span *s, struct piece_record *r)
{
	struct span line = *s;
	const uint8_t *end;

	if (!take_hex(&line, &r->start) || !take_hex(&line, &r->len) ||
	    !take_hex(&line, &r->digest))
		return false;
	end = memchr(line.p, '\n', line.len);
	if (!end || end - line.p > 16)
		return false;
	r->name = (struct span){ line.p, (size_t)(end - line.p) };
	s->len -= (size_t)(end + 1 - s->p);
	s->p = end + 1;
	return true;
}

/* Where in /proc/kcore physical memory is; 0: nowhere. */
static uint64_t find(int kcore, uint64_t start, uint64_t len)
{
	Elf64_Ehdr h;
	Elf64_Phdr p;
	unsigned i;

	if (pread(kcore, &h, sizeof(h), 0) != sizeof(h))
		return 0;
	for (i = 0; i < h.e_phnum; i++) {
		if (pread(kcore, &p, sizeof(p), (off_t)(h.e_phoff + i * sizeof(p))) != sizeof(p))
			return 0;
		/* what is no RAM has no address, ~0 (fs/proc/kcore.c) */
		if (p.p_type == PT_LOAD && start >= p.p_paddr && start - p.p_paddr < p.p_memsz &&
		    len <= p.p_memsz - (start - p.p_paddr))
			return p.p_offset + (start - p.p_paddr);
	}
	return 0;
}

/* A page that the running kernel has not mapped reads as zeros. */
static bool read_piece(int kcore, const struct piece_record *r, uint64_t *sum, bool *there)
{
	uint64_t at = kcore < 0 ? 0 : find(kcore, r->start, r->len), left;
	uint8_t buf[CHUNK];
	size_t n, i;

	*sum = 0;
	*there = false;
	for (left = r->len; at && left; left -= n, at += n) {
		n = left < sizeof(buf) ? (size_t)left : sizeof(buf);
		if (pread(kcore, buf, n, (off_t)at) != (ssize_t)n)
			return false;
		for (i = 0; i < n && !*there; i++)
			*there = buf[i];
		*sum = digest(*sum, buf, n);
	}
	return at;
}

static bool compare(struct span s, struct strbuf *out, struct error *e)
{
	struct piece_record r;
	int kcore = open("/proc/kcore", O_RDONLY | O_CLOEXEC), pieces = 0, unread = 0;
	uint64_t sum, bytes = 0;
	bool there;
	char size[FORMAT_SIZE_MAX];

	for (; e->code == FAIL_NONE && take_piece(&s, &r); pieces++, bytes += r.len)
		if (!read_piece(kcore, &r, &sum, &there) || !there)
			unread++;
		else if (sum != r.digest)
			fail(e, FAIL_KERNEL,
			     "trust the crash kernel: its %.*s at 0x%llx is not what was loaded",
			     (int)r.name.len, (const char *)r.name.p, (unsigned long long)r.start);
	if (kcore >= 0)
		close(kcore);
	if (e->code != FAIL_NONE)
		return hint(e, "it may not start: load the crash kernel again");
	if (s.len || !pieces)
		strbuf_printf(out, "the crash kernel was not compared: %s is broken\n", RECORD);
	else if (unread)
		strbuf_printf(out,
			      "the crash kernel was not compared: the running kernel does not show "
			      "%d of %d pieces\n",
			      unread, pieces);
	else
		strbuf_printf(out, "the crash kernel is as it was loaded: %d pieces, %s\n", pieces,
			      format_size(size, bytes));
	return true;
}

bool record_compare(struct strbuf *out, struct error *e)
{
	struct strbuf t = STRBUF_GROWING;
	bool ok = true;

	if (files_read(AT_FDCWD, RECORD, LONGEST, &t))
		strbuf_printf(out, "the crash kernel was not compared: there is no record of it\n");
	else
		ok = compare((struct span){ (const uint8_t *)t.p, t.len }, out, e);
	strbuf_free(&t);
	return ok;
}
