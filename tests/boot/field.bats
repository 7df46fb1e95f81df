#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# What killed next kernels, or was refused, in reports from the field: each on the smallest machine of
# the emulator that shows it, with real kernels on both sides of the jump.

# shellcheck disable=SC2016,SC2034,SC2154  # guests expand steps; helpers.bash sets these, and reads log
load ../helpers

# guest ARCH OUT STEPS [FILE:PATH]...: an initramfs for tests/guest/field.
guest() {
	printf '%s\n' "$3" >"$2.steps"
	"$lab/initramfs" "$1" "$2" "$lab/report:lab/report" "$top/tests/guest/field:lab/run" \
		"$2.steps:boot/steps" "$bin_dir/$1/kexec-lite:bin/kexec-lite" "${@:4}"
}

# booted NAME: boot_NAME was made; its console is $log.
booted() {
	log=$run_dir/$1/log
	once "$1" "boot_${1//-/_}"
}

# said STAGE STEP: what it printed.
said() { of_stage "$1" | sed -n "s/^STEP-SAID $2 //p"; }

# ---- EFI

# A kernel that has no root and no init ends in a panic, which resets: the harness says 3.
efi_boot() {
	local rc=0
	"$lab/run" virt-efi "$@" || rc=$?
	[[ $rc = 3 ]]
}

# The tree that the first kernel gets has no linux,uefi-secure-boot: what Debian's stub writes, and
# Debian's kernel wants, has another name in this one. The second wants it by its own name, and starts
# a third without an initrd.
boot_efi_mainline() {
	local dir=$run_dir/$1 small
	small=$("$lab/kernel" arm64-file)
	sed 's/linux,uefi-secure-boot/linux,uefi-other-name-/g' "$small" >"$dir/mainline"
	guest arm64 "$dir/second" 'step none kexec-lite -d -l --append="panic=-1 console=ttyAMA0" Image
		jump' "$small:boot/Image"
	next_append second >"$dir/append"
	guest arm64 "$dir/run.cpio" 'set -- --initrd=initrd "--append=$(cat append)" Image
		step file kexec-lite -s -d "$@"
		kexec-lite -u
		step load kexec-lite -d -l "$@"
		jump' "$("$lab/kernel" arm64-6.1):boot/Image" "$dir/second:boot/initrd" "$dir/append:boot/append"
	efi_boot "$dir/mainline" "$dir/run.cpio" quiet "$dir/log"
}

# The same by kexec_file_load, twice.
boot_efi_file() {
	local dir=$run_dir/$1 small
	small=$("$lab/kernel" arm64-file)
	guest arm64 "$dir/second" 'step none kexec-lite -s -d --append="panic=-1 console=ttyAMA0" Image
		jump' "$small:boot/Image"
	next_append second >"$dir/append"
	guest arm64 "$dir/run.cpio" 'step load kexec-lite -d -l --initrd=initrd "--append=$(cat append)" Image
		jump' "$small:boot/Image" "$dir/second:boot/initrd" "$dir/append:boot/append"
	efi_boot "$small" "$dir/run.cpio" quiet "$dir/log"
}

# took_no_initrd: the kernel after the second unpacked and freed nothing that is not its own.
took_no_initrd() {
	local console
	console=$(of_stage second | sed '1,/^STEP jump/d')
	[[ $console = *"INITRD="*"Kernel panic - not syncing: No working init found"* ]] ||
		fail_with "it did not start as it should: ${console: -300}"
	same "unpacked, freed" "$(grep -E 'unpacking failed|Freeing initrd' <<<"$console")" ""
}

@test "EFI of a kernel whose stub says nothing of secure boot: Debian's kernel starts" {
	booted efi-mainline
	same load "$(step run load)" "rc=0 loaded=1"
	same call "$(said run load | grep -E '^(call|why|added)')" \
"call     kexec_load, 4 segments
why      the other passes no linux,uefi-secure-boot
added    linux,uefi-secure-boot = 0 (unknown), which some kernels require"
	same "command line" "$(fact second cmdline)" "$(next_append second)"
	same "kernel, CPUs, EFI" "$(fact second kernel | cut -c1-4) $(fact second cpus_online) $(fact second efi)" "6.1. 0-1 yes"
}

@test "kexec_file_load, which cannot add it, says so" {
	booted efi-mainline
	same load "$(step run file)" "rc=0 loaded=1"
	same warning "$(said run file | tail -n 1)" \
		"kexec-lite: warning: kexec_file_load passes no linux,uefi-secure-boot: Debian's and Ubuntu's kernels do not start without it"
}

@test "EFI, no initrd, kexec_load: the next kernel does not take the first boot's" {
	booted efi-mainline
	same load "$(step second none)" "rc=0 loaded=1"
	took_no_initrd
}

