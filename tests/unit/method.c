/* SPDX-License-Identifier: MIT */
/* Which system call loads: what the machine has, what is asked, what comes of it. */
#include "unit.h"

#include "arch/arch.h"
#include "src/method.h"

#define LOCKED LOCKDOWN_INTEGRITY

#define OTHER	  "the other may overwrite the GIC's LPI tables"
#define NOLPI	  ": if the next kernel hangs, boot this one with irqchip.gicv3_nolpi=y"
#define FILE_RISK "kexec_file_load may overwrite the GIC's LPI tables" NOLPI
#define LOG_RISK  "the log no longer says where the GIC's LPI tables are" NOLPI
#define NO_MODE	  "the other passes no linux,uefi-secure-boot"
#define MODE_RISK                                                                                  \
	"kexec_file_load passes no linux,uefi-secure-boot: Debian's and Ubuntu's kernels do not "  \
	"start without it"

/* Of a machine without EFI, and of one whose EFI stub said nothing of secure boot. */
static struct span no_efi, no_mode;

static const struct row {
	const char *caption;
	const struct arch *arch;
	bool load, file; /* the calls that the kernel has */
	enum lockdown lockdown;
	struct options o;
	bool expected; /* kexec_file_load */
	const char *why, *lost;
	enum code code;
	const char *sentence, *hint;
} rows[] = {
	{ "Debian arm64",
	  &arch_arm64,
	  true,
	  false,
	  0,
	  { .load = true },
	  false,
	  "the running kernel has no kexec_file_load",
	  NULL,
	  0,
	  "",
	  NULL },
	{ "both, arm64: the kernel's own",
	  &arch_arm64,
	  true,
	  true,
	  0,
	  { .load = true },
	  true,
	  "the kernel passes the tree itself",
	  NULL,
	  0,
	  "",
	  NULL },
	{ "both, ppc64: no purgatory",
	  &arch_ppc64,
	  true,
	  true,
	  0,
	  { .load = true },
	  false,
	  "the other brings a purgatory",
	  NULL,
	  0,
	  "",
	  NULL },
	{ "-a is the default",
	  &arch_arm64,
	  true,
	  true,
	  0,
	  { .any_call = true },
	  true,
	  "the kernel passes the tree itself",
	  NULL,
	  0,
	  "",
	  NULL },
	{ "-c",
	  &arch_arm64,
	  true,
	  true,
	  0,
	  { .load_call = true },
	  false,
	  "asked for",
	  NULL,
	  0,
	  "",
	  NULL },
	{ "-s on ppc64",
	  &arch_ppc64,
	  true,
	  true,
	  0,
	  { .file_call = true },
	  true,
	  "asked for",
	  NULL,
	  0,
	  "",
	  NULL },
	{ "--dtb takes a plan of our own",
	  &arch_arm64,
	  true,
	  true,
	  0,
	  { .dtb = "t" },
	  false,
	  "an option takes a plan of our own",
	  NULL,
	  0,
	  "",
	  NULL },
	{ "--dtb-overlay too",
	  &arch_arm64,
	  true,
	  true,
	  0,
	  { .overlay = { { "o" }, 1 } },
	  false,
	  "an option takes a plan of our own",
	  NULL,
	  0,
	  "",
	  NULL },
	{ "-s --dtb-overlay",
	  &arch_arm64,
	  true,
	  true,
	  0,
	  { .file_call = true, .dtb = "t", .overlay = { { "o" }, 1 } },
	  true,
	  NULL,
	  NULL,
	  FAIL_USAGE,
	  "honour --dtb-overlay: not by kexec_file_load (-s)",
	  "nothing was loaded: leave out -s or --dtb-overlay" },
	{ "--mem-max too",
	  &arch_arm64,
	  true,
	  true,
	  0,
	  { .mem_max = "1" },
	  false,
	  "an option takes a plan of our own",
	  NULL,
	  0,
	  "",
	  NULL },
	{ "-s --dtb --mem-min: the one that -s does not let pass is named",
	  &arch_ppc64,
	  true,
	  true,
	  0,
	  { .file_call = true, .dtb = "t", .mem_min = "1" },
	  true,
	  NULL,
	  NULL,
	  FAIL_USAGE,
	  "honour --mem-min: not by kexec_file_load (-s)",
	  "nothing was loaded: leave out -s or --mem-min" },
	{ "-s --dtb --mem-max: the one that -s does not let pass is named",
	  &arch_ppc64,
	  true,
	  true,
	  0,
	  { .file_call = true, .dtb = "t", .mem_max = "1" },
	  true,
	  NULL,
	  NULL,
	  FAIL_USAGE,
	  "honour --mem-max: not by kexec_file_load (-s)",
	  "nothing was loaded: leave out -s or --mem-max" },
	{ "-s --dtb --run-at-load: the one that -s does not let pass is named",
	  &arch_ppc64,
	  true,
	  true,
	  0,
	  { .file_call = true, .dtb = "t", .run_at_load = true },
	  true,
	  NULL,
	  NULL,
	  FAIL_USAGE,
	  "honour --run-at-load: not by kexec_file_load (-s)",
	  "nothing was loaded: leave out -s or --run-at-load" },
	{ "--seed takes a plan of our own",
	  &arch_arm64,
	  true,
	  true,
	  0,
	  { .seed = "00" },
	  false,
	  "an option takes a plan of our own",
	  NULL,
	  0,
	  "",
	  NULL },
	{ "kexec_file_load has found no room",
	  &arch_arm64,
	  true,
	  true,
	  0,
	  { .load = true, .no_file_room = true },
	  false,
	  "the other finds no room",
	  NULL,
	  0,
	  "",
	  NULL },
	{ "an option is the reason before it",
	  &arch_arm64,
	  true,
	  true,
	  0,
	  { .dtb = "t", .no_file_room = true },
	  false,
	  "an option takes a plan of our own",
	  NULL,
	  0,
	  "",
	  NULL },
	{ "lockdown leaves kexec_file_load",
	  &arch_arm64,
	  true,
	  true,
	  LOCKED,
	  { .load = true },
	  true,
	  "the running kernel allows no kexec_load",
	  NULL,
	  0,
	  "",
	  NULL },
	{ "lockdown on ppc64 too",
	  &arch_ppc64,
	  true,
	  true,
	  LOCKED,
	  { .load = true },
	  true,
	  "the running kernel allows no kexec_load",
	  NULL,
	  0,
	  "",
	  NULL },
	{ "Talos: kexec_file_load only",
	  &arch_arm64,
	  false,
	  true,
	  0,
	  { .load = true },
	  true,
	  "the running kernel allows no kexec_load",
	  NULL,
	  0,
	  "",
	  NULL },
	{ "lockdown and nothing else: the caller finds out",
	  &arch_arm64,
	  true,
	  false,
	  LOCKED,
	  { .load = true },
	  false,
	  "the running kernel has no kexec_file_load",
	  NULL,
	  0,
	  "",
	  NULL },
	{ "petitboot's last try: -s --dtb loads, and says what is lost",
	  &arch_ppc64,
	  true,
	  true,
	  LOCKED,
	  { .file_call = true, .dtb = "t" },
	  true,
	  "asked for",
	  "--dtb",
	  0,
	  "",
	  NULL },
	{ "-s --dtb --seed: the seed is not dropped without a word",
	  &arch_arm64,
	  true,
	  true,
	  0,
	  { .file_call = true, .dtb = "t", .seed = "00" },
	  true,
	  NULL,
	  NULL,
	  FAIL_USAGE,
	  "honour --seed: not by kexec_file_load (-s)",
	  "nothing was loaded: leave out -s or --seed" },
	{ "--dtb under lockdown",
	  &arch_ppc64,
	  true,
	  true,
	  LOCKED,
	  { .load = true, .dtb = "t" },
	  true,
	  NULL,
	  NULL,
	  FAIL_POLICY,
	  "honour --dtb: lockdown (integrity) forbids kexec_load",
	  "nothing was loaded: without --dtb, kexec_file_load is used" },
	{ "--run-at-load without kexec_load",
	  &arch_ppc64,
	  false,
	  true,
	  0,
	  { .run_at_load = true },
	  true,
	  NULL,
	  NULL,
	  FAIL_NOSYS,
	  "honour --run-at-load: no kexec_load in the running kernel",
	  NULL },
	{ "--hide-xen where the kernel is locked down: nothing else would load",
	  &arch_arm64,
	  true,
	  true,
	  LOCKED,
	  { .hide_xen = true },
	  true,
	  NULL,
	  NULL,
	  FAIL_POLICY,
	  "honour --hide-xen: lockdown (integrity) forbids kexec_load",
	  NULL },
	{ "--hide-xen takes a plan of our own",
	  &arch_arm64,
	  true,
	  true,
	  0,
	  { .hide_xen = true },
	  false,
	  "an option takes a plan of our own",
	  NULL,
	  0,
	  "",
	  NULL },
	{ "-s --mem-min",
	  &arch_arm64,
	  true,
	  true,
	  0,
	  { .file_call = true, .mem_min = "1" },
	  true,
	  NULL,
	  NULL,
	  FAIL_USAGE,
	  "honour --mem-min: not by kexec_file_load (-s)",
	  "nothing was loaded: leave out -s or --mem-min" },
};

