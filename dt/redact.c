/* SPDX-License-Identifier: MIT */
#include "dt/redact.h"

#include "dt/read.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

/* Names of the words that a capture keeps: those by which a kernel finds its memory, CPUs,
 * interrupts and consoles, and what else decides whether and how it starts. None of them is ever
 * given a name, an address on a network or a key. One that ends with a dot stands for all that
 * begin with it. A space follows each.
 */
static const char known_words[] =
	"-- 8250. acpi arm64. BOOT_IMAGE cma coherent_pool console crash_kexec_post_notifiers "
	"crashkernel debug default_hugepagesz disable_ddw disable_radix earlycon earlyprintk "
	"efi elfcorehdr fadump fadump_reserve_mem hugepages hugepagesz hugetlb_cma "
	"ignore_loglevel init_on_alloc init_on_free initcall_debug iommu iommu. irqaffinity "
	"irqchip. isolcpus keep_bootcon kernelcore kfence. kho kho_scratch kpti "
	"kvm_cma_resv_ratio kvm-arm. liveupdate lockdown log_buf_len loglevel maxcpus mem "
	"memhp_default_state memmap memory_hotplug. memtest mitigations movable_node "
	"movablecore nohz nohz_full nokaslr nosmp nosmt novmcoredd nr_cpus numa "
	"numa_balancing numa_cma oops page_alloc. panic panic_on_oops panic_on_warn "
	"panic_print pci pcie_aspm pcie_ports percpu_alloc possible_cpus powersave printk. "
	"quiet radix_hcall_invalidate random. rcu_nocbs reboot reserve_mem reset_devices ro "
	"rodata rw slub_debug smt-enabled spectre_v2 swiotlb threadirqs topology_updates "
	"transparent_hugepage vmalloc xive xmon ";

/* Parts of the names of properties that tell of one machine, its owner or its network. */
static const char *const secret_properties[] = {
	"asset",    "bd-address", "boot-args",	"boot-command",	  "boot-device", "boot-file",
	"bootpath", "chap",	  "credential", "dmcryptkey",	  "ethaddr",	 "guid",
	"hostname", "host-name",  "ipaddr",	"iscsi",	  "-key",	 "loc-code",
	"luks",	    "mac-addr",	  "machine-id", "nvramrc",	  "passphrase",	 "passwd",
	"password", "psk",	  "seed",	"partition-name", "secret",	 "serial#",
	"serialno", "serial-num", "ssid",	"system-id",	  "unique-id",	 "uuid",
	"vpd",	    "wwn",	  "wwpn",
};

static bool is_secret_property(const char *name)
{
	const struct span s = { (const uint8_t *)name, strlen(name) };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(secret_properties); i++)
		if (span_find(s, secret_properties[i], NULL))
			return true;
	return false;
}

/* As kernels compare names: a dash is an underscore (kernel/params.c, parameqn). */
static bool same_name(const char *a, const char *b, size_t len)
{
	for (; len; len--, a++, b++)
		if (*a != *b && !((*a == '-' || *a == '_') && (*b == '-' || *b == '_')))
			return false;
	return true;
}

/* The name of a word ends at its =. */
static bool is_known_name(const char *name, size_t len)
{
	const char *known;
	size_t known_len;

	for (known = known_words; *known; known += known_len + 1) {
		known_len = strcspn(known, " ");
		if (known[known_len - 1] == '.' ? len > known_len : len == known_len)
			if (same_name(name, known, known_len))
				return true;
	}
	return false;
}

/* What has a space in it is none of them, in whatever quotes it is. */
static bool has_space(const char *word, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		if (isspace((unsigned char)word[i]))
			return true;
	return false;
}

/* A word of one byte or more. */
static bool is_known_word(const char *word, size_t len)
{
	const char *equals;

	if (has_space(word, len))
		return false;
	/* quotes may stand around the value, or around the whole word */
	if (*word == '"') {
		word++;
		len -= len > 1 && word[len - 2] == '"' ? 2 : 1;
	}
	equals = memchr(word, '=', len);
	return is_known_name(word, equals ? (size_t)(equals - word) : len);
}

void redact_cmdline(char *cmdline, size_t len)
{
	bool quoted = false;
	size_t at, start = 0;

	for (at = 0; at <= len; at++) {
		if (at < len && cmdline[at] == '"')
			quoted = !quoted;
		if (at < len && (quoted || !isspace((unsigned char)cmdline[at])))
			continue;
		if (at > start && !is_known_word(cmdline + start, at - start))
			memset(cmdline + start, 'x', at - start);
		start = at + 1;
	}
}

void redact_log(char *log, size_t len, const char *word)
{
	char *end, *text;

	for (; len; log = end) {
		end = memchr(log, '\n', len);
		end = end ? end + 1 : log + len;
		len -= (size_t)(end - log);
		text = memchr(log, ';', (size_t)(end - log));
		text = text ? text + 1 : log;
		if (span_find((struct span){ (const uint8_t *)log, (size_t)(end - log) }, word,
			      NULL))
			continue;
		for (; text < end; text++)
			if (*text != '\n')
				*text = 'x';
	}
}

/* Strings, of which most trees have one. */
static void redact_bootargs(char *value, size_t len)
{
	size_t string;

	for (; len; len -= string < len ? string + 1 : string) {
		string = strnlen(value, len);
		redact_cmdline(value, string);
		value += string < len ? string + 1 : string;
	}
}

static void redact_property(const char *name, uint8_t *value, size_t len)
{
	if (memmem(name, strlen(name), "bootargs", 8))
		redact_bootargs((char *)value, len);
	else if (is_secret_property(name))
		memset(value, 0, len);
}

void redact_tree(uint8_t *fdt)
{
	struct tree_props p;
	int node, depth = 0;

	for (node = 0; node >= 0; node = tree_next_node(fdt, node, &depth))
		for (tree_props_of(&p, fdt, node); tree_next_prop(&p);)
			redact_property(p.name, fdt + (p.value.p - fdt), p.value.len);
}
