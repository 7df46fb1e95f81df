#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""model.py ROOT PLAN.json TREE.dtb KERNEL: is this plan sound on that captured ppc64 machine?

Written from the boot contract, Linux's arch/powerpc/kexec and kernel/kexec_core.c, not from
our C: reads the machine's tree and the kernel's headers by itself and believes of the plan
only where it puts things. Prints each broken rule; exits 1 when there is one.
"""
import os
import re
import struct
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from common import OURS, CRASH, STALE_CHOSEN, Plan, covered, kept_reservations, number, read, report, rule, \
    union  # noqa: E402

ALIGN = 0x10000


def words(line):
    """kernel/params.c, next_arg: a quote that nobody ends goes on to the end; "--" is where init's begin."""
    word, quoted = "", False
    for c in line + " ":
        if c == '"':
            quoted = not quoted
        if c.isspace() and not quoted:
            if word == "--":
                return
            if word:
                yield word.replace('"', "")
            word = ""
        else:
            word += c
    if word:
        yield word.replace('"', "")


STALE = {"linux,htab-base", "linux,htab-size", "linux,kernel-end", "linux,pci-domain",
         "linux,crashkernel-base", "linux,crashkernel-size", "linux,usable-memory",
         "linux,drconf-usable-memory", "linux,memory-limit"}
USABLE = {"linux,usable-memory", "linux,drconf-usable-memory"}


def memory(tree):
    """(RAM, end of what real mode reaches, memory of devices)"""
    ram, rma, device = [], 0, []
    for path, p in tree.node.items():
        if p.get("device_type") != b"memory\0":
            continue
        regs = tree.pairs(path, "reg")
        if b"ibm,coherent-device-memory" in p.get("compatible", b"").split(b"\0"):
            device += regs
            continue
        ram += regs
        if regs and regs[0][0] == 0:
            rma = min(regs[0][1], 1 << 40)
    ram += tree.dynamic()
    return union(ram), rma, device


def usable_firmware(tree):
    """What of firmware's a crash kernel is told to use (ranges.c, get_usable_memory_ranges)."""
    out = tree.region("/rtas", "linux,rtas-base", "rtas-size")
    out += tree.region("/ibm,opal", "opal-base-address", "opal-runtime-size")
    for path in tree.node:
        out += tree.region(path, "linux,tce-base", "linux,tce-size")
    return out


def firmware(tree):
    """What stays firmware's, and must be reserved in the next tree too."""
    return usable_firmware(tree) + tree.pairs("/", "reserved-ranges")


def dump_start(tree):
    """The first byte that firmware preserved of a system that crashed (fadump.c)."""
    if tree.get("/ibm,opal/dump", "mpipl-boot") is not None:
        return 768 << 20
    dump, top = tree.get("/rtas", "ibm,kernel-dump"), 0
    if dump is None:
        return 1 << 64
    count, first = struct.unpack_from(">H2xI", dump, 4)
    for at in range(first, first + 40 * min(count, 10), 40):
        if len(dump) >= at + 24 and struct.unpack_from(">H", dump, at + 4) == (0x11,):
            top = max(top, sum(struct.unpack_from(">2Q", dump, at + 8)))
    return top or 320 << 20


def below(ram, end):
    return sum(min(r[1], end) - r[0] for r in union(ram) if r[0] < end)


