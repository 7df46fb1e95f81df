#!/usr/bin/env python3
"""model.py ROOT PLAN.json TREE.dtb: is this plan sound on that captured machine?

Written from the boot protocol and kernel/kexec_core.c, not from our C: reads the machine's
/proc/iomem by itself and believes of the plan only where it puts things. Prints each
broken rule; exits 1 when there is one.
"""
import json
import os
import re
import struct
import sys

MIB, GIB = 1 << 20, 1 << 30
FREE_NAMES = {"Kernel code", "Kernel data", "Kernel bss", "Kernel rodata"}
broken = []


def rule(ok, text):
    if not ok:
        broken.append(text)


def read(root, path):
    with open(os.path.join(root, path), "rb") as f:
        return f.read()


def iomem(text):
    """(RAM ranges, forbidden ranges), both [start, end)."""
    ram, no, top = [], [], None
    for line in text.splitlines():
        where, name = line.split(" : ", 1)
        start, end = (int(x, 16) for x in where.strip().split("-"))
        nested = line.startswith(" ")
        if not nested:
            top = name
            if name == "System RAM":
                ram.append((start, end + 1))
        if not nested and name in ("reserved", "Crash kernel"):
            no.append((start, end + 1))
        if nested and top == "System RAM" and name not in FREE_NAMES:
            no.append((start, end + 1))
    return ram, no


def memory_total(text):
    for line in text.splitlines():
        if line.startswith("MemTotal:"):
            return int(line.split()[1]) * 1024
    return 0


def properties(blob):
    """{(path, name): value} and the memory reservations of a device tree blob."""
    magic, total, structs, strings, rsv = struct.unpack(">5I", blob[:20])
    rule(magic == 0xD00DFEED, "the tree has no magic")
    rule(total == len(blob), "the tree says %d bytes and has %d" % (total, len(blob)))
    out, path, at = {}, [], structs
    while True:
        token, = struct.unpack_from(">I", blob, at)
        at += 4
        if token == 1:
            end = blob.index(b"\0", at)
            path.append(blob[at:end].decode())
            at = (end + 4) & ~3
        elif token == 2:
            path.pop()
        elif token == 3:
            size, name = struct.unpack_from(">II", blob, at)
            name = blob[strings + name:blob.index(b"\0", strings + name)].decode()
            out["/".join(path) or "/", name] = blob[at + 8:at + 8 + size]
            at = (at + 8 + size + 3) & ~3
        elif token == 9:
            break
    reserved = []
    while True:
        start, size = struct.unpack_from(">QQ", blob, rsv)
        rsv += 16
        if not size:
            return out, reserved
        reserved.append((start, start + size))


def overlap(a, b):
    return a[0] < b[1] and b[0] < a[1]


