#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Machines and files that are a little odd, with --root on this machine: what the edges make of them.

# shellcheck disable=SC2154  # helpers.bash and bats set these
load ../helpers
load ../faults/helpers

setup_file() {
	cd "$BATS_FILE_TMPDIR" || return
	make_image Image
	head -c 4096 /dev/zero >initrd
	cp -r "$machines/virt-6.1" ARM
	cp -r "$machines/arm64-crash" CRASH
	cp ARM/sys/firmware/fdt dtb
	dtc -q -@ -I dts -O dtb -o overlay - <<<'/dts-v1/; /plugin/; &{/} { added { a = <1>; }; };'
}

setup() { cd "$BATS_FILE_TMPDIR" || return; }

# plan ROOT ARGUMENT...: stdout and stderr in $output
plan() { run "$host_bin" --plan=json --seed 00 --root "$@"; }
pieces() { jq -r '[.segments[].piece] | join(" ")' <<<"$output"; }
# within FROM TO: there is a plan, and all its pieces lie there
within() {
	local at
	same status "$status" 0
	for at in $(jq -r '.segments[] | .start, .end' <<<"$output"); do
		((at >= $1 && at <= $2)) || fail_with "a piece starts or ends at $at" || return
	done
}
# odd MACHINE FILE TEXT...: odd/ is MACHINE with these files.
odd() {
	rm -rf odd
	changed "$1" odd "${@:2}"
}

# ---- the machine

@test "a captured machine: empty, of another kind, with pages of no size, without an end of line" {
	odd ARM system ''
	plan odd Image
	refused 15 "use --root: not a captured machine (file system: Invalid argument)"
	odd ARM system 'machine=aarch64\npage_size=1234\n'
	plan odd Image
	refused 15 "use --root: invalid page size 1234"
	odd ARM system 'page_size=4096\nmachine=sparc'
	plan odd Image
	refused 15 "work on this machine: not built for it: sparc" \
		"nothing was done: there are builds for arm64 and ppc64le; others only plan, with --plan --root DIR"
	local size
	for size in 4096 16384 65536; do
		odd ARM system "page_size=$size\nmachine=aarch64"
		plan odd Image
		same "page size" "$(jq -r .page_size <<<"$output")" $size
	done
}

@test "a captured machine's strings are fit for a terminal" {
	local esc=$'\e[31m\x9b'
	odd ARM system "machine=aarch64\nrelease=6.1${esc}x\npage_size=4096\nfdt_from=/f${esc}dt\nsyscalls=kexec_load\n"
	run "$host_bin" --plan --root odd Image
	same status "$status" 0
	same "first line" "${lines[0]}" "arm64 machine, Linux 6.1?[31m?x"
	[[ $output = *"tree     from /f?[31m?dt"* ]]
	plan odd Image
	same release "$(jq -r .release <<<"$output")" "6.1?[31m?x"
	dtc -q -I dts -O dtb -o odd/sys/firmware/fdt - <<<'/dts-v1/; / { memory { device_type = "memory"; reg = <1>; }; };'
	printf 'x' | dd of=odd/sys/firmware/fdt bs=1 seek=64 conv=notrunc status=none
	plan odd Image
	same status "$status" 6
	[[ $output != *[$'\e\x9b']* ]] || fail_with "it is raw: $output"
}

@test "kernels before 4.8 may pass the tree themselves, and their symbols say so" {
	local release symbols want
	while read -r release symbols want; do
		odd ARM system "machine=aarch64\nrelease=$release\npage_size=4096\nsyscalls=kexec_load\n" \
			proc/kallsyms "0 T _text\n0 t $symbols\n"
		plan odd Image
		same "$release $symbols" "$(pieces)" "$want"
	done <<-'END'
		4.7.0 arm64_kexec_dtb_addr kernel tree
		4.7.0 kexec_dtb_addr kernel tree stub
		4.8.0 arm64_kexec_dtb_addr kernel tree stub
		3.19 arm64_kexec_dtb_addr kernel tree
		4 arm64_kexec_dtb_addr kernel tree
		5.1 arm64_kexec_dtb_addr kernel tree stub
		none arm64_kexec_dtb_addr kernel tree stub
	END
	rm odd/proc/kallsyms
	plan odd Image
	same "segments without symbols" "$(pieces)" "kernel tree stub"
}

