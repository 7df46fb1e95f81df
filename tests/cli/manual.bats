#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# What users read: the manual page and the program say the same; the completion and the recipes work.

# shellcheck disable=SC2154  # helpers.bash and bats set these
load ../helpers

page=$top/doc/kexec-lite.8
recipes=$top/doc/recipes.md

# section NAME: its text, one line per paragraph, no bold.
section() {
	mandoc -T ascii -O width=990 "$page" | sed 's/.\x08//g' |
		awk -v name="$1" '/^[A-Z]/ { on = $0 == name; next } on'
}

# options: what stands at the start of an entry of OPTIONS, one a line, without values.
page_options() {
	section OPTIONS | sed -nE '/^ {5,8}-/s/(,|$)/\n/gp' | sed -nE 's/^ *(--?[A-Za-z0-9?-]+).*/\1/p' | sort -u
}

# The table of src/options.c: name, letter or 0, kind.
table() {
	sed -nE "s/^\t\{ \"([a-z0-9-]+)\", '?(.)'?, ([A-Z_]+), .*/\1 \2 \3/p" "$top/src/options.c"
}

table_options() {
	table | awk '{ print "--" $1 } $2 != "0" { print "-" $2 }' | sort -u
}

# header_codes: the numbers in enum code.
header_codes() {
	sed -nE 's/^\t[A-Z_]+ = ([0-9]+),.*/\1/p' "$top/src/base/error.h"
}

