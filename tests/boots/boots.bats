#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Random boots: drawn machines, kernels and requests (tests/boots/random), the same each run; whatever failed
# once (tests/boots/failed); and that each thing a boot is judged by can fail. make boots boots others.

# shellcheck disable=SC2154  # helpers.bash sets these
load ../helpers

boots=$top/tests/boots
export KEXEC_LITE_BIN=$bin_dir BOOTS_DIR=$run_dir/boots

# all ARGUMENT...: every boot of tests/boots/many passes, or is refused for a reason that holds.
all() {
	run "$boots/many" "$@"
	printf '%s\n' "$output" >&2
	same status "$status" 0
}

@test "the same seed draws the same, and every value can be given" {
	local arch line
	for arch in arm64 ppc64le; do
		line=$("$boots/random" --draw --arch=$arch 7)
		same "drawn again" "$("$boots/random" --draw --arch=$arch 7)" "$line"
		[[ $line != "$("$boots/random" --draw --arch=$arch 8)" ]]
	done
	[[ $("$boots/random" --draw 7 smp=3 cpu=max) = *" smp=3 "*" cpu=max "* ]]
	run "$boots/random" --draw 7 nobody=3
	same "a value that there is not" "$status $output" "1 no such value: nobody"
}

@test "2000 draws of each target: sound sizes, and all kinds of requests occur" {
	run python3 -B "$boots/spread.py" 2000
	printf '%s\n' "$output" >&2
	same status "$status" 0
}

@test "what a boot is judged by: each defect in a sound console is found" {
	run python3 -B "$boots/defects.py"
	printf '%s\n' "$output" >&2
	same status "$status" 0
}

@test "arm64: three random boots" { all --arch=arm64 --first=1001 1 && all --arch=arm64 --first=1004 2; }
@test "ppc64le: three random boots" { all --arch=ppc64le --first=1001 3; }
@test "whatever failed once" { all --rows; }
