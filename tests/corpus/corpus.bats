#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Real device trees: a sample of what `make corpus` tries, judged by the next kernel's own rules, dtc and
# fdtoverlay. Each judge is also shown to find what is wrong.

# shellcheck disable=SC2154  # helpers.bash sets these
load ../helpers

@test "trees of the kernel packages: one of each kind, and all that ever failed" {
	run "$top/tests/corpus/run" --sample --program "$host_bin"
	echo "$output"
	same status "$status" 0
	# each way was taken
	for way in own again efi dtb dtb-efi foreign overlay; do
		(($(awk -v w="$way" '$1 == w { print $3 + $4 }' <<<"$output") > 0))
	done
}

@test "a plan that is wrong is found: memory, reservations, places, the command line, a property" {
	run python3 "$top/tests/corpus/defects" "$host_bin"
	echo "$output"
	same status "$status" 0
}
