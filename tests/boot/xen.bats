#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# The control domain of Xen on arm64: refused, since the next kernel would panic, unless that is not
# told of Xen.

# shellcheck disable=SC2034,SC2154  # helpers.bash sets these
load ../helpers

boot_xen() {
	local dir=$run_dir/$1 kernel
	kernel=$("$lab/kernel" arm64-6.1)
	make_image "$dir/good"
	head -c 100000 /dev/zero >"$dir/initrd"
	next_append second >"$dir/append"
	"$lab/initramfs" arm64 "$dir/run.cpio" "$lab/report:lab/report" "$top/tests/guest/file-call:lab/run" \
		"$guest_bin:bin/kexec-lite" "$dir/good:boot/Image" "$dir/initrd:boot/initrd" \
		"$dir/append:boot/append"
	"$lab/run" virt-xen "$kernel" "$dir/run.cpio" quiet "$dir/log"
}

# The next kernel is the same one, and not told of Xen. Its console would be Xen's, or Xen's UART: with
# either on its command line it had none, and its init no /dev/console.
boot_hidden() {
	local dir=$run_dir/$1 kernel
	kernel=$("$lab/kernel" arm64-6.1)
	echo "panic=-1 lab.stage=second quiet" >"$dir/append"
	"$lab/initramfs" arm64 "$dir/second.cpio" "$top/tests/guest/xen:lab/run"
	"$lab/initramfs" arm64 "$dir/run.cpio" "$lab/report:lab/report" "$top/tests/guest/xen:lab/run" \
		"$guest_bin:bin/kexec-lite" "$kernel:boot/Image" "$dir/second.cpio:boot/initrd" \
		"$dir/append:boot/append"
	"$lab/run" virt-xen "$kernel" "$dir/run.cpio" quiet "$dir/log"
}

setup() {
	log=$run_dir/xen/log
	once xen boot_xen
}

# refusal STEP LOADED
refusal() {
	same "$1" "$(step run "$1")" "rc=17 stdout=0 loaded=$2"
	same "$1" "$(of_stage run | sed -n "s/^STEP-STDERR $1 //p")" \
"kexec-lite: cannot load a kernel: under Xen on arm64 the next kernel panics in xen_guest_init
kexec-lite: nothing was loaded: Xen keeps the CPUs' info pages; --hide-xen loads a kernel that does not see Xen"
}

@test "a load is refused, and nothing is loaded" {
	same status "$(step run status)" "rc=0 stdout=0 loaded=0"
	refusal load 0
}

@test "a plan is shown all the same" {
	[[ $(step run plan) = "rc=0 stdout="*" loaded=0" ]] || fail_with "$(step run plan)"
}

@test "--force-xen loads, and only that" {
	same load "$(step run force)" "rc=0 stdout=0 loaded=1"
	same status "$(step run force-status)" "rc=1 stdout=0 loaded=1"
	refusal again 1
}

@test "unload works" {
	same unload "$(step run unload)" "rc=0 stdout=0 loaded=0"
	same status "$(step run unloaded)" "rc=0 stdout=0 loaded=0"
}

@test "--hide-xen: the next kernel has all CPUs, and powers the domain off" {
	once hidden boot_hidden
	log=$run_dir/hidden/log
	same CPUs "$(fact run cpus_online)" 0-1
	same hide "$(step run hide)" loaded=1
	same warning "$(of_stage run | sed -n "s/^STEP-STDERR hide //p")" \
"kexec-lite: warning: the next kernel has no console, disk or network of Xen, which goes on using pages of this one"
	same returned "$(step run returned)" ""
	same "Xen's word" "$(grep -o 'Hardware Dom0 halted: halting machine\|Hardware Dom0 shutdown: rebooting machine' "$log")" \
		"Hardware Dom0 halted: halting machine"
}
