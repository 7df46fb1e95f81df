/* SPDX-License-Identifier: MIT */
/* The next kernel's tree: a user's tree or the machine's own, merged, overlaid, limited for a crash
 * kernel, its /chosen written, packed and moved. Chunks: the machine's tree, the user's or nothing,
 * an overlay or nothing. The last byte chooses.
 */
#include "door.h"

#include "dt/memory.h"
#include "dt/merge.h"
#include "dt/overlay.h"

#include <stdlib.h>

static struct chosen ask(unsigned flag)
{
	struct chosen c = {
		.cmdline = flag & 1 ? "root=/dev/vda1 ro" : "",
		.initrd_end = flag & 2 ? 0x123456 : 0,
		.kaslr_seed = { 1 },
		.rng_seed = { 2 },
		.tree_size = flag & 4 ? 0x10000 : 0,
	};

	if (flag & 16) {
		c.elfcorehdr = (struct range){ 0, 1, NULL };
		c.usable = (struct range){ 0x50000000, 0x60000000, NULL };
		c.backup.end = flag & 4 ? 0x10000 : 0;
	}
	return c;
}

static bool start(struct tree *t, const struct machine *m, struct span user, size_t slack,
		  struct error *e)
{
	struct tree own = { 0 };
	bool ok;

	if (!user.len)
		return tree_open(t, m->fdt, slack, "own", e);
	ok = tree_open(t, user, slack + merge_slack(m->fdt), "user", e) &&
	     tree_open(&own, m->fdt, 0, "own", e);
	if (ok) {
		chosen_clean(t, 0);
		chosen_clean(&own, 0x1000);
		chosen_forget_initrd(t);
		chosen_forget_initrd(&own);
		ok = merge_machine(t, own.blob, m->arch->firmware, m->arch->firmware_moves, e);
	}
	tree_free(&own);
	return ok;
}

/* As plan_draft() does it. */
static bool edit(struct tree *t, struct machine *m, struct span user, struct span over,
		 unsigned flag, struct error *e)
{
	const struct overlay overlay = { over, "overlay" };
	const struct request r = { .machine = m, .hide_xen = flag & 1 };
	struct chosen c = ask(flag);
	struct ranges keep = { 0 };
	size_t slack = chosen_slack(17) + 16 * m->reserved.n, size;
	struct span out;

	if (!start(t, m, user, slack, e) || (over.len && !overlay_apply(t, &overlay, slack, e)))
		return false;
	chosen_clean(t, flag & 8 ? 0x1000 : 0);
	if (!m->arch->tree(t, &r, e) || !chosen_write(t, &c, e) || !tree_pack(t, &out, e))
		return false;
	size = out.len;
	if (c.initrd_end) {
		c.initrd_start += 0x48000000;
		c.initrd_end += 0x48000000;
	}
	c.tree_start = 0x47000000;
	if (c.elfcorehdr.end)
		c.elfcorehdr = (struct range){ 0x51000000, 0x51010000, NULL };
	if (c.backup.end)
		c.backup = (struct range){ 0x52000000, 0x52010000, NULL };
	if (!chosen_move(t, &c, e))
		return false;
	out = (struct span){ t->blob, size };
	if (!tree_check(out, "next", e) || !chosen_check(out, &c, e))
		return false;
	DOOR_WANT(dt_reserved(out.p, &keep));
	ranges_free(&keep);
	/* the next kernel may want to kexec too */
	chosen_clean(t, 0);
	DOOR_WANT(tree_check((struct span){ t->blob, size }, "clean", e));
	return true;
}

void door_edit(struct span in)
{
	const unsigned flag = door_flag(&in);
	struct span own = door_chunk(&in), user = door_chunk(&in), over = door_chunk(&in);
	struct machine m = { .arch = flag & 4 ? &arch_ppc64 : &arch_arm64,
			     .page_size = 0x1000,
			     .fdt = own,
			     .fdt_from = "own" };
	struct error e = { 0 };
	struct tree t = { 0 };
	bool ok;

	ok = tree_check(own, "own", &e) && (!user.len || tree_check(user, "user", &e)) &&
	     (!over.len || tree_check(over, "overlay", &e));
	if (ok && flag & 4)
		ok = m.arch->memory(&m, (struct span){ 0 }, &e);
	ranges_sort(&m.reserved);
	if (ok && flag & 16)
		m.crash.region = (struct range){ 0x50000000, 0x60000000, NULL };
	ok = ok && edit(&t, &m, user, over, flag, &e);
	door_error(ok, &e);
	tree_free(&t);
	m.blob = NULL;
	machine_free(&m);
	free((void *)(uintptr_t)own.p);
	free((void *)(uintptr_t)user.p);
	free((void *)(uintptr_t)over.p);
}
