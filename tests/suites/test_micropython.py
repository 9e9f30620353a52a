"""MicroPython's own tests pass on Astra wherever they pass on Linux."""
import concurrent.futures

import pytest

import micropython_suite as suite

# A run with fewer has lost a part of the suite.
MINIMUM_RUN = 890
# They open a socket, which Astra has not yet: docs/conformance.md.
NEED_SOCKETS = {f"extmod/{name}.py" for name in (
    "select_ipoll", "select_poll_basic", "select_poll_custom", "select_poll_eintr", "select_poll_udp",
    "socket_tcp_basic", "socket_udp_nonblock")}


@pytest.fixture(scope="module")
def host():
    """{name: pass, FAIL or skip} on this host."""
    assert suite.PROGRAM.exists(), "there is no MicroPython: make ports says why"
    return suite.host_run()


def on_both_kernels(run, host, are_dialogues):
    """Returns {kernel: Run} of the host's tests of one kind; one boot of each kernel, side by side."""
    names = sorted(name for name, end in host.items()
                   if end != "skip" and suite.is_dialogue(name) == are_dialogues)
    archive = suite.initrd(names)
    with concurrent.futures.ThreadPoolExecutor() as pool:
        futures = {kernel: pool.submit(run, kernel, archive, names) for kernel in ("linux", "astra")}
    return {kernel: future.result() for kernel, future in futures.items()}


def report(title, runs):
    for kernel, run in runs.items():
        print(f"\nMicroPython's {title} on {kernel}: {run.figures()}")
        for name in run.names("fail"):
            print(f"  failed: {name}: {(run.ends[name][1] or b'')[-300:]!r}")


def assert_none_worse(linux, astra):
    worse = [name for name in linux.names("pass") if astra.ends[name][0] != "pass" and name not in NEED_SOCKETS]
    assert not worse, "\n".join(f"{name}: {astra.ends[name]}" for name in worse)
    assert set(linux.names("skip")) == set(astra.names("skip")) - NEED_SOCKETS


@pytest.mark.suite
@pytest.mark.long
def test_what_passes_on_linux_passes_on_astra(host, capsys):
    runs = on_both_kernels(suite.run, host, False)
    with capsys.disabled():
        ends = list(host.values())
        print(f"\nMicroPython's tests on this host: {len(ends) - ends.count('skip')} run, "
              f"{ends.count('pass')} passed, {ends.count('skip')} skipped")
        report("tests", runs)
    for run in runs.values():
        assert "#### done" in run.result.lines, str(run.result)
    assert len(runs["linux"].names("pass")) >= MINIMUM_RUN, runs["linux"].figures()
    assert_none_worse(runs["linux"], runs["astra"])


@pytest.mark.suite
def test_the_prompt_shows_what_it_shows_on_linux(host, capsys):
    runs = on_both_kernels(suite.run_dialogues, host, True)
    with capsys.disabled():
        report("dialogues", runs)
    assert runs["linux"].names("pass"), runs["linux"].figures()
    assert_none_worse(runs["linux"], runs["astra"])
