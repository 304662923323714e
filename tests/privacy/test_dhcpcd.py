"""dhcpcd.conf."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanner.privacy.dhcpcd import FILE, claims
from tests.privacy.growing import DHCPCD, ETH0, SYSTEMD, WLAN0, grow


def test_it_reads_advertisements_itself_and_leaves_use_tempaddr_alone(tmp_path: Path) -> None:
    (found,) = claims(grow(tmp_path, DHCPCD | {FILE: "# c\nslaac private temporary\n"}), [ETH0])
    assert [(one.setting, one.value) for one in found.statements] == [("accept_ra", 0)]
    assert found.notes == (
        f"dhcpcd makes addresses itself, identifiers are opaque (RFC 7217) (slaac private temporary, {FILE}:2)",
        "its temporary addresses are not the kernel's: use_tempaddr does not steer them",
    )


@pytest.mark.parametrize(
    ("text", "eth0", "wlan0"),
    [
        ("", True, True),
        ("denyinterfaces eth*", False, True),
        ("allowinterfaces wlan0", False, True),
        ("noipv6rs", False, False),
        ("interface eth0\nnoipv6", False, True),
    ],
)
def test_which_interfaces_it_takes(tmp_path: Path, text: str, eth0: bool, wlan0: bool) -> None:  # noqa: FBT001
    names = {one.interface for one in claims(grow(tmp_path, DHCPCD | {FILE: text}), [ETH0, WLAN0])}
    assert names == {name for name, taken in (("eth0", eth0), ("wlan0", wlan0)) if taken}


def test_a_block_holds_for_its_interface_only(tmp_path: Path) -> None:
    text = "slaac hwaddr\ninterface wlan0\nslaac private\n"
    first, second = claims(grow(tmp_path, DHCPCD | {FILE: text}), [ETH0, WLAN0])
    assert "(EUI-64)" in first.notes[0]
    assert "RFC 7217" in second.notes[0]


def test_an_unknown_scheme_is_named(tmp_path: Path) -> None:
    tree = grow(tmp_path, DHCPCD | {FILE: "slaac magic\nslaac\n"})
    claims(tree, [ETH0])
    assert tree.problems == (f"{FILE}:1: dhcpcd knows no `slaac magic`", f"{FILE}:2: dhcpcd knows no `slaac `")


def test_a_service_that_does_not_start_claims_nothing(tmp_path: Path) -> None:
    assert claims(grow(tmp_path, SYSTEMD | {FILE: ""}), [ETH0]) == ()


@given(st.binary())
def test_no_bytes_break_it(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    claims(grow(tmp_path_factory.mktemp("x"), {**DHCPCD, FILE: data}), [ETH0])
