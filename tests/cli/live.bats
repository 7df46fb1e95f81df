#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# A machine that is up, one sentence at a time: the program runs under tests/faults/inject.c as if a
# captured machine were this one, which answers what would load, start, or look at the hardware, and
# tells what was done. With faults.bats, which makes every call fail, nothing here needs a guest.

# shellcheck disable=SC2154  # helpers.bash and bats set these
load ../helpers
load ../faults/helpers

setup_file() {
	cd "$BATS_FILE_TMPDIR" || return
	build_inject
	make_image Image
	python3 "$plans/ppc64/image" vmlinux
	gzip -nc Image >Image.gz
	head -c 4096 /dev/zero >initrd
	cp "$machines/virt-6.1/sys/firmware/fdt" dtb
	machine ARM virt-6.1
	machine CRASH arm64-crash
	machine PPC pseries
	live_tree PPC/sys/firmware/devicetree/base
	rm PPC/sys/firmware/fdt
	echo 1 >PPC/sys/kernel/kexec_loaded
}

setup() {
	[[ $(uname -m) = x86_64 ]] || skip "machine lacks x86-64 calls, which inject answers"
	cd "$BATS_FILE_TMPDIR" || return
}

# on MACHINE "OPTION..." ARGUMENT...: `run` of kexec-lite with ARGUMENTs there; OPTIONs are inject's.
on() {
	local name=aarch64
	[[ $1 != PPC* ]] || name=ppc64le
	# shellcheck disable=SC2086  # a list
	run ./inject -o -r "$PWD/$1" -m $name $2 -- "$host_bin" "${@:3}"
}

# says CODE DID LINE...: what that should have left.
says() {
	same "exit code" "$status" "$1"
	same output "$output" "$(printf '%s\n' "${@:3}" "did: $2")"
}

# ---- may we?

@test "without CAP_SYS_BOOT nothing is asked" {
	local what root=("nothing was done: run kexec-lite as root")
	for what in -u "-e capget=EPERM"; do
		on ARM "$what" -l Image
		says 10 nothing "kexec-lite: cannot load a kernel: this takes root (CAP_SYS_BOOT)" "kexec-lite: ${root[*]}"
		on ARM "$what" -u
		says 10 nothing "kexec-lite: cannot unload the kernel: this takes root (CAP_SYS_BOOT)" "kexec-lite: ${root[*]}"
		on PPC "$what" -e
		says 10 nothing "kexec-lite: cannot start the kernel: this takes root (CAP_SYS_BOOT)" "kexec-lite: ${root[*]}"
	done
	on ARM "-e read=EPERM" -l Image
	says 10 nothing "kexec-lite: cannot read this machine: Operation not permitted: /proc/cmdline" "kexec-lite: ${root[*]}"
}

@test "a capability that cannot be put down: the calls are taken to be there" {
	on ARM "-e capset=EPERM -e kexec_file_load=ENOSYS" --no-sandbox -l Image
	says 12 nothing "kexec-lite: cannot load a kernel: no such call in the running kernel"
	on ARM "-e capset=EPERM" --no-sandbox -l Image
	says 0 "file load"
}

@test "loading is disabled, a limit of each kind is used up" {
	changed CRASH off proc/sys/kernel/kexec_load_disabled '1\n'
	on off "" -l Image
	says 11 nothing "kexec-lite: cannot load a kernel: kernel.kexec_load_disabled is 1" \
		"kexec-lite: nothing was done: loading and unloading are off until the next reboot"
	changed CRASH limit proc/sys/kernel/kexec_load_limit_panic '0\n'
	on limit "" -p -l Image
	says 11 nothing "kexec-lite: cannot load a kernel: kernel.kexec_load_limit_panic is used up" \
		"kexec-lite: nothing was done: only a reboot lifts the load limit"
	on limit "" -l Image
	says 0 "file load"
	changed CRASH other proc/sys/kernel/kexec_load_limit_reboot '0x0\n' \
		proc/sys/kernel/kexec_load_limit_panic '99999999999999999999\n'
	on other "" -u
	says 11 nothing "kexec-lite: cannot unload the kernel: kernel.kexec_load_limit_reboot is used up" \
		"kexec-lite: nothing was done: only a reboot lifts the load limit"
	on other "" -p -u
	says 0 "unload crash kernel"
	# more than it can have: no limit that we know of
	changed CRASH large proc/sys/kernel/kexec_load_limit_reboot '18446744073709551615\n'
	on large "" -u
	says 0 unload
}

@test "lockdown for confidentiality forbids kexec_load as well" {
	changed ARM lockdown sys/kernel/security/lockdown 'none integrity [confidentiality]\n'
	on lockdown "" -c -l Image
	says 11 nothing "kexec-lite: cannot load a kernel: lockdown (confidentiality) forbids kexec_load" \
		"kexec-lite: nothing was loaded: without -c, kexec_file_load is used, which takes a signed kernel"
	on lockdown "" --mem-min=0 -l Image
	says 11 nothing "kexec-lite: cannot honour --mem-min: lockdown (confidentiality) forbids kexec_load" \
		"kexec-lite: nothing was loaded: without --mem-min, kexec_file_load is used"
	on lockdown "" -l Image
	says 0 "file load"
}

@test "Xen: on arm64 it is refused unless forced or hidden, on ppc64 it is nothing" {
	changed ARM xen sys/hypervisor/type 'xen\n'
	on xen "" -l Image
	says 17 nothing "kexec-lite: cannot load a kernel: under Xen on arm64 the next kernel panics in xen_guest_init" \
		"kexec-lite: nothing was loaded: Xen keeps the CPUs' info pages; --hide-xen loads a kernel that does not see Xen"
	on xen "" -l --force-xen Image
	says 0 "file load"
	on xen "" -l --hide-xen Image
	says 0 load "kexec-lite: warning: the next kernel has no console, disk or network of Xen, which goes on using pages of this one"
	on xen "" -l -s --hide-xen Image
	says 2 nothing "kexec-lite: cannot honour --hide-xen: not by kexec_file_load (-s)" \
		"kexec-lite: nothing was loaded: leave out -s or --hide-xen"
	changed ARM no-xen sys/hypervisor/type 'none\n'
	on no-xen "" -l --hide-xen Image
	says 0 load
	changed PPC PPC-xen sys/hypervisor/type 'xen\n'
	on PPC-xen "" -l vmlinux
	says 0 load
}

# ---- what the running kernel answers

