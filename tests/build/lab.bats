#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# What the lab does when a mirror does not have what it lists.

# shellcheck disable=SC2154  # helpers.bash sets these
load ../helpers

# make_deb POOL NAME VERSION FILE: a package with one file.
make_deb() {
	local deb=$BATS_TEST_TMPDIR/deb
	rm -rf "$deb"
	mkdir -p "$deb/DEBIAN" "$deb/${4%/*}" "$BATS_TEST_TMPDIR/$1"
	echo "$3" >"$deb/$4"
	printf '%s\n' "Package: $2" "Version: $3" "Architecture: arm64" "Maintainer: a test" \
		"Description: a test's" >"$deb/DEBIAN/control"
	dpkg-deb --build "$deb" "$BATS_TEST_TMPDIR/$1/$2.deb" >/dev/null
}

# apt_with VERSION...: an apt that lists kernels 6.12.9, .8 and .7 and has those VERSIONs only.
apt_with() {
	local bin=$BATS_TEST_TMPDIR/bin version
	mkdir -p "$bin"
	for version; do make_deb pool "linux-image-$version-arm64" "$version" "boot/vmlinuz-$version"; done
	cat >"$bin/apt-cache" <<'END'
#!/bin/sh
case $* in
*"depends linux-base-arm64") echo "  Depends: linux-base-6.12.9-arm64" ;;
*depends*) echo "  Depends: linux-image-6.12.9-arm64" ;;
*) printf 'linux-image-6.12.%s\n' 7-arm64 8-arm64-16k 9-arm64 8-arm64 9-rt-arm64 8-arm64-dbg ;;
esac
END
	cat >"$bin/apt-get" <<END
#!/bin/sh
pool=pool
case \$* in *-forky/*) pool=later ;; esac
case \$* in
*download*) for name; do :; done; cp "$BATS_TEST_TMPDIR/\$pool/\$name.deb" . ;;
esac
END
	chmod +x "$bin"/*
}

fetch_package() {
	PATH=$BATS_TEST_TMPDIR/bin:$PATH LAB_DIR=$BATS_TEST_TMPDIR/lab LAB_MIRROR=none \
		"$lab/fetch" arm64 trixie "${1-linux-image-arm64}"
}

@test "the kernel that the list names is taken when the mirror has it" {
	apt_with 6.12.9 6.12.8
	fetch_package
	same file "$(cat "$BATS_TEST_TMPDIR/lab/root/arm64-trixie/.lab/linux-image-arm64")" boot/vmlinuz-6.12.9
}

@test "a mirror that lists a kernel before it has it: the one before, of the same flavour" {
	apt_with 6.12.8 6.12.7
	fetch_package
	same file "$(cat "$BATS_TEST_TMPDIR/lab/root/arm64-trixie/.lab/linux-image-arm64")" boot/vmlinuz-6.12.8
}

@test "device trees: of a kernel's package, or of linux-base, those and overlays alone" {
	local dir=usr/lib/modules/6.12.9-arm64
	apt_with
	make_deb pool linux-image-6.12.9-arm64 6.12.9 usr/lib/linux-image-6.12.9-arm64/qcom/a.dtb
	fetch_package linux-image-arm64+trees
	same file "$(cat "$BATS_TEST_TMPDIR/lab/root/arm64-trixie/.lab/linux-image-arm64+trees")" \
		usr/lib/linux-image-6.12.9-arm64/qcom/a.dtb
	make_deb pool linux-base-6.12.9-arm64 6.12.9 "$dir/dtb/a.dtbo"
	touch "$BATS_TEST_TMPDIR/deb/$dir/modules.order"
	dpkg-deb --build "$BATS_TEST_TMPDIR/deb" "$BATS_TEST_TMPDIR/pool/linux-base-6.12.9-arm64.deb" >/dev/null
	fetch_package linux-base-arm64+trees
	same file "$(cat "$BATS_TEST_TMPDIR/lab/root/arm64-trixie/.lab/linux-base-arm64+trees")" "$dir/dtb/a.dtbo"
}

@test "a library that the mirror lists and has not: that of the next suite, and of nothing else" {
	apt_with
	make_deb later libc6 2.43 lib/libc.so.6
	make_deb later libfdt-dev 1.7 usr/lib/libfdt.a
	fetch_package libc6
	same version "$(cat "$BATS_TEST_TMPDIR/lab/root/arm64-trixie/lib/libc.so.6")" 2.43
	run fetch_package libfdt-dev
	same status "$status" 1
	[[ $output = *"fetch: failed, see above: download libfdt-dev" ]]
}
