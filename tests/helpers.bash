# SPDX-License-Identifier: MIT
# Shared by the boot, refusal, plan, command line and build tests; sourced by them.
# Sets: top (the repository), host_bin (the binary for this machine), run_dir (scratch of
# this run of tests/check: boots are made once per run, whoever asks first).
# shellcheck shell=bash disable=SC2034,SC2154

top=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd)
lab=$top/tests/lab
run_dir=${KEXEC_LITE_RUN:-${BATS_RUN_TMPDIR:?}/run}
# tests/check keeps copies, so that a run is of one build; tests/lab/binaries makes others.
bin_dir=$run_dir/bin
[[ -d $bin_dir ]] || bin_dir=$top/build/bin
host_bin=$bin_dir/host/kexec-lite
guest_bin=$bin_dir/arm64/kexec-lite
machines=$top/tests/machines
plans=$top/tests/plan

# fail_with TEXT...: the reason a test failed, and the end of a log if there is one.
fail_with() {
	printf '%s\n' "$*" >&2
	return 1
}

# same WHAT GOT WANTED
same() { [[ $2 == "$3" ]] || fail_with "$1 is '$2', not '$3'"; }

# errno_text NAME: what this machine's libc, and so the program that is built for it, says of an errno.
errno_text() { python3 -c 'import errno, os, sys; print(os.strerror(getattr(errno, sys.argv[1])))' "$1"; }

# ---- boots

# The boots: name, machine, first kernel's extra command line, then the kernels of the
# chain. The first is started by the emulator, each one after it by kexec-lite.
boot_table='
virt-6.1      virt          -       arm64-6.1      arm64-6.1
virt-6.12     virt          -       arm64-6.12     arm64-6.12
virt-chain    virt          -       arm64-6.1      arm64-6.12 arm64-6.1 arm64-6.12
virt-nokaslr  virt          nokaslr arm64-6.1      arm64-6.1
virt-efi      virt-efi      -       arm64-6.1      arm64-6.1
virt-16k      virt-16k      -       arm64-6.12-16k arm64-6.12-16k
virt-4cpu-4g  virt-4cpu-4g  -       arm64-6.1      arm64-6.1
virt-numa     virt-numa     -       arm64-6.12     arm64-6.12
virt-lpi      virt-el2      -       arm64-file     arm64-file arm64-file
'
stages=(run second third fourth)

# next_append STAGE: the command line that STAGE is started with. The quoted word has a
# space and a dash that a careless join would lose.
next_append() {
	printf 'console=ttyAMA0 panic=-1 quiet lab.stage=%s word="two  words -- here" last=1' "$1"
}

# once NAME COMMAND...: runs COMMAND NAME if no test of this run did; its status is kept.
once() {
	local name=$1 dir=$run_dir/$1 rc=0
	shift
	mkdir -p "$run_dir"
	(
		flock 7
		if [[ ! -e $dir/rc ]]; then
			rm -rf "$dir"
			mkdir -p "$dir"
			# Not "|| rc=": that would make COMMAND go on after an error.
			trap - ERR
			set +e
			(set -e; "$@" "$name") >"$dir/output" 2>&1
			echo "$?" >"$dir/rc"
		fi
	) 7>"$run_dir/$name.lock"
	read -r rc <"$dir/rc"
	if [[ $rc != 0 ]]; then
		tail -n 5 "$dir/output"
		[[ ! -e $dir/log ]] || tail -n 5 "$dir/log"
		fail_with "boot $name ended with status $rc; its console is $dir/log"
	fi >&2
}

# make_extra FILE: an archive with one file, /extra, to go behind another initrd.
make_extra() {
	local dir
	dir=$(mktemp -d "$run_dir/extra.XXXXXX")
	echo "seen by the next kernel" >"$dir/extra"
	(cd "$dir" && cpio --create --format=newc --quiet <<<extra) >"$1"
	rm -rf "$dir"
}

