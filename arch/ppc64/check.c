/* SPDX-License-Identifier: MIT */
/* The ppc64 rules of a finished plan, derived again with arithmetic of their own. */
#include "arch/ppc64/ppc64.h"

#include "dt/memory.h"
#include "src/plan/check.h"

#include <string.h>

/* Offsets in the stub: see stub.S. */
#define CODE   0x100u
#define DATA   0x1a0u
#define LENGTH 0x1d0u

/* machine_kexec_prepare() in arch/powerpc/kexec/core_64.c refuses what lies below the running
 * kernel's end; that real mode reaches the rest nobody checks but us.
 */
static bool check_reach(const struct plan *p, const struct machine *m, struct error *e)
{
	const struct segment *s;

	plan_for_each(s, p) {
		if (s->at.start < m->addressable.start)
			return broken_by(e, "ppc64-above-running-end", s,
					 "lies on the running kernel");
		if (s->piece != INITRD && s->reserved_end > m->rma_end)
			return broken_by(e, "ppc64-below-rma", s,
					 "is outside of what real mode reaches");
	}
	return true;
}

static bool check_kernel(const struct plan *p, const struct image *img, struct error *e)
{
	const struct segment *k = plan_segment(p, KERNEL), *s;

	if (!k || k->at.start != p->kernel)
		return broken(e, "is-its-file", "the kernel is not where the plan says");
	if (img->fixed && p->kernel != img->offset)
		return broken(e, "ppc64-fixed", "the kernel cannot run from its place");
	if (!img->fixed && p->kernel % 65536)
		return broken(e, "ppc64-64k-aligned", "the kernel is not on 64 KiB");
	plan_for_each(s, p)
		if (s->piece == KERNEL && s->reserved_end > k->reserved_end)
			k = s;
	return k->reserved_end - p->kernel >= img->memsz ||
	       broken(e, "ppc64-memsz", "the kernel has no room for its BSS");
}

/* arch/powerpc/kernel/head_64.S: a relocatable kernel whose word at 0x5c is not 1 copies [0, _end)
 * of itself to 0 and clears BSS there; only then does it look for the rest.
 */
static bool check_copy_to_zero(const struct plan *p, const struct request *r, struct error *e)
{
	const struct image *img = r->image;
	const struct range low = { 0, img->memsz + 0xffff - (img->memsz + 0xffff) % 0x10000, NULL };
	const struct range *keep;
	const struct segment *s;
	uint32_t flag = 0;

	(img->big_endian ? span_be32 : span_le32)(img->part[0].data, 0x5c, &flag);
	if (!img->run_flag || flag == 1)
		return true;
	plan_for_each(s, p)
		if (s->piece != KERNEL && s->at.start < low.end)
			return broken_by(e, "ppc64-copy-to-zero", s,
					 "lies where the kernel copies itself to");
	ranges_for_each(keep, &r->machine->reserved)
		if (ppc64_is_firmware(keep) && keep->start < low.end)
			return broken(e, "ppc64-copy-to-zero",
				      "the kernel copies itself over firmware");
	return true;
}

/* Bytes of memory in a range. */
static uint64_t memory_in(const struct ranges *ram, phys start, phys end)
{
	const struct range *r;
	uint64_t sum = 0;

	ranges_for_each(r, ram)
		if (r->start < end && r->end > start)
			sum += (r->end < end ? r->end : end) -
			       (r->start > start ? r->start : start);
	return sum;
}

/* Bytes that the next kernel may use: of a crash kernel up to its region's end, and of what firmware
 * holds above that which it is told to use (arch/powerpc/kexec, get_usable_memory_ranges).
 */
static uint64_t usable_memory(const struct ranges *ram, const struct machine *m)
{
	const phys end = m->crash.region.end;
	uint64_t sum = memory_in(ram, 0, end ? end : UINT64_MAX);
	const struct range *fw;
	phys at = end;

	/* and what it shares with the crashed kernel: CMA, in no firmware */
	ranges_for_each(fw, &m->crash.cma)
		if (fw->end > end)
			sum += memory_in(ram, fw->start > end ? fw->start : end, fw->end);

	/* in order, and may overlap */
	ranges_for_each(fw, &m->reserved) {
		if (!end || !ppc64_is_usable(fw) || fw->end <= at)
			continue;
		sum += memory_in(ram, fw->start > at ? fw->start : at, fw->end);
		at = fw->end;
	}
	return sum;
}

/* arch/powerpc/kernel/prom.c, early_init_devtree: memory ends where it adds up to mem=, or to all
 * of it, rounded down to 16 MiB.
 */
