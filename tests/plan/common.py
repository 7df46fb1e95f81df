# SPDX-License-Identifier: MIT
"""What the models of both targets share: ranges, device trees, and the rules of any plan.

Written from kernel/kexec_core.c and the boot protocols, not from our C.
"""
import json
import os
import struct

LARGEST_PAGE = 0x10000
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

    def __init__(self, blob, padded=False):
        magic, total, structs, strings, rsv = struct.unpack(">5I", blob[:20])
        rule(magic == 0xD00DFEED, "the tree has no magic")
        rule(padded or total == len(blob), "the tree says %d bytes and has %d" % (total, len(blob)))
        self.node, self.reserved, path, at = {}, [], [], structs
        while True:
            token, = struct.unpack_from(">I", blob, at)
            at += 4
            if token == 1:
                end = blob.index(b"\0", at)
                path.append(blob[at:end].decode())
                self.node.setdefault("/".join(path) or "/", {})
                at = (end + 4) & ~3
            elif token == 2:
                path.pop()
            elif token == 3:
                size, name = struct.unpack_from(">II", blob, at)
                name = blob[strings + name:blob.index(b"\0", strings + name)].decode()
                self.node["/".join(path) or "/"].setdefault(name, blob[at + 8:at + 8 + size])
                at = (at + 8 + size + 3) & ~3
            elif token == 9:
                break
        while True:
            start, size = struct.unpack_from(">QQ", blob, rsv)
            rsv += 16
            if not start and not size:
                break
            self.reserved.append((start, start + size))

    def get(self, path, name):
        return self.node.get(path, {}).get(name)

    def pairs(self, path, name):
        """A list of (address, size) in the cells of the parent, as [start, end)."""
        parent = self.node[path.rpartition("/")[0] or "/"]
        a = number(parent.get("#address-cells", b"\2")) * 4
        s = number(parent.get("#size-cells", b"\1")) * 4
        value, out = self.node.get(path, {}).get(name, b""), []
        for at in range(0, len(value) - a - s + 1, a + s):
            start = number(value[at:at + a])
            out.append((start, start + number(value[at + a:at + a + s])))
        return out

    def region(self, path, base, size):
        p = self.node.get(path, {})
        if base not in p or size not in p:
            return []
        return [(number(p[base]), number(p[base]) + number(p[size]))]

    def dynamic(self):
        """Dynamic memory that is RAM; drmem.c, walk_drmem_lmbs_early."""
        p = self.node.get("/ibm,dynamic-reconfiguration-memory", {})
        size, out = number(p.get("ibm,lmb-size", b"")), []
        value, layout = p.get("ibm,dynamic-memory"), ">Q4I"
        if value is None:
            value, layout = p.get("ibm,dynamic-memory-v2", b""), ">IQ3I"
        for i in range(number(value[:4])):
            entry = struct.unpack_from(layout, value, 4 + 24 * i)
            count, at = (1, entry[0]) if layout[1] == "Q" else entry[:2]
            if entry[-1] & 0x88 == 0x8:
                out.append((at, at + count * size))
        return out

    def memory(self):
        """What the nodes below the root tell of, and dynamic memory."""
        return self.dynamic() + [r for path, p in self.node.items()
                if path.count("/") == 1 and p.get("device_type") == b"memory\0" for r in self.pairs(path, "reg")]

    def efi(self):
        return self.get("/chosen", "linux,uefi-mmap-start") is not None

    def pools(self):
        return [r for path in self.node if path.startswith("/reserved-memory/") for r in self.pairs(path, "reg")]

    def initrd(self):
        value = [self.get("/chosen", "linux,initrd-" + x) for x in ("start", "end")]
        return (0, 0) if None in value else (number(value[0]), number(value[1]))


def kept_reservations(tree, total):
    """Those of the boot-time blob but for what the last boot left: its initrd, its own reservation
    (of `total` bytes, 0: not known), and what a crash kernel or kexec were handed."""
    gone = [tree.initrd()] + [r for name in ("linux,elfcorehdr", "linux,kho-fdt", "linux,ima-kexec-buffer")
                              for r in tree.pairs("/chosen", name)[:1]]
    out = tree.reserved
    for r in gone:
        if r[0] < r[1]:
            pages = r[0] // LARGEST_PAGE * LARGEST_PAGE, -(-r[1] // LARGEST_PAGE) * LARGEST_PAGE
            out = [x for x in out if not (overlap(x, r) and pages[0] <= x[0] and x[1] <= pages[1])]
    own = [x for x in out if x[1] - x[0] == total and total % LARGEST_PAGE]
    return [x for x in out if x not in own or len(own) > 1]