@test "EFI, no initrd, kexec_file_load: nor does it there" {
	booted efi-file
	same load "$(step second none)" "rc=0 loaded=1"
	same call "$(said second none | grep -E '^(call|added)')" \
"call     kexec_file_load, which places kernel and initrd itself
added    an empty initrd: the next kernel would take EFI's, which is gone"
	took_no_initrd
}

# ---- a unified kernel image

# With a device tree of its own, on a kernel that has both calls.
boot_uki_tree() {
	local dir=$run_dir/$1 small
	small=$("$lab/kernel" arm64-file)
	qemu-system-aarch64 -M "virt,dumpdtb=$dir/tree" -cpu cortex-a57 -smp 2 -m 1G -nographic -nic none 2>&1
	fdtput -p -t s "$dir/tree" /added compatible lab,added
	next_append second >"$dir/append"
	guest arm64 "$dir/second" ''
	"$lab/wrap" uki "$dir/uki" .linux="$small" .initrd="$dir/second" .cmdline="$dir/append" .dtb="$dir/tree"
	guest arm64 "$dir/run.cpio" 'step load kexec-lite -d -l uki
		jump' "$dir/uki:boot/uki"
	"$lab/run" virt "$small" "$dir/run.cpio" quiet "$dir/log"
}

@test "a UKI that brings a device tree: kexec_load, and the next kernel has that tree" {
	booted uki-tree
	same load "$(step run load)" "rc=0 loaded=1"
	same call "$(said run load | grep -E '^(call|why)')" \
"call     kexec_load, 4 segments
why      the kernel brings a device tree"
	handed_over run second
	same node "$(fact second added)" lab,added
}

# ---- a tree whose memory the boot loader fills in

# The tree of a disk: a memory node with nothing in it, and nothing else that firmware writes.
boot_empty_memory() {
	local dir=$run_dir/$1 small
	small=$("$lab/kernel" arm64-file)
	qemu-system-aarch64 -M "virt,dumpdtb=$dir/tree" -cpu cortex-a57 -smp 2 -m 1G -nographic -nic none 2>&1
	fdtput -t x "$dir/tree" /memory@40000000 reg 0 0 0 0
	fdtput -r "$dir/tree" /chosen /psci
	fdtput -p -t s "$dir/tree" /added compatible lab,added
	next_append second >"$dir/append"
	guest arm64 "$dir/second" ''
	guest arm64 "$dir/run.cpio" 'step load kexec-lite -l --dtb=tree --initrd=initrd "--append=$(cat append)" Image
		jump' "$small:boot/Image" "$dir/tree:boot/tree" "$dir/second:boot/initrd" "$dir/append:boot/append"
	"$lab/run" virt "$small" "$dir/run.cpio" quiet "$dir/log"
}

@test "--dtb of a board whose memory node is empty: the next kernel has the machine's memory" {
	booted empty-memory
	same load "$(step run load)$(said run load)" "rc=0 loaded=1"
	handed_over run second
	same node "$(fact second added)" lab,added
}

# ---- memory that failed

# The page where the kernel would go is taken offline, as a machine check would.
boot_poisoned() {
	local dir=$run_dir/$1 kernel
	kernel=$("$lab/kernel" arm64-6.1)
	guest arm64 "$dir/second" ''
	next_append second >"$dir/append"
	guest arm64 "$dir/run.cpio" 'set -- --initrd=initrd "--append=$(cat append)" Image
		place() { kexec-lite --plan=json "$@" | sed -n "s/.*\"kernel\", \"start\": \"\(0x[0-9a-f]*\)\".*room_end\": \"\([^\"]*\)\".*/\1 \2/p"; }
		echo "STEP before $(place "$@")"
		at=$(place "$@")
		echo "${at% *}" >/sys/devices/system/memory/hard_offline_page
		echo "STEP failed $(sed -n "s/^HardwareCorrupted: *//p" /proc/meminfo)"
		echo "STEP after $(place "$@")"
		step load kexec-lite -l "$@"
		jump' "$kernel:boot/Image" "$dir/second:boot/initrd" "$dir/append:boot/append"
	"$lab/run" virt "$kernel" "$dir/run.cpio" quiet "$dir/log"
}

@test "a page whose memory failed is no destination" {
	local bad start end rest
	booted poisoned
	read -r bad rest < <(step run before)
	read -r start end < <(step run after)
	same failed "$(step run failed)" "4 kB"
	((bad < start || bad >= end)) || fail_with "$bad lies in $start-$end"
	same load "$(step run load)" "rc=0 loaded=1"
	handed_over run second
}

# ---- ppc64

