"""Pseudonyms of addresses that keep prefixes: two addresses share as many leading bits after as before.

Bit by bit, each flipped or not by a keyed hash of the bits before it (Xu, Fan, Ammar, Moon: Prefix-Preserving IP
Address Anonymization, 2002). The result lies in documentation space, so that no pseudonym is somebody's address: of the
first 32 bits a running number is kept, the other 96 are treated so. Without the key nothing leads back.
"""

import hashlib
from ipaddress import IPv4Address, IPv6Address, IPv6Network

DOCUMENTATION = int(IPv6Address("3fff::"))  # RFC 9637: 3fff::/20
NUMBERED, KEPT = 32, 12  # bits that become a running number, and bits that number has
MOST = 1 << KEPT
LINK_LOCAL, UNIQUE_LOCAL = IPv6Network("fe80::/10"), IPv6Network("fc00::/7")
SOLICITED_NODE = IPv6Network("ff02::1:ff00:0/104")  # RFC 4291 section 2.7.1: the last 24 bits of an address
MAPPED = IPv6Network("::ffff:0:0/96")
TELLS_NOTHING = (IPv6Network("::/127"), IPv6Network("ff00::/8"))  # unspecified, loopback, other groups
LAN_IPV4 = IPv4Address("10.0.0.0")
LOCALLY_ADMINISTERED = 0x02


class Pseudonyms:
    """One document's pseudonyms; ``key`` makes them, and the same key makes the same ones."""

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._numbers: dict[int, int] = {}

    def ipv6(self, address: IPv6Address) -> IPv6Address:
        """Whole; what is the same for everybody (``::1``, groups, default routes) stays."""
        value = int(address)
        if address in SOLICITED_NODE:
            return IPv6Address(value & ~0xFFFFFF | self._scrambled(value & 0xFFFFFF, 24, b"group"))
        if address in MAPPED:
            return IPv6Address(int(MAPPED[0]) | int(self.ipv4(IPv4Address(value & 0xFFFFFFFF))))
        if any(address in network for network in TELLS_NOTHING):
            return address
        if address in LINK_LOCAL:
            return IPv6Address(int(LINK_LOCAL[0]) | self._scrambled(value & (1 << 64) - 1, 64, b"link"))
        if address in UNIQUE_LOCAL:
            return IPv6Address(0xFD << 120 | self._scrambled(value & (1 << 120) - 1, 120, b"local"))
        first, rest = value >> 96, value & (1 << 96) - 1
        number = self._number(first)
        return IPv6Address(DOCUMENTATION | number << 96 | self._scrambled(rest, 96, first.to_bytes(4, "big")))

    def network(self, address: IPv6Address, length: int) -> IPv6Address:
        """The first address of the network ``address``/``length``; length 0 tells nothing."""
        if length == 0:
            return address
        mask = (1 << 128) - (1 << 128 - length)
        return IPv6Address(int(self.ipv6(address)) & mask)

    def ipv4(self, address: IPv4Address) -> IPv4Address:
        """In 10.0.0.0/8; loopback and unspecified stay."""
        if address.is_loopback or address.is_unspecified:
            return address
        return IPv4Address(int(LAN_IPV4) | self._scrambled(int(address), 32, b"ipv4") & 0xFFFFFF)

    def mac(self, octets: bytes) -> bytes:
        """Locally administered, so that no vendor has assigned it; groups and all zeros stay."""
        if octets[0] & 1 or not any(octets):
            return octets
        digest = self._digest(b"mac" + octets)
        return bytes([digest[0] & 0xFC | LOCALLY_ADMINISTERED]) + digest[1:6]

    def _number(self, first: int) -> int:
        """A running number for each value of the first bits: no two documents agree, no two values collide."""
        if first not in self._numbers:
            start = int.from_bytes(self._digest(b"start")[:4], "big")
            self._numbers[first] = (start + len(self._numbers)) % MOST
        return self._numbers[first]

    def _scrambled(self, value: int, bits: int, salt: bytes) -> int:
        result = 0
        for index in range(bits):
            before = value >> bits - index
            flip = self._digest(salt + index.to_bytes(1, "big") + before.to_bytes(16, "big"))[0] & 1
            result = result << 1 | (value >> bits - index - 1 & 1) ^ flip
        return result

    def _digest(self, data: bytes) -> bytes:
        return hashlib.blake2s(data, key=self._key, digest_size=8).digest()
