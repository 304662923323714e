"""A MAC address inside an interface identifier (RFC 4291 appendix A), there and back."""

from ipaddress import IPv6Address

UNIVERSAL_BIT = 0x02  # RFC 4291 appendix A: inverted when a MAC becomes an identifier
MAC_LENGTH = 6
EUI64_LENGTH = 8  # IEEE 1394, IEEE 802.15.4
INFINIBAND_LENGTH = 20


def mac_in(ip: IPv6Address) -> str | None:
    """The MAC address that ``ip`` shows (RFC 4291 appendix A, ff:fe in the middle), or None.

    One opaque identifier in 65,536 looks the same by chance. The universal bit is not asked: it is clear in the MAC of
    every KVM guest, of containers and of randomising cards.
    """
    octets = ip.packed[8:]
    if octets[3:5] != b"\xff\xfe":
        return None
    return ":".join(f"{octet:02x}" for octet in (octets[0] ^ UNIVERSAL_BIT, *octets[1:3], *octets[5:]))


def identifier_of(hardware: str) -> int | None:
    """The modified EUI-64 identifier the kernel makes from a link-layer address, or None where it makes none."""
    octets = octets_of(hardware)
    if len(octets) == MAC_LENGTH:
        octets = octets[:3] + b"\xff\xfe" + octets[3:]
    elif len(octets) == INFINIBAND_LENGTH:
        # RFC 4391 section 8: the port's EUI-64 is the end; the bit is set, not inverted
        return int.from_bytes(octets[-8:]) | UNIVERSAL_BIT << 56
    elif len(octets) != EUI64_LENGTH:
        return None
    return int.from_bytes(octets) ^ UNIVERSAL_BIT << 56


def octets_of(hardware: str) -> bytes:
    """``aa:bb:..`` as bytes; nothing for what is no such text."""
    try:
        return bytes.fromhex(hardware.replace(":", ""))
    except ValueError:
        return b""


def is_local(mac: str) -> bool:
    """IEEE 802: the bit says that no vendor assigned it: a virtual machine, a container, a randomising card."""
    octets = octets_of(mac)
    return bool(octets) and bool(octets[0] & UNIVERSAL_BIT)