# A next kernel that is larger than the running one, and memory of which little is left.
large=ppc64le-6.12-64k
# The first block of memory, which is the RMA, has 256 MiB; the rest is another node's.
lpar='-machine x-vof=on -object memory-backend-ram,id=m0,size=256M -object memory-backend-ram,id=m1,size=1792M
	-numa node,nodeid=0,cpus=0-1,memdev=m0 -numa node,nodeid=1,memdev=m1'

# append_of STAGE: for kernels on ppc64.
append_of() { printf 'console=hvc0 panic=-1 quiet lab.stage=%s%s' "$1" "${2:+ $2}"; }

# For guests: `grow SIZE` makes /boot/initrd that large, with a file whose sum the next kernel has to find.
grow='grow() {
		head -c $(($1 - $(wc -c <initrd))) /dev/urandom >filler
		echo "STEP sum $(md5sum <filler)"
		echo filler | cpio -o -H newc >>initrd 2>/dev/null
		rm filler
	}'
found='echo "STEP found $(md5sum </filler)"; '

# boot_bounds: mem= cuts the next kernel's memory; the one after it may have no more below --mem-max than
# twice itself and 1.5 MiB.
boot_bounds() {
	local dir=$run_dir/$1 small
	small=$("$lab/kernel" ppc64le-6.1)
	gzip -nc1 "$small" >"$dir/6.1"
	gzip -nc1 "$("$lab/kernel" $large)" >"$dir/large"
	guest ppc64le "$dir/third" ''
	gzip -n "$dir/third"
	guest ppc64le "$dir/second" "step load kexec-lite -l --mem-max=0x54a0000 --initrd=initrd --append='$(append_of third)' Image
		jump" "$dir/large:boot/Image" "$dir/third.gz:boot/initrd"
	guest ppc64le "$dir/run.cpio" "step load kexec-lite -l --initrd=initrd --append='$(append_of second mem=1G)' Image
		jump" "$dir/6.1:boot/Image" "$dir/second:boot/initrd"
	"$lab/run" pseries "$small" "$dir/run.cpio" quiet "$dir/log" -machine x-vof=on
}

# boot_lpar: half of the RMA is the crash region. 45 MiB of initrd, then 80 MiB.
boot_lpar() {
	local dir=$run_dir/$1 small words=crashkernel=128M@128M
	small=$("$lab/kernel" ppc64le-6.1)
	gzip -nc1 "$small" >"$dir/6.1"
	gzip -nc1 "$("$lab/kernel" $large)" >"$dir/large"
	guest ppc64le "$dir/third" "$found"
	guest ppc64le "$dir/second" "$found
		$grow
		grow $((80 << 20))
		step load kexec-lite -l --initrd=initrd --append='$(append_of third $words)' Image
		jump" "$dir/6.1:boot/Image" "$dir/third:boot/initrd"
	guest ppc64le "$dir/run.cpio" "$grow
		grow $((45 << 20))
		step load kexec-lite -l --initrd=initrd --append='$(append_of second $words)' Image
		jump" "$dir/large:boot/Image" "$dir/second:boot/initrd"
	# shellcheck disable=SC2086  # a list
	"$lab/run" pseries "$small" "$dir/run.cpio" "quiet $words" "$dir/log" $lpar
}

# arrived STAGE KERNEL [WORD]: what STAGE loaded runs as it should, with all CPUs.
arrived() {
	same "kernel of $1" "$(fact "$1" kernel | cut -d. -f1,2)" "$2"
	same "command line of $1" "$(fact "$1" cmdline)" "$(append_of "$1" "${3-}")"
	same "CPUs of $1" "$(fact "$1" cpus_online)" 0-1
	same "warnings of $1" "$(fact "$1" warnings)" "$(fact run warnings)"
}

@test "ppc64: mem= on the next command line: all pieces lie in what is left" {
	booted bounds
	same load "$(step run load)" "rc=0 loaded=1"
	arrived second 6.1 mem=1G
	(($(fact second memory_kb) < 1048576)) || fail_with "memory: $(fact second memory_kb)"
}

@test "ppc64: a larger next kernel, little memory above it: it copies itself over no piece" {
	booted bounds
	same load "$(step second load)" "rc=0 loaded=1"
	arrived third 6.12
}

@test "ppc64: the same, where the crash region takes half of the RMA, with 45 MiB of initrd" {
	booted lpar
	same load "$(step run load)" "rc=0 loaded=1"
	arrived second 6.12 crashkernel=128M@128M
	same "sum of a file at the initrd's end" "$(step second found)" "$(step run sum)"
}

@test "ppc64: and 80 MiB of initrd, which lie above the RMA or in the region" {
	booted lpar
	same load "$(step second load)" "rc=0 loaded=1"
	arrived third 6.1 crashkernel=128M@128M
	same "sum of a file at the initrd's end" "$(step third found)" "$(step second sum)"
}
