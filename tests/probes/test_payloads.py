"""Every UDP query is read back by somebody else's dissector, or field by field where there is none."""

import struct
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanner.data import load_catalogue
from scanner.probes.payloads import NONCE_IN, QUERIES, payload

NONCE = bytes.fromhex("a1b2c3d4e5f60718")
WITHOUT_A_FREE_FIELD = {177, 623, 1434, 5351}
NEVER_SPOKEN_TO = {137, 138, 3283, 47808, 20000, 44818, 33434}
nonces = st.binary(min_size=8, max_size=8)


def query(port: int) -> bytes:
    data = payload(port, NONCE)
    assert data is not None
    return data


@given(nonce=nonces, port=st.sampled_from(sorted(NONCE_IN)))
def test_the_nonce_is_where_the_table_says(nonce: bytes, port: int) -> None:
    data = payload(port, nonce)
    place = NONCE_IN[port]
    wanted = nonce[: place.length].hex().encode() if place.text else nonce[: place.length]
    assert data is not None
    assert wanted == data[place.offset : place.offset + len(wanted)]


def test_every_query_either_carries_the_nonce_or_is_known_not_to() -> None:
    assert set(QUERIES) == set(NONCE_IN) | WITHOUT_A_FREE_FIELD
    assert not set(NONCE_IN) & WITHOUT_A_FREE_FIELD


@given(nonce=nonces, port=st.sampled_from(sorted(QUERIES)))
def test_the_length_of_a_query_does_not_depend_on_the_nonce(nonce: bytes, port: int) -> None:
    assert len(query(port)) == len(payload(port, nonce) or b"")
    assert payload(port, nonce) == payload(port, nonce)


@pytest.mark.parametrize("port", sorted(NEVER_SPOKEN_TO))
def test_what_must_not_be_spoken_to_gets_the_plain_nonce(port: int) -> None:
    assert payload(port, NONCE) is None


def test_no_passive_service_of_the_catalogue_is_spoken_to() -> None:
    assert not set(QUERIES) & set(load_catalogue().passive_ports("udp"))


def test_every_query_fits_the_smallest_ipv6_packet() -> None:
    assert max(len(query(port)) for port in QUERIES) <= 1280 - 40 - 8  # RFC 8200 section 5


@pytest.mark.parametrize("nonce", [b"", b"1234567", b"123456789"])
def test_a_nonce_of_another_length_is_a_mistake(nonce: bytes) -> None:
    with pytest.raises(ValueError, match="8 bytes"):
        payload(53, nonce)


def test_all_ports_together_are_quick_and_need_no_scapy() -> None:
    started = time.process_time()
    assert len(QUERIES) == sum(payload(port, NONCE) is not None for port in range(1, 65536))
    assert time.process_time() - started < 1
    code = "import sys, scanner.probes.payloads; sys.exit('scapy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


# ---- dissected by scapy


def test_dns_asks_for_the_version_and_no_recursion() -> None:
    from scapy.layers.dns import DNS

    packet = DNS(query(53))
    assert (packet.id, packet.qr, packet.rd, packet.qdcount) == (0xA1B2, 0, 0, 1)
    assert (packet.qd[0].qname, packet.qd[0].qtype, packet.qd[0].qclass) == (b"version.bind.", 16, 3)


def test_multicast_dns_wants_a_unicast_answer() -> None:
    from scapy.layers.dns import DNS

    question = DNS(query(5353)).qd[0]
    assert (question.qname, question.qtype) == (b"_services._dns-sd._udp.local.", 12)
    assert query(5353)[-2:] == b"\x80\x01"  # the top bit of the class: QU


def test_llmnr_is_a_question() -> None:
    from scapy.layers.llmnr import LLMNRQuery

    packet = LLMNRQuery(query(5355))
    assert (packet.id, packet.qr, packet.qd[0].qname) == (0xA1B2, 0, b"v6expose.")


