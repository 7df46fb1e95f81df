# SPDX-License-Identifier: MIT
# Shared by the ppc64 tests; loaded after helpers.bash, and puts ppc64 in the place of arm64.
# shellcheck shell=bash disable=SC2034,SC2154

guest_bin=$bin_dir/ppc64le/kexec-lite
plans=$top/tests/plan/ppc64

# ---- boots

# The boots: name, machine, kernels of the chain (the first is started by the emulator, each
# one after it by kexec-lite), words for the first kernel's command line, options for
# kexec-lite, arguments for the emulator. "-": none. With x-vof=on the firmware of pseries is
# not run, which saves seconds; the trees are the same but for an nvram that cannot be read.
boot_table='
pseries       pseries      6.1,6.12            -             -
pseries-p10   pseries-p10  6.12,6.12-64k       -             -              -machine x-vof=on
pseries-hash  pseries-hash 6.12-64k,6.1        -             -              -machine x-vof=on
powernv9      powernv9     6.1,6.12            -             -
powernv10     powernv10    6.12,6.1            -             -
powernv9-4    powernv9     6.12,6.12-64k       -             -              -smp 4
pseries-1     pseries      6.1,6.1             -      --initrd=/boot/extra  -machine x-vof=on -smp 1
pseries-4     pseries      6.12,6.12           -             -              -machine x-vof=on -smp 4
pseries-smt   pseries-smt  6.1,6.12            -             -
powernv9-smt  powernv9-smt 6.12,6.1            -             -
drconf        pseries      6.12,6.1            -             -              -machine x-vof=on DIMM
numa          pseries      6.1,6.12            -             -              -machine x-vof=on -m 8G NUMA
chain         pseries      6.1,6.12,6.12-64k,6.1 -           -              -machine x-vof=on
stay          pseries      6.1,6.12            -             --run-at-load  -machine x-vof=on
stay-powernv9 powernv9     6.12,6.1            -             --run-at-load
offline       pseries      6.1,6.12            lab.offline=1 -              -machine x-vof=on
probe-pseries pseries      6.1,probe           lab.offline=0 -              -machine x-vof=on
probe-hash    pseries-hash 6.12,probe          -             -              -machine x-vof=on
probe-powernv9 powernv9    6.12,probe          -             -
probe-stay    pseries      6.12,probe          -             --run-at-load  -machine x-vof=on
'
# 1 GiB in a slot: its blocks are assigned in ibm,dynamic-memory and have no memory node.
dimm='-m 2G,slots=4,maxmem=8G -object memory-backend-ram,id=d0,size=1G -device pc-dimm,memdev=d0'
two_nodes='-object memory-backend-ram,id=m0,size=4G -object memory-backend-ram,id=m1,size=4G
	-numa node,nodeid=0,cpus=0,memdev=m0 -numa node,nodeid=1,cpus=1,memdev=m1'

next_append() {
	printf 'console=hvc0 panic=-1 quiet lab.stage=%s word="two  words -- here" last=1' "$1"
}

# of_boot NAME COLUMN...: columns of boot_table; the last one takes the rest of the line.
of_boot() { read -r _ "${@:2}" < <(awk -v n="$1" '$1 == n' <<<"$boot_table"); }

# kernel_of NAME: the file of a kernel as boot_table names it.
kernel_of() {
	if [[ $1 = probe ]]; then
		"$lab/probe/build"
		echo "$top/build/lab/probe/ppc64.elf"
	else
		"$lab/kernel" "ppc64le-$1"
	fi
}

