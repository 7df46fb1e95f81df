#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# The child that reads files can do nothing else, and what it says is not believed: a build whose
# reader has been taken over tries, with each libc.

# shellcheck disable=SC2034,SC2154  # helpers.bash sets these
load ../helpers
load ../faults/helpers

wrapped=-Wl,--wrap=plan_draft,--wrap=message_encode

# attacker DIR COMPILER...: tests/sandbox/attack.c as an object, and where it is.
attacker() {
	mkdir -p "$1"
	"${@:2}" -std=c11 -D_GNU_SOURCE -I. -Os -Wall -Wextra -c -o "$1/attack.o" tests/sandbox/attack.c
	echo "$1/attack.o"
}

# taken_over BUILD: a program of this machine with tests/sandbox/attack.c in it.
taken_over() {
	local dir=$run_dir/attack/$1 object compiler=(gcc) options=()
	[[ ! -e $dir/kexec-lite ]] || return 0
	case $1 in
	glibc) ;;
	glibc-static) options=(-static) ;;
	musl)
		compiler=(musl-gcc -idirafter /usr/include)
		options=(-static)
		;;
	esac
	object=$(attacker "$dir" "${compiler[@]}")
	set -- BUILD="$dir" CC="${compiler[*]}" LDFLAGS="${options[*]} $wrapped" LDLIBS="$object"
	# of the libraries, one that a program with any libc can take
	[[ ${compiler[0]} = gcc ]] ||
		set -- "$@" ZSTD= XZ= LZ4= LIBS="$(gcc -print-file-name=libfdt.a) $(gcc -print-file-name=libz.a)"
	make -s -j2 "$@" >/dev/null
}

setup_file() {
	local build
	[[ ! -e $bin_dir/host/kexec-lite-attacked ]] || return 0
	for build in musl glibc glibc-static; do taken_over $build; done
}

setup() {
	cd "$top" || return
	builds=("$run_dir"/attack/{musl,glibc,glibc-static}/kexec-lite)
	[[ ! -e $bin_dir/host/kexec-lite-attacked ]] || builds=("$bin_dir/host/kexec-lite-attacked")
}

# attack PROGRAM WHAT [OPTION...]: in $status, $output
attack() {
	# shellcheck disable=SC2016  # for the shell that it starts
	run env ATTACK="$2" bash -c 'bin=$1; shift; . tests/helpers.bash; host_bin=$bin; planned virt-6.1 --plan "$@"' \
		- "$1" "${@:3}"
}

@test "without an attack it plans as the program does" {
	for build in "${builds[@]}"; do
		attack "$build" none
		same status "$status" 0
		diff -u <(planned virt-6.1 --plan) <(echo "$output")
	done
}

@test "long lists: a tree that reserves 60 areas (glibc before 2.37 asks for the size of memory to sort them)" {
	local build dts i
	dts='/dts-v1/; / { #address-cells = <2>; #size-cells = <2>; memory@40000000 { device_type = "memory";
		reg = <0 0x40000000 0 0x40000000>; }; reserved-memory { #address-cells = <2>; #size-cells = <2>; ranges;'
	for ((i = 0; i < 60; i++)); do
		dts+=$(printf ' a@%x { reg = <0 0x%x 0 0x1000>; };' $((0x50000000 + i * 65536)){,})
	done
	dtc -q -I dts -O dtb -o "$BATS_TEST_TMPDIR/long.dtb" - <<<"$dts }; };"
	for build in "${builds[@]}"; do
		attack "$build" none --dtb "$BATS_TEST_TMPDIR/long.dtb"
		same "status of $build" "$status" 0
	done
}

@test "files, network, programs, processes and memory: the child dies" {
	local build call bad=0
	for build in "${builds[@]}"; do
		for call in open socket execve kill ptrace fork kexec write segv mmap mmap-file mprotect hwpoison soft-offline mergeable; do
			attack "$build" $call
			[[ $status -eq 9 && $output = "kexec-lite: cannot load the kernel: the sandbox was killed: "*Image ]] ||
				{ bad=1 && echo "$build $call: $status $output"; }
		done
	done
	((bad == 0))
}

@test "memory is given back at once or not at all" {
	local build
	for build in "${builds[@]}"; do
		attack "$build" free
		[[ $status -eq 0 && $output != *"came back"* ]] || fail_with "$build: $status $output"
	done
}

