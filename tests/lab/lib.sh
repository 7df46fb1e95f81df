# SPDX-License-Identifier: MIT
# Shared by the lab scripts; sourced, never run.
# Sets: lab_src (this folder), lab (build/lab, all products go there).
# LAB_DIR moves the products elsewhere.
# shellcheck shell=bash disable=SC2034

lab_src=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
lab=${LAB_DIR:-$(dirname -- "$(dirname -- "$lab_src")")/build/lab}

die() { printf '%s: %s\n' "${0##*/}" "$*" >&2; exit 1; }

# The header comment of the script is its help text.
usage() { sed -n '3,/^[^#]/s/^# \{0,1\}//p' "$0" >&2; exit 2; }

# lock NAME: one process at a time past this point, until the script ends.
lock() {
	mkdir -p "$lab/lock"
	exec 9>"$lab/lock/$1"
	flock 9
}

# Debian's name of a lab architecture.
debarch() {
	case $1 in
	arm64) echo arm64 ;;
	ppc64le) echo ppc64el ;;
	*) die "no such architecture: $1 (arm64, ppc64le)" ;;
	esac
}

# musl_cc arm64|ppc64le: cc, the compiler for static programs of that target (see sysroot)
musl_cc() {
	case $1 in
	arm64) cc=(aarch64-linux-gnu-gcc) ;;
	# VSX would have registers spilled to where only GNU ld knows how to get them back; what is behind
	# each function for debuggers is 12 bytes
	ppc64le) cc=(powerpc64le-linux-gnu-gcc -mlong-double-64 -mno-vsx -mtraceback=no) ;;
	*) die "no such architecture: $1 (arm64, ppc64le)" ;;
	esac
	cc+=(-specs="$lab/sysroot/$1/musl.specs")
}

# checksum FILE...: one for the contents of all; when a file was written does not count
checksum() { cat -- "$@" | sha256sum; }

# with_libraries ROOT SRC:DEST...: those pairs and one for each shared library under ROOT that they
# need, sorted, one a line: arguments for initramfs.
with_libraries() {
	local root=$1 file so path pair
	local -a todo=()
	local -A seen=()
	shift
	for pair; do todo+=("${pair%:*}"); done
	while [[ ${#todo[@]} -gt 0 ]]; do
		file=${todo[0]}
		todo=("${todo[@]:1}")
		while read -r so; do
			[[ -z ${seen[$so]-} ]] || continue
			path=$(find "$root" -name "$so" -print -quit)
			[[ -n $path ]] || die "$file needs $so, which no package brought"
			seen[$so]=$path
			todo+=("$path")
		done < <(readelf -d "$file" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p')
	done
	{
		printf '%s\n' "$@"
		for so in "${!seen[@]}"; do printf '%s:lib/%s\n' "${seen[$so]}" "$so"; done
		# The loader also by the name that programs for ppc64le ask for.
		[[ -z ${seen[ld64.so.2]-} ]] || printf '%s:lib64/ld64.so.2\n' "${seen[ld64.so.2]}"
	} | LC_ALL=C sort
}
