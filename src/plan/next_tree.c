/* SPDX-License-Identifier: MIT */
/* The next kernel's device tree: the machine's own or the user's with what it lacks of it,
 * overlays, and what the next kernel is told.
 */
#include "dt/memory.h"
#include "src/plan/pieces.h"

#include <string.h>

/* The user's tree with what it lacks of the machine's own. */
static bool merge_tree(const struct request *r, struct tree *t, size_t slack, struct error *e)
{
	const struct machine *m = r->machine;
	struct tree own = { 0 };
	bool ok = tree_open(t, r->dtb, slack + merge_slack(m->fdt), r->dtb_name, e) &&
		  tree_open(&own, m->fdt, 0, m->fdt_from, e);

	if (ok) {
		chosen_clean(t, 0);
		chosen_clean(&own, m->fdt_total);
		chosen_forget_initrd(t);
		chosen_forget_initrd(&own);
		ok = merge_machine(t, own.blob, m->arch->firmware, m->arch->firmware_moves, e);
	}
	tree_free(&own);
	return ok;
}

static bool check_memory_known(const void *tree, const char *from, struct error *e)
{
	char show[PRINTABLE_MAX];

	if (dt_has_memory(tree))
		return true;
	fail(e, FAIL_TREE, "use the device tree: it tells of no memory: %s", printable(show, from));
	return hint(e, "nothing was loaded: give a tree that has this machine's memory with --dtb");
}

/* A kernel takes the tree for the whole machine as soon as it has a node, and leaves ACPI, unless
 * it is told not to (arch/arm64/kernel/acpi.c, acpi_boot_table_init()).
 */
static bool check_acpi(const struct request *r, const void *tree, const char *from, struct error *e)
{
	const void *own = r->machine->fdt.p;
	char show[PRINTABLE_MAX];

	if (!tree_is_stub(own) || !dt_has_efi(own) || tree_is_stub(tree) ||
	    tree_root_child(tree, "cpus") >= 0 || line_has_word(r->cmdline, "acpi=on") ||
	    line_has_word(r->cmdline, "acpi=force"))
		return true;
	fail(e, FAIL_TREE, "use the device tree: ACPI would be off, and it has no CPUs: %s",
	     printable(show, from));
	return hint(e, "nothing was loaded: without overlays or --dtb, or with acpi=force on the "
		       "command line, the machine's ACPI is used");
}

/* The tree to use, with overlays applied and that many bytes to spare. */
static bool open_tree(const struct request *r, struct plan *p, size_t slack, struct error *e)
{
	const struct machine *m = r->machine;
	size_t i;
	bool ok;

	p->tree_from = r->dtb.len ? r->dtb_name : m->fdt_from;
	if (r->dtb.len)
		ok = merge_tree(r, &p->tree, slack, e);
	else
		ok = tree_open(&p->tree, m->fdt, slack, p->tree_from, e);
	for (i = 0; i < r->overlays && ok; i++)
		ok = overlay_apply(&p->tree, &r->overlay[i], slack, e);
	return ok && check_memory_known(p->tree.blob, p->tree_from, e) &&
	       check_acpi(r, p->tree.blob, p->tree_from, e);
}

static bool fail_size(const struct plan *p, const struct arch *a, size_t len, struct error *e)
{
	char size[FORMAT_SIZE_MAX], limit[FORMAT_SIZE_MAX], show[PRINTABLE_MAX];

	return fail(e, FAIL_TREE, "use the device tree: %s, and %s takes %s at most: %s",
		    format_size(size, len), a->name, format_size(limit, a->tree_max),
		    printable(show, p->tree_from));
}

bool next_tree_build(struct draft *d, struct error *e)
{
	const struct request *r = d->r;
	const struct machine *m = r->machine;
	struct span *tree = &d->data[TREE];
	struct plan *p = d->p;
	size_t slack;

	p->chosen.tree_size = m->arch->tree_reserved;
	slack = chosen_slack(strlen(p->chosen.cmdline)) + 16 * m->reserved.n;
	if (!open_tree(r, p, slack, e))
		return false;
	/* before firmware's reservations come in: those of the last boot's pieces may lie on them
	 */
	chosen_clean(&p->tree, r->dtb.len ? 0 : m->fdt_total);
	if (!m->arch->tree(&p->tree, r, e) || !chosen_write(&p->tree, &p->chosen, e) ||
	    !tree_pack(&p->tree, tree, e))
		return false;
	if (r->hotplug && m->arch->tree_room &&
	    !tree_grow(&p->tree, m->arch->tree_room(m), tree, e))
		return false;
	return tree->len <= m->arch->tree_max || fail_size(p, m->arch, tree->len, e);
}

static bool add_ram(const struct machine *m, const void *tree, struct ranges *out)
{
	return dt_ram(tree, out) && (!m->arch->dynamic_ram || m->arch->dynamic_ram(tree, out));
}

uint64_t next_tree_memory(const struct draft *d)
{
	const void *tree = d->p->tree.blob;
	struct ranges told = { 0 };
	uint64_t sum = UINT64_MAX;

	if (!dt_has_efi_memmap(tree) && add_ram(d->r->machine, tree, &told)) {
		ranges_union(&told);
		sum = ranges_total(&told);
	}
	ranges_free(&told);
	return sum;
}

/* RAM of the next tree that this machine has not; the first such address. */
static bool find_missing(const struct machine *m, const struct ranges *told, phys *missing,
			 bool *found)
{
	struct ranges ours = { 0 }, wrong = { 0 };
	bool ok = add_ram(m, m->fdt.p, &ours);
	size_t i;

	for (i = 0; i < m->ram.n && ok; i++)
		ok = ranges_add(&ours, m->ram.v[i].start, m->ram.v[i].end, NULL);
	ranges_union(&ours);
	ok = ok && ranges_subtract(told, &ours, &wrong);
	*found = wrong.n;
	if (wrong.n)
		*missing = wrong.v[0].start;
	ranges_free(&ours);
	ranges_free(&wrong);
	return ok;
}

/* Adds to `reserved` what of `from` is not in the memory that the tree tells of. */
static bool exclude_untold(const struct draft *d, const struct ranges *from,
			   struct ranges *reserved, struct error *e)
{
	const struct machine *m = d->r->machine;
	struct ranges told = { 0 };
	char show[PRINTABLE_MAX];
	bool missing = false;
	phys at = 0;
	bool ok;

	ok = add_ram(m, d->p->tree.blob, &told);
	ranges_union(&told);
	ok = ok && find_missing(m, &told, &at, &missing) && ranges_subtract(from, &told, reserved);
	ranges_free(&told);
	if (missing)
		return fail(e, FAIL_TREE, "use the device tree: no memory here at 0x%llx: %s",
			    (unsigned long long)at, printable(show, d->p->tree_from));
	return ok || fail_memory(e);
}

bool next_tree_free(const struct draft *d, const struct ranges *from, struct ranges *out,
		    struct error *e)
{
	const void *tree = d->p->tree.blob;
	struct ranges reserved = { 0 };
	bool ok = dt_reserved(tree, &reserved) || fail_memory(e);

	if (ok && !dt_has_efi_memmap(tree))
		ok = exclude_untold(d, from, &reserved, e);
	ranges_sort(&reserved);
	if (ok && !ranges_subtract(from, &reserved, out))
		ok = fail_memory(e);
	ranges_free(&reserved);
	return ok;
}