class Plan:
    """A plan as printed, its tree, the machine. Several initrds, one behind another, are one."""

    def __init__(self, root, path, blob):
        self.said = json.loads(read(path))
        self.root, self.blob, self.now = root, read(blob), Tree(read(blob))
        self.old = Tree(read(root, "sys/firmware/fdt"), True)
        self.entry, self.kernel_entry = (int(self.said[x], 16) for x in ("entry", "kernel_entry"))
        self.page, self.crash = self.said["page_size"], "crash_region" in self.said
        # another tree than the machine's own
        self.foreign = not self.said["tree_from"].startswith("/sys/firmware/") or "overlays" in self.said
        self.all = [{k: int(v, 16) if k in ("start", "end", "room_end") else v for k, v in s.items()}
                    for s in self.said["segments"]]
        self.segments = self.one_initrd(sorted(self.all, key=lambda s: s["start"]))
        self.one = {s["piece"]: s for s in self.segments if s["piece"] != "kernel"}
        self.kernel = [s for s in self.segments if s["piece"] == "kernel"]
        self.total = 0
        for line in read(root, "proc/meminfo").decode().splitlines():
            if line.startswith("MemTotal:"):
                self.total = int(line.split()[1]) * 1024

    @staticmethod
    def one_initrd(segments):
        out = []
        for s in segments:
            if out and s["piece"] == "initrd" == out[-1]["piece"]:
                first = out[-1]
                rule(first["end"] == s["start"], "the initrds are not one behind another")
                rule(s["start"] - first["start"] - first["bytes"] >= 4, "no zeros between initrds")
                first["bytes"] = s["start"] + s["bytes"] - first["start"]
                first["end"], first["room_end"] = s["end"], s["room_end"]
            else:
                out.append(dict(s))
        return out

    def bytes_of(self, name):
        s = self.one[name]
        return s["start"], s["start"] + s["bytes"]

    def check_places(self, ram, no):
        rule(0 < len(self.all) <= 16, "it has %d segments" % len(self.all))
        rule("tree" in self.one and self.kernel, "there is no kernel or no tree")
        rule(len(self.segments) == len(self.one) + len(self.kernel), "a piece is there twice")
        for s in self.segments:
            name, room = s["piece"], (s["start"], s["room_end"])
            rule(covered(room, ram), "%s is not all RAM" % name)
            for other in no:
                rule(not overlap(room, other), "%s lies on %x-%x" % ((name,) + other))
            rule(s["start"] % self.page == 0 and s["end"] % self.page == 0, "%s is not page aligned" % name)
            rule(0 < s["bytes"] <= s["end"] - s["start"], "%s does not fit" % name)
            rule(not self.total or s["end"] - s["start"] <= self.total // 2, "%s is half of RAM" % name)
            rule(s["end"] <= s["room_end"], "%s ends beyond its room" % name)
        for a in self.segments:
            for b in self.segments:
                rule(a is b or not overlap((a["start"], a["room_end"]), (b["start"], b["room_end"])),
                     "%s overlaps %s" % (a["piece"], b["piece"]))
        rule(not self.total or sum(s["end"] - s["start"] for s in self.all) <= self.total // 2,
             "more than half of RAM is taken")

    def check_entry(self):
        if "stub" in self.one:
            rule(self.entry == self.one["stub"]["start"], "the entry is not the stub's")
        else:
            rule(self.entry == self.kernel_entry, "the entry is nowhere")

    def check_chosen(self, line, reservations):
        """Of the next tree what the next kernel boots by; `reservations` are the plan's own."""
        chosen = self.now.node.get("/chosen", {})
        rule(self.one["tree"]["bytes"] == len(self.blob), "the tree has another size")
        rule(chosen.get("bootargs") == line.encode() + b"\0", "bootargs differ")
        rule(len(chosen.get("kaslr-seed", b"")) == 8, "no kaslr-seed")
        rule(len(chosen.get("rng-seed", b"")) >= 32, "no rng-seed")
        rule(chosen.get("linux,booted-from-kexec") == b"", "no linux,booted-from-kexec")
        own = list(reservations)
        if "initrd" in self.one:
            rule(self.now.initrd() == self.bytes_of("initrd"), "the tree has another initrd")
            own.append(self.bytes_of("initrd"))
        else:
            rule("linux,initrd-start" not in chosen, "an initrd that is not there")
        for r in own:
            rule(r in self.now.reserved, "%x-%x is not reserved" % r)
        others = [r for r in self.now.reserved if r not in own] + self.now.pools()
        told = self.now.memory()
        for s in self.segments:
            room = s["start"], s["room_end"]
            for r in others:
                rule(not overlap(room, r), "%s lies on %x-%x, reserved in its tree" % ((s["piece"],) + r))
            rule(self.now.efi() or covered(room, told), "%s is in memory that the tree lacks" % s["piece"])

    def check_rest(self, ours, stale, stale_chosen):
        """Nothing else has changed in the machine's own tree."""
        if self.foreign:
            return
        for path, properties in self.old.node.items():
            for name, value in properties.items():
                if name not in stale and not (path == "/chosen" and name in ours | stale_chosen):
                    rule(self.now.get(path, name) == value, "%s of %s has changed" % (name, path))
        for path, properties in self.now.node.items():
            for name in properties:
                mine = path == "/chosen" and name in ours
                rule(mine or name in self.old.node.get(path, {}), "%s of %s is new" % (name, path))
                rule(mine or name not in stale and (path != "/chosen" or name not in stale_chosen),
                     "%s of %s is stale" % (name, path))


OURS = {"bootargs", "kaslr-seed", "rng-seed", "linux,booted-from-kexec", "linux,initrd-start",
        "linux,initrd-end"}
STALE_CHOSEN = {"linux,elfcorehdr", "linux,usable-memory-range", "linux,kho-fdt", "linux,kho-scratch",
                "linux,ima-kexec-buffer", "linux,dmcryptkeys"}
CRASH = {"linux,elfcorehdr", "linux,usable-memory-range"}


def report(path):
    for text in broken:
        print("%s: %s" % (os.path.basename(path), text))
    return 1 if broken else 0
