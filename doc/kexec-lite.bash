# SPDX-License-Identifier: MIT
# Completion of kexec-lite's options and files, for bash.
# shellcheck shell=bash

_kexec_lite() {
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}
	local words='--load --load-panic --hotplug --exec --force --unload --status --print-ckr-size
		--initrd --append --reuse-cmdline --dtb --dtb-overlay --kexec-syscall
		--kexec-file-syscall --kexec-syscall-auto --mem-min --mem-max --run-at-load --plan --dump-dtb --root
		--capture --seed --force-xen --hide-xen --no-sandbox --no-ifdown --no-sync --debug --version --help'

	# readline makes words of "--option", "=" and the value
	if [[ $cur = = ]]; then
		cur=
	elif [[ $prev = = ]]; then
		prev=${COMP_WORDS[COMP_CWORD - 2]}
	elif [[ $cur = -* ]]; then
		mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
		return
	elif [[ $prev = --plan ]]; then
		prev=
	fi
	COMPREPLY=()
	case $prev in
	--append | --command-line | --mem-min | --mem-max | --seed) ;;
	--plan) mapfile -t COMPREPLY < <(compgen -W json -- "$cur") ;;
	--root | --capture)
		compopt -o filenames 2>/dev/null
		mapfile -t COMPREPLY < <(compgen -d -- "$cur")
		;;
	*)
		compopt -o filenames 2>/dev/null
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
		;;
	esac
}

complete -F _kexec_lite kexec-lite kexec
