#include "src/plan/kernel.h"

#include "src/plan/arch_ops.h"

struct unwrap_target kernel_target(const struct machine *m)
{
	return (struct unwrap_target){ m->arch->elf_flat, m->fdt.p };
}

bool kernel_parse(struct span file, const char *name, const struct machine *m, struct image *img,
		  struct error *e)
{
	char show[PRINTABLE_MAX];
	bool is_ours = false;

	*img = (struct image){ 0 };
	printable(show, name);
	if (!file.len)
		return fail(e, FAIL_FORMAT, "load the kernel: the file is empty: %s", show);
	if (!m->arch->image(file, show, m, img, &is_ours, e))
		return false;
	return is_ours || image_fail_foreign(file, show, m->arch->name, e);
}

bool kernel_pin(struct image *img, const char *name, const struct machine *m, struct error *e)
{
	char show[PRINTABLE_MAX];

	return !m->arch->pin || m->arch->pin(img, printable(show, name), m, e);
}
