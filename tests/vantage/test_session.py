"""A live stub on this machine, and far ends that misbehave."""

import json
import os
import select
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scanner.model.errors import EnvironmentFault, IncompleteError
from scanner.vantage import session as session_module
from scanner.vantage.session import ControlDirectory, Hello, Session, open_session, parse_event
from scanner.vantage.spec import ExecSpec, parse_spec

from .conftest import Open
from .local import UNPRIVILEGED, eventually, lives, receive

HELLO = {
    "e": "hello",
    "python": "3.8.0",
    "system": "Linux",
    "euid": 1000,
    "raw": False,
    "why": "not root",
    "nmap": None,
    "addresses": [["2001:db8::1", 64, "eth0"]],
    "clock": 1.5,
}


UNTIL_THE_END = "while os.read(0, 65536): pass"


def fake(*lines: str, then: str = UNTIL_THE_END) -> ExecSpec:
    """A far end that says these lines once something has been sent to it, and then does something else."""
    code = "import os, sys\nos.read(0, 1)\n" + "".join(f"os.write(1, {line.encode()!r})\n" for line in lines) + then
    return ExecSpec((sys.executable, "-c", code))


@pytest.fixture
def opened() -> Iterator[Callable[..., Session]]:
    sessions: list[Session] = []

    def start(spec: ExecSpec, timeout: float = 5.0) -> Session:
        sessions.append(open_session(spec, timeout=timeout))
        return sessions[-1]

    yield start
    for session in sessions:
        session.close()


# ---- hello


def test_a_real_stub_says_what_it_can_do(far: Open) -> None:
    hello = far().hello
    version = subprocess.run(["python3", "-V"], capture_output=True, text=True, check=True).stdout.split()[1]
    assert hello.python == version
    assert hello.system == os.uname().sysname
    assert hello.root == (os.geteuid() == 0)
    assert hello.raw == (hello.why is None)
    assert abs(hello.clock - time.time()) < 5


def test_without_privilege_it_says_why(far: Open) -> None:
    hello = far(*UNPRIVILEGED).hello
    assert (hello.root, hello.raw) == (False, False)
    assert hello.why == "Operation not permitted: the login is not root"


def test_nmap_is_found_or_missed(far: Open, fake_nmap: Path) -> None:
    assert far().hello.nmap == "7.93"
    (fake_nmap / "nmap").write_text("#!/bin/sh\nexit 1\n")
    assert far().hello.nmap is None


NOISE = [
    ["Welcome to vps!\n"],
    ["no newline at the end"],
    ['{"not": "an event"}\n', "{broken\n", "[1,2]\n", '{"e": 5}\n', "\xff\x00\x1b[31m\r\n"],
    ['{"e":"hello"}\n', '{"e":"hello","python":1,"addresses":[["x"]]}\n', '{"e":"other"}\n'],
    ["{" * 20_000 + "\n", '{"e":' + "[" * 20_000 + "\n"],
]


@pytest.mark.parametrize("noise", NOISE)
def test_noise_of_a_login_shell_is_passed_over(noise: list[str], opened: Callable[..., Session]) -> None:
    session = opened(fake(*noise, "\n" + json.dumps(HELLO) + "\n"))
    assert session.hello == Hello.parse(HELLO)


def test_a_real_stub_survives_a_prompt_without_a_newline(far: Open) -> None:
    session = far("sh", "-c", "printf 'You have new mail. '; exec \"$@\"", "sh")
    assert session.request({"op": "ping"})["e"] == "pong"


def test_what_follows_hello_in_the_same_breath_is_kept(opened: Callable[..., Session]) -> None:
    session = opened(fake(json.dumps(HELLO) + '\n{"e":"a"}\n{"e":"b"}\n'))
    assert [event["e"] for event in session.receive()] == ["a", "b"]


