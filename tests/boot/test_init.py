"""What runs first, with which words, and how the machine ends when it ends: Linux's contract, and our exit codes."""
import functools
import subprocess

import pytest

import initramfs
from machine import BUILD, MACHINES, PROMPT, TOP, Machine

REPORT = """#!/bin/sh
export PATH=/bin
echo "I am $0"
for word in "$@"; do echo "argument $word"; done
env | sort | sed 's/^/environment /'
echo "pid $$"
"""
BOTH = pytest.mark.parametrize("kernel", ("linux", "astra"))


def boot(kernel, initrd, append="", **options):
    words = f"quiet loglevel=1 {append}"
    return Machine(kernel, initrd, words, **options).run(60)


@BOTH
def test_init_gets_the_unknown_words(kernel):
    init = REPORT + "poweroff -f\n"
    result = boot(kernel, initramfs.busybox_initrd(init), "bare key=value dot.ted=1 another -- after=dashes last")
    for line in ("I am /init", "argument bare", "argument another", "argument after=dashes", "argument last",
                 "environment key=value", "environment HOME=/", "environment TERM=linux", "pid 1"):
        assert line in result.lines, f"{line} is missing: {result}"
    assert "dot.ted" not in result.serial, str(result)
    assert "argument quiet" not in result.lines, str(result)


@BOTH
def test_rdinit_is_tried_before_init(kernel):
    initrd = initramfs.busybox_initrd("#!/bin/sh\necho wrong one\npoweroff -f\n",
                                      {"other": (REPORT + "poweroff -f\n", 0o755)})
    result = boot(kernel, initrd, "rdinit=/other")
    assert "I am /other" in result.lines and "wrong one" not in result.serial, str(result)


@BOTH
def test_init_may_be_a_link_to_busybox(kernel):
    archive = initramfs.busybox_archive(None, {"etc/inittab": "::sysinit:/bin/echo from inittab\n"
                                                              "::once:/bin/poweroff -f\n"})
    archive.link("init", "bin/busybox")
    result = boot(kernel, initramfs.write_initrd(archive.bytes()))
    assert "from inittab" in result.lines, str(result)


def test_without_init_the_kernel_shell_comes():
    result = Machine(initrd=initramfs.busybox_initrd(None)).run(30, until=PROMPT)
    assert PROMPT in result.serial, str(result)


def test_an_rdinit_that_is_not_there_is_named():
    initrd = initramfs.busybox_initrd(None)
    result = Machine(initrd=initrd, append="rdinit=/nosuch").run(30, until=PROMPT)
    assert PROMPT in result.serial and "/nosuch" in result.serial, str(result)


@pytest.mark.parametrize("status", (0, 1, 5, 126, 127, 200))
def test_the_exit_status_of_init_is_the_exit_code_of_qemu(status):
    initrd = initramfs.busybox_initrd(f"#!/bin/sh\necho ran\nexit {status}\n")
    result = boot("astra", initrd)
    assert "ran" in result.lines, str(result)
    assert result.guest_status == min(status, 127), str(result)


@functools.lru_cache(maxsize=None)
def faulting_program():
    path = BUILD / "tests" / "faulting-init"
    path.parent.mkdir(parents=True, exist_ok=True)
    source = '#include <stdio.h>\nint main(void) { puts("about to fault"); *(volatile int *)16 = 1; return 0; }\n'
    subprocess.run(["musl-gcc", "-static", "-x", "c", "-", "-o", path], input=source, text=True, check=True, cwd=TOP)
    return path.read_bytes()


def test_an_init_that_dies_by_a_signal_gives_127():
    archive = initramfs.busybox_archive(None)
    archive.file("init", faulting_program(), 0o755)
    result = boot("astra", initramfs.write_initrd(archive.bytes()))
    assert "about to fault" in result.lines, str(result)
    assert result.guest_status == 127, str(result)


@pytest.mark.parametrize("machine_type", MACHINES)
@pytest.mark.parametrize("how", ("poweroff -f", "halt -f"))
def test_reboot2_ends_with_0_by_debug_exit(how, machine_type):
    result = boot("astra", initramfs.busybox_initrd(f"#!/bin/sh\n{how}\necho never\n"), machine=machine_type)
    assert result.guest_status == 0 and "never" not in result.serial, str(result)


@pytest.mark.parametrize("machine_type", MACHINES)
def test_power_off_ends_qemu_without_the_debug_port(machine_type):
    result = boot("astra", initramfs.busybox_initrd("#!/bin/sh\nexit 3\n"), machine=machine_type, debug_exit=False)
    assert not result.timed_out and result.exit_code == 0, str(result)


@pytest.mark.parametrize("machine_type", MACHINES)
def test_reboot_resets_the_machine(machine_type):
    result = boot("astra", initramfs.busybox_initrd("#!/bin/sh\necho resetting\nreboot -f\n"), machine=machine_type)
    assert "resetting" in result.lines and not result.timed_out and result.exit_code == 0, str(result)


def test_mem_caps_the_memory_and_the_initrd_above_it_is_unpacked():
    init = "#!/bin/sh\nmount -t proc proc /proc\ngrep MemTotal /proc/meminfo\npoweroff -f\n"
    result = boot("astra", initramfs.busybox_initrd(init), "mem=48M", memory=512)
    total = next((line.split()[1] for line in result.lines if line.startswith("MemTotal:")), None)
    assert total is not None and 16 * 1024 < int(total) <= 48 * 1024, str(result)
