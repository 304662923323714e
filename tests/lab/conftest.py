"""One built-in Internet a test module, under a name no other process has. What needs none is in pure/."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from scanner.lab.lab import Lab
from scanner.lab.rootless import possible

HERE = Path(__file__).parent
# The batteries take half a minute at their usual pace; test_batteries.py plays them.
os.environ.setdefault("V6EXPOSE_BATTERIES", "none")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents and HERE / "pure" not in item.path.parents:
            item.add_marker(pytest.mark.lab)


def require_root() -> None:
    """Root may always. Anybody else runs these in a user namespace, by tests/test_lab_as_user.py, where that works."""
    if os.geteuid() == 0:
        return
    if possible():
        pytest.skip("runs in a user namespace: tests/test_lab_as_user.py")
    if os.environ.get("CI") == "true":
        pytest.fail("neither root nor user namespaces: the lab was not tested")
    pytest.skip("neither root nor user namespaces")


@pytest.fixture(autouse=True)
def _root(request: pytest.FixtureRequest) -> None:
    if request.node.get_closest_marker("lab"):
        require_root()


@pytest.fixture(scope="session")
def unique_name() -> Iterator[Callable[[], str]]:
    """A lab name that nobody else uses: this process's own, numbered. Leftovers go at the end."""
    made: list[str] = []

    def name() -> str:
        made.append(f"v6xt{os.getpid()}x{len(made) + 1}")
        return made[-1]

    yield name
    for one in made:
        Lab(one).down()


@pytest.fixture(scope="module")
def lab(unique_name: Callable[[], str]) -> Iterator[Lab]:
    require_root()
    with Lab(unique_name()) as one:
        yield one
