"""``v6expose addresses`` on an inventory that is given to it."""

import io
import json
from dataclasses import fields, replace
from datetime import datetime, timedelta
from ipaddress import IPv6Address

import pytest
from click.testing import CliRunner, Result
from rich.console import Console

from scanner.cli.addresses import picture_of, said_of, show, why_not_scanned
from scanner.cli.main import cli
from scanner.discovery.present import present_addresses
from scanner.discovery.temporary import TemporarySettings
from scanner.model.address import Address, DefaultRouter, Inventory, Kind, Listener, Origin, State
from scanner.model.errors import EnvironmentFault
from scanner.model.run import AddressRecord

WIDE = "2001:db8:1111:2222:5054:ff:fe12:3456"
STABLE = Address(IPv6Address(WIDE), 64, "enp0s31f6", Kind.STABLE, State.PREFERRED, Origin.EUI64, 86_276, 604_676)
TEMPORARY = replace(
    STABLE,
    ip=IPv6Address("2001:db8:1111:2222:3333:4444:5555:6666"),
    kind=Kind.TEMPORARY,
    state=State.DEPRECATED,
    origin=Origin.TEMPORARY,
    preferred_lifetime=0,
)
LOOPBACK = Address(IPv6Address("::1"), 128, "lo", Kind.STABLE, State.PREFERRED, Origin.MANUAL, None, None)
LOCAL = replace(LOOPBACK, ip=IPv6Address("fd00::1"), interface="enp0s31f6")
LINK = replace(LOOPBACK, ip=IPv6Address("fe80::1:2:3:4"), interface="enp0s31f6")
LISTENERS = (
    Listener("tcp", "::", 22, "sshd", v6only=False),
    Listener("tcp", "::", 61234, "", v6only=True),
    Listener("udp", "fe80::5054:ff:fe12:3456", 546, "evil\x1b[31m[bold]name" + "x" * 80, None, "enp0s31f6"),
)
ROUTER = DefaultRouter(IPv6Address("fe80::1"), "02:00:00:00:00:01", "enp0s31f6")
INVENTORY = Inventory(
    "host", "Linux", (LOOPBACK, STABLE, TEMPORARY, LOCAL, LINK), LISTENERS, ROUTER, ("names: be root",)
)


def shown(inventory: Inventory, *, verbose: bool = False) -> str:
    stream = io.StringIO()
    picture = picture_of(inventory, 1_000_000)
    show(inventory, picture, Console(file=stream, width=80, highlight=False), verbose=verbose)
    return stream.getvalue()


def run(monkeypatch: pytest.MonkeyPatch, *argv: str, inventory: Inventory = INVENTORY) -> Result:
    monkeypatch.setattr("scanner.discovery.inventory.discover", lambda: inventory)
    return CliRunner().invoke(cli, ["addresses", *argv])


def row(text: str, beginning: str) -> list[str]:
    (found,) = (line for line in text.splitlines() if line.strip().startswith(beginning))
    return found.split()


def test_an_address_its_kind_state_and_whether_a_scan_covers_it() -> None:
    text = shown(INVENTORY)
    assert row(text, WIDE) == [f"{WIDE}/64", "stable", "preferred", "yes"]
    assert row(text, "2001:db8:1111:2222:3333") == [f"{TEMPORARY.ip}/64", "temporary", "deprecated", "yes"]
    assert row(text, "::1")[-1] == "no"
    assert "A scan covers 2 of 5 addresses." in text


def test_what_stands_below_an_address() -> None:
    text = shown(INVENTORY)
    assert "gives away the MAC address 52:54:00:12:34:56" in text
    assert "preferred 23 h 57 min, valid 6 d 23 h" in text
    assert "no longer preferred, valid 6 d 23 h" in text
    assert text.count("gives away the MAC address") == 1
    assert "easy to find by trying, 2^24 addresses, 16.8 seconds at" in " ".join(text.split())
    assert "not scanned: loopback, this host only" in text


@pytest.mark.parametrize("verbose", [False, True])
def test_it_fits_80_columns_and_foreign_text_is_harmless(*, verbose: bool) -> None:
    text = shown(INVENTORY, verbose=verbose)
    assert max(len(line) for line in text.splitlines()) <= 80
    assert "\x1b" not in text
    assert "[bold]" in text


def test_listeners_and_router() -> None:
    text = shown(INVENTORY)
    assert row(text, "tcp/22") == ["tcp/22", "every", "address", "sshd"]
    assert row(text, "tcp/61234")[-2:] == ["not", "known"]
    assert "Default router: fe80::1 on enp0s31f6, MAC 02:00:00:00:00:01" in text
    assert "MAC not known now" in shown(replace(INVENTORY, default_router=replace(ROUTER, mac=None)))
    bare = shown(replace(INVENTORY, listeners=(), default_router=None))
    assert "No program listens on IPv6." in bare
    assert "Default router: none" in bare


