# Shared by the lab scripts; sourced, never run.
# Sets: lab_src (this folder), lab (build/lab, all products go there).
# LAB_DIR moves the products elsewhere.
# shellcheck shell=bash disable=SC2034

lab_src=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
lab=${LAB_DIR:-$(dirname -- "$(dirname -- "$lab_src")")/build/lab}

die() { printf '%s: %s\n' "${0##*/}" "$*" >&2; exit 1; }

# The header comment of the script is its help text.
usage() { sed -n '2,/^[^#]/s/^# \{0,1\}//p' "$0" >&2; exit 2; }

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
