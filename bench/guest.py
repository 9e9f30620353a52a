"""The machine of the benchmarks: Astra, or Debian's Linux at its fastest, in the same QEMU on the same initramfs."""
import pathlib
import subprocess
import sys

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
        memory_mib=MEMORY_MIB, timeout_s=TIMEOUT_S):
    """Boots until QEMU ends, or is ended after `timeout_s`. The serial line goes to the file `serial`; its text is
    returned. `words` follow on the command line."""
    words = "console=ttyS0 quiet" + (f" {LINUX_FASTEST}" if kernel == "linux" else "") + words
    command = ["qemu-system-x86_64", "-accel", "tcg", "-M", machine, "-nodefaults", "-display", "none", "-no-reboot",
               "-serial", "stdio", "-m", str(memory_mib), "-cpu", "max,-erms",
               "-kernel", str(KERNELS[kernel]), "-initrd", str(initrd), "-append", words, *arguments]
    serial.parent.mkdir(parents=True, exist_ok=True)
    try:
        with serial.open("wb") as line:
            subprocess.run(command, stdin=subprocess.DEVNULL, stdout=line, timeout=timeout_s, check=False)
    except subprocess.TimeoutExpired:
        print(f"{kernel}: cut off after {timeout_s} s", file=sys.stderr)
    return serial.read_text(errors="replace")