def test_tftp_reads_and_does_not_write() -> None:
    from scapy.layers.tftp import TFTP, TFTP_RRQ

    packet = TFTP(query(69))
    assert (1, NONCE.hex().encode(), b"octet") == (packet.op, packet[TFTP_RRQ].filename, packet[TFTP_RRQ].mode)


def test_kerberos_is_an_as_request_for_no_real_realm() -> None:
    from scapy.layers.kerberos import Kerberos

    request = Kerberos(query(88)).root
    body = request.reqBody
    assert (request.pvno.val, request.msgType.val) == (5, 10)
    assert body.realm.val == b"V6EXPOSE.INVALID"
    assert [int(kind.val) for kind in body.etype] == [18, 17]
    assert int(body.nonce.val) == int.from_bytes(b"\x40" + NONCE[:3], "big")


def test_rpcbind_calls_the_procedure_that_does_nothing() -> None:
    from scapy.contrib.oncrpc import RPC, RPC_Call

    packet = RPC(query(111))
    call = packet[RPC_Call]
    assert (int.from_bytes(NONCE[:4], "big"), 0) == (packet.xid, packet.mtype)
    assert (call.version, call.program, call.pversion, call.procedure) == (2, 100000, 4, 0)
    assert len(query(111)) == 40


def test_ntp_is_a_client_and_never_asks_for_a_list() -> None:
    from scapy.layers.ntp import NTP

    packet = NTP(query(123))
    assert (packet.version, packet.mode) == (4, 3)
    assert len(query(123)) == 48


def test_ldap_reads_one_small_attribute_of_the_root() -> None:
    from scapy.layers.ldap import LDAP

    message = LDAP(query(389))
    search = message.protocolOp
    assert int(message.messageID.val) == int.from_bytes(b"\x40" + NONCE[:3], "big")
    assert (search.baseObject.val, int(search.scope.val), int(search.sizeLimit.val)) == (b"", 0, 1)
    assert [attribute.type.val for attribute in search.attributes] == [b"supportedLDAPVersion"]


@pytest.mark.parametrize(("port", "skipped"), [(500, 0), (4500, 4)])
def test_ike_opens_with_the_nonce_as_spi(port: int, skipped: int) -> None:
    from scapy.contrib.ikev2 import IKEv2, IKEv2_KE, IKEv2_Nonce, IKEv2_Proposal

    data = query(port)
    assert data[:skipped] == bytes(skipped)
    packet = IKEv2(data[skipped:])
    assert (NONCE, bytes(8), 34, len(data) - skipped) == (
        packet.init_SPI,
        packet.resp_SPI,
        packet.exch_type,
        packet.length,
    )
    assert (
        packet[IKEv2_Proposal].trans_nb,
        len(packet[IKEv2_KE].ke),
        len(packet[IKEv2_Nonce].nonce),
    ) == (4, 256, 32)


def test_ripng_asks_for_one_route_and_not_for_the_table() -> None:
    from scapy.contrib.ripng import RIPng, RIPngEntry

    packet = RIPng(query(521))
    entry = packet[RIPngEntry]
    assert (packet.cmd, packet.ver) == (1, 1)
    assert (entry.prefix_or_nh, entry.prefixlen, entry.metric) == ("2001:db8::a1b2:c3d4:e5f6:718", 128, 16)
    assert len(query(521)) == 4 + 20


def test_dhcp_leases_nothing() -> None:
    from scapy.layers.dhcp6 import DHCP6_InfoRequest, DHCP6_Reply, DHCP6OptElapsedTime, DHCP6OptOptReq

    request = DHCP6_InfoRequest(query(547))
    assert (
        request.trid,
        request[DHCP6OptElapsedTime].elapsedtime,
        request[DHCP6OptOptReq].reqopts,
    ) == (0xA1B2C3, 0, [23])
    assert (DHCP6_Reply(query(546)).msgtype, DHCP6_Reply(query(546)).trid) == (7, 0xA1B2C3)


