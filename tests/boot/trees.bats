#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Trees given by the user: what is merged into --dtb, what --dtb-overlay does, and several
# initrds. On this machine with captured ones, then in guests (tests/guest/trees).

# shellcheck disable=SC2034,SC2154  # helpers.bash and bats set these
load ../helpers

setup_file() {
	local name
	cd "$BATS_FILE_TMPDIR" || return
	make_image good
	# The tree of that machine as it lies on a disk: nothing that firmware writes.
	dtc -q -I dtb -O dts "$machines/virt-6.1/sys/firmware/fdt" >own.dts
	without 'memory@40000000|psci|chosen' own.dts | dts disk
	without 'psci|chosen' own.dts | sed 's/0x40000000 0x00 0x40000000/0x40000000 0x00 0x10000000/' >less.dts
	without 'psci|chosen' own.dts | sed 's/0x40000000 0x00 0x40000000/0x20000000 0x00 0x40000000/' >other.dts
	for name in less other; do
		dts own-$name <$name.dts
		sed 's/linux,dummy-virt/another,board/' $name.dts | dts $name
	done
	dts pl011 -@ <<<'/plugin/; &{/} { added { compatible = "x"; }; }; '
	dts label -@ <<<'/plugin/; &nobody { x; };'
	dts base -@ <<<'/ { #address-cells = <2>; #size-cells = <2>; compatible = "linux,dummy-virt";
		soc: soc { i2c: i2c { use = <&clk>; clk: clk { }; }; }; };'
	dts one -@ <<<'/plugin/; &i2c { status = "okay"; use2 = <&new &clk>; new: new { }; };'
	dts two -@ <<<'/plugin/; &new { second = <&soc>; };'
}

setup() { cd "$BATS_FILE_TMPDIR" || return; }

# dts NAME [ARGUMENT...]: makes NAME.dtb of stdin.
dts() {
	{ printf '/dts-v1/;\n'; sed /dts-v1/d; } | dtc -q "${@:2}" -I dts -O dtb -o "$1.dtb" -
}

# without NAMES FILE: a dts without the nodes right below the root whose name is one of NAMES.
without() {
	awk -v names="^\t($1) \\\\{" '$0 ~ names { skip = 1 } !skip { print } /^\t};/ { skip = 0 }' "$2"
}

plan() { run "$host_bin" --plan --root "$machines/${machine-virt-6.1}" "$@"; }

# next ARGUMENT...: the tree that the next kernel would get, as out.dtb.
next() {
	"$host_bin" --plan=json --root "$machines/${machine-virt-6.1}" --seed 00 --append=a \
		--dump-dtb out.dtb "$@" good >plan.json
}

# all FILE: every property as "PATH NAME = VALUE", sorted: two trees are the same when this is.
all() { dtc -q -s -I dtb -O dts "$1"; }

@test "the tree of a disk becomes the machine's own" {
	next --dtb=disk.dtb
	mv out.dtb disk.out
	next
	diff -u <(all out.dtb) <(all disk.out)
}

@test "/sys/firmware/fdt as --dtb is the machine's own tree" {
	next --dtb="$machines/virt-6.1/sys/firmware/fdt"
	mv out.dtb given.out
	next
	diff -u <(all out.dtb) <(all given.out)
}

@test "a tree that has less memory: all pieces lie in that" {
	next --dtb=less.dtb
	same outside "$(jq '[.segments[] | .room_end | ltrimstr("0x") | select(length > 8 or . > "50000000")] | length' plan.json)" 0
	same PSCI "$(fdtget out.dtb /psci method)" hvc
}

@test "a tree that has another machine's memory is refused" {
	plan --dtb=other.dtb good
	refused 6 "use the device tree: no memory here at 0x20000000: other.dtb"
}

@test "where the tree is for this machine, memory is what the machine has" {
	local name
	for name in less other; do
		next --dtb=own-$name.dtb
		same $name "$(fdtget -t x out.dtb /memory@40000000 reg)" "0 40000000 0 40000000"
	done
}

@test "a tree of another machine: a warning" {
	dts board <<<'/ { compatible = "acme,board"; #address-cells = <2>; #size-cells = <2>; };'
	plan --dtb=board.dtb good
	same status "$status" 0
	same warning "${lines[-1]}" \
		"kexec-lite: warning: --dtb is for another machine: its compatible is not this one's"
	plan --dtb=disk.dtb good
	[[ $output != *warning* ]]
}

