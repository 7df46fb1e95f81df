#include "chosen.h"

#include "reserved.h"

#include <string.h>

/* Left by an earlier kexec or crash kernel; each would mislead the next kernel. */
static const char *const stale[] = {
	"linux,elfcorehdr",   "linux,usable-memory-range", "linux,kho-fdt",
	"linux,kho-scratch",  "linux,ima-kexec-buffer",	   "linux,dmcryptkeys",
	"linux,initrd-start", "linux,initrd-end",
};

/* Some of them name memory that is reserved in the tree's header too. */
static const char *const stale_memory[] = {
	"linux,elfcorehdr",
	"linux,kho-fdt",
	"linux,ima-kexec-buffer",
};

/* Boot loaders round what they reserve to pages, 64 KiB at most. */
#define LARGEST_PAGE 0x10000

size_t chosen_slack(size_t len)
{
	/* a node, ten properties of at most 32 + 24 bytes, their names, four reservations */
	return len + 1024;
}

/* Drops the reservations that were made for `old`: they overlap it, and stay within its pages. */
static void drop_reservations(struct tree *t, struct range old)
{
	struct range pages = { round_down(old.start, LARGEST_PAGE), round_up(old.end, LARGEST_PAGE),
			       NULL };
	struct range r = { 0 };
	uint64_t size;
	int i;

	/* backwards: deleting one renumbers those behind it */
	for (i = fdt_num_mem_rsv(t->blob) - 1; i >= 0; i--) {
		tree_reserved(t->blob, i, &r.start, &size);
		if (!__builtin_add_overflow(r.start, size, &r.end) && range_overlaps(r, old) &&
		    range_within(r, pages))
			fdt_del_mem_rsv(t->blob, i);
	}
}

/* Drops the reservation of the tree that the running kernel was given. Where that lay is not told
 * to user space, only how long it was; a round size may as well be firmware's, so then it stays: a
 * reservation too many costs a few pages, one too few costs the machine.
 */
static void drop_old_tree(struct tree *t, size_t total)
{
	int i, found = -1;
	uint64_t start, size;

	if (total % LARGEST_PAGE == 0)
		return;
	for (i = 0; i < fdt_num_mem_rsv(t->blob); i++) {
		tree_reserved(t->blob, i, &start, &size);
		if (size != total)
			continue;
		if (found >= 0)
			return;
		found = i;
	}
	if (found >= 0)
		fdt_del_mem_rsv(t->blob, found);
}

/* To take something out of a sound tree never fails: it takes no room. */
void chosen_clean(struct tree *t, size_t old_total)
{
	int node = tree_child(t->blob, "chosen");
	struct range old = { 0, 0, NULL };
	struct tree_pairs pairs;
	size_t i;

	if (tree_address(t->blob, node, "linux,initrd-start", &old.start) &&
	    tree_address(t->blob, node, "linux,initrd-end", &old.end) && old.start < old.end)
		drop_reservations(t, old);
	for (i = 0; i < sizeof(stale_memory) / sizeof(stale_memory[0]); i++) {
		tree_pairs_of(&pairs, t->blob, 0, node, stale_memory[i]);
		if (tree_next_pair(&pairs, &old) && old.start < old.end)
			drop_reservations(t, old);
	}
	drop_old_tree(t, old_total);
	/* a malformed tree may have one twice */
	for (i = 0; i < sizeof(stale) / sizeof(stale[0]) && node >= 0; i++)
		while (!fdt_delprop(t->blob, node, stale[i]))
			;
}

static bool has_initrd(const struct chosen *c)
{
	return c->initrd_start != c->initrd_end;
}

/* What c reserves, initrd first. */
static int reservations(const struct chosen *c, struct range r[4])
{
	int n = 0;

	if (has_initrd(c))
		r[n++] = (struct range){ c->initrd_start, c->initrd_end, NULL };
	if (c->tree_size)
		r[n++] = (struct range){ c->tree_start, c->tree_start + c->tree_size, NULL };
	if (c->core.end)
		r[n++] = c->core;
	if (c->backup.end)
		r[n++] = c->backup;
	return n;
}

