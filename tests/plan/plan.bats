#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Plans on this machine for captured ones: golden files, an independent model, and the
# same bytes inside the guest and out here.

# shellcheck disable=SC2154  # helpers.bash sets these
load ../helpers

@test "plans are those in tests/plan, to the byte" {
	for_all golden
}

@test "there is no golden plan without a test" {
	same files "$(cd "$plans" && printf "%s\n" *.json *.txt | LC_ALL=C sort)" \
		"$(awk 'NF { print $1 ".json"; print $1 ".txt" }' <<<"$plan_table" | LC_ALL=C sort)"
}

modelled() {
	local machine
	machine=$(awk -v n="$1" '$1 == n { print $2 }' <<<"$plan_table")
	planned "$1" --plan=json --dump-dtb "$BATS_TEST_TMPDIR/tree" >"$BATS_TEST_TMPDIR/$1.json"
	python3 "$plans/model.py" "$machines/$machine" "$BATS_TEST_TMPDIR/$1.json" "$BATS_TEST_TMPDIR/tree"
}

@test "an independent model finds every plan sound" {
	for_all modelled
}

@test "16 sockets with 64 TiB and 16,000 reserved areas: a sound plan, at the top" {
	cd "$BATS_TEST_TMPDIR"
	"$machines/generate" . 16
	make_image Image
	truncate -s 1G initrd
	"$host_bin" --plan=json --dump-dtb tree --seed 00 --root sockets --initrd=initrd --append=x Image >plan.json
	python3 "$plans/model.py" sockets plan.json tree
	same "RAM in GiB, socket of the kernel" "$(python3 -c 'import json, sys
p = json.load(sys.stdin)
n = lambda x: int(x, 0)
print(sum(n(r["end"]) - n(r["start"]) for r in p["ram"]) >> 30, n(p["kernel_entry"]) >> 43)' <plan.json)" "65520 16"
}

@test "the tree lies near a kernel from before 4.2, which asks for the lowest place" {
	local name far='[.segments[] | {key: .piece, value: .}] | from_entries |
		"\(.kernel.start) \(.tree.room_end)"' start end
	for name in low before-3.17; do
		read -r start end < <(planned "$name" --plan=json | jq -r "$far")
		((end > start && end - (start - 0x80000) <= 512 << 20)) ||
			fail_with "$name: kernel at $start, tree up to $end"
	done
	# no matter where others go
	read -r start end < <(planned low --plan=json --root "$machines/virt-4cpu-4g" | jq -r "$far")
	((end - (start - 0x80000) <= 512 << 20)) || fail_with "4 GiB: kernel at $start, tree up to $end"
}

@test "with EFI memory that was plugged in is used when the log has it from early on" {
	local dir=$BATS_TEST_TMPDIR highest='[.segments[].room_end] | max'
	cp -r "$machines/added" "$dir/machine"
	chmod -R u+w "$dir/machine"
	mkdir -p "$dir/machine/dev"
	same "without a log" "$(planned added --root "$dir/machine" --plan=json | jq -r "$highest")" 0x23fff0000
	{
		echo "6,0,0,-;Booting Linux on physical CPU 0x0000000000 [0x410fd034]"
		echo "6,31,0,-;Early memory node ranges"
		echo "6,32,0,-;  node   0: [mem 0x0000000040000000-0x000000023fffffff]"
		echo "6,33,0,-;  node   0: [mem 0x0000000400000000-0x000000047fffffff]"
	} >"$dir/machine/dev/kmsg"
	same "with a log" "$(planned added --root "$dir/machine" --plan=json | jq -r "$highest")" 0x480000000
	planned added --root "$dir/machine" --plan=json --dump-dtb "$dir/tree" >"$dir/plan.json"
	python3 "$plans/model.py" "$dir/machine" "$dir/plan.json" "$dir/tree"
	jq '.segments[1].start = "0x4a0000000" | .segments[1].end = "0x4a0500000"
		| .segments[1].room_end = "0x4a0500000"' "$dir/plan.json" >"$dir/bad.json"
	run python3 "$plans/model.py" "$dir/machine" "$dir/bad.json" "$dir/tree"
	[[ $output = *"initrd lies on 480000000-4c0000000"* ]] || fail_with "$output"
}

