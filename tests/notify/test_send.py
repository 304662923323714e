"""The child process, against real servers on loopback, sound and broken ones."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanner.model.errors import EnvironmentFault, InputError
from scanner.notify import send as sending
from scanner.notify.child import WHY, why_of
from scanner.notify.message import Message
from scanner.notify.send import WORDS, Outcome, check, parse_lines, send
from scanner.notify.sources import Service
from tests.notify.servers import SECRET, closed_port, hanging, hook, mail, ntfy, smtp, web

MESSAGE = Message(
    "v6expose web1, grade F: 1 new finding", "New:\n- high: SSH answers <b>strangers</b>\nline 3", "warning"
)


def test_a_webhook_ntfy_and_mail_at_the_same_time() -> None:
    with web() as hooks, web() as topics, mail() as box:
        services = [
            Service("file:/n, line 1", hook(hooks.port)),
            Service("file:/n, line 2", ntfy(topics.port)),
            Service("file:/n, line 3", smtp(box.port)),
        ]
        outcomes = send([(service, MESSAGE) for service in services])
    assert [(one.label, one.why) for one in outcomes] == [(service.label, "sent") for service in services]
    assert [one.service for one in outcomes][:2] == ["JSON", "ntfy"]
    ((path, headers, _),) = hooks.posts
    assert path == "/hook"
    assert headers["Authorization"].startswith("Basic ")
    assert (hooks.json()["title"], hooks.json()["message"]) == (MESSAGE.title, MESSAGE.body)
    assert hooks.json()["type"] == "warning"
    assert topics.json()["topic"] == "alerts"
    assert (topics.json()["title"], topics.json()["message"]) == (MESSAGE.title, MESSAGE.body)
    assert "github" not in str(topics.posts)  # no picture from elsewhere
    (letter,) = box.messages
    assert (letter["Subject"], letter["To"]) == (MESSAGE.title, "owner@example.org")
    text = "".join(part.get_content() for part in letter.walk() if part.get_content_maintype() == "text")
    assert "line 3" in text


def test_broken_servers_are_each_told_apart_and_end_in_time() -> None:
    with web(500) as sick, web(401) as picky, closed_port() as closed, hanging() as silent, hanging(b"H") as slow:
        urls = [hook(sick.port), ntfy(picky.port), hook(closed), smtp(closed), hook(silent), hook(slow), smtp(slow)]
        services = [Service(f"line {number}", url) for number, url in enumerate(urls)]
        started = time.monotonic()
        outcomes = send([(service, MESSAGE) for service in services], seconds=3)
    assert time.monotonic() - started < 3 + sending.START_SECONDS
    assert [one.why for one in outcomes] == ["http-500", "http-401", "refused", "refused", "slow", "slow", "slow"]
    assert not any(one.sent for one in outcomes)
    assert SECRET not in "".join(f"{one!r} {one.words}" for one in outcomes)
    assert outcomes[0].words == "it answered with HTTP status 500"


def test_ctrl_c_stops_waiting_and_forgets_nobody_who_was_told() -> None:
    with web() as hooks, hanging() as silent:

        def press() -> None:
            while not hooks.posts:
                time.sleep(0.05)
            time.sleep(0.5)
            os.kill(os.getpid(), signal.SIGINT)

        presser = threading.Thread(target=press)
        presser.start()
        outcomes = send([(Service(url, url), MESSAGE) for url in (hook(hooks.port), hook(silent))])
        presser.join()
    assert [one.why for one in outcomes] == ["sent", "interrupted"]


def test_secrets_are_in_no_argv_environment_or_output(capfd: pytest.CaptureFixture[str]) -> None:
    """While a service hangs, the child's command line and environment are there to be read by others."""
    with hanging() as port:
        services = [Service("file:/n, line 1", hook(port)), Service("file:/n, line 2", ntfy(port))]
        thread = threading.Thread(target=lambda: send([(one, MESSAGE) for one in services], seconds=2))
        thread.start()
        seen = b""
        while thread.is_alive():
            for child in Path(f"/proc/self/task/{thread.native_id}/children").read_text().split():
                for name in ("cmdline", "environ"):
                    try:
                        seen += Path(f"/proc/{child}/{name}").read_bytes()
                    except OSError:
                        continue
            time.sleep(0.02)
    assert b"scanner.notify.child" in seen
    assert SECRET.encode() not in seen
    assert capfd.readouterr() == ("", "")
    assert SECRET not in repr(services)


