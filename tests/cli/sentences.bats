#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Every sentence that a failure can end with: WHAT: WHY: OBJECT, as tests/cli/sentences shows them. A boot
# menu's status line ends where its bars are: what is before a bar has to make sense by itself.

# shellcheck disable=SC2154  # helpers.bash and bats set these
load ../helpers

@test "tests/cli/sentences is what the sources can say" {
	"$top/tests/cli/sentences.py" "$top" >"$BATS_TEST_TMPDIR/said"
	diff -u "$top/tests/cli/sentences" "$BATS_TEST_TMPDIR/said"
	(($(wc -l <"$BATS_TEST_TMPDIR/said") >= 200))
}

@test "each says what it cannot do, in a few words, and why, before it names an object" {
	run grep -e ' <-- ' "$top/tests/cli/sentences"
	echo "$output"
	[[ $status -eq 1 ]]
}

@test "a sentence that breaks a rule is found" {
	local rule
	mkdir -p "$BATS_TEST_TMPDIR/src"
	while IFS='#' read -r call rule; do
		echo "	return $call;" >"$BATS_TEST_TMPDIR/src/a.c"
		run "$top/tests/cli/sentences.py" "$BATS_TEST_TMPDIR"
		[[ $output = *" <-- $rule" ]] || fail_with "$call: $output"
	done <<'END'
fail(e, FAIL_FILE, "load the kernel")#no reason
fail(e, FAIL_FILE, "load %s: not a kernel", name)#the start depends on a value
fail(e, FAIL_FILE, "load the compressed kernel: not a kernel")#the start is longer than 22
fail(e, FAIL_FILE, "load the kernel: %s: not a kernel", name)#an object in place of the reason
fail(e, FAIL_FILE, "load the " "kernel: %s", path)#an object in place of the reason
fail(e, FAIL_FILE, "load the kernel: not a kernel.")#not written as the others are
fail(e, FAIL_FILE, "Load the kernel: not a kernel")#not written as the others are
fail(e, FAIL_FILE, "load the kernel: Not a kernel")#not written as the others are
END
}
