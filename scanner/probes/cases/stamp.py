"""Who a probe is. One number is in the flow label (which survives routers, errors and fragmentation), and everything
else that comes back or arrives altered is known by the TCP sequence number, the fragment identification, the ports or
the eight bytes of payload (PROBES 0.3).
"""

import hashlib
from dataclasses import dataclass
from ipaddress import IPv6Address

HOP_LIMIT = 64
LABELS = 1 << 20
FRAGMENT_BASE = 0x51000000


@dataclass(frozen=True, slots=True)
class Stamp:
    """One copy of one case. ``number`` is the flow label, its low 16 bits are no other copy's of the same run;
    ``hop_limit`` is the one to send with.
    """

    number: int
    source: IPv6Address
    target: IPv6Address
    source_port: int
    key: bytes
    hop_limit: int = HOP_LIMIT

    @property
    def nonce(self) -> bytes:
        """Eight bytes that only this copy carries."""
        return hashlib.blake2s(
            self.number.to_bytes(3, "big") + self.target.packed, key=self.key, digest_size=8
        ).digest()

    @property
    def sequence(self) -> int:
        return int.from_bytes(self.nonce[:4], "big")

    @property
    def fragment(self) -> int:
        """Identification of the fragments."""
        return FRAGMENT_BASE | self.number

    @property
    def identifier(self) -> int:
        """Identifier of an echo request."""
        return self.number & 0xFFFF
