# SPDX-License-Identifier: MIT
"""Is a plan, with the tree that it made, right for a machine and the next kernel? Is a refusal true?

The next kernel's reader (fdt.py) says what that sees; each finding is (kind, text).
"""
import re

import fdt
from fdt import common, covered, minus, size_of, union

CMDLINE = "root=/dev/vda1 quiet"
OURS = {"bootargs", "kaslr-seed", "rng-seed", "linux,booted-from-kexec", "linux,initrd-start", "linux,initrd-end"}
STALE = {"linux,elfcorehdr", "linux,usable-memory-range", "linux,kho-fdt", "linux,kho-scratch", "linux,ima-kexec-buffer",
         "linux,kernel-end", "linux,htab-base", "linux,htab-size", "linux,memory-limit", "linux,crashkernel-base",
         "linux,crashkernel-size"}
IDENTITY = {"serial-number", "local-mac-address"}
# what is the running machine's whatever the file says
FIRMWARE = ("/rtas", "/ibm,opal", "/psci", "/firmware", "/reserved-memory")


def show(ranges):
    ranges = list(ranges)
    return " ".join("%x-%x" % tuple(r) for r in ranges[:4]) + (" ..." if len(ranges) > 4 else "")


def unused(area):
    return area.size is not None and not area.ranges


def same_machine(a, b):
    """Do two trees say that they are for one machine? Their roots share a compatible."""
    return bool(set(a.root.strings("compatible")) & set(b.root.strings("compatible")))


