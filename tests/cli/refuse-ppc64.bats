#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# What is refused on ppc64: the exact sentence, the exit code (src/error.h), nothing on
# stdout. First on this machine with captured ones (--root), then in a guest, where the
# kernel that was loaded before is still loaded after three refusals, and boots.

# shellcheck disable=SC2030,SC2031,SC2034,SC2154  # helpers.bash and bats set these; each test is a shell of its own
load ../helpers
load ../guest/helpers-ppc64

setup() {
	cd "$BATS_TEST_TMPDIR" || return
}

# plan ARGUMENT...: runs kexec-lite for a captured machine; $output joins stderr and stdout.
plan() {
	run "$host_bin" --plan --root "$machines/${machine-pseries}" "$@"
}

# kernel ARGUMENT...: a made-up kernel k, planned.
kernel() {
	make_image k "$@"
	plan k
}

# accepted: the plan was made, and stderr (joined in $output) is not in the way.
accepted() {
	same status "$status" 0
	[[ $output = "ppc64 machine, "* ]]
}

# kernel_at: where that plan put the kernel.
kernel_at() { sed -n 's/^kernel  *\(0x[0-9a-f]*\) .*/\1/p' <<<"$output"; }

@test "a plain kernel is accepted" {
	kernel
	accepted
}

@test "not a kernel: nothing, zeros, zeros in gzip, less than a header" {
	: >empty
	plan empty
	refused 4 "load the kernel: the file is empty: empty"
	truncate -s 4096 zeros
	plan zeros
	refused 4 "load the kernel: not a kernel for ppc64, or corrupt: zeros"
	gzip -nc zeros >zeros.gz
	plan zeros.gz
	refused 4 "load the kernel: not a kernel for ppc64, or corrupt: zeros.gz"
	kernel --cut 63
	refused 4 "load the kernel: truncated in its header: k"
}

@test "a 32-bit ELF file" {
	kernel --set class=1
	refused 5 "load the kernel: a 32-bit ELF file: k"
}

@test "a kernel of another architecture: arm64 Image, ELF of x86 and of arm64" {
	python3 "$top/tests/plan/image" arm
	plan arm
	refused 5 "load the kernel: an arm64 kernel, and this is ppc64: arm"
	gzip -nc arm >arm.gz
	plan arm.gz
	refused 5 "load the kernel: an arm64 kernel, and this is ppc64: arm.gz"
	local elf="an ELF file, and this is ppc64"
	kernel --set machine=62
	refused 5 "load the kernel: $elf: k"
	kernel --set machine=183
	refused 5 "load the kernel: $elf: k"
	ln -s "$host_bin" x86
	plan x86
	refused 5 "load the kernel: $elf: x86"
}

@test "a program with an interpreter" {
	kernel --header 3:0x10000:0:0:16:16
	refused 5 "load the kernel: a program with an interpreter: k"
}

@test "FreeBSD's kernels name an interpreter that is none" {
	kernel --header 3:0x10000:0:0:16:16
	printf '/red/herring\0' | dd of=k bs=1 seek=65536 conv=notrunc status=none
	plan k
	accepted
}

@test "a static program of this machine is no kernel" {
	ln -s "$guest_bin" program
	plan program
	refused 5 "load the kernel: a program, not a kernel: program"
}

@test "a relocatable object, a core file" {
	kernel --set type=1
	refused 5 "load the kernel: an object or core file: k"
	kernel --set type=4
	refused 5 "load the kernel: an object or core file: k"
}

@test "cut short: inside a segment, inside the program headers" {
	kernel --cut 2M
	refused 4 "load the kernel: cut short inside a segment: k"
	kernel --cut 100
	refused 4 "load the kernel: truncated: k"
	kernel --set phoff=4M
	refused 4 "load the kernel: truncated: k"
}

@test "half of a stock kernel, its header alone" {
	local stock
	stock=$("$lab/kernel" ppc64le-6.1)
	head -c 16000000 "$stock" >half
	plan half
	refused 4 "load the kernel: cut short inside a segment: half"
	head -c 64 "$stock" >header
	plan header
	refused 4 "load the kernel: truncated: header"
}

