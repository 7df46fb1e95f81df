#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Interfaces on this machine's own kernel, in a network namespace: down for a start, and up again,
# with all that went with them, when the start fails.

# shellcheck disable=SC2154  # helpers.bash and bats set these
load ../helpers

setup_file() {
	cd "$BATS_FILE_TMPDIR" || return
	if [[ -e $bin_dir/host/network ]]; then # one that counts: tests/coverage/run
		cp "$bin_dir/host/network" .
		return
	fi
	gcc -O1 -Wall -Wextra -Werror -D_GNU_SOURCE -I"$top" -o network "$top/tests/cli/network.c" \
		"$top"/src/sys/network.c "$top"/src/base/{span,strbuf}.c
}

setup() {
	cd "$BATS_FILE_TMPDIR" || return
	unshare --net ip link add v0 type veth peer name v1 2>/dev/null ||
		skip "machine lacks network namespaces, or pairs of interfaces"
}

# in_namespace COMMANDS: with a pair of interfaces, and one that is down
in_namespace() {
	unshare --net bash -e -c '
		show() { ip -o link | sed -E "s/qdisc [a-z]+ //; s/state [A-Z]+ //"; ip -o addr; ip route; ip -6 route show table all | sort; }
		ip link set lo up
		ip link add v0 type veth peer name v1
		ip link add v2 type veth peer name v3
		'"$1"
}

@test "all that are up go down but loopback, and up again with their addresses and routes" {
	run in_namespace '
		ip link set v0 addrgenmode none; ip link set v1 addrgenmode none
		ip addr add 10.9.0.2/24 dev v0
		ip -6 addr add 2001:db8::2/64 dev v0 nodad
		ip link set v0 up; ip link set v1 up
		ip route add default via 10.9.0.1
		ip route add 10.50.0.0/16 via 10.9.0.7 metric 5
		ip route add 10.60.0.0/16 via 10.50.0.1 onlink dev v0
		ip -6 route add default via 2001:db8::1
		ip -6 route add 2001:db8:5::/48 dev v0 metric 77
		show | sed "s/ expires.*//" >before
		./network "ip -o link show up >between"
		show | sed "s/ expires.*//" >after'
	same status "$status" 0
	same "up between" "$(cut -d : -f 2 between)" " lo"
	grep -q 'default via 10.9.0.1' before
	grep -q 'default via 2001:db8::1' before
	diff -u before after
}

@test "a machine with more interfaces than one answer holds" {
	# shellcheck disable=SC2016  # for the shell that it starts
	run in_namespace '
		for i in $(seq 10 110); do ip link add w$i type veth peer name x$i; ip link set w$i up; done
		ip -o link show up | cut -d : -f 2 | sort >before
		./network "ip -o link show up | cut -d : -f 2 >between"
		ip -o link show up | cut -d : -f 2 | sort >after'
	same status "$status" 0
	same "how many were up" "$(wc -l <before)" 102
	same "up between" "$(cat between)" " lo"
	diff -u before after
}

@test "without interfaces, and without a right to touch them" {
	run unshare --net "$BATS_FILE_TMPDIR/network" true
	same "no interfaces" "$status $output" "0 "
	run in_namespace 'ip link set v0 up
		setpriv --bounding-set=-net_admin --inh-caps=-net_admin ./network "ip -o link show up >between"
		ip -o link show up >after'
	same status "$status" 0
	cmp between after
}
