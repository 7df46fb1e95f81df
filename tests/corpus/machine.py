# SPDX-License-Identifier: MIT
"""Makes captured machines (as `kexec-lite --capture` writes them) that boot from a given tree.

What the boot loader and the running kernel do to a tree and to memory is written from U-Boot and the
kernel, whose functions are named, not from our C.
"""
import os
import struct
import zlib

import fdt
from fdt import common, minus, size_of, union

MIB, GIB = 1 << 20, 1 << 30
RUNNING = 40 * MIB  # from the running kernel's text to its _end
UEFI_TABLE, UEFI_MAP, UEFI_MAP_SIZE = 0x18, 0x8018, 0x1200


WRITTEN = {}  # of one process, in a folder of its own


def blob(tree, header=None):
    """The blob of a tree, version 17."""
    strings, at, body = bytearray(), {}, []

    def add(node):
        body.append(struct.pack(">I", 1) + padded(node.name.encode("latin-1") + b"\0"))
        for name, value in node.prop.items():
            if name not in at:
                at[name] = len(strings)
                strings.extend(name.encode("latin-1") + b"\0")
            body.append(struct.pack(">3I", 3, len(value), at[name]) + padded(value))
        for child in node.children.values():
            add(child)
        body.append(struct.pack(">I", 2))

    add(tree.root)
    body = b"".join(body) + struct.pack(">I", 9)
    rsv = b"".join(struct.pack(">QQ", a, b - a) for a, b in (tree.header if header is None else header)) + bytes(16)
    start = 40 + len(rsv)
    return struct.pack(">10I", 0xD00DFEED, start + len(body) + len(strings), start, start + len(body), 40, 17, 16,
                       tree.boot_cpu, len(strings), len(body)) + rsv + body + bytes(strings)


def padded(value):
    return value + bytes(-len(value) % 4)


def need(tree, name):
    """The root's child of that name, made if it is not there."""
    node = tree.node("/" + name)
    if node is None:
        node = tree.root.children[name] = fdt.Node(name, tree.root)
    return node


def number_in(text):
    try:
        return int(text.split("@")[1].replace(",", ""), 16)
    except (IndexError, ValueError):
        return None


