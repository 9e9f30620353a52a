"""fail-nth over all of tests/user: a call that is refused any of its allocations fails without a trace, or succeeds.

The debug kernel makes every call of a program again and again, each time with the next allocation refused, until the call
is refused nothing (kernel/memory/fail_nth.h). So the tests pass only if a call that fails for want of memory says so and
leaves nothing half done; and when the programs have ended nothing may be left over.
"""
import re

import pytest

import hunts
import user_suite

GROUP_SIZE = 11
SECONDS = 300
# A run of all groups with fewer pairs of a call and a refused allocation has lost a part of them.
MINIMUM_PAIRS = 60
SCRIPT = r"""
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
show before sweep
run sweep
show after sweep
sed 's/^/fail-nth /' /proc/fail-nth
"""
TALLY = re.compile(r"^fail-nth (\S+) allocating (\d+) pairs (\d+) failed (\d+) survived (\d+)$", re.M)


def groups():
    names = user_suite.program_names()
    count = -(-len(names) // GROUP_SIZE)
    return [names[index::count] for index in range(count)]


def run(programs):
    files = {f"tests/{program}": ((user_suite.BUILT / program).read_bytes(), 0o755) for program in programs}
    return hunts.run("debug", SCRIPT, files, SECONDS)


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
    hunts.check_end(result)
    outcomes = user_suite.outcomes_of(result.lines)
    problems = [f"{program}: {outcomes[program].problem()}" for program in group if outcomes[program].problem()]
    assert not problems, "\n".join(problems + [str(result)])
    hunts.check_nothing_is_lost(result, "sweep")
    check_tallies(result)
