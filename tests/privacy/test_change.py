"""What is written, through which layer, and that the forecast agrees before anything is written."""

from pathlib import Path

import pytest

from scanner.model.errors import InputError
from scanner.model.privacy import Layer
from scanner.privacy.change import Change, diff_of, plan_change
from scanner.privacy.look import read_boot
from scanner.privacy.running import Interface
from scanner.privacy.tree import Tree
from tests.privacy.growing import DEFAULTS, DHCPCD, ETH0, IFUPDOWN, NETWORK_MANAGER, NETWORKD, SYSTEMD, grow

CONNECTIONS = "/etc/NetworkManager/system-connections"
HOME = "[connection]\nuuid=1111\ntype=ethernet\ninterface-name=eth0\n\n[ipv6]\n# mine\nip6-privacy=2\nmethod=auto\n"
UNIT = "[Match]\nName=eth0\n"


def plan(root: Path, files: dict[str, str], value: int = 0, interface: Interface = ETH0) -> Change:
    tree = grow(root, files)
    for path in files:
        if path.endswith(".nmconnection"):
            (root / path.lstrip("/")).chmod(0o600)
    return plan_change(tree, (interface,), DEFAULTS, interface.name, value)


def test_sysctl_d_owns_what_nobody_else_does(tmp_path: Path) -> None:
    change = plan(tmp_path, SYSTEMD, 2)
    assert change.layer is Layer.SYSCTL
    assert diff_of(change.edits) == (
        "--- /dev/null\n+++ /etc/sysctl.d/90-v6expose.conf\n@@ -0,0 +1,3 @@\n"
        "+# Written by `v6expose privacy set`; `v6expose privacy undo` takes it back.\n"
        "+net.ipv6.conf.default.use_tempaddr = 2\n"
        "+net.ipv6.conf.eth0.use_tempaddr = 2\n"
    )


def test_the_drop_in_keeps_other_interfaces(tmp_path: Path) -> None:
    old = "net.ipv6.conf.wlan0.use_tempaddr = 2\nnet.ipv6.conf.eth0.use_tempaddr = 2\n"
    (edit,) = plan(tmp_path, SYSTEMD | {"/etc/sysctl.d/90-v6expose.conf": old}).edits
    assert edit.after.splitlines() == [
        "net.ipv6.conf.wlan0.use_tempaddr = 2",
        "net.ipv6.conf.default.use_tempaddr = 0",
        "net.ipv6.conf.eth0.use_tempaddr = 0",
    ]


def test_a_vlan_is_written_so_that_it_is_read_back(tmp_path: Path) -> None:
    """The plan is put to the forecast, which raises where the line does not reach the interface."""
    (edit,) = plan(tmp_path, SYSTEMD, 1, Interface("eth0.5", "", "vlan")).edits
    assert "net.ipv6.conf.eth0/5.use_tempaddr = 1" in edit.after


def test_a_later_file_that_would_win_is_named_instead(tmp_path: Path) -> None:
    files = SYSTEMD | {"/etc/sysctl.d/99-mine.conf": "\nnet.ipv6.conf.eth0.use_tempaddr=2\n"}
    with pytest.raises(InputError) as caught:
        plan(tmp_path, files)
    assert str(caught.value) == (
        "/etc/sysctl.d/99-mine.conf:2 would still set use_tempaddr of eth0 to 2: "
        "change 'net.ipv6.conf.eth0.use_tempaddr=2' there first"
    )


@pytest.mark.parametrize(("value", "word"), [(0, "no"), (1, "prefer-public"), (2, "yes")])
def test_networkd_gets_a_drop_in(tmp_path: Path, value: int, word: str) -> None:
    change = plan(tmp_path, NETWORKD | {"/usr/lib/systemd/network/x.network": UNIT}, value)
    (edit,) = change.edits
    assert (change.layer, edit.path) == (Layer.NETWORKD, "/etc/systemd/network/x.network.d/90-v6expose.conf")
    assert edit.after.splitlines()[1:] == ["[Network]", f"IPv6PrivacyExtensions={word}"]
    assert change.reload == (("networkctl", "reload"), ("networkctl", "reconfigure", "eth0"))


def test_netplan_s_networkd_file_gets_a_drop_in(tmp_path: Path) -> None:
    text = "network: {ethernets: {eth0: {ipv6-privacy: true}}}\n"
    (edit,) = plan(tmp_path, SYSTEMD | {"/etc/netplan/x.yaml": text}).edits
    assert edit.path == "/etc/systemd/network/10-netplan-eth0.network.d/90-v6expose.conf"


