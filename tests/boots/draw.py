# SPDX-License-Identifier: MIT
"""What a random boot is made of: a machine, kernels, and a request for each kexec, as one flat dict.

A value depends on seed, target and its own name only, so that a new one changes none of the others.
Words "name=value" of the command line take the place of what would be drawn. Values of one kexec end
in its number: wrap.1 is how the first kernel after the emulator's comes.
"""
import hashlib

MIB = 1 << 20
KERNELS = {"arm64": ("6.1", "6.12", "6.12-16k", "file"), "ppc64le": ("6.1", "6.12", "6.12-64k")}
# A core without pages of 16 KiB, QEMU's ID_AA64MMFR0_EL1.TGran16
NO_16K = ("cortex-a53", "cortex-a57", "cortex-a72")
BASE = {"arm64": 1 << 30, "ppc64le": 0}
# About what a kernel and its first programs need, MiB: the kernel itself, then per initrd.
KERNEL_MIB = {"arm64": 130, "ppc64le": 320}
FILE_MIB = 40


class Draw:
    def __init__(self, seed, arch, given):
        self.seed, self.arch, self.given = seed, arch, dict(given)
        self.d = {"seed": seed, "arch": arch}

    def pick(self, name, *choices):
        """One of the choices, each as likely; those given are taken as they are."""
        digest = hashlib.sha256(f"{self.seed} {self.arch} {name}".encode()).digest()
        value = choices[int.from_bytes(digest[:8], "big") % len(choices)]
        if name in self.given:
            value = type(choices[0])(self.given.pop(name))
        self.d[name] = value
        return value

    def fix(self, name, value):
        """A value that follows from others, unless it was given."""
        given = self.given.pop(name, None)
        self.d[name] = value if given is None else type(value)(given)
        return self.d[name]


def machine_arm64(p):
    # The small kernel has no console there that is known by ACPI.
    small = "file" in (p.d[f"kernel.{k}"] for k in range(p.d["jumps"] + 1))
    p.pick("fw", *(("dt",) if small else ("dt", "dt", "efi", "efi-dt")))
    p.pick("gic", 2, 3, 3)
    # QEMU 7.2 tells ACPI of an ITS that it does not have, and no kernel survives that.
    p.pick("its", *(("on", "off") if p.d["fw"] != "efi" else ("on",)))
    p.pick("el2", "on", "off")
    p.pick("smp", 1, 2, 2, 3, 4)
    p.pick("threads", 1)
    # The kernel with pages of 16 KiB does not start on QEMU 7.2's "max", by firmware either.
    large = [p.d[f"kernel.{k}"] == "6.12-16k" for k in range(p.d["jumps"] + 1)]
    p.pick("cpu", "cortex-a76", "neoverse-n1", *(("max",) if not any(large) else ()),
           *(("cortex-a53", "cortex-a57", "cortex-a57", "cortex-a72") if not large[0] else ()))
    return p.pick("numa", "1", "1", "1", "2", "uneven")


def machine_ppc64le(p):
    fw = p.pick("fw", "vof", "vof", "vof", "slof", "powernv9", "powernv10")
    if fw.startswith("powernv"):
        p.fix("cpu", "power" + fw[7:])
        p.pick("threads", 1)
        p.pick("smp", 1, 2, 2, 4)
        return p.fix("numa", "1")
    p.pick("cpu", "power8", "power9", "power9", "power10")
    p.pick("mmu", "default", "default", "hash")
    threads = p.pick("threads", 1, 1, 1, 2)
    p.pick("smp", *((2, 4) if threads == 2 else (1, 2, 2, 3, 4)))
    # The memory of the first node is what real mode reaches.
    return p.pick("numa", "1", "1", "2", "256", "512", "1024")


def room(words, initrds):
    """MiB that a kernel needs to unpack its initrds, one of which may carry others."""
    return words + sum(2 * s for s in initrds)


