#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Crash kernels in the emulator: the first kernel loads one and panics, the crash kernel comes up
# and reads /proc/vmcore. One boot per machine, several tests on its console; tests/guest/crash
# has the steps, tests/guest/vmcore.py the rules of the core file.

# shellcheck disable=SC2154  # helpers.bash sets these
load ../helpers
load ../guest/helpers-crash

# whole NAME: a kexec out of the crash kernel has all of the machine.
whole() {
	in_crash "$1"
	local before after
	before=$(fact run memory_kb) after=$(fact third memory_kb)
	same third "$(step crash third)" "rc=0 stdout=0 stderr=0 loaded=0"
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
	[[ $usable = "1 "*" 0 f8000000 0 4000000" ]] || fail_with "not the high region, then the low: $usable"
}
@test "pseries, radix, pages of 64 KiB, panic on the second CPU, Linux 6.1" { crashed pseries; }
@test "pseries: a kexec out of the crash kernel gets the whole machine" { whole pseries; }
@test "pseries, hash, pages of 64 KiB, then of 4 KiB, Linux 6.12" { crashed hash; }
@test "pseries, nr_cpus=1: a kexec out of the crash kernel waits for the CPU that it does not use" {
	whole hash
	same "CPUs that the crash kernel knows" "$(fact crash cpus_possible)" 0
	same "CPUs of the third kernel" "$(fact third cpus_online)" "$(fact run cpus_online)"
}
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
"kexec-lite: cannot load a kernel: the crash region has changed
kexec-lite: the crash kernel that was loaded before is gone: a panic now starts none"
	same reload "$(step run reload)" "rc=0 stdout=0 stderr=0 loaded=1"
}

@test "arm64: kexec_file_load, where the running kernel writes the header" {
	crashed file
	same "-s -p" "$(step run file-call)" "rc=0 stdout=0 stderr=0 loaded=1"
}

@test "kexec_file_load where there is none" {
	in_crash virt
	[[ $(step run file-call) = "rc=12 "*" loaded=0" ]] || fail_with "$(step run file-call)"
}

# ---- on this machine

for_all() {
	local name bad=0
	while read -r name; do "$1" "$name" || bad=1; done < <(awk 'NF { print $1 }' <<<"$crash_plans")
	return $bad
}

golden() {
	diff -u "$top/tests/plan/crash/$1.json" <(crash_planned "$1" --plan=json) &&
		diff -u "$top/tests/plan/crash/$1.txt" <(crash_planned "$1" --plan)
}

@test "crash plans are those in tests/plan/crash, to the byte" { for_all golden; }

inside() {
	crash_planned "$1" --plan=json |
		jq -e 'def n: ltrimstr("0x") | explode | reduce .[] as $c (0; . * 16 +
				(if $c > 57 then $c - 87 else $c - 48 end));
			(.crash_region.start | n) as $a | (.crash_region.end | n) as $b |
			([.segments[].piece] | contains(["kernel", "initrd", "tree", "stub", "core"])) and
			all(.segments[]; (.start | n) >= $a and (.room_end | n) <= $b)' >/dev/null ||
		fail_with "$1: a piece is outside of the region"
}

@test "every piece of every crash plan is inside the region" { for_all inside; }

@test "a normal plan for the same machines keeps out of it" {
	local m line
	for m in arm64-crash pseries-crash powernv9-crash; do
		line=$(awk -v m=$m '$2 == m { print $1; exit }' <<<"$crash_plans")
		crash_planned "$line" --plan=json >"$BATS_TEST_TMPDIR/crash.json"
		local maker=$top/tests/plan/image
		[[ $m = arm64* ]] || maker=$top/tests/plan/ppc64/image
		python3 "$maker" "$BATS_TEST_TMPDIR/kernel"
		"$host_bin" --plan=json --root "$machines/$m" "$BATS_TEST_TMPDIR/kernel" >"$BATS_TEST_TMPDIR/plan.json"
		python3 - "$BATS_TEST_TMPDIR"/{crash,plan}.json <<-'EOF'
			import json, sys
			region = json.load(open(sys.argv[1]))["crash_region"]
			a, b = int(region["start"], 16), int(region["end"], 16)
			for s in json.load(open(sys.argv[2]))["segments"]:
			    assert int(s["room_end"], 16) <= a or int(s["start"], 16) >= b, s
		EOF
	done
}

# a copy of a captured machine, to be broken
broken() {
	root=$BATS_TEST_TMPDIR/machine
	rm -rf "$root"
	cp -r "$machines/$1" "$root"
}
no_dump="nothing was loaded: without it nobody could read this machine's dump"

@test "no crash region" {
	root=$machines/virt-6.1 run crash_planned two --plan
	refused 8 "load a crash kernel: no memory is reserved for one" \
		"nothing was loaded: boot with crashkernel=256M, for instance"
}

