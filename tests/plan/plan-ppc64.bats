#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Plans on this machine for captured ppc64 ones: golden files, an independent model, and the
# same bytes inside the guest and out here.

# shellcheck disable=SC2030,SC2031,SC2154  # helpers.bash and bats set these
load ../helpers
load ../guest/helpers-ppc64

machine_of() { awk -v n="$1" '$1 == n { print $2 }' <<<"$plan_table"; }

@test "plans are those in tests/plan/ppc64, to the byte" {
	for_all golden
}

@test "there is no golden plan without a test" {
	same files "$(cd "$plans" && printf "%s\n" *.json *.txt | LC_ALL=C sort)" \
		"$(awk 'NF { print $1 ".json"; print $1 ".txt" }' <<<"$plan_table" | LC_ALL=C sort)"
}

# modelled NAME: the model's verdict; leaves NAME.json, NAME.dtb and NAME.elf.
modelled() {
	local dir=$BATS_TEST_TMPDIR
	kernel=$dir/$1.elf planned "$1" --plan=json --dump-dtb "$dir/$1.dtb" >"$dir/$1.json"
	python3 "$plans/model.py" "$machines/$(machine_of "$1")" "$dir/$1.json" "$dir/$1.dtb" "$dir/$1.elf"
}

@test "an independent model finds every plan sound" {
	for_all modelled
}

# bad JQ COMPLAINT: the plan of pseries, changed so, makes the model complain.
bad() {
	local dir=$BATS_TEST_TMPDIR
	jq "$1" "$dir/pseries.json" >"$dir/bad.json"
	run python3 "$plans/model.py" "$machines/pseries" "$dir/bad.json" "$dir/pseries.dtb" "$dir/pseries.elf"
	same "status for $1" "$status" 1
	[[ $output = *"bad.json: $2"* ]] || fail_with "$1: $output"
}

# moved PIECE START: a jq program that puts a piece there.
moved() {
	printf '(.segments[] | select(.piece == "%s")) |= (.start = "%s" | .end = "%s" | .room_end = "%s")' \
		"$1" "$2" "$3" "$3"
}

@test "the model knows a bad plan" {
	modelled pseries
	bad '.segments[1].start = .segments[0].start' "initrd overlaps kernel"
	bad "$(moved stub 0x2870000 0x2880000)" "stub lies on the running kernel"
	bad "$(moved stub 0x2fff0000 0x30000000)" "stub lies on 2fff0000-"
	bad "$(moved stub 0x80000000 0x80010000)" "stub is not all RAM"
	bad "$(moved tree 0x7000 0x8000)" "tree lies on the running kernel"
	bad '.segments[0].start = "0x7f731000"' "kernel is not page aligned"
	bad '.kernel_entry = "0x0"' "the kernel does not start at its entry"
	bad '.entry = .kernel_entry' "the entry is not the stub's"
	bad '.cmdline = "other"' "bootargs differ"
}

@test "nothing lies where a kernel copies itself to, but its own" {
	local dir=$BATS_TEST_TMPDIR
	make_image "$dir/vmlinux" --load 0:60M:110M
	truncate -s 20M "$dir/initrd"
	set -- --root "$machines/pseries-hash" --initrd="$dir/initrd" --append=x "$dir/vmlinux"
	"$host_bin" --plan=json --dump-dtb "$dir/tree" --mem-max=0xb600000 "$@" >"$dir/plan.json"
	same "pieces, their places below 110 MiB" "$(jq -c '[.segments[] |
		select(.start | length < 9 or . < "0x6e00000") | .piece]' "$dir/plan.json")" '["kernel"]'
	python3 "$plans/model.py" "$machines/pseries-hash" "$dir/plan.json" "$dir/tree" "$dir/vmlinux"
	jq "$(moved stub 0x6df0000 0x6e00000)" "$dir/plan.json" >"$dir/bad.json"
	run python3 "$plans/model.py" "$machines/pseries-hash" "$dir/bad.json" "$dir/tree" "$dir/vmlinux"
	[[ $output = *"bad.json: stub lies where the kernel copies itself to"* ]] || fail_with "$output"
	# one that stays may have all of the room below
	"$host_bin" --plan --run-at-load --mem-max=0xb600000 "$@" >"$dir/plan"
	run "$host_bin" --plan --mem-max=0xa000000 "$@"
	refused 8 "place the pieces: 130.1 MiB needed, the largest hole has 118.4 MiB (118.4 MiB free)" \
		"nothing was loaded: kexec-lite --plan --load without the initrd shows the map"
}

