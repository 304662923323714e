"""What of a run reaches a text, and what never does."""

from dataclasses import replace
from ipaddress import IPv6Address, IPv6Network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanner.model.errors import InputError
from scanner.model.run import RouterRecord
from scanner.remedies import load_routers, remedies_for
from scanner.remedies.situation import (
    INTERFACE,
    Choice,
    Door,
    Keep,
    parse_interface,
    parse_tunnel,
    situation_of,
)
from tests.remedies import sample
from tests.report import sample as report

NASTY = "x; rm -rf /\n`id` $(id) '\"\\ \x1b[31m"
SMB = sample.finding()


def test_what_answers_and_nobody_complains_of_stays_open() -> None:
    here = situation_of(sample.run(), SMB, Choice())
    assert [(str(door.address), door.protocol, door.ports()) for door in here.doors] == [
        (sample.STABLE, "tcp", "22"),
        (sample.STABLE, "tcp", "80"),
        (sample.STABLE, "tcp", "443"),
    ]
    assert here.prefixes == (IPv6Network("2001:db8:a:1::/64"),)
    assert (here.interface, here.protocol, here.port) == ("enp3s0", "tcp", 445)
    assert not here.kept


def test_the_owner_may_keep_more() -> None:
    here = situation_of(sample.run(), SMB, Choice(keep=(Keep.parse("445/tcp"), Keep.parse("500/udp"))))
    assert {(door.protocol, door.ports()) for door in here.doors} >= {("tcp", "445"), ("udp", "500")}
    assert here.kept


def test_what_a_refuted_vantage_saw_opens_nothing() -> None:
    """No rule looks at its tables, so no finding complains of what is open there."""
    vantage = report.vantage(outside=replace(report.vantage().outside, verdict="refuted"))
    assert not situation_of(replace(sample.run(), vantages=(vantage,)), SMB, Choice()).doors


@pytest.mark.parametrize("address", [None, "no address"])
def test_a_finding_about_no_readable_address_is_about_all(address: str | None) -> None:
    complaint = sample.finding("V6X999", address, "tcp", 443)
    run = sample.run()
    here = situation_of(replace(run, findings=(*run.findings, complaint)), SMB, Choice())
    assert [door.ports() for door in here.doors] == ["22", "80"]


@pytest.mark.parametrize(
    ("length", "prefix"),
    [(64, "2001:db8:a:1::/64"), (128, "2001:db8:a:1::/64"), (56, "2001:db8:a::/56"), (0, "2001:db8:a:1::/64")],
)
def test_the_prefix_of_the_link(length: int, prefix: str) -> None:
    run = sample.run()
    addresses = tuple(replace(one, prefix_length=length) for one in run.addresses)
    assert situation_of(replace(run, addresses=addresses), SMB, Choice()).prefixes == (IPv6Network(prefix),)


def test_a_door_by_its_interface_identifier() -> None:
    door = Door(IPv6Address("2001:db8:1:2:a:b:c:d"), "udp", 6000, 6010)
    assert str(door.suffix) == "::a:b:c:d"
    assert (door.ports(), door.ports(":"), door.name) == ("6000-6010", "6000:6010", "v6x_udp_6000_6010")


@pytest.mark.parametrize("text", ["", "443", "/tcp", "443/sctp", "443/tcp/udp", "0/tcp", "70000/udp", "a-b/tcp"])
def test_what_is_no_port_to_keep(text: str) -> None:
    with pytest.raises(InputError):
        Keep.parse(text)


@pytest.mark.parametrize("name", ["eth0", "br-lan", "GigabitEthernet0/0/0", "ge-0/0/0.0", "eth0/pppoe0", "lan2", "pp1"])
def test_interfaces_of_all_makers(name: str) -> None:
    assert parse_interface(name) == name


@pytest.mark.parametrize(
    "name", ["", "-eth0", "eth 0", "eth0\n", "eth0;x", "$(id)", "eth\uff10", "a" * 32, 'e"', "e'", "e\\"]
)
def test_what_is_no_interface(name: str) -> None:
    with pytest.raises(InputError):
        parse_interface(name)


@given(st.text(max_size=40))
def test_an_interface_holds_nothing_that_a_shell_reads(text: str) -> None:
    try:
        name = parse_interface(text)
    except InputError:
        return
    assert not set(name) & set(" \t\r\n;|&$`'\"\\<>(){}[]*?#!~=%^,")


@pytest.mark.parametrize(
    "ends", [("x", "2001:db8::1"), ("fe80::1", "2001:db8::1"), ("2001:db8::1", "ff02::1"), ("2001:db8::1", "::")]
)
def test_what_is_no_tunnel(ends: tuple[str, str]) -> None:
    with pytest.raises(InputError):
        parse_tunnel(*ends)


@pytest.mark.parametrize("router", [one.id for one in load_routers()])
def test_nothing_that_others_wrote_gets_into_a_text(router: str) -> None:
    """Names of the host, its interfaces, processes, findings and vantages choose rows at most."""
    run = sample.run(router=RouterRecord("fe80::1", NASTY, NASTY, NASTY, (NASTY,)))
    found = replace(SMB, title=NASTY, evidence=NASTY, remedy=NASTY, protocol="tcp")
    run = replace(
        run,
        host=replace(run.host, name=NASTY, os=NASTY, router=NASTY),
        addresses=tuple(replace(one, interface=NASTY) for one in run.addresses),
        listeners=tuple(replace(one, process=NASTY, interface=NASTY) for one in run.listeners),
        vantages=tuple(replace(one, name=NASTY, spec=NASTY) for one in run.vantages),
        findings=(*run.findings, found),
    )
    for remedy in remedies_for(run, found, router):
        whole = f"{remedy.title} {remedy.text} {remedy.caution} {remedy.source}"
        assert not any(piece in whole for piece in ("rm -rf", "`id`", "\x1b", "[31m"))


@pytest.mark.parametrize("port", [None, 0, -1, 65_536, 10**9])
@pytest.mark.parametrize("protocol", [None, "sctp", NASTY])
def test_a_finding_with_odd_numbers_is_survived(port: int | None, protocol: str | None) -> None:
    here = situation_of(sample.run(), sample.finding(protocol=protocol, port=port), Choice())
    assert here.protocol is None
    assert here.port is None
    assert remedies_for(sample.run(), sample.finding(protocol=protocol, port=port), "firewalld-host")


def test_the_pattern_is_ascii() -> None:
    assert not INTERFACE.fullmatch("eth\u0660")
