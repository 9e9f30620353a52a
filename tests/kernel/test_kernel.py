"""Boots the test image, which runs every kernel test on the machine and says how each went."""
import pathlib
import re

import pytest

import machine

FOLDER = pathlib.Path(__file__).resolve().parent
ROOT = machine.BUILD / "root.cpio"


def names_in_sources():
    return sorted(name for path in FOLDER.glob("*.c")
                  for name in re.findall(r"^KERNEL_TEST\((\w+)\)", path.read_text(), re.M))


@pytest.mark.parametrize("smp", sorted({1, 4, machine.smp_of_run()}))
@pytest.mark.parametrize("kernel, machine_type, cpu", [
    ("astra-test", "pc", "qemu64"), ("astra-test", "q35", "max"), ("astra-test", "microvm", "max"),
    ("debug-test", "pc", "max"), ("debug-test", "microvm", "qemu64")])
def test_every_kernel_test_passes(kernel, machine_type, cpu, smp):
    result = machine.Machine(kernel, ROOT, "quiet astra.test=all", machine_type, cpu, smp).run(120)
    lines = result.lines
    assert not [line for line in lines if line.startswith("FAIL ")], str(result)
    passed = sorted(line[3:] for line in lines if line.startswith("ok "))
    assert passed == names_in_sources(), str(result)
    assert f"{len(passed)} passed, 0 failed" in lines, str(result)
    assert result.guest_status == 0, str(result)
