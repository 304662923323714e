"""ddclient itself writes a temporary address into the zone of a real name server, and ``v6expose names`` names it.

All of it on the lab's host, whose addresses the kernel made: Knot DNS serves the zone on its loopback, ddclient sends
RFC 2136 updates by nsupdate, and the address it publishes is the one its connections come from.
"""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

import pytest

from scanner.lab.lab import Lab
from scanner.lab.topology import LAN_INTERFACE, VANTAGE_ADDRESS
from scanner.model.address import Kind
from tests.lab.test_discovery import wait_until
from tests.names.nameserver import KEY_BASE64, KEY_NAME, KNOTD, write_configuration

NAME = "www.home.example"
FIRST, SECOND, MUTE = (IPv4Address(f"127.0.0.{number}") for number in (1, 2, 3))
ZONE = f"""ns1 A {FIRST}
www AAAA {{address}}
"""
# What the source address of a connection to the Internet is: connect() on a datagram socket sends nothing.
OUTGOING = f"""#!{sys.executable}
import socket
with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as dialling:
    dialling.connect(("{VANTAGE_ADDRESS}", 9))
    print(dialling.getsockname()[0])
"""
CLIENT = """syslog=no
cache={home}/ddclient.cache
pid={home}/ddclient.pid
protocol=nsupdate
server=127.0.0.1
zone=home.example
ttl={ttl}
password={home}/ddns.key
{how}
www.home.example
"""


@dataclass(frozen=True)
class Host:
    """The lab's host with a directory for what runs on it."""

    lab: Lab
    home: Path

    def run(self, *argv: str) -> subprocess.CompletedProcess[str]:
        return self.lab.exec("host", list(argv), check=False, capture_output=True, text=True, timeout=60)

    def names(self, *arguments: str) -> tuple[int, dict[str, Any]]:
        command = (sys.executable, "-m", "scanner.cli.main", "names", "--json", "--no-ddns")
        done = self.run(*command, "--resolver", str(FIRST), "--timeout", "0.5", *arguments)
        assert done.stdout, done.stderr
        document: dict[str, Any] = json.loads(done.stdout)
        return done.returncode, document

    def publish(self, how: str, ttl: int = 60) -> None:
        """Run the real ddclient once."""
        settings = self.home / "ddclient.conf"
        settings.write_text(CLIENT.format(home=self.home, how=how, ttl=ttl))
        settings.chmod(0o600)
        (self.home / "ddclient.cache").unlink(missing_ok=True)
        done = self.run(
            "ddclient", "-daemon=0", "-foreground", "-file", str(settings), "-force", "-verbose", "-noquiet"
        )
        assert "SUCCESS" in done.stdout + done.stderr, done.stdout + done.stderr

    def address(self, kind: Kind) -> str:
        return next(str(one.ip) for one in self.lab.host_addresses() if one.kind is kind)


@contextmanager
def knot_on(lab: Lab, home: Path, address: IPv4Address, records: str) -> Iterator[None]:
    home.mkdir(exist_ok=True)
    path = write_configuration(home, {"home.example": records}, [f"{address}@53"])
    with (home / "knot.log").open("w") as log:
        process = lab.popen("host", [KNOTD, "-c", str(path)], stdout=log, stderr=log)
    try:
        ask = ["dig", "+short", "+time=1", "+tries=1", f"@{address}", "home.example", "SOA"]
        wait_until(lambda: lab.exec("host", ask, check=False, capture_output=True).stdout.strip() != b"", 15)
        yield
    finally:
        process.terminate()
        process.wait(10)


