/* SPDX-License-Identifier: MIT */
/* What the files of this target share. The rules are those of Documentation/arch/arm64/booting.rst.
 */
#ifndef ARM64_H
#define ARM64_H

#include "arch/arch.h"

#define ARM64_BLOCK	   0x200000ull	 /* a kernel's base is a multiple; a tree lies inside one */
#define ARM64_WINDOW	   (32ull << 30) /* kernel and initrd share one, */
#define ARM64_WINDOW_ALIGN (1ull << 30)	 /* which starts here */
#define ARM64_ADDRESS_END  (1ull << 48)	 /* Image flag 3: the first 48 bits */
#define ARM64_TREE_MAX	   ARM64_BLOCK
#define ARM64_TREE_NEAR	   (512ull << 20) /* before Linux 4.2; see booting.rst of then */
#define ARM64_CMDLINE_MAX  2047		  /* COMMAND_LINE_SIZE without its NUL */

bool arm64_image(struct span file, const char *name, const struct machine *m, struct image *img,
		 bool *is_ours, struct error *e);
bool arm64_check(const struct plan *p, const struct request *r, struct error *e);

/* memory.c, and the reasons to keep some of it. */
extern const char arm64_untold[], arm64_added[], arm64_efi_map[];
bool arm64_memory(struct machine *m, struct span iomem, struct error *e);
bool arm64_log(struct machine *m, struct span log);

/* lpi.c. Asks for the log where it may tell of tables; keeps those that it tells of, and sets lpi.
 * False when out of memory.
 */
extern const char arm64_lpi[];
void arm64_lpi_expect(struct machine *m);
bool arm64_lpi_find(struct machine *m, struct span log);

bool arm64_tree(struct tree *t, const struct request *r, struct error *e);
size_t arm64_stub(const struct request *r, phys kernel, phys tree, phys backup,
		  uint8_t out[STUB_MAX]);

#endif