@test "the model knows a bad plan" {
	planned virt-6.1 --plan=json --dump-dtb "$BATS_TEST_TMPDIR/tree" >"$BATS_TEST_TMPDIR/good.json"
	jq '.segments[1].start = .segments[0].start' "$BATS_TEST_TMPDIR/good.json" >"$BATS_TEST_TMPDIR/bad.json"
	run python3 "$plans/model.py" "$machines/virt-6.1" "$BATS_TEST_TMPDIR/bad.json" "$BATS_TEST_TMPDIR/tree"
	same status "$status" 1
	[[ $output = *"bad.json: initrd overlaps kernel"* ]]
}

@test "plan=json is JSON with the documented members" {
	same members "$(planned virt-6.1 --plan=json | jq -r 'keys | join(" ")')" \
"arch cmdline entry format keep kernel_align kernel_entry kernel_offset kernel_room mem_total page_size ram release segments syscall tree_from"
}

@test "the picture fits 80 columns" {
	local longest
	longest=$(cat "$plans"/*.txt | LC_ALL=C awk '!/^cmdline/ && length > n { n = length } END { print n }')
	((longest <= 80)) || fail_with "a line has $longest columns"
}

@test "other seeds change the tree and nothing else" {
	planned virt-6.1 --plan=json --dump-dtb "$BATS_TEST_TMPDIR/a" >"$BATS_TEST_TMPDIR/a.json"
	planned virt-6.1 --seed 1234 --plan=json --dump-dtb "$BATS_TEST_TMPDIR/b" >"$BATS_TEST_TMPDIR/b.json"
	cmp "$BATS_TEST_TMPDIR/a.json" "$BATS_TEST_TMPDIR/b.json"
	same seed "$(fdtget -t bx "$BATS_TEST_TMPDIR/b" /chosen kaslr-seed)" "12 34 0 0 0 0 0 0"
	same sizes "$(wc -c <"$BATS_TEST_TMPDIR/b")" "$(wc -c <"$BATS_TEST_TMPDIR/a")"
}

# same_plan BOOT KERNEL: what the guest planned and what this machine plans from its capture.
same_plan() {
	local dir=$BATS_TEST_TMPDIR/$1 initrd
	boot "$1"
	initrd=$run_dir/$1/second.cpio
	mkdir -p "$dir/guest" "$dir/here"
	of_stage run | sed -n '/^LAB file out.tar.gz$/,/^LAB file end$/p' | sed '1d;$d' |
		base64 -d | tar -xz -C "$dir/guest"
	local arguments=(--seed 0123 --root "$dir/guest/capture" --initrd "$initrd"
		--append "$(next_append second)" "$("$lab/kernel" "$2")")
	"$host_bin" --plan=json --dump-dtb "$dir/here/tree.dtb" "${arguments[@]}" >"$dir/here/plan.json"
	"$host_bin" --plan "${arguments[@]}" >"$dir/here/plan.txt"
	diff -u "$dir/guest/plan.json" "$dir/here/plan.json"
	diff -u "$dir/guest/plan.txt" "$dir/here/plan.txt"
	cmp "$dir/guest/tree.dtb" "$dir/here/tree.dtb"
	python3 "$plans/model.py" "$dir/guest/capture" "$dir/guest/plan.json" "$dir/guest/tree.dtb"
}

@test "the plan in the guest and here are the same bytes: virt, Linux 6.1" {
	same_plan virt-6.1 arm64-6.1
}

@test "the plan in the guest and here are the same bytes: virt, Linux 6.12" {
	same_plan virt-6.12 arm64-6.12
}

@test "the plan in the guest and here are the same bytes: EFI" {
	same_plan virt-efi arm64-6.1
}

@test "the plan in the guest and here are the same bytes: LPI tables from the log" {
	same_plan virt-lpi arm64-file
}

@test "the plan in the guest and here are the same bytes: pages of 16 KiB" {
	same_plan virt-16k arm64-6.12-16k
}

@test "the plan in the guest and here are the same bytes: two NUMA nodes" {
	same_plan virt-numa arm64-6.12
}

@test "the plan in the guest and here are the same bytes: 4 CPUs and 4 GiB" {
	same_plan virt-4cpu-4g arm64-6.1
}

@test "a capture holds no seed and no key" {
	boot virt-nokaslr
	same "seed of the machine" "$(fact run kaslr-seed)" nonzero
	sent run capture/sys/firmware/fdt >"$BATS_TEST_TMPDIR/fdt"
	same "seed of the capture" "$(fdtget -t x "$BATS_TEST_TMPDIR/fdt" /chosen kaslr-seed)" "0 0"
}

@test "the arm64 binary plans as the one for this machine does" {
	same_on arm64 aarch64 server
	same_on arm64 aarch64 split
	same_on arm64 aarch64 virt-efi
	same_on arm64 aarch64 low
}