static bool check_limit(const struct plan *p, const struct request *r, struct error *e)
{
	const void *tree = plan_segment(p, TREE)->data.p;
	const struct segment *s, *bad = NULL;
	struct ranges ram = { 0 };
	uint64_t limit = ppc64_mem_word(p->chosen.cmdline), total;
	bool ok = dt_ram(tree, &ram) && ppc64_dynamic_ram(tree, &ram);

	ranges_union(&ram);
	total = usable_memory(&ram, r->machine);
	if (!limit || limit > total)
		limit = total;
	plan_for_each(s, p)
		if (!bad && memory_in(&ram, 0, s->reserved_end) > limit - limit % 0x1000000)
			bad = s;
	ranges_free(&ram);
	if (!ok)
		return fail_memory(e);
	return !bad || broken_by(e, "mem-on-cmdline", bad, "is above the memory that mem= leaves");
}

/* ---- the stub */

/* What goes to address 0, where the other CPUs wait: the kernel's own, but for our branch. */
static bool check_head(struct span stub, const struct request *r, struct error *e)
{
	uint32_t branch = 0;

	(r->machine->big_endian ? span_be32 : span_le32)(stub, 0, &branch);
	if (branch != (0x48000000u | CODE))
		return broken(e, "ppc64-byte-order", "the stub does not start with its branch");
	return span_equal_at(r->image->part[0].data, 4, stub.p + 4, CODE - 4) ||
	       broken(e, "ppc64-head", "the stub is not what other CPUs need at address 0");
}

/* It is entered in the byte order of the kernel that ran, and turns big endian with its seventh
 * instruction, an rfid. It waits for other CPUs, unless there can be none.
 */
static bool check_code(struct span stub, const struct machine *m, struct error *e)
{
	static const uint32_t code[] = {
#include "stub_words.h"
	};
	const uint32_t rfid = 0x4c000024, wait = 0x3d800186, no_wait = 0x39800000;
	bool big = m->big_endian;
	uint32_t word = 0, want;
	size_t i;

	_Static_assert(sizeof(code) == DATA - CODE, "the stub has grown");
	for (i = 0; i < ARRAY_SIZE(code); i++) {
		(big ? span_be32 : span_le32)(stub, CODE + 4 * i, &word);
		want = code[i] == wait && m->one_cpu ? no_wait : code[i];
		if (code[i] == wait && word != want)
			return broken(e, "ppc64-secondaries", "the stub waits as for other CPUs");
		if (word != want)
			return broken(e, "ppc64-byte-order", "the stub is not the code of stub.S");
		big |= word == rfid;
	}
	return true;
}

/* OPAL's base and entry, for r8 and r9: both or none. */
static bool check_opal(struct span stub, const void *fdt, struct error *e)
{
	uint64_t want[2] = { 0, 0 }, base, entry;
	const int opal = tree_root_child(fdt, "ibm,opal");

	if (!tree_address(fdt, opal, "opal-base-address", &want[0]) ||
	    !tree_address(fdt, opal, "opal-entry-address", &want[1]))
		want[0] = want[1] = 0;
	span_be64(stub, DATA + 24, &base);
	span_be64(stub, DATA + 32, &entry);
	return (base == want[0] && entry == want[1]) ||
	       broken(e, "ppc64-registers", "the stub has another OPAL");
}

static bool check_stub(const struct plan *p, const struct request *r, struct error *e)
{
	const struct segment *s = plan_segment(p, STUB);
	uint64_t tree, kernel, entry, backup;

	if (!s || p->entry != s->at.start || s->data.len != LENGTH)
		return broken(e, "stub-points", "it does not start in the stub");
	if (!check_head(s->data, r, e) || !check_code(s->data, r->machine, e) ||
	    !check_opal(s->data, r->machine->fdt.p, e))
		return false;
	span_be64(s->data, DATA, &tree);
	span_be64(s->data, DATA + 8, &kernel);
	span_be64(s->data, DATA + 16, &entry);
	span_be64(s->data, DATA + 40, &backup);
	if (tree != plan_segment(p, TREE)->at.start || kernel != p->kernel ||
	    entry != p->kernel_entry || entry != kernel + r->image->entry)
		return broken(e, "stub-points",
			      "the stub does not point at kernel and device tree");
	return backup == p->chosen.backup.start ||
	       broken(e, "backup-64k", "the stub saves the first 64 KiB elsewhere");
}

/* ---- a crash kernel */

/* It stays where it is: so says the word in its own image, of which the stub has a copy. */
static bool check_stays(const struct image *img, struct error *e)
{
	uint32_t flag = 0;

	(img->big_endian ? span_be32 : span_le32)(img->part[0].data, 0x5c, &flag);
	return img->fixed || flag == 1 ||
	       broken(e, "ppc64-run-at-load", "the crash kernel would move itself to 0");
}

