/* SPDX-License-Identifier: MIT */
#include "arch/ppc64/ppc64.h"

#include "dt/tree.h"

#include <libfdt.h>
#include <string.h>

static const uint32_t stub_words[] = {
#include "stub_words.h"
};

/* stub.S: words before `enter`, which run in the byte order of the kernel that ran; and the numbers
 * of eight bytes that come after the code.
 */
#define ORDER_WORDS    7
#define DATA_NUMBERS   6
#define BRANCH_TO_CODE (0x48000000u | PPC64_HEAD) /* b +0x100 */
/* How long to wait for other CPUs to leave the running kernel's code: lis %r12, 0x186. With
 * machine.one_cpu: li %r12, 0.
 */
#define WAIT	0x3d800186u
#define NO_WAIT 0x39800000u

_Static_assert(sizeof(stub_words) % 8 == 0, "the stub's data must be aligned");
_Static_assert(PPC64_HEAD + sizeof(stub_words) + 8 * DATA_NUMBERS <= STUB_MAX,
	       "the stub must fit a plan");

/* OPAL's base and entry, which only powernv has. */
static void read_opal(const void *fdt, uint64_t opal[2])
{
	const int node = tree_root_child(fdt, "ibm,opal");

	if (!tree_address(fdt, node, "opal-base-address", &opal[0]) ||
	    !tree_address(fdt, node, "opal-entry-address", &opal[1]))
		opal[0] = opal[1] = 0;
}

size_t ppc64_stub(const struct request *r, phys kernel, phys tree, phys backup,
		  uint8_t out[STUB_MAX])
{
	void (*const put)(uint8_t *, uint32_t) = r->machine->big_endian ? put_be32 : put_le32;
	uint64_t data[DATA_NUMBERS] = { tree, kernel, kernel + r->image->entry, 0, 0, backup };
	uint8_t *at = out + PPC64_HEAD;
	uint32_t word;
	size_t i;

	if (r->image->part[0].data.len < PPC64_HEAD)
		return 0;
	read_opal(r->machine->fdt.p, &data[3]);
	memcpy(out, r->image->part[0].data.p, PPC64_HEAD);
	put(out, BRANCH_TO_CODE);
	for (i = 0; i < ARRAY_SIZE(stub_words); i++, at += 4) {
		word = stub_words[i] == WAIT && r->machine->one_cpu ? NO_WAIT : stub_words[i];
		(i < ORDER_WORDS ? put : put_be32)(at, word);
	}
	for (i = 0; i < DATA_NUMBERS; i++, at += 8)
		put_be64(at, data[i]);
	return (size_t)(at - out);
}

static const char *const firmware[] = { "/rtas", "/ibm,opal", NULL };

static const struct kept_rule kept_rules[] = {
	{ ppc64_rtas, "ppc64-keep" },
	{ ppc64_opal, "ppc64-keep" },
	{ ppc64_hash, "ppc64-keep" },
	{ ppc64_reserved, "ppc64-keep" },
	{ ppc64_tce, "ppc64-off-tce" },
	{ ppc64_running, "ppc64-above-running-end" },
	{ ppc64_unmapped, "memory-limit" },
	{ ppc64_dump, "fadump-preserved" },
	{ NULL, NULL },
};

const struct arch arch_ppc64 = {
	.name = "ppc64",
	.machine = "ppc64le",
	.machine_be = "ppc64",
	.live_tree = true,
	.threads = true,
	.kexec_arch = 21u << 16,
	.cmdline_max = PPC64_CMDLINE_MAX,
	.tree_max = TREE_MAX,
	.tree_align = PPC64_ALIGN,
	.tree_reserved = true,
	.region_is_room = true,
	.hash_table = true,
	.firmware = firmware,
	.firmware_moves = true,
	.page_offset = 0xc000000000000000, /* arch/powerpc/include/asm/page.h: PAGE_OFFSET */
	.backup = PPC64_ALIGN,		   /* crashdump-ppc64.h: BACKUP_SRC_SIZE */
	.elfcorehdr_on_cmdline = true,
	.memory = ppc64_memory,
	.image = ppc64_image,
	.pin = ppc64_pin,
	.reach = ppc64_reach,
	.dynamic_ram = ppc64_dynamic_ram,
	.tree = ppc64_tree,
	.tree_room = ppc64_tree_room,
	.stub = ppc64_stub,
	.kept_rules = kept_rules,
	.check = ppc64_check,
};