@test "each answer to kexec_load and kexec_file_load has its code, sentence and remedy" {
	local call name code why hint lines bad=0
	while IFS='|' read -r name code why hint; do
		for call in -c,kexec_load -s,kexec_file_load; do
			on ARM "-e ${call#*,}=$name" "${call%,*}" -l Image
			lines=("kexec-lite: cannot load a kernel: $why" "kexec-lite: $hint")
			[[ $hint ]] || unset 'lines[1]'
			says "$code" nothing "${lines[@]}" || { bad=1 && echo "$call $name"; }
		done
	done <<-'END'
		EPERM|11|forbidden by a security policy or container|nothing was done: in a container, run kexec-lite on the host
		EACCES|11|forbidden by a security module or IMA policy|nothing was done: IMA wants the file signed or measured (see /sys/kernel/security/ima)
		ENOMEM|9|out of memory in the running kernel|nothing was loaded: free some memory and try again
		EADDRNOTAVAIL|8|no hole for it, says the running kernel|nothing was loaded: -c places by itself, and kexec-lite --plan -c shows where
		EFAULT|3|a file cannot be read|nothing was loaded: it was cut short meanwhile, or its disk fails
		EIO|3|I/O error in a file|
		ETXTBSY|3|a file is open for writing|nothing was loaded: close the file, or load a copy of it
		EKEYREJECTED|11|signature not trusted by this machine|nothing was loaded: enrol the key (mokutil --import), or load a signed kernel
		ENOKEY|11|signing key not known to this machine|nothing was loaded: enrol the key (mokutil --import), or load a signed kernel
		ENODATA|11|not signed, and this machine wants a signature|nothing was loaded: load a signed kernel
		EBADMSG|11|broken signature|nothing was loaded: load the kernel as its distribution signed it
		ENOPKG|11|signature of a kind that the running kernel cannot check|
		ENOEXEC|4|not a kind of kernel that the running one knows|
		EBUSY|13|another load is under way, or CPUs cannot be stopped|
		EINVAL|13|the running kernel refused (Invalid argument)|
		EINTR|13|the running kernel refused (Interrupted system call)|
	END
	((bad == 0))
	on ARM "-e kexec_load=ENOSYS" -c -l Image
	says 12 nothing "kexec-lite: cannot load a kernel: no kexec_load in the running kernel 6.1.0"
	on ARM "-e kexec_load=ENOSYS" --mem-max=0x80000000 -l Image
	says 12 nothing "kexec-lite: cannot honour --mem-max: no kexec_load in the running kernel"
	on ARM "-e kexec_file_load=ENOSYS" -l Image
	says 0 load
	on ARM "-e kexec_load=ENOSYS" -u
	says 0 "file unload"
}

@test "what kexec_load leaves behind: the other call, or a warning" {
	local left="kexec-lite: warning: kexec_load leaves behind:" kho=sys/kernel/debug/kho/out
	changed ARM hands $kho/sub_fdts/kexec-metadata x $kho/sub_fdts/LUO x $kho/scratch_len '0x10000000\n'
	on hands "" -c -l Image
	says 0 load
	changed hands hands-more $kho/sub_fdts/memblock x
	on hands-more "" -l Image
	says 0 "file load"
	on hands-more "" -c -l Image
	says 0 load "$left memory kept by kexec handover: -s hands it on"
	on hands-more "-e kexec_file_load=EADDRNOTAVAIL" -l Image
	says 0 load "$left memory kept by kexec handover: -s hands it on" \
		"kexec-lite: kexec_load is used: kexec_file_load finds no room in kexec handover's scratch memory"
	on hands-more "" --plan -c Image
	[[ $output = *$'\nlost     memory kept by kexec handover\n'* ]] || fail_with "$output"
	on hands-more "" --plan=json -c Image
	[[ $output = *'"left_behind": ["handover"]'* ]] || fail_with "$output"
	# where the other call may end the next kernel, it is not taken
	changed hands-more hands-lpi
	machine KEPT-LPI virt-lpi
	cp -r hands-more/sys/kernel/debug KEPT-LPI/sys/kernel/
	on KEPT-LPI "" -l Image
	[[ $output = *"$left memory kept by kexec handover"*"did: load" ]] || fail_with "$output"
	# one measurement is that of the boot
	changed ARM measured sys/kernel/security/ima/runtime_measurements_count '1\n'
	on measured "" -c -l Image
	says 0 load
	changed measured measured-more sys/kernel/security/ima/runtime_measurements_count '2\n' \
		sys/kernel/config/crash_dm_crypt_keys/count '1\n'
	on measured-more "" -c -l Image
	says 0 load "$left IMA's measurements: -s hands it on"
	# keys are for crash kernels, and nothing else is
	changed CRASH keys sys/kernel/security/ima/runtime_measurements_count '9\n' \
		sys/kernel/config/crash_dm_crypt_keys/count '1\n' $kho/sub_fdts/memblock x
	on keys "" -c -p -l Image
	says 0 "load crash kernel" "$left keys of encrypted disks: -s hands it on"
	on keys "" -p -l Image
	says 0 "file load crash kernel"
	changed PPC PPC-measured sys/kernel/security/ima/runtime_measurements_count '9\n' $kho/sub_fdts/x x
	on PPC-measured "" --plan -l vmlinux
	[[ $output = *"call     kexec_file_load"*"why      the other hands nothing on to the next kernel"* ]] ||
		fail_with "$output"
	on PPC-measured "" --plan=json -c -l vmlinux
	[[ $output = *'"left_behind": ["handover", "ima"]'* ]] || fail_with "$output"
	# it is in a capture
	on hands-more "" --capture=hands-capture
	run "$host_bin" --plan -c --root hands-capture Image
	[[ $output = *$'\nlost     memory kept by kexec handover\n'* ]] || fail_with "$output"
}

@test "CPUs that spin in a table cannot be stopped" {
	changed ARM spin
	dtc -q -I dtb -O dts dtb | sed 's/enable-method = "psci"/enable-method = "spin-table"/' |
		dtc -q -O dtb -o spin/sys/firmware/fdt -
	on spin "-e kexec_load=EBUSY" -c -l Image
	says 13 nothing "kexec-lite: cannot load a kernel: its other CPUs cannot be stopped (spin-table)"
}