/* The GIC's LPI tables, and what EFI's secure boot is set to, on a machine with both calls unless
 * it is locked down.
 */
/* What is there to be handed on, and what that makes of the call. */
static const struct left_row {
	const char *caption;
	const struct arch *arch;
	unsigned there;
	struct options o;
	bool expected;
	const char *why;
	unsigned left;
} left_rows[] = {
	{ "arm64: the default hands on",
	  &arch_arm64,
	  HANDS_HANDOVER | HANDS_IMA,
	  { .load = true },
	  true,
	  "the other hands nothing on to the next kernel",
	  0 },
	{ "arm64: keys are not for this kernel",
	  &arch_arm64,
	  HANDS_KEYS,
	  { .load = true },
	  true,
	  "the kernel passes the tree itself",
	  0 },
	{ "arm64: asked for kexec_load",
	  &arch_arm64,
	  7,
	  { .load = true, .load_call = true },
	  false,
	  "asked for",
	  HANDS_HANDOVER | HANDS_IMA },
	{ "arm64: an option is the stronger reason",
	  &arch_arm64,
	  HANDS_IMA,
	  { .load = true, .mem_max = "1" },
	  false,
	  "an option takes a plan of our own",
	  HANDS_IMA },
	{ "arm64: no room",
	  &arch_arm64,
	  HANDS_HANDOVER,
	  { .load = true, .no_file_room = true },
	  false,
	  "the other finds no room",
	  HANDS_HANDOVER },
	{ "arm64: a crash kernel",
	  &arch_arm64,
	  7,
	  { .panic = true, .load_call = true },
	  false,
	  "asked for",
	  HANDS_KEYS },
	{ "ppc64: the other brings a purgatory, and hands on",
	  &arch_ppc64,
	  HANDS_HANDOVER,
	  { .load = true },
	  true,
	  "the other hands nothing on to the next kernel",
	  0 },
	{ "ppc64: a crash kernel without keys",
	  &arch_ppc64,
	  HANDS_HANDOVER,
	  { .panic = true },
	  false,
	  "the other brings a purgatory",
	  0 },
	{ "ppc64: a crash kernel with keys",
	  &arch_ppc64,
	  HANDS_KEYS,
	  { .panic = true },
	  true,
	  "the other hands nothing on to the next kernel",
	  0 },
};

