"""Reading nmap's XML: documents recorded in namespaces (7.93), what old versions write, hostile bytes."""

import re
import time
import timeit
from ipaddress import IPv6Address
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scanner.model.errors import IncompleteError
from scanner.model.ports import PortSet
from scanner.probes import nmap_xml
from scanner.probes.nmap_report import NmapHost, NmapPort, NmapService, printable
from scanner.probes.nmap_xml import read_report, singular

HERE = Path(__file__).parent / "nmap_xml"
TARGET = IPv6Address("2001:db8:a::10")
ROUTER = IPv6Address("2001:db8:f::1")


def sample(name: str) -> bytes:
    return (HERE / f"{name}.xml").read_bytes()


def host(inner: str, before: str = "") -> bytes:
    """A whole document with one host."""
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE nmaprun>\n<nmaprun version="7.80" args="nmap -6">{before}'
        f'<host><address addr="{TARGET}" addrtype="ipv6"/><ports>{inner}</ports></host>'
        '<runstats><finished exit="success"/></runstats></nmaprun>'
    ).encode()


def only_host(document: bytes) -> NmapHost:
    (one,) = read_report(document).hosts
    return one


# ---- whole documents


def test_every_port_has_its_reason_hop_limit_and_responder() -> None:
    report = read_report(sample("each_port"))
    one = report.host(TARGET)
    assert one is not None
    assert [(port.port, port.state, port.reason, port.reason_ttl, port.responder) for port in one.ports] == [
        (22, "open", "syn-ack", 63, None),
        (23, "filtered", "no-response", 0, None),
        (80, "open", "syn-ack", 63, None),
        (100, "closed", "reset", 64, None),  # the router's own RST: only the hop limit tells (D6)
        (139, "filtered", "no-response", 0, None),
        (200, "filtered", "admin-prohibited", 64, ROUTER),
        (443, "closed", "reset", 63, None),
    ]
    assert (report.version, report.exit, report.truncated) == ("7.93", "success", False)
    assert report.arguments.startswith("nmap -oX - -6 -n -Pn -sS --reason")


def test_states_are_what_the_second_opinion_needs() -> None:
    report = read_report(sample("each_port"))
    assert report.states(TARGET, "tcp")[200] == ("filtered", "admin-prohibited")
    assert report.states(TARGET, "udp") == {}
    assert report.states(ROUTER, "tcp") == {}


def test_folded_ranges_are_unfolded() -> None:
    states = read_report(sample("folded")).states(TARGET, "tcp")
    assert set(states) == {22, 80, *range(121, 131), 139, *range(190, 231), 443}
    silent = [port for port, said in states.items() if said == ("filtered", "no-response")]
    refused = [port for port, said in states.items() if said == ("filtered", "admin-prohibited")]
    assert PortSet.of(silent) == PortSet.parse("121-130,139,190-199,221-230")
    assert PortSet.of(refused) == PortSet.parse("200-220")


def test_services_with_tunnel_and_confidence() -> None:
    report = read_report(sample("services"))
    services = {port.port: port.service for port in report.hosts[0].ports}
    assert services[8443] == NmapService("http", "SimpleHTTPServer", "0.6", "Python 3.11.7", "ssl", 10, "probed")
    assert services[22] == NmapService("ssh", "", "", "protocol 2.0", "", 10, "probed")


def test_a_target_that_nmap_skipped_is_named() -> None:
    report = read_report(sample("without_6"))
    assert (report.hosts, report.exit) == ((), "success")
    assert report.skipped == ("2001:db8:a::10 (invalid)",)


def test_a_host_that_timed_out_says_so() -> None:
    assert read_report(sample("timed_out")).hosts == (NmapHost(TARGET, (), timed_out=True),)


def test_a_zone_is_kept() -> None:
    document = host("").replace(b'"2001:db8:a::10"', b'"fe80::1%eth7"')
    assert only_host(document).address == IPv6Address("fe80::1%eth7")


# ---- what nmap before 7.92 writes

SCANNED = '<scaninfo type="syn" protocol="tcp" numservices="6" services="20-25"/>'
OPEN_22 = '<port protocol="tcp" portid="22"><state state="open" reason="syn-ack" reason_ttl="63"/></port>'


def test_one_fold_without_ports_is_what_nothing_else_names() -> None:
    fold = '<extraports state="filtered" count="5"><extrareasons reason="no-responses" count="5"/></extraports>'
    assert read_report(host(fold + OPEN_22, SCANNED)).states(TARGET, "tcp") == {
        **dict.fromkeys((20, 21, 23, 24, 25), ("filtered", "no-response")),
        22: ("open", "syn-ack"),
    }


