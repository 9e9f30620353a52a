"""Every system call with arguments drawn by lot, or without memory (tests/user/callfuzz), in a debug kernel.

The kernel outlives it, every call of the list ran, a third of them succeeded, and when the processes are gone what the
kernel holds is what it held before. The counts of each call stand in the run's log. A seed that broke something is made
again by `callfuzz @seed SEED 1`, and read by `callfuzz @show SEED`.
"""
import re

import pytest

import hunts
import machine

WARM_SEEDS = 2
SLICE_SEEDS = 8
HUNT_SEEDS = 250
# A run with fewer pairs of a call and a refused allocation has lost a part of them.
MINIMUM_FAILURES = 200
# What outlives processes by its nature is taken away: System V's objects, and queues of POSIX.
SCRIPT = hunts.IN_MNT + """
export THROWAWAY=1
remove() {{
    awk 'NR > 1 {{ print $2 }}' /proc/sysvipc/$1 | while read id; do ipcrm -$2 $id; done
}}
remove_lasting() {{
    remove shm m; remove sem s; remove msg q
    mkdir queues && mount -t mqueue none queues && rm -f queues/* && umount queues && rmdir queues
}}
/tests/callfuzz {warm} > /dev/null < /dev/null
remove_lasting
show before callfuzz
/tests/callfuzz {words} < /dev/null
remove_lasting
show after callfuzz
"""


def run(words, warm, seconds, **options):
    program = (machine.BUILD / "tests" / "user" / "callfuzz").read_bytes()
    files = {"tests/callfuzz": (program, 0o755)}
    return hunts.run("debug", SCRIPT.format(words=words, warm=warm), files, seconds, **options)


def hunt(first, seeds, seconds, smp, **options):
    return run(f"@seed {first} {seeds}", f"@seed {first} {WARM_SEEDS}", seconds, smp=smp, **options)


def check_whole(result, smp):
    """The kernel came to its end and holds what it held."""
    hunts.check_nothing_is_lost(result, "callfuzz", smp)
    assert "hunt ended well" in result.lines, str(result)


def check_hunt(result, smp):
    check_whole(result, smp)
    counts = re.findall(r"^call (\w+) ran (\d+) succeeded (\d+)", result.serial, re.M)
    assert len(counts) > 200 and all(int(ran) for _, ran, _ in counts), str(result)


def test_no_call_breaks_the_kernel_or_loses_anything():
    check_hunt(hunt(0, SLICE_SEEDS, 120, 2, cpu="max", memory=128), 2)


def test_calls_do_without_any_of_their_allocations():
    result = run("@fail 1", "@seed 1 1", 120, smp=1, cpu="max", memory=128)
    check_whole(result, 1)
    total = re.search(r"^failures: (\d+) pairs", result.serial, re.M)
    assert total and int(total[1]) >= MINIMUM_FAILURES, str(result)


@pytest.mark.stress
@pytest.mark.parametrize("first", (1000, 2000, 3000, 4000))
@pytest.mark.parametrize("cpu, smp", (("max", 1), ("max", 4), ("qemu64", 4)))
def test_no_call_breaks_the_kernel_in_a_long_hunt(first, cpu, smp):
    check_hunt(hunt(first, HUNT_SEEDS, 1800, smp, cpu=cpu, memory=256), smp)


@pytest.mark.stress
@pytest.mark.parametrize("seed", range(2, 12))
def test_calls_do_without_any_of_their_allocations_with_other_arguments(seed):
    check_whole(run(f"@fail {seed}", f"@fail {seed}", 600, smp=1, cpu="max", memory=128), 1)
