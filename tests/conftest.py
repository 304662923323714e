"""What holds for every test: the history of whoever runs them stays as it is, a loaded machine is no failure, and
several processes (pytest -n 3) share the tests file by file, since the tests of a file share a lab.
"""

import os
import re
import signal
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from scanner.lab import commands, state
from scanner.lab.lab import Lab

# Begun first when processes share the work, so that none of these is left over at the end; the longest stand first.
LONGEST = (
    "tests/lab/test_simple_security",
    "tests/lab/test_batteries",
    "tests/report/test_bilingual",
    "tests/report/test_browser",
    "tests/lab/test_certificate",
    "tests/lab/test_rest_of_lan",
    "tests/lab/test_hostile_banner",
    "tests/lab/",
    "tests/store/",
    "tests/cli/",
)
# Files that must not run beside each other: three labs each at once already, with clocks in tenths of seconds; one
# chromium, which renders each page once.
TOGETHER = {
    "tests/lab/test_simple_security": "three labs",
    "tests/lab/test_two_sided": "three labs",
    "tests/lab/test_trouble": "three labs",
    "tests/report/test_bilingual": "browser",
    "tests/report/test_browser": "browser",
}

# The rest is as hypothesis has it, on CI as it has it there.
settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any machine")


def pytest_configure() -> None:
    """Begun in the background by a shell, SIGINT is ignored, here and in every child: the tests of Ctrl-C need it."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if hasattr(config, "workerinput"):  # one of several processes
        items.sort(key=lambda item: turn(item.nodeid))


def turn(test: str) -> int:
    return next((at for at, start in enumerate(LONGEST) if test.startswith(start)), len(LONGEST))


def group_of(test: str) -> str:
    """What one process runs, in order."""
    return next((group for start, group in TOGETHER.items() if test.startswith(start)), test.partition("::")[0])


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """The option --dist loadgroup would do, but for pytest-dev/pytest-xdist#1386: with pytest 9.2 it groups nothing."""
    from xdist.scheduler import LoadScopeScheduling

    class ByGroup(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return group_of(nodeid)

    config.option.loadscopereorder = False  # else the files with the fewest tests come last, and those take longest
    return ByGroup(config, log)


@pytest.fixture(scope="session", autouse=True)
def _state_of_its_own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Scans store their runs in the state directory; those of tests have one of their own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("state")))
        yield


@pytest.hookimpl(trylast=True)
def pytest_unconfigure(config: pytest.Config) -> None:
    """Ctrl-C ends the processes that share the work at once, without their teardown: their labs go here."""
    if hasattr(config, "workerinput") or os.geteuid() != 0:
        return
    spaces = commands.existing_namespaces()
    labs = {space.rpartition("-")[0] for space in spaces} | {path.stem for path in state.RUNTIME.glob("*.json")}
    for name in labs:
        maker = re.fullmatch(r"v6xt(\d+)x\d+", name)  # as tests/lab/conftest.py names them: by process
        if maker and state.start_of(int(maker[1])) is None:
            Lab(name).down()
            state.forget(name)
            for space in commands.existing_namespaces():
                if space.startswith(f"{name}-"):  # a wire without a lab
                    commands.run(["ip", "netns", "del", space])