def test_verbose_tells_ipv4_too_and_explains_the_words_in_use() -> None:
    text = shown(INVENTORY, verbose=True)
    assert "every address (IPv4 too)" in text
    assert "every address (IPv6 only)" in text
    assert "deprecated: not used for new connections, but it still receives" in text
    assert "duplicate: another machine" not in text


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        (STABLE, ""),
        (TEMPORARY, ""),
        (LOOPBACK, "loopback, this host only"),
        (LINK, "link-local, this link only"),
        (LOCAL, "unique local (RFC 4193)"),
        (replace(STABLE, state=State.TENTATIVE), "not yet checked for duplicates"),
        (replace(STABLE, state=State.DADFAILED), "another machine has it"),
    ],
)
def test_why_an_address_is_not_scanned(address: Address, reason: str) -> None:
    assert why_not_scanned(address) == reason
    assert address.scannable == (reason == "")


def test_json_has_the_keys_of_the_run_document(monkeypatch: pytest.MonkeyPatch) -> None:
    result = run(monkeypatch, "--json")
    document = json.loads(result.stdout)
    assert list(document) == [
        *("at", "addresses", "doors", "outbound", "temporary", "listeners", "default_router", "problems")
    ]
    keys = {field.name for field in fields(AddressRecord)} | {"preferred_until", "valid_until"}
    assert [set(one) for one in document["addresses"]] == [keys] * 5
    wide, at = document["addresses"][1], datetime.fromisoformat(document["at"])
    ends = [datetime.fromisoformat(wide.pop(key)) for key in ("preferred_until", "valid_until")]
    assert ends == [at + timedelta(seconds=86_276), at + timedelta(seconds=604_676)]
    assert wide == {
        "address": WIDE,
        "prefix_length": 64,
        "interface": "enp0s31f6",
        "kind": "stable",
        "state": "preferred",
        "origin": "eui64",
        "preferred_lifetime": 86_276,
        "valid_lifetime": 604_676,
        "scanned": True,
        "why_not_scanned": "",
        "created_at": None,
        "guessability": {
            "shape": "kvm",
            "effort": "easy",
            "search_bits": 24.0,
            "rate": 1_000_000,
            "years": pytest.approx(16.777216 / 31_557_600),
            "certain": False,
            "says": "made from a KVM/QEMU MAC address (52:54:00)",
        },
        "gives_away": [
            "the MAC address 52:54:00:12:34:56 (likely: one opaque address in 65,536 looks the same)",
            "no vendor assigned it: a virtual machine, a container or a random one",
            "the same host in every network that it visits",
        ],
        "used_outbound": [],
        "seen_at": [],
    }
    assert document["listeners"][0] == {
        "protocol": "tcp",
        "bind": "::",
        "port": 22,
        "process": "sshd",
        "v6only": False,
        "interface": "",
        "package": "",
    }
    assert document["default_router"] == {"address": "fe80::1", "mac": "02:00:00:00:00:01", "interface": "enp0s31f6"}


def test_the_rate_of_a_searcher_is_the_askers(monkeypatch: pytest.MonkeyPatch) -> None:
    slow = json.loads(run(monkeypatch, "--json", "--guess-rate", "1000").stdout)["addresses"][1]["guessability"]
    assert (slow["rate"], slow["years"]) == (1000, pytest.approx(5.3163e-4, rel=1e-3))
    assert run(monkeypatch, "--guess-rate", "0").exit_code == 2


def test_how_many_doors_and_what_a_server_learns(monkeypatch: pytest.MonkeyPatch) -> None:
    document = json.loads(run(monkeypatch, "--json").stdout)
    assert document["doors"] == {
        "count": 2,
        "says": "2 doors, not 1: 1 stable and 1 temporary addresses, 1 of which is no longer used but still takes "
        "connections.",
    }
    known = replace(
        picture_of(INVENTORY, 1), sources={}, temporary=(TemporarySettings("eth0", 2, 604_800, 86_400, 600),)
    )
    assert any("every 1 d and keeps it 7 d: up to 8 at once" in line for line in said_of(known))


def test_no_router_is_null(monkeypatch: pytest.MonkeyPatch) -> None:
    result = run(monkeypatch, "--json", inventory=replace(INVENTORY, default_router=None))
    assert json.loads(result.stdout)["default_router"] is None


def test_problems_go_to_standard_error_unless_quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    loud, quiet = run(monkeypatch), run(monkeypatch, "-q")
    assert loud.stderr == "v6expose: names: be root\n"
    assert quiet.stderr == ""
    assert loud.stdout == quiet.stdout
    assert (loud.exit_code, quiet.exit_code) == (0, 0)


def test_a_host_whose_addresses_cannot_be_read_is_exit_4(monkeypatch: pytest.MonkeyPatch) -> None:
    def failing() -> Inventory:
        raise EnvironmentFault("the IPv6 addresses of this host cannot be read", "install iproute2")

    monkeypatch.setattr("scanner.discovery.inventory.discover", failing)
    result = CliRunner().invoke(cli, ["addresses"])
    assert result.exit_code == 4
    assert result.stderr == "v6expose: the IPv6 addresses of this host cannot be read: install iproute2\n"


def test_on_this_machine() -> None:
    """The addresses are those that the kernel's own table lists."""
    result = CliRunner().invoke(cli, ["addresses", "--json"])
    assert {one["address"] for one in json.loads(result.stdout)["addresses"]} == {str(ip) for ip in present_addresses()}