def test_what_apprise_does_not_know_is_named_by_its_line() -> None:
    good, bad = Service("file:/n, line 1", hook(9)), Service("file:/n, line 4", f"nosuch://me:{SECRET}@host/")
    assert check([good]) == ("JSON",)
    with pytest.raises(InputError) as refused:
        check([good, bad])
    assert "file:/n, line 4" in str(refused.value)
    assert SECRET not in str(refused.value)


def test_without_apprise_one_line_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sending, "available", lambda: False)
    with pytest.raises(EnvironmentFault, match=r"pip install 'v6expose\[notify\]'"):
        check([Service("x", hook(9))])
    (outcome,) = send([(Service("x", hook(9)), MESSAGE)])
    assert outcome.words == "apprise is not installed"


def test_nothing_is_imported_from_the_current_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "apprise.py").write_text("import pathlib; pathlib.Path('taken').touch()")
    monkeypatch.chdir(tmp_path)
    assert check([Service("x", hook(9))]) == ("JSON",)
    assert not Path("taken").exists()


def test_a_child_that_dies_told_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sending, "CHILD", ("-c", "raise SystemExit(1)"))
    (outcome,) = send([(Service("x", hook(9)), MESSAGE)])
    assert (outcome.sent, outcome.words) == (False, "the process that sends ended before it was told")


@pytest.mark.parametrize(
    ("logged", "word"),
    [
        ("Failed to send JSON notification: Internal Server Error., error=500.", "http-500"),
        ("Socket Exception: [Errno 111] Connection refused", "refused"),
        ("Failed to resolve 'nowhere.invalid' ([Errno -2] Name or service not known)", "name"),
        ("SSLError(SSLCertVerificationError(1, '[SSL: CERTIFICATE_VERIFY_FAILED]'))", "certificate"),
        ("Socket Exception: (535, b'5.7.8 Error: authentication failed')", "login"),
        ("ReadTimeout: Read timed out. (read timeout=8.0)", "slow"),
        ("[Errno 101] Network is unreachable", "unreachable"),
        ("Connection unexpectedly closed", "hung-up"),
        ("something new", "failed"),
        ("", "failed"),
    ],
)
def test_why_is_a_word(logged: str, word: str) -> None:
    assert why_of(["Loaded JSON URL", logged]) == word
    assert word in WORDS or word.startswith("http-")


def test_every_word_of_the_child_has_a_sentence() -> None:
    assert {word for word, _ in WHY} <= set(WORDS)


@given(st.binary(max_size=300))
def test_whatever_the_child_writes_is_read(out: bytes) -> None:
    list(parse_lines(out, 3))


@given(
    st.dictionaries(
        st.sampled_from(["index", "service", "why"]),
        st.one_of(
            st.none(),
            st.booleans(),
            st.integers(-9, 9),
            st.text(max_size=9),
            st.sampled_from(["http-500", "http-\u0665\u0660\u0660"]),
        ),
    )
)
def test_a_line_names_a_service_that_was_asked_and_a_known_word(document: dict[str, object]) -> None:
    for line in parse_lines(json.dumps(document).encode(), 3):
        assert 0 <= line.index < 3
        assert line.why is None or Outcome("x", "y", line.why).words


def test_the_child_says_nothing_by_itself(tmp_path: Path) -> None:
    """Started by hand with a URL that fails, it writes two lines without the URL, and no log."""
    with closed_port() as port:
        given_lines = json.dumps(
            {"seconds": 5, "services": [{"url": hook(port), "title": "t", "body": "b", "tone": "info"}]}
        )
        done = subprocess.run(
            [sys.executable, *sending.CHILD],
            input=given_lines.encode(),
            capture_output=True,
            check=True,
            env={**os.environ},
        )
    assert [json.loads(line) for line in done.stdout.splitlines()] == [
        {"index": 0, "service": "JSON"},
        {"index": 0, "why": "refused"},
    ]
    assert done.stderr == b""
