from ipaddress import ip_address
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from scanner.model.names import Server
from scanner.names.resolvers import LOCAL, parse_resolvers, system_resolvers

TEXT = """# a comment
search example.org
nameserver 192.0.2.1
nameserver fe80::1%eth0
 nameserver 2001:db8::53 trailing
nameserver no-address
nameserver 192.0.2.2
options edns0
"""


def test_at_most_three_in_their_order() -> None:
    expected = tuple(Server(ip_address(text)) for text in ("192.0.2.1", "fe80::1%eth0", "2001:db8::53"))
    assert parse_resolvers(TEXT) == expected


def test_without_any_the_local_machine_is_asked(tmp_path: Path) -> None:
    assert parse_resolvers("search example.org") == (LOCAL,)
    assert system_resolvers(tmp_path) == (LOCAL,)
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc/resolv.conf").write_bytes(b"\xff\nnameserver 192.0.2.7\n")
    assert system_resolvers(tmp_path) == (Server(ip_address("192.0.2.7")),)


@given(st.text())
def test_any_text_gives_servers(text: str) -> None:
    assert 1 <= len(parse_resolvers(text)) <= 3
