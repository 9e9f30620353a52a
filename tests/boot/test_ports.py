"""The ports in the default root: what the kernel shell starts, and what the image says it holds."""
import pexpect
import pytest

from machine import BUILD, PROMPT, Machine, stop

ROOT = BUILD / "root.cpio"
PYTHON_PROMPT = ">>> "


@pytest.fixture
def shell():
    child = Machine(initrd=ROOT, append="quiet", cpu="max").interact(timeout=20)
    child.expect_exact(PROMPT)
    yield child
    stop(child)


def has_port(name):
    """Whether the root was made with the port: it is made without where the port could not be fetched."""
    return f"sys/bin/{name}\0".encode() in ROOT.read_bytes()


needs_micropython = pytest.mark.skipif(not ROOT.exists() or not has_port("micropython"),
                                       reason="a root without MicroPython: make ports")


def ask(child, line, wanted):
    child.send(line + "\r")
    child.expect(wanted)
    child.expect_exact(PYTHON_PROMPT)


@needs_micropython
def test_py_starts_the_prompt_of_micropython(shell):
    shell.send("py\r")
    shell.expect(r"MicroPython v\d")
    shell.expect_exact(PYTHON_PROMPT)
    ask(shell, "6 * 7", r"\n42\r")
    ask(shell, "import os; os.getcwd()", r"'/")
    ask(shell, "print(open('/sys/pkg/list').read())", r"\nmicropython \d+\.\d+")
    shell.send("\x04")
    shell.expect_exact("exit status 0")
    shell.expect_exact(PROMPT)


@needs_micropython
def test_ctrl_c_interrupts_python_and_not_its_prompt(shell):
    shell.send("py\r")
    shell.expect_exact(PYTHON_PROMPT)
    shell.send("import time; time.sleep(100)\r")
    shell.expect(r"\n")
    with pytest.raises(pexpect.TIMEOUT):
        shell.expect_exact(PYTHON_PROMPT, timeout=1)
    shell.send("\x03")
    shell.expect("KeyboardInterrupt")
    shell.expect_exact(PYTHON_PROMPT)
    ask(shell, "6 * 7", r"\n42\r")


def test_py_without_micropython_says_so():
    child = Machine(append="quiet", cpu="max").interact(timeout=20)
    child.expect_exact(PROMPT)
    child.send("py\r")
    child.expect(r"micropython: .*(?i:no such|not found|ENOENT)")
    child.expect_exact(PROMPT)
    stop(child)
