"""What a program of tests/user took, the debug kernel has again when it ended: memory, objects, processes.

Each program runs twice in one boot. The first run fills the caches that stay, and the reading stands around the second.
"""
import re

import pytest

import initramfs
import machine
import test_stress
import user_suite

SECONDS = 400
# That the tests pass is checked by test_user.py; a late test on a slow host leaves as little behind.
ENDED = re.compile(r"^(\d+) passed, (\d+) failed$", re.M)
INIT = """#!/bin/sh
export PATH=/bin
mount -t proc proc /proc
mount -t devtmpfs devtmpfs /dev
show() {
    usleep 300000
    umount /proc; mount -t proc proc /proc
    cat /proc/meminfo /proc/slabinfo > /dev/null
    echo "#### $1 program"
    grep MemFree /proc/meminfo
    awk 'NR > 2 { print "slab " $1, $2, $4 }' /proc/slabinfo
    set -- /proc/[0-9]*
    echo "processes $#"
}
run() {
    mount -t tmpfs tmpfs /mnt && cd /mnt
    cp /tests/* .
    ./$(ls) < /dev/null 2>&1
    cd /
    umount -l /mnt
}
run
show before
run
show after
echo "#### done"
poweroff -f
"""


@pytest.mark.stress
@pytest.mark.parametrize("program", user_suite.program_names())
def test_a_program_leaves_nothing_behind(program):
    files = {f"tests/{program}": ((user_suite.BUILT / program).read_bytes(), 0o755)}
    initrd = initramfs.busybox_initrd(INIT, files)
    result = machine.Machine("debug", initrd, "quiet loglevel=1", "pc", "max", 1).run(SECONDS)
    assert "#### done" in result.lines and result.guest_status == 0, str(result)
    ran = [int(passed) + int(failed) for passed, failed in ENDED.findall(result.serial)]
    assert ran == [len(user_suite.test_names(program))] * 2, str(result)
    reading = test_stress.readings(result.lines)["program"]
    assert not test_stress.leaks(reading["before"], reading["after"], 1), str(result)
    assert reading["before"]["processes"] == reading["after"]["processes"], str(result)
