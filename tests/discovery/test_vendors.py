"""Lists of who assigned which MAC address, as two packages keep them."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanner.discovery.vendors import LONGEST, parse_prefixes, parse_vendors, vendor_finder

IEEE = "OUI/MA-L\n00-A0-DE   (hex)\t\tYAMAHA CORPORATION\n00A0DE     (base 16)\t\tYAMAHA CORPORATION\n"
NMAP = "# $Id$ generated\n00A0DE Yamaha\n4C5E0C Routerboard.com\n0055DA0 Shinko Technos\nzzzzzz Nobody\n4C5E0C\n"
MAC = "00:A0:de:12:34:56"


def test_the_ieees_list() -> None:
    assert parse_vendors(IEEE.splitlines()) == {"00a0de": "YAMAHA CORPORATION"}


def test_nmaps_list() -> None:
    assert parse_prefixes(NMAP.splitlines()) == {"00a0de": "Yamaha", "4c5e0c": "Routerboard.com"}


def test_the_second_list_is_read_where_the_first_is_missing(tmp_path: Path) -> None:
    ieee, nmap = tmp_path / "ieee", tmp_path / "nmap"
    assert vendor_finder(ieee, nmap)(MAC) == ""
    nmap.write_text(NMAP)
    assert vendor_finder(ieee, nmap)(MAC) == "Yamaha"
    ieee.write_text(IEEE)
    assert vendor_finder(ieee, nmap)(MAC) == "YAMAHA CORPORATION"
    assert vendor_finder(ieee, nmap)("") == ""


@pytest.mark.parametrize("parse", [parse_vendors, parse_prefixes])
@given(lines=st.lists(st.text()))
def test_whatever_stands_there_is_survived(parse: object, lines: list[str]) -> None:
    found = parse(lines)  # type: ignore[operator]
    assert all(len(digits) == 6 and 0 < len(name) <= LONGEST for digits, name in found.items())
