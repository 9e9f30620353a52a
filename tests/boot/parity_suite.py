"""The parity suite: the shell scripts of parity/ as one initramfs, and what a kernel prints for them.

The scripts' commands are numbered by lib.sh; `## N: command` opens one and `-> status` closes it.
What may differ between two boots of the same kernel goes through FILTERS, the only table of its kind.
"""
import concurrent.futures
import fcntl
import hashlib
import json
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
TIMEOUT_S = 180


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


def linux_lines():
    """What Linux prints, made once per build folder for each text of the suite.

    Two boots on different machines must agree, since Linux's serial driver now and then loses characters in
    QEMU; a third settles it where they do not."""
    scripts = b"".join(path.read_bytes() for path in sorted(FOLDER.iterdir()))
    release = (machine.BUILD / "oracle" / "release").read_bytes()
    key = hashlib.sha256(scripts + release + repr(FILTERS).encode()).hexdigest()[:16]
    cached = machine.BUILD / "oracle" / f"parity-{key}.json"
    with open(machine.BUILD / "oracle" / "parity.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not cached.exists():
            cached.write_text(json.dumps(agreed_run()))
    return json.loads(cached.read_text())


def agreed_run():
    with concurrent.futures.ThreadPoolExecutor() as pool:
        runs = list(pool.map(linux_run, machine.MACHINES[:2]))
    if runs[0] != runs[1]:
        runs.append(linux_run(machine.MACHINES[2]))
    for parts in runs[:2]:
        if runs.count(parts) > 1:
            return parts
    raise RuntimeError(f"no two runs of Linux agree: {differences(runs[0], runs[1])}")


def linux_run(machine_type):
    result = run("linux", machine_type, name=f"parity-linux-{machine_type}")
    if "#### done" not in result.lines:
        raise RuntimeError(f"Linux did not finish the suite: {result}")
    return parts_of(result)


def counts(parts):
    """Returns (commands, compared lines)."""
    lines = [line for part in parts.values() for line in part]
    return sum(1 for line in lines if line.startswith("## ")), len(lines)


def differences(expected, seen):
    """Returns one text for each part in which the two outputs differ."""
    found = []
    for part, lines in expected.items():
        difference = first_difference(lines, seen.get(part, []))
        if difference:
            found.append(f"part {part} {difference}")
    return found


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
