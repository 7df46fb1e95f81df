#!/usr/bin/env -S python3 -B
# SPDX-License-Identifier: MIT
"""defects.py: the console of a sound boot, made up, is judged sound, and each defect in it is found; so is a
refusal without a reason."""
import base64
import gzip
import struct
import subprocess
import sys
import tempfile

import build
import draw
import judge

TREE = """/dts-v1/; / { #address-cells = <2>; #size-cells = <2>; compatible = "lab";
memory@40000000 { device_type = "memory"; reg = <0 0x40000000 0 0x40000000>; };
chosen { bootargs = "%s"; }; };"""


class Made(build.Files):
    """Files that nobody made."""

    def __init__(self, d, out):
        self.d, self.arch, self.jumps, self.out = d, d["arch"], d["jumps"], out
        with open(f"{out}/Image", "wb") as f:
            f.write(struct.pack("<8xQQ", 0, 40 * draw.MIB).ljust(64, b"\0"))
        self.kernels = [f"{out}/Image"] * 2
        self.sizes, self.digest = {1: [5 * draw.MIB]}, {1: "d1"}


def tree(words, source=TREE):
    blob = subprocess.run(["dtc", "-q", "-O", "dtb"], input=(source % words).encode(), stdout=subprocess.PIPE, check=True).stdout
    return base64.b64encode(gzip.compress(blob)).decode()


def stage(n, words, blob):
    facts = {"cmdline": words, "cpus_online": "0-1", "cpus_failed": "0", "files": f"d{n}", "ram_kb": "1048576",
             "memory_kb": "950000", "crash_bytes": "0", "numa_nodes": "1", "el": "1", "efi": "no", "acpi": "no"}
    lines = [f"LAB start s{n}", *(f"REPORT {k}={v}" for k, v in facts.items()), f"DMESG [  0.{n}00] WARNING: old 0x{n}",
             "IOMEM [] 40000000 7fffffff System RAM", "LAB file tree.dtb", blob, "LAB file end"]
    return "\n".join(lines) + "\n"


LOAD = "MEMORY total=1000000 available=900000\nLOAD rc=0 loaded=10\n"
REFUSED = "MEMORY total=1000000 available=900000\nLOAD rc={} loaded=00\nSAID kexec-lite: cannot load: {}\nLAB exit=0\n"


def main():
    d = draw.draw(1, "arm64", {"jumps": 1, "kernel.0": "6.1", "kernel.1": "6.1", "smp": 2, "ram": 1024, "crash": "-", "fw": "dt",
                               "cpu": "cortex-a57", "numa": "1", "mem.0": "-", "mem.1": "-", "words.1": "append", "wrap.1": "raw",
                               "panic": "no", "tree.1": "-", "call.1": "-c", "bounds.1": "-", "input.1": "file",
                               "prepare.1": "-"})
    with tempfile.TemporaryDirectory() as out:
        files = Made(d, out)
        first, words = stage(0, "x", tree("x")), files.own_words(1)
        second = stage(1, words, tree("y")) + "LAB exit=0\n"
        bad = 0

        def expect(name, want, text, log, status=0, why=""):
            nonlocal bad
            got, said = judge.verdict(files, log, status, why)
            if got != want or text not in said:
                print(f"{name}: {got}, not {want} with '{text}': {said}")
                bad += 1

        expect("sound", "passed", "", first + LOAD + second)
        more = TREE.replace("chosen {", "more { }; chosen {")
        twice = "LAB exit=0\nLAB exit=0\n"
        for name, old, new, text in (
                ("command line", words, words.replace("--", "-"), "command line is"), ("CPU", "online=0-1", "online=0", "CPUs 0, not 2"),
                ("failed CPU", "cpus_failed=0", "cpus_failed=1", "CPUs failed"), ("a byte", "files=d1", "files=d2", "files of the"),
                ("RAM", "ram_kb=1048576", "ram_kb=1000000", "KiB of RAM, not"), ("memory", "=950000", "=700000", "for programs"),
                ("a node", "numa_nodes=1", "numa_nodes=2", "numa_nodes is 2"), ("warning", "old 0x1", "new 0x1", "the kernel warns"),
                ("tree", tree("y"), tree("y", more), "lines of the tree"), ("cut tree", tree("y"), tree("y")[:200], "tree"),
                ("end", "LAB exit=0\n", "", "did not end"), ("two ends", "LAB exit=0\n", twice, "did not end")):
            log = second.replace(old, new)
            assert log != second, name
            expect(name, "FAILED", text, first + LOAD + log)
        expect("hang", "FAILED", "silent", first + LOAD, 143, "silent")
        expect("reset", "FAILED", "ended with 3", first + LOAD + second, 3)
        expect("no start", "FAILED", "first kernel", "", 3)
        expect("no reason", "FAILED", "there is a hole", first + REFUSED.format(8, "no room"))
        expect("no such code", "FAILED", "refused with 16", first + REFUSED.format(16, "trust"))
        expect("not half of RAM", "FAILED", "less than half", first + REFUSED.format(9, "more than half"))
        expect("signal", "FAILED", "no sentence", first + "MEMORY total=1 available=1\nLOAD rc=139 loaded=00\nLAB exit=0\n")
        files.sizes[1] = [600 * draw.MIB]
        expect("half of RAM", "refused", "", first + REFUSED.format(9, "more than half"))
        files.sizes[1] = [1000 * draw.MIB]
        expect("room", "refused", "", first + REFUSED.format(8, "no room"))
        d["kernel.1"] = "6.12-16k"
        expect("pages", "refused", "", first + REFUSED.format(5, "this CPU has no pages of 16 KiB"))
        expect("pages, loaded", "FAILED", "loaded, with", first + LOAD + second)
    return bad


sys.exit(main())
