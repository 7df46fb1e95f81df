/* Files that are no kernel for this machine: what they are is said. */
#include "unit.h"

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
	  "load kernel /boot/x: the file is empty", false },
	{ "one byte", 0, "M", 1, 1, FAIL_FORMAT, "load kernel /boot/x: it is not an arm64 kernel",
	  false },
	{ "zeros", 0, "", 0, 0, FAIL_FORMAT, "load kernel /boot/x: it is not an arm64 kernel",
	  false },
	{ "a bzImage", 0x202, "HdrS", 4, 0, FAIL_UNSUPPORTED,
	  "load kernel /boot/x: it is an x86 kernel, this machine is arm64", false },
	{ "a bzImage cut in its magic", 0x202, "HdrS", 4, 0x205, FAIL_FORMAT,
	  "load kernel /boot/x: it is not an arm64 kernel", false },
	{ "a RISC-V Image", 0x30, "RISCV\0\0\0", 8, 0, FAIL_UNSUPPORTED,
	  "load kernel /boot/x: it is a RISC-V kernel, this machine is arm64", false },
	{ "a vmlinux", 0,
	  "\x7f"
	  "ELF",
	  4, 0, FAIL_UNSUPPORTED,
	  "load kernel /boot/x: it is an ELF file, this machine is "
	  "arm64",
	  false },
	{ "bzip2", 0, "BZh", 3, 0, FAIL_FORMAT,
	  "load kernel /boot/x: it is compressed with bzip2, this machine is arm64", true },
	{ "lzop", 0, "\x89LZO", 4, 0, FAIL_FORMAT,
	  "load kernel /boot/x: it is compressed with lzo, this machine is arm64", true },
	{ "lzma", 0, "\x5d\0\0", 3, 0, FAIL_FORMAT,
	  "load kernel /boot/x: it is compressed with lzma, this machine is arm64", true },
	{ "a uImage", 0, "\x27\x05\x19\x56", 4, 0, FAIL_FORMAT,
	  "load kernel /boot/x: it is a U-Boot image (uImage), this machine is arm64", true },
	{ "a device tree", 0, "\xd0\x0d\xfe\xed", 4, 0, FAIL_FORMAT,
	  "load kernel /boot/x: it is a device tree, this machine is arm64", true },
	{ "an initrd", 0, "070701", 6, 0, FAIL_FORMAT,
	  "load kernel /boot/x: it is an initrd, this machine is arm64", true },
	{ "another EFI program", 0, "MZ", 2, 0, FAIL_FORMAT,
	  "load kernel /boot/x: it is an EFI program, but no kernel, this machine is arm64", true },
	{ "a script", 0, "#!", 2, 0, FAIL_FORMAT,
	  "load kernel /boot/x: it is a script, this machine is arm64", true },
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

	for (i = 0; i < COUNT(rows); i++) {
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
		ok = image_parse((struct span){ file, size }, "/boot/x", &arm, &img, &e);
		want_error(ok, &e, rows[i].code, rows[i].sentence);
		want_hint(&e, rows[i].hinted ? "/boot/x was not loaded; give a plain arm64 kernel"
					     : "");
		image_free(&img);
		free(file);
	}
	CASE("an arm64 kernel on ppc64");
	small_header(header, 0, 1 << 20, 8);
	e = (struct error){ 0 };
	ok = image_parse((struct span){ header, 64 }, "Image", &power, &img, &e);
	want_error(ok, &e, FAIL_UNSUPPORTED,
		   "load kernel Image: it is an arm64 kernel, this machine is ppc64");
	image_free(&img);
	CASE("an arm64 kernel stays where it is loaded anyway");
	e = (struct error){ 0 };
	want_error(image_parse((struct span){ header, 64 }, "Image", &arm, &img, &e), &e,
		   FAIL_FORMAT, "load kernel Image: it is cut short (64 B)");
	e = (struct error){ 0 };
	want_error(image_pin(&img, "Image", &arm, &e), &e, FAIL_NONE, "");
	CASE("the longest name fits the line, and prints");
	e = (struct error){ 0 };
	ok = image_parse((struct span){ (const uint8_t *)"\x7f"
							 "ELF",
					4 },
			 long_name, &arm, &img, &e);
	want_error(ok, &e, FAIL_UNSUPPORTED,
		   "load kernel ...name/that/goes/on/and/on/until/nobody/reads/it/vmlinuz?-6.12: "
		   "it is an ELF file, this machine is arm64");
	image_free(&img);
	CASE("the longest name fits the hint");
	e = (struct error){ 0 };
	ok = image_parse((struct span){ (const uint8_t *)"BZh", 3 }, long_name, &arm, &img, &e);
	want_error(ok, &e, FAIL_FORMAT,
		   "load kernel ...name/that/goes/on/and/on/until/nobody/reads/it/vmlinuz?-6.12: "
		   "it is compressed with bzip2, this machine is arm64");
	want_hint(&e, "...name/that/goes/on/and/on/until/nobody/reads/it/vmlinuz?-6.12 was not "
		      "loaded; give a plain arm64 kernel");
	image_free(&img);
}