/* It stays, finds the core header, and nothing else lies where the stub saves memory. */
static bool check_crash(const struct plan *p, const struct request *r, struct error *e)
{
	const struct segment *s = plan_segment(p, STUB), *c = plan_segment(p, CORE);
	struct span line = { (const uint8_t *)p->chosen.cmdline, strlen(p->chosen.cmdline) };
	const struct range backup = p->chosen.backup;
	uint64_t core;

	if (!r->machine->crash.region.end)
		return !backup.end ||
		       broken(e, "backup-64k", "it saves memory for no crash kernel");
	if (!check_stays(r->image, e))
		return false;
	if (backup.end - backup.start != 0x10000 || backup.start < s->at.end ||
	    backup.end > s->reserved_end)
		return broken(e, "backup-64k", "the crash kernel would not find the first 64 KiB");
	return (span_skip_prefix(&line, "elfcorehdr=0x") && span_parse_number(&line, 16, &core) &&
		span_skip_prefix(&line, " ") && core == c->at.start) ||
	       broken(e, "elfcorehdr", "the crash kernel would not find the core header");
}

/* ---- the tree */

/* The tree must reserve itself, and everything that firmware holds. */
static bool check_reservations(const struct plan *p, const struct machine *m, struct error *e)
{
	const struct segment *t = plan_segment(p, TREE);
	const struct range *keep;
	bool self = false;
	struct range r;
	size_t i;

	for (i = 0; tree_next_reserved(t->data.p, &i, &r);)
		self |= r.start == t->at.start && r.end - r.start == t->data.len;
	if (!self)
		return broken(e, "tree-self", "the device tree does not reserve itself");
	ranges_for_each(keep, &m->reserved)
		if (ppc64_is_firmware(keep) && !tree_reserves(t->data.p, *keep))
			return broken(e, "ppc64-reserve-firmware",
				      "the device tree does not reserve what firmware needs");
	return true;
}

/* CPUs use all of the hash table, so the next kernel must know how large it is now. */
static bool check_hash_table(const void *tree, unsigned order, struct error *e)
{
	int node, depth = 0;
	struct span s;

	for (node = order ? 0 : -1; node >= 0; node = tree_next_node(tree, node, &depth)) {
		s = tree_getprop(tree, node, ppc64_pft_size);
		if (s.len == 8 && s.p[7] != order)
			return broken(e, "hash-table-order",
				      "the device tree says another size of the hash table");
	}
	return true;
}

static bool same_property(const void *a, int in_a, const void *b, int in_b, const char *name)
{
	const struct span x = tree_getprop(a, in_a, name), y = tree_getprop(b, in_b, name);

	return !x.p == !y.p && x.len == y.len && (!x.len || memcmp(x.p, y.p, x.len) == 0);
}

/* rtas_initialize(), early_init_dt_scan_rtas(), early_init_dt_scan_opal(): where firmware lies at
 * this boot, and not where it was when a file was written. What an overlay changes is its matter.
 */
static bool check_firmware(const void *tree, const struct request *r, struct error *e)
{
	static const struct {
		const char *node, *name;
	} say[] = {
		{ "rtas", "linux,rtas-base" },
		{ "rtas", "linux,rtas-entry" },
		{ "rtas", "rtas-size" },
		{ "ibm,opal", "opal-base-address" },
		{ "ibm,opal", "opal-entry-address" },
		{ "ibm,opal", "opal-runtime-size" },
	};
	const void *own = r->machine->fdt.p;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(say) && !r->overlays; i++)
		if (!same_property(tree, tree_root_child(tree, say[i].node), own,
				   tree_root_child(own, say[i].node), say[i].name))
			return broken(e, "firmware-nodes",
				      "the device tree has another boot's firmware");
	return true;
}

/* early_init_dt_scan_cpus() */
static bool check_boot_cpu(const void *tree, const struct machine *m, struct error *e)
{
	return !m->boot_cpu_known || ppc64_has_cpu(tree, m->boot_cpu) ||
	       broken(e, "ppc64-boot-cpu", "the device tree lacks the CPU that starts it");
}

bool ppc64_check(const struct plan *p, const struct request *r, struct error *e)
{
	const struct segment *tree = plan_segment(p, TREE);

	if (!tree || tree->at.start % 8)
		return broken(e, "is-its-file", "it has no device tree");
	return check_reach(p, r->machine, e) && check_kernel(p, r->image, e) &&
	       check_copy_to_zero(p, r, e) && check_limit(p, r, e) && check_stub(p, r, e) &&
	       check_crash(p, r, e) && check_reservations(p, r->machine, e) &&
	       check_hash_table(tree->data.p, r->machine->hpt_order, e) &&
	       check_firmware(tree->data.p, r, e) && check_boot_cpu(tree->data.p, r->machine, e);
}
