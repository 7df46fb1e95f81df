#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# What make makes of a compiler, libraries and flags, and that it fetches nothing.

# shellcheck disable=SC2030,SC2031,SC2154  # helpers.bash and bats set these; each test is a shell of its own
load ../helpers
load helpers-build

@test "with gcc, and without network: a hardened program that plans" { host_build gcc; }
@test "with clang, and without network: a hardened program that plans" { host_build clang; }

@test "for arm64, with CROSS_COMPILE and libraries of that machine" {
	cross_build arm64 aarch64-linux-gnu aarch64 AArch64
}

@test "for ppc64le, with CROSS_COMPILE and libraries of that machine" {
	cross_build ppc64le powerpc64le-linux-gnu ppc64le PowerPC64
}

@test "make and make install run nothing but a compiler, pkg-config and tools for files" {
	local words
	cd "$top"
	make -n BUILD="$out" DESTDIR=/nowhere KEXEC=1 all install >"$out.commands"
	# the first word of each command
	words=$(sed -E 's/ (\|\||\|) /\n/g' "$out.commands" | awk '{ print $1 }' | sort -u | paste -sd' ')
	same commands "$words" "cc cmp echo install ln mkdir sed"
	run grep -wE 'tests|apt|apt-get|curl|wget|git' "$out.commands"
	same fetches "$output" ""
}

@test "each format alone can be left out, and says so" {
	local format file=$BATS_TEST_TMPDIR/Image
	make_image "$file"
	for format in gzip zstd xz lz4; do
		build BUILD="$BATS_TEST_TMPDIR/$format" "${format^^}="
		run ldd "$BATS_TEST_TMPDIR/$format/kexec-lite"
		case $format in gzip) [[ $output != *libz.so* ]] ;; xz) [[ $output != *lzma* ]] ;; *) [[ $output != *"$format"* ]] ;; esac
		"$format" -c "$file" >"$file.$format"
		cd "$BATS_TEST_TMPDIR"
		run "$format/kexec-lite" --plan --root "$machines/server" "Image.$format"
		refused 5 "load the kernel: this build has no $format: Image.$format" \
			"nothing was loaded: unpack the kernel first"
	done
}

@test "the flags of whoever builds come last, and win" {
	local line
	line=$(make -n -C "$top" BUILD="$out" CC=mycc CPPFLAGS=-DMINE CFLAGS=-O0 | grep -m 1 -- '-c -o')
	[[ $line = mycc\ *-D_GNU_SOURCE*-DMINE*-O0* && $line != *-O2* && $line != *FORTIFY* ]] || fail_with "$line"
	line=$(make -n -C "$top" BUILD="$out" LDFLAGS=-Wl,-z,norelro LDLIBS=-lmine PKG_CONFIG="echo -lfound" | grep -- '-o [^ ]*/kexec-lite ')
	[[ $line = *-z,relro*-z,norelro*' -o '*-lfound*-lmine ]] || fail_with "$line"
	build BUILD="$out" CFLAGS="-O1 -g0 -fno-stack-protector" LDFLAGS=-Wl,-z,norelro
	readelf -lW "$out/kexec-lite" >"$out.headers"
	run grep RELRO "$out.headers"
	same RELRO "$output" ""
	run nm -D "$out/kexec-lite"
	[[ $output != *stack_chk* ]] || fail_with "the stack is protected all the same"
}

@test "flags from the environment count as well" {
	local line
	line=$(CC=mycc CFLAGS=-O0 LDFLAGS=-Wl,-z,norelro make -n -C "$top" BUILD="$out" | grep -- '-o [^ ]*/kexec-lite ')
	[[ $line = mycc\ *-O0*-z,norelro* ]] || fail_with "$line"
}

@test "other flags make everything anew, the same ones nothing" {
	build BUILD="$out"
	run make -C "$top" --no-print-directory BUILD="$out"
	same "a second build" "$output" ""
	build BUILD="$out" ZSTD=
	run ldd "$out/kexec-lite"
	[[ $output != *zstd* ]] || fail_with "$output"
}

