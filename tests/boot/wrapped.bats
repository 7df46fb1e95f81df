#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Kernels that come wrapped, in real guests: each form loads, and one of each kind boots, from a
# kernel that was one itself. See tests/guest/wrapped.

# shellcheck disable=SC2034,SC2154  # helpers.bash sets these
load ../helpers

wrap() { "$top/tests/lab/wrap" "$@"; }
stages=(run second third fourth fifth)

# ukify makes one space of two, so there are none here.
next_append() {
	printf 'console=ttyAMA0 panic=-1 quiet lab.stage=%s word="two words" last=1' "$1"
}

# How each next kernel comes.
forms_stock="gz zboot-gzip zboot-zstd uki"
forms_file="gz zboot uki-zboot"

# make_forms KERNEL: that kernel in each form.
make_forms() {
	local kernel=$1
	gzip -1nc "$kernel" >gz
	zstd -q -3 <"$kernel" >zst
	# shellcheck disable=SC2094  # the tool is no file
	xz -0 -T1 -c <"$kernel" >xz
	# shellcheck disable=SC2094
	lz4 -q -l -1 <"$kernel" >lz4
	wrap zboot gzip gz zboot-gzip
	wrap zboot zstd22 zst zboot-zstd --size-behind "$(stat -Lc %s "$kernel")"
	wrap zboot xzkern xz zboot-xz
	wrap zboot lz4 lz4 zboot-lz4
	wrap elf "$kernel" elf
}

# initramfs OUT [SRC:DEST]...
initramfs() {
	"$lab/initramfs" arm64 "$1" "$lab/report:lab/report" "$top/tests/guest/wrapped:lab/run" \
		"$guest_bin:bin/kexec-lite" options:boot/options "${@:2}"
}

# wrapped FORM KERNEL INITRD STAGE: the file that STAGE comes in.
wrapped() {
	case $1 in
	uki) "$lab/uki" "uki-$4" "$2" "$3" "$(next_append "$4")" ;;
	uki-zboot) "$lab/uki" "uki-$4" "$2.zboot" "$3" "$(next_append "$4")" ;;
	zboot) cp "$2.zboot" "zboot-$4" ;;
	*) cp "$1" "$1-$4" ;;
	esac
}

# chain KERNEL OPTION FORM...: run.cpio, which carries the kernels of all stages.
chain() {
	local kernel=$1 forms=("${@:3}") i next form pairs
	echo "$2" >options
	initramfs "${stages[${#forms[@]}]}.cpio"
	for ((i = ${#forms[@]} - 1; i >= 0; i--)); do
		form=${forms[i]} next=${stages[i + 1]} pairs=()
		wrapped "$form" "$kernel" "$next.cpio" "$next"
		if [[ $form != uki* ]]; then
			next_append "$next" >"append-$next"
			pairs=("$next.cpio:boot/initrd" "append-$next:boot/append")
		fi
		[[ $i != 0 ]] || pairs+=("${load[@]}")
		initramfs "${stages[i]}.cpio" "${form%-zboot}-$next:boot/next" "${pairs[@]}"
	done
}

boot_wrapped() {
	local kernel forms option form
	local -a load=()
	cd "$run_dir/$1" || return
	case $1 in
	wrapped-stock) kernel=$("$lab/kernel" arm64-6.1) forms=$forms_stock option=-c ;;
	wrapped-file) kernel=$("$lab/kernel" arm64-file) forms=$forms_file option=-s ;;
	esac
	make_forms "$kernel"
	head -c 100000 /dev/zero >zeros
	"$lab/uki" uki "$kernel" zeros "console=x"
	"$lab/uki" uki-zboot zboot-gzip zeros "console=x"
	for form in gz zst xz lz4 zboot-gzip zboot-zstd zboot-xz zboot-lz4 elf uki uki-zboot; do
		load+=("$form:boot/load/$form")
	done
	# shellcheck disable=SC2086  # a list
	chain "$kernel" $option $forms
	"$lab/run" virt "$kernel" run.cpio quiet log
	rm -f -- *.cpio gz* zst xz lz4 elf uki* zboot*
}

booted() {
	log=$run_dir/wrapped-$1/log
	once "wrapped-$1" boot_wrapped
}

# loads NAME FORM...: each of them was loaded, silently.
loads() {
	local name
	booted "$1"
	for name in "${@:2}"; do
		same "$name" "$(of_stage run | sed -n "s/^STEP $name //p")" "rc=0 loaded=1"
		same "$name, stderr" "$(of_stage run | sed -n "s/^STEP-STDERR $name //p")" ""
	done
}

# comes BOOT STAGE NEXT: that stage loaded the next one, which runs as it should.
comes() {
	booted "$1"
	same "load by $2" "$(step "$2" next)" "rc=0 loaded=1"
	handed_over "$2" "$3"
	same "release" "$(fact "$3" kernel)" "$(fact run kernel)"
}

@test "an Image in gzip, zstd, xz and lz4 loads" {
	loads stock gz zst xz lz4
}

@test "EFI zboot with gzip, zstd, xz and lz4 loads" {
	loads stock zboot-gzip zboot-zstd zboot-xz zboot-lz4
}

@test "a vmlinux loads, flat" {
	loads stock elf
}

@test "a UKI of systemd's tool and stub loads, plain and with a zboot inside" {
	loads stock uki uki-zboot
}

@test "a kernel from a pipe, a fifo and standard input loads" {
	loads stock pipe stdin fifo
}

@test "the kernel's own loader takes each of them" {
	loads file gz zst xz lz4 zboot-gzip zboot-zstd zboot-xz zboot-lz4 elf uki uki-zboot pipe stdin fifo
}

@test "an Image.gz boots" {
	comes stock run second
}

@test "EFI zboot with gzip boots" {
	comes stock second third
}

@test "EFI zboot with zstd boots" {
	comes stock third fourth
}

@test "a UKI boots with its own initrd and command line" {
	comes stock fourth fifth
}

@test "kexec_file_load: an Image.gz boots" {
	comes file run second
}

@test "kexec_file_load: the zboot of the kernel's own build boots" {
	comes file second third
}

@test "kexec_file_load: a UKI with that zboot inside boots with its own initrd and command line" {
	comes file third fourth
}
