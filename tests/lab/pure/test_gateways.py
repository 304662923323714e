"""The routers that keep to RFC 6092 and those that do not: their rules, without a kernel."""

from ipaddress import IPv6Address

import pytest

from scanner.lab.gateways import EARLY_REJECT, MUTANTS, REFERENCE, Lives, gateway
from scanner.lab.segments import opens
from scanner.probes.cases import gateway as packets
from scanner.probes.cases.gateway import Way

WAY = Way(IPv6Address("2001:db8:f::2"), IPv6Address("2001:db8:a::10"), 1, 2, 3, 4)


def test_every_mistake_has_a_name_and_rules_of_its_own() -> None:
    every = [REFERENCE, EARLY_REJECT, *MUTANTS.values()]
    assert len({one.name for one in every}) == len(every)
    told = {(gateway(one).tables["cpe"], gateway(one).daemons) for one in every}
    assert len(told) == len(every)


@pytest.mark.parametrize("number", MUTANTS)
def test_what_a_mutant_leaves_out_or_replaces_is_there(number: int) -> None:
    """A name that the reference does not know would change nothing."""
    from scanner.lab.gateways import INWARD, OUTWARD

    mutant = MUTANTS[number]
    assert {*mutant.without, *mutant.instead} <= {*INWARD, *OUTWARD, "rh0"}


def test_states_live_as_long_as_asked() -> None:
    text = gateway(lives=Lives(udp=2.5)).tables["cpe"]
    assert text.count("timeout 2500ms") == 2, "UDP and UDP-Lite"
    assert "timeout 7440000ms" in text


def test_rejecting_daemons() -> None:
    both = gateway(lives=Lives(reject=2.0)).daemons
    assert [daemon.arguments[2:] for daemon in both] == [
        ("2.0", "--protocol", "tcp"),
        ("2.0", "--protocol", "sctp"),
    ]
    assert [daemon.arguments[-1] for daemon in gateway(MUTANTS[34]).daemons] == ["sctp"]


def test_what_opens_a_connection() -> None:
    assert opens(packets.tcp(WAY, "S"), "tcp")
    assert not opens(packets.tcp(WAY, "SA"), "tcp")
    assert opens(packets.sctp(WAY, "init", 0), "sctp")
    assert not opens(packets.sctp(WAY, "init-ack", 1), "sctp")
    assert not opens(packets.tcp(WAY, "S"), "sctp")
    assert not opens(b"", "sctp")
