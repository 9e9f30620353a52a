"""Runs modules of Python's own tests in the guest, by `-m test -v`, and prints all that they print.

A test that says nothing for too long is ended with its process, named in a line "#### hung ID", and the module is run
again without it and without those that ended before it.
"""
import os
import re
import select
import signal
import subprocess
import sys
import time

QUIET_S = 150
HANGS = 12


def run_module(module, words):
    """Runs one module; what hung is left out of the next try."""
    left_out = []
    for _ in range(HANGS):
        hung = run_once(module, words + left_out)
        if hung is None:
            return
        print(f"\n#### hung {hung}", flush=True)
        left_out += ["-i", hung]
    print(f"#### given up {module}")


def run_once(module, words):
    """Returns the name of the test that hung, or None where the module came to its end."""
    child = subprocess.Popen([sys.executable, "-u", "-m", "test", "-v", *words, module], stdin=subprocess.DEVNULL,
                             stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True)
    current, line = "<none>", b""
    while True:
        ready, _, _ = select.select([child.stdout], [], [], QUIET_S)
        data = os.read(child.stdout.fileno(), 4096) if ready else None
        if data is None:
            end_session(child)
            return current
        os.write(1, data)
        *whole, line = (line + data).split(b"\n")
        for text in [*whole, line]:
            found = re.match(rb"\w+ \(([\w.]+)\)", text)
            current = found[1].decode() if found else current
        if not data:
            child.wait()
            return None


def end_session(child):
    """Ends all that the test started: they hold the pipe."""
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            if os.getsid(int(name)) == child.pid:
                os.kill(int(name), signal.SIGKILL)
        except OSError:
            pass
    child.wait()


def main():
    modules = [word for word in sys.argv[1:] if word.startswith("test_")]
    words = [word for word in sys.argv[1:] if not word.startswith("test_")]
    for module in modules:
        started = time.monotonic()
        print(f"#### module {module}", flush=True)
        run_module(module, words)
        print(f"#### end {module} {time.monotonic() - started:.0f} s", flush=True)


main()