@test "a region that is too small: what it needs and what there is" {
	broken arm64-crash
	sed -i -E 's/[0-9a-f]+(00000)?-17fbfffff : Crash/17fa00000-17fbfffff : Crash/' "$root/proc/iomem"
	run crash_planned two --plan
	[[ $status -eq 8 ]] || fail_with "$status $output"
	[[ ${lines[0]} =~ ^"kexec-lite: cannot place the kernel: "[0-9.]+" MiB needed, the largest hole has "[0-9.]+" MiB "\([0-9.]+" MiB free)"$ ]] ||
		fail_with "$output"
	same hint "${lines[1]}" "kexec-lite: nothing was loaded: boot with a larger crashkernel=, it has 2 MiB"
}

# lacks FILE WHY: FILE was broken.
lacks() {
	run crash_planned two --plan
	refused 15 "read crash notes: $2: /$1" "$no_dump"
}

@test "what the core header is made of: each missing, cut or wrong" {
	local cpu=sys/devices/system/cpu none="No such file or directory"
	local wrong="no address in RAM in it" f
	for f in sys/kernel/vmcoreinfo $cpu/possible $cpu/cpu0/crash_notes $cpu/cpu1/crash_notes_size proc/kcore; do
		broken arm64-crash
		rm "$root/$f"
		lacks "$f" "$none"
	done
	for f in sys/kernel/vmcoreinfo $cpu/cpu1/crash_notes; do
		broken arm64-crash
		: >"$root/$f"
		lacks "$f" "$wrong"
	done
	broken arm64-crash
	echo 1000 >"$root/$cpu/cpu1/crash_notes"
	lacks $cpu/cpu1/crash_notes_size "$wrong"
	broken arm64-crash
	echo 0xfffffffffffffff0 1024 >"$root/sys/kernel/vmcoreinfo"
	lacks sys/kernel/vmcoreinfo "$wrong"
	broken arm64-crash
	echo 0-99999999999 >"$root/$cpu/possible"
	lacks $cpu/possible "$wrong"
	broken arm64-crash
	truncate -s 100 "$root/proc/kcore"
	run crash_planned two --plan
	refused 15 "read /proc/kcore: no mapping of the running kernel"
}

@test "a CPU that may come later needs no note yet" {
	broken arm64-crash
	echo 0-7 >"$root/sys/devices/system/cpu/possible"
	run crash_planned two --plan
	same status "$status" 0
}

@test "a kernel that cannot stay where it is loaded" {
	local maker=$top/tests/plan/ppc64/image k=$BATS_TEST_TMPDIR/vmlinux
	python3 "$maker" "$k" --dyn --no-run0
	run "$host_bin" -p --plan --root "$machines/pseries-crash" "$k"
	[[ $status -eq 5 && ${lines[0]} = *"cannot run in place: no __run_at_load: "* ]] || fail_with "$status $output"
	python3 "$maker" "$k" --no-run0 --load 0x60000000:3M:4M
	run "$host_bin" -p --plan --root "$machines/pseries-crash" "$k"
	[[ $status -eq 5 && ${lines[0]} = *"cannot load a crash kernel: runs only at 0x60000000, outside its region: "* ]] ||
		fail_with "$status $output"
}

@test "ppc64: elfcorehdr= counts as a part of the command line, and comes first" {
	local k=$BATS_TEST_TMPDIR/vmlinux long
	python3 "$top/tests/plan/ppc64/image" "$k"
	long=$(head -c 2021 /dev/zero | tr '\0' a)
	run "$host_bin" -p --plan=json --root "$machines/pseries-crash" --append="$long" "$k"
	same status "$status" 0
	[[ $(jq -r .cmdline <<<"$output") =~ ^elfcorehdr=0x[0-9a-f]{12}" aaa" ]]
	run "$host_bin" -p --plan --root "$machines/pseries-crash" --append="a$long" "$k"
	refused 7 "pass the command line: 2048 bytes, and ppc64 takes 2047"
}

@test "the running kernel's words for itself are not handed on" {
	local k=$BATS_TEST_TMPDIR/Image
	broken arm64-crash
	echo 'BOOT_IMAGE=/x crashkernel=1G,high quiet crashkernel=64M,low crashkernelX=1 "crashkernel=4G-:1G" elfcorehdr=0x1 ro' \
		>"$root/proc/cmdline"
	python3 "$top/tests/plan/image" "$k"
	same "crash kernel" "$("$host_bin" -p --plan=json --root "$root" --reuse-cmdline --append=nr_cpus=1 "$k" |
		jq -r .cmdline)" "quiet crashkernelX=1 ro nr_cpus=1"
	same "normal kernel" "$("$host_bin" --plan=json --root "$root" --reuse-cmdline "$k" | jq -r .cmdline)" \
		'crashkernel=1G,high quiet crashkernel=64M,low crashkernelX=1 "crashkernel=4G-:1G" ro'
}

@test "memory that drivers brought is in the core header, and no destination" {
	broken arm64-crash
	local core='.segments[] | select(.piece == "core").bytes' before after
	before=$(crash_planned two --plan=json | jq "$core")
	{
		echo "10000000000-1007fffffff : virtio0"
		echo "  10000000000-1003fffffff : System RAM (virtio_mem)"
		echo "10100000000-1013fffffff : dax0.0"
		echo "  10100000000-1013fffffff : System RAM (kmem)"
		echo "10200000000-1023fffffff : System RAM (NVIDIA)"
	} >>"$root/proc/iomem"
	after=$(crash_planned two --plan=json | jq "$core")
	same "bytes of the core header" "$after" $((before + 3 * 56))
}