@test "kexec_file_load is asked for what the running kernel knows" {
	on ARM "" -s -d --no-cma Image
	same did "${lines[-1]}" "did: file load"
	on ARM "-s 6.8.0" -s -d --no-cma Image
	same did "${lines[-1]}" "did: file load, debug"
	on ARM "-s 6.17.1-arm64" -s --no-cma Image
	says 0 "file load, no CMA"
	on CRASH "-s 7.0" -d -p -s --no-cma Image
	same did "${lines[-1]}" "did: file load crash kernel, debug, no CMA"
	on ARM "-s 7.0" --no-cma -c -l Image
	says 0 load
	# a kernel that has less than its release should (the first call is whether there is one): asked again, and what it says then counts
	on ARM "-s strange -e kexec_file_load=EINVAL*2" -s --no-cma Image
	says 0 "file load"
	on ARM "-s 7.0 -e kexec_file_load=EINVAL" -s --no-cma Image
	same "exit code" "$status" 13
	same did "${lines[-1]}" "did: nothing"
	on ARM "-s 7.0 -e kexec_file_load=EBUSY*2" -s --no-cma Image
	says 13 nothing "kexec-lite: cannot load a kernel: another load is under way, or CPUs cannot be stopped"
}

@test "kexec_load where there is no memory for the copies that kexec_file_load makes" {
	truncate -s 20M 20m
	changed ARM tight proc/meminfo 'MemTotal: 800000 kB\nMemAvailable: 40000 kB\n'
	on tight "" -l --initrd=20m Image
	says 0 load "kexec-lite: kexec_load is used: kexec_file_load finds no room for its copies of the files"
	on tight "" -s --initrd=20m Image
	same "exit code" "$status" 9
	same did "${lines[-1]}" "did: nothing"
	# two initrds are one more copy, of which kexec_load knows nothing
	changed ARM tighter proc/meminfo 'MemTotal: 800000 kB\nMemAvailable: 60000 kB\n'
	on tighter "" -s --initrd=20m Image
	says 0 "file load"
	on tighter "" -l --initrd=20m --initrd=initrd Image
	says 0 load "kexec-lite: kexec_load is used: kexec_file_load finds no room for its copies of the files"
	changed ARM tightest proc/meminfo 'MemTotal: 800000 kB\nMemAvailable: 20000 kB\n'
	on tightest "" -l --initrd=20m Image
	same "exit code" "$status" 9
	same did "${lines[-1]}" "did: nothing"
}

@test "kexec handover: kexec_load where kexec_file_load has no room, foreseen or found out" {
	local foreseen="kexec-lite: kexec_load is used: kexec_file_load finds no room in kexec handover's scratch memory"
	local none="kexec-lite: cannot load a kernel: kexec handover has no room for it: 64 KiB of scratch memory"
	local boot="kexec-lite: nothing was loaded: boot this kernel with a larger kho_scratch=, or with kho=off"
	local len=sys/kernel/debug/kho/out/scratch_len limit=proc/sys/kernel/kexec_load_limit_reboot
	changed ARM kho $len '0x8000\n0x8000\n' $limit '1\n'
	# foreseen: the one load that is left does it
	on kho "" -l Image
	says 0 load "$foreseen"
	on kho "" -a -l Image
	says 0 load "$foreseen"
	on kho "" -c -l Image
	says 0 load
	on kho "" -s Image
	says 8 nothing "$none" "$boot"
	changed kho kho-locked sys/kernel/security/lockdown 'none [integrity] confidentiality\n'
	on kho-locked "" -l Image
	says 8 nothing "$none" "$boot"
	mkfifo kho-pipe
	cat Image >kho-pipe &
	on kho "" -l kho-pipe
	says 8 nothing "$none" "$boot"
	wait
	cat initrd >kho-pipe &
	on kho "" -l --initrd=kho-pipe Image
	says 8 nothing "$none" "$boot"
	wait
	# room for all, but in no place
	changed ARM kho-wide $len '0x10000000\n0x10000000\n'
	on kho-wide "" -l Image
	says 0 "file load"
	on kho-wide "-e kexec_file_load=EADDRNOTAVAIL" -l Image
	says 0 load "$foreseen"
	on kho-wide "-e kexec_file_load=EADDRNOTAVAIL" -s Image
	says 8 nothing "${none/64 KiB/512 MiB}" "$boot"
	on kho-wide "-e kexec_load=EADDRNOTAVAIL" -c -l Image
	says 8 nothing "kexec-lite: cannot load a kernel: no hole for it, says the running kernel" \
		"kexec-lite: nothing was loaded: -c places by itself, and kexec-lite --plan -c shows where"
	# nobody knows of handover
	on ARM "-e kexec_file_load=EADDRNOTAVAIL" -l Image
	says 0 load "kexec-lite: kexec_load is used: kexec_file_load finds no room"
	on ARM "-e kexec_file_load=EADDRNOTAVAIL -e kexec_load=EBUSY" -l Image
	says 13 nothing "kexec-lite: cannot load a kernel: another load is under way, or CPUs cannot be stopped"
	# a crash kernel has memory of its own
	changed CRASH kho-crash $len '0x8000\n'
	on kho-crash "" -p -s Image
	says 0 "file load crash kernel"
	on kho-crash "-e kexec_file_load=EADDRNOTAVAIL" -p -s Image
	same "exit code" "$status" 8
	[[ $output != *handover* ]]
	# plan and capture
	on kho "" --plan Image
	[[ $output = *"call     kexec_load"*"why      the other finds no room"* && $output = *"$foreseen"* ]] || fail_with "$output"
	on kho "" --capture=kho-copy
	same "scratch memory" "$(cat kho-copy/$len)" $'0x8000\n0x8000'
}

# ---- starting

@test "start: disks are written, interfaces go down, and the machine's first CPU does it" {
	on PPC "" -e
	says 0 "on CPU 0, sync, down eth0, down wlan0, reboot"
	on PPC "" -e -x
	says 0 "on CPU 0, sync, reboot"
	on PPC "" -e -x --no-sync
	says 0 "on CPU 0, reboot"
	changed PPC PPC-offline sys/devices/system/cpu/online '5,7-9\n' sys/devices/system/cpu/present '0-9\n'
	on PPC-offline "" -e -x
	says 0 "on CPU 5, sync, reboot"
	# SMT off: one thread of eight of 320 cores
	changed PPC PPC-smt sys/devices/system/cpu/online "$(seq -s, 8 8 2560)\n"
	on PPC-smt "" -e -x
	says 0 "on CPU 8, sync, reboot"
	on PPC-smt "" -l vmlinux
	says 0 load
	changed PPC PPC-many sys/devices/system/cpu/online '2000\n' sys/devices/system/cpu/present '2000\n'
	on PPC-many "" -e -x
	says 0 "on CPU none, sync, reboot"
	on PPC "-e socket=EAFNOSUPPORT" -e
	says 0 "on CPU 0, sync, reboot"
	on PPC "-e reboot=EINVAL" -e -x
	says 13 "on CPU 0, sync" "kexec-lite: cannot start the kernel: the running kernel refused (Invalid argument)"
	on ARM "" -e
	says 14 nothing "kexec-lite: cannot start a kernel: none is loaded" \
		"kexec-lite: nothing was started: load a kernel first, with kexec-lite --load"
}

