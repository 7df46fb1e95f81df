#!/usr/bin/env bats
# No file has more branches that no test takes than tests/coverage/missed says.

top=$(cd -- "$(dirname -- "$BATS_TEST_FILENAME")/.." && pwd)

@test "branches that the tests of this machine take" {
	[[ $(uname -m) = x86_64 ]] || skip "machine lacks x86-64 calls, which tests/faults counts"
	run "$top/tests/coverage/run"
	printf '%s\n' "$output"
	[[ $status -eq 0 && $output = *$'\nedge '* ]]
}