@test "the same calls come back without the sandbox" {
	local call
	for call in open socket mmap free mergeable; do
		attack "${builds[0]}" $call --no-sandbox
		[[ $status -eq 0 && $output = *"came back"* ]] || fail_with "$call: $status $output"
	done
}

@test "the child has no capability and cannot get one" {
	local build parent child
	for build in "${builds[@]}"; do
		# shellcheck disable=SC2016  # for the shell that it starts
		ATTACK=spin bash -c '. tests/helpers.bash; host_bin=$1; planned virt-6.1 --plan' - "$build" &
		parent=$!
		child=
		for _ in {1..100}; do
			sleep 0.1
			child=$(pgrep -f "^$build" | tail -n 1)
			[[ -n $child ]] && grep -q '^Seccomp:.*2' "/proc/$child/status" && break
		done
		run grep -E '^(Cap(Inh|Prm|Eff|Amb)|NoNewPrivs|Seccomp):' "/proc/$child/status"
		kill -KILL "$child"
		wait $parent || true
		same "what it may" "$(tr -d '\n\t ' <<<"$output")" \
			CapInh:0000000000000000CapPrm:0000000000000000CapEff:0000000000000000CapAmb:0000000000000000NoNewPrivs:1Seccomp:2
	done
}

# The lie, and what is said of it.
lies='
cmdline          trust the sandbox: it swapped the command line
cmdline-tree     trust the plan: bootargs in its device tree is wrong
initrd           trust the sandbox: it swapped an initrd
initrd-more      trust the sandbox: it swapped the initrd
initrd-none      trust the plan: a piece is missing (is-its-file)
kernel           trust the sandbox: it swapped the kernel
kernel-made      trust the sandbox: it swapped the kernel
kernel-unpacked  trust the sandbox: it swapped the kernel
kernel-cut       trust the sandbox: it swapped the kernel
kernel-part      trust the sandbox: it swapped a part of the kernel
kernel-segment   trust the sandbox: it swapped a part of the kernel
dtb              trust the sandbox: it swapped the device tree
stub             trust the sandbox: it changed the stub
wraps-data       trust the sandbox: it named bytes that are in no file
length           trust the sandbox: it named bytes that are in no file
source           trust the sandbox: it named bytes that are in no file
wraps            trust the plan: the initrd wraps (no-wrap)
count            trust the sandbox: it miscounted the segments
node             trust the sandbox: it named a NUMA node that cannot be
piece            trust the sandbox: it named a piece that is unknown
parts            trust the sandbox: it miscounted the parts of the kernel
entry            trust the plan: it starts outside of what is loaded (entry-in-segment)
'

@test "lies are named, and none is believed" {
	local build about sentence bad=0
	for build in "${builds[@]}"; do
		while read -r about sentence; do
			attack "$build" "$about"
			[[ $status -eq 16 && $output = "kexec-lite: cannot $sentence" ]] || { bad=1 && echo "$build $about: $status $output"; }
		done < <(sed '/^$/d' <<<"$lies")
	done
	((bad == 0))
}

@test "lies about a kernel for kexec_file_load are named as well" {
	local about
	make_image "$BATS_TEST_TMPDIR/Image"
	for about in cmdline initrd-more kernel kernel-made kernel-unpacked kernel-cut dtb; do
		run env ATTACK=$about "${builds[0]}" -s --plan --root "$machines/virt-6.1" --append=x "$BATS_TEST_TMPDIR/Image"
		refused 16 "$(sed -n "s/^$about  *//p" <<<"$lies")"
	done
}

@test "a plan for memory that failed is refused, whatever the child saw" {
	[[ $(uname -m) = x86_64 ]] || skip "machine lacks x86-64 calls, which inject answers"
	local plan at
	cd "$BATS_TEST_TMPDIR"
	(cd "$top" && gcc -O1 -D_GNU_SOURCE -o "$BATS_TEST_TMPDIR/inject" tests/faults/inject.c)
	make_image Image
	machine ARM virt-6.1
	plan() { ATTACK=blind ./inject -o -r "$PWD/ARM" -m aarch64 -- "${builds[0]}" -c "$@" --append=x Image; }
	at=$(plan --plan=json | sed '$d' | jq -r '.segments[] | select(.piece == "kernel").start')
	printf '\0\0\x08' | dd of=ARM/proc/kpageflags bs=1 seek=$((at / 512)) conv=notrunc status=none
	sed -i 's/^\(HardwareCorrupted: *\)0/\14/' ARM/proc/meminfo
	run plan -l
	same said "$output" "kexec-lite: cannot trust the plan: the kernel lies on memory that must be kept (not-poisoned)
did: nothing"
}

