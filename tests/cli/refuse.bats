#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# What is refused: the exact sentence, the exit code (src/error.h), nothing on stdout, and
# the kernel that was loaded before still loaded. First on this machine with a captured
# one (--root), then in a guest.

# shellcheck disable=SC2034,SC2154  # helpers.bash and bats set these
load ../helpers

setup_file() {
	cd "$BATS_FILE_TMPDIR" || return
	local kernel
	kernel=$("$lab/kernel" arm64-6.1)
	make_image good
	head -c 16000000 "$kernel" >half
	head -c 64 "$kernel" >header
	head -c 63 good >short
	truncate -s 480M sparse-480M
	truncate -s 600M sparse-600M
	truncate -s 200M sparse-200M
	cp "$machines/virt-6.1/sys/firmware/fdt" tree
}

setup() {
	cd "$BATS_FILE_TMPDIR" || return
}

# plan ARGUMENT...: runs kexec-lite for a captured machine; $output joins stderr and stdout.
plan() {
	run "$host_bin" --plan --root "$machines/${machine-virt-6.1}" "$@"
}

# magic NAME OFFSET BYTES: a page of zeros with BYTES (for printf) in it.
magic() {
	truncate -s 4096 "$1"
	# shellcheck disable=SC2059  # escapes are the point
	printf "$3" | dd of="$1" bs=1 seek="$2" conv=notrunc status=none
}

@test "no such file" {
	plan none
	refused 3 "open the kernel: No such file or directory: none"
	plan --initrd=none good
	refused 3 "open the initrd: No such file or directory: none"
	plan --dtb=none good
	refused 3 "open the device tree: No such file or directory: none"
}

@test "a directory, a device, no standard input" {
	plan .
	refused 3 "read the kernel: it is a directory: ."
	plan --initrd=. good
	refused 3 "read the initrd: it is a directory: ."
	plan --dtb=/ good
	refused 3 "read the device tree: it is a directory: /"
	plan /dev/null
	refused 3 "read the kernel: not a regular file: /dev/null"
	plan --initrd=- - </dev/null
	refused 2 'read the options: only one file can be "-"' \
		"nothing was done: see kexec-lite --help"
	plan - </dev/null
	refused 3 "read the kernel: not a regular file: -"
}

@test "an empty file" {
	: >empty
	plan empty
	refused 4 "load the kernel: the file is empty: empty"
	plan --initrd=empty good
	refused 3 "load the initrd: the file is empty: empty"
	plan --dtb=empty good
	refused 6 "use the device tree: not a device tree blob: empty"
}

@test "not a kernel: random bytes, a script, an initrd, a device tree" {
	magic other 0 "zzz"
	plan other
	refused 4 "load the kernel: not a kernel for arm64, or corrupt: other"
	magic other 0 "#!/bin/sh"
	plan other
	refused 4 "load the kernel: a script: other" \
		"nothing was loaded: give a plain arm64 kernel"
	magic other 0 "070701000"
	plan other
	refused 4 "load the kernel: an initrd: other" \
		"nothing was loaded: give a plain arm64 kernel"
	plan tree
	refused 4 "load the kernel: a device tree: tree" \
		"nothing was loaded: give a plain arm64 kernel"
}

@test "a wrapped kernel: bzip2, zboot, an EFI program" {
	bzip2 -c good >good.bz2
	plan good.bz2
	refused 4 "load the kernel: compressed with bzip2: good.bz2" \
		"nothing was loaded: give a plain arm64 kernel"
	magic zboot 0 'MZ\0\0zimg'
	plan zboot
	refused 5 "load the kernel: unknown compression in EFI zboot (): zboot"
	magic efi 0 'MZ'
	plan efi
	refused 4 "load the kernel: an EFI program, but no kernel: efi" \
		"nothing was loaded: give a plain arm64 kernel"
}

@test "a kernel of another architecture: x86, RISC-V" {
	magic x86 514 HdrS
	plan x86
	refused 5 "load the kernel: an x86 kernel, and this is arm64: x86"
	magic riscv 48 'RISCV\0\0\0'
	plan riscv
	refused 5 "load the kernel: a RISC-V kernel, and this is arm64: riscv"
}

@test "a program of this machine is no kernel" {
	plan "$guest_bin"
	same status "$status" 5
	[[ $output = "kexec-lite: cannot load the kernel: an ELF file, and this is "* ]]
}

