"""The far end: what it is written in, and what it does without privilege. Packets go to ::1 only.

Raw packets need a network of one's own: tests/lab/test_stub.py.
"""

import ast
import base64
import shutil
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from importlib import resources
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scanner.vantage.session import Session

from .conftest import Open
from .local import UNPRIVILEGED, collect, receive

SOURCE = resources.files("scanner.vantage").joinpath("stub.py").read_text()
TREE = ast.parse(SOURCE, feature_version=(3, 8))
YOUNGER = {"removeprefix", "removesuffix", "cache", "bit_count", "pairwise", "batched", "setns", "pidfd_open"}


def works(python: str) -> bool:
    """There, and no empty promise of a version manager."""
    path = shutil.which(python)
    return path is not None and subprocess.run([path, "-c", ""], capture_output=True, check=False).returncode == 0


PYTHONS = [python for python in (f"python3.{minor}" for minor in range(8, 15)) if works(python)]


# ---- what it is written in


def test_it_is_one_file_of_the_standard_library() -> None:
    imported = {
        name.partition(".")[0]
        for node in ast.walk(TREE)
        for name in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module or "."]
            if isinstance(node, ast.ImportFrom)
            else []
        )
    }
    assert {"socket", "selectors"} <= imported
    assert imported <= sys.stdlib_module_names


def test_it_uses_nothing_younger_than_python_3_8() -> None:
    used = {node.attr for node in ast.walk(TREE) if isinstance(node, ast.Attribute)}
    assert not used & YOUNGER
    assert SOURCE.isascii(), "whatever the far locale is"


@pytest.mark.parametrize("python", PYTHONS or [pytest.param("", marks=pytest.mark.skip(reason="no versioned python3"))])
def test_it_runs_under_every_python_that_is_here(python: str, opened_with: Callable[[str], Session]) -> None:
    session = opened_with(python)
    assert session.hello.python.startswith(python.removeprefix("python"))
    ports = session.request({"op": "reserve", "address": "::1", "count": 2})["ports"]
    session.submit(
        {
            "op": "connect",
            "id": 5,
            "source": "::1",
            "port": ports[0],
            "address": "::1",
            "ports": [ports[1]],
            "timeout": 1,
        }
    )
    assert receive(session, "connected")["state"] == "refused"
    session.submit({"op": "udp", **PLAIN, "id": 6, "port": ports[0], "ports": [9], "wait": 0.1})
    assert collect(session, "done")


@pytest.fixture
def opened_with(far: Open) -> Callable[[str], Session]:
    """A session whose far python3 is another one."""
    return lambda python: far("sh", "-c", f'shift; exec {python} "$@"', "sh")


# ---- without privilege

PLAIN = {"address": "::1", "key": "00" * 16, "salt": "aa"}


@pytest.fixture
def plain(far: Open) -> Session:
    session = far(*UNPRIVILEGED)
    assert not session.hello.raw
    return session


@pytest.fixture
def tcp_port() -> Iterator[int]:
    with socket.create_server(("::1", 0), family=socket.AF_INET6) as server:
        yield server.getsockname()[1]


def closed_ports(number: int) -> list[int]:
    """Ports nobody had a moment ago."""
    held = [socket.socket(socket.AF_INET6, socket.SOCK_STREAM) for _ in range(number)]
    for one in held:
        one.bind(("::1", 0))
    ports = [one.getsockname()[1] for one in held]
    for one in held:
        one.close()
    return ports


def connect(session: Session, ports: list[int], **more: Any) -> list[dict[str, Any]]:
    source_port = session.request({"op": "reserve", "address": "::1", "count": 1})["ports"][0]
    command = {"op": "connect", "id": 77, "source": "::1", "port": source_port, "address": "::1", "ports": ports}
    session.submit({**command, "timeout": 2, **more})
    *events, done = collect(session, "done")
    assert done["id"] == 77
    assert {event["e"] for event in events} <= {"connected"}
    assert {event["id"] for event in events} <= {77}
    return events