@test "EFI: the next kernel finds EFI's memory map with any tree" {
	machine=virt-efi next --dtb=disk.dtb
	same map "$(fdtget -t x out.dtb /chosen linux,uefi-mmap-start)" \
		"$(fdtget -t x "$machines/virt-efi/sys/firmware/fdt" /chosen linux,uefi-mmap-start)"
	same "secure boot" "$(fdtget -t x out.dtb /chosen linux,uefi-secure-boot)" 2
	same memory "$(fdtget -l out.dtb / | grep -c '^memory')" 0
}

@test "ppc64: memory, RTAS and console of the machine, hot-plugged memory too" {
	# the machine's own tree with only what a tree of a disk has
	dts power <<<'/ { compatible = "qemu,pseries"; #address-cells = <2>; #size-cells = <2>;
		vdevice { vty@71000000 { }; }; };'
	python3 "$plans/ppc64/image" power
	local own
	for machine in pseries pseries-drconf; do
		own=$machines/$machine/sys/firmware/fdt
		"$host_bin" --plan=json --root "$machines/$machine" --dump-dtb out.dtb --dtb=power.dtb power >plan.json
		same memory "$(fdtget -t x out.dtb /memory@0 reg)" "$(fdtget -t x "$own" /memory@0 reg)"
		same RTAS "$(fdtget -t x out.dtb /rtas linux,rtas-entry)" "$(fdtget -t x "$own" /rtas linux,rtas-entry)"
		same console "$(fdtget out.dtb /chosen stdout-path)" /vdevice/vty@71000000
	done
	same "LMB size" "$(fdtget -t x out.dtb /ibm,dynamic-reconfiguration-memory ibm,lmb-size)" "0 10000000"
}

@test "an overlay by path goes into the machine's own tree" {
	next --dtb-overlay=pl011.dtb
	same node "$(fdtget out.dtb /added compatible)" x
	fdtput -r out.dtb /added
	mv out.dtb with.out
	next
	diff -u <(all out.dtb) <(all with.out)
}

@test "overlays by label, the second with a label of the first" {
	next --dtb=base.dtb --dtb-overlay=one.dtb --dtb-overlay=two.dtb
	same status "$(fdtget out.dtb /soc/i2c status)" okay
	local clk new
	clk=$(fdtget -t x out.dtb /soc/i2c/clk phandle) new=$(fdtget -t x out.dtb /soc/i2c/new phandle)
	same "phandles" "$(fdtget -t x out.dtb /soc/i2c use2)" "$new $clk"
	same "the base's own" "$(fdtget -t x out.dtb /soc/i2c use)" "$clk"
	same "the second's" "$(fdtget -t x out.dtb /soc/i2c/new second)" "$(fdtget -t x out.dtb /soc phandle)"
	same label "$(fdtget out.dtb /__symbols__ new)" /soc/i2c/new
	plan --dtb=base.dtb --dtb-overlay=one.dtb --dtb-overlay=two.dtb good
	[[ $output = *"tree     from base.dtb, one.dtb, two.dtb"* ]]
	same json "$(jq -c .overlays plan.json)" '["one.dtb","two.dtb"]'
}

@test "dtc's own fdtoverlay makes the same tree" {
	# next --dtb=base.dtb adds the machine's part; fdtoverlay starts from that
	next --dtb=base.dtb
	fdtoverlay -i out.dtb -o theirs.dtb one.dtb two.dtb
	next --dtb=base.dtb --dtb-overlay=one.dtb --dtb-overlay=two.dtb
	diff -u <(all theirs.dtb) <(all out.dtb)
}

@test "an overlay's reservation keeps pieces away" {
	local first
	next
	first=$(jq -r '.segments[0].start' plan.json)
	dts keep <<<"/plugin/; &{/} { reserved-memory { #address-cells = <2>; #size-cells = <2>; ranges;
		keep@0 { reg = <0 $first 0 0x100000>; }; }; };"
	next --dtb-overlay=keep.dtb
	[[ $(jq -r '.segments[0].start' plan.json) != "$first" ]]
}

