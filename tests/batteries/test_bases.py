"""Which ports the cases go to."""

from ipaddress import IPv6Address

import pytest

from scanner.batteries.bases import choose_bases
from scanner.model.address import Listener
from scanner.model.run import PortTable
from scanner.model.verdict import Verdict

HOST = IPv6Address("2001:db8:a::10")
V = Verdict


def table(protocol: str = "tcp", **ports: str) -> PortTable:
    verdicts = dict.fromkeys(V, "") | {V(name.replace("_", "-")): text for name, text in ports.items()}
    return PortTable(str(HOST), "inet", "tcp" if protocol == "tcp" else "udp", verdicts)


def listener(port: int, bind: str = "::", protocol: str = "tcp") -> Listener:
    return Listener(protocol, bind, port, "", v6only=True)


def test_a_blocked_port_with_a_program_comes_first() -> None:
    given = [table(router_dropped="1-1000", open="22")]
    assert choose_bases(given, [], HOST).ports == {"tcp-blocked": 445, "tcp-allowed": 22}
    assert choose_bases(given, [listener(631)], HOST).ports["tcp-blocked"] == 631
    assert choose_bases(given, [listener(631, bind="::1")], HOST).ports["tcp-blocked"] == 445


def test_what_the_router_surely_stops_comes_before_what_it_may_stop() -> None:
    assert choose_bases([table(router_dropped="7", blocked="445")], [], HOST).ports["tcp-blocked"] == 7
    assert choose_bases([table(blocked="445")], [], HOST).ports["tcp-blocked"] == 445


def test_udp_has_a_blocked_port_only() -> None:
    found = choose_bases([table("udp", router_dropped="53", open="123")], [], HOST)
    assert found.ports == {"udp-blocked": 53}


@pytest.mark.parametrize(
    ("ports", "why"),
    [
        ({"open": "22", "closed": "1-21"}, "every scanned TCP port is let in anyway"),
        ({"open": "22", "no_neighbour": "80"}, "every scanned TCP port is let in anyway"),
        ({"open": "22", "upstream_dropped": "445"}, "what is stopped is stopped before your router"),
        ({"open": "22", "indeterminate": "445"}, "no TCP port is known to be stopped by your router"),
        ({}, "no TCP port is known to be stopped by your router"),
    ],
)
def test_why_there_is_none(ports: dict[str, str], why: str) -> None:
    found = choose_bases([table(**ports)], [], HOST)
    assert "tcp-blocked" not in found.ports
    assert found.why["tcp-blocked"].startswith(why)
    assert found.doubt("tcp-allowed") == found.why["tcp-blocked"], "without a filter nothing is learnt of it"
    assert found.open_wide is why.startswith("every")


def test_an_address_that_was_not_scanned() -> None:
    assert choose_bases([], [], HOST).why["tcp-blocked"] == "no TCP port of this address was scanned"
    assert choose_bases([table(router_dropped="1")], [], HOST).why["tcp-allowed"] == "the router lets no TCP port in"