# chain_initramfs DIR OPTIONS KERNEL...
chain_initramfs() {
	local dir=$1 options=$2 i pairs
	shift 2
	[[ $options != - ]] || options=
	echo "$options" >"$dir/options"
	make_extra "$dir/extra"
	# The last kernel's first: each is carried by the one before it.
	for ((i = $# - 1; i >= 0; i--)); do
		pairs=("$lab/report:lab/report" "$top/tests/guest/stage-ppc64:lab/run")
		if ((i + 1 < $#)); then
			next_append "${stages[i + 1]}" >"$dir/append.$i"
			pairs+=("$guest_bin:bin/kexec-lite" "$(kernel_of "${*:i + 2:1}"):boot/Image"
				"$dir/${stages[i + 1]}.cpio:boot/initrd" "$dir/append.$i:boot/append"
				"$dir/options:boot/options" "$dir/extra:boot/extra")
		fi
		"$lab/initramfs" ppc64le "$dir/${stages[i]}.cpio" "${pairs[@]}"
	done
}

boot_chain() {
	local dir=$run_dir/$1 machine list words options qemu kernels
	of_boot "$1" machine list words options qemu
	IFS=, read -ra kernels <<<"$list"
	chain_initramfs "$dir" "$options" "${kernels[@]}"
	qemu=${qemu/NUMA/$two_nodes} qemu=${qemu/DIMM/$dimm}
	# shellcheck disable=SC2086  # a list
	"$lab/run" "$machine" "$(kernel_of "${kernels[0]}")" "$dir/run.cpio" \
		"quiet ${words/#-/}" "$dir/log" $qemu
}

# release KERNEL: what `uname -r` says there.
release() {
	local file
	file=$(readlink -f "$(kernel_of "$1")")
	file=${file%/vmlinuz} file=${file##*/}
	echo "${file#vmlinux-}"
}

# handed_over STAGE NEXT: NEXT runs with its command line, all CPUs and all memory, and
# complains of nothing that STAGE did not complain of.
handed_over() {
	local before after key percent=1
	[[ -n $(fact "$2" kernel) ]] || {
		tail -n 20 "$log" >&2
		fail_with "the $2 kernel did not reach its init"
	}
	same "command line of $2" "$(fact "$2" cmdline)" "$(next_append "$2")"
	same "failed CPUs of $2" "$(fact "$2" cpus_failed)" 0
	for key in cpus_online cpus_possible threads ram_kb warnings numa_nodes mmu opal drconf; do
		same "$key of $2" "$(fact "$2" $key)" "$(fact "$1" $key)"
	done
	# A percent is for equal kernels; each of them takes another part of RAM for itself.
	[[ $(fact "$1" kernel) = "$(fact "$2" kernel)" ]] || percent=3
	before=$(fact "$1" memory_kb) after=$(fact "$2" memory_kb)
	((after >= before * (100 - percent) / 100 && after <= before * (100 + percent) / 100)) ||
		fail_with "memory of $2 is $after KiB, $before KiB before"
	same "load by $1" "$(step "$1" load | cut -d ' ' -f 1,2,4)" "rc=0 stdout=0 loaded=1"
	same "end of the log" "$(grep -c '^LAB exit=0$' "$log")" 1
}

# booted NAME: the boot of that name, each of its hand-overs, and that each kernel is the one meant.
booted() {
	local list kernels i rest
	boot "$1"
	of_boot "$1" rest list rest
	IFS=, read -ra kernels <<<"$list"
	for i in "${!kernels[@]}"; do
		same "kernel ${stages[i]}" "$(fact "${stages[i]}" kernel)" "$(release "${kernels[i]}")"
		((i == 0)) || handed_over "${stages[i - 1]}" "${stages[i]}"
	done
}

# unpack_sent STAGE DIRECTORY [MEMBER]: what that stage sent, all of it or one member.
unpack_sent() {
	mkdir -p "$2"
	of_stage "$1" | sed -n '/^LAB file out.tar.gz$/,/^LAB file end$/p' | sed '1d;$d' | base64 -d |
		tar -xz -C "$2" --no-same-owner "${3:-.}"
}

# ---- plans on this machine

# The captured machines: name, and the boot whose first kernel wrote it.
capture_table='
pseries        pseries
pseries-hash   pseries-hash
pseries-drconf drconf
pseries-numa   numa
powernv9       powernv9
powernv10      powernv10
'

# The golden plans: name, captured machine, initrd sizes ("-": none), an option for kexec-lite
# ("-": none), then the arguments of tests/plan/ppc64/image.
plan_table='
pseries        pseries        5000000  -
pseries-hash   pseries-hash   5000000  -
pseries-drconf pseries-drconf 5000000  -
pseries-numa   pseries-numa   5000000  -
powernv9       powernv9       5000000  -
powernv10      powernv10      5000000  -
lpar           lpar           5000000  -
lpar-crash     lpar-crash     80M      -
lpar-region    lpar-crash     80M      --mem-max=0x20000000
no-initrd      pseries        -        -
two-initrds    pseries        5000000+65536+99 -
large-initrd   powernv9       800M     -
stay           pseries        5000000  --run-at-load
dyn            pseries        5000000  -  --dyn --no-run0
big-endian     powernv9       5000000  -  --big
three-parts    pseries        5000000  -  --load 0:1M:1M --load 0x200000:512K:768K --load 0x2d0000:100000:3M
three-stay     powernv10      5000000  --run-at-load  --load 0:1M:1M --load 0x200000:512K:768K --load 0x2d0000:100000:3M
three-dyn      pseries-hash   5000000  -  --dyn --no-run0 --load 0:1M:1M --load 0x200000:512K:768K --load 0x2d0000:100000:3M
loose-parts    pseries        5000000  -  --load 0:1M:1M --load 0x181230:512K:768K --load 0x2d0010:100000:3M
fixed          pseries        5000000  -  --no-run0 --load 0x20000000:3M:4M
'

make_image() { python3 "$plans/image" "$@"; }

# planned NAME ARGUMENT...: runs kexec-lite for a line of plan_table, with ARGUMENTs before its own.
# The kernel is kept when $kernel names a file for it.
planned() {
	local machine initrd option image dir
	read -r _ machine initrd option image < <(awk -v n="$1" '$1 == n' <<<"$plan_table")
	dir=$run_dir/plan-ppc64-$1.$$
	mkdir -p "$dir"
	# shellcheck disable=SC2086  # a list
	make_image "$dir/vmlinux" $image
	[[ -z ${kernel-} ]] || cp "$dir/vmlinux" "$kernel"
	set -- "${@:2}" --seed 00 --root "$machines/$machine" --append="root=/dev/vda1 ro quiet"
	[[ $initrd = - ]] || for initrd in ${initrd//+/ }; do
		truncate -s "$initrd" "$dir/initrd.$initrd"
		set -- "$@" --initrd "$dir/initrd.$initrd"
	done
	[[ $option = - ]] || set -- "$@" "$option"
	"$host_bin" "$@" "$dir/vmlinux"
	rm -rf "$dir"
}

# ---- refusals in a guest

boot_refuse() {
	local dir=$run_dir/$1 kernel
	kernel=$("$lab/kernel" ppc64le-6.12)
	make_image "$dir/fixed" --no-run0
	next_append second >"$dir/append"
	"$lab/initramfs" ppc64le "$dir/second.cpio" "$lab/report:lab/report" \
		"$top/tests/guest/refuse-ppc64:lab/run"
	"$lab/initramfs" ppc64le "$dir/run.cpio" "$lab/report:lab/report" \
		"$top/tests/guest/refuse-ppc64:lab/run" "$guest_bin:bin/kexec-lite" "$kernel:boot/Image" \
		"$dir/second.cpio:boot/initrd" "$dir/append:boot/append" "$dir/fixed:boot/fixed"
	"$lab/run" pseries "$kernel" "$dir/run.cpio" quiet "$dir/log" -machine x-vof=on
}