def test_connect_tells_open_from_refused(plain: Session, tcp_port: int) -> None:
    closed = closed_ports(3)
    events = connect(plain, [tcp_port, *closed])
    assert {event["port"]: (event["state"], event["error"]) for event in events} == {
        tcp_port: ("open", ""),
        **dict.fromkeys(closed, ("refused", "ECONNREFUSED")),
    }


def test_connecting_keeps_the_rate(plain: Session) -> None:
    started = time.monotonic()
    events = connect(plain, closed_ports(100), rate=200)
    assert len(events) == 100
    assert 0.4 < time.monotonic() - started < 10


def test_few_file_descriptors_make_it_slow_and_not_wrong(far: Open, tcp_port: int) -> None:
    session = far("sh", "-c", 'ulimit -n 24; exec "$@"', "sh", *UNPRIVILEGED)
    closed = closed_ports(300)
    events = connect(session, [*closed, tcp_port], parallel=1500, rate=1e6)
    assert Counter(event["state"] for event in events) == {"refused": 300, "open": 1}
    assert session.request({"op": "ping"})["e"] == "pong"


def test_udp_hears_answers_and_who_refused(plain: Session) -> None:
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as server:
        server.bind(("::1", 0))
        server.settimeout(2.0)
        answering = server.getsockname()[1]
        closed = [port for port in closed_ports(5) if port != answering]
        source_port = plain.request({"op": "reserve", "address": "::1", "count": 1})["ports"][0]
        payload = base64.b64encode(b"question").decode()
        plain.submit(
            {
                **PLAIN,
                "op": "udp",
                "id": 8,
                "port": source_port,
                "ports": [answering, *closed],
                "payloads": {str(answering): payload},
                "wait": 0.3,
            }
        )
        asked, sender = server.recvfrom(100)
        assert (asked, sender[1]) == (b"question", source_port)
        server.sendto(b"answer", sender)
        *events, done = collect(plain, "done")
    assert (done["id"], done["failed"]) == (8, [])
    heard = [event for event in events if event["e"] == "udp"]
    assert {event["id"] for event in heard} == {8}
    answers = [event for event in heard if event["kind"] == "answer"]
    assert [(a["address"], a["port"], base64.b64decode(a["d"])) for a in answers] == [("::1", answering, b"answer")]
    refused = {
        event["port"]: (event["type"], event["code"], event["address"]) for event in heard if event["kind"] == "icmp"
    }
    assert refused == dict.fromkeys(closed, (1, 4, "::1"))  # RFC 4443 section 3.1: port unreachable
    sent = next(event for event in events if event["e"] == "sent")
    assert (sent["n"], sent["errors"], sent["failed"]) == (len(closed) + 1, {}, [])


def test_a_held_port_hears_and_speaks(plain: Session) -> None:
    port = plain.request({"op": "reserve", "address": "::1", "count": 1})["ports"][0]
    for _ in range(2):  # twice is no harm
        assert plain.request({"op": "hold", "port": port})["e"] == "held"
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as inside:
        inside.bind(("::1", 0))
        inside.settimeout(2.0)
        inside.sendto(b"hello", ("::1", port))
        heard = receive(plain, "datagram")
        assert heard["from"] == ["::1", inside.getsockname()[1]]
        assert base64.b64decode(heard["d"]) == b"hello"
        words = [base64.b64encode(bytes([n])).decode() for n in range(5)]
        plain.submit({"op": "datagram", "id": 3, "port": port, "to": heard["from"], "d": words, "interval": 0.01})
        assert [inside.recv(9) for _ in range(5)] == [bytes([n]) for n in range(5)]
    assert receive(plain, "sent")["n"] == 5


@pytest.mark.parametrize(("op", "event"), [("connect", "connected"), ("udp", "udp")])
def test_cancelling_ends_what_is_under_way_and_what_waits(plain: Session, op: str, event: str) -> None:
    first, second = plain.request({"op": "reserve", "address": "::1", "count": 2})["ports"]
    common = {**PLAIN, "source": "::1", "ports": closed_ports(50), "rate": 5}
    plain.submit({**common, "op": op, "id": 1, "port": first})
    plain.submit({**common, "op": op, "id": 2, "port": second})
    receive(plain, event)
    plain.submit({"op": "cancel"})
    plain.request({"op": "ping"})
    plain.receive()
    time.sleep(0.5)
    assert plain.receive() == [], "neither goes on"
    plain.submit({**PLAIN, "op": "udp", "id": 3, "port": first, "ports": closed_ports(1), "wait": 0.1})
    *events, done = collect(plain, "done")
    assert done["id"] == 3, "the port is free again"
    assert [event["id"] for event in events if event["e"] == "udp"] == [3]


