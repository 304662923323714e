"""The largest run a report must bear: 3 vantages, 10 addresses, every TCP and every UDP port of each (131,070)."""

from dataclasses import replace
from ipaddress import IPv6Address
from random import Random

from scanner.model.address import Kind, Origin
from scanner.model.ports import PortSet
from scanner.model.run import Evidence, PortTable, Run
from scanner.model.verdict import Verdict

from .sample import OPEN_PORTS, addresses, before_fix, vantage

VANTAGES = ("vps-tokyo", "vps-paris", "friend")
ADDRESSES = 10
SCATTERED = {Verdict.CLOSED: 300, Verdict.INDETERMINATE: 400, Verdict.UPSTREAM_DROPPED: 40}  # ports a table
ANSWERS = {Verdict.OPEN: "syn-ack", Verdict.CLOSED: "reset"}


def vast(seed: int = 7) -> Run:
    """Noise everywhere: no two tables are alike, and each has hundreds of ranges."""
    run, random = before_fix(), Random(seed)
    prefix = int(IPv6Address("2001:db8:a:1::"))
    names = [str(IPv6Address(prefix + random.getrandbits(64))) for _ in range(ADDRESSES)]
    tables = tuple(
        _table(random, name, vantage_name, protocol)
        for vantage_name in VANTAGES
        for name in names
        for protocol in ("tcp", "udp")
    )
    records = tuple(
        replace(
            addresses()[0],
            address=name,
            kind=Kind.TEMPORARY if number else Kind.STABLE,
            origin=Origin.TEMPORARY if number else Origin.STABLE_PRIVACY,
        )
        for number, name in enumerate(names)
    )
    findings = tuple(
        replace(item, address=name, fingerprint=f"{random.getrandbits(64):016x}")
        for item in run.findings
        for name in names
    )
    return replace(
        run,
        addresses=records,
        vantages=tuple(vantage(name=name, spec=f"ssh:{name}") for name in VANTAGES),
        ports=tables,
        services=tuple(
            replace(service, address=name, vantage=vantage_name)
            for service in run.services[: len(OPEN_PORTS)]
            for name in names
            for vantage_name in VANTAGES
        ),
        findings=findings,
    )


def _table(random: Random, address: str, vantage_name: str, protocol: str) -> PortTable:
    free = list(range(1, 65_536))
    chosen = {Verdict.OPEN: set(OPEN_PORTS)}
    for verdict, amount in SCATTERED.items():
        chosen[verdict] = set(random.sample(free, amount)) - set().union(*chosen.values())
    rest = set(free) - set().union(*chosen.values())
    verdicts = {verdict: str(PortSet.of(ports)) for verdict, ports in {**chosen, Verdict.ROUTER_DROPPED: rest}.items()}
    return PortTable(
        address,
        vantage_name,
        "tcp" if protocol == "tcp" else "udp",
        verdicts,
        evidence=tuple(_evidence(ports, verdict, address) for verdict, ports in verdicts.items()),
    )


def _evidence(ports: str, verdict: Verdict, address: str) -> Evidence:
    answer = ANSWERS.get(verdict)
    return Evidence(
        ports,
        verdict,
        answer or "no-response",
        address if answer else None,
        61 if answer else None,
        arrived=answer is not None,
        neighbour=None,
        arrival_hop_limit=61 if answer else None,
        attempts=1 if answer else 3,
        reason="" if answer else "hop 3, the home router, still answered",
    )
