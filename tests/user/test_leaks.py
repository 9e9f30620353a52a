"""What a test of tests/user took, the debug kernel has again when it ended: frames, objects, descriptors, threads.

After each test the kernel's own counts (/proc/holdings, caches dropped) equal those before it, exactly. And each program runs twice
in one boot: the first run fills the caches that stay, and a reading of memory, objects and processes stands around the second.
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
GROUP_SIZE = 8
# Under a debug kernel a test that measures time may be late: what counts here is what it leaves.
LEFT_BEHIND = re.compile(r"^FAIL .* left behind: .*$", re.M)
COUNTED_INIT = """#!/bin/sh
export PATH=/bin CHECK_HOLDINGS=1
mount -t proc proc /proc
mount -t devtmpfs devtmpfs /dev
for program in /tests/*; do
    echo "### start ${program##*/}"
    mount -t tmpfs tmpfs /mnt && cd /mnt
    cp $program .
    ./${program##*/} < /dev/null 2>&1
    echo "### end ${program##*/} $?"
    cd /
    umount -l /mnt
done
echo "#### done"
poweroff -f
"""


def groups():
    names = user_suite.program_names()
    count = -(-len(names) // GROUP_SIZE)
    return [names[index::count] for index in range(count)]


@pytest.mark.stress
@pytest.mark.parametrize("group", groups(), ids=lambda names: f"{names[0]}-to-{names[-1]}")
def test_no_test_leaves_anything_behind(group):
    files = {f"tests/{program}": ((user_suite.BUILT / program).read_bytes(), 0o755) for program in group}
    result = machine.Machine("debug", initramfs.busybox_initrd(COUNTED_INIT, files), "quiet loglevel=1", "pc", "max", 1).run(SECONDS)
    assert "#### done" in result.lines and result.guest_status == 0, str(result)
    outcomes = user_suite.outcomes_of(result.lines)
    for program in group:
        ran = len(outcomes[program].passed) + len(outcomes[program].failed)
        assert ran == len(user_suite.test_names(program)), f"{program}: {result}"
    assert not LEFT_BEHIND.findall(result.serial), str(result)


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


TELLING_INIT = """#!/bin/sh
export PATH=/bin
mount -t proc proc /proc
mount -t devtmpfs devtmpfs /dev
mount -t tmpfs tmpfs /mnt
count() {
    cat /proc/holdings > /mnt/$1
}
for round in 1 2; do
    count before
    sleep 1000 &
    count between
    kill $!
    wait
    count after
done
echo "#### between"
diff /mnt/before /mnt/between
echo "#### after"
diff /mnt/before /mnt/after
echo "#### done"
poweroff -f
"""


def test_the_counts_tell_what_is_held():
    result = machine.Machine("debug", initramfs.busybox_initrd(TELLING_INIT, {}), "quiet loglevel=1", "pc", "max", 1).run(60)
    assert "#### done" in result.lines, str(result)
    between, after = result.serial.split("#### between")[1].split("#### after")
    for name in ("task", "process", "stacks", "descriptor_table", "address_space", "frames-anonymous"):
        assert re.search(rf"^-{name} (\d+)$(.|\n)*^\+{name} \d+$", between, re.M), f"{name} is not told: {result}"
    changed = set(re.findall(r"^\+(\S+) \d+$", after, re.M))
    assert changed <= {"frames-anonymous"}, str(result)  # the shell's own heap moves by a page
