"""The machine of the benchmarks: Astra, or Debian's Linux at its fastest, in the same QEMU on the same initramfs."""
import pathlib
import subprocess
import sys
import time

TOP = pathlib.Path(__file__).resolve().parents[1]
sys.dont_write_bytecode = True
sys.path[:0] = [str(TOP / "tests" / "boot"), str(TOP / "tools")]

BUILD = TOP / "build"
KERNELS = {"astra": BUILD / "astra.elf", "linux": BUILD / "oracle" / "vmlinuz"}
LINUX_FASTEST = ("mitigations=off nopti init_on_alloc=0 audit=0 lsm=capability nokaslr "
                 "randomize_kstack_offset=off transparent_hugepage=madvise")
COUNTING = ("-icount", "shift=0,sleep=off")
SHELL = pathlib.Path("/bin/busybox")
MEMORY_MIB = 512
TIMEOUT_S = 300
LOOK_S = 0.1  # between two looks at what the serial line has said


def build_program(name):
    """Compiles bench/NAME.c, or all of the folder bench/NAME, as a static program and returns its bytes."""
    program = BUILD / "bench" / name
    program.parent.mkdir(parents=True, exist_ok=True)
    folder = TOP / "bench" / name
    sources = sorted(folder.glob("*.c")) if folder.is_dir() else [folder.with_suffix(".c")]
    subprocess.run(["musl-gcc", "-std=gnu11", "-O2", "-static", "-Wall", "-Wextra", "-Werror",
                    *map(str, sources), "-o", str(program)], check=True)
    return program.read_bytes()


def run(kernel, initrd, serial, machine="pc", arguments=COUNTING, words="",
        memory_mib=MEMORY_MIB, timeout_s=TIMEOUT_S, until=()):
    """Boots until QEMU ends, or is ended after `timeout_s` or when the serial line has said one of the texts `until`. The
    line goes to the file `serial`; its text is returned. `words` follow on the command line."""
    words = "console=ttyS0 quiet" + (f" {LINUX_FASTEST}" if kernel == "linux" else "") + words
    command = ["qemu-system-x86_64", "-accel", "tcg", "-M", machine, "-nodefaults", "-display", "none", "-no-reboot",
               "-serial", "stdio", "-m", str(memory_mib), "-cpu", "max,-erms",
               "-kernel", str(KERNELS[kernel]), "-initrd", str(initrd), "-append", words, *arguments]
    serial.parent.mkdir(parents=True, exist_ok=True)
    with serial.open("wb") as line, subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=line) as process:
        try:
            if not wait_for_end(process, serial, timeout_s, until):
                print(f"{kernel}: cut off after {timeout_s} s", file=sys.stderr)
        finally:
            process.kill()
    return serial.read_text(errors="replace")


def wait_for_end(process, serial, timeout_s, until):
    """False where neither the end nor one of the texts came in time."""
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        try:
            process.wait(LOOK_S if until else timeout_s)
            return True
        except subprocess.TimeoutExpired:
            if any(text in serial.read_text(errors="replace") for text in until):
                return True
    return False
