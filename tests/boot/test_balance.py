"""How CPUs that all have work share it: the program `balance` of tests/user on two CPUs, and on four, on Linux and on Astra.

With more CPUs than a test uses Linux evens out less, so there it runs what is meant for that number.
"""
import pytest

import initramfs
from machine import BUILD, Machine

PROGRAM = BUILD / "tests" / "user" / "balance"
FIVE = "five_busy_processes_share_four_cpus"


def run_balance(kernel, smp, names=""):
    init = f"#!/bin/sh\nmount -t proc proc /proc\ncd /tmp\n/balance {names} 2>&1\npoweroff -f\n"
    initrd = initramfs.busybox_initrd(init, {"balance": (PROGRAM.read_bytes(), 0o755)})
    return Machine(kernel, initrd, "quiet loglevel=1", cpu="max", smp=smp).run(150)


@pytest.mark.parametrize("kernel, smp, names, count", (("linux", 2, "", 8), ("linux", 4, FIVE, 1), ("astra", 2, "", 8),
                                                      ("astra", 4, "", 8), ("debug", 4, "", 8)))
def test_busy_cpus_share_their_work(kernel, smp, names, count):
    result = run_balance(kernel, smp, names)
    assert f"{count} passed, 0 failed" in result.serial, str(result)
