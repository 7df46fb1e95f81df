#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# What kernels come wrapped in, on this machine, for captured ones: the plan of a wrapped
# kernel is that of the kernel, to the byte; every other file is one sentence.

# shellcheck disable=SC2034,SC2154  # helpers.bash and bats set these
load ../helpers

setup_file() {
	cd "$BATS_FILE_TMPDIR" || return
	local kernel
	kernel=$("$lab/kernel" arm64-6.1)
	cp "$kernel" Image
	gzip -nc Image >Image.gz
	zstd -q -3 Image -o Image.zst
	xz -0 -T1 -kc Image >Image.xz
	lz4 -q -1 Image Image.lz4
	make_image small --image-size 1M
	gzip -nc small >small.gz
	zstd -q small -o small.zst
	"$host_bin" --plan=json --seed 00 --root "$machines/virt-6.1" --append=a Image >want
	head -c 5001 /dev/urandom >ramdisk
	printf 'root=/dev/vda  quiet\n' >cmdline
	cp "$machines/virt-6.1/sys/firmware/fdt" tree
	printf 'first' >one
}

setup() { cd "$BATS_FILE_TMPDIR" || return; }

wrap() { "$top/tests/lab/wrap" "$@"; }
# plan ARGUMENT...: $output joins stderr and stdout
plan() { run "$host_bin" --plan=json --seed 00 --root "$machines/${machine-virt-6.1}" "$@"; }
# planned_as COMMAND...: its checksum, where a picture of 40 lines would say no more
planned_as() { "$host_bin" --plan=json --seed 00 --root "$machines/virt-6.1" "$@" | sha256sum; }
# as_plain ARGUMENT...: the plan is that of Image
as_plain() {
	plan --append=a "$@"
	same "status of $*" "$status" 0
	same "plan of $*" "$output" "$(<want)"
}

@test "gzip, zstd, xz and lz4, as their tools write them" {
	local f
	for f in gz zst xz lz4; do as_plain "Image.$f"; done
	# as the kernel's build does since 6.12; its checksum is that of what comes out of the filter
	xz --arm64 --lzma2=preset=0 --check=crc32 --block-size=5000003 -kc Image >filtered
	as_plain filtered
	xz --check=crc32 -0 -kc small >s.xz
	xz --check=none -0 -kc small >n.xz
	# and as it does for ppc64: with the largest dictionary that is taken
	xz --check=crc32 --powerpc --lzma2=preset=0,dict=128MiB -kc small >p.xz
	xz --block-size=100000 -0 -kc small >b.xz
	lz4 -q -l small l.lz4
	lz4 -q -BD -BX --content-size small d.lz4
	lz4 -q -B4 --no-frame-crc small i.lz4
	gzip -c --name small >name.gz
	zstd -q --no-check --no-content-size small -o n.zst
	for f in s.xz n.xz p.xz b.xz l.lz4 d.lz4 i.lz4 name.gz n.zst; do
		same "$f" "$(planned_as --append=a $f)" "$(planned_as --append=a small)"
	done
}

@test "several members, frames and streams, and what may follow" {
	local f half
	half=$(($(wc -c <small) / 2))
	head -c $half small >a
	tail -c +$((half + 1)) small >b
	(gzip -c a; gzip -c b) >two.gz
	(printf '\x50\x2a\x4d\x18\x04\0\0\0skip'; zstd -qc a; zstd -qc b) >two.zst
	(xz -0c a; xz -0c b) >two.xz
	(lz4 -qc a; lz4 -qc b) >two.lz4
	(cat small.gz; head -c 1000 /dev/zero) >zeros.gz
	(cat small.gz; head -c 500 /dev/urandom; printf '~Module signature appended~\n') >signed.gz
	for f in two.gz two.zst two.xz two.lz4 zeros.gz signed.gz; do
		same "$f" "$(planned_as $f)" "$(planned_as small)"
	done
	(cat small.gz; echo more) >more.gz
	plan more.gz
	refused 4 "load the kernel: data after its gzip stream: more.gz"
}

