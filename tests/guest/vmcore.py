#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""vmcore.py LOG: holds what a crash kernel's /proc/vmcore says, in the console of tests/guest/crash,
to what the kernel before it said of itself. Leaves the file, mostly a hole, as LOG.vmcore.
Prints one line per fault, and exits 1 when there is any."""
import base64
import gzip
import re
import struct
import sys

log = open(sys.argv[1], errors="replace").read()
first, crash = log.split("LAB start crash\n")[:2]
faults = []


def rule(holds, text):
    if not holds:
        faults.append(text)


def number(pattern, text):
    return int(re.search(pattern, text)[1])


def sizes(text):
    return sum(end - start for start, end in text)


packed = re.search(r"^LAB file vmcore\n(.*?)^LAB file end$", crash, re.S | re.M)[1]
head = gzip.decompress(base64.b64decode(packed.replace("\n", "")))
size = number(r"REPORT vmcore_bytes=(\d+)", crash)
with open(sys.argv[1] + ".vmcore", "wb") as out:
    out.write(head[:size])
    out.truncate(size)

order = "<>"[head[5] - 1]
phoff, = struct.unpack_from(order + "Q", head, 32)
count, = struct.unpack_from(order + "H", head, 56)
loads, notes = [], []
for i in range(count):
    kind, _, offset, vaddr, paddr, filesz, memsz, _ = struct.unpack_from(
        order + "IIQQQQQQ", head, phoff + 56 * i)
    rule(filesz == memsz, "a program header has more memory than file")
    if kind == 1:
        loads.append((offset, vaddr, paddr, memsz))
        rule(offset + filesz <= size, "a segment leaves the file")
    elif kind == 4:
        notes.append((offset, filesz))
rule(len(notes) == 1, "%d note segments" % len(notes))

# Notes: name size, size, type; each in words of 4 bytes.
at, end = notes[0][0], notes[0][0] + notes[0][1]
registers, info = [], ""
while at + 12 <= end:
    namesz, descsz, kind = struct.unpack_from(order + "III", head, at)
    name = head[at + 12:at + 12 + namesz].rstrip(b"\0")
    start = at + 12 + (namesz + 3) // 4 * 4
    if name == b"CORE" and kind == 1:
        pid, = struct.unpack_from(order + "I", head, start + 32)
        registers.append((pid, head[start + 112:start + descsz]))
    elif name == b"VMCOREINFO":
        info = head[start:start + descsz].decode()
    at = start + (descsz + 3) // 4 * 4
cpus = 1 + number(r"REPORT cpus_online=(?:\d+-)?(\d+)", first)
rule(len(registers) == cpus, "%d CPUs left registers, of %d" % (len(registers), cpus))
panicked = number(r"PANIC cpu=\d+ pid=(\d+)", first)
on = number(r"PANIC cpu=(\d+)", first)
mine = [regs for pid, regs in registers if pid == panicked]
rule(len(mine) == 1, "the registers of the process that panicked are there %d times" % len(mine))
rule(registers[on][0] == panicked, "they are not those of CPU %d" % on)
arm = struct.unpack_from(order + "H", head, 18)[0] == 183
pc_at = 256 if arm else 256  # arm64: x0 to x30, sp, pc; ppc64: r0 to r31, nip
kernel = "ffff" if arm else "c0"
for _, regs in registers:
    pc, = struct.unpack_from(order + "Q", regs, pc_at)
    # a program that was stopped in user space has an address from there
    rule(pc != 0, "a CPU's program counter is 0")
for regs in mine:
    pc, = struct.unpack_from(order + "Q", regs, pc_at)
    rule(("%016x" % pc).startswith(kernel), "it panicked at 0x%x, outside of the kernel" % pc)
release = re.search(r"REPORT kernel=(.*)", first)[1]
rule("OSRELEASE=%s\n" % release in info, "vmcoreinfo is not that of %s" % release)
rule("CRASHTIME=" in info, "vmcoreinfo is not that of the panic")


def iomem(what, text):
    return sorted((int(a, 16), int(b, 16) + 1)
                  for a, b in re.findall(r"^IOMEM (\w+) (\w+) %s$" % what, text, re.M))


ram, regions = iomem("System RAM", first), iomem("Crash kernel", first)
if not arm:
    base, length = re.search(r"REPORT crash_region=0x(\w+) 0x(\w+)", first).groups()
    regions = [(int(base, 16), int(base, 16) + int(length, 16))]
regions += iomem("CMA", first)
gone = re.search(r"REPORT block=offline", first)
if gone:
    block = int(re.search(r"REPORT offlined=(\w+)", first)[1], 16)
    each = int(re.search(r"REPORT block_bytes=(\w+)", first)[1], 16)
    regions.append((block * each, (block + 1) * each))


def without(ranges, holes):
    for a, b in sorted(holes):
        ranges = [piece for s, e in ranges for piece in ((s, min(e, a)), (max(s, b), e))
                  if piece[0] < piece[1]]
    return ranges


def union(ranges):
    out = []
    for s, e in sorted(ranges):
        if out and out[-1][1] >= s:
            out[-1] = (out[-1][0], max(e, out[-1][1]))
        else:
            out.append((s, e))
    return out


# One kind of mapping is the kernel's own; all others are RAM at one distance.
symbol = re.search(r"SYMBOL\(_stext\)=(\w+)", info)
stext = int(symbol[1], 16)
text = [load for load in loads if load[1] <= stext < load[1] + load[3]]
rule(len(text) == 1, "%d segments have _stext" % len(text))
rest = [load for load in loads if load not in text] if arm else loads
want, got = union(without(ram, regions)), union([(p, p + n) for _, _, p, n in rest])
if gone:
    # the running kernel wrote the header anew, in its own way: RTAS is named again
    rule(not without(want, got), "RAM is %s in the header, %s in fact" % (got, want))
    rule(not without([regions[-1]], without([regions[-1]], got)), "what went is still there")
else:
    rule(want == got, "RAM is %s in the header, %s in fact" % (got, want))
    rule(sizes([(p, p + n) for _, _, p, n in rest]) == sizes(got), "RAM is there twice")
rule(len({v - p for _, v, p, _ in rest}) == 1, "RAM is mapped at more than one distance")
if arm:
    voffset = int(re.search(r"NUMBER\(kimage_voffset\)=0x(\w+)", info)[1], 16)
    base = int(re.search(r"NUMBER\(PHYS_OFFSET\)=0x(\w+)", info)[1], 16)
    bits = number(r"NUMBER\(VA_BITS\)=(\d+)", info)
    page_offset = (1 << 64) - (1 << bits)
    code, data = iomem("Kernel code", first)[0], iomem("Kernel data", first)[0]
    for _, v, p, n in text:
        rule((v - p) % (1 << 64) == voffset, "the kernel is not mapped by kimage_voffset")
        rule(p <= code[0] and data[1] <= p + n, "the kernel's image is not all there")
    for _, v, p, _ in rest:
        rule((v - p) % (1 << 64) == (page_offset - base) % (1 << 64), "RAM is not at PAGE_OFFSET")
else:
    rule(all(v == p + 0xc000000000000000 for _, v, p, _ in loads), "RAM is not at 0xc...")

# The crash kernel's own memory. ppc64 counts what is reserved, up to its region's end.
sees = iomem("System RAM", crash)
if gone:
    regions.pop()
if arm:
    rule(sees == union(regions), "it sees %s, not its region %s" % (sees, regions))
    rule(any(a <= s and e <= b for s, e in iomem("Kernel code", crash) for a, b in regions),
         "it runs outside of its region")
else:
    start = re.search(r"REPORT physical_start=0x(\w+)", crash)
    rule(start and regions[0][0] <= int(start[1], 16) < regions[0][1], "it left its region")
    # firmware's, 16 MiB at most, is reserved
    behind = without(sees, [(0, regions[0][1])] + regions)
    rule(sizes(behind) <= 1 << 24, "it sees memory behind its region: %s" % behind)
kib = number(r"REPORT memory_kb=(\d+)", crash)
rule(kib * 1024 < sizes(regions), "it has %d KiB of memory" % kib)

if not arm:
    low = re.findall(r"^LOW (\w+)", log, re.M)
    rule(len(low) == 2 and low[0] == low[1], "the first 64 KiB are not those of before: %s" % low)
for fault in faults:
    print(fault)
sys.exit(bool(faults))
