#!/usr/bin/python3
"""What common system calls cost: Astra beside Debian's Linux, the same program in the same QEMU.

Instructions, which repeat exactly; with --time also the time, as the median of five boots of each kernel in turn.
usage: calls.py [--time]
"""
import argparse
import math
import re
import statistics
import sys

import guest
import newc

LINE = re.compile(r"^call (.+): (\d+)\r?$", re.M)
TIMED_BOOTS = 5


def make_initrd():
    archive = newc.Archive()
    archive.directory("dev")
    archive.character_device("dev/console", 5, 1)
    archive.file("init", guest.build_program("calls"), 0o755)
    path = guest.BUILD / "bench" / "calls.cpio"
    path.write_bytes(archive.bytes())
    return path


def measure(kernel, initrd, arguments):
    """Returns {call: cost} of one boot."""
    said = guest.run(kernel, initrd, guest.BUILD / "bench" / f"calls-{kernel}.log", arguments=arguments)
    if "calls done" not in said:
        sys.exit(f"{kernel} did not come to the end; it said:\n{said[-600:]}")
    return {name: int(cost) for name, cost in LINE.findall(said)}


def measure_time(initrd):
    """Returns {kernel: {call: median}}, the kernels taking turns."""
    boots = {kernel: [] for kernel in guest.KERNELS}
    for _ in range(TIMED_BOOTS):
        for kernel, found in boots.items():
            found.append(measure(kernel, initrd, ()))
    return {kernel: {name: statistics.median(boot[name] for boot in found) for name in found[0]}
            for kernel, found in boots.items()}


def show(title, results):
    astra, linux = results["astra"], results["linux"]
    print(f"\n{title:34}{'astra':>12}{'linux':>12}{'ratio':>8}")
    for name, cost in astra.items():
        print(f"{name:34}{cost:12,.0f}{linux[name]:12,.0f}{cost / linux[name]:8.2f}")
    mean = math.exp(statistics.fmean(math.log(cost / linux[name]) for name, cost in astra.items()))
    print(f"{'geometric mean':58}{mean:8.2f}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--time", action="store_true", help="time as well, which wants a quiet host")
    arguments = parser.parse_args()
    initrd = make_initrd()
    show("instructions per call", {kernel: measure(kernel, initrd, guest.COUNTING) for kernel in guest.KERNELS})
    if arguments.time:
        show("time per call, TSC ticks", measure_time(initrd))


if __name__ == "__main__":
    main()
