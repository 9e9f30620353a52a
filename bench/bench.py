#!/usr/bin/python3
"""Astra beside Debian's Linux at its fastest: the same program, in the same QEMU, line by line.

Instructions with one CPU, which repeat; time with one and with two, as the median of five boots of each kernel in turn,
which wants a quiet host. Writes build/bench/results.json and docs/images/bench.svg.

usage: bench.py [--only WORD] [--no-time] [--no-beside]
"""
import argparse
import dataclasses
import json

import beside
import guest
import lines
import plot


def cost_text(cost):
    return "missing" if cost is None else f"{cost:,.0f}" if cost >= 100 else f"{cost:,.1f}"


def remark(row):
    if row.kind == "user":
        return "user code alone, outside the mean"
    if row.spread > lines.SPREAD_LIMIT:
        return f"outside the mean: Linux's spread is {row.spread:.1f}"
    return ""


def show_rows(title, rows):
    print(f"\n{title:38}{'astra':>12}{'linux':>12}{'ratio':>8}")
    for row in rows:
        ratio = "" if row.ratio is None else f"{row.ratio:.2f}"
        print(f"{row.name:38}{cost_text(row.astra):>12}{cost_text(row.linux):>12}{ratio:>8}  {remark(row)}".rstrip())
    middle = lines.mean(rows)
    print(f"{'geometric mean':62}{'' if middle is None else f'{middle:.2f}':>8}")


def show_scale(scale):
    kernels = ("astra", "linux")
    print(f"\n{'time on two CPUs as a fraction of one':38}{'astra':>12}{'linux':>12}    {'gain, of user code':>20}")
    for name in scale["linux"]:
        fractions = "".join(f"{scale[kernel][name][0]:12.2f}" for kernel in kernels)
        shares = "".join(f"{scale[kernel][name][1]:12.2f}" for kernel in kernels)
        print(f"{name:38}{fractions}{shares}")


def show_beside(figures):
    print(f"\n{'':38}{'astra':>15}{'linux':>15}{'ratio':>10}")
    for name, values in figures.items():
        print(f"{name:38}{values['astra']:15,}{values['linux']:15,}{values['astra'] / values['linux']:10.4f}")


def rows_as_data(rows):
    return {"mean": lines.mean(rows),
            "lines": [dataclasses.asdict(row) | {"ratio": row.ratio, "counts": row.counts} for row in rows]}


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--only", default="", help="only lines whose name contains this; nothing is written then")
    parser.add_argument("--no-time", action="store_true", help="instructions alone")
    parser.add_argument("--no-beside", action="store_true", help="without the boot, memory and size")
    return parser.parse_args()


def main():
    arguments = parse_arguments()
    initrd = lines.make_initrd()
    words = f' -- "only={arguments.only}"' if arguments.only else ""
    rows, boots = lines.by_instructions(initrd, words)
    show_rows("instructions, one CPU", rows)
    results = {"qemu": ["-m", str(guest.MEMORY_MIB), "-cpu", "max,-erms"], "linux": guest.LINUX_FASTEST,
               "instructions": rows_as_data(rows)}
    for cpus in () if arguments.no_time else (1, 2):
        timed, scale = lines.by_time(initrd, cpus, words)
        show_rows(f"time in ticks of the TSC, {cpus} CPU", timed)
        results[f"time, {cpus} CPU"] = rows_as_data(timed) | {"scale": scale}
        if scale["linux"]:
            show_scale(scale)
    if not arguments.no_beside:
        results["beside"] = beside.figures(initrd, boots)
        show_beside(results["beside"])
    if not arguments.only:
        plot.RESULTS.write_text(json.dumps(results, indent=1) + "\n")
        plot.PICTURE.write_text(plot.draw(results))


if __name__ == "__main__":
    main()
