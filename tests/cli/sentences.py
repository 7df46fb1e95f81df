#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""sentences.py [DIR]: what the sources under DIR can say when something fails, a line each, sorted.

Each line is cut by a bar where petitboot's status line ends: 60 characters, "kexec-lite: cannot " included.
A value that is printed counts with a usual width. After a sentence that breaks a rule comes " <-- " and the rule.
"""
import glob
import os
import re
import sys

SHOWN = 60 - len("kexec-lite: cannot ")
# "WHAT", before the first colon: more would leave no room for the reason
WHAT = 22
# What is filled into a WHAT that is not fixed: the longest of each.
FILLED = {
    "%s": "unload the kernel",
    "honour %s": "honour --dtb-overlay",
    "%s the %s": "read the device tree",
    "%s the device tree": "merge the device tree",
    "read the %s": "read the device tree",
    "place the %s": "place the device tree",
    "join the %s": "join the initrds",
}
# What the argument of a reason that is not fixed is called; anything else there is an object.
REASON = re.compile(r"strerror|why|kind|->what\b|\? \"")
# Functions that put a fixed text in front of what they get: its place among the arguments.
REPORTS = {"broken": ("trust the plan: %s", 2), "broken_by": ("trust the plan: the initrd %s", 3),
           "lie": ("trust the sandbox: it %s", 1), "wrong": ("apply the overlay: %s: %%s", 1),
           "refuse": ("read the options: %s: --%%s", 1),
           "fail_input": ("read the %%s: %s: %%s", 2), "fail": ("%s", 2)}
# What a system call's error means, in a table.
MEANING = re.compile(r'{ E[A-Z]+, FAIL_[A-Z]+,\s*"([^"]*)",')
LITERAL = re.compile(r'"((?:\\.|[^"\\])*)"')


def arguments(source, at):
    """The arguments of the call whose parenthesis is before `at`"""
    found, text, depth = [], "", 1
    for token in re.finditer(r'"(?:\\.|[^"\\])*"|.', source[at:], re.S):
        c = token.group(0)
        depth += (c in "([{") - (c in ")]}")
        if not depth:
            return found + [text]
        if c == "," and depth == 1:
            found.append(text)
            text = ""
        else:
            text += c
    return found


def formats(directory):
    """Each format that a failing call in the sources has, and the arguments after it"""
    for top in ("src", "dt", "arch"):
        for path in glob.glob(os.path.join(directory, top, "**", "*.c"), recursive=True):
            with open(path) as f:
                source = re.sub(r"/\*.*?\*/", "", f.read(), flags=re.S)
            for meaning in MEANING.findall(source):
                yield "load a kernel: " + meaning, []
            for call in re.finditer(r"\b(%s)\(" % "|".join(REPORTS), source):
                front, place = REPORTS[call.group(1)]
                args = arguments(source, call.end())
                # a choice of two texts is two sentences
                parts = LITERAL.findall(args[place]) if len(args) > place else []
                if parts and "?" not in args[place]:
                    parts = ["".join(parts)]
                # a name, shortened and fit for a terminal
                values = [a for a in args[place + 1:] if a.strip() != "AS_NAME"]
                for text in parts:
                    yield front % text.replace('\\"', '"').replace("%.*s", "%s"), values


def width(text):
    """The text with usual values filled in"""
    text = re.sub(r"0x%llx", "0x80000000", text)
    return re.sub(r"%[a-z]+", "12345678", text)


def broken_rule(text, args):
    """The rule that a sentence breaks, if one"""
    what, colon, why = text.partition(": ")
    if not colon:
        return "no reason"
    if "%" in what and what not in FILLED:
        return "the start depends on a value"
    if len(FILLED.get(what, what)) > WHAT:
        return "the start is longer than %d" % WHAT
    if re.match("%s($|: )", why) and not REASON.search(args[what.count("%")]):
        return "an object in place of the reason"
    if re.search("[:.,!]$", text) or re.match("[A-Z]", what) or re.match("[A-Z][a-z]", why):
        return "not written as the others are"
    return ""


def cut(text):
    """The text with a bar where its first 60 characters end, with a usual value for each placeholder"""
    what, colon, why = text.partition(": ")
    front = FILLED.get(what, what) + colon + why
    at = max(i for i in range(len(front) + 1) if len(width(front[:i])) <= SHOWN)
    at -= len(front) - len(text)
    return text[:at] + "|" + text[at:]


lines = set()
for sentence, values in formats(sys.argv[1] if len(sys.argv) > 1 else "."):
    rule = broken_rule(sentence, values)
    # what another part has made is checked there
    if sentence != "%s":
        lines.add(cut(sentence) + (" <-- " + rule if rule else ""))
print("\n".join(sorted(lines)))
