"""Which source is believed, what counts as a listener, and what is said of nameless ones."""

from typing import Any

import pytest

from scanner.discovery import listeners, proc_net, socket_diagnosis
from scanner.discovery.listeners import SocketReader, read_listeners, read_sockets
from scanner.discovery.sockets import Protocol, Socket
from scanner.model.address import Listener
from scanner.model.errors import EnvironmentFault

KERNEL = 0


def source(*sockets: Socket) -> SocketReader:
    return lambda protocol: tuple(one for one in sockets if one.protocol == protocol)


def failing(protocol: Protocol) -> tuple[Socket, ...]:
    raise EnvironmentFault(f"no {protocol} here", "load it")


def tcp(bind: str, port: int, **rest: Any) -> Socket:
    return Socket("tcp", bind, port, KERNEL, **rest)


def test_socket_diagnosis_is_asked_before_proc() -> None:
    assert (socket_diagnosis.read_sockets, proc_net.read_sockets) == listeners.READERS


def test_a_source_that_finds_nothing_may_be_blind() -> None:
    assert (tcp("::", 22),) == read_sockets("tcp", (source(), source(tcp("::", 22))))
    assert (tcp("::", 22),) == read_sockets("tcp", (failing, source(tcp("::", 22))))
    assert (tcp("::", 22),) == read_sockets("tcp", (source(tcp("::", 22)), failing))


def test_that_nothing_listens_is_believed_of_the_last_source_only() -> None:
    assert read_sockets("tcp", (failing, source())) == ()
    assert read_sockets("tcp", (source(), source())) == ()
    with pytest.raises(EnvironmentFault, match="what listens on TCP cannot be read: no tcp here"):
        read_sockets("tcp", (source(), failing))


def test_no_source_at_all_is_a_problem_for_each_protocol() -> None:
    found, problems = read_listeners((failing, failing))
    assert found == ()
    assert len(problems) == 2
    assert problems[0] == "what listens on TCP cannot be read: no tcp here: load it; no tcp here: load it"


def test_order_doubles_and_ipv4() -> None:
    sockets = (
        Socket("udp", "::", 53, KERNEL),
        tcp("::", 8080, v6only=False),
        tcp("::", 22),
        tcp("::", 22),  # SO_REUSEPORT
        tcp("2001:db8::1", 22),
        tcp("::ffff:192.0.2.1", 23),  # takes IPv4 only
        tcp("::", 0),
    )
    found, problems = read_listeners((source(*sockets),))
    assert (
        Listener("tcp", "2001:db8::1", 22, "", None),
        Listener("tcp", "::", 22, "", None),
        Listener("tcp", "::", 8080, "", v6only=False),
        Listener("udp", "::", 53, "", None),
    ) == found
    assert problems == ()  # the kernel's own sockets have no program


def test_programs_that_cannot_be_named_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listeners, "names_by_inode", lambda inodes: {7: "sshd"} if 7 in inodes else {})
    found, problems = read_listeners((source(Socket("tcp", "::", 22, 7), Socket("tcp", "::", 25, 8)),))
    assert [one.process for one in found] == ["sshd", ""]
    assert problems == ("the programs behind 1 listening sockets cannot be named: run as root (sudo v6expose ...)",)


def test_the_bound_device_by_name_or_number() -> None:
    found, _ = read_listeners((source(tcp("::", 22, interface_index=1), tcp("::", 23, interface_index=4_000_000)),))
    assert [one.interface for one in found] == ["lo", "4000000"]
