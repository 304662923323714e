""".network files: which one takes an interface, and what it writes."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanner.model.privacy import Place
from scanner.privacy.claims import Claim
from scanner.privacy.ini import Entry
from scanner.privacy.networkd import NetworkFile, claims, matches, privacy_value
from scanner.privacy.running import Interface
from tests.privacy.growing import ETH0, NETWORKD, SYSTEMD, WLAN0, grow

TAKES = "[Match]\nName=eth0\n[Network]\n"


def claim(root: Path, files: dict[str, str], interface: Interface = ETH0) -> Claim | None:
    found = claims(grow(root, NETWORKD | files), [interface])
    return found[0] if found else None


def value(found: Claim | None) -> tuple[int | None, str]:
    """What is written to use_tempaddr, and where it says so; -9 for "left alone"."""
    assert found is not None
    said = [one for one in found.statements if one.setting == "use_tempaddr"]
    return (said[-1].value, str(said[-1].place)) if said else (-9, "")


@pytest.mark.parametrize(
    ("word", "expected"),
    [("yes", 2), ("true", 2), ("1", 2), ("on", 2), ("no", 0), ("prefer-public", 1), ("kernel", -9), ("2", 0), ("", 0)],
)
def test_the_words_of_the_option(tmp_path: Path, word: str, expected: int) -> None:
    found = claim(tmp_path, {"/etc/systemd/network/10-x.network": f"{TAKES}IPv6PrivacyExtensions={word}\n"})
    assert value(found)[0] == expected


def test_without_the_option_zero_is_written_and_sysctl_d_is_cancelled(tmp_path: Path) -> None:
    found = claim(tmp_path, {"/etc/systemd/network/10-x.network": TAKES})
    assert value(found) == (0, "/etc/systemd/network/10-x.network")
    assert found is not None
    assert [one.value for one in found.statements if one.setting == "accept_ra"] == [0]


def test_an_unknown_word_is_named_and_ignored(tmp_path: Path) -> None:
    tree = grow(tmp_path, NETWORKD | {"/etc/systemd/network/a.network": f"{TAKES}IPv6PrivacyExtensions=maybe\n"})
    assert value(claims(tree, [ETH0])[0])[0] == 0
    assert tree.problems == (
        "/etc/systemd/network/a.network:4: networkd knows no IPv6PrivacyExtensions=maybe and ignores it",
    )


def test_the_first_file_that_fits_decides_alone(tmp_path: Path) -> None:
    files = {
        "/usr/lib/systemd/network/10-a.network": "[Match]\nName=wl*\n[Network]\nIPv6PrivacyExtensions=yes\n",
        "/run/systemd/network/20-b.network": f"{TAKES}IPv6PrivacyExtensions=prefer-public\n",
        "/etc/systemd/network/30-c.network": f"{TAKES}IPv6PrivacyExtensions=yes\n",
    }
    assert value(claim(tmp_path, files)) == (1, "/run/systemd/network/20-b.network:4")


def test_of_one_name_etc_hides_run_hides_lib(tmp_path: Path) -> None:
    directories = ["/etc", "/run", "/usr/local/lib", "/usr/lib"]
    words = ["kernel", "prefer-public", "no", "yes"]
    files = {
        f"{one}/systemd/network/x.network": f"{TAKES}IPv6PrivacyExtensions={word}\n"
        for one, word in zip(directories, words, strict=True)
    }
    for number, expected in enumerate([-9, 1, 0, 2]):
        assert value(claim(tmp_path / str(number), dict(list(files.items())[number:])))[0] == expected


def test_a_mask_switches_the_file_off(tmp_path: Path) -> None:
    files = {"/etc/systemd/network/x.network": "-> /dev/null", "/usr/lib/systemd/network/x.network": TAKES}
    assert claim(tmp_path, files) is None


def test_drop_ins_of_all_directories_go_by_name(tmp_path: Path) -> None:
    files = {
        "/usr/lib/systemd/network/x.network": f"{TAKES}IPv6PrivacyExtensions=no\n",
        "/etc/systemd/network/x.network.d/50.conf": "[Network]\nIPv6PrivacyExtensions=yes\n",
        "/run/systemd/network/x.network.d/60.conf": "[Network]\nIPv6PrivacyExtensions=prefer-public\n",
        "/usr/lib/systemd/network/x.network.d/50.conf": "[Network]\nIPv6PrivacyExtensions=kernel\n",
    }
    assert value(claim(tmp_path, files)) == (1, "/run/systemd/network/x.network.d/60.conf:2")


def test_networkd_conf_is_asked_last(tmp_path: Path) -> None:
    central = {"/etc/systemd/networkd.conf.d/x.conf": "[Network]\nIPv6PrivacyExtensions=yes\n"}
    found = claim(tmp_path / "1", {"/etc/systemd/network/x.network": TAKES} | central)
    assert value(found) == (2, "/etc/systemd/networkd.conf.d/x.conf:2")
    own = {"/etc/systemd/network/x.network": f"{TAKES}IPv6PrivacyExtensions=no\n"}
    assert value(claim(tmp_path / "2", own | central))[0] == 0


def test_a_service_that_does_not_start_claims_nothing(tmp_path: Path) -> None:
    tree = grow(tmp_path, SYSTEMD | {"/etc/systemd/network/x.network": TAKES})
    assert claims(tree, [ETH0]) == ()


def test_a_masked_service_claims_nothing(tmp_path: Path) -> None:
    off = {"/etc/systemd/system/systemd-networkd.service": "-> /dev/null"}
    assert claim(tmp_path, off | {"/etc/systemd/network/x.network": TAKES}) is None


@pytest.mark.parametrize(
    ("match", "eth0", "wlan0"),
    [
        ("Name=eth0", True, False),
        ("Name=e* w*", True, True),
        ("Name=!eth0", False, True),
        ("Name=!eth* wl*", False, False),
        ("Type=ether", True, False),
        ("Type=wlan", False, True),
        ("Name=eth0\nType=wlan", False, False),
        ("MACAddress=02-00-00-00-00-01", True, False),
        ("PermanentMACAddress=02:00:00:00:00:01", True, None),
        ("Driver=e1000", None, None),
        ("Name=eth0\nDriver=e1000", None, False),
        ("Name=\nType=ether", True, False),
        ("Name=eth0\nName=", False, False),
        ("", False, False),  # an empty section fits nothing
    ],
)
def test_match(match: str, eth0: bool | None, wlan0: bool | None) -> None:  # noqa: FBT001
    entries = [(Entry("Match", *line.split("="), 1), Place("x", 1)) for line in match.splitlines()]  # type: ignore[call-arg]
    file = NetworkFile("x", tuple(entries))
    assert (matches(file, ETH0), matches(file, WLAN0)) == (eth0, wlan0)


def test_a_file_that_might_fit_first_makes_it_doubtful(tmp_path: Path) -> None:
    files = {
        "/etc/systemd/network/10-x.network": "[Match]\nDriver=e1000\n",
        "/etc/systemd/network/20-y.network": TAKES,
    }
    found = claim(tmp_path, files)
    assert found is not None
    assert found.doubt.startswith("/etc/systemd/network/10-x.network may take the interface")


def test_link_local_mode_and_token_are_told(tmp_path: Path) -> None:
    text = f"{TAKES}IPv6LinkLocalAddressGenerationMode=stable-privacy\n[IPv6AcceptRA]\nToken=prefixstable\n"
    found = claim(tmp_path, {"/etc/systemd/network/x.network": text})
    assert found is not None
    assert [one.value for one in found.statements if one.setting == "addr_gen_mode"] == [2]
    assert found.notes == ("networkd makes identifiers itself: Token=prefixstable (/etc/systemd/network/x.network:6)",)


@given(st.text())
def test_no_word_breaks_it(word: str) -> None:
    assert privacy_value(word) in (0, 1, 2, "kernel", None)
