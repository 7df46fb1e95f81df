/* SPDX-License-Identifier: MIT */
/* The arm64 rules of a finished plan, derived again from booting.rst with arithmetic of their own.
 */
#include "arch/arm64/arm64.h"

#include "dt/memory.h"
#include "src/plan/check.h"

#include <string.h>

#define MIB (1ull << 20)
#define GIB (1ull << 30)

/* Section 4: "2MB aligned base address anywhere in usable system RAM" plus text_offset. */
static bool check_kernel(const struct plan *p, const struct segment *k, const struct image *img,
			 struct error *e)
{
	const struct segment *s;

	if (p->kernel != k->at.start || k->data.len > img->memsz)
		return broken(e, "is-its-file", "the kernel is not where the plan says");
	if (k->at.start < img->offset || (k->at.start - img->offset) % (2 * MIB))
		return broken(e, "arm64-2mib",
			      "the kernel is not at text_offset above a 2 MiB boundary");
	if (k->reserved_end - k->at.start < img->memsz)
		return broken(e, "arm64-image-size", "the kernel has no room for its image_size");
	if (k->reserved_end > 256 * 1024 * GIB)
		return broken(e, "arm64-48-bit", "the kernel is above the first 48 bits");
	plan_for_each(s, p)
		if (img->bottom_up && s->at.start < k->at.start)
			return broken(e, "arm64-lowest",
				      "a piece lies below a kernel that cannot use memory there");
	return true;
}

/* Section 3: the initrd "must reside entirely within a 1 GB aligned physical memory window of up to
 * 32 GB in size that fully covers the kernel Image as well".
 */
static bool check_window(const struct plan *p, const struct segment *k, struct error *e)
{
	phys low = k->at.start, high = k->reserved_end;
	const struct segment *s;

	plan_for_each(s, p) {
		if (s->piece == INITRD && s->at.start < low)
			low = s->at.start;
		if (s->piece == INITRD && s->reserved_end > high)
			high = s->reserved_end;
	}
	if (plan_segment(p, INITRD) && high - low / GIB * GIB > 32 * GIB)
		return broken(e, "arm64-window",
			      "kernel and initrd do not share a window of 32 GiB");
	return true;
}

/* Section 2: 8-byte boundary, at most 2 MiB; mapped in blocks of 2 MiB, so one it has to itself. */
static bool check_tree(const struct plan *p, const struct segment *t, struct error *e)
{
	phys block = t->at.start / (2 * MIB) * (2 * MIB);
	const struct segment *s;

	if (t->at.start % 8)
		return broken(e, "arm64-dtb-8", "the device tree is not at a multiple of 8");
	if (t->at.start + t->data.len > block + 2 * MIB)
		return broken(e, "arm64-dtb-block",
			      "the device tree is not inside one block of 2 MiB");
	plan_for_each(s, p)
		if (s != t && s->at.start < block + 2 * MIB && block < s->reserved_end)
			return broken(e, "arm64-dtb-block",
				      "the device tree shares its block of 2 MiB");
	return t->reserved_end >= block + 2 * MIB ||
	       broken(e, "arm64-dtb-block",
		      "the device tree does not have all of its block of 2 MiB");
}

/* Before Linux 4.2, and so in every kernel that wants the lowest place: "within the first 512
 * megabytes from the start of the kernel image", which there is text_offset above a boundary.
 */
static bool check_near(const struct segment *t, const struct segment *k, const struct image *img,
		       struct error *e)
{
	const phys base = k->at.start - img->offset;

	return !img->bottom_up || t->reserved_end - base <= 512 * MIB ||
	       broken(e, "tree-512mib", "the device tree is more than 512 MiB above the kernel");
}

/* irq-gic-v3-its.c, gic_check_reserved_range: each LPI table inside one reservation. */
static bool check_lpi(const void *tree, const struct ranges *keep, struct error *e)
{
	const struct range *k;

	ranges_for_each(k, keep)
		if (k->what == arm64_lpi && !tree_reserves(tree, *k))
			return broken(e, "lpi-tables",
				      "the device tree does not reserve the LPI tables");
	return true;
}

/* acpi.c, dt_is_stub: a machine whose tree has nothing but /chosen has its CPUs from ACPI, which
 * any node in the tree turns off.
 */
static bool check_acpi(const struct plan *p, const struct request *r, const void *tree,
		       struct error *e)
{
	const char *const line = p->chosen.cmdline;
	const void *own = r->machine->fdt.p;

	return !tree_is_stub(own) || !dt_has_efi(own) || tree_is_stub(tree) ||
	       tree_root_child(tree, "cpus") >= 0 || line_has_word(line, "acpi=force") ||
	       line_has_word(line, "acpi=on") ||
	       broken(e, "acpi-kept", "the device tree turns ACPI off, and has no CPUs");
}

/* enlighten.c, xen_early_init: by this node a kernel finds Xen. */
static bool check_xen(const struct request *r, const void *tree, struct error *e)
{
	return !r->hide_xen || !tree_is_xen(tree) ||
	       broken(e, "xen-hidden", "the device tree tells of Xen");
}

/* The stub must load these addresses: two ldr (literal) into x0 and x4, nothing into x1 to x3. */
static bool check_stub(const struct plan *p, const struct segment *s, phys kernel, phys tree,
		       struct error *e)
{
	static const uint32_t code[] = {
#include "stub_words.h"
	};
	uint64_t x0, x4;
	uint32_t word;
	unsigned i;

	if (p->entry != s->at.start)
		return broken(e, "stub-points", "it does not start in the stub");
	span_le64(s->data, 24, &x0);
	span_le64(s->data, 32, &x4);
	if (s->data.len != 40 || x0 != tree || x4 != kernel)
		return broken(e, "stub-points",
			      "the stub does not point at kernel and device tree");
	for (i = 0; i < 6; i++) {
		span_le32(s->data, 4 * i, &word);
		if (word != code[i])
			return broken(e, "arm64-registers", "the stub is not the code of stub.S");
	}
	return true;
}

bool arm64_check(const struct plan *p, const struct request *r, struct error *e)
{
	const struct segment *k = plan_segment(p, KERNEL), *t = plan_segment(p, TREE);
	const struct segment *s = plan_segment(p, STUB);

	if (!k || !t)
		return broken(e, "is-its-file", "it has no kernel or no device tree");
	if (!check_kernel(p, k, r->image, e) || !check_window(p, k, e) || !check_tree(p, t, e) ||
	    !check_near(t, k, r->image, e) || !check_lpi(t->data.p, &r->machine->reserved, e) ||
	    !check_acpi(p, r, t->data.p, e) || !check_xen(r, t->data.p, e))
		return false;
	if (r->machine->tree_in_x0)
		return p->entry == k->at.start ||
		       broken(e, "arm64-tree-in-x0", "it does not start in the kernel");
	return s ? check_stub(p, s, k->at.start + r->image->entry, t->at.start, e)
		 : broken(e, "arm64-registers", "it has no stub");
}