@test "program headers that cross" {
	kernel --load 0:2M:2M --load 1M:2M:2M
	refused 4 "load the kernel: its segments overlap: k"
	kernel --load 1M:2M:2M --load 0:4K:0x100001
	refused 4 "load the kernel: its segments overlap: k"
}

@test "program headers that wrap: address, virtual address, offset, table" {
	local wraps="load the kernel: the size of a segment wraps: k"
	kernel --header 1:0x10000:0xc000000010000000:0xffffffffffff0000:0x1000:0x20000
	refused 4 "$wraps"
	kernel --header 1:0x10000:0xffffffffffff0000:0x10000000:0x1000:0x20000
	refused 4 "$wraps"
	kernel --header 1:0x10000:0xc000000010000000:0x10000000:0x2000:0x1000
	refused 4 "$wraps"
	kernel --header 1:0xfffffffffffff000:0xc000000010000000:0x10000000:0x2000:0x2000
	refused 4 "load the kernel: cut short inside a segment: k"
	kernel --set phoff=0xffffffffffffffff
	refused 4 "load the kernel: truncated: k"
}

@test "program headers of another size, none, more than 8 segments" {
	kernel --set phentsize=32
	refused 4 "load the kernel: corrupt program headers: k"
	kernel --set phnum=0
	refused 4 "load the kernel: nothing to load in it: k"
	local i loads=()
	for ((i = 0; i < 8; i++)); do
		loads+=(--load $((i << 20)):64K:64K)
	done
	kernel "${loads[@]}"
	accepted
	kernel "${loads[@]}" --load 8M:64K:64K
	refused 4 "load the kernel: more than 8 segments: k"
}

@test "an entry outside of what is loaded, or between two instructions" {
	local outside="load the kernel: entry point outside its segments: k"
	kernel --set entry=0
	refused 4 "$outside"
	# Behind the file's part, inside the BSS.
	kernel --set entry=0xc000000000300000
	refused 4 "$outside"
	kernel --set entry=0xc000000000000002
	refused 4 "$outside"
	kernel --set entry=0xc0000000002ffffc
	accepted
}

@test "a first segment without room for the code that other CPUs need" {
	kernel --load 0:0xff:4M --dyn --no-run0
	refused 4 "load the kernel: no code at its start: k"
}

@test "a fixed kernel whose place is taken: running kernel, firmware, end of memory, gap" {
	kernel --no-run0
	refused 8 "load the kernel: runs only at 0x0, which is in use: k"
	kernel --no-run0 --load 0x2870000:3M:4M
	refused 8 "load the kernel: runs only at 0x2870000, which is in use: k"
	kernel --no-run0 --load 0x2fe00000:1M:4M
	refused 8 "load the kernel: runs only at 0x2fe00000, which is in use: k"
	kernel --no-run0 --load 0x7fe00000:1M:4M
	refused 8 "load the kernel: runs only at 0x7fe00000, which is in use: k"
	machine=powernv9 kernel --no-run0 --load 0x30000000:1M:4M
	refused 8 "load the kernel: runs only at 0x30000000, which is in use: k"
	# RAM of the second node, which real mode does not reach.
	machine=pseries-numa kernel --no-run0 --load 0x120000000:1M:4M
	refused 8 "load the kernel: runs only at 0x120000000, which is in use: k"
	kernel --no-run0 --load 0x2880000:1M:1M --load 0x2ffe0000:64K:128K
	refused 8 "load the kernel: runs only at 0x2880000, which is in use: k"
}

@test "a fixed kernel whose place is free is accepted, there" {
	kernel --no-run0 --load 0x20000000:3M:4M
	accepted
	same place "$(kernel_at)" 0x000020000000
	# Right behind the running kernel, and up to the end of memory.
	kernel --no-run0 --load 0x2880000:3M:4M
	accepted
	same place "$(kernel_at)" 0x000002880000
	kernel --no-run0 --load 0x7fc00000:3M:4M
	accepted
	same place "$(kernel_at)" 0x00007fc00000
}

