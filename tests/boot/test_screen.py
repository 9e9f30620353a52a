"""What a person sees on the screen and what comes of typing at it, on each kind of display."""
import re
import subprocess
import time

import pytest

import screen
from machine import BUILD, Machine

ROOT = BUILD / "root.cpio"
SHELL = "run /sys/bin/busybox sh\n"
# Arguments and words by display: the Bochs display's registers, the firmware's text mode, a VGA that is no Bochs display.
DISPLAYS = {
    "bochs": (("-vga", "std"), ""),
    "secondary": (("-device", "bochs-display"), ""),
    "text": (("-vga", "std"), "nomodeset"),
    "cirrus": (("-vga", "cirrus"), ""),
}
SIZES = {"bochs": (1024, 768), "secondary": (1024, 768), "text": (720, 400), "cirrus": (720, 400)}
GREY, RED, BLACK = b"\xaa\xaa\xaa", b"\xaa\x00\x00", b"\x00\x00\x00"


@pytest.fixture
def open_screen():
    """Starts screens and ends them with the test."""
    opened = []

    def start(*arguments, **options):
        opened.append(screen.start(*arguments, initrd=ROOT, **options))
        return opened[-1]
    yield start
    for one in opened:
        one.close()


@pytest.fixture
def busybox(open_screen):
    """A screen with a busybox shell as the console, on tty1 alone."""
    seen = open_screen(words="console=tty0 quiet")
    seen.wait_for("astra>")
    seen.type(SHELL)
    seen.wait_for("/ #")
    return seen


def press_escape(seen):
    """An editor takes an ESC for the start of a sequence when the next key follows at once."""
    seen.press("esc")
    time.sleep(0.5)


@pytest.mark.parametrize("machine", ("pc", "q35"))
@pytest.mark.parametrize("display", DISPLAYS)
def test_log_and_prompt_are_on_screen_and_serial_line(open_screen, display, machine):
    extra, words = DISPLAYS[display]
    seen = open_screen(words=words, extra=extra, machine=machine)
    rows = seen.wait_for("astra>")
    assert any("Astra: loaded by PVH" in row for row in rows), rows
    assert re.search(r"Astra: loaded by PVH(.|\n)*astra> ", seen.serial())
    picture = seen.picture()
    assert (picture.width, picture.height) == SIZES[display]
    assert "\ufffd" not in "".join(picture.lines())


@pytest.mark.parametrize("display", ("bochs", "text"))
def test_a_person_types_at_the_screen(open_screen, display):
    extra, words = DISPLAYS[display]
    seen = open_screen(words=words, extra=extra)
    seen.wait_for("astra>")
    seen.type("help\n")
    seen.wait_for("poweroff")
    assert "poweroff" in seen.serial()
    seen.type("run /sys/bin/busybox echo A-b_C 'x' | \"y\"\n")
    seen.wait_for("A-b_C")


def test_only_the_serial_line_where_the_command_line_says_so(open_screen):
    seen = open_screen(words="console=ttyS0")
    seen.wait_for_serial("astra> ")
    assert not any(seen.picture().lines())


def test_only_the_screen_where_the_command_line_says_so(open_screen):
    seen = open_screen(words="console=tty0")
    seen.wait_for("astra>")
    assert "astra>" not in seen.serial()


def test_the_log_goes_to_all_and_the_last_one_is_the_console(open_screen):
    seen = open_screen(words="console=ttyS0 console=tty0 loglevel=8")
    seen.wait_for("astra>")
    assert "Astra: loaded by PVH" in seen.serial() and "astra>" not in seen.serial()
    other = open_screen(words="console=tty0 console=ttyS0 loglevel=8")
    other.wait_for("screen: ")
    other.wait_for_serial("astra> ")
    assert not any("astra>" in row for row in other.picture().lines())


PANIC = r"kernel panic: .*\n(address .*\n)?at .*\nrip [0-9a-f]{16}(.|\n)*#0 [a-z_]+\+0x(.|\n)*halted"


@pytest.mark.parametrize("words", ("nomodeset", "console=tty0"))
def test_a_panic_fits_on_the_screen(open_screen, words):
    seen = open_screen(words=words)
    seen.wait_for("astra>")
    seen.type("panic\n")
    rows = seen.wait_for("halted")
    assert re.search(PANIC, "\n".join(rows)), rows


def test_a_panic_reaches_a_screen_that_is_no_console(open_screen):
    seen = open_screen(words="console=ttyS0 nomodeset")
    seen.wait_for_serial("astra> ")
    seen.command("nmi")
    rows = seen.wait_for("halted")
    assert re.search(PANIC, "\n".join(rows)), rows


def test_the_picture_is_utf8_in_colour(busybox):
    busybox.type("clear; printf 'g\\303\\244\\342\\224\\200\\033[31mR\\033[0;7mI\\033[m.\\n'\n")
    rows = busybox.wait_for("gä─RI.")
    row = rows.index("gä─RI.")
    picture = busybox.picture()
    assert picture.cell(row, 0) == ("g", GREY, BLACK)
    assert picture.cell(row, 3) == ("R", RED, BLACK)
    assert picture.cell(row, 4) == ("I", BLACK, GREY)


def test_an_editor_fills_the_screen(busybox):
    busybox.type("vi /tmp/note\n")
    rows = busybox.wait_for("/tmp/note")
    assert "/tmp/note" in rows[-1] and all(row == "~" for row in rows[1:-1]), rows
    busybox.type("ifirst\nsecond")
    press_escape(busybox)
    busybox.press("up", "0")
    busybox.type("iX")
    press_escape(busybox)
    busybox.type(":wq\n")
    busybox.wait_for("/ #")
    busybox.type("clear; cat /tmp/note; stty size; tty\n")
    rows = busybox.wait_for("/dev/")
    assert rows[:4] == ["Xfirst", "second", "48 128", "/dev/console"], rows


def test_top_keeps_its_picture(busybox):
    busybox.type("top\n")
    rows = busybox.wait_for("PID")
    assert rows[0].startswith("Mem:"), rows
    assert any("busybox" in row or "top" in row for row in rows), rows
    busybox.type("q")
    busybox.wait_for("/ #")


def test_keys_stop_programs_and_recall_lines(busybox):
    busybox.type("sleep 100\n")
    busybox.press("ctrl-c")
    busybox.type("echo status $?\n")
    busybox.wait_for("status 130")
    busybox.type("clear; echo cleared\n")
    busybox.wait_for("/ #")
    busybox.press("up", "up", "ret")
    busybox.wait_for("status 0")
    busybox.press("caps_lock")
    busybox.type("echo ")
    busybox.press("caps_lock")
    busybox.wait_for("ECHO")


def test_much_output_ends_with_its_end(busybox):
    busybox.type("seq 20000\n")
    rows = busybox.wait_for("20000", timeout=60)
    numbers = [row for row in rows if row.isdigit()]
    assert numbers == [str(number) for number in range(20001 - len(numbers), 20001)], rows
    assert len(numbers) >= 45


def test_a_machine_without_display_has_no_screen():
    result = Machine(initrd=ROOT).run(30, until="astra> ")
    assert "screen:" not in result.serial, str(result)


def test_the_font_in_the_kernel_is_the_picture_beside_it():
    subprocess.run([screen.TOP / "tools" / "genfont", "--check"], check=True)
