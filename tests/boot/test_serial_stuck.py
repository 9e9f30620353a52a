"""A serial line that nobody reads from holds up who writes to it, and nobody else: the machine idles, the writer can be
killed, and the kernel comes to its end."""
import subprocess
import time

import initramfs
import machine

# The answer is the machine's last word, the status: 0 when most of the wait was idle and the writer died of its signal.
INIT = """#!/bin/sh
mount -t proc proc /proc
mount -t devtmpfs dev /dev
exec > /dev/null 2>&1
idle() { read cpu user nice system idle rest < /proc/stat; echo $idle; }
yes 0123456789012345678901234567890123456789 > /dev/console &
writer=$!
sleep 2
before=$(idle)
sleep 2
after=$(idle)
kill $writer
wait $writer
test $? -eq 143 || exit 2
test $((after - before)) -ge 100 || exit 3
exit 0
"""
PIPE_LIMIT_S = 90


def test_a_stuck_line_costs_no_time_and_kills_nobody():
    run = machine.Machine("astra", initramfs.busybox_initrd(INIT), "quiet loglevel=1")
    process = subprocess.Popen(run.command(), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                               stderr=subprocess.STDOUT)
    try:
        deadline = time.monotonic() + PIPE_LIMIT_S
        while process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.2)  # the pipe is full after 64 KiB, and stays so
        assert process.poll() == 1, f"QEMU ended with {process.poll()}"
        assert len(process.stdout.read()) > 4096
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()
