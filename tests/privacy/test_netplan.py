"""netplan's YAML: what it becomes; held against the real generator where that is installed."""

import shutil
import subprocess
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from scanner.privacy.look import read_boot
from scanner.privacy.netplan import read_netplan
from scanner.privacy.tree import Tree
from tests.privacy.growing import DEFAULTS, ETH0, NETWORK_MANAGER, SYSTEMD, grow
from tests.privacy.programs import program

GENERATE = program("/usr/libexec/netplan/generate", "/lib/netplan/generate")


def text_of(body: str, renderer: str = "networkd") -> str:
    return f"network:\n  version: 2\n  renderer: {renderer}\n  ethernets:\n    eth0:\n      {body}\n"


def decided(root: Path, files: dict[str, str | bytes]) -> tuple[int | None, str, str]:
    tree = grow(root, SYSTEMD | files)
    forecast = read_boot(tree, (ETH0,), DEFAULTS).forecasts(ETH0, {})[0]
    place = forecast.decided_by.place
    return forecast.predicted, str(place or ""), place.generator if place else ""


@pytest.mark.parametrize(("word", "expected"), [("true", 2), ("yes", 2), ("false", 0), ("maybe", 0)])
def test_networkd(tmp_path: Path, word: str, expected: int) -> None:
    found = decided(tmp_path, {"/etc/netplan/50-x.yaml": text_of(f"ipv6-privacy: {word}")})
    assert found == (expected, "/etc/netplan/50-x.yaml:6", "netplan")


def test_an_interface_that_is_named_without_privacy_gets_networkd_s_zero(tmp_path: Path) -> None:
    files = {
        "/etc/netplan/a.yaml": text_of("dhcp4: true"),
        "/etc/sysctl.d/x.conf": "net.ipv6.conf.eth0.use_tempaddr=2\n",
    }
    assert decided(tmp_path, files) == (0, "/etc/netplan/a.yaml:6", "netplan")


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("{dhcp6: true, ipv6-privacy: true}", 2),
        ("{dhcp6: true}", 0),
        ("{addresses: ['2001:db8::1/64'], ipv6-privacy: yes}", 2),
        ("{ipv6-address-generation: stable-privacy}", 0),
    ],
)
def test_network_manager(tmp_path: Path, body: str, expected: int) -> None:
    text = f"network: {{renderer: NetworkManager, ethernets: {{eth0: {body}}}}}\n"
    files = dict(NETWORK_MANAGER) | {
        "/etc/netplan/x.yaml": text,
        "/etc/sysctl.d/x.conf": "net.ipv6.conf.default.use_tempaddr=1\n",
    }
    assert decided(tmp_path, files)[0] == expected


def test_files_of_one_name_hide_each_other_and_the_rest_is_merged_by_name(tmp_path: Path) -> None:
    on, off = text_of("ipv6-privacy: true"), text_of("ipv6-privacy: false")
    assert decided(tmp_path / "1", {"/etc/netplan/50.yaml": on, "/run/netplan/50.yaml": off})[0] == 0
    assert decided(tmp_path / "2", {"/etc/netplan/50.yaml": on, "/lib/netplan/60.yaml": off})[0] == 0
    assert decided(tmp_path / "3", {"/etc/netplan/50.yaml": on, "/lib/netplan/40.yaml": off})[0] == 2


def test_what_it_wrote_at_the_last_boot_gives_way_to_the_yaml(tmp_path: Path) -> None:
    old = "[Match]\nName=eth0\n[Network]\nIPv6PrivacyExtensions=yes\n"
    files = {"/run/systemd/network/10-netplan-eth0.network": old, "/etc/netplan/x.yaml": text_of("dhcp4: true")}
    assert decided(tmp_path, files)[:2] == (0, "/etc/netplan/x.yaml:6")


def test_a_drop_in_for_its_file_counts(tmp_path: Path) -> None:
    dropin = "/etc/systemd/network/10-netplan-eth0.network.d/90.conf"
    files = {
        "/etc/netplan/x.yaml": text_of("ipv6-privacy: true"),
        dropin: "[Network]\nIPv6PrivacyExtensions=prefer-public\n",
    }
    assert decided(tmp_path, files)[:2] == (1, f"{dropin}:2")


def test_cloud_init_is_named_as_the_writer(tmp_path: Path) -> None:
    found = decided(tmp_path, {"/etc/netplan/50-cloud-init.yaml": text_of("ipv6-privacy: true")})
    assert found == (2, "/etc/netplan/50-cloud-init.yaml:6", "cloud-init")


def test_bad_yaml_and_bad_words_are_named_with_their_line(tmp_path: Path) -> None:
    tree = grow(
        tmp_path,
        {
            "/etc/netplan/a.yaml": "network:\n  ethernets: [\n",
            "/etc/netplan/b.yaml": text_of("ipv6-privacy: often"),
            "/etc/netplan/c.yaml": b"\x00\xff",
        },
    )
    read_netplan(tree)
    first, second, third = sorted(tree.problems)
    assert first.startswith("/etc/netplan/a.yaml:3: is no YAML")
    assert second == "/etc/netplan/b.yaml:6: netplan takes true or false for ipv6-privacy, not 'often'"
    assert third.startswith("/etc/netplan/c.yaml: is no YAML")


MATCHES = [
    "eth0: {ipv6-privacy: true}",
    "eth0: {ipv6-privacy: false}",
    "eth0: {dhcp6: true}",
    "other: {match: {name: 'eth*'}, ipv6-privacy: true}",
    "other: {match: {macaddress: '02:00:00:00:00:01'}, ipv6-privacy: true}",
    "other: {match: {name: 'wl*'}, ipv6-privacy: true}",
]


@pytest.mark.skipif(GENERATE is None, reason="needs the Debian package netplan.io")
@pytest.mark.parametrize("body", MATCHES)
def test_the_real_generator_agrees(tmp_path: Path, body: str) -> None:
    """What netplan itself writes, read as networkd reads it, comes to the same as our reading of the YAML."""
    assert GENERATE is not None
    text = f"network: {{ethernets: {{{body}}}}}\n"
    ours = decided(tmp_path / "ours", {"/etc/netplan/x.yaml": text})[0]
    real = tmp_path / "real"
    grow(real, {"/etc/netplan/x.yaml": text})
    (real / "etc/netplan/x.yaml").chmod(0o600)
    done = subprocess.run([*GENERATE, "--root-dir", str(real)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    shutil.copytree(real / "run/systemd/network", tmp_path / "theirs/run/systemd/network")
    unit = {"/etc/systemd/system/multi-user.target.wants/systemd-networkd.service": ""}
    assert decided(tmp_path / "theirs", dict(unit))[0] == ours


@given(st.binary())
def test_no_bytes_break_it(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    tree = grow(tmp_path_factory.mktemp("netplan"), {"/etc/netplan/x.yaml": data})
    read_netplan(tree)


LEAVES = st.one_of(st.text("abc:{}[]&*!? ", max_size=8), st.booleans(), st.none(), st.integers())
KEYS = st.sampled_from(
    ["network", "ethernets", "eth0", "match", "name", "renderer", "ipv6-privacy", "addresses", "wifis"]
)
NODES = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4), max_leaves=12
)


@given(NODES)
def test_no_document_breaks_it(tmp_path_factory: pytest.TempPathFactory, document: object) -> None:
    root = tmp_path_factory.mktemp("netplan")
    grow(root, {"/etc/netplan/x.yaml": yaml.safe_dump({"network": document})})
    read_boot(Tree(root), (ETH0,), DEFAULTS)
