# SPDX-License-Identifier: MIT
"""What a Linux kernel sees of a device tree: memory, reservations, /chosen.

Each rule is written from the kernel's own reader, which is named beside it with the versions that were
read: 6.1, 6.12, 7.2. None of it is our C, nor comes from it.
"""
import struct

PAGE = 0x1000


class BadTree(Exception):
    """The blob is no device tree."""


class Node:
    """A node with its properties, in the order of the blob, and its children by full name."""

    def __init__(self, name, parent):
        self.name, self.parent = name, parent
        self.path = parent.path.rstrip("/") + "/" + name if parent else "/"
        self.prop, self.children = {}, {}

    def walk(self):
        yield self
        for child in self.children.values():
            yield from child.walk()

    def strings(self, name):
        return self.prop.get(name, b"").rstrip(b"\0").split(b"\0")

    def word(self, name):
        value = self.prop.get(name)
        return struct.unpack(">I", value[:4])[0] if value and len(value) >= 4 else None

    def number(self, name):
        return int.from_bytes(self.prop[name], "big") if name in self.prop else None


class Tree:
    """A blob, read; `header` are the areas of its memory reservation block."""

    def __init__(self, blob):
        if len(blob) < 40 or blob[:4] != b"\xd0\x0d\xfe\xed":
            raise BadTree("no magic")
        self.total, structs, names, rsv = struct.unpack(">4I", blob[4:20])
        self.boot_cpu = struct.unpack(">I", blob[28:32])[0]
        self.root, self.header = self._nodes(blob, structs, names), []
        while True:
            start, size = struct.unpack_from(">QQ", blob, rsv)
            rsv += 16
            # early_init_fdt_scan_reserved_mem() stops at the first size of 0
            if not size:
                break
            self.header.append((start, start + size))

    @staticmethod
    def _nodes(blob, at, names):
        root = node = None
        name_at = {}
        while True:
            token, = struct.unpack_from(">I", blob, at)
            at += 4
            if token == 1:
                end = blob.index(b"\0", at)
                name = blob[at:end].decode("latin-1")
                child = Node(name, node)
                if node is None:
                    root = child
                else:
                    node.children.setdefault(name, child)
                node, at = child, end + 4 & ~3
            elif token == 2:
                node = node.parent
            elif token == 3:
                size, off = struct.unpack_from(">II", blob, at)
                name = name_at.get(off)
                if name is None:
                    name = blob[names + off:blob.index(b"\0", names + off)].decode("latin-1")
                    name_at[off] = name
                node.prop.setdefault(name, blob[at + 8:at + 8 + size])
                at = at + 8 + size + 3 & ~3
            elif token == 9:
                return root
            elif token != 4:
                raise BadTree("token %x" % token)

    def node(self, path):
        """fdt_path_offset(): a name without a unit address stands for the first that has one."""
        node = self.root
        for name in path.strip("/").split("/") if path != "/" else ():
            child = node.children.get(name)
            if child is None and "@" not in name:
                child = next((c for n, c in node.children.items() if n.split("@")[0] == name), None)
            if child is None:
                return None
            node = child
        return node

    def chosen(self):
        node = self.node("/chosen")
        return node.prop if node else {}

    def cells(self):
        """drivers/of/fdt.c early_init_dt_scan_root; the default of 1 and 1 is
        OF_ROOT_NODE_ADDR_CELLS_DEFAULT and ..SIZE.. of drivers/of/of_private.h (6.1, 6.12, 7.2)."""
        a, s = self.root.word("#address-cells"), self.root.word("#size-cells")
        return (1 if a is None else a), (1 if s is None else s)

    def pairs(self, value):
        """dt_mem_next_cell (drivers/of/fdt.c) over address and size in the root's cells."""
        a, s = (4 * x for x in self.cells())
        if not a + s:
            return
        for at in range(0, len(value) - a - s + 1, a + s):
            start = int.from_bytes(value[at:at + a][-8:], "big")
            yield start, start + int.from_bytes(value[at + a:at + a + s][-8:], "big")


def available(node):
    """drivers/of/fdt.c of_fdt_device_is_available (6.1, 6.12, 7.2): no status, "ok" or "okay"."""
    return node.prop.get("status") in (None, b"ok\0", b"okay\0")


def memory_nodes(tree):
    """drivers/of/fdt.c early_init_dt_scan_memory (6.1, 6.12, 7.2): children of the root only, of
    device_type memory, that are available."""
    for node in tree.root.children.values():
        if node.strings("device_type") == [b"memory"] and available(node):
            yield node


