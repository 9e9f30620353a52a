"""An unmodified busybox prints under Astra what it prints under Linux, line by line."""
import pytest

import machine
import parity_suite

# A run with less than this has lost a part of the suite.
MINIMUM_COMMANDS = 540
MINIMUM_LINES = 4800
FIRST_PART = "01-shell.sh"


def assert_same(expected, result, minimum_commands, minimum_lines):
    seen = parity_suite.parts_of(result)
    differences = parity_suite.differences(expected, seen)
    assert not differences, "\n".join(differences) + f"\n{result}"
    commands, lines = parity_suite.counts(seen)
    assert commands >= minimum_commands and lines >= minimum_lines, f"only {commands} commands, {lines} lines"
    assert not result.timed_out, str(result)


def test_the_filter_table_stays_small():
    assert len(parity_suite.FILTERS) <= 10


@pytest.mark.long
@pytest.mark.parametrize("smp", (1, 4))
@pytest.mark.parametrize("cpu", machine.CPUS)
@pytest.mark.parametrize("machine_type", machine.MACHINES)
def test_every_part_prints_what_linux_prints(machine_type, cpu, smp):
    expected = parity_suite.linux_lines()
    result = parity_suite.run("astra", machine_type, cpu, smp)
    assert_same(expected, result, MINIMUM_COMMANDS, MINIMUM_LINES)


@pytest.mark.parametrize("machine_type", machine.MACHINES)
def test_the_first_part_passes_with_16_mib(machine_type):
    name = FIRST_PART.split("-")[1].split(".")[0]
    expected = {name: parity_suite.linux_lines()[name]}
    result = parity_suite.run("astra", machine_type, "qemu64", memory=16, parts=[FIRST_PART])
    assert_same(expected, result, 90, 400)