def memory(p, carried):
    """RAM in MiB. carried: of each stage, MiB of what its initramfs has."""
    least = 0
    for k, c in enumerate(reversed(carried)):
        # of a kernel's memory, files may take half
        need = max(room(KERNEL_MIB[p.arch], c), sum(c) * 3) + p.d["crash_mib"]
        up, down = map(int, p.d[f"mem.{k}"].split("/")) if "/" in p.d[f"mem.{k}"] else (1, 1)
        if p.d["fw"].startswith("powernv") and up < down:
            need = max(need, 1024)  # OPAL's own memory, from 768 MiB on, is read by the kernel
        least = max(least, -(-need * down // up))
    ram = p.pick("size", 192, 256, 384, 512, 640, 768, 1024, 1024, 1536, 2048, 3072, 4096)
    if p.arch == "ppc64le":
        least = -(-max(least, 1024 if p.d["fw"].startswith("powernv") else 0) // 256) * 256
        ram = max(ram // 256 * 256, least)
        if p.d["numa"] not in ("1", "2"):
            ram = max(ram, int(p.d["numa"]) + 512)
        if p.d["numa"] == "2":
            ram = -(-ram // 512) * 512
    elif p.d["fw"] != "dt":
        # EFI has its own in the first node, which is a quarter where they are uneven
        least = max(least, 1024 if p.d["numa"] == "uneven" else 768 if p.d["numa"] == "2" else 448)
    p.fix("ram", max(ram, -(-least // 64) * 64))


def crash_kernel(p, panic_stage):
    """crashkernel= of the kernel that is to panic, or of the first one if none is."""
    p.d["crash_mib"] = 0
    if panic_stage:
        small = p.pick("region", "enough", "enough", "enough", "enough", "small")
        need = {"arm64": 256, "ppc64le": 512}[p.arch] if small == "enough" else 32
        p.fix("crash", f"{need}M")
        p.d["crash_mib"] = need
        return
    kind = p.pick("crash", "-", "-", "-", "64M", "128M", "192M", "64M@", "128M@", "0-1G:64M,1G-:128M",
                  "1G-3G:192M,3G-:320M", "4G", *(("64M,high", "128M,high") if p.arch == "arm64" else ()))
    p.d["crash_mib"] = 0 if kind in ("-", "4G") else 192


def initrds(p, k, panic):
    """Extra initrds of kexec k, "SIZE:HOW+..."; HOW the first one is packed comes in front."""
    small = p.d[f"kernel.{k}"] == "file"
    how = ("none", "gzip") if small else ("none", "none", "gzip", "zstd", "xz", "lz4")
    words = [p.pick(f"pack.{k}", *how)]
    for i in range(p.pick(f"more.{k}", 0, 0, 0, 1, 1, 2, 3)):
        # A crash kernel has its region only to unpack them in; and all that comes later is in the first
        # initrd, of which QEMU's powernv takes 128 MiB (hw/ppc/pnv.c, INITRD_MAX_SIZE).
        size = p.pick(f"bytes.{k}.{i}", 1, 511, 4096, 65536, 100001, 1 << 20, 5 << 20,
                      *(() if panic or p.d["fw"].startswith("powernv") else (20 << 20, 60 << 20)))
        words.append(f"{size}:{p.pick(f'pack.{k}.{i}', *how)}")
    return p.fix(f"initrds.{k}", "+".join(words))


def limit_memory(p, k, panic):
    """mem= of kernel k. With EFI kernels die of it by themselves, and so they are spared it."""
    p.pick(f"mem.{k}", *(("-",) if panic or p.d["fw"].startswith("efi") else ("-", "-", "-", "-", "-", "3/4", "9/10")))


def request(p, k, panic):
    """What is asked of kexec-lite for kernel k."""
    before = p.d[f"kernel.{k - 1}"]
    p.pick(f"wrap.{k}", *(("raw", "raw", "gzip", "zstd", "xz", "lz4", "zboot-gzip", "zboot-zstd", "uki", "elf")
                          if p.arch == "arm64" else ("raw", "raw", "raw", "gzip", "zstd", "xz", "lz4")))
    initrds(p, k, panic)
    call = p.pick(f"call.{k}", "default", "default", "default", "-c", "-s" if before == "file" or k == 1 else "-a")
    if call == "-s" and before != "file" and p.pick(f"absent.{k}", 0, 0, 0, 1) == 0:
        call = p.fix(f"call.{k}", "-c")
    own = call != "-s" and not panic
    # with ACPI an overlay is refused
    some = ("-", "-", "-", "dtb", "dtb", "overlay") if p.d["fw"] == "efi" else \
        ("-", "-", "-", "dtb", "overlay", "dtb+overlay")
    p.pick(f"tree.{k}", *(some if own else ("-", "-", "-", "dtb")))
    bound = p.pick(f"bounds.{k}", "-", "-", "-", "-", "-", "-", "min", "max", "max", "both") if own else "-"
    p.pick(f"min.{k}", *(("1/8", "1/4", "1/2", "3/4") if bound in ("min", "both") else ("-",)))
    p.pick(f"max.{k}", *(("1/4", "1/2", "3/4", "7/8") if bound in ("max", "both") else ("-",)))
    p.pick(f"stay.{k}", *(("no", "no", "no", "yes") if p.arch == "ppc64le" and own else ("no",)))
    p.pick(f"words.{k}", "append", "append", "append", "reuse", "uki")
    limit_memory(p, k, panic)
    p.pick(f"prepare.{k}", "-", "-", "-", "-", "huge 30", "huge 60", "eat 50", "eat 60 fragment", "eat 85",
           *(("offline 1",) if p.d["smp"] > 1 else ()))
    p.pick(f"input.{k}", "file", "file", "file", "pipe")
    p.pick(f"sandbox.{k}", "yes", "yes", "yes", "yes", "no")


def draw(seed, arch, given=()):
    p = Draw(seed, arch, given)
    jumps = p.pick("jumps", 1, 1, 1, 2, 2, 3)
    panic = p.pick("panic", "no", "no", "no", "no", "yes")
    names = KERNELS[arch] if arch == "ppc64le" else KERNELS[arch][:2] * 2 + KERNELS[arch][2:]
    for k in range(jumps + 1):
        p.pick(f"kernel.{k}", *names)
    {"arm64": machine_arm64, "ppc64le": machine_ppc64le}[arch](p)
    crash_kernel(p, jumps if panic == "yes" else 0)
    for k in range(1, jumps + 1):
        request(p, k, panic == "yes" and k == jumps)
    # What each stage's initramfs has: the kernel after it, and all that comes then.
    carried, inner = [], 0
    for k in range(jumps, -1, -1):
        extra = [int(w.split(":")[0]) // MIB for w in p.d[f"initrds.{k}"].split("+")[1:]] if k else []
        carried.append([inner + 4] + extra)
        inner += sum(extra) + FILE_MIB + 8
    limit_memory(p, 0, panic == "yes")
    memory(p, carried)
    dimm = arch == "ppc64le" and not p.d["fw"].startswith("powernv") or p.d["fw"] == "efi"
    p.pick("added", *((0, 0, 0, 512, 1024) if dimm else (0,)))
    p.pick("when", "start", "later") if arch == "ppc64le" else p.fix("when", "start")
    unknown = [name for name in p.given if name not in p.d]
    if unknown:
        raise SystemExit(f"no such value: {' '.join(unknown)}")
    return p.d


def fraction(text, ram):
    """Of "3/4", that part of ram MiB, in whole 16 MiB; None for "-"."""
    if text == "-":
        return None
    up, down = map(int, text.split("/"))
    return ram * up // down // 16 * 16


def line(d):
    return " ".join(f"{k}={v}" if " " not in str(v) else f"'{k}={v}'" for k, v in d.items()
                    if v not in ("-", "no") or "." not in k)
