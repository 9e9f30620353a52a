"""Runs the host tests that the build made: one of pytest's tests for each program."""
import pathlib
import re
import subprocess

import pytest

FOLDER = pathlib.Path(__file__).resolve().parent
BUILT = FOLDER.parents[1] / "build" / "tests" / "host"
NAMES = sorted(path.stem[len("test_"):] for path in FOLDER.glob("test_*.c"))


@pytest.mark.parametrize("name", NAMES)
def test_host(name):
    """The program exits with 0, and cmocka says that it ran at least one test."""
    result = subprocess.run([BUILT / name], capture_output=True, text=True, timeout=300)
    output = result.stdout + result.stderr
    assert result.returncode == 0, output
    passed = re.search(r"\[  PASSED  \] (\d+) test", output)
    assert passed and int(passed.group(1)) > 0, output