def without_initrd(no, tree, page):
    """The initrd that the running kernel booted with is free, whatever iomem says: whole pages."""
    chosen = {name: int.from_bytes(v, "big") for (path, name), v in properties(tree)[0].items()
              if path == "/chosen" and name.startswith("linux,initrd-")}
    if len(chosen) != 2:
        return no
    start = -(-chosen["linux,initrd-start"] // page) * page
    end = chosen["linux,initrd-end"] // page * page
    out = []
    for low, high in no:
        out += [(low, min(high, start)), (max(low, end), high)] if end > start else [(low, high)]
    return [r for r in out if r[0] < r[1]]


def lpi_tables(root):
    """64 KiB at each address that the log names; none where there is no captured log."""
    try:
        log = read(root, "dev/kmsg").decode()
    except FileNotFoundError:
        return []
    found = re.findall(r"LPI (?:property|pending) table @0x([0-9a-f]+)$", log, re.M)
    return [(int(x, 16), int(x, 16) + 0x10000) for x in found]


def check_places(plan, pieces, root):
    ram, no = iomem(read(root, "proc/iomem").decode())
    no = without_initrd(no, read(root, "sys/firmware/fdt"), plan["page_size"])
    no += lpi_tables(root)
    page = plan["page_size"]
    total = memory_total(read(root, "proc/meminfo").decode())
    for name, s in pieces.items():
        room = (s["start"], s["room_end"])
        inside = room[0]
        for start, end in sorted(ram):
            if start <= inside < end:
                inside = end
        rule(inside >= room[1], "%s is not all RAM" % name)
        for other in no:
            rule(not overlap(room, other), "%s lies on %x-%x" % ((name,) + other))
        rule(s["start"] % page == 0 and s["end"] % page == 0, "%s is not page aligned" % name)
        rule(0 < s["bytes"] <= s["end"] - s["start"], "%s does not fit" % name)
        rule(s["end"] <= s["room_end"], "%s ends beyond its room" % name)
        rule(s["room_end"] <= 1 << 48, "%s is above 48 bits" % name)
        for other, o in pieces.items():
            rule(other == name or not overlap(room, (o["start"], o["room_end"])),
                 "%s overlaps %s" % (name, other))
    rule(sum(s["end"] - s["start"] for s in pieces.values()) <= total // 2,
         "more than half of RAM is taken")


def check_arm64(plan, pieces, tree):
    kernel, blob, stub = pieces["kernel"], pieces["tree"], pieces["stub"]
    rule(plan["kernel_align"] == 2 * MIB, "the kernel is not aligned to 2 MiB")
    rule((kernel["start"] - plan["kernel_offset"]) % (2 * MIB) == 0,
         "the kernel is not at 2 MiB + text_offset")
    rule(kernel["room_end"] - kernel["start"] >= plan["kernel_room"], "no room for image_size")
    rule(plan["kernel_entry"] == kernel["start"], "the kernel does not start at its start")
    rule(stub["start"] <= plan["entry"] < stub["start"] + stub["bytes"], "the entry is not the stub's")
    rule(blob["bytes"] == len(tree), "the tree has another size")
    rule(blob["start"] % 8 == 0, "the tree is not aligned")
    block = blob["start"] // (2 * MIB) * 2 * MIB
    rule(blob["start"] + len(tree) <= block + 2 * MIB, "the tree leaves its block")
    for name, s in pieces.items():
        rule(name == "tree" or not overlap((block, block + 2 * MIB), (s["start"], s["room_end"])),
             "%s is in the tree's block" % name)
    if "initrd" in pieces:
        initrd = pieces["initrd"]
        low = min(kernel["start"], initrd["start"]) // GIB * GIB
        high = max(kernel["room_end"], initrd["start"] + initrd["bytes"])
        rule(high - low <= 32 * GIB, "kernel and initrd do not share 32 GiB")


def check_tree(plan, pieces, tree, before, tables):
    now, reserved = properties(tree)
    for table in tables:
        rule(table in reserved, "the LPI table at %x is not reserved" % table[0])
    old, _ = properties(before)
    chosen = {name: v for (path, name), v in now.items() if path == "/chosen"}
    rule(chosen.get("bootargs") == plan["cmdline"].encode() + b"\0", "bootargs differ")
    rule(len(chosen.get("kaslr-seed", b"")) == 8, "no kaslr-seed")
    rule(len(chosen.get("rng-seed", b"")) >= 32, "no rng-seed")
    rule(chosen.get("linux,booted-from-kexec") == b"", "no linux,booted-from-kexec")
    if "initrd" in pieces:
        start = pieces["initrd"]["start"]
        end = start + pieces["initrd"]["bytes"]
        rule(chosen.get("linux,initrd-start") == struct.pack(">Q", start), "initrd-start differs")
        rule(chosen.get("linux,initrd-end") == struct.pack(">Q", end), "initrd-end differs")
        rule((start, end) in reserved, "the initrd is not reserved")
    else:
        rule("linux,initrd-start" not in chosen and "linux,initrd-end" not in chosen,
             "an initrd that is not there")
    ours = {"bootargs", "kaslr-seed", "rng-seed", "linux,booted-from-kexec", "linux,initrd-start",
            "linux,initrd-end"}
    # what a crash kernel was told for itself
    limits = {"linux,elfcorehdr", "linux,usable-memory-range"}
    rule(not limits & set(chosen), "it is limited as a crash kernel is")
    for (path, name), value in old.items():
        if path != "/chosen" or name not in ours | limits:
            rule(now.get((path, name)) == value, "%s of %s has changed" % (name, path))
    for path, name in now:
        rule((path, name) in old or (path == "/chosen" and name in ours), "%s of %s is new" % (name, path))


def main():
    root, path, tree = sys.argv[1:4]
    with open(path) as f:
        plan = json.load(f)
    with open(tree, "rb") as f:
        tree = f.read()
    for key in ("entry", "kernel_entry"):
        plan[key] = int(plan[key], 16)
    pieces = {}
    for s in plan["segments"]:
        again = s["piece"] in pieces
        rule(not again or s["piece"] == "initrd", "%s is there twice" % s["piece"])
        s = {k: int(v, 16) if isinstance(v, str) and k != "piece" else v
                              for k, v in s.items()}
        if again and s["piece"] == "initrd":
            # one behind another: as the next kernel sees them, one
            first = pieces["initrd"]
            rule(first["end"] == s["start"], "the initrds are not one behind another")
            rule(s["start"] - first["start"] - first["bytes"] >= 4, "no zeros between initrds")
            first["bytes"] = s["start"] + s["bytes"] - first["start"]
            first["end"], first["room_end"] = s["end"], s["room_end"]
            continue
        pieces[s["piece"]] = s
    rule(len(plan["segments"]) <= 16, "more than 16 segments")
    check_places(plan, pieces, root)
    if plan["arch"] == "arm64":
        check_arm64(plan, pieces, tree)
    check_tree(plan, pieces, tree, read(root, "sys/firmware/fdt"), lpi_tables(root))
    for text in broken:
        print("%s: %s" % (os.path.basename(path), text))
    return 1 if broken else 0


sys.exit(main())
