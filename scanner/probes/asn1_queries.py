"""UDP queries in ASN.1: Kerberos, SNMPv3, CLDAP. Only the few types they need.

A number that carries the nonce is always four bytes long, 0x40 and then three bytes of the nonce: positive, below 2**31
and in its shortest form, whatever the nonce is.
"""

SEQUENCE, INTEGER, OCTETS, BITS, ENUMERATED, BOOLEAN = 0x30, 0x02, 0x04, 0x03, 0x0A, 0x01
GENERAL_STRING, GENERALIZED_TIME = 0x1B, 0x18
ABOVE_ZERO = b"\x40"
LONG_FORM = 0x80


def tagged(tag: int, *parts: bytes) -> bytes:
    """One element, its length in the shortest form (X.690 section 10.1), so that Kerberos takes it as DER."""
    body = b"".join(parts)
    size = len(body).to_bytes(2, "big").lstrip(b"\0")
    length = bytes([len(body)]) if len(body) < LONG_FORM else bytes([LONG_FORM | len(size)]) + size
    return bytes([tag]) + length + body


def integer(value: int, tag: int = INTEGER) -> bytes:
    """A whole number from 0 up, one bit left for its sign."""
    return tagged(tag, value.to_bytes(value.bit_length() // 8 + 1, "big"))


def nonce_integer(nonce: bytes) -> bytes:
    return tagged(INTEGER, ABOVE_ZERO + nonce[:3])


def field(number: int, *parts: bytes) -> bytes:
    """A constructed context-specific field, ``[number]`` in the module."""
    return tagged(0xA0 | number, *parts)


def kerberos(nonce: bytes) -> bytes:
    """RFC 4120 section 5.4.1: AS-REQ for a realm that no KDC serves, so that any KDC answers with an error."""
    realm = tagged(GENERAL_STRING, b"V6EXPOSE.INVALID")
    body = tagged(
        SEQUENCE,
        field(0, tagged(BITS, bytes(5))),
        field(1, _principal(1, tagged(GENERAL_STRING, b"v6expose"))),
        field(2, realm),
        field(3, _principal(2, tagged(GENERAL_STRING, b"krbtgt"), realm)),
        field(5, tagged(GENERALIZED_TIME, b"19700101000000Z")),  # "as late as you allow"
        field(7, nonce_integer(nonce)),
        field(8, tagged(SEQUENCE, integer(18), integer(17))),  # aes256-cts, aes128-cts (RFC 3962)
    )
    return tagged(0x6A, tagged(SEQUENCE, field(1, integer(5)), field(2, integer(10)), field(4, body)))


def snmp(nonce: bytes) -> bytes:
    """RFC 3414 section 4: engine discovery, no user, no variable; the answer is a Report with the engine's id."""
    reportable, user_security_model = b"\x04", 3
    header = tagged(
        SEQUENCE,
        nonce_integer(nonce),
        integer(1472),  # the largest answer taken: no larger than an Ethernet frame
        tagged(OCTETS, reportable),
        integer(user_security_model),
    )
    nobody = tagged(SEQUENCE, tagged(OCTETS), integer(0), integer(0), tagged(OCTETS), tagged(OCTETS), tagged(OCTETS))
    get = tagged(0xA0, nonce_integer(nonce), integer(0), integer(0), tagged(SEQUENCE))
    return tagged(
        SEQUENCE,
        integer(3),
        header,
        tagged(OCTETS, nobody),
        tagged(SEQUENCE, tagged(OCTETS), tagged(OCTETS), get),
    )


def cldap(nonce: bytes) -> bytes:
    """RFC 4511 section 4.5.1: the root entry, one small attribute of it, types only, so that the answer stays short."""
    never_dereference, base_object = 0, 0
    search = tagged(
        0x63,
        tagged(OCTETS),
        integer(base_object, ENUMERATED),
        integer(never_dereference, ENUMERATED),
        integer(1),  # entries
        integer(1),  # seconds
        tagged(BOOLEAN, b"\xff"),
        tagged(0x87, b"objectClass"),  # present
        tagged(SEQUENCE, tagged(OCTETS, b"supportedLDAPVersion")),
    )
    return tagged(SEQUENCE, nonce_integer(nonce), search)


def _principal(kind: int, *names: bytes) -> bytes:
    return tagged(SEQUENCE, field(0, integer(kind)), field(1, tagged(SEQUENCE, *names)))
