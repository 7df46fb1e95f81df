#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# The newest kernel that Debian distributes for ppc64 (tests/lab/kernel ppc64le-newest): not in `make
# check`, since not every mirror has it, but in `make newest`.

# shellcheck disable=SC2154  # helpers.bash sets these
load ../helpers
load ../guest/helpers-ppc64
load ../guest/helpers-crash

boot_table+='
newest          pseries      6.12,newest,6.1     -       -              -machine x-vof=on
newest-smt      pseries-smt  newest,newest       -       -
newest-powernv9 powernv9     6.1,newest          -       -              -smp 4
newest-back     powernv10    newest,6.12-64k     -       -
'
# with memory that the crash kernel shares, and without
crash_table+='
newest-ppc64 ppc64le pseries newest newest 512M 1 - - - -machine x-vof=on -m 3G
cma-ppc64 ppc64le pseries newest newest 320M 0 crashkernel=512M,cma - - -machine x-vof=on -m 3G
'

@test "pseries: Linux 6.12 to the newest, and to 6.1" { booted newest; }
@test "pseries, two threads a core: the newest to the newest" { booted newest-smt; }
@test "powernv9 with 4 CPUs: Linux 6.1 to the newest" { booted newest-powernv9; }
@test "powernv10: the newest to Linux 6.12 (64K pages)" { booted newest-back; }
@test "pseries: a crash kernel, and its dump" { crashed newest-ppc64; }
@test "pseries: a crash kernel that shares memory, and its dump" {
	crashed cma-ppc64
	[[ $(of_stage run) = *" CMA"* ]] || fail_with "the first kernel shares nothing"
	(($(fact crash memory_kb) > 512 * 1024)) || fail_with "it has $(fact crash memory_kb) KiB"
}
