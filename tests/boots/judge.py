# SPDX-License-Identifier: MIT
"""What the console of a drawn boot says: was every kernel given all that it should have, or was the
request refused for a reason that holds by the arithmetic of this file, which is not the program's.
"""
import base64
import gzip
import re
import shlex
import subprocess

from build import memsz
from draw import BASE, MIB, NO_16K, fraction

LARGEST_PAGE = 65536


class Bad(Exception):
    pass


def check(ok, text):
    if not ok:
        raise Bad(text)


class Stage:
    """One kernel's part of the console, from its init on."""

    def __init__(self, text):
        self.text = text
        self.facts = dict(re.findall(r"^REPORT ([^=\n]+)=(.*)$", text, re.M))
        self.warnings = re.findall(r"^DMESG (.*)$", text, re.M)
        self.said = re.findall(r"^SAID (kexec-lite: .*)$", text, re.M)
        self.load = re.search(r"^LOAD rc=(\d+) loaded=(\d)(\d)$", text, re.M)
        self.memory = dict(re.findall(r"(total|available|cma)=(\d+)", "".join(re.findall(r"^MEMORY (.*)$", text, re.M))))
        self.iomem = [(len(i), int(a, 16), int(b, 16) + 1, w) for i, a, b, w in
                      re.findall(r"^IOMEM \[( *)\] (\w+) (\w+) (.*)$", text, re.M)]

    def tree(self):
        m = re.search(r"^LAB file tree.dtb\n(.*?)^LAB file end$", self.text, re.M | re.S)
        try:
            return gzip.decompress(base64.b64decode(m.group(1))) if m else b""
        except (ValueError, EOFError, OSError):
            return b""

    def number(self, name):
        try:
            return int(self.facts.get(name) or "0", 0)
        except ValueError:
            return 0


def stages_of(log):
    """{number: Stage} of those that reached their init."""
    parts = re.split(r"^LAB start s(\d+)$", log, flags=re.M)
    return {int(n): Stage(text) for n, text in zip(parts[1::2], parts[2::2])}


# ---- a kernel that came up

def source(blob):
    """A tree as dtc prints it, and what dtc has to say."""
    r = subprocess.run(["dtc", "-q", "-I", "dtb", "-O", "dts"], input=blob, capture_output=True, check=False)
    return r.stdout.decode(), r.stderr.decode()


def nodes(text):
    """Of a tree's source, all lines but those of /chosen and the header."""
    out, skip = [], 0
    for text_line in text.splitlines():
        if text_line.startswith(("\tchosen {", "\tadded {")):
            skip = 1
        elif skip and text_line == "\t};":
            skip = 0
        elif not skip and text_line.strip() and not text_line.startswith(("/memreserve/", "/dts")):
            out.append(text_line)
    return sorted(out)


# What changes as memory comes.
GROWS = "ibm,(pft-size|dynamic-memory(-v2)?) = "


def same_tree(before, after, d, k):
    first, second = before.tree(), after.tree()
    text, errors = source(second)
    check(text and not errors, f"dtc does not take the tree: {errors[:200]}")
    check(len(second) - len(first) < 4096, f"the tree grew from {len(first)} to {len(second)} bytes")
    if "overlay" in d[f"tree.{k}"]:
        check(after.facts.get("added") == "lab,added", "the overlay's node is not there")
    if d["panic"] == "yes" and k == d["jumps"]:
        return
    old, new = nodes(source(first)[0]), nodes(text)
    if k == 1 and d["added"] and d["when"] == "later":
        old, new = ([w for w in lines if not re.search(GROWS, w)] for lines in (old, new))
    gone, more = [w for w in old if w not in new], [w for w in new if w not in old]
    check(not gone and not more, f"lines of the tree went {gone[:3]} and came {more[:3]}")


def plain(text):
    """A line of the log without times and numbers."""
    return re.sub(r"0x[0-9a-f]+|\b[0-9a-f]{8,}\b|\d+", "N", re.sub(r"^\[ *[\d.]+\] ", "", text))


def command_line(files, before, after, k):
    d, got, own = files.d, after.facts.get("cmdline", ""), files.own_words(k)
    if d[f"words.{k}"] == "reuse":
        words = before.facts.get("cmdline", "")
        words = re.sub(r"(^| )(BOOT_IMAGE|elfcorehdr)=\S*", r"\1", words).strip()
        if files.panics(k):
            words = re.sub(r"(^| )crashkernel=\S*", r"", words).strip()
        own = f"{words} {own}"
    if files.panics(k):
        got = re.sub(r"^elfcorehdr=\S* ", "", got)
    check(got == own, f"command line is '{got}', not '{own}'")


