/* SPDX-License-Identifier: MIT */
#include "unit.h"

#include "arch/arch.h"

void test_arch(void)
{
	static const struct {
		const char *machine;
		const struct arch *arch;
		bool big_endian;
	} rows[] = {
		{ "aarch64", &arch_arm64, false },
		{ "ppc64le", &arch_ppc64, false },
		{ "ppc64", &arch_ppc64, true },
		{ "aarch64_be", NULL, false },
		{ "arm64", NULL, false },
		{ "x86_64", NULL, false },
		{ "", NULL, false },
	};
	bool big_endian;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		CASE("uname says \"%s\"", rows[i].machine);
		want(arch_find(rows[i].machine, &big_endian) == rows[i].arch,
		     "the right target is found");
		want_u64("big endian", rows[i].big_endian, big_endian);
	}
}
