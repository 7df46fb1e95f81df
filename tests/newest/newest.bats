#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# The newest kernel that Debian has the sources of (tests/lab/kernel arm64-newest), with kexec handover on:
# not in `make check`, since not every mirror has it, but in `make newest`. See tests/guest/handover.

# shellcheck disable=SC2034,SC2154  # helpers.bash sets these
load ../helpers
load ../guest/helpers-crash

# boot_handover NAME: handover-told, -untold (handover's debugfs is not there), -locked; -kept, -dropped:
# an initrd that has room, and memory and measurements to be handed on
boot_handover() {
	local dir=$run_dir/$1 kernel peer ram=1G
	kernel=$("$lab/kernel" arm64-newest)
	mapfile -t peer < <("$lab/peer" arm64)
	# where nobody foresees it, memory for all the copies that kexec_file_load makes
	[[ $1 != handover-untold ]] || ram=2G
	next_append second >"$dir/append"
	echo "${1#*-}" >"$dir/told"
	"$lab/initramfs" arm64 "$dir/second.cpio" "$lab/report:lab/report" "$top/tests/guest/handover:lab/run"
	"$lab/initramfs" arm64 "$dir/run.cpio" "$lab/report:lab/report" "$top/tests/guest/handover:lab/run" \
		"$guest_bin:bin/kexec-lite" "$kernel:boot/Image" "$dir/second.cpio:boot/initrd" \
		"$dir/append:boot/append" "$dir/told:boot/told" "${peer[@]}"
	"$lab/run" virt "$kernel" "$dir/run.cpio" "quiet kho=on" "$dir/log" -m $ram
}

handover() {
	log=$run_dir/handover-$1/log
	once "handover-$1" boot_handover
}

# tried STEP CODE LOADED [LINE]...: that step, and what it said on stderr.
tried() {
	same "$1" "$(step run "$1")" "rc=$2 loaded=$3"
	same "$1" "$(of_stage run | sed -n "s/^STEP-STDERR $1 //p")" "$(printf '%s\n' "${@:4}")"
}

# handover's own test is built in, and has always kept something
kept="kexec-lite: warning: kexec_load leaves behind: memory kept by kexec handover: -s hands it on"
used="kexec-lite: kexec_load is used: kexec_file_load finds no room"

@test "kexec handover, an initrd of 300 MB on 1 GiB: kexec_load by default, and the next kernel is up" {
	handover told
	tried default 0 1 "$kept" "$used in kexec handover's scratch memory"
	same plan "$(of_stage run | sed -n 's/^STEP-PLAN //p')" \
		"call     kexec_load, 4 segments"$'\n'"why      the other finds no room"
	same "command line" "$(fact second cmdline)" "$(next_append second)"
}

@test "kexec handover: -s says how much scratch memory there is, and what to do" {
	local mib=0 area
	handover told
	for area in $(of_stage run | sed -n 's/^SCRATCH //p'); do mib=$((mib + area / 1048576)); done
	tried file 8 0 "kexec-lite: cannot load a kernel: kexec handover has no room for it: $mib MiB of scratch memory" \
		"kexec-lite: nothing was loaded: boot this kernel with a larger kho_scratch=, or with kho=off"
}

@test "kexec handover: kexec-tools does not load there" {
	handover told
	[[ $(step run peer) = "rc=255 loaded=0" ]] || fail_with "$(step run peer)"
}

@test "kexec handover and lockdown: refused with and without -s, and a small initrd loads" {
	handover locked
	for step in locked locked-file; do
		same "$step" "$(step run $step)" "rc=8 loaded=0"
		[[ $(of_stage run) = *"STEP-STDERR $step kexec-lite: cannot load a kernel: kexec handover has no room"* ]] ||
			fail_with "$(of_stage run)"
	done
	tried locked-small 0 1
}

@test "kexec handover that is not told of: the kernel says that it has no room, and kexec_load is used" {
	handover untold
	tried default 0 1 "$used"
	tried file 8 0 "kexec-lite: cannot load a kernel: no hole for it, says the running kernel" \
		"kexec-lite: nothing was loaded: -c places by itself, and kexec-lite --plan -c shows where"
	same "command line" "$(fact second cmdline)" "$(next_append second)"
}

left="kexec-lite: warning: kexec_load leaves behind: memory kept by kexec handover, IMA's measurements: -s hands it on"

@test "what is handed on: kexec_file_load by default, and the next kernel has it" {
	handover kept
	tried load 0 1 "$left"
	tried default 0 1
	same plan "$(of_stage run | sed -n 's/^STEP-PLAN //p')" \
		"call     kexec_file_load, which places kernel and initrd itself
why      the other hands nothing on to the next kernel"
	[[ $(of_stage second) = *"IN KHO restore succeeded"* ]] || fail_with "$(of_stage second | grep '^IN')"
	(($(of_stage second | sed -n 's/^IN measurements=//p') >= $(fact run measurements))) ||
		fail_with "$(of_stage second | grep '^IN'), $(fact run measurements) before"
}

@test "what is left behind: a warning with -c, and the next kernel has nothing" {
	handover dropped
	tried dropped 0 1 "$left"
	[[ $(of_stage second) != *"IN KHO restore"* ]] || fail_with "$(of_stage second | grep '^IN')"
	same "measurements" "$(of_stage second | sed -n 's/^IN measurements=//p')" 1
}

# As in tests/guest/helpers-crash.bash: with memory that the crash kernel shares, and with it as both.
crash_table+='
newest    arm64   virt-1       newest   newest   256M 0 lab.dump=1 - - -m 2G
cma       arm64   virt-1       newest   newest   128M 0 crashkernel=512M,cma lab.dump=1 - -m 2G
'

@test "a crash kernel, and its dump" { crashed newest; }
@test "a crash kernel that shares memory, and its dump" { crashed cma; }
@test "a crash kernel has all of what it shares" {
	local area all=0
	in_crash cma
	while read -r _ area end _; do all=$((all + 0x$end + 1 - 0x$area)); done < <(of_stage run | grep ' CMA$')
	same "shared by the first kernel" "$((all >> 20))" 512
	(($(fact crash memory_kb) > 512 * 1024)) || fail_with "it has $(fact crash memory_kb) KiB"
}

# boot_newest_chain NAME: two jumps, to Linux 6.12 and back
boot_newest_chain() {
	local dir=$run_dir/$1
	chain_initramfs "$dir" arm64-newest arm64-6.12 arm64-newest
	"$lab/run" virt "$("$lab/kernel" arm64-newest)" "$dir/run.cpio" quiet "$dir/log"
}

@test "to Linux 6.12 and back" {
	local stage
	log=$run_dir/newest-chain/log
	once newest-chain boot_newest_chain
	[[ $(fact second kernel) = 6.12.* ]] || fail_with "second: $(fact second kernel)"
	same "third" "$(fact third kernel)" "$(fact run kernel)"
	for stage in second third; do
		same "$stage, command line" "$(fact $stage cmdline)" "$(next_append $stage)"
		same "$stage, CPUs" "$(fact $stage cpus)" "$(fact run cpus)"
	done
}
