/* SPDX-License-Identifier: MIT */
#include "files.h"

#include "src/sys/files.h"
#include "src/sys/kexec_abi.h"
#include "src/sys/probe.h"
#include "src/sys/probe_internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static struct {
	const char *path;
	struct span bytes;
} file[FUZZ_FILES];
static size_t files;

void files_clear(void)
{
	files = 0;
}

void files_put(const char *path, struct span bytes)
{
	if (files == FUZZ_FILES)
		abort();
	file[files].path = path;
	file[files++].bytes = bytes;
}

void files_each(void (*each)(void *arg, const char *path, struct span bytes), void *arg)
{
	size_t i;

	for (i = 0; i < files; i++)
		each(arg, file[i].path, file[i].bytes);
}

int files_read(int root, const char *path, size_t most, struct strbuf *out)
{
	size_t i;

	(void)root;
	for (i = 0; i < files && strcmp(file[i].path, path) != 0; i++)
		;
	if (i == files)
		return ENOENT;
	strbuf_append(out, file[i].bytes.p, file[i].bytes.len < most ? file[i].bytes.len : most);
	return out->truncated ? ENOMEM : file[i].bytes.len > most ? EFBIG : 0;
}

void files_log(int root, const char *path, size_t most, const char *word, struct strbuf *out)
{
	(void)word;
	files_read(root, path, most, out);
}

bool files_save(const char *dir, const char *path, struct span bytes, struct error *e)
{
	(void)dir, (void)path, (void)bytes;
	return fail(e, FAIL_FILE, "write a file: nobody asked");
}

/* The live tree is another door's. */
bool live_tree_flatten(int root, const char *from, uint8_t *boot, struct span *out, struct error *e)
{
	(void)root, (void)out;
	free(boot);
	return fail(e, FAIL_TREE, "read device tree %s: it has none", from);
}
