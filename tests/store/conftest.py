"""A store of its own for each test."""

from pathlib import Path

import pytest

from scanner.store import Store, open_store


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "runs.db"


@pytest.fixture
def store(path: Path) -> Store:
    return open_store(str(path))
