"""Python's own tests pass on Astra wherever they pass on Linux."""
import concurrent.futures

import pytest

import python_suite as suite

# {module: tests that Linux passes}: a run with fewer has lost a part of the suite.
MINIMUM = {"test_os": 260, "test_subprocess": 295, "test_threading": 190, "test_signal": 50, "test_time": 55,
           "test_mmap": 36, "test_posix": 133, "test_io": 610, "test_tempfile": 101}
# What Linux has and Astra not: docs/conformance.md names the tests and why.
DIFFERENT = {
    "test_os": {
        "test_os.FDInheritanceTests.test_openpty",
        "test_os.TestSendfile.test_invalid_offset", "test_os.TestSendfile.test_keywords",
        "test_os.TestSendfile.test_offset_overflow", "test_os.TestSendfile.test_send_at_certain_offset",
        "test_os.TestSendfile.test_send_whole_file"},
    "test_signal": {
        "test_signal.WakeupFDTests.test_invalid_socket", "test_signal.WakeupFDTests.test_set_wakeup_fd_socket_result",
        "test_signal.WakeupSocketSignalTests.test_send_error", "test_signal.WakeupSocketSignalTests.test_socket",
        "test_signal.WakeupSocketSignalTests.test_warn_on_full_buffer"},
}


def on_both_kernels(module):
    """Returns {kernel: {test: (end, reason)}}; one boot of each kernel, side by side."""
    suite.initrd([module])
    with concurrent.futures.ThreadPoolExecutor() as pool:
        futures = {kernel: pool.submit(suite.run, kernel, [module], f"python-{module}")
                   for kernel in ("linux", "astra")}
    results = {kernel: future.result() for kernel, future in futures.items()}
    for result in results.values():
        assert "#### done" in result.lines, str(result)
    return {kernel: suite.ends_of(result.lines) for kernel, result in results.items()}


def figures(ends):
    counts = [sum(end == wanted for end, _ in ends.values()) for wanted in ("pass", "fail", "hang", "skip")]
    return "{} passed, {} failed, {} hung, {} skipped".format(*counts)


def worse(linux, astra):
    """What passes on Linux and not on Astra, or is skipped there for another reason."""
    return {name.removeprefix("test."): (end, astra.get(name)) for name, end in linux.items()
            if end[0] in ("pass", "skip") and astra.get(name) not in (end, ("pass", ""))}


@pytest.mark.suite
@pytest.mark.long
@pytest.mark.parametrize("module", suite.MODULES)
def test_what_passes_on_linux_passes_on_astra(module, capsys):
    runs = on_both_kernels(module)
    with capsys.disabled():
        for kernel, ends in runs.items():
            print(f"\nPython's {module} on {kernel}: {figures(ends)}")
    found = {name: ends for name, ends in worse(runs["linux"], runs["astra"]).items()
             if name not in DIFFERENT.get(module, ())}
    assert not found, found
    mended = [name for name in DIFFERENT.get(module, ()) if runs["astra"].get(f"test.{name}", ("",))[0] == "pass"]
    assert not mended, f"named as different, and is not any more: {mended}"
    passed = sum(end == "pass" for end, _ in runs["linux"].values())
    assert passed >= MINIMUM[module], f"Linux passes only {passed}"
