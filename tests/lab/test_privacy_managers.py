"""The real systemd-networkd and NetworkManager, each in a namespace of its own with a private /run, /etc and D-Bus.

What they write to the kernel is held against what we predict from the same files.
"""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from scanner.model.privacy import USE_TEMPADDR
from scanner.privacy.change import plan_change
from scanner.privacy.look import read_boot
from scanner.privacy.running import Interface
from scanner.privacy.tree import Tree
from tests.privacy.growing import DEFAULTS, NETWORK_MANAGER, NETWORKD, grow
from tests.privacy.programs import program

NETWORKD_PROGRAM = program("/usr/lib/systemd/systemd-networkd")
MANAGER, NMCLI = program("/usr/sbin/NetworkManager"), program("/usr/bin/nmcli")
BUS_PROGRAM = program("/usr/bin/dbus-daemon")
ETH0 = Interface("eth0", "", "ether")
SHOW = "for one in use_tempaddr accept_ra addr_gen_mode; do cat /proc/sys/net/ipv6/conf/eth0/$one; done\n"
# Read-only /sys tells both programs that no udev is going to announce the interface.
COMMON = """
set -e
mount -t tmpfs none /run
mount -t sysfs -o ro none /sys
ip link set lo up
ip link add eth0 type veth peer name eth1
ip link set eth1 up
echo $DEFAULT > /proc/sys/net/ipv6/conf/default/use_tempaddr
echo 7 > /proc/sys/net/ipv6/conf/eth0/use_tempaddr
settled() { for i in $(seq 50); do if "$@"; then return 0; fi; sleep 0.05; done; return 0; }
value() { cat /proc/sys/net/ipv6/conf/eth0/$1; }
changed() { [ $(value accept_ra) = 0 ] || [ $(value use_tempaddr) != 7 ]; }
"""
# networkd writes use_tempaddr before accept_ra, NetworkManager after it: both get a moment more. In a user namespace
# there is nobody but root, so the user that networkd becomes is given root's number.
NETWORKD_RUN = COMMON + (
    """
mkdir -p /run/systemd/netif
sed 's/^systemd-network:x:[0-9]*:[0-9]*:/systemd-network:x:0:0:/' /etc/passwd >/run/passwd
if [ $(awk '{n += $3} END {print n}' /proc/self/uid_map) = 1 ]; then mount --bind /run/passwd /etc/passwd; fi
mount -t tmpfs none /etc/systemd
mkdir -p /etc/systemd/network
cp -r $TREE/etc/systemd/network/. /etc/systemd/network/
$PROGRAM >/dev/null 2>&1 &
daemon=$!
settled changed
sleep 0.3
"""
    + SHOW
    + "kill $daemon"
)
MANAGER_RUN = COMMON + (
    """
mkdir -p /run/dbus /run/NetworkManager /etc/NetworkManager
mount -t tmpfs none /var/lib
mkdir -p /var/lib/NetworkManager
mount -t tmpfs none /etc/NetworkManager
cp -r $TREE/etc/NetworkManager/. /etc/NetworkManager/
chown -R 0:0 /etc/NetworkManager
dbus-daemon --config-file=$BUS --nofork >/dev/null 2>&1 &
bus=$!
settled test -S /run/dbus/system_bus_socket
$PROGRAM -n >/dev/null 2>&1 &
daemon=$!
settled changed
sleep 0.5
if [ -n "$THEN" ]; then eval "$THEN"; sleep 0.3; fi
"""
    + SHOW
    + "kill $daemon $bus"
)
BUS = """<busconfig><type>system</type><listen>unix:path=/run/dbus/system_bus_socket</listen>
<policy context="default"><allow user="*"/><allow own="*"/><allow send_type="method_call"/><allow send_destination="*"/>
<allow receive_sender="*"/></policy></busconfig>
"""
KEPT = 7  # what the interface has before, to tell "left alone" from "written"


