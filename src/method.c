#include "src/method.h"

#include "arch/arch.h"

static const char dtb[] = "--dtb";

/* An option given that only a plan of our own can honour, or NULL: the one that -s lets pass comes
 * after all that it refuses.
 */
static const char *own_plan(const struct options *o)
{
	if (o->overlay.n)
		return "--dtb-overlay";
	if (o->mem_min || o->mem_max)
		return "--mem-min and --mem-max";
	if (o->run_at_load)
		return "--run-at-load";
	if (o->seed)
		return "--seed";
	return o->dtb ? dtb : NULL;
}

static bool fail_option(const char *option, const struct machine *m, struct error *e)
{
	if (!m->has_load)
		return fail(e, FAIL_NOSYS,
			    "honour %s: it takes kexec_load, which the running kernel has not",
			    option);
	fail(e, FAIL_POLICY, "honour %s: it takes kexec_load, and lockdown (%s) forbids that",
	     option, lockdown_name(m->lockdown));
	return hint(e, "nothing was loaded: leave %s out, and kexec_file_load serves", option);
}

static const char *risk(const struct machine *m, bool file)
{
	return m->lpi == LPI_NONE      ? NULL
	       : file		       ? "kexec_file_load may overwrite the GIC's LPI tables"
	       : m->lpi == LPI_UNKNOWN ? "the log no longer says where the GIC's LPI tables are"
				       : NULL;
}

bool method_choose(const struct options *o, const struct machine *m, struct method *c,
		   struct error *e)
{
	const bool may_load = m->has_load && m->lockdown == LOCKDOWN_NONE;
	const char *own = own_plan(o);

	*c = (struct method){ .file = o->file_call, .why = "asked for" };
	if (!o->file_call && !o->load_call) {
		c->file = m->has_file_load &&
			  (!may_load || (m->arch->file_call_first && !own && m->lpi == LPI_NONE));
		c->why = c->file && may_load ? "the kernel passes the tree itself"
			 : c->file	     ? "the running kernel allows no kexec_load"
			 : !m->has_file_load ? "the running kernel has no kexec_file_load"
			 : own		     ? "an option takes a plan of our own"
			 : m->lpi	     ? "the other may overwrite the GIC's LPI tables"
					     : "the other brings a purgatory";
	}
	c->risk = risk(m, c->file);
	if (!c->file || !own)
		return true;
	if (!o->file_call)
		return fail_option(own, m, e);
	if (own != dtb) {
		fail(e, FAIL_USAGE, "honour %s: kexec_file_load (-s) cannot", own);
		return hint(e, "nothing was loaded: leave out -s or %s", own);
	}
	c->ignored_option = own;
	return true;
}
