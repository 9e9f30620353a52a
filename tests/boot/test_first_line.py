"""The first line of user output comes early, in instructions counted from outside: the same on every host."""
import sys

import pytest

import machine

sys.path.insert(0, str(machine.TOP / "bench"))
import first_line  # noqa: E402

# What Debian 12's kernel takes at its fastest on pc; `make bench` measures it anew beside Astra.
LINUX_INSTRUCTIONS = 1_510_000_000


@pytest.mark.parametrize("machine_type, share", [("pc", 100), ("microvm", 200)])
def test_the_first_line_takes_a_small_share_of_linux_s_instructions(machine_type, share):
    marks = first_line.measure("astra", first_line.make_initrd(), machine_type)
    assert marks[first_line.LAST_MARK]["total"] * share <= LINUX_INSTRUCTIONS, str(marks)
