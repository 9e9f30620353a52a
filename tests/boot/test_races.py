"""Races of threads, futexes, signals, pipes, memory and files (tests/user/races), in a debug kernel.

No race stands still, what must hold in each holds, and when the processes are gone what the kernel holds is what it held
before. The iterations of each race stand in the run's log. A kernel that loses wake-ups is found out, and one that keeps old
translations of pages.
"""
import os
import re
import shutil
import subprocess

import pytest

import hunts
import machine

PROGRAM = machine.BUILD / "tests" / "user" / "races"
PATCHES = machine.TOP / "tests" / "user" / "races"
MINIMUM_RACES = 68
SLICE_MS = 60
LONG_MS = 2000
LONG_SEEDS = 34  # with all races an hour
BROKEN_RACES = "futex_passes_between_threads futex_passes_between_processes futex_crowd_meets mutexes conditions"
SCRIPT = hunts.IN_MNT + """
export THROWAWAY=1
/races @seed 0 1 20 > /dev/null < /dev/null
show before races
/races @seed {words} < /dev/null
show after races
"""


def run(kernel, words, seconds, smp, memory=256):
    files = {"races": (PROGRAM.read_bytes(), 0o755)}
    return hunts.run(kernel, SCRIPT.format(words=words), files, seconds, smp=smp, memory=memory)


def check_races(result):
    """All races ran, each at least once around."""
    hunts.check_end(result)
    assert "hunt ended well" in result.lines, str(result)
    counts = re.findall(r"^race (\w+) iterations (\d+)$", result.serial, re.M)
    assert len(counts) >= MINIMUM_RACES and all(int(count) for _, count in counts), str(result)


def check(result, smp):
    check_races(result)
    hunts.check_nothing_is_lost(result, "races", smp)


def test_no_race_stands_still():
    check(run("debug", f"1 1 {SLICE_MS}", 300, 2), 2)


@pytest.mark.stress
def test_no_race_stands_still_on_linux():
    check_races(run("linux", f"1 1 {SLICE_MS}", 600, 2))


@pytest.mark.stress
@pytest.mark.parametrize("smp", (1, 4))
def test_no_race_stands_still_in_an_hour(smp):
    check(run("debug", f"100 {LONG_SEEDS} {LONG_MS}", 9000, smp), smp)


def broken_kernel(variant, patch):
    """Builds the tree with a patch in a copy of it, and returns the kernel."""
    copy = machine.BUILD / "broken"
    shutil.rmtree(copy, ignore_errors=True)
    for folder in ("kernel", "tools"):
        shutil.copytree(machine.TOP / folder, copy / folder, symlinks=True)
    for path in ("Makefile", "tests/host/host.mk"):
        (copy / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(machine.TOP / path, copy / path)
    subprocess.run(["patch", "-s", "-p1", "-d", copy, "-i", PATCHES / patch], check=True)
    subprocess.run(["make", "-s", "-C", copy, f"DEBUG={variant}", f"-j{os.cpu_count()}", "kernel"], check=True,
                   stdout=subprocess.DEVNULL)
    return copy / "build" / ("debug" if variant else "") / "astra.elf"


@pytest.mark.stress
@pytest.mark.parametrize("smp", (1, 4))
def test_a_kernel_that_loses_wake_ups_is_found_out(smp):
    result = run(broken_kernel(0, "broken-wake.patch"), f"1 20 3000 {BROKEN_RACES}", 1200, smp)
    assert re.search(r"^race \w+ of seed \d+ does not get on after \d+ iterations$", result.serial, re.M), str(result)


@pytest.mark.stress
@pytest.mark.parametrize("patch, race, check_that_fails", (
    ("broken-flush.patch", "replaced_pages_are_gone", "seen >= least"),
    ("broken-view.patch", "owned_pages_are_gone", "*page >= least")))
def test_a_kernel_that_keeps_old_translations_is_found_out(patch, race, check_that_fails):
    result = run(broken_kernel(0, patch), f"1 20 3000 {race}", 1200, 4)
    assert check_that_fails in result.serial, str(result)
