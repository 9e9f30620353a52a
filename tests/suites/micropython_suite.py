"""MicroPython's own tests, run by the port's static program in an initramfs: the same binary on both kernels.

The plan is made on this host by the source package's own runner, which says which tests suit this build of
MicroPython; what each must print is the package's .exp file, or else what CPython prints here. The guest
compares and says how each test ended; tests whose expected output is a pattern are judged here.
"""
import base64
import os
import pathlib
import re
import resource
import subprocess

import pexpect

import initramfs
import machine

FOLDER = pathlib.Path(__file__).resolve().parent / "micropython"
PORT = machine.BUILD / "ports" / "micropython"
PROGRAM = PORT / "tree" / "sys" / "bin" / "micropython"
SOURCE = machine.BUILD / "ports" / "source" / "micropython"
TESTS = SOURCE / "tests"
CPYTHON = ("/usr/bin/python3", "-BS")
# They import unittest, which the source package comes without.
WITHOUT_UNITTEST = r"^extmod/(machine1|marshal_micropython|ssl_noleak|vfs_rom)\.py$"
# What the package's runner calls special, besides all of cmdline/.
SPECIAL = ("micropython/meminfo.py", "basics/bytes_compare3.py", "basics/builtin_help.py", "thread/thread_exc2.py")
# What a guest's programs start with; a test opens more.
DESCRIPTORS = (1024, 4096)
TIMEOUT_S = 1500
QUIET_S = 0.3


class Run:
    """How the tests of one boot ended: {name: (result, output)}, result one of pass, skip, fail."""

    def __init__(self, result, ends):
        self.result = result
        self.ends = ends

    def names(self, wanted):
        return sorted(name for name, (end, _) in self.ends.items() if end == wanted)

    def figures(self):
        counts = {end: len(self.names(end)) for end in ("pass", "fail", "skip")}
        return f"{counts['pass'] + counts['fail']} run, {counts['pass']} passed, {counts['skip']} skipped"


def limit_descriptors():
    resource.setrlimit(resource.RLIMIT_NOFILE, DESCRIPTORS)


def host_run():
    """Returns {name: pass, FAIL or skip}, as the package's runner sees the tests on this host."""
    environment = dict(os.environ, MICROPY_MICROPYTHON=str(PROGRAM), MICROPY_CPYTHON3=CPYTHON[0])
    folder = machine.BUILD / "suites" / "micropython"
    folder.mkdir(parents=True, exist_ok=True)
    done = subprocess.run(
        ["/usr/bin/python3", "-B", "run-tests.py", "-j1", "-r", str(folder), "-e", WITHOUT_UNITTEST],
        cwd=TESTS, env=environment, capture_output=True, text=True, timeout=900, check=False,
        preexec_fn=limit_descriptors)
    found = {name: end for end, name in re.findall(r"^(pass|FAIL|skip) +(\S+\.py)", done.stdout, re.M)}
    if "tests performed" not in done.stdout:
        raise RuntimeError(f"the package's runner did not finish: {done.stdout[-2000:]}{done.stderr[-2000:]}")
    return found


def kind(name):
    """How the test is run: typed at a terminal, with its own options, or plainly."""
    if is_dialogue(name):
        return "dialogue"
    return "special" if name.startswith("cmdline/") or name in SPECIAL else "plain"


def is_dialogue(name):
    return name.startswith("cmdline/repl_")


def options(name):
    first = (TESTS / name).read_text(errors="replace").split("\n")[0]
    return first[len("# cmdline:"):].split() if first.startswith("# cmdline:") else []


def expected(name):
    """What the test must print, as bytes."""
    stored = TESTS / (name + ".exp")
    if stored.exists():
        return stored.read_bytes()
    done = subprocess.run([*CPYTHON, TESTS / name], cwd=(TESTS / name).parent, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=120, check=False,
                          env=dict(os.environ, PYTHONIOENCODING="utf-8"), preexec_fn=limit_descriptors)
    output = done.stdout.replace(bytes(TESTS), b"/tests")
    return output if done.returncode == 0 else b"CPython fails:\n" + output