static void left_behind(void)
{
	const struct left_row *r;
	struct machine m;
	struct method c;
	struct error e;

	for (r = left_rows; r < left_rows + ARRAY_SIZE(left_rows); r++) {
		CASE("%s", r->caption);
		m = (struct machine){ .arch = r->arch,
				      .has_load = true,
				      .has_file_load = true,
				      .fdt = no_efi,
				      .handed_on = r->there };
		e = (struct error){ 0 };
		want_error(method_choose(&r->o, &m, false, &c, &e), &e, FAIL_NONE, "");
		want_u64("kexec_file_load", r->expected, c.file_load);
		want_text("why", r->why, c.why);
		want_u64("left", r->left, c.left);
	}
}

static const struct lpi_row {
	const char *caption;
	enum lpi lpi;
	enum lockdown lockdown;
	struct options o;
	bool expected;
	const char *why, *risk;
	bool no_mode;
} lpi_rows[] = {
	{ "tables that we hand on: kexec_load", LPI_KNOWN, 0, { .load = true }, false, OTHER, "", false },
	{ "an option is the reason before them",
	  LPI_KNOWN,
	  0,
	  { .dtb = "t" },
	  false,
	  "an option takes a plan of our own",
	  "", false },
	{ "-s has its risk", LPI_KNOWN, 0, { .file_call = true }, true, "asked for", FILE_RISK, false },
	{ "so has a lockdown",
	  LPI_KNOWN,
	  LOCKED,
	  { .load = true },
	  true,
	  "the running kernel allows no kexec_load",
	  FILE_RISK, false },
	{ "tables that nobody knows", LPI_UNKNOWN, 0, { .load = true }, false, OTHER, LOG_RISK, false },
	{ "-c does not make them known",
	  LPI_UNKNOWN,
	  0,
	  { .load_call = true },
	  false,
	  "asked for",
	  LOG_RISK, false },
	{ "unknown and locked down",
	  LPI_UNKNOWN,
	  LOCKED,
	  { .load = true },
	  true,
	  "the running kernel allows no kexec_load",
	  FILE_RISK, false },
	{ "no tables", LPI_NONE, 0, { .file_call = true }, true, "asked for", "", false },
	{ "secure boot was not told, a tree of ours says it: kexec_load",
	  LPI_NONE,
	  0,
	  { .load = true },
	  false,
	  NO_MODE,
	  "",
	  true },
	{ "an option is the reason before it",
	  LPI_NONE,
	  0,
	  { .dtb = "t" },
	  false,
	  "an option takes a plan of our own",
	  "",
	  true },
	{ "so are tables", LPI_KNOWN, 0, { .load = true }, false, OTHER, "", true },
	{ "-s has this risk too, which comes before what only may happen",
	  LPI_KNOWN,
	  0,
	  { .file_call = true },
	  true,
	  "asked for",
	  MODE_RISK,
	  true },
	{ "so has a lockdown, without tables",
	  LPI_NONE,
	  LOCKED,
	  { .load = true },
	  true,
	  "the running kernel allows no kexec_load",
	  MODE_RISK,
	  true },
	{ "-c has none", LPI_NONE, 0, { .load_call = true }, false, "asked for", "", true },
};

