"""Runs whose findings are made by the rules, so that every text of them is one that a scan would say."""

from dataclasses import replace
from ipaddress import IPv6Address, IPv6Network

from scanner.findings import Facts, evaluate, summarise
from scanner.guess.records import Circumstances, record_of
from scanner.language import texts_of
from scanner.model.address import DefaultRouter, HostRoute, Kind, Listener, Origin, State
from scanner.model.evidence import Controls, Default, HopSeen, Measurement, Path
from scanner.model.run import Difference, Evidence, LanRecord, Run, ServiceRecord, Translation
from scanner.model.text import say
from scanner.model.verdict import Verdict
from scanner.verdict.outside import certify
from tests.findings.conftest import STABLE, TEMPORARY, address, facts, inventory, table, temporary, vantage
from tests.report.sample import STARTED, after_fix

MAC = "52:54:00:12:34:56"


def evidence(verdict: Verdict, ports: str, reason: str = "") -> Evidence:
    return Evidence(
        ports,
        verdict,
        "syn-ack",
        STABLE,
        57,
        arrived=True,
        neighbour=MAC,
        arrival_hop_limit=57,
        attempts=2,
        reason=reason,
    )


def exposed() -> Facts:
    """Services, a router without filter, a MAC that shows, programs bound to everything."""
    shows = replace(address("2001:db8:a:1:5054:ff:fe12:3456", origin=Origin.EUI64), own_mac=MAC)
    low = replace(address("2001:db8:a:1::5"), preferred_lifetime=2_000, valid_lifetime=500_000)
    old = replace(temporary("2001:db8:a:0:9c2d:3e4f:5a6b:7c8d"), state=State.DEPRECATED, valid_lifetime=90_000)
    host = inventory(
        shows,
        low,
        temporary(),
        old,
        listeners=(Listener("tcp", "::", 445, "smbd", v6only=False), Listener("tcp", "::", 4711, "", v6only=False)),
    )
    services = (ServiceRecord("2001:db8:a:1::5", "vps", "tcp", 445, "smb", "Samba", "4.17", "smbd"),)
    tables = (
        table(
            "2001:db8:a:1::5", open="22,445,4711", closed="1-21,23-444", evidence=(evidence(Verdict.OPEN, "22,445"),)
        ),
        table(TEMPORARY, open="445", closed="1-21", reply_lost="60", intercepted="70", forged="71"),
        table("2001:db8:a:1::5", protocol="udp", open="53", open_filtered="5353", closed="1-40"),
    )
    return facts(*tables, host=host, services=services)


def partly_filtered() -> Facts:
    """Temporary addresses left out by the filter, upstream filters, ports that could not be measured, vantages that
    differ, the rest of the LAN, translation.
    """
    tables = (
        table(STABLE, router_dropped="1-400", upstream_dropped="135", indeterminate="600-700", closed="443"),
        table(TEMPORARY, closed="1-300,443", router_dropped="301-400", no_neighbour="500"),
        table(STABLE, vantage="other", router_dropped="1-400", blocked="500", closed="443"),
    )
    vantages = (
        replace(vantage(), translated=(Translation(STABLE, "2001:db8:b::1"),)),
        vantage("other", "unproven", bound=None),
        vantage(
            "inner",
            "refuted",
            evidence=(say("the vantage's address {vantage} is one of this host's own", vantage=STABLE),),
        ),
    )
    lan = tuple(
        LanRecord(
            "2001:db8:a::/64",
            "vps",
            "tcp",
            port,
            verdict,
            say("the router's questions to the link cannot be seen here, so their absence proves nothing"),
        )
        for port, verdict in ((80, Default.PASSED), (81, Default.BLOCKED), (82, Default.UNKNOWN))
    )
    differences = (Difference(STABLE, "tcp", "500", {"vps": Verdict.CLOSED, "other": Verdict.BLOCKED}),)
    made = facts(*tables, vantages=vantages)
    return replace(made, lan=lan, differences=differences)


def one_sided() -> Facts:
    return facts(table(STABLE, open="22", closed="1-21,23-90"), table(TEMPORARY, router_dropped="1-90"), witness=False)


def unscanned() -> Facts:
    return facts(table(STABLE, router_dropped="1-100"), host=inventory(address(), temporary()))


FACTS = (exposed, partly_filtered, one_sided, unscanned)


def certificate_of(made: Facts) -> tuple[str, ...]:
    """A real one, so that its lines are texts."""
    router = DefaultRouter(IPv6Address("fe80::1"), MAC, "eth0")
    route = HostRoute(IPv6Network("::/0"), "eth0", router.address, MAC)
    host = replace(made.inventory, default_router=router, routes=(route,))
    path = Path(3, (HopSeen(1, IPv6Address("2001:db8:f::1")), HopSeen(3, IPv6Address("2001:db8:c::1"))))
    measurement = Measurement((), Controls(), path=path, neighbours=((MAC, "eth0"),))
    return certify(host, IPv6Address("2001:db8:f::2"), measurement).evidence


def run_of(made: Facts) -> Run:
    """What a scan would have written down."""
    findings = evaluate(made)
    around = Circumstances(STARTED, sources={"the Internet": IPv6Address(TEMPORARY)})
    base = after_fix()
    base = replace(base, run=replace(base.run, title=""))
    run = replace(
        base,
        run=replace(
            base.run,
            witness=made.witness,
            problems=(say("run as root"), say("nmap was ended early; what it had measured is kept")),
        ),
        addresses=tuple(
            record_of(
                one,
                around,
                scanned=one.kind is Kind.STABLE,
                why_not_scanned="" if one.kind is Kind.STABLE else say("not asked for"),
            )
            for one in made.inventory.addresses
        ),
        vantages=tuple(
            replace(one, outside=replace(one.outside, evidence=one.outside.evidence or certificate_of(made)))
            for one in made.vantages
        ),
        ports=made.tables,
        services=made.services,
        listeners=made.inventory.listeners,
        lan=made.lan,
        differences=made.differences,
        findings=findings,
        summary=summarise(made, findings, complete=True),
        before=None,
        texts={},
    )
    return replace(run, texts=texts_of(run))