@test "a fixed kernel that does not start on a page is refused, and that is no bug" {
	kernel --no-run0 --load 0x20000100:3M:4M
	refused 5 "load the kernel: runs only at 0x20000100, not page aligned: k"
	# Fine for pages of 4 KiB, not for those of 64.
	machine=powernv10 kernel --no-run0 --load 0x20001000:3M:4M
	accepted
	kernel --no-run0 --load 0x20001000:3M:4M
	refused 5 "load the kernel: runs only at 0x20001000, not page aligned: k"
}

@test "--run-at-load: a kernel that moves needs __run_at_load, a fixed one stays anyway" {
	make_image k --dyn --no-run0
	plan --run-at-load k
	refused 5 "run in place: no __run_at_load: k"
	make_image k --no-run0 --load 0x20000000:3M:4M
	plan --run-at-load k
	accepted
	same place "$(kernel_at)" 0x000020000000
	make_image k
	plan --run-at-load k
	accepted
}

@test "a large initrd goes where real mode does not reach" {
	truncate -s 3500M large
	make_image k
	# 8 GiB, of which real mode reaches 4; half of all is more than 3500 MiB.
	machine=pseries-numa plan --initrd=large k
	accepted
	truncate -s 4095M large
	machine=pseries-numa plan --initrd=large k
	refused 9 "load the kernel: more than half of RAM: 4 GiB of 7.9 GiB" \
		"nothing was loaded: the running kernel takes half of RAM at most; make kernel or initrd smaller"
}

@test "no room: a kernel with a large BSS, even one that wraps when rounded" {
	kernel --load 0:3M:1500M
	same status "$status" 8
	same sentence "${lines[0]}" "kexec-lite: cannot load the kernel: it moves to 0, over what is kept at 0x2fff0000: RTAS firmware"
	kernel --load 0:3M:0xffffffffffffffff:0
	same status "$status" 8
	[[ ${lines[0]} = "kexec-lite: cannot load the kernel: it moves to 0, over what is kept at "* ]]
	kernel --dyn --no-run0 --load 0:3M:0xffffffffffffffff:0
	[[ $status = 8 || $status = 9 ]]
}

@test "more than half of RAM" {
	truncate -s 1100M large
	make_image k
	plan --initrd=large k
	refused 9 "load the kernel: more than half of RAM: 1 GiB of 1.9 GiB" \
		"nothing was loaded: the running kernel takes half of RAM at most; make kernel or initrd smaller"
	# Segments off their pages go into one copy, gaps included: never more than half of RAM.
	kernel --load 0:3M:3M --load 0x10000000001:4K:4K
	refused 9 "load the kernel: more than half of RAM: k"
}

@test "command line: 2047 bytes pass, 2048 do not" {
	local long
	long=$(printf '%2047s' x)
	make_image k
	plan --append="$long" k
	accepted
	plan --append="$long." k
	refused 7 "pass the command line: 2048 bytes, and ppc64 takes 2047"
}

@test "device tree: no linux,kernel-end, no memory at 0" {
	local root=$BATS_TEST_TMPDIR/root
	make_image k
	cp -r "$machines/pseries" "$root"
	fdtput -d "$root/sys/firmware/fdt" /chosen linux,kernel-end
	run "$host_bin" --plan --root "$root" k
	refused 6 "use the device tree: no linux,kernel-end in /chosen: /sys/firmware/devicetree/base"
	cp "$machines/pseries/sys/firmware/fdt" "$root/sys/firmware/fdt"
	fdtput -t x "$root/sys/firmware/fdt" /memory@0 reg 0 10000000 0 70000000
	run "$host_bin" --plan --root "$root" k
	refused 6 "use the device tree: no memory node starts at 0: /sys/firmware/devicetree/base"
}

