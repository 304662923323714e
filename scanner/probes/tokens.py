"""The token each probe carries, so that both sides recognise it and nothing else is taken for it.

Eight bytes from a keyed hash over (salt, port); the key is new for every run, the salt names target, protocol and
source port. TCP carries the first four as sequence number, UDP all eight as payload, both the last 20 bits as flow
label. vantage/stub.py computes the same in its own words.
"""

import hashlib
from ipaddress import IPv6Address


def salt_of(target: IPv6Address, protocol: int, source_port: int) -> bytes:
    """``protocol`` is the IPv6 next header number."""
    return target.packed + bytes([protocol]) + source_port.to_bytes(2, "big")


def token_of(key: bytes, salt: bytes, port: int) -> bytes:
    """Eight bytes; the same value as the stub's."""
    return hashlib.blake2s(salt + port.to_bytes(2, "big"), key=key, digest_size=8).digest()


def sequence_number(token: bytes) -> int:
    return int.from_bytes(token[:4], "big")


def flow_label(token: bytes) -> int:
    return int.from_bytes(token[4:], "big") & 0xFFFFF
