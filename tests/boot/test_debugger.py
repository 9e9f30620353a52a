"""`make debug`: gdb on a stopped machine, with the kernel's symbols and the project's commands."""
import os
import re
import shutil
import subprocess

import pytest

from machine import TOP

PORT = 21234
# A shell as init, stopped where it waits for the terminal: it has memory, descriptors, and the log is written.
STEPS = ("tbreak system_call_poll", "continue", "backtrace 3", "astra-processes", "astra-mounts", "astra-areas 1", "astra-descriptors 1",
         "astra-log", "astra-log 2", "astra-areas 77", "astra-stages", "astra-memory")


@pytest.fixture(scope="module")
def session():
    if not shutil.which("gdb"):
        pytest.fail("gdb is not installed: tools/setup does it")
    command = [str(TOP / "tools" / "debug"), "-batch"]
    for step in STEPS:
        command += ["-ex", f"echo ==== {step}\\n", "-ex", step]
    environment = {**os.environ, "ASTRA_GDB_PORT": str(PORT), "ASTRA_GDB_WORDS": "rdinit=/sys/bin/sh"}
    done = subprocess.run(command, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, timeout=120, check=False)
    parts = re.split(r"^==== (.*)\n", done.stdout, flags=re.M)
    return dict(zip(parts[1::2], parts[2::2])), done.stdout


@pytest.mark.parametrize("step, wanted", (
    ("continue", r"system_call_poll \("),
    ("backtrace 3", r"#1 .*\n#2 .*upcall_system_call"),
    ("astra-processes", r"\n +1 +1 +0 runnable +0 sh\n"),
    ("astra-processes", r"\n +0 +- +- blocked +0 reclaim\n"),
    ("astra-mounts", r"1 rootfs rootfs / rw\n"),
    ("astra-areas 1", r"\n[0-9a-f]{16}-[0-9a-f]{16} r-xp [0-9a-f]{8} /sys/bin/busybox\n(.*\n)*.* rw-p 00000000 \[stack\]\n"),
    ("astra-descriptors 1", r"0 flags 0o2 position 0 terminal /dev/console\n"),
    ("astra-log", r"^\[ +\d+\.\d{6}\] Astra: loaded by PVH"),
    ("astra-log 2", r"^\[.*\n\[.*\n$"),
    ("astra-areas 77", r"no task has the number 77"),
    ("astra-stages", r" init\n$"),
    ("astra-memory", r"0x[0-9a-f]+ +0x[0-9a-f]+ kind \d"),
))
def test_gdb_shows_what_the_kernel_holds(session, step, wanted):
    parts, said = session
    assert step in parts and re.search(wanted, parts[step]), said
