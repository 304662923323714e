"""What holds for every test: the history of whoever runs them stays as it is, a loaded machine is no failure, and
several processes (pytest -n 3 --dist loadgroup) share the tests file by file, since the tests of a file share a lab.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

HERE = Path(__file__).parent
# Begun first when processes share the work, so that none of these is left over at the end; the longest stand first.
LONGEST = (
    "lab/test_batteries.py",
    "lab/test_simple_security.py",
    "lab/test_two_sided.py",
    "lab/test_trouble.py",
    "lab/test_rest_of_lan.py",
    "lab/test_certificate.py",
    "lab/test_memory.py",
    "lab",
    "report",
    "store",
)

# Files that must not run beside each other: three labs each at once already, and clocks in tenths of seconds.
THREE_LABS = ("lab/test_simple_security.py", "lab/test_two_sided.py", "lab/test_trouble.py")

settings.register_profile("any machine", deadline=None)  # the rest as hypothesis has it, on CI as it has it there
settings.load_profile("any machine")


@pytest.hookimpl(tryfirst=True)  # before xdist reads the groups
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if not getattr(config.option, "loadgroup", False):  # one process, and the files in their order
        return
    for item in items:
        item.add_marker(pytest.mark.xdist_group(group_of(item)))
    items.sort(key=turn)


def group_of(item: pytest.Item) -> str:
    """What runs in one process, in order: a file; but all that opens pages shares one chromium and each page's text."""
    if "browser" in getattr(item, "fixturenames", ()):
        return "browser"
    return "three labs" if file_of(item) in THREE_LABS else file_of(item)


def file_of(item: pytest.Item) -> str:
    return item.path.relative_to(HERE).as_posix()


def turn(item: pytest.Item) -> int:
    name = file_of(item)
    return next((at for at, start in enumerate(LONGEST) if name.startswith(start)), len(LONGEST))


@pytest.fixture(scope="session", autouse=True)
def _state_of_its_own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Scans store their runs in the state directory; those of tests have one of their own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("state")))
        yield
