/* SPDX-License-Identifier: MIT */
/* Files that are no kernel for this machine: what they are is said. */
#include "unit.h"

#include "src/plan/kernel.h"

#include "src/formats/image.h"
#include "arch/arch.h"

static const struct row {
	const char *caption;
	uint64_t off;
	const char *magic;
	size_t len;
	size_t size; /* of the file; 0: 1024 */
	enum code code;
	const char *sentence;
	bool hinted;
} rows[] = {
	{ "an empty file", 0, "", 0, SIZE_MAX, FAIL_FORMAT,
	  "load the kernel: the file is empty: /boot/x", false },
	{ "one byte", 0, "M", 1, 1, FAIL_FORMAT,
	  "load the kernel: not a kernel for arm64, or corrupt: /boot/x", false },
	{ "zeros", 0, "", 0, 0, FAIL_FORMAT,
	  "load the kernel: not a kernel for arm64, or corrupt: /boot/x", false },
	{ "a bzImage", 0x202, "HdrS", 4, 0, FAIL_UNSUPPORTED,
	  "load the kernel: an x86 kernel, and this is arm64: /boot/x", false },
	{ "a bzImage cut in its magic", 0x202, "HdrS", 4, 0x205, FAIL_FORMAT,
	  "load the kernel: not a kernel for arm64, or corrupt: /boot/x", false },
	{ "a RISC-V Image", 0x30, "RISCV\0\0\0", 8, 0, FAIL_UNSUPPORTED,
	  "load the kernel: a RISC-V kernel, and this is arm64: /boot/x", false },
	{ "a vmlinux", 0,
	  "\x7f"
	  "ELF",
	  4, 0, FAIL_UNSUPPORTED, "load the kernel: an ELF file, and this is arm64: /boot/x",
	  false },
	{ "bzip2", 0, "BZh", 3, 0, FAIL_FORMAT, "load the kernel: compressed with bzip2: /boot/x",
	  true },
	{ "lzop", 0, "\x89LZO", 4, 0, FAIL_FORMAT, "load the kernel: compressed with lzo: /boot/x",
	  true },
	{ "lzma", 0, "\x5d\0\0", 3, 0, FAIL_FORMAT,
	  "load the kernel: compressed with lzma: /boot/x", true },
	{ "a uImage", 0, "\x27\x05\x19\x56", 4, 0, FAIL_FORMAT,
	  "load the kernel: a U-Boot image (uImage): /boot/x", true },
	{ "a device tree", 0, "\xd0\x0d\xfe\xed", 4, 0, FAIL_FORMAT,
	  "load the kernel: a device tree: /boot/x", true },
	{ "a FIT", 0, "\xd0\x0d\xfe\xed\0\0\0\1\0\0\0\0\0\0\0\1images\0\0", 24, 0, FAIL_FORMAT,
	  "load the kernel: a U-Boot image (FIT): /boot/x", true },
	{ "a FIT cut in its node's name", 0, "\xd0\x0d\xfe\xed\0\0\0\1\0\0\0\0\0\0\0\1images\0\0",
	  24, 22, FAIL_FORMAT, "load the kernel: a device tree: /boot/x", true },
	{ "a device tree with another node", 0,
	  "\xd0\x0d\xfe\xed\0\0\0\1\0\0\0\0\0\0\0\1images-x\0", 25, 0, FAIL_FORMAT,
	  "load the kernel: a device tree: /boot/x", true },
	{ "the node of a FIT in another file", 0, "\0\0\0\0\0\0\0\1images\0\0", 16, 0, FAIL_FORMAT,
	  "load the kernel: not a kernel for arm64, or corrupt: /boot/x", false },
	{ "an initrd", 0, "070701", 6, 0, FAIL_FORMAT, "load the kernel: an initrd: /boot/x",
	  true },
	{ "another EFI program", 0, "MZ", 2, 0, FAIL_FORMAT,
	  "load the kernel: an EFI program, but no kernel: /boot/x", true },
	{ "a script", 0, "#!", 2, 0, FAIL_FORMAT, "load the kernel: a script: /boot/x", true },
};

void test_image(void)
{
	const struct machine arm = { .arch = &arch_arm64, .page_size = 0x1000 };
	const struct machine power = { .arch = &arch_ppc64, .page_size = 0x10000 };
	const char *long_name =
		"/a/very/long/directory/name/that/goes/on/and/on/until/nobody/reads/it/"
		"vmlinuz\n-6.12";
	uint8_t header[64];
	struct image img;
	struct error e;
	uint8_t *file;
	size_t i, size;
	bool ok;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		CASE("%s", rows[i].caption);
		size = rows[i].size == SIZE_MAX ? 0 : rows[i].size ? rows[i].size : 1024;
		file = calloc(1, size + 1);
		if (!file)
			abort();
		memcpy(file + rows[i].off, rows[i].magic,
		       rows[i].off + rows[i].len <= size ? rows[i].len
		       : rows[i].off < size		 ? size - rows[i].off
							 : 0);
		e = (struct error){ 0 };
		ok = kernel_parse((struct span){ file, size }, "/boot/x", &arm, &img, &e);
		want_error(ok, &e, rows[i].code, rows[i].sentence);
		want_hint(&e,
			  rows[i].hinted ? "nothing was loaded: give a plain arm64 kernel" : "");
		image_free(&img);
		free(file);
	}
	CASE("an arm64 kernel on ppc64");
	small_header(header, 0, 1 << 20, 8);
	e = (struct error){ 0 };
	ok = kernel_parse((struct span){ header, 64 }, "Image", &power, &img, &e);
	want_error(ok, &e, FAIL_UNSUPPORTED,
		   "load the kernel: an arm64 kernel, and this is ppc64: Image");
	image_free(&img);
	CASE("an arm64 kernel stays where it is loaded anyway");
	e = (struct error){ 0 };
	want_error(kernel_parse((struct span){ header, 64 }, "Image", &arm, &img, &e), &e,
		   FAIL_FORMAT, "load the kernel: truncated (64 B): Image");
	e = (struct error){ 0 };
	want_error(kernel_settle(&img, "Image", &arm, true, &e), &e, FAIL_NONE, "");
	CASE("the longest name fits the line, and prints");
	e = (struct error){ 0 };
	ok = kernel_parse((struct span){ (const uint8_t *)"\x7f"
							  "ELF",
					 4 },
			  long_name, &arm, &img, &e);
	want_error(ok, &e, FAIL_UNSUPPORTED,
		   "load the kernel: an ELF file, and this is arm64: "
		   "...name/that/goes/on/and/on/until/nobody/reads/it/vmlinuz?-6.12");
	image_free(&img);
	CASE("the longest name fits the hint");
	e = (struct error){ 0 };
	ok = kernel_parse((struct span){ (const uint8_t *)"BZh", 3 }, long_name, &arm, &img, &e);
	want_error(ok, &e, FAIL_FORMAT,
		   "load the kernel: compressed with bzip2: "
		   "...name/that/goes/on/and/on/until/nobody/reads/it/vmlinuz?-6.12");
	want_hint(&e, "nothing was loaded: give a plain arm64 kernel");
	image_free(&img);
}
