"""Every system call with arguments drawn by lot (tests/user/callfuzz), in a debug kernel.

The kernel outlives it, every call of the list ran, a third of them succeeded, and when the processes are gone what the
kernel holds is what it held before. The counts of each call stand in the run's log. A seed that broke something is made
again by `callfuzz @seed SEED 1`, and read by `callfuzz @show SEED`.
"""
import re

import pytest

import initramfs
import machine
import test_stress

WARM_SEEDS = 2
SLICE_SEEDS = 8
HUNT_SEEDS = 250
INIT = """#!/bin/sh
export PATH=/bin THROWAWAY=1
mount -t proc proc /proc
mount -t devtmpfs devtmpfs /dev
mount -t tmpfs tmpfs /mnt && cd /mnt
show() {{
    usleep 300000
    umount /proc; mount -t proc proc /proc
    cat /proc/meminfo /proc/slabinfo > /dev/null
    echo "#### $1 callfuzz"
    grep MemFree /proc/meminfo
    awk 'NR > 2 {{ print "slab " $1, $2, $4 }}' /proc/slabinfo
    echo "processes $(ls -d /proc/[0-9]* | wc -l)"
}}
/tests/callfuzz @seed {first} {warm} > /dev/null < /dev/null
show before
/tests/callfuzz @seed {first} {seeds} < /dev/null
show after
echo "#### done"
poweroff -f
"""


def run(first, seeds, seconds, **options):
    program = (machine.BUILD / "tests" / "user" / "callfuzz").read_bytes()
    init = INIT.format(first=first, warm=WARM_SEEDS, seeds=seeds)
    initrd = initramfs.busybox_initrd(init, {"tests/callfuzz": (program, 0o755)})
    return machine.Machine("debug", initrd, "quiet loglevel=1", "pc", **options).run(seconds)


def check(result, smp):
    assert "#### done" in result.lines and result.guest_status == 0, str(result)
    assert "hunt ended well" in result.lines, str(result)
    counts = re.findall(r"^call (\w+) ran (\d+) succeeded (\d+)", result.serial.replace("\r", ""), re.M)
    assert len(counts) > 200 and all(int(ran) for _, ran, _ in counts), str(result)
    reading = test_stress.readings(result.lines)["callfuzz"]
    assert not test_stress.leaks(reading["before"], reading["after"], smp), str(result)
    assert reading["before"]["processes"] == reading["after"]["processes"], str(result)


def test_no_call_breaks_the_kernel_or_loses_anything():
    check(run(0, SLICE_SEEDS, 120, cpu="max", smp=2, memory=128), 2)


@pytest.mark.stress
@pytest.mark.parametrize("first", (1000, 2000, 3000, 4000))
@pytest.mark.parametrize("cpu, smp", (("max", 1), ("max", 4), ("qemu64", 4)))
def test_no_call_breaks_the_kernel_in_a_long_hunt(first, cpu, smp):
    check(run(first, HUNT_SEEDS, 1800, cpu=cpu, smp=smp, memory=256), smp)
