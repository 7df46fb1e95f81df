#!/usr/bin/env bats
# What the build makes: static, small, the same bytes each time, without warnings.

# shellcheck disable=SC2154  # helpers.bash and bats set these
load ../helpers

build() { make -s --no-print-directory -C "$top" "$@"; }

@test "static binaries, no interpreter, no shared library" {
	local arch
	for arch in arm64 ppc64le host; do
		readelf -lW "$top/build/$arch/kexec-lite" >"$BATS_TEST_TMPDIR/headers"
		grep -q ' LOAD ' "$BATS_TEST_TMPDIR/headers"
		if grep -E 'INTERP|DYNAMIC' "$BATS_TEST_TMPDIR/headers"; then fail_with "$arch is not static"; fi
	done
}

@test "each binary is for its machine" {
	readelf -h "$top/build/arm64/kexec-lite" | grep -q 'Machine: *AArch64'
	readelf -h "$top/build/ppc64le/kexec-lite" | grep -q 'Machine: *PowerPC64'
}

# What a program may have: 160 KiB on arm64 is a promise, the others are what they had, in whole KiB.
@test "at most 160 KiB on arm64 and 191 KiB on ppc64le; without what unpacks 109 KiB and 129 KiB" {
	local arch with without size
	while read -r arch with without; do
		size=$(wc -c <"$bin_dir/$arch/kexec-lite")
		((size <= with << 10)) || fail_with "$arch has $size bytes"
		build B="$BATS_TEST_TMPDIR/b" "ARCH=$arch" GZIP= ZSTD= XZ= LZ4= >/dev/null
		size=$(wc -c <"$BATS_TEST_TMPDIR/b/$arch/kexec-lite")
		((size <= without << 10)) || fail_with "$arch has $size bytes without"
	done <<-END
		arm64 160 109
		ppc64le 191 129
	END
}

# Section headers are taken off by src/drop-sections, after the linker.
@test "stripped, and without section headers" {
	local arch
	for arch in arm64 ppc64le host; do
		readelf -SW "$bin_dir/$arch/kexec-lite" | grep -q 'There are no sections' ||
			fail_with "$arch has sections"
	done
}

@test "a program without section headers runs, and has its bytes up to the last that is loaded" {
	local file=$BATS_TEST_TMPDIR/program offset size end=0
	printf 'int main(void) { return 7; }' | gcc -x c -static -o "$file" -
	readelf -SW "$file" | grep -q '\.symtab'
	"$top/src/drop-sections" "$file"
	readelf -hW "$file" | grep -q 'Number of section headers: *0$'
	readelf -hW "$file" | grep -q 'Start of section headers: *0 '
	readelf -SW "$file" 2>&1 | grep -q 'There are no sections'
	while read -r _ offset _ _ size _; do
		if ((offset + size > end)); then end=$((offset + size)); fi
	done < <(readelf -lW "$file" | grep ' LOAD ')
	same bytes "$(wc -c <"$file")" "$end"
	run "$file"
	same status "$status" 7
	echo "no ELF file" >"$file"
	run "$top/src/drop-sections" "$file"
	[[ $status -ne 0 ]] || fail_with "a file that is no ELF file passes"
	same "that file" "$(<"$file")" "no ELF file"
}

@test "each format alone can be left out, and says so" {
	local format file=$BATS_TEST_TMPDIR/Image
	make_image "$file"
	for format in gzip zstd xz lz4; do
		build B="$BATS_TEST_TMPDIR/$format" ARCH=host "${format^^}="
		"$format" -c "$file" >"$file.$format"
		cd "$BATS_TEST_TMPDIR"
		run "$format/host/kexec-lite" --plan --root "$machines/server" "Image.$format"
		refused 5 "load the kernel: this build has no $format: Image.$format" \
			nothing was loaded: unpack the kernel first"
	done
}

@test "the functions that ppc64le has in place of libc's answer as those do" {
	local -a cc=(powerpc64le-linux-gnu-gcc -mlong-double-64 -std=c11 -D_GNU_SOURCE
		-specs="$top/build/lab/sysroot/ppc64le/lib/musl-gcc.specs" -fno-builtin)
	cd "$BATS_TEST_TMPDIR"
	"${cc[@]}" -Os -fno-tree-loop-distribute-patterns -c -o bytes.o "$top/src/bytes.c"
	local name names=()
	for name in mem{move,cpy,set,chr} strchrnul strcspn mmap mremap; do
		names+=(--redefine-sym "$name=small_$name")
	done
	powerpc64le-linux-gnu-objcopy "${names[@]}" bytes.o
	"${cc[@]}" -O1 -static -Wall -Wextra -Werror -o bytes "$top/tests/build/bytes.c" bytes.o
	run qemu-ppc64le-static ./bytes
	same output "$output" "as libc's"
	same status "$status" 0
}

@test "no segment is writable and executable" {
	local arch
	for arch in arm64 ppc64le host; do
		readelf -lW "$top/build/$arch/kexec-lite" | awk '/ LOAD / && / RWE / { exit 1 }' ||
			fail_with "$arch has a segment that is both"
	done
}

@test "the build prints the sizes" {
	run build sizes
	same status "$status" 0
	[[ $output =~ build/arm64/kexec-lite\ [0-9]+\ bytes ]]
}

