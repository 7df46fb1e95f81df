#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# The layers of the code: a layer includes only itself and layers below it, includes start at the
# root and never climb, and only src/ itself and src/sys/ see the operating system. Each check is
# also shown to fail.

setup() { cd "$BATS_TEST_DIRNAME/../.." || return; }

# From the ground up.
floors='src/base dt src/formats src/plan arch src/sys src'

# floor FILE: the number of its floor; files of a target are on the floor arch.
floor() {
	local dir=${1%/*} n=0 f
	[[ $dir != arch/* ]] || dir=arch
	for f in $floors; do
		n=$((n + 1))
		if [[ $f == "$dir" ]]; then echo $n; return; fi
	done
	echo "no floor: $1" >&2
	return 1
}

# includes FILE: what it includes in quotes but stub_words.h, which is in its own folder.
includes() { sed -nE 's/^[[:space:]]*#[[:space:]]*include[[:space:]]+"([^"]+)".*/\1/p' "$1" | grep -v '^stub_words\.h$' || true; }

# climbers DIR: includes that do not start at the root, or lead to a floor above
climbers() {
	local file header mine its
	while read -r file; do
		mine=$(floor "${file#"$1"/}") || { echo "$file is on no floor"; continue; }
		while read -r header; do
			if [[ ! -e $1/$header ]]; then echo "$file: $header is not a path from the root"; continue; fi
			its=$(floor "$header") || { echo "$file: $header is on no floor"; continue; }
			((its <= mine)) || echo "$file: $header is above it"
			# a target knows no other target
			[[ $file != */arch/*/* || $header != arch/*/* || ${file%/*} == */${header%/*} ]] || echo "$file: $header is another target's"
		done < <(includes "$file")
	done < <(find "$1"/src "$1"/dt "$1"/arch -name '*.[ch]')
}

# seers DIR: pure files that include a header of the operating system
seers() {
	grep -rnE --include='*.[ch]' \
		'^[[:space:]]*#[[:space:]]*include[[:space:]]*<(sys/|unistd|fcntl|stdio|errno|dirent|sched|net/|linux/|time|signal|pthread|elf\.h|err\.h)' \
		"$1"/src/base "$1"/dt "$1"/src/formats "$1"/src/plan "$1"/arch || true
}

@test "every file is on a floor, and includes its own and those below" {
	run climbers .
	echo "$output"
	[[ $status -eq 0 && -z $output ]]
}

@test "that check fails for an include that climbs, one from beside it, another target's, a file in the yard" {
	local line
	cp -r src dt arch "$BATS_TEST_TMPDIR"
	for line in src/base/range.c:src/plan/plan.h dt/tree.c:src/formats/pe.h src/plan/plan.c:arch/arch.h \
		arch/arm64/image.c:src/sys/files.h src/sys/log.c:src/load.h src/plan/plan.c:plan.h \
		arch/arm64/image.c:../arch.h arch/arm64/image.c:arch/ppc64/ppc64.h; do
		echo "#include \"${line#*:}\"" >>"$BATS_TEST_TMPDIR/${line%%:*}"
		run climbers "$BATS_TEST_TMPDIR"
		echo "$line: $output"
		[[ $(grep -c . <<<"$output") -eq 1 ]]
		cp "${line%%:*}" "$BATS_TEST_TMPDIR/${line%%:*}"
	done
	mkdir "$BATS_TEST_TMPDIR/src/yard"
	touch "$BATS_TEST_TMPDIR/src/yard/a.c"
	run climbers "$BATS_TEST_TMPDIR"
	[[ $output = *"is on no floor"* ]]
}

@test "only src/ and src/sys/ include the operating system" {
	run seers .
	echo "$output"
	[[ -z $output ]]
}

@test "that check fails for headers of the OS" {
	local line
	mkdir -p "$BATS_TEST_TMPDIR"/{src/base,dt,src/formats,src/plan,arch}
	for line in '#include <unistd.h>' '# include <sys/mman.h>' '#include <errno.h>' '#include <elf.h>'; do
		echo "$line" >"$BATS_TEST_TMPDIR/src/plan/a.h"
		run seers "$BATS_TEST_TMPDIR"
		echo "$line: $output"
		[[ -n $output ]]
	done
}

@test "no file is longer than 400 lines, no function than 44" {
	local file bad=0
	while read -r file; do
		(($(wc -l <"$file") <= 400)) || { echo "$file is longer than 400 lines" && bad=1; }
		awk -v file="$file" '/^{/ { start = NR } /^}/ && start { if (NR - start > 45) { print file ":" start; bad = 1 }; start = 0 } END { exit bad }' \
			"$file" || bad=1
	done < <(find src dt arch -name '*.[chS]')
	((bad == 0))
}

# What a newcomer asks is answered by one file each.
@test "where the initrd is placed, kaslr-seed written, lockdown decided, a UKI's sections read" {
	run grep -rlE 'INITRD\]\.share_window' src dt arch
	echo "$output"
	[[ $output = src/plan/place.c ]]
	run grep -rlE 'setprop.*"kaslr-seed"' src dt arch
	echo "$output"
	[[ $output = dt/chosen.c ]]
	run grep -rlE 'LOCKDOWN_NONE' --include='*.c' src dt arch
	echo "$output"
	[[ $output = $'src/method.c\nsrc/sys/probe_state.c' || $output = $'src/sys/probe_state.c\nsrc/method.c' ]]
	run grep -rlE '"\.(linux|initrd|cmdline|dtbauto)"' src dt arch
	echo "$output"
	[[ $output = src/formats/uki.c ]]
}

@test "names that the code no longer uses are gone" {
	local old
	# not among them: scratch, which is what kexec handover calls its memory
	old='\b(outcome|transport|quiet_room|probe_pages|walk_live_tree|scrub|tree_says|tree_lists|tree_following|memory_told|memory_keep'
	old+='|span_take|span_starts|text_add|size_text|name_text|core_word|room_end|image_stay|heap_share|record_keep|files_errno)\b'
	run grep -rnE "$old" src/base src/formats src/plan src/sys src/*.c src/*.h dt arch --include='*.[ch]'
	# what the plan's JSON calls it is another matter: doc/plan.md
	output=$(grep -v '"' <<<"$output" || true)
	echo "$output"
	[[ -z $output ]]
}

@test "every source says its licence in its first lines" {
	local file bad=0
	while read -r file; do
		head -n 3 "$file" | grep -q 'SPDX-License-Identifier: MIT$\|SPDX-License-Identifier: MIT \*/$' ||
			{ echo "$file: no SPDX line" && bad=1; }
	done < <(find Makefile src dt arch tests .ci \( -name '*.[chS]' -o -name '*.bats' -o -name '*.bash' -o -name '*.py' -o -name Makefile -o -perm -100 \) -type f)
	((bad == 0))
}
