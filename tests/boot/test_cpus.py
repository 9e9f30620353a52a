"""Every CPU that the machine lists starts, as far as the command line lets it, and a panic shows them all."""
import re

import pytest

import acpi_tables
import initramfs
from machine import BUILD, MACHINES, PROMPT, Machine, stop

ROOT = BUILD / "root.cpio"
MOST_CPUS = 64  # CPU_MAX of the kernel
COUNTING_INIT = """#!/bin/sh
export PATH=/bin
mount -t proc proc /proc
mount -t sysfs sysfs /sys
last=$(($(nproc) - 1))
echo "cpuinfo: $(grep -c ^processor /proc/cpuinfo)"
echo "stat: $(grep -c '^cpu[0-9]' /proc/stat)"
echo "interrupts: $(head -n 1 /proc/interrupts | wc -w)"
echo "affinity: $(nproc)"
echo "online: $(cat /sys/devices/system/cpu/online)"
for cpu in $(seq 0 $last); do
    taskset -c $cpu sh -c 'cut -d " " -f 39 /proc/self/stat'
done > /tmp/where
echo "each: $(uniq /tmp/where | wc -l) from $(head -n 1 /tmp/where) to $(tail -n 1 /tmp/where)"
echo "apics:" $(grep ^apicid /proc/cpuinfo | cut -d : -f 2)
poweroff -f
"""


def count_cpus(kernel, smp, **options):
    """{place: what it tells of the CPUs} as a program sees it, and the whole outcome."""
    initrd = initramfs.busybox_initrd(COUNTING_INIT)
    result = Machine(kernel, initrd, cpu="max", smp=smp, **options).run(120)
    return dict(re.findall(r"^(\w+): (.+)$", result.serial, re.M)), result


def check_counts(told, count, result):
    last = count - 1
    counts = {place: told.get(place) for place in ("cpuinfo", "stat", "interrupts", "affinity")}
    assert counts == dict.fromkeys(counts, str(count)), str(result)
    assert told["online"] == (f"0-{last}" if last else "0"), str(result)
    assert told["each"] == f"{count} from 0 to {last}", str(result)


@pytest.mark.parametrize("smp", (2, 4, 8))
@pytest.mark.parametrize("machine_type", MACHINES)
def test_every_cpu_starts(machine_type, smp):
    result = Machine(initrd=ROOT, machine=machine_type, cpu="max", smp=smp).run(60, until=PROMPT)
    assert f"cpu: {smp} of {smp} CPUs run" in result.serial, str(result)
    assert PROMPT in result.serial, str(result)


@pytest.mark.parametrize("words, count", (("maxcpus=1", 1), ("nosmp", 1), ("maxcpus=3", 3), ("noapic", 1)))
def test_the_command_line_limits_the_cpus(words, count):
    result = Machine(initrd=ROOT, append=words, smp=4).run(60, until=PROMPT)
    assert f"cpu: {count} of 4 CPUs run" in result.serial, str(result)
    assert PROMPT in result.serial, str(result)


@pytest.mark.parametrize("kernel", ("astra", "debug"))
def test_a_panic_stops_and_shows_every_cpu(kernel):
    child = Machine(kernel, ROOT, append="quiet", smp=4).interact(timeout=60)
    try:
        child.expect_exact(PROMPT)
        child.send("panic\r")
        child.expect_exact("halted")
        shown = re.findall(r"CPU (\d), \w+ thread", child.before)
        assert sorted(shown) == ["0", "1", "2", "3"], child.before
        assert "does not stop" not in child.before, child.before
    finally:
        stop(child)


@pytest.mark.parametrize("smp, words, count", (("8", "", 8), ("4", "maxcpus=2", 2), ("4", "nosmp", 1)))
@pytest.mark.parametrize("kernel", ("linux", "astra"))
def test_every_place_tells_how_many_cpus_run(kernel, smp, words, count):
    told, result = count_cpus(kernel, smp, append=f"quiet {words}")
    check_counts(told, count, result)


def test_the_most_cpus_run_and_each_takes_work():
    told, result = count_cpus("astra", MOST_CPUS)
    assert f"cpu: {MOST_CPUS} of {MOST_CPUS} CPUs run" in result.serial, str(result)
    check_counts(told, MOST_CPUS, result)


def test_cpus_beyond_the_most_are_reported_and_left_out():
    result = Machine(initrd=ROOT, cpu="max", smp=MOST_CPUS + 2).run(60, until=PROMPT)
    assert "cpu: 2 CPUs are left out: 64 are the most that can run" in result.serial, str(result)
    assert f"cpu: {MOST_CPUS} of {MOST_CPUS + 2} CPUs run" in result.serial, str(result)
    assert PROMPT in result.serial, str(result)


@pytest.mark.parametrize("kernel", ("linux", "astra"))
def test_a_cpu_that_may_be_plugged_in_later_is_not_started(kernel):
    told, result = count_cpus(kernel, "2,maxcpus=4")
    assert "left out" not in result.serial, str(result)
    check_counts(told, 2, result)


def test_a_cpu_that_does_not_answer_is_reported_and_left_out(tmp_path):
    """The firmware's table names one that is not there, between two that are."""
    tables = acpi_tables.write_files(tmp_path, apic_ids=(0, 7, 1))
    told, result = count_cpus("astra", 2, machine="pc,acpi=off", extra=tables)
    assert "the CPU with local APIC 7 is left out: it does not answer" in result.serial, str(result)
    assert "cpu: 2 of 3 CPUs run" in result.serial, str(result)
    check_counts(told, 2, result)
    assert told["apics"] == "0 1", str(result)