static void test_lpi(void)
{
	const struct lpi_row *r;
	struct machine m;
	struct method c;
	struct error e;

	for (r = lpi_rows; r < lpi_rows + ARRAY_SIZE(lpi_rows); r++) {
		CASE("choose: %s", r->caption);
		m = (struct machine){
			.arch = &arch_arm64,
			.fdt = r->no_mode ? no_mode : no_efi,
			.has_load = true,
			.has_file_load = true,
			.lockdown = r->lockdown,
			.lpi = r->lpi,
		};
		e = (struct error){ 0 };
		want_error(method_choose(&r->o, &m, false, &c, &e), &e, FAIL_NONE, "");
		want_u64("kexec_file_load", r->expected, c.file_load);
		want_text("why", r->why, c.why);
		want_text("risk", r->risk, c.risk ? c.risk : "");
	}
}

/* Of a kernel that brings a device tree. */
static const struct uki_row {
	const char *caption;
	const struct arch *arch;
	bool load, file;
	enum lockdown lockdown;
	struct options o;
	bool expected;
	const char *why;
} uki_rows[] = {
	{ "it takes kexec_load, as --dtb does",
	  &arch_arm64,
	  true,
	  true,
	  0,
	  { .load = true },
	  false,
	  "the kernel brings a device tree" },
	{ "on ppc64 as well",
	  &arch_ppc64,
	  true,
	  true,
	  0,
	  { .load = true },
	  false,
	  "the kernel brings a device tree" },
	{ "-a is the default",
	  &arch_arm64,
	  true,
	  true,
	  0,
	  { .any_call = true },
	  false,
	  "the kernel brings a device tree" },
	{ "an option is the reason before it",
	  &arch_arm64,
	  true,
	  true,
	  0,
	  { .mem_max = "1" },
	  false,
	  "an option takes a plan of our own" },
	{ "-s decides", &arch_arm64, true, true, 0, { .file_call = true }, true, "asked for" },
	{ "-c decides", &arch_arm64, true, true, 0, { .load_call = true }, false, "asked for" },
	{ "lockdown leaves kexec_file_load, and that is no error",
	  &arch_arm64,
	  true,
	  true,
	  LOCKED,
	  { .load = true },
	  true,
	  "the running kernel allows no kexec_load" },
	{ "no kexec_load, and that is no error",
	  &arch_arm64,
	  false,
	  true,
	  0,
	  { .load = true },
	  true,
	  "the running kernel allows no kexec_load" },
	{ "no kexec_file_load",
	  &arch_arm64,
	  true,
	  false,
	  0,
	  { .load = true },
	  false,
	  "the running kernel has no kexec_file_load" },
};

