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

@test "arm64: six random boots" { all --arch=arm64 --first=1001 6; }
@test "ppc64le: three random boots" { all --arch=ppc64le --first=1002 3; }
@test "ppc64le: a kernel that stays where it was loaded can load one that stays, too" {
	run "$boots/random" --arch=ppc64le 10 jumps=2 panic=no kernel.0=6.12 kernel.1=6.12-64k kernel.2=6.12 fw=vof \
		cpu=power8 mmu=hash threads=1 smp=2 numa=2 ram=1536 added=0 when=start mem.0=- crash=- wrap.1=raw initrds.1=gzip \
		call.1=default stay.1=yes words.1=append mem.1=- tree.1=- bounds.1=- prepare.1=- input.1=file wrap.2=raw \
		initrds.2=gzip call.2=default stay.2=yes words.2=append mem.2=- tree.2=- bounds.2=- prepare.2=- input.2=file
	printf '%s\n' "$output" >&2
	[[ $output = "ppc64le 10 passed "* ]]
}
@test "whatever failed once" { all --rows; }
