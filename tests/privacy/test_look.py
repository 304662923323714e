"""The whole picture: which layer wins, how sure that is, the profile, who generates a file."""

from ipaddress import IPv6Address
from pathlib import Path

import pytest

from scanner.model.privacy import Layer, Privacy, Profile
from scanner.privacy.cloud_init import generator_of
from scanner.privacy.look import look
from scanner.privacy.profile import guess_profile
from scanner.privacy.running import Kernel
from scanner.privacy.settings import BY_NAME, SETTINGS
from scanner.privacy.tree import Tree
from tests.privacy.growing import DEFAULTS, IFUPDOWN, NETWORK_MANAGER, NETWORKD, SYSTEMD, grow, kernel

SOURCE = IPv6Address("2001:db8::5")


def seen(root: Path, files: dict[str, str], running: int = 0, profile: Profile | None = None) -> Privacy:
    live = kernel(root / "kernel", eth0={"use_tempaddr": running}, lo={"use_tempaddr": -1})
    (live.proc / "net").mkdir()
    (live.proc / "net/if_inet6").write_text(f"{int(SOURCE):032x} 02 40 00 01 eth0\n")
    return look(grow(root / "files", files), live, profile, lambda _: DEFAULTS, lambda _: SOURCE)


def use_tempaddr(found: Privacy) -> tuple[int | None, Layer, str, str]:
    (one,) = found.interfaces
    forecast = one.forecast("use_tempaddr")
    assert forecast is not None
    return forecast.predicted, forecast.decided_by.layer, str(forecast.decided_by.place or ""), forecast.doubt


def test_every_setting_is_shown_with_a_meaning_and_a_standard(tmp_path: Path) -> None:
    (one,) = seen(tmp_path, {}).interfaces
    assert [forecast.setting for forecast in one.forecasts] == [setting.name for setting in SETTINGS]
    assert {forecast.setting: forecast.running for forecast in one.forecasts} == DEFAULTS
    assert all(setting.standard.startswith("RFC ") for setting in SETTINGS)
    assert (one.source, one.source_temporary) == (str(SOURCE), True)


def test_what_values_mean() -> None:
    explain = BY_NAME["use_tempaddr"].explain
    assert explain(-1) == explain(0) == "makes no temporary addresses"
    assert explain(7) == explain(2) == "makes temporary addresses and prefers them"
    assert explain(None) == "not known"
    assert BY_NAME["addr_gen_mode"].explain(9) == "9 has no documented meaning"
    assert BY_NAME["temp_valid_lft"].explain(5) == "5 s"


def test_nothing_sets_it(tmp_path: Path) -> None:
    assert use_tempaddr(seen(tmp_path, SYSTEMD)) == (0, Layer.KERNEL, "", "")


ALL = "net.ipv6.conf.eth0.use_tempaddr=1\n"
UNIT = "[Match]\nName=eth0\n[Network]\nIPv6PrivacyExtensions=yes\n"


def test_a_manager_beats_sysctl_d(tmp_path: Path) -> None:
    files = NETWORKD | {"/etc/sysctl.d/x.conf": ALL, "/etc/systemd/network/x.network": UNIT}
    found = seen(tmp_path, files, running=1)
    assert use_tempaddr(found) == (2, Layer.NETWORKD, "/etc/systemd/network/x.network:4", "")
    forecast = found.interfaces[0].forecast("use_tempaddr")
    assert forecast is not None
    assert forecast.differs
    assert [one.layer for one in forecast.statements] == [Layer.KERNEL, Layer.SYSCTL, Layer.NETWORKD]


def test_a_manager_that_keeps_the_kernel_s_value_leaves_sysctl_d_the_winner(tmp_path: Path) -> None:
    unit = UNIT.replace("yes", "kernel")
    files = NETWORKD | {"/etc/sysctl.d/x.conf": ALL, "/etc/systemd/network/x.network": unit}
    assert use_tempaddr(seen(tmp_path, files))[:2] == (1, Layer.SYSCTL)


def test_network_manager_follows_the_default_of_sysctl_d(tmp_path: Path) -> None:
    """And not the interface's own line, which it overwrites."""
    text = "net.ipv6.conf.default.use_tempaddr=2\n" + ALL
    found = use_tempaddr(seen(tmp_path, NETWORK_MANAGER | {"/etc/sysctl.d/x.conf": text}))
    assert found == (2, Layer.NETWORK_MANAGER, "/etc/sysctl.d/x.conf:1", "")


def test_ifupdown_beats_sysctl_d(tmp_path: Path) -> None:
    text = "auto eth0\niface eth0 inet6 auto\n privext 2\n"
    found = use_tempaddr(seen(tmp_path, IFUPDOWN | {"/etc/sysctl.d/x.conf": ALL, "/etc/network/interfaces": text}))
    assert found == (2, Layer.IFUPDOWN, "/etc/network/interfaces:3", "")


def test_two_managers_that_disagree_are_doubtful(tmp_path: Path) -> None:
    files = NETWORKD | NETWORK_MANAGER | {"/etc/systemd/network/x.network": UNIT}
    value, layer, _, doubt = use_tempaddr(seen(tmp_path, files))
    assert (value, layer) == (0, Layer.NETWORK_MANAGER)
    assert doubt == "systemd-networkd and NetworkManager all take this interface; the last one to start wins"