@test "truncated: half of a stock kernel, less than a header" {
	plan half
	refused 4 "load the kernel: truncated (15.2 MiB of 31.4 MiB): half"
	plan short
	refused 4 "load the kernel: truncated in its header: short"
}

@test "truncated: nothing but the header of a stock kernel" {
	plan header
	same status "$status" 4
	[[ $output = "kexec-lite: cannot load the kernel: "*": header" ]]
}

@test "a broken header: text_offset, image_size" {
	make_image bad --text-offset 0x123
	plan bad
	refused 4 "load the kernel: invalid text_offset 0x123: bad"
	make_image bad --image-size 32
	plan bad
	refused 4 "load the kernel: corrupt header (image size 32 B): bad"
	make_image bad --image-size 0xffffffffffffff00
	plan bad
	refused 4 "load the kernel: corrupt header (image size 15.9 EiB): bad"
}

@test "big endian" {
	make_image big --flags 0xb
	plan big
	refused 5 "load the kernel: a big-endian kernel: big"
}

@test "pages that the CPU does not have" {
	make_image pages --flags 0xc
	plan pages
	refused 5 "load the kernel: this CPU has no pages of 16 KiB: pages"
	# neoverse-n1 has them
	machine=virt-16k plan pages
	same status "$status" 0
	# an Apple M1 has no 64 KiB
	cp -r "$machines/virt-16k" m1
	chmod -R u+w m1
	echo 0x00000000611f0221 >m1/sys/devices/system/cpu/cpu0/regs/identification/midr_el1
	make_image large --flags 0xe
	machines=. machine=m1 plan large
	refused 5 "load the kernel: this CPU has no pages of 64 KiB: large"
}

@test "an initrd from a pipe is in memory twice as it is loaded" {
	cp -r "$machines/virt-6.1" small
	chmod -R u+w small
	sed -i -E 's/^MemAvailable: .*/MemAvailable:   65536 kB/; s/^CmaFree: .*/CmaFree: 0 kB/' small/proc/meminfo
	make_image good
	truncate -s 40M initrd
	machines=. machine=small plan --initrd=initrd good
	same "status with a file" "$status" 0
	run bash -c 'cat initrd | "$1" --plan --root small --initrd=- good' - "$host_bin"
	refused 9 "load the kernel: 83 MiB needed, and only 64 MiB available" \
		"nothing was loaded: free some memory and try again"
}

@test "no room: what was sought, and what was found" {
	machine="split" plan --initrd=sparse-200M good
	refused 8 "place the initrd: 200 MiB needed, the largest hole has 120 MiB (984 MiB free)" \
		"nothing was loaded: kexec-lite --plan --load without the initrd shows the map"
	make_image large --image-size 130M
	machine="split" plan large
	same status "$status" 8
	[[ ${lines[0]} = "kexec-lite: cannot place the kernel: 130 MiB needed, the largest hole has 120 MiB (984 MiB free)" ]]
}

@test "no room: kernel and initrd would not share 32 GiB" {
	truncate -s 33G sparse-33G
	machine=server plan -c --initrd=sparse-33G good
	same status "$status" 8
	[[ ${lines[0]} = "kexec-lite: cannot place "*": 33 GiB needed, "* ]]
}

@test "more than half of RAM" {
	plan --initrd=sparse-600M good
	refused 9 "load the kernel: more than half of RAM: 603 MiB of 977.3 MiB" \
		"nothing was loaded: the running kernel takes half of RAM at most; make kernel or initrd smaller"
}

@test "command line: 2047 bytes pass, 2048 do not" {
	local long
	long=$(printf '%2047s' x)
	plan --append="$long" good
	same status "$status" 0
	plan --append="$long." good
	refused 7 "pass the command line: 2048 bytes, and arm64 takes 2047"
}

@test "device tree: not one, cut short, broken, without memory" {
	plan --dtb=good good
	refused 6 "use the device tree: not a device tree blob: good"
	head -c 4000 tree >cut-short
	plan --dtb=cut-short good
	refused 6 "use the device tree: truncated (4000 of 7802 bytes): cut-short"
	cp tree broken
	printf '\377\377\377\377' | dd of=broken bs=1 seek=64 conv=notrunc status=none
	plan --dtb=broken good
	same status "$status" 6
	dtc -q -I dts -O dtb -o nomem - <<<'/dts-v1/; / { chosen { }; };'
	plan --dtb=nomem good
	refused 6 "use the device tree: no memory node, other #address-cells than this machine: nomem" \
		"nothing was loaded: nomem is not for this machine; leave --dtb out to use its own tree"
}

