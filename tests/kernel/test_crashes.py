"""What the kernel does not outlive, provoked one a boot (test_crash.c): the panic names it, and fits a screen of 80 by 25."""
import re
import time

import pytest

import machine

ROOT = machine.BUILD / "root.cpio"
KERNELS = ("astra-test", "debug-test")
# What the first line of the panic says.
EXCEPTIONS = {
    "crash_divide_error": "divide error: division by zero",
    "crash_debug": "debug: ",
    "crash_breakpoint": "breakpoint: INT3",
    "crash_overflow": "overflow: ",
    "crash_bound_range": "bound range exceeded: ",
    "crash_invalid_opcode": "invalid opcode: ",
    "crash_device_not_available": "device not available: ",
    "crash_double_fault": "double fault: ",
    "crash_general_protection": "general protection: ",
    "crash_null_pointer": "page fault: not present: null pointer",
    "crash_read_only": "page fault: write to a read-only page",
    "crash_no_execute": "page fault: no-execute: the page holds data",
    "crash_x87": "x87 floating point: ",
    "crash_stack_overflow": "double fault: kernel stack overflow: the stack pointer is in the guard",
}
# What debug kernels see; and who is named in the report.
MISTAKES = {
    "crash_heap_overrun": ("heap: written beyond its end: object .* of cache heap-128", ("last allocated by",)),
    "crash_heap_use_after_free": ("heap: written after it was freed: object .* of cache heap-128",
                                  ("last allocated by", "last freed by")),
    "crash_heap_double_free": ("heap: freed twice: object .* of cache heap-128", ("last allocated by", "last freed by")),
    "crash_lock_order": ("lock order: a lower rank than one that is held", ()),
    "crash_lock_twice": ("lock is held already", ()),
    "crash_sleep_without_preemption": ("sleep where nobody may sleep", ()),
}
REGISTERS = ("rip", "rax", "rdx", "rbp", "r10", "r13", "cr0", "gs ")


def provoke(kernel, name, words="panic=-1", smp=1):
    return machine.Machine(kernel, ROOT, f"quiet astra.test={name} {words}", smp=smp).run(60)


def panic_of(result):
    """The lines from the panic's first to the last."""
    starts = [index for index, line in enumerate(result.lines) if line.startswith("kernel panic: ")]
    assert len(starts) == 1, str(result)
    lines = result.lines[starts[0]:]
    while lines and not lines[-1]:
        lines.pop()
    return lines


def check_panic(result, first_line):
    lines = panic_of(result)
    assert re.match("kernel panic: " + first_line, lines[0]), str(result)
    rows = sum(max(1, -(-len(line) // 80)) for line in lines)
    assert rows <= 25, f"{rows} rows: {result}"
    for register in REGISTERS:
        assert any(line.startswith(register) for line in lines), f"{register} is missing: {result}"
    assert re.search(r"^CPU 0, kernel thread 0 'boot'", result.serial, re.M), str(result)
    assert lines[-1] == "rebooting in 0 s" and result.exit_code == 0, str(result)


def crash_names():
    text = (machine.TOP / "tests" / "kernel" / "test_crash.c").read_text()
    return set(re.findall(r"^KERNEL_CRASH\((crash_\w+)\)", text, re.M))


def test_every_crash_is_looked_at():
    assert crash_names() == set(EXCEPTIONS) | set(MISTAKES)


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("name", EXCEPTIONS)
def test_an_exception_ends_in_a_panic_that_names_it(name, kernel):
    result = provoke(kernel, name)
    check_panic(result, re.escape(EXCEPTIONS[name]))
    where = "recurse" if name == "crash_stack_overflow" else name
    if name not in ("crash_no_execute", "crash_double_fault"):
        assert f"at {where}+0" in result.serial, str(result)


@pytest.mark.parametrize("name", MISTAKES)
def test_a_debug_kernel_sees_the_mistake(name):
    first_line, traces = MISTAKES[name]
    result = provoke("debug-test", name)
    check_panic(result, first_line)
    for trace in traces:
        assert re.search(trace + rf"\n(.*heap:   .*\n)*.*heap:   {name}\+0x", result.serial), f"{trace}: {result}"


def test_the_last_lines_of_the_log_stand_above_the_panic():
    result = provoke("astra-test", "crash_invalid_opcode")
    before = result.serial.split("kernel panic: ")[0].strip().split("\n")[-6:]
    assert len(before) == 6 and all(re.match(r"\[ *\d+\.\d{6}\] ", line) and len(line) <= 80 for line in before), str(result)


@pytest.mark.parametrize("words, least, most, last", (("panic=2", 2, 20, "rebooting in 2 s"), ("panic=-1", 0, 20, "rebooting in 0 s")))
def test_the_machine_restarts_after_the_seconds_given(words, least, most, last):
    started = time.monotonic()
    result = provoke("astra-test", "crash_invalid_opcode", words)
    seconds = time.monotonic() - started
    assert result.exit_code == 0 and panic_of(result)[-1] == last, str(result)
    assert least <= seconds <= most, str(result)


def test_without_the_word_the_machine_halts():
    result = machine.Machine("astra-test", ROOT, "quiet astra.test=crash_invalid_opcode", smp=1).run(30, until="halted\r\n")
    assert panic_of(result)[-1] == "halted" and result.exit_code != 0, str(result)


def test_the_watchdog_tells_who_kept_interrupts_off():
    result = machine.Machine("debug-test", ROOT, "loglevel=8 astra.test=complaint_interrupts_off", smp=1).run(60)
    said = re.search(r"watchdog: CPU 0 had interrupts off for (\d+) ms\n(.*\n){0,4}.*#\d dawdle\+0x", result.serial)
    assert said and 800 <= int(said[1]) < 8000, str(result)
    assert "1 passed, 0 failed" in result.lines, str(result)
