#!/usr/bin/env -S python3 -B
# SPDX-License-Identifier: MIT
"""spread.py COUNT: of that many draws of each target, that sizes are what the emulator takes, and that every
choice of every value occurs. Says how often each occurs."""
import collections
import sys

import draw

EXPECT = {
    "arm64": {"fw": 3, "cpu": 6, "gic": 2, "numa": 3, "crash": 11, "wrap.1": 9, "call.1": 3, "prepare.1": 7, "tree.1": 4},
    "ppc64le": {"fw": 4, "cpu": 3, "mmu": 2, "numa": 5, "crash": 9, "wrap.1": 5, "tree.1": 4, "stay.1": 2, "when": 2},
}


def main():
    for arch, expect in EXPECT.items():
        seen = collections.defaultdict(collections.Counter)
        for seed in range(int(sys.argv[1])):
            d = draw.draw(seed, arch)
            for name, value in d.items():
                seen[name][value] += 1
            assert 192 <= d["ram"] <= 8192 and d["ram"] % (256 if arch == "ppc64le" else 64) == 0, d
            assert d["smp"] % d["threads"] == 0 and d["smp"] <= 8, d
            assert len(d["initrds.1"].split("+")) <= 4, d
        for name, least in expect.items():
            print(f"{arch} {name}: " + " ".join(f"{v}={n}" for v, n in sorted(seen[name].items(), key=str)))
            if len(seen[name]) < least:
                sys.exit(f"only {len(seen[name])} of {least}")


main()
