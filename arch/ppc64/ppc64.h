/* SPDX-License-Identifier: MIT */
/* What the files of this target share. */
#ifndef PPC64_H
#define PPC64_H

#include "arch/arch.h"

#define PPC64_ALIGN	  0x10000ull /* 64 KiB: the largest base page; what kernels are tested with */
#define PPC64_HEAD	  0x100ull   /* bytes that are copied to address 0 */
#define PPC64_RUN_AT_LOAD 0x5cull    /* arch/powerpc/kernel/head_64.S: __run_at_load */
#define PPC64_CMDLINE_MAX 2047	     /* COMMAND_LINE_SIZE without its NUL */

/* Reasons to keep memory. Those of firmware are reserved in the next tree too. */
extern const char ppc64_running[], ppc64_hash[], ppc64_unmapped[], ppc64_dump[];
extern const char ppc64_rtas[], ppc64_opal[], ppc64_tce[], ppc64_reserved[], ppc64_device[];

/* Of the CPUs that look pages up in a hash table: its order, after a first number of 0. */
extern const char ppc64_pft_size[];

/* Does firmware hold it? The rest of machine.reserved ends with the running kernel. */
bool ppc64_is_firmware(const struct range *r);
/* And is a crash kernel told to use it, as the kernel's own loader tells it? */
bool ppc64_is_usable(const struct range *r);
/* All that a crash kernel is told to use; false when out of memory. */
bool ppc64_find_usable(const struct machine *m, struct ranges *usable);

/* Has a tree the CPU of this number (arch/powerpc/kernel/prom.c, early_init_dt_scan_cpus)? */
bool ppc64_has_cpu(const void *fdt, uint32_t number);
/* Has it one in all, and not one core with several? */
bool ppc64_has_one_cpu(const void *fdt);

/* Dynamic memory of a tree that is RAM, run by run; nothing where there is none.
 *
 *	for (ppc64_runs_of(&runs, fdt); ppc64_next_run(&runs, &r);)
 */
struct ppc64_runs {
	struct span list;
	uint64_t size; /* of one LMB */
	uint64_t at;
	uint32_t left;
	bool version2;
	bool limited; /* a crash kernel's, which may use only some of it */
};

void ppc64_runs_of(struct ppc64_runs *runs, const void *fdt);
bool ppc64_next_run(struct ppc64_runs *runs, struct range *r);

/* Limits a crash kernel to its memory. Errors: FAIL_TREE, FAIL_MEMORY. */
bool ppc64_crash_tree(struct tree *t, const struct machine *m, struct error *e);
size_t ppc64_tree_room(const struct machine *m);

/* Properties of a crash kernel's tree. */
extern const char ppc64_usable[], ppc64_drconf_usable[];

/* dump.c. False when out of memory. */
bool ppc64_keep_dump(struct machine *m);

bool ppc64_memory(struct machine *m, struct span iomem, struct error *e);
bool ppc64_image(struct span file, const char *name, const struct machine *m, struct image *img,
		 bool *is_ours, struct error *e);
bool ppc64_reach(const struct request *r, const void *tree, struct placement w[PIECES],
		 struct error *e);

/* limit.c. What the last mem= of a command line says, but for words after a "--", which are for
 * init; 0: no limit.
 */
uint64_t ppc64_mem_word(const char *line);
/* Where ascending memory adds up to so many bytes; UINT64_MAX when it does not. */
phys ppc64_limit_address(const struct ranges *ram, uint64_t limit);
/* Where the memory of a next kernel with this tree ends. Errors: FAIL_MEMORY. */
bool ppc64_next_end(const struct request *r, const void *tree, phys *end, struct error *e);

bool ppc64_dynamic_ram(const void *fdt, struct ranges *out);
bool ppc64_pin(struct image *img, const char *name, const struct machine *m, struct error *e);
bool ppc64_tree(struct tree *t, const struct request *req, struct error *e);
size_t ppc64_stub(const struct request *r, phys kernel, phys tree, phys backup,
		  uint8_t out[STUB_MAX]);
bool ppc64_check(const struct plan *p, const struct request *r, struct error *e);

#endif