def test_network_manager_s_profile_is_changed_by_nmcli(tmp_path: Path) -> None:
    path = f"{CONNECTIONS}/home.nmconnection"
    change = plan(tmp_path, NETWORK_MANAGER | {path: HOME})
    (edit,) = change.edits
    assert edit.after == HOME.replace("ip6-privacy=2", "ip6-privacy=0")
    assert edit.program == ("nmcli", "connection", "modify", "1111", "ipv6.ip6-privacy", "0")
    assert change.reload[-1] == ("nmcli", "device", "reapply", "eth0")


def test_without_a_profile_network_manager_gets_a_default_for_the_device(tmp_path: Path) -> None:
    (edit,) = plan(tmp_path, NETWORK_MANAGER, 2).edits
    assert edit.path == "/etc/NetworkManager/conf.d/90-v6expose.conf"
    assert edit.after.splitlines()[2:] == [
        "[connection-v6expose-eth0]",
        "match-device=interface-name:=eth0",
        "ipv6.ip6-privacy=2",
    ]


def test_netplan_s_network_manager_profile_is_refused_with_the_line_to_change(tmp_path: Path) -> None:
    text = (
        "network:\n  renderer: NetworkManager\n  ethernets:\n    eth0:\n      dhcp6: true\n      ipv6-privacy: true\n"
    )
    with pytest.raises(InputError, match=r"set ipv6-privacy in /etc/netplan/x\.yaml:6 and run `netplan apply`"):
        plan(tmp_path, NETWORK_MANAGER | {"/etc/netplan/x.yaml": text})


def test_a_profile_in_run_is_refused(tmp_path: Path) -> None:
    path = "/run/NetworkManager/system-connections/x.nmconnection"
    with pytest.raises(InputError, match="is gone after a reboot"):
        plan(tmp_path, NETWORK_MANAGER | {path: HOME})


def test_a_profile_of_the_distribution_gets_an_own_copy(tmp_path: Path) -> None:
    (edit,) = plan(
        tmp_path, NETWORK_MANAGER | {"/usr/lib/NetworkManager/system-connections/x.nmconnection": HOME}
    ).edits
    assert (edit.path, edit.before, edit.mode) == (f"{CONNECTIONS}/x.nmconnection", None, 0o600)


def test_what_dhcpcd_does_itself_is_said(tmp_path: Path) -> None:
    change = plan(tmp_path, DHCPCD | {"/etc/dhcpcd.conf": "slaac private temporary\n"})
    assert change.layer is Layer.SYSCTL
    assert change.notes[-1] == "its temporary addresses are not the kernel's: use_tempaddr does not steer them"


def test_ifupdown_s_own_line_is_changed(tmp_path: Path) -> None:
    text = "auto eth0\niface eth0 inet6 auto\n\tprivext  2\n"
    change = plan(tmp_path, IFUPDOWN | {"/etc/network/interfaces": text})
    (edit,) = change.edits
    assert (change.layer, edit.after) == (Layer.IFUPDOWN, text.replace("privext  2", "privext  0"))


def test_ifupdown_without_privext_leaves_it_to_sysctl_d(tmp_path: Path) -> None:
    change = plan(tmp_path, IFUPDOWN | {"/etc/network/interfaces": "auto eth0\niface eth0 inet6 auto\n"})
    assert change.layer is Layer.SYSCTL


def test_what_cloud_init_writes_comes_with_a_warning(tmp_path: Path) -> None:
    files = NETWORK_MANAGER | {f"{CONNECTIONS}/cloud-init-eth0.nmconnection": HOME}
    assert plan(tmp_path, files).notes == (f"cloud-init may write {CONNECTIONS}/cloud-init-eth0.nmconnection again",)


@pytest.mark.parametrize("value", [0, 1, 2])
def test_planning_writes_nothing_and_what_is_planned_is_what_boots(tmp_path: Path, value: int) -> None:
    before = sorted(str(path) for path in tmp_path.rglob("*"))
    layers = [
        SYSTEMD,
        NETWORKD | {"/etc/systemd/network/x.network": UNIT},
        NETWORK_MANAGER | {f"{CONNECTIONS}/a.nmconnection": HOME},
    ]
    for number, files in enumerate(layers):
        root = tmp_path / str(number)
        change = plan(root, files, value)
        tree = Tree(root, overlay={edit.path: edit.after for edit in change.edits})
        forecast = read_boot(tree, (ETH0,), DEFAULTS).forecasts(ETH0, {})[0]
        assert (forecast.predicted, forecast.doubt) == (value, "")
        assert not any("v6expose" in str(path) for path in root.rglob("*"))
    assert before == []


def test_a_diff_tells_a_missing_newline() -> None:
    from scanner.privacy.change import Edit

    assert diff_of((Edit("/x", "a", "a\n"),)).endswith("-a\n\\ No newline at end of file\n+a\n")
    assert diff_of((Edit("/x", "a\n", "a\n"),)) == ""
