#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Real kernels in the emulator: the first loads the second and jumps. One boot per machine
# (helpers.bash has the table), several tests on its console.

# shellcheck disable=SC2154  # helpers.bash sets these
load ../helpers

@test "virt, Linux 6.1 to 6.1: command line, CPUs, memory" {
	boot virt-6.1
	handed_over run second
	same "size of the tree" "$(fact second fdt_bytes)" "$(sent run tree.dtb | wc -c)"
	same "mark of a kexec" "$(fact second linux,booted-from-kexec)" present
}

@test "every step before the jump answers as documented" {
	boot virt-6.1
	same capture "$(step run capture)" "rc=0 stdout=0 stderr=0 loaded=0"
	same status "$(step run status-none)" "rc=0 stdout=0 stderr=0 loaded=0"
	same load "$(step run load)" "rc=0 stdout=0 stderr=0 loaded=1"
	same status "$(step run status-loaded)" "rc=1 stdout=0 stderr=0 loaded=1"
	same unload "$(step run unload)" "rc=0 stdout=0 stderr=0 loaded=0"
	same exec "$(step run exec)" "loaded=1"
	same "after the jump" "$(step run returned)" ""
}

@test "exec with nothing loaded is refused" {
	boot virt-6.1
	[[ $(step run nothing) = "rc=14 stdout=0 "*" loaded=0" ]]
	same sentence "$(of_stage run | sed -n 's/^STEP-STDERR nothing //p')" \
"kexec-lite: cannot start a kernel: none is loaded
kexec-lite: nothing was started: load a kernel first, with kexec-lite --load"
}

@test "a load says what it means on a terminal, and nothing in a pipe" {
	boot virt-6.1
	same terminal "$(of_stage run | sed -n '/^STEP terminal/,/^STEP exec/p' | sed '1d;$d')" \
		"kexec-lite: /boot/Image is loaded: a reboot now starts it (to undo: kexec-lite --unload)"
	same pipe "$(step run load)" "rc=0 stdout=0 stderr=0 loaded=1"
}

@test "virt, Linux 6.12 to 6.12" {
	boot virt-6.12
	handed_over run second
}

@test "three kexecs in a row: Linux 6.1, 6.12, 6.1, 6.12" {
	boot virt-chain
	handed_over run second
	handed_over second third
	handed_over third fourth
	same "releases" "$(fact run kernel) $(fact second kernel)" "$(fact third kernel) $(fact fourth kernel)"
	[[ $(fact run kernel) != "$(fact second kernel)" ]]
}

@test "the tree does not grow from one kexec to the next" {
	boot virt-chain
	# The command lines differ by a letter, hence by a word at most.
	local grown=$(($(fact fourth fdt_bytes) - $(fact third fdt_bytes)))
	((grown <= 4)) || fail_with "the tree grew by $grown bytes"
}

@test "nokaslr and a firmware seed: the load succeeds, the next kernel has KASLR" {
	boot virt-nokaslr
	same "seed of the first" "$(fact run kaslr-seed)" nonzero
	same "KASLR of the first" "$(fact run kaslr)" disabled
	same load "$(step run load)" "rc=0 stdout=0 stderr=0 loaded=1"
	handed_over run second
	same "KASLR of the second" "$(fact second kaslr)" enabled
	same "seed, wiped after use" "$(fact second kaslr-seed)" zero
}

@test "EFI, ACPI, GICv3 and EL2 are still there in the next kernel" {
	boot virt-efi
	handed_over run second
	local stage
	for stage in run second; do
		same "EFI of $stage" "$(fact $stage efi)" yes
		same "ACPI of $stage" "$(fact $stage acpi)" yes
		same "exception level of $stage" "$(fact $stage el)" 2
		same "KVM of $stage" "$(fact $stage kvm)" yes
	done
}

@test "EFI: the next kernel has KASLR from a seed that the machine did not have" {
	boot virt-efi
	same "seed of the first" "$(fact run kaslr-seed)" absent
	same "KASLR of the second" "$(fact second kaslr)" enabled
	same "seed of the second" "$(fact second kaslr-seed)" hidden
}

@test "a kernel with pages of 16 KiB" {
	boot virt-16k
	same pages "$(fact run page_kb)" 16
	handed_over run second
	same pages "$(fact second page_kb)" 16
}

@test "4 CPUs and 4 GiB" {
	boot virt-4cpu-4g
	handed_over run second
	same CPUs "$(fact second cpus_online)" 0-3
	(($(fact second memory_kb) > 3900000))
}

@test "two NUMA nodes" {
	boot virt-numa
	handed_over run second
	same nodes "$(fact second numa_nodes)" 2
}

@test "two NUMA nodes: what has no quiet place beside itself waits on the other node" {
	boot virt-numa
	same load "$(step run apart)" "rc=0 stdout=0 stderr=0 loaded=1"
	same node "$(step run apart-plan)" stage_node=1
	(($(step run apart-took) > 450 * 1024)) || fail_with "KiB taken from it: $(step run apart-took)"
}

@test "GICv3 with LPIs and no EFI: the next kernels take over the tables, undamaged" {
	boot virt-lpi
	handed_over run second
	handed_over second third
	[[ $(fact run lpi_tables) = "allocated:"*" allocated:"* ]] || fail_with "first: $(fact run lpi_tables)"
	local stage
	for stage in second third; do
		same "tables of $stage" "$(fact $stage lpi_tables)" \
			"$(fact run lpi_tables | sed 's/allocated/reserved/g')"
		same "taint of $stage" "$(fact $stage tainted)" 0
	done
}

@test "GICv3 with LPIs and no EFI: kexec_load is the default, and says why" {
	boot virt-lpi
	same call "$(sent run default.txt | grep -E '^(call|why)')" \
"call     kexec_load, 4 segments
why      the other may overwrite the GIC's LPI tables"
	same load "$(step run load)" "rc=0 stdout=0 stderr=0 loaded=1"
}
