"""Python's own tests, by the distribution's packages in an initramfs: the same files on both kernels.

The guest prints what `python3.11 -m test -v MODULE` prints; here it is read how each test ended.
"""
import pathlib
import re

import debian_tree
import machine

FOLDER = pathlib.Path(__file__).resolve().parent / "python"
PACKAGES = ("python3.11", "libpython3.11-testsuite", "bash", "dash", "coreutils")
LEFT_OUT = ("usr/lib/python3.11/test/cjkencodings/*", "usr/lib/python3.11/idlelib/*", "usr/lib/python3.11/lib2to3/*",
            "usr/lib/python3.11/test/test_asyncio/*", "usr/lib/python3.11/test/test_email/*", "usr/bin/perl*",
            "usr/share/perl*", "usr/lib/x86_64-linux-gnu/perl*")
MODULES = ("test_os", "test_subprocess", "test_threading", "test_signal", "test_time", "test_mmap", "test_posix",
           "test_io", "test_tempfile")
TIMEOUT_S = 1500
NAMED = re.compile(r"\s*\w+ \((?P<name>[\w.]+)\)")
ENDED = re.compile(r"(?:^|\.\.\. )(?P<end>ok|FAIL|ERROR|skipped .*|expected failure|unexpected success)$")
RESULTS = {"ok": "pass", "expected failure": "pass", "FAIL": "fail", "ERROR": "fail", "unexpected success": "fail"}


def initrd(words):
    files = {"suite/run.py": (FOLDER / "run.py").read_text(), "suite/words": " ".join(words),
             "etc/hosts": "127.0.0.1 localhost suite\n", "etc/services": "", "etc/nsswitch.conf": "hosts: files\n"}
    return debian_tree.initrd(PACKAGES, (FOLDER / "init").read_text(), files, LEFT_OUT,
                              {"bin/sh": "dash", "usr/bin/python3": "python3.11"})


def run(kernel, words, name="python"):
    """Boots `kernel` with `words` for the runner: modules, and options of -m test."""
    guest = machine.Machine(kernel, initrd(words), "quiet loglevel=1", cpu="max", memory=768, name=f"{name}-{kernel}")
    return guest.run(TIMEOUT_S)


def ends_of(lines):
    """Returns {test: (pass, fail, skip or hang, reason)}; what was begun and never ended has hung."""
    ends, current = {}, None
    for line in lines:
        named = NAMED.match(line)
        if named:
            current = named["name"]
            ends.setdefault(current, ("hang", ""))
        ended = ENDED.search(line)
        if ended and current:
            end = ended["end"]
            if ends[current][0] in ("hang", "pass"):
                ends[current] = ("skip", end[8:]) if end.startswith("skipped") else (RESULTS[end], "")
    return ends
