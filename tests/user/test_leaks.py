"""What a test of tests/user took, the debug kernel has again when it ended: frames, objects, descriptors, threads.

After each test the kernel's own counts (/proc/holdings, caches dropped) equal those before it, exactly. And each program runs twice
in one boot: the first run fills the caches that stay, and a reading of memory, objects and processes stands around the second.
"""
import re

import pytest

import hunts
import user_suite

SECONDS = 400
# That the tests pass is checked by test_user.py; a late test on a slow host leaves as little behind.
ENDED = re.compile(r"^(\d+) passed, (\d+) failed$", re.M)
TWICE = """
run() {
    mount -t tmpfs tmpfs /mnt && cd /mnt
    cp /tests/* .
    ./$(ls) < /dev/null 2>&1
    cd /
    umount -l /mnt
}
run
show before program
run
show after program
"""
GROUP_SIZE = 8
# Under a debug kernel a test that measures time may be late: what counts here is what it leaves.
LEFT_BEHIND = re.compile(r"^FAIL .* left behind: .*$", re.M)
COUNTED = """
export CHECK_HOLDINGS=1
for program in /tests/*; do
    echo "### start ${program##*/}"
    mount -t tmpfs tmpfs /mnt && cd /mnt
    cp $program .
    ./${program##*/} < /dev/null 2>&1
    echo "### end ${program##*/} $?"
    cd /
    umount -l /mnt
done
"""


def groups():
    names = user_suite.program_names()
    count = -(-len(names) // GROUP_SIZE)
    return [names[index::count] for index in range(count)]


def files_of(programs):
    return {f"tests/{program}": ((user_suite.BUILT / program).read_bytes(), 0o755) for program in programs}


@pytest.mark.stress
@pytest.mark.parametrize("group", groups(), ids=lambda names: f"{names[0]}-to-{names[-1]}")
def test_no_test_leaves_anything_behind(group):
    result = hunts.run("debug", COUNTED, files_of(group), SECONDS)
    hunts.check_end(result)
    outcomes = user_suite.outcomes_of(result.lines)
    for program in group:
        ran = len(outcomes[program].passed) + len(outcomes[program].failed)
        assert ran == len(user_suite.test_names(program)), f"{program}: {result}"
    assert not LEFT_BEHIND.findall(result.serial), str(result)


@pytest.mark.stress
@pytest.mark.parametrize("program", user_suite.program_names())
def test_a_program_leaves_nothing_behind(program):
    result = hunts.run("debug", TWICE, files_of([program]), SECONDS)
    hunts.check_nothing_is_lost(result, "program")
    ran = [int(passed) + int(failed) for passed, failed in ENDED.findall(result.serial)]
    assert ran == [len(user_suite.test_names(program))] * 2, str(result)


TELLING = """
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
"""


def test_the_counts_tell_what_is_held():
    result = hunts.run("debug", TELLING, {}, 60)
    hunts.check_end(result)
    between, after = result.serial.split("#### between")[1].split("#### after")
    for name in ("task", "process", "stacks", "descriptor_table", "address_space", "frames-anonymous"):
        assert re.search(rf"^-{name} (\d+)$(.|\n)*^\+{name} \d+$", between, re.M), f"{name} is not told: {result}"
    changed = set(re.findall(r"^\+(\S+) \d+$", after, re.M))
    assert changed <= {"frames-anonymous"}, str(result)  # the shell's own heap moves by a page