chain_initramfs() {
	local dir=$1 i pairs
	shift
	# The last kernel's first: each is carried by the one before it.
	for ((i = $# - 1; i >= 0; i--)); do
		pairs=("$lab/report:lab/report" "$top/tests/guest/stage:lab/run")
		if ((i + 1 < $#)); then
			next_append "${stages[i + 1]}" >"$dir/append.$i"
			pairs+=("$guest_bin:bin/kexec-lite" "$("$lab/kernel" "${@:i + 2:1}"):boot/Image"
				"$dir/${stages[i + 1]}.cpio:boot/initrd" "$dir/append.$i:boot/append")
		fi
		"$lab/initramfs" arm64 "$dir/${stages[i]}.cpio" "${pairs[@]}"
	done
}

boot_chain() {
	local name=$1 dir=$run_dir/$1 machine extra kernels
	read -r _ machine extra kernels < <(awk -v n="$name" '$1 == n' <<<"$boot_table")
	[[ $extra != - ]] || extra=
	# shellcheck disable=SC2086  # a list
	set -- $kernels
	chain_initramfs "$dir" "$@"
	"$lab/run" "$machine" "$("$lab/kernel" "$1")" "$dir/run.cpio" "quiet $extra" "$dir/log"
}

# boot NAME: makes the boot of that name; its console is then in $log.
boot() {
	log=$run_dir/$1/log
	once "$1" boot_chain
}

# of_stage STAGE: that kernel's part of $log.
of_stage() {
	awk -v s="$1" '/^LAB start / { on = $3 == s } on' "$log"
}

# fact STAGE KEY: one value that tests/lab/report printed.
fact() {
	of_stage "$1" | sed -n "s/^REPORT $2=//p"
}

# step STAGE NAME: the result line of one step of tests/guest/stage.
step() {
	of_stage "$1" | sed -n "s/^STEP $2 //p"
}

# sent STAGE FILE: a file that tests/guest/stage sent: capture/, plan.json, plan.txt, tree.dtb;
# default.txt, the plan without --seed.
sent() {
	of_stage "$1" | sed -n '/^LAB file out.tar.gz$/,/^LAB file end$/p' | sed '1d;$d' |
		base64 -d | tar -xzO "./$2"
}

# handed_over STAGE NEXT: NEXT runs with its command line, all CPUs and all memory.
handed_over() {
	local before after low
	[[ -n $(fact "$2" kernel) ]] || {
		tail -n 20 "$log" >&2
		fail_with "the $2 kernel did not reach its init"
	}
	same "command line of $2" "$(fact "$2" cmdline)" "$(next_append "$2")"
	same "CPUs of $2" "$(fact "$2" cpus_online)" "$(fact "$1" cpus_online)"
	same "failed CPUs of $2" "$(fact "$2" cpus_failed)" 0
	same "warnings of $2" "$(fact "$2" warnings)" 0
	same "nodes of $2" "$(fact "$2" numa_nodes)" "$(fact "$1" numa_nodes)"
	same "exception level of $2" "$(fact "$2" el)" "$(fact "$1" el)"
	before=$(fact "$1" memory_kb) after=$(fact "$2" memory_kb)
	low=$((before * 99 / 100))
	((after >= low && after <= before * 101 / 100)) ||
		fail_with "memory of $2 is $after KiB, $before KiB before"
	same "end of the log" "$(grep -c '^LAB exit=0$' "$log")" 1
}

# ---- refusals

# refused CODE SENTENCE [HINT]: what `run` (bats) of kexec-lite should have left; stderr and stdout
# joined in $output. Both lines at most 200 bytes.
refused() {
	local line want="kexec-lite: cannot $2"
	[[ $# -lt 3 ]] || want+=$'\n'"kexec-lite: $3"
	same "exit code" "$status" "$1"
	same "output" "$output" "$want"
	while IFS= read -r line; do
		line=$(LC_ALL=C; printf %s "${#line}")
		((line <= 200)) || fail_with "a line has $line bytes"
	done <<<"$output"
}

# ---- plans on this machine

# The golden plans: name, captured machine, initrd sizes ("-": none), then the arguments of
# tests/plan/image. Flags 0xa: 4 KiB pages, anywhere; 0x2: as low as possible; 0xe: 64 KiB pages.
plan_table='
virt-6.1       virt-6.1      5000000
virt-6.12      virt-6.12     5000000
virt-efi       virt-efi      5000000
virt-16k       virt-16k      5000000
virt-numa      virt-numa     5000000
virt-4cpu-4g   virt-4cpu-4g  5000000
virt-lpi       virt-lpi      5000000
server         server        5000000
split          split         5000000
board          board         5000000
two            two           5000000
added          added         5000000
inside         inside        5000000
no-initrd      virt-6.1      -
efi-no-initrd  virt-efi      -
two-initrds    virt-6.1      5000000+4096+99
two-16k        virt-16k      5000000+4096
large-initrd   virt-4cpu-4g  1G
low            virt-6.1      5000000  --flags 0x2 --text-offset 0x80000
before-3.17    virt-6.1      5000000  --flags 0 --image-size 0
pages-64k      virt-6.12     5000000  --flags 0xe
tight          split         90M      --image-size 93M
window         server        31G      --image-size 64M
'

# make_image FILE ARGUMENT...: a made-up kernel.
make_image() { python3 "$plans/image" "$@"; }

# planned NAME ARGUMENT...: runs kexec-lite for a line of plan_table; ARGUMENTs override its own.
planned() {
	local machine initrd image dir rc=0
	read -r _ machine initrd image < <(awk -v n="$1" '$1 == n' <<<"$plan_table")
	dir=$run_dir/plan-$1.$$
	mkdir -p "$dir"
	# shellcheck disable=SC2086  # a list
	make_image "$dir/Image" $image
	set -- --seed 00 --root "$machines/$machine" --append="root=/dev/vda1 ro quiet" "${@:2}"
	[[ $initrd = - ]] || for initrd in ${initrd//+/ }; do
		truncate -s "$initrd" "$dir/initrd.$initrd"
		set -- "$@" --initrd "$dir/initrd.$initrd"
	done
	"$host_bin" "$@" "$dir/Image" || rc=$?
	rm -rf "$dir"
	return "$rc"
}

# for_all FUNCTION: for each line of plan_table; fails once, after all of them.
for_all() {
	local name bad=0
	while read -r name; do
		"$1" "$name" || bad=1
	done < <(awk 'NF { print $1 }' <<<"$plan_table")
	return $bad
}

golden() {
	diff -u "$plans/$1.json" <(planned "$1" --plan=json) &&
		diff -u "$plans/$1.txt" <(planned "$1" --plan)
}

# same_on ARCH CPU NAME: the picture is the same from the binary for that machine.
same_on() {
	local emulated=$BATS_TEST_TMPDIR/$1
	printf '#!/bin/sh\nexec qemu-%s-static %s "$@"\n' "$2" "$bin_dir/$1/kexec-lite" >"$emulated"
	chmod +x "$emulated"
	planned "$3" --plan >"$BATS_TEST_TMPDIR/host"
	# an emulator of programs has no children like the sandbox
	diff -u "$BATS_TEST_TMPDIR/host" <(host_bin=$emulated && planned "$3" --no-sandbox --plan)
}

# ---- the probe kernel

# boot_probe NAME: NAME is probe-MACHINE. The emulator writes down what it runs from RAM with the
# MMU off: kernel addresses are above, programs below, so that is the hand-over.
boot_probe() {
	local dir=$run_dir/$1 rc=0
	"$lab/probe/build"
	printf 'lab.stage=probe' >"$dir/append"
	"$lab/initramfs" arm64 "$dir/initrd"
	"$lab/initramfs" arm64 "$dir/run.cpio" "$lab/report:lab/report" "$top/tests/guest/stage:lab/run" \
		"$guest_bin:bin/kexec-lite" "$top/build/lab/probe/arm64.Image:boot/Image" \
		"$dir/initrd:boot/initrd" "$dir/append:boot/append"
	# The log file is the last -D's, so the harness sees no power-off and says 3.
	"$lab/run" "${1#probe-}" "$("$lab/kernel" arm64-6.1)" "$dir/run.cpio" quiet "$dir/log" \
		-d in_asm,exec,nochain -dfilter 0x40000000+0x80000000 -D "$dir/trace" || rc=$?
	[[ $rc = 0 || $rc = 3 ]]
}

# ---- refusals in a guest

# One boot for all of them. Two reserved pages cut memory into holes that are smaller than
# half of RAM: with one hole, more than half would always be the answer.
boot_refuse() {
	local dir=$run_dir/$1 kernel
	kernel=$("$lab/kernel" arm64-6.12)
	make_image "$dir/good"
	make_image "$dir/big-endian" --flags 0xb
	make_image "$dir/pages-16k" --flags 0xc
	dtc -q -I dts -O dtb -o "$dir/no-memory.dtb" - <<<'/dts-v1/; / { chosen { }; };'
	next_append second >"$dir/append"
	"$lab/initramfs" arm64 "$dir/second.cpio" "$lab/report:lab/report" "$top/tests/guest/stage:lab/run"
	"$lab/initramfs" arm64 "$dir/run.cpio" "$lab/report:lab/report" "$top/tests/guest/refuse:lab/run" \
		"$guest_bin:bin/kexec-lite" "$kernel:boot/Image" "$dir/second.cpio:boot/initrd" \
		"$dir/append:boot/append" "$dir/good:boot/good" "$dir/big-endian:boot/big-endian" \
		"$dir/pages-16k:boot/pages-16k" "$dir/no-memory.dtb:boot/no-memory.dtb" \
		"$("$lab/fault/build" arm64):bin/fault"
	qemu-system-aarch64 -M "virt,dumpdtb=$dir/virt.dtb" -cpu cortex-a57 -smp 2 -m 1G \
		-nographic -nic none 2>&1
	{
		echo "/dts-v1/; /memreserve/ 0x54000000 0x10000; /memreserve/ 0x68000000 0x10000;"
		dtc -q -I dtb -O dts "$dir/virt.dtb" | sed 1d
	} | dtc -q -I dts -O dtb -o "$dir/cut.dtb" -
	"$lab/run" virt "$kernel" "$dir/run.cpio" quiet "$dir/log" -dtb "$dir/cut.dtb"
}
