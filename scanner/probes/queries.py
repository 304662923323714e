"""UDP queries of one service each: the least that makes it answer, from the service's own standard.

Every function takes the probe's 8-byte nonce and returns one datagram's payload. None logs in, changes, registers or
subscribes anything, and none asks for more than one small answer.
"""

import hashlib
import struct

QUIC_SMALLEST = 1200  # RFC 9000 section 14.1: a server may ignore a first datagram that is shorter
RDP_UDP_SIZE = 1232  # MS-RDPEUDP section 3.1.5.1.1: a SYN is padded to it
TXT, AAAA, PTR = 16, 28, 12  # RFC 1035 section 3.2.2, RFC 3596
IN, CHAOS, UNICAST_RESPONSE = 1, 3, 0x8000
SA, KEY_EXCHANGE, NONCE = 33, 34, 40  # IKEv2 payload types, RFC 7296 section 3.2


def filler(nonce: bytes, size: int) -> bytes:
    """``size`` bytes that look random and are the same for the same nonce."""
    return hashlib.shake_128(nonce).digest(size)


def _dns(nonce: bytes, name: str, kind: int, class_: int) -> bytes:
    """RFC 1035 section 4.1: one question, no recursion desired."""
    labels = b"".join(bytes([len(label)]) + label.encode() for label in name.split("."))
    return nonce[:2] + struct.pack("!5H", 0, 1, 0, 0, 0) + labels + b"\0" + struct.pack("!HH", kind, class_)


def dns(nonce: bytes) -> bytes:
    """The name server's version (RFC 4892 section 3): answered by resolvers and authoritative servers alike."""
    return _dns(nonce, "version.bind", TXT, CHAOS)


def multicast_dns(nonce: bytes) -> bytes:
    """RFC 6763 section 9, asked by unicast with the QU bit (RFC 6762 section 5.4)."""
    return _dns(nonce, "_services._dns-sd._udp.local", PTR, IN | UNICAST_RESPONSE)


def llmnr(nonce: bytes) -> bytes:
    """RFC 4795: answered by the bearer of the name only, and not by unicast UDP (section 2.4)."""
    return _dns(nonce, "v6expose", AAAA, IN)


def tftp(nonce: bytes) -> bytes:
    """RFC 1350: read a file that is not there; the error comes from another port."""
    return b"\0\x01" + nonce.hex().encode() + b"\0octet\0"


def rpcbind(nonce: bytes) -> bytes:
    """RFC 5531 section 9: call procedure 0 (which does nothing) of program 100000 version 4 (RFC 1833)."""
    call, rpc_version, program, version, nothing = 0, 2, 100000, 4, 0
    return nonce[:4] + struct.pack("!5I", call, rpc_version, program, version, nothing) + bytes(16)


def ntp(nonce: bytes) -> bytes:
    """RFC 5905 section 7.3: a version 4 client; our transmit time comes back as origin. Never mode 6, 7."""
    return b"\x23" + bytes(39) + nonce


def xdmcp(_nonce: bytes) -> bytes:
    """XDMCP 1.1: Query without authentication names."""
    return struct.pack("!3HB", 1, 2, 1, 0)


def slp(nonce: bytes) -> bytes:
    """RFC 2608 section 8.1: who are the service agents, in the default scope, by unicast."""
    strings = (b"", b"service:service-agent", b"DEFAULT", b"", b"")  # answered before, type, scopes, predicate, SPI
    body = b"".join(struct.pack("!H", len(text)) + text for text in strings)
    language = struct.pack("!H", 2) + b"en"
    length = 12 + len(language) + len(body)
    return b"\x02\x01" + length.to_bytes(3, "big") + bytes(5) + nonce[:2] + language + body


def quic(nonce: bytes) -> bytes:
    """RFC 9000 section 15: a version reserved to provoke Version Negotiation; both connection ids are the nonce."""
    long_header, reserved_version = 0xC0, 0x1A2A3A4A
    head = struct.pack("!BI", long_header, reserved_version) + bytes([len(nonce)]) + nonce + bytes([len(nonce)]) + nonce
    return head + bytes(QUIC_SMALLEST - len(head))