def test_a_bare_default_depends_on_when_the_interface_comes(tmp_path: Path) -> None:
    found = seen(tmp_path, SYSTEMD | {"/etc/sysctl.d/x.conf": "net.ipv6.conf.default.use_tempaddr=2\n"})
    value, _, place, doubt = use_tempaddr(found)
    assert (value, place) == (2, "/etc/sysctl.d/x.conf:1")
    early = "0 (nothing sets it: the kernel's own default)"
    assert doubt == f"an interface that is there before sysctl.d is applied gets {early} instead"


def test_a_file_that_may_take_the_interface_makes_the_winner_doubtful(tmp_path: Path) -> None:
    files = NETWORKD | {"/etc/sysctl.d/x.conf": ALL, "/etc/systemd/network/x.network": "[Match]\nDriver=e1000\n"}
    value, layer, _, doubt = use_tempaddr(seen(tmp_path, files))
    assert (value, layer) == (1, Layer.SYSCTL)
    assert doubt == "/etc/systemd/network/x.network may take the interface: it matches by what is not known here"


def test_run_is_emptied_at_a_reboot(tmp_path: Path) -> None:
    value, layer, _, doubt = use_tempaddr(seen(tmp_path, SYSTEMD | {"/run/sysctl.d/x.conf": ALL}, running=1))
    assert (value, layer) == (0, Layer.KERNEL)
    assert doubt == "/run/sysctl.d/x.conf:1 says 1, but /run is emptied at a reboot"


def test_a_kernel_that_cannot_be_asked_leaves_the_value_unknown(tmp_path: Path) -> None:
    live = kernel(tmp_path / "kernel", eth0={})
    found = look(grow(tmp_path, SYSTEMD), live, None, lambda _: {}, lambda _: None)
    assert use_tempaddr(found)[0] is None
    forecast = found.interfaces[0].forecast("use_tempaddr")
    assert forecast is not None
    assert not forecast.differs


def test_minus_one_and_zero_are_the_same_behaviour(tmp_path: Path) -> None:
    forecast = seen(tmp_path, SYSTEMD, running=-1).interfaces[0].forecast("use_tempaddr")
    assert forecast is not None
    assert not forecast.differs


def test_a_kernel_without_ipv6_has_no_interfaces(tmp_path: Path) -> None:
    assert look(Tree(tmp_path), Kernel(tmp_path, tmp_path), None, lambda _: {}, lambda _: None).interfaces == ()


def test_problems_of_all_layers_are_collected_once(tmp_path: Path) -> None:
    files = NETWORKD | NETWORK_MANAGER | {
        "/etc/sysctl.d/a.conf": "what\n",
        "/etc/systemd/network/x.network": "what\n",
        "/etc/NetworkManager/NetworkManager.conf": "what\n",
        "/etc/netplan/x.yaml": "a: [\n",
    }  # fmt: skip
    problems = seen(tmp_path, files).problems
    assert sorted(problem.partition(":")[0] for problem in problems) == [
        "/etc/NetworkManager/NetworkManager.conf",
        "/etc/netplan/x.yaml",
        "/etc/sysctl.d/a.conf",
        "/etc/systemd/network/x.network",
    ]


def test_the_profile_is_as_given_or_guessed(tmp_path: Path) -> None:
    found = seen(tmp_path, {}, profile=Profile.DESKTOP)
    assert (found.profile, found.profile_reason) == (Profile.DESKTOP, "as given")


MANAGER = "/etc/systemd/system/display-manager.service"


@pytest.mark.parametrize(
    ("files", "profile"),
    [
        ({}, Profile.SERVER),
        ({MANAGER: "-> /lib/systemd/system/gdm3.service"}, Profile.DESKTOP),
        ({"/etc/X11/default-display-manager": "/usr/sbin/gdm3\n"}, Profile.DESKTOP),
        ({MANAGER: "-> /dev/null"}, Profile.SERVER),
        # Debian's default for every host, with a screen or without
        ({"/usr/lib/systemd/system/default.target": "-> graphical.target"}, Profile.SERVER),
        (
            {
                MANAGER: "-> /lib/systemd/system/gdm3.service",
                "/etc/systemd/system/default.target": "-> /lib/systemd/system/multi-user.target",
            },
            Profile.SERVER,
        ),
    ],
)
def test_only_a_display_manager_makes_a_desktop(tmp_path: Path, files: dict[str, str], profile: Profile) -> None:
    assert guess_profile(grow(tmp_path, files))[0] is profile


@pytest.mark.parametrize(
    ("path", "text", "program"),
    [
        ("/etc/netplan/50-cloud-init.yaml", "", "cloud-init"),
        ("/etc/network/interfaces.d/50-cloud-init", "", "cloud-init"),
        ("/etc/systemd/network/10-cloud-init-eth0.network", "", "cloud-init"),
        ("/etc/NetworkManager/system-connections/cloud-init-eth0.nmconnection", "", "cloud-init"),
        ("/etc/NetworkManager/conf.d/99-cloud-init.conf", "", "cloud-init"),
        ("/etc/x", "# This file is generated from information provided by the datasource.\n", "cloud-init"),
        ("/run/systemd/network/10-netplan-eth0.network", "", "netplan"),
        ("/run/NetworkManager/system-connections/netplan-eth0.nmconnection", "", "netplan"),
        ("/etc/systemd/network/10-eth0.network", "[Match]\n", ""),
    ],
)
def test_generated_files_are_known(path: str, text: str, program: str) -> None:
    assert generator_of(path, text) == program