static void test_uki(void)
{
	const struct uki_row *r;
	struct machine m;
	struct method c;
	struct error e;

	for (r = uki_rows; r < uki_rows + ARRAY_SIZE(uki_rows); r++) {
		CASE("a kernel that brings a tree: %s", r->caption);
		m = (struct machine){
			.arch = r->arch,
			.fdt = no_efi,
			.has_load = r->load,
			.has_file_load = r->file,
			.lockdown = r->lockdown,
		};
		e = (struct error){ 0 };
		want_error(method_choose(&r->o, &m, true, &c, &e), &e, FAIL_NONE, "");
		want_error(method_may_honour(&m, &c, &e), &e, FAIL_NONE, "");
		want_u64("kexec_file_load", r->expected, c.file_load);
		want_text("why", r->why, c.why);
	}
}

static void test_has_call(void)
{
	static const struct {
		const char *caption;
		bool load, file, file_load, refused, expected;
	} has_rows[] = {
		{ "kexec_load", true, false, false, false, true },
		{ "no kexec_load", false, true, false, false, false },
		{ "kexec_file_load", false, true, true, false, true },
		{ "no kexec_file_load", true, false, true, false, false },
		{ "kexec_file_load, but an option wants the other", true, true, true, true, false },
	};
	struct machine m;
	struct method c;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(has_rows); i++) {
		CASE("has the call: %s", has_rows[i].caption);
		m = (struct machine){ .has_load = has_rows[i].load,
				      .has_file_load = has_rows[i].file };
		c = (struct method){ .file_load = has_rows[i].file_load,
				     .refused_option = has_rows[i].refused ? "--dtb" : NULL };
		want_u64("answer", has_rows[i].expected, method_has_call(&m, &c));
	}
}

static bool ask(const struct machine *m, bool *file_load, struct error *e)
{
	(void)file_load;
	return method_may_ask(m, false, e);
}

static bool ask_crash(const struct machine *m, bool *file_load, struct error *e)
{
	(void)file_load;
	return method_may_ask(m, true, e);
}