@test "start: while another load is under way it waits; a failure leaves the network as it was" {
	on PPC "-e reboot=EBUSY*3" -e
	says 0 "on CPU 0, sync, down eth0, down wlan0, reboot"
	on PPC "-e reboot=EBUSY" -e
	says 13 "on CPU 0, sync, down eth0, down wlan0, up eth0, up wlan0, address, route, address, route" \
		"kexec-lite: cannot start the kernel: another load is under way"
	on PPC "-e reboot=EBUSY" -e -x
	says 13 "on CPU 0, sync" "kexec-lite: cannot start the kernel: another load is under way"
	on PPC "-e reboot=EPERM" -e
	says 13 "on CPU 0, sync, down eth0, down wlan0, up eth0, up wlan0, address, route, address, route" \
		"kexec-lite: cannot start the kernel: the running kernel refused (Operation not permitted)"
	on ARM "-e reboot=EBUSY" -f Image
	says 13 "file load, sync, down eth0, down wlan0, up eth0, up wlan0, address, route, address, route" \
		"kexec-lite: cannot start the kernel: another load is under way"
}

@test "start: without /sys the kernel's answer says whether something is loaded" {
	changed ARM no-sys
	rm -r no-sys/sys/kernel
	on no-sys "-e reboot=EINVAL" -e -x
	says 14 sync "kexec-lite: cannot start a kernel: none is loaded" \
		"kexec-lite: nothing was started: load a kernel first, with kexec-lite --load"
	on no-sys "" -e -x
	says 0 "sync, reboot"
}

@test "start: a container cannot, and nothing is taken down for it" {
	on PPC -k -e
	says 11 nothing "kexec-lite: cannot start the kernel: no container may do that" \
		"kexec-lite: nothing was started: run kexec-lite on the host"
}

@test "without an action shutdown is run, and with -f the kernel is started" {
	on ARM "" Image
	says 0 "file load, execve /usr/sbin/shutdown"
	on ARM "" -f -x Image
	says 0 "file load, sync, reboot"
	on ARM "-e execve=ENOENT" Image
	says 3 "file load" "kexec-lite: cannot run shutdown: No such file or directory" \
		"kexec-lite: the kernel is loaded: kexec-lite -e starts it, --unload forgets it"
}

# ---- what is said on a terminal, in the log, and with -d

@test "on a terminal a load says what it means" {
	on CRASH -t -l Image
	says 0 "file load" "kexec-lite: Image is loaded: a reboot now starts it (to undo: kexec-lite --unload)"
	on CRASH -t -p -l Image
	says 0 "file load crash kernel" "kexec-lite: Image is loaded: a panic now starts it (to undo: kexec-lite -p --unload)"
}

@test "-S is about the crash kernel, -S -l about the other; a terminal is told of both" {
	local kernel crash word
	for kernel in 0 1; do
		for crash in 0 1; do
			changed ARM status-$kernel$crash sys/kernel/kexec_loaded "$kernel\n" \
				sys/kernel/kexec_crash_loaded "$crash\n"
			for word in -S -pS "-S -p -l" "-S -a" "-S Image"; do
				# shellcheck disable=SC2086  # a list
				on status-$kernel$crash "" $word
				says $crash nothing
			done
			for word in -lS "-S --load" "-l -S Image"; do
				# shellcheck disable=SC2086
				on status-$kernel$crash "" $word
				says $kernel nothing
			done
		done
	done
	on status-10 -t -S
	says 0 nothing "no crash kernel is loaded" "a kernel is loaded"
	on status-01 -t -S
	says 1 nothing "a crash kernel is loaded" "no kernel is loaded"
	on status-10 -t -S -l
	says 1 nothing "a kernel is loaded"
	on status-10 -t -S -p
	says 0 nothing "no crash kernel is loaded"
}

# <0>: an emergency, which a console shows after dmesg -n 1, too
@test "the first process says it in the kernel's log, and stays" {
	changed ARM first
	# as the log does, it takes line after line
	ln -sf /proc/self/fd/2 first/dev/kmsg
	on first -p -e
	says 0 pause "<0>kexec-lite: cannot start a kernel: none is loaded" \
		"<0>kexec-lite: nothing was started: load a kernel first, with kexec-lite --load"
	on first -p -c -l -d --no-checks Image
	same "first line" "${lines[0]}" "<4>kexec-lite: --no-checks is ignored: it has no effect"
	# without /proc nobody knows what it is the first of
	on first "-p -e readlink=ENOENT" -e
	says 0 pause "<0>kexec-lite: cannot start a kernel: none is loaded" \
		"<0>kexec-lite: nothing was started: load a kernel first, with kexec-lite --load"
}

