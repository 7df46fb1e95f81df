#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Real ppc64 kernels in the emulator: the first loads the second and jumps. One boot per
# machine (guest/helpers-ppc64.bash has the table), several tests on its console. Every boot
# compares command line, CPUs, threads, memory, nodes, MMU and warnings of both kernels.

# shellcheck disable=SC2154  # helpers.bash sets these
load ../helpers
load ../guest/helpers-ppc64

# of_plan JQ: a value of the plan that the first kernel made.
of_plan() { sent run plan.json | jq -r "$1"; }

@test "pseries, radix, POWER9, firmware SLOF: Linux 6.1 (64K pages) to 6.12 (4K pages)" {
	booted pseries
	same MMU "$(fact second mmu)" Radix
	same pages "$(fact run page_kb) $(fact second page_kb)" "64 4"
}

@test "every step before the jump is silent" {
	boot pseries
	local s
	for s in capture json text; do
		[[ $(step run $s) = "rc=0 stdout="*" stderr=0 loaded=0" ]] || fail_with "$s: $(step run $s)"
	done
	same load "$(step run load)" "rc=0 stdout=0 stderr=0 loaded=1"
	same exec "$(step run exec)" loaded=1
	same "after the jump" "$(step run returned)" ""
}

@test "pseries, radix, POWER10: Linux 6.12 (4K pages) to 6.12 (64K pages)" {
	booted pseries-p10
	same MMU "$(fact second mmu)" Radix
	same pages "$(fact run page_kb) $(fact second page_kb)" "4 64"
}

@test "pseries, hash, POWER8: Linux 6.12 (64K pages) to 6.1" {
	booted pseries-hash
	same MMU "$(fact second mmu)" Hash
}

@test "powernv9: Linux 6.1 to 6.12" {
	booted powernv9
	same OPAL "$(fact second opal)" yes
}

@test "powernv10: Linux 6.12 to 6.1" {
	booted powernv10
	same OPAL "$(fact second opal)" yes
}

@test "powernv9 with 4 CPUs: Linux 6.12 to 6.12 (64K pages)" {
	booted powernv9-4
	same CPUs "$(fact second cpus_online)" 0-3
}

@test "pseries with one CPU" {
	booted pseries-1
	same CPUs "$(fact second cpus_online)" 0
}

@test "two initrds on pages of 64 KiB: the next kernel has the files of both" {
	booted pseries-1
	same pages "$(fact run page_kb)" 64
	same "pieces" "$(of_plan '[.segments[] | .piece] | join(" ")')" "kernel initrd initrd tree stub"
	same "file of the second" "$(fact second extra)" "seen by the next kernel"
}

@test "pseries with 4 CPUs" {
	booted pseries-4
	same CPUs "$(fact second cpus_online)" 0-3
}

@test "pseries with two threads a core" {
	booted pseries-smt
	same "CPUs, threads" "$(fact second cpus_online) $(fact second threads)" "0-3 0-1"
}

@test "powernv9 with two threads a core" {
	booted powernv9-smt
	same "CPUs, threads" "$(fact second cpus_online) $(fact second threads)" "0-3 0-1"
}

@test "hot-pluggable memory: all of it is there, 1 GiB of 3 in ibm,dynamic-memory only" {
	booted drconf
	[[ $(fact run drconf) = ibm,dynamic-memory* ]]
	same "memory nodes" "$(fact run memory_nodes)" "memory@0 "
	same "RAM in KiB" "$(fact second ram_kb)" $((3 << 20))
	same "RAM of the plan" "$(of_plan '[.ram[] | .start, .end] | join(" ")')" "0x0 0xc0000000"
}

@test "8 GiB in two nodes" {
	booted numa
	same nodes "$(fact second numa_nodes)" 2
	(($(fact second memory_kb) > 8000000))
}

@test "three kexecs in a row: Linux 6.1, 6.12, 6.12 (64K pages), 6.1" {
	booted chain
	same "warnings of the last" "$(fact fourth warnings)" "$(fact run warnings)"
}

@test "the tree does not grow from one kexec to the next" {
	boot chain
	# The command lines differ by a letter, hence by a word at most.
	local grown=$(($(fact fourth fdt_bytes) - $(fact third fdt_bytes)))
	((grown <= 4)) || fail_with "the tree grew by $grown bytes"
}

# stays NAME: the second kernel of that boot runs where the plan put it.
stays() {
	booted "$1"
	local kernel
	kernel=$(of_plan '[.segments[] | select(.piece == "kernel").start][0]')
	((kernel > 0))
	same "physical address" "$(fact second physical_start)" "$kernel"
	(($(fact second kernel_end) > kernel)) || fail_with "the kernel ends at $(fact second kernel_end)"
}

@test "--run-at-load: the kernel stays where it was placed" {
	stays stay
}

@test "--run-at-load on powernv9" {
	stays stay-powernv9
}

@test "without --run-at-load the kernel runs at 0" {
	local name kernel
	for name in pseries powernv9; do
		boot $name
		kernel=$(of_plan '[.segments[] | select(.piece == "kernel").start][0]')
		same "physical address on $name" "$(fact second physical_start)" ""
		(($(fact second kernel_end) < 0x8000000 && $(fact second kernel_end) < kernel)) ||
			fail_with "$name: the kernel ends at $(fact second kernel_end)"
	done
}