/* The reservations of c, behind all others. */
static int add_reservations(struct tree *t, const struct chosen *c)
{
	struct range r[4];
	int err = 0, i, n = reservations(c, r);

	for (i = 0; i < n && !err; i++)
		err = fdt_add_mem_rsv(t->blob, r[i].start, r[i].end - r[i].start);
	return err;
}

/* Two ranges in the cells of the root; the second, or both, may end at 0 and are left out. */
static int write_ranges(struct tree *t, int node, const char *name, struct range a, struct range b)
{
	const int cells = fdt_address_cells(t->blob, 0), sizes = fdt_size_cells(t->blob, 0);
	const uint64_t v[4] = { a.start, a.end - a.start, b.start, b.end - b.start };
	uint8_t bytes[32], *p = bytes;
	int i, words;

	if (!a.end)
		return 0;
	if (cells < 1 || cells > 2 || sizes < 1 || sizes > 2)
		return -FDT_ERR_BADNCELLS;
	for (i = 0; i < (b.end ? 4 : 2); i++) {
		words = i % 2 ? sizes : cells;
		if (words == 1 && v[i] > UINT32_MAX)
			return -FDT_ERR_BADVALUE;
		if (words == 2)
			put_be32(p, (uint32_t)(v[i] >> 32));
		p += 4 * words;
		put_be32(p - 4, (uint32_t)v[i]);
	}
	return fdt_setprop(t->blob, node, name, bytes, (int)(p - bytes));
}

static int write_core(struct tree *t, int node, const struct chosen *c)
{
	const struct range none = { 0, 0, NULL };

	return write_ranges(t, node, "linux,elfcorehdr", c->core, none);
}

static int write_initrd(struct tree *t, int node, const struct chosen *c)
{
	int err = fdt_setprop_u64(t->blob, node, "linux,initrd-start", c->initrd_start);

	return err ? err : fdt_setprop_u64(t->blob, node, "linux,initrd-end", c->initrd_end);
}

bool chosen_write(struct tree *t, const struct chosen *c, struct error *e)
{
	int node = tree_child(t->blob, "chosen"), err;

	if (node == -FDT_ERR_NOTFOUND)
		node = fdt_add_subnode(t->blob, 0, "chosen");
	if (node < 0)
		return tree_fail(t->from, "write /chosen of", node, e);
	chosen_clean(t, 0);
	err = fdt_setprop(t->blob, node, "bootargs", c->cmdline, (int)strlen(c->cmdline) + 1);
	if (!err)
		err = fdt_setprop(t->blob, node, "kaslr-seed", c->kaslr_seed, KASLR_SEED);
	if (!err)
		err = fdt_setprop(t->blob, node, "rng-seed", c->rng_seed, RNG_SEED);
	if (!err)
		err = fdt_setprop_empty(t->blob, node, "linux,booted-from-kexec");
	if (!err && has_initrd(c))
		err = write_initrd(t, node, c);
	if (!err)
		err = write_core(t, node, c);
	if (!err)
		err = write_ranges(t, node, "linux,usable-memory-range", c->usable, c->low);
	if (!err)
		err = add_reservations(t, c);
	return err ? tree_fail(t->from, "write /chosen of", err, e) : true;
}

bool chosen_move(struct tree *t, const struct chosen *c, struct error *e)
{
	int node = tree_child(t->blob, "chosen");
	struct range r[4];
	int ours = reservations(c, r), err;

	/* a crash kernel's may say where its core header is */
	err = fdt_setprop(t->blob, node, "bootargs", c->cmdline, (int)strlen(c->cmdline) + 1);
	if (!err && has_initrd(c))
		err = write_initrd(t, node, c);
	if (!err)
		err = write_core(t, node, c);
	/* chosen_write() added them last; out and in again, and the tree has its size back */
	for (; ours && !err; ours--)
		fdt_del_mem_rsv(t->blob, fdt_num_mem_rsv(t->blob) - 1);
	if (!err)
		err = add_reservations(t, c);
	return err ? tree_fail(t->from, "write /chosen of", err, e) : true;
}

