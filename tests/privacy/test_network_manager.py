"""NetworkManager: profiles, defaults, devices it leaves alone. What it writes is measured in tests/lab."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanner.model.privacy import Layer, Place, Statement
from scanner.privacy.claims import Claim
from scanner.privacy.match_spec import in_list
from scanner.privacy.network_manager import claims
from scanner.privacy.running import Interface
from tests.privacy.growing import ETH0, NETWORK_MANAGER, SYSTEMD, WLAN0, grow

CONNECTIONS = "/etc/NetworkManager/system-connections"
CONF = "/etc/NetworkManager/NetworkManager.conf"
HOME = "[connection]\nid=home\nuuid=1111\ntype=ethernet\ninterface-name=eth0\n\n[ipv6]\nmethod=auto\n"
DEFAULT = Statement(Layer.SYSCTL, "use_tempaddr", 1, Place("/etc/sysctl.d/x.conf", 3), "default.use_tempaddr = 1")


def claim(root: Path, files: dict[str, str], interface: Interface = ETH0, mode: int = 0o600) -> Claim | None:
    tree = grow(root, NETWORK_MANAGER | files)
    for path in files:
        if path.endswith(".nmconnection"):
            (root / path.lstrip("/")).chmod(mode)
    found = claims(tree, [interface], lambda _: DEFAULT)
    return found[0] if found else None


def value(found: Claim | None) -> tuple[int | None, str]:
    assert found is not None
    said = next(one for one in found.statements if one.setting == "use_tempaddr")
    return said.value, str(said.place)


@pytest.mark.parametrize(("word", "expected"), [("0", 0), ("1", 1), ("2", 2), ("-1", 1), ("yes", 1)])
def test_the_profile_decides(tmp_path: Path, word: str, expected: int) -> None:
    found = claim(tmp_path, {f"{CONNECTIONS}/home.nmconnection": f"{HOME}ip6-privacy={word}\n"})
    assert value(found)[0] == expected
    if word in "012":
        assert value(found)[1] == f"{CONNECTIONS}/home.nmconnection:9"


def test_then_the_defaults_then_the_kernel_s_default(tmp_path: Path) -> None:
    profile = {f"{CONNECTIONS}/home.nmconnection": HOME}
    assert value(claim(tmp_path / "1", profile | {CONF: "[connection]\nipv6.ip6-privacy=2\n"})) == (2, f"{CONF}:2")
    assert value(claim(tmp_path / "2", profile)) == (1, "/etc/sysctl.d/x.conf:3")


def test_a_device_without_a_profile_gets_one_made_up(tmp_path: Path) -> None:
    found = claim(tmp_path, {CONF: "[connection]\nipv6.ip6-privacy=0\n"})
    assert value(found)[0] == 0
    assert found is not None
    assert found.owner is None
    assert found.notes == ("NetworkManager makes identifiers itself: addr-gen-mode stable-privacy (its default)",)


def test_configuration_is_read_in_order(tmp_path: Path) -> None:
    """/usr/lib, /run, NetworkManager.conf, /etc/conf.d; a name in /etc hides the same one elsewhere."""

    def text(number: int) -> str:
        return f"[connection]\nipv6.ip6-privacy={number}\n"

    files = {
        "/usr/lib/NetworkManager/conf.d/90.conf": text(2),
        "/run/NetworkManager/conf.d/50.conf": text(1),
        CONF: text(0),
        "/etc/NetworkManager/conf.d/10.conf": text(2),
    }
    paths = list(files)
    for count, expected in [(1, 2), (2, 1), (3, 0), (4, 2)]:
        found = claim(tmp_path / str(count), {path: files[path] for path in paths[:count]})
        assert value(found) == (expected, f"{paths[count - 1]}:2")
    hidden = {"/usr/lib/NetworkManager/conf.d/90.conf": text(2), "/etc/NetworkManager/conf.d/90.conf": ""}
    assert value(claim(tmp_path / "hidden", hidden))[0] == 1


def test_a_section_for_the_device_comes_before_the_general_one(tmp_path: Path) -> None:
    text = "[connection]\nipv6.ip6-privacy=2\n[connection-a]\nmatch-device=interface-name:{}\nipv6.ip6-privacy=0\n"
    assert value(claim(tmp_path / "1", {CONF: text.format("eth*")}))[0] == 0
    assert value(claim(tmp_path / "2", {CONF: text.format("wl*")}))[0] == 2


def test_sections_of_one_file_go_in_order_and_those_of_a_later_file_before_them(tmp_path: Path) -> None:
    """As the real one does it: tests/lab/test_privacy_managers.py."""

    def text(name: str, number: int) -> str:
        return f"[connection-{name}]\nipv6.ip6-privacy={number}\n"

    later = "/etc/NetworkManager/conf.d/20.conf"
    assert value(claim(tmp_path / "1", {CONF: text("b", 2) + text("a", 0)}))[0] == 2
    assert value(claim(tmp_path / "2", {CONF: text("a", 2), later: text("b", 0)}))[0] == 0
    assert value(claim(tmp_path / "3", {CONF: text("a", 2), later: text("b", 0) + text("a", 1)}))[0] == 0
    assert value(claim(tmp_path / "4", {CONF: text("a", 2) + text("b", 0), later: text("b", 1)}))[0] == 2


def test_a_profile_that_others_may_read_is_refused(tmp_path: Path) -> None:
    path = f"{CONNECTIONS}/home.nmconnection"
    tree = grow(tmp_path, NETWORK_MANAGER | {path: f"{HOME}ip6-privacy=2\n"})
    (tmp_path / path.lstrip("/")).chmod(0o644)
    assert value(claims(tree, [ETH0], lambda _: DEFAULT)[0])[0] == 1
    assert tree.problems == (f"{path}: NetworkManager refuses a profile of mode 0644; make it 0600",)


def test_of_one_uuid_run_hides_etc_hides_lib(tmp_path: Path) -> None:
    paths = [f"{top}/NetworkManager/system-connections/x.nmconnection" for top in ("/run", "/etc", "/usr/lib")]
    for first, expected in enumerate([0, 1, 2]):
        files = {path: f"{HOME}ip6-privacy={number}\n" for number, path in enumerate(paths)}
        found = claim(tmp_path / str(first), dict(list(files.items())[first:]))
        assert value(found) == (expected, f"{paths[first]}:9")


@pytest.mark.parametrize(
    ("change", "fits"),
    [
        (("interface-name=eth0", "interface-name=eth1"), False),
        (("interface-name=eth0", ""), True),
        (("interface-name=eth0", "autoconnect=false"), False),
        (("type=ethernet\ninterface-name=eth0", "type=wifi"), False),
        (("\n[ipv6]", "\n[ethernet]\nmac-address=02:00:00:00:00:01\n[ipv6]"), True),
        (("\n[ipv6]", "\n[ethernet]\nmac-address=02:00:00:00:00:77\n[ipv6]"), False),
        (("interface-name=eth0\n", "\n[match]\ninterface-name=eth*;\n"), True),
        (("interface-name=eth0\n", "\n[match]\ninterface-name=wl*;\n"), False),
    ],
)
def test_which_profile_fits(tmp_path: Path, change: tuple[str, str], fits: bool) -> None:  # noqa: FBT001
    text = HOME.replace(*change) + "ip6-privacy=2\n"
    found = claim(tmp_path, {f"{CONNECTIONS}/x.nmconnection": text})
    assert value(found)[0] == (2 if fits else 1)


def test_priority_chooses_and_a_draw_is_doubtful(tmp_path: Path) -> None:
    first = HOME.replace("interface-name=eth0\n", "") + "ip6-privacy=0\n"
    second = HOME.replace("1111", "2222").replace("interface-name=eth0\n", "{}") + "ip6-privacy=2\n"
    paths = [f"{CONNECTIONS}/a.nmconnection", f"{CONNECTIONS}/b.nmconnection"]
    ranked = claim(tmp_path / "1", {paths[0]: first, paths[1]: second.format("autoconnect-priority=5\n")})
    assert value(ranked)[0] == 2
    assert ranked is not None
    assert ranked.doubt == ""
    draw = claim(tmp_path / "2", {paths[0]: first, paths[1]: second.format("")})
    assert draw is not None
    assert draw.doubt == "2 profiles fit the interface; the one used last comes up"


@pytest.mark.parametrize(
    "text",
    ["[keyfile]\nunmanaged-devices=interface-name:eth*\n", "[device-x]\nmatch-device=type:ethernet\nmanaged=0\n"],
)
def test_devices_it_leaves_alone(tmp_path: Path, text: str) -> None:
    assert claim(tmp_path / "1", {CONF: text}) is None
    assert claim(tmp_path / "2", {CONF: text}, WLAN0) is not None


def test_method_ignore_leaves_the_rest_to_the_kernel(tmp_path: Path) -> None:
    found = claim(tmp_path, {f"{CONNECTIONS}/x.nmconnection": HOME.replace("auto", "ignore") + "ip6-privacy=2\n"})
    assert value(found)[0] == 2
    assert found is not None
    assert {one.setting for one in found.statements} == {"use_tempaddr"}


def test_a_service_that_does_not_start_claims_nothing(tmp_path: Path) -> None:
    tree = grow(tmp_path, SYSTEMD | {CONF: "[connection]\nipv6.ip6-privacy=2\n"})
    assert claims(tree, [ETH0], lambda _: DEFAULT) == ()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("*", True),
        ("eth0", True),
        ("02:00:00:00:00:01", True),
        ("interface-name:eth?", True),
        ("interface-name:=eth?", False),
        ("mac:02:00:00:00:00:01", True),
        ("type:wifi", False),
        ("type:ethernet;type:wifi", True),
        ("*,except:type:ethernet", False),
        ("except:interface-name:wl*", True),
        ("driver:e1000", None),
        ("driver:e1000,eth0", True),
        ("*,except:driver:e1000", None),
        ("", False),
    ],
)
def test_device_lists(text: str, expected: bool | None) -> None:  # noqa: FBT001
    assert in_list(text, ETH0) is expected


def test_what_is_not_known_of_the_interface_stays_unknown() -> None:
    assert in_list("type:wifi", replace(ETH0, type="")) is None


@given(st.binary(), st.binary())
def test_no_bytes_break_it(tmp_path_factory: pytest.TempPathFactory, profile: bytes, config: bytes) -> None:
    root = tmp_path_factory.mktemp("nm")
    files: dict[str, str | bytes] = {f"{CONNECTIONS}/x.nmconnection": HOME.encode() + profile, CONF: config}
    tree = grow(root, NETWORK_MANAGER | files)
    (root / f"{CONNECTIONS}/x.nmconnection".lstrip("/")).chmod(0o600)
    assert len(claims(tree, [ETH0], lambda _: DEFAULT)) <= 1
