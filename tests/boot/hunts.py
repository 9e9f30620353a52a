"""What the hunts share: the init that they boot a debug kernel with, and the comparison of what it holds before and after.

The script of a hunt runs as init, with /proc, /dev and /bin there, and calls `show before NAME` and `show after NAME`: each prints
a reading of memory, of the objects of every cache, and of the processes. It ends by itself: then the machine is switched off, and
the kernel makes its own last count.
"""
import re

import initramfs
import machine

# Each CPU's stock may hold 14 free objects of a cache that count as in use; frames of slabs follow.
OBJECTS_SLACK_PER_CPU = 16
FRAMES_SLACK_KIB = 512
HEAD = """#!/bin/sh
export PATH=/bin:/usr/bin
mount -t proc proc /proc
mount -t devtmpfs devtmpfs /dev
show() {
    usleep 300000
    umount /proc; mount -t proc proc /proc
    cat /proc/meminfo /proc/slabinfo > /dev/null
    echo "#### $1 $2"
    grep MemFree /proc/meminfo
    awk 'NR > 2 { print "slab " $1, $2, $4 }' /proc/slabinfo 2> /dev/null
    set -- /proc/[0-9]*
    echo "processes $#"
}
"""
# In a fresh file system, so that nothing of the script's own work stays in the root.
IN_MNT = "mount -t tmpfs tmpfs /mnt && cd /mnt\n"
TAIL = """
echo "#### done"
poweroff -f
"""


def run(kernel, script, files, seconds, cpu="max", smp=1, memory=256):
    """Boots the script with `files`, as busybox_initrd takes them, and gives back what was said."""
    initrd = initramfs.busybox_initrd(HEAD + script + TAIL, files)
    return machine.Machine(kernel, initrd, "quiet loglevel=1", "pc", cpu, smp, memory).run(seconds)


def check_end(result):
    """The kernel came to its end, and found nothing left there."""
    assert "#### done" in result.lines and result.guest_status == 0, str(result)


def readings(lines):
    """Returns {hunt: {"before" or "after": {name: number}}}; objects of a cache stand under "slab NAME"."""
    found, current = {}, {}
    for line in lines:
        mark = re.match(r"#### (before|after) (\w+)$", line)
        figure = re.match(r"(slab \w\S*|\w+):? +(\d+)", line)
        if mark:
            current = found.setdefault(mark[2], {}).setdefault(mark[1], {})
        elif figure:
            current[figure[1]] = int(figure[2])
    return found


def leaks(before, after, smp):
    """What is held after a hunt and was not before it, beyond what the stocks explain."""
    slack = OBJECTS_SLACK_PER_CPU * smp
    lost = before["MemFree"] - after["MemFree"]
    found = [f"{lost} KiB of memory"] if lost > FRAMES_SLACK_KIB else []
    return found + [f"{after[name] - before.get(name, 0)} of {name}" for name in after
                    if name.startswith("slab ") and after[name] - before.get(name, 0) > slack]


def check_nothing_is_lost(result, name, smp=1):
    """Between the two readings of the hunt `name`, and with no process more than before."""
    check_end(result)
    reading = readings(result.lines)[name]
    assert not leaks(reading["before"], reading["after"], smp), str(result)
    assert reading["before"]["processes"] == reading["after"]["processes"], str(result)