def test_one_fold_of_several_reasons_gives_states_without_a_reason() -> None:
    fold = (
        '<extraports state="filtered" count="5"><extrareasons reason="no-responses" count="4"/>'
        '<extrareasons reason="admin-prohibited" count="1"/></extraports>'
    )
    assert read_report(host(fold + OPEN_22, SCANNED)).states(TARGET, "tcp")[25] == ("filtered", "")


@pytest.mark.parametrize(
    ("folds", "why"),
    [
        ('<extraports state="filtered" count="3"/><extraports state="closed" count="2"/>', "two folds"),
        ('<extraports state="filtered" count="4"/>', "the count does not fit"),
    ],
)
def test_folds_that_may_mean_other_ports_are_not_guessed(folds: str, why: str) -> None:
    assert set(read_report(host(folds + OPEN_22, SCANNED)).states(TARGET, "tcp")) == {22}, why


def test_one_fold_over_two_protocols_is_both() -> None:
    both = SCANNED + '<scaninfo type="udp" protocol="udp" numservices="1" services="53"/>'
    report = read_report(host('<extraports state="closed" count="6"/>' + OPEN_22, both))
    assert (len(report.states(TARGET, "tcp")), report.states(TARGET, "udp")) == (6, {53: ("closed", "")})


@pytest.mark.parametrize(
    ("plural", "word"),
    [
        ("no-responses", "no-response"),
        ("resets", "reset"),
        ("port-unreaches", "port-unreach"),
        ("admin-prohibiteds", "admin-prohibited"),
        ("conn-refused", "conn-refused"),
        ("no-response", "no-response"),
        ("gases", "gases"),
    ],
)
def test_singular(plural: str, word: str) -> None:
    assert singular(plural) == word


# ---- cut documents


@pytest.mark.parametrize("name", ["each_port", "folded", "two_hosts", "services"])
@given(share=st.floats(0, 1))
@settings(max_examples=60)
def test_a_cut_document_keeps_a_part_of_the_whole_and_invents_nothing(name: str, share: float) -> None:
    document = sample(name)
    cut = int(share * len(document.rstrip()))
    whole, part = read_report(document), read_report(document[:cut])
    assert part.truncated == (cut < len(document.rstrip()))
    for one in part.hosts:
        known = whole.host(one.address)
        assert known is not None
        assert set(one.ports) <= set(known.ports)
        assert one.complete <= (one == known)


def test_a_document_cut_behind_the_first_host_keeps_it_whole_and_the_second_ones_first_port() -> None:
    document = sample("two_hosts")
    whole = read_report(document)
    second_port = [found.end() for found in re.finditer(rb"</port>", document)][2]
    first, second = read_report(document[:second_port]).hosts
    assert first == whole.hosts[0]
    assert (second.ports, second.complete) == (whole.hosts[1].ports[:1], False)


def test_a_cut_host_does_not_unfold_by_what_is_missing() -> None:
    fold = '<extraports state="filtered" count="5"><extrareasons reason="no-responses" count="5"/></extraports>'
    document = host(fold + OPEN_22, SCANNED)
    cut = document[: document.index(b"</ports>")]
    assert [port.port for port in only_host(cut).ports] == [22]


# ---- hostile documents


@given(st.binary(max_size=400))
def test_random_bytes_are_an_empty_truncated_report(document: bytes) -> None:
    try:
        report = read_report(document)
    except IncompleteError:
        return
    assert report.hosts == ()
    assert report.truncated


@given(data=st.data(), name=st.sampled_from(["each_port", "folded", "services"]))
@settings(max_examples=150)
def test_damaged_documents_raise_nothing_else(data: st.DataObject, name: str) -> None:
    document = bytearray(sample(name))
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(document) - 1))
        document[at : at + data.draw(st.integers(0, 20))] = data.draw(st.binary(max_size=12))
    try:
        report = read_report(bytes(document))
    except IncompleteError:
        return
    for port in (port for one in report.hosts for port in one.ports):
        assert 1 <= port.port <= 65535
        assert port.reason.isprintable()


LAUGHS = b"""<!DOCTYPE nmaprun [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>
<nmaprun version="&b;"><host/></nmaprun>"""
FILE = b'<!DOCTYPE nmaprun [<!ENTITY a SYSTEM "file:///etc/passwd">]><nmaprun version="7">&a;</nmaprun>'
PARAMETER = b'<!DOCTYPE nmaprun [<!ENTITY % a SYSTEM "http://v6expose.invalid/"> %a;]><nmaprun/>'


