"""Damaged kernel images, by -kernel and by GRUB: the loader refuses them, or they start all the same, and no machine stands still.

What is damaged is what a loader reads: the ELF header, the program headers, the note with the entry for PVH, the Multiboot2 header;
and files that end too early. Code and data carry no checksum: damage there is not for a loader to see.
"""
import struct
import subprocess

import pytest

from machine import BUILD, PROMPT, QEMU, TOP, Machine

KERNEL = BUILD / "astra.elf"
MULTIBOOT2_MAGIC = 0xE85250D6
PROGRAM_HEADER_BYTES, NOTE_SEGMENT = 56, 4
HUGE = 1 << 50
TIMEOUT_S = 60


class Image:
    """The kernel's file, and where its parts stand."""

    def __init__(self):
        self.data = KERNEL.read_bytes()
        self.program_headers = struct.unpack_from("<Q", self.data, 32)[0]
        count = struct.unpack_from("<H", self.data, 56)[0]
        places = [self.program_headers + index * PROGRAM_HEADER_BYTES for index in range(count)]
        kinds = [struct.unpack_from("<I", self.data, place)[0] for place in places]
        self.note_header = places[kinds.index(NOTE_SEGMENT)]
        self.note = struct.unpack_from("<Q", self.data, self.note_header + 8)[0]
        self.multiboot2 = self.data.index(struct.pack("<I", MULTIBOOT2_MAGIC))
        self.segments = [struct.unpack_from("<QQQQQ", self.data, place + 8) for place, kind in zip(places, kinds) if kind == 1]

    def put(self, place, form, value):
        data = bytearray(self.data)
        struct.pack_into("<" + form, data, place, value)
        return bytes(data)

    def cut(self, place):
        return self.data[:place]

    def middle(self, index):
        offset, _, _, file_bytes, _ = self.segments[index]
        return offset + file_bytes // 2


IMAGE = Image() if KERNEL.exists() else None
# How each is made.
FILES = {
    "nothing": lambda image: image.cut(0),
    "one-byte": lambda image: image.cut(1),
    "half-a-header": lambda image: image.cut(40),
    "half-the-program-headers": lambda image: image.cut(100),
    "cut-in-the-code": lambda image: image.cut(image.middle(0)),
    "cut-in-the-constants": lambda image: image.cut(image.middle(1)),
    "cut-in-the-data": lambda image: image.cut(image.middle(2)),
    "of-32-bits": lambda image: image.put(4, "B", 1),
    "big-endian": lambda image: image.put(5, "B", 2),
    "for-another-machine": lambda image: image.put(18, "H", 40),
    "no-program-headers": lambda image: image.put(56, "H", 0),
    "too-many-program-headers": lambda image: image.put(56, "H", 65535),
    "program-headers-far-away": lambda image: image.put(32, "Q", HUGE),
    "huge-segment": lambda image: image.put(image.program_headers + 32, "Q", 1 << 30),
    "segment-for-an-address-that-is-not": lambda image: image.put(image.program_headers + 24, "Q", HUGE),
    "note-far-away": lambda image: image.put(image.note_header + 8, "Q", HUGE),
    "another-note": lambda image: image.put(image.note + 8, "I", 99),
    "note-without-an-entry": lambda image: image.put(image.note + 16, "I", 0),
    "note-of-another-name": lambda image: image.put(image.note + 12, "I", 0x41414141),
    "cut-in-the-symbols": lambda image: image.cut(len(image.data) - 100000),
    "no-entry": lambda image: image.put(24, "Q", 0),
    "multiboot2-without-magic": lambda image: image.put(image.multiboot2, "I", 0),
    "multiboot2-with-a-wrong-sum": lambda image: image.put(image.multiboot2 + 12, "I", 1),
    "multiboot2-for-another-machine": lambda image: image.put(image.multiboot2 + 4, "I", 4),
    "multiboot2-too-long": lambda image: image.put(image.multiboot2 + 8, "I", 0x7FFFFFFF),
}
REFUSED_BY_QEMU = ("nothing", "one-byte", "half-a-header", "half-the-program-headers", "cut-in-the-code", "cut-in-the-constants",
                   "cut-in-the-data", "of-32-bits", "big-endian", "for-another-machine", "no-program-headers",
                   "too-many-program-headers", "program-headers-far-away", "huge-segment", "note-far-away", "another-note",
                   "note-without-an-entry")
