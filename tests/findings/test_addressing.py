"""V6X014, V6X015, V6X016 and V6X017: facts in, findings out."""

from dataclasses import replace

import pytest

from scanner.findings import addressing, binding, evaluate, summarise
from scanner.model.address import Kind, Origin, State
from scanner.model.finding import Severity
from scanner.model.ports import PortSet
from scanner.policy import AddressRole, Allow, Policy

from .conftest import STABLE, TEMPORARY, address, facts, inventory, listener, only, table, temporary

VENDOR_MAC, VENDOR_IP = "00:11:22:33:44:55", "2001:db8:a:1:211:22ff:fe33:4455"
LOCAL_IP = "2001:db8:a:1:5054:ff:fe12:3456"
LOW = "2001:db8:a:1::25"
STOPPED, LEAKY = {"router_dropped": "1-65535"}, {"router_dropped": "1-99,101-65535", "closed": "100"}


def eui64(ip: str, mac: str = "") -> object:
    return replace(address(ip, origin=Origin.EUI64), own_mac=mac, preferred_lifetime=2_700, valid_lifetime=5_400)


def test_a_vendors_mac_is_low_and_names_the_vendor() -> None:
    given = facts(table(VENDOR_IP, **STOPPED), host=inventory(eui64(VENDOR_IP, VENDOR_MAC)))
    (found,) = only(addressing.SHOWS_MAC, evaluate(replace(given, vendors={VENDOR_MAC: "Example Corp"})))
    assert (found.severity, found.address, found.standard) == (Severity.LOW, VENDOR_IP, "RFC 8064 section 3; RFC 7217")
    assert found.title == "The address of eth0 shows its MAC address"
    assert "Example Corp" in found.evidence
    assert "vendor not known here" in only(addressing.SHOWS_MAC, evaluate(given))[0].evidence


def test_a_mac_that_no_vendor_assigned_is_info_and_a_likely_one_is_said_so() -> None:
    (found,) = only(addressing.SHOWS_MAC, evaluate(facts(table(LOCAL_IP, **STOPPED), host=inventory(eui64(LOCAL_IP)))))
    assert found.severity is Severity.INFO
    assert "seems to show" in found.title
    assert "no vendor assigned it" in found.evidence


def test_several_prefixes_are_one_finding_and_link_local_none() -> None:
    second = VENDOR_IP.replace("a:1:", "b:1:")
    host = inventory(eui64(VENDOR_IP, VENDOR_MAC), eui64(second, VENDOR_MAC), eui64("fe80::211:22ff:fe33:4455"))
    (found,) = only(addressing.SHOWS_MAC, evaluate(facts(table(VENDOR_IP, **STOPPED), host=host)))
    assert second in found.evidence
    assert "fe80" not in found.evidence
    renumbered = facts(table(second, **STOPPED), host=inventory(eui64(second, VENDOR_MAC)))
    assert only(addressing.SHOWS_MAC, evaluate(renumbered))[0].fingerprint == found.fingerprint


def test_a_temporary_address_that_looks_like_a_mac_shows_none() -> None:
    host = inventory(address(LOCAL_IP, Kind.TEMPORARY, Origin.TEMPORARY))
    assert only(addressing.SHOWS_MAC, evaluate(facts(table(LOCAL_IP, **STOPPED), host=host))) == []


@pytest.mark.parametrize(
    ("ip", "verdicts", "severity"),
    [
        (LOW, STOPPED, Severity.INFO),
        (LOW, LEAKY, Severity.MEDIUM),
        (LOCAL_IP, STOPPED, Severity.INFO),
        (LOCAL_IP, LEAKY, Severity.LOW),
    ],
)
def test_a_guessable_address_weighs_what_is_let_in_there(ip: str, verdicts: dict[str, str], severity: Severity) -> None:
    (found,) = only(addressing.GUESSABLE, evaluate(facts(table(ip, **verdicts))))
    assert (found.severity, found.address) == (severity, ip)


def test_what_the_policy_allows_is_not_held_against_a_guessable_address() -> None:
    policy = Policy((Allow("tcp", PortSet.parse("100")),))
    (found,) = only(addressing.GUESSABLE, evaluate(facts(table(LOW, **LEAKY), policy=policy)))
    assert found.severity is Severity.INFO
    assert "nothing unwanted" in found.evidence


def test_an_opaque_address_is_not_guessable() -> None:
    assert only(addressing.GUESSABLE, evaluate(facts(table(STABLE, **LEAKY), table(TEMPORARY, **LEAKY)))) == []


