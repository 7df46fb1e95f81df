/* SPDX-License-Identifier: MIT */
#include "arch/arm64/arm64.h"

#include "dt/memory.h"
#include "src/formats/iomem.h"

#include <libfdt.h>

/* The stub's code, followed by the two addresses that it loads. */
static const uint32_t stub_words[] = {
#include "stub_words.h"
};

_Static_assert(sizeof(stub_words) % 8 == 0, "the stub's addresses must be aligned");

size_t arm64_stub(const struct request *r, phys kernel, phys tree, phys backup,
		  uint8_t out[STUB_MAX])
{
	const size_t words = ARRAY_SIZE(stub_words);
	size_t i;

	(void)backup;
	if (r->machine->tree_in_x0)
		return 0;
	for (i = 0; i < words; i++)
		put_le32(out + 4 * i, stub_words[i]);
	put_le64(out + sizeof(stub_words), tree);
	put_le64(out + sizeof(stub_words) + 8, kernel);
	return sizeof(stub_words) + 16;
}

/* /proc/iomem is written before the kernel frees the initrd that it booted with, and goes on
 * calling it reserved (arch/arm64/kernel/setup.c, reserve_memblock_reserved_regions). Whole pages
 * of it are free.
 */
static bool free_initrd(struct machine *m)
{
	int chosen = tree_root_child(m->fdt.p, "chosen");
	struct ranges keep = { 0 };
	const struct range *r;
	struct range old = { 0 };
	bool ok = true;
	size_t i;

	if (chosen < 0 || !tree_address(m->fdt.p, chosen, "linux,initrd-start", &old.start) ||
	    !tree_address(m->fdt.p, chosen, "linux,initrd-end", &old.end))
		return true;
	old.start = round_up(old.start, m->page_size);
	old.end = round_down(old.end, m->page_size);
	for (i = 0; i < m->reserved.n && ok; i++) {
		r = &m->reserved.v[i];
		if (old.start >= old.end || !range_overlaps(*r, old) || r->what != iomem_reserved)
			ok = ranges_add(&keep, r->start, r->end, r->what);
		else
			ok = ranges_add(&keep, r->start, old.start, r->what) &&
			     ranges_add(&keep, old.end, r->end, r->what);
	}
	ranges_free(&m->reserved);
	m->reserved = keep;
	return ok;
}

/* Memory that was added since this kernel booted is not in the tree that it booted with, which the
 * next one gets: it must not find itself there. EFI tells of all.
 */
static bool keep_untold(struct machine *m)
{
	struct ranges told = { 0 };
	size_t i = m->reserved.n;
	bool ok;

	if (dt_has_efi_memmap(m->fdt.p))
		return true;
	ok = dt_ram(m->fdt.p, &told);
	ranges_union(&told);
	/* a tree without memory is another error */
	ok = ok && (!told.n || ranges_subtract(&m->ram, &told, &m->reserved));
	for (; i < m->reserved.n; i++)
		m->reserved.v[i].what = "RAM that the device tree lacks";
	ranges_free(&told);
	return ok;
}

static bool memory(struct machine *m, const struct sources *s, struct error *e)
{
	m->addressable = (struct range){ 0, ARM64_ADDRESS_END, NULL };
	return iomem_parse(s->iomem, &m->ram, &m->reserved, e) &&
	       ((free_initrd(m) && keep_untold(m) && arm64_lpi_find(m, s->log)) || fail_memory(e));
}

/* TF-A and U-Boot write them */
static const char *const firmware[] = { "/psci", "/firmware/psci", "/firmware/optee", NULL };

static const struct kept_rule kept_rules[] = { { arm64_lpi, "lpi-tables" }, { NULL, NULL } };

const struct arch arch_arm64 = {
	.name = "arm64",
	.machine = "aarch64",
	.file_load_first = true,
	.xen_fails = true,
	.elf_flat = 183, /* EM_AARCH64: a vmlinux is its Image, with addresses */
	.kexec_arch = 183u << 16,
	.cmdline_max = ARM64_CMDLINE_MAX,
	.window = ARM64_WINDOW,
	.window_align = ARM64_WINDOW_ALIGN,
	.tree_max = ARM64_TREE_MAX,
	.tree_align = ARM64_BLOCK,
	.log_word = arm64_log_word,
	.firmware = firmware,
	.memory = memory,
	.image = arm64_image,
	.tree = arm64_tree,
	.stub = arm64_stub,
	.kept_rules = kept_rules,
	.check = arm64_check,
};
