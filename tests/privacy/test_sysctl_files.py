"""sysctl.d: order, masks, separators, patterns, and what the kernel makes of it."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanner.model.privacy import Layer
from scanner.privacy.settings import SETTINGS
from scanner.privacy.sysctl_files import (
    Sysctl,
    boot,
    files_in_order,
    in_force,
    kernel_integer,
    normalise,
    parse_sysctl,
    read_sysctl,
    read_ufw,
)
from scanner.privacy.tree import Tree
from tests.privacy.growing import DEFAULTS, SYSTEMD, grow

KEY = "net.ipv6.conf.eth0.use_tempaddr"


def decided(tree: Tree, *, early: bool = False, setting: str = "use_tempaddr") -> tuple[int | None, str]:
    """The value that eth0 boots with, and the place that says so."""
    history, _ = boot((read_sysctl(tree), read_ufw(tree)), "eth0", DEFAULTS, early=early)
    last = history[setting][-1]
    return last.value, str(last.place or "")


def of_text(text: str, *, early: bool = False, setting: str = "use_tempaddr", reapplied: bool = True) -> int | None:
    found, _ = parse_sysctl(text, "/x.conf")
    history, _ = boot((Sysctl(in_force(found), reapplied),), "eth0", DEFAULTS, early=early)
    return history[setting][-1].value


def test_the_last_name_wins_wherever_the_file_is(tmp_path: Path) -> None:
    tree = grow(
        tmp_path,
        SYSTEMD
        | {
            "/etc/sysctl.d/10-a.conf": f"{KEY}=1\n",
            "/usr/lib/sysctl.d/90-z.conf": f"\n{KEY}=2\n",
            "/run/sysctl.d/50-m.conf": f"{KEY}=0\n",
        },
    )
    assert decided(tree) == (2, "/usr/lib/sysctl.d/90-z.conf:2")


DIRECTORIES = ["/etc/sysctl.d", "/run/sysctl.d", "/usr/local/lib/sysctl.d", "/usr/lib/sysctl.d", "/lib/sysctl.d"]


@pytest.mark.parametrize("first", range(5))
def test_of_one_name_the_first_directory_stands(tmp_path: Path, first: int) -> None:
    """sysctl.d(5): /etc hides /run, which hides /usr/local/lib, which hides /usr/lib (and /lib)."""
    values = {f"{directory}/50-x.conf": f"{KEY}={number + 10}\n" for number, directory in enumerate(DIRECTORIES)}
    tree = grow(tmp_path, SYSTEMD | dict(list(values.items())[first:]))
    assert decided(tree) == (first + 10, f"{DIRECTORIES[first]}/50-x.conf:1")


@pytest.mark.parametrize("mask", ["-> /dev/null", "", "-> /nowhere"])
def test_an_empty_file_or_a_link_to_dev_null_masks(tmp_path: Path, mask: str) -> None:
    files = {"/etc/sysctl.d/50-x.conf": mask, "/usr/lib/sysctl.d/50-x.conf": f"{KEY}=2\n"}
    assert decided(grow(tmp_path, SYSTEMD | files)) == (0, "")


def test_sysctl_conf_counts_only_through_a_link_where_systemd_boots(tmp_path: Path) -> None:
    tree = grow(tmp_path, SYSTEMD | {"/etc/sysctl.conf": f"{KEY}=2\n"})
    assert decided(tree) == (0, "")
    (tmp_path / "etc/sysctl.d").mkdir()
    (tmp_path / "etc/sysctl.d/99-sysctl.conf").symlink_to("../sysctl.conf")
    assert decided(tree) == (2, "/etc/sysctl.d/99-sysctl.conf:1")


def test_without_systemd_sysctl_conf_is_read_last(tmp_path: Path) -> None:
    tree = grow(tmp_path, {"/etc/sysctl.conf": f"{KEY}=2\n", "/etc/sysctl.d/zz.conf": f"{KEY}=1\n"})
    assert files_in_order(tree, systemd=False) == ("/etc/sysctl.d/zz.conf", "/etc/sysctl.conf")
    assert decided(tree, early=True) == (2, "/etc/sysctl.conf:1")


def test_without_udev_an_interface_that_comes_later_takes_only_the_default(tmp_path: Path) -> None:
    text = f"{KEY}=2\nnet.ipv6.conf.default.use_tempaddr=1\n"
    tree = grow(tmp_path, {"/etc/sysctl.d/a.conf": text})
    assert decided(tree, early=False) == (1, "/etc/sysctl.d/a.conf:2")
    assert decided(tree, early=True) == (2, "/etc/sysctl.d/a.conf:1")


# A repeated pattern moves to the end where its value changes, and stays where it was otherwise.
OVERLAPPING = [
    ("net.ipv6.conf.e*.use_tempaddr=1\nnet.ipv6.conf.*0.use_tempaddr=2\nnet.ipv6.conf.e*.use_tempaddr=3", 3),
    ("net.ipv6.conf.e*.use_tempaddr=1\nnet.ipv6.conf.*0.use_tempaddr=2\nnet.ipv6.conf.e*.use_tempaddr=1", 2),
]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("net.ipv6.conf.eth0.use_tempaddr = 2", 2),
        ("net/ipv6/conf/eth0/use_tempaddr=2", 2),
        ("/net/ipv6/conf/eth0/use_tempaddr=2", 2),
        ("-net.ipv6.conf.eth0.use_tempaddr=2", 2),
        ("  - net.ipv6.conf.eth0.use_tempaddr =  2  ", 2),
        ("# net.ipv6.conf.eth0.use_tempaddr=2", 0),
        ("; net.ipv6.conf.eth0.use_tempaddr=2", 0),
        ("net.ipv6.conf.eth0.use_tempaddr", 0),
        ("net.ipv6.conf.eth1.use_tempaddr=2", 0),
        ("net.ipv6.conf.*.use_tempaddr=2", 2),
        ("net.ipv6.conf.eth?.use_tempaddr=2", 2),
        ("net/ipv6/conf/[ew]th0/use_tempaddr=2", 2),
        ("net.*.use_tempaddr=2", 0),  # a star crosses no separator (glob(3))
        ("net.ipv6.conf.*.*=2", 2),
        ("net.ipv6.conf.default.use_tempaddr=2", 2),
        ("net.ipv6.conf.all.use_tempaddr=2", 0),  # the kernel copies it nowhere
        ("net.ipv6.conf.eth0.use_tempaddr=2 # why", 2),
        ("net.ipv6.conf.eth0.use_tempaddr=two", 0),
        # a line by name beats a pattern, wherever it stands; "-KEY" takes the key out of patterns
        ("net.ipv6.conf.eth0.use_tempaddr=1\nnet.ipv6.conf.*.use_tempaddr=2", 1),
        ("net.ipv6.conf.*.use_tempaddr=2\n-net.ipv6.conf.eth0.use_tempaddr", 2),  # through default
        ("net.ipv6.conf.e*.use_tempaddr=2\n-net.ipv6.conf.eth0.use_tempaddr", 0),
        # the interface's own line is applied again when it appears, after the default
        ("net.ipv6.conf.eth0.use_tempaddr=1\nnet.ipv6.conf.default.use_tempaddr=2", 1),
        ("net.ipv6.conf.eth0.use_tempaddr=1\nnet.ipv6.conf.eth0.use_tempaddr=2", 2),
        *OVERLAPPING,
    ],
)
def test_what_a_line_does(text: str, value: int) -> None:
    assert of_text(text) == value


def test_a_vlan_has_a_slash_for_its_dot() -> None:
    assert normalise("net.ipv6.conf.eth0/5.use_tempaddr") == ("net", "ipv6", "conf", "eth0.5", "use_tempaddr")
    assert normalise("net/ipv6/conf/eth0.5/use_tempaddr") == ("net", "ipv6", "conf", "eth0.5", "use_tempaddr")


@pytest.mark.parametrize("setting", [setting.name for setting in SETTINGS])
def test_all_reaches_interfaces_for_two_settings_only(setting: str) -> None:
    """Measured in a namespace by tests/lab/test_privacy.py."""
    reached = setting in {"addr_gen_mode", "forwarding"}
    value = of_text(f"net.ipv6.conf.all.{setting}=3", setting=setting, early=True)
    assert value == (3 if reached else DEFAULTS[setting])


def test_a_default_reaches_only_interfaces_that_come_later() -> None:
    text = "net.ipv6.conf.default.use_tempaddr=2"
    assert (of_text(text, early=True), of_text(text, early=False)) == (0, 2)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        *[("2 # x", 2), ("2x", None), ("0x1", 1), ("010", 8), (" 1", 1), ("-1", -1), ("", None), ("1,2", None)],
        *[("+1", None), ("99999999999", None), ("5", 5), ("08", None), ("0", 0)],
    ],
)
def test_integers_as_the_kernel_reads_them(text: str, value: int | None) -> None:
    assert kernel_integer("use_tempaddr", text) == value


def test_addr_gen_mode_knows_four_values() -> None:
    assert [kernel_integer("addr_gen_mode", text) for text in ("0", "3", "4", "-1")] == [0, 3, None, None]


def test_bad_lines_are_named_with_file_and_line(tmp_path: Path) -> None:
    tree = grow(tmp_path, SYSTEMD | {"/etc/sysctl.d/x.conf": f"nonsense\n{KEY}=many\nvm.swappiness=x\n"})
    read_sysctl(tree)
    assert tree.problems == (
        "/etc/sysctl.d/x.conf:1: is not an assignment, ignored at boot",
        "/etc/sysctl.d/x.conf:2: the kernel refuses 'many' for use_tempaddr, so it is not set",
    )


UFW = {
    "/etc/default/ufw": 'IPT_SYSCTL="/etc/ufw/sysctl.conf"\n',
    "/etc/ufw/sysctl.conf": f"{KEY.replace('.', '/')}=1\n",
}


def test_ufw_applies_its_own_file_after_sysctl_d(tmp_path: Path) -> None:
    files = SYSTEMD | {"/etc/sysctl.d/99.conf": f"{KEY}=2\n", "/etc/ufw/ufw.conf": "ENABLED=yes\n"}
    tree = grow(tmp_path, files | UFW)
    assert decided(tree, early=True) == (1, "/etc/ufw/sysctl.conf:1")
    history, _ = boot((read_ufw(tree),), "eth0", DEFAULTS, early=True)
    assert history["use_tempaddr"][-1].layer is Layer.UFW


def test_ufw_that_is_off_does_nothing(tmp_path: Path) -> None:
    assert read_ufw(grow(tmp_path, {"/etc/ufw/ufw.conf": "ENABLED=no\n"} | UFW)).assignments == ()


@given(st.binary())
def test_no_bytes_break_it(data: bytes) -> None:
    found, complaints = parse_sysctl(data.decode(errors="surrogateescape"), "/x")
    boot((Sysctl(in_force(found), reapplied=True),), "eth0", DEFAULTS, early=False)
    assert len(found) + len(complaints) <= 2 * (data.count(b"\n") + 1)


PIECES = st.sampled_from(
    ["net", "ipv6", "conf", "*", "eth0", "all", "use_tempaddr", ".", "/", "-", "=", "2", "[", "]", "\n"]
)


@given(st.lists(PIECES).map("".join))
def test_nothing_that_looks_like_it_breaks_it(text: str) -> None:
    value = of_text(text)
    assert value is not None
    assert set(str(value)) <= set("02")
