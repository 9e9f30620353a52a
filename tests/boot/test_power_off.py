"""The end of a debug kernel's machine: every process ends, everything is unmounted, and nothing is left.

Whatever was under way, and whoever ordered it, the last count says zero of everything; and what is left on purpose
(tests/kernel/test_leaks.c) is found, named, and fails the run.
"""
import re

import pexpect
import pytest

import initramfs
import machine

ROOT = machine.BUILD / "root.cpio"
USER_TESTS = machine.BUILD / "tests" / "user"
NOTHING = "leak check: frames 0, objects 0, descriptors 0, threads 0"
STATUS_LEAK = 126
CPUS = pytest.mark.parametrize("smp", (1, 4))
START = """#!/bin/sh
export PATH=/bin THROWAWAY=1
mount -t proc proc /proc
mount -t devtmpfs devtmpfs /dev
mkdir -p /dev/pts && mount -t devpts devpts /dev/pts
mount -t sysfs sysfs /sys
mount -t tmpfs tmpfs /mnt && cd /mnt
"""
# What a person leaves behind: mounts in mounts, files that only descriptors keep, fifos with a reader that waits, stopped and busy
# programs, a session of its own, children whose parent is gone, a working directory whose mount is gone.
LEFT_ALONE = """
mkdir a b deep
mount -t tmpfs more a; mkdir a/within; mount -t tmpfs again a/within; mount --bind a b
mount -t proc other b/within
dd if=/dev/zero of=deleted bs=64k count=20 2> /dev/null
exec 5< deleted 6<> deleted; rm deleted
mkfifo fifo; cat fifo &
sleep 1000 | cat &
yes > /dev/null & while :; do :; done &
sleep 1000 & kill -STOP $!
setsid sh -c 'sleep 1000 & sleep 1000 & exit' &
(cd a/within && exec sleep 1000) &
usleep 100000
umount -l a/within; umount -l /mnt
"""
# Programs that are in the middle of what they test when the machine ends.
PROGRAMS = ("threads", "timers", "mapping", "pipes", "polling", "fork", "signal", "terminal", "events", "futex_pi", "memory_file",
            "locks", "names", "vfork", "sysv_shared_memory", "splice")
IN_THE_MIDDLE = """
for program in /tests/*; do
    (mkdir ${program##*/} && cd ${program##*/} && cp $program program && ./program < /dev/null > /dev/null 2>&1) &
done
(mkdir races; cd races; /races @seed 1 100 50 < /dev/null > /dev/null 2>&1) &
sleep 3
"""
ENDS = {"power-off": ("poweroff -f", 0, "power off"), "halt": ("halt -f", 0, "halted"), "exit": ("exit 3", 3, "power off"),
        "by-a-child": ("(exec poweroff -f) & wait; sleep 1000", 0, "power off"), "killed": ("kill -ABRT $$; exit 5", 5, "power off")}


def boot(script, kernel="debug", smp=1, words="", files=None, seconds=120):
    initrd = initramfs.busybox_initrd(START + script, files)
    return machine.Machine(kernel, initrd, f"loglevel=6 panic=-1 {words}", "pc", "max", smp).run(seconds)


def check_nothing_is_left(result, status, last):
    assert result.guest_status == status, str(result)
    assert result.serial.count("leak check: ") == 1 and NOTHING in result.serial, str(result)
    assert result.lines[-2].endswith(f"machine: {last}"), str(result)


@CPUS
@pytest.mark.parametrize("end", ENDS)
def test_nothing_is_left_of_what_was_left_alone(end, smp):
    command, status, last = ENDS[end]
    check_nothing_is_left(boot(LEFT_ALONE + command + "\n", smp=smp), status, last)


@CPUS
def test_nothing_is_left_at_a_restart(smp):
    result = boot(LEFT_ALONE + "reboot -f\n", smp=smp)
    assert result.exit_code == 0 and NOTHING in result.serial, str(result)  # -no-reboot
    assert result.lines[-2].endswith("machine: restarting"), str(result)


@CPUS
def test_nothing_is_left_of_programs_in_the_middle_of_their_tests(smp):
    files = {f"tests/{name}": ((USER_TESTS / name).read_bytes(), 0o755) for name in PROGRAMS}
    files["races"] = ((USER_TESTS / "races").read_bytes(), 0o755)
    check_nothing_is_left(boot(IN_THE_MIDDLE + "poweroff -f\n", smp=smp, files=files, seconds=300), 0, "power off")


@CPUS
@pytest.mark.parametrize("last_line", ("poweroff", "run /bin/sh -c 'sleep 1000 & poweroff -f; sleep 1000'"))
def test_nothing_is_left_of_the_kernel_shell(last_line, smp):
    child = machine.Machine("debug", ROOT, "loglevel=6", smp=smp).interact()
    try:
        for line in ("run /bin/sh -c 'sleep 1000 &'", "ps", last_line):
            child.expect_exact(machine.PROMPT)
            child.sendline(line)
        child.expect_exact(NOTHING)
        child.expect(pexpect.EOF)
    finally:
        machine.stop(child)
    assert child.exitstatus == 1, "the status at the debug-exit port is not 0"


# What is left, the line that says so, and whether it tells who allocated it.
LEFT_ON_PURPOSE = {
    "leak_object": ("objects 1", "heap-512: [0-9]+ held", True),
    "leak_large_block": ("frames [1-9]", "frames-kernel: [0-9]+ held", False),
    "leak_frame": ("frames 1", "frames-anonymous: 1 held, 0 at the start", False),
    "leak_descriptor": ("descriptors 1", "open_file: [0-9]+ held", True),
    "leak_thread": ("threads 1", "stacks: [0-9]+ held", False),
}


@pytest.mark.parametrize("end", ("poweroff", "reboot"))
@pytest.mark.parametrize("name", LEFT_ON_PURPOSE)
def test_what_is_left_is_told_and_fails_the_run(name, end):
    total, line, has_trace = LEFT_ON_PURPOSE[name]
    result = boot(f"{end} -f\n", "debug-test", 1, f"quiet loglevel=1 astra.test={name}")
    assert result.guest_status == STATUS_LEAK, str(result)
    assert re.search(f"leak check: .*{total}", result.serial), str(result)
    assert re.search(f"leak check: {line}", result.serial), str(result)
    assert not has_trace or re.search(rf"heap:   {name}\+0x", result.serial), str(result)


def test_a_release_kernel_does_not_count():
    result = boot("poweroff -f\n", "astra")
    assert result.guest_status == 0 and "leak check" not in result.serial, str(result)
