# SPDX-License-Identifier: MIT
"""Makes the files of a drawn boot in a folder, and says with which emulator they start."""
import hashlib
import os
import random
import struct
import subprocess

from draw import BASE, MIB, fraction

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
LAB = os.path.join(TOP, "tests/lab")
PACKERS = {"none": ["cat"], "gzip": ["gzip", "-1nc"], "zstd": ["zstd", "-q", "-3", "-c"],
           "xz": ["xz", "-0", "-T1", "--check=crc32", "-c"], "lz4": ["lz4", "-q", "-l", "-1", "-c"]}
CONSOLE = {"arm64": "ttyAMA0", "ppc64le": "hvc0"}
OVERLAY = '/dts-v1/; /plugin/; &{/} { added { compatible = "lab,added"; }; };'


def tool(*words, **more):
    return subprocess.run(words, check=True, stdout=subprocess.PIPE, text=True, **more).stdout.strip()


def pack(how, source, out):
    with open(source, "rb") as i, open(out, "wb") as o:
        subprocess.run(PACKERS[how], stdin=i, stdout=o, check=True)


def archive(files):
    """A newc archive of {name: bytes}, as an initrd."""
    out = bytearray()
    for n, (name, data) in enumerate([*files.items(), ("TRAILER!!!", b"")]):
        head = [n + 1, 0o100644, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(name) + 1, 0]
        out += b"070701" + b"".join(b"%08x" % v for v in head) + name.encode() + b"\0"
        out += bytes(-len(out) % 4) + data
        out += bytes(-len(out) % 4)
    return bytes(out)


def memsz(arch, kernel):
    """Bytes that a kernel takes in memory, from its header."""
    with open(kernel, "rb") as f:
        head = f.read(4096)
    if arch == "arm64":
        return struct.unpack_from("<Q", head, 16)[0]
    at, n = struct.unpack_from("<Q", head, 32)[0], struct.unpack_from("<H", head, 56)[0]
    parts = [struct.unpack_from("<IIQQQQQQ", head, at + 56 * i) for i in range(n)]
    return max(p[4] + p[6] for p in parts if p[0] == 1)