def check_limits(p):
    """prom.c, early_init_devtree: memory ends where it adds up to mem=, rounded down to 16 MiB."""
    ram, region = p.now.memory(), p.old.region("/chosen", "linux,crashkernel-base", "linux,crashkernel-size")
    usable = [(0, 1 << 64)]
    if p.crash:
        usable = [(0, region[0][1])] + usable_firmware(p.old)
    total = sum(below([r], u[1]) - below([r], u[0]) for u in union(usable) for r in union(ram))
    mem = 0
    for word in words(p.said["cmdline"]):
        found = re.match(r"mem=(0[xX][0-9a-fA-F]+|0[0-7]*|[1-9][0-9]*)([kmgtpeKMGTPE]?)", word)
        if word.startswith("mem="):
            mem = 0
        if found:
            digits, unit = found.groups()
            base = 16 if digits[1:2] in "xX" and digits[1:] else 8 if digits[0] == "0" else 10
            mem = int(digits, base) << 10 * " kmgtpe".index(unit.lower() or " ")
    limit = min(mem or total, total) >> 24 << 24
    for s in p.segments:
        rule(below(ram, s["room_end"]) <= limit, "%s is above the memory that mem= leaves" % s["piece"])
    # core_64.c, default_machine_kexec: with hash in an LPAR the copy runs with the MMU on
    limit, vec5 = p.old.get("/chosen", "linux,memory-limit"), p.old.get("/chosen", "ibm,architecture-vec-5") or b""
    hashed = len(vec5) <= 24 or vec5[24] & 0xC0 != 0x40
    if limit and number(limit) and hashed and "/ibm,opal" not in p.old.node:
        for s in p.segments:
            rule(below(memory(p.old)[0], s["room_end"]) <= number(limit), "%s is not mapped" % s["piece"])


def parts(kernel):
    """(order, type, has run0, entry's offset, PT_LOADs as (offset from the first, filesz, memsz))"""
    order = "<>"[kernel[5] - 1]
    kind, _, _, entry, at = struct.unpack_from(order + "HHIQQ", kernel, 16)
    count, = struct.unpack_from(order + "H", kernel, 56)
    loads = []
    for i in range(count):
        h = struct.unpack_from(order + "IIQQQQQ", kernel, at + 56 * i)
        if h[0] == 1 and h[6]:
            loads.append(h[4:5] + h[2:4] + h[5:7])
    loads.sort()
    base = loads[0][0]
    flag, = struct.unpack_from(order + "I", kernel, loads[0][1] + 0x5C)
    out = [(paddr - base, filesz, memsz) for paddr, _, _, filesz, memsz in loads]
    inside = [entry - vaddr + paddr - base for paddr, _, vaddr, filesz, _ in loads
              if vaddr <= entry < vaddr + filesz]
    return kind, flag == 0x72756E30, base, inside[0], out


def check_places(p):
    ram, rma, no = memory(p.old)
    end = number(p.old.node["/chosen"]["linux,kernel-end"])
    region = p.old.region("/chosen", "linux,crashkernel-base", "linux,crashkernel-size")
    no += p.old.region("/chosen", "linux,htab-base", "linux,htab-size")
    no += firmware(p.old) + kept_reservations(p.old, 0) + p.old.pools()
    # else the running kernel's sources are elsewhere, and the next kernel looks out for itself
    if p.crash:
        ram = region
    no.append((dump_start(p.old), 1 << 64))
    rule(rma > end, "real mode reaches nothing")
    for s in p.segments:
        rule(s["start"] >= end, "%s lies on the running kernel" % s["piece"])
        rule(s["room_end"] <= rma or s["piece"] == "initrd", "%s is out of reach for real mode" % s["piece"])
    p.check_places(ram, no)


def check_kernel(p, kernel):
    kind, run0, base, entry, loads = parts(kernel)
    at = p.kernel[0]["start"]
    room = max(off + memsz for off, _, memsz in loads)
    if run0 or kind == 3:
        rule(at % ALIGN == 0, "the kernel is not aligned to 64 KiB")
    else:
        rule(at == base, "the kernel cannot run there")
    rule(p.said["kernel_room"] == room, "the kernel asks for %d bytes of room" % room)
    rule(p.kernel[-1]["room_end"] >= at + room, "the kernel has no room for its BSS")
    rule(p.kernel_entry == at + entry, "the kernel does not start at its entry")
    # Each segment of the file lies as far from the first as it asks for. One may have been cut in two.
    shipped = [(s["start"], s["start"] + s["bytes"]) for s in p.kernel]
    cleared = [(s["start"], s["end"]) for s in p.kernel]
    for off, filesz, memsz in loads:
        rule(not filesz or covered((at + off, at + off + filesz), shipped), "the segment at %x is not loaded there" % off)
        rule(run0 or covered((at + off, at + off + memsz), cleared), "the BSS at %x is not cleared" % off)
    rule(sum(s["bytes"] for s in p.kernel) >= sum(filesz for _, filesz, _ in loads), "a part is missing")


