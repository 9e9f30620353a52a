"""Instructions by function of Astra's kernel, from the plugin's buckets and the kernel's symbols."""
import collections
import subprocess

import guest

SHOWN = 40


def by_function(path):
    """{function: instructions} of a file that tools/plugin/insn_count.c wrote."""
    listed = subprocess.run(["nm", "-n", str(guest.KERNELS["astra"])], capture_output=True, text=True, check=True).stdout
    symbols = [(int(fields[0], 16), fields[2]) for fields in map(str.split, listed.splitlines())
               if len(fields) == 3 and fields[1] in "tTwW"]
    counts, position = collections.Counter(), 0
    for line in open(path):
        address, count = int(line.split()[0], 16), int(line.split()[1])
        while position + 1 < len(symbols) and symbols[position + 1][0] <= address:
            position += 1
        counts[symbols[position][1]] += count
    return counts


def show(path, share_of=1):
    """Prints the dearest functions; `share_of` divides the counts."""
    counts = by_function(path)
    total = sum(counts.values()) or 1
    for name, count in counts.most_common(SHOWN):
        print(f"{count / share_of:14,.1f} {100 * count / total:5.1f}%  {name}")
    print(f"{total / share_of:14,.1f}         in the kernel")
