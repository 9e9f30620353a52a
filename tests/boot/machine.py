"""Starts QEMU with Astra or with the distribution's Linux, and gives back what the serial line said.

Every run has a hard bound; QEMU runs without acceleration, without default devices and does not
reboot. The serial log of each run is kept below build/test-logs, under the name of the test.
"""
import os
import pathlib
import re
import subprocess
import time

import pexpect

TOP = pathlib.Path(__file__).resolve().parents[2]
BUILD = TOP / "build"
QEMU = "qemu-system-x86_64"
KERNELS = {
    "astra": BUILD / "astra.elf",
    "astra-test": BUILD / "test" / "astra.elf",
    "debug": BUILD / "debug" / "astra.elf",
    "debug-test": BUILD / "debug" / "test" / "astra.elf",
    "linux": BUILD / "oracle" / "vmlinuz",
}
MACHINES = ("pc", "q35", "microvm")
CPUS = ("qemu64", "max")
DEBUG_EXIT = ("-device", "isa-debug-exit,iobase=0xf4,iosize=4")
DEFAULT_TIMEOUT_S = 120
PROMPT = "astra> "


def smp_of_run():
    """The number of CPUs that `make test SMP=N` asks for."""
    return int(os.environ.get("ASTRA_SMP", "1"))


class Result:
    """What a run left: the serial text without carriage returns, QEMU's exit code, whether it was cut off."""

    def __init__(self, serial, exit_code, timed_out, seconds, log_path):
        self.serial = serial.replace("\r", "")
        self.exit_code = exit_code
        self.timed_out = timed_out
        self.seconds = seconds
        self.log_path = log_path

    @property
    def lines(self):
        return self.serial.split("\n")

    @property
    def guest_status(self):
        """The status that the guest wrote to the debug-exit port, or None where QEMU ended another way."""
        return self.exit_code >> 1 if self.exit_code is not None and self.exit_code & 1 else None

    def __str__(self):
        tail = "\n".join(self.lines[-40:])
        how = "cut off" if self.timed_out else f"exit code {self.exit_code}"
        return f"{how} after {self.seconds:.1f} s, whole log in {self.log_path}, it ends with:\n{tail}"


class Machine:
    """One QEMU command line. `kernel` is a key of KERNELS or a path; `initrd` a path or None."""

    def __init__(self, kernel="astra", initrd=None, append="", machine="pc", cpu="qemu64", smp=None,
                 memory=256, extra=(), debug_exit=True, name=None):
        self.kernel = KERNELS.get(kernel, kernel)
        self.is_linux = kernel == "linux"
        self.initrd = initrd
        self.append = append
        self.machine = machine
        self.cpu = cpu
        self.smp = smp_of_run() if smp is None else smp
        self.memory = memory
        self.extra = tuple(extra)
        self.debug_exit = debug_exit
        self.name = name or os.environ.get("PYTEST_CURRENT_TEST", "run").rsplit(" (", 1)[0]

    def command(self, serial=("-serial", "stdio")):
        command = [QEMU, "-accel", "tcg", "-M", self.machine, "-cpu", self.cpu, "-smp", str(self.smp),
                   "-m", str(self.memory), "-nodefaults", "-display", "none", "-no-reboot",
                   "-rtc", "base=2026-01-01T00:00:00", "-kernel", str(self.kernel)]
        if self.initrd is not None:
            command += ["-initrd", str(self.initrd)]
        if self.debug_exit:
            command += DEBUG_EXIT
        return command + list(serial) + list(self.extra) + ["-append", self.words()]

    def words(self):
        """The command line: Linux gets what makes it start the same way every time."""
        words = f"console=ttyS0 {self.append}".strip()
        if self.is_linux:
            words = f"panic=-1 tsc_early_khz={host_tsc_khz()} {words}"
        return words

    def log_path(self):
        folder = BUILD / "test-logs"
        folder.mkdir(parents=True, exist_ok=True)
        return folder / (re.sub(r"[^A-Za-z0-9_.\[\]=-]+", "-", self.name).strip("-") + ".log")

    def run(self, timeout=DEFAULT_TIMEOUT_S, until=None):
        """Runs to QEMU's end, or until the text `until` has been seen, or for `timeout` seconds."""
        path = self.log_path()
        started = time.monotonic()
        timed_out = False
        with open(path, "wb") as log:
            process = subprocess.Popen(self.command(), stdin=subprocess.DEVNULL, stdout=log,
                                       stderr=subprocess.STDOUT)
            try:
                timed_out = not self._wait(process, path, started + timeout, until)
            finally:
                if process.poll() is None:
                    process.kill()
                process.wait()
        seconds = time.monotonic() - started
        return Result(path.read_bytes().decode(errors="replace"), process.returncode, timed_out, seconds, path)

    @staticmethod
    def _wait(process, path, deadline, until):
        """True when the process ended or `until` was seen before the deadline."""
        while time.monotonic() < deadline:
            try:
                process.wait(timeout=0.1)
                return True
            except subprocess.TimeoutExpired:
                if until is not None and until.encode() in path.read_bytes():
                    return True
        return process.poll() is not None

    def interact(self, timeout=60):
        """Returns a pexpect child on the serial line; close it with stop()."""
        serial = ("-chardev", "stdio,id=line,signal=off", "-serial", "chardev:line")
        command = self.command(serial)
        child = pexpect.spawn(command[0], command[1:], timeout=timeout, encoding="utf-8",
                              codec_errors="replace", dimensions=(25, 200), echo=False)
        child.logfile_read = open(self.log_path(), "w", encoding="utf-8")
        child.delaybeforesend = None
        return child


def stop(child):
    """Ends the QEMU behind an interact()."""
    if child.isalive():
        child.close(force=True)
    child.logfile_read.close()


def host_tsc_khz():
    """The rate that a guest's time-stamp counter has here: on a busy host Linux may fail to find it
    on microvm and then stands still."""
    for line in open("/proc/cpuinfo"):
        if line.startswith("cpu MHz"):
            return int(float(line.split(":")[1]) * 1000)
    return 2000000
