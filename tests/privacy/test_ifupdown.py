"""/etc/network/interfaces."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanner.privacy.claims import Claim
from scanner.privacy.ifupdown import claims
from tests.privacy.growing import ETH0, IFUPDOWN, SYSTEMD, grow

FILE = "/etc/network/interfaces"


def claim(root: Path, files: dict[str, str | bytes]) -> Claim | None:
    found = claims(grow(root, {**IFUPDOWN, **files}), [ETH0])
    return found[0] if found else None


def said(found: Claim | None, setting: str = "use_tempaddr") -> list[tuple[int | None, str]]:
    assert found is not None
    return [(one.value, str(one.place)) for one in found.statements if one.setting == setting]


def test_privext_and_accept_ra_with_their_lines(tmp_path: Path) -> None:
    text = "# c\nauto lo eth0\niface eth0 inet dhcp\niface eth0 inet6 auto\n\tprivext 2\n\taccept_ra 1\n"
    found = claim(tmp_path, {FILE: text})
    assert said(found) == [(2, f"{FILE}:5")]
    assert said(found, "accept_ra") == [(1, f"{FILE}:6")]
    assert found is not None
    assert found.doubt == ""


def test_method_auto_accepts_advertisements_even_when_forwarding(tmp_path: Path) -> None:
    found = claim(tmp_path, {FILE: "auto eth0\niface eth0 inet6 auto\n"})
    assert said(found, "accept_ra") == [(2, f"{FILE}:2")]
    assert said(found) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("iface eth0 inet6 dhcp\n privext 2\n", []),  # that method knows no privext
        ("iface eth0 inet auto\n privext 2\n", None),  # IPv4
        ("iface eth1 inet6 auto\n privext 2\n", None),
        ("iface eth0 inet6 auto\n privext much\n", []),
        ("iface eth0 inet6 auto\n privext \\\n 2\n", [(2, f"{FILE}:2")]),
        ("iface eth0 inet6 auto\n#privext 2\n", []),
        (
            "iface eth0 inet6 auto\n privext 1\niface eth0 inet6 static\n privext 2\n",
            [(1, f"{FILE}:2"), (2, f"{FILE}:4")],
        ),
        ("mapping eth0\n script /x\n privext 2\n", None),
    ],
)
def test_stanzas(tmp_path: Path, text: str, expected: list[tuple[int, str]] | None) -> None:
    found = claim(tmp_path, {FILE: text})
    assert (said(found) if found else None) == expected


@pytest.mark.parametrize(
    ("line", "sure"),
    [("auto eth0", True), ("allow-hotplug eth0", True), ("auto /eth*", True), ("auto eth1", False), ("", False)],
)
def test_only_what_is_brought_up_at_boot_is_sure(tmp_path: Path, line: str, sure: bool) -> None:  # noqa: FBT001
    found = claim(tmp_path, {FILE: f"{line}\niface eth0 inet6 auto\n privext 2\n"})
    assert found is not None
    assert (found.doubt == "") is sure


def test_other_files_are_sourced(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {
        FILE: "auto eth0\nsource /etc/network/interfaces.d/*.cfg\nsource-directory more\nsource interfaces\n",
        "/etc/network/interfaces.d/50-cloud-init.cfg": "iface eth0 inet6 auto\n privext 1\n",
        "/etc/network/interfaces.d/ignored": "iface eth0 inet6 auto\n privext 0\n",
        "/etc/network/more/plain": "iface eth0 inet6 auto\n privext 2\n",
        "/etc/network/more/with.dot": "iface eth0 inet6 auto\n privext 0\n",
    }
    found = claim(tmp_path, files)
    assert [value for value, _ in said(found)] == [1, 2]
    assert found is not None
    assert [one.place.generator for one in found.statements if one.place][1] == "cloud-init"


def test_bad_lines_are_named(tmp_path: Path) -> None:
    tree = grow(tmp_path, IFUPDOWN | {FILE: "privext 2\niface eth0\n"})
    claims(tree, [ETH0])
    assert [problem.partition(": ")[0] for problem in tree.problems] == [f"{FILE}:1", f"{FILE}:2"]


def test_a_service_that_does_not_start_claims_nothing(tmp_path: Path) -> None:
    assert claims(grow(tmp_path, SYSTEMD | {FILE: "auto eth0\niface eth0 inet6 auto\n"}), [ETH0]) == ()


@given(st.binary())
def test_no_bytes_break_it(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    assert claim(tmp_path_factory.mktemp("x"), {FILE: b"iface eth0 inet6 auto\n" + data}) is not None


WORDS = [
    "iface",
    "auto",
    "source",
    "source-directory",
    "eth0",
    "inet6",
    "privext",
    "2",
    "\\\n",
    "\n",
    "/etc/network/*",
    "*",
]


@given(st.lists(st.sampled_from(WORDS)).map(" ".join))
def test_nothing_that_looks_like_it_breaks_it(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    claim(tmp_path_factory.mktemp("x"), {FILE: text})
