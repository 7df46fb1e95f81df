#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# doc/contracts.md: each rule that plan_check() names has its line, and each line that names a file has
# its check there.

setup() { cd "$BATS_TEST_DIRNAME/../.." || return; }

# The rules that a check names when it refuses.
named() {
	grep -ohE '\b(broken|wrong)[a-z_]*\([^"]*"[a-z0-9-]+"' src/plan/*.c arch/*/*.c dt/*.c | grep -oE '"[a-z0-9-]+"' |
		tr -d '"' | sort -u
}

@test "every rule that a check names is a contract, with its source" {
	local rule n=0 bad=0
	while read -r rule; do
		n=$((n + 1))
		grep -qF "| \`$rule\` |" doc/contracts.md || { echo "no contract: $rule" && bad=1; }
	done < <(named)
	echo "$n rules"
	((bad == 0 && n >= 40))
}

@test "every check that a contract names is where it says" {
	local rule files file n=0 bad=0
	# shellcheck disable=SC2016  # backticks of the table
	while IFS='|' read -r _ rule _ _ _ files _; do
		rule=$(tr -d '\` ' <<<"$rule")
		# others say in words what sees to the rule
		[[ $files =~ ^\ ([a-z0-9_/]+\.c(, )?)+\ $ ]] || continue
		for file in ${files//,/ }; do
			n=$((n + 1))
			grep -qF "\"$rule\"" "$file" || { echo "$rule is not in $file" && bad=1; }
		done
	done < <(grep -E '^\| `[a-z0-9-]+`' doc/contracts.md)
	echo "$n checks"
	((bad == 0 && n >= 40))
}
