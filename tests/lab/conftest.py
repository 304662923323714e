"""One built-in Internet a test module, under a name no other process has. What needs none is in pure/."""

import itertools
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from scanner.lab.lab import Lab

HERE = Path(__file__).parent
_NUMBERS = itertools.count(1)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents and HERE / "pure" not in item.path.parents:
            item.add_marker(pytest.mark.lab)


@pytest.fixture(autouse=True)
def _namespaces_allowed(request: pytest.FixtureRequest) -> None:
    """Root may always. Anybody else runs these in a user namespace: tests/test_lab_as_user.py."""
    if request.node.get_closest_marker("lab") and os.geteuid() != 0:
        pytest.skip("needs root; tests/test_lab_as_user.py runs it in a user namespace")


@pytest.fixture(scope="session")
def unique_name() -> Callable[[], str]:
    """A lab name that nobody else uses: this process's own, numbered."""
    return lambda: f"v6xt{os.getpid()}x{next(_NUMBERS)}"


@pytest.fixture(scope="module")
def lab(unique_name: Callable[[], str]) -> Iterator[Lab]:
    if os.geteuid() != 0:
        pytest.skip("needs root; tests/test_lab_as_user.py runs it in a user namespace")
    with Lab(unique_name()) as one:
        yield one
