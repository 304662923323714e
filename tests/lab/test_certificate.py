"""Is the vantage outside? Each way of only seeming so, end to end: no grade, exit status 3, and the reason in words."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import IPv6Address
from typing import Any

import pytest

from scanner.lab.disguises import hairpin, nat66, replayed_answers, tcp_proxy
from scanner.lab.lab import Lab
from scanner.lab.personalities import PASSES, Personality, personality, stateful
from scanner.lab.topology import BRIDGE, LAN_ROUTER
from scanner.model.address import Origin

from .strangers import batch, container, guest_network, lan_machine, tunnel

Document = dict[str, Any]
REFLECTED = "2001:db8:2120:f400::77"
FOREIGN = "2001:db8:beef::77"


@pytest.fixture(scope="module")
def home(lab: Lab) -> Lab:
    lab.listen(tcp="22,80,445", udp="53")
    return lab


def stable(lab: Lab) -> IPv6Address:
    return next(address.ip for address in lab.host_addresses() if address.origin is Origin.EUI64)


def scan(lab: Lab, vantage: str, router: Personality = PASSES, ports: str = "20-40,80,445") -> tuple[int, Document]:
    lab.apply(router)
    argv = ["v6expose", "scan", "--vantage", vantage, "--profile", "quick", "--json", "-q", "--fail-on", "never"]
    argv += ["--address", str(stable(lab)), "--tcp", ports, "--udp", "53,123"]
    done = lab.exec("host", argv, check=False, capture_output=True, text=True)
    assert done.stdout, done.stderr
    return done.returncode, json.loads(done.stdout)


def certificate(document: Document) -> tuple[str, str]:
    (vantage,) = document["vantages"]
    return vantage["outside"]["verdict"], "\n".join(vantage["outside"]["evidence"])


def refused(found: tuple[int, Document], *words: str) -> None:
    status, document = found
    verdict, evidence = certificate(document)
    assert (status, document["summary"]["grade"], verdict) == (3, None, "refuted"), evidence
    for word in words:
        assert word in evidence
    assert any(problem.endswith(evidence.partition("\n")[0]) for problem in document["run"]["problems"])
    assert "V6X009" in rules(document)


def rules(document: Document) -> set[str]:
    return {finding["rule"] for finding in document["findings"]}


def verdicts(document: Document, protocol: str = "tcp") -> dict[str, str]:
    (table,) = (table for table in document["ports"] if table["protocol"] == protocol)
    return {verdict: ports for verdict, ports in table["verdicts"].items() if ports}


def netns(space: str) -> str:
    return f"netns:{space}"


# -- outside


@pytest.mark.parametrize("name", ["stateful", "proxy-answers"])
def test_an_honest_vantage_is_proven(home: Lab, name: str) -> None:
    status, document = scan(home, netns(home.node("inet")), personality(name))
    verdict, evidence = certificate(document)
    assert (verdict, status) == ("proven", 0), evidence
    assert document["summary"]["grade"] is not None
    assert "3 routers lie between, 3 said so" in evidence


# -- on this side of the router


def test_the_same_host(home: Lab) -> None:
    refused(scan(home, "exec:env"), "one of this host's own", "loopback interface")


def test_the_same_lan(home: Lab) -> None:
    refused(scan(home, netns(home.node("printer"))), "the host's own link (lan0)", "untouched hop limit")


def test_another_network_of_the_same_site(home: Lab) -> None:
    with guest_network(home) as space:
        refused(scan(home, netns(space)), "share 2001:db8:2120::/48", "another network of the same site")


def test_a_second_address_of_the_same_network_behind_the_router(home: Lab) -> None:
    """The MAC is the router's and the hop limit fell: only the address tells."""
    with lan_machine(home, REFLECTED) as space:
        refused(scan(home, netns(space)), f"{REFLECTED} is in 2001:db8:2120:f400::/64")


