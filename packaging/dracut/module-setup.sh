#!/bin/bash
check() {
	require_binaries kexec-lite || return 1
	return 255 # only if asked for
}

install() {
	inst_binary kexec-lite /usr/sbin/kexec-lite
	# dracut's shutdown script runs this for a kexec
	[[ -e $initdir/usr/sbin/kexec ]] || ln -s kexec-lite "$initdir/usr/sbin/kexec"
}
