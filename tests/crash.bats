#!/usr/bin/env bats
# Crash kernels in the emulator: the first kernel loads one and panics, the crash kernel comes up
# and reads /proc/vmcore. One boot per machine, several tests on its console; tests/guest/crash
# has the steps, tests/guest/vmcore.py the rules of the core file.

# shellcheck disable=SC2154  # helpers.bash sets these
load helpers

# The boots: name, architecture, machine, the two kernels, crashkernel=, the CPU that panics, words
# for the first kernel, words for the crash kernel, whether a third kernel follows, arguments for the
# emulator. "-": none.
crash_table='
virt      arm64   virt-1       6.1      6.1      320M 0 - lab.dump=1 third -m 2G
efi       arm64   virt-efi     6.12     6.12     256M 2 - - - -smp 4
two       arm64   virt-16k     6.12-16k 6.12     200M,high 1 crashkernel=64M,low - - -m 5G
pseries   ppc64le pseries      6.1      6.1      512M 1 - - third -machine x-vof=on -m 3G
hash      ppc64le pseries-hash 6.12-64k 6.12     320M 0 - - - -machine x-vof=on
drconf    ppc64le pseries      6.12     6.12     320M 0 lab.offline=9 lab.dump=1 - -machine x-vof=on DIMM
powernv9  ppc64le powernv9     6.1      6.12     320M 3 - - - -smp 4
'
# 1 GiB in a slot: its blocks are in ibm,dynamic-memory.
dimm='-m 2G,slots=4,maxmem=8G -object memory-backend-ram,id=d0,size=1G -device pc-dimm,memdev=d0'

