#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# make check-quick, for those who build packages: the program that was just built plans for captured
# machines as it should, and loads nothing. Needs a shell, coreutils and bats; no lab, no root, no network.

# shellcheck disable=SC2154  # helpers.bash and bats set these
load ../helpers
host_bin=${KEXEC_LITE:-$host_bin}

setup() { cd "$BATS_TEST_TMPDIR" || return; }

# le BYTES VALUE: little endian
le() {
	local i
	# shellcheck disable=SC2059  # a byte
	for ((i = 0; i < $1; i++)); do printf "\\x$(printf %02x $(($2 >> 8 * i & 255)))"; done
}

# arm64_kernel FILE: as tests/plan/image writes it, but for the padding
arm64_kernel() {
	{
		le 4 0x14000010; le 4 0; le 8 0; le 8 $((4 << 20)); le 8 0xa
		le 24 0; printf 'ARM\x64'; le 4 0
	} >"$1"
	truncate -s 3M "$1"
}

# ppc64_kernel FILE: as tests/plan/ppc64/image
ppc64_kernel() {
	{
		printf '\x7fELF\x02\x01\x01'; le 9 0
		le 2 2; le 2 21; le 4 1; le 8 0xc000000000000000; le 8 64; le 8 0
		le 4 2; le 2 64; le 2 56; le 2 1; le 6 0
		le 4 1; le 4 7; le 8 0x10000; le 8 0xc000000000000000; le 8 0
		le 8 $((3 << 20)); le 8 $((4 << 20)); le 8 0x10000
	} >"$1"
	truncate -s $((0x1005c)) "$1"
	printf 0nur >>"$1" # "run0"
	truncate -s $((0x10000 + (3 << 20))) "$1"
}

# as_golden KERNEL FOLDER NAME...
as_golden() {
	local name
	truncate -s 5000000 initrd
	for name in "${@:3}"; do
		"$host_bin" --plan=json --seed 00 --root "$machines/$name" --initrd=initrd \
			--append="root=/dev/vda1 ro quiet" "$1" >"$name.json"
		diff -u "$2/$name.json" "$name.json"
	done
}

@test "it runs, and says which version it is" {
	same version "$("$host_bin" --version)" "kexec-lite $(sed -n 's/.*VERSION "\(.*\)"/\1/p' "$top/src/version.h")"
	"$host_bin" --help | grep -q -- --plan
}

@test "plans for arm64 machines are those that are known" {
	arm64_kernel Image
	as_golden Image "$plans" virt-6.1 virt-16k virt-efi virt-numa server board split
}

@test "plans for ppc64 machines are those that are known" {
	ppc64_kernel vmlinux
	as_golden vmlinux "$plans/ppc64" pseries pseries-hash pseries-drconf powernv9 powernv10
}

@test "each format that was built in unpacks" {
	local format
	arm64_kernel Image
	for format in gzip zstd xz lz4; do
		command -v "$format" >/dev/null || continue
		"$format" -c Image >Image."$format"
		run "$host_bin" --plan --root "$machines/server" Image."$format"
		same "status for $format" "$status" 0
	done
}

@test "what is not a kernel is refused" {
	truncate -s 1M zeros
	run "$host_bin" --plan --root "$machines/server" zeros
	same status "$status" 4
}