@test "all lies in the memory that mem= leaves the next kernel" {
	local dir=$BATS_TEST_TMPDIR words
	make_image "$dir/vmlinux"
	truncate -s 45M "$dir/initrd"
	cp -r "$machines/pseries" "$dir/machine"
	chmod -R u+w "$dir/machine"
	echo "root=/dev/sda2 mem=1G" >"$dir/machine/proc/cmdline"
	for words in --append="root=/dev/sda2 mem=1G" --reuse-cmdline; do
		"$host_bin" --root "$dir/machine" --plan=json --dump-dtb "$dir/tree" --initrd="$dir/initrd" "$words" \
			"$dir/vmlinux" >"$dir/plan.json"
		same "place of the highest piece" "$(jq -r '[.segments[].room_end] | max' "$dir/plan.json")" 0x40000000
		python3 "$plans/model.py" "$dir/machine" "$dir/plan.json" "$dir/tree" "$dir/vmlinux"
	done
	jq "$(moved stub 0x40000000 0x40010000)" "$dir/plan.json" >"$dir/bad.json"
	run python3 "$plans/model.py" "$dir/machine" "$dir/bad.json" "$dir/tree" "$dir/vmlinux"
	[[ $output = *"bad.json: stub is above the memory that mem= leaves"* ]] || fail_with "$output"
	run "$host_bin" --root "$dir/machine" --plan --append="mem=64M" --initrd="$dir/initrd" "$dir/vmlinux"
	refused 8 "place the initrd: 45 MiB needed, the largest hole below mem= has 23.5 MiB (23.5 MiB free)" \
		"nothing was loaded: kexec-lite --plan --load without the initrd shows the map"
}

@test "nothing lies where a running kernel with mem= and the hash MMU has no mapping" {
	local dir=$BATS_TEST_TMPDIR
	make_image "$dir/vmlinux"
	cp -r "$machines/pseries-hash" "$dir/machine"
	chmod -R u+w "$dir/machine"
	fdtput -t x "$dir/machine/sys/firmware/fdt" /chosen linux,memory-limit 0 50000000
	"$host_bin" --root "$dir/machine" --plan=json --dump-dtb "$dir/tree" --append=x "$dir/vmlinux" >"$dir/plan.json"
	same "place of the highest piece" "$(jq -r '[.segments[].room_end] | max' "$dir/plan.json")" 0x50000000
	python3 "$plans/model.py" "$dir/machine" "$dir/plan.json" "$dir/tree" "$dir/vmlinux"
	jq "$(moved stub 0x50000000 0x50010000)" "$dir/plan.json" >"$dir/bad.json"
	run python3 "$plans/model.py" "$dir/machine" "$dir/bad.json" "$dir/tree" "$dir/vmlinux"
	[[ $output = *"bad.json: stub is not mapped"* ]] || fail_with "$output"
}

@test "a dump that firmware preserved is kept, on OPAL and in an LPAR" {
	local dir=$BATS_TEST_TMPDIR name top
	make_image "$dir/vmlinux"
	for name in powernv9 lpar; do
		cp -r "$machines/$name" "$dir/$name"
		chmod -R u+w "$dir/$name"
	done
	fdtput -p "$dir/powernv9/sys/firmware/fdt" /ibm,opal/dump mpipl-boot
	# two sections: CPU states, and boot memory of 640 MiB
	fdtput -t x "$dir/lpar/sys/firmware/fdt" /rtas ibm,kernel-dump 1 20000 28 0 0 0 0 0 0 0 \
		1 10000 0 0 0 1000 0 1000 1 0 1 110000 0 0 0 28000000 0 28000000 1 10000000
	truncate -s 200M "$dir/initrd"
	while read -r name top; do
		"$host_bin" --root "$dir/$name" --plan=json --dump-dtb "$dir/tree" --initrd="$dir/initrd" --append=x \
			"$dir/vmlinux" >"$dir/plan.json"
		same "place of the highest piece" "$(jq -r '[.segments[].room_end] | max' "$dir/plan.json")" "$top"
		python3 "$plans/model.py" "$dir/$name" "$dir/plan.json" "$dir/tree" "$dir/vmlinux"
		jq "$(moved initrd 0x50000000 0x50010000)" "$dir/plan.json" >"$dir/bad.json"
		run python3 "$plans/model.py" "$dir/$name" "$dir/bad.json" "$dir/tree" "$dir/vmlinux"
		[[ $output = *"bad.json: initrd lies on "* ]] || fail_with "$output"
	done <<<"powernv9 0x30000000
lpar 0x1ec00000"
}

