"""The distribution's stress-ng and trinity in a debug kernel: make stress, which installs them.

stress-ng's stressors end as they end on Linux in the same QEMU; trinity, as a user without rights, makes random calls. The
kernel outlives both and holds afterwards what it held. They run in the guest only: they are made to break what they run on.
"""
import pathlib
import re
import shutil
import subprocess

import pytest

import hunts

STRESSORS = pathlib.Path(__file__).resolve().parent / "stress" / "stress-ng.txt"
MINIMUM_STRESSORS = 230
GROUPS = 8
OPERATIONS = 50
MEMORY_MIB = 512
CALLS = 10000
# What trinity would open and is not there yet. It would try for ever.
TRINITY = (f"trinity -q -a 64 -C 3 -N {CALLS} -l off --disable-fds=sockets --disable-fds=perf --disable-fds=drm")
HEAD = """
export HOME=/tmp
mount -t sysfs sysfs /sys
mkdir -p /dev/shm /dev/pts /var/tmp
mount -t tmpfs tmpfs /dev/shm
mount -t devpts devpts /dev/pts 2> /dev/null
mount -t tmpfs -o size=100m tmpfs /tmp && cd /tmp
ulimit -c 0
"""
STRESSES = HEAD + """
for name in NAMES; do
    timeout -s KILL 300 stress-ng --$name 1 --$name-ops OPERATIONS -t 5 --verify --vm-bytes 16M --bigheap-growth 1M \
        < /dev/null > /tmp/said 2>&1
    echo "stressor $name $?"
    grep -E 'fail:|error:' /tmp/said | head -n 5
    rm -rf /tmp/*
done
"""
TRINITIES = HEAD + """
run() {
    mkdir -m 777 /tmp/work && cd /tmp/work
    su nobody -s /bin/sh -c "timeout -s KILL 600 TRINITY -s $1" < /dev/null > /said 2>&1
    tail -n 2 /said
    cd /
    while killall -q -9 trinity-main trinity-c0 trinity-c1 trinity-c2; do usleep 100000; done
    umount -l /tmp && mount -t tmpfs -o size=100m tmpfs /tmp
}
run 1
show before hunt
for seed in SEEDS; do run $seed; done
show after hunt
"""


def with_libraries(name):
    """{path: (bytes, permissions)} of a packaged program and of what its loader needs."""
    program = shutil.which(name)
    assert program, f"{name} is not installed: make stress installs it"
    listed = subprocess.run(["ldd", program], capture_output=True, text=True, check=True).stdout
    paths = [program] + re.findall(r"(/\S+) \(0x", listed)
    return {path.lstrip("/"): (pathlib.Path(path).read_bytes(), 0o755) for path in paths}


def run(kernel, program, script, seconds, smp):
    return hunts.run(kernel, script, with_libraries(program), seconds, smp=smp, memory=MEMORY_MIB)


def stressors():
    return [name for line in STRESSORS.read_text().splitlines() if not line.startswith("#") for name in line.split()]


def statuses(kernel, names, smp):
    script = STRESSES.replace("NAMES", " ".join(names)).replace("OPERATIONS", str(OPERATIONS))
    result = run(kernel, "stress-ng", script, 3600, smp)
    assert "#### done" in result.lines, str(result)
    return dict(re.findall(r"^stressor (\S+) (\d+)$", result.serial, re.M)), result


def test_there_are_enough_stressors():
    assert len(set(stressors())) >= MINIMUM_STRESSORS


@pytest.mark.stress
@pytest.mark.parametrize("smp", (1, 4))
@pytest.mark.parametrize("group", range(GROUPS))
def test_stressors_end_as_on_linux(group, smp):
    names = stressors()[group::GROUPS]
    expected, _ = statuses("linux", names, smp)
    found, result = statuses("debug", names, smp)
    assert list(found) == names and found == expected, f"{set(expected.items()) - set(found.items())}: {result}"


@pytest.mark.stress
@pytest.mark.parametrize("smp", (1, 4))
@pytest.mark.parametrize("first", (2, 12, 22))
def test_trinity_leaves_the_kernel_whole(first, smp):
    seeds = " ".join(map(str, range(first, first + 10)))
    result = run("debug", "trinity", TRINITIES.replace("TRINITY", TRINITY).replace("SEEDS", seeds), 7200, smp)
    made = [int(calls) for calls in re.findall(r"Ran (\d+) syscalls", result.serial)]
    assert len(made) == 11 and min(made) >= CALLS, f"{made}: {result}"
    hunts.check_nothing_is_lost(result, "hunt", smp)