# What PVH does not look at, and symbols that only a debugger reads.
STARTED_BY_QEMU = ("note-of-another-name", "cut-in-the-symbols", "no-entry", "multiboot2-without-magic", "multiboot2-with-a-wrong-sum")
# GRUB takes a segment that is longer than the file.
REFUSED_BY_GRUB = ("nothing", "one-byte", "half-a-header", "half-the-program-headers", "cut-in-the-code", "cut-in-the-constants",
                   "cut-in-the-data", "big-endian", "for-another-machine", "too-many-program-headers", "program-headers-far-away",
                   "segment-for-an-address-that-is-not", "multiboot2-without-magic", "multiboot2-with-a-wrong-sum",
                   "multiboot2-for-another-machine", "multiboot2-too-long")


def damaged_file(tmp_path, name):
    path = tmp_path / f"{name}.elf"
    path.write_bytes(FILES[name](IMAGE))
    return path


@pytest.mark.parametrize("name", REFUSED_BY_QEMU)
def test_qemu_refuses_what_it_cannot_load(tmp_path, name):
    result = Machine(damaged_file(tmp_path, name), smp=1, memory=64).run(TIMEOUT_S)
    assert result.exit_code == 1 and "qemu" in result.serial, str(result)


@pytest.mark.parametrize("name", STARTED_BY_QEMU)
def test_what_pvh_does_not_read_stops_no_boot(tmp_path, name):
    result = Machine(damaged_file(tmp_path, name), append="quiet", smp=1, memory=64).run(TIMEOUT_S, until=PROMPT)
    assert PROMPT in result.serial, str(result)


def test_a_segment_that_was_loaded_nowhere_restarts_the_machine(tmp_path):
    """There is no code to run then: the CPU gives up, and QEMU ends."""
    result = Machine(damaged_file(tmp_path, "segment-for-an-address-that-is-not"), smp=1, memory=64).run(TIMEOUT_S)
    assert result.exit_code == 0 and not result.timed_out and PROMPT not in result.serial, str(result)


class Disk(Machine):
    """The BIOS starts GRUB from a disk."""

    def __init__(self, disk, **options):
        super().__init__(smp=1, **options)
        self.disk = disk

    def command(self, serial=("-serial", "stdio")):
        return [QEMU, "-accel", "tcg", "-M", self.machine, "-cpu", self.cpu, "-m", str(self.memory), "-display", "none",
                "-no-reboot", "-drive", f"format=raw,file={self.disk},snapshot=on", *serial]


def menu_of(names):
    """GRUB asks for each file in turn, and at last for the whole kernel, which it starts."""
    lines = ["serial --unit=0 --speed=115200", "terminal_output serial", "set pager=0"]
    for number, name in enumerate(names):
        lines += [f"echo '#### {name}'", f"multiboot2 /boot/{number}.elf"]
    return "\n".join(lines + ["echo '#### whole'", "multiboot2 /boot/astra.elf quiet console=ttyS0", "boot", ""])


def test_grub_refuses_damaged_kernels_one_by_one_and_starts_the_whole_one(tmp_path):
    menu = tmp_path / "grub.cfg"
    menu.write_text(menu_of(REFUSED_BY_GRUB))
    pairs = [f"boot/{number}.elf={damaged_file(tmp_path, name)}" for number, name in enumerate(REFUSED_BY_GRUB)]
    disk = tmp_path / "disk.img"
    subprocess.run([TOP / "tools" / "mkimage", "--output", disk, "--menu", menu, f"boot/astra.elf={KERNEL}", *pairs], check=True)
    result = Disk(disk).run(2 * TIMEOUT_S, until=PROMPT)
    said = dict(part.split("\n", 1) for part in result.serial.split("#### ")[1:])
    assert list(said) == [*REFUSED_BY_GRUB, "whole"], str(result)
    accepted = [name for name in REFUSED_BY_GRUB if "error: " not in said[name]]
    assert not accepted, f"{accepted}: {result}"
    assert PROMPT in said["whole"], str(result)