@test "the first process says it on the console when there is no log, or it takes nothing" {
	changed ARM silent
	rm silent/dev/kmsg
	ln -sf /proc/self/fd/2 silent/dev/console
	on silent -p -e
	says 0 pause "kexec-lite: cannot start a kernel: none is loaded" \
		"kexec-lite: nothing was started: load a kernel first, with kexec-lite --load"
	ln -sf /dev/full silent/dev/kmsg
	on silent -p -e
	says 0 pause "kexec-lite: cannot start a kernel: none is loaded" \
		"kexec-lite: nothing was started: load a kernel first, with kexec-lite --load"
	rm silent/dev/*
	on silent -p -e
	says 0 pause "kexec-lite: cannot start a kernel: none is loaded" \
		"kexec-lite: nothing was started: load a kernel first, with kexec-lite --load"
}

@test "the first process of a container is one like any other" {
	local option
	changed ARM container
	ln -sf /dev/full container/dev/kmsg
	on container "-p -k" -e
	says 11 nothing "kexec-lite: cannot start the kernel: no container may do that" \
		"kexec-lite: nothing was started: run kexec-lite on the host"
	on container "-p -k" -l none
	says 3 nothing "kexec-lite: cannot open the kernel: No such file or directory: none"
	on container "-p -k" -S
	says 0 nothing
	# these two end even as the machine's first
	for option in --version --help; do
		on container "-p -k" $option
		same "status of $option" "$status" 0
		on container -p $option
		same "status of $option" "$status" 0
		same "what $option did" "${lines[-1]}" "did: nothing"
	done
	[[ $(unshare --pid --fork --mount-proc true 2>&1 && echo yes) = yes ]] || return 0
	run timeout -k 1 5 unshare --pid --fork --mount-proc "$host_bin" --version
	same "status in a namespace" "$status" 0
	run timeout -k 1 5 unshare --pid --fork --mount-proc "$host_bin" -l none
	same "status in a namespace" "$status" 15
}

@test "-d names what is ignored: it has no effect, and what a kernel lacks to confine the reader of files" {
	on ARM "-e landlock_create_ruleset=ENOSYS" -d --no-checks -c -l Image
	same "first line" "${lines[0]}" "kexec-lite: --no-checks is ignored: it has no effect"
	same "last lines" "${lines[-2]} ${lines[-1]}" "files were read without landlock: the running kernel has none did: load"
	on ARM "-e prctl=EINVAL" -d -c -l Image
	same "last lines" "${lines[-2]} ${lines[-1]}" "files were read without seccomp: the running kernel has none did: load"
	on ARM "-e prctl=EINVAL -e landlock_create_ruleset=EOPNOTSUPP" -d -c -l Image
	same "last lines" "${lines[-3]} ${lines[-2]} ${lines[-1]}" "files were read without landlock: the running kernel has none files were read without seccomp: the running kernel has none did: load"
	on ARM "-e prctl=EINVAL -e landlock_create_ruleset=ENOSYS" -d --no-sandbox -c -l Image
	[[ $status -eq 0 && $output != *"files were read"* ]] || fail_with "$output"
	on ARM "" -d -c -l Image
	[[ $status -eq 0 && $output != *"files were read"* ]] || fail_with "$output"
	on ARM "" --no-checks -c -l Image
	says 0 load
}

@test "a sandbox that cannot be made is an error, and nothing is loaded" {
	local call code why
	while read -r call code why; do
		on ARM "-e $call" -c -l Image
		says "$code" nothing "kexec-lite: cannot start the sandbox: $why" \
			"kexec-lite: nothing was loaded: --no-sandbox reads the files without one"
		on ARM "-e $call" --no-sandbox -c -l Image
		says 0 load
	done <<-'END'
		clone=EAGAIN 9 Resource temporarily unavailable: clone
		clone=ENOSYS 9 Function not implemented: clone
		prctl=EPERM 13 Operation not permitted: prctl
		prctl=EACCES 13 Permission denied: prctl
		capset=EPERM 13 Operation not permitted: capset
		landlock_create_ruleset=EPERM 13 Operation not permitted: landlock
		landlock_restrict_self=EPERM 13 Operation not permitted: landlock
		landlock_restrict_self=ENOSYS 13 Function not implemented: landlock
	END
}

# ---- warnings

@test "warnings: a tree that is lost, LPI tables that may be" {
	on ARM "" -s -l --dtb=dtb Image
	says 0 "file load" "kexec-lite: warning: --dtb is ignored: kexec_file_load takes no device tree"
	machine LPI virt-lpi
	on LPI "" -s -l Image
	says 0 "file load" "kexec-lite: warning: kexec_file_load may overwrite the GIC's LPI tables: if the next kernel hangs, boot this one with irqchip.gicv3_nolpi=y"
	on LPI "" -l Image
	says 0 load
	on LPI "" --capture=captured
	says 0 nothing
	same "the log" "$(grep ' LPI ' captured/dev/kmsg)" "$(grep ' LPI ' LPI/dev/kmsg)"
	same "the rest of it" "$(grep -v ' LPI ' captured/dev/kmsg | tr -d 'x\n')" "6,0,0,-;"
	same "its length" "$(wc -c <captured/dev/kmsg)" "$(wc -c <LPI/dev/kmsg)"
	# what is below a file is not there
	changed LPI below sys/hypervisor ''
	on below "" --capture=captured
	says 0 nothing
	rm LPI/dev/kmsg
	on LPI "" -l Image
	says 0 load "kexec-lite: warning: the log no longer says where the GIC's LPI tables are: if the next kernel hangs, boot this one with irqchip.gicv3_nolpi=y"
}

@test "warning: a running kernel that does not say what firmware reserved" {
	local warning="kexec-lite: warning: Linux before 4.19 does not say what firmware reserved: some of it may be overwritten"
	machine EFI virt-efi
	on EFI "" -c -l Image
	says 0 load
	machine OLD virt-efi
	sed -i '/^  .* : reserved$/d' OLD/proc/iomem
	on OLD "" -c -l Image
	says 0 load "$warning"
	"$host_bin" --plan --root=OLD Image 2>errors >/dev/null
	same "of a plan" "$(<errors)" "$warning"
	# a crash kernel has memory of its own
	cp -r "$machines/server" EFI-crash
	sed -i '/^  .* : reserved$/d' EFI-crash/proc/iomem
	"$host_bin" --plan -p --root=EFI-crash Image 2>errors >/dev/null
	same "of a crash kernel's" "$(<errors)" ""
	# without EFI the tree tells of firmware
	machine DT virt-6.1
	sed -i '/^  .* : reserved$/d' DT/proc/iomem
	on DT "" -l Image
	says 0 "file load"
}

# uki NAME SECTION...: around the kernel, with these sections
uki() { "$top/tests/lab/wrap" uki "$1" .linux=Image "${@:2}"; }

@test "a UKI's own device tree is an option like --dtb: it takes kexec_load, or it is named" {
	local call lost="kexec-lite: warning: the kernel's own device tree is ignored: kexec_file_load takes none"
	local other="kexec-lite: warning: the kernel's own device tree is ignored: it is for another machine"
	dtc -q -I dtb -O dts dtb | sed 's/compatible = "linux,dummy-virt"/compatible = "acme,board"/' |
		dtc -q -O dtb -o other-dtb -
	cmp -s dtb other-dtb && fail_with "and so it proves nothing"
	uki uki-tree .dtb=dtb .cmdline=<(echo words)
	uki uki-auto .dtbauto=other-dtb .dtbauto=dtb
	uki uki-other .dtb=other-dtb
	uki uki-none .dtbauto=other-dtb
	dtc -q -I dtb -O dts dtb | sed 's/compatible = "linux,dummy-virt"/compatible = "acme,board", "linux,dummy-virt"/' |
		dtc -q -O dtb -o kin-dtb -
	uki uki-kin .dtb=kin-dtb
	uki uki-plain .cmdline=<(echo words)
	gzip -nc uki-tree >uki-tree.gz
	changed ARM uki-locked sys/kernel/security/lockdown 'none [integrity] confidentiality\n'
	for call in uki-tree uki-auto uki-none; do
		on ARM "" -l $call
		says 0 load
	done
	on ARM "" -l uki-other
	says 0 load "$other"
	on ARM "" -l uki-plain
	says 0 "file load"
	# what the next kernel gets
	same "its tree" "$("$host_bin" --plan=json --root ARM uki-auto | jq -r .tree_from)" uki-auto
	same "another's tree" "$("$host_bin" --plan=json --root ARM uki-other 2>/dev/null | jq -r .tree_from)" /sys/firmware/fdt
	same "a kin's tree" "$("$host_bin" --plan=json --root ARM uki-kin | jq -r .tree_from)" uki-kin
	same "no tree for this machine" "$("$host_bin" --plan=json --root ARM uki-none | jq -r .tree_from)" /sys/firmware/fdt
	# where the call cannot take it
	for call in "ARM -s" "uki-locked -l"; do
		# shellcheck disable=SC2086  # two words
		on ${call% *} "" ${call#* } uki-tree
		says 0 "file load" "$lost"
	done
	on ARM "-e kexec_load=ENOSYS" -l uki-tree
	says 0 "file load" "$lost"
	on ARM "" -s uki-none
	says 0 "file load"
	on ARM "" -s --dtb=dtb uki-tree
	says 0 "file load" "kexec-lite: warning: --dtb is ignored: kexec_file_load takes no device tree"
	# what nobody can see before it is unpacked
	on ARM "" -l uki-tree.gz
	says 0 "file load" "$lost"
	on ARM "" -c -l uki-tree.gz
	says 0 load
	# a crash kernel's plan needs more of the machine
	uki uki-crash .dtb=CRASH/sys/firmware/fdt
	on CRASH "" -p -l uki-crash
	[[ $status -eq 0 && ${lines[-1]} = "did: load crash kernel" ]] || fail_with "$output"
	# and from a pipe, which cannot be read twice
	cp -r ARM uki-both
	sed -i 's/^syscalls=.*/syscalls=kexec_load kexec_file_load/' uki-both/system
	for call in Image,kexec_file_load uki-tree,kexec_load; do
		same "${call%,*} from a pipe" "$("$host_bin" --plan=json --root uki-both - < <(cat "${call%,*}") | jq -r .syscall)" \
			"${call#*,}"
	done
}

