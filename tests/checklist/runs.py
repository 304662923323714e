"""Small runs to be judged. Nothing here is measured; every value is the smallest that fits."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from scanner.checklist.evaluate import evaluate
from scanner.checklist.values import Checklist, Item, Status
from scanner.data import load_catalogue
from scanner.data.cases import EVASION, ICMPV6, load_cases
from scanner.model.address import Kind, Listener, Origin, State
from scanner.model.conformance import ConformanceRow, Result, Standard
from scanner.model.evidence import Default
from scanner.model.ports import PortSet
from scanner.model.run import (
    SCHEMA,
    AddressRecord,
    Header,
    Host,
    LanRecord,
    Outside,
    PortTable,
    Run,
    Summary,
    VantageRecord,
)
from scanner.model.settings import Profile
from scanner.model.verdict import Verdict
from scanner.policy.parse import parse_policy

STABLE = "2001:db8:a:1:9c3f:71e2:4b8d:6a05"
TEMPORARY = "2001:db8:a:1:1c2d:3e4f:5a6b:7c8d"
PREFIX = "2001:db8:a:1::/64"
TODAY = date(2026, 11, 24)
BEGAN = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
SHIPPED = load_catalogue()
CASES = (*load_cases(EVASION), *load_cases(ICMPV6))
QUICK = '[require]\nprofile = "quick"\n'


def address(ip: str = STABLE, kind: Kind = Kind.STABLE, **changes: Any) -> AddressRecord:
    origin = Origin.TEMPORARY if kind is Kind.TEMPORARY else Origin.STABLE_PRIVACY
    record = AddressRecord(ip, 64, "eth0", kind, State.PREFERRED, origin, None, None, scanned=True)
    return replace(record, **changes)


def temporary(**changes: Any) -> AddressRecord:
    return address(TEMPORARY, Kind.TEMPORARY, **changes)


def vantage(name: str = "vps", outside: Any = "proven", bound: float | None = 1e-6) -> VantageRecord:
    return VantageRecord(name, f"ssh:{name}", ("2001:db8:f::2",), True, Outside(outside), 0.0, bound)  # noqa: FBT003


def table(ip: str = STABLE, protocol: Any = "tcp", seen_from: str = "vps", **verdicts: str) -> PortTable:
    """Verdicts as keywords: ``host_dropped="1-10"``, ``open_filtered="53"``."""
    words = {"open_filtered": "open|filtered"}
    return PortTable(
        ip, seen_from, protocol, {Verdict(words.get(k, k.replace("_", "-"))): v for k, v in verdicts.items()}
    )


def dropped(ip: str = STABLE, seen_from: str = "vps", open_ports: str = "") -> tuple[PortTable, PortTable]:
    """A filter that stops everything but ``open_ports``, of TCP."""
    rest = str(PortSet.every() - PortSet.parse(open_ports))
    tcp = table(ip, "tcp", seen_from, open=open_ports, router_dropped=rest)
    return tcp, table(ip, "udp", seen_from, router_dropped="53,123,161")


def run(*tables: PortTable, **changes: Any) -> Run:
    """By default: one stable address, everything dropped by the router, from one proven vantage."""
    header = Header("20261123T120000Z-abc", BEGAN, BEGAN + timedelta(seconds=9), "0.1", Profile.STANDARD, complete=True)
    header = replace(header, **changes.pop("header", {}))
    made = Run(
        schema=SCHEMA,
        run=header,
        host=Host("www", "Linux", None),
        addresses=(address(),),
        listeners=(),
        vantages=(vantage(),),
        ports=tables or dropped(),
        services=(),
        findings=(),
        summary=Summary("A", {}),
    )
    return replace(made, **changes)


def lan(verdict: Default = Default.BLOCKED, port: int = 445, seen_from: str = "vps", prefix: str = PREFIX) -> LanRecord:
    return LanRecord(prefix, seen_from, "tcp", port, verdict, "asked")


def row(standard: Standard, result: Result, id: str = "X1", seen_from: str = "vps") -> ConformanceRow:  # noqa: A002
    return ConformanceRow(standard, id, STABLE, seen_from, result, "sent and seen", "why it is so", "a case")


def listener(port: int, process: str = "smbd", protocol: str = "tcp") -> Listener:
    return Listener(protocol, "::", port, process, v6only=False)


def judge(text: str, judged: Run, today: date = TODAY) -> Checklist:
    return evaluate(parse_policy(text, "policy.toml"), judged, SHIPPED, CASES, today)


def item(checklist: Checklist, name: str) -> Item:
    found = [one for one in checklist.items if one.id == name]
    assert len(found) == 1, [one.id for one in checklist.items]
    return found[0]


def fact(key: str, judged: Run, more: str = "", value: str = "true") -> Item:
    """The item of a policy that requires one fact."""
    return item(judge(f"[require]\n{key} = {value}\n{more}", judged), key)


PASS, FAIL, NOT_MEASURED = Status
