"""The parity suite: the shell scripts of parity/ as one initramfs, and what a kernel prints for them.

The scripts' commands are numbered by lib.sh; `## N: command` opens one and `-> status` closes it.
What may differ between two boots of the same kernel goes through FILTERS, the only table of its kind.
"""
import hashlib
import pathlib
import re

import initramfs
import machine

FOLDER = pathlib.Path(__file__).resolve().parent / "parity"
# At most ten. Times, process ids and inode numbers only.
FILTERS = (
    (re.compile(r"\b\d\d:\d\d(:\d\d)?(\.\d+)?\b"), "<time>"),
    (re.compile(r"\bpid=\d+"), "pid=<pid>"),
    (re.compile(r"\binode=\d+"), "inode=<inode>"),
    (re.compile(r"\b\d+(\.\d+)? seconds, \S+/s"), "<time>"),
)
# Linux at its quietest; Astra takes the same words.
WORDS = "quiet loglevel=1"
TIMEOUT_S = 240


def part_names():
    return sorted(path.name for path in FOLDER.glob("[0-9]*.sh"))


def initrd():
    files = {f"parity/{path.name}": path.read_text() for path in sorted(FOLDER.glob("*.sh"))}
    return initramfs.busybox_initrd((FOLDER / "init").read_text(), files)


def run(kernel, machine_type="pc", cpu="max", smp=1, memory=256, parts=None, name=None):
    """Boots `kernel` with the suite and returns the machine.Result."""
    words = WORDS
    if parts:
        words += " parity.parts=" + ",".join(parts)
    if kernel == "linux" and smp > 1:
        words += " maxcpus=1"
    return machine.Machine(kernel, initrd(), words, machine_type, cpu, smp, memory, name=name).run(TIMEOUT_S)


def parts_of(result):
    """Splits a run's output into {part: [filtered line]}; a part that did not end is marked by its last line."""
    parts, current = {}, None
    for line in result.lines:
        if line.startswith("#### part "):
            current = parts.setdefault(line.split()[2], [])
        elif line.startswith("#### done"):
            break
        elif current is not None:
            current.append(filtered(line))
    return parts


def filtered(line):
    for pattern, replacement in FILTERS:
        line = pattern.sub(replacement, line)
    return line


def linux_lines(machine_type):
    """What Linux prints, made once per build folder for each machine and text of the suite."""
    scripts = b"".join(path.read_bytes() for path in sorted(FOLDER.iterdir()))
    release = (machine.BUILD / "oracle" / "release").read_bytes()
    key = hashlib.sha256(scripts + release).hexdigest()[:16]
    cached = machine.BUILD / "oracle" / f"parity-{machine_type}-{key}.txt"
    if not cached.exists():
        result = run("linux", machine_type, name=f"parity-linux-{machine_type}")
        if "#### done" not in result.serial:
            raise RuntimeError(f"Linux did not finish the suite: {result}")
        scratch = cached.with_suffix(".part")
        scratch.write_text(result.serial)
        scratch.rename(cached)

    class Cached:
        lines = cached.read_text().split("\n")

    return parts_of(Cached)


def counts(parts):
    """Returns (commands, compared lines)."""
    lines = [line for part in parts.values() for line in part]
    return sum(1 for line in lines if line.startswith("## ")), len(lines)


def first_difference(expected, seen):
    """Describes where two lists of lines part, or None: the command, and some lines of both."""
    for number in range(max(len(expected), len(seen))):
        left = expected[number] if number < len(expected) else "<nothing>"
        right = seen[number] if number < len(seen) else "<nothing>"
        if left != right:
            command = next((line for line in reversed(expected[:number + 1]) if line.startswith("## ")), "")
            return (f"after {command}\n  Linux: {left}\n  Astra: {right}\n"
                    f"  Linux goes on: {expected[number + 1:number + 4]}\n"
                    f"  Astra goes on: {seen[number + 1:number + 4]}")
    return None