def measured(script: str, tree: Path, argv: list[str], default: int = 0, then: str = "", **more: str) -> list[int]:
    """use_tempaddr, accept_ra and addr_gen_mode of eth0 after the program has taken it."""
    environment = {
        **os.environ,
        "TREE": str(tree),
        "PROGRAM": " ".join(argv),
        "DEFAULT": str(default),
        "THEN": then,
        **more,
    }
    done = subprocess.run(
        ["unshare", "--net", "--mount", "sh", "-c", script],
        capture_output=True,
        text=True,
        check=False,
        env=environment,
    )
    assert done.returncode == 0, done.stderr
    return [int(line) for line in done.stdout.split()[-3:]]


def predicted(tree: Tree) -> list[int | None]:
    """The same three, as we forecast them; None where the kernel's value is left alone."""
    claims = read_boot(tree, (ETH0,), DEFAULTS).of("eth0")
    found: list[int | None] = []
    for setting in (USE_TEMPADDR, "accept_ra", "addr_gen_mode"):
        said = [one.value for claim in claims for one in claim.statements if one.setting == setting]
        found.append(said[-1] if said else None)
    return found


def agree(real: list[int], ours: list[int | None]) -> None:
    before = (KEPT, 1, 0)
    assert real == [old if one is None else one for one, old in zip(ours, before, strict=True)]


NETWORK = "[Match]\nName=eth0\n[Network]\n"


@pytest.mark.skipif(NETWORKD_PROGRAM is None, reason="needs systemd-networkd")
@pytest.mark.parametrize(
    "files",
    [
        {"10-x.network": f"{NETWORK}IPv6PrivacyExtensions=yes\n"},
        {"10-x.network": f"{NETWORK}IPv6PrivacyExtensions=prefer-public\n"},
        {"10-x.network": f"{NETWORK}IPv6PrivacyExtensions=kernel\n"},
        {"10-x.network": NETWORK},
        {"10-x.network": f"{NETWORK}IPv6PrivacyExtensions=yes\nIPv6PrivacyExtensions=maybe\n"},
        {"10-x.network": f"{NETWORK}IPv6LinkLocalAddressGenerationMode=none\n"},
        {"10-x.network": "[Match]\nName=!eth0\n[Network]\nIPv6PrivacyExtensions=yes\n", "20-y.network": NETWORK},
        {"10-x.network": NETWORK, "10-x.network.d/50.conf": "[Network]\nIPv6PrivacyExtensions=yes\n"},
        {
            "20-x.network": f"{NETWORK}IPv6PrivacyExtensions=yes\n",
            "10-y.network": f"{NETWORK}IPv6PrivacyExtensions=no\n",
        },
        {"10-x.network": "[Network]\nIPv6PrivacyExtensions=yes\n"},
    ],
)
def test_systemd_networkd_writes_what_we_predict(tmp_path: Path, files: dict[str, str]) -> None:
    assert NETWORKD_PROGRAM is not None
    tree = grow(tmp_path, NETWORKD | {f"/etc/systemd/network/{name}": text for name, text in files.items()})
    agree(measured(NETWORKD_RUN, tmp_path, NETWORKD_PROGRAM), predicted(tree))


@pytest.mark.skipif(NETWORKD_PROGRAM is None, reason="needs systemd-networkd")
@pytest.mark.parametrize("value", [0, 1, 2])
def test_our_drop_in_is_obeyed_by_systemd_networkd(tmp_path: Path, value: int) -> None:
    assert NETWORKD_PROGRAM is not None
    tree = grow(tmp_path, NETWORKD | {"/etc/systemd/network/10-x.network": NETWORK})
    (edit,) = plan_change(tree, (ETH0,), DEFAULTS, "eth0", value).edits
    grow(tmp_path, {edit.path: edit.after})
    assert measured(NETWORKD_RUN, tmp_path, NETWORKD_PROGRAM)[0] == value


@pytest.fixture
def bus(tmp_path: Path) -> Iterator[str]:
    path = tmp_path / "bus.conf"
    path.write_text(BUS)
    return str(path)


