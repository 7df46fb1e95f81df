#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Every caller's own words, in stock guests of both architectures whose kernels have kexec_load
# only. The binary is there as kexec-lite, /sbin/kexec, /usr/sbin/kexec and ./kexec.

# shellcheck disable=SC2016,SC2034,SC2154  # words for a guest; helpers.bash and bats set these
load ../helpers

# CALLER BEFORE CODE AFTER WORDS [=> COMMAND LINE]. BEFORE: a kernel is loaded (+), a crash kernel
# is (c), or none (-). AFTER: what /sys/kernel/kexec_loaded says, and c when a crash kernel is loaded. $K: kernel, $I: initrd, $D: the machine's blob.
# RUNNING: the running kernel's command line without BOOT_IMAGE=, ALL: all of it.
vector_table='
petitboot - 0 1 kexec -l --initrd=$I --append="root=/dev/sda1 quiet" $K => root=/dev/sda1 quiet
petitboot - 0 1 kexec -l --debug --initrd=$I --dtb=$D --append="root=/dev/sda1 quiet" $K => root=/dev/sda1 quiet
petitboot - 0 1 kexec -l --append='\''""'\'' $K =>
petitboot - 12 0 kexec -s --initrd=$I --append="root=/dev/sda1 quiet" $K
petitboot - 12 0 kexec -s --initrd=$I --dtb=$D --append="root=/dev/sda1 quiet" $K
petitboot + 12 1 kexec -s --debug --append='\''""'\'' $K
petitboot - 14 0 kexec -e
petitboot - 14 0 kexec -e -f
buildroot - 14 0 /usr/sbin/kexec -f -e
buildroot - 0 1 kexec -d -l --dtb=/sys/firmware/fdt --reuse-cmdline --serial=ttyAMA0 --append=br-test $K => RUNNING br-test
buildroot - 14 0 kexec -d -e
systemd - 0 1 /sbin/kexec --load $K --append "root=/dev/vda1 ro" --initrd $I => root=/dev/vda1 ro
systemd - 0 1 /sbin/kexec --load $K --append "root=/dev/vda1 ro" => root=/dev/vda1 ro
systemd - 14 0 closed /sbin/kexec -e
debian-init - 0 1 /sbin/kexec -l "$K" --initrd="$I" --append="$(cat /proc/cmdline)" => ALL
debian-init - 0 1 /sbin/kexec -l "$K" --append="$(cat /proc/cmdline)" => ALL
debian-init - 14 0 /sbin/kexec -e
debian-kdump - 0 0c kexec -p --args-linux --command-line="irqpoll nr_cpus=1" --initrd=$I $K
debian-kdump c 0 1c kexec -l $K
debian-kdump + 12 1 kexec -p -s --command-line="irqpoll nr_cpus=1" --initrd=$I $K
debian-kdump + 0 1 kexec -p -u
debian-kdump c 0 0 kexec -p -u
debian-kdump c 0 0 kexec -s -p -u
fedora-kdump - 12 0 kexec -s -p --command-line="irqpoll nr_cpus=1" --initrd=$I $K
fedora-kdump + 12 1 kexec -s -d -p --command-line="irqpoll nr_cpus=1" --initrd=$I $K
fedora-kdump - 0 0c kexec -d -p --command-line="irqpoll nr_cpus=1" --initrd=$I $K
fedora-kdump + 0 1 kexec -s -p -u
suse-kdump + 0 1c /sbin/kexec -p $K --append="irqpoll nr_cpus=1" --initrd=$I -a
suse-kdump c 0 0 /sbin/kexec -a -p -u
bottlerocket + 12 1 /sbin/kexec -ps --reuse-cmdline --append "nr_cpus=1" $K
bottlerocket - 0 0c /sbin/kexec -p --reuse-cmdline --append "nr_cpus=1" $K
zfsbootmenu - 0 1 kexec -a -l $K --initrd=$I --command-line="spl.spl_hostid=0x1 root=zfs:z/r" => spl.spl_hostid=0x1 root=zfs:z/r
zfsbootmenu + 0 1 kexec -a -l $K --initrd=$I --dtb=$D --command-line="root=zfs:z/r" => root=zfs:z/r
zfsbootmenu - 14 0 kexec -e -i
grub-emu - 0 1 kexec -la $K --initrd=$I --command-line="root=/dev/sda2 ro" => root=/dev/sda2 ro
grub-emu - 0 1 kexec -la $K --command-line="root=/dev/sda2 ro" => root=/dev/sda2 ro
grub-emu - 14 0 kexec -ex
kexecboot - 0 1 env -i /sbin/kexec -d -l -c --command-line="root=/dev/mmcblk0p2" --dtb=$D --initrd=$I $K
kexecboot - 0 1 env -i /sbin/kexec -d --mem-min=0x50000000 --mem-max==0x70000000 -l --command-line="root=/dev/mmcblk0p2" --initrd=$I $K
kexecboot - 12 0 env -i /sbin/kexec -d -l -s --command-line="root=/dev/mmcblk0p2" --initrd=$I $K
kexecboot - 14 0 env -i /sbin/kexec -e
kexecboot - 14 0 env -i /sbin/kexec -e -x
nixos-images - 0 1 ./kexec --load small --kexec-syscall-auto --initrd=small.initrd --no-checks --command-line "init=/nix/store/x boot.shell_on_fail" => init=/nix/store/x boot.shell_on_fail
nixos-images - 14 0 kexec -e
nixos-images - 14 0 kexec -e --no-sync
sonic - 0 0 /sbin/kexec -u -a
sonic + 0 0 /sbin/kexec -u -a
sonic - 0 1 /sbin/kexec -l $K --initrd=$I --append="SONIC_BOOT_TYPE=warm" -a => SONIC_BOOT_TYPE=warm
sonic - 12 0 /sbin/kexec -l $K --initrd=$I --append="SONIC_BOOT_TYPE=warm" -s
sonic - 14 0 /sbin/kexec -e
transactional-update - 0 1 kexec --kexec-syscall-auto -l "$K" --initrd="$I" --reuse-cmdline => RUNNING
kexec-reboot - 0 1 kexec $K --initrd= --append= =>
kexec-reboot - 0 1 kexec $K --initrd=$I --append="root=/dev/sda1 ro" => root=/dev/sda1 ro
curtin - 0 1 kexec --load $K --append=quiet "" => quiet
curtin - 0 1 kexec --load "" $K "" --append=quiet => quiet
order - 0 1 kexec $K -l --append=one --initrd=$I => one
order - 0 1 kexec --append one --initrd $I -l $K => one
order - 0 1 kexec $K --append=one --command-line=two --load => two
order - 0 1 kexec -l -- $K --append=no => -
order - 0 1 kexec --append=one -l -- $K -e -u --append=no => one
order - 0 1 kexec -l $K /no/such/file /another --append=one => one
order - 0 1 kexec -f -l $K --append=one => one
order - 0 1 kexec -l -f $K --append=one => one
order + 0 1 kexec -u -p
order - 0 0 kexec --unload
bundle - 0 1 kexec -al $K --append=one => one
bundle - 12 0 kexec -ls $K --append=one
bundle - 0 1 kexec -lc $K --append=one => one
bundle - 0 1 kexec -dlaixy $K --append=one => one
bundle - 14 0 kexec -ef
bundle - 14 0 kexec -fex
duplicate - 0 1 kexec -l -l $K -l --append=one --append=two --initrd= --initrd=$I => two
duplicate - 0 1 kexec -a -a -c -l $K --reuse-cmdline --reuse-cmdline --append=one => RUNNING one
duplicate - 14 0 kexec -e -e
ignored - 0 1 kexec -l -t Image --type=elf-ppc64 -tImage --entry=0x0 --console-serial --console-vga --dt-no-old-root --no-cma --force-dtb --hotplug --elf64-core-headers --append=one $K => one
wrong - 2 0 kexec -c -s -l $K
wrong - 2 0 kexec -l
wrong + 2 1 kexec -l -e $K
wrong + 2 1 kexec -l --no-such-option $K
wrong + 2 1 kexec -l $K --initrd=$I --append
wrong + 3 1 kexec -l /no/such/kernel
wrong + 3 1 kexec -l $K --initrd=/no/such/initrd
'
vectors=$(sed '/^$/d' <<<"$vector_table")
arches=(arm64 ppc64le)