# of_crash NAME: its words.
of_crash() {
	read -r _ arch machine first second region cpu words crash_words third qemu < \
		<(awk -v n="$1" '$1 == n' <<<"$crash_table")
	words=${words/#-/} crash_words=${crash_words/#-/}
	qemu=${qemu/DIMM/$dimm}
	console=hvc0
	[[ $arch = ppc64le ]] || console=ttyAMA0
}

crash_append() { printf 'console=%s panic=-1 quiet maxcpus=1 reset_devices lab.stage=crash %s' "$console" "$crash_words"; }

boot_crash() {
	local name=${1#crash-} dir=$run_dir/$1 pairs base
	of_crash "$name"
	base=("$lab/report:lab/report" "$top/tests/guest/crash:lab/run")
	mapfile -t pairs < <("$lab/readers" "$arch")
	crash_append >"$dir/append"
	printf '%s' "${words:+--hotplug}" >"$dir/options"
	if [[ $third != - ]]; then
		"$lab/initramfs" "$arch" "$dir/third.cpio" "${base[@]}"
		pairs+=("$bin_dir/$arch/kexec-lite:bin/kexec-lite" "$("$lab/kernel" "$arch-$first"):boot/Image"
			"$dir/third.cpio:boot/initrd")
	fi
	"$lab/initramfs" "$arch" "$dir/crash.cpio" "${base[@]}" "${pairs[@]}"
	gzip -1 "$dir/crash.cpio"
	"$lab/initramfs" "$arch" "$dir/run.cpio" "${base[@]}" "$bin_dir/$arch/kexec-lite:bin/kexec-lite" \
		"$("$lab/kernel" "$arch-$second"):boot/Image" "$dir/crash.cpio.gz:boot/initrd" \
		"$dir/append:boot/append" "$dir/options:boot/options"
	# shellcheck disable=SC2086  # lists
	"$lab/run" "$machine" "$("$lab/kernel" "$arch-$first")" "$dir/run.cpio" \
		"quiet crashkernel=$region lab.mark=$mark lab.panic=$cpu $words" "$dir/log" ${qemu/#-/-}
}
mark=0451-before-the-panic

in_crash() {
	log=$run_dir/crash-$1/log
	once "crash-$1" boot_crash
	of_crash "$1"
}

# crashed NAME: the boot of that name, and everything that must be true of all of them.
crashed() {
	local reader said
	in_crash "$1"
	same "load" "$(step run first)" "rc=0 stdout=0 stderr=0 loaded=1"
	same "load over it" "$(step run again)" "rc=0 stdout=0 stderr=0 loaded=1"
	same "status" "$(step run status)" "rc=1 stdout=0 stderr=0 loaded=1"
	same "status of a normal kernel" "$(step run normal)" "rc=0 stdout=0 stderr=0 loaded=1"
	same "unload" "$(step run unload)" "rc=0 stdout=0 stderr=0 loaded=0"
	[[ -n $(fact crash kernel) ]] || {
		tail -n 20 "$log" >&2
		fail_with "the crash kernel did not reach its init"
	}
	[[ $(fact crash cmdline) = *"$(crash_append)" ]] || fail_with "command line: $(fact crash cmdline)"
	same "release, read at its address" "$(of_stage crash | sed -n 's/^PEEK //p')" "$(fact run kernel)"
	for reader in vmcore-dmesg makedumpfile; do
		# it does not know 52-bit addresses of arm64 yet
		[[ $arch$reader$first != arm64makedumpfile6.12* ]] || continue
		said=$(of_stage crash | grep "^MARK $reader .*lab mark: $mark$") ||
			fail_with "$reader does not find the mark: $(step crash $reader)"
	done
	run python3 "$top/tests/guest/vmcore.py" "$log"
	same "faults of the core file" "$status $output" "0 "
	run readelf -aW "$log.vmcore"
	# stderr is in $output; the unwinder's word for machines that it does not know is no warning
	[[ $status -eq 0 ]] || fail_with "readelf exits $status"
	[[ $output != *[Ww]arning* && $output != *[Ee]rror* ]] || fail_with "$(grep -i 'warning\|error' <<<"$output")"
}

# dumped NAME: makedumpfile sorted all pages by their kind, through the kernel's own tables.
dumped() {
	in_crash "$1"
	of_stage crash | grep -q '^DUMP-LOG makedumpfile Completed.$' ||
		fail_with "$(of_stage crash | grep '^DUMP')"
	(($(of_stage crash | sed -n 's/^DUMP //p') > 10000000))
}

# whole NAME: a kexec out of the crash kernel has all of the machine.
whole() {
	in_crash "$1"
	local before after
	before=$(fact run memory_kb) after=$(fact third memory_kb)
	same "load" "$(step crash third)" "rc=0 stdout=0 stderr=0 loaded=0"
	[[ -n $after ]] || fail_with "no third kernel: $(tail -n 5 "$log")"
	# the first kernel's region is reserved again: by crashkernel= it would be, and that is left out
	((after > before)) || fail_with "$after KiB of memory, $before KiB before the panic"
	same CPUs "$(fact third cpus_possible)" "$(fact run cpus_possible)"
	same "no core file" "$(fact third vmcore)" no
	[[ $(fact third cmdline) != *elfcorehdr=* ]] || fail_with "$(fact third cmdline)"
}

@test "arm64, device tree, one region, one CPU, Linux 6.1" { crashed virt; }
@test "arm64: a dump without free pages is made from it" { dumped virt; }
@test "arm64: a kexec out of the crash kernel gets the whole machine" { whole virt; }
@test "arm64, EFI and ACPI, four CPUs, panic on the third, Linux 6.12 (52-bit addresses)" { crashed efi; }
@test "arm64, pages of 16 KiB, a high and a low region, panic on the second CPU" {
	crashed two
	local usable
	usable=$(sent run tree.dtb | fdtget -t x - /chosen linux,usable-memory-range)
	read -r _ high _ _ _ low _ _ <<<"$usable"
	[[ $usable = "1 "* ]] || fail_with "the high region is not the first: $usable"
}
@test "pseries, radix, pages of 64 KiB, panic on the second CPU, Linux 6.1" { crashed pseries; }
@test "pseries: a kexec out of the crash kernel gets the whole machine" { whole pseries; }
@test "pseries, hash, pages of 64 KiB, then of 4 KiB, Linux 6.12" { crashed hash; }
@test "pseries, dynamic memory, --hotplug: a block that goes is gone from the header" {
	crashed drconf
	same hotplug "$(fact run block)" "offline hotplug=1"
}
@test "pseries: a dump without free pages is made from it" { dumped drconf; }
@test "powernv9, four CPUs, panic on the fourth, Linux 6.1 to 6.12" { crashed powernv9; }

@test "a load that the kernel refuses says that the one before is gone" {
	in_crash virt
	[[ $(step run moved) = "rc=13 "*" loaded=0" ]] || fail_with "$(step run moved)"
	same sentence "$(of_stage run | sed -n 's/^STEP-STDERR moved //p')" \
"kexec-lite: cannot load a kernel: the running kernel's crash region is another one
kexec-lite: the crash kernel that was loaded before is gone: a panic now starts none"
	same reload "$(step run reload)" "rc=0 stdout=0 stderr=0 loaded=1"
}

@test "kexec_file_load where there is none" {
	in_crash virt
	[[ $(step run file-call) = "rc=12 "*" loaded=0" ]] || fail_with "$(step run file-call)"
}