def test_a_good_router_keeps_its_a_with_a_virtual_machine_behind_it() -> None:
    """The demo's second act: its host has QEMU's MAC address."""
    given = facts(table(LOCAL_IP, **STOPPED), host=inventory(eui64(LOCAL_IP, "52:54:00:12:34:56")))
    found = evaluate(given)
    assert {finding.rule for finding in found} == {addressing.SHOWS_MAC, addressing.GUESSABLE}
    assert summarise(given, found, complete=True).grade == "A"


@pytest.mark.parametrize(
    ("process", "port", "line"),
    [
        ("smbd", 445, f"in smb.conf: interfaces = lo {STABLE}/64 and bind interfaces only = yes"),
        ("sshd", 22, f"in sshd_config: ListenAddress [{STABLE}]:22"),
        ("nginx", 443, f"in the server block: listen [{STABLE}]:443;"),
        ("named", 53, f"in named.conf: listen-on-v6 {{ {STABLE}; }};"),
        ("something", 4000, f"bind it to [{STABLE}]:4000 in its own settings"),
    ],
)
def test_a_service_on_every_address_is_told_how_to_bind(process: str, port: int, line: str) -> None:
    host = inventory(address(), temporary(), listeners=(listener(port, process),))
    (found,) = only(binding.RULE, evaluate(facts(table(STABLE, **STOPPED), table(TEMPORARY, **STOPPED), host=host)))
    assert found.severity is Severity.INFO
    assert line in found.remedy


def bound(*hosts: object, policy: Policy | None = None, **listening: str) -> int:
    host = inventory(*hosts, listeners=(listener(22, "sshd", **listening),))
    return len(only(binding.RULE, evaluate(facts(table(STABLE, **STOPPED), host=host, policy=policy))))


def test_when_every_address_is_meant_or_there_is_only_one() -> None:
    old = address("2001:db8:a:2:9c3f:71e2:4b8d:6a05", state=State.DEPRECATED)
    ssh = PortSet.parse("22")
    assert bound(address(), temporary()) == 1
    assert bound(address(), old) == 1
    assert bound(address()) == 0
    assert bound(address(), temporary(), bind=STABLE) == 0
    assert bound(address(), temporary(), interface="lo") == 0
    assert bound(address(), temporary(), policy=Policy((Allow("tcp", ssh),))) == 0
    assert bound(address(), temporary(), policy=Policy((Allow("tcp", ssh, AddressRole.STABLE),))) == 1


def test_a_program_with_many_ports_is_one_finding() -> None:
    host = inventory(address(), temporary(), listeners=(listener(139), listener(445), listener(137, protocol="udp")))
    (found,) = only(binding.RULE, evaluate(facts(table(STABLE, **STOPPED), host=host)))
    assert "tcp/139, tcp/445 and udp/137" in found.evidence
    fewer = replace(host, listeners=host.listeners[:1])
    (same,) = only(binding.RULE, evaluate(facts(table(STABLE, **STOPPED), host=fewer)))
    assert same.fingerprint == found.fingerprint


DAY = 86_400


def test_dead_doors_are_named_with_the_time_they_stay_open() -> None:
    dead = replace(temporary(), state=State.DEPRECATED, preferred_lifetime=0, valid_lifetime=5 * DAY + 7)
    (found,) = only(addressing.STAYS_OPEN, evaluate(facts(table(STABLE, **STOPPED), host=inventory(address(), dead))))
    assert found.severity is Severity.INFO
    assert found.title == "1 address no longer used still takes connections"
    assert f"{TEMPORARY} is no longer used, and reachable for another 5 days" in found.evidence


@pytest.mark.parametrize(
    ("preferred", "valid", "amount"),
    [(DAY, 7 * DAY, 1), (DAY, 2 * DAY, 1), (DAY, 2 * DAY - 1, 0), (2_700, 5_400, 0), (None, None, 0), (DAY, None, 1)],
)
def test_long_lives_after_the_last_use_are_said_beforehand(preferred: int, valid: int, amount: int) -> None:
    host = inventory(address(), replace(temporary(), preferred_lifetime=preferred, valid_lifetime=valid))
    assert len(only(addressing.STAYS_OPEN, evaluate(facts(table(STABLE, **STOPPED), host=host)))) == amount


@pytest.mark.parametrize(
    ("origin", "amount"), [(Origin.EUI64, 1), (Origin.STABLE_PRIVACY, 1), (Origin.MANUAL, 0), (Origin.UNKNOWN, 0)]
)
def test_an_advertised_address_without_an_end_outlives_its_prefix(origin: Origin, amount: int) -> None:
    endless = replace(address(origin=origin), preferred_lifetime=None, valid_lifetime=None)
    found = only(addressing.STAYS_OPEN, evaluate(facts(table(STABLE, **STOPPED), host=inventory(endless))))
    assert len(found) == amount
    assert all(f"{STABLE} has no end" in one.evidence for one in found)
