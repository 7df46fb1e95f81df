# SPDX-License-Identifier: MIT
"""Runs a drawn boot in the emulator, through tests/lab/run, for as long as the guest gets on."""
import json
import os
import socket
import subprocess
import time

from build import LAB

# Without a word on the console: seconds of the emulator's CPU time, which a busy host does not use up;
# and seconds of the clock in which it did nothing, as when a guest waits for ever.
SILENT_CPU, SILENT_IDLE, IDLE_CPU = int(os.environ.get("BOOTS_SILENT", "120")), 120, 2
CAP = 1500
MACHINES = {"dt": "virt", "efi": "virt-efi", "efi-dt": "virt-efi", "vof": "pseries", "slof": "pseries",
            "powernv9": "powernv9", "powernv10": "powernv10"}


def arguments(d):
    """The lab's machine, and arguments for the emulator after its own."""
    name, ram = MACHINES[d["fw"]], d["ram"]
    if d["threads"] > 1:
        name = "pseries-smt"
    threads = f",threads={d['threads']}" if d["arch"] == "ppc64le" else ""
    dimm = f",slots=2,maxmem={ram + 4096}M" if d["added"] else ""
    args = ["-cpu", d["cpu"] + (",pauth-impdef=on" if d["cpu"] == "max" else ""),
            "-smp", f"{d['smp']}{threads}", "-m", f"{ram}M{dimm}"]
    if d["arch"] == "arm64":
        its = f",its={d['its']}" if d["gic"] == 3 else ""
        args += ["-machine", f"gic-version={d['gic']}{its},virtualization={d['el2']}"]
        if d["fw"] == "efi-dt":
            args += ["-machine", "acpi=off"]
    elif name.startswith("pseries"):
        args += ["-machine", "x-vof=" + ("off" if d["fw"] == "slof" else "on")]
    if d["numa"] != "1":
        first = {"2": ram // 2, "uneven": ram // 4}.get(d["numa"]) or int(d["numa"])
        half = max(1, d["smp"] // d["threads"] // 2) * d["threads"]
        cpus = [f"cpus=0-{half - 1}", f"cpus={half}-{d['smp'] - 1}"] if d["smp"] > half else [f"cpus=0-{half - 1}", ""]
        for n, size in enumerate((first, ram - first)):
            args += ["-object", f"memory-backend-ram,id=m{n},size={size}M",
                     "-numa", ",".join(w for w in ("node", f"nodeid={n}", cpus[n], f"memdev=m{n}") if w)]
    if d["added"]:
        args += ["-object", f"memory-backend-ram,id=d0,size={d['added']}M"]
        if d["when"] == "start":
            args += ["-device", "pc-dimm,id=p0,memdev=d0"]
    return name, args


def descendants(pid):
    try:
        with open(f"/proc/{pid}/task/{pid}/children") as f:
            children = [int(c) for c in f.read().split()]
    except OSError:
        return []
    return children + [x for c in children for x in descendants(c)]


def emulator_of(pid):
    """The emulator's process among those that pid started, and its command line."""
    for p in descendants(pid):
        try:
            with open(f"/proc/{p}/cmdline", "rb") as f:
                words = f.read().decode().split("\0")[:-1]
        except OSError:
            continue
        if words and os.path.basename(words[0]).startswith("qemu-system-"):
            return p, words
    return None, None


def cpu_seconds(pid):
    try:
        with open(f"/proc/{pid}/stat") as f:
            fields = f.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    except (OSError, TypeError):
        return 0.0


def ask(path, *commands):
    """The emulator's answers to commands of its protocol QMP, each a name and its arguments."""
    answers = []
    with socket.socket(socket.AF_UNIX) as s:
        s.settimeout(20)
        s.connect(path)
        f = s.makefile("rw")
        f.readline()
        for name, given in (("qmp_capabilities", {}), *commands):
            f.write(json.dumps({"execute": name, "arguments": given}) + "\n")
            f.flush()
            answer = {}
            while not {"return", "error"} & answer.keys():
                answer = json.loads(f.readline())
            answers.append(answer)
    return answers[1:]


def plug(path):
    """The memory that is in store comes in."""
    ask(path, ("device_add", {"driver": "pc-dimm", "id": "p0", "memdev": "d0"}))


def registers(path):
    """Of all CPUs, to see where a guest hangs; text."""
    try:
        return ask(path, ("human-monitor-command", {"command-line": "info registers -a"}))[0]["return"]
    except (OSError, ValueError, KeyError) as e:
        return f"none: {e}"


class Watch:
    """Whether the guest gets on: its console grows, or the emulator has not worked long since it did."""

    def __init__(self):
        self.size, self.cpu, self.at, self.begin = -1, 0.0, time.monotonic(), time.monotonic()

    def stuck(self, size, cpu):
        now = time.monotonic()
        if size != self.size:
            self.size, self.cpu, self.at = size, cpu, now
        if now - self.begin > CAP:
            return f"not at its end after {CAP} seconds"
        if cpu - self.cpu > SILENT_CPU:
            return f"silent for {SILENT_CPU} seconds of CPU time"
        if now - self.at > SILENT_IDLE and cpu - self.cpu < IDLE_CPU:
            return f"silent and idle for {SILENT_IDLE} seconds"
        return ""


def run(files, initramfs):
    """The exit status of tests/lab/run (0: the guest powered off) and why it was ended, or ""."""
    d, log = files.d, files.path("log")
    name, args = arguments(d)
    qmp = files.path("qmp")
    args += ["-qmp", f"unix:{os.path.relpath(qmp)},server=on,wait=off"]
    words = [f"{LAB}/run", name, files.kernels[0], initramfs, files.own_words(0), log, *args]
    child = subprocess.Popen(words, env={**os.environ, "LAB_TIMEOUT": str(CAP + 60)}, stdin=subprocess.DEVNULL)
    watch, pid, why, plugged = Watch(), None, "", False
    try:
        while child.poll() is None and not why:
            time.sleep(0.5)
            if pid is None:
                pid, line = emulator_of(child.pid)
                if pid is None:
                    watch = Watch()  # it waits for its turn
                    continue
                with open(files.path("qemu"), "w") as f:
                    f.write(" ".join(f"'{w}'" if set(w) & set(" ,()*\"") else w for w in line) + "\n")
            size = os.path.getsize(log)
            why = watch.stuck(size, cpu_seconds(pid))
            if not plugged and d["added"] and d["when"] == "later" and size:
                with open(log, errors="replace") as f:
                    plugged = "WAIT grow" in f.read()
                if plugged:
                    plug(os.path.relpath(qmp))
        if why:
            with open(files.path("registers"), "w") as f:
                f.write(registers(os.path.relpath(qmp)))
    finally:
        if child.poll() is None:
            child.terminate()  # it ends its own emulator
        child.wait()
    return child.returncode, why
