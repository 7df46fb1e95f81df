#!/usr/bin/env python3
"""model.py ROOT PLAN.json TREE.dtb KERNEL: is this plan sound on that captured ppc64 machine?

Written from the boot contract, Linux's arch/powerpc/kexec and kernel/kexec_core.c, not from
our C: reads the machine's tree and the kernel's headers by itself and believes of the plan
only where it puts things. Prints each broken rule; exits 1 when there is one.
"""
import json
import os
import struct
import sys

ALIGN = 0x10000
broken = []


def rule(ok, text):
    if not ok:
        broken.append(text)


def read(*path):
    with open(os.path.join(*path), "rb") as f:
        return f.read()


def number(value):
    return int.from_bytes(value, "big")


def overlap(a, b):
    return a[0] < b[1] and b[0] < a[1]


def union(ranges):
    out = []
    for start, end in sorted(r for r in ranges if r[0] < r[1]):
        if out and start <= out[-1][1]:
            out[-1] = (out[-1][0], max(end, out[-1][1]))
        else:
            out.append((start, end))
    return out


def covered(r, ranges):
    return any(start <= r[0] and r[1] <= end for start, end in union(ranges))


class Tree:
    """node[path][property] of a blob, and its memory reservations as [start, end)."""

    def __init__(self, blob):
        magic, total, structs, strings, rsv = struct.unpack(">5I", blob[:20])
        rule(magic == 0xD00DFEED, "the tree has no magic")
        rule(total == len(blob), "the tree says %d bytes and has %d" % (total, len(blob)))
        self.node, self.reserved, path, at = {}, [], [], structs
        while True:
            token, = struct.unpack_from(">I", blob, at)
            at += 4
            if token == 1:
                end = blob.index(b"\0", at)
                path.append(blob[at:end].decode())
                self.node["/".join(path) or "/"] = {}
                at = (end + 4) & ~3
            elif token == 2:
                path.pop()
            elif token == 3:
                size, name = struct.unpack_from(">II", blob, at)
                name = blob[strings + name:blob.index(b"\0", strings + name)].decode()
                self.node["/".join(path) or "/"][name] = blob[at + 8:at + 8 + size]
                at = (at + 8 + size + 3) & ~3
            elif token == 9:
                break
        while True:
            start, size = struct.unpack_from(">QQ", blob, rsv)
            rsv += 16
            if not size:
                break
            self.reserved.append((start, start + size))

    def pairs(self, path, name):
        """A list of (address, size) in the cells of the parent, as [start, end)."""
        parent = self.node[path.rpartition("/")[0] or "/"]
        a = number(parent.get("#address-cells", b"\2")) * 4
        s = number(parent.get("#size-cells", b"\1")) * 4
        value, out = self.node[path].get(name, b""), []
        for at in range(0, len(value) - a - s + 1, a + s):
            start = number(value[at:at + a])
            out.append((start, start + number(value[at + a:at + a + s])))
        return out

    def region(self, path, base, size):
        p = self.node.get(path, {})
        if base not in p or size not in p:
            return []
        return [(number(p[base]), number(p[base]) + number(p[size]))]


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
            rma = regs[0][1]
    p = tree.node.get("/ibm,dynamic-reconfiguration-memory", {})
    size = number(p.get("ibm,lmb-size", b""))
    for name, layout in (("ibm,dynamic-memory", ">Q3I"), ("ibm,dynamic-memory-v2", ">IQ2I")):
        value = p.get(name, b"")
        for i in range(number(value[:4])):
            entry = struct.unpack_from(layout + "I", value, 4 + 24 * i)
            count, at = (1, entry[0]) if layout[1] == "Q" else entry[:2]
            if entry[-1] & 0x88 == 0x8:
                ram.append((at, at + count * size))
    return union(ram), rma, device


def firmware(tree):
    """What stays firmware's, and must be reserved in the next tree too."""
    out = tree.region("/rtas", "linux,rtas-base", "rtas-size")
    out += tree.region("/ibm,opal", "opal-base-address", "opal-runtime-size")
    out += tree.pairs("/", "reserved-ranges")
    for path in tree.node:
        out += tree.region(path, "linux,tce-base", "linux,tce-size")
    return out


