#include "src/formats/image.h"

#include "arch/arch.h"

#include <stdlib.h>

/* What a file that is no kernel for this machine is, by its first bytes. */
static const struct known {
	uint64_t off;
	const char *magic;
	size_t len;
	enum code code;
	const char *what;
} known[] = {
	{ 0x38, "ARM\x64", 4, FAIL_UNSUPPORTED, "it is an arm64 kernel" },
	{ 0x202, "HdrS", 4, FAIL_UNSUPPORTED, "it is an x86 kernel" },
	{ 0x30, "RISCV\0\0\0", 8, FAIL_UNSUPPORTED, "it is a RISC-V kernel" },
	{ 0,
	  "\x7f"
	  "ELF",
	  4, FAIL_UNSUPPORTED, "it is an ELF file" },
	{ 0, "BZh", 3, FAIL_FORMAT, "it is compressed with bzip2" },
	{ 0, "\x89LZO", 4, FAIL_FORMAT, "it is compressed with lzo" },
	{ 0, "\x5d\0\0", 3, FAIL_FORMAT, "it is compressed with lzma" },
	{ 0, "\x27\x05\x19\x56", 4, FAIL_FORMAT, "it is a U-Boot image (uImage)" },
	{ 0, "\xd0\x0d\xfe\xed", 4, FAIL_FORMAT, "it is a device tree" },
	{ 0, "070701", 6, FAIL_FORMAT, "it is an initrd" },
	{ 0, "MZ", 2, FAIL_FORMAT, "it is an EFI program, but no kernel" },
	{ 0, "#!", 2, FAIL_FORMAT, "it is a script" },
};

bool image_parse(struct span file, const char *name, const struct machine *m, struct image *img,
		 struct error *e)
{
	char show[PRINTABLE_MAX];
	bool is_ours = false;
	size_t i;

	*img = (struct image){ 0 };
	printable(show, name);
	if (!file.len)
		return fail(e, FAIL_FORMAT, "load kernel %s: the file is empty", show);
	if (!m->arch->image(file, show, m, img, &is_ours, e))
		return false;
	if (is_ours)
		return true;
	for (i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (!span_equal_at(file, known[i].off, known[i].magic, known[i].len))
			continue;
		fail(e, known[i].code, "load kernel %s: %s, this machine is %s", show,
		     known[i].what, m->arch->name);
		if (known[i].code == FAIL_FORMAT)
			hint(e, "%s was not loaded; give a plain %s kernel", show, m->arch->name);
		return false;
	}
	return fail(e, FAIL_FORMAT, "load kernel %s: it is not %s %s kernel", show,
		    m->arch->name[0] == 'a' ? "an" : "a", m->arch->name);
}

void image_free(struct image *img)
{
	free(img->copy);
	img->copy = NULL;
}

bool image_pin(struct image *img, const char *name, const struct machine *m, struct error *e)
{
	char show[PRINTABLE_MAX];

	return !m->arch->pin || m->arch->pin(img, printable(show, name), m, e);
}
