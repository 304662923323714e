"""Run documents for the report's tests: the story of a home router that filters nothing and is then fixed, and the
states in which a report must not look reassuring. Every one is built by a function, none reads a clock."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from scanner.model.address import Kind, Listener, Origin, State
from scanner.model.conformance import ConformanceRow, Result, Standard
from scanner.model.evidence import Default
from scanner.model.finding import Finding, Severity
from scanner.model.ports import PortSet
from scanner.model.run import (
    SCHEMA,
    AddressRecord,
    Cap,
    Disagreement,
    Evidence,
    Header,
    Hop,
    Host,
    LanRecord,
    NmapRow,
    Outside,
    PortTable,
    RouterRecord,
    Run,
    RunDigest,
    ServiceRecord,
    Summary,
    VantageRecord,
)
from scanner.model.settings import Profile
from scanner.model.verdict import Verdict

STABLE = "2001:db8:a:1:5054:ff:fe12:3456"
TEMPORARY = "2001:db8:a:1:c0de:8f1b:2c3d:4e5f"
OPEN_PORTS = (22, 80, 111, 139, 443, 445, 2049, 8080)
KEPT_PORTS = (22, 80, 443)
UDP_PORTS = "53,67-69,111,123,137-138,161,389,500,514,520,546,623,1434,1900,3702,4500,5351,5353,5355,5683,11211,27015"
ROUTER_MAC = "02:00:5e:10:00:01"
STARTED = datetime(2026, 11, 23, 0, 12, 5, tzinfo=UTC)

_SERVICES = {
    22: ("ssh", "OpenSSH", "9.2p1 Debian 2+deb12u3", "sshd"),
    80: ("http", "nginx", "1.22.1", "nginx"),
    111: ("rpcbind", "rpcbind", "2-4 (RPC #100000)", "rpcbind"),
    139: ("netbios-ssn", "Samba smbd", "4", "smbd"),
    443: ("https", "nginx", "1.22.1", "nginx"),
    445: ("microsoft-ds", "Samba smbd", "4", "smbd"),
    2049: ("nfs", "", "3-4 (RPC #100003)", ""),
    8080: ("http-proxy", "Jetty", "11.0.15", "java"),
}


def addresses() -> tuple[AddressRecord, ...]:
    return (
        AddressRecord(
            STABLE, 64, "enp3s0", Kind.STABLE, State.PREFERRED, Origin.EUI64, 604_800, 2_592_000, scanned=True
        ),
        AddressRecord(
            TEMPORARY, 64, "enp3s0", Kind.TEMPORARY, State.PREFERRED, Origin.TEMPORARY, 81_342, 599_742, scanned=True
        ),
        AddressRecord(
            "fe80::5054:ff:fe12:3456",
            64,
            "enp3s0",
            Kind.STABLE,
            State.PREFERRED,
            Origin.EUI64,
            None,
            None,
            scanned=False,
            why_not_scanned="link-local, not reachable from the Internet",
        ),
    )


def vantage(**changes: object) -> VantageRecord:
    record = VantageRecord(
        name="inet",
        spec="netns:inet",
        addresses=("2001:db8:f::2",),
        privileged=True,
        outside=Outside(
            "proven",
            (
                "its address 2001:db8:f::2 is outside the host's prefix 2001:db8:a:1::/64",
                "3 hops lie between it and the host; the default router is the last of them",
                "probes reached the host by way of the default router's MAC address",
            ),
        ),
        loss=0.0,
        false_blocked_bound=1e-4,
        nmap="7.93",
        controls_sent=412,
        controls_seen=412,
        probes_sent=134_210,
        rate=8_742.0,
        path=(
            Hop(1, "2001:db8:f::1", "upstream"),
            Hop(2, "2001:db8:e::2", "upstream"),
            Hop(3, "2001:db8:d::3", "router"),
        ),
    )
    return replace(record, **changes)  # type: ignore[arg-type]


def text_of(ports: object) -> str:
    return str(PortSet.of(ports))  # type: ignore[arg-type]


def every_port_but(ports: tuple[int, ...]) -> str:
    return str(PortSet.every() - PortSet.of(ports))


def _arrived(ports: str, verdict: Verdict, answer: str, responder: str | None, attempts: int = 1) -> Evidence:
    limit = 61 if responder else None
    return Evidence(
        ports,
        verdict,
        answer,
        responder,
        limit,
        arrived=True,
        neighbour=ROUTER_MAC,
        arrival_hop_limit=61,
        attempts=attempts,
    )


def _silent(ports: str, verdict: Verdict, reason: str, attempts: int = 3, *, arrived: bool | None = False) -> Evidence:
    return Evidence(
        ports,
        verdict,
        "no-response",
        None,
        None,
        arrived=arrived,
        neighbour=None,
        arrival_hop_limit=None,
        attempts=attempts,
        reason=reason,
    )


def _before_tables(address: str) -> tuple[PortTable, PortTable]:
    closed = every_port_but(OPEN_PORTS)
    tcp = PortTable(
        address,
        "inet",
        "tcp",
        {Verdict.OPEN: text_of(OPEN_PORTS), Verdict.CLOSED: closed},
        evidence=(
            _arrived(text_of(OPEN_PORTS), Verdict.OPEN, "syn-ack", address),
            _arrived(closed, Verdict.CLOSED, "reset", address),
        ),
        nmap=NmapRow(
            {
                "open": {"syn-ack": text_of(OPEN_PORTS)},
                "closed": {"reset": "1-21,23-79,81-110,112-138,140-442,444,446-999"},
            }
        ),
    )
    udp = PortTable(
        address,
        "inet",
        "udp",
        {
            Verdict.OPEN: "111",
            Verdict.OPEN_FILTERED: "137-138,5353",
            Verdict.CLOSED: str(PortSet.parse(UDP_PORTS) - PortSet.parse("111,137-138,5353,546")),
            Verdict.UPSTREAM_DROPPED: "546",
        },
        evidence=(
            _arrived("111", Verdict.OPEN, "udp-response", address),
            _arrived("137-138,5353", Verdict.OPEN_FILTERED, "no-response", None, 3),
            _silent(
                "546",
                Verdict.UPSTREAM_DROPPED,
                "hop 1 still answers a probe with a short hop limit, hop 2 does not",
                12,
            ),
        ),
    )
    return tcp, udp


def _after_tables(address: str) -> tuple[PortTable, PortTable]:
    dropped = every_port_but(KEPT_PORTS)
    tcp = PortTable(
        address,
        "inet",
        "tcp",
        {Verdict.OPEN: text_of(KEPT_PORTS), Verdict.ROUTER_DROPPED: dropped},
        evidence=(
            _arrived(text_of(KEPT_PORTS), Verdict.OPEN, "syn-ack", address),
            _silent(
                dropped,
                Verdict.ROUTER_DROPPED,
                "the router answers probes whose hop limit ends there, so they reach it and go no further",
            ),
        ),
        nmap=NmapRow({"open": {"syn-ack": "22,80,443"}, "filtered": {"no-response": "1-21,23-79,81-442,444-1000"}}),
    )
    udp = PortTable(address, "inet", "udp", {Verdict.ROUTER_DROPPED: UDP_PORTS})
    return tcp, udp


def _services(address: str, ports: tuple[int, ...]) -> tuple[ServiceRecord, ...]:
    return tuple(ServiceRecord(address, "inet", "tcp", port, *_SERVICES[port]) for port in ports)


_FIX = (
    "On the router: drop what comes in and was not asked for, then allow the ports you mean to offer.\n"
    "nft add rule inet filter forward iifname wan ct state established,related accept\n"
    "nft add rule inet filter forward iifname wan drop"
)
_MAC_FIX = "sysctl -w net.ipv6.conf.enp3s0.addr_gen_mode=3"
# rule, severity, port, title, why
_EXPOSED = (
    ("V6X001", Severity.CRITICAL, 445, "SMB file sharing answers strangers",
     "Samba answers the whole Internet. Worms look for exactly this port; file sharing is for the home."),
    ("V6X001", Severity.CRITICAL, 139, "NetBIOS session service answers strangers",
     "The older way into file sharing. It names the machine and its users to anybody who asks."),
    ("V6X001", Severity.HIGH, 2049, "NFS answers strangers",
     "A file server without log-in. Whoever reaches it may read what it exports."),
    ("V6X001", Severity.HIGH, 111, "rpcbind answers strangers",
     "It lists the machine's RPC services and is abused to amplify attacks on others."),
    ("V6X001", Severity.MEDIUM, 8080, "A web proxy port answers strangers",
     "Port 8080 is not on the list of ports you mean to offer."),
    ("V6X002", Severity.HIGH, None, "The router passes every TCP port",
     "65,535 of 65,535 TCP ports reach the host. Whatever starts to listen tomorrow is open at once."),
)  # fmt: skip


def _before_findings() -> tuple[Finding, ...]:
    exposed = [
        Finding(
            rule=rule,
            severity=severity,
            title=title,
            address=address,
            protocol="tcp" if port else None,
            port=port,
            why=why,
            evidence=f"SYN-ACK from {address}, hop limit 61; the probe arrived by way of {ROUTER_MAC}",
            remedy=_FIX,
            standard="RFC 6092 REC-33; RFC 4864 section 4.2",
            fingerprint=f"{rule}/{role}/tcp/{port}",
        )
        for role, address in (("stable", STABLE), ("temporary", TEMPORARY))
        for rule, severity, port, title, why in _EXPOSED
    ]
    mac = replace(
        exposed[0],
        rule="V6X014",
        severity=Severity.LOW,
        title="The stable address gives away the network card",
        protocol=None,
        port=None,
        why="Its last 64 bits are made from the MAC address, the same in every network you visit.",
        evidence="ff:fe stands in the middle of the interface identifier",
        remedy=_MAC_FIX,
        standard="RFC 7707 section 3; RFC 8064",
        fingerprint="V6X014/stable",
    )
    return (*exposed, mac)


def before_fix() -> Run:
    listeners = tuple(Listener("tcp", "::", port, _SERVICES[port][3], v6only=False) for port in OPEN_PORTS)
    return Run(
        schema=SCHEMA,
        run=Header(
            "20261123T001205Z-4f2e",
            STARTED,
            STARTED + timedelta(seconds=24.6),
            "0.1.0",
            Profile.STANDARD,
            complete=True,
            title="before the fix",
        ),
        host=Host("midnight", "Debian GNU/Linux 12", RouterRecord("fe80::5eff:fe10:1", ROUTER_MAC, "enp3s0")),
        addresses=addresses(),
        listeners=(*listeners, Listener("udp", "::", 5353, "avahi-daemon", v6only=True)),
        vantages=(vantage(),),
        ports=(*_before_tables(STABLE), *_before_tables(TEMPORARY)),
        services=(*_services(STABLE, OPEN_PORTS), *_services(TEMPORARY, OPEN_PORTS)),
        findings=_before_findings(),
        summary=Summary(
            "F",
            {Severity.CRITICAL: 4, Severity.HIGH: 6, Severity.MEDIUM: 2, Severity.LOW: 1, Severity.INFO: 0},
            (
                "SMB and NetBIOS are open to the whole Internet",
                "the router filters nothing: every TCP port reaches the host",
            ),
            "The router lets everything in: 8 TCP ports answer strangers, among them file sharing on 445.",
        ),
    )


def digest(run: Run) -> RunDigest:
    header, summary = run.run, run.summary
    return RunDigest(
        header.id, header.title, header.finished_at, summary.grade, summary.headline, run.ports, run.findings
    )


def after_fix() -> Run:
    before = before_fix()
    later = STARTED + timedelta(minutes=9)
    return replace(
        before,
        run=replace(
            before.run,
            id="20261123T002105Z-91aa",
            started_at=later,
            finished_at=later + timedelta(seconds=71.2),
            title="after the fix",
        ),
        ports=(*_after_tables(STABLE), *_after_tables(TEMPORARY)),
        services=(*_services(STABLE, KEPT_PORTS), *_services(TEMPORARY, KEPT_PORTS)),
        findings=before.findings[-1:],
        summary=Summary(
            "A",
            {severity: int(severity is Severity.LOW) for severity in Severity},
            ("only 22, 80 and 443 answer, as meant", "the router drops the rest on every address"),
            "The router stops all but 3 ports: 22, 80 and 443 answer strangers, on both addresses.",
        ),
        before=digest(before),
    )


def one_sided() -> Run:
    """Nobody watched inside: silence proves nothing."""
    run = before_fix()
    silent = every_port_but(KEPT_PORTS)
    tables = tuple(
        PortTable(
            address,
            "inet",
            "tcp",
            {Verdict.OPEN: text_of(KEPT_PORTS), Verdict.INDETERMINATE: silent},
            evidence=(
                replace(_arrived(text_of(KEPT_PORTS), Verdict.OPEN, "syn-ack", address), arrived=None, neighbour=None),
                Evidence(
                    silent,
                    Verdict.INDETERMINATE,
                    "no-response",
                    None,
                    None,
                    None,
                    None,
                    None,
                    3,
                    "nobody watched inside",
                ),
            ),
        )
        for address in (STABLE, TEMPORARY)
    )
    return replace(
        run,
        run=replace(
            run.run,
            witness=False,
            complete=False,
            title="",
            problems=("no witness: v6expose had no right to capture. Run it with sudo.",),
        ),
        vantages=(vantage(loss=None, false_blocked_bound=None, controls_sent=0, controls_seen=0),),
        ports=tables,
        services=_services(STABLE, KEPT_PORTS),
        findings=(),
        summary=Summary(
            "B",
            dict.fromkeys(Severity, 0),
            ("3 ports answer", "nobody watched inside"),
            "3 TCP ports answer strangers; what the silent ones are is not known.",
        ),
    )


def refuted() -> Run:
    """The vantage stood inside: nothing may be graded."""
    run = after_fix()
    evidence = (
        "its address 2001:db8:a:1::77 is in the host's own prefix",
        "probes arrived straight from its MAC address, past the router",
    )
    return replace(
        run,
        before=None,
        run=replace(
            run.run, complete=False, title="", problems=("vantage inet is not outside. Use one in another network.",)
        ),
        vantages=(vantage(outside=Outside("refuted", evidence), path=(), addresses=("2001:db8:a:1::77",)),),
        findings=(),
        summary=Summary(
            None,
            dict.fromkeys(Severity, 0),
            (),
            "No grade: the vantage is not outside, so nothing here tells what strangers reach.",
        ),
    )


def incomplete() -> Run:
    """Fine as far as it went, but the witness lost packets in mid-scan; every verdict and a disagreement occur."""
    run = after_fix()
    unknown = "30000-65535"
    verdicts = {
        Verdict.OPEN: "22,80,443",
        Verdict.CLOSED: "500-599",
        Verdict.HOST_DROPPED: "600-699",
        Verdict.HOST_REJECTED: "700-749",
        Verdict.REPLY_LOST: "750-759",
        Verdict.NO_NEIGHBOUR: "760",
        Verdict.ROUTER_REJECTED: "1024-4095",
        Verdict.UPSTREAM_REJECTED: "25",
        Verdict.UPSTREAM_DROPPED: "135-139,445",
        Verdict.BLOCKED: "4096-5119",
        Verdict.INTERCEPTED: "53",
        Verdict.FORGED: "1000",
        Verdict.INDETERMINATE: unknown,
    }
    used = PortSet.parse(",".join(verdicts.values()))
    verdicts[Verdict.ROUTER_DROPPED] = str(PortSet.every() - used)
    table = PortTable(
        STABLE,
        "inet",
        "tcp",
        verdicts,
        evidence=(
            replace(
                _silent("760", Verdict.NO_NEIGHBOUR, "", 1),
                answer="addr-unreach",
                responder="2001:db8:d::3",
                hop_limit=62,
            ),
            _silent(unknown, Verdict.INDETERMINATE, "the witness dropped 1,204 packets", 1),
        ),
        nmap=NmapRow({"open": {"syn-ack": "22,80,443"}, "filtered": {"no-response": "1-21,25"}}),
        disagreements=(Disagreement(443, Verdict.OPEN, "filtered (no-response)", Verdict.OPEN),),
    )
    return replace(
        run,
        before=None,
        run=replace(
            run.run,
            complete=False,
            title="",
            problems=(
                "the witness dropped 1,204 packets: 35,536 TCP ports are not judged. Lower --rate and scan again.",
                "UDP was not scanned: the vantage went away. Scan again.",
            ),
        ),
        vantages=(
            vantage(capture_dropped=1204, controls_seen=377, loss=0.085, false_blocked_bound=0.031, late_rejects=True),
        ),
        ports=(table, *_after_tables(TEMPORARY)),
        services=_services(STABLE, KEPT_PORTS),
        summary=replace(run.summary, grade="B", headline="Incomplete: 35,536 of 65,535 TCP ports could not be judged."),
    )


def interrupted() -> Run:
    run = after_fix()
    return replace(run, before=None, run=replace(run.run, complete=False, interrupted=True), ports=run.ports[:1])


def empty() -> Run:
    """Nothing measured at all."""
    run = before_fix()
    return replace(
        run,
        run=replace(run.run, complete=False, title="", problems=("no vantage answered. Check the SSH host name.",)),
        addresses=(),
        listeners=(),
        host=replace(run.host, default_router=None),
        vantages=(),
        ports=(),
        services=(),
        findings=(),
        summary=Summary(None, dict.fromkeys(Severity, 0)),
    )


def alternating(addresses_scanned: int = 2) -> Run:
    """The worst case for every list and picture: each port fares otherwise than its neighbours."""
    run = before_fix()
    odd = text_of(range(1, 65536, 2))
    even = text_of(range(2, 65536, 2))
    names = [f"2001:db8:a:1::{number:x}" for number in range(1, addresses_scanned + 1)]
    tables = tuple(
        PortTable(
            name,
            "inet",
            protocol,
            {first: odd, second: even},
            evidence=(
                _arrived(odd, first, "syn-ack", name),
                _silent(even, second, ""),
            ),
        )
        for number, name in enumerate(names)
        for protocol in ("tcp", "udp")
        for first, second in ([(Verdict.OPEN, Verdict.ROUTER_DROPPED), (Verdict.CLOSED, Verdict.BLOCKED)][number % 2],)
    )
    records = tuple(replace(addresses()[0], address=name) for name in names)
    return replace(run, addresses=records, ports=tables, services=(), findings=())


HOSTILE = (
    "<script>alert(1)</script><img src=x onerror=alert(2)>\x1b[31mred\x1b]0;title\x07\x00"
    "\u202eevil\u2066\u200b\u2028\x9b2J\x7f{{ 7*7 }}[bold]markup[/bold]</style></script><!--" + "A" * 1_000_000
)


def hostile() -> Run:
    """Everything that a stranger's banner or a name can hold, wherever foreign text may stand."""
    run = before_fix()
    service = ServiceRecord(STABLE, "inet", "tcp", 80, HOSTILE[:300], HOSTILE, HOSTILE, HOSTILE[:300])
    bad = replace(
        run.findings[0],
        title=HOSTILE[:300],
        why=HOSTILE[:300],
        evidence=HOSTILE,
        remedy=HOSTILE[:300],
        standard=HOSTILE[:300],
    )
    return replace(
        run,
        run=replace(run.run, title=HOSTILE[:200], problems=(HOSTILE[:300],)),
        host=replace(run.host, name=HOSTILE[:200], os=HOSTILE[:200]),
        listeners=(replace(run.listeners[0], process=HOSTILE[:200]),),
        vantages=(vantage(spec=HOSTILE[:200], outside=Outside("unproven", (HOSTILE[:300],)), nmap=HOSTILE[:100]),),
        addresses=(
            *run.addresses,
            replace(
                run.addresses[1], address=f"2001:db8::bad%{HOSTILE[:200].replace('/', '')}", interface=HOSTILE[:100]
            ),
        ),
        ports=(*run.ports, replace(run.ports[0], address=HOSTILE[:200])),
        services=(service,),
        findings=(bad, *run.findings[1:]),
        summary=replace(run.summary, headline=HOSTILE[:400], reasons=(HOSTILE[:300],)),
    )


