#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# The command line: what is accepted, what is refused, where things are printed.

# shellcheck disable=SC2154  # helpers.bash and bats set these
load ../helpers
bats_require_minimum_version 1.5.0

setup_file() {
	make_image "$BATS_FILE_TMPDIR/Image"
	head -c 4096 /dev/zero >"$BATS_FILE_TMPDIR/initrd"
	cp "$machines/virt-6.1/sys/firmware/fdt" "$BATS_FILE_TMPDIR/tree"
}

setup() {
	cd "$BATS_FILE_TMPDIR" || return
	root=$machines/virt-6.1
}

# cmdline ARGUMENT...: the command line of the plan that these options make.
cmdline() {
	"$host_bin" --plan=json --root "$root" "$@" | jq -r .cmdline
}

@test "help goes to stdout, fits 80 columns, and names every action" {
	run --separate-stderr "$host_bin" --help
	same status "$status" 0
	same stderr "$stderr" ""
	local word
	for word in --load --exec --unload --status --plan --root --capture --initrd --append --dtb; do
		[[ $output = *" $word"* ]]
	done
	[[ -z $(awk 'length > 80' <<<"$output") ]]
	same "-h" "$("$host_bin" -h)" "$output"
}

@test "a limit of file sizes is an error, not the end of the program" {
	run bash -c 'ulimit -f 1; exec "$@"' - "$host_bin" --plan --dump-dtb "$BATS_TEST_TMPDIR/tree" --root "$root" Image
	same status "$status" 3
	[[ $output = "kexec-lite: cannot write a file: File too large: "*/tree ]] || fail_with "$output"
	# a kernel that is unpacked for kexec_file_load is a file in memory
	gzip -c Image >Image.gz
	run bash -c 'ulimit -f 1; exec "$@"' - "$host_bin" -s --plan=json --root "$machines/virt-lpi" Image.gz
	same status "$status" 0
}

@test "every option that help names is accepted" {
	local option value n=0
	while read -r option value; do
		n=$((n + 1))
		run "$host_bin" "--$option${value:+=x}" --help
		same "status of --$option" "$status" 0
		if [[ -n $value ]]; then
			run "$host_bin" "--$option" x --help
			same "status of --$option x" "$status" 0
		fi
	done < <("$host_bin" --help | sed -nE 's/^  ..  --([a-z-]+)(=([A-Z]+))?.*/\1 \3/p')
	((n >= 15))
	for option in $("$host_bin" --help | sed -nE 's/^  (-.)  --.*/\1/p'); do
		run "$host_bin" "$option" --help
		same "status of $option" "$status" 0
	done
}

@test "version is one line on stdout" {
	run --separate-stderr "$host_bin" --version
	same status "$status" 0
	[[ $output =~ ^kexec-lite\ [0-9]+\.[0-9]+(\.[0-9]+)?$ ]] || fail_with "version: $output"
	same "-v" "$("$host_bin" -v)" "$output"
}

@test "nothing to do, and no kernel to load" {
	run "$host_bin"
	refused 2 "load a kernel: no file given" "nothing was done: see kexec-lite --help"
	run "$host_bin" --initrd=initrd
	same status "$status" 2
	run "$host_bin" --load
	refused 2 "load a kernel: no file given" "nothing was done: see kexec-lite --help"
	run "$host_bin" --plan
	refused 2 "load a kernel: no file given" "nothing was done: see kexec-lite --help"
}

@test "unknown options, missing and unwanted values" {
	run "$host_bin" --nonsense Image
	refused 2 "read the options: unknown option: --nonsense" "nothing was done: see kexec-lite --help"
	run "$host_bin" -lZ Image
	refused 2 "read the options: unknown option: -Z" "nothing was done: see kexec-lite --help"
	run "$host_bin" -l Image --initrd
	refused 2 "read the options: a value is missing: --initrd" "nothing was done: see kexec-lite --help"
	run "$host_bin" --load=yes Image
	refused 2 "read the options: not a value for it: --load" "nothing was done: see kexec-lite --help"
	run "$host_bin" --plan=xml Image
	refused 2 "read the options: not a value for it: --plan" "nothing was done: see kexec-lite --help"
	run "$host_bin" --plan --root "$root" --seed xyz Image
	same status "$status" 2
	[[ ${lines[0]} = "kexec-lite: cannot read the options: --seed takes "* ]]
}

