"""The disk image starts by BIOS and by UEFI, and the kernel by every protocol that its file offers."""
import pathlib
import struct
import subprocess

import pytest

import initramfs
import newc
from machine import BUILD, PROMPT, QEMU, TOP, Machine, stop
from screen import Screen

IMAGE = BUILD / "astra.img"
KERNEL = BUILD / "astra.elf"
OVMF = pathlib.Path("/usr/share/ovmf/OVMF.fd")
PARTITION_START = 2048 * 512
FIRMWARES = {"bios": (), "uefi": ("-bios", OVMF)}
TIMEOUTS_S = {"bios": 60, "uefi": 150}
NEXT_ENTRY, START_ENTRY = "\x0e", "\r"


class Disk(Machine):
    """A machine as a person starts it: with QEMU's default devices, and the firmware finds the disk."""

    def __init__(self, image=IMAGE, firmware="bios", **options):
        super().__init__(**options)
        self.image = image
        self.firmware = firmware

    def command(self, serial=("-serial", "stdio")):
        return [QEMU, "-accel", "tcg", "-M", self.machine, "-cpu", self.cpu, "-smp", str(self.smp), "-m", str(self.memory),
                "-display", "none", "-no-reboot", *map(str, FIRMWARES[self.firmware]),
                "-drive", f"format=raw,file={self.image},snapshot=on", *serial, *self.extra]

    def start(self):
        return self.run(TIMEOUTS_S[self.firmware], until=PROMPT)


def image_of(tmp_path, entry, **files):
    """A disk with a menu of one entry, whose lines are `entry`, and files below /boot."""
    menu = tmp_path / "grub.cfg"
    menu.write_text("set timeout=0\nmenuentry test {\n" + entry + "\n}\n")
    pairs = [f"boot/astra.elf={KERNEL}"]
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
        pairs.append(f"boot/{name}={tmp_path / name}")
    image = tmp_path / "disk.img"
    subprocess.run([TOP / "tools" / "mkimage", "--output", image, "--menu", menu, *pairs], check=True)
    return image


@pytest.mark.parametrize("machine_type", ("pc", "q35"))
@pytest.mark.parametrize("firmware", FIRMWARES)
def test_the_image_boots_to_the_prompt(firmware, machine_type):
    result = Disk(firmware=firmware, machine=machine_type).start()
    assert PROMPT in result.serial, str(result)
    assert "loaded by Multiboot2" in result.serial, str(result)


@pytest.mark.parametrize("memory", (16, 64, 2048, 8192))
def test_bios_boots_with_little_and_with_much_memory(memory):
    result = Disk(memory=memory).start()
    assert PROMPT in result.serial, str(result)


def test_uefi_boots_with_memory_behind_four_gigabytes():
    result = Disk(firmware="uefi", machine="q35", cpu="max", memory=6144).start()
    assert PROMPT in result.serial, str(result)


class PlainCommandLine(Disk):
    """What the README tells a person to type; only the window is left out."""

    def command(self, serial=()):
        return [QEMU, "-drive", f"format=raw,file={self.image}", "-serial", "mon:stdio", "-no-reboot", "-no-shutdown",
                "-m", "256M", "-display", "none"]


def test_the_command_line_of_a_user_works_as_it_stands(tmp_path):
    subprocess.run(["cp", "--sparse=always", IMAGE, tmp_path / "astra.img"], check=True)
    result = PlainCommandLine(tmp_path / "astra.img").start()
    assert PROMPT in result.serial, str(result)


def test_without_a_screen_the_boot_goes_on():
    result = Disk(extra=("-vga", "none")).start()
    assert PROMPT in result.serial, str(result)


# ---- the menu --------------------------------------------------------------------------------------

def menu_entry(number):
    child = Disk().interact(timeout=TIMEOUTS_S["bios"])
    child.expect("highlighted entry")
    child.send(NEXT_ENTRY * number + START_ENTRY)
    return child


def test_the_second_entry_starts_a_shell_as_pid_1():
    child = menu_entry(1)
    try:
        child.expect(r"[#$] ")
        child.send("echo pid $$ in $((6 * 7))\n")
        child.expect("pid 1 in 42")
    finally:
        stop(child)


def test_the_third_entry_starts_the_debug_kernel():
    child = menu_entry(2)
    try:
        child.expect("loaded by Multiboot2, command line: .*loglevel=8")
        child.expect(PROMPT)
    finally:
        stop(child)


