#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Every system call made to fail, one at a time, under ptrace (tests/faults/inject.c says what is
# held against each run), and loads that are killed, in a guest.

# shellcheck disable=SC2034,SC2154  # helpers.bash and bats set these
load ../helpers
load ../faults/helpers

# Name, options for inject, and behind two spaces those of kexec-lite. ARM and the like are captured
# machines, which kexec-lite finds at "/", as if it ran there.
scenarios='
load        -r ARM -m aarch64        -c -l --initrd=initrd --append=x Image
lpi         -r LPI -m aarch64        -c -l --append=x Image
pipe        -i Image -r ARM -m aarch64  -c -l --append=x -
inside      -r ARM -m aarch64        --no-sandbox -c -l --initrd=initrd --append=x Image
file-load   -r ARM -m aarch64        -s -l --initrd=initrd --initrd=initrd2 --append=x Image
unpack      -r ARM -m aarch64        -s -l --append=x Image.gz
load-exec   -b -r ARM -m aarch64     -c -f --append=x Image
shutdown    -b -r ARM -m aarch64     -c --append=x Image
crash       -r CRASH -m aarch64      -p -c --append=x Image
ppc64       -r PPC -m ppc64le        -l --initrd=initrd --append=x vmlinux
unload      -l -r LOADED -m aarch64  -u
exec        -b -l -r LOADED -m aarch64  -e
status      -c 0,1 -r LOADED -m aarch64  -S -l
size        -r CRASH -m aarch64      --print-ckr-size
locked      -n -c 11 -r LOCKED -m aarch64  -c -l --append=x Image
locked-unload -l -r LOCKED -m aarch64  -u
limit       -n -c 11 -r LIMIT -m aarch64  -l --append=x Image
file-crash  -r CRASH -m aarch64      -p -s --initrd=initrd --append=x Image
crash-unload -l -r CRASH -m aarch64  -p -u
crash-status -c 0,1 -r CRASH -m aarch64  -p -S
first       -p -r ARM -m aarch64     -c -l --append=x Image
capture     -r CRASH -m aarch64      --capture capture
plan        -m aarch64               --plan --root ARM --seed 00 --dump-dtb tree --dtb dtb --mem-min=0x50000000 --mem-max==2130706432 -d --append=x Image
'

inject_all() {
	cd "$BATS_FILE_TMPDIR" || return
	local name options
	build_inject
	gcc -O1 -Wall -Wextra -Werror -D_GNU_SOURCE -static -o bad "$top/tests/faults/bad.c"
	make_image Image
	python3 -c 'import random, sys; sys.stdout.buffer.write(random.Random(1).randbytes(1 << 20))' |
		cat Image - | gzip -n >Image.gz
	python3 "$plans/ppc64/image" vmlinux
	head -c 4096 /dev/zero >initrd
	head -c 5000 /dev/zero >initrd2
	cp "$machines/virt-6.1/sys/firmware/fdt" dtb
	machine ARM virt-6.1
	machine LPI virt-lpi
	machine LOADED virt-6.1
	echo 1 >LOADED/sys/kernel/kexec_loaded
	machine LOCKED virt-6.1
	echo "none [integrity] confidentiality" >LOCKED/sys/kernel/security/lockdown
	machine LIMIT virt-6.1
	echo 0 >LIMIT/proc/sys/kernel/kexec_load_limit_reboot
	machine CRASH arm64-crash
	mkdir -p CRASH/sys/kernel/kexec
	echo 0000000050000000-0000000053ffffff >CRASH/sys/kernel/kexec/crash_cma_ranges
	echo 268435456 >CRASH/sys/kernel/kexec_crash_size
	machine PPC pseries
	rm PPC/sys/firmware/fdt
	live_tree PPC/sys/firmware/devicetree/base
	while read -r name options; do
		printf '%s\0' "$name ${options/  */ -- $host_bin ${options#*  }}"
	done < <(sed '/^$/d' <<<"$scenarios") >list
	# shellcheck disable=SC2016  # for the shells that xargs starts
	xargs -0 -n 1 -P 2 bash -c 'set -- $0; name=$1; shift
		for w; do case $w in ARM | LPI | LOADED | LOCKED | LIMIT | CRASH | PPC) w=$PWD/$w ;; esac; words+=("$w"); done
		./inject "${words[@]}" >"out.$name" 2>&1; echo "rc $?" >>"out.$name"; true' <list
}