static bool may_load(const struct machine *m, bool *file_load, struct error *e)
{
	(void)file_load;
	return method_may_load(m, false, e);
}

static bool may_load_file(const struct machine *m, bool *file_load, struct error *e)
{
	(void)file_load;
	return method_may_load(m, true, e);
}

static bool may_jump(const struct machine *m, bool *file_load, struct error *e)
{
	(void)file_load;
	return method_may_jump(m, e);
}

static bool unload(const struct machine *m, bool *file_load, struct error *e)
{
	return method_unload(m, false, file_load, e);
}

static bool unload_crash(const struct machine *m, bool *file_load, struct error *e)
{
	return method_unload(m, true, file_load, e);
}

#define LIMITS(reboot, panic)                                                                      \
	.arch = &arch_arm64, .may_boot = true, .limit_reboot = (reboot), .limit_panic = (panic)
#define MAY LIMITS(-1, -1)
#define OFF "nothing was done: loading and unloading are off until the next reboot"

static const struct {
	const char *caption;
	bool (*call)(const struct machine *m, bool *file_load, struct error *e);
	struct machine m;
	enum code code;
	const char *sentence, *hint;
	bool file_load;
} may_rows[] = {
	{ .caption = "to load", .call = ask, .m = { MAY } },
	{ .caption = "to load, without root",
	  .call = ask,
	  .m = { .limit_reboot = -1, .limit_panic = -1 },
	  .code = FAIL_PRIVILEGE,
	  .sentence = "load a kernel: this takes root (CAP_SYS_BOOT)",
	  .hint = "nothing was done: run kexec-lite as root" },
	{ .caption = "to load, where that is switched off",
	  .call = ask,
	  .m = { MAY, .load_disabled = true },
	  .code = FAIL_POLICY,
	  .sentence = "load a kernel: kernel.kexec_load_disabled is 1",
	  .hint = OFF },
	{ .caption = "to load, once more", .call = ask, .m = { LIMITS(1, -1) } },
	{ .caption = "to load, when only crash kernels may be no more",
	  .call = ask,
	  .m = { LIMITS(-1, 0) } },
	{ .caption = "to load, and no more",
	  .call = ask,
	  .m = { LIMITS(0, -1) },
	  .code = FAIL_POLICY,
	  .sentence = "load a kernel: kernel.kexec_load_limit_reboot is used up",
	  .hint = "nothing was done: only a reboot lifts the load limit" },
	{ .caption = "to load a crash kernel, and no more",
	  .call = ask_crash,
	  .m = { LIMITS(-1, 0) },
	  .code = FAIL_POLICY,
	  .sentence = "load a kernel: kernel.kexec_load_limit_panic is used up",
	  .hint = "nothing was done: only a reboot lifts the load limit" },

	{ .caption = "kexec_load", .call = may_load, .m = { MAY, .has_load = true } },
	{ .caption = "kexec_load, which is not there",
	  .call = may_load,
	  .m = { MAY, .has_file_load = true, .release = "6.12.0" },
	  .code = FAIL_NOSYS,
	  .sentence = "load a kernel: no kexec_load in the running kernel 6.12.0" },
	{ .caption = "kexec_load, where the kernel is locked down",
	  .call = may_load,
	  .m = { MAY, .has_load = true, .has_file_load = true, .lockdown = LOCKED },
	  .code = FAIL_POLICY,
	  .sentence = "load a kernel: lockdown (integrity) forbids kexec_load",
	  .hint = "nothing was loaded: without -c, kexec_file_load is used, which takes a signed "
		  "kernel" },
	{ .caption = "the same where there is no other call",
	  .call = may_load,
	  .m = { MAY, .has_load = true, .lockdown = LOCKDOWN_CONFIDENTIALITY },
	  .code = FAIL_POLICY,
	  .sentence = "load a kernel: lockdown (confidentiality) forbids kexec_load",
	  .hint = "nothing was loaded: lockdown ends with secure boot switched off in firmware" },
	{ .caption = "kexec_file_load, where the kernel is locked down",
	  .call = may_load_file,
	  .m = { MAY, .has_file_load = true, .lockdown = LOCKED } },
	{ .caption = "kexec_file_load, which is not there",
	  .call = may_load_file,
	  .m = { MAY, .has_load = true, .release = "5.10.0" },
	  .code = FAIL_NOSYS,
	  .sentence = "load a kernel: no kexec_file_load in the running kernel 5.10.0" },

	{ .caption = "to jump", .call = may_jump, .m = { MAY } },
	{ .caption = "to jump, under Xen",
	  .call = may_jump,
	  .m = { MAY, .xen = true },
	  .code = FAIL_XEN,
	  .sentence = "load a kernel: under Xen on arm64 the next kernel panics in xen_guest_init",
	  .hint = "nothing was loaded: Xen keeps the CPUs' info pages; --hide-xen loads a "
		  "kernel that does not see Xen" },
	{ .caption = "to jump, under Xen where that is no matter",
	  .call = may_jump,
	  .m = { .arch = &arch_ppc64, .xen = true } },

	{ .caption = "to unload", .call = unload, .m = { MAY, .has_load = true } },
	{ .caption = "to unload, where the kernel is locked down",
	  .call = unload,
	  .m = { MAY, .has_load = true, .has_file_load = true, .lockdown = LOCKED },
	  .file_load = true },
	{ .caption = "to unload, without kexec_load",
	  .call = unload,
	  .m = { MAY, .has_file_load = true },
	  .file_load = true },
	{ .caption = "to unload a crash kernel, when only others may be no more",
	  .call = unload_crash,
	  .m = { LIMITS(0, -1), .has_load = true } },
	{ .caption = "to unload, and no more",
	  .call = unload,
	  .m = { LIMITS(0, -1), .has_load = true },
	  .code = FAIL_POLICY,
	  .sentence = "unload the kernel: kernel.kexec_load_limit_reboot is used up",
	  .hint = "nothing was done: only a reboot lifts the load limit" },
};

