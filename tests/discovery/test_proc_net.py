"""/proc/net/tcp6 and udp6, the kernel's and anybody's."""

import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanner.discovery.proc_net import parse_sockets, read_sockets
from scanner.discovery.sockets import Socket
from scanner.model.errors import EnvironmentFault

HEADER = "  sl  local_address                         remote_address                        st tx_queue rx_queue\n"
REST = "00000000:00000000 00:00000000 00000000     0        0 88797 1 0000000000000000 100 0 0 10 0\n"
ZERO = "0" * 32 + ":0000"

pytestmark = pytest.mark.skipif(sys.byteorder != "little", reason="the samples are from a little-endian machine")


def line(local: str, state: str) -> str:
    return f"   0: {local} {ZERO} {state} {REST}"


def test_a_listener() -> None:
    text = HEADER + line("B80D0120000000000000000001000000:01BB", "0A")
    assert (Socket("tcp", "2001:db8::1", 443, 88797),) == parse_sockets("tcp", text)


def test_connected_sockets_are_passed_over() -> None:
    text = HEADER + line("0" * 32 + ":1F90", "01") + line("0" * 32 + ":1F91", "07")
    assert parse_sockets("tcp", text) == ()
    assert (Socket("udp", "::", 0x1F91, 88797),) == parse_sockets("udp", text)


def test_nothing_but_a_header() -> None:
    assert parse_sockets("tcp", HEADER) == ()
    assert parse_sockets("tcp", "") == ()


@pytest.mark.parametrize("bad", ["x", "0: 1 2 zz", "0: 0000:0016 0 0A", line("0" * 31 + ":0016", "0A")])
def test_a_strange_line_is_named(bad: str) -> None:
    with pytest.raises(EnvironmentFault, match="/proc/net/tcp6 has the line"):
        parse_sockets("tcp", HEADER + bad)


@given(st.text(alphabet=st.sampled_from("0123456789ABCDEF: \n-x\x00é"), max_size=300))
def test_any_text_gives_sockets_or_a_fault(text: str) -> None:
    try:
        found = parse_sockets("tcp", HEADER + text)
    except EnvironmentFault:
        return
    assert all(isinstance(one, Socket) for one in found)


def test_without_ipv6_nothing_listens(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scanner.discovery.proc_net.FILES", {"tcp": tmp_path / "tcp6"})
    assert read_sockets("tcp") == ()


def test_an_unreadable_file_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scanner.discovery.proc_net.FILES", {"tcp": tmp_path})
    with pytest.raises(EnvironmentFault, match=str(tmp_path)):
        read_sockets("tcp")