class Files:
    def __init__(self, d, out):
        self.d, self.out, self.arch = d, out, d["arch"]
        self.jumps = d["jumps"]
        self.kernels = [tool(f"{LAB}/kernel", f"{self.arch}-{d[f'kernel.{k}']}") for k in range(self.jumps + 1)]
        self.busybox = tool(f"{LAB}/packages", f"busybox-{self.arch}") + "/bin/busybox"
        self.program = os.environ.get("KEXEC_LITE_BIN", f"{TOP}/build/bin") + f"/{self.arch}/kexec-lite"
        self.sizes = {}  # of the initrds of kexec k
        self.digest = {}  # of the files of stage k

    def path(self, name):
        return os.path.join(self.out, name)

    def write(self, name, data):
        with open(self.path(name), "wb") as f:
            f.write(data if isinstance(data, bytes) else data.encode())
        return self.path(name)

    def panics(self, k):
        return self.d["panic"] == "yes" and k == self.jumps

    def crashkernel(self):
        """The word for the kernel that is before the last one, or the first one."""
        text, d = self.d["crash"], self.d
        if text.endswith("@"):
            text += hex(BASE[self.arch] + d["ram"] // 2 // 64 * 64 * MIB)
        if text == "-":
            return ""
        return f"crashkernel={text}" + (" crashkernel=64M,low" if text.endswith("high") else "")

    def own_words(self, k):
        """What stage k is given on its command line by --append, or by the emulator."""
        d, words = self.d, [f"lab.stage=s{k}", f'word="two  words -- here" last={k}']
        if k == 0:
            words = ["lab.stage=s0"]
            if d.get("mmu") == "hash" and d["cpu"] != "power8":
                words.append("disable_radix")
        # Linux 6.12 with five levels of page tables does not survive a kexec_load of anyone: copy_p4d()
        # in arch/arm64/mm/trans_pgd.c makes no entry for the level above it. The word is read by
        # arch/arm64/kernel/pi/idreg-override.c, which knows no quotes and ends at " -- ": in front.
        if d["cpu"] == "max" and d[f"kernel.{k}"] == "6.12" and self.arch == "arm64" and k < self.jumps:
            words.insert(0, "arm64.nolva")
        # kexec_file_load lays the next kernel over the GIC's LPI tables, where no EFI told of them: we warn,
        # and name this word. A kernel that takes them over then writes c2 bytes into its own code.
        if d.get("its") == "on" and d["gic"] == 3 and \
                any(d[f"call.{m}"] == "-s" for m in range(k + 1, self.jumps + 1)):
            words.append("irqchip.gicv3_nolpi=y")
        # a busy host stops a guest for longer than powernv's watchdog allows
        if d["fw"].startswith("powernv"):
            words.append("nowatchdog")
        reuse = k and d[f"words.{k}"] == "reuse"
        if k and not reuse:
            words.insert(0, f"console={CONSOLE[self.arch]} panic=-1")
        if self.panics(k):
            words.insert(0, "maxcpus=1 reset_devices")
        elif k == max(0, self.jumps - 1) if d["panic"] == "yes" else k == 0:
            words.append(self.crashkernel())
        mem = fraction(d[f"mem.{k}"], d["ram"])
        if mem:
            words.append(f"mem={mem}M")
        return " ".join(w for w in words if w)

    def kernel(self, k):
        """The file that kernel k comes in."""
        how, raw, out = self.d[f"wrap.{k}"], self.kernels[k], self.path(f"kernel.{k}")
        if how == "raw":
            return raw
        if how == "elf":
            tool(f"{LAB}/wrap", "elf", raw, out)
        elif how.startswith("zboot"):
            kind = how[6:]
            pack(kind, raw, out + ".payload")
            size = ["--size-behind", str(os.path.getsize(raw))] if kind == "zstd" else []
            tool(f"{LAB}/wrap", "zboot", {"zstd": "zstd22"}.get(kind, kind), out + ".payload", out, *size)
        elif how == "uki":
            words = self.write(f"cmdline.{k}", self.own_words(k))
            tool(f"{LAB}/wrap", "uki", out, f".cmdline={words}", f".linux={raw}", f".initrd={self.path(f'rd.{k}.0')}")
        else:
            pack(how, raw, out)
        return out

    def blobs(self, k):
        """{name: bytes} of what kexec k's other initrds bring; half of it does not pack."""
        out = {}
        for i, word in enumerate(self.d[f"initrds.{k}"].split("+")[1:], 1):
            size = int(word.split(":")[0])
            data = random.Random(f"{self.d['seed']} {k} {i}").randbytes(size // 2)
            out[f"blob.{k}.{i}"] = data + bytes(size - len(data))
        return out

    def initrds(self, k, blobs):
        """The files of kexec k's initrds; the first one has all that stage k needs."""
        packing, *more = self.d[f"initrds.{k}"].split("+")
        names = [self.path(f"rd.{k}.{i}") for i in range(len(more) + 1)]
        pack(packing, self.stage(k, blobs), names[0])
        for name, word, blob in zip(names[1:], more, blobs):
            pack(word.split(":")[1], self.write("plain", archive({blob: blobs[blob]})), name)
        self.sizes[k] = [os.path.getsize(n) for n in names]
        return names

    def words(self, k, count):
        d, ram, base = self.d, self.d["ram"], BASE[self.arch]
        words = ["-d", "-p" if self.panics(k) else "-l"]
        if d[f"call.{k}"] != "default":
            words.append(d[f"call.{k}"])
        if d[f"sandbox.{k}"] == "no":
            words.append("--no-sandbox")
        uki = d[f"wrap.{k}"] == "uki"
        words += [f"--initrd=/boot/rd.{i}" for i in range(uki, count)]
        if d[f"words.{k}"] == "reuse":
            words.append("--reuse-cmdline")
        if not (uki and d[f"words.{k}"] == "uki"):
            words.append("--append=" + self.own_words(k))
        if "dtb" in d[f"tree.{k}"]:
            words.append("--dtb=/sys/firmware/fdt")
        if "overlay" in d[f"tree.{k}"]:
            words.append("--dtb-overlay=/boot/overlay")
        for option in ("min", "max"):
            at = fraction(d[f"{option}.{k}"], ram)
            if at is not None:
                words.append(f"--mem-{option}={hex(base + at * MIB)}")
        if d[f"stay.{k}"] == "yes":
            words.append("--run-at-load")
        return words + ["-" if d[f"input.{k}"] == "pipe" else "/boot/kernel"]

    def cargo(self, n):
        """Of the initramfs before it, {place: file} of all that kexec n takes."""
        d = self.d
        names = self.initrds(n, self.blobs(n))
        pairs = {f"boot/rd.{i}": f for i, f in enumerate(names) if i or d[f"wrap.{n}"] != "uki"}
        prepare = d[f"prepare.{n}"].replace("-", "")
        if n == 1 and d["when"] == "later" and d["added"]:
            prepare = "grow\n" + prepare
        pairs["bin/kexec-lite"] = self.program
        pairs["boot/kernel"] = self.kernel(n)
        pairs["boot/words"] = self.write(f"words.{n}", "\n".join(self.words(n, len(names))) + "\n")
        pairs["boot/prepare"] = self.write(f"prepare.{n}", prepare + "\n")
        pairs["boot/start"] = self.write(f"start.{n}", "panic" if self.panics(n) else "exec")
        if "overlay" in d[f"tree.{n}"]:
            source = self.write("overlay.dts", OVERLAY)
            pairs["boot/overlay"] = self.path("overlay")
            tool("dtc", "-q", "-@", "-O", "dtb", "-o", pairs["boot/overlay"], source)
        return pairs

    def stage(self, k, blobs):
        """The initramfs of stage k, which carries what comes after it."""
        pairs = {"lab/report": f"{LAB}/report", "lab/run": f"{TOP}/tests/guest/boots"}
        if k < self.jumps:
            pairs.update(self.cargo(k + 1))
        out = self.path(f"stage.{k}")
        tool(f"{LAB}/initramfs", self.arch, out, *(f"{src}:{dest}" for dest, src in pairs.items()))
        self.digest[k] = self.hash({**pairs, "bin/busybox": self.busybox, "init": f"{LAB}/init"}, blobs)
        return out

    @staticmethod
    def hash(pairs, files):
        """As tests/guest/boots counts it: md5sum of what md5sum says of all files, by name."""
        sums = {}
        for dest, src in pairs.items():
            with open(src, "rb") as f:
                sums["/" + dest] = hashlib.md5(f.read()).hexdigest()
        sums.update({"/" + name: hashlib.md5(data).hexdigest() for name, data in files.items()})
        text = "".join(f"{sums[name]}  {name}\n" for name in sorted(sums))
        return hashlib.md5(text.encode()).hexdigest()
