"""V6X008 and V6X009: what the scan cannot tell. Nothing here says anything about a filter."""

from collections.abc import Callable, Iterator, Mapping
from ipaddress import IPv6Address

from scanner.findings.facts import STOPPED_IN_SILENCE, Place, View
from scanner.findings.fingerprint import fingerprint, roles_of
from scanner.findings.words import counted, listed, ports_at_places
from scanner.model.address import Address, Kind
from scanner.model.catalogue import PROTOCOLS
from scanner.model.finding import Finding, Severity
from scanner.model.run import VantageRecord
from scanner.model.text import Text, clauses, say
from scanner.model.verdict import Verdict

UNMEASURED = "V6X008"
NOT_OUTSIDE = "V6X009"
HIGHEST_BOUND = 1e-3  # a larger chance that any of the ports was merely lost is worth a word
STANDARD = "RFC 2330 section 6.3"  # "understand and document the sources of uncertainty"


def judge_unmeasured(view: View) -> Iterator[Finding]:
    """V6X008: everything that should have been measured and was not, or not well enough."""
    yield from _no_witness(view)
    yield from _indeterminate(view)
    yield from _loose_bounds(view)
    yield from _missing_tables(view)
    yield from _addresses_not_scanned(view)


def judge_not_outside(view: View) -> Iterator[Finding]:
    """V6X009: a vantage that is refuted (its tables count for nothing), or of which nobody knows."""
    for vantage in view.facts.vantages:
        if vantage.outside.verdict == "refuted":
            yield _not_outside(view, vantage)
        elif vantage.outside.verdict == "unproven":
            yield _maybe_outside(vantage)


def _no_witness(view: View) -> Iterator[Finding]:
    if view.facts.witness or not view.sightings:
        return
    yield _unmeasured(
        say("Nobody watched inside"),
        subject="witness",
        why=say(
            "Without the witness on the host, silence from outside may be a filter, a loss or a busy host; what is "
            "reported rests on answers alone."
        ),
        evidence=say("the run was one-sided"),
        remedy=say("Run the scan on the host itself, as root or with CAP_NET_RAW."),
    )


def _indeterminate(view: View) -> Iterator[Finding]:
    for vantage, only in view.by_vantage():
        for protocol in PROTOCOLS:
            gathered = [
                (seen.place, seen.of({Verdict.INDETERMINATE})) for seen in only.sightings if seen.protocol == protocol
            ]
            found = [(place, ports) for place, ports in gathered if ports]
            if found:
                yield _indeterminate_finding(only, vantage, protocol, found)


def _indeterminate_finding(
    view: View, vantage: str, protocol: str, found: list[tuple[Place, frozenset[int]]]
) -> Finding:
    reasons = _reasons(view, protocol)
    number = max(len(ports) for _, ports in found)
    return _unmeasured(
        say(
            "{ports} could not be measured (from {vantage})",
            ports=counted(number, f"{protocol.upper()} port"),
            vantage=vantage,
        ),
        subject=f"indeterminate {roles_of((place for place, _ in found), view)} {vantage}",
        why=say("For these ports the scan knows neither yes nor no; they are not counted as closed to strangers."),
        evidence=clauses(
            [
                ports_at_places(found, view, protocol),
                *([say("reason: {reasons}", reasons=listed(reasons))] if reasons else []),
            ]
        ),
        remedy=say("Scan again, with a lower --rate if packets were lost."),
        protocol=protocol,
    )


def _reasons(view: View, protocol: str) -> list[str]:
    reasons = [
        record.reason
        for seen in view.sightings
        if seen.protocol == protocol
        for _, record in seen.evidence
        if record.verdict is Verdict.INDETERMINATE and record.reason
    ]
    return list(dict.fromkeys(reasons))


def _loose_bounds(view: View) -> Iterator[Finding]:
    """The bound matters where a port is said to be stopped because nothing was seen of it."""
    silent = {seen.vantage for seen in view.sightings if seen.of(STOPPED_IN_SILENCE)}
    for vantage in view.vantages:
        bound = vantage.false_blocked_bound
        if vantage.name in silent and (bound is None or bound > HIGHEST_BOUND):
            yield _unmeasured(
                say("Loss on the way may hide open ports (from {vantage})", vantage=vantage.name),
                subject=f"bound {vantage.name}",
                why=say(
                    "Probes of which nothing was seen may have been lost, not stopped; the scan cannot rule it out."
                ),
                evidence=_bound_evidence(vantage),
                remedy=say("Scan again with a lower --rate, or from a vantage with less loss."),
            )


