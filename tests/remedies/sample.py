"""A run whose findings carry the rules' own names: the report's story of an open router."""

from dataclasses import replace
from ipaddress import IPv6Address

from scanner.model.address import Listener
from scanner.model.finding import Finding, Severity
from scanner.model.run import RouterRecord, Run
from scanner.remedies.situation import Choice, Keep, Tunnel
from tests.report import sample

STABLE, TEMPORARY = sample.STABLE, sample.TEMPORARY
KEPT = (22, 80, 443)
CHOICE = Choice(keep=(Keep.parse("6000-6010/udp"),))
WITH_TUNNEL = replace(CHOICE, tunnel=Tunnel(IPv6Address("2404:8e00::feed:100"), IPv6Address("2001:db8:a:1::4")))


def finding(
    rule: str = "V6X001", address: str | None = STABLE, protocol: str | None = "tcp", port: int | None = 445
) -> Finding:
    return Finding(
        rule=rule,
        severity=Severity.HIGH,
        title=f"{rule} at {port}",
        address=address,
        protocol=protocol,
        port=port,
        why="",
        evidence="",
        remedy="Router: look at it.",
        standard="",
        fingerprint=f"{abs(hash((rule, address, protocol, port))):016x}"[:16],
    )


WHOLE = finding("V6X002", None, None, None)


def run(*, router: RouterRecord | None = None, findings: tuple[Finding, ...] = ()) -> Run:
    """Everything open is complained of but KEPT, at both addresses."""
    base = sample.before_fix()
    exposed = tuple(
        finding("V6X001", address, protocol, port)
        for address in (STABLE, TEMPORARY)
        for protocol, ports in (("tcp", sample.OPEN_PORTS), ("udp", (111,)))
        for port in ports
        if protocol == "udp" or port not in KEPT
    )
    host = replace(base.host, default_router=router or base.host.default_router)
    return replace(base, host=host, findings=findings or (*exposed, WHOLE), listeners=listeners())


def listeners() -> tuple[Listener, ...]:
    return (
        Listener("tcp", "::", 445, "smbd", v6only=False),
        Listener("tcp", "::", 22, "sshd", v6only=False),
        Listener("tcp", "::", 8080, "java", v6only=False),
        Listener("udp", "::", 111, "systemd", v6only=False),
    )
