#!/usr/bin/python3
"""Where Astra's instructions go in one line of the benchmark, by function. usage: profile.py LINE"""
import re
import sys

import functions
import guest
import lines

PLUGIN = guest.BUILD / "plugin" / "insn_count.so"


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    counted, profile = guest.BUILD / "bench" / "line.txt", guest.BUILD / "bench" / "line-profile.txt"
    plugin = f"{PLUGIN},out={counted},last=1,from=0,profile={profile}"
    profile.unlink(missing_ok=True)
    said = guest.run("astra", lines.make_initrd(), counted.with_suffix(".log"), words=f' -- "only={sys.argv[1]}"',
                     arguments=(*guest.COUNTING, "-plugin", plugin))
    work = re.search(r"^profiled (.+): (\d+)\r?$", said, re.M)
    if not work or not profile.exists():
        sys.exit(f"no line was profiled; astra said:\n{said[-600:]}")
    print(f"{work[1]}: instructions of the kernel for one of {int(work[2]):,}, with what stands around the rounds")
    functions.show(profile, int(work[2]))


if __name__ == "__main__":
    main()
