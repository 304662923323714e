"""Files and credentials: what is read, and what is refused without repeating it."""

import os
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanner.model.errors import EnvironmentFault, InputError, ScanError
from scanner.model.notices import Source, SourceKind
from scanner.notify.sources import LARGEST, Service, distinct, read_source
from tests.notify.servers import SECRET

URLS = f"# whom to tell\n\n  ntfys://me:{SECRET}@ntfy.sh/alerts  \r\nmailto://me:{SECRET}@example.org\n"


def written(path: Path, content: str | bytes = URLS, mode: int = 0o600) -> Source:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    path.chmod(mode)
    return Source.parse(f"file:{path}")


def test_one_url_a_line(tmp_path: Path) -> None:
    source = written(tmp_path / "notify")
    services = read_source(source, {})
    assert [one.label for one in services] == [f"{source}, line 3", f"{source}, line 4"]
    assert services[0].url == f"ntfys://me:{SECRET}@ntfy.sh/alerts"
    assert SECRET not in repr(services)
    assert distinct((*services, *services)) == services


def test_a_credential_of_systemd_may_look_like_readable_by_a_group(tmp_path: Path) -> None:
    written(tmp_path / "notify", mode=0o440)
    source = Source.parse("credential:notify")
    assert len(read_source(source, {"CREDENTIALS_DIRECTORY": str(tmp_path)})) == 2
    with pytest.raises(EnvironmentFault, match="--credential notify=FILE"):
        read_source(source, {})
    with pytest.raises(InputError, match="credential:other cannot be read"):
        read_source(Source.parse("credential:other"), {"CREDENTIALS_DIRECTORY": str(tmp_path)})


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o602, 0o666])
def test_a_file_that_others_may_read_or_change_is_refused(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "notify"
    with pytest.raises(InputError) as refused:
        read_source(written(path, mode=mode), {})
    assert refused.value.remedy == f"chmod 600 {path}"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_a_file_of_another_user_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = written(tmp_path / "notify")
    os.chown(tmp_path / "notify", 12345, 12345)
    with pytest.raises(InputError, match="another user"):
        read_source(source, {})
    monkeypatch.setenv("SUDO_UID", "12345")
    assert read_source(source, {})


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "names nobody to tell"),
        ("# nothing\n", "names nobody to tell"),
        (f"ntfy://a/b\n\nhunter {SECRET}\n", "line 3, is no apprise URL"),
        (f"json://me:{SECRET}@host/\x1b[2J", "line 1, is no apprise URL"),
        (f"tag=json://me:{SECRET}@host/ and more", "line 1, is no apprise URL"),
        (b"\xff\xfe" + SECRET.encode(), "is not UTF-8 text"),
        (b"#" * (LARGEST + 1), "is larger than 64 KiB"),
    ],
)
def test_a_bad_line_is_named_and_not_repeated(tmp_path: Path, content: str | bytes, words: str) -> None:
    with pytest.raises(InputError) as refused:
        read_source(written(tmp_path / "notify", content), {})
    assert words in str(refused.value)
    assert SECRET not in str(refused.value)


def test_what_is_no_file_holds_nothing_up(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe", 0o600)
    for name, words in (("pipe", "is no file"), ("", "cannot be read"), ("absent", "cannot be read")):
        with pytest.raises(InputError, match=words):
            read_source(Source.parse(f"file:{tmp_path / name}"), {})


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (f"ntfys://me:{SECRET}@ntfy.sh/x", "a URL does not belong here"),
        (f"mailto://{SECRET}@example.org", "a URL does not belong here"),
        (f"file://{SECRET}/x", "wants a whole path"),
        (f"file:{SECRET}", "wants a whole path"),
        ("file:", "wants a whole path"),
        (f"file:~nobody-of-that-name/{SECRET}", "home directory"),
        (f"credential:../{SECRET}", "no place to read URLs from"),
        ("credential:", "no place to read URLs from"),
        (SECRET, "no place to read URLs from"),
        ("", "no place to read URLs from"),
    ],
)
def test_a_value_that_is_no_source_is_not_repeated(text: str, words: str) -> None:
    with pytest.raises(InputError) as refused:
        Source.parse(text)
    assert words in str(refused.value)
    assert SECRET not in str(refused.value)
    assert "file:/" in str(refused.value)


def test_home_and_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/me")
    assert Source.parse("file:~/.config/notify") == Source(SourceKind.FILE, "/home/me/.config/notify")
    assert (str(Source.parse(" none ")), read_source(Source.parse("none"), {})) == ("none", ())


@given(st.text(max_size=40))
def test_whatever_is_written_is_a_source_that_reads_back_or_refused(text: str) -> None:
    try:
        source = Source.parse(text)
    except InputError:
        return
    assert Source.parse(str(source)) == source


@given(st.binary(max_size=200))
def test_whatever_stands_in_the_file_is_services_or_refused(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    source = written(tmp_path_factory.getbasetemp() / "notify-any", content)
    services: tuple[Service, ...] = ()
    with suppress(ScanError):
        services = read_source(source, {})
    assert all(one.url.isprintable() for one in services)
