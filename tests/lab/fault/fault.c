/* SPDX-License-Identifier: MIT */
/* fault SYSCALL ERRNO COMMAND [ARGUMENT]...
 *
 * Runs COMMAND with one system call that fails: each call of SYSCALL answers ERRNO, and nothing is
 * done. For errors that a guest's kernel cannot be brought to; the kernel need not have the call,
 * but CONFIG_SECCOMP_FILTER. Exits 2 when a word is not in the tables below, 125 when there is no
 * filter, 127 when there is no COMMAND.
 */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define NAMED(prefix, name)                                                                        \
	{                                                                                          \
#name, prefix##name                                                                \
	}

struct word {
	const char *name;
	int value;
};

static const struct word calls[] = {
	NAMED(SYS_, kexec_load), NAMED(SYS_, kexec_file_load),
	NAMED(SYS_, reboot),	 NAMED(SYS_, openat),
	NAMED(SYS_, read),	 NAMED(SYS_, write),
	NAMED(SYS_, mmap),	 NAMED(SYS_, getrandom),
	NAMED(SYS_, capset),
};

static const struct word errors[] = {
	NAMED(, EPERM),	  NAMED(, EINTR),   NAMED(, EIO),	NAMED(, ENOEXEC),
	NAMED(, EAGAIN),  NAMED(, ENOMEM),  NAMED(, EACCES),	NAMED(, EBUSY),
	NAMED(, EINVAL),  NAMED(, ETXTBSY), NAMED(, ENOSPC),	NAMED(, ENOSYS),
	NAMED(, ENODATA), NAMED(, EBADMSG), NAMED(, EOVERFLOW), NAMED(, EADDRNOTAVAIL),
	NAMED(, ENOKEY),  NAMED(, ENOPKG),  NAMED(, ELIBBAD),	NAMED(, EKEYREJECTED),
};

/* linux/filter.h, linux/seccomp.h: musl does not have them */
struct instruction {
	uint16_t code;
	uint8_t if_true, if_false;
	uint32_t k;
};

struct program {
	unsigned short len;
	const struct instruction *filter;
};

#define LOAD_WORD   0x20 /* BPF_LD | BPF_W | BPF_ABS; the call's number is at 0 */
#define JUMP_EQUAL  0x15 /* BPF_JMP | BPF_JEQ | BPF_K */
#define RETURN	    0x06 /* BPF_RET | BPF_K */
#define RET_ALLOW   0x7fff0000u
#define RET_ERRNO   0x00050000u
#define MODE_FILTER 2

static int find(const struct word *w, size_t n, const char *name)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (strcmp(w[i].name, name) == 0)
			return w[i].value;
	fprintf(stderr, "fault: unknown word %s\n", name);
	return -1;
}

int main(int argc, char *argv[])
{
	struct instruction code[] = {
		{ LOAD_WORD, 0, 0, 0 },
		{ JUMP_EQUAL, 0, 1, 0 },
		{ RETURN, 0, 0, RET_ERRNO },
		{ RETURN, 0, 0, RET_ALLOW },
	};
	const struct program program = { sizeof(code) / sizeof(code[0]), code };
	int call, error;

	if (argc < 4) {
		fprintf(stderr, "usage: fault SYSCALL ERRNO COMMAND [ARGUMENT]...\n");
		return 2;
	}
	call = find(calls, sizeof(calls) / sizeof(calls[0]), argv[1]);
	error = find(errors, sizeof(errors) / sizeof(errors[0]), argv[2]);
	if (call < 0 || error < 0)
		return 2;
	code[1].k = (uint32_t)call;
	code[2].k |= (uint32_t)error;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
	    prctl(PR_SET_SECCOMP, MODE_FILTER, &program, 0, 0)) {
		perror("fault: no filter");
		return 125;
	}
	execvp(argv[3], argv + 3);
	perror(argv[3]);
	return 127;
}
