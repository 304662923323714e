"""V6X020: the vantages saw different things, so what is stopped depends on where the stranger stands."""

from collections.abc import Iterator, Mapping
from ipaddress import IPv6Address

from scanner.findings.facts import Place, View
from scanner.findings.fingerprint import fingerprint
from scanner.findings.words import counted, on_places, port_list
from scanner.model.catalogue import PROTOCOLS
from scanner.model.finding import Finding, Severity
from scanner.model.ports import PortSet
from scanner.model.run import Difference
from scanner.model.text import Text, clauses, commas, say, say_many
from scanner.model.verdict import PASSED, Verdict

RULE = "V6X020"
MOST = 12  # groups of ports that are told
WORDS: Mapping[Verdict, Text] = {
    Verdict.OPEN: say("open"),
    Verdict.OPEN_FILTERED: say("open, or silent"),
    Verdict.CLOSED: say("let in to a closed port"),
    Verdict.HOST_DROPPED: say("dropped by the host"),
    Verdict.HOST_REJECTED: say("rejected by the host"),
    Verdict.REPLY_LOST: say("let in, the answer lost"),
    Verdict.NO_NEIGHBOUR: say("let in to nobody"),
    Verdict.ROUTER_REJECTED: say("rejected by your router"),
    Verdict.UPSTREAM_REJECTED: say("rejected upstream"),
    Verdict.ROUTER_DROPPED: say("dropped by your router"),
    Verdict.UPSTREAM_DROPPED: say("dropped upstream"),
    Verdict.BLOCKED: say("dropped somewhere"),
    Verdict.INTERCEPTED: say("answered by something else"),
    Verdict.FORGED: say("reset in the host's name"),
    Verdict.INDETERMINATE: say("unknown"),
}

Key = tuple[str, tuple[tuple[str, Verdict], ...]]  # ports, and what each vantage saw


def told(verdicts: Mapping[str, Verdict]) -> str:
    """``from vps-a dropped upstream, from vps-b open``."""
    return commas(
        say("from {vantage} {verdict}", vantage=vantage, verdict=WORDS[verdict])
        for vantage, verdict in verdicts.items()
    )


def judge_differences(view: View) -> Iterator[Finding]:
    """One finding a protocol."""
    for protocol in PROTOCOLS:
        rows = [row for row in view.facts.differences if row.protocol == protocol]
        if rows:
            yield _finding(view, protocol, rows)


def _finding(view: View, protocol: str, rows: list[Difference]) -> Finding:
    groups: dict[Key, list[Place]] = {}
    places = {place.ip: place for place in view.places}
    for row in rows:
        place = places.get(IPv6Address(row.address)) or Place(IPv6Address(row.address), None, "elsewhere")
        groups.setdefault((row.ports, tuple(row.verdicts.items())), []).append(place)
    lines = [_line(view, protocol, key, where) for key, where in groups.items()]
    ports = {port for row in rows for port in PortSet.parse(row.ports)}
    let_in = any({verdict in PASSED for verdict in row.verdicts.values()} == {True, False} for row in rows)
    return Finding(
        rule=RULE,
        severity=Severity.INFO,
        title=say(
            "The vantages differ on {ports}: {told}",
            ports=counted(len(ports), f"{protocol.upper()} port"),
            told=told(rows[0].verdicts),
        ),
        address=None,
        protocol=protocol,
        port=None,
        why=say(
            "A stranger gets as far as the best placed vantage did: what only one of them was kept from is not closed."
        )
        if let_in
        else say("All were stopped, but not by the same device: what one of them met may be missing on another way."),
        evidence=clauses([*lines[:MOST], *_rest(len(lines) - MOST)]),
        remedy=say(
            "Judge your router by the vantage that got farthest, and let the router itself stop what it should."
        ),
        standard="RFC 7754",
        fingerprint=fingerprint(RULE, protocol, None, " ".join(sorted({v for row in rows for v in row.verdicts}))),
    )


def _line(view: View, protocol: str, key: Key, where: list[Place]) -> str:
    ports, verdicts = key
    return say(
        "{ports} {places}: {told}",
        ports=port_list(PortSet.parse(ports)),
        places=on_places(where, view, protocol),
        told=told(dict(verdicts)),
    )


def _rest(groups: int) -> tuple[Text, ...]:
    return (say_many("and {count:,} more group", "and {count:,} more groups", groups),) if groups > 0 else ()