# block TEXT: the first fenced block of the recipes after a line with TEXT.
block() {
	awk -v after="$1" 'index($0, after) { on = 1 }
		on && /^```/ { if (inside) exit; inside = 1; next }
		inside' "$recipes"
}

@test "the page renders without warnings" {
	run mandoc -T lint "$page"
	same "what mandoc says" "$output" ""
	run groff -ww -man -z "$page"
	same status "$status" 0
	same "what groff says" "$output" ""
}

@test "the page names the program's version, and every section there should be" {
	local name
	make -s -C "$top" BUILD="$BATS_TEST_TMPDIR" "$BATS_TEST_TMPDIR/kexec-lite.8"
	same version "$(sed -nE 's/^\.TH .*"(kexec-lite [0-9.]+)".*/\1/p' "$BATS_TEST_TMPDIR/kexec-lite.8")" \
		"$("$host_bin" --version)"
	for name in NAME SYNOPSIS DESCRIPTION OPTIONS "EXIT STATUS" FILES DIAGNOSTICS SECURITY EXAMPLES \
		"COMING FROM KEXEC-TOOLS" "SEE ALSO"; do
		[[ -n $(section "$name") ]] || fail_with "no $name"
	done
}

@test "every option of the program is in the page, and the other way round" {
	(($(table | wc -l) >= 40))
	same "lines of the table that this test does not read" \
		"$(sed -n '/^} table/,/^};/p' "$top/src/options.c" | grep -c '^	{')" "$(table | wc -l)"
	diff <(table_options) <(page_options)
}

# not_there: the options of kexec-tools that the page says are errors
not_there() {
	section "COMING FROM KEXEC-TOOLS" | grep -B 1 'are errors' | grep -oE -- '--[a-z-]+'
}

@test "every option that the page names anywhere is accepted" {
	local option n=0
	while read -r option; do
		n=$((n + 1))
		# x: a value, or the kernel
		run "$host_bin" "$option" x --help
		if not_there | grep -qxF -- "$option"; then
			[[ $output = *"unknown option: $option"* ]] || fail_with "$option is said not to be there"
			continue
		fi
		[[ $output != *"unknown option"* ]] || fail_with "$option"
		same "status of $option" "$status" 0
	done < <(mandoc -T ascii -O width=990 "$page" | sed 's/.\x08//g; s/shutdown -r now//g' |
		grep -oE '(^|[ (,[])--?[a-zA-Z0-9?][a-z0-9-]*' | sed 's/^[^-]//' | sort -u)
	((n >= 50)) || fail_with "$n options"
}

@test "every option of kexec-tools for these machines is accepted, or is one that the page says is not there" {
	local file option n=0
	(($(not_there | wc -l) >= 4))
	for file in $("$lab/peer" arm64) $("$lab/peer" ppc64le); do
		[[ $file != *:sbin/kexec ]] || strings "${file%%:*}"
	done | grep -oE '^ +(-[a-zA-Z], )?--[a-z0-9-]+' | grep -oE -- '--?[a-zA-Z0-9-]+' | sort -u >"$BATS_TEST_TMPDIR/theirs"
	while read -r option; do
		n=$((n + 1))
		if not_there | grep -qxF -- "$option"; then continue; fi
		table_options | grep -qxF -- "$option" || fail_with "$option"
	done <"$BATS_TEST_TMPDIR/theirs"
	((n >= 45)) || fail_with "$n options"
}

# examples: the command lines of EXAMPLES, one a line
examples() {
	sed -n '/^\.SH EXAMPLES/,/^\.SH "COMING/p' "$page" | sed -n '/^\.EX/,/^\.EE/p' | grep -v '^\.' |
		sed 's/\\-/-/g; s/ && /\n/; s/^cat [^|]*| //'
}

@test "examples: each load plans, and the others' words are the program's" {
	local line machine n=0
	make_image "$BATS_TEST_TMPDIR/vmlinuz"
	truncate -s 5M "$BATS_TEST_TMPDIR/initrd.img"
	cp -r "$machines/server" "$BATS_TEST_TMPDIR/server"
	cd "$BATS_TEST_TMPDIR"
	dtc -q -@ -I dts -O dtb -o board.dtbo - \
		<<<'/dts-v1/; /plugin/; / { fragment@0 { target-path = "/"; __overlay__ { word; }; }; };'
	examples >lines
	while read -r line; do
		[[ $line = kexec-lite* ]] || continue
		n=$((n + 1))
		machine=server
		[[ $line != *" -p "* ]] || machine=arm64-crash
		line=${line#kexec-lite } line=${line//\/boot\//}
		[[ $line = *--root=* ]] || line+=" --root=$machines/$machine"
		case $line in
		*vmlinuz* | *" - "*) line="--plan $line" ;;
		*) line="${line% --root=*} --help" ;;
		esac
		eval "set -- $line"
		run "$host_bin" "$@" <vmlinuz
		same "status of $line" "$status" 0
	done <lines
	((n >= 11)) || fail_with "$n examples"
}

@test "values: the page gives one to the options that take one, and to no other" {
	local name kind
	while read -r name _ kind; do
		run grep -cE -- "^ {5,8}(.*[ ,])?--$name=[A-Z]+" <(section OPTIONS)
		case $kind in
		VALUE | LIST | IGNORED_VALUE) same "value of --$name" "$output" 1 ;;
		*) same "value of --$name" "$output" 0 ;;
		esac
	done < <(table)
}

@test "the options without an effect are those of the list" {
	diff <(table | awk '$3 ~ /^IGNORED/ { print "--" $1 }' | sort) \
		<(section OPTIONS | sed -n '/^ *Accepted and ignored/,$p' | grep -oE '^ {5,8}-.*' |
			grep -oE -- '--[a-z0-9-]+' | sort -u)
}

@test "every exit code is in the page and in error.h" {
	(($(header_codes | wc -l) >= 16))
	# 255: --status, which is kexec-tools' own
	diff <({ header_codes && echo 255; } | sort -n) \
		<(section "EXIT STATUS" | sed -nE 's/^ +([0-9]+)( .*|$)/\1/p' | sort -n)
}

@test "every file that the page says is read is named in the sources" {
	local file n=0
	while read -r file; do
		n=$((n + 1))
		grep -rqF -- "${file#/}" "$top/src" || fail_with "$file"
	done < <(section FILES | sed -nE 's/^ {5,8}(\/[a-z0-9_/]+)$/\1/p')
	((n >= 15)) || fail_with "$n files"
}

# literals: the sources in one line, strings that the compiler joins joined, and a name's length and
# bytes as one.
literals() {
	find "$top/src" "$top/arch" "$top/dt" -name '*.c' -exec cat {} + | tr '\n\t' '  ' |
		sed -E 's/" +"//g; s/%[.][*]s/%s/g'
}

# What the page shows with an example, as the sources have it.
as_format() {
	sed -E 's/\b[0-9]+ [KMG]iB/%s/g; s/0x[0-9a-f]+/0x%llx/; s/FILE$/%s/
		s/\(integrity\)/(%s)/; s/limit_reboot/limit_%s/; s/no zstd/no %s/; s/label uart0/label %s/; s/^it swapped/swapped/; s/\(lzma\)/(%s)/; s/: IMA.s measurements:/: %s:/'
}

# whole SENTENCE: the sources have a string that ends with it.
whole() { grep -qF -- "$1\"" "$BATS_TEST_TMPDIR/literals"; }

@test "the sentences of DIAGNOSTICS are the program's, to the end" {
	local sentence n=0
	literals >"$BATS_TEST_TMPDIR/literals"
	while read -r sentence; do
		n=$((n + 1))
		whole "$sentence" || fail_with "$sentence"
	done < <(section DIAGNOSTICS | sed -nE 's/^ {5,8}(\.\.\.|warning:) //p' | as_format)
	((n >= 18)) || fail_with "$n sentences"
	run whole "kernel.kexec_load_disabled is"
	same "status for half of one" "$status" 1
}

@test "commands in README.md and recipes.md: their options are the program's" {
	local option n=0
	while read -r option; do
		n=$((n + 1))
		table_options | grep -qxF -- "$option" || fail_with "$option"
	done < <(grep -hoE 'kexec-lite -.*' "$top/README.md" "$recipes" | sed 's/[`#;&].*//' |
		grep -oE ' --?[a-z0-9][a-z0-9-]*' | tr -d ' ' | sort -u)
	((n >= 6)) || fail_with "$n options"
}

