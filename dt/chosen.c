/* SPDX-License-Identifier: MIT */
#include "dt/chosen.h"

#include "dt/memory.h"

#include <libfdt.h>
#include <string.h>

/* Left by an earlier kexec or crash kernel; each would mislead the next kernel. */
static const char *const stale[] = {
	"linux,elfcorehdr",  "linux,usable-memory-range", "linux,kho-fdt",
	"linux,kho-scratch", "linux,ima-kexec-buffer",	  "linux,dmcryptkeys",
};

/* Some of them name memory that is reserved in the tree's header too. */
static const char *const stale_memory[] = {
	"linux,elfcorehdr",
	"linux,kho-fdt",
	"linux,ima-kexec-buffer",
};

size_t chosen_slack(size_t len)
{
	/* a node, ten properties of at most 32 + 24 bytes, their names, four reservations; of a
	 * crash kernel's shared memory a pair and a reservation each
	 */
	return len + 1024 + (size_t)CRASH_CMA_MAX * 32;
}

/* Drops the reservations that were made for `old`: they overlap it, and stay within its pages. */
static void drop_reserved(struct tree *t, struct range old)
{
	const struct range pages = { round_down(old.start, LARGEST_PAGE),
				     round_up(old.end, LARGEST_PAGE), NULL };

	tree_drop_reservations(t, pages, old);
}

/* Drops the reservation of the tree that the running kernel was given. Where that lay is not told
 * to user space, only how long it was; a round size may as well be firmware's, so then it stays: a
 * reservation too many costs a few pages, one too few costs the machine.
 */
static void drop_old_tree(struct tree *t, size_t total)
{
	size_t i, found = 0;
	struct range r;

	if (total % LARGEST_PAGE == 0)
		return;
	for (i = 0; tree_next_reserved(t->blob, &i, &r);) {
		if (r.end - r.start != total)
			continue;
		if (found)
			return;
		found = i;
	}
	if (found)
		fdt_del_mem_rsv(t->blob, (int)found - 1);
}

/* Removing something from a valid tree never fails: it needs no space. */
void chosen_clean(struct tree *t, size_t old_total)
{
	const int node = tree_root_child(t->blob, "chosen");
	struct range old = { 0, 0, NULL };
	struct tree_pairs pairs;
	size_t i;

	if (tree_address(t->blob, node, "linux,initrd-start", &old.start) &&
	    tree_address(t->blob, node, "linux,initrd-end", &old.end) && old.start < old.end)
		drop_reserved(t, old);
	for (i = 0; i < ARRAY_SIZE(stale_memory); i++) {
		tree_pairs_of(&pairs, t->blob, 0, node, stale_memory[i]);
		if (tree_next_pair(&pairs, &old) && old.start < old.end)
			drop_reserved(t, old);
	}
	drop_old_tree(t, old_total);
	for (i = 0; i < ARRAY_SIZE(stale); i++)
		tree_nop_prop(t, node, stale[i]);
}

void chosen_forget_initrd(struct tree *t)
{
	const int node = tree_root_child(t->blob, "chosen");

	tree_nop_prop(t, node, "linux,initrd-start");
	tree_nop_prop(t, node, "linux,initrd-end");
}

static bool has_initrd(const struct chosen *c)
{
	return c->initrd_start != c->initrd_end;
}

/* What c reserves, initrd first. */
static size_t reservations(const struct chosen *c, struct range r[4])
{
	size_t n = 0;

	if (has_initrd(c))
		r[n++] = (struct range){ c->initrd_start, c->initrd_end, NULL };
	if (c->tree_size)
		r[n++] = (struct range){ c->tree_start, c->tree_start + c->tree_size, NULL };
	if (c->elfcorehdr.end)
		r[n++] = c->elfcorehdr;
	if (c->backup.end)
		r[n++] = c->backup;
	return n;
}

/* The reservations of c, after all others. */
static int add_reservations(struct tree *t, const struct chosen *c)
{
	struct range r[4];
	const size_t n = reservations(c, r);
	size_t i;
	int err = 0;

	for (i = 0; i < n && !err; i++)
		err = fdt_add_mem_rsv(t->blob, r[i].start, r[i].end - r[i].start);
	return err;
}

static int write_core(struct tree *t, int node, const struct chosen *c)
{
	return c->elfcorehdr.end ? tree_set_pairs(t, node, "linux,elfcorehdr", &c->elfcorehdr, 1)
				 : 0;
}

/* Kernels before 7.3 read the first two (drivers/of/fdt.c,
 * early_init_dt_check_for_usable_mem_range). */
static int write_usable(struct tree *t, int node, const struct chosen *c)
{
	struct range all[2 + CRASH_CMA_MAX];
	size_t n = 0, i;

	if (!c->usable.end)
		return 0;
	all[n++] = c->usable;
	if (c->low.end)
		all[n++] = c->low;
	for (i = 0; c->cma && i < c->cma->n && i < CRASH_CMA_MAX; i++)
		all[n++] = c->cma->v[i];
	return tree_set_pairs(t, node, "linux,usable-memory-range", all, n);
}