setup_file() {
	[[ $(uname -m) = x86_64 ]] || return 0
	inject_all
}

setup() {
	[[ $(uname -m) = x86_64 ]] || skip "machine lacks x86-64 calls, which inject counts"
	cd "$BATS_FILE_TMPDIR" || return
}

# survives NAME [ALLOWED]: no run is bad, and those that did something else and called it a success
# match ALLOWED.
survives() {
	cat "out.$1"
	[[ $(tail -n 1 "out.$1") = "rc 0" ]]
	grep -qE '^[1-9][0-9]+ calls, [1-9][0-9]+ runs, [0-9]+ changed, 0 bad$' "out.$1"
	run grep -vE "${2:-^$}" <(grep '^CHANGED' "out.$1")
	same "runs with another effect" "$output" ""
}

# Where the program says so, what it could not find out or do does not matter.
network='^CHANGED ((socket|mmap) |(sendto|recvfrom) socket),'
# the call fails for the interfaces, too, which are behind these
behind='^CHANGED (open /proc/(kpageflags|self/pagemap|zoneinfo)|ioctl /dev/null), from then on'

@test "kexec_load, with a child and without: every call fails" {
	survives load
	survives inside
	run grep killed out.inside
	same "said without a child" "$output" ""
}
@test "a log that tells of LPI tables, a kernel from a pipe: every call fails" {
	# without the log there is a warning, and no table is kept
	survives lpi '^CHANGED (openat|read) /?dev/kmsg, '
	survives pipe
}
@test "kexec_file_load of two initrds, of what is unpacked: every call fails" {
	survives file-load
	survives unpack
}
@test "load and start: every call fails" { survives load-exec "$network|$behind"; }
@test "load and shut down: every call fails" { survives shutdown; }
# an empty file is that of a machine without such memory
@test "a crash kernel: every call fails" { survives crash '^CHANGED read .*/crash_cma_ranges, nothing$'; }
# a property is one read, and an empty one is a property; without kexec_load there is the other call
@test "a live tree on ppc64: every call fails" {
	survives ppc64 '^CHANGED read /sys/firmware/devicetree/base/.*, (short|nothing)|^CHANGED kexec_load , once ENOSYS'
}
@test "unload: every call fails" { survives unload; }
@test "start what is loaded: every call fails" { survives exec "$network"; }
# a kernel without kexec has no such file
@test "status: every call fails" { survives status '^CHANGED (openat|read) .*/kexec_loaded, once ENOENT$'; }
@test "lockdown, a used-up limit: every call fails" {
	survives locked
	survives locked-unload
	survives limit
}
@test "unload and status of a crash kernel, one by kexec_file_load: every call fails" {
	survives file-crash
	survives crash-unload
	survives crash-status '^CHANGED openat .*/kexec_crash_loaded, once ENOENT$'
}
@test "size of the crash region: every call fails" { survives size; }
@test "the first process: every call fails, and it never ends" { survives first; }
# what is empty or not there is so in a capture, too, calls as well; and what only a crash kernel takes is taken as
# far as it can be read: a plan for one says what it misses
@test "a capture: every call fails" {
	local crash='sys/kernel/(kexec/)?crash_(elfcorehdr_size|cma_ranges)|sys/devices/system/cpu/(present|possible|cpu[01]/crash_notes(_size)?)|sys/kernel/vmcoreinfo|proc/kcore'
	survives capture "^CHANGED (read .*, nothing|(read|openat) .* ENOENT|(read|openat) /?($crash), .*|kexec_(file_)?load , once ENOSYS)$"
}
@test "a plan with a tree of its own: every call fails" { survives plan; }

# ---- memory