def test_l2tp_is_a_control_message() -> None:
    from scapy.layers.l2tp import L2TP

    packet = L2TP(query(1701))
    assert (2, len(query(1701)), 0, 0) == (packet.version, packet.len, packet.tunnel_id, packet.session_id)
    values = dict(_l2tp_values(query(1701)[12:]))
    assert {0: b"\0\x01", 2: b"\x01\0", 3: b"\0\0\0\x03", 7: NONCE.hex().encode(), 9: b"\xa1\xb3"} == values


@given(nonce=nonces)
def test_l2tp_never_names_tunnel_zero(nonce: bytes) -> None:
    assert dict(_l2tp_values((payload(1701, nonce) or b"")[12:]))[9] != b"\0\0"


def _l2tp_values(data: bytes) -> Iterator[tuple[int, bytes]]:
    while data:
        flags, vendor, kind = struct.unpack_from("!HHH", data)
        assert (flags & 0xFC00, vendor) == (0x8000, 0)
        yield kind, data[6 : flags & 0x3FF]
        data = data[flags & 0x3FF :]


def test_radius_is_an_access_request() -> None:
    from scapy.layers.radius import Radius

    packet = Radius(query(1812))
    assert (1, 0xA1, len(query(1812)), NONCE + NONCE) == (packet.code, packet.id, packet.len, packet.authenticator)
    assert [attribute.type for attribute in packet.attributes] == [1, 32]


def test_stun_is_a_binding_request() -> None:
    from scapy.contrib.stun import STUN

    packet = STUN(query(3478))
    assert (packet.stun_message_type, packet.length, packet.magic_cookie) == (1, 0, 0x2112A442)
    assert len(query(3478)) == 20


def test_coap_gets_the_resource_list() -> None:
    from scapy.contrib.coap import CoAP

    packet = CoAP(query(5683))
    assert (packet.ver, packet.type, packet.tkl, packet.code, packet.token) == (1, 0, 8, 1, NONCE)
    assert packet.options == [("Uri-Path", b".well-known"), ("Uri-Path", b"core")]


@pytest.mark.parametrize("port", [853, 5684, 8883])
def test_dtls_client_hello_asks_for_a_cookie(port: int) -> None:
    data = query(port)
    kind, version, _, _, length = struct.unpack_from("!BHH6sH", data)
    assert (22, 0xFEFF, len(data) - 13) == (kind, version, length)
    message, size, fragment = data[13], data[14:17], data[22:25]
    assert (1, len(data) - 25) == (message, int.from_bytes(size, "big"))
    assert size == fragment  # one fragment
    random_end = 25 + 2 + 32
    assert data[random_end : random_end + 2] == b"\0\0"  # no session, no cookie
    at = random_end + 2
    suites = struct.unpack_from("!5H", data, at)
    assert suites == (8, 0xC02B, 0xC02F, 0xC0AE, 0xC0A8)
    assert data[at + 10 : at + 12] == b"\x01\0"  # no compression
    (extensions,) = struct.unpack_from("!H", data, at + 12)
    assert at + 14 + extensions == len(data)
    kinds, at = [], at + 14
    while at < len(data):
        extension, size = struct.unpack_from("!HH", data, at)
        kinds.append(extension)
        at += 4 + size
    assert ([10, 11, 13], len(data)) == (kinds, at)


def test_wireguard_initiation_has_the_right_size() -> None:
    from scapy.contrib.wireguard import Wireguard, WireguardInitiation

    packet = Wireguard(query(51820))
    assert (packet.message_type, len(query(51820))) == (1, 148)
    assert packet[WireguardInitiation].sender_index == int.from_bytes(NONCE[:4], "little")


# ---- read field by field


def _elements(data: bytes) -> Iterator[tuple[int, bytes]]:
    """BER elements of short or one- or two-byte long form."""
    while data:
        tag, length, at = data[0], data[1], 2
        if length & 0x80:
            at += length & 0x7F
            length = int.from_bytes(data[2:at], "big")
        yield tag, data[at : at + length]
        data = data[at + length :]