@test "the RMA, and the crash region in it, are named where they are too small" {
	local dir=$BATS_TEST_TMPDIR
	make_image "$dir/vmlinux" --load 0:1M:460M
	run "$host_bin" --root "$machines/lpar-crash" --plan --append=x "$dir/vmlinux"
	refused 8 "place the kernel: 460 MiB needed, the largest hole in the RMA has 420 MiB (420 MiB free)" \
		"nothing was loaded: kernel, tree and stub must lie in the first 512 MiB (RMA), of which 384 MiB are the crash kernel region"
	run "$host_bin" --root "$machines/lpar" --plan --append=x "$dir/vmlinux"
	refused 8 "place the kernel: 460 MiB needed, the largest hole in the RMA has 420 MiB (420 MiB free)" \
		"nothing was loaded: kernel, tree and stub must lie in the first 512 MiB (RMA)"
}

@test "a kernel that would move over firmware is refused" {
	local dir=$BATS_TEST_TMPDIR
	cp -r "$machines/pseries-hash" "$dir/machine"
	chmod -R u+w "$dir/machine"
	fdtput -t x "$dir/machine/sys/firmware/fdt" /rtas linux,rtas-base 6000000
	make_image "$dir/vmlinux" --load 0:60M:110M
	run "$host_bin" --root "$dir/machine" --plan --append=x "$dir/vmlinux"
	refused 8 "load the kernel: it moves to 0, over what is kept at 0x6000000: RTAS firmware" \
		"nothing was loaded: with --run-at-load it stays where it is loaded"
	"$host_bin" --root "$dir/machine" --plan --run-at-load --append=x "$dir/vmlinux" >/dev/null
}

@test "the model knows where real mode ends" {
	local dir=$BATS_TEST_TMPDIR
	modelled pseries-numa
	jq "$(moved stub 0x100000000 0x100010000)" "$dir/pseries-numa.json" >"$dir/bad.json"
	run python3 "$plans/model.py" "$machines/pseries-numa" "$dir/bad.json" "$dir/pseries-numa.dtb" \
		"$dir/pseries-numa.elf"
	same status "$status" 1
	[[ $output = *"bad.json: stub is out of reach for real mode"* ]] || fail_with "$output"
}

@test "the ppc64le binary plans as the one for this machine does" {
	same_on ppc64le ppc64le pseries
	same_on ppc64le ppc64le stay
	same_on ppc64le ppc64le three-parts
}

@test "pieces are 64 KiB aligned whatever the pages" {
	local name
	for name in pseries powernv10 three-parts; do
		same "$name" "$(planned "$name" --plan=json |
			jq -r '[.segments[] | select(.start | endswith("0000") | not)] | length')" 0
	done
}

@test "a kernel that stays is shipped with one changed page, else with all of its own" {
	same "parts that stay" "$(jq -c '[.segments[] | select(.piece == "kernel").bytes]' "$plans/stay.json")" \
		"[65536,3080192]"
	same "parts that move" "$(jq -c '[.segments[] | select(.piece == "kernel").bytes]' "$plans/pseries.json")" \
		"[3145728]"
}

@test "the BSS of a kernel that clears it is not shipped, another's is" {
	local size='[.segments[] | select(.piece == "kernel") | [.start, .end, .room_end]][0] | join(" ")'
	local start end room
	read -r start end room < <(jq -r "$size" "$plans/pseries.json")
	same "run0: end, room" "$((end - start)) $((room - start))" "$((3 << 20)) $((4 << 20))"
	read -r start end room < <(jq -r "$size" "$plans/dyn.json")
	same "no mark: end, room" "$((end - start)) $((room - start))" "$((4 << 20)) $((4 << 20))"
}