class Judge:
    """One plan. base: the tree it starts from; own: that is the machine's; board: it is for this very board."""

    def __init__(self, m, plan, blob, base, own, board):
        self.m, self.plan, self.now, self.base = m, plan, fdt.Tree(blob), base
        self.own, self.board, self.found = own, board, []
        self.efi = fdt.efi(self.now)
        self.segments = [{"piece": s["piece"], "bytes": s["bytes"], "at": (int(s["start"], 16), int(s["room_end"], 16))}
                         for s in plan["segments"]]
        self.all = {s["piece"]: (s["at"][0], s["at"][0] + s["bytes"]) for s in self.segments}
        self.areas = list(fdt.areas(self.now))
        initrd = self.all.get("initrd")
        self.header = [r for r in self.now.header if not initrd or r != initrd]
        if m.ppc64:
            self.header = [r for r in self.header if r[0] != self.all["tree"][0]]
        self.reserved = union(self.header + [r for a in self.areas for r in a.ranges])
        self.nomap = union([r for a in self.areas if a.nomap for r in a.ranges])

    def say(self, kind, text, *values):
        self.found.append((kind, text % values if values else text))

    def run(self):
        self.memory()
        self.reservations()
        self.places()
        self.dynamic()
        self.chosen()
        self.rest()
        return self.found

    def memory(self):
        """The RAM that the next kernel sees is the machine's, of which a file may leave out what it says itself."""
        if self.efi:
            self.visible = minus(self.m.memory, self.nomap)
            return
        told = fdt.memory(self.now)
        same = self.own or same_machine(self.base, self.m.tree)
        want = self.m.memory if same else fdt.memory(self.base) or self.m.memory
        if told != want:
            self.say("memory", "the next kernel sees %s, not %s", show(told), show(want))
        extra = minus(told, self.m.memory)
        if extra:
            self.say("memory", "the next kernel is told of memory that is none: %s", show(extra))
        self.visible = minus(told, self.nomap)

    def reservations(self):
        elsewhere = self.m.dynamic + (self.m.carved if self.m.efi else [])
        lost = minus(common(self.m.fixed, self.m.memory), self.reserved + elsewhere)
        if lost:
            self.say("lost", "reserved here, and not for the next kernel: %s", show(lost))
        lost = minus(common(self.m.nomap, self.m.memory), self.nomap + self.m.dynamic)
        if lost:
            self.say("lost", "no-map here, and mapped by the next kernel: %s", show(lost))
        # early_init_fdt_scan_reserved_mem, 6.1: the header comes first, and no-map fails on what is reserved
        old = common(self.base.header, [r for a in fdt.areas(self.base) if a.nomap for r in a.ranges])
        both = minus(common(self.header, self.nomap), old)
        if both:
            self.say("no-map-first", "no-map, and in the header too: %s", show(both))
        # drivers/of/of_reserved_mem.c __rmem_check_for_overlap (6.1, 6.12, 7.2)
        overlaps = {"%s, %s" % p for p in pairs(self.areas)} - {"%s, %s" % p for p in pairs(fdt.areas(self.base))}
        if self.own or not pairs(fdt.areas(self.m.tree)):
            for names in sorted(overlaps)[:3]:
                self.say("overlap", "areas overlap: %s", names)
        # a reservation too many takes memory from the next kernel
        allowed = self.m.fixed + self.base.header + [r for a in fdt.areas(self.base) for r in a.ranges] + self.m.tree.header
        extra = minus(self.reserved, allowed)
        if extra and not self.m.ppc64:
            self.say("extra", "reserved for no reason: %s", show(extra))

    def places(self):
        for s in self.segments:
            if not covered(s["at"], minus(self.m.ram, self.m.fixed)):
                self.say("place", "%s is not all free RAM: %s", s["piece"], show([s["at"]]))
            if not covered(s["at"], self.visible):
                self.say("place", "%s is in memory that the next kernel does not see: %s", s["piece"], show([s["at"]]))
            if common([s["at"]], self.reserved):
                self.say("place", "%s is on what its tree reserves: %s", s["piece"], show(common([s["at"]], self.reserved)))

    def dynamic(self):
        """drivers/of/of_reserved_mem.c __reserved_mem_alloc_size (6.12): areas find room after the pieces took theirs."""
        pieces = [s["at"] for s in self.segments]
        before = minus(self.visible, self.reserved)
        free = minus(before, pieces)
        for area in self.areas:
            if not area.size:
                continue
            step = max(area.align, 4096)
            within = area.within or [(0, 1 << 64)]
            fits = [any(-(-a // step) * step + area.size <= b for a, b in common(f, within)) for f in (before, free)]
            if fits == [True, False] and size_of(common(before, within)) >= area.size + size_of(pieces):
                self.say("dynamic", "no room is left for %s: %x in %s", area.name, area.size, show(within))
        if self.own and sorted(a.name for a in self.m.areas if unused(a)) != sorted(a.name for a in self.areas if unused(a)):
            self.say("dynamic", "another set of areas without a place")

    def chosen(self):
        chosen, old = self.now.chosen(), self.m.tree.chosen()
        if chosen.get("bootargs") != CMDLINE.encode() + b"\0":
            self.say("chosen", "bootargs are %r", chosen.get("bootargs"))
        if fdt.initrd(self.now) != self.all.get("initrd"):
            self.say("chosen", "the initrd is told to be at %s", show([fdt.initrd(self.now) or (0, 0)]))
        if len(chosen.get("kaslr-seed", b"")) != 8:
            self.say("chosen", "no kaslr-seed")
        for name in STALE & set(chosen):
            self.say("chosen", "%s is still there", name)
        efi = {k: v for k, v in self.efi.items() if k != "linux,uefi-secure-boot"}
        want = {k: v for k, v in fdt.efi(self.m.tree).items() if k != "linux,uefi-secure-boot"}
        if efi != want:
            self.say("chosen", "EFI's properties are others")
        stdout = self.base.chosen().get("stdout-path", old.get("stdout-path"))
        if "stdout-path" in chosen and chosen["stdout-path"] != stdout:
            self.say("chosen", "another stdout-path")
        if "stdout-path" in self.base.chosen() and "stdout-path" not in chosen:
            self.say("chosen", "stdout-path is gone")

    def rest(self):
        """Nothing else changes. A file gets the machine's memory, reservations, firmware and identity."""
        new, old = ({n.path: n for n in t.root.walk()} for t in (self.now, self.base))
        for path, node in old.items():
            now = new.get(path)
            if now is None:
                if self.own or not (path.startswith(FIRMWARE) or is_memory(node)):
                    self.say("rest", "%s is gone", path)
                continue
            for name, value in node.prop.items() if now.prop != node.prop else ():
                if now.prop.get(name) != value and not self.may_change(path, name, node):
                    self.say("rest", "%s of %s has changed", name, path)
        for path, node in new.items():
            was = old.get(path)
            for name, value in node.prop.items() if was is None or was.prop != node.prop else ():
                if (was is None or name not in was.prop) and not self.may_come(path, name, value):
                    self.say("rest", "%s of %s is new", name, path)
        if self.board:
            for node in self.m.tree.root.walk():
                now = new.get(node.path)
                for name in IDENTITY & set(node.prop):
                    if now is not None and now.prop.get(name) != node.prop[name]:
                        self.say("identity", "%s of %s is lost", name, node.path)

    def may_change(self, path, name, node):
        if path == "/chosen":
            # what an LPAR has agreed on is this boot's
            agreed = not self.own and name == "ibm,architecture-vec-5"
            return agreed or name in OURS | STALE or name.startswith("linux,uefi-")
        return not self.own and (is_memory(node) or name in IDENTITY or path.startswith(FIRMWARE) or
                                 name in ("reserved-ranges", "reserved-names"))

    def may_come(self, path, name, value):
        if path == "/chosen" and (name in OURS or name.startswith("linux,uefi-")):
            return True
        if self.own:
            return False
        if path.startswith("/reserved-memory"):  # judged by its ranges
            return True
        there = self.m.tree.node(path)
        return there is not None and (there.prop.get(name) == value or is_memory(there))


def is_memory(node):
    return node.prop.get("device_type") == b"memory\0" or node.name.split("@")[0] == "memory" or \
        node.name == "ibm,dynamic-reconfiguration-memory"


def pairs(areas):
    """Names of areas with a place that overlap."""
    all_ = sorted((r, a.name) for a in areas for r in a.ranges)
    return {(x[1], y[1]) for x, y in zip(all_, all_[1:]) if x[0][1] > y[0][0]}


UNITS = {"B": 1, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30, "TiB": 1 << 40}


def bytes_in(text):
    number, unit = text.split()
    return float(number) * UNITS[unit]


def refusal(m, base, text):
    """Why the sentence is not true, or None."""
    told = fdt.memory(base)
    found = re.search(r"no memory here at 0x([0-9a-f]+): ", text)
    if found:
        at = int(found.group(1), 16)
        if not covered((at, at + 1), told):
            return "the file does not tell of memory at %x" % at
        return "this machine has memory at %x" % at if covered((at, at + 1), m.memory) else None
    if "no memory node, other #address-cells than this machine" in text:
        if told:
            return "the file has memory"
        return "the cells are the same" if base.cells() == m.tree.cells() else None
    if "#address-cells are too few for this machine's memory" in text:
        a, s = (1 << 32 * x for x in base.cells())
        return "they are enough" if all(r[1] <= a and r[1] - r[0] < s for r in m.memory) else None
    found = re.search(r"([0-9.]+ [KMGT]?i?B) needed, the largest hole has ([0-9.]+ [KMGT]?i?B)", text)
    if found:
        want, largest = (bytes_in(x) for x in found.groups())
        if not told or same_machine(base, m.tree):
            told = m.memory
        free = common(minus(m.ram, m.fixed + m.dynamic), minus(told, fdt_reserved(base)))
        holes = [b - a for a, b in free]
        return "there are holes of %d bytes" % max(holes) if holes and max(holes) > 1.1 * want + (4 << 20) else None
    found = re.search(r"pool on no-map memory, at 0x([0-9a-f]+)", text)
    if found:
        at = int(found.group(1), 16)
        pools = [r for a in fdt.areas(base) if a.reusable for r in a.ranges]
        return None if any(r[0] <= at < r[1] for r in pools) else "%x is in no pool of the file" % at
    return "a sentence that nothing here knows"


def fdt_reserved(tree):
    return tree.header + [r for a in fdt.areas(tree) for r in a.ranges]


def same(expected, got):
    """What differs between two trees, all of it: for results of overlays."""
    a = {(n.path, k): v for n in expected.root.walk() for k, v in n.prop.items()}
    b = {(n.path, k): v for n in got.root.walk() for k, v in n.prop.items()}
    return sorted(x for x in set(a) | set(b) if a.get(x) != b.get(x))