static void test_may(void)
{
	struct error e;
	bool file_load;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(may_rows); i++) {
		CASE("may: %s", may_rows[i].caption);
		e = (struct error){ 0 };
		file_load = false;
		want_error(may_rows[i].call(&may_rows[i].m, &file_load, &e), &e, may_rows[i].code,
			   may_rows[i].sentence ? may_rows[i].sentence : "");
		want_hint(&e, may_rows[i].hint ? may_rows[i].hint : "");
		want_u64("kexec_file_load", may_rows[i].file_load, file_load);
	}
}

void test_method(void)
{
	const struct row *r;
	struct machine m;
	struct method c;
	struct error e;
	bool ok;

	no_efi = note_tree("/ { chosen { }; };");
	no_mode = note_tree("/ { chosen { linux,uefi-system-table = <0 1>; }; };");
	for (r = rows; r < rows + ARRAY_SIZE(rows); r++) {
		CASE("choose: %s", r->caption);
		m = (struct machine){
			.arch = r->arch,
			.fdt = no_efi,
			.has_load = r->load,
			.has_file_load = r->file,
			.lockdown = r->lockdown,
		};
		e = (struct error){ 0 };
		ok = method_choose(&r->o, &m, false, &c, &e) && method_may_honour(&m, &c, &e);
		want_error(ok, &e, r->code, r->sentence);
		if (!ok) {
			if (r->hint)
				want_hint(&e, r->hint);
			continue;
		}
		want_u64("kexec_file_load", r->expected, c.file_load);
		want_text("why", r->why, c.why);
		want_text("lost", r->lost ? r->lost : "", c.ignored_option ? c.ignored_option : "");
	}
	left_behind();
	test_lpi();
	test_uki();
	test_has_call();
	test_may();
	note_free(&no_efi);
	note_free(&no_mode);
}
