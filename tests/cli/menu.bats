#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# What a boot menu shows. petitboot loads with -l, and when that fails with -s; its status line has the
# first 60 characters of the first line that the second attempt left (../callers.md in a few words:
# the reason must be in them, before any path, and no warning in front). So each attempt, with a
# device tree and without, on kernels with and without kexec_file_load, must say there what is wrong
# with the files. Under tests/faults/inject.c, as live.bats.

# shellcheck disable=SC2154  # helpers.bash and bats set these
load ../helpers
load ../faults/helpers

setup_file() {
	cd "$BATS_FILE_TMPDIR" || return
	build_inject
	machine ARM virt-6.1
	machine PPC pseries
	live_tree PPC/sys/firmware/devicetree/base
	rm PPC/sys/firmware/fdt
	# long enough that a path in front would leave nothing of the reason
	mkdir -p var/petitboot/mnt/dev/nvme0n1p2/boot/loader/entries
	cd var/petitboot/mnt/dev/nvme0n1p2/boot/loader/entries || return
	make_image ARM
	make_image big-endian --flags 0xb
	make_image pages --flags 0xc
	python3 "$plans/ppc64/image" PPC
	cp ARM other-PPC
	cp PPC other-ARM
	head -c 4096 /dev/zero >zeros
	: >empty
	mkdir folder
	head -c 4096 /dev/urandom >initrd
	truncate -s 600M big-ARM
	truncate -s 3G big-PPC
	cp "$machines/virt-6.1/sys/firmware/fdt" tree-ARM
	dtc -q -I fs -O dtb -o tree-PPC "$BATS_FILE_TMPDIR/PPC/sys/firmware/devicetree/base" 2>/dev/null
	for m in ARM PPC; do
		gzip -nc $m | head -c 1000 >gz-$m
		head -c 60 $m >start-$m
		head -c 70000 $m >half-$m
		head -c $(($(wc -c <tree-$m) / 2)) tree-$m >cut-$m
	done
	dtc -q -I dts -O dtb -o fit - <<<'/dts-v1/; / { description = "x"; images { k { data = [00]; }; }; };'
}

setup() {
	[[ $(uname -m) = x86_64 ]] || skip "machine lacks x86-64 calls, which inject answers"
	cd "$BATS_FILE_TMPDIR" || return
	there=$BATS_FILE_TMPDIR/var/petitboot/mnt/dev/nvme0n1p2/boot/loader/entries
}

# shown MACHINE CALLS ARGUMENT...: what the status line has of that attempt, and what it did. CALLS:
# both, or the one that the kernel has not.
shown() {
	local name=aarch64 without=()
	[[ $1 != PPC ]] || name=ppc64le
	[[ $2 = both ]] || without=(-e "$2=ENOSYS")
	run ./inject -o -r "$PWD/$1" -m "$name" "${without[@]}" -- "$host_bin" "${@:3}"
	line=${lines[0]:0:60}
	did=${lines[-1]}
}

# menu REASON ARGUMENT...: in each way to load it the line has the REASON. NAME@ in an argument: the
# file of that name, of the machine that is tried.
menu() {
	local reason=$1 bad=0 m calls action tree words
	for m in ${targets:-ARM PPC}; do
		words=("${@:2}")
		words=("${words[@]//@\//$there/}")
		words=("${words[@]//@@/$m}")
		for calls in both kexec_file_load kexec_load; do
			for action in -l -s; do
				for tree in "" "--dtb=$there/tree-$m"; do
					# there is no call for it, and petitboot does not look
					[[ $calls$action$tree != kexec_load-l--* || $reason != OK ]] || continue
					shown "$m" $calls $action ${tree:+"$tree"} "${words[@]}"
					[[ $line = "kexec-lite: cannot "*"$reason"* && $did = "did: nothing" ]] && continue
					echo "$m $calls $action $tree ${*:2}: $line ($did)"
					bad=1
				done
			done
		done
	done
	((bad == 0))
}

@test "a kernel that is missing, empty, a folder, none" {
	menu "No such file or director" @/none
	menu "the file is empty" @/empty
	menu "it is a directory" @/folder
	menu "not a kernel for" @/zeros
}

