"""Small builders of what the rules are given. Nothing here is measured; every value is the smallest that fits."""

from ipaddress import IPv6Address

from scanner.data import load_catalogue
from scanner.findings import Facts
from scanner.model.address import Address, Inventory, Kind, Listener, Origin, State
from scanner.model.catalogue import Catalogue
from scanner.model.finding import Finding
from scanner.model.run import Evidence, Outside, PortTable, ServiceRecord, VantageRecord
from scanner.model.settings import Expectation
from scanner.model.verdict import Verdict
from scanner.policy import Policy

STABLE = "2001:db8:a:1:9c3f:71e2:4b8d:6a05"  # opaque: V6X015 has nothing to say of it
TEMPORARY = "2001:db8:a:0:1c2d:3e4f:5a6b:7c8d"
SHIPPED = load_catalogue()


def address(
    ip: str = STABLE,
    kind: Kind = Kind.STABLE,
    origin: Origin = Origin.STABLE_PRIVACY,
    interface: str = "eth0",
    state: State = State.PREFERRED,
) -> Address:
    return Address(IPv6Address(ip), 64, interface, kind, state, origin, 2_700, 5_400)  # as RFC 9096 wants them


def temporary(ip: str = TEMPORARY) -> Address:
    return address(ip, Kind.TEMPORARY, Origin.TEMPORARY)


def inventory(*addresses: Address, listeners: tuple[Listener, ...] = ()) -> Inventory:
    return Inventory("atom", "Linux", addresses or (address(), temporary()), listeners, None)


def listener(
    port: int, process: str = "smbd", protocol: str = "tcp", bind: str = "::", interface: str = ""
) -> Listener:
    return Listener(protocol, bind, port, process, v6only=False, interface=interface)


def table(
    ip: str = STABLE,
    *,
    vantage: str = "vps",
    protocol: str = "tcp",
    evidence: tuple[Evidence, ...] = (),
    **verdicts: str,
) -> PortTable:
    """Verdicts as keywords: ``host_dropped="1-10"``, ``open_filtered="53"``."""
    words = {Verdict(_verdict(name)): ports for name, ports in verdicts.items()}
    assert protocol in ("tcp", "udp")
    return PortTable(ip, vantage, "udp" if protocol == "udp" else "tcp", words, evidence)


def _verdict(name: str) -> str:
    return "open|filtered" if name == "open_filtered" else name.replace("_", "-")


def vantage(
    name: str = "vps", outside: str = "proven", bound: float | None = 1e-6, evidence: tuple[str, ...] = ()
) -> VantageRecord:
    verdict = {"proven": "proven", "refuted": "refuted"}.get(outside, "unproven")
    return VantageRecord(
        name=name,
        spec=f"ssh:{name}",
        addresses=("2001:db8:f::2",),
        privileged=True,
        outside=Outside(verdict, evidence),  # type: ignore[arg-type]
        loss=0.0,
        false_blocked_bound=bound,
        controls_sent=100,
        controls_seen=100,
    )


def facts(
    *tables: PortTable,
    host: Inventory | None = None,
    vantages: tuple[VantageRecord, ...] | None = None,
    services: tuple[ServiceRecord, ...] = (),
    catalogue: Catalogue | None = None,
    policy: Policy | None = None,
    expect: Expectation = Expectation.STRICT,
    witness: bool = True,
) -> Facts:
    """By default the host has exactly the addresses of the tables, so that none is left unscanned."""
    if host is None:
        used = dict.fromkeys(record.address for record in tables)
        host = inventory(*(temporary(ip) if ip.startswith("2001:db8:a:0:") else address(ip) for ip in used))
    if vantages is None:
        vantages = tuple(vantage(name) for name in dict.fromkeys(record.vantage for record in tables))
    return Facts(host, tables, vantages, services, catalogue or SHIPPED, policy or Policy(), expect, witness)


def only(rule: str, found: tuple[Finding, ...]) -> list[Finding]:
    """The findings of one rule, in their order."""
    return [finding for finding in found if finding.rule == rule]
