"""A screen as a person sees it: pictures of it through QEMU's monitor, read back as text by the kernel's own font."""
import importlib.machinery
import importlib.util
import pathlib
import socket
import subprocess
import tempfile
import time

from machine import Machine

TOP = pathlib.Path(__file__).resolve().parents[2]
LATER_S = 0.2
# What sendkey calls the signs of a US keyboard.
KEY_NAMES = {" ": "spc", "/": "slash", ".": "dot", ",": "comma", "-": "minus", "=": "equal", ";": "semicolon",
             "'": "apostrophe", "\\": "backslash", "\n": "ret", "\t": "tab", "`": "grave_accent",
             "[": "bracket_left", "]": "bracket_right"}
KEY_SHIFTED = {"!": "1", "@": "2", "#": "3", "$": "4", "%": "5", "^": "6", "&": "7", "*": "8", "(": "9", ")": "0",
               "_": "-", "+": "=", ":": ";", '"': "'", "|": "\\", "<": ",", ">": ".", "?": "/", "~": "`"}


def load_genfont():
    """tools/genfont as a module."""
    loader = importlib.machinery.SourceFileLoader("genfont", str(TOP / "tools" / "genfont"))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("genfont", loader))
    loader.exec_module(module)
    return module


GENFONT = load_genfont()
NAMES = ["\ufffd" if name in (None, "replacement") else name for name in GENFONT.glyph_order()]
GLYPHS = {}
for _rows, _name in zip(map(tuple, GENFONT.font()), NAMES):
    if _name != "\ufffd":
        GLYPHS.setdefault(_rows, _name)


class Picture:
    """A PPM of the screen, cut into cells. A VGA in 9-dot mode shows 9 columns of dots for 8."""

    def __init__(self, data):
        _, size, _, self.pixels = data.split(b"\n", 3)
        self.width, self.height = map(int, size.split())
        self.cell_width = 9 if self.width == 720 else 8

    def pixel(self, x, y):
        start = (y * self.width + x) * 3
        return self.pixels[start:start + 3]

    def cell(self, row, column):
        """Returns (character, foreground, background) of a cell; None where no glyph fits. The cursor's line may cover a glyph."""
        left, top = column * self.cell_width, row * 16
        lines = [[self.pixel(left + x, top + y) for x in range(8)] for y in range(16)]
        colours = sorted({dot for line in lines for dot in line})
        if len(colours) > 2:
            return None, None, None
        for back, front in ((colours[0], colours[-1]), (colours[-1], colours[0])):
            dots = tuple(sum(0x80 >> x for x, dot in enumerate(line) if dot != back) for line in lines)
            uncovered = tuple(0 if line == 0xFF and y in (13, 14) else line for y, line in enumerate(dots))
            name = GLYPHS.get(dots) or GLYPHS.get(uncovered)
            if name is not None:
                return name, front, back
        return None, None, None

    def lines(self):
        """The text of each row, without blanks at its end; what is no glyph of ours is U+FFFD."""
        rows = []
        for row in range(self.height // 16):
            text = "".join(self.cell(row, column)[0] or "\ufffd" for column in range(self.width // self.cell_width))
            rows.append(text.rstrip())
        return rows


class Screen:
    """A running machine with a display and a monitor; the serial line goes to the test's log."""

    def __init__(self, machine, extra):
        self.folder = tempfile.TemporaryDirectory()
        folder = pathlib.Path(self.folder.name)
        self.picture_path = folder / "screen.ppm"
        self.serial_path = machine.log_path()
        self.serial_path.unlink(missing_ok=True)
        command = machine.command(("-serial", f"file:{self.serial_path}", "-monitor", f"unix:{folder}/monitor,server=on,wait=off"))
        self.process = subprocess.Popen(["timeout", "300"] + command + list(extra), stdin=subprocess.DEVNULL)
        self.monitor = self.connect(folder / "monitor")

    @staticmethod
    def connect(path, timeout=10):
        deadline = time.monotonic() + timeout
        while True:
            monitor = socket.socket(socket.AF_UNIX)
            try:
                monitor.connect(str(path))
                monitor.settimeout(10)
                Screen.answer(monitor)
                return monitor
            except (FileNotFoundError, ConnectionRefusedError):
                monitor.close()
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.05)

    @staticmethod
    def answer(monitor):
        text = b""
        while not text.endswith(b"(qemu) "):
            text += monitor.recv(4096)
        return text

    def command(self, line):
        self.monitor.sendall(line.encode() + b"\n")
        return self.answer(self.monitor)

    def press(self, *keys):
        for key in keys:
            self.command(f"sendkey {key} 20")
            time.sleep(0.03)

    def type(self, text):
        for character in text:
            if character in KEY_SHIFTED or character.isupper():
                plain = KEY_SHIFTED.get(character, character.lower())
                self.press("shift-" + KEY_NAMES.get(plain, plain))
            else:
                self.press(KEY_NAMES.get(character, character))

    def picture(self):
        self.command(f"screendump {self.picture_path}")
        return Picture(self.picture_path.read_bytes())

    def wait_for(self, wanted, timeout=20):
        """Waits until a row contains the text; returns the rows."""
        deadline = time.monotonic() + timeout
        while True:
            rows = self.picture().lines()
            if any(wanted in row for row in rows):
                return rows
            assert time.monotonic() < deadline, f"{wanted!r} is not on the screen:\n" + "\n".join(rows)
            time.sleep(LATER_S)

    def serial(self):
        return self.serial_path.read_bytes().decode(errors="replace").replace("\r", "")

    def wait_for_serial(self, wanted, timeout=20):
        deadline = time.monotonic() + timeout
        while wanted not in self.serial():
            assert time.monotonic() < deadline, f"{wanted!r} is not on the serial line:\n{self.serial()}"
            time.sleep(LATER_S)

    def close(self):
        self.monitor.close()
        self.process.terminate()
        self.process.wait()
        self.folder.cleanup()


def start(append="", words=None, extra=("-vga", "std"), **options):
    """A Screen. `words` is the whole command line; without it, it begins with console=ttyS0 as everywhere."""
    machine = Machine(append=append, **options)
    if words is not None:
        machine.words = lambda: words
    return Screen(machine, extra)