@pytest.mark.parametrize("document", [LAUGHS, FILE, PARAMETER])
def test_entities_are_refused(document: bytes) -> None:
    with pytest.raises(IncompleteError, match="entities"):
        read_report(document)


@pytest.mark.parametrize(
    "inner",
    [
        '<port protocol="tcp" portid="0"><state state="open"/></port>',
        '<port protocol="tcp" portid="65536"><state state="open"/></port>',
        '<port protocol="tcp" portid="-1"><state state="open"/></port>',
        '<port protocol="tcp" portid="²²"><state state="open"/></port>',
        '<port protocol="tcp" portid="99999999999999999999"><state state="open"/></port>',
        '<port protocol="icmp" portid="22"><state state="open"/></port>',
        '<port protocol="tcp" portid="22"><state state="wide open"/></port>',
        '<port protocol="tcp" portid="22"></port>',
        '<port protocol="tcp"><state state="open"/></port>',
        '<extraports state="open" count="1"><extrareasons proto="tcp" ports="all"/></extraports>',
        '<extrareasons reason="resets" proto="tcp" ports="1-9"/>',
    ],
)
def test_what_is_no_port_is_left_out(inner: str) -> None:
    assert only_host(host(inner)).ports == ()


@pytest.mark.parametrize("address", ["", "::1::2", "192.0.2.1", "2001:db8::10%\u202e", "fe80::1%" + "x" * 40])
def test_a_host_without_an_ipv6_address_is_left_out(address: str) -> None:
    document = host(OPEN_22).replace(b"2001:db8:a::10", address.encode())
    assert read_report(document).hosts == ()


def test_banners_cannot_move_the_cursor_or_turn_text_around() -> None:
    service = (
        '<service name="s\u009b2Jh" product="a&#x9;b&#x9b;31mc&#x202e;d" version="&#xad;1" extrainfo="&#x2028;&#xfeff;"'
        ' tunnel="" method="probed" conf="10"/>'
    )
    (port,) = only_host(host(OPEN_22.replace("</port>", service + "</port>"))).ports
    assert port.service == NmapService(
        "s\\x9b2Jh", "a\\tb\\x9b31mc\\u202ed", "\\xad1", "\\u2028\\ufeff", "", 10, "probed"
    )


@given(st.text(max_size=300))
def test_printable_is_printable_short_and_leaves_harmless_text_alone(text: str) -> None:
    assert printable(text).isprintable()
    assert len(printable(text)) <= 200
    if text.isprintable() and len(text) <= 200:
        assert printable(text) == text


def test_a_few_bytes_cannot_ask_for_gigabytes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nmap_xml, "MOST_PORTS", 150_000)
    fold = '<extraports state="closed" count="9"><extrareasons proto="tcp" ports="1-65535"/></extraports>'
    one = f'<host><address addr="{TARGET}" addrtype="ipv6"/><ports>{fold}</ports></host>'
    report = read_report(("<nmaprun>" + one * 4 + "</nmaprun>").encode())
    assert report.truncated
    assert [(len(one.ports), one.complete) for one in report.hosts] == [(65535, True), (65535, True), (18928, False)]


def test_the_limit_on_ports_holds_for_folds_that_name_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nmap_xml, "MOST_PORTS", 8)
    document = host('<extraports state="filtered" count="6"/>', SCANNED)
    one = re.search(rb"<host>.*</host>", document)
    assert one is not None
    report = read_report(document.replace(one[0], one[0] * 2))
    assert (report.truncated, [len(one.ports) for one in report.hosts]) == (True, [6])


def test_the_same_port_twice_is_the_first_one() -> None:
    again = OPEN_22.replace("open", "closed")
    assert only_host(host(OPEN_22 + again)).ports == (NmapPort("tcp", 22, "open", "syn-ack", 63),)


def test_every_port_of_an_address_is_read_in_two_seconds() -> None:
    port = '<port protocol="tcp" portid="{}"><state state="closed" reason="reset" reason_ttl="63"/>'
    ports = "".join((port + '<service name="x" method="table" conf="3"/></port>').format(n) for n in range(1, 65536))
    document = host(ports)
    assert len(only_host(document).ports) == 65535
    assert min(timeit.repeat(lambda: read_report(document), timer=time.process_time, number=1, repeat=2)) < 2