def test_one_job_sends_at_a_time(plain: Session) -> None:
    first, second = plain.request({"op": "reserve", "address": "::1", "count": 2})["ports"]
    a, b = closed_ports(20), closed_ports(20)
    for number, port, ports in ((1, first, a), (2, second, b)):
        plain.submit(
            {
                "op": "connect",
                "id": number,
                "source": "::1",
                "port": port,
                "address": "::1",
                "ports": ports,
                "rate": 200,
            }
        )
    events = [*collect(plain, "done"), *collect(plain, "done")]
    order = [event["id"] for event in events if event["e"] == "connected"]
    assert order == sorted(order)
    assert order.count(1) == order.count(2) == 20


def test_a_way_that_is_none_is_said_and_not_an_error(plain: Session) -> None:
    assert plain.request({"op": "route", "to": "::1"})["source"] == "::1"
    nowhere = plain.request({"op": "route", "to": "ff02::1%nowhere"})
    assert nowhere["source"] is None
    assert nowhere["error"]


def test_only_nmap_is_ever_run(plain: Session) -> None:
    for argv in (["sh", "-c", "id"], ["/bin/sh"], ["/usr/bin/nmap"], ["nmap-evil"]):
        assert plain.request({"op": "exec", "argv": argv})["status"] == 127


def test_an_end_that_reads_nothing_costs_no_memory(far: Open, fake_nmap: object) -> None:
    """Back pressure: the far nmap blocks, the stub goes on answering commands, nothing is lost."""
    (fake_nmap / "nmap").write_text("#!/bin/sh\nhead -c 24000000 /dev/zero\necho end >&2\n")  # type: ignore[operator]
    session = far()
    session.submit({"op": "exec", "id": 1, "argv": ["nmap"]})
    time.sleep(1.0)
    memory = int(open(f"/proc/{session._process.pid}/statm").read().split()[1]) * 4096  # noqa: PTH123, SIM115
    assert memory < 40_000_000
    total = 0
    for event in collect(session, "exited", 30.0):
        total += len(base64.b64decode(event["d"])) if event["e"] == "output" and event["stream"] == 1 else 0
    assert total == 24_000_000


# ---- its own arithmetic

STUB: dict[str, Any] = {"__name__": "stub"}
exec(compile(ast.Module(TREE.body[:-1], []), "stub.py", "exec"), STUB)  # noqa: S102  (all but its last line, main())


@settings(deadline=None)
@given(st.integers(0, 60), st.integers(0, 200))
def test_the_few_stand_evenly_among_the_many(few: int, many: int) -> None:
    mixed = STUB["evenly"]([("few", n) for n in range(few)], [("many", n) for n in range(many)])
    assert [n for kind, n in mixed if kind == "few"] == list(range(few))
    assert [n for kind, n in mixed if kind == "many"] == list(range(many))
    # Between two neighbours of the few, and before the first and after the last, about many / few of the many.
    gaps = [0]
    for kind, _ in mixed:
        gaps = [*gaps, 0] if kind == "few" else [*gaps[:-1], gaps[-1] + 1]
    if few:
        assert max(gaps) <= many / few + 1
        assert all(gap >= many // few - 1 for gap in gaps[1:-1])


@settings(deadline=None)
@given(st.floats(0.1, 1e5), st.lists(st.floats(0, 0.1), min_size=1, max_size=50))
def test_the_pacer_never_runs_ahead_and_never_bursts(rate: float, steps: list[float]) -> None:
    pacer = STUB["Pacer"](rate)
    now = 1000.0
    for step in steps:
        now += step
        due = pacer.due(now)
        assert due <= STUB["BATCH"]
        pacer.count += max(0, due)
        assert pacer.count <= (now - 1000.0) * rate + 1 + 1e-6 * rate
