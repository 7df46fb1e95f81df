# SPDX-License-Identifier: MIT
# Shared by the tests of tests/build; sourced by them.
# shellcheck shell=bash disable=SC2034,SC2154

setup() { out=$BATS_TEST_TMPDIR/build; }

# A build of the tests has no flags of this machine's.
unset CC CFLAGS CPPFLAGS LDFLAGS LDLIBS PKG_CONFIG PKG_CONFIG_LIBDIR MAKEFLAGS MAKELEVEL

build() { make -s --no-print-directory -C "$top" "$@"; }

files_in() { (cd "$1" && find . ! -type d -printf '%P %m\n' | sort | grep -v ' 777$'); }

# plans_the_same PROGRAM [OPTION]...: its plan of a captured machine is the golden one.
plans_the_same() {
	# shellcheck disable=SC2030,SC2031
	diff -u "$plans/virt-6.1.json" <(host_bin=$1 && planned virt-6.1 --plan=json "${@:2}")
}

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
	plans_the_same "$out/kexec-lite"
}

# cross_build ARCH TRIPLET EMULATOR MACHINE: against a sysroot with Debian's packages of that machine.
cross_build() {
	local root
	root=$("$lab/packages" "cross-$1")
	PKG_CONFIG_SYSROOT_DIR=$root PKG_CONFIG_LIBDIR=$root/usr/lib/$2/pkgconfig run build BUILD="$out" \
		CROSS_COMPILE="$2-" CPPFLAGS=--sysroot="$root" LDFLAGS=--sysroot="$root" WERROR=1
	same status "$status" 0
	same warnings "$output" ""
	dynamic "$out/kexec-lite"
	grep -q "Machine: *$4" "$out.headers"
	printf '#!/bin/sh\nexec qemu-%s-static -L %s %s "$@"\n' "$3" "$root" "$out/kexec-lite" >"$out/emulated"
	chmod +x "$out/emulated"
	plans_the_same "$out/emulated" --no-sandbox # the emulator makes calls of its own
}
