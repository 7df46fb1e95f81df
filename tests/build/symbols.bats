#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# What the folders may know. All but src/ itself and src/sys/ are pure: their code calls nothing but
# itself, the libraries that read formats and a few functions of libc, and has no state; no code but
# arch/ knows a target. Each check is also shown to fail.

setup_file() {
	cd "$BATS_TEST_DIRNAME/../.." || return
	export OBJECTS=$BATS_FILE_TMPDIR/objects
	read -ra pure < <(make -s --no-print-directory print-PURE)
	[[ ${#pure[@]} -gt 20 ]]
	make -s --no-print-directory print-ALL_CPPFLAGS >"$BATS_FILE_TMPDIR/flags"
	for file in "${pure[@]}"; do
		mkdir -p "$OBJECTS/${file%/*}"
		object "$file" "$OBJECTS/${file%.c}.o"
	done
}

setup() { cd "$BATS_TEST_DIRNAME/../.." || return; }

# object SOURCE OBJECT
object() {
	local -a flags
	read -ra flags <"$BATS_FILE_TMPDIR/flags"
	gcc -std=c11 -O1 -fno-pie "${flags[@]}" -c -o "$2" "$1"
}

# with TEXT...: one more object, in a folder of its own beside all others
with() {
	rm -rf "$BATS_TEST_TMPDIR/objects"
	cp -r "$OBJECTS" "$BATS_TEST_TMPDIR/objects"
	printf '%s\n' "$@" >"$BATS_TEST_TMPDIR/extra.c"
	object "$BATS_TEST_TMPDIR/extra.c" "$BATS_TEST_TMPDIR/objects/extra.o"
}

objects_in() { find "$1" -name '*.o' | LC_ALL=C sort; }

# Exactly these, what unpacks, and what the compiler itself calls.
allowed='^(fdt_.*|ZSTD_.*|inflate(Init2_|Reset|End)?|LZ4F?_.*|lzma_.*|mem(cpy|move|set|cmp|chr|mem)|str(len|nlen|cmp|ncmp|chr|cspn|spn)|malloc|calloc|realloc|free|qsort|strtoull|tolower|isspace|__ctype_b_loc|__ctype_tolower_loc|__stack_chk_fail|_GLOBAL_OFFSET_TABLE_)$'

# strangers DIR: undefined symbols that no object defines and the list does not allow
strangers() {
	local -a list
	mapfile -t list < <(objects_in "$1")
	comm -23 <(nm -u "${list[@]}" | awk '$1 == "U" || $1 == "w" { print $2 }' | LC_ALL=C sort -u) \
		<(nm --defined-only "${list[@]}" | awk 'NF == 3 && $2 ~ /[A-Z]/ { print $3 }' |
			LC_ALL=C sort -u) | grep -Ev "$allowed" || true
}

# state DIR: writable objects. .data.rel.ro is written by the linker only.
state() {
	local -a list
	mapfile -t list < <(objects_in "$1")
	objdump -t "${list[@]}" | awk '
		$0 ~ /file format/ { file = $1 }
		/ O +(\.data|\.bss|\*COM\*)|\t\.tdata|\t\.tbss| \.tdata| \.tbss/ && !/ \.data\.rel\.ro/ {
			print file, $NF
		}'
	nm -A "${list[@]}" | awk '$(NF - 1) ~ /^[bBcC]$/' || true
}

@test "pure objects call each other, libfdt and a short list of functions" {
	run strangers "$OBJECTS"
	echo "$output"
	[[ $status -eq 0 && -z $output ]]
}

@test "that check fails for an object that calls open()" {
	with '#include <fcntl.h>' 'int extra(void);' 'int extra(void) { return open("/", 0); }'
	run strangers "$BATS_TEST_TMPDIR/objects"
	echo "$output"
	[[ $output = open ]]
}

@test "that check fails for one that calls an edge" {
	with 'void files_map(void);' 'void extra(void);' 'void extra(void) { files_map(); }'
	run strangers "$BATS_TEST_TMPDIR/objects"
	echo "$output"
	[[ $output = files_map ]]
}

@test "pure objects have no writable globals" {
	run state "$OBJECTS"
	echo "$output"
	[[ $status -eq 0 && -z $output ]]
}

@test "that check fails for each kind of writable global" {
	for text in 'int extra = 1;' 'static int extra; int *f(void); int *f(void) { return &extra; }' \
		'int extra;' 'char *extra[] = { "a" };' '_Thread_local int extra = 1;' \
		'int f(void); int f(void) { static int extra = 3; return extra++; }'; do
		with "$text"
		run state "$BATS_TEST_TMPDIR/objects"
		echo "$text: $output"
		[[ $output = *extra* ]]
	done
}

@test "that check lets constant tables of addresses pass" {
	with 'static const char *const extra[] = { "a", "b" };' \
		'const char *f(int i);' 'const char *f(int i) { return extra[i]; }'
	run state "$BATS_TEST_TMPDIR/objects"
	echo "$output"
	[[ -z $output ]]
}

# targets DIR...: conditions on an architecture, a byte order or a word size of the host
targets() {
	grep -rnE --include='*.[chS]' \
		'^[[:space:]]*#[[:space:]]*(if|ifdef|ifndef|elif)\b.*(__aarch64__|__arm|__powerpc|__ppc|__PPC|_ARCH_PPC|__x86_64__|__i386|__amd64|__BYTE_ORDER|__BIG_ENDIAN|__LITTLE_ENDIAN|__LP64__|__WORDSIZE|__SIZEOF_)' \
		"$@" || true
}

@test "no code is conditional on an architecture" {
	run targets src dt arch
	echo "$output"
	[[ -z $output ]]
}

@test "that check fails for #ifdef __aarch64__ and its like" {
	for line in '#ifdef __aarch64__' '# if defined(__powerpc64__) && 1' '#elif __x86_64__' \
		'#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__'; do
		echo "$line" >"$BATS_TEST_TMPDIR/a.c"
		run targets "$BATS_TEST_TMPDIR"
		echo "$line: $output"
		[[ -n $output ]]
	done
}

@test "stub_words.h of each target is what its stub.S says" {
	for stub in arch/*/stub.S; do
		run tests/build/stubs "${stub%/*}" --check
		echo "$output"
		[[ $status -eq 0 ]]
	done
}

@test "that check fails for a word that differs" {
	cp -r arch/arm64 "$BATS_TEST_TMPDIR/arm64"
	sed -i '3s/0x5/0x6/' "$BATS_TEST_TMPDIR/arm64/stub_words.h"
	run tests/build/stubs "$BATS_TEST_TMPDIR/arm64" --check
	echo "$output"
	[[ $status -eq 1 && $output = *0x680000c0* ]]
	tests/build/stubs "$BATS_TEST_TMPDIR/arm64"
	cmp "$BATS_TEST_TMPDIR/arm64/stub_words.h" arch/arm64/stub_words.h
}