@test "more than one action" {
	local two
	for two in "-l -e" "-e -u" "-e -S" "-u -l" "-le" "-lSu"; do
		# shellcheck disable=SC2086  # two words
		run "$host_bin" $two Image
		refused 2 "read the options: more than one action" "nothing was done: see kexec-lite --help"
	done
}

@test "root and dump-dtb are for plans" {
	run "$host_bin" -l --root "$root" Image
	refused 2 "read the options: --root, --dump-dtb need --plan" "nothing was done: see kexec-lite --help"
	run "$host_bin" -l --dump-dtb out Image
	same status "$status" 2
	[[ ! -e out ]]
}

@test "--opt=V and --opt V, options and operands in any order, --" {
	local want
	want=$("$host_bin" --plan=json --seed 00 --root "$root" --initrd=initrd --append="a b" --dtb=tree Image)
	same "separate words" "$("$host_bin" Image --append "a b" --initrd initrd --plan=json --dtb tree --root "$root" --seed 00)" "$want"
	same "other names" "$("$host_bin" --plan=json --seed=00 --ramdisk=initrd --command-line="a b" --devicetreeblob=tree --root="$root" -- Image)" "$want"
	same "bundle" "$("$host_bin" -ld --plan=json --seed=00 --root="$root" --initrd=initrd --append="a b" --dtb=tree Image "" other)" "$want"
}

@test "the last --append wins; none means an empty command line" {
	same "two" "$(cmdline --append=one --append=two Image)" two
	same "none" "$(cmdline Image)" ""
	same "empty" "$(cmdline --append= Image)" ""
}

@test "--reuse-cmdline takes the running kernel's words, without BOOT_IMAGE" {
	same "reused" "$(root=$machines/server cmdline --reuse-cmdline Image)" "root=/dev/sda2 ro crashkernel=512M"
	same "with more" "$(root=$machines/server cmdline --append=more --reuse-cmdline Image)" \
		"root=/dev/sda2 ro crashkernel=512M more"
}

@test "the tree that --dump-dtb writes is the one of the plan" {
	"$host_bin" --plan=json --root "$root" --seed 0102 --initrd=initrd --append="a b" --dump-dtb out Image >plan.json
	same bytes "$(wc -c <out)" "$(jq '.segments[] | select(.piece == "tree").bytes' plan.json)"
	same bootargs "$(fdtget out /chosen bootargs)" "a b"
	same kaslr-seed "$(fdtget -t bx out /chosen kaslr-seed)" "1 2 0 0 0 0 0 0"
}

@test "without --seed two plans have different seeds" {
	"$host_bin" --plan=json --root "$root" --dump-dtb one Image >one.json
	"$host_bin" --plan=json --root "$root" --dump-dtb two Image >two.json
	cmp one.json two.json
	[[ $(fdtget -t bx one /chosen kaslr-seed) != "$(fdtget -t bx two /chosen kaslr-seed)" ]]
	[[ $(fdtget -t bx one /chosen rng-seed) != "$(fdtget -t bx two /chosen rng-seed)" ]]
}

@test "a plan is on stdout, and stderr is silent" {
	run --separate-stderr "$host_bin" --plan --root "$root" Image
	same status "$status" 0
	same stderr "$stderr" ""
	[[ -n $output ]]
}

@test "closed stdin, stdout and stderr, an empty environment" {
	"$host_bin" --plan --root "$root" Image <&- >out
	[[ -s out ]]
	"$host_bin" --plan=json --root "$root" --dump-dtb tree.out Image <&- >&- 2>&- || true
	# What it opens must not become its stdout: the tree stays a tree.
	if [[ -e tree.out ]]; then fdtget tree.out /chosen kaslr-seed; fi
	local rc=0
	"$host_bin" --plan --root "$root" none <&- >&- 2>&- || rc=$?
	same status "$rc" 3
	env -i "$host_bin" --plan --root "$root" Image >out
	[[ -s out ]]
}

@test "a plan that cannot be written is not a success" {
	local rc=0
	"$host_bin" --plan --root "$root" Image >/dev/full || rc=$?
	((rc != 0)) || fail_with "stdout was /dev/full, and the exit code 0"
}

@test "guest: the exit codes of --status, silent without a terminal" {
	boot virt-6.1
	same none "$(step run status-none)" "rc=0 stdout=0 stderr=0 loaded=0"
	same loaded "$(step run status-loaded)" "rc=1 stdout=0 stderr=0 loaded=1"
}