# of ARCH: its words.
of() {
	arch=$1 bin=$bin_dir/$1/kexec-lite
	case $1 in
	arm64) machine=virt console=ttyAMA0 qemu=() image=$plans/image ;;
	ppc64le) machine=pseries console=hvc0 qemu=(-machine x-vof=on) image=$plans/ppc64/image ;;
	esac
}

append_of() { printf 'console=%s panic=-1 quiet lab.stage=%s word="two  words -- here"' "$console" "$1"; }

# One boot per architecture, a chain of three kernels; see tests/guest/callers.
boot_callers() {
	local dir=$run_dir/$1 kernel both
	of "${1#callers-}"
	kernel=$("$lab/kernel" "$arch-6.1")
	both=("$lab/report:lab/report" "$top/tests/guest/callers:lab/run")
	append_of second >"$dir/append.second"
	append_of third >"$dir/append.third"
	python3 "$image" "$dir/small"
	head -c 100000 /dev/zero >"$dir/small.initrd"
	# CALLER BEFORE CODE AFTER WORDS [=> COMMAND LINE]  to  BEFORE, a tab, WORDS
	sed -E 's/^[^ ]+ ([-+c]) [0-9]+ [01]c? /\1\t/; s/ =>.*//' <<<"$vectors" >"$dir/vectors"
	"$lab/initramfs" "$arch" "$dir/third.cpio" "${both[@]}"
	both+=("$bin:sbin/kexec-lite" "$kernel:boot/Image" "$dir/small:boot/small"
		"$dir/small.initrd:boot/small.initrd")
	"$lab/initramfs" "$arch" "$dir/second.cpio" "${both[@]}" "$dir/third.cpio:boot/initrd" \
		"$dir/append.third:boot/append"
	"$lab/initramfs" "$arch" "$dir/run.cpio" "${both[@]}" "$dir/second.cpio:boot/initrd" \
		"$dir/append.second:boot/append" "$dir/vectors:boot/vectors"
	"$lab/run" "$machine" "$kernel" "$dir/run.cpio" \
		'quiet crashkernel=128M BOOT_IMAGE=/boot/vmlinuz word="two  words -- here"' "$dir/log" "${qemu[@]}"
}

