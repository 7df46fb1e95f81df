#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# packaging/: what can be said of the recipes without building them. `make packages` builds those of
# Debian and rpm, and runs what those of buildroot and Alpine run.

# shellcheck disable=SC2154  # helpers.bash and bats set these
load ../helpers

setup_file() {
	# the recipes as they are here, committed or not
	mkdir "$BATS_FILE_TMPDIR/tree"
	(cd "$top" && tar -c --exclude=./build --exclude=./.git .) | tar -x -C "$BATS_FILE_TMPDIR/tree"
	URL=https://host.example/dir MAINTAINER="A packager <packager@host.example>" \
		"$BATS_FILE_TMPDIR/tree/packaging/dist"
}

setup() {
	recipes=$BATS_FILE_TMPDIR/tree/build/release/packaging
	version=$(make -s --no-print-directory -C "$top" print-VERSION)
	tarball=$BATS_FILE_TMPDIR/tree/build/release/kexec-lite-$version.tar.xz
}

# make_has VARIABLE: the Makefile knows it, and can be told another value
make_has() { grep -Eq "^$1 (:|\\?)?= ?" "$top/Makefile" || grep -q "^ifdef $1$" "$top/Makefile"; }

@test "what a script asks make is the answer alone, below another make as well" {
	run env MAKEFLAGS=w MAKELEVEL=1 make -s --no-print-directory -C "$top" print-VERSION
	same answer "$output" "$version"
	run grep -rnE 'make -s.* print-[A-Z]' "$top/tests" "$top/packaging"
	same "scripts that leave it talking" "$(grep -v -e --no-print-directory <<<"$output" || true)" ""
}

@test "everything is filled in, and the version is that of src/version.h" {
	run grep -rn '@[A-Z0-9_]*@' "$recipes" --include='*' --exclude=dist --exclude=README.md
	same "what is not" "$output" ""
	local file
	for file in debian/changelog alpine/APKBUILD rpm/kexec-lite.spec buildroot/kexec-lite.mk \
		openembedded/kexec-lite.bb nix/package.nix; do
		grep -qF -- "$version" "$recipes/$file" || fail_with "$file has no version"
	done
	# and nowhere is it written a second time
	run grep -rnF "\"$version\"" "$top/Makefile" "$top/packaging" "$top/doc/kexec-lite.8"
	same "other places" "$output" ""
}

@test "checksums are the tarball's and the licence's" {
	local sum
	local file sum
	sum=$(sha256sum <"$tarball")
	for file in buildroot/kexec-lite.hash openembedded/kexec-lite.bb nix/package.nix; do
		grep -qF "${sum%% *}" "$recipes/$file" || fail_with "$file"
	done
	sum=$(sha512sum <"$tarball")
	grep -qF "${sum%% *}  kexec-lite-$version.tar.xz" "$recipes/alpine/APKBUILD"
	sum=$(sha256sum <"$top/LICENSE")
	grep -qF "${sum%% *}  LICENSE" "$recipes/buildroot/kexec-lite.hash"
	sum=$(md5sum <"$top/LICENSE")
	grep -qF "LICENSE;md5=${sum%% *}\"" "$recipes/openembedded/kexec-lite.bb"
}

