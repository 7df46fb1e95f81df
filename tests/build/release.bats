#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# What make release ships: a static PIE for each target, hardened, small, the same bytes each time.

# shellcheck disable=SC2154  # helpers.bash and bats set these
load ../helpers

archs="arm64 ppc64le"

# repository DIR: this tree as the only commit of one, always the same, with this machine's lab.
repository() {
	mkdir -p "$1/build"
	(cd "$top" && tar -c --exclude=./build --exclude=./.git .) | tar -x -C "$1"
	ln -s "$top/build/lab" "$1/build/lab"
	git -C "$1" init -q
	git -C "$1" add -A
	GIT_AUTHOR_DATE="1700000000 +0000" GIT_COMMITTER_DATE="1700000000 +0000" \
		git -C "$1" -c user.name=a -c user.email=a -c commit.gpgsign=false commit -qm one
}

# maps_of ARCH EMULATOR MACHINE: the memory of a program that waits for somebody to write its kernel
maps_of() {
	local pid fifo=$BATS_TEST_TMPDIR/$1
	mkfifo "$fifo"
	"$2" "$bin_dir/$1/kexec-lite" --plan --no-sandbox --root "$machines/$3" "$fifo" >/dev/null 2>&1 3>&- &
	pid=$!
	# shellcheck disable=SC2016  # for the shell, which gets on when the program has opened the other end
	timeout 60 sh -c 'exec 5>"$1"; cat "/proc/$2/maps"' - "$fifo" "$pid"
	wait "$pid" || true
}

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
		grep -qE 'GNU_STACK.* RW +0' "$BATS_TEST_TMPDIR/headers" || fail_with "$arch: its stack"
		if grep -q ' RWE ' "$BATS_TEST_TMPDIR/headers"; then fail_with "$arch has a segment that is both"; fi
		readelf -dW "$bin_dir/$arch/kexec-lite" | grep -qE 'BIND_NOW|FLAGS_1.*NOW' || fail_with "$arch binds late"
	done
}

@test "what is read-only after relocation is so when it runs" {
	local row arch emulator machine offset maps
	for row in "arm64 qemu-aarch64-static server" "ppc64le qemu-ppc64le-static pseries"; do
		read -r arch emulator machine <<<"$row"
		offset=$(readelf -lW "$bin_dir/$arch/kexec-lite" | awk '$1 == "GNU_RELRO" { print $2 }')
		maps_of "$arch" "$emulator" "$machine" | grep "/$arch/kexec-lite" >"$BATS_TEST_TMPDIR/maps"
		maps=$(awk '{ print $2, $3 }' "$BATS_TEST_TMPDIR/maps")
		# in pages of the machine that emulates
		[[ $maps = *"r--p $(printf %08x $((offset & -4096)))"* ]] || fail_with "$arch, RELRO at $offset: $maps"
		[[ $maps = *rw-p* ]] || fail_with "$arch: $maps"
	done
}

@test "with canaries on the stack" {
	local arch
	for arch in $archs; do
		nm "$top/build/release/$arch/linked" >"$BATS_TEST_TMPDIR/names"
		grep -q '__stack_chk_fail' "$BATS_TEST_TMPDIR/names" || fail_with "$arch has none"
	done
}

@test "at most 256 KiB each, with everything that unpacks" {
	local arch size
	for arch in $archs; do
		size=$(wc -c <"$bin_dir/$arch/kexec-lite")
		((size <= 256 << 10)) || fail_with "$arch has $size bytes"
	done
}

@test "the same bytes from another folder, and checksums of all of them" {
	local copy=$BATS_TEST_TMPDIR/elsewhere/kexec-lite name
	repository "$copy"
	"$copy/tests/lab/release" >/dev/null
	cmp "$copy/build/release/kexec-lite-arm64" "$bin_dir/arm64/kexec-lite"
	cmp "$copy/build/release/kexec-lite-ppc64le" "$bin_dir/ppc64le/kexec-lite"
	cd "$copy/build/release"
	sha256sum --quiet -c SHA256SUMS
	name=$(echo kexec-lite-*.tar.xz)
	same files "$(sed 's/.*  //' SHA256SUMS | paste -sd' ')" "LICENSES kexec-lite-arm64 kexec-lite-arm64.spdx.json \
kexec-lite-ppc64le kexec-lite-ppc64le.spdx.json $name"
	for name in libfdt zlib zstd lz4 xz musl; do
		grep -qx "$name $("$lab/version" "$name")" LICENSES || fail_with "no licence of $name"
	done
	(($(wc -l <LICENSES) > 150))
}