def ike(nonce: bytes) -> bytes:
    """RFC 7296 section 1.2: IKE_SA_INIT with one common proposal; the initiator's SPI is the nonce."""
    aes_cbc_256 = struct.pack("!BBHBBHHH", 3, 0, 12, 1, 0, 12, 0x800E, 256)
    others = ((3, 2, 5), (3, 3, 12), (0, 4, 14))  # more follow, type, id: PRF and integrity with SHA-256, 2048-bit MODP
    transforms = aes_cbc_256 + b"".join(
        struct.pack("!BBHBBH", more, 0, 8, kind, 0, what) for more, kind, what in others
    )
    proposal = struct.pack("!BBHBBBB", 0, 0, 8 + len(transforms), 1, 1, 0, 4) + transforms
    public = b"\x40" + filler(nonce, 255)  # below the prime, which begins with ones
    body = (
        _ike_payload(KEY_EXCHANGE, proposal)
        + _ike_payload(NONCE, struct.pack("!HH", 14, 0) + public)
        + _ike_payload(0, filler(nonce, 32))
    )
    version, sa_init, initiator = 0x20, 34, 0x08
    return nonce + bytes(8) + struct.pack("!BBBBII", SA, version, sa_init, initiator, 0, 28 + len(body)) + body


def _ike_payload(following: int, data: bytes) -> bytes:
    return struct.pack("!BBH", following, 0, 4 + len(data)) + data


def ike_over_udp(nonce: bytes) -> bytes:
    """RFC 3948 section 2.2: four zero bytes tell IKE from ESP on port 4500."""
    return bytes(4) + ike(nonce)


def ripng(nonce: bytes) -> bytes:
    """RFC 2080 section 2.4.1: ask for one route that nobody has; the entry comes back as it is, with metric 16."""
    request, version, length, infinity = 1, 1, 128, 16
    documentation = bytes.fromhex("20010db800000000")  # RFC 3849
    return struct.pack("!BBH", request, version, 0) + documentation + nonce + struct.pack("!HBB", 0, length, infinity)


def dhcp_client(nonce: bytes) -> bytes:
    """RFC 8415 section 16.10: a Reply to nothing, which a client discards; only its arrival tells."""
    return b"\x07" + nonce[:3]


def dhcp_server(nonce: bytes) -> bytes:
    """RFC 8415 section 18.2.6: Information-request for DNS servers; nothing is leased."""
    elapsed_time, wanted = struct.pack("!HHH", 8, 2, 0), struct.pack("!HHH", 6, 2, 23)
    return b"\x0b" + nonce[:3] + elapsed_time + wanted


def ipmi(nonce: bytes) -> bytes:
    """ASF 2.0 section 3.2.4.2: RMCP presence ping. Tag 255 would mean "do not answer", so it never is."""
    return b"\x06\0\xff\x06" + struct.pack("!IBBBB", 4542, 0x80, nonce[0] % 255, 0, 0)


def openvpn(nonce: bytes) -> bytes:
    """P_CONTROL_HARD_RESET_CLIENT_V2 with the nonce as session id, nothing acknowledged, packet 0."""
    return b"\x38" + nonce + bytes(5)


def sql_browser(_nonce: bytes) -> bytes:
    """MC-SQLR section 2.2.1: which instances are there."""
    return b"\x02"


def l2tp(nonce: bytes) -> bytes:
    """RFC 2661 section 6.1: Start-Control-Connection-Request, the host name is the nonce."""
    tunnel = int.from_bytes(nonce[:2], "big") % 0xFFFF + 1
    values = (
        (0, struct.pack("!H", 1)),  # message type SCCRQ
        (2, b"\x01\0"),  # protocol version 1, revision 0
        (3, struct.pack("!I", 3)),  # framing: synchronous and asynchronous
        (7, nonce.hex().encode()),  # host name
        (9, struct.pack("!H", tunnel)),  # our tunnel id, not 0
    )
    mandatory = 0x8000
    body = b"".join(struct.pack("!HHH", mandatory | 6 + len(value), 0, kind) + value for kind, value in values)
    return struct.pack("!6H", 0xC802, 12 + len(body), 0, 0, 0, 0) + body


def radius(nonce: bytes) -> bytes:
    """RFC 2865 section 4.1: Access-Request of nobody; silence unless the server knows this client."""
    attributes = b"".join(bytes([kind, 2 + len(text)]) + text for kind, text in ((1, b"v6expose"), (32, b"v6expose")))
    return struct.pack("!BBH", 1, nonce[0], 20 + len(attributes)) + nonce + nonce + attributes


def rdp_udp(nonce: bytes) -> bytes:
    """MS-RDPEUDP section 2.2.2.1: SYN; the initial sequence number is the nonce."""
    window, syn = 64, 1
    head = struct.pack("!IHH", 0xFFFFFFFF, window, syn) + nonce[:4] + struct.pack("!HH", RDP_UDP_SIZE, RDP_UDP_SIZE)
    return head + bytes(RDP_UDP_SIZE - len(head))