# The program as the developer's build has it, with sanitizers, which also tell of what leaks.
heap_bin() {
	if [[ -e $bin_dir/host/kexec-lite-heap ]]; then
		echo "$bin_dir/host/kexec-lite-heap"
		return
	fi
	make -s -C "$top" sanitize BUILD="$PWD/heap" \
		LDLIBS="-Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc -Wno-missing-prototypes $top/tests/faults/heap.c" >&2
	# the sandbox lets none of the sanitizers' calls pass
	printf '#!/bin/sh\nexec %s --no-sandbox "$@"\n' "$PWD/heap/sanitize/kexec-lite" >heap/kexec-lite
	chmod +x heap/kexec-lite
	echo "$PWD/heap/kexec-lite"
}

# starve_once WHICH GOOD BINARY ARGUMENT...: what is wrong with that run, if anything.
starve_once() {
	local at=$1 good=$2 rc=0 err
	shift 2
	FAIL_ALLOCATION=$at "$@" >"$good.$at" 2>"$good.$at.err" 9>/dev/null || rc=$?
	err=$(cat "$good.$at.err")
	if [[ $rc = 0 ]] && cmp -s "$good" "$good.$at"; then return; fi
	[[ $rc =~ ^(3|9|15)$ && $err = "kexec-lite: cannot "*:*emory* && $(wc -l <<<"$err") -le 2 ]] ||
		printf 'allocation %s: code %s\n%s\n' "$at" "$rc" "$err"
}

