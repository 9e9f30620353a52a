"""A lock order that is swapped on purpose (lock_order/swapped.patch) is found by the debug kernel, the first time that both
orders were seen: no two threads need to meet. And the kernel as it is has nothing to complain about, nor holds a lock for long.

The patch lets one terminal call take the terminal's lock before the writers' lock; write(2) takes them the other way round.
"""
import os
import pathlib
import re
import shutil
import subprocess

import pytest

import initramfs
import machine

PATCH = pathlib.Path(__file__).resolve().parent / "lock_order" / "swapped.patch"
BUILD_LIMIT_S = 600
# Writes to the terminal, then asks for its attributes, as the C library does before its first line.
INIT = """#!/bin/sh
mount -t proc proc /proc
echo written
test -t 1 && echo asked
cat /proc/lock_stat
poweroff -f
"""
BUSY_INIT = """#!/bin/sh
mount -t proc proc /proc
mount -t devtmpfs dev /dev
mkdir /w
mount -t tmpfs t /w
cd /w
for round in 1 2 3; do
    cp /bin/busybox program$round
    ls -lR / > list 2>&1
    mkdir d
    mv program$round d/x
    rm -r d
    cat /proc/*/stat | sort > sorted
done
cd /
umount -l /w
dmesg | grep 'was held for'
echo looked
poweroff -f
"""


@pytest.fixture(scope="module")
def swapped_kernel(tmp_path_factory):
    """A debug kernel built from a copy of the sources with the patch; what is built already is taken along."""
    copy = tmp_path_factory.mktemp("swapped")
    for name in ("kernel", "tools", "tests"):
        shutil.copytree(machine.TOP / name, copy / name, symlinks=True)
    shutil.copy2(machine.TOP / "Makefile", copy)
    if (machine.BUILD / "obj-debug").exists():
        shutil.copytree(machine.BUILD / "obj-debug", copy / "build" / "obj-debug")
    subprocess.run(["git", "apply", str(PATCH)], cwd=copy, check=True, capture_output=True)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    subprocess.run(["make", "-s", "DEBUG=1", "kernel"], cwd=copy, env=environment, check=True,
                   capture_output=True, timeout=BUILD_LIMIT_S)
    return copy / "build" / "debug" / "astra.elf"


def run(kernel):
    return machine.Machine(kernel, initramfs.busybox_initrd(INIT), "quiet").run(120)


def test_a_swapped_lock_order_is_found(swapped_kernel):
    result = run(swapped_kernel)
    text = "\n".join(result.lines)
    assert "kernel panic: lock order: the other way round was seen before" in text, str(result)
    assert re.search(r"wanted: LOCK_RANK_TERMINAL of kernel/device/terminal.c:\d+", text), str(result)
    assert re.search(r"taken by ioctl_get\+", text), str(result)
    seen, _, now = text.partition("now:")
    assert re.search(r"by terminal_write\+", seen), str(result)  # where the right order was seen
    assert re.search(r"#\d ioctl_get\+", now), str(result)       # who asks now
    assert "asked" not in result.lines


def test_the_kernel_as_it_is_keeps_its_orders():
    result = run("debug")
    assert "asked" in result.lines and result.guest_status == 0, str(result)
    classes = [line.split() for line in result.lines if re.match(r"[A-Z_]+ +\d+ +\d+ ", line)]
    assert {"TERMINAL", "ADDRESS_SPACE", "RUN_QUEUE", "PAGE_TABLE"} <= {row[0] for row in classes}
    assert any(re.match(r"orders seen: [1-9]\d*$", line) for line in result.lines), str(result)


def test_no_spin_lock_is_held_for_a_million_instructions():
    counted = ("-icount", "shift=0,sleep=off")
    result = machine.Machine("debug", initramfs.busybox_initrd(BUSY_INIT), "quiet", smp=1, extra=counted).run(120)
    assert "looked" in result.lines and "was held for" not in result.serial, str(result)
