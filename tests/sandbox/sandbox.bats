#!/usr/bin/env bats
# The child that reads files can do nothing else, and what it says is not believed: a build whose
# parser has been taken over tries.

# shellcheck disable=SC2034,SC2154  # helpers.bash sets these
load ../helpers

# taken_over ARCH COMPILER...: the program for ARCH with tests/sandbox/attack.c in it, and
# libraries.
taken_over() {
	local dir=$run_dir/attack/$1
	make -s B="$dir" ARCH="$1" CFLAGS=-Os
	"${@:2}" -std=c11 -D_GNU_SOURCE -Os -Wall -Wextra -c -o "$dir/attack.o" tests/sandbox/attack.c
	# shellcheck disable=SC2046  # a list
	"${@:2}" -static -no-pie -s -o "$dir/kexec-lite" $(find "$dir/$1" -name '*.o') "$dir/attack.o" \
		-Wl,--wrap=plan_draft "${libraries[@]}"
}

setup_file() {
	[[ ! -e $bin_dir/host/kexec-lite-attacked ]] || return 0
	local libraries
	libraries=("$(gcc -print-file-name=libfdt.a)")
	taken_over host musl-gcc
}

setup() {
	cd "$top" || return
	attacked=$bin_dir/host/kexec-lite-attacked
	[[ -e $attacked ]] || attacked=$run_dir/attack/host/kexec-lite
}

# attack WHAT [OPTION...]: in $status, $output
attack() {
	# shellcheck disable=SC2016  # for the shell that it starts
	run env ATTACK="$1" bash -c 'bin=$1; shift; . tests/helpers.bash; host_bin=$bin; planned virt-6.1 --plan "$@"' \
		- "$attacked" "${@:2}"
}

@test "without an attack it plans as the program does" {
	attack none
	same status "$status" 0
	diff -u <(planned virt-6.1 --plan) <(echo "$output")
}

@test "files, network, programs, processes and memory: the child dies" {
	local call bad=0
	for call in open socket execve kill ptrace fork mmap kexec segv; do
		attack "$call"
		[[ $status -eq 9 && $output = "kexec-lite: cannot load the kernel: the process that read it was killed: "*Image ]] ||
			{ bad=1 && echo "$call: $status $output"; }
	done
	((bad == 0))
}

@test "the same calls come back without the sandbox" {
	local call
	for call in open socket mmap; do
		attack "$call" --no-sandbox
		[[ $status -eq 0 && $output = *"came back"* ]] || fail_with "$call: $status $output"
	done
}

@test "lies about the plan: none is believed" {
	local about bad=0
	for about in kept data length count piece parts initrds cmdline entry words stub fewer empty initrd kernel; do
		attack "$about"
		[[ $status -eq 16 && $output = "kexec-lite: cannot trust the plan: "* && ${#lines[@]} -eq 1 ]] ||
			{ bad=1 && echo "$about: $status $output"; }
	done
	((bad == 0))
}

@test "an error is not believed either: its code is documented, nothing in it reaches a terminal raw" {
	attack error
	same status "$status" 16
	[[ $output != *$'\e'* && $output = "kexec-lite: cannot ??"* ]] || fail_with "$output"
	attack code
	refused 16 "be believed"
}

@test "of a plan the child makes no system call but its end" {
	host_bin=$BATS_TEST_TMPDIR/traced
	printf '#!/bin/sh\nexec strace -f -o %s %s "$@"\n' "$BATS_TEST_TMPDIR/calls" "$bin_dir/host/kexec-lite" >"$host_bin"
	chmod +x "$host_bin"
	planned virt-6.1 --plan >/dev/null
	same "calls behind seccomp" "$(awk '/PR_SET_SECCOMP/ { pid = $1; next } $1 == pid && !/resumed/ { sub(/\(.*/, "", $2); print $2 }' \
		"$BATS_TEST_TMPDIR/calls" | sort -u | paste -sd' ')" "+++ exit_group"
}

# ---- in guests: the calls' numbers are each architecture's own

# boot_attacked NAME
boot_attacked() {
	local dir=$run_dir/$1 arch compiler machine options=() libraries=()
	case $1 in
	confine-arm64) arch=arm64 compiler=aarch64-linux-gnu-gcc machine=(virt-1) ;;
	confine-ppc64) arch=ppc64le compiler=powerpc64le-linux-gnu-gcc machine=(pseries) options=(-mlong-double-64) ;;
	esac
	local specs=-specs=$top/build/lab/sysroot/$arch/lib/musl-gcc.specs
	taken_over $arch $compiler "$specs" "${options[@]}"
	echo "open socket execve kill ptrace fork kept" >"$dir/attacks"
	"$lab/initramfs" $arch "$dir/run.cpio" "$top/tests/guest/confine:lab/run" "$dir/attacks:boot/attacks" \
		"$bin_dir/$arch/kexec-lite:bin/kexec-lite" "$run_dir/attack/$arch/kexec-lite:bin/attacked" \
		"$("$lab/kernel" $arch-6.1):boot/kernel"
	"$lab/run" "${machine[@]}" "$("$lab/kernel" $arch-6.1)" "$dir/run.cpio" quiet "$dir/log"
}

# confined NAME: with neither landlock nor seccomp missing, and each attack in vain.
confined() {
	local attack
	log=$run_dir/$1/log
	once "$1" boot_attacked
	same load "$(step run load)" "rc=0 loaded=1"
	same "what is missing" "$(of_stage run | grep '^[0-9]*:.*without')" ""
	for attack in open socket execve kill ptrace fork; do
		same "$attack" "$(step run $attack)" "rc=9 loaded=0"
		same "$attack" "$(of_stage run | sed -n "s/^STEP-STDERR $attack //p")" \
			"kexec-lite: cannot load the kernel: the process that read it was killed: /boot/kernel"
	done
	same kept "$(step run kept)" "rc=16 loaded=0"
}

@test "arm64, Linux 6.1: confined, and nothing is loaded" { confined confine-arm64; }
@test "ppc64, Linux 6.1: confined, and nothing is loaded" { confined confine-ppc64; }
