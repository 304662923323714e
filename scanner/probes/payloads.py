"""What a UDP probe says to make the service behind its port answer: one table, our own construction.

Whether a probe *arrives* needs no valid payload; a query only makes the host answer too. Industrial control (BACnet and
its like) is never spoken to, nor are services that could only amplify (Apple Remote Desktop) or that cannot exist on
IPv6 (NetBIOS): those get the plain nonce.
"""

from collections.abc import Callable, Mapping
from typing import NamedTuple

from scanner.probes import asn1_queries, queries

NONCE_LENGTH = 8

QUERIES: Mapping[int, Callable[[bytes], bytes]] = {
    53: queries.dns,
    69: queries.tftp,
    88: asn1_queries.kerberos,
    111: queries.rpcbind,
    123: queries.ntp,
    161: asn1_queries.snmp,
    177: queries.xdmcp,
    389: asn1_queries.cldap,
    427: queries.slp,
    443: queries.quic,
    500: queries.ike,
    521: queries.ripng,
    546: queries.dhcp_client,
    547: queries.dhcp_server,
    623: queries.ipmi,
    853: queries.dtls,
    1194: queries.openvpn,
    1434: queries.sql_browser,
    1701: queries.l2tp,
    1812: queries.radius,
    1900: queries.ssdp,
    3389: queries.rdp_udp,
    3478: queries.stun,
    3702: queries.web_services,
    4500: queries.ike_over_udp,
    5060: queries.sip,
    5351: queries.port_control,
    5353: queries.multicast_dns,
    5355: queries.llmnr,
    5683: queries.coap,
    5684: queries.dtls,
    8883: queries.dtls,
    11211: queries.memcached,
    51820: queries.wireguard,
}


class Place(NamedTuple):
    """Where the first ``length`` bytes of the nonce stand in a query; ``text``: as hexadecimal digits."""

    offset: int
    length: int
    text: bool = False


# Queries without a row have no free field that is always the same nonce bytes: XDMCP, IPMI, SQL browser, PCP.
NONCE_IN: Mapping[int, Place] = {
    53: Place(0, 2),  # id
    69: Place(2, 8, text=True),  # file name
    88: Place(137, 3),  # nonce
    111: Place(0, 4),  # transaction id
    123: Place(40, 8),  # transmit timestamp
    161: Place(10, 3),  # msgID, and the request id again
    389: Place(5, 3),  # messageID
    427: Place(10, 2),  # XID
    443: Place(6, 8),  # destination connection id, and the source's again
    500: Place(0, 8),  # initiator's SPI
    521: Place(12, 8),  # second half of the asked prefix
    546: Place(1, 3),  # transaction id
    547: Place(1, 3),
    853: Place(27, 8),  # random
    1194: Place(1, 8),  # session id
    1701: Place(44, 8, text=True),  # host name
    1812: Place(4, 8),  # authenticator
    1900: Place(125, 8, text=True),  # user agent
    3389: Place(8, 4),  # initial sequence number
    3478: Place(8, 8),  # transaction id
    3702: Place(347, 6, text=True),  # message id
    4500: Place(4, 8),  # initiator's SPI
    5060: Place(92, 8, text=True),  # branch, tag and Call-ID
    5353: Place(0, 2),  # id
    5355: Place(0, 2),
    5683: Place(4, 8),  # token
    5684: Place(27, 8),  # random
    8883: Place(27, 8),
    11211: Place(0, 2),  # request id
    51820: Place(4, 4),  # sender index
}


def payload(port: int, nonce: bytes) -> bytes | None:
    """The query of the service at UDP ``port`` with ``nonce`` (8 bytes) in its free field.

    None where the plain nonce is what to send. The same arguments always give the same bytes.
    """
    if len(nonce) != NONCE_LENGTH:
        raise ValueError(f"a nonce is {NONCE_LENGTH} bytes long, not {len(nonce)}")
    query = QUERIES.get(port)
    return query(nonce) if query else None
