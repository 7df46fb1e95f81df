/* SPDX-License-Identifier: MIT */
#include "src/method.h"

#include "dt/memory.h"
#include "src/plan/arch_ops.h"

#define NEEDED ": Debian's and Ubuntu's kernels do not start without it"
#define NOLPI  ": if the next kernel hangs, boot this one with irqchip.gicv3_nolpi=y"

static const char dtb[] = "--dtb", hide_xen[] = "--hide-xen";

/* security/lockdown: LOCKDOWN_KEXEC forbids kexec_load(2) from "integrity" on. */
bool method_permits_load(const struct machine *m)
{
	return m->has_load && m->lockdown == LOCKDOWN_NONE;
}

/* ---- which call */

/* An option given that only a plan of our own can honour, or NULL. The one that -s ignores comes
 * after those that it refuses.
 */
static const char *needs_own_plan(const struct options *o)
{
	if (o->overlay.n)
		return "--dtb-overlay";
	if (o->mem_min || o->mem_max)
		return o->mem_min ? "--mem-min" : "--mem-max";
	if (o->hide_xen)
		return hide_xen;
	if (o->run_at_load)
		return "--run-at-load";
	if (o->seed)
		return "--seed";
	return o->dtb ? dtb : NULL;
}

bool method_may_honour(const struct machine *m, const struct method *c, struct error *e)
{
	const char *option = c->refused_option;

	if (!option)
		return true;
	if (!m->has_load)
		return fail(e, FAIL_NOSYS, "honour %s: no kexec_load in the running kernel",
			    option);
	fail(e, FAIL_POLICY, "honour %s: lockdown (%s) forbids kexec_load", option,
	     lockdown_name(m->lockdown));
	/* without which the load is refused as well */
	if (option == hide_xen)
		return false;
	return hint(e, "nothing was loaded: without %s, kexec_file_load is used", option);
}

/* What to be told of when the call has succeeded. */
static const char *find_risk(const struct machine *m, bool file_load)
{
	if (file_load && dt_lacks_secure_boot(m->fdt.p))
		return "kexec_file_load passes no linux,uefi-secure-boot" NEEDED;
	if (m->lpi == LPI_NONE)
		return NULL;
	if (file_load)
		return "kexec_file_load may overwrite the GIC's LPI tables" NOLPI;
	if (m->lpi == LPI_UNKNOWN)
		return "the log no longer says where the GIC's LPI tables are" NOLPI;
	return NULL;
}

/* Of what is there now, what kexec_load leaves behind: a crash kernel gets keys, others the rest
 * (kernel/crash_dump_dm_crypt.c, crash_load_dm_crypt_keys; ima_kexec.c, ima_add_kexec_buffer;
 * kexec_handover.c, kho_fill_kimage).
 */
static unsigned left_by_load(const struct machine *m, const struct options *o)
{
	return m->handed_on & (o->panic ? HANDS_KEYS : HANDS_HANDOVER | HANDS_IMA);
}

/* Why kexec_load is the better call here, or NULL. */
static const char *prefers_load(const struct machine *m, const struct options *o,
				const char *option, bool brings_tree)
{
	if (option)
		return "an option takes a plan of our own";
	if (o->no_file_room)
		return "the other finds no room";
	if (brings_tree)
		return "the kernel brings a device tree";
	if (m->lpi != LPI_NONE)
		return "the other may overwrite the GIC's LPI tables";
	if (dt_lacks_secure_boot(m->fdt.p))
		return "the other passes no linux,uefi-secure-boot";
	return m->arch->file_load_first || left_by_load(m, o) ? NULL
							      : "the other brings a purgatory";
}

/* Nobody asked for a call. */
static void choose_best(const struct machine *m, const struct options *o, const char *option,
			bool brings_tree, struct method *c)
{
	const char *why = prefers_load(m, o, option, brings_tree);

	c->file_load = m->has_file_load && (!why || !method_permits_load(m));
	if (!m->has_file_load)
		c->why = "the running kernel has no kexec_file_load";
	else if (!method_permits_load(m))
		c->why = "the running kernel allows no kexec_load";
	else if (why)
		c->why = why;
	else
		c->why = left_by_load(m, o) ? "the other hands nothing on to the next kernel"
					    : "the kernel passes the tree itself";
}

bool method_choose(const struct options *o, const struct machine *m, bool brings_tree,
		   struct method *c, struct error *e)
{
	const char *option = needs_own_plan(o);

	*c = (struct method){ .file_load = o->file_call, .why = "asked for" };
	if (!o->file_call && !o->load_call)
		choose_best(m, o, option, brings_tree, c);
	c->risk = find_risk(m, c->file_load);
	c->left = c->file_load ? 0 : left_by_load(m, o);
	if (!c->file_load || !option)
		return true;
	if (!o->file_call) {
		c->refused_option = option;
		return true;
	}
	if (option != dtb) {
		fail(e, FAIL_USAGE, "honour %s: not by kexec_file_load (-s)", option);
		return hint(e, "nothing was loaded: leave out -s or %s", option);
	}
	c->ignored_option = option;
	return true;
}

bool method_has_call(const struct machine *m, const struct method *c)
{
	return !c->refused_option && (c->file_load ? m->has_file_load : m->has_load);
}

/* ---- whether it is permitted */

/* kexec_load_permitted() in kernel/kexec_core.c: for loading and unloading alike. */
static bool may_call(const char *what, const struct machine *m, bool crash, struct error *e)
{
	if (!m->may_boot)
		return fail_privilege(e, what);
	if (m->load_disabled) {
		fail(e, FAIL_POLICY, "%s: kernel.kexec_load_disabled is 1", what);
		return hint(
			e, "nothing was done: loading and unloading are off until the next reboot");
	}
	if ((crash ? m->limit_panic : m->limit_reboot) == 0) {
		fail(e, FAIL_POLICY, "%s: kernel.kexec_load_limit_%s is used up", what,
		     crash ? "panic" : "reboot");
		return hint(e, "nothing was done: only a reboot lifts the load limit");
	}
	return true;
}

bool method_may_ask(const struct machine *m, bool crash, struct error *e)
{
	return may_call("load a kernel", m, crash, e);
}

static bool fail_lockdown(const struct machine *m, struct error *e)
{
	fail(e, FAIL_POLICY, "load a kernel: lockdown (%s) forbids kexec_load",
	     lockdown_name(m->lockdown));
	if (m->has_file_load)
		return hint(e,
			    "nothing was loaded: without -c, kexec_file_load is used, which takes "
			    "a signed kernel");
	return hint(e,
		    "nothing was loaded: lockdown ends with secure boot switched off in firmware");
}

bool method_may_load(const struct machine *m, bool file_load, struct error *e)
{
	if (file_load ? !m->has_file_load : !m->has_load)
		return fail(e, FAIL_NOSYS, "load a kernel: no %s in the running kernel %s",
			    file_load ? "kexec_file_load" : "kexec_load", m->release);
	if (!file_load && !method_permits_load(m))
		return fail_lockdown(m, e);
	return true;
}

bool method_may_jump(const struct machine *m, struct error *e)
{
	if (!m->xen || !m->arch->xen_fails)
		return true;
	fail(e, FAIL_XEN, "load a kernel: under Xen on %s the next kernel panics in xen_guest_init",
	     m->arch->name);
	return hint(e, "nothing was loaded: Xen keeps the CPUs' info pages; --hide-xen loads a "
		       "kernel that does not see Xen");
}

bool method_unload(const struct machine *m, bool crash, bool *file_load, struct error *e)
{
	*file_load = !method_permits_load(m);
	return may_call("unload the kernel", m, crash, e);
}
