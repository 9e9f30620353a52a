"""fail-nth over all of tests/user: a call that is refused any of its allocations fails without a trace, or succeeds.

The debug kernel makes every call of a program again and again, each time with the next allocation refused, until the call
is refused nothing (kernel/memory/fail_nth.h). So the tests pass only if a call that fails for want of memory says so and
leaves nothing half done; and when the programs have ended nothing may be left over.
"""
import re

import pytest

import initramfs
import machine
import test_stress
import user_suite

GROUP_SIZE = 11
SECONDS = 300
# A run of all groups with fewer pairs of a call and a refused allocation has lost a part of them.
MINIMUM_PAIRS = 60
INIT = r"""#!/bin/sh
export PATH=/bin
mount -t proc proc /proc
mount -t devtmpfs devtmpfs /dev
show() {
    usleep 300000
    umount /proc; mount -t proc proc /proc
    cat /proc/meminfo /proc/slabinfo > /dev/null
    echo "#### $1 sweep"
    grep MemFree /proc/meminfo
    awk 'NR > 2 { print "slab " $1, $2, $4 }' /proc/slabinfo
    set -- /proc/[0-9]*
    echo "processes $#"
}
run() {
    for program in /tests/*; do
        echo "### start ${program##*/}"
        mount -t tmpfs tmpfs /mnt && cd /mnt
        cp $program .
        sh -c "echo $1 > /proc/\$\$/fail-nth; exec ./${program##*/}" < /dev/null 2>&1
        echo "### end ${program##*/} $?"
        cd /
        umount -l /mnt
    done
}
run off > /dev/null
show before
run sweep
show after
sed 's/^/fail-nth /' /proc/fail-nth
echo "#### done"
poweroff -f
"""
TALLY = re.compile(r"^fail-nth (\S+) allocating (\d+) pairs (\d+) failed (\d+) survived (\d+)$", re.M)


def groups():
    names = user_suite.program_names()
    count = -(-len(names) // GROUP_SIZE)
    return [names[index::count] for index in range(count)]


def run(programs):
    files = {f"tests/{program}": ((user_suite.BUILT / program).read_bytes(), 0o755) for program in programs}
    initrd = initramfs.busybox_initrd(INIT, files)
    return machine.Machine("debug", initrd, "quiet loglevel=1", "pc", "max", 1).run(SECONDS)


def check_tallies(result):
    """Every call that asked for memory was refused it; prints what the sweep did."""
    tallies = {match[1]: [int(number) for number in match.groups()[1:]] for match in TALLY.finditer(result.serial)}
    pairs = sum(tally[1] for tally in tallies.values())
    failed = sum(tally[2] for tally in tallies.values())
    print(f"{len(tallies)} calls that allocate, {pairs} pairs of a call and a refused allocation, {failed} failures")
    never = [name for name, tally in tallies.items() if tally[1] == 0]
    assert not never, f"allocate and were never refused: {never}"
    assert pairs >= MINIMUM_PAIRS, str(result)


@pytest.mark.long
@pytest.mark.parametrize("group", groups(), ids=lambda names: f"{names[0]}-to-{names[-1]}")
def test_calls_do_without_any_of_their_allocations(group):
    result = run(group)
    assert "#### done" in result.lines and result.guest_status == 0, str(result)
    outcomes = user_suite.outcomes_of(result.lines)
    problems = [f"{program}: {outcomes[program].problem()}" for program in group if outcomes[program].problem()]
    assert not problems, "\n".join(problems + [str(result)])
    reading = test_stress.readings(result.lines)["sweep"]
    assert not test_stress.leaks(reading["before"], reading["after"], 1), str(result)
    assert reading["before"]["processes"] == reading["after"]["processes"], str(result)
    check_tallies(result)
