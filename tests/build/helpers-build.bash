# SPDX-License-Identifier: MIT
# Shared by the tests of tests/build; sourced by them.
# shellcheck shell=bash disable=SC2034,SC2154

setup() { out=$BATS_TEST_TMPDIR/build; }

# A build of the tests has no flags of this machine's.
unset CC CFLAGS CPPFLAGS LDFLAGS LDLIBS PKG_CONFIG PKG_CONFIG_LIBDIR MAKEFLAGS MAKELEVEL

build() { make -s --no-print-directory -C "$top" "$@"; }

files_in() { (cd "$1" && find . ! -type d -printf '%P %m\n' | sort | grep -v ' 777$'); }

# hardened FILE: position independent, RELRO and bound at once, nothing writable and executable, stack
# protected. readelf's output stays in $out.headers.
hardened() {
	readelf -hldW "$1" >"$out.headers"
	grep -q 'Type: *DYN' "$out.headers" || fail_with "$1 is not position independent"
	grep -q 'GNU_RELRO' "$out.headers" || fail_with "$1 has no RELRO"
	grep -q 'BIND_NOW\|Flags: NOW' "$out.headers" || fail_with "$1 binds lazily"
	grep -Eq 'GNU_STACK.* RW +0' "$out.headers" || fail_with "$1 has an executable stack"
	if grep -E ' (LOAD|GNU_RELRO) .* (RWE|WE) ' "$out.headers"; then fail_with "$1 can write what it executes"; fi
	if grep -E 'TEXTREL|RPATH|RUNPATH' "$out.headers"; then fail_with "$1 has such an entry"; fi
}

# dynamic FILE: hardened, from the libraries that it should have, with debugging information.
dynamic() {
	hardened "$1"
	grep -q INTERP "$out.headers" || fail_with "$1 is static"
	nm -D "$1" >"$out.symbols"
	grep -q ' __stack_chk_fail' "$out.symbols" || fail_with "$1 has no stack protector"
	grep -q '_chk@' "$out.symbols" || fail_with "$1 is not fortified"
	readelf -SW "$1" | grep -q '\.debug_info' || fail_with "$1 has no debugging information"
}

# host_build COMPILER
host_build() {
	[[ $(id -u) = 0 ]] || skip "machine lacks root, who can do without network"
	unshare -n make -s --no-print-directory -C "$top" BUILD="$out" CC="$1"
	dynamic "$out/kexec-lite"
	for library in libfdt libz libzstd liblzma liblz4; do
		grep -q "NEEDED.*\[$library\.so" "$out.headers" || fail_with "it is without $library"
	done
	host_bin=$out/kexec-lite
	diff -u "$plans/virt-6.1.json" <(planned virt-6.1 --plan=json)
}

# cross_build ARCH TRIPLET EMULATOR MACHINE
cross_build() {
	local root usr
	root=$("$lab/packages" "cross-$1")
	usr=$root/usr
	PKG_CONFIG_LIBDIR=$usr/lib/$2/pkgconfig build BUILD="$out" CROSS_COMPILE="$2-" \
		CPPFLAGS="-isystem $usr/include -D_FORTIFY_SOURCE=2" LDFLAGS="-L$usr/lib/$2 -L$root/lib/$2"
	dynamic "$out/kexec-lite"
	grep -q "Machine: *$4" "$out.headers"
	host_bin=$BATS_TEST_TMPDIR/emulated
	printf '#!/bin/sh\nexec qemu-%s-static -L %s %s "$@"\n' "$3" "$root" "$out/kexec-lite" >"$host_bin"
	chmod +x "$host_bin"
	diff -u "$plans/virt-6.1.json" <(planned virt-6.1 --plan=json)
}