def _bound_evidence(vantage: VantageRecord) -> str:
    bound, loss = vantage.false_blocked_bound, vantage.loss
    words = (
        say("no bound could be stated")
        if bound is None
        else say("bound {bound:.2g}, wanted at most {wanted:g}", bound=bound, wanted=HIGHEST_BOUND)
    )
    seen = say(
        "{count:,} of {sent} came through",
        count=vantage.controls_seen,
        sent=counted(vantage.controls_sent, "control probe"),
    )
    return clauses([words, seen if loss is None else say("{seen} (loss {loss:.2%})", seen=seen, loss=loss)])


def _missing_tables(view: View) -> Iterator[Finding]:
    """What one usable vantage measured and another did not, and vantages that measured nothing."""
    wanted = dict.fromkeys((seen.place, seen.protocol) for seen in view.sightings)
    for vantage in view.vantages:
        have = {(seen.place, seen.protocol) for seen in view.sightings if seen.vantage == vantage.name}
        missing = [
            say("{protocol} on {place}", protocol=protocol.upper(), place=place)
            for place, protocol in wanted
            if (place, protocol) not in have
        ]
        if have and not missing:
            continue
        yield _unmeasured(
            say("Vantage {vantage} did not measure everything", vantage=vantage.name)
            if have
            else say("Vantage {vantage} measured nothing", vantage=vantage.name),
            subject=f"missing {vantage.name}",
            why=say("What this vantage did not probe, it cannot vouch for."),
            evidence=say("not measured: {what}", what=listed(missing)) if missing else say("no results came back"),
            remedy=say("See the run's problems, mend the vantage ({spec}) and scan again.", spec=vantage.spec),
        )


def _addresses_not_scanned(view: View) -> Iterator[Finding]:
    scanned = {IPv6Address(table.address) for table in view.facts.tables}
    for address in view.facts.inventory.scannable():
        if address.ip not in scanned:
            yield _not_scanned(address, born=address.ip in view.facts.born)


_NOT_SCANNED: Mapping[Kind, Callable[[Address], Text]] = {
    Kind.STABLE: lambda address: say("Stable address {address} was not scanned", address=address.ip),
    Kind.TEMPORARY: lambda address: say("Temporary address {address} was not scanned", address=address.ip),
}


def _not_scanned(address: Address, *, born: bool) -> Finding:
    return _unmeasured(
        _NOT_SCANNED[address.kind](address),
        subject=f"not scanned {address.kind} {address.interface} {address.origin}",
        why=say("A filter may treat every address differently; nothing is known of this one."),
        evidence=say(
            "{address} on {interface} is {state} and reachable from the Internet",
            address=address.ip,
            interface=address.interface,
            state=address.state,
        ),
        remedy=say("It was born in mid-scan: scan again, without --address.")
        if born
        else say("Scan without --address, or name this one too."),
        address=str(address.ip),
    )


def _not_outside(view: View, vantage: VantageRecord) -> Finding:
    return _about_vantage(
        vantage,
        say("Vantage {vantage} is not outside", vantage=vantage.name),
        Severity.INFO if view.vantages else Severity.HIGH,
        say(
            "It stands on your side of the router, so what it saw says nothing about strangers; its results are left "
            "out."
        ),
        say("Give a --vantage in another network: a rented server, or a machine behind another provider."),
    )


def _maybe_outside(vantage: VantageRecord) -> Finding:
    return _about_vantage(
        vantage,
        say("Vantage {vantage} is not proven to be outside", vantage=vantage.name),
        Severity.INFO,
        say("Nothing contradicts that it stands on the Internet's side of your router, and nothing proves it."),
        say("Add a vantage of which you know that it is in another network."),
    )


def _about_vantage(vantage: VantageRecord, title: str, severity: Severity, why: str, remedy: str) -> Finding:
    return Finding(
        rule=NOT_OUTSIDE,
        severity=severity,
        title=title,
        address=None,
        protocol=None,
        port=None,
        why=why,
        evidence=clauses(vantage.outside.evidence) or say("{spec}: no evidence either way", spec=vantage.spec),
        remedy=remedy,
        standard=STANDARD,
        fingerprint=fingerprint(NOT_OUTSIDE, None, None, f"{vantage.outside.verdict} {vantage.name}"),
    )


def _unmeasured(
    title: str,
    *,
    subject: str,
    why: str,
    evidence: str,
    remedy: str,
    protocol: str | None = None,
    address: str | None = None,
) -> Finding:
    return Finding(
        rule=UNMEASURED,
        severity=Severity.INFO,
        title=title,
        address=address,
        protocol=protocol,
        port=None,
        why=why,
        evidence=evidence,
        remedy=remedy,
        standard=STANDARD,
        fingerprint=fingerprint(UNMEASURED, protocol, None, subject),
    )