MAIN = "[main]\nplugins=keyfile\nauth-polkit=false\ndhcp=internal\n"
HOME = "[connection]\nid=x\nuuid=11111111-1111-1111-1111-111111111111\ntype=ethernet\ninterface-name=eth0\n"
HOME += "[ipv4]\nmethod=disabled\n[ipv6]\n"
needs_manager = pytest.mark.skipif(
    None in (MANAGER, NMCLI, BUS_PROGRAM), reason="needs NetworkManager, see tests/privacy/programs.py"
)


def manager_tree(root: Path, conf: str, profile: str) -> Tree:
    top = "/etc/NetworkManager"
    files = {f"{top}/NetworkManager.conf": MAIN + conf, f"{top}/conf.d/.keep": ""}
    files |= {f"{top}/system-connections/x.nmconnection": profile} if profile else {}
    tree = grow(root, NETWORK_MANAGER | files)
    for path in root.rglob("*.nmconnection"):
        path.chmod(0o600)
    return tree


@needs_manager
@pytest.mark.parametrize(
    ("conf", "profile"),
    [
        ("", f"{HOME}method=auto\nip6-privacy=2\n"),
        ("", f"{HOME}method=auto\nip6-privacy=0\n"),
        ("[connection]\nipv6.ip6-privacy=2\n", f"{HOME}method=auto\n"),
        (
            "[connection]\nipv6.ip6-privacy=2\n[connection-a]\nmatch-device=interface-name:eth*\nipv6.ip6-privacy=0\n",
            HOME,
        ),
        ("", f"{HOME}method=auto\n"),  # the kernel's default, here 1
        ("", f"{HOME}method=ignore\nip6-privacy=2\n"),
        ("[connection]\nipv6.ip6-privacy=2\n", ""),  # no profile: one is made up
        ("[keyfile]\nunmanaged-devices=interface-name:eth0\n", f"{HOME}method=auto\nip6-privacy=2\n"),
    ],
)
def test_network_manager_writes_what_we_predict(tmp_path: Path, bus: str, conf: str, profile: str) -> None:
    assert MANAGER is not None
    tree = manager_tree(tmp_path, conf, profile)
    grow(tmp_path, {"/etc/sysctl.d/x.conf": "net.ipv6.conf.default.use_tempaddr=1\n"})
    agree(measured(MANAGER_RUN, tmp_path, MANAGER, default=1, BUS=bus), predicted(tree))


def section(name: str, value: int) -> str:
    return f"[connection-{name}]\nmatch-device=*\nipv6.ip6-privacy={value}\n"


@needs_manager
@pytest.mark.parametrize(
    "files",
    [
        {"10.conf": section("b", 2) + section("a", 0)},
        {"10.conf": section("a", 2), "20.conf": section("b", 0)},
        {"10.conf": section("a", 2), "20.conf": section("b", 0) + section("a", 1)},
        {"10.conf": section("a", 2) + section("b", 0), "20.conf": section("b", 1)},
    ],
)
def test_network_manager_looks_sections_up_in_our_order(tmp_path: Path, bus: str, files: dict[str, str]) -> None:
    assert MANAGER is not None
    tree = manager_tree(tmp_path, "", f"{HOME}method=auto\n")
    grow(tmp_path, {f"/etc/NetworkManager/conf.d/{name}": text for name, text in files.items()})
    agree(measured(MANAGER_RUN, tmp_path, MANAGER, default=1, BUS=bus), predicted(tree))


@needs_manager
def test_nmcli_does_what_our_plan_says(tmp_path: Path, bus: str) -> None:
    """The planned commands, given to the running NetworkManager, take effect and leave the profile we showed."""
    assert MANAGER is not None
    assert NMCLI is not None
    tree = manager_tree(tmp_path, "", f"{HOME}method=auto\nip6-privacy=2\n")
    change = plan_change(tree, (ETH0,), DEFAULTS, "eth0", 1)
    (edit,) = change.edits
    commands = [edit.program, change.reload[-1]]
    lines = [" ".join([*NMCLI, *command[1:]]) for command in commands]
    then = " && ".join(lines) + f" && cp {edit.path} {tmp_path}/after"
    assert measured(MANAGER_RUN, tmp_path, MANAGER, then=then, BUS=bus)[0] == 1
    assert "ip6-privacy=1" in (tmp_path / "after").read_text().splitlines()