@test "--plan shows the warnings of a load, of either call" {
	run "$host_bin" --plan -s --dtb=dtb --root ARM Image
	same status "$status" 0
	same "last line" "${lines[-1]}" "kexec-lite: warning: --dtb is ignored: kexec_file_load takes no device tree"
	run "$host_bin" --plan -s --dtb=none --root ARM Image
	same status "$status" 0
	same "last line" "${lines[-1]}" "kexec-lite: warning: --dtb is ignored: kexec_file_load takes no device tree, and this one is not usable"
	run "$host_bin" --plan -s --root "$machines/virt-lpi" Image
	[[ ${lines[-1]} = *"warning: kexec_file_load may overwrite the GIC's LPI tables"* ]]
}

# ---- captures

@test "a capture keeps known words, and nobody else can read it" {
	local words="BOOT_IMAGE=/vmlinuz crashkernel=256M quiet" secret="PASSWORD=abc BOOTIF=01-52-54 netroot=iscsi:u:p@h"
	changed CRASH private proc/cmdline "$words $secret -- quiet\n"
	fdtput -t s private/sys/firmware/fdt /chosen bootargs "$words $secret"
	fdtput -t s private/sys/firmware/fdt / serial-number 0123456
	mkdir -p kept/proc
	echo theirs >kept/theirs
	ln -s ../theirs kept/proc/cmdline
	umask 022
	on private "" --capture=kept
	says 0 nothing
	same "command line" "$(cat kept/proc/cmdline)" "$words ${secret//[! ]/x} -- quiet"
	same bootargs "$(fdtget kept/sys/firmware/fdt /chosen bootargs)" "$words ${secret//[! ]/x}"
	same "serial number" "$(fdtget -t bx kept/sys/firmware/fdt / serial-number)" "0 0 0 0 0 0 0 0"
	same "what a link led to" "$(cat kept/theirs)" theirs
	[[ -s kept/proc/kcore && ! -L kept/proc/cmdline ]]
	rm kept/theirs
	same "files that others can read" "$(find kept -type f ! -perm 600)" ""
	same "folders that others can read" "$(find kept -mindepth 2 -type d ! -perm 700)" ""
	sed -i 's/^page_size=.*/page_size=4096/; s/^release=.*/release=6.1.0/' private/system
	same "the plan" "$("$host_bin" --plan=json --seed=00 --root kept -p Image)" \
		"$("$host_bin" --plan=json --seed=00 --root private -p Image)"
	# once more into the same
	on private "" --capture=kept
	says 0 nothing
	on private "" --capture=new/deep
	says 0 nothing
	same "folders" "$(find new -type d ! -perm 700)" ""
}

# ---- sizes, and what is loaded

@test "a capture of a POWER machine has the size of its hash table, and which CPU starts kernels" {
	changed PPC PPC-hashed sys/kernel/debug/powerpc/hpt_order "24\n"
	mkdir -p PPC-hashed/sys/kernel/reboot PPC-hashed/sys/devices/system/cpu/cpu0
	echo 0 >PPC-hashed/sys/kernel/reboot/cpu
	echo 0 >PPC-hashed/sys/devices/system/cpu/cpu0/physical_id
	on PPC-hashed "" --capture=power
	says 0 nothing
	same "size of the hash table" "$(cat power/sys/kernel/debug/powerpc/hpt_order)" 24
	same "number of the CPU" "$(cat power/sys/devices/system/cpu/cpu0/physical_id)" 0
	# a folder in place of each
	local file
	for file in sys/kernel/debug/powerpc/hpt_order sys/devices/system/cpu/cpu0/physical_id; do
		mkdir -p "taken/$file/a"
		on PPC-hashed "" --capture=taken
		says 3 nothing "kexec-lite: cannot write a file: $(errno_text EEXIST): taken/$file"
		rm -r taken
	done
}

@test "the crash region's size, where each kernel has it" {
	changed ARM size-old sys/kernel/kexec_crash_size '268435456\n'
	on size-old "" --print-ckr-size
	says 0 nothing 268435456
	changed size-old size-new sys/kernel/kexec/crash_size '134217728\n'
	on size-new "" --print-ckr-size
	says 0 nothing 134217728
	on ARM "" --print-ckr-size
	says 12 nothing "kexec-lite: cannot read the crash region: none in the running kernel"
}

