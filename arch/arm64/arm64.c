/* SPDX-License-Identifier: MIT */
#include "arch/arm64/arm64.h"

#include "src/formats/iomem.h"

/* The stub's code, and behind it the two addresses that it loads. */
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

bool arm64_tree(struct tree *t, const struct request *r, struct error *e)
{
	const struct range *k;

	/* Linux, arch/arm/xen/enlighten.c, xen_early_init(): no such node, no Xen */
	while (r->hide_xen && tree_is_xen(t->blob))
		tree_nop_node(t, tree_root_child(t->blob, "hypervisor"));
	/*
	 * Whenever Xen runs a CPU, it writes into what xen_starting_cpu() of the running kernel
	 * gave it (Xen, xen/arch/arm/domain.c, update_runstate_area()): its memory of each CPU,
	 * which /proc/iomem has among what is reserved.
	 */
	ranges_for_each(k, &r->machine->reserved)
		if ((k->what == arm64_lpi || (r->hide_xen && k->what == iomem_reserved)) &&
		    !tree_add_reservation(t, *k, e))
			return false;
	return true;
}

/* TF-A and U-Boot write them */
static const char *const firmware[] = { "/psci", "/firmware/psci", "/firmware/optee", NULL };

static const struct kept_rule kept_rules[] = {
	{ arm64_lpi, "lpi-tables" },
	{ arm64_added, "efi-hot-added" },
	{ arm64_efi_map, "efi-map-kept" },
	{ arm64_untold, "memory-told" },
	{ NULL, NULL },
};

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
	.tree_near = ARM64_TREE_NEAR,
	.firmware = firmware,
	.memory = arm64_memory,
	.log = arm64_log,
	.image = arm64_image,
	.tree = arm64_tree,
	.stub = arm64_stub,
	.kept_rules = kept_rules,
	.check = arm64_check,
};
