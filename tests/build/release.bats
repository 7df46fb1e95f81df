#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# What make release ships: a static PIE for each target, hardened, small, the same bytes each time.

# shellcheck disable=SC2154  # helpers.bash and bats set these
load ../helpers

archs="arm64 ppc64le"

@test "a static PIE: no interpreter, no shared library" {
	local arch
	for arch in $archs; do
		readelf -hW "$bin_dir/$arch/kexec-lite" | grep -q 'Type: *DYN' || fail_with "$arch is no PIE"
		if readelf -lW "$bin_dir/$arch/kexec-lite" | grep -q INTERP; then fail_with "$arch has an interpreter"; fi
		if readelf -dW "$bin_dir/$arch/kexec-lite" | grep -q NEEDED; then fail_with "$arch needs a library"; fi
	done
}

@test "each is for its machine" {
	readelf -h "$bin_dir/arm64/kexec-lite" | grep -q 'Machine: *AArch64'
	readelf -h "$bin_dir/ppc64le/kexec-lite" | grep -q 'Machine: *PowerPC64'
}

@test "read-only after relocation, nothing writable and executable, no executable stack" {
	local arch
	for arch in $archs; do
		readelf -lW "$bin_dir/$arch/kexec-lite" >"$BATS_TEST_TMPDIR/headers"
		grep -q GNU_RELRO "$BATS_TEST_TMPDIR/headers" || fail_with "$arch has no RELRO"
		grep -qE 'GNU_STACK.* RW +0x' "$BATS_TEST_TMPDIR/headers" || fail_with "$arch: its stack"
		if grep -q ' RWE ' "$BATS_TEST_TMPDIR/headers"; then fail_with "$arch has a segment that is both"; fi
		readelf -dW "$bin_dir/$arch/kexec-lite" | grep -qE 'BIND_NOW|FLAGS_1.*NOW' || fail_with "$arch binds late"
	done
}

@test "with canaries on the stack" {
	local arch
	for arch in $archs; do
		nm "$top/build/release/$arch/kexec-lite" >"$BATS_TEST_TMPDIR/names"
		grep -q '__stack_chk_fail' "$BATS_TEST_TMPDIR/names" || fail_with "$arch has none"
	done
}

# Pages of 64 KiB round the part that is read-only after relocation, and so the file, to steps of 64 KiB.
@test "at most 322 KiB each, with everything that unpacks" {
	local arch size
	for arch in $archs; do
		size=$(wc -c <"$bin_dir/$arch/kexec-lite")
		((size <= 322 << 10)) || fail_with "$arch has $size bytes"
	done
}

@test "the same bytes from another folder" {
	local copy=$BATS_TEST_TMPDIR/elsewhere/kexec-lite
	mkdir -p "$copy/build"
	(cd "$top" && tar -c Makefile src dt arch doc tests/lab) | tar -x -C "$copy"
	ln -s "$top/build/lab" "$copy/build/lab"
	"$copy/tests/lab/release" arm64 ppc64le >/dev/null
	cmp "$copy/build/release/kexec-lite-arm64" "$bin_dir/arm64/kexec-lite"
	cmp "$copy/build/release/kexec-lite-ppc64le" "$bin_dir/ppc64le/kexec-lite"
}
