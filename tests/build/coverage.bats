#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Every branch of pure code is taken by a test or argued for in tests/coverage/argued; of the edges no file has more
# branches that no test takes than tests/coverage/missed says.
# shellcheck disable=SC2030,SC2031  # each test is a shell of its own, and so is what it runs

top=$(cd -- "$(dirname -- "$BATS_TEST_FILENAME")/../.." && pwd)

@test "branches that the tests of this machine take" {
	[[ $(uname -m) = x86_64 ]] || skip "machine lacks x86-64 calls, which tests/faults counts"
	run "$top/tests/coverage/run"
	printf '%s\n' "$output"
	[[ $status -eq 0 && $output = *$'\nedge '* ]]
}

# arguments: for so many branches of one line, and for all that an untested refusal has
five() {
	printf 'src/a.c\\t%s\\tif (n == 5 && ok)\\tnobody has five\\n' "$1"
	printf 'src/a.c\\t2\\treturn n < 1000 || fail(n);\\tnobody has so many\\n'
}

# report ARGUED: what it says of a file that has a line with three branches that nothing takes, two
# refusals that are taken both ways, and one that is not
report() {
	local dir=$BATS_TEST_TMPDIR
	printf %b "$1" >"$dir/tests/coverage/argued"
	run "$dir/tests/coverage/report" "$dir" src/a.c -- src/b.c
	printf '%s\n' "$output"
}

@test "report: every branch of pure code is taken or argued, and no argument is wrong" {
	local dir=$BATS_TEST_TMPDIR
	mkdir -p "$dir/tests/coverage" "$dir/src"
	cp "$top/tests/coverage/report" "$dir/tests/coverage"
	printf 'src/b.c 3\n' >"$dir/tests/coverage/missed"
	cat >"$dir/src/a.c" <<-'END'
		_Bool fail(int code);
		int a(int n, _Bool ok);
		int a(int n, _Bool ok)
		{
			if (n == 5 && ok)
				return 7;
			if (n > 100)
				return ok ||
				       fail(9);
			return n > 2 || fail(n);
		}
		int b(int n);
		int b(int n)
		{
			return n < 1000 || fail(n);
		}
	END
	cat >"$dir/src/b.c" <<-'END'
		int a(int n, _Bool ok);
		int b(int n);
		_Bool fail(int code);
		_Bool fail(int code)
		{
			return code > 1000000;
		}
		int main(int argc, char *argv[])
		{
			(void)argv;
			if (argc > 7)
				return 1;
			return a(1, 0) + a(3, 0) + a(101, 0) + a(101, 1) + b(1) < 0;
		}
	END
	cd "$dir"
	for file in src/a src/b; do gcc --coverage -O0 -c -o "$file.o" "$file.c"; done
	gcc --coverage -o prog src/a.o src/b.o
	./prog
	report ""
	[[ $status -eq 1 && $output = *"src/a.c:5: 3 of 4 branches that no test takes: if (n == 5 && ok)"* ]]
	[[ $output = *"src/a.c:15: 2 of 4 branches that no test takes: return n < 1000 || fail(n);"* ]]
	[[ $output != *"src/a.c:8"* && $output != *"src/a.c:10"* && $output != *"src/b.c has"* ]]
	report "# a comment\n\n$(five 3)"
	[[ $status -eq 0 && $output = *", 5 argued"* ]]
	report "$(five 2)"
	[[ $status -eq 1 && $output = *"src/a.c:5: 3 of 4 branches"* ]]
	report "$(five 4)"
	[[ $status -eq 1 && $output = *"src/a.c: 4 branches argued, of which 1 are taken: if (n == 5 && ok)"* ]]
	report "$(five 3)src/a.c\t1\tif (gone)\tit was there\n"
	[[ $status -eq 1 && $output = *"src/a.c: argued, but not there: if (gone)"* ]]
	printf 'src/a.c 5\nsrc/b.c 3\n' >"$dir/tests/coverage/missed"
	report ""
	[[ $status -eq 1 && $output = *"src/a.c:15: 2 of 4 branches that no test takes"* ]]
	[[ $output = *"src/a.c is pure code, of which every branch is taken or argued: not for "* ]]
	report "$(five 3)"
	[[ $status -eq 1 && $output = *"not for \`missed\`"* ]]
	printf 'src/b.c 3\n' >"$dir/tests/coverage/missed"
	report "$(five 3)src/b.c\t1\tif (argc > 7)\tan edge\n"
	[[ $status -eq 1 && $output = *"src/b.c: argued, but no file of pure code: if (argc > 7)"* ]]
}
