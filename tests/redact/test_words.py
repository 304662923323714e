"""However an address or a name is written, it goes; what only looks alike stays."""

from ipaddress import IPv6Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanner.redact.addresses import Pseudonyms
from scanner.redact.words import Redactor, bare_digits

OWN = IPv6Address("2001:db8:2120:f400:5054:ff:fe64:10")
NAMES = Pseudonyms(b"k" * 16)
REDACT = Redactor(NAMES, {"tanuki": "host-1", "me@vps.example.net": "vantage-1", "vps.example.net": "vantage-1"})
SHOWN = str(NAMES.ipv6(OWN))


@pytest.mark.parametrize(
    ("text", "instead"),
    [
        (f"from {OWN}: open", f"from {SHOWN}: open"),
        (f"[{OWN}]:445", f"[{SHOWN}]:445"),
        (f"{OWN.exploded.upper()},", f"{SHOWN},"),
        (f"http://[{OWN}]/", f"http://[{SHOWN}]/"),
        (f"{OWN}/64", f"{SHOWN}/64"),
        (f"to {OWN}: lost", f"to {SHOWN}: lost"),
        (OWN.reverse_pointer, IPv6Address(SHOWN).reverse_pointer),
        ("on Tanuki, by me@vps.example.net", "on host-1, by vantage-1"),
        ("/home/alice/.ddclient.conf:3", "/home/user/.ddclient.conf:3"),
    ],
)
def test_it_goes(text: str, instead: str) -> None:
    assert REDACT(text) == instead


@pytest.mark.parametrize("text", ["52:54:00:64:00:10", "52-54-00-64-00-10", "52:54:00:64:00:1A (QEMU)"])
def test_macs_go_as_they_are_written(text: str) -> None:
    shown = REDACT(text)
    assert text[:17] not in shown
    assert shown[2] == text[2]
    assert len(shown) == len(text)


@pytest.mark.parametrize(
    "text",
    [
        "at 12:30:45",
        "1:2:3",
        "::1 and ::",
        "22,80,443",
        "ICMPv6 1/3",
        "tanukis",
        "stanuki",
        "2001",
        "127.0.0.1",
        "a::z",
    ],
)
def test_what_only_looks_alike_stays(text: str) -> None:
    assert REDACT(text) == text


def test_the_network_of_an_address_is_that_of_its_pseudonym() -> None:
    shown = REDACT("everything else in 2001:db8:2120:f400::/64")
    assert shown.endswith("::/64")
    assert IPv6Address(SHOWN).exploded[:19] == IPv6Address(shown.split()[-1].partition("/")[0]).exploded[:19]


def test_bare_digits_are_known_too() -> None:
    digits = dict(bare_digits(f"{OWN} has 52:54:00:64:00:10 and ::1", NAMES))
    assert digits[OWN.packed.hex()] == IPv6Address(SHOWN).packed.hex()
    assert {"525400640010", "5254.0064.0010"} <= digits.keys()
    assert len(digits) == 4


@given(st.text(max_size=200))
def test_any_text_is_taken(text: str) -> None:
    assert isinstance(REDACT(text), str)


@given(st.integers(1 << 125, (1 << 126) - 1).map(IPv6Address), st.text("abc .,:;[]()/", max_size=20))
def test_no_global_address_survives(address: IPv6Address, around: str) -> None:
    assert str(address) not in REDACT(f"({around}) {address} {around}")
