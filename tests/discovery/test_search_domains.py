"""resolv.conf(5), as found on machines."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanner.discovery.search_domains import LONGEST, parse_search_domains, read_search_domains


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("search fritz.box\n", ["fritz.box"]),
        ("nameserver ::1\nsearch Lan. example.org\ndomain home.arpa", ["lan", "example.org", "home.arpa"]),
        ("search .\n", []),
        ("# search commented.example\n; search too.example\n", []),
        ("searching x\noptions search y\n", []),
        ("search $(reboot) a\x1b[31m b;c d\n", ["d"]),
        ("", []),
    ],
)
def test_what_a_file_says(text: str, found: list[str]) -> None:
    assert list(parse_search_domains(text)) == found


def test_files_are_joined_and_missing_ones_left_out(tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    one.write_text("search lan fritz.box\n")
    two.write_bytes(b"search \xff fritz.box flets-east.jp\n")
    assert read_search_domains((one, tmp_path / "none", two)) == ("lan", "fritz.box", "flets-east.jp")


@given(st.text())
def test_only_names_come_out(text: str) -> None:
    for name in parse_search_domains(text):
        assert name.isascii()
        assert name == name.lower()
        assert set(name) <= set("abcdefghijklmnopqrstuvwxyz0123456789-_.")
        assert 0 < len(name) <= LONGEST
