#!/usr/bin/python3
"""From reset to the first line of user output, in instructions: Astra beside Debian's Linux.

The same program as /init of the same plain cpio of 2 MB, in the same QEMU, counted by a plugin outside
the guest. usage: first_line.py [--machine pc|q35|microvm] [--profile] [--astra-only]
"""
import argparse
import sys

import functions
import guest
import initramfs

PLUGIN = guest.BUILD / "plugin" / "insn_count.so"
MARKS = {0: "first instruction of main", 1: "write returned", 2: "line has left the UART"}
LAST_MARK = 2


def make_initrd():
    archive = initramfs.busybox_archive()
    archive.file("init", guest.build_program("first_line"), 0o755)
    return initramfs.write_initrd(archive.bytes())


def measure(kernel, initrd, machine, profile=None):
    """Returns {mark: {place: instructions}} of one boot."""
    counted = guest.BUILD / "bench" / f"first_line-{kernel}-{machine}.txt"
    plugin = f"{PLUGIN},out={counted},last={LAST_MARK}" + (f",profile={profile}" if profile else "")
    counted.unlink(missing_ok=True)
    said = guest.run(kernel, initrd, counted.with_suffix(".log"), machine, (*guest.COUNTING, "-plugin", plugin))
    marks = {}
    for line in counted.read_text().splitlines() if counted.exists() else ():
        fields = line.split()
        marks[int(fields[1])] = {fields[i]: int(fields[i + 1]) for i in range(2, len(fields), 2)}
    if LAST_MARK not in marks:
        sys.exit(f"{kernel} on {machine} did not come to its first line; counted {marks}; it said:\n{said[-600:]}")
    return marks


def show(results):
    print(f"{'':28}" + "".join(f"{kernel:>16}" for kernel in results) + ("           ratio" if len(results) > 1 else ""))
    rows = [(name, mark, "total") for mark, name in MARKS.items()]
    rows += [(f"  {place} until the line", LAST_MARK, place) for place in ("firmware", "kernel", "user")]
    for name, mark, place in rows:
        values = [marks[mark][place] for marks in results.values()]
        ratio = f"{values[1] / values[0]:15.1f}x" if len(values) > 1 and values[0] else ""
        print(f"{name:28}" + "".join(f"{value:16,}" for value in values) + ratio)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--machine", default="pc")
    parser.add_argument("--profile", action="store_true", help="instructions by function of Astra's kernel")
    parser.add_argument("--astra-only", action="store_true")
    arguments = parser.parse_args()
    initrd = make_initrd()
    profile = guest.BUILD / "bench" / "profile.txt" if arguments.profile else None
    results = {"astra": measure("astra", initrd, arguments.machine, profile)}
    if not arguments.astra_only:
        results["linux"] = measure("linux", initrd, arguments.machine)
    print(f"instructions from reset on {arguments.machine}, -cpu max,-erms -m 512, an initramfs of "
          f"{initrd.stat().st_size:,} bytes")
    show(results)
    if profile:
        functions.show(profile)


if __name__ == "__main__":
    main()
