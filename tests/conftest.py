"""What all Python tests share: where the helpers are, the extra options, and the order of the tests."""
import pathlib
import sys

import pytest

sys.dont_write_bytecode = True
TESTS = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(TESTS / "boot"))
sys.path.insert(0, str(TESTS.parent / "tools"))


def pytest_addoption(parser):
    parser.addoption("--stress", action="store_true", help="run the long hunts too")
    parser.addoption("--suites", action="store_true", help="run other people's test suites too")


def pytest_configure(config):
    config.addinivalue_line("markers", "stress: a long hunt, run by make stress")
    config.addinivalue_line("markers", "suite: another project's test suite, run by make suites")
    config.addinivalue_line("markers", "long: takes long, so it is started first")


def pytest_collection_modifyitems(config, items):
    """Leaves out what was not asked for, and starts the long tests first, so that no worker ends late."""
    wanted = [item for item in items if is_wanted(config, item)]
    config.hook.pytest_deselected(items=[item for item in items if item not in wanted])
    items[:] = sorted(wanted, key=lambda item: item.get_closest_marker("long") is None)


def is_wanted(config, item):
    for name in ("stress", "suite"):
        if item.get_closest_marker(name) and not config.getoption("--" + ("suites" if name == "suite" else name)):
            return False
    return True


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session, exitstatus):
    """A run that ran nothing has failed."""
    if exitstatus == pytest.ExitCode.NO_TESTS_COLLECTED:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
