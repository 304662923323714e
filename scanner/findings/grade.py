"""The run in one letter and one sentence. Every cap is a reason; the lowest one is the grade.

A run never gets an A when something was not measured, and no letter at all when nothing was.
"""

from collections.abc import Callable, Iterator

from scanner.findings import measured
from scanner.findings.facts import UPSTREAM, Facts, View, look, stopped, union
from scanner.findings.headline import compose
from scanner.findings.words import counted
from scanner.model.address import Kind
from scanner.model.catalogue import PROTOCOLS
from scanner.model.finding import Finding, Severity
from scanner.model.run import Cap, Summary
from scanner.model.text import Text, commas, say, say_many
from scanner.model.verdict import Verdict

BEST = "A"
# A router that passes everything is a high finding (V6X002), and so caps at D whatever listens behind it.
CAP_BY_SEVERITY = {Severity.CRITICAL: "F", Severity.HIGH: "D", Severity.MEDIUM: "C", Severity.LOW: "B"}
CAP_UNMEASURED = "B"
CAP_HALF_MEASURED = "C"  # a part is missing that could hold anything
LARGE_SHARE = 0.01  # of the probed ports without a verdict


def summarise(facts: Facts, findings: tuple[Finding, ...], *, complete: bool) -> Summary:
    """``complete`` False: the run was interrupted or a vantage or the witness failed."""
    view = look(facts)
    counts = {severity: sum(finding.severity is severity for finding in findings) for severity in Severity}
    nothing = _nothing_measured(view)
    headline = compose(view, findings, complete=complete, nothing=nothing)
    if nothing:
        return Summary(grade=None, counts=counts, reasons=(nothing,), headline=headline)
    caps = sorted(_caps(view, findings, complete=complete), key=lambda cap: cap.letter, reverse=True)
    grade = caps[0].letter if caps else BEST
    reasons = tuple(say("{letter}: {reason}", letter=cap.letter, reason=cap.reason) for cap in caps)
    return Summary(grade, counts, reasons, headline, tuple(caps))


def _nothing_measured(view: View) -> str:
    """Why no grade may be given, or nothing."""
    refuted = [vantage.name for vantage in view.facts.vantages if vantage.outside.verdict == "refuted"]
    if refuted and not view.vantages:
        return say("{vantage} is not outside, so what it saw says nothing about strangers", vantage=commas(refuted))
    if not any(seen.of(set(Verdict) - {Verdict.INDETERMINATE}) for seen in view.sightings):
        if not (view.sightings or view.facts.inventory.scannable()):
            return say("the host has no IPv6 address that the Internet can reach")
        if view.facts.witness:
            return say("nothing was measured")
        return say("nobody watched inside, and nothing answered")
    return ""


def _caps(view: View, findings: tuple[Finding, ...], *, complete: bool) -> Iterator[Cap]:
    yield from _caps_by_severity(view, findings)
    yield from _caps_by_gaps(view, findings, complete=complete)


def _caps_by_severity(view: View, findings: tuple[Finding, ...]) -> Iterator[Cap]:
    for severity, letter in CAP_BY_SEVERITY.items():
        found = [finding for finding in findings if finding.severity is severity]
        if found:
            yield Cap(letter, _gravest(view, found), severity)


def _gravest(view: View, found: list[Finding]) -> Text:
    """``SMB file sharing answers strangers on tcp/445 on a temporary address, and 1 more that is as grave``."""
    first = found[0]
    kinds = {
        place.kind
        for place in view.places
        for one in found
        if one.title == first.title and one.address == str(place.ip)
    }
    told = _ON[Kind.STABLE in kinds, Kind.TEMPORARY in kinds](first.title)
    more = len({finding.title for finding in found}) - 1
    if not more:
        return told
    return say_many(
        "{first}, and {count} more that is as grave", "{first}, and {count:,} more that are as grave", more, first=told
    )


_ON: dict[tuple[bool, bool], Callable[[str], Text]] = {
    (False, False): lambda title: say("{title}", title=title),
    (True, False): lambda title: say("{title} on a stable address", title=title),
    (False, True): lambda title: say("{title} on a temporary address", title=title),
    (True, True): lambda title: say("{title} on stable and temporary addresses", title=title),
}


def _caps_by_gaps(view: View, findings: tuple[Finding, ...], *, complete: bool) -> Iterator[Cap]:
    if not complete:
        yield Cap(CAP_HALF_MEASURED, say("the run is incomplete"))
    if not view.facts.witness:
        yield Cap(CAP_HALF_MEASURED, say("nobody watched inside"))
    probed = sum(len(seen.of(Verdict)) for seen in view.sightings)
    unknown = sum(len(seen.of({Verdict.INDETERMINATE})) for seen in view.sightings)
    if unknown > probed * LARGE_SHARE:
        all_ports = counted(probed, "probed port")
        reason = say("{count:,} of {all_ports} have no verdict", count=unknown, all_ports=all_ports)
        yield Cap(CAP_HALF_MEASURED, reason)
    if any(finding.rule == measured.UNMEASURED for finding in findings):
        yield Cap(CAP_UNMEASURED, say("not everything was measured"))
    if not any(vantage.outside.verdict == "proven" for vantage in view.vantages):
        yield Cap(CAP_UNMEASURED, say("no vantage is proven to be outside"))
    if _router_hardly_tested(view):
        yield Cap(CAP_UNMEASURED, say("most ports were stopped before they came to your router"))


def _router_hardly_tested(view: View) -> bool:
    upstream = probed = 0
    for protocol in PROTOCOLS:
        for place in view.places_probed(protocol):
            seen = view.at(place, protocol)
            probed += len(union(seen, Verdict))
            upstream += len(stopped(seen) & union(seen, UPSTREAM))
    return upstream > probed / 2
