"""One token, computed on both sides in different words."""

from ipaddress import IPv6Address

from hypothesis import given
from hypothesis import strategies as st
from stub_source import STUB

from scanner.probes.tokens import flow_label, salt_of, sequence_number, token_of

KEYS = st.binary(min_size=1, max_size=32)
PORTS = st.integers(0, 65_535)
ADDRESSES = st.integers(0, 2**128 - 1).map(IPv6Address)


@given(KEYS, st.binary(max_size=40), PORTS)
def test_the_stub_computes_the_same_token(key: bytes, salt: bytes, port: int) -> None:
    assert token_of(key, salt, port) == STUB["token_of"](key, salt, port)
    assert len(token_of(key, salt, port)) == 8


@given(st.binary(min_size=8, max_size=8))
def test_sequence_number_and_flow_label_are_parts_of_it(token: bytes) -> None:
    assert sequence_number(token).to_bytes(4, "big") == token[:4]
    assert 0 <= flow_label(token) < 1 << 20  # RFC 6437: twenty bits
    assert flow_label(token) == int.from_bytes(token, "big") % (1 << 20)


@given(ADDRESSES, ADDRESSES, st.sampled_from((6, 17)), PORTS, PORTS)
def test_a_salt_names_target_protocol_and_source_port(
    one: IPv6Address, other: IPv6Address, protocol: int, source: int, source2: int
) -> None:
    same = (one, source) == (other, source2)
    assert (salt_of(one, protocol, source) == salt_of(other, protocol, source2)) == same
    assert salt_of(one, 6, source) != salt_of(one, 17, source)