def old_initrd(tree):
    found = [number(v) for k, v in sorted(tree.node["/chosen"].items()) if k.startswith("linux,initrd-")]
    return (found[1], found[0]) if len(found) == 2 else (0, 0)


def kept_reservations(tree, total):
    """Those of the boot-time blob but for the old initrd and the old tree."""
    start, end = old_initrd(tree)
    start, end = start // ALIGN * ALIGN, -(-end // ALIGN) * ALIGN
    return [r for r in tree.reserved
            if not (start <= r[0] and r[1] <= end) and (r[1] - r[0] != total or total % ALIGN == 0)]


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


def check_places(plan, root, tree):
    ram, rma, no = memory(tree)
    end = number(tree.node["/chosen"]["linux,kernel-end"])
    chosen = ("linux,htab-base", "linux,htab-size"), ("linux,crashkernel-base", "linux,crashkernel-size")
    for names in chosen:
        no += tree.region("/chosen", *names)
    no += firmware(tree) + kept_reservations(tree, 0)
    for path in tree.node:
        if path.startswith("/reserved-memory/"):
            no += tree.pairs(path, "reg")
    total = [int(x.split()[1]) * 1024 for x in read(root, "proc/meminfo").decode().splitlines()
             if x.startswith("MemTotal:")][0]
    page, pieces = plan["page_size"], plan["segments"]
    rule(rma > end, "real mode reaches nothing")
    for i, s in enumerate(pieces):
        name, room = s["piece"], (s["start"], s["room_end"])
        rule(covered(room, ram), "%s is not all RAM" % name)
        rule(room[0] >= end, "%s lies on the running kernel" % name)
        rule(room[1] <= rma, "%s is out of reach for real mode" % name)
        for other in no:
            rule(not overlap(room, other), "%s lies on %x-%x" % ((name,) + other))
        rule(s["start"] % page == 0 and s["end"] % page == 0, "%s is not page aligned" % name)
        rule(0 < s["bytes"] <= s["end"] - s["start"] <= total // 2, "%s does not fit" % name)
        rule(s["end"] <= s["room_end"], "%s ends beyond its room" % name)
        for o in pieces[:i]:
            rule(not overlap(room, (o["start"], o["room_end"])), "%s overlaps %s" % (name, o["piece"]))
    rule(sum(s["end"] - s["start"] for s in pieces) <= total // 2, "more than half of RAM is taken")
    rule(len(pieces) <= 16, "more than 16 segments")


def check_kernel(plan, kernel):
    kind, run0, base, entry, loads = parts(kernel)
    mine = [s for s in plan["segments"] if s["piece"] == "kernel"]
    at = mine[0]["start"]
    room = max(off + memsz for off, _, memsz in loads)
    if run0 or kind == 3:
        rule(at % ALIGN == 0, "the kernel is not aligned to 64 KiB")
    else:
        rule(at == base, "the kernel cannot run there")
    rule(plan["kernel_room"] == room, "the kernel asks for %d bytes of room" % room)
    rule(mine[-1]["room_end"] >= at + room, "the kernel has no room for its BSS")
    rule(plan["kernel_entry"] == at + entry, "the kernel does not start at its entry")
    # Each segment of the file lies as far from the first as it asks for. One may have been cut in two.
    shipped = [(s["start"], s["start"] + s["bytes"]) for s in mine]
    for off, filesz, memsz in loads:
        rule(not filesz or covered((at + off, at + off + filesz), shipped), "the segment at %x is not loaded there" % off)
        rule(run0 or covered((at + off, at + off + memsz), [(s["start"], s["end"]) for s in mine]),
             "the BSS at %x is not cleared" % off)
    rule(sum(s["bytes"] for s in mine) >= sum(filesz for _, filesz, _ in loads), "a part is missing")


def check_others(plan, tree):
    one = {s["piece"]: s for s in plan["segments"]}
    rule(len([s for s in plan["segments"] if s["piece"] != "kernel"]) == len(one) - 1, "a piece is there twice")
    stub = one["stub"]
    rule(plan["entry"] == stub["start"], "the entry is not the stub's")
    rule(stub["bytes"] >= 0x100, "the stub has no bytes for address 0")
    rule(one["tree"]["bytes"] == len(tree), "the tree has another size")
    rule(one["tree"]["start"] % 8 == 0, "the tree is not aligned")
    for name in ("initrd", "tree", "stub"):
        rule(name not in one or one[name]["start"] % ALIGN == 0, "the %s is not aligned to 64 KiB" % name)


STALE = {"linux,htab-base", "linux,htab-size", "linux,kernel-end", "linux,pci-domain",
         "linux,crashkernel-base", "linux,crashkernel-size", "linux,usable-memory",
         "linux,drconf-usable-memory", "linux,memory-limit"}
STALE_CHOSEN = {"linux,elfcorehdr", "linux,usable-memory-range", "linux,kho-fdt", "linux,kho-scratch",
                "linux,ima-kexec-buffer", "linux,initrd-start", "linux,initrd-end"}
OURS = {"bootargs", "kaslr-seed", "rng-seed", "linux,booted-from-kexec", "linux,initrd-start",
        "linux,initrd-end"}


def check_tree(plan, now, old, total):
    pieces = {s["piece"]: s for s in plan["segments"]}
    chosen = now.node["/chosen"]
    rule(chosen.get("bootargs") == plan["cmdline"].encode() + b"\0", "bootargs differ")
    rule(chosen.get("linux,booted-from-kexec") == b"", "no linux,booted-from-kexec")
    wanted = firmware(old) + kept_reservations(old, total)
    for name in ("initrd", "tree"):
        if name in pieces:
            start = pieces[name]["start"]
            wanted.append((start, start + pieces[name]["bytes"]))
    for r in wanted:
        rule(covered(r, now.reserved), "%x-%x is not reserved" % r)
    if "initrd" in pieces:
        start = pieces["initrd"]["start"]
        got = number(chosen.get("linux,initrd-start", b"")), number(chosen.get("linux,initrd-end", b""))
        rule(got == (start, start + pieces["initrd"]["bytes"]), "the tree has another initrd")
    else:
        rule("linux,initrd-start" not in chosen and "linux,initrd-end" not in chosen,
             "an initrd that is not there")
    # A reservation too many takes memory from the next kernel: each must have a reason.
    for r in now.reserved:
        rule(covered(r, wanted), "%x-%x is reserved for no reason" % r)
    for path, properties in old.node.items():
        for name, value in properties.items():
            if name in STALE or path == "/chosen" and name in OURS | STALE_CHOSEN:
                continue
            rule(now.node.get(path, {}).get(name) == value, "%s of %s has changed" % (name, path))
    for path, properties in now.node.items():
        for name in properties:
            mine = path == "/chosen" and name in OURS
            rule(mine or name in old.node.get(path, {}), "%s of %s is new" % (name, path))
            rule(name not in STALE and (mine or path != "/chosen" or name not in STALE_CHOSEN),
                 "%s of %s is stale" % (name, path))


def one_initrd(segments):
    """Several initrds, one behind another, are one to the next kernel."""
    out = []
    for s in segments:
        if out and s["piece"] == "initrd" == out[-1]["piece"]:
            first = out[-1]
            rule(first["end"] == s["start"], "the initrds are not one behind another")
            rule(s["start"] - first["start"] - first["bytes"] >= 4, "no zeros between initrds")
            first["bytes"] = s["start"] + s["bytes"] - first["start"]
            first["end"], first["room_end"] = s["end"], s["room_end"]
        else:
            out.append(s)
    return out


def main():
    root, path, blob, kernel = sys.argv[1:5]
    plan = json.loads(read(path))
    for key in ("entry", "kernel_entry"):
        plan[key] = int(plan[key], 16)
    for s in plan["segments"]:
        s.update({k: int(s[k], 16) for k in ("start", "end", "room_end")})
    plan["segments"].sort(key=lambda s: s["start"])
    plan["segments"] = one_initrd(plan["segments"])
    rule(plan["arch"] == "ppc64", "the plan is for another machine")
    old, now = Tree(read(root, "sys/firmware/fdt")), Tree(read(blob))
    system = dict(x.split("=", 1) for x in read(root, "system").decode().splitlines())
    check_places(plan, root, old)
    check_kernel(plan, read(kernel))
    check_others(plan, read(blob))
    check_tree(plan, now, old, int(system["fdt_total"]))
    for text in broken:
        print("%s: %s" % (os.path.basename(path), text))
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