@test "the bill of materials: every library inside, of the version that was linked, and the program's checksum" {
	local arch sum want
	for arch in $archs; do
		"$lab/sbom" "$arch" "$bin_dir/$arch/kexec-lite" >"$BATS_TEST_TMPDIR/$arch.json"
		"$lab/sbom" "$arch" "$bin_dir/$arch/kexec-lite" | cmp - "$BATS_TEST_TMPDIR/$arch.json"
		jq -e '.spdxVersion == "SPDX-2.3" and .SPDXID == "SPDXRef-DOCUMENT" and .dataLicense == "CC0-1.0"
			and (.creationInfo.created | test("^[0-9-]{10}T[0-9:]{8}Z$")) and (.documentNamespace | test("^https://"))
			and all(.packages[]; has("name") and has("SPDXID") and has("versionInfo") and has("downloadLocation")
				and has("licenseDeclared"))
			and ([.packages[].SPDXID] - [.relationships[].relatedSpdxElement] == [])' "$BATS_TEST_TMPDIR/$arch.json" >/dev/null
		sum=$(sha256sum <"$bin_dir/$arch/kexec-lite")
		same checksum "$(jq -r '.packages[0].checksums[0].checksumValue' "$BATS_TEST_TMPDIR/$arch.json")" "${sum%% *}"
		# what pkg-config was asked for, and musl, which is libc
		want=$(for name in libfdt $(make -s --no-print-directory -C "$top" print-PACKAGES); do
			echo "$name $(PKG_CONFIG_LIBDIR=$top/build/lab/libraries/$arch/lib/pkgconfig pkg-config --modversion "$name")"
		done | sort; echo "musl $("$lab/version" musl)")
		same libraries "$(jq -r '.packages[1:][] | "\(.name) \(.versionInfo)"' "$BATS_TEST_TMPDIR/$arch.json" |
			sort)" "$(sort <<<"$want")"
		# the linker took nothing else: no libgcc, no start files of the compiler
		same "files linked" "$(grep -oE '[^ /]+[.](a|o)(:|\()' "$top/build/release/$arch/map" | tr -d ':(' | sort -u |
			grep -v '^all[.]o$' | paste -sd' ')" "crti.o crtn.o libc.a rcrt1.o"
	done
}

@test "the sources: those of the commit, the same bytes twice and from the tarball, and what make wants is there" {
	local name commit
	for name in a b; do
		repository "$BATS_TEST_TMPDIR/$name"
		make -s -C "$BATS_TEST_TMPDIR/$name" dist
	done
	cd "$BATS_TEST_TMPDIR"
	name=$(cd a/build/release && echo kexec-lite-*.tar.xz)
	cmp "a/build/release/$name" "b/build/release/$name"
	(cd a/build/release && sha256sum --quiet -c "$name.sha256")
	tar -xf "a/build/release/$name"
	name=${name%.tar.xz}
	same version "$name" "kexec-lite-$(make -s --no-print-directory -C "$top" print-VERSION)"
	commit=$(git -C a ls-tree -r --name-only HEAD | LC_ALL=C sort)
	same files "$(cd "$name" && find . ! -type d -printf '%P\n' | LC_ALL=C sort)" "$commit"
	git -C a archive HEAD | tar -x --one-top-level=commit
	diff -r commit "$name"
	make -n -C "$name" all install | grep -q -- '-o build/kexec-lite '
	# without git; what was built there stays out of it
	mkdir -p "$name/build"
	echo x >"$name/build/x"
	make -s -C "$name" dist
	cmp "$name/build/release/$name.tar.xz" "a/build/release/$name.tar.xz"
}