def check_copy_to_zero(p, kernel):
    """head_64.S: one that does not stay copies [0, _end) of itself to 0 before it reads the tree."""
    _, run0, _, _, loads = parts(kernel)
    files = sum(1 for _, filesz, _ in loads if filesz)
    # told to stay its first page is a segment of its own; a copy of all parts does not tell, nor one
    # whose first part is no longer than that page
    first = min((off, filesz) for off, filesz, _ in loads if filesz)[1]
    if not run0 or p.crash or len(p.kernel) != files or first <= p.page:
        return
    end = -(-max(off + memsz for off, _, memsz in loads) // ALIGN) * ALIGN
    for s in p.segments:
        rule(s["piece"] == "kernel" or s["start"] >= end,
             "%s lies where the kernel copies itself to" % s["piece"])
    for r in firmware(p.old):
        rule(r[0] >= end, "the kernel copies itself over %x-%x" % r)


def check_others(p):
    rule(p.one["stub"]["bytes"] >= 0x100, "the stub has no bytes for address 0")
    rule(p.one["tree"]["start"] % 8 == 0, "the tree is not aligned")
    for name, s in p.one.items():
        rule(s["start"] % ALIGN == 0, "the %s is not aligned to 64 KiB" % name)


def check_tree(p, total):
    own = [p.bytes_of("tree")]
    wanted = firmware(p.old) + ([] if p.foreign else kept_reservations(p.old, total))
    ours, stale, line = OURS, STALE, p.said["cmdline"]
    if p.crash:
        core, stub = p.one["core"], p.one["stub"]
        own += [(core["start"], core["room_end"]), (stub["room_end"] - ALIGN, stub["room_end"])]
        rule(p.now.pairs("/chosen", "linux,elfcorehdr") == own[1:2], "the core header is not there")
        rule(line.startswith("elfcorehdr=0x%012x " % core["start"]), "the command line has no core header")
        region = p.old.region("/chosen", "linux,crashkernel-base", "linux,crashkernel-size")
        rule(p.now.pairs("/chosen", "linux,usable-memory-range") == region, "the crash kernel has other memory")
        wanted.append((ALIGN, region[0][0]))
        ours, stale = ours | CRASH, stale - USABLE
    else:
        rule("core" not in p.one, "there is a core header")
    p.check_chosen(line, own)
    for r in wanted:
        rule(covered(r, p.now.reserved), "%x-%x is not reserved" % r)
    # A reservation too many takes memory from the next kernel: each must have a reason.
    for r in p.now.reserved:
        rule(p.foreign or r in own or covered(r, wanted + own + [p.now.initrd()]), "%x-%x is reserved for no reason" % r)
    if p.crash:
        # beside each piece of memory what of it may be used: tests/unit/ppc64_crash.c
        for path in [x for x in p.now.node if not p.foreign]:
            for name in USABLE & set(p.now.node[path]):
                p.old.node[path][name] = p.now.node[path][name]
    p.check_rest(ours, stale, STALE_CHOSEN - ours)


def check(root, path, blob, kernel):
    p = Plan(root, path, blob)
    rule(p.said["arch"] == "ppc64", "the plan is for another machine")
    system = dict(x.split("=", 1) for x in read(root, "system").decode().splitlines())
    # said to be 0 where it is not known: then what the blob itself says
    total = int(system.get("fdt_total", 0)) or number(read(root, "sys/firmware/fdt")[4:8])
    check_places(p)
    p.check_entry()
    check_kernel(p, read(kernel))
    check_copy_to_zero(p, read(kernel))
    check_others(p)
    check_limits(p)
    check_tree(p, total)


if __name__ == "__main__":
    check(*sys.argv[1:5])
    sys.exit(report(sys.argv[2]))
