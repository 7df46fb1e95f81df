# SPDX-License-Identifier: MIT
# Machines that tests/faults/inject.c makes the program believe in. Sourced by faults.bats, live.bats.
# shellcheck shell=bash disable=SC2154  # helpers.bash sets these

build_inject() { gcc -O1 -Wall -Wextra -Werror -D_GNU_SOURCE -o inject "$top/tests/faults/inject.c"; }

# machine NAME CAPTURE: a copy with what a captured machine lacks and a running one has.
machine() {
	cp -r "$machines/$2" "$1"
	mkdir -p "$1/dev"
	[[ -e $1/dev/kmsg ]] || : >"$1/dev/kmsg"
	printf 'Node 0, zone DMA\n  pages free 200000\n        min 5000\n        spanned 262144\n  start_pfn: 262144\n' \
		>"$1/proc/zoneinfo"
	# every other 4 MiB is a free block
	python3 -c 'import sys; b = bytes(8192); f = bytes([0, 4] + [0] * 6) * 1024
for i in range(512): sys.stdout.buffer.write(f if i % 2 else b)' >"$1/proc/kpageflags"
}

# changed MACHINE NEW FILE TEXT [FILE TEXT]...: NEW is MACHINE with these files.
changed() {
	local to=$2
	cp -r "$1" "$to"
	shift 2
	while (($#)); do
		mkdir -p "$(dirname "$to/$1")"
		rm -f "$to/$1"
		printf %b "$2" >"$to/$1"
		shift 2
	done
}

be() { printf '%08x' "$@" | sed 's/../\\x&/g' | xargs -0 printf; }

# live_tree DIR: the smallest tree that a ppc64 machine can have, as files.
live_tree() {
	mkdir -p "$1/memory@0" "$1/chosen" "$1/rtas" "$1/cpus/cpu@0"
	be 2 >"$1/#address-cells"
	be 2 >"$1/#size-cells"
	printf 'memory\0' >"$1/memory@0/device_type"
	be 0 0 0 0x80000000 >"$1/memory@0/reg"
	be 0 0x4000000 >"$1/chosen/linux,kernel-end"
	be 0x7000000 >"$1/rtas/linux,rtas-base"
	be 0x10000 >"$1/rtas/rtas-size"
	printf 'cpu\0' >"$1/cpus/cpu@0/device_type"
	be 0 >"$1/cpus/cpu@0/reg"
}
