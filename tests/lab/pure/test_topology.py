"""The text that builds the lab, and what may not be built."""

from ipaddress import IPv6Network
from itertools import pairwise

import pytest

from scanner.lab import topology
from scanner.lab.topology import DOCUMENTATION, Lifetimes, Options
from scanner.model.errors import InputError


def test_links_are_born_inside_their_namespaces() -> None:
    lines = topology.links_batch("x").splitlines()
    assert lines[0] == "link add dev net0 netns x-inet type veth peer name down1 netns x-isp1"
    assert len(lines) == len(topology.LINKS)
    assert all(line.count(" netns x-") == 2 for line in lines)


def test_every_address_is_documentation_space() -> None:
    words = [word for lines in topology.CONFIGURATION.values() for line in lines for word in line.split()]
    networks = [IPv6Network(word, strict=False) for word in words if ":" in word and "/" in word]
    assert len(networks) >= 12
    assert all(network.subnet_of(DOCUMENTATION) or network.is_link_local for network in networks)


def test_the_way_in_is_a_chain() -> None:
    chain = [(link[0], link[3]) for link in topology.LINKS if link[0] != "inet2" and link[3] != "printer"]
    assert chain == list(pairwise(("inet", "isp1", "isp2", "cpe", "host")))


def test_only_routers_forward_and_only_the_host_makes_temporary_addresses() -> None:
    for node in topology.NODES:
        values = topology.sysctls(node, Options())
        assert ("conf/all/forwarding" in values) is (node in topology.ROUTERS)
        assert (values.get("conf/default/use_tempaddr") == "2") is (node == "host")


def test_the_limit_on_icmp_errors_is_an_option() -> None:
    assert topology.sysctls("cpe", Options())["icmp/ratelimit"] == "0"
    assert "icmp/ratelimit" not in topology.sysctls("cpe", Options(icmp_ratelimit=True))


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("../x", Options(), "is no name for a lab"),
        ("x y", Options(), "is no name for a lab"),
        ("x\n", Options(), "is no name for a lab"),
        ("x", Options(addr_gen="random"), "known: eui64, stable-privacy"),
        ("x", Options(prefix=Lifetimes(2, 1)), "preferred lifetime 2 s is longer"),
        ("x", Options(temporary=Lifetimes(2, 1)), "preferred lifetime 2 s is longer"),
        ("x", Options(tempaddr=3), "use_tempaddr is 0, 1 or 2"),
    ],
)
def test_what_cannot_be_is_refused(name: str, options: Options, message: str) -> None:
    with pytest.raises(InputError, match=message):
        topology.check(name, options)


def test_the_lan_is_part_of_the_router() -> None:
    assert topology.node_of("lan") == "cpe"