@test "the tree of a machine: none, empty, cut short" {
	odd ARM
	: >odd/sys/firmware/fdt
	plan odd Image
	refused 15 "read this machine: $(errno_text EIO): /sys/firmware/fdt"
	dtc -q -I dtb -O dtb -o odd/sys/firmware/fdt dtb
	plan odd Image
	local want=$output
	dtc -q -I dtb -O dtb -p 5000 -o odd/sys/firmware/fdt dtb
	plan odd Image
	same "with padding" "$output" "$want"
	head -c 20 dtb >odd/sys/firmware/fdt
	plan odd Image
	refused 6 "use the device tree: not a device tree blob: /sys/firmware/fdt"
	cp dtb odd/sys/firmware/fdt
	printf '\377\377\377\377' | dd of=odd/sys/firmware/fdt bs=1 seek=64 conv=notrunc status=none
	plan odd Image
	refused 6 "use the device tree: FDT_ERR_BADSTRUCTURE: /sys/firmware/fdt"
	head -c 4000 dtb >odd/sys/firmware/fdt
	plan odd Image
	refused 15 "read this machine: $(errno_text EIO): /sys/firmware/fdt"
	rm odd/sys/firmware/fdt
	plan odd Image
	refused 15 "read the device tree: No such file or directory: /sys/firmware/devicetree/base"
}

@test "the kernel's log: as much of it as 16 MiB, one that is gone" {
	local want
	cp -r "$machines/virt-lpi" LPI
	plan LPI Image
	want=$output
	[[ $want = *"LPI tables of the GIC"* ]]
	odd LPI
	head -c 20M /dev/zero >>odd/dev/kmsg
	plan odd Image
	same "with 20 MiB behind" "$output" "$want"
	{ head -n 1 LPI/dev/kmsg; head -c 20M /dev/zero; sed 1d LPI/dev/kmsg; } >odd/dev/kmsg
	plan odd Image
	same "what comes after 20 MiB" "$(jq '[.keep[] | select(.why | test("LPI"))] | length' <<<"$output")" 0
	rm odd/dev/kmsg
	plan odd Image
	same "no log" "$(jq '[.keep[] | select(.why | test("LPI"))] | length' <<<"$output")" 0
}

@test "what a pipe and a wrapping may bring: half of RAM, or what is available" {
	local kb
	gzip -nc Image >Image.gz
	# Image has 3 MiB
	for kb in 6143 6144; do
		odd ARM proc/meminfo "MemTotal: $kb kB\n"
		plan odd - < <(cat Image)
		if ((kb < 6144)); then
			refused 9 "read the kernel: larger than 2.9 MiB, the limit: -"
			plan odd Image.gz
			refused 9 "load the kernel: unpacked, larger than 2.9 MiB, the limit: Image.gz"
		else
			refused 9 "load the kernel: more than half of RAM: 3 MiB of 6 MiB" \
				"nothing was loaded: the running kernel takes half of RAM at most; make kernel or initrd smaller"
		fi
	done
	plan odd --initrd=- Image.gz < <(head -c 3M /dev/zero)
	refused 9 "go on: out of memory"
	odd ARM proc/meminfo 'MemTotal: 800000 kB\nMemAvailable: 3000 kB\n'
	plan odd Image.gz
	refused 9 "load the kernel: unpacked, larger than 2.9 MiB, the limit: Image.gz"
	# unpacked it is in memory twice as it is loaded
	odd ARM proc/meminfo 'MemTotal: 800000 kB\nMemAvailable: 4000 kB\n'
	plan odd Image.gz
	refused 9 "load the kernel: 6 MiB needed, and only 3.9 MiB available" \
		"nothing was loaded: free some memory and try again"
	odd ARM proc/meminfo 'MemTotal: 800000 kB\nMemAvailable: 7000 kB\n'
	plan odd Image.gz
	same status "$status" 0
}