# starve BINARY NAME ARGUMENT...: each allocation fails in turn, alone or with all after it.
starve() {
	local bin=$1 name=$2 n at
	shift 2
	n=$("$bin" --no-sandbox --plan=json --seed 00 "$@" 9>&1 >"heap.$name")
	n=${n#allocations }
	((n > 5)) || fail_with "$name: $n allocations"
	export -f starve_once
	for ((at = 1; at <= n; at++)); do printf '%s\n' "$at" "$at+"; done |
		xargs -P 2 -I {} bash -c 'starve_once "$@"' - {} "heap.$name" "$bin" --no-sandbox --plan=json --seed 00 "$@" \
			>"heap.bad.$name"
	cat "heap.bad.$name"
	[[ ! -s heap.bad.$name ]]
}

@test "every allocation fails: arm64, ppc64, crash kernels, trees and overlays" {
	local at bin n
	bin=$(heap_bin)
	dtc -q -@ -I dts -O dtb -o overlay - <<<'/dts-v1/; /plugin/; &{/} { added { a = <1>; }; };'
	starve "$bin" arm64 --append=x --root "$machines/virt-6.1" --initrd=initrd --initrd=initrd2 Image
	cp -r "$machines/pseries" LIVE
	rm LIVE/sys/firmware/fdt
	live_tree LIVE/sys/firmware/devicetree/base
	starve "$bin" live --append=x --root LIVE vmlinux
	# nothing is kept but what the tree says, and the words are the kernel's own
	"$top/tests/lab/wrap" uki uki .linux=Image .cmdline=<(echo words)
	cp -r "$machines/virt-6.1" BARE
	echo '40000000-7fffffff : System RAM' >BARE/proc/iomem
	dtc -q -I dtb -O dts dtb | sed '1a /memreserve/ 0x50000000 0x1000;' |
		dtc -q -O dtb -o BARE/sys/firmware/fdt -
	starve "$bin" uki --root BARE uki
	starve "$bin" lpi --append=x --root "$machines/virt-lpi" -c Image
	starve "$bin" crash --append=x --root CRASH -p --initrd=initrd Image
	# lists of areas grow, as those that are dumped are added, and as those that are shared are
	for ((at = 0x50000000; at < 0x50200000; at += 0x20000)); do
		printf '%016x-%016x\n' $at $((at + 0xffff))
	done >CRASH/sys/kernel/kexec/crash_cma_ranges
	for n in 40 20; do
		for ((at = 0x60000000; at < 0x60000000 + n * 0x20000; at += 0x20000)); do
			printf '  %x-%x : reserved\n' $at $((at + 0xffff))
		done | sed '/4aa00000-/r /dev/stdin' "$machines/arm64-crash/proc/iomem" >CRASH/proc/iomem
		starve "$bin" crash-$n --append=x --root CRASH -p --initrd=initrd Image
	done
	starve "$bin" ppc64 --append=x --root "$machines/pseries-drconf" --run-at-load vmlinux
	starve "$bin" ppc64-crash --append=x --root "$machines/pseries-crash" -p --initrd=initrd vmlinux
	starve "$bin" trees --append=x --root "$machines/virt-6.1" --dtb=dtb --dtb-overlay=overlay Image
}

@test "what is said of failing calls is in tests/faults/sentences" {
	# each libc has words of its own
	local texts='File exists|I/O error|Input/output error|Interrupted system call|Resource temporarily unavailable|Out of memory|Cannot allocate memory|Permission denied|No such file or directory'
	sed -nE "s/^SENTENCE //p" out.* | LC_ALL=C sed -E "s#($texts)#ERROR#
		s#(write a file: ERROR: )(capture|[.]{3}).*#\1capture/...#
		s#ERROR: [^ ]* in /sys#ERROR: ... in /sys#
		s#/cpu[01]/#/cpu./#
		s#$PWD/##" | LC_ALL=C sort -u >said
	diff -u "$top/tests/faults/sentences" said
	# not only somewhere
	grep -q 'the sandbox was killed: Image$' out.load
	grep -q 'the sandbox was killed: Image$' out.plan
}

@test "inject finds a program that leaks, crashes, hangs, forks, orphans, loads, pretends, mumbles, lies" {
	local what want
	while read -r what want; do
		run ./inject -r "$PWD/ARM" -m aarch64 -- "$PWD/bad" "$what"
		same "status of $what" "$status" 1
		[[ $output = *"BAD $want"* ]] || fail_with "$what: $output"
	done <<-'END'
		leaks a file stayed open
		crashes killed by a signal
		hangs it did not end
		forks it made a child
		orphans its child outlived it
		loads an error, and yet it changed what is loaded
		pretends success without effect
		mumbles a line that is no warning
		lies an exit code that is none
	END
	run ./inject -- "$PWD/none"
	[[ $status -ne 0 ]]
}

# ---- loads that are killed

boot_kill() {
	local dir=$run_dir/$1 kernel
	kernel=$("$lab/kernel" arm64-file)
	next_append second >"$dir/append"
	"$lab/initramfs" arm64 "$dir/second.cpio" "$lab/report:lab/report" "$top/tests/guest/kill:lab/run"
	"$lab/initramfs" arm64 "$dir/run.cpio" "$lab/report:lab/report" "$top/tests/guest/kill:lab/run" \
		"$guest_bin:bin/kexec-lite" "$kernel:boot/Image" "$dir/second.cpio:boot/initrd" \
		"$dir/append:boot/append"
	"$lab/run" virt "$kernel" "$dir/run.cpio" quiet "$dir/log"
}

@test "a load killed at any time leaves the old kernel or the new one, and it boots" {
	once kill boot_kill
	log=$run_dir/kill/log
	local rc before after status n=0 killed=0
	while read -r rc before after status; do
		n=$((n + 1))
		case $rc in
		0) same "loaded after a load" "$after" 1 ;;
		137)
			killed=$((killed + 1))
			((after >= before)) || fail_with "killed, and what was loaded is gone"
			;;
		*) fail_with "a load ended with $rc" ;;
		esac
		same "what --status says" "$status" "$after"
	done < <(of_stage run | sed -nE 's/^STEP kill-[0-9]+ rc=(.*) before=(.*) after=(.*) status=(.*)/\1 \2 \3 \4/p')
	same loads "$n" 30
	((killed > 3 && killed < 30)) || fail_with "$killed of 30 were killed"
	same "what is started" "$(of_stage run | sed -n 's/^STEP exec //p')" loaded=1
	[[ $(fact second cmdline) =~ \ lab\.kill=(old|new)$ ]] || fail_with "the next kernel did not come up"
}
