"""Hunts for what goes wrong under load and for what is not given back: stress/init in a debug kernel.

A debug kernel stops at the first mistake that it sees in itself (asserts, order of locks, undefined behaviour,
freed memory that was written), so that the hunt ends at all says much. What the kernel holds is compared before and
after: frames, and the objects of every cache.
"""
import pathlib

import pytest

import hunts
import initramfs
import machine
import parity_suite

FOLDER = pathlib.Path(__file__).resolve().parent / "stress"
QUICK = "forks,pipes,files,names,kills,mounts,fifos,proc,bomb"
ALL = QUICK + ",mix,crush,memory"


def run(wanted, rounds, seconds, **options):
    initrd = initramfs.busybox_initrd((FOLDER / "init").read_text(),
                                      {"stress/hunts.sh": (FOLDER / "hunts.sh").read_text()})
    words = f"quiet stress.hunts={wanted} stress.rounds={rounds}"
    return machine.Machine("debug", initrd, words, **options).run(seconds)


def check(result, wanted, smp):
    hunts.check_end(result)
    found = hunts.readings(result.lines)
    assert list(found) == wanted.split(","), str(result)
    for hunt, reading in found.items():
        assert not hunts.leaks(reading["before"], reading["after"], smp), f"{hunt}: {result}"


def test_nothing_is_lost_under_load():
    check(run(QUICK, 1, 150, smp=4, cpu="max", memory=64), QUICK, 4)


@pytest.mark.stress
@pytest.mark.parametrize("smp", (1, 4))
@pytest.mark.parametrize("machine_type, cpu, memory",
                         (("pc", "max", 32), ("q35", "qemu64", 48), ("microvm", "max", 256), ("microvm", "qemu64", 32)))
def test_nothing_is_lost_in_a_long_hunt(machine_type, cpu, memory, smp):
    result = run(ALL, 5, 1800, machine=machine_type, cpu=cpu, memory=memory, smp=smp)
    check(result, ALL, smp)


@pytest.mark.stress
@pytest.mark.parametrize("smp", (1, 4))
@pytest.mark.parametrize("machine_type, cpu", (("pc", "qemu64"), ("q35", "max"), ("microvm", "max")))
def test_the_debug_kernel_prints_what_linux_prints(machine_type, cpu, smp):
    result = parity_suite.run("debug", machine_type, cpu, smp)
    found = parity_suite.differences(parity_suite.linux_lines(), parity_suite.parts_of(result))
    assert not found, "\n".join(found) + "\n" + str(result)