@test "a program without what is not wanted: static, of one target" {
	build BUILD="$out" ARCHS=ppc64 LDFLAGS=-static
	run readelf -lW "$out/kexec-lite"
	[[ $output != *INTERP* ]] || fail_with "$output"
	make_image "$BATS_TEST_TMPDIR/Image"
	run "$out/kexec-lite" --plan --root "$machines/server" "$BATS_TEST_TMPDIR/Image"
	[[ $status -ne 0 && $output = *arm64* ]] || fail_with "$output"
}

@test "no warnings with gcc and clang, and a build with sanitizers that plans" {
	local cc
	for cc in gcc clang; do
		run build BUILD="$out-$cc" CC=$cc WERROR=1
		same status "$status" 0
		same output "$output" ""
	done
	build sanitize BUILD="$out"
	plans_the_same "$out/sanitize/kexec-lite" --no-sandbox # which lets pass no calls of theirs
}

@test "make install: the program, its manual and its completion, where they are wanted" {
	local root=$BATS_TEST_TMPDIR/root
	build BUILD="$out" install DESTDIR="$root" PREFIX=/usr
	same files "$(files_in "$root")" "usr/sbin/kexec-lite 755
usr/share/bash-completion/completions/kexec-lite 644
usr/share/man/man8/kexec-lite.8 644"
	cmp "$out/kexec-lite" "$root/usr/sbin/kexec-lite"
	sed "s/@VERSION@/$(make -s --no-print-directory -C "$top" print-VERSION)/" "$top/doc/kexec-lite.8" |
		cmp - "$root/usr/share/man/man8/kexec-lite.8"
	cmp "$top/doc/kexec-lite.bash" "$root/usr/share/bash-completion/completions/kexec-lite"
	readelf -SW "$root/usr/sbin/kexec-lite" | grep -q '\.debug_info'
	build BUILD="$out" install DESTDIR="$root-2"
	same files "$(files_in "$root-2" | head -n 1)" "usr/local/sbin/kexec-lite 755"
	build BUILD="$out" install-strip DESTDIR="$root-3" sbindir=/bin datadir=/data mandir=/man
	same files "$(files_in "$root-3")" "bin/kexec-lite 755
data/bash-completion/completions/kexec-lite 644
man/man8/kexec-lite.8 644"
	run readelf -SW "$root-3/bin/kexec-lite"
	[[ $output != *debug* && $output != *symtab* ]] || fail_with "$output"
}

@test "make install KEXEC=1: as kexec, too, and a second time" {
	local root=$BATS_TEST_TMPDIR/root
	build BUILD="$out" install KEXEC=1 DESTDIR="$root" PREFIX=/usr
	build BUILD="$out" install KEXEC=1 DESTDIR="$root" PREFIX=/usr
	same kexec "$(readlink "$root/usr/sbin/kexec")" kexec-lite
	cmp "$out/kexec-lite" "$root/usr/sbin/kexec"
	cmp "$root/usr/share/man/man8/kexec-lite.8" "$root/usr/share/man/man8/kexec.8"
}

@test "blhc, which packagers ask, has nothing to say of a build with Debian's flags" {
	local flags
	export DEB_BUILD_MAINT_OPTIONS=hardening=+all
	eval "$(dpkg-buildflags --export=sh)"
	echo "dpkg-buildpackage: info: source package kexec-lite" >"$out.log"
	make -C "$top" BUILD="$out" >>"$out.log"
	flags=$(grep -c -- '-c -o' "$out.log")
	((flags > 40))
	run blhc --all "$out.log"
	same output "$output" ""
	same status "$status" 0
}

@test "make clean leaves what the lab fetched, make distclean nothing" {
	mkdir -p "$out/lab" "$out/obj"
	touch "$out/kexec-lite"
	build BUILD="$out" clean
	same files "$(cd "$out" && echo *)" lab
	build BUILD="$out" distclean
	[[ ! -e $out ]]
}

@test "scripts pass shellcheck" {
	cd "$top" || return
	local files=()
	mapfile -t files < <(grep -lE '^#!(/bin/bash|/bin/busybox sh|/usr/bin/env bats)' -r tests .ci packaging/dist)
	shellcheck -x "${files[@]}" tests/helpers.bash
}
