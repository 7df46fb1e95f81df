#!/usr/bin/env bats
# What the lab does when a mirror does not have what it lists.

# shellcheck disable=SC2154  # helpers.bash sets these
load helpers

# apt_with VERSION...: an apt that lists kernels 6.12.9, .8 and .7 and has those VERSIONs only.
apt_with() {
	local bin=$BATS_TEST_TMPDIR/bin version
	mkdir -p "$bin" "$BATS_TEST_TMPDIR/pool"
	for version; do
		rm -rf "$BATS_TEST_TMPDIR/deb"
		mkdir -p "$BATS_TEST_TMPDIR/deb/DEBIAN" "$BATS_TEST_TMPDIR/deb/boot"
		echo "$version" >"$BATS_TEST_TMPDIR/deb/boot/vmlinuz-$version"
		printf '%s\n' "Package: linux-image-$version-arm64" "Version: $version" "Architecture: arm64" \
			"Maintainer: a test" "Description: a kernel" >"$BATS_TEST_TMPDIR/deb/DEBIAN/control"
		dpkg-deb --build "$BATS_TEST_TMPDIR/deb" "$BATS_TEST_TMPDIR/pool/linux-image-$version-arm64.deb" >/dev/null
	done
	cat >"$bin/apt-cache" <<'END'
#!/bin/sh
case $* in
*depends*) echo "  Depends: linux-image-6.12.9-arm64" ;;
*) printf 'linux-image-6.12.%s\n' 7-arm64 8-arm64-16k 9-arm64 8-arm64 9-rt-arm64 8-arm64-dbg ;;
esac
END
	cat >"$bin/apt-get" <<END
#!/bin/sh
case \$* in
*download*) for name; do :; done; cp "$BATS_TEST_TMPDIR/pool/\$name.deb" . ;;
esac
END
	chmod +x "$bin"/*
}

fetch_kernel() {
	PATH=$BATS_TEST_TMPDIR/bin:$PATH LAB_DIR=$BATS_TEST_TMPDIR/lab LAB_MIRROR=none \
		"$lab/fetch" arm64 trixie linux-image-arm64
}

@test "the kernel that the list names is taken when the mirror has it" {
	apt_with 6.12.9 6.12.8
	fetch_kernel
	same file "$(cat "$BATS_TEST_TMPDIR/lab/root/arm64-trixie/.lab/linux-image-arm64")" boot/vmlinuz-6.12.9
}

@test "a mirror that lists a kernel before it has it: the one before, of the same flavour" {
	apt_with 6.12.8 6.12.7
	fetch_kernel
	same file "$(cat "$BATS_TEST_TMPDIR/lab/root/arm64-trixie/.lab/linux-image-arm64")" boot/vmlinuz-6.12.8
}