@test "EFI zboot with each of them, the size behind or not" {
	local f size
	size=$(wc -c <Image)
	for f in gzip:gz zstd:zst zstd22:zst xzkern:xz lz4:lz4; do
		wrap zboot ${f%:*} Image.${f#*:} zboot
		as_plain zboot
	done
	wrap zboot zstd22 Image.zst zboot --size-behind "$size"
	as_plain zboot
	wrap zboot lzo one zboot
	plan zboot
	refused 5 "load the kernel: unknown compression in EFI zboot (lzo): zboot"
	printf 'a\033[2Jb' >kind
	wrap zboot "$(<kind)" one zboot
	plan zboot
	refused 5 "load the kernel: unknown compression in EFI zboot (a?[2Jb): zboot"
}

@test "a zboot of the kernel's own build" {
	local kernel
	kernel=$("$lab/kernel" arm64-file)
	plan --append=a "$kernel"
	same zboot "$("$host_bin" --plan=json --seed 00 --root "$machines/virt-6.1" --append=a "$kernel.zboot" |
		jq -c '[.kernel_room, .kernel_entry, .kernel_align]')" \
		"$(jq -c '[.kernel_room, .kernel_entry, .kernel_align]' <<<"$output")"
}

@test "zboot: offsets and sizes at the edges" {
	local s
	for s in "--at 0xffffffff" "--size 0xffffffff" "--at 0xffffffff --size 0xffffffff" "--at 0x7fffffff --size 0x80000001"; do
		# shellcheck disable=SC2086  # a list
		wrap zboot gzip small.gz zboot $s
		plan zboot
		refused 4 "load the kernel: truncated EFI zboot payload: zboot"
	done
	wrap zboot gzip small.gz zboot --size 100
	plan zboot
	refused 4 "load the kernel: truncated gzip stream: zboot"
}