def stun(nonce: bytes) -> bytes:
    """RFC 8489 section 5: Binding request."""
    return struct.pack("!HHI", 1, 0, 0x2112A442) + nonce + bytes(4)


def port_control(_nonce: bytes) -> bytes:
    """RFC 6887 section 14.1: ANNOUNCE, which maps nothing and has no field for a nonce."""
    return struct.pack("!BBHI", 2, 0, 0, 0) + bytes(16)


def coap(nonce: bytes) -> bytes:
    """RFC 7252 section 3: confirmable GET /.well-known/core, the nonce as token."""
    return b"\x48\x01" + nonce[:2] + nonce + b"\xbb.well-known\x04core"


def dtls(nonce: bytes) -> bytes:
    """RFC 6347 section 4.2.1: a first ClientHello without cookie; the server asks for one before it does any work."""
    suites = struct.pack("!4H", 0xC02B, 0xC02F, 0xC0AE, 0xC0A8)  # ECDHE AES-128-GCM, and the CCM-8 ones of RFC 7252
    extensions = (
        struct.pack("!HHHHH", 10, 6, 4, 23, 29)  # groups: secp256r1, x25519
        + struct.pack("!HHBB", 11, 2, 1, 0)  # uncompressed points
        + struct.pack("!HHHHH", 13, 6, 4, 0x0403, 0x0804)  # signatures: ECDSA and RSA-PSS with SHA-256
    )
    random = nonce + filler(nonce, 24)
    body = b"\xfe\xfd" + random + b"\0\0" + struct.pack("!H", len(suites)) + suites + b"\x01\0"
    body += struct.pack("!H", len(extensions)) + extensions
    length = len(body).to_bytes(3, "big")
    hello = b"\x01" + length + bytes(5) + length + body
    return b"\x16\xfe\xff" + bytes(8) + struct.pack("!H", len(hello)) + hello


def memcached(nonce: bytes) -> bytes:
    """UDP frame of memcached's protocol.txt: request id, one datagram of one. Never ``stats``: its answer is long."""
    return nonce[:2] + struct.pack("!3H", 0, 1, 0) + b"version\r\n"


def wireguard(nonce: bytes) -> bytes:
    """The size and shape of a handshake initiation with a wrong MAC1: always silent, only the arrival tells."""
    return b"\x01\0\0\0" + nonce[:4] + filler(nonce, 140)


def sip(nonce: bytes) -> bytes:
    """RFC 3261 section 11: OPTIONS; ``rport`` (RFC 3581) brings the answer back to our port."""
    call = nonce.hex()
    lines = (
        "OPTIONS sip:v6expose.invalid SIP/2.0",
        f"Via: SIP/2.0/UDP v6expose.invalid;rport;branch=z9hG4bK{call}",
        "Max-Forwards: 70",
        "To: <sip:v6expose.invalid>",
        f"From: <sip:v6expose@v6expose.invalid>;tag={call}",
        f"Call-ID: {call}",
        "CSeq: 1 OPTIONS",
        "Content-Length: 0",
    )
    return _lines(*lines)


def ssdp(nonce: bytes) -> bytes:
    """UPnP Device Architecture 1.1 section 1.3.2: search for root devices."""
    return _lines(
        "M-SEARCH * HTTP/1.1",
        "HOST: [FF02::C]:1900",
        'MAN: "ssdp:discover"',
        "MX: 1",
        "ST: upnp:rootdevice",
        f"USER-AGENT: v6expose/1 UPnP/1.1 {nonce.hex()}",
    )


def web_services(nonce: bytes) -> bytes:
    """WS-Discovery (April 2005) section 5.2: Probe for any target; the reply relates to our message id."""
    digits = nonce.hex()
    envelope = (
        '<?xml version="1.0" encoding="utf-8"?>'
        '<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"'
        ' xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing"'
        ' xmlns:d="http://schemas.xmlsoap.org/ws/2005/04/discovery"><s:Header>'
        "<a:Action>http://schemas.xmlsoap.org/ws/2005/04/discovery/Probe</a:Action>"
        f"<a:MessageID>urn:uuid:{digits[12:]}0000-0000-4000-8000-{digits[:12]}</a:MessageID>"
        "<a:To>urn:schemas-xmlsoap-org:ws:2005:04:discovery</a:To>"
        "</s:Header><s:Body><d:Probe/></s:Body></s:Envelope>"
    )
    return envelope.encode()


def _lines(*lines: str) -> bytes:
    return "".join(f"{line}\r\n" for line in (*lines, "")).encode()
