"""Runs the program of micro-benchmarks and gathers what it says."""
import dataclasses
import math
import re
import statistics
import sys

import guest
import newc

LINE = re.compile(r"^line (.+): (?:(call|user) (\d+)|(missing)|failed (\d+))\r?$", re.M)
BOOT = re.compile(r"^boot (\d+)\r?\nmemory (\d+)\r?$", re.M)
SCALE = re.compile(r"^scale (.+): (\d+) (\d+)\r?$", re.M)
TIMED_BOOTS = 5
SPREAD_LIMIT = 1.5  # by time: a line whose Linux boots differ more says nothing


@dataclasses.dataclass
class Boot:
    """What one boot said. `costs` maps a line to its cost, or to None where the kernel has no such call; `scale` a kind of work
    to its time on two CPUs as a fraction of that on one, and its gain as a share of user code's."""
    costs: dict
    kinds: dict
    scale: dict
    first_line: int
    free_kib: int


@dataclasses.dataclass
class Row:
    """A line of the comparison. `ratio` is None where a cost is; what does not count stands outside the mean."""
    name: str
    kind: str
    astra: float
    linux: float
    spread: float

    @property
    def ratio(self):
        return self.astra / self.linux if self.astra and self.linux else None

    @property
    def counts(self):
        return self.kind == "call" and self.ratio is not None and self.spread <= SPREAD_LIMIT


def make_initrd():
    archive = newc.Archive()
    for folder in ("dev", "bin"):
        archive.directory(folder)
    archive.character_device("dev/console", 5, 1)
    archive.file("bin/sh", guest.SHELL.read_bytes(), 0o755)
    archive.file("init", guest.build_program("program"), 0o755)
    path = guest.BUILD / "bench" / "program.cpio"
    path.write_bytes(archive.bytes())
    return path


def boot(kernel, initrd, arguments, words=""):
    """One boot. A line that failed, or a run that did not come to its end, ends the benchmark."""
    said = guest.run(kernel, initrd, guest.BUILD / "bench" / f"program-{kernel}.log", arguments=arguments, words=words)
    failed = [match[1] for match in LINE.finditer(said) if match[5]]
    start = BOOT.search(said)
    if failed or not start or "bench done" not in said:
        sys.exit(f"{kernel} {'failed: ' + ', '.join(failed) if failed else 'did not come to the end'}; it said:\n"
                 f"{said[-800:]}")
    found = list(LINE.finditer(said))
    return Boot({match[1]: int(match[3]) / 10 if match[3] else None for match in found},
                {match[1]: match[2] or "call" for match in found},
                {match[1]: (int(match[2]) / 1000, int(match[3]) / 1000) for match in SCALE.finditer(said)},
                int(start[1]), int(start[2]))


def compare(boots):
    """The rows of {kernel: [boots]}: medians, and the spread of Linux's."""
    rows = []
    first = boots["linux"][0]
    for name in first.costs:
        medians = {}
        for kernel, found in boots.items():
            costs = [boot.costs.get(name) for boot in found]
            medians[kernel] = None if None in costs else statistics.median(costs)
        costs = [boot.costs[name] for boot in boots["linux"] if boot.costs[name]]
        spread = max(costs) / min(costs) if costs else 1.0
        rows.append(Row(name, first.kinds[name], medians["astra"], medians["linux"], spread))
    return rows


def by_instructions(initrd, words=""):
    """The rows, and the boot of each kernel: instructions repeat, so one boot of each is enough."""
    boots = {kernel: [boot(kernel, initrd, guest.COUNTING, words)] for kernel in guest.KERNELS}
    return compare(boots), {kernel: found[0] for kernel, found in boots.items()}


def by_time(initrd, cpus, words=""):
    """The rows, and for each kernel how two CPUs share work, the kernels taking turns."""
    boots = {kernel: [] for kernel in guest.KERNELS}
    for turn in range(TIMED_BOOTS):
        for kernel, found in boots.items():
            print(f"  by time, {cpus} CPU, boot {turn + 1} of {TIMED_BOOTS}: {kernel}   ", end="\r", file=sys.stderr)
            found.append(boot(kernel, initrd, ("-smp", str(cpus)), words))
    print(" " * 60, end="\r", file=sys.stderr)
    scale = {kernel: {name: tuple(map(statistics.median, zip(*(boot.scale[name] for boot in found))))
                      for name in found[0].scale}
             for kernel, found in boots.items()}
    return compare(boots), scale


def mean(rows):
    """The geometric mean of the ratios that count."""
    logs = [math.log(row.ratio) for row in rows if row.counts]
    return math.exp(statistics.fmean(logs)) if logs else None
