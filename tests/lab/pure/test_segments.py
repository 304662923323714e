"""The bytes the lab's liars read and write, checked with scapy."""

from ipaddress import IPv6Address

from hypothesis import given
from hypothesis import strategies as st
from scapy.layers.inet import TCP
from scapy.layers.inet6 import IPv6

from scanner.lab.segments import checksum, prohibited, read_syn, reset_for

SOURCE, TARGET = "2001:db8:f:1::2", "2001:db8:2120:f400::10"


def segment(flags: str, sequence: int = 7) -> bytes:
    return bytes(IPv6(src=SOURCE, dst=TARGET) / TCP(sport=40_000, dport=445, seq=sequence, flags=flags))


def test_a_syn_is_read() -> None:
    syn = read_syn(segment("S"))
    assert syn is not None
    assert (str(IPv6Address(syn.source)), str(IPv6Address(syn.destination))) == (SOURCE, TARGET)
    assert (syn.source_port, syn.destination_port, syn.sequence) == (40_000, 445, 7)


def test_other_segments_are_not() -> None:
    assert [flags for flags in ("S", "SA", "A", "R", "F", "SR", "SEC") if read_syn(segment(flags))] == ["S", "SEC"]


@given(st.binary(max_size=100))
def test_any_bytes_are_a_syn_or_none(data: bytes) -> None:
    syn = read_syn(data)
    assert syn is None or (len(syn.source), len(syn.destination)) == (16, 16)


@given(st.integers(0, 0xFFFFFFFF))
def test_the_reset_is_what_the_target_would_send(sequence: int) -> None:
    syn = read_syn(segment("S", sequence))
    assert syn is not None
    raw = reset_for(syn)
    reset = IPv6(raw)
    assert (reset.src, reset.dst) == (TARGET, SOURCE)
    assert (reset[TCP].sport, reset[TCP].dport, str(reset[TCP].flags)) == (445, 40_000, "RA")
    assert reset[TCP].ack == (sequence + 1) % 2**32
    written = reset[TCP].chksum
    del reset[TCP].chksum
    assert IPv6(bytes(reset))[TCP].chksum == written


def test_an_error_fits_the_minimum_mtu() -> None:
    assert len(prohibited(bytes(65_000))) + 40 == 1280


def test_checksum_of_rfc_1071() -> None:
    assert checksum(bytes.fromhex("0001f203f4f5f6f7")) == 0xFFFF - 0xDDF2  # the example of section 3
    assert checksum(b"\x01") == 0xFEFF