def whole_pages(start, end):
    """drivers/of/fdt.c early_init_dt_add_memory_arch (6.1, 6.12, 7.2)."""
    return -(-start // PAGE) * PAGE, end // PAGE * PAGE


def memory(tree):
    """All memory that the tree tells of. drivers/of/fdt.c early_init_dt_scan_memory (6.1, 6.12, 7.2):
    linux,usable-memory takes the place of reg; sizes of 0 are passed over; hotpluggable memory counts.
    By 7.2 a node whose value is no whole number of pairs counts for nothing; here the same for all."""
    out = []
    for node in memory_nodes(tree):
        value = node.prop.get("linux,usable-memory", node.prop.get("reg", b""))
        if len(value) % (4 * sum(tree.cells()) or 1):
            continue
        out += [whole_pages(*r) for r in tree.pairs(value) if r[0] < r[1]]
    return union(out + dynamic_memory(tree))


def dynamic_memory(tree):
    """arch/powerpc/mm/drmem.c walk_drmem_lmbs_early and arch/powerpc/kernel/prom.c
    early_init_drmem_lmb (6.1, 6.12): LMBs that are assigned (8) and not reserved (0x80)."""
    node = tree.node("/ibm,dynamic-reconfiguration-memory")
    if node is None or "ibm,lmb-size" not in node.prop:
        return []
    size, out = node.number("ibm,lmb-size"), []
    old, new = node.prop.get("ibm,dynamic-memory"), node.prop.get("ibm,dynamic-memory-v2")
    if old:
        for at in range(4, len(old) - 23, 24):
            base, flags = struct.unpack_from(">Q12xI", old, at)
            out += [(base, base + size)] if flags & 0x88 == 8 else []
    elif new:
        for at in range(4, len(new) - 23, 24):
            count, base, flags = struct.unpack_from(">IQ8xI", new, at)
            out += [(base, base + count * size)] if flags & 0x88 == 8 else []
    return out


class Area:
    """A child of /reserved-memory that counts: ranges, or a size to be found room for."""

    def __init__(self, tree, node):
        self.name = node.name
        self.nomap = "no-map" in node.prop
        self.reusable = "reusable" in node.prop
        self.ranges = [r for r in tree.pairs(node.prop.get("reg", b"")) if r[0] < r[1]]
        self.size = node.number("size") if "reg" not in node.prop else None
        self.align = node.number("alignment") or 0
        self.within = list(tree.pairs(node.prop.get("alloc-ranges", b"")))


def areas(tree):
    """drivers/of/of_reserved_mem.c fdt_scan_reserved_mem, __reserved_mem_check_root and
    __reserved_mem_reserve_reg (6.12, 7.2; in 6.1 all of it in drivers/of/fdt.c): only with the root's
    cells, spelt out, and ranges; only children that are available; a reg that is no whole number of
    pairs skips the node. From 7.2 on only the first pair counts; here all do, as they did before."""
    parent = tree.node("/reserved-memory")
    if parent is None or "ranges" not in parent.prop or \
            (parent.word("#address-cells"), parent.word("#size-cells")) != tree.cells():
        return
    for node in parent.children.values():
        if available(node) and len(node.prop.get("reg", b"")) % (4 * sum(tree.cells()) or 1) == 0:
            area = Area(tree, node)
            if area.ranges or area.size:
                yield area


def initrd(tree):
    """drivers/of/fdt.c early_init_dt_check_for_initrd (6.1, 6.12, 7.2)."""
    chosen = tree.chosen()
    if "linux,initrd-start" not in chosen or "linux,initrd-end" not in chosen:
        return None
    r = tuple(int.from_bytes(chosen["linux,initrd-" + x], "big") for x in ("start", "end"))
    return r if r[0] < r[1] else None


def efi(tree):
    """What drivers/firmware/efi/fdtparams.c efi_get_fdt_params wants, all or none (6.1, 6.12, 7.2)."""
    return {k: v for k, v in tree.chosen().items() if k.startswith("linux,uefi-")}


# ---- ranges, [start, end)

def union(ranges):
    out = []
    for start, end in sorted(r for r in ranges if r[0] < r[1]):
        if out and start <= out[-1][1]:
            out[-1] = out[-1][0], max(end, out[-1][1])
        else:
            out.append((start, end))
    return out


def minus(ranges, cut):
    out = union(ranges)
    for low, high in union(cut):
        out = [r for a, b in out for r in ((a, min(b, low)), (max(a, high), b)) if r[0] < r[1]]
    return out


def common(a, b):
    return union([(max(x[0], y[0]), min(x[1], y[1])) for x in union(a) for y in union(b)])


def covered(r, ranges):
    return any(a <= r[0] and r[1] <= b for a, b in union(ranges))


def size_of(ranges):
    return sum(b - a for a, b in union(ranges))