def test_a_far_end_that_says_nothing_is_given_up() -> None:
    code = "import sys, time; sys.stderr.write('Password: \\n'); sys.stderr.flush(); time.sleep(60)"
    started = time.monotonic()
    with pytest.raises(EnvironmentFault, match=r"did not say hello within 0 s \(Password:\)") as caught:
        open_session(ExecSpec((sys.executable, "-c", code)), timeout=0.3)
    assert "prints a version" in caught.value.remedy
    assert time.monotonic() - started < 20, "and whoever still asks for a password is ended soon"


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("exec:false", "did not start (exit status 1)"),
        ("exec:sh -c 'echo no way >&2; exit 3'", "did not start (no way)"),
        ("exec:sh -c 'printf \"not here\"; exit 3'", "did not start (not here)"),
        ("exec:no-such-program-anywhere x", "cannot be started (no-such-program-anywhere: No such file or directory)"),
        ("exec:/etc/passwd", "cannot be started (/etc/passwd: Permission denied)"),
        ("exec:env -i PATH=/nowhere", "there is no python3"),
        ("exec:sh -c 'exit 0' x", "did not start (exit status 0)"),
    ],
)
def test_a_transport_that_fails_is_an_environment_fault(text: str, what: str) -> None:
    with pytest.raises(EnvironmentFault) as caught:
        open_session(parse_spec(text))
    assert what in caught.value.message
    assert caught.value.remedy


# ---- requests and events


def test_a_request_gets_its_own_answer_and_leaves_the_others(opened: Callable[..., Session]) -> None:
    """The answer stands in the middle of one batch; nothing before or after it is lost, nor its order."""
    batch = [{"e": "heard", "p": 1}, {"e": "pong", "id": 1}, {"e": "heard", "p": 2}, {"e": "swept", "id": 9}]
    text = "".join(json.dumps(event) + "\n" for event in batch)
    then = f"os.read(0, 100000); os.write(1, {text.encode()!r})\n{UNTIL_THE_END}"
    session = opened(fake(json.dumps(HELLO) + "\n", then=then))
    assert session.request({"op": "ping"}) == batch[1]
    assert session.receive() == [batch[0], batch[2], batch[3]]


def test_put_back_comes_first_and_in_order(opened: Callable[..., Session]) -> None:
    session = opened(fake(json.dumps(HELLO) + '\n{"e":"c"}\n'))
    session.put_back([{"e": "a"}, {"e": "b"}])
    assert [event["e"] for event in session.receive()] == ["a", "b", "c"]


def test_a_request_that_cannot_be_done_says_so(far: Open) -> None:
    session = far()
    with pytest.raises(IncompleteError, match=r"could not reserve \(Cannot assign requested address\)"):
        session.request({"op": "reserve", "address": "2001:db8:dead::1", "count": 1})
    with pytest.raises(IncompleteError, match="could not nonsense"):
        session.request({"op": "nonsense"})
    assert session.request({"op": "ping"})["e"] == "pong", "it goes on"


@pytest.mark.parametrize(
    "line", [b"", b"{", b"[]", b"5", b'"x"', b"{}", b'{"op":[]}', b'{"op":"send"}', b"\xff", b"[" * 9999]
)
def test_commands_that_make_no_sense_do_not_end_the_stub(far: Open, line: bytes) -> None:
    session = far()
    session._outgoing += line + b"\n"
    assert session.request({"op": "ping"})["e"] == "pong"


def test_a_request_nobody_answers_times_out_and_keeps_the_rest(opened: Callable[..., Session]) -> None:
    session = opened(fake(json.dumps(HELLO) + '\n{"e":"heard"}\n'))
    with pytest.raises(IncompleteError, match="did not answer within 0 s"):
        session.request({"op": "ping"}, timeout=0.2)
    assert session.receive() == [{"e": "heard"}]


def test_a_command_larger_than_any_pipe_arrives(far: Open) -> None:
    session = far()
    answer = session.request({"op": "route", "to": "::1", "ballast": "x" * 5_000_000})
    assert answer["source"] == "::1"


@settings(deadline=None)
@given(st.binary())
def test_any_line_is_an_event_or_none(line: bytes) -> None:
    for text in (line, b"{" + line, b'{"e":' + line, b'{"e":"x"' + line):
        event = parse_event(text)
        assert event is None or isinstance(event["e"], str)


