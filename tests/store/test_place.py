"""Where the store is: URLs, files, the state directory, sudo; secrets are refused."""

import os
import pwd
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanner.model.errors import EnvironmentFault, InputError
from scanner.store import open_store
from scanner.store.place import place_of, state_directory


def test_a_file_however_it_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    wanted = tmp_path / "runs.db"
    for text in (str(wanted), f"sqlite:///{wanted}", "runs.db", "sqlite:///runs.db", "~/runs.db"):
        place = place_of(text)
        assert (place.path, str(place)) == (wanted, str(wanted))


@pytest.mark.parametrize("scheme", ["postgresql", "postgres", "postgresql+psycopg"])
def test_a_server(scheme: str) -> None:
    place = place_of(f"{scheme}://me@db.example/runs?sslmode=require")
    assert (place.path, place.url) == (None, "postgresql+psycopg://me@db.example/runs?sslmode=require")


@pytest.mark.parametrize(
    "text",
    [
        "postgresql://me:hunter2@db.example/runs",
        "postgres://db.example/runs?password=hunter2",
        "postgresql://:hunter2@/x",
    ],
)
def test_a_password_in_a_url_is_refused_and_not_repeated(text: str) -> None:
    with pytest.raises(InputError, match=r"holds a password: put it into ~/.pgpass") as caught:
        place_of(text)
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    "text", ["mysql://db/x", "sqlite:", "sqlite://", "http://[", "postgresql://db.example", "postgresql://[x/y"]
)
def test_what_is_no_store_is_refused_with_a_sample(text: str) -> None:
    with pytest.raises(InputError, match="postgresql://user@host/database"):
        place_of(text)


@given(st.text())
def test_any_text_is_a_place_or_refused(text: str) -> None:
    with suppress(InputError):
        place_of(text)


@pytest.mark.parametrize("state", ["", "relative/path"])
def test_the_state_directory_by_default(state: str) -> None:
    assert state_directory({"HOME": "/home/me", "XDG_STATE_HOME": state}) == Path("/home/me/.local/state/v6expose")
    assert state_directory({"HOME": "/home/me", "XDG_STATE_HOME": "/s"}) == Path("/s/v6expose")


def test_under_sudo_it_is_the_callers(monkeypatch: pytest.MonkeyPatch) -> None:
    nobody = pwd.getpwnam("nobody")
    environ = {"HOME": "/root", "SUDO_UID": str(nobody.pw_uid)}
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    assert state_directory(environ) == Path(nobody.pw_dir) / ".local/state/v6expose"
    for uid in ("", "x", "-1", "²", "4294967294000", "999999999"):
        assert state_directory({**environ, "SUDO_UID": uid}) == Path("/root/.local/state/v6expose")
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert state_directory(environ) == Path("/root/.local/state/v6expose")


def test_without_the_driver_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "psycopg", None)
    with pytest.raises(EnvironmentFault, match=r"pip install 'v6expose\[postgres\]'"):
        open_store("postgresql://me@localhost/runs").runs()