def banks(tree):
    """RAM as the board may have it: what the tree says, else 4 GiB from where its memory node, or its
    reserved memory, begins. With one cell for sizes a bank has less than 4 GiB."""
    told = fdt.memory(tree)
    if told:
        return told
    most = GIB if tree.cells() != (2, 2) else 4 * GIB
    starts = []
    for node in tree.root.children.values():
        if node.name.split("@")[0] == "memory" and fdt.available(node):
            found = [r[0] for r in tree.pairs(node.prop.get("reg", b""))] or [number_in(node.name)]
            starts += [x for x in found if x is not None]
    areas = [r for area in fdt.areas(tree) for r in area.ranges] + \
            [r for area in fdt.areas(tree) for r in area.within if area.size]
    start = min(starts) if starts else min([GIB] + [r[0] // (256 * MIB) * 256 * MIB for r in areas])
    end = max([start + most] + [-(-r[1] // (256 * MIB)) * 256 * MIB for r in areas
                                if start <= r[0] and r[1] < start + 64 * GIB])
    if tree.cells()[1] == 1:
        end = min(end, start + 0xF0000000, 1 << 32)
    return [(start, end)]


def fill_memory(tree, ram):
    """U-Boot, boot/fdt_support.c fdt_fixup_memory_banks (2024.01): the first child of the root called
    memory, or a new one, gets device_type and all banks in the root's cells."""
    node = tree.node("/memory") or need(tree, "memory")
    node.prop["device_type"] = b"memory\0"
    a, s = tree.cells()
    node.prop["reg"] = b"".join(start.to_bytes(4 * a, "big") + (end - start).to_bytes(4 * s, "big")
                                for start, end in ram)


def fill_identity(tree):
    """U-Boot, boot/fdt_support.c fdt_root, fdt_fixup_ethernet (2024.01)."""
    tree.root.prop["serial-number"] = b"0123456789abcdef\0"
    aliases = tree.node("/aliases")
    for name, value in aliases.prop.items() if aliases else ():
        node = tree.node(value.rstrip(b"\0").decode("latin-1")) if name.startswith("ethernet") else None
        if node is not None and value[:1] == b"/":
            node.prop["local-mac-address"] = bytes([2, 0, 0, 0, 0, 1 + len(name) % 8])


def hole(free, size, align, top):
    """An aligned place in the free ranges, the highest or the lowest, or None."""
    for start, end in reversed(free) if top else free:
        at = (end - size) // align * align if top else -(-start // align) * align
        if start <= at and at + size <= end:
            return at, at + size
    return None


class Machine:
    """A captured machine. ram: what its kernel manages; fixed: what no piece may lie on; tree: the one
    that its kernel was given."""

    def __init__(self, name, ppc64=False):
        self.name, self.ppc64 = name, ppc64
        self.seed = zlib.crc32(name.encode())
        self.efi, self.initrd, self.total, self.data = False, None, 0, None

    def boot(self, tree, kernel=None, told=None, own=None):
        """What the kernel makes of memory; kernel: where it is, if that was said before; told: the
        memory that EFI tells of; own: where the tree lies, if its header says so. arch/arm64/mm/init.c arm64_memblock_init and arch/arm64/kernel/setup.c
        request_standard_resources, reserve_memblock_reserved_regions (6.12)."""
        self.tree = tree
        self.memory = told or fdt.memory(tree)
        self.areas = list(fdt.areas(tree))
        self.initrd = fdt.initrd(tree)
        self.nomap = union([r for a in self.areas if a.nomap for r in a.ranges])
        self.fixed = union(self.nomap + [r for a in self.areas for r in a.ranges] + [
            r for r in tree.header if r[0] != own and (not self.initrd or r[0] != self.initrd[0])])
        free = minus(self.memory, self.fixed + ([self.initrd] if self.initrd else []))
        self.kernel = kernel or hole(free, RUNNING, 2 * MIB, False)
        self.dynamic = self.allocate(minus(free, [self.kernel] if self.kernel else []))
        self.ram = minus(self.memory, self.nomap)

    def allocate(self, free):
        """drivers/of/of_reserved_mem.c __reserved_mem_alloc_size (6.12): top down where it may."""
        out = []
        for area in self.areas:
            if not area.size:
                continue
            for within in area.within or [(0, 1 << 32)]:
                at = hole(common(minus(free, out), [within]), area.size, max(area.align, 4096), True)
                if at:
                    out.append(at)
                    if area.nomap:
                        self.nomap = union(self.nomap + [at])
                        self.fixed = union(self.fixed + [at])
                    break
        return out

    def iomem(self):
        text = ""
        kept = common(self.fixed + self.dynamic + ([self.initrd] if self.initrd else []), self.ram)
        for start, end in self.ram:
            lines = [(r, "reserved") for r in minus(common(kept, [(start, end)]), [self.kernel])]
            if start <= self.kernel[0] < end:
                a, b = self.kernel
                lines += [((a, a + 22 * MIB), "Kernel code"), ((a + 22 * MIB, a + 30 * MIB), "reserved"),
                          ((a + 30 * MIB, b), "Kernel data")]
            text += "%08x-%08x : System RAM\n" % (start, end - 1)
            for (a, b), name in sorted(lines):
                a, b = max(a // 4096 * 4096, start), min(-(-b // 4096) * 4096, end)
                text += "  %08x-%08x : %s\n" % (a, b - 1, name)
        for a, b in common(self.nomap, self.memory):
            text += "%08x-%08x : reserved\n" % (a, b - 1)
        return text

    def write(self, folder):
        total = size_of(self.ram) >> 10
        if self.data is None:
            self.data = blob(self.tree)
        files = {
            "system": "machine=%s\nrelease=6.12.0\npage_size=4096\nfdt_total=%d\nfdt_from=/sys/firmware/fdt\n"
                      "syscalls=kexec_load \n" % ("ppc64le" if self.ppc64 else "aarch64", self.total or len(self.data)),
            "proc/iomem": "" if self.ppc64 else self.iomem(),
            "proc/cmdline": "root=/dev/vda1\n",
            "proc/meminfo": "MemTotal: %d kB\nMemAvailable: %d kB\n" % (total * 98 // 100, total * 95 // 100),
            "sys/firmware/fdt": self.data,
            "sys/kernel/kexec_loaded": "0\n",
            "sys/kernel/kexec_crash_loaded": "0\n",
            "proc/sys/kernel/kexec_load_disabled": "0\n",
            "sys/devices/system/cpu/online": "0\n",
            "sys/devices/system/cpu/present": "0\n",
            "sys/devices/system/cpu/cpu0/regs/identification/midr_el1": "0x00000000413fd0c1\n",
        }
        for path, content in files.items():
            path = os.path.join(folder, path)
            if WRITTEN.get(path) == content:
                continue
            WRITTEN[path] = content
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "wb") as f:
                f.write(content if isinstance(content, bytes) else content.encode())


def chosen(tree):
    return need(tree, "chosen").prop


def from_board(name, data):
    """A board whose boot loader fills in what it knows, and loads an initrd high. Half of the loaders
    reserve it in the header too (boot/fdt_support.c fdt_initrd)."""
    m, tree = Machine(name), fdt.Tree(data)
    ram = banks(tree)
    fill_memory(tree, ram) if not fdt.memory(tree) else None
    fill_identity(tree)
    free = minus(common(fdt.memory(tree), [(0, 1 << 48)]), tree.header + [r for a in fdt.areas(tree) for r in a.ranges])
    at = hole(minus(free, [hole(free, RUNNING, 2 * MIB, False) or (0, 0)]), 12 * MIB, 65536, True)
    props = chosen(tree)
    props["bootargs"] = b"root=/dev/vda1\0"
    if at:
        props["linux,initrd-start"], props["linux,initrd-end"] = (struct.pack(">Q", x) for x in (at[0], at[1] - 77))
        if m.seed % 2:
            tree.header.append((at[0], at[1] - 77))
    m.boot(tree)
    return m


def from_efi(name, data):
    """EFI firmware hands over the tree as it is. drivers/firmware/efi/libstub/fdt.c update_fdt (6.12)
    drops the header's reservations, adds linux,uefi-*, and the seeds; Debian's adds the last property."""
    m, tree = Machine(name), fdt.Tree(data)
    header, tree.header, m.efi = tree.header, [], True
    ram = banks(tree)
    free = minus(ram, header + [r for a in fdt.areas(tree) for r in a.ranges])
    tables = hole(free, MIB, 65536, True)
    props = chosen(tree)
    props["bootargs"] = b"root=/dev/vda1\0"
    props["linux,uefi-mmap-desc-ver"] = struct.pack(">I", 1)
    props["linux,uefi-mmap-desc-size"] = struct.pack(">I", 48)
    props["linux,uefi-mmap-size"] = struct.pack(">I", UEFI_MAP_SIZE)
    props["linux,uefi-mmap-start"] = struct.pack(">Q", tables[0] + UEFI_MAP)
    props["linux,uefi-system-table"] = struct.pack(">Q", tables[0] + UEFI_TABLE)
    props["linux,uefi-secure-boot"] = struct.pack(">I", 2)
    # what the tree's header reserved is reserved in EFI's map: lib/efi_loader/efi_helper.c efi_carve_out_dt_rsv
    m.carved = header + [tables]
    m.boot(tree, told=ram)
    m.fixed = union(m.fixed + m.carved)
    return m


def from_power(name, data):
    """prom_init.c and the running kernel add to /chosen (arch/powerpc/kexec/core.c kexec_setup)."""
    m, tree = Machine(name, True), fdt.Tree(data)
    props = chosen(tree)
    props["bootargs"] = b"root=/dev/sda2\0"
    for stale in ("linux,initrd-start", "linux,initrd-end"):
        props.pop(stale, None)
    props["linux,kernel-end"] = struct.pack(">Q", RUNNING)
    rtas = tree.node("/rtas")
    if rtas is not None and rtas.number("rtas-size"):
        size = -(-rtas.number("rtas-size") // 65536) * 65536
        rtas.prop["linux,rtas-base"] = rtas.prop["linux,rtas-entry"] = struct.pack(">I", 0x2FFF0000 - size)
    m.boot(tree, (0, RUNNING))
    m.fixed = union(m.fixed + firmware(tree))
    return m


def firmware(tree):
    """arch/powerpc/kernel/prom.c early_reserve_mem_dt; kernel/rtas.c rtas_initialize; platforms/powernv/opal.c
    early_init_dt_scan_opal (6.12)."""
    out = list(tree.pairs(tree.root.prop.get("reserved-ranges", b"")))
    for path, base, size in (("/rtas", "linux,rtas-base", "rtas-size"),
                             ("/ibm,opal", "opal-base-address", "opal-runtime-size")):
        node = tree.node(path)
        if node is not None and node.number(base) is not None and node.number(size):
            out.append((node.number(base), node.number(base) + node.number(size)))
    return out


def after(m, data, plan):
    """The machine once that plan's kernel runs."""
    kernel = [s for s in plan["segments"] if s["piece"] == "kernel"]
    at = (int(kernel[0]["start"], 16), int(kernel[-1]["room_end"], 16))
    n, tree = Machine(m.name, m.ppc64), fdt.Tree(data)
    n.efi, n.total = m.efi, len(data)
    if m.ppc64:
        chosen(tree)["linux,kernel-end"] = struct.pack(">Q", RUNNING)
        own = [int(s["start"], 16) for s in plan["segments"] if s["piece"] == "tree"]
        n.boot(tree, (0, RUNNING), own=own[0])
        n.fixed = union(n.fixed + firmware(tree))
        return n
    n.boot(tree, (at[0], max(at[1], at[0] + RUNNING)), m.memory if m.efi else None)
    if m.efi:
        n.carved = m.carved
        n.fixed = union(n.fixed + m.carved)
    return n