static int write_initrd(struct tree *t, int node, const struct chosen *c)
{
	uint8_t start[8], end[8];
	int err;

	if (!has_initrd(c)) {
		chosen_forget_initrd(t);
		return 0;
	}
	put_be64(start, c->initrd_start);
	put_be64(end, c->initrd_end);
	err = tree_setprop(t, node, "linux,initrd-start", start, sizeof(start));
	return err ? err : tree_setprop(t, node, "linux,initrd-end", end, sizeof(end));
}

static int write_cmdline(struct tree *t, int node, const struct chosen *c)
{
	return tree_setprop(t, node, "bootargs", c->cmdline, strlen(c->cmdline) + 1);
}

/* "unset" of enum efi_secureboot_mode in include/linux/efi.h: the kernels that want it warn that it
 * could not be determined, and go on. Nobody told us what the machine's state is.
 */
static int write_secure_boot(struct tree *t, int node)
{
	static const uint8_t unset[4];

	if (!dt_lacks_secure_boot(t->blob))
		return 0;
	return tree_setprop(t, node, "linux,uefi-secure-boot", unset, sizeof(unset));
}

bool chosen_write(struct tree *t, const struct chosen *c, struct error *e)
{
	int node = tree_root_child(t->blob, "chosen"), err;

	if (node < 0)
		node = fdt_add_subnode(t->blob, 0, "chosen");
	if (node < 0)
		return tree_fail(t->from, "write", node, e);
	err = write_cmdline(t, node, c);
	if (!err)
		err = tree_setprop(t, node, "kaslr-seed", c->kaslr_seed, KASLR_SEED);
	if (!err)
		err = tree_setprop(t, node, "rng-seed", c->rng_seed, RNG_SEED);
	if (!err)
		err = tree_setprop(t, node, "linux,booted-from-kexec", NULL, 0);
	if (!err)
		err = write_secure_boot(t, node);
	if (!err)
		err = write_initrd(t, node, c);
	if (!err)
		err = write_core(t, node, c);
	if (!err)
		err = write_usable(t, node, c);
	if (!err)
		err = add_reservations(t, c);
	return !err || tree_fail(t->from, "write", err, e);
}

bool chosen_move(struct tree *t, const struct chosen *c, struct error *e)
{
	const int node = tree_root_child(t->blob, "chosen");
	/* a crash kernel's may say where its core header is */
	int err = write_cmdline(t, node, c);
	struct range r[4];
	const size_t ours = reservations(c, r), first = tree_reservations(t->blob) - ours;
	size_t i;

	if (!err)
		err = write_initrd(t, node, c);
	if (!err)
		err = write_core(t, node, c);
	if (err)
		return tree_fail(t->from, "write", err, e);
	/* chosen_write() added them last */
	for (i = 0; i < ours; i++)
		tree_set_reservation(t, first + i, r[i]);
	return true;
}

static bool check_bytes(const void *fdt, int node, const char *name, const void *want, size_t size)
{
	const struct span s = tree_getprop(fdt, node, name);

	return s.p && s.len == size && (!size || memcmp(s.p, want, size) == 0);
}

static bool check_pair(struct tree_pairs *pairs, struct range want)
{
	struct range r;

	return tree_next_pair(pairs, &r) && r.start == want.start && r.end == want.end;
}

/* Is the property these ranges, a, then b unless it ends at 0, then more; and is it absent when a
 * ends at 0?
 */
static bool check_ranges(const void *fdt, int node, const char *name, struct range a,
			 struct range b, const struct ranges *more)
{
	struct tree_pairs pairs;
	const struct range *m;
	struct range r;

	tree_pairs_of(&pairs, fdt, 0, node, name);
	if (!a.end)
		return !tree_getprop(fdt, node, name).p;
	if (!check_pair(&pairs, a) || (b.end && !check_pair(&pairs, b)))
		return false;
	if (more)
		ranges_for_each(m, more)
			if (!check_pair(&pairs, *m))
				return false;
	return !tree_next_pair(&pairs, &r);
}

static bool check_reserved(const void *fdt, struct range r)
{
	struct range had;
	size_t i;

	for (i = 0; tree_next_reserved(fdt, &i, &had);)
		if (had.start == r.start && had.end == r.end)
			return true;
	return !r.end;
}

static bool check_initrd(const void *fdt, int node, const struct chosen *c)
{
	uint8_t start[8], end[8];

	if (c->initrd_start == c->initrd_end)
		return !tree_getprop(fdt, node, "linux,initrd-start").p &&
		       !tree_getprop(fdt, node, "linux,initrd-end").p;
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

	if (tree_validate(tree))
		return fail(e, FAIL_BUG, "trust the plan: its device tree is not sound");
	node = tree_root_child(fdt, "chosen");
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
	else if (!check_ranges(fdt, node, "linux,elfcorehdr", c->elfcorehdr, none, NULL) ||
		 !check_ranges(fdt, node, "linux,usable-memory-range", c->usable, c->low, c->cma) ||
		 !check_reserved(fdt, c->elfcorehdr) || !check_reserved(fdt, c->backup))
		wrong = "a crash kernel's part";
	for (i = 0; !wrong && i < ARRAY_SIZE(left_over); i++)
		if (tree_getprop(fdt, node, left_over[i]).p)
			wrong = left_over[i];
	return wrong ? fail(e, FAIL_BUG, "trust the plan: %s in its device tree is wrong", wrong)
		     : true;
}