@test "a /proc/kcore with memory behind its headers" {
	local want
	plan CRASH -p Image
	want=$output
	odd CRASH
	head -c 100000 /dev/zero >>odd/proc/kcore
	plan odd -p Image
	same "with memory" "$output" "$want"
}

@test "memory that a crash kernel shares with the crashed one" {
	local cma=sys/kernel/kexec/crash_cma_ranges text
	odd CRASH $cma '0000000050000000-0000000053ffffff\n0000000080000000-0000000083ffffff\n'
	plan odd -p --dump-dtb=shared.dtb Image
	same status "$status" 0
	same "shared, in JSON" "$(jq -c '.crash_cma' <<<"$output")" \
		'[{"start":"0x50000000","end":"0x54000000"},{"start":"0x80000000","end":"0x84000000"}]'
	same "told, behind its region and its low memory" \
		"$(fdtget -t x shared.dtb /chosen linux,usable-memory-range)" \
		"1 73400000 0 c800000 0 f8000000 0 4000000 0 50000000 0 4000000 0 80000000 0 4000000"
	for text in x 50000000- '50000000 53ffffff\n' '50000001-53ffffff\n' 50000000-53ffffff '50000000-53fffffe\n' '53ffffff-50000000\n' '0-ffff\n' \
		'170000000-180000000\n' '50000000-53ffffff\nx' '0-ffffffffffffffff\n' \
		"$(seq 10 26 | sed 's/.*/5&00000-5&fffff\\n/' | tr -d '\n')"; do
		odd CRASH $cma "$text"
		plan odd -p Image
		refused 15 "read crash CMA: no area of RAM: /$cma" \
			'nothing was loaded: boot with a crashkernel= without ",cma"'
	done
}

@test "lists of CPUs, each way to write them" {
	local cpu=sys/devices/system/cpu list want
	plan CRASH -p Image
	same status "$status" 0
	want=$output
	for list in 0,1 1,0 0-0,1-1; do
		odd CRASH $cpu/possible "$list\n"
		plan odd -p Image
		same "$list" "$output" "$want"
	done
	for list in '' 0- 0-x x -1 0-70000; do
		odd CRASH $cpu/possible "$list\n"
		plan odd -p Image
		refused 15 "read crash notes: no address in RAM in it: /$cpu/possible" \
			"nothing was loaded: without it nobody could read this machine's dump"
	done
	# one thread of two: more than a list of a few hundred bytes
	odd CRASH $cpu/possible "0-1,$(seq -s, 2 2 1200)\n" $cpu/present "0-1,$(seq -s, 2 2 1200)\n"
	for list in $(seq 2 2 1200); do ln -s cpu0 odd/$cpu/cpu"$list"; done
	plan odd -p Image
	same "a long list" "$status" 0
	same "its notes" "$(jq '[.segments[] | select(.piece == "core").bytes][0] > 56 * 600' <<<"$output")" true
	# of those that are not present none needs a note: above, below, between
	for list in 1 1-3 3-4; do
		odd CRASH $cpu/present "$list\n"
		rm -r odd/$cpu/cpu0/crash_notes*
		plan odd -p Image
		same "present: $list" "$status" 0
	done
	odd CRASH $cpu/present '0-1\n'
	rm odd/$cpu/cpu0/crash_notes
	plan odd -p Image
	refused 15 "read crash notes: No such file or directory: /$cpu/cpu0/crash_notes" \
		"nothing was loaded: without it nobody could read this machine's dump"
}

@test "vmcoreinfo: an address and a size, both hexadecimal" {
	local text want
	plan CRASH -p Image
	want=$output
	odd CRASH sys/kernel/vmcoreinfo '12f400000 4024\n'
	plan odd -p Image
	same "without 0x" "$output" "$want"
	for text in x 12f400000 '12f400000 ' '12f400000 x' '12f400000,4024'; do
		odd CRASH sys/kernel/vmcoreinfo "$text\n"
		plan odd -p Image
		refused 15 "read crash notes: no address in RAM in it: /sys/kernel/vmcoreinfo" \
			"nothing was loaded: without it nobody could read this machine's dump"
	done
}