def initrd(names):
    """The archive with the program, the folders of the tests named, what they must print, and the plan."""
    plan = [" ".join([kind(name), name, *options(name)]) for name in names]
    files = {"bin/micropython": (PROGRAM.read_bytes(), 0o755), "tests/plan": "\n".join(plan) + "\n"}
    folders = {TESTS / name.split("/")[0] for name in names} | {SOURCE / "extmod" / "asyncio"}
    for folder in sorted(folders):
        for path in sorted(folder.rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                files[str(path.relative_to(SOURCE))] = path.read_bytes()
    # One after the other: tests of a folder write files of the same name.
    for name in names:
        files[f"tests/{name}.exp"] = expected(name)
    return initramfs.busybox_initrd((FOLDER / "init").read_text(), files)


def pattern(text):
    """The regular expression that a special test's expected output stands for: a line of eight # is any lines, a
    backslash makes the next character one of the expression's, all others stand for themselves."""
    lines = []
    for line in text.splitlines(keepends=True):
        if line == "########\n":
            lines.append(r"(?:[^\n]*\n)*?")
            continue
        lines.append(re.sub(r"\\(.)|([()\[\]{}.*+^$])", lambda found: found[1] or "\\" + found[2], line))
    return "".join(lines)


def judge_special(name, status, output):
    text = output.decode(errors="replace").replace("\r\n", "\n")
    if status == 0 and (text == "SKIP\n" or "\nSKIP\n" in text):
        return "skip"
    wanted = (TESTS / (name + ".exp")).read_text()
    if not text.endswith("\n"):
        text += "\n"
    return "pass" if status == 0 and re.fullmatch(pattern(wanted), text) else "fail"


def ends_of(lines, names):
    """Returns {name: (result, output)}; a test of which nothing was heard is a failed one."""
    ends = {name: ("fail", b"<nothing was heard of it>") for name in names}
    for number, line in enumerate(lines):
        said = re.match(r"@ (pass|skip|fail|show) (\S+) (\d+)$", line)
        if not said or said[2] not in ends:
            continue
        end, name, output = said[1], said[2], output_after(lines, number)
        if output is None and end in ("fail", "show"):
            continue  # its line in the second list
        if end == "show":
            end = judge_special(name, int(said[3]), output)
        ends[name] = (end, output)
    return ends


def output_after(lines, number):
    """The bytes that follow a result's line, or None."""
    encoded = []
    for line in lines[number + 1:]:
        if not line.startswith("= "):
            return base64.b64decode("".join(encoded) + "==", validate=False) if line == "@ end" else None
        encoded.append(line[2:])
    return None


def guest(kernel, archive, name):
    return machine.Machine(kernel, archive, "quiet loglevel=1", cpu="max", memory=512, name=f"{name}-{kernel}")


def run(kernel, archive, names):
    result = guest(kernel, archive, "micropython").run(TIMEOUT_S)
    return Run(result, ends_of(result.lines, names))


def shown(child):
    """What the terminal shows until it has been quiet for a while; expect() may have read some of it."""
    text, child.buffer = child.buffer, ""
    while True:
        try:
            text += child.read_nonblocking(4096, timeout=QUIET_S if text else 10)
        except pexpect.TIMEOUT:
            return text


def hold_dialogue(child, name):
    """Types the test's lines at MicroPython's prompt; returns what was shown, with ends of lines as \\n."""
    text = shown(child)
    for line in open(TESTS / name, encoding="utf-8", newline="\n"):
        child.send(line)
        text += shown(child)
    child.send("\x04")
    child.expect_exact("@ over")
    return re.sub("\r+\n", "\n", text).encode()


def run_dialogues(kernel, archive, names):
    """Boots once and holds the dialogues in the order of the plan."""
    child = guest(kernel, archive, "micropython-dialogues").interact(timeout=60)
    ends = {}
    try:
        for name in names:
            child.expect(f"@ dialogue {re.escape(name)}\r*\n")
            output = hold_dialogue(child, name)
            ends[name] = (judge_special(name, 0, output), output)
        child.expect_exact("#### done")
    finally:
        machine.stop(child)
    return Run(None, ends)