static bool check_bytes(const void *fdt, int node, const char *name, const void *want, size_t size)
{
	int len;
	const void *p = fdt_getprop(fdt, node, name, &len);

	return p && (size_t)len == size && (!size || memcmp(p, want, size) == 0);
}

/* Is the property these ranges, of which those that end at 0 are left out, and is it absent when
 * all are?
 */
static bool check_ranges(const void *fdt, int node, const char *name, struct range a,
			 struct range b)
{
	struct tree_pairs pairs;
	struct range r;

	tree_pairs_of(&pairs, fdt, 0, node, name);
	if (!a.end)
		return !fdt_getprop(fdt, node, name, NULL);
	if (!tree_next_pair(&pairs, &r) || r.start != a.start || r.end != a.end)
		return false;
	if (b.end && (!tree_next_pair(&pairs, &r) || r.start != b.start || r.end != b.end))
		return false;
	return !tree_next_pair(&pairs, &r);
}

static bool check_reserved(const void *fdt, struct range r)
{
	uint64_t at, size;
	int i;

	for (i = 0; i < fdt_num_mem_rsv(fdt); i++) {
		tree_reserved(fdt, i, &at, &size);
		if (at == r.start && size == r.end - r.start)
			return true;
	}
	return !r.end;
}

static bool check_initrd(const void *fdt, int node, const struct chosen *c)
{
	uint8_t start[8], end[8];

	if (c->initrd_start == c->initrd_end)
		return !fdt_getprop(fdt, node, "linux,initrd-start", NULL) &&
		       !fdt_getprop(fdt, node, "linux,initrd-end", NULL);
	put_be64(start, c->initrd_start);
	put_be64(end, c->initrd_end);
	if (!check_bytes(fdt, node, "linux,initrd-start", start, sizeof(start)) ||
	    !check_bytes(fdt, node, "linux,initrd-end", end, sizeof(end)))
		return false;
	return check_reserved(fdt, (struct range){ c->initrd_start, c->initrd_end, NULL });
}

bool chosen_check(struct span tree, const struct chosen *c, struct error *e)
{
	/* not the list above: this one is the check's own, of_kexec_alloc_and_setup_fdt() */
	static const char *const left_over[] = {
		"linux,kho-fdt",
		"linux,kho-scratch",
		"linux,ima-kexec-buffer",
		"linux,dmcryptkeys",
	};
	static const struct range none;
	const char *wrong = NULL;
	size_t i;
	const void *fdt = tree.p;
	int node;

	if (fdt_check_full(fdt, tree.len))
		return fail(e, FAIL_BUG, "trust the plan: its device tree is not sound");
	node = tree_child(fdt, "chosen");
	if (node < 0)
		wrong = "/chosen";
	else if (!check_bytes(fdt, node, "bootargs", c->cmdline, strlen(c->cmdline) + 1))
		wrong = "bootargs";
	else if (!check_bytes(fdt, node, "kaslr-seed", c->kaslr_seed, KASLR_SEED))
		wrong = "kaslr-seed";
	else if (!check_bytes(fdt, node, "rng-seed", c->rng_seed, RNG_SEED))
		wrong = "rng-seed";
	else if (!check_bytes(fdt, node, "linux,booted-from-kexec", NULL, 0))
		wrong = "linux,booted-from-kexec";
	else if (!check_initrd(fdt, node, c))
		wrong = "the initrd";
	else if (!check_ranges(fdt, node, "linux,elfcorehdr", c->core, none) ||
		 !check_ranges(fdt, node, "linux,usable-memory-range", c->usable, c->low) ||
		 !check_reserved(fdt, c->core) || !check_reserved(fdt, c->backup))
		wrong = "a crash kernel's part";
	for (i = 0; !wrong && i < sizeof(left_over) / sizeof(left_over[0]); i++)
		if (fdt_getprop(fdt, node, left_over[i], NULL))
			wrong = left_over[i];
	return wrong ? fail(e, FAIL_BUG, "trust the plan: %s in its device tree is wrong", wrong)
		     : true;
}
