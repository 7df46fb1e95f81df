/* SPDX-License-Identifier: MIT */
/* The kernel's numbers for kexec: include/uapi/linux/kexec.h, capability.h, mempolicy.h. */
#ifndef KEXEC_ABI_H
#define KEXEC_ABI_H

#include <stddef.h>
#include <stdint.h>
#include <sys/syscall.h>

#define KEXEC_ON_CRASH		1ul
#define KEXEC_CRASH_HOTPLUG	8ul
#define KEXEC_FILE_UNLOAD	1ul
#define KEXEC_FILE_ON_CRASH	2ul
#define KEXEC_FILE_NO_INITRAMFS 4ul
#define KEXEC_FILE_DEBUG	8ul    /* since 6.8 */
#define KEXEC_FILE_NO_CMA	0x10ul /* since 6.17 */
#define CAPABILITY_VERSION_3	0x20080522u
#define CAP_SYS_BOOT_BIT	22
#define MPOL_PREFERRED		1

/* capset(2): a header, and two of these */
struct cap_header {
	uint32_t version;
	int pid; /* 0: this process */
};
struct cap_data {
	uint32_t effective, permitted, inheritable;
};

/* Not every architecture that only plans has it: such a call is answered with ENOSYS. */
#ifndef SYS_kexec_file_load
#define SYS_kexec_file_load (-1)
#endif

/* kexec_load(2), as user space lays it out */
struct kexec_segment_abi {
	const void *buf;
	size_t bufsz;
	size_t mem; /* physical address */
	size_t memsz;
};

#endif