def whole_memory(files, first, before, after, k):
    """KiB of RAM that a kernel counted, and how much of it is left to programs."""
    d, got = files.d, after.number("ram_kb")
    total = d["ram"] * 1024
    if d["arch"] == "ppc64le":
        total += d["added"] * 1024
    if files.panics(k):
        region = max(1, before.number("crash_bytes")) // 1024
        check(got <= total, f"a crash kernel with {got} KiB")
        # ppc64: from 0 on, with what firmware keeps
        check(after.number("memory_kb") >= region // 4, f"{after.number('memory_kb')} KiB of a region of {region}")
        return
    limit = re.findall(r"(?:^| )mem=(\d+)M", after.facts.get("cmdline", ""))
    low, high = total - 1024, total
    if limit and int(limit[-1]) * 1024 < total:
        low = int(limit[-1]) * 1024 - 16384
        # arm64 adds kernel and initrds back
        high = int(limit[-1]) * 1024 + (400 << 10)
    elif d["arch"] == "arm64" and d["fw"] != "dt":
        # EFI keeps some of it, and counts 64 MiB of flash as memory.
        low, high = total - total // 50, total + (64 << 10)
    check(low <= got <= high, f"{got} KiB of RAM, not {low} to {high}")
    if not limit and first.number("ram_kb") > got and not d["mem.0"] != "-":
        raise Bad(f"{got} KiB of RAM, {first.number('ram_kb')} before")
    mine = after.number("memory_kb")
    own = memsz(d["arch"], files.kernels[k]) // 1024 + after.number("crash_bytes") // 1024
    low = got - own - got * 6 // 100 - (100 << 10)
    check(mine >= low, f"{mine} KiB for programs, of {got}, {own} of them kernel and crash region")


def came_up(files, stages, k):
    """Bad, or what kernel k was given is what it should have."""
    d, before, after = files.d, stages[k - 1], stages[k]
    cpus = 1 if files.panics(k) else d["smp"]
    command_line(files, before, after, k)
    online = [n for w in after.facts["cpus_online"].split(",")
              for n in range(int(w.split("-")[0]), int(w.split("-")[-1]) + 1)]
    # With maxcpus=1 Linux brings up one CPU, the lowest, and where it started on another that makes two (6.12,
    # kernel/cpu.c, cpuhp_bringup_mask).
    also_lowest = files.panics(k) and d["arch"] == "ppc64le" and len(online) == 2 and online[0] == 0
    check(len(online) == cpus or also_lowest, f"CPUs {after.facts['cpus_online']}, not {cpus}")
    check(after.facts["cpus_failed"] == "0", "CPUs failed")
    check(after.facts["files"] == files.digest[k], f"files of the initrds of kernel {k} differ")
    whole_memory(files, stages[0], before, after, k)
    if not files.panics(k) and "file" not in (d[f"kernel.{k}"], d["kernel.0"]):
        for key in ("numa_nodes", "el", "efi", "acpi"):
            if d["mem.0"] == d[f"mem.{k}"] == "-" or key != "numa_nodes":
                check(after.facts[key] == stages[0].facts[key], f"{key} is {after.facts[key]}")
    if files.panics(k):
        check(after.facts["vmcore"] == "yes", "no /proc/vmcore")
    known = {plain(w) for n in range(k) for w in stages[n].warnings}
    new = [w for w in after.warnings if plain(w) not in known and not expected_warning(w, d, k)]
    check(not new, f"the kernel warns: {new[:2]}")
    same_tree(before, after, d, k)


def expected_warning(text, d, k):
    return any(re.search(p, text) for p in WARNINGS)


# What kernels say on these machines however they are started.
WARNINGS = ()


# ---- a refusal

def largest_hole(files, stage, k):
    """Bytes of the largest stretch of memory into which kernel k may go for certain."""
    d, arch = files.d, files.arch
    ram = [(a, b) for depth, a, b, w in stage.iomem if w == "System RAM" and not depth]
    kept = [(a, b) for _, a, b, w in stage.iomem if w in ("reserved", "Crash kernel")]
    low, high = 0, 1 << 64
    if files.panics(k):
        ram = [(a, b) for _, a, b, w in stage.iomem if w == "Crash kernel"]
        kept = []
        size = stage.number("crash_bytes")
        return max([b - a for a, b in ram], default=size)
    if arch == "ppc64le":
        low = max(stage.number("kernel_end"), memsz(arch, files.kernels[k]))
        first = re.search(r"\tmemory@0 \{.*?\treg = <0x0+ 0x0+ 0x(\w+) 0x(\w+)>", source(stage.tree())[0], re.S)
        if first:  # what real mode reaches
            high = (int(first.group(1), 16) << 32) + int(first.group(2), 16)
        if d["fw"].startswith("powernv"):
            kept.append((0x30000000, 0x34000000))  # skiboot
        ram = ram or [(0, d["ram"] * MIB)]
    for option, side in (("min", 0), ("max", 1)):
        at = fraction(d[f"{option}.{k}"], d["ram"])
        if at is not None:
            at = BASE[arch] + at * MIB
            low, high = (max(low, at), high) if side == 0 else (low, min(high, at))
    mem = re.findall(r"(?:^| )mem=(\d+)M", files.own_words(k) + " " + stage.facts.get("cmdline", ""))
    if mem and arch == "ppc64le":
        high = min(high, *(int(m) * MIB for m in mem))
    best = 0
    for a, b in ram:
        edges = sorted([(max(a, low), 0)] + [e for s, t in kept if t > a and s < b for e in ((s, 1), (t, 0))] +
                       [(min(b, high), 1)])
        for (s, kind), (t, _) in zip(edges, edges[1:]):
            if kind == 0:
                best = max(best, min(t, high) - max(s, low))
    return best


def true_refusal(files, stage, k):
    """Why kernel k may have been refused, by the numbers of the machine; Bad where there is no reason."""
    d, code = files.d, int(stage.load.group(1))
    text = " / ".join(w for w in stage.said if "warning:" not in w)
    check(text.startswith("kexec-lite: cannot "), f"refused with {code} and no sentence: {text[:200]}")
    raw = memsz(files.arch, files.kernels[k])
    rounded = sum(-(-n // LARGEST_PAGE) * LARGEST_PAGE for n in files.sizes[k])
    need = raw + rounded
    total, free = (int(stage.memory[w]) * 1024 for w in ("total", "available"))
    call = d[f"call.{k}"]
    file_load = d[f"kernel.{k - 1}"] == "file" and call != "-c"
    if code == 5 and d[f"kernel.{k}"] == "6.12-16k" and d["cpu"] in NO_16K and d["kernel.0"] != "6.12-16k":
        return f"no 16 KiB pages on {d['cpu']}: {text}"
    if code == 12 and call == "-s" and not file_load:
        return f"no kexec_file_load: {text}"
    if code == 15 and d[f"kernel.{k - 1}"] == "file" and files.panics(k) and "/proc/kcore" in text:
        return f"the small kernel has no /proc/kcore, which a core header is made from: {text}"
    if code == 6 and d["fw"] == "efi" and "overlay" in d[f"tree.{k}"]:
        return f"an overlay, and ACPI: {text}"
    if code in (8, 12, 13, 15) and files.panics(k) and not stage.number("crash_bytes"):
        return f"no crash region: {text}"
    if code == 8:
        hole = largest_hole(files, stage, k)
        check(hole < need + 16 * MIB, f"refused, and there is a hole of {hole}, {need} needed: {text}")
        return f"{need} needed, largest hole {hole}: {text}"
    if code == 9:
        # What is held while it loads: the unpacked kernel, and what came by a pipe.
        held = raw + (rounded if d[f"input.{k}"] == "pipe" else 0) + (2 * need if file_load else 0)
        # What is staged cannot be in CMA, which may be half of what is free then, or all.
        cma = int(stage.memory.get("cma", 0)) * 1024
        check(need * 2 > total - total // 25 or need + held > free - free // 8 - 16 * MIB or
              "outside of CMA" in text and need + held > free - cma - free // 8 - 16 * MIB,
              f"refused, and {need} is less than half of {total} and {free} available: {text}")
        return f"{need} needed, {total} in all, {free} available: {text}"
    raise Bad(f"refused with {code}: {text}")


def expects_refusal(files, k):
    """What kernel k cannot be loaded for, whatever the machine's memory; or ""."""
    d = files.d
    if d[f"kernel.{k}"] == "6.12-16k" and d["cpu"] in NO_16K:
        return "no pages of 16 KiB on this CPU"
    if d[f"call.{k}"] == "-s" and d[f"kernel.{k - 1}"] != "file":
        return "no kexec_file_load"
    if d["fw"] == "efi" and "overlay" in d[f"tree.{k}"]:
        return "an overlay, and ACPI"
    return ""


# ---- all of it

def verdict(files, log, status, why):
    """("passed" or "refused" or "FAILED", a text)."""
    stages = stages_of(log)
    tail = " | ".join(w for w in log.splitlines()[-3:] if w.strip())[-300:]
    end = why or f"the emulator ended with {status}"
    try:
        check(0 in stages, f"the first kernel did not reach its init: {end}: {tail}")
        for k in range(1, files.jumps + 1):
            load = stages[k - 1].load
            check(load, f"kernel {k - 1} never loaded the next: {end}: {tail}")
            if load.group(1) != "0":
                text = true_refusal(files, stages[k - 1], k)
                check(status == 0 and not why, f"{end} after a refusal")
                return "refused", text
            check(not expects_refusal(files, k), f"loaded, with {expects_refusal(files, k)}")
            check(k in stages, f"kernel {k} did not reach its init: {end}: {tail}")
            came_up(files, stages, k)
        check(status == 0 and not why, end)
        check(log.count("LAB exit=0") == 1, "the last init did not end")
    except Bad as bad:
        return "FAILED", str(bad)
    warned = sorted({w for s in stages.values() for w in s.said if "warning:" in w})
    return "passed", " / ".join(warned)


def words_of(text):
    """name=value words of a line, as shell words."""
    return dict(w.split("=", 1) for w in shlex.split(text))