# ---- what a loader may hand over ---------------------------------------------------------------------

def test_modules_unpack_in_order(tmp_path):
    init = "#!/bin/sh\nexport PATH=/bin\ncat /which\npoweroff -f\n"
    first, second = initramfs.busybox_archive(init), newc.Archive()
    first.file("which", b"the first\n")
    second.file("which", b"the second\n")
    image = image_of(tmp_path, "multiboot2 /boot/astra.elf console=ttyS0\nmodule2 /boot/first\nmodule2 /boot/second a word",
                     first=first.bytes(), second=second.bytes())
    result = Disk(image).run(TIMEOUTS_S["bios"])
    assert "the second" in result.lines and "the first" not in result.lines, str(result)
    assert not result.timed_out, str(result)


def test_without_modules_the_prompt_comes(tmp_path):
    result = Disk(image_of(tmp_path, "multiboot2 /boot/astra.elf console=ttyS0")).start()
    assert PROMPT in result.serial, str(result)


@pytest.mark.parametrize("firmware", FIRMWARES)
def test_a_long_command_line_arrives_whole(tmp_path, firmware):
    words = "console=ttyS0 a.b=" + "x" * 400
    image = image_of(tmp_path, f"multiboot2 /boot/astra.elf {words}\nmodule2 /boot/root.cpio",
                     **{"root.cpio": (BUILD / "root.cpio").read_bytes()})
    child = Disk(image, firmware).interact(timeout=TIMEOUTS_S[firmware])
    try:
        child.expect(PROMPT)
        child.send("cat /proc/cmdline\r")
        child.expect("console=ttyS0 a.b=(x+)\r")
        assert child.match.group(1) == "x" * 400
    finally:
        stop(child)


def test_text_mode_serves_where_the_loader_leaves_it(tmp_path):
    entry = "multiboot2 /boot/astra.elf loglevel=7\nset gfxpayload=text"
    result = Disk(image_of(tmp_path, entry), extra=("-vga", "cirrus")).start()
    assert PROMPT in result.serial and "screen: VGA text" in result.serial, str(result)


@pytest.mark.parametrize("firmware", FIRMWARES)
def test_the_framebuffer_of_the_loader_is_used(firmware):
    """By neither card's registers could the kernel set a mode: what it shows is what the loader told it of."""
    extra = ("-vga", "cirrus") if firmware == "bios" else ("-vga", "virtio")
    result = Disk(firmware=firmware, extra=extra).start()
    assert PROMPT in result.serial and "screen: framebuffer" in result.serial, str(result)


@pytest.mark.parametrize("firmware", FIRMWARES)
def test_a_person_at_screen_and_keyboard_is_served(firmware):
    seen = Screen(Disk(firmware=firmware), ())
    try:
        seen.wait_for_serial(PROMPT, TIMEOUTS_S[firmware])
        seen.wait_for(PROMPT.strip())
        seen.type("run /bin/uname -s\n")
        seen.wait_for("Linux")
    finally:
        seen.close()


# ---- the files themselves ------------------------------------------------------------------------------

def test_the_file_system_of_the_image_is_sound(tmp_path):
    partition = tmp_path / "partition"
    partition.write_bytes(IMAGE.read_bytes()[PARTITION_START:])
    checked = subprocess.run(["/sbin/fsck.vfat", "-n", partition], capture_output=True, text=True)
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_the_kernel_file_has_both_headers():
    start = KERNEL.read_bytes()[:32768]
    places = [at for at in range(0, len(start) - 16, 8) if start[at:at + 4] == struct.pack("<I", 0xE85250D6)]
    assert len(places) == 1
    magic, architecture, length, checksum = struct.unpack_from("<4I", start, places[0])
    assert architecture == 0 and (magic + architecture + length + checksum) % 2**32 == 0
    assert struct.pack("<I", 0x1BADB002) not in start[:8192], "QEMU would take it for Multiboot 1"
    notes = subprocess.run(["readelf", "-nW", KERNEL], capture_output=True, text=True, check=True).stdout
    assert "Xen" in notes, notes


@pytest.mark.parametrize("machine_type", ("pc", "q35", "microvm"))
def test_the_same_file_boots_by_pvh(machine_type):
    result = Machine(initrd=BUILD / "root.cpio", machine=machine_type, append="loglevel=7").run(60, until=PROMPT)
    assert PROMPT in result.serial, str(result)
    assert "loaded by PVH" in result.serial, str(result)