@test "scripts: shellcheck, and dash reads them" {
	local file
	cd "$recipes"
	for file in debian/kexec-lite.{preinst,postinst,prerm,postrm} debian/tests/{plans,as-kexec} \
		initramfs-tools/kexec-lite; do
		dash -n "$file"
		shellcheck -s sh -e SC1091 "$file"
	done
	shellcheck -s bash -e SC2154 dracut/module-setup.sh
	# abuild's variables, and what it reads of these
	shellcheck -s dash -e SC2034,SC2154,SC2086,SC2164,SC3043 alpine/APKBUILD
	shellcheck -x dist "$top"/tests/packages/*
}

@test "Debian: its tools read the changelog, the control files and the copyright" {
	cd "$recipes"
	same changelog "$(dpkg-parsechangelog -l debian/changelog -S Source -S Version)" "$version-1"
	local file text
	for file in debian/control debian/tests/control debian/copyright; do
		# a paragraph is fields and what goes on
		run grep -nEv '^([A-Z][A-Za-z-]*:|[ #]|$)' "$file"
		same "$file" "$output" ""
	done
	text=$(sed -n '/^License: Expat$/,$p' debian/copyright | sed '1d; s/^ //; s/^\.$//')
	same "the licence" "$text" "$(sed '1,/^Copyright/d' "$top/LICENSE" | sed 1d)"
	same architectures "$(sed -n 's/^Architecture: //p' debian/control | paste -sd' ')" "amd64 arm64 ppc64 ppc64el all"
}

@test "Debian: what is built with has each library that the Makefile asks pkg-config for" {
	local package
	declare -A debian=([zlib]=zlib1g-dev [libzstd]=libzstd-dev [liblzma]=liblzma-dev [liblz4]=liblz4-dev)
	for package in $(make -s --no-print-directory -C "$top" print-PACKAGES); do
		grep -q "^ ${debian[$package]},$" "$recipes/debian/control" || fail_with "$package"
	done
	grep -q '^ libfdt-dev,$' "$recipes/debian/control"
}

@test "Debian: files that the recipe installs are in the tarball" {
	local file
	tar -tf "$tarball" | sed "s#^kexec-lite-$version/##" >"$BATS_TEST_TMPDIR/files"
	for file in $(awk '{ print $1 }' "$recipes"/debian/*.install) $(cat "$recipes"/debian/*.docs); do
		grep -qx "$file" "$BATS_TEST_TMPDIR/files" || fail_with "$file"
	done
}

@test "rpm: rpmspec reads it, for both targets, and its files are what make install makes" {
	local target root=$BATS_TEST_TMPDIR/root file
	for target in aarch64 ppc64le; do
		run rpmspec -q --target "$target" --qf '%{name} %{version}\n' "$recipes/rpm/kexec-lite.spec"
		same "status for $target" "$status" 0
		same "packages for $target" "$output" "kexec-lite $version
kexec-lite-kexec $version"
	done
	make -s -C "$top" BUILD="$BATS_TEST_TMPDIR/build" -o "$BATS_TEST_TMPDIR/build/kexec-lite" -n install KEXEC=1 \
		DESTDIR="$root" PREFIX=/usr | grep -o "${root}[^ ]*$" | sed "s#^${root}##" | sort >"$BATS_TEST_TMPDIR/made"
	rpmspec -P --define "_sbindir /usr/sbin" "$recipes/rpm/kexec-lite.spec" | sed -n '/^%files/,/^%changelog/p' |
		grep '^/' | grep -v 'systemd\|dracut' | sed 's/\*$//' | sort >"$BATS_TEST_TMPDIR/listed"
	diff "$BATS_TEST_TMPDIR/made" "$BATS_TEST_TMPDIR/listed"
}

@test "nix: nix-instantiate reads it" {
	nix-instantiate --parse "$recipes/nix/package.nix" >"$BATS_TEST_TMPDIR/parsed"
	grep -q mkDerivation "$BATS_TEST_TMPDIR/parsed"
}

@test "buildroot: its commands, as make has them for a choice of packages" {
	cat >"$BATS_TEST_TMPDIR/Makefile" <<-END
		BR2_aarch64 = y
		BR2_PACKAGE_ZLIB = y
		BR2_PACKAGE_LZ4 = y
		include $recipes/buildroot/kexec-lite.mk
		print-%: ; @echo \$(\$*)
	END
	cd "$BATS_TEST_TMPDIR"
	same options "$(make -s --no-print-directory print-KEXEC_LITE_MAKE_OPTS)" "PREFIX=/usr ARCHS=arm64 ZSTD= XZ= KEXEC=1"
	same dependencies "$(make -s --no-print-directory print-KEXEC_LITE_DEPENDENCIES)" "host-pkgconf dtc zlib lz4"
	same "beside kexec" "$(make -s --no-print-directory print-KEXEC_LITE_MAKE_OPTS BR2_PACKAGE_KEXEC=y BR2_aarch64=)" \
		"PREFIX=/usr ARCHS=ppc64 ZSTD= XZ="
	same source "$(make -s --no-print-directory print-KEXEC_LITE_SITE)/$(make -s --no-print-directory print-KEXEC_LITE_SOURCE)" \
		"https://host.example/dir/${tarball##*/}"
	# the old one's symbol, for those who have it in their configuration, and for petitboot
	grep -qx 'config BR2_PACKAGE_KEXEC_LITE' "$recipes/buildroot/Config.in"
}

