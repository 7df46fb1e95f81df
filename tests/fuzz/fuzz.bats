#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Random machines and bytes, each run the same: a plan is sound or there is a sentence; no door opens to
# what breaks it; and each of these tests can fail. `make fuzz` runs them for longer.

# shellcheck disable=SC2154  # helpers.bash and bats set these
load ../helpers

fuzz=$top/tests/fuzz
out=$run_dir/fuzz

setup_file() {
	FUZZ_OUT=$out "$fuzz/run" build
	FUZZ_OUT=$out "$fuzz/run" seeds
}

# door NAME RUNS: from its seeds, the same each time.
door() {
	local dir=$BATS_TEST_TMPDIR
	mkdir -p "$dir/corpus"
	ASAN_OPTIONS=allocator_may_return_null=1 timeout 120 "$out/bin/$1" -seed=1 -runs="$2" -max_len=8192 \
		-timeout=20 -malloc_limit_mb=65536 -artifact_prefix="$dir/" "$dir/corpus" "$out/seeds/$1" \
		>"$dir/log" 2>&1 || {
		grep -E "broken promise|trust|SUMMARY" "$dir/log" >&2
		fail_with "$1 fails with $(ls "$dir"/*-*)"
	}
	grep -q "^Done $2 runs" "$dir/log"
}

@test "20000 random machines: refused with a sentence, or sound; and unsound with a defect" {
	run "$out/property" 20000
	same status "$status" 0
	[[ ${lines[-1]} =~ ^20000\ cases,\ ([0-9]+)\ planned\ \(([0-9]+)\ crash\ kernels\),\ [0-9]+\ refused,\ ([0-9]+)\ defects ]]
	((BASH_REMATCH[1] > 6000 && BASH_REMATCH[2] > 500 && BASH_REMATCH[3] > 6000))
	# the same again, from any case on
	same "case 77" "$("$out/property" 1 77 | head -n 1)" "$("$out/property" 78 | sed -n 78p)"
}

@test "1000 of them under ASan and UBSan" {
	ASAN_OPTIONS=allocator_may_return_null=1 "$out/property-sanitize" 1000
}

@test "the model agrees that 200 plans are sound, and that a defect makes them unsound" {
	local dir=$BATS_TEST_TMPDIR/samples
	"$out/property" --samples 200 "$dir"
	run python3 "$fuzz/models" "$dir"
	same status "$status" 0
	[[ ${lines[-1]} =~ ^200\ plans,\ ([0-9]+)\ defects\ caught,\ 0\ disagreements$ ]]
	((BASH_REMATCH[1] > 100))
}

@test "the program plans 40 of them the same from files" {
	local dir=$BATS_TEST_TMPDIR/samples sample words n=0
	"$out/property" --samples 40 "$dir" 50000
	for sample in "$dir"/*; do
		mapfile -t words <"$sample/words"
		"$host_bin" --plan=json --root "$sample/machine" "${words[@]}" "$sample/kernel" >"$sample/again.json"
		diff <(jq '{segments, entry, kernel_entry, cmdline, crash_region}' "$sample/plan.json") \
			<(jq '{segments, entry, kernel_entry, cmdline, crash_region}' "$sample/again.json") || fail_with "$sample"
		n=$((n + 1))
	done
	same samples "$n" 40
}

@test "door: an arm64 Image" { door image 40000; }
@test "door: an ELF kernel" { door elf64 15000; }
@test "door: a device tree" { door tree 5000; }
@test "door: the next tree: merged, overlaid, written" { door edit 5000; }
@test "door: a live tree" { door flatten 3000; }
@test "door: /proc/iomem and the log" { door iomem 8000; }
@test "door: /proc/zoneinfo" { door staging 8000; }
@test "door: what a core header is made of" { door elfcorehdr 15000; }
@test "door: the message of the sandbox" { door message 8000; }
@test "door: the command line of the program" { door options 40000; }
@test "door: the whole plan" { door plan 1000; }
@test "door: gzip" { door gzip 8000; }
@test "door: zstd" { door zstd 8000; }
@test "door: xz" { door xz 5000; }
@test "door: lz4" { door lz4 8000; }
@test "door: zboot and UKI" { door unwrap 8000; }

@test "every door is in this file, and has seeds" {
	local name n=0
	while read -r name; do
		n=$((n + 1))
		grep -q "{ door $name [0-9]*; }" "$BATS_TEST_FILENAME" || fail_with "$name"
		[[ -n $(ls "$out/seeds/$name") ]]
	done < <("$fuzz/run" doors)
	same doors "$n" "$(grep -c '^@test "door: ' "$BATS_TEST_FILENAME")"
}

# planted SOURCE SED: a build with that defect in one source, in planted/.
planted() {
	sed -E "$2" "$top/$1" >"$BATS_TEST_TMPDIR/planted.c"
	! cmp -s "$top/$1" "$BATS_TEST_TMPDIR/planted.c" || fail_with "the defect does not apply"
	(
		cd "$top" || exit
		mkdir "$BATS_TEST_TMPDIR/planted"
		cp -a "$out/." "$BATS_TEST_TMPDIR/planted"
		make -s -f tests/fuzz/Makefile OUT="$BATS_TEST_TMPDIR/planted" \
			REPLACE="$1=$BATS_TEST_TMPDIR/planted.c" "$BATS_TEST_TMPDIR/planted/$3"
	)
}

@test "a door finds a missing bounds check" {
	planted src/base/span.c 's/off > s.len \|\| len > s.len - off/off > s.len/' doors
	out=$BATS_TEST_TMPDIR/planted
	run door elf64 15000
	same status "$status" 1
	[[ $output = *"SUMMARY: AddressSanitizer"* ]]
}

@test "the property finds a planner that forgets what is kept" {
	planted src/sys/probe.c 's/ranges_subtract\(&m->ram, &m->reserved, &m->free\)/ranges_subtract(\&m->ram, \&m->free, \&m->free)/' property
	run "$BATS_TEST_TMPDIR/planted/property" 2000
	same status "$status" 134
	[[ $output = *"trust the plan: "*"lies on memory that must be kept"* ]]
}

# named FILE: the tests that doc/testing.md names, as "FILE<TAB>NAME".
# shellcheck disable=SC2016  # those backquotes are the page's
named() {
	grep -oE '`[a-z0-9_/-]+\.(c|bats)` "[^"]*"' "$1" | sed -E 's/^`([^`]*)` "(.*)"$/\1\t\2/'
}

# missing FILE: of them those that are not there.
missing() {
	local file name
	while IFS=$'\t' read -r file name; do
		if [[ $file = *.bats ]]; then
			grep -qF -- "@test \"$name" "$top/tests/$file"
		else
			grep -qF -- "\"$name" "$top/tests/$file"
		fi || echo "$file: $name"
	done < <(named "$1")
}

@test "every test that doc/testing.md names is there" {
	(($(named "$top/doc/testing.md" | wc -l) > 100))
	same missing "$(missing "$top/doc/testing.md")" ""
	# and one that is not is found
	# shellcheck disable=SC2016  # the same
	printf '%s\n' '`unit/holes.c` "nobody is here"; `cli/cli.bats` "help goes to"' '`cli/refuse.bats` "nobody"' \
		>"$BATS_TEST_TMPDIR/doc"
	same missing "$(missing "$BATS_TEST_TMPDIR/doc")" "unit/holes.c: nobody is here
cli/refuse.bats: nobody"
}
