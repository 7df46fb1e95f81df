/* SPDX-License-Identifier: MIT */
/* What a crash kernel's core header is made of. Chunks: the ELF headers of /proc/kcore, lists of
 * CPUs possible and present, a CPU's note and its size, vmcoreinfo, the size of the header for
 * hotplug, the areas that a crash kernel shares. The last byte chooses the machine.
 */
#include "door.h"

#include "files.h"
#include "src/plan/elfcorehdr.h"
#include "src/formats/iomem.h"
#include "src/sys/probe.h"

#include <stdlib.h>
#include <string.h>

#define CPU "sys/devices/system/cpu/"

static const char *const paths[] = {
	"proc/kcore",
	CPU "possible",
	CPU "present",
	CPU "cpu0/crash_notes",
	CPU "cpu0/crash_notes_size",
	"sys/kernel/vmcoreinfo",
	"sys/kernel/crash_elfcorehdr_size",
	"sys/kernel/kexec/crash_cma_ranges",
};
#define PATHS (ARRAY_SIZE(paths))

static void start(struct machine *m, unsigned flag)
{
	*m = (struct machine){
		.arch = flag & 1 ? &arch_ppc64 : &arch_arm64,
		.page_size = 0x1000,
		.big_endian = flag & 2,
		.addressable = { 0, 1ull << 48, NULL },
	};
	if (!ranges_add(&m->ram, flag & 1 ? 0 : 0x40000000, 0x80000000, "RAM") ||
	    !ranges_add(&m->ram, 1ull << 32, 1ull << 33, "RAM") ||
	    !ranges_add(&m->reserved, 0x50000000, 0x60000000, iomem_crash) ||
	    (flag & 4 && !ranges_add(&m->reserved, 5ull << 30, 6ull << 30, iomem_crash)))
		abort();
}

static void check(const struct machine *m)
{
	const size_t size = elfcorehdr_size(m);
	struct error e = { 0 };
	uint8_t *core;
	size_t i, j;

	DOOR_WANT(door_sorted(&m->free, true) && door_sorted(&m->reserved, false));
	/* what a crash stub saves is apart from what is dumped where it lies */
	DOOR_WANT(m->crash.dump.n && door_sorted(&m->crash.dump, false) &&
		  m->crash.dump.v[0].end >= m->arch->backup && door_sorted(&m->crash.cma, true));
	for (i = 1; i < m->crash.dump.n; i++)
		DOOR_WANT(m->crash.dump.v[i].start >= m->crash.dump.v[i - 1].end);
	for (i = 0; i < m->crash.dump.n; i++)
		for (j = 0; j < m->crash.cma.n; j++)
			DOOR_WANT(!range_overlaps(m->crash.dump.v[i], m->crash.cma.v[j]));
	for (i = 0; i < m->free.n; i++)
		DOOR_WANT(range_within(m->free.v[i], m->crash.region));
	if (!size)
		return;
	core = malloc(size);
	if (!core)
		abort();
	elfcorehdr_write(m, 0x51000000, core);
	DOOR_WANT(elfcorehdr_check((struct span){ core, size }, m, 0x51000000, &e));
	free(core);
}

void door_elfcorehdr(struct span in)
{
	const unsigned flag = door_flag(&in);
	struct span chunk[PATHS];
	struct error e = { 0 };
	struct machine m;
	size_t i;
	bool ok;

	start(&m, flag);
	files_clear();
	for (i = 0; i < PATHS; i++) {
		chunk[i] = door_chunk(&in);
		if (chunk[i].len)
			files_put(paths[i], chunk[i]);
	}
	ok = probe_crash("/", &m, true, NULL, &e);
	door_error(ok, &e);
	if (ok)
		check(&m);
	machine_free(&m);
	for (i = 0; i < PATHS; i++)
		free((void *)(uintptr_t)chunk[i].p);
}
