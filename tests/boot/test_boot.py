"""Astra starts on every machine, CPU model and memory size, and says clearly why where it cannot."""
import re

import pytest

from machine import BUILD, CPUS, MACHINES, PROMPT, Machine

ROOT = BUILD / "root.cpio"


@pytest.mark.parametrize("cpu", CPUS)
@pytest.mark.parametrize("machine_type", MACHINES)
def test_boots_to_the_prompt(machine_type, cpu):
    result = Machine(initrd=ROOT, machine=machine_type, cpu=cpu).run(30, until=PROMPT)
    assert PROMPT in result.serial, str(result)


@pytest.mark.parametrize("memory", (16, 64, 8192))
@pytest.mark.parametrize("machine_type", MACHINES)
def test_boots_with_little_and_with_much_memory(machine_type, memory):
    result = Machine(initrd=ROOT, machine=machine_type, memory=memory).run(40, until=PROMPT)
    assert PROMPT in result.serial, str(result)


@pytest.mark.parametrize("machine_type", MACHINES)
def test_without_an_initrd_the_prompt_comes_and_the_log_says_so(machine_type):
    result = Machine(machine=machine_type).run(30, until=PROMPT)
    assert PROMPT in result.serial, str(result)
    assert re.search(r"no (initial|initramfs|root|init)", result.serial, re.I), str(result)


@pytest.mark.parametrize("memory", (2, 3, 4))
def test_too_little_memory_gives_a_clear_line_and_no_silent_stop(memory):
    result = Machine(memory=memory).run(15, until=PROMPT)
    said = re.search(r"(not enough|too little|less than|out of|no)\b.* memory", result.serial, re.I)
    assert said or PROMPT in result.serial, str(result)


def test_four_cpus_do_no_harm():
    result = Machine(initrd=ROOT, smp=4, cpu="max").run(30, until=PROMPT)
    assert PROMPT in result.serial, str(result)


@pytest.mark.parametrize("words", ("nosmp", "maxcpus=1", "quiet", "loglevel=7", "panic=5", "ro", "rw", "root=/dev/nosuch",
                                   "console=tty0 console=ttyS0", '"quoted word" a="b c"',
                                   pytest.param("x" * 1500, id="a word of 1500 characters")))
def test_words_of_the_command_line_do_not_stop_the_boot(words):
    result = Machine(initrd=ROOT, append=words).run(30, until=PROMPT)
    assert PROMPT in result.serial, str(result)


def test_quiet_leaves_the_prompt_nearly_alone():
    result = Machine(initrd=ROOT, append="quiet loglevel=1").run(30, until=PROMPT)
    before = result.serial.split(PROMPT)[0].strip()
    assert len(before.split("\n")) <= 3, str(result)


def test_the_log_is_shown_without_quiet():
    result = Machine(initrd=ROOT, append="loglevel=8").run(30, until=PROMPT)
    assert len(result.serial.split(PROMPT)[0].strip().split("\n")) >= 5, str(result)