@test "ppc64: with firmware-assisted dumps a crash kernel is of no use, and that is said" {
	local file
	python3 "$plans/ppc64/image" vmlinux
	for file in fadump/enabled fadump_enabled; do
		rm -rf odd
		changed "$machines/pseries" odd sys/kernel/$file '1\n' proc/cmdline 'fadump=on crashkernel=1G\n'
		plan odd -p vmlinux
		refused 8 "load a crash kernel: fadump is on, and dumps without one" \
			"nothing was loaded: a crash kernel takes a boot with fadump=off crashkernel=256M"
		echo 0 >odd/sys/kernel/$file
		plan odd -p vmlinux
		refused 8 "load a crash kernel: no memory is reserved for one" \
			"nothing was loaded: boot with crashkernel=256M, for instance"
	done
	# a region that is there is one
	rm -rf odd
	changed "$machines/pseries-crash" odd sys/kernel/fadump/enabled '1\n'
	plan odd -p vmlinux
	same status "$status" 0
}

@test "ppc64: the next tree has the size of the hash table that the kernel says, where that can be one" {
	local order
	python3 "$plans/ppc64/image" vmlinux
	for order in 25:25 18:18 46:46 17:24 47:24 281:24 -3:24 x:24; do
		odd "$machines/pseries-hash" sys/kernel/debug/powerpc/hpt_order "${order%:*}\n"
		plan odd --dump-dtb=out.dtb vmlinux
		same "status for $order" "$status" 0
		same "order for $order" "$(fdtget out.dtb /cpus/PowerPC,POWER8@0 ibm,pft-size)" "0 ${order#*:}"
	done
}

@test "ppc64: of a crash region only what is above the running kernel and below the RMA's end" {
	python3 "$plans/ppc64/image" vmlinux
	dtc -q -I dtb -O dts -o crash.dts "$machines/pseries-crash/sys/firmware/fdt"
	cp -r "$machines/pseries-crash" REGION
	plan REGION -p vmlinux
	within 0x20000000 0x34000000
	if within 0x20000000 0x30000000; then fail_with "and so it proves nothing"; fi
	odd REGION
	sed '/memory@0/,/};/s/reg = .*/reg = <0 0 0 0x30000000 0 0x30000000 0 0x50000000>;/' crash.dts |
		dtc -q -O dtb -o odd/sys/firmware/fdt -
	plan odd -p vmlinux
	within 0x20000000 0x30000000
	sed 's/linux,kernel-end = .*/linux,kernel-end = <0 0x21000000>;/' crash.dts |
		dtc -q -O dtb -o odd/sys/firmware/fdt -
	plan odd -p vmlinux
	within 0x21000000 0x34000000
}

# ---- options that edges read

@test "seeds and addresses that are none" {
	local word
	for word in 0g abc g '' "$(printf '%082d' 0)"; do
		plan ARM --seed="$word" Image
		refused 2 "read the options: --seed takes 2 to 80 hex digits"
	done
	plan ARM --seed="$(printf '%080d' 0)" Image
	same status "$status" 0
	for word in x 0x 1k 99999999999999999999 0x10000000000000000; do
		plan ARM --mem-min="$word" Image
		refused 2 "read the options: not an address: $word"
		plan ARM --mem-min=0 --mem-max="$word" Image
		refused 2 "read the options: not an address: $word"
	done
	plan ARM --mem-min=0x48000000 --mem-max==1275068416 Image
	same "kernel between" "$(jq -r '.segments[0].start' <<<"$output")" 0x4bc00000
	plan ARM --mem-min=0x4A000000 --mem-max==0X4C000000 Image
	same "in capitals" "$(jq -r '.segments[0].start' <<<"$output")" 0x4bc00000
	plan ARM --seed=aBcDeF Image
	local want=$output
	plan ARM --seed=abcdef Image
	same "a seed in capitals" "$want" "$output"
}