# starts CPU ONLINE FILE [ID]: the captured machine $root on which CPU starts the next kernel; ID is its number in a tree.
starts() {
	mkdir -p "$root/sys/kernel/reboot" "$root/sys/devices/system/cpu/cpu$1"
	rm -f "$root/sys/kernel/reboot/cpu"
	[[ $3 = none ]] || echo "$3" >"$root/sys/kernel/reboot/cpu"
	echo "$2" >"$root/sys/devices/system/cpu/online"
	rm -f "$root"/sys/devices/system/cpu/cpu*/physical_id
	[[ $# -lt 4 ]] || echo "$4" >"$root/sys/devices/system/cpu/cpu$1/physical_id"
	run "$host_bin" --plan --root "$root" --dtb less.dtb k
}

@test "device tree: without the CPU that starts the next kernel" {
	local root=$BATS_TEST_TMPDIR/root
	make_image k
	cp -r "$machines/pseries" "$root"
	cp "$machines/pseries/sys/firmware/fdt" less.dtb
	fdtput -t x less.dtb "/cpus/$(fdtget -l less.dtb /cpus | head -1)" ibm,ppc-interrupt-server#s 8 9
	starts 4 0-3,4-5 4 0x10
	refused 6 "use the device tree: no CPU 16, which starts kernels here: less.dtb"
	starts 4 0-3,4-5 4 0x9
	accepted
	# that CPU is offline, an older kernel does not say which: the first one
	starts 2 2-3,5 4 0x11
	refused 6 "use the device tree: no CPU 17, which starts kernels here: less.dtb"
	starts 2 2-3,5 none 0x11
	refused 6 "use the device tree: no CPU 17, which starts kernels here: less.dtb"
	starts 0 0-3 none 0x12
	refused 6 "use the device tree: no CPU 18, which starts kernels here: less.dtb"
	# no number, or none that a tree could have: not looked at
	starts 0 0-3 none
	accepted
	starts 0 0-3 none 0x100000000
	accepted
	starts 0 0-3 none what
	accepted
}

@test "device tree: more dynamic memory than there can be, for a crash kernel" {
	local root=$BATS_TEST_TMPDIR/root node=/ibm,dynamic-reconfiguration-memory
	make_image k
	cp -r "$machines/pseries-crash" "$root"
	fdtput -t x "$root/sys/firmware/fdt" $node ibm,lmb-size 0 10000000
	# the 3 GiB that it has, and 4 billion blocks
	fdtput -t x "$root/sys/firmware/fdt" $node ibm,dynamic-memory-v2 2 c 0 0 1 0 8 ffffffff 10 0 1 0 8
	run "$host_bin" --plan --root "$root" -p k
	refused 6 "use the device tree: more than 1048576 blocks of memory: /sys/firmware/devicetree/base"
}

# ---- in a guest; see tests/guest/refuse-ppc64

# guest STEP CODE SENTENCE [HINT]: refused there, silent on stdout, the first kernel still loaded.
guest() {
	local got want="kexec-lite: cannot $3"
	log=$run_dir/refuse-ppc64/log
	once refuse-ppc64 boot_refuse
	[[ $# -lt 4 ]] || want+=$'\n'"kexec-lite: $4"
	got=$(step run "$1")
	same "$1" "${got/ stderr=[0-9]* / }" "rc=$2 stdout=0 loaded=1"
	same "$1" "$(of_stage run | sed -n "s/^STEP-STDERR $1 //p")" "$want"
}

@test "guest: three refusals leave what is loaded, and it boots" {
	guest not-a-kernel 4 "load the kernel: not a kernel for ppc64, or corrupt: zeros"
	guest fixed 8 "load the kernel: runs only at 0x0, which is in use: fixed"
	guest half 4 "load the kernel: cut short inside a segment: half"
	same status "$(step run still-there)" "rc=1 stdout=0 stderr=0 loaded=1"
	same exec "$(step run exec)" loaded=1
	same "command line" "$(fact second cmdline)" "$(next_append second)"
	same CPUs "$(fact second cpus_online)" "$(fact run cpus_online)"
}