# boots: MACHINE, k for a kexec or c for a crash, kernels; as the tests' tables have them. Each is sourced
# apart: they have the same names.
boots() {
	awk 'NF { line = $2 " k "; for (i = 4; i <= NF; i++) line = line (i > 4 ? " to " : "") substr($i, 7); print line }' \
		<<<"$boot_table"
	(load ../guest/helpers-ppc64 && awk 'NF && $3 !~ /probe/ { gsub(",", " to ", $3); print $2, "k", $3 }' <<<"$boot_table")
	(load ../guest/helpers-crash && awk 'NF { print $3, "c", $4 " to " $5 }' <<<"$crash_table")
}

# of_kind k|c MACHINE: its boots of that kind, each once, as the page lists them
of_kind() { awk -v k="$1" -v m="$2" '$1 == m && $2 == k && !seen[$0]++ { sub(/^[^ ]+ . /, ""); print }' <<<"$booted" | paste -sd';' | sed 's/;/; /g'; }

@test "what was booted: the machines and kernels of testing.md are those of the tables" {
	local booted machine kexec crash
	booted=$(boots)
	(($(wc -l <<<"$booted") > 25))
	sed -n '/^## What was booted/,/^| kernel/s/^| `//p' "$top/doc/testing.md" | sed -E 's/` \| [^|]* \|/|/; s/ *\| */|/g' \
		>"$BATS_TEST_TMPDIR/page"
	while IFS='|' read -r machine kexec crash _; do
		same "kexecs on $machine" "$kexec" "$(of_kind k "$machine")"
		same "crashes on $machine" "$crash" "$(of_kind c "$machine")"
	done <"$BATS_TEST_TMPDIR/page"
	same machines "$(cut -d '|' -f 1 "$BATS_TEST_TMPDIR/page" | sort)" "$(cut -d ' ' -f 1 <<<"$booted" | sort -u)"
}

