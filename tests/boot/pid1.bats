#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# A kernel loaded as petitboot does it, then kexec -f -e as the first process: the restart action of
# busybox init, its standard files on /dev/null, /proc and /sys unmounted. One boot per architecture: the first kernel has something loaded and jumps, the
# second has nothing loaded. See tests/guest/pid1.

# shellcheck disable=SC2034,SC2154  # helpers.bash and bats set these
load ../helpers

append_of() { printf 'console=%s panic=-1 quiet lab.stage=%s word="two  words -- here"' "$1" "$2"; }

boot_pid1() {
	local arch=${1#pid1-} dir=$run_dir/$1 machine=virt console=ttyAMA0 qemu=() kernel files
	[[ $arch = arm64 ]] || machine=pseries console=hvc0 qemu=(-machine x-vof=on)
	kernel=$("$lab/kernel" "$arch-6.1")
	append_of "$console" second >"$dir/append"
	files=("$top/tests/guest/pid1:init" "$top/tests/guest/pid1:lab/run" "$lab/report:lab/report"
		"$top/tests/guest/inittab:etc/inittab" "$bin_dir/$arch/kexec-lite:sbin/kexec")
	"$lab/initramfs" "$arch" "$dir/second.cpio" "${files[@]}"
	"$lab/initramfs" "$arch" "$dir/run.cpio" "${files[@]}" "$kernel:boot/Image" \
		"$dir/second.cpio:boot/initrd" "$dir/append:boot/append"
	"$lab/run" "$machine" "$kernel" "$dir/run.cpio" quiet "$dir/log" "${qemu[@]}"
}

first_process() {
	log=$run_dir/pid1-$1/log
	once "pid1-$1" boot_pid1
}

reboots() {
	first_process "$1"
	same "load" "$(step run load)" "rc=0 line="
	same "before" "$(step run restart)" "name=init loaded=1"
	same "command line" "$(fact second cmdline)" "$(append_of "$2" second)"
	same CPUs "$(fact second cpus_online)" "$(fact run cpus_online)"
	same "warnings" "$(fact second warnings)" "$(fact run warnings)"
}

# Neither a panic, which resets the machine, nor an end: the watcher powers the machine off.
stays() {
	first_process "$1"
	same "before" "$(step second restart)" "name=init loaded=0"
	same "what init's umount -a -r left" "$(step second mounted)" "proc=/proc/* sys=/sys/*"
	same "first process" "$(step second first)" "name=kexec state=S"
	same "kernel log" "$(of_stage second | sed -n 's/^STEP-LOG //p')" \
"kexec-lite: cannot start a kernel: none is loaded
kexec-lite: nothing was started: load a kernel first, with kexec-lite --load"
	# and on a console that shows emergencies only
	of_stage second | tr -d '\r' | grep -q '^\[[ 0-9.]*\] kexec-lite: cannot start a kernel: none is loaded$' ||
		fail_with "not on the console"
	same "end of the log" "$(grep -c '^LAB exit=0$' "$log")" 1
}

@test "arm64: petitboot's load, then the restart action of init reboots into the loaded kernel" { reboots arm64 ttyAMA0; }
@test "ppc64: petitboot's load, then the restart action of init reboots into the loaded kernel" { reboots ppc64le hvc0; }
@test "arm64: with nothing loaded, without /proc and /sys, it says so and stays" { stays arm64; }
@test "ppc64: with nothing loaded, without /proc and /sys, it says so and stays" { stays ppc64le; }
