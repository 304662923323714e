"""One built-in Internet a test module, under a name no other process has."""

import itertools
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from scanner.lab.lab import Lab

HERE = Path(__file__).parent
_NUMBERS = itertools.count(1)


def unique_name() -> str:
    return f"v6xt{os.getpid()}x{next(_NUMBERS)}"


def user_namespaces_work() -> bool:
    return (
        subprocess.run(["unshare", "--user", "--map-root-user", "--net", "true"], capture_output=True).returncode == 0
    )


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.lab)


@pytest.fixture(scope="session", autouse=True)
def namespaces_allowed() -> None:
    """Root may always; where nobody may, that is a skip on a desk and a failure under CI."""
    if os.geteuid() == 0:
        return
    reason = "the lab needs root (any user may run the suite with: unshare --user --map-root-user --net --mount)"
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    with Lab(unique_name()) as one:
        yield one