def test_a_hairpin(home: Lab) -> None:
    """The router sends the LAN machine's probes back to the LAN under its own name: not even an arrival is seen."""
    with lan_machine(home, REFLECTED) as space:
        refused(scan(home, netns(space), hairpin(REFLECTED)), f"{REFLECTED} is in 2001:db8:2120:f400::/64")


def test_a_foreign_address_on_the_lan_is_not_proven(home: Lab) -> None:
    """From inside, a machine of the LAN with another provider's address looks like one behind the router."""
    with lan_machine(home, FOREIGN) as space:
        status, document = scan(home, netns(space))
    verdict, evidence = certificate(document)
    assert verdict == "unproven", evidence
    assert "only one router lies between" in evidence
    assert document["summary"]["grade"] != "A"
    assert status == 0


def test_the_router_itself(home: Lab) -> None:
    refused(scan(home, netns(home.node("cpe"))), "the host's own link (lan0)", "untouched hop limit")


@contextmanager
def unnumbered(lab: Lab) -> Iterator[None]:
    """A router without a global address on the LAN: it speaks with its WAN address."""
    batch(lab.node("cpe"), f"addr del {LAN_ROUTER}/64 dev {BRIDGE}", f"route add 2001:db8:2120:f400::/64 dev {BRIDGE}")
    try:
        yield
    finally:
        batch(
            lab.node("cpe"),
            f"route del 2001:db8:2120:f400::/64 dev {BRIDGE}",
            f"addr add {LAN_ROUTER}/64 dev {BRIDGE} nodad",
        )


def test_the_router_itself_by_its_outer_address(home: Lab) -> None:
    with unnumbered(home):
        refused(scan(home, netns(home.node("cpe"))), "untouched hop limit: no router lies between")


# -- through a door of the host's own


@pytest.mark.parametrize(("kind", "prefix_length"), [("tun", 64), ("vxlan", 128)])
def test_a_tunnel_that_ends_on_the_host(home: Lab, kind: str, prefix_length: int) -> None:
    """As WireGuard's (whose module few test kernels have): a packet of the vantage comes out of the host's own door."""
    with tunnel(home, kind, stable(home), prefix_length=prefix_length) as space:
        where = "the host's own link" if prefix_length == 64 else "a route of its own"
        refused(scan(home, netns(space)), where, f"arrived on tunnel0 (a {kind} tunnel that ends on this host)")


def test_a_container_of_the_host(home: Lab) -> None:
    with container(home, "2001:db8:d0c::") as space:
        refused(scan(home, netns(space)), "docker0 (a bridge of this host", "arrived on docker0")


# -- something stands between


def test_address_translation_on_the_way(home: Lab) -> None:
    found = scan(home, netns(home.node("inet")), nat66())
    refused(found, f"the call home from {stable(home)} shows as 2001:db8:2c::2 outside")
    assert "V6X019" in rules(found[1])
    assert found[1]["vantages"][0]["translated"] == [{"inside": str(stable(home)), "outside": "2001:db8:2c::2"}]


def test_a_transparent_proxy(home: Lab) -> None:
    """It opens connections of its own to the host: they come from another address and are no arrival of ours."""
    found = scan(home, netns(home.node("inet")), tcp_proxy())
    refused(found, "23 of 23 TCP probes were answered in the host's name and none arrived")
    assert verdicts(found[1]) == {"intercepted": "20-40,80,445"}


@pytest.mark.parametrize("router", [PASSES, stateful()], ids=lambda one: one.name)
def test_replayed_answers(home: Lab, router: Personality) -> None:
    """A SYN-ACK with a wrong acknowledgement number is no answer, beside a real one or alone."""
    found = scan(home, netns(home.node("inet")), replayed_answers(router))
    refused(found, "answers for 23 ports do not know what was asked")
    seen = verdicts(found[1])
    assert seen["open"] == ("22,80,445" if router is PASSES else "22,80")
    assert "intercepted" not in seen
