/* SPDX-License-Identifier: MIT */
#include "src/sys/memfile.h"

#include "src/base/strbuf.h"
#include "src/sys/files.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* Since Linux 6.3, and asked for where the sysctl vm.memfd_noexec says so; libc may not know it. */
#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 8u
#endif

int memfile_create(void)
{
	const unsigned flags = MFD_CLOEXEC | MFD_ALLOW_SEALING;
	int fd = memfd_create("kexec-lite", flags | MFD_NOEXEC_SEAL);

	return fd < 0 ? memfd_create("kexec-lite", flags) : fd;
}

int memfile_seal(int fd)
{
	char path[32];
	struct strbuf t = strbuf_fixed(path, sizeof(path));
	int sealed;

	fcntl(fd, F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE);
	strbuf_printf(&t, "/proc/self/fd/%d", fd);
	sealed = open(path, O_RDONLY | O_CLOEXEC);
	if (sealed < 0)
		return fd;
	close(fd);
	return sealed;
}

int memfile_join(const struct span *parts, size_t n, size_t gap, const char *what, struct error *e)
{
	int fd = memfile_create();
	int err = fd < 0 ? errno : 0;
	off_t at = 0;
	size_t i;

	for (i = 0; i < n && !err; i++) {
		err = lseek(fd, at, SEEK_SET) < 0 ? errno
						  : files_write(fd, parts[i].p, parts[i].len);
		at = (at + (off_t)(parts[i].len + gap) + 3) & ~(off_t)3;
	}
	if (!err)
		return memfile_seal(fd);
	if (fd >= 0)
		close(fd);
	fail(e, FAIL_FILE, "join the %s: %s", what, strerror(err));
	return -1;
}