in_guest() {
	of "$1"
	log=$run_dir/callers-$1/log
	once "callers-$1" boot_callers
}

# last STAGE STEP: the last line that it left on stderr.
last() { of_stage "$1" | sed -n "s/^STEP-LAST $2 //p"; }

# last_line CODE: what the last line must be, as a pattern.
last_line() {
	case $1 in
	0) echo '*' ;;
	2) echo 'kexec-lite: nothing was done: see kexec-lite --help' ;;
	3) echo 'kexec-lite: cannot open @(kernel|initrd) /no/such/@(kernel|initrd): No such file or directory' ;;
	12) echo "kexec-lite: cannot load a kernel: the running kernel $(fact run kernel) has no kexec_file_load" ;;
	14) echo 'kexec-lite: nothing was started: load a kernel first, with kexec-lite --load' ;;
	esac
}

# json TEXT: as the plan writes it.
json() {
	local text=${1//\\/\\\\}
	printf '"%s"' "${text//\"/\\\"}"
}

# checked N CODE AFTER WORDS [=> COMMAND LINE]: line N of the table, in the guest of $arch.
checked() {
	local what="$arch, ${*:4}" got want line running all bytes pattern
	got=$(step run "v$1")
	bytes=$(sed -E 's/.* last=([0-9]+) .*/\1/' <<<"$got")
	line=$(last run "v$1")
	same "$what" "$(sed -E 's/ last=[0-9]+ / /' <<<"$got")" "rc=$2 stdout=0 loaded=$3"
	((bytes <= 200)) || fail_with "$what: the last line has $bytes bytes"
	(($2 == 0 || bytes > 0)) || fail_with "$what: failed without a word"
	pattern=$(last_line "$2")
	shopt -s extglob
	# shellcheck disable=SC2053  # a pattern
	[[ $line = $pattern ]] || fail_with "$what: the last line is '$line'"
	[[ $4 = *" =>"* ]] || return 0
	all=$(fact run cmdline)
	running=${all/ BOOT_IMAGE=\/boot\/vmlinuz/}
	want=${4##* =>} want=${want# }
	[[ $want != - ]] || want=
	want=${want/#RUNNING/$running} want=${want/#ALL/$all}
	got=$(of_stage run | sed -n "s/^STEP-CMDLINE v$1 //p")
	same "command line, $what" "$got" "$(json "$want")"
}

# vectors_of CALLER: all its lines, in both guests.
vectors_of() {
	local n=0 count=0 wrong=0 caller before code after words a
	for a in "${arches[@]}"; do
		in_guest "$a"
		n=0
		while read -r caller before code after words; do
			n=$((n + 1))
			[[ $caller = "$1" ]] || continue
			count=$((count + 1))
			checked "$n" "$code" "$after" "$words" || wrong=$((wrong + 1))
		done <<<"$vectors"
	done
	((count && !wrong)) || fail_with "$wrong of $count wrong"
}

@test "petitboot" { vectors_of petitboot; }
@test "buildroot" { vectors_of buildroot; }
@test "systemd" { vectors_of systemd; }
@test "Debian's init scripts" { vectors_of debian-init; }
@test "Debian's kdump-tools" { vectors_of debian-kdump; }
@test "Fedora's kdump" { vectors_of fedora-kdump; }
@test "SUSE's kdump" { vectors_of suse-kdump; }
@test "Bottlerocket" { vectors_of bottlerocket; }
@test "zfsbootmenu" { vectors_of zfsbootmenu; }
@test "grub-emu" { vectors_of grub-emu; }
@test "kexecboot" { vectors_of kexecboot; }
@test "nixos-images" { vectors_of nixos-images; }
@test "SONiC" { vectors_of sonic; }
@test "transactional-update" { vectors_of transactional-update; }
@test "kexec-reboot" { vectors_of kexec-reboot; }
@test "curtin's empty operand" { vectors_of curtin; }
@test "options in any order" { vectors_of order; }
@test "bundles of letters" { vectors_of bundle; }
@test "options given twice" { vectors_of duplicate; }
@test "options that mean nothing here" { vectors_of ignored; }
@test "wrong words leave the kernel that was loaded before" { vectors_of wrong; }

@test "every line of the table belongs to a test" {
	local callers tests
	callers=$(cut -d ' ' -f 1 <<<"$vectors" | sort -u)
	tests=$(sed -nE 's/^@test .*\{ vectors_of ([a-z-]+); \}$/\1/p' "$BATS_TEST_FILENAME" | sort -u)
	same callers "$callers" "$tests"
}

@test "only a kernel without any action word runs shutdown -r now" {
	local a said n
	for a in "${arches[@]}"; do
		in_guest "$a"
		said=$(of_stage run | sed -n 's/^STEP-SHUTDOWN v//p')
		n=$(awk '$1 == "kexec-reboot" { printf "%s%d -r now", n++ ? "\n" : "", NR }' <<<"$vectors")
		same "shutdown on $a" "$said" "$n"
	done
}

@test "without a shutdown program the kernel stays loaded, and the last line says so" {
	local a
	for a in "${arches[@]}"; do
		in_guest "$a"
		[[ $(step run no-shutdown) = "rc=3 stdout=0 last="*" loaded=1" ]] ||
			fail_with "$a: $(step run no-shutdown)"
		same "last line on $a" "$(last run no-shutdown)" \
			"kexec-lite: the kernel is loaded: kexec-lite -e starts it, --unload forgets it"
	done
}

@test "kexec --version answers on stdout" {
	local a
	for a in "${arches[@]}"; do
		in_guest "$a"
		[[ $(step run version) = "rc=0 stdout="*" last=0 loaded=0" ]]
		[[ $(of_stage run | grep '^STEP-STDOUT version ') = "STEP-STDOUT version kexec-lite "* ]]
	done
}

@test "arm64: systemd loads, systemd-shutdown execs with all files closed" {
	in_guest arm64
	same load "$(step run systemd)" "rc=0 stdout=0 last=0 loaded=1"
	same "after the jump" "$(step run returned)" ""
	same "command line" "$(fact second cmdline)" "$(append_of second)"
	same CPUs "$(fact second cpus_online)" "$(fact run cpus_online)"
}

@test "ppc64: petitboot loads with an empty environment, unlinks, execs with -f -e" {
	in_guest ppc64le
	same load "$(step run petitboot)" "rc=0 stdout=0 last=0 loaded=1"
	same "after the jump" "$(step run returned)" ""
	same "command line" "$(fact second cmdline)" "$(append_of second)"
	same CPUs "$(fact second cpus_online)" "$(fact run cpus_online)"
}

# without KIND: the steps of the second kernel.
without() {
	local a
	for a in "${arches[@]}"; do
		in_guest "$a"
		same "$a, status" "$(step second "$1-status")" "rc=0 stdout=0 last=0 loaded=0"
		[[ $(step second "$1-exec") = "rc=14 stdout=0 last="*" loaded=0" ]] ||
			fail_with "$a, exec: $(step second "$1-exec")"
		same "$a, load" "$(step second "$1-load")" "rc=0 stdout=0 last=0 loaded=1"
		same "$a, status" "$(step second "$1-loaded")" "rc=1 stdout=0 last=0 loaded=1"
		same "$a, unload" "$(step second "$1-unload")" "rc=0 stdout=0 last=0 loaded=0"
	done
}

@test "no open files: status, exec, load and unload answer" { without closed; }
@test "no environment, no PATH: status, exec, load and unload answer" { without empty; }

@test "a root with nothing but the program: help and unload" {
	local a
	for a in "${arches[@]}"; do
		in_guest "$a"
		[[ $(step second bare-help) = "rc=0 stdout="*" last=0 loaded=0" ]] ||
			fail_with "$a: $(step second bare-help)"
		same "$a, unload" "$(step second bare-unload)" "rc=0 stdout=0 last=0 loaded=0"
	done
}

@test "a root with nothing but the program: a load says what is missing" {
	local a
	for a in "${arches[@]}"; do
		in_guest "$a"
		[[ $(step second bare-load) = "rc=15 stdout=0 last="*" loaded=1" ]] ||
			fail_with "$a: $(step second bare-load)"
		[[ $(last second bare-load) = *"/proc/"* || $(last second bare-load) = *"/sys/"* ]] ||
			fail_with "$a: $(last second bare-load)"
	done
}

@test "a root with nothing but the program: status does not say that nothing is loaded" {
	local a
	for a in "${arches[@]}"; do
		in_guest "$a"
		[[ $(step second bare-status) = "rc=255 stdout=0 last="*" loaded=1" ]] ||
			fail_with "$a: $(step second bare-status)"
	done
}

@test "a root with nothing but the program: exec with nothing loaded fails" {
	local a
	for a in "${arches[@]}"; do
		in_guest "$a"
		[[ $(step second bare-exec-nothing) = rc=1[34]" stdout=0 last="*" loaded=0" ]] ||
			fail_with "$a: $(step second bare-exec-nothing)"
	done
}

@test "a root with nothing but the program: exec starts what is loaded" {
	local a
	for a in "${arches[@]}"; do
		in_guest "$a"
		same "$a, load" "$(step second load)" "rc=0 stdout=0 last=0 loaded=1"
		same "$a, exec that came back" "$(step second returned)" ""
		same "$a, command line" "$(fact third cmdline)" "$(append_of third)"
	done
}
