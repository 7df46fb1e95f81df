#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# The hand-over, exactly: a probe kernel prints what it was entered with, and the emulator
# what was run between the two kernels. At EL1 (virt) and at EL2 (virt-el2).

# shellcheck disable=SC2154  # helpers.bash sets these
load ../helpers

# probed MACHINE: boots the probe there. The plan made in the guest is then in $plan.
probed() {
	log=$run_dir/probe-$1/log
	trace=$run_dir/probe-$1/trace
	once "probe-$1" boot_probe
	plan=$BATS_TEST_TMPDIR/plan.json
	sent run plan.json >"$plan"
}

# saw NAME: one value that the probe printed.
saw() { sed -n "s/^PROBE $1=//p" "$log"; }

# of_plan JQ: a number of the plan, as the probe prints numbers.
of_plan() { printf '0x%016x' "$(jq -r "$1" "$plan")"; }

entered() {
	probed "$1"
	same x0 "$(saw x0)" "$(of_plan '.segments[] | select(.piece == "tree").start')"
	same x1 "$(saw x1)" 0x0000000000000000
	same x2 "$(saw x2)" 0x0000000000000000
	same x3 "$(saw x3)" 0x0000000000000000
	same pc "$(saw pc)" "$(of_plan .kernel_entry)"
	same "exception level" "$(saw el)" "$2"
	same "exception level of the first kernel" "$(fact run el)" "$2"
	same MMU "$(saw mmu)" 0
	same "data cache" "$(saw dcache)" 0
	same "interrupts, all masked" "$(saw daif)" 0x00000000000003c0
	local size
	size=$(jq -r '.segments[] | select(.piece == "tree").bytes' "$plan")
	[[ $(saw fdt) = "d00dfeed $(printf %08x "$size") "* ]] || fail_with "tree: $(saw fdt)"
	[[ $(tail -n 1 "$log") = "PROBE end"* ]]
}

@test "at EL1 the next kernel is entered as booting.rst says" {
	entered virt 1
}

@test "at EL2 the next kernel is entered as booting.rst says" {
	entered virt-el2 2
}

# between: "COUNT NEXT", the instructions run inside the stub and where they went. A
# block of translated code is listed once (IN:) and then named each time it is run (Trace).
between() {
	local start end
	start=$(jq -r '.segments[] | select(.piece == "stub").start' "$plan")
	end=$(jq -r '.segments[] | select(.piece == "stub").end' "$plan")
	printf -v start %016x "$start"
	printf -v end %016x "$end"
	awk -v start="$start" -v end="$end" '
		/^IN:/ { block = "" }
		/^0x[0-9a-f]+: / {
			at = substr($1, 3, length($1) - 3)
			at = substr("0000000000000000", 1, 16 - length(at)) at
			if (block == "") { block = at; n[block] = 0 }
			n[block]++
		}
		/^Trace / {
			split($4, part, "/")
			at = part[2]
			if (at >= start && at < end) { sum += n[at]; inside = 1 }
			else if (inside) { print sum, at; exit }
		}' "$trace"
}

@test "the stub runs 6 instructions and goes straight to the kernel, counted" {
	local machine entry
	for machine in virt virt-el2; do
		probed "$machine"
		entry=$(of_plan .kernel_entry)
		same "$machine" "$(between)" "6 ${entry#0x}"
	done
}

@test "the stub has at most 10 instructions and no loop" {
	local words
	mapfile -t words < <(grep -oE '0x[0-9a-f]{8}' "$top/arch/arm64/stub_words.h")
	((${#words[@]} >= 1 && ${#words[@]} <= 10))
	# All but the last are loads from behind the code or moves from xzr; the last is br.
	local word
	for word in "${words[@]::${#words[@]}-1}"; do
		(((word & 0xff000000) == 0x58000000 || (word & 0xffffffe0) == 0xaa1f03e0)) ||
			fail_with "$word is neither ldr (literal) nor mov from xzr"
	done
	(((${words[-1]} & 0xfffffc1f) == 0xd61f0000))
}
