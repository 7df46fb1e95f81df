/* SPDX-License-Identifier: MIT */
/* One failure: an exit code, a sentence, and a hint where there is a remedy.
 *
 * Functions that can fail take a struct error and return false after fail(). The first failure
 * wins: a caller that adds its own never hides the cause. Only main prints, and it prints
 *
 *	kexec-lite: cannot SENTENCE
 *	kexec-lite: HINT
 *
 * so that a sentence reads "WHAT: WHY: OBJECT", with the reason within the first 60 characters of
 * the line, which is all that petitboot's status line shows. Each line has at most 200 bytes.
 */
#ifndef ERROR_H
#define ERROR_H

#include <stdbool.h>

/* Exit codes. They are documented in doc/kexec-lite.8 and never change their meaning. */
enum code {
	FAIL_NONE = 0,
	STATUS_LOADED = 1,    /* --status: a kernel is loaded (not an error) */
	FAIL_USAGE = 2,	      /* the command line of kexec-lite itself */
	FAIL_FILE = 3,	      /* a file cannot be opened or read */
	FAIL_FORMAT = 4,      /* not a kernel, truncated or corrupt */
	FAIL_UNSUPPORTED = 5, /* a kernel for another architecture, byte order or page size */
	FAIL_TREE = 6,	      /* a device tree is corrupt or lacks what a kernel needs */
	FAIL_CMDLINE = 7,     /* the next kernel's command line is too long */
	FAIL_ROOM = 8,	      /* no hole in memory is large enough */
	FAIL_MEMORY = 9, /* more than the running kernel can take: half of RAM, or out of memory */
	FAIL_PRIVILEGE = 10, /* not root, or no CAP_SYS_BOOT */
	FAIL_POLICY = 11,    /* kexec_load_disabled, a used-up load limit, lockdown */
	FAIL_NOSYS = 12,     /* the running kernel has no kexec */
	FAIL_KERNEL = 13,    /* the running kernel refused for another reason */
	FAIL_NOTHING = 14,   /* --exec with nothing loaded */
	FAIL_MACHINE = 15,   /* not built for this machine, or it cannot be read */
	FAIL_BUG = 16,	     /* a plan failed our own check: please report it */
	FAIL_XEN = 17,	     /* under Xen on arm64 a next kernel that sees it panics */
};

struct error {
	enum code code;	 /* FAIL_NONE while nothing failed */
	bool superseded; /* a later failure was ignored, and so is its hint */
	char text[182];
	char hint[189];
};

/* Records the failure, unless one is recorded already. Always returns false. */
bool fail(struct error *e, enum code code, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Adds the remedy to the failure just recorded; nothing if that was ignored. Always returns
 * false.
 */
bool hint(struct error *e, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* fail() for what takes root: "WHAT: this takes root". */
bool fail_privilege(struct error *e, const char *what);

/* fail() for malloc. */
bool fail_memory(struct error *e);

#endif
