"""The distribution's programs print under Astra what they print under Linux, and end as they end there."""
import concurrent.futures

import pytest

import debian_tree
import parity_suite
import program_suite as suite

# {script: (commands, lines)}: a run with fewer has lost a part of the suite.
MINIMUM = {
    "00-slice.sh": (6, 60), "01-coreutils.sh": (70, 550), "02-text.sh": (17, 460), "03-archives.sh": (14, 355),
    "04-bash.sh": (8, 215), "05-languages.sh": (10, 290), "06-sqlite.sh": (7, 100), "07-python.sh": (4, 120),
    "08-compilers.sh": (6, 135),
}
SLICE = "00-slice.sh"


def on_both_kernels(part):
    """Returns {kernel: machine.Result}; one boot of each, side by side."""
    suite.initrd(part)
    with concurrent.futures.ThreadPoolExecutor() as pool:
        futures = {kernel: pool.submit(suite.run, kernel, part) for kernel in ("linux", "astra")}
    return {kernel: future.result() for kernel, future in futures.items()}


def assert_same(part, capsys):
    runs = on_both_kernels(part)
    for result in runs.values():
        assert "#### done" in result.lines, str(result)
    linux, astra = (parity_suite.parts_of(runs[kernel]) for kernel in ("linux", "astra"))
    commands, lines = parity_suite.counts(astra)
    with capsys.disabled():
        print(f"\nprograms, {part}: {commands} commands, {lines} lines compared")
    differences = parity_suite.differences(linux, astra)
    assert not differences, "\n".join(differences)
    minimum_commands, minimum_lines = MINIMUM[part]
    assert commands >= minimum_commands and lines >= minimum_lines, f"only {commands} commands, {lines} lines"


@pytest.mark.suite
@pytest.mark.long
@pytest.mark.parametrize("part", sorted(set(suite.PARTS) - {SLICE}))
def test_programs_do_what_they_do_on_linux(part, capsys):
    assert_same(part, capsys)


def test_a_slice_of_the_programs_does_what_it_does_on_linux(capsys):
    try:
        suite.initrd(SLICE)
    except debian_tree.NotFetched as reason:
        pytest.skip(str(reason))
    assert_same(SLICE, capsys)
