#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# The unit tests (tests/unit): one program, in four builds.

top=$(cd -- "$(dirname -- "$BATS_TEST_FILENAME")/../.." && pwd)

# passes VARIANT: no row fails, and there are rows.
passes() {
	local last
	run "$top/tests/unit/run" "$1"
	last=${lines[-1]-}
	printf '%s\n' "$output" # shown when the test fails: the rows, then the counts
	[[ $status -eq 0 && $last =~ ^[1-9][0-9]*\ cases\ passed,\ 0\ failed$ ]]
}

@test "unit tests, gcc with sanitizers" { passes gcc-sanitize; }
@test "unit tests, clang with sanitizers" { passes clang-sanitize; }
@test "unit tests on a big-endian machine (ppc64, emulated)" { passes ppc64-be; }
@test "unit tests on arm64 with musl (emulated)" { passes musl-arm64; }