@test "a tree is written where there is one, to a name that can be" {
	run "$host_bin" --plan -s --dump-dtb=out --root ARM Image
	refused 2 "write the next tree: kexec_file_load makes its own"
	[[ ! -e out ]]
	local long
	long=$(printf '%04100d' 0)
	plan ARM --dump-dtb="$long" Image
	refused 3 "write a file: $(errno_text ENAMETOOLONG): ...${long:0:60}"
	plan ARM --reuseinitrd Image
	refused 2 "reuse the initrd: its memory is free again; give --initrd"
}

# ---- files

@test "a terminal is no file, a socket is a pipe" {
	run script -qec "'$host_bin' --plan --root ARM /dev/tty" /dev/null
	same status "$status" 3
	same output "$output" $'kexec-lite: cannot read the kernel: it is a terminal: /dev/tty\r'
	plan ARM --initrd=initrd Image
	local want=$output
	cat >peer.py <<-'EOF'
		import socket, subprocess, sys
		ours, its = socket.socketpair()
		ours.sendall(open("initrd", "rb").read())
		ours.close()
		sys.exit(subprocess.run(sys.argv[1:], stdin=its).returncode)
	EOF
	run python3 peer.py "$host_bin" --plan=json --seed 00 --root ARM --initrd=- Image
	same "an initrd from a socket" "$output" "$want"
}

@test "progress on a terminal: each per cent once" {
	make_image large --image-size 17M
	truncate -s 16M large
	lz4 -q -1 -B4 large large.lz4
	script -qec "'$host_bin' --plan --root ARM large.lz4" /dev/null >typed
	grep -oE '[0-9]+ %' typed >steps
	(($(wc -l <steps) >= 100))
	same "what was said twice" "$(uniq -d steps)" ""
}

# meanwhile COMMAND FILE OPTION...: a plan with these OPTIONs, the last of which names a pipe, "last",
# that opens when the files before are; COMMAND is run then, and FILE comes out of the pipe.
meanwhile() {
	rm -f last
	mkfifo last
	# shellcheck disable=SC2016  # for the shell that it starts
	timeout 10 bash -c 'exec 3>last; eval "$1"; cat "$2" >&3' - "$1" "$2" &
	plan ARM "${@:3}"
	wait
}

@test "a file that is written to while it is used: its size, its time, part of a second" {
	local name file options what
	cp Image k
	cp initrd i
	while read -r name file options; do
		for what in "truncate -s +8 $file" "touch -d @1000000001.25 $file" "touch -d @1000000000.5 $file"; do
			cp dtb d
			cp overlay o
			touch -d @1000000000.25 "$file"
			# shellcheck disable=SC2086  # a list
			meanwhile "$what" overlay $options k
			refused 3 "read the ${name/-/ }: written to while it was read: $file" \
				"nothing was loaded: try again when the file is complete"
		done
		# shellcheck disable=SC2086
		meanwhile "cat $file" overlay $options k
		same "$name is only read" "$status" 0
	done <<-'END'
		kernel k --dtb-overlay=last
		initrd i --initrd=i --dtb-overlay=last
		overlay o --dtb-overlay=o --dtb-overlay=last
		device-tree d --dtb=d --dtb-overlay=last
	END
}

@test "a file that is cut short while it is used, without the child, too" {
	local how
	for how in --seed=00 --no-sandbox; do
		cp Image k
		meanwhile "truncate -s 0 k" initrd $how --initrd=last k
		refused 3 "read the kernel: cut short while it was read: k"
		# not the first of those that are open
		cp Image k
		cp overlay o
		meanwhile "truncate -s 0 o" overlay $how --dtb-overlay=o --dtb-overlay=last k
		refused 3 "read the overlay: cut short while it was read: o"
	done
}

@test "as many files as may be given" {
	local files=() i
	cp overlay o
	for ((i = 0; i < 8; i++)); do files+=("--dtb-overlay=o" "--initrd=initrd"); done
	plan ARM "${files[@]}" --dtb=dtb Image
	same status "$status" 0
	same pieces "$(pieces)" "kernel initrd initrd initrd initrd initrd initrd initrd initrd tree stub"
}