def test_snmp_discovers_the_engine_as_nobody() -> None:
    ((_, message),) = _elements(query(161))
    (_, version), (_, head), (_, security), (_, scoped) = _elements(message)
    (_, identifier), (_, size), (_, flags), (_, model) = _elements(head)
    assert (version, flags, model) == (b"\x03", b"\x04", b"\x03")
    assert (b"\x40" + NONCE[:3], 1472) == (identifier, int.from_bytes(size, "big"))
    ((_, parameters),) = _elements(security)
    assert [value for _, value in _elements(parameters)] == [b"", b"\0", b"\0", b"", b"", b""]
    (_, engine), (_, context), (kind, get) = _elements(scoped)
    assert (engine, context, kind) == (b"", b"", 0xA0)
    assert [b"\x40" + NONCE[:3], b"\0", b"\0", b""] == [value for _, value in _elements(get)]


def test_quic_provokes_version_negotiation() -> None:
    data = query(443)
    assert len(data) == 1200
    assert data[0] & 0xC0 == 0xC0
    assert int.from_bytes(data[1:5], "big") & 0x0F0F0F0F == 0x0A0A0A0A  # RFC 9000 section 15
    assert data[5:23] == b"\x08" + NONCE + b"\x08" + NONCE


def test_slp_asks_for_service_agents() -> None:
    data = query(427)
    assert (2, 1, len(data), 0) == (
        data[0],
        data[1],
        int.from_bytes(data[2:5], "big"),
        int.from_bytes(data[5:10], "big"),
    )
    strings, at = [], 12
    while at < len(data):
        (size,) = struct.unpack_from("!H", data, at)
        strings.append(data[at + 2 : at + 2 + size])
        at += 2 + size
    assert strings == [b"en", b"", b"service:service-agent", b"DEFAULT", b"", b""]
    assert at == len(data)


@given(nonce=nonces)
def test_ipmi_ping_always_wants_an_answer(nonce: bytes) -> None:
    data = payload(623, nonce) or b""
    assert bytes.fromhex("0600ff06000011be80") == data[:9]
    assert data[9] != 255
    assert bytes(2) == data[10:]


def test_the_short_ones_byte_by_byte() -> None:
    assert bytes.fromhex("00010002000100") == query(177)
    assert query(1434) == b"\x02"
    assert b"\x02\0" + bytes(22) == query(5351)
    assert b"\x38" + NONCE + bytes(5) == query(1194)
    assert NONCE[:2] + bytes.fromhex("000000010000") + b"version\r\n" == query(11211)


def test_rdp_udp_syn_is_padded() -> None:
    data = query(3389)
    assert len(data) == 1232
    assert struct.unpack_from("!IHH", data) == (0xFFFFFFFF, 64, 1)
    assert struct.unpack_from("!HH", data, 12) == (1232, 1232)
    assert bytes(1216) == data[16:]


@pytest.mark.parametrize(
    ("port", "first"), [(5060, b"OPTIONS sip:v6expose.invalid SIP/2.0"), (1900, b"M-SEARCH * HTTP/1.1")]
)
def test_text_queries_are_lines_with_an_empty_one_at_the_end(port: int, first: bytes) -> None:
    lines = query(port).split(b"\r\n")
    assert (first, [b"", b""]) == (lines[0], lines[-2:])
    assert all(b": " in line for line in lines[1:-2])


def test_web_services_probe_is_well_formed() -> None:
    from uuid import UUID

    from defusedxml.ElementTree import fromstring

    root = fromstring(query(3702))
    (identifier,) = root.iter("{http://schemas.xmlsoap.org/ws/2004/08/addressing}MessageID")
    assert identifier.text.startswith("urn:uuid:")
    assert NONCE[:6] == UUID(identifier.text.removeprefix("urn:")).bytes[-6:]