@pytest.fixture(scope="module")
def host(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    home = tmp_path_factory.mktemp("names")
    (home / "ddns.key").write_text(f'key "{KEY_NAME}" {{ algorithm hmac-sha256; secret "{KEY_BASE64}"; }};\n')
    (home / "outgoing").write_text(OUTGOING)
    (home / "outgoing").chmod(0o755)
    with knot_on(lab, home / "first", FIRST, ZONE.format(address="2001:db8:ffff::1")):
        yield Host(lab, home)


def test_the_kernel_prefers_the_temporary_address_and_so_ddclient_publishes_it(host: Host) -> None:
    how = f"use=cmd, cmd={host.home}/outgoing"
    host.publish(how)
    settings = host.home / "ddclient.conf"
    status, document = host.names("--ddns-config", f"ddclient={settings}")
    assert status == 1
    (name,) = document["names"]
    assert (name["zone"], name["unanswered"]) == ("home.example", False)
    (published,) = name["addresses"]
    assert (published["address"], published["standing"]) == (host.address(Kind.TEMPORARY), "temporary")
    (finding,) = document["findings"]
    assert (finding["rule"], finding["title"]) == ("V6X012", f"{NAME} names a temporary address")
    assert re.search(r"it dies in 4[78] hours", finding["evidence"])  # the lab gives it two days
    assert (
        f"{settings}:{len(settings.read_text().splitlines())}: ddclient publishes it (use=cmd)" in finding["evidence"]
    )
    assert str(host.home / "ddns.key") not in json.dumps(document)


def test_the_setting_that_the_finding_names_mends_it(host: Host) -> None:
    host.publish(f"use=cmd, cmd={host.home}/outgoing")
    settings = host.home / "ddclient.conf"
    _, document = host.names("--ddns-config", f"ddclient={settings}")
    remedy = document["findings"][0]["remedy"]
    # what it says for a ddclient older than 4.0, which Debian 12 has
    setting = remedy[remedy.index("use=cmd, cmd=") : remedy.index(". See ")]
    assert LAN_INTERFACE in setting
    host.publish(setting)
    status, mended = host.names("--ddns-config", f"ddclient={settings}")
    assert [one["standing"] for one in mended["names"][0]["addresses"]] == ["stable"]
    assert mended["names"][0]["addresses"][0]["address"] == host.address(Kind.STABLE)
    assert (status, mended["findings"]) == (0, [])


def test_a_record_that_outlives_its_address(host: Host) -> None:
    host.publish(f"use=ip, ip={host.address(Kind.STABLE)}", ttl=100_000)  # the lab advertises 86,400 s
    status, document = host.names(NAME)
    (finding,) = document["findings"]
    assert (status, finding["severity"]) == (1, "info")
    assert "caches may keep it for 100000 s (TTL)" in finding["evidence"]


def test_name_servers_that_disagree_and_one_that_is_dead(host: Host) -> None:
    """Two servers of the zone, one with an old copy; then a third that nobody runs."""
    host.publish(f"use=ip, ip={host.address(Kind.STABLE)}")
    with knot_on(host.lab, host.home / "second", SECOND, ZONE.format(address="2001:db8:ffff::1")):
        status, document = host.names(NAME, "--authoritative", str(FIRST), "--authoritative", str(SECOND))
        assert status == 1
        titles = {finding["title"] for finding in document["findings"]}
        assert titles == {f"{NAME} names somebody else's address", f"The authoritative servers of {NAME} disagree"}
    status, document = host.names(NAME, "--authoritative", str(FIRST), "--authoritative", str(MUTE))
    assert status == 3
    outcomes = [answer["outcome"] for answer in document["names"][0]["answers"]]
    assert outcomes == ["answered", "unreachable", "answered"]


@pytest.mark.parametrize(
    ("address", "standing"),
    [("2001:db8:2120:f400::dead", "gone"), ("2001:db8:ffff::1", "foreign"), ("fd00::1", "unique-local"),
     ("fe80::1", "link-local")],
)  # fmt: skip
def test_names_that_lead_elsewhere(host: Host, address: str, standing: str) -> None:
    host.publish(f"use=ip, ip={address}")
    status, document = host.names(NAME)
    assert status == 1
    assert [one["standing"] for one in document["names"][0]["addresses"]] == [standing]
    assert [one["rule"] for one in document["findings"]] == ["V6X013"]


def test_a_dead_resolver_leaves_everything_unknown(host: Host) -> None:
    """Without it the name servers of the zone cannot be found: said as unknown, not as good."""
    command = (sys.executable, "-m", "scanner.cli.main", "names", "--no-ddns", "--timeout", "0.5")
    done = host.run(*command, "--resolver", str(MUTE), NAME)
    assert done.returncode == 3
    assert "the zone of www.home.example is not known: Connection refused from 127.0.0.3" in done.stderr
    assert "1 with a question that stayed unanswered" in done.stdout