@test "the same bytes from another build directory and another path" {
	local copy=$BATS_TEST_TMPDIR/elsewhere
	mkdir "$copy"
	(cd "$top" && tar -c Makefile src dt arch tests/lab) | tar -x -C "$copy"
	mkdir -p "$copy/build"
	ln -s "$top/build/lab" "$copy/build/lab"
	build B="$BATS_TEST_TMPDIR/b" ARCH=arm64
	make -s --no-print-directory -C "$copy" ARCH=arm64
	cmp "$guest_bin" "$BATS_TEST_TMPDIR/b/arm64/kexec-lite"
	cmp "$guest_bin" "$copy/build/arm64/kexec-lite"
}

@test "a second build in a fresh clone finds what the first one fetched" {
	local copy=$BATS_TEST_TMPDIR/fresh
	mkdir -p "$copy/build/lab"
	(cd "$top" && tar -c Makefile src dt arch tests/lab) | tar -x -C "$copy"
	# the packages and sources, which need the network, but not what is made from them
	ln -s "$top/build/lab/root" "$top/build/lab/apt" "$top/build/lab/src" "$copy/build/lab/"
	make -s --no-print-directory -C "$copy" ARCH=arm64
	touch "$copy/src/main.c"
	make -s --no-print-directory -C "$copy" ARCH=arm64
	cmp "$guest_bin" "$copy/build/arm64/kexec-lite"
}

@test "no warnings with gcc, on any target" {
	local arch
	for arch in arm64 ppc64le host; do
		run build B="$BATS_TEST_TMPDIR/b" "ARCH=$arch" WERROR=1
		[[ $status = 0 ]] || fail_with "$output"
		[[ $output != *warning* ]] || fail_with "$output"
	done
}

@test "no warnings with clang" {
	local file unpack
	read -ra unpack < <(build print-flags)
	local flags=("${unpack[@]}" -std=c11 -D_GNU_SOURCE -Wall -Wextra -Wshadow -Wconversion -Wstrict-prototypes
		-Wmissing-prototypes -Werror -fsyntax-only)
	cd "$top"
	for file in src/*.c dt/*.c arch/*.c arch/*/*.c; do
		clang "${flags[@]}" "$file" || fail_with "$file"
	done
}

@test "the sanitized build builds, and plans without a complaint" {
	build SANITIZE=1
	make_image "$BATS_TEST_TMPDIR/Image"
	run "$top/build/sanitize/kexec-lite" --plan=json --seed 00 --root "$machines/server" "$BATS_TEST_TMPDIR/Image"
	same status "$status" 0
	same plan "$output" "$("$host_bin" --plan=json --seed 00 --root "$machines/server" "$BATS_TEST_TMPDIR/Image")"
}

@test "make install: the program, its manual and its completion" {
	local root=$BATS_TEST_TMPDIR/root
	build install ARCH=arm64 DESTDIR="$root" PREFIX=/usr
	same files "$(cd "$root" && find . ! -type d -printf '%P %m\n' | sort)" \
		"usr/sbin/kexec-lite 755
usr/share/bash-completion/completions/kexec-lite 644
usr/share/man/man8/kexec-lite.8 644"
	cmp "$guest_bin" "$root/usr/sbin/kexec-lite"
	cmp "$top/doc/kexec-lite.8" "$root/usr/share/man/man8/kexec-lite.8"
	cmp "$top/doc/kexec-lite.bash" "$root/usr/share/bash-completion/completions/kexec-lite"
	build install ARCH=arm64 DESTDIR="$root"
	cmp "$guest_bin" "$root/usr/local/sbin/kexec-lite"
}

@test "make install KEXEC=1: as kexec, too, and a second time" {
	local root=$BATS_TEST_TMPDIR/root
	build install KEXEC=1 ARCH=arm64 DESTDIR="$root" PREFIX=/usr
	build install KEXEC=1 ARCH=arm64 DESTDIR="$root" PREFIX=/usr
	same kexec "$(readlink "$root/usr/sbin/kexec")" kexec-lite
	cmp "$guest_bin" "$root/usr/sbin/kexec"
	cmp "$top/doc/kexec-lite.8" "$root/usr/share/man/man8/kexec.8"
}

@test "the stub's words are those of stub.S" {
	aarch64-linux-gnu-gcc -c "$top/arch/arm64/stub.S" -o "$BATS_TEST_TMPDIR/stub.o"
	aarch64-linux-gnu-objcopy -O binary -j .text "$BATS_TEST_TMPDIR/stub.o" "$BATS_TEST_TMPDIR/stub"
	same words "$(od -An -v -tx4 -w4 "$BATS_TEST_TMPDIR/stub" | sed 's/^ */0x/' | tr '\n' ' ')" \
		"$(grep -oE '0x[0-9a-f]{8}' "$top/arch/arm64/stub_words.h" | tr '\n' ' ')"
}

@test "scripts pass shellcheck" {
	cd "$top" || return
	local files=()
	mapfile -t files < <(grep -lE '^#!(/bin/bash|/bin/busybox sh|/usr/bin/env bats)' -r tests .ci)
	shellcheck -x "${files[@]}" tests/helpers.bash
}
