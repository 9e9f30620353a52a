"""Boots the programs of tests/user under a kernel and reads what they said.

/init runs each as root in an empty tmpfs, with standard input from /dev/null and a bound in time. A
program that takes the kernel with it costs only itself: the next boot starts with the one after it.
"""
import re

import initramfs
import machine

FOLDER = machine.TOP / "tests" / "user"
BUILT = machine.BUILD / "tests" / "user"
PROGRAM_SECONDS = 120
BOOT_SECONDS = 300
INIT = f"""#!/bin/sh
export PATH=/bin
mount -t proc proc /proc
mount -t devtmpfs devtmpfs /dev
cd /
for program in /tests/*; do
    name=${{program##*/}}
    echo "### start $name"
    mount -t tmpfs tmpfs /mnt && cd /mnt
    cp $program .
    timeout -s KILL {PROGRAM_SECONDS} ./$name < /dev/null 2>&1
    echo "### end $name $?"
    cd /
    umount -l /mnt
done
echo "### done"
poweroff -f
"""
PASSED = re.compile(r"^ok (\S+)$")
FAILED = re.compile(r"^FAIL (\S+?):? (.*)$")


class Outcome:
    """What one program said: the names that passed, {name: reason} of those that did not, and how it ended."""

    def __init__(self, lines, status):
        self.passed = [match[1] for match in map(PASSED.match, lines) if match]
        self.failed = {match[1]: match[2] for match in map(FAILED.match, lines) if match}
        self.status = status
        self.says_all = f"{len(self.passed)} passed, {len(self.failed)} failed" in lines

    def problem(self):
        """Why this program did not pass, or None."""
        if self.failed:
            return "; ".join(f"{name}: {reason}" for name, reason in self.failed.items())
        if self.status is None:
            return "did not end: " + (f"the last test to pass is {self.passed[-1]}" if self.passed else "no test passed")
        if self.status != 0 or not self.passed or not self.says_all:
            return f"{len(self.passed)} tests, exit status {self.status}"
        return None


def program_names():
    return sorted(path.stem for path in FOLDER.glob("*.c"))


def test_names(program):
    """The tests that a program's source defines."""
    return re.findall(r"^TEST\((\w+)\)", (FOLDER / f"{program}.c").read_text(), re.M)


def run(kernel, programs, memory=256, smp=None, name=None):
    """Returns {program: Outcome}, and the text of every boot that did not come to its end."""
    outcomes, broken, left = {}, [], list(programs)
    while left:
        result = boot(kernel, left, memory, smp, f"{name or 'user-tests'}-{kernel}-{left[0]}")
        found = outcomes_of(result.lines)
        outcomes.update(found)
        if "### done" in result.serial:
            break
        broken.append(str(result))
        started = list(found)[-1] if found else left[0]
        left = left[left.index(started) + 1:]
    return outcomes, broken


def boot(kernel, programs, memory, smp, name):
    files = {f"tests/{program}": ((BUILT / program).read_bytes(), 0o755) for program in programs}
    words = "quiet loglevel=1" + (" maxcpus=1" if kernel == "linux" else "")
    initrd = initramfs.busybox_initrd(INIT, files)
    return machine.Machine(kernel, initrd, words, "pc", "max", smp, memory, name=name).run(BOOT_SECONDS)


def outcomes_of(lines):
    """Splits the serial text at the marks of /init."""
    found, program, said = {}, None, []
    for line in lines:
        if line.startswith("### start "):
            program, said = line.split()[2], []
            found[program] = Outcome([], None)
        elif line.startswith("### end ") and program:
            found[program] = Outcome(said, int(line.split()[3]))
            program = None
        elif program:
            said.append(line)
            found[program] = Outcome(said, None)
    return found
