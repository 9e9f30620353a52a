"""The kernel shell, and an unmodified busybox shell under it, as a person at the serial line sees them."""
import re
import time

import pexpect
import pytest

from machine import BUILD, PROMPT, Machine, stop

ROOT = BUILD / "root.cpio"
COMMANDS = ("mem", "ps", "ticks", "uptime", "ls", "cat", "run", "log", "rand", "panic", "reboot", "poweroff", "help")
SHELL_PROMPT = r"(~|/\S*) [#$] "
# The line editor draws the prompt again while a line is edited: a new one stands on a new line.
NEW_PROMPT = r"\n\r*" + PROMPT


@pytest.fixture
def shell(request):
    """A child at the kernel shell's prompt."""
    child = Machine(initrd=ROOT, append="quiet", cpu="max").interact(timeout=20)
    child.expect_exact(PROMPT)
    yield child
    stop(child)


def ask(child, line, wanted=None):
    """Types a line and returns what came before the next prompt."""
    child.send(line + "\r")
    child.expect(NEW_PROMPT)
    text = child.before.replace("\r", "")
    if wanted is not None:
        assert re.search(wanted, text), text
    return text


@pytest.fixture
def busybox(shell):
    """A child at the prompt of a busybox shell."""
    shell.send("run /sys/bin/busybox sh\r")
    shell.expect(SHELL_PROMPT)
    return shell


def type_line(child, line, wanted):
    child.send(line + "\r")
    child.expect(wanted)
    child.expect(SHELL_PROMPT)


def test_help_names_every_command(shell):
    text = ask(shell, "help")
    assert not [name for name in COMMANDS if not re.search(rf"\b{name}\b", text)], text


@pytest.mark.parametrize("line, wanted", (
    ("mem", r"\d+"), ("ps", r"\b1\b"), ("ticks", r"\d+"), ("uptime", r"\d"), ("ls /", r"sys"),
    ("ls /sys/bin", r"busybox"), ("cat /etc/hosts", r"127\.0\.0\.1 localhost"), ("log", r"Astra"), ("rand", r"[0-9a-f]{4}"),
    ("nosuchcommand", r"nosuchcommand"), ("cat /nosuch", r"(?i)no such|not found|-2|ENOENT"),
    ("run /sys/bin/busybox true", r"\b0\b"), ("run /sys/bin/busybox false", r"\b1\b"), ("run /nosuch", r"(?i)no such|not found|ENOENT"),
    ("run /sys/bin/busybox sh -c exit", r"\b0\b"), ("run /etc/hosts", r"(?i)denied|EACCES|exec")))
def test_a_command_answers(shell, line, wanted):
    ask(shell, line, wanted)


def test_ticks_grow(shell):
    first = int(re.search(r"(\d+)", ask(shell, "ticks").split("ticks", 1)[-1]).group(1))
    second = int(re.search(r"(\d+)", ask(shell, "ticks").split("ticks", 1)[-1]).group(1))
    assert second > first


def test_an_empty_line_and_a_long_line_are_survived(shell):
    ask(shell, "")
    ask(shell, "x" * 600)
    ask(shell, "uptime", r"\d")


def test_editing_erases_and_moves(shell):
    ask(shell, "helpx\x7f", r"poweroff")
    ask(shell, "elp\x1b[D\x1b[D\x1b[Dh", r"poweroff")


def test_arrow_up_brings_the_last_line_back(shell):
    ask(shell, "cat /etc/hosts", "localhost")
    ask(shell, "\x1b[A", "127.0.0.1 localhost")


def test_ctrl_c_at_the_prompt_drops_the_line(shell):
    shell.send("garbage\x03")
    shell.expect(NEW_PROMPT)
    ask(shell, "uptime", r"\d")


def test_ctrl_c_reaches_a_program(shell):
    shell.send("run /sys/bin/busybox sleep 100\r")
    with pytest.raises(pexpect.TIMEOUT):
        shell.expect(NEW_PROMPT, timeout=1)
    shell.send("\x03")
    shell.expect(NEW_PROMPT, timeout=5)