@test "overlays that fail: which, and why" {
	plan --dtb-overlay=none good
	refused 3 "open the overlay: No such file or directory: none"
	plan --dtb-overlay=good good
	refused 6 "use the device tree: not a device tree blob: good"
	plan --dtb-overlay=pl011.dtb --dtb-overlay=label.dtb good
	refused 6 "apply the overlay: no label nobody in the device tree: label.dtb" \
		"nothing was loaded: the device tree has no __symbols__; build it with dtc -@ and give it with --dtb"
	plan --dtb=base.dtb --dtb-overlay=label.dtb good
	refused 6 "apply the overlay: no label nobody in the device tree: label.dtb"
	plan --dtb-overlay=base.dtb good
	refused 6 "apply the overlay: not an overlay: no __overlay__ node: base.dtb"
	head -c 100 pl011.dtb >cut.dtb
	plan --dtb-overlay=cut.dtb good
	refused 6 "use the device tree: truncated (100 of $(wc -c <pl011.dtb) bytes): cut.dtb"
}

@test "the same initrd twice, and too many of them" {
	truncate -s 5000 rd
	"$host_bin" --plan=json --root "$machines/virt-6.1" --initrd=rd --ramdisk rd good >plan.json
	same segments "$(jq -c '[.segments[] | select(.piece == "initrd").bytes]' plan.json)" "[5000,5000]"
	local nine=() parts=()
	for _ in 1 2 3 4 5 6 7 8 9; do nine+=(--initrd=rd); done
	plan "${nine[@]}" good
	refused 2 "read the options: more than 8 times: --initrd" "nothing was done: see kexec-lite --help"
	for i in {0..6}; do parts+=(--load "$((i * 2))M:64K:64K"); done
	python3 "$plans/ppc64/image" parts "${parts[@]}"
	machine=pseries plan "${nine[@]:1}" parts
	refused 2 "load the initrds: 8 of them make 17 segments, and 16 is the limit" \
		"nothing was loaded: make one file of several initrds"
}

# boot_trees NAME: trees or trees-efi. The tree is the machine's without what firmware writes. With
# ACPI no tree of the machine knows of PSCI, so that one stays, and the emulator's machine has no GPIO.
boot_trees() {
	local dir=$run_dir/$1 kernel machine=virt cpu=,virtualization=on,gic-version=3 ram=2G
	local gone='memory@40000000|chosen'
	kernel=$("$lab/kernel" arm64-6.1)
	if [[ $1 = trees ]]; then
		cpu='' ram=1G gone+='|psci'
	else
		machine=virt-efi gone+='|pl061@9030000|gpio-keys'
	fi
	qemu-system-aarch64 -M "virt$cpu,dumpdtb=$dir/virt.dtb" -cpu cortex-a57 -smp 2 -m $ram \
		-nographic -nic none 2>&1
	dtc -q -I dtb -O dts "$dir/virt.dtb" >"$dir/virt.dts"
	(cd "$dir" && without "$gone" virt.dts | dts disk)
	(cd "$dir" && dts overlay <<<'/plugin/; &{/} { added { compatible = "lab,added"; }; };')
	next_append second >"$dir/append"
	make_extra "$dir/extra"
	"$lab/initramfs" arm64 "$dir/second.cpio" "$lab/report:lab/report" "$top/tests/guest/trees:lab/run"
	gzip -n "$dir/second.cpio"
	"$lab/initramfs" arm64 "$dir/run.cpio" "$lab/report:lab/report" "$top/tests/guest/trees:lab/run" \
		"$guest_bin:bin/kexec-lite" "$kernel:boot/Image" "$dir/second.cpio.gz:boot/initrd.gz" \
		"$dir/extra:boot/extra" "$dir/append:boot/append" "$dir/disk.dtb:boot/disk.dtb" \
		"$dir/overlay.dtb:boot/overlay.dtb"
	"$lab/run" $machine "$kernel" "$dir/run.cpio" quiet "$dir/log"
}

# hands_over NAME: with all memory and CPUs; /extra and /added are there.
hands_over() {
	log=$run_dir/$1/log
	once "$1" boot_trees
	same load "$(of_stage run | sed -n 's/^STEP load //p;s/^STEP-SAID/said/p')" "rc=0 loaded=1"
	handed_over run second
	same "file of the second initrd" "$(fact second extra)" "seen by the next kernel"
	same "node of the overlay" "$(fact second added)" lab,added
}

@test "a real kernel boots with a disk's tree, an overlay and two initrds" {
	hands_over trees
}

@test "and on EFI, whose memory map it takes" {
	hands_over trees-efi
	same EFI "$(fact second efi)" yes
	same "before it, ACPI" "$(fact run acpi)" yes
}
