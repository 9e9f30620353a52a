"""Runs the programs of tests/user on Astra and on Linux: a program that fails on Linux is a wrong test.

One boot runs them all; a program passes when it exits with 0. They are started one after another by
/init, as root, in a folder of their own below /tmp, with standard input from /dev/null.
"""
import functools
import re

import pytest

import initramfs
import machine

FOLDER = machine.TOP / "tests" / "user"
BUILT = machine.BUILD / "tests" / "user"
NAMES = sorted(path.stem for path in FOLDER.glob("*.c"))
SECONDS_EACH = 60
INIT = f"""#!/bin/sh
export PATH=/bin
mount -t proc proc /proc
mount -t devtmpfs devtmpfs /dev
for program in /tests/*; do
    name=${{program##*/}}
    echo "### start $name"
    mkdir /tmp/$name
    cd /tmp/$name
    timeout -s KILL {SECONDS_EACH} $program < /dev/null 2>&1
    echo "### end $name $?"
done
echo "### done"
poweroff -f
"""


@functools.lru_cache(maxsize=None)
def boot(kernel):
    """Returns {program: (status, output)} of one boot of `kernel`, and the Result."""
    files = {f"tests/{name}": ((BUILT / name).read_bytes(), 0o755) for name in NAMES}
    words = "quiet loglevel=1" + (" maxcpus=1" if kernel == "linux" else "")
    result = machine.Machine(kernel, initramfs.busybox_initrd(INIT, files), words, "pc", "max",
                             name=f"user-tests-{kernel}").run(240)
    found = {}
    for match in re.finditer(r"^### start (\S+)\n(.*?)^### end \1 (\d+)$", result.serial, re.M | re.S):
        found[match.group(1)] = (int(match.group(3)), match.group(2))
    return found, result


@pytest.mark.parametrize("kernel", ("linux", "astra"))
@pytest.mark.parametrize("name", NAMES)
def test_program(name, kernel):
    found, result = boot(kernel)
    assert name in found, f"{name} did not end: {result}"
    status, output = found[name]
    assert status == 0, f"status {status}\n{output}"