@test "an error is not believed either: its code is documented, nothing in it reaches a terminal raw" {
	local build
	for build in "${builds[@]}"; do
		attack "$build" error
		same status "$status" 16
		[[ $output != *$'\e'* && $output = "kexec-lite: cannot ??"* ]] || fail_with "$output"
		attack "$build" code
		refused 16 "be believed"
		attack "$build" state
		[[ $status -eq 9 && $output = *"was killed"* ]] || fail_with "$output"
	done
}

@test "of a plan the child makes no system call but for memory, and its end" {
	host_bin=$BATS_TEST_TMPDIR/traced
	printf '#!/bin/sh\nexec strace -f -o %s %s "$@"\n' "$BATS_TEST_TMPDIR/calls" "$bin_dir/host/kexec-lite" >"$host_bin"
	chmod +x "$host_bin"
	planned virt-6.1 --plan >/dev/null
	run awk '/PR_SET_SECCOMP/ { pid = $1; next } $1 == pid && !/resumed/ { sub(/\(.*/, "", $2); print $2 }' "$BATS_TEST_TMPDIR/calls"
	[[ $output = *"exit_group"*"+++" ]] || fail_with "$output"
	run grep -vxE 'mmap|munmap|mremap|mprotect|brk|madvise|exit_group|[+]{3}' <<<"$output"
	same "other calls" "$output" ""
}

# ---- in guests: the calls' numbers are each architecture's own

# boot_attacked NAME
boot_attacked() {
	local dir=$run_dir/$1 arch compiler machine object
	case $1 in
	confine-arm64) arch=arm64 compiler=aarch64-linux-gnu-gcc machine=(virt-1) ;;
	confine-ppc64) arch=ppc64le compiler="powerpc64le-linux-gnu-gcc -mlong-double-64" machine=(pseries) ;;
	esac
	# shellcheck disable=SC2086  # a list
	object=$(attacker "$dir" $compiler -specs="$top/build/lab/sysroot/$arch/musl.specs")
	# a linker that sees through everything would call plan_draft() itself, not what wraps it
	"$lab/make" $arch BUILD="$dir/attacked" CFLAGS=-Os LDFLAGS="-static-pie $wrapped" LDLIBS="$object"
	sed '/^$/d' <<<"$lies" >"$dir/lies"
	echo "open socket execve kill ptrace fork kexec mmap mprotect hwpoison soft-offline" >"$dir/attacks"
	"$lab/initramfs" $arch "$dir/run.cpio" "$top/tests/guest/confine:lab/run" "$dir/attacks:boot/attacks" \
		"$dir/lies:boot/lies" "$bin_dir/$arch/kexec-lite:bin/kexec-lite" "$dir/attacked/kexec-lite:bin/attacked" \
		"$("$lab/kernel" $arch-6.1):boot/kernel"
	"$lab/run" "${machine[@]}" "$("$lab/kernel" $arch-6.1)" "$dir/run.cpio" quiet "$dir/log"
}

# confined NAME: with neither landlock nor seccomp missing, and each attack in vain.
confined() {
	local attack sentence
	log=$run_dir/$1/log
	once "$1" boot_attacked
	same load "$(step run load)" "rc=0 loaded=1"
	same "what is missing" "$(of_stage run | grep '^[0-9]*:.*without')" ""
	for attack in open socket execve kill ptrace fork kexec mmap mprotect hwpoison soft-offline; do
		same "$attack" "$(step run $attack)" "rc=9 loaded=0"
		same "$attack" "$(of_stage run | sed -n "s/^STEP-STDERR $attack //p")" \
			"kexec-lite: cannot load the kernel: the sandbox was killed: /boot/kernel"
	done
	while read -r attack sentence; do
		same "$attack" "$(step run "$attack")" "rc=16 loaded=0"
		same "$attack" "$(of_stage run | sed -n "s/^STEP-STDERR $attack //p")" "kexec-lite: cannot $sentence"
	done < <(sed '/^$/d' <<<"$lies")
}

@test "arm64, Linux 6.1: confined, and nothing is loaded" { confined confine-arm64; }
@test "ppc64, Linux 6.1: confined, and nothing is loaded" { confined confine-ppc64; }
