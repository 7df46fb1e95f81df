#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Which of the two calls loads, on a kernel that has both, without and with lockdown: a small
# kernel that the lab builds (tests/lab/kernel arm64-file). See tests/guest/file-call.

# shellcheck disable=SC2034,SC2154  # helpers.bash sets these
load ../helpers

file_call="call     kexec_file_load, which places kernel and initrd itself"

# boot_file NAME: file-open, file-lockdown: two kernels; file-probe: the probe is the second.
boot_file() {
	local dir=$run_dir/$1 kernel next extra=
	kernel=$("$lab/kernel" arm64-file)
	next=$kernel
	[[ $1 != file-lockdown ]] || extra=lockdown=integrity
	if [[ $1 = file-probe ]]; then
		"$lab/probe/build"
		next=$top/build/lab/probe/arm64.Image
	fi
	next_append second >"$dir/append"
	make_extra "$dir/extra"
	"$lab/initramfs" arm64 "$dir/second.cpio" "$lab/report:lab/report" "$top/tests/guest/stage:lab/run"
	"$lab/initramfs" arm64 "$dir/run.cpio" "$lab/report:lab/report" "$top/tests/guest/file-call:lab/run" \
		"$guest_bin:bin/kexec-lite" "$next:boot/Image" "$dir/second.cpio:boot/initrd" \
		"$dir/append:boot/append" "$dir/extra:boot/extra"
	"$lab/run" virt "$kernel" "$dir/run.cpio" "quiet $extra" "$dir/log"
}

booted() {
	log=$run_dir/file-$1/log
	once "file-$1" boot_file
}

# said STEP, plan STEP: its stderr, the call and the reason of its plan.
said() { of_stage run | sed -n "s/^STEP-STDERR $1 //p"; }
plan() { of_stage run | sed -n "s/^STEP-PLAN $1 //p"; }

# failed STEP CODE SENTENCE [HINT]: and nothing is loaded.
failed() {
	local want="kexec-lite: cannot $3"
	[[ $# -lt 4 ]] || want+=$'\n'"kexec-lite: $4"
	same "$1" "$(step run "$1")" "rc=$2 stdout=0 loaded=0"
	same "$1" "$(said "$1")" "$want"
}

# passed STEP CALL WHY [STDERR]
passed() {
	same "$1" "$(step run "$1")" "rc=0 stdout=0 loaded=1"
	same "$1, plan" "$(plan "$1")" "$2"$'\n'"why      $3"
	same "$1, stderr" "$(said "$1")" "${4-}"
}

warning="kexec-lite: warning: --dtb is ignored: kexec_file_load takes no device tree"

@test "the kernel's own file loader is the default" {
	booted open
	same "the plan" "$(plan plan)" "$file_call"$'\n'"why      the kernel passes the tree itself"
	[[ $(plan json) = *kexec_file_load* ]] || fail_with "json: $(plan json)"
	passed debug "$file_call" "the kernel passes the tree itself"
	passed auto "$file_call" "the kernel passes the tree itself"
}

@test "-s and -c decide" {
	booted open
	passed file "$file_call" "asked for"
	passed load "call     kexec_load, 4 segments" "asked for"
	failed both 2 "read the options: -c and -s exclude each other" "nothing was done: see kexec-lite --help"
}

@test "options that take a plan of our own go through kexec_load" {
	booted open
	passed tree "call     kexec_load, 4 segments" "an option takes a plan of our own"
	passed bound "call     kexec_load, 4 segments" "an option takes a plan of our own"
}

@test "-s --dtb warns and loads, -s --mem-max fails" {
	local boot
	for boot in open lockdown; do
		booted $boot
		passed tree-file "$file_call" "asked for" "$warning"
		failed bound-file 2 "honour --mem-max: not by kexec_file_load (-s)" \
			"nothing was loaded: leave out -s or --mem-max"
	done
}

@test "what the default loads boots, with command line, CPUs and memory" {
	booted open
	same load "$(step run limit-1)" "rc=0 stdout=0 loaded=1"
	same "after the jump" "$(step run returned)" ""
	handed_over run second
}

@test "two initrds in one file for kexec_file_load: the next kernel has the files of both" {
	booted open
	passed two "$file_call" "asked for"
	same extra "$(fact second extra)" "seen by the next kernel"
}

@test "the next kernel has the tree in x0, with the MMU off" {
	booted probe
	local value
	value=$(sed -n 's/^PROBE fdt=//p' "$log")
	[[ $value = "d00dfeed "* ]] || fail_with "tree: $value"
	value=$(sed -n 's/^PROBE x0=//p' "$log")
	((value > 0 && value % 8 == 0)) || fail_with "x0: $value"
	same x1 "$(sed -n 's/^PROBE x1=//p' "$log")" 0x0000000000000000
	same MMU "$(sed -n 's/^PROBE mmu=//p' "$log")" 0
}

@test "a load is one call: a limit of two is two loads" {
	booted open
	same first "$(step run limit-2)" "rc=0 stdout=0 loaded=1"
	same second "$(step run limit-1)" "rc=0 stdout=0 loaded=1"
	same third "$(step run limit-0)" "rc=11 stdout=0 loaded=1"
	same third "$(said limit-0)" \
"kexec-lite: cannot load a kernel: kernel.kexec_load_limit_reboot is used up
kexec-lite: nothing was done: only a reboot lifts the load limit"
}

@test "a file that is open for writing" {
	booted open
	failed open 3 "load a kernel: a file is open for writing" \
		"nothing was loaded: close the file, or load a copy of it"
}

@test "lockdown: the machine of this test is locked down" {
	booted lockdown
	same lockdown "$(step run lockdown)" "none [integrity] confidentiality"
	booted open
	same lockdown "$(step run lockdown)" "[none] integrity confidentiality"
}

@test "lockdown: the default loads and boots" {
	booted lockdown
	same "the plan" "$(plan plan)" "$file_call"$'\n'"why      the running kernel allows no kexec_load"
	passed debug "$file_call" "the running kernel allows no kexec_load"
	same load "$(step run limit-1)" "rc=0 stdout=0 loaded=1"
	handed_over run second
}

@test "lockdown: -c names it" {
	booted lockdown
	failed load 11 "load a kernel: lockdown (integrity) forbids kexec_load" \
		"nothing was loaded: without -c, kexec_file_load is used, which takes a signed kernel"
}

@test "lockdown: --dtb and --mem-max name it" {
	booted lockdown
	failed tree 11 "honour --dtb: lockdown (integrity) forbids kexec_load" \
		"nothing was loaded: without --dtb, kexec_file_load is used"
	failed bound 11 "honour --mem-max: lockdown (integrity) forbids kexec_load" \
		"nothing was loaded: without --mem-max, kexec_file_load is used"
}

@test "unload and status, without and with lockdown" {
	local boot
	for boot in open lockdown; do
		booted $boot
		same "$boot: status" "$(step run status)" "rc=0 stdout=0 loaded=0"
		same "$boot: load" "$(step run reload)" "rc=0 stdout=0 loaded=1"
		same "$boot: unload" "$(step run unload)" "rc=0 stdout=0 loaded=0"
		same "$boot: status" "$(step run unloaded)" "rc=0 stdout=0 loaded=0"
	done
}