@test "memory that only ibm,dynamic-memory has is RAM, and what is not assigned is not" {
	same RAM "$(jq -c '.ram' "$plans/pseries-drconf.json")" '[{"start":"0x0","end":"0xc0000000"}]'
}

@test "pictures fit 80 columns" {
	local longest
	longest=$(cat "$plans"/*.txt | LC_ALL=C awk '!/^cmdline/ && length > n { n = length } END { print n }')
	((longest <= 80)) || fail_with "a line has $longest columns"
}

# plan_here BOOT KERNEL: what the guest planned is in $dir/guest then, and what this machine plans
# from its capture in $dir/here.
plan_here() {
	local initrd
	dir=$BATS_TEST_TMPDIR/$1
	boot "$1"
	initrd=$run_dir/$1/second.cpio
	unpack_sent run "$dir/guest"
	mkdir -p "$dir/here"
	file=$(kernel_of "$2")
	local arguments=(--seed 0123 --root "$dir/guest/capture" --initrd "$initrd"
		--append "$(next_append second)")
	# shellcheck disable=SC2207  # words
	arguments+=($(<"$run_dir/$1/options") "$file")
	"$host_bin" --plan=json --dump-dtb "$dir/here/tree.dtb" "${arguments[@]}" >"$dir/here/plan.json"
	"$host_bin" --plan "${arguments[@]}" >"$dir/here/plan.txt"
}

# same_plan BOOT KERNEL: they are the same bytes, but for the name of the tree (own test below) and what
# a capture blanks.
same_plan() {
	local dir file
	plan_here "$1" "$2"
	diff -u <(grep -v '"tree_from"' "$dir/guest/plan.json") <(grep -v '"tree_from"' "$dir/here/plan.json")
	diff -u <(grep -v '^tree     from' "$dir/guest/plan.txt") <(grep -v '^tree     from' "$dir/here/plan.txt")
	python3 "$plans/same_tree.py" "$dir/guest/tree.dtb" "$dir/here/tree.dtb" "$dir/guest/capture/sys/firmware/fdt"
	python3 "$plans/model.py" "$dir/guest/capture" "$dir/guest/plan.json" "$dir/here/tree.dtb" "$file"
}

@test "the plan in the guest and here are the same bytes: pseries, radix" {
	same_plan pseries 6.12
}

@test "the plan in the guest and here are the same bytes: pseries, hash" {
	same_plan pseries-hash 6.1
}

@test "the plan in the guest and here are the same bytes: powernv9" {
	same_plan powernv9 6.12
}

@test "the plan in the guest and here are the same bytes: powernv10" {
	same_plan powernv10 6.1
}

@test "the plan in the guest and here are the same bytes: memory in slots" {
	same_plan drconf 6.1
}

@test "the plan in the guest and here are the same bytes: two nodes" {
	same_plan numa 6.12
}

@test "the plan in the guest and here are the same bytes: --run-at-load" {
	same_plan stay 6.12
}

@test "the plan in the guest and here name the same source of the tree" {
	local dir file
	plan_here pseries 6.12
	diff -u "$dir/guest/plan.json" "$dir/here/plan.json"
	diff -u "$dir/guest/plan.txt" "$dir/here/plan.txt"
}

@test "the tree reserves what firmware needs, each range once" {
	local name
	for name in pseries pseries-hash powernv9 powernv10; do
		planned "$name" --plan=json --dump-dtb "$BATS_TEST_TMPDIR/tree" >/dev/null
		dtc -q -I dtb -O dts "$BATS_TEST_TMPDIR/tree" | grep '^/memreserve/' | sort >"$BATS_TEST_TMPDIR/rsv"
		same "reservations of $name, twice" "$(uniq -d "$BATS_TEST_TMPDIR/rsv")" ""
	done
}

@test "a capture holds no serial number" {
	local name value bad=0
	while read -r name; do
		value=$(dtc -q -I dtb -O dts "$machines/$name/sys/firmware/fdt" |
			grep -iE '(serial-number|system-id|uuid|loc-code|mac-address|seed) = ' |
			grep -vE '= (\[00( 00)*\]|<(0x00 ?)+>|"(\\0)*"(, "")*)' || true)
		[[ -z $value ]] || { bad=1 && echo "$name: $value" >&2; }
	done < <(awk 'NF { print $1 }' <<<"$capture_table")
	return $bad
}