# the running kernel wakes them before it jumps (kexec_prepare_cpus), so there is nothing to warn of
@test "an offline CPU: not a word of it, and it is back in the next kernel" {
	boot offline
	same offline "$(step run offline)" "rc=0 stdout=0 stderr=0 loaded=0"
	same "CPUs left" "$(fact run cpus_left)" 0
	same load "$(step run load)" "rc=0 stdout=0 stderr=0 loaded=1"
	[[ $(of_stage run | sed -n '/^STEP exec /,$p') != *warning* ]] || fail_with "the jump warns"
	same "command line" "$(fact second cmdline)" "$(next_append second)"
	same CPUs "$(fact second cpus_online) $(fact second cpus_failed)" "0-1 0"
}

# ---- the hand-over, exactly: a big-endian probe kernel prints what it was entered with

# saw NAME: one value that the probe printed.
saw() { sed -n "s/^PROBE $1=//p" "$log"; }

# tree_number NODE PROPERTY: from the tree of the plan, as the probe prints numbers.
tree_number() {
	local cell value=
	for cell in $(fdtget -t x "$tree" "$1" "$2"); do
		printf -v value '%s%08x' "$value" "0x$cell"
	done
	printf '0x%016x' "0x$value"
}

# low_bytes RUN_WORD: the 0x100 bytes at address 0 as the contract has them: our branch, then
# the kernel's from 4 on, with RUN_WORD at 0x5c.
low_bytes() {
	local probe offset bytes
	probe=$(kernel_of probe)
	offset=$(readelf -lW "$probe" | awk '$1 == "LOAD" { print $2 }')
	bytes=$(od -An -v -tx1 -j $((offset)) -N 256 "$probe" | tr -d ' \n')
	# b +0x100 as a little-endian kernel runs it
	printf '00010048%s%s%s\n' "${bytes:8:176}" "$1" "${bytes:192:320}"
}

# entered NAME RUN_WORD BOOT_CPU OPAL_BASE OPAL_ENTRY: everything that the contract names.
entered() {
	local at msr size name=$1
	boot "$name"
	tree=$BATS_TEST_TMPDIR/tree.dtb
	sent run tree.dtb >"$tree"
	[[ $(tail -n 5 "$log") = *"PROBE end"* ]] || fail_with "the probe did not end"
	printf -v at '0x%016x' "$(of_plan '.segments[] | select(.piece == "tree").start')"
	same "r3, the tree" "$(saw r3)" "$at"
	printf -v at '0x%016x' "$(of_plan '[.segments[] | select(.piece == "kernel").start][0]')"
	same "r4, the kernel" "$(saw r4)" "$at"
	same "address of the kernel" "$(saw pc)" "$at"
	same "entry of the plan" "$(printf '0x%016x' "$(of_plan .kernel_entry)")" "$at"
	same "r5" "$(saw r5)" 0x0000000000000000
	same "r6, ePAPR" "$(saw r6)" 0x0000000065504150
	same "r7" "$(saw r7)" 0x0000000000000000
	same "r8, base of OPAL" "$(saw r8)" "${4:-0x0000000000000000}"
	same "r9, entry of OPAL" "$(saw r9)" "${5:-0x0000000000000000}"
	same "byte order" "$(saw endian)" big
	msr=$(saw msr)
	# 64 bits; no external interrupts, no user mode, no address translation, big endian.
	(((msr >> 63 & 1) == 1 && (msr & 0xc031) == 0)) || fail_with "MSR is $msr"
	same "run word of the image" "$(saw run)" "$2"
	same "bytes at 0" "$(sed -n 's/^PROBE low [0-9a-f]*=//p' "$log" | tr -d ' \n')" "$(low_bytes "$2")"
	size=$(of_plan '.segments[] | select(.piece == "tree").bytes')
	same "tree" "$(saw fdt | cut -d ' ' -f 1,2)" "d00dfeed $(printf %08x "$size")"
	same "boot CPU" "$(saw fdt | cut -d ' ' -f 8)" "$3"
}

@test "probe, pseries: registers, byte order, MMU, bytes at 0; the boot CPU is the one that is left" {
	boot probe-pseries
	same "CPUs left" "$(fact run cpus_left)" 1
	entered probe-pseries 72756e30 00000001
	same "its number" "$(tree_number /cpus/PowerPC,POWER9@1 reg)" 0x0000000000000001
}

@test "probe, pseries with a hash table" {
	entered probe-hash 72756e30 00000000
}

@test "probe, powernv9: also OPAL's base and entry" {
	boot probe-powernv9
	tree=$BATS_TEST_TMPDIR/tree
	sent run tree.dtb >"$tree"
	entered probe-powernv9 72756e30 00000000 "$(tree_number /ibm,opal opal-base-address)" \
		"$(tree_number /ibm,opal opal-entry-address)"
}

@test "probe, --run-at-load: the word at 0x5c is 1 in the kernel and at 0x5c" {
	entered probe-stay 00000001 00000000
}

@test "the stub runs at most 40 instructions besides its wait" {
	local words
	mapfile -t words < <(grep -oE '0x[0-9a-f]{8}' "$top/arch/ppc64/stub_words.h")
	# Over the copy that a crash kernel has made, seven words; its loop of three; the wait, four:
	# mftb, subf, cmpld, blt back to the first of them. No other branch but the last.
	same "branches" "$(printf '%s\n' "${words[@]}" | grep -E '^0x(4[0-3]|4[89ab])' | paste -sd' ')" \
		"0x41820020 0x4200fff8 0x4180fff4"
	same "last one" "${words[-1]}" 0x4e800420
	# Without a crash, besides the wait, and with the branch to it at the start.
	((${#words[@]} + 1 - 7 - 4 <= 40)) || fail_with "${#words[@]} words"
}
