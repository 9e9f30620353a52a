"""Every CPU that the machine lists starts, as far as the command line lets it, and a panic shows them all."""
import re

import pytest

from machine import BUILD, MACHINES, PROMPT, Machine, stop

ROOT = BUILD / "root.cpio"


@pytest.mark.parametrize("smp", (2, 4, 8))
@pytest.mark.parametrize("machine_type", MACHINES)
def test_every_cpu_starts(machine_type, smp):
    result = Machine(initrd=ROOT, machine=machine_type, cpu="max", smp=smp).run(60, until=PROMPT)
    assert f"cpu: {smp} of {smp} CPUs run" in result.serial, str(result)
    assert PROMPT in result.serial, str(result)


@pytest.mark.parametrize("words, count", (("maxcpus=1", 1), ("nosmp", 1), ("maxcpus=3", 3), ("noapic", 1)))
def test_the_command_line_limits_the_cpus(words, count):
    result = Machine(initrd=ROOT, append=words, smp=4).run(60, until=PROMPT)
    assert f"cpu: {count} of 4 CPUs run" in result.serial, str(result)
    assert PROMPT in result.serial, str(result)


@pytest.mark.parametrize("kernel", ("astra", "debug"))
def test_a_panic_stops_and_shows_every_cpu(kernel):
    child = Machine(kernel, ROOT, append="quiet", smp=4).interact(timeout=60)
    try:
        child.expect_exact(PROMPT)
        child.send("panic\r")
        child.expect_exact("halted")
        shown = re.findall(r"CPU (\d), \w+ thread", child.before)
        assert sorted(shown) == ["0", "1", "2", "3"], child.before
        assert "does not stop" not in child.before, child.before
    finally:
        stop(child)