@test "a kernel for another machine" {
	targets=ARM menu "an ELF file, and" @/other-@@
	targets=PPC menu "an arm64 kernel, and" @/other-@@
	targets=ARM menu "a big-endian kernel" @/big-endian
	targets=ARM menu "this CPU has no page" @/pages
}

@test "a kernel that is cut short, or something else" {
	menu "truncated in its head" @/start-@@
	targets=PPC menu "cut short inside a se" @/half-@@
	menu "truncated gzip stream" @/gz-@@
	menu "a device tree" @/tree-@@
	menu "a U-Boot image (FIT)" @/fit
}

@test "an initrd that is missing, empty, a folder, too large" {
	menu "No such file or director" --initrd=@/none @/@@
	menu "the file is empty" --initrd=@/empty @/@@
	menu "it is a directory" --initrd=@/folder @/@@
	menu "more than half of RAM" --initrd=@/big-@@ @/@@
}

@test "a command line that is too long" {
	menu "2048 bytes, and" --append="$(printf '%2048s' x | tr ' ' a)" @/@@
}

@test "a device tree: said by -l, and by -s where that cannot load" {
	local m calls reason file
	while read -r file reason; do
		for m in ARM PPC; do
			for calls in both kexec_file_load; do
				shown "$m" $calls -l --dtb="$there/${file/@/$m}" "$there/$m"
				[[ $line = "kexec-lite: cannot "*"$reason"* && $did = "did: nothing" ]] ||
					fail_with "$file: $m $calls -l: $line ($did)"
			done
			shown "$m" kexec_file_load -s --dtb="$there/${file/@/$m}" "$there/$m"
			[[ $line = "kexec-lite: cannot "*"$reason"* && $did = "did: nothing" ]] ||
				fail_with "$m without kexec_file_load -s: $line ($did)"
			# else it loads, since a machine that does not boot is worse; and says so
			for calls in both kexec_load; do
				shown "$m" $calls -s --dtb="$there/${file/@/$m}" "$there/$m"
				same "$m $calls -s" "$did" "did: file load"
				same "$m $calls -s" "${lines[0]}" "kexec-lite: warning: --dtb is ignored: kexec_file_load takes no device tree, and this one is not usable"
			done
		done
	done <<-'END'
		none No such file or
		empty not a device tree
		zeros not a device tree
		folder it is a directory
		cut-@ truncated
	END
}

@test "nothing is wrong with the files: what is missing is said last" {
	local m tree
	for m in ARM PPC; do
		for tree in "" "--dtb=$there/tree-$m"; do
			shown "$m" kexec_file_load -l ${tree:+"$tree"} --initrd="$there/initrd" "$there/$m"
			same "$m -l $tree" "$did" "did: load"
			shown "$m" kexec_file_load -s ${tree:+"$tree"} --initrd="$there/initrd" "$there/$m"
			same "$m -s $tree" "$line $did" "kexec-lite: cannot load a kernel: no kexec_file_load in the  did: nothing"
			shown "$m" kexec_load -c ${tree:+"$tree"} --initrd="$there/initrd" "$there/$m"
			same "$m -c $tree" "$line $did" "kexec-lite: cannot load a kernel: no kexec_load in the runni did: nothing"
			shown "$m" kexec_load -s ${tree:+"$tree"} --initrd="$there/initrd" "$there/$m"
			same "$m -s $tree" "$did" "did: file load"
			shown "$m" both -s ${tree:+"$tree"} --initrd="$there/initrd" "$there/$m"
			same "$m -s $tree" "$did" "did: file load"
		done
		shown "$m" kexec_load -l --dtb="$there/tree-$m" "$there/$m"
		same "$m -l --dtb" "$line $did" "kexec-lite: cannot honour --dtb: no kexec_load in the runnin did: nothing"
	done
}

@test "lockdown forbids kexec_load: what is wrong with the files is said before that" {
	changed ARM locked sys/kernel/security/lockdown 'none [integrity] confidentiality\n'
	local word
	for word in -c --mem-min=0 "--dtb=$there/tree-ARM"; do
		shown locked both -l "$word" "$there/zeros"
		[[ $line = *"not a kernel for"* ]] || fail_with "$word: $line"
		shown locked both -l "$word" "$there/ARM"
		[[ $line = *"lockdown (int"* ]] || fail_with "$word: $line"
	done
}