@test "this machine, which is none of the targets" {
	[[ $(uname -m) = x86_64 ]] || skip "machine lacks an x86-64 processor"
	local action
	for action in "-l good" -e -u; do
		# shellcheck disable=SC2086  # two words
		run "$host_bin" $action
		same status "$status" 15
		[[ ${lines[0]} = "kexec-lite: cannot work on this machine: not built for it: x86_64" ]]
	done
	run "$host_bin" -S
	same status "$status" 255
}

@test "a root that is no captured machine" {
	run "$host_bin" --plan --root none good
	refused 3 "open the directory: No such file or directory: none"
	run "$host_bin" --plan --root . good
	refused 15 "use --root: not a captured machine (file system: No such file or directory)"
}

@test "long and strange names stay inside 200 bytes and one line" {
	local name
	name=$(printf '%0250d' 7)
	plan "$name"
	same status "$status" 3
	((${#output} <= 200))
	plan $'two\nlines\e[31m'
	refused 3 'open the kernel: No such file or directory: two?lines?[31m'
}

# ---- in a guest; see tests/guest/refuse

# guest STEP CODE SENTENCE [HINT]: refused there, silent on stdout, the first kernel still loaded.
guest() {
	local got want="kexec-lite: cannot $3"
	log=$run_dir/refuse/log
	once refuse boot_refuse
	[[ $# -lt 4 ]] || want+=$'\n'"kexec-lite: $4"
	got=$(step run "$1")
	same "$1" "${got/ stderr=[0-9]* / }" "rc=$2 stdout=0 loaded=1"
	got=$(of_stage run | sed -n "s/^STEP-STDERR $1 //p")
	same "$1" "$got" "$want"
	[[ -z $(awk 'length > 200' <<<"$got") ]] || fail_with "$1: a line has more than 200 bytes"
}

@test "guest: files" {
	guest no-file 3 "open the kernel: No such file or directory: none"
	guest directory 3 "read the kernel: it is a directory: ."
	guest empty 4 "load the kernel: the file is empty: empty"
	guest not-a-kernel 4 "load the kernel: not a kernel for arm64, or corrupt: zeros"
	guest gzip 4 "load the kernel: truncated gzip stream: gz"
	guest script 4 "load the kernel: a script: /lab/run" \
		"nothing was loaded: give a plain arm64 kernel"
	guest half 4 "load the kernel: truncated (15.2 MiB of 35.9 MiB): half"
	guest no-initrd 3 "open the initrd: No such file or directory: none"
	guest big-endian 5 "load the kernel: a big-endian kernel: big-endian"
	guest pages-16k 5 "load the kernel: this CPU has no pages of 16 KiB: pages-16k"
}

@test "guest: no room, with the sizes sought and found" {
	log=$run_dir/refuse/log
	once refuse boot_refuse
	local free
	free=$(of_stage run | sed -nE 's/^STEP-STDERR no-room .*hole has ([0-9.]+ MiB \([0-9.]+ MiB free\))$/\1/p')
	[[ -n $free ]]
	guest no-room 8 "place the initrd: 400 MiB needed, the largest hole has $free" \
		"nothing was loaded: kexec-lite --plan --load without the initrd shows the map"
}

@test "guest: more than half of RAM" {
	log=$run_dir/refuse/log
	once refuse boot_refuse
	local total
	total=$(of_stage run | sed -nE 's/^STEP-STDERR half-of-ram .* of ([0-9.]+ MiB)$/\1/p')
	guest half-of-ram 9 "load the kernel: more than half of RAM: 603 MiB of $total" \
		"nothing was loaded: the running kernel takes half of RAM at most; make kernel or initrd smaller"
}

@test "guest: command line and device tree" {
	guest long-cmdline 7 "pass the command line: 2048 bytes, and arm64 takes 2047"
	guest tree-invalid 6 "use the device tree: not a device tree blob: good"
	guest tree-cut 6 "use the device tree: truncated (60 of $(wc -c <"$run_dir/refuse/no-memory.dtb") bytes): cut.dtb"
	guest tree-without-memory 6 "use the device tree: no memory node, other #address-cells than this machine: no-memory.dtb" \
		"nothing was loaded: no-memory.dtb is not for this machine; leave --dtb out to use its own tree"
	guest usage 2 "load a kernel: no file given" "nothing was done: see kexec-lite --help"
}

@test "guest: an ordinary user" {
	guest user-load 10 "load a kernel: this takes root (CAP_SYS_BOOT)" \
		"nothing was done: run kexec-lite as root"
	guest user-unload 10 "unload the kernel: this takes root (CAP_SYS_BOOT)" \
		"nothing was done: run kexec-lite as root"
	guest user-exec 10 "start the kernel: this takes root (CAP_SYS_BOOT)" \
		"nothing was done: run kexec-lite as root"
}

@test "guest: an ordinary user may ask for the status" {
	log=$run_dir/refuse/log
	once refuse boot_refuse
	same status "$(step run user-status)" "rc=1 stdout=0 stderr=0 loaded=1"
}

@test "guest: the load limit is used up, loading is disabled" {
	guest limit 11 "load a kernel: kernel.kexec_load_limit_reboot is used up" \
		"nothing was done: only a reboot lifts the load limit"
	guest disabled 11 "load a kernel: kernel.kexec_load_disabled is 1" \
		"nothing was done: loading and unloading are off until the next reboot"
}

# every errno that src/transport.c has words for
@test "guest: what kexec_file_load answers" {
	local release signed="nothing was loaded: enrol the key (mokutil --import), or load a signed kernel"
	guest file-EPERM 11 "load a kernel: forbidden by a security policy or container" \
		"nothing was done: in a container, run kexec-lite on the host"
	guest file-EACCES 11 "load a kernel: forbidden by a security module or IMA policy" \
		"nothing was done: IMA wants the file signed or measured (see /sys/kernel/security/ima)"
	guest file-ENOMEM 9 "load a kernel: out of memory in the running kernel" \
		"nothing was loaded: free some memory and try again"
	guest file-EADDRNOTAVAIL 8 "load a kernel: no hole for it, says the running kernel" \
		"nothing was loaded: -c places by itself, and kexec-lite --plan -c shows where"
	guest file-ETXTBSY 3 "load a kernel: a file is open for writing" \
		"nothing was loaded: close the file, or load a copy of it"
	guest file-EKEYREJECTED 11 "load a kernel: signature not trusted by this machine" "$signed"
	guest file-ENOKEY 11 "load a kernel: signing key not known to this machine" "$signed"
	guest file-ENODATA 11 "load a kernel: not signed, and this machine wants a signature" \
		"nothing was loaded: load a signed kernel"
	guest file-EBADMSG 11 "load a kernel: broken signature" \
		"nothing was loaded: load the kernel as its distribution signed it"
	guest file-ENOPKG 11 "load a kernel: signature of a kind that the running kernel cannot check"
	guest file-ENOEXEC 4 "load a kernel: not a kind of kernel that the running one knows"
	guest file-EBUSY 13 "load a kernel: another load is under way, or CPUs cannot be stopped"
	guest file-EINVAL 13 "load a kernel: the running kernel refused (Invalid argument)"
	release=$(fact second kernel)
	guest file-ENOSYS 12 "load a kernel: no kexec_file_load in the running kernel $release"
}

@test "guest: what kexec_load answers" {
	local release
	guest load-EPERM 11 "load a kernel: forbidden by a security policy or container" \
		"nothing was done: in a container, run kexec-lite on the host"
	guest load-ENOMEM 9 "load a kernel: out of memory in the running kernel" \
		"nothing was loaded: free some memory and try again"
	guest load-EBUSY 13 "load a kernel: another load is under way, or CPUs cannot be stopped"
	guest load-EINVAL 13 "load a kernel: the running kernel refused (Invalid argument)"
	release=$(fact second kernel)
	guest load-ENOSYS 12 "load a kernel: no kexec_load in the running kernel $release"
	guest unload-EBUSY 13 "unload the kernel: another load is under way, or CPUs cannot be stopped"
	guest random 15 "get random bytes: Function not implemented"
}

@test "guest: an unload that is refused says why" {
	log=$run_dir/refuse/log
	once refuse boot_refuse
	of_stage run | grep '^STEP-STDERR limit-unload kexec-lite: .*kernel.kexec_load_limit_reboot'
	of_stage run | grep '^STEP-STDERR disabled-unload kexec-lite: .*kernel.kexec_load_disabled'
}

@test "guest: after all of it the kernel that was loaded first boots" {
	log=$run_dir/refuse/log
	once refuse boot_refuse
	same status "$(step run still-there)" "rc=1 stdout=0 stderr=0 loaded=1"
	same "command line" "$(fact second cmdline)" "$(next_append second)"
}
