# SPDX-License-Identifier: MIT
# Shared by the crash tests; loaded after helpers.bash.
# shellcheck shell=bash disable=SC2034,SC2154

# The boots: name, architecture, machine, the two kernels, crashkernel=, the CPU that panics, words
# for the first kernel, words for the crash kernel, whether a third kernel follows, arguments for the
# emulator. "-": none.
crash_table='
virt      arm64   virt-1       6.1      6.1      320M 0 - lab.dump=1 third -m 2G
efi       arm64   virt-efi     6.12     6.12     256M 2 - - - -smp 4
two       arm64   virt-16k     6.12-16k 6.12     200M,high 1 crashkernel=64M,low - - -m 5G
file      arm64   virt-1       file     file     128M 0 - - -
pseries   ppc64le pseries      6.1      6.1      512M 1 - - third -machine x-vof=on -m 3G
hash      ppc64le pseries-hash 6.12-64k 6.12     320M 0 - nr_cpus=1 third -machine x-vof=on
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
	: >"$dir/options"
	[[ $words != *lab.offline* ]] || printf %s --hotplug >"$dir/options"
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
		"quiet crashkernel=$region lab.mark=$mark lab.panic=$cpu $words" "$dir/log" $qemu
}
mark=0451-before-the-panic

in_crash() {
	log=$run_dir/crash-$1/log
	once "crash-$1" boot_crash
	of_crash "$1"
}

# crashed NAME: the boot of that name, and everything that must be true of all of them.
crashed() {
	local reader
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
		of_stage crash | grep -q "^MARK $reader .*lab mark: $mark$" ||
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

# ---- plans on this machine

# The golden plans of crash kernels: name, captured machine (of the boot that is named), initrd size,
# then the arguments of the architecture's plans/image.
crash_plans='
two       arm64-crash    two      5000000
low       arm64-crash    two      5000000 --flags 0x2 --text-offset 0x80000
drconf    pseries-crash  drconf   5000000
parts     pseries-crash  drconf   5000000 --load 0:1M:1M --load 0x200000:512K:768K --load 0x2d0000:100000:3M
powernv9  powernv9-crash powernv9 5000000
'

# crash_planned NAME ARGUMENT...: runs kexec-lite for a line of crash_plans.
crash_planned() {
	local machine initrd image dir maker=$top/tests/plan/image
	read -r _ machine _ initrd image < <(awk -v n="$1" '$1 == n' <<<"$crash_plans")
	[[ $machine = arm64* ]] || maker=$top/tests/plan/ppc64/image
	dir=$run_dir/plan-crash-$1.$$
	mkdir -p "$dir"
	# shellcheck disable=SC2086  # a list
	python3 "$maker" "$dir/kernel" $image
	truncate -s "$initrd" "$dir/initrd"
	"$host_bin" -p --seed 00 --root "${root:-$machines/$machine}" --append="irqpoll nr_cpus=1" \
		--initrd "$dir/initrd" "${@:2}" "$dir/kernel"
	local rc=$?
	rm -rf "$dir"
	return $rc
}