@test "cut short, broken: one sentence each" {
	local f n
	for f in gzip:gz zstd:zst xz:xz lz4:lz4; do
		# shellcheck disable=SC2238  # a file
		for n in 1000 100000 5000000; do
			head -c $n Image.${f#*:} >cut
			plan cut
			refused 4 "load the kernel: truncated ${f%:*} stream: cut"
		done
		cp Image.${f#*:} broken
		printf 'XXXXXXXXXXXXXXXX' | dd of=broken bs=1 seek=3000000 conv=notrunc status=none
		plan broken
		refused 4 "load the kernel: corrupt ${f%:*} stream: broken"
	done
	# the checksums behind everything
	head -c -8 small.gz >crc.gz
	printf '\1\2\3\4\5\6\7\10' >>crc.gz
	plan crc.gz
	refused 4 "load the kernel: corrupt gzip stream: crc.gz"
}

@test "a bomb stops at what can be loaded, and takes no more" {
	local f
	truncate -s 600M zeros
	gzip -1nc zeros >bomb.gz
	zstd -q -1 zeros -o bomb.zst
	zstd -q -1 --no-content-size zeros -o blind.zst
	lz4 -q -1 zeros bomb.lz4
	xz -0 -T1 -kc zeros >bomb.xz
	rm zeros
	for f in bomb.gz bomb.zst blind.zst bomb.lz4 bomb.xz; do
		plan $f
		refused 9 "load the kernel: unpacked, larger than $(bound virt-6.1), the limit: $f"
	done
}

# bound MACHINE: the lesser of half of all memory and what is available, as the program says it
bound() {
	awk '/^MemTotal:/ { t = $2 / 2 } /^MemAvailable:/ { a = $2 }
		END { n = int((a < t ? a : t) * 10 / 1024); printf "%d%s MiB", n / 10, n % 10 ? "." n % 10 : "" }' \
		"$machines/$1/proc/meminfo"
}

# 2 MiB are for shared libraries, where the program is linked with them. libzstd gets the file in one
# call, so that all of its pages count, which the kernel may drop at any time.
@test "memory: the unpacked size and 2 MiB" {
	local f kib most
	for f in gz zst xz lz4; do
		most=$(($(wc -c <Image) / 1024 + 2048))
		if [[ $f = zst ]]; then most=$((most + $(wc -c <Image.zst) / 1024)); fi
		kib=$(python3 -c 'import os, resource, subprocess, sys
subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, check=True)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)' \
			"$host_bin" --plan --root "$machines/virt-6.1" Image.$f)
		((kib <= most)) || fail_with "$f took $kib KiB, $most are allowed"
	done
}

@test "nested four times, but not five" {
	gzip -c small >1.gz
	zstd -q 1.gz -o 2.zst
	lz4 -q 2.zst 3.lz4
	wrap uki 4.efi .linux=3.lz4
	wrap uki 4a.efi .linux=2.zst
	same "four" "$(planned_as 4.efi)" "$(planned_as small)"
	gzip -c 4.efi >5.gz
	plan 5.gz
	refused 4 "load the kernel: wrapped more than 4 times: 5.gz"
}

@test "a UKI: kernel, initrd and command line" {
	wrap zboot zstd22 Image.zst zboot --size-behind "$(wc -c <Image)"
	local k
	plan --append="root=/dev/vda  quiet" --initrd=ramdisk Image
	local want=$output
	for k in Image Image.gz zboot; do
		wrap uki uki .osrel=one .cmdline=cmdline .uname=one .linux=$k .initrd=ramdisk
		plan uki
		same "$k" "$output" "$want"
	done
	plan --append=own uki
	same "own words" "$(jq -r .cmdline <<<"$output")" own
	plan --append= uki
	same "no words" "$(jq -r .cmdline <<<"$output")" ""
	plan --reuse-cmdline uki
	[[ $(jq -r .cmdline <<<"$output") != root=/dev/vda* ]]
	# its own initrd, and then the one given
	plan --append=a --initrd=ramdisk --initrd=one Image
	want=$output
	plan --append=a --initrd=one uki
	same "two initrds" "$output" "$want"
}

# Where a section has more memory than bytes in the file, all of those count, which fill up a block.
@test "a UKI: memory sizes differ from file sizes" {
	cp Image filled
	truncate -s %512 filled
	plan --append=a filled
	local want=$output
	wrap uki uki .linux=Image --set .linux.virtual=0x7fffffff
	plan --append=a uki
	same "larger in memory" "$output" "$want"
	wrap uki uki .linux=filled --set ".linux.virtual=$(wc -c <Image)"
	plan --append=a uki
	same "smaller in memory" "$output" "$(<want)"
}

@test "a UKI with trees: the one for this machine" {
	dtc -q -I dts -O dtb -o other <<<'/dts-v1/; / { compatible = "acme,other"; };'
	wrap uki uki .linux=small .dtb=other .dtbauto=tree .dtbauto=other
	plan uki
	same status "$status" 0
	[[ $(jq -r .tree_from <<<"$output") = uki ]]
	wrap uki uki .linux=small .dtbauto=other
	plan uki
	same "none fits" "$(jq -r .tree_from <<<"$output")" /sys/firmware/fdt
	wrap uki uki .linux=small .dtb=other
	plan uki
	same "another machine's, and the only one" "$(sed '$d' <<<"$output" | jq -r .tree_from)" /sys/firmware/fdt
	same "and that is said" "${lines[-1]}" \
		"kexec-lite: warning: the kernel's own device tree is ignored: it is for another machine"
	wrap uki uki .linux=small .dtb=one
	plan uki
	refused 6 "use the device tree: not a device tree blob: uki"
}

@test "a UKI that is broken: one sentence each" {
	wrap uki uki .linux=small .initrd=ramdisk --set .initrd.at=0x400
	plan uki
	refused 4 "load the kernel: two sections overlap: uki"
	wrap uki uki .linux=small .initrd=ramdisk --set .initrd.at=0xffffff00
	plan uki
	refused 4 "load the kernel: truncated in section .initrd: uki"
	wrap uki uki .initrd=ramdisk .linux=small --set .linux.raw=0xffffffff
	plan uki
	refused 4 "load the kernel: truncated in section .linux: uki"
	wrap uki uki .linux=small .linux=small
	plan uki
	refused 4 "load the kernel: two sections .linux: uki"
	wrap uki uki .linux=small --set .linux.virtual=0
	plan uki
	refused 4 "load the kernel: section .linux is empty: uki"
	printf 'a\0b' >nul
	wrap uki uki .linux=small .cmdline=nul
	plan uki
	refused 4 "load the kernel: corrupt section .cmdline: uki"
	local -a many=()
	for _ in {1..100}; do many+=(.sbat=one); done
	wrap uki uki .linux=small "${many[@]}"
	plan uki
	refused 4 "load the kernel: more than 96 sections: uki"
	wrap uki inner .linux=small .initrd=ramdisk
	wrap uki uki .linux=inner .initrd=ramdisk
	plan uki
	refused 4 "load the kernel: a UKI inside a UKI: uki"
	wrap uki uki .linux=one
	plan uki
	refused 4 "load the kernel: not a kernel for arm64, or corrupt: uki"
	wrap uki uki .linux=small --cut 100
	plan uki
	refused 4 "load the kernel: an EFI program, but no kernel: uki" \
		"nothing was loaded: give a plain arm64 kernel"
}

@test "from a pipe, a fifo and standard input" {
	local want
	want=$(planned_as --append=a --initrd=ramdisk Image)
	same "standard input" "$(planned_as --append=a --initrd=ramdisk - <Image)" "$want"
	# shellcheck disable=SC2002  # a pipe
	same "a pipe" "$(cat Image.gz | planned_as --append=a --initrd=ramdisk -)" "$want"
	# shellcheck disable=SC2002  # a pipe
	same "an initrd" "$(cat ramdisk | planned_as --append=a --initrd=- Image)" "$want"
	same "the same file twice" "$("$host_bin" --plan=json --seed 00 --root "$machines/virt-6.1" --append=a --initrd=Image Image | jq '.segments | length')" 4
	mkfifo fifo
	cat Image.xz >fifo &
	same "a fifo" "$(planned_as --append=a --initrd=ramdisk fifo)" "$want"
	run bash -c "head -c 3G /dev/zero | '$host_bin' --plan --root '$machines/virt-6.1' -"
	refused 9 "read the kernel: larger than $(bound virt-6.1), the limit: -"
	run "$host_bin" --plan --root "$machines/virt-6.1" - < <(:)
	refused 4 "load the kernel: the file is empty: -"
	run script -qec "'$host_bin' --plan --root '$machines/virt-6.1' -" /dev/null
	[[ $output = *"kexec-lite: cannot read the kernel: it is a terminal: -"* ]]
}

@test "progress on a terminal, and only there" {
	script -qec "'$host_bin' --plan --root '$machines/virt-6.1' Image.gz" /dev/null >typed
	grep -q 'unpacking Image.gz: 55 %' typed
	grep -qF $'\r\033[K' typed
	"$host_bin" --plan --root "$machines/virt-6.1" Image.gz 2>errors >/dev/null
	[[ ! -s errors ]]
}

@test "a file that is cut short while it is read" {
	cp Image.xz shrinks
	# the program stops before each of its calls: the file shrinks behind its back
	cat >shrink.py <<-'END'
		import os, signal, subprocess, sys, time
		p = subprocess.Popen(sys.argv[1:], stderr=subprocess.PIPE, stdout=subprocess.DEVNULL)
		time.sleep(0.2)
		os.kill(p.pid, signal.SIGSTOP)
		os.truncate("shrinks", 4096)
		os.kill(p.pid, signal.SIGCONT)
		sys.stderr.write(p.stderr.read().decode())
		sys.exit(p.wait())
	END
	run python3 shrink.py "$host_bin" --plan --root "$machines/virt-6.1" shrinks
	refused 3 "read the kernel: cut short while it was read: shrinks"
}