EVENTS = st.dictionaries(st.text(max_size=5), st.one_of(st.integers(), st.text(), st.none()), max_size=3)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.one_of(EVENTS, st.binary(max_size=30)), max_size=8), st.lists(st.integers(1, 40), max_size=30))
def test_events_come_whole_however_the_stream_is_cut(echo: Session, rows: list[object], cuts: list[int]) -> None:
    """A far end that gives back what it gets, in pieces; lines that are no events stand between the events."""
    events = [{**row, "e": "x"} for row in rows if isinstance(row, dict)]
    lines = [json.dumps({**row, "e": "x"}).encode() if isinstance(row, dict) else b"#" + row for row in rows]
    stream = b"\n".join(line if line.startswith(b"{") else line.replace(b"\n{", b"\n#") for line in lines) + b"\n"
    got: list[object] = []
    for cut in cuts:
        os.write(echo._out.fileno(), stream[:cut])
        stream = stream[cut:]
        got += echo.receive()
    os.write(echo._out.fileno(), stream + b'{"e":"end"}\n')
    while {"e": "end"} not in got:
        select.select([echo.fileno()], [], [], 1.0)
        got += echo.receive()
    assert got[:-1] == events


@pytest.fixture(scope="module")
def echo() -> Iterator[Session]:
    process = subprocess.Popen(["cat"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0)
    with tempfile.TemporaryFile() as errors:
        session = Session(ExecSpec(("cat",)), process, errors)
        yield session
        session.close()


# ---- the end


def test_closing_ends_the_far_end_and_its_nmap(far: Open, fake_nmap: Path, tmp_path: Path) -> None:
    session = far()
    session.submit({"op": "exec", "id": 1, "argv": ["nmap", "--sleep", str(tmp_path / "pids")]})
    receive(session, "output")
    pids = [session._process.pid, *map(int, (tmp_path / "pids").read_text().split())]
    assert len(pids) == 3
    assert all(map(lives, pids))
    session.close()
    assert eventually(lambda: not any(map(lives, pids))), "stub, nmap and what nmap started are gone"
    session.close()


NEAR_SIDE = """
import sys, time
from scanner.vantage.session import open_session
from scanner.vantage.spec import ExecSpec
session = open_session(ExecSpec(("env",)))
session.submit({"op": "exec", "id": 1, "argv": ["nmap", "--sleep", sys.argv[1]]})
print(session._process.pid, flush=True)
time.sleep(60)
"""


def test_a_near_side_that_is_killed_takes_the_far_end_with_it(fake_nmap: Path, tmp_path: Path) -> None:
    record = tmp_path / "pids"
    with subprocess.Popen([sys.executable, "-c", NEAR_SIDE, record], stdout=subprocess.PIPE, text=True) as near:
        assert near.stdout is not None
        far_end = int(near.stdout.readline())
        assert eventually(lambda: record.exists() and len(record.read_text().split()) == 2, 5.0)
        pids = [far_end, *map(int, record.read_text().split())]
        assert all(map(lives, pids))
        near.kill()
    assert eventually(lambda: not any(map(lives, pids)))


def test_a_far_end_that_is_killed_takes_its_nmap_with_it(far: Open, fake_nmap: Path, tmp_path: Path) -> None:
    session = far()
    session.submit({"op": "exec", "id": 1, "argv": ["nmap", "--sleep", str(tmp_path / "pids")]})
    receive(session, "output")
    nmap = int((tmp_path / "pids").read_text().split()[0])
    os.kill(session._process.pid, signal.SIGKILL)
    assert eventually(lambda: not lives(nmap))
    with pytest.raises(IncompleteError, match="lost in mid-scan"):
        session.request({"op": "ping"})


def test_what_was_said_before_the_end_is_not_lost(opened: Callable[..., Session]) -> None:
    """The last words arrive together with the end of the pipe, which breaks while we write, too."""
    last_words = "os.write(1, b'{\"e\":\"swept\"}\\n'); sys.stderr.write('shot\\n'); sys.exit(3)"
    then = f"import time; time.sleep(0.3); {last_words}"
    session = opened(fake(json.dumps(HELLO) + "\n", then=then))
    assert eventually(lambda: not lives(session._process.pid))
    session.submit({"op": "ping", "ballast": "x" * 100_000})
    assert session.receive() == [{"e": "swept"}]
    for use in (session.receive, session.keep_alive, lambda: session.submit({"op": "ping"})):
        with pytest.raises(IncompleteError, match=r"was lost in mid-scan \(shot\)") as caught:
            use()
        assert caught.value.exit_status == 3


def test_after_closing_nothing_is_written_anywhere(far: Open) -> None:
    session = far()
    session.close()
    with tempfile.TemporaryFile() as innocent:  # likely to get the number of the closed pipe
        for use in (lambda: session.submit({"op": "ping"}), session.receive):
            with pytest.raises(IncompleteError):
                use()
        assert innocent.seek(0, os.SEEK_END) == 0


def test_a_line_without_end_is_not_kept_for_ever(
    opened: Callable[..., Session], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session_module, "LONGEST_LINE", 1 << 20)
    session = opened(fake(json.dumps(HELLO) + "\n", then="while True: os.write(1, b'x' * 65536)"))
    with pytest.raises(IncompleteError, match="lost"):
        receive(session, "nothing")


def test_a_silent_far_end_is_lost(opened: Callable[..., Session], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session_module, "PING_EVERY", 0.1)
    monkeypatch.setattr(session_module, "SILENT_AFTER", 0.4)
    session = opened(fake(json.dumps(HELLO) + "\n"))
    started = time.monotonic()
    with pytest.raises(IncompleteError, match=r"lost in mid-scan \(no sign of life\)"):
        receive(session, "nothing")
    assert 0.4 < time.monotonic() - started < 20  # and not the 40 s of SILENT_AFTER


def test_a_near_side_that_was_busy_does_not_call_it_lost(far: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session_module, "PING_EVERY", 0.05)
    monkeypatch.setattr(session_module, "SILENT_AFTER", 0.2)
    session = far()
    for _ in range(3):
        time.sleep(0.4)  # nobody asked, nobody answered
        session.keep_alive()
        assert eventually(lambda: select.select([session.fileno()], [], [], 0)[0])
        assert session.receive() == [], "answers to our own pings are nobody's business"


def test_a_stub_that_hears_nothing_leaves(tmp_path: Path) -> None:
    source = Path(session_module.__file__).with_name("stub.py").read_text()
    assert source.count("\nIDLE = 90.0") == 1
    code = source.replace("\nIDLE = 90.0", "\nIDLE = 0.3")
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.wait(timeout=5) == 0


INTERRUPTED = """
import signal, sys, time
from scanner.vantage.session import open_session
from scanner.vantage.spec import ExecSpec
session = open_session(ExecSpec(("env",)))
try:
    print("ready", flush=True)
    time.sleep(30)
except KeyboardInterrupt:
    print(session.request({"op": "ping"})["e"], flush=True)
    session.close()
"""


def test_ctrl_c_reaches_us_and_not_the_far_end() -> None:
    """A terminal sends it to the whole process group; the far end must live to hand over what it still has."""
    with subprocess.Popen(
        [sys.executable, "-c", INTERRUPTED], stdout=subprocess.PIPE, text=True, start_new_session=True
    ) as near:
        assert near.stdout is not None
        assert near.stdout.readline() == "ready\n"
        os.killpg(near.pid, signal.SIGINT)
        assert near.stdout.readline() == "pong\n"
        assert near.wait(timeout=5) == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_a_stub_with_its_nmap(far: Open, fake_nmap: Path, tmp_path: Path, number: int) -> None:
    session = far()
    session.submit({"op": "exec", "id": 1, "argv": ["nmap", "--sleep", str(tmp_path / "pids")]})
    receive(session, "output")
    nmap = int((tmp_path / "pids").read_text().split()[0])
    os.kill(session._process.pid, number)
    assert eventually(lambda: not lives(session._process.pid) and not lives(nmap))


def test_a_far_end_that_will_not_go_is_made_to(monkeypatch: pytest.MonkeyPatch, opened: Callable[..., Session]) -> None:
    monkeypatch.setattr(session_module, "PATIENCE", 0.2)
    stubborn = 'import signal, time\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\nos.write(1, b\'{"e":"up"}\\n\')\n'
    session = opened(fake(json.dumps(HELLO) + "\n", then=stubborn + "time.sleep(60)"))
    receive(session, "up")
    session.close()
    assert not lives(session._process.pid)


def test_the_control_directory_is_private_and_goes() -> None:
    control = ControlDirectory()
    directory = control.path.parent
    assert directory.stat().st_mode & 0o777 == 0o700
    assert len(str(control.path)) < 60, "ssh appends to it, and a socket's name has 107 bytes (unix(7))"
    control.path.touch()
    control.remove()
    assert not directory.exists()
    control.remove()
