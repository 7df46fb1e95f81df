#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# cppcheck and gcc -fanalyzer find nothing; `make analyze` asks clang-tidy too.

top=$(cd -- "$(dirname -- "$BATS_TEST_FILENAME")/../.." && pwd)

@test "cppcheck and gcc -fanalyzer find nothing" {
	run "$top/tests/build/analyze" quick
	printf '%s\n' "$output"
	[[ $status -eq 0 && -z $output ]]
}
