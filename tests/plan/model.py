#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""model.py ROOT PLAN.json TREE.dtb: is this plan sound on that captured arm64 machine?

Written from the boot protocol and kernel/kexec_core.c, not from our C: reads the machine's
/proc/iomem by itself and believes of the plan only where it puts things. Prints each
broken rule; exits 1 when there is one.
"""
import os
import re
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from common import CRASH, OURS, STALE_CHOSEN, Plan, kept_reservations, overlap, read, report, rule  # noqa: E402

MIB, GIB = 1 << 20, 1 << 30
FREE_NAMES = {"Kernel code", "Kernel data", "Kernel bss", "Kernel rodata"}


def iomem(text):
    """(RAM, forbidden, crash kernel regions), [start, end) all."""
    ram, no, regions, top = [], [], [], None
    for line in text.splitlines():
        where, name = line.split(" : ", 1)
        start, end = (int(x, 16) for x in where.strip().split("-"))
        nested = line.startswith(" ")
        if not nested:
            top = name
            if name == "System RAM":
                ram.append((start, end + 1))
        if name == "Crash kernel":
            regions.append((start, end + 1))
        elif name == "reserved" and (top == "System RAM" or not nested):
            no.append((start, end + 1))
        elif nested and top == "System RAM" and name not in FREE_NAMES:
            no.append((start, end + 1))
    return ram, no, sorted(regions)


def without_initrd(no, tree, page):
    """The initrd that the running kernel booted with is free, whatever iomem says: whole pages."""
    start, end = tree.initrd()
    start, end, out = -(-start // page) * page, end // page * page, []
    for low, high in no:
        out += [(low, min(high, start)), (max(low, end), high)] if end > start else [(low, high)]
    return [r for r in out if r[0] < r[1]]


def unknown_to_efi(root, text):
    """System RAM with nothing of a boot in it, as far as the log does not say that it was there early on:
    EFI's memory map, which the next kernel gets, may lack it."""
    bare, top = [], None
    for line in text.splitlines():
        where, name = line.split(" : ", 1)
        if not line.startswith(" "):
            top = name == "System RAM"
            start, end = (int(x, 16) for x in where.split("-"))
            bare += [(start, end + 1)] if top else []
        elif top and (name in FREE_NAMES or name in ("reserved", "Crash kernel")) and bare[-1:] == [(start, end + 1)]:
            bare.pop()
    try:
        log = read(root, "dev/kmsg").decode(errors="replace")
    except FileNotFoundError:
        log = ""
    for low, high in re.findall(r"  node +\d+: \[mem 0x([0-9a-f]+)-0x([0-9a-f]+)\]$", log, re.M):
        low, high = int(low, 16), int(high, 16) + 1
        bare = [r for a, b in bare for r in ((a, min(b, low)), (max(a, high), b)) if r[0] < r[1]]
    return bare


def lpi_tables(root):
    """64 KiB at each address that the log names; none where there is no captured log."""
    try:
        log = read(root, "dev/kmsg").decode()
    except FileNotFoundError:
        return []
    found = re.findall(r"LPI (?:property|pending) table @0x([0-9a-f]+)$", log, re.M)
    return [(int(x, 16), int(x, 16) + 0x10000) for x in found]


def check_arm64(p):
    kernel, blob = p.kernel[0], p.one["tree"]
    rule(len(p.kernel) == 1, "the kernel is there twice")
    rule(p.said["kernel_align"] == 2 * MIB, "the kernel is not aligned to 2 MiB")
    rule((kernel["start"] - p.said["kernel_offset"]) % (2 * MIB) == 0,
         "the kernel is not at 2 MiB + text_offset")
    rule(kernel["room_end"] - kernel["start"] >= p.said["kernel_room"], "no room for image_size")
    rule(p.kernel_entry == kernel["start"], "the kernel does not start at its start")
    rule(blob["start"] % 8 == 0, "the tree is not aligned")
    block = blob["start"] // (2 * MIB) * 2 * MIB
    rule(blob["start"] + len(p.blob) <= block + 2 * MIB, "the tree leaves its block")
    for s in p.segments:
        rule(s["room_end"] <= 1 << 48, "%s is above 48 bits" % s["piece"])
        rule(s["piece"] == "tree" or not overlap((block, block + 2 * MIB), (s["start"], s["room_end"])),
             "%s is in the tree's block" % s["piece"])
    if "initrd" in p.one:
        start, end = p.bytes_of("initrd")
        low, high = min(kernel["start"], start) // GIB * GIB, max(kernel["room_end"], end)
        rule(high - low <= 32 * GIB, "kernel and initrd do not share 32 GiB")


def check_efi(p):
    """What a next kernel with EFI needs; the property that a plan may add for it."""
    old, now = (t.get("/chosen", "linux,uefi-secure-boot") or b"" for t in (p.old, p.now))
    if p.old.get("/chosen", "linux,uefi-system-table") is None:
        return set()
    rule("initrd" in p.one, "the next kernel takes EFI's old initrd")
    rule(len(now) in (4, 8), "no mode of EFI's secure boot")
    return set() if len(old) in (4, 8) else {"linux,uefi-secure-boot"}


def check(root, path, blob):
    p = Plan(root, path, blob)
    rule(p.said["arch"] == "arm64", "the plan is for another machine")
    ram, no, regions = iomem(read(root, "proc/iomem").decode())
    no = without_initrd(no, p.old, p.page) + lpi_tables(root) + kept_reservations(p.old, 0) + p.old.pools()
    if p.old.efi():
        no += unknown_to_efi(root, read(root, "proc/iomem").decode())
        no += p.old.region("/chosen", "linux,uefi-mmap-start", "linux,uefi-mmap-size")
    own, stale = [], STALE_CHOSEN
    if p.crash:
        ram = [regions[-1]] if regions else []
        core = p.one["core"]
        own.append((core["start"], core["room_end"]))
        rule(p.now.pairs("/chosen", "linux,elfcorehdr") == own, "the core header is not there")
        # the main one first
        rule(p.now.pairs("/chosen", "linux,usable-memory-range") == regions[:-3:-1],
             "the crash kernel has other memory")
        stale = stale - CRASH
    else:
        no += regions
        rule("core" not in p.one, "there is a core header")
    p.check_places(ram, no)
    p.check_entry()
    check_arm64(p)
    p.check_chosen(p.said["cmdline"], own)
    new = check_efi(p)
    for table in lpi_tables(root):
        rule(table in p.now.reserved, "the LPI table at %x is not reserved" % table[0])
    p.check_rest(OURS | new | (CRASH if p.crash else set()), set(), stale)


if __name__ == "__main__":
    check(*sys.argv[1:4])
    sys.exit(report(sys.argv[2]))