def rich() -> Run:
    """Everything a report can hold at once: the rules of a real scan, a remembered past, caps, standards, the LAN."""
    run = before_fix()
    seen = STARTED - timedelta(days=12)
    findings = tuple(
        replace(
            finding,
            rule="V6X001" if finding.port else "V6X002",
            fingerprint=f"{number:016x}",
            first_seen=seen,
            last_seen=STARTED - timedelta(days=1),
        )
        for number, finding in enumerate(run.findings[:-1])
    )
    evasive = (Result.THROUGH, Result.STOPPED, Result.PARTIAL, Result.NOT_MEASURABLE)
    asked = (Result.CONFORMS, Result.VIOLATES, Result.NOT_TESTABLE)
    rows = tuple(
        ConformanceRow(
            standard,
            f"{standard.value.upper()}-{number}",
            STABLE,
            "inet",
            result,
            f"sent once, {result.value}: the witness saw it arrive with hop limit 61, or it did not",
            "a case that a plain port scan cannot show",
            title="a packet with a routing header of type 0",
        )
        for standard in Standard
        for number, result in enumerate(evasive if standard is Standard.EVASION else asked, 1)
    )
    old = replace(run.addresses[1], address="2001:db8:a:1:dead:beef:0:1", state=State.DEPRECATED, preferred_lifetime=0)
    lan = tuple(
        LanRecord("2001:db8:a:1::/64", "inet", "tcp", port, verdict, "the router asked the link for an unused address")
        for port, verdict in zip((22, 445, 3389), Default, strict=True)
    )
    return replace(
        run,
        host=replace(run.host, router="yamaha-rtx"),
        addresses=(*run.addresses, old),
        findings=(*findings, run.findings[-1]),
        conformance=rows,
        lan=lan,
        summary=replace(
            run.summary,
            caps=(
                Cap("F", "SMB file sharing answers strangers on tcp/445 on a temporary address", Severity.CRITICAL),
                Cap("D", "The router passes unsolicited traffic", Severity.HIGH),
                Cap("B", "not everything was measured"),
            ),
        ),
    )


SAMPLES = {
    "before": before_fix,
    "after": after_fix,
    "one-sided": one_sided,
    "refuted": refuted,
    "incomplete": incomplete,
    "interrupted": interrupted,
    "empty": empty,
    "alternating": alternating,
    "hostile": hostile,
    "rich": rich,
}