@test "status: a kernel without kexec has nothing loaded, a machine without /sys does not say" {
	changed ARM without
	rm -f without/sys/kernel/kexec*_loaded
	on without "" -S -l
	says 0 nothing
	rm -r without/sys/kernel
	on without "" -S
	says 255 nothing "kexec-lite: cannot tell what is loaded: not in /sys, or no /sys"
	# and then -e tries
	on without "" -e -x
	says 0 "sync, reboot"
	changed ARM moved sys/kernel/kexec/loaded '1\n' sys/kernel/kexec/crash_loaded '0\n'
	rm moved/sys/kernel/kexec_loaded moved/sys/kernel/kexec_crash_loaded
	on moved "" -l -S
	says 1 nothing
	on moved "" -S
	says 0 nothing
}

# ---- crash kernels

@test "a crash kernel that is told of CPUs and memory" {
	changed CRASH told sys/kernel/crash_elfcorehdr_size '65536\n'
	on told "" -p -c --initrd=initrd -l Image
	says 0 "load crash kernel"
	on told "" -p -c --hotplug --initrd=initrd -l Image
	says 0 "load crash kernel, hotplug"
	changed told moved-told sys/kernel/kexec/crash_elfcorehdr_size '65536\n'
	rm moved-told/sys/kernel/crash_elfcorehdr_size
	on moved-told "" -p -c --hotplug -l Image
	says 0 "load crash kernel, hotplug"
	on CRASH "" -p -c --hotplug -l Image
	says 0 "load crash kernel"
	on told "" -p -u
	says 0 "unload crash kernel"
	on told "" -p -s -l Image
	says 0 "file load crash kernel"
}

# refused_over BEFORE AFTER: a crash load that the running kernel refuses, where one is loaded before or not.
refused_over() {
	rm -rf over initrd-pipe
	changed CRASH over
	rm over/sys/kernel/kexec_crash_loaded
	mkfifo over/sys/kernel/kexec_crash_loaded initrd-pipe
	# shellcheck disable=SC2016  # for the shell that it starts
	timeout 10 bash -c 'echo "$1" >over/sys/kernel/kexec_crash_loaded
		cat initrd >initrd-pipe
		echo "$2" >over/sys/kernel/kexec_crash_loaded' - "$1" "$2" &
	on over "-e kexec_load=EADDRNOTAVAIL" -p -c --initrd=initrd-pipe -l Image
}

@test "a crash kernel that is refused may take the one before with it, and that is said" {
	refused_over 1 0
	wait
	says 13 nothing "kexec-lite: cannot load a kernel: the crash region has changed" \
		"kexec-lite: the crash kernel that was loaded before is gone: a panic now starts none"
	refused_over 1 1
	wait
	says 13 nothing "kexec-lite: cannot load a kernel: the crash region has changed"
	refused_over 0 0
	kill %% # nobody reads it again
	says 13 nothing "kexec-lite: cannot load a kernel: the crash region has changed"
}

# ---- what is read before a load

@test "what comes in a pipe, unpacked, or with more around it is loaded, by either call" {
	local words
	head -c 65536 Image >start
	"$top/tests/lab/wrap" uki uki .linux=Image .dtb=dtb .cmdline=<(printf 'one\ntwo\tthree \n')
	while read -r words; do
		# shellcheck disable=SC2086  # a list
		on ARM "-i start" -c -l $words
		says 0 load
		[[ $words != uki ]] || continue
		# shellcheck disable=SC2086
		on ARM "-i start" -s -l $words
		says 0 "file load"
	done <<-'END'
		Image.gz
		Image.gz --initrd=initrd
		-
		--initrd=- Image
		--initrd=initrd --initrd=- Image
		uki
	END
	on ARM "" -c -l --dtb=dtb uki
	says 0 load
	# two of them behind one another
	mkfifo second
	timeout 10 bash -c 'cat initrd >second' &
	on ARM "-i start" -s -l --initrd=second -
	wait
	says 0 "file load"
	# no file may be as large as half of RAM: it is copied
	on ARM "-i start -e ftruncate=EFBIG" -s -l -
	says 0 "file load"
	same "its words" "$("$host_bin" --plan=json --root ARM uki | jq -r .cmdline)" "one two three"
	same "its tree" "$("$host_bin" --plan=json --root ARM uki | jq -r .tree_from)" uki
	same "the tree given" "$("$host_bin" --plan=json --root ARM --dtb=dtb uki | jq -r .tree_from)" dtb
}

@test "the first process stays, whatever a file does" {
	changed ARM sigbus
	ln -sf /proc/self/fd/2 sigbus/dev/kmsg
	cp Image shrinks
	rm -f pipe
	mkfifo pipe
	timeout 10 bash -c 'exec 3>pipe; truncate -s 0 shrinks; cat initrd >&3' &
	on sigbus -p -c --no-sandbox --initrd=pipe -l shrinks
	wait
	says 0 pause "<0>kexec-lite: cannot read the kernel: cut short while it was read: shrinks"
}

@test "a file that a broken disk no longer gives is not called cut short" {
	local how
	for how in "" --no-sandbox; do
		cp Image shrinks
		rm -f pipe
		mkfifo pipe
		timeout 10 bash -c 'exec 3>pipe; truncate -s 0 shrinks; cat initrd >&3' &
		on ARM "-e pread=EIO" $how -c --initrd=pipe -l shrinks
		wait
		says 3 nothing "kexec-lite: cannot read the kernel: Input/output error: shrinks"
	done
}

# start_of MACHINE ARGUMENT...: where the kernel goes there
start_of() {
	local name=aarch64
	[[ $1 != PPC* ]] || name=ppc64le
	./inject -o -r "$PWD/$1" -m $name -- "$host_bin" --plan=json "${@:2}" | sed '$d' |
		jq -r '.segments[] | select(.piece == "kernel").start'
}

