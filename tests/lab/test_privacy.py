"""Privacy settings in a namespace whose kernel makes the addresses: what writes do, and `privacy set` for real."""

import itertools
import json
import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from scanner.privacy.settings import SETTINGS
from scanner.privacy.sysctl_files import boot, kernel_integer, read_sysctl
from tests.lab.test_discovery import ADVERTISE
from tests.privacy.growing import DEFAULTS, SYSTEMD, grow
from tests.privacy.test_sysctl_files import OVERLAPPING

PREFIX = "2001:db8:77::"
_NUMBERS = itertools.count(1)


def run(*argv: str, check: bool = True, **options: Any) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(argv, capture_output=True, text=True, check=False, **options)
    assert not check or done.returncode == 0, f"{argv}: {done.stdout}{done.stderr}"
    return done


class Host:
    """A host and a router in namespaces of their own, joined by `eth0` of both; the router advertises on demand."""

    def __init__(self) -> None:
        number = next(_NUMBERS)
        self.name, self.router = (f"v6xp{os.getpid()}x{number}{end}" for end in "hr")

    def up(self) -> None:
        for space in (self.name, self.router):
            run("ip", "netns", "add", space)
        pair = ["type", "veth", "peer", "name", "eth0", "netns", self.router]
        run("ip", "-n", self.name, "link", "add", "eth0", *pair)
        for space, values in ((self.name, ("accept_dad=0",)), (self.router, ("accept_dad=0", "accept_ra=0"))):
            run("ip", "netns", "exec", space, "sysctl", "-q", *(f"net.ipv6.conf.eth0.{one}" for one in values))
            run("ip", "-n", space, "link", "set", "lo", "up")
            run("ip", "-n", space, "link", "set", "eth0", "up")
        self.wait(
            lambda: "fe80" in run("ip", "-n", self.router, "-6", "addr", "show", "-tentative", "dev", "eth0").stdout
        )

    def down(self) -> None:
        for space in (self.name, self.router):
            run("ip", "netns", "del", space, check=False)

    def inside(self, *argv: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        return run("ip", "netns", "exec", self.name, *argv, check=check)

    def advertise(self) -> None:
        run("ip", "netns", "exec", self.router, sys.executable, "-c", ADVERTISE, "eth0", PREFIX, "600", "300")

    def value(self, setting: str, interface: str = "eth0") -> int:
        return int(self.inside("cat", f"/proc/sys/net/ipv6/conf/{interface}/{setting}").stdout)

    def write(self, setting: str, value: str, interface: str = "eth0") -> None:
        self.inside("sh", "-c", f"echo '{value}' > /proc/sys/net/ipv6/conf/{interface}/{setting}", check=False)

    def temporary(self) -> set[str]:
        rows = json.loads(self.inside("ip", "-j", "-6", "addr", "show", "dev", "eth0", "temporary").stdout or "[]")
        return {one["local"] for row in rows for one in row.get("addr_info", []) if one}

    def privacy(self, *argv: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        return self.inside(sys.executable, "-m", "scanner.cli.main", "privacy", *argv, check=check)

    @staticmethod
    def wait(settled: Any, seconds: float = 5.0) -> None:
        deadline = time.monotonic() + seconds
        while not settled():
            assert time.monotonic() < deadline, "the kernel did not get there in time"
            time.sleep(0.05)


@pytest.fixture
def host() -> Iterator[Host]:
    one = Host()
    try:
        one.up()
        yield one
    finally:
        one.down()


def test_what_a_write_to_all_reaches_is_as_the_table_says(host: Host) -> None:
    for setting in SETTINGS:
        before = {name: host.value(setting.name, name) for name in ("eth0", "default")}
        host.write(setting.name, str(host.value(setting.name, "all") + 1), "all")
        changed = {name for name, old in before.items() if host.value(setting.name, name) != old}
        assert changed == ({"eth0", "default"} if setting.all_reaches else set()), setting.name


@pytest.mark.parametrize(
    "text", ["2 # x", "2x", "0x1", "010", " 1", "-1", "1,2", "+1", "99999999999", "5", "08", "2\t3"]
)
def test_the_kernel_reads_integers_as_we_do(host: Host, text: str) -> None:
    host.write("use_tempaddr", "77")
    host.write("use_tempaddr", text)
    expected = kernel_integer("use_tempaddr", text)
    assert host.value("use_tempaddr") == (77 if expected is None else expected)


def test_a_default_reaches_only_interfaces_made_later(host: Host) -> None:
    host.write("use_tempaddr", "2", "default")
    assert host.value("use_tempaddr") == 0
    host.inside("ip", "link", "add", "late", "type", "veth", "peer", "name", "late2")
    assert host.value("use_tempaddr", "late") == 2


def test_set_changes_the_source_address_at_once_and_undo_changes_it_back(host: Host, tmp_path: Path) -> None:
    """The kernel makes a temporary address and prefers it; `set` makes connections leave from the stable one."""
    host.write("use_tempaddr", "2")
    host.advertise()
    host.wait(host.temporary)
    (temporary,) = host.temporary()
    show = json.loads(host.privacy("--json", "--interface", "eth0", "--root", str(tmp_path)).stdout)["interfaces"][0]
    assert (show["source_address"], show["source_temporary"]) == (temporary, True)
    files = ["--root", str(tmp_path)]
    asked = ["set", "--use-tempaddr", "0", "--interface", "eth0", "--persist", "--yes", "--json", *files]
    done = json.loads(host.privacy(*asked).stdout)
    assert done["proof"]["outcome"] == "proven"
    assert done["proof"]["source_before"] == temporary
    assert done["proof"]["source_after"].startswith(PREFIX.rstrip(":"))
    assert done["proof"]["source_after"] not in host.temporary()
    assert host.value("use_tempaddr") == 0
    written = (tmp_path / "etc/sysctl.d/90-v6expose.conf").read_text()
    assert "net.ipv6.conf.eth0.use_tempaddr = 0\n" in written
    host.privacy("undo", *files)
    assert not (tmp_path / "etc/sysctl.d/90-v6expose.conf").exists()
    assert host.value("use_tempaddr") == 2
    again = json.loads(host.privacy("--json", "--interface", "eth0", *files).stdout)["interfaces"][0]
    assert again["source_address"] == temporary


def test_preferring_temporary_ones_waits_for_an_advertisement(host: Host, tmp_path: Path) -> None:
    host.advertise()
    host.wait(lambda: PREFIX.rstrip(":") in host.inside("ip", "-6", "addr", "show", "dev", "eth0").stdout)
    asked = ["set", "--use-tempaddr", "2", "--interface", "eth0", "--yes", "--root", str(tmp_path)]
    first = host.privacy(*asked)
    assert first.stdout.splitlines()[-1].startswith("pending: ")
    host.advertise()
    host.wait(host.temporary)
    assert host.privacy(*asked).stdout.splitlines()[-1].startswith("proven: ")


def test_what_is_set_without_persist_is_a_finding(host: Host, tmp_path: Path) -> None:
    grow(tmp_path, SYSTEMD)
    host.privacy("set", "--use-tempaddr", "2", "--interface", "eth0", "--yes", "-q", "--root", str(tmp_path))
    document = json.loads(host.privacy("--json", "--interface", "eth0", "--root", str(tmp_path)).stdout)
    assert {one["rule"] for one in document["findings"]} >= {"V6X010", "V6X011"}
    host.privacy(
        "set", "--use-tempaddr", "1", "--interface", "eth0", "--yes", "-q", "--persist", "--root", str(tmp_path)
    )
    document = json.loads(host.privacy("--json", "--interface", "eth0", "--root", str(tmp_path)).stdout)
    assert [one for one in document["findings"] if "use_tempaddr" in one["evidence"]] == []


def test_no_answer_and_no_change(host: Host, tmp_path: Path) -> None:
    asked = ["set", "--use-tempaddr", "2", "--interface", "eth0", "--persist", "--root", str(tmp_path)]
    refused = run(
        "ip", "netns", "exec", host.name, sys.executable, "-m", "scanner.cli.main", "privacy", *asked, input="n\n"
    )
    assert "nothing was changed" in refused.stderr
    silent = run(
        *("ip", "netns", "exec", host.name, sys.executable, "-m", "scanner.cli.main", "privacy", *asked),
        check=False,
        input="",
    )
    assert (silent.returncode, "add --yes" in silent.stderr) == (2, True)
    assert host.value("use_tempaddr") == 0
    assert list(tmp_path.iterdir()) == []


SYSCTL = Path("/usr/lib/systemd/systemd-sysctl")
# The real program, with the tree's five directories in the places of the machine's, in a mount namespace of its own
REAL = """
set -e
for one in /run /usr/local/lib; do mount -t tmpfs none $one; mkdir $one/sysctl.d; done
for one in /etc /usr/lib /usr/local/lib /run; do
    mkdir -p $TREE$one/sysctl.d
    mount --bind $TREE$one/sysctl.d $one/sysctl.d
done
%s || true
ip link add late type veth peer name late2
%s --prefix=/net/ipv6/conf/late || true
""" % (SYSCTL, SYSCTL)  # noqa: UP031 - shell braces
LINES = [
    f"{minus}net{dot}ipv6{dot}conf{dot}{target}{dot}{setting}{value}"
    for dot in "./"
    for minus in ("", "-")
    for target in ("eth0", "late", "all", "default", "*", "l*", "?ate")
    for setting, value in (
        ("use_tempaddr", " = 1"),
        ("use_tempaddr", "=2"),
        ("use_tempaddr", "=x"),
        ("addr_gen_mode", "=1"),
        ("use_tempaddr", ""),
    )
]


@pytest.mark.skipif(not SYSCTL.exists(), reason="needs systemd")
@pytest.mark.parametrize(("text", "value"), OVERLAPPING)
def test_the_real_systemd_sysctl_orders_patterns_as_we_do(host: Host, tmp_path: Path, text: str, value: int) -> None:
    grow(tmp_path, SYSTEMD | {"/etc/sysctl.d/x.conf": text})
    run("ip", "netns", "exec", host.name, "unshare", "-m", "sh", "-c", REAL, env={**os.environ, "TREE": str(tmp_path)})
    assert host.value("use_tempaddr") == value


@pytest.mark.skipif(not SYSCTL.exists(), reason="needs systemd")
@pytest.mark.parametrize("seed", range(12))
def test_the_real_systemd_sysctl_agrees(host: Host, tmp_path: Path, seed: int) -> None:
    """Random trees: what systemd-sysctl makes of an interface that is there, and of one that comes later."""
    draw = random.Random(seed)
    directories = ("/etc/sysctl.d", "/run/sysctl.d", "/usr/local/lib/sysctl.d", "/usr/lib/sysctl.d")
    files = {
        f"{draw.choice(directories)}/{draw.choice(['10-a', '50-b', '90-c'])}.conf": draw.choice(
            ["-> /dev/null", *["\n".join(draw.choices(LINES, k=draw.randint(1, 4))) + "\n"] * 6]
        )
        for _ in range(draw.randint(2, 6))
    }
    tree = grow(tmp_path, SYSTEMD | files)
    run("ip", "netns", "exec", host.name, "unshare", "-m", "sh", "-c", REAL, env={**os.environ, "TREE": str(tmp_path)})
    for interface, early in (("eth0", True), ("late", False)):
        history, _ = boot((read_sysctl(tree),), interface, DEFAULTS, early=early)
        for setting in ("use_tempaddr", "addr_gen_mode"):
            assert host.value(setting, interface) == history[setting][-1].value, (interface, setting, files)