# complete WORD...: what the completion offers for the last word.
complete() {
	bash -c '. "$1" && shift && COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) && _kexec_lite &&
		((${#COMPREPLY[@]} == 0)) || printf "%s\n" "${COMPREPLY[@]}"' - "$top/doc/kexec-lite.bash" "$@"
}

@test "completion: sources, options and files" {
	cd "$BATS_TEST_TMPDIR" || return
	run bash -eu "$top/doc/kexec-lite.bash"
	same status "$status" 0
	same output "$output" ""
	touch Image initrd "a file"
	mkdir machine
	same --in "$(complete kexec-lite --in)" --initrd
	same "-l, a file" "$(complete kexec-lite -l Im)" Image
	same "a value" "$(complete kexec-lite --initrd in)" initrd
	same "a value after =" "$(complete kexec-lite --initrd = in)" initrd
	same "nothing after = yet" "$(complete kexec-lite --initrd = | wc -l)" 4
	same "a file with a space" "$(complete kexec-lite a)" "a file"
	same "directories" "$(complete kexec-lite --root = "")" machine
	same --plan= "$(complete kexec-lite --plan = j)" json
	same "a kernel after --plan" "$(complete kexec-lite --plan Im)" Image
	same "no files for text" "$(complete kexec-lite --append = "")" ""
	same "as kexec" "$(bash -c '. "$1"; complete -p kexec' - "$top/doc/kexec-lite.bash")" \
		"complete -F _kexec_lite kexec"
}

@test "completion: the options of --help, and no other" {
	diff <("$host_bin" --help | sed -nE 's/^  ..  (--[a-z-]+).*/\1/p' | sort) <(complete kexec-lite -- | sort)
}

@test "recipes: the unit" {
	block kexec-lite.service >"$BATS_TEST_TMPDIR/kexec-lite.service"
	grep -qx 'Before=systemd-kexec.service .*' "$BATS_TEST_TMPDIR/kexec-lite.service"
	command -v systemd-analyze >/dev/null || return 0
	# the program need not be installed for this
	sed -i "s#/usr/sbin/kexec-lite#$host_bin#" "$BATS_TEST_TMPDIR/kexec-lite.service"
	run systemd-analyze verify --man=no "$BATS_TEST_TMPDIR/kexec-lite.service"
	same output "$output" ""
	same status "$status" 0
}

# released FILE: stands for the released program, which is static, whatever this build's is.
released() {
	mkdir -p "${1%/*}"
	gcc -static -x c -o "$1" - <<<'int main(void) { return 0; }'
}

@test "recipes: the initramfs-tools hook copies one file" {
	local dir=$BATS_TEST_TMPDIR root
	root=$("$lab/packages" initramfs-tools)
	block /etc/initramfs-tools/hooks >"$dir/hook"
	shellcheck -e SC1091 "$dir/hook"
	same prerequisites "$(sh "$dir/hook" prereqs)" ""
	released "$dir/here/kexec-lite"
	sed -i "s#/usr/share#$root&#; s#/usr/sbin#$dir/here#" "$dir/hook"
	DESTDIR=$dir/initramfs verbose=n sh "$dir/hook"
	same files "$(cd "$dir/initramfs" && find . -type f)" ".$dir/here/kexec-lite"
	cmp "$dir/here/kexec-lite" "$dir/initramfs$dir/here/kexec-lite"
}

@test "recipes: the dracut module installs the program, and as kexec" {
	local dir=$BATS_TEST_TMPDIR root
	root=$("$lab/packages" dracut)
	mkdir "$dir/initramfs"
	block 90kexec-lite/module-setup.sh >"$dir/module-setup.sh"
	shellcheck -e SC2154 "$dir/module-setup.sh"
	released "$dir/root/usr/sbin/kexec-lite"
	cat >"$dir/dracut" <<-END
		initdir=$dir/initramfs dracutsysrootdir=$dir/root moddir=$dir/90kexec-lite
		dracutbasedir=$root/usr/lib/dracut DRACUT_INSTALL=$root/usr/lib/dracut/dracut-install
		DRACUT_PATH='/usr/sbin /usr/bin' stdloglvl=3 sysloglvl=0 fileloglvl=0 kmsgloglvl=0
		. \$dracutbasedir/dracut-init.sh
		. $dir/module-setup.sh
		check; echo check \$?
		install; echo install \$?
	END
	run bash "$dir/dracut"
	same output "$output" "check 255
install 0"
	same files "$(cd "$dir/initramfs" && find . -name 'kexec*' | sort)" "./usr/sbin/kexec
./usr/sbin/kexec-lite"
	cmp "$dir/root/usr/sbin/kexec-lite" "$dir/initramfs/usr/sbin/kexec"
}