@test "the live tree has no reservations, those of the boot still hold" {
	local at size before
	at=$(start_of PPC vmlinux)
	[[ $at = 0x* ]]
	changed PPC PPC-boot
	# a small blob, a large one, one whose reservations alone are large
	for before in 1 1 600; do
		{
			echo "/dts-v1/;"
			for ((size = 0; size < before; size++)); do printf '/memreserve/ 0x%x 0x10;\n' $((4096 + size * 256)); done
			echo "/memreserve/ 0xffffffffffffffff 0x10;" # hides none that follow
			echo "/memreserve/ $at 0x1000;"
			if [[ -e PPC-boot/sys/firmware/fdt ]]; then
				dtc -q -I dtb -O dts "$machines/pseries/sys/firmware/fdt" | sed 1d
			else
				echo "/ { };"
			fi
		} | dtc -q -I dts -O dtb -o blob -
		mv blob PPC-boot/sys/firmware/fdt
		[[ $(start_of PPC-boot vmlinux) != "$at" ]] || fail_with "it goes to $at all the same"
	done
	for size in 5000 3000; do
		head -c $size PPC-boot/sys/firmware/fdt >blob
		mv blob PPC-boot/sys/firmware/fdt
		on PPC-boot "" -l vmlinux
		says 15 nothing "kexec-lite: cannot read this machine: $(errno_text EIO): /sys/firmware/fdt"
	done
	rm PPC-boot/sys/firmware/fdt
	# a node may have the name that a property must not have
	mkdir PPC-boot/sys/firmware/devicetree/base/name
	printf 'x\0' >PPC-boot/sys/firmware/devicetree/base/cpus/name
	# and values are as long as they are
	for size in 4095 4096 5000; do
		head -c $size /dev/zero >PPC-boot/sys/firmware/devicetree/base/cpus/long-$size
	done
	on PPC-boot "" -l vmlinux
	says 0 load
}

@test "kexec_file_load: what it cannot honour, a tree that nobody reads, a UKI out of a stream" {
	local did
	for did in "" "-p"; do
		# shellcheck disable=SC2086  # none or one
		on CRASH "" -s $did --mem-max=0x80000000 -l Image
		says 2 nothing "kexec-lite: cannot honour --mem-max: not by kexec_file_load (-s)" \
			"kexec-lite: nothing was loaded: leave out -s or --mem-max"
	done
	mkfifo tree-pipe
	cat dtb >tree-pipe &
	on ARM "" -s --dtb=tree-pipe -l Image
	says 0 "file load" "kexec-lite: warning: --dtb is ignored: kexec_file_load takes no device tree"
	wait
	# the stream's bytes are kernel and initrd, one behind the other: each becomes a file of its own
	uki uki-initrd .initrd=initrd
	gzip -nc uki-initrd >uki-initrd.gz
	on ARM "" -s -l uki-initrd.gz
	says 0 "file load"
}

# free_pages MACHINE LAST ADDRESS...: of all pages below LAST those at ADDRESS are free, and no other.
free_pages() {
	python3 - "$@" <<-'EOF'
		import sys
		with open(sys.argv[1] + "/proc/kpageflags", "wb") as f:
		    f.truncate(int(sys.argv[2], 0) // 512)
		    for at in sys.argv[3:]:
		        f.seek(int(at, 0) // 512)
		        f.write((1 << 10).to_bytes(8, "little"))
	EOF
}

@test "EFI and no initrd: an empty one, for either call; and no mode of secure boot" {
	machine EFI virt-efi
	on EFI "" -d -c -l Image
	same status "$status" 0
	[[ $output = *"  124 B, 64 KiB kept free"*"added    an empty initrd"*"did: load" ]] || fail_with "$output"
	on EFI "" -d -s -l Image
	[[ $output = *"added    an empty initrd"*"did: file load" ]] || fail_with "$output"
	on EFI "" -d -c -l --initrd=initrd Image
	[[ $output != *"added  "* && $output = *"did: load" ]] || fail_with "$output"
	fdtput -d EFI/sys/firmware/fdt /chosen linux,uefi-secure-boot
	on EFI "" -s -l Image
	says 0 "file load" "kexec-lite: warning: kexec_file_load passes no linux,uefi-secure-boot: Debian's and Ubuntu's kernels do not start without it"
}

# failed_page MACHINE ADDRESS: of all pages up to 2 GiB the one there has failed.
failed_page() {
	free_pages "$1" 0x80000000
	printf '\0\0\x08' | dd of="$1/proc/kpageflags" bs=1 seek=$(($2 / 512)) conv=notrunc status=none
}

@test "a page whose memory failed is no destination, where the running kernel counts such" {
	changed ARM failed
	failed_page failed 0x7a800000
	same "none is counted" "$(start_of failed -c Image)" 0x7a800000
	sed -i 's/^\(HardwareCorrupted: *\)0/\14/' failed/proc/meminfo
	same "in the kernel" "$(start_of failed -c Image)" 0x7a400000
	same "and without a sandbox" "$(start_of failed -c --no-sandbox Image)" 0x7a400000
	failed_page failed 0x7a7ff000
	same "before the kernel" "$(start_of failed -c Image)" 0x7a800000
	failed_page failed 0x7abff000
	same "the last of the room for its BSS" "$(start_of failed -c Image)" 0x7a600000
	failed_page failed 0x7a800000
	on failed "" -c -l Image
	says 0 load
	rm failed/proc/kpageflags
	same "which is not told" "$(start_of failed -c Image)" 0x7a800000
}

@test "blocks that are free in part are left to the running kernel, where it tells" {
	local size at
	changed ARM pages
	free_pages pages 0x80000000
	same "all in use" "$(start_of pages -c Image)" 0x7a800000
	free_pages pages 0x80000000 0x7a800000
	same "a page is free there" "$(start_of pages -c Image)" 0x7a400000
	free_pages pages 0x80000000 0x7a000000
	same "a page is free elsewhere" "$(start_of pages -c Image)" 0x7a800000
	# that of the newest pages counts, of large files more blocks
	for size in 40M 300M; do
		truncate -s $size filler
		free_pages pages 0x80000000
		at=$(start_of pages -c --initrd=filler Image)
		free_pages pages 0x80000000 "$at"
		[[ $(start_of pages -c --initrd=filler Image) != "$at" ]] || fail_with "an initrd of $size"
	done
	free_pages pages 0x70000000
	same "some pages are not told of" "$(start_of pages -c Image)" 0x7a800000
	free_pages pages 0x80000000 0x7a800000
	rm pages/proc/zoneinfo
	same "no zones" "$(start_of pages -c Image)" 0x7a800000
	rm pages/proc/kpageflags
	same "no flags" "$(start_of pages -c Image)" 0x7a800000
	# a large machine is looked at from the top, one that starts at 0 down to there
	machine server server
	printf 'Node 0, zone Normal\n  pages free 200000000\n        spanned 268435456\n  start_pfn: 268435456\n' \
		>server/proc/zoneinfo
	free_pages server 0x14000000000
	at=$(start_of server -c Image)
	free_pages server 0x14000000000 $((at & ~0xffffff)) # a block has 16 MiB there
	[[ $(start_of server -c Image) != "$at" ]] || fail_with "it goes to $at all the same"
	free_pages PPC 0x80000000
	[[ $(start_of PPC vmlinux) = 0x* ]]
}
