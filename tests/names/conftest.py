"""One real name server for the whole room."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.names.nameserver import NameServer, knot

HOME_ZONE = """
ns1 A 127.0.0.1
www 120 AAAA 2001:db8:a::10
www 120 AAAA 2001:db8:a::11
v4only A 192.0.2.1
inside 90 CNAME www
outside 40 CNAME there.other.example.
dangling CNAME nothing.other.example.
loop1 CNAME loop2.other.example.
sub NS ns.sub
ns.sub A 127.0.0.9
""" + "\n".join(f"many AAAA 2001:db8:b::{number:x}" for number in range(1, 101))
OTHER_ZONE = """
ns1 A 127.0.0.1
there 600 AAAA 2001:db8:c::1
loop2 CNAME loop1.home.example.
"""


@pytest.fixture(scope="session")
def name_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NameServer]:
    home: Path = tmp_path_factory.mktemp("knot")
    reverse = "ns1 A 127.0.0.1\n" + "0.1" + ".0" * 18 + " PTR www.home.example."
    zones = {"home.example": HOME_ZONE, "other.example": OTHER_ZONE, "a.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa": reverse}
    with knot(home, zones, broken=["broken.example"]) as server:
        yield server
