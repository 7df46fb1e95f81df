/* SPDX-License-Identifier: MIT */
/* The machine that kexec runs on, as src/sys/probe.c (or a test) saw it. Const from then on:
 * everything after it is a function of this, the files, and the options.
 */
#ifndef MACHINE_H
#define MACHINE_H

#include "src/plan/staging.h"
#include "src/base/range.h"
#include "src/base/span.h"
#include "src/base/strbuf.h"

#include <string.h>

struct arch;

enum lockdown { LOCKDOWN_NONE, LOCKDOWN_INTEGRITY, LOCKDOWN_CONFIDENTIALITY };

static inline const char *lockdown_name(enum lockdown l)
{
	static const char *const names[] = { "none", "integrity", "confidentiality" };

	return names[l];
}

/* What kexec_file_load hands to the next kernel, and kexec_load leaves behind. */
enum handed_on {
	HANDS_HANDOVER = 1, /* memory that drivers have kept by kexec handover */
	HANDS_IMA = 2,	    /* IMA's log of measurements */
	HANDS_KEYS = 4,	    /* to a crash kernel: keys of the disks that it dumps to */
};

/* arm64: memory that the interrupt controller keeps using after the jump; see arch/arm64/lpi.c */
enum lpi { LPI_NONE, LPI_KNOWN, LPI_UNKNOWN };
/* What a crash kernel and its core header are told: filled by probe_crash(), empty otherwise. */
struct crash {
	struct range
		region;	    /* the crash kernel's own memory; end 0: no crash kernel is asked for */
	struct range low;   /* a second one below it, for DMA; end 0: none */
	struct ranges dump; /* RAM of the machine that crashes; ascending */
	/* crashkernel=SIZE,cma: what it may use once it runs, and is in no dump; CRASH_CMA_MAX of
	 * them at most; ascending
	 */
	struct ranges cma;
	struct ranges notes;   /* where the kernel leaves notes: one per CPU, then vmcoreinfo */
	struct range text;     /* the running kernel, where it has a mapping of its own; or end 0 */
	uint64_t text_virtual; /* of text.start */
	uint64_t page_offset;  /* what makes any other physical address a virtual one */
	uint64_t elfcorehdr_memsz; /* bytes that --hotplug needs for the header; 0: no such thing
				      here */
};

struct machine {
	const struct arch *arch; /* never NULL */
	char release[65];	 /* of the running kernel, uname -r */
	uint32_t page_size;	 /* of the running kernel, bytes: 4, 16 or 64 KiB */
	bool big_endian;	 /* byte order of the running kernel, in which a stub is entered */
	uint32_t cpu_id;	 /* arm64: MIDR_EL1 of the first CPU, 0 when not known */
	bool live;		 /* this machine, not a captured one */

	struct ranges ram;	 /* what the next kernel may be given; sorted, no overlaps */
	struct ranges reserved;	 /* what must not be written; sorted, may overlap */
	struct ranges free;	 /* ram without keep */
	struct freemap *freemap; /* what of it is free now; NULL or without blocks: not known */
	struct ranges
		driver_ram; /* RAM that the next kernel gets from drivers: dumped, never written */
	/* Nothing inside of RAM is said to be reserved by the running kernel, which is too old to
	 * say it, and firmware did.
	 */
	bool reserved_unknown;
	/* The kernel's log is to be read, for its first record and those with this word. NULL: no.
	 */
	const char *log_word;
	struct range addressable; /* all that we place lies in here */
	phys rma_end;		  /* ppc64: kernel, tree and stub end at or below it */

	struct span fdt;      /* the tree to hand on; checked */
	const char *fdt_from; /* where it came from, for errors */
	char fdt_name[65];    /* of a captured machine: where it came from there */
	size_t fdt_total; /* the size it said it has, padding included; 0: made from a live tree */
	bool tree_in_x0;  /* the running kernel passes a tree's address by itself */

	uint64_t mem_total, mem_available; /* bytes, as /proc/meminfo says; 0: not known */
	uint64_t cma_free; /* bytes of mem_available that only pages which can be moved may take */
	uint64_t corrupted;		   /* the same of memory that failed, HardwareCorrupted */
	struct strbuf cmdline;		   /* of the running kernel, without the newline */
	/* bytes of kexec handover's scratch memory, and of its largest area; 0: off, or not known
	 */
	uint64_t scratch, scratch_largest;

	/* may we load? */
	bool may_boot;		      /* CAP_SYS_BOOT in effect */
	bool has_load, has_file_load; /* the system calls are there */
	bool load_disabled;	      /* kernel.kexec_load_disabled */
	int64_t limit_reboot;	      /* kernel.kexec_load_limit_reboot; -1: none */
	int64_t limit_panic; /* kernel.kexec_load_limit_panic, for crash kernels; -1: none */
	enum lockdown lockdown;
	bool loaded, crash_loaded; /* what is loaded now */
	unsigned handed_on;	   /* of enum handed_on: what there is to be handed on now */
	bool loaded_unknown;	   /* /sys is not there, or does not say */
	bool xen;		   /* a guest or control domain of Xen */
	enum lpi lpi;		   /* LPI_KNOWN: reserved, in the next tree too */
	bool spin_table;	   /* arm64: CPUs that cannot be taken off once they run */

	unsigned first_cpu;  /* ppc64: lowest CPU online */
	unsigned reboot_cpu; /* ppc64: the one that enters the next kernel, */
	uint32_t boot_cpu;   /* and its number in a tree, */
	bool boot_cpu_known; /* if that is known */
	bool one_cpu; /* ppc64: there is no other, and none can come. The kernel's word alone is
			 not enough: with nr_cpus=1 it leaves the others waiting in its code */
	unsigned hpt_order;  /* ppc64: of the hash table, which grows with memory; 0: not known */

	struct crash crash;

	uint8_t *blob; /* owns what fdt points to */
};

void machine_free(struct machine *m);

/* Is the running kernel an older Linux than that? False where its release does not say. */
static inline bool machine_before(const struct machine *m, unsigned major, unsigned minor)
{
	struct span s = { (const uint8_t *)m->release, strlen(m->release) };
	uint64_t has_major, has_minor = 0;

	if (!span_parse_number(&s, 10, &has_major))
		return false;
	if (span_skip_prefix(&s, "."))
		span_parse_number(&s, 10, &has_minor);
	return has_major < major || (has_major == major && has_minor < minor);
}

#endif