def test_busybox_shell_computes_and_pipes(busybox):
    type_line(busybox, "echo $((6 * 7))", r"\n42\r")
    type_line(busybox, "seq 5 | wc -l", r"\n5\r")
    type_line(busybox, "ls / | sort | head -n 2", r"bin")
    type_line(busybox, "cat /proc/self/comm", r"\ncat\r")


def test_busybox_exit_status_is_shown_by_the_kernel_shell(busybox):
    busybox.send("exit 3\r")
    busybox.expect(NEW_PROMPT)
    assert re.search(r"\b3\b", busybox.before.split("exit 3", 1)[-1]), busybox.before


def test_ctrl_c_stops_a_job_of_the_shell_and_not_the_shell(busybox):
    busybox.send("sleep 100\r")
    with pytest.raises(pexpect.TIMEOUT):
        busybox.expect(SHELL_PROMPT, timeout=1)
    busybox.send("\x03")
    busybox.expect(SHELL_PROMPT, timeout=5)
    type_line(busybox, "echo status $?", r"status 130\r")


def test_ctrl_z_stops_a_job_and_fg_continues_it(busybox):
    busybox.send("sleep 100\r")
    with pytest.raises(pexpect.TIMEOUT):
        busybox.expect(SHELL_PROMPT, timeout=1)
    busybox.send("\x1a")
    busybox.expect(r"Stopped", timeout=5)
    busybox.expect(SHELL_PROMPT)
    type_line(busybox, "jobs", r"Stopped +sleep 100")
    busybox.send("fg\r")
    busybox.expect(r"sleep 100")
    with pytest.raises(pexpect.TIMEOUT):
        busybox.expect(SHELL_PROMPT, timeout=1)
    busybox.send("\x03")
    busybox.expect(SHELL_PROMPT, timeout=5)


def test_a_background_job_is_reported(busybox):
    busybox.send("sleep 0.3 &\r")
    busybox.expect(SHELL_PROMPT)
    type_line(busybox, "wait; echo waited", r"\nwaited\r")


def test_ctrl_d_leaves_the_shell(busybox):
    busybox.send("\x04")
    busybox.expect(NEW_PROMPT)


def test_an_editor_works_on_the_terminal(busybox):
    type_line(busybox, "stty rows 24 cols 80; stty size", r"24 80\r")  # else vi asks the terminal and reads the answer
    busybox.send("vi /tmp/note\r")
    busybox.expect(r"- /tmp/note")
    busybox.send("ifirst line\rsecond line\x1b")
    time.sleep(0.5)  # or the escape key is taken for the start of an arrow key
    busybox.send(":wq\r")
    busybox.expect(SHELL_PROMPT)
    type_line(busybox, "cat /tmp/note", r"first line\r+\nsecond line\r")


def test_terminal_size_and_modes(busybox):
    type_line(busybox, "stty rows 40 cols 100; stty size", r"40 100\r")
    type_line(busybox, "stty -a", r"icanon")
    type_line(busybox, "read -s x; echo got $x\rsecret", r"got secret\r")


def test_a_crash_of_a_program_is_its_own(busybox):
    type_line(busybox, "sh -c 'kill -SEGV $$'; echo status $?", r"status 139\r")
    type_line(busybox, "echo alive", r"\nalive\r")


def test_poweroff_ends_the_machine(shell):
    shell.send("poweroff\r")
    shell.expect(pexpect.EOF, timeout=10)
    shell.wait()
    assert shell.exitstatus == 1  # debug exit with 0


def test_reboot_resets_the_machine(shell):
    shell.send("reboot\r")
    shell.expect(pexpect.EOF, timeout=10)
    shell.wait()
    assert shell.exitstatus == 0


def test_panic_shows_registers_and_named_functions(shell):
    shell.send("panic\r")
    shell.expect(r"(?i)panic")
    shell.expect(r"(?i)rip")
    shell.expect(r"[a-z_]+\+0x[0-9a-f]+")


def test_panic_reboots_after_the_seconds_given():
    child = Machine(initrd=ROOT, append="quiet panic=1").interact(timeout=20)
    try:
        child.expect_exact(PROMPT)
        child.send("panic\r")
        child.expect(pexpect.EOF, timeout=10)
    finally:
        stop(child)