@test "OpenEmbedded: each line is one of a recipe, and quotes are closed" {
	run python3 - "$recipes/openembedded/kexec-lite.bb" <<-'END'
		import re, sys
		text = open(sys.argv[1]).read().replace("\\\n", "")
		inside = False
		for line in text.split("\n"):
		    if inside:
		        inside = line != "}"
		    elif re.fullmatch(r"(do_[a-z]+)\(\) \{", line):
		        inside = True
		    elif not re.fullmatch(r'#.*||inherit [a-z -]+|[A-Z_a-z]+(\[[a-z0-9]+\]|:\$\{PN\}(-[a-z]+)?)* *(\?\?|\?|\+|=\+)?= *"[^"]*"'
		                          r'|PACKAGES =\+ "[^"]*"', line):
		        print(line)
		print("open" if inside else "closed")
	END
	same lines "$output" closed
}

@test "variables of make that recipes set are the Makefile's" {
	local name n=0
	for name in $(cat "$recipes"/{debian/rules,alpine/APKBUILD,rpm/kexec-lite.spec,buildroot/kexec-lite.mk} \
		"$recipes"/{openembedded/kexec-lite.bb,nix/package.nix} |
		grep -oE '(^|[ "])(PREFIX|DESTDIR|BUILD|ARCHS|KEXEC|GZIP|ZSTD|XZ|LZ4|[a-z]+dir|PKG_CONFIG|LDFLAGS)=' |
		tr -d ' "=' | grep -v 'subpkgdir\|pkgdir\|builddir' | sort -u); do
		n=$((n + 1))
		[[ $name = DESTDIR || $name = LDFLAGS ]] || make_has "$name" || fail_with "$name"
	done
	((n >= 12)) || fail_with "$n variables"
	for name in GZIP ZSTD XZ LZ4; do
		grep -q "$name=" "$recipes/buildroot/kexec-lite.mk"
		grep -q "$name=" "$recipes/openembedded/kexec-lite.bb"
	done
}

@test "unit, hook and module are those of the recipes" {
	local recipe=$top/doc/recipes.md
	block() { awk -v after="$1" 'index($0, after) { on = 1 } on && /^```/ { if (inside) exit; inside = 1; next } inside' "$recipe"; }
	diff <(block /etc/initramfs-tools/hooks) "$top/packaging/initramfs-tools/kexec-lite"
	diff <(block 90kexec-lite/module-setup.sh) "$top/packaging/dracut/module-setup.sh"
	# the packages' unit has its files in variables
	# shellcheck disable=SC2016  # which systemd expands
	diff <(block kexec-lite.service) <(grep -v '^Environment\|^# which' "$top/packaging/systemd/kexec-lite.service" |
		sed 's#${INITRD}#/boot/initrd.img#; s#${KERNEL}#/boot/vmlinuz#')
	grep -qx 'Environment=KERNEL=/boot/vmlinuz INITRD=/boot/initrd.img' "$top/packaging/systemd/kexec-lite.service"
	command -v systemd-analyze >/dev/null || return 0
	sed "s#/usr/sbin/kexec-lite#$host_bin#" "$top/packaging/systemd/kexec-lite.service" >"$BATS_TEST_TMPDIR/kexec-lite.service"
	run systemd-analyze verify --man=no "$BATS_TEST_TMPDIR/kexec-lite.service"
	same output "$output" ""
}
