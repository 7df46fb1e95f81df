#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# doc/performance.md is what `make bench` writes, and the one gate that is quick is looked at here:
# planning for a large machine. Only instructions: seconds depend on who else is on the machine.

# shellcheck disable=SC2154  # helpers.bash sets these
load ../helpers

page=$top/doc/performance.md

# rows HEADING: the rows of the tables below it, without head and rule.
rows() {
	awk -v want="$1" '/^## / { on = index($0, want) == 4 } on && /^\|/ { if (n++ > 1) print }' "$page"
}

@test "performance.md: both architectures, every program, no empty figure for ours" {
	local arch program
	for arch in arm64 ppc64le; do
		for program in kexec-lite floor "floor, MAP_POPULATE" "kexec-tools --no-checks" kexec-tools; do
			rows "$arch" | grep -qE "^\| $program \|( [0-9.,-]+ \|){7}$" ||
				fail_with "$arch: no row of figures for $program"
		done
		if rows "$arch" | grep '^| kexec-lite | ' | grep -q ' - '; then
			fail_with "$arch: kexec-lite has a figure that was not measured"
		fi
	done
}

@test "performance.md: the sweep, the large machine, the objects and the gates are there" {
	same "rows of downtime" "$(rows Downtime | grep -cE '^\| (arm64|ppc64le) \| kexec')" 6
	same "rows of the sweep" "$(rows "Where a segment" | wc -l)" 11
	same "rows of the large machine" "$(rows "A machine of 64 TiB" | wc -l)" 4
	(($(rows "Bytes of code" | wc -l) > 40))
	(($(rows Gates | wc -l) >= 28))
	rows Gates | awk -F' \\| ' '$NF !~ /^(PASS|FAIL) \|$/ { exit 1 }' ||
		fail_with "a gate neither passed nor failed"
}

@test "performance.md and its chart have no path, no date and no host" {
	local file
	for file in "$page" "${page%.md}.svg" "$top/doc/downtime.svg"; do
		[[ -s $file ]] || fail_with "$file is missing"
		if grep -nE '/(tmp|home|root|work|build)/|20[0-9][0-9]-[01][0-9]|https?://[^w]' "$file"; then
			fail_with "in $file"
		fi
	done
}

@test "planning: twice the memory, CPUs and tree cost at most 2.2 times the instructions" {
	local arch half whole
	KEXEC_LITE=$host_bin "$top/tests/bench/scale" "$BATS_TEST_TMPDIR" 8 >"$BATS_TEST_TMPDIR/counts"
	for arch in arm64 ppc64; do
		half=$(awk -v n="$arch-1" '$1 == n { print $2 }' "$BATS_TEST_TMPDIR/counts")
		whole=$(awk -v n="$arch-2" '$1 == n { print $2 }' "$BATS_TEST_TMPDIR/counts")
		((half > 1000000 && whole * 10 <= half * 22)) || fail_with "$arch: $half, then $whole"
	done
}
