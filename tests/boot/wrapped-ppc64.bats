#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# A ppc64 vmlinux that comes stripped, compressed or signed, in a real guest: each loads, and two
# of them boot. See tests/guest/wrapped.

# shellcheck disable=SC2034,SC2154  # helpers.bash sets these
load ../helpers
load ../guest/helpers-ppc64

# initramfs OUT [SRC:DEST]...
initramfs() {
	"$lab/initramfs" ppc64le "$1" "$lab/report:lab/report" "$top/tests/guest/wrapped:lab/run" \
		"$guest_bin:bin/kexec-lite" options:boot/options "${@:2}"
}

boot_wrapped() {
	local kernel
	cd "$run_dir/$1" || return
	kernel=$("$lab/kernel" ppc64le-6.1)
	gzip -1nc "$kernel" >gz
	powerpc64le-linux-gnu-strip --strip-all -o stripped "$kernel"
	# struct module_signature: id type PKCS#7, and the length of the signature, big endian
	(cat stripped; head -c 500 /dev/urandom; printf '\0\0\2\0\0\0\0\0\0\0\1\364~Module signature appended~\n') >signed
	(gzip -1nc stripped; tail -c 540 signed) >signed-gz
	echo -c >options
	next_append second >append-second
	next_append third >append-third
	initramfs third.cpio
	initramfs second.cpio signed:boot/next third.cpio:boot/initrd append-third:boot/append
	initramfs run.cpio gz:boot/next second.cpio:boot/initrd append-second:boot/append \
		"$kernel:boot/load/vmlinux" stripped:boot/load/stripped gz:boot/load/gz \
		signed:boot/load/signed signed-gz:boot/load/signed-gz
	"$lab/run" pseries "$kernel" run.cpio quiet log -machine x-vof=on
	rm -f -- *.cpio gz stripped signed signed-gz
}

booted() {
	log=$run_dir/wrapped-ppc64/log
	once wrapped-ppc64 boot_wrapped
}

# comes STAGE NEXT: that stage loaded the next one, which runs as it should.
comes() {
	booted
	same "load by $1" "$(step "$1" next)" "rc=0 loaded=1"
	same "command line of $2" "$(fact "$2" cmdline)" "$(next_append "$2")"
	local key
	for key in kernel cpus_online ram_kb warnings mmu; do
		same "$key of $2" "$(fact "$2" $key)" "$(fact run $key)"
	done
	same "end of the log" "$(grep -c '^LAB exit=0$' "$log")" 1
}

@test "a vmlinux loads: plain, stripped, compressed, with a signature behind it, from a pipe" {
	booted
	local name
	for name in vmlinux stripped gz signed signed-gz pipe stdin fifo; do
		same "$name" "$(step run $name)" "rc=0 loaded=1"
		same "$name, stderr" "$(of_stage run | sed -n "s/^STEP-STDERR $name //p")" ""
	done
}

@test "a vmlinux.gz boots" {
	comes run second
}

@test "a stripped vmlinux with a signature behind it boots" {
	comes second third
}
