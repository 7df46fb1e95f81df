/* SPDX-License-Identifier: MIT */
#include "src/formats/image.h"

#include <string.h>

#define FDT "\xd0\x0d\xfe\xed"

/* U-Boot's flattened image tree has the format of a device tree and a node that no device tree has.
 * It may be larger than any, and need not be whole to be known for one.
 */
static bool is_fit(struct span file)
{
	static const char node[] = "\0\0\0\1images";

	return span_equal_at(file, 0, FDT, 4) && memmem(file.p, file.len, node, sizeof(node));
}

/* Files that are not a kernel for this machine, by their first bytes. */
static const struct known {
	uint64_t off;
	const char *magic;
	size_t len;
	enum code code;
	const char *what;
} known[] = {
	{ 0, FDT, 4, FAIL_FORMAT, "a device tree" },
	{ 0x38, "ARM\x64", 4, FAIL_UNSUPPORTED, "an arm64 kernel" },
	{ 0x202, "HdrS", 4, FAIL_UNSUPPORTED, "an x86 kernel" },
	{ 0x30, "RISCV\0\0\0", 8, FAIL_UNSUPPORTED, "a RISC-V kernel" },
	{ 0, "\177ELF", 4, FAIL_UNSUPPORTED, "an ELF file" },
	{ 0, "BZh", 3, FAIL_FORMAT, "compressed with bzip2" },
	{ 0, "\x89LZO", 4, FAIL_FORMAT, "compressed with lzo" },
	{ 0, "\x5d\0\0", 3, FAIL_FORMAT, "compressed with lzma" },
	{ 0, "\x27\x05\x19\x56", 4, FAIL_FORMAT, "a U-Boot image (uImage)" },
	{ 0, "070701", 6, FAIL_FORMAT, "an initrd" },
	{ 0, "MZ", 2, FAIL_FORMAT, "an EFI program, but no kernel" },
	{ 0, "#!", 2, FAIL_FORMAT, "a script" },
};

bool image_fail_foreign(struct span file, const char *name, const char *arch, struct error *e)
{
	const struct known *k = known;
	const struct known *const end = known + ARRAY_SIZE(known);

	while (k < end && !span_equal_at(file, k->off, k->magic, k->len))
		k++;
	if (k == end)
		return fail(e, FAIL_FORMAT, "load the kernel: not a kernel for %s, or corrupt: %s",
			    arch, name);
	if (k->code == FAIL_UNSUPPORTED)
		return fail(e, k->code, "load the kernel: %s, and this is %s: %s", k->what, arch,
			    name);
	if (is_fit(file))
		fail(e, k->code, "load the kernel: a U-Boot image (FIT): %s", name);
	else
		fail(e, k->code, "load the kernel: %s: %s", k->what, name);
	return hint(e, "nothing was loaded: give a plain %s kernel", arch);
}
