#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""same_tree.py GUEST HERE CAPTURED: the first two trees are the same, but for what a capture blanks.

A capture overwrites with zeros what it does not know to be harmless, so a tree planned from one may
have zeros where the guest's own has a value: of the same size, and only where the captured tree has them.
"""
import os
import subprocess
import sys


def lines_of(file):
    """[(path, line), ...] of a tree's source"""
    text = subprocess.run(["dtc", "-q", "-I", "dtb", "-O", "dts", file], check=True,
                          capture_output=True, text=True).stdout
    path, out = [], []
    for line in map(str.strip, text.split("\n")):
        out.append(("/".join(path), line))
        if line.endswith("{"):
            path.append(line[:-2])
        elif line == "};":
            path.pop()
    return out


def is_blank(line):
    value = line.partition(" = ")[2]
    return value[:1] in ("[", "<") and all(int(word, 16) == 0 for word in value.strip("[<;>]").split())


def name_of(line):
    return line.partition(" = ")[:2]


guest, here = lines_of(sys.argv[1]), lines_of(sys.argv[2])
captured = set(lines_of(sys.argv[3]))
bad = ["%s: %s, and here %s" % (a[0], a[1], b[1]) for a, b in zip(guest, here)
       if a != b and not (a[0] == b[0] and name_of(a[1]) == name_of(b[1])
                          and is_blank(b[1]) and b in captured)]
if len(guest) != len(here):
    bad.append("%d lines, and here %d" % (len(guest), len(here)))
if os.path.getsize(sys.argv[1]) != os.path.getsize(sys.argv[2]):
    bad.append("the sizes differ")
sys.exit("\n".join(bad) or 0)
