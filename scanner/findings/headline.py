"""The one sentence on top of the report."""

from collections.abc import Iterator

from scanner.findings import exposed, measured, partial, router
from scanner.findings.facts import View, union
from scanner.findings.words import counted, listed, sentence
from scanner.model.catalogue import PROTOCOLS
from scanner.model.finding import Finding, Severity
from scanner.model.text import clauses as with_semicolons
from scanner.model.text import enumerated, say, say_many
from scanner.model.verdict import Verdict

IN_CLAUSES = (exposed.RULE, router.UNFILTERED, partial.RULE)
# what the router does: for certain, and where nobody watched
_SOME_ADDRESSES = (
    say("your router filters only some of your addresses"),
    say("your router probably filters only some of your addresses"),
)
_EVERYTHING = (say("your router passes everything"), say("your router probably passes everything"))
_UNSOLICITED = (say("your router passes unsolicited traffic"), say("your router probably passes unsolicited traffic"))


def compose(view: View, findings: tuple[Finding, ...], *, complete: bool, nothing: str) -> str:
    """``nothing`` says why nothing can be told, or is empty."""
    if nothing:
        return say("The scan could not tell: {why}.", why=nothing)
    whole = complete and not any(finding.rule == measured.UNMEASURED for finding in findings)
    clauses = list(_clauses(view, findings))
    if not clauses:
        return _clean(view, whole=whole)
    told = sentence(with_semicolons(clauses))
    return say("{told}.", told=told) if whole else say("{told}; not everything could be measured.", told=told)


def _clauses(view: View, findings: tuple[Finding, ...]) -> Iterator[str]:
    """What is open, what the router does, and failing both whatever else is worth a grade; the gravest first."""
    told = [finding for finding in findings if finding.severity is not Severity.INFO or finding.rule == exposed.RULE]
    rank = {rule: max((f.severity.rank for f in told if f.rule == rule), default=-1) for rule in IN_CLAUSES}
    router_clause = _router_clause(view, told)
    router_rank = max(rank[router.UNFILTERED], rank[partial.RULE])
    open_clause = _open_clause(view, [finding for finding in told if finding.rule == exposed.RULE])
    clauses = [open_clause, router_clause] if rank[exposed.RULE] >= router_rank else [router_clause, open_clause]
    yield from (clause for clause in clauses if clause)
    if not any(clauses) and told:
        yield say(
            "no service you did not allow is reachable from {vantages}, but: {finding}",
            vantages=_vantages(view),
            finding=told[0].title,
        )


def _open_clause(view: View, findings: list[Finding]) -> str:
    """``SMB on 445 is open to the Internet on 2 of 2 addresses``; ``findings`` are sorted, gravest first."""
    if not findings:
        return ""
    first = findings[0]
    protocol, port = first.protocol or "", first.port or 0
    same = {finding.address for finding in findings if (finding.protocol, finding.port) == (protocol, port)}
    others = {(finding.protocol, finding.port) for finding in findings} - {(protocol, port)}
    certain = any(port in seen.of({Verdict.OPEN}) for seen in view.sightings if seen.protocol == protocol)
    values = {
        "service": _name(view, first),
        "port": f"{port}" if protocol == "tcp" else f"{protocol.upper()} {port}",
        "amount": len(same),
        "total": counted(len(view.places_probed(protocol)), "address"),
    }
    told = (
        say("{service} on {port} is open to the Internet on {amount} of {total}", **values)
        if certain and view.facts.witness
        else say("{service} on {port} is probably open to the Internet on {amount} of {total}", **values)
    )
    if not others:
        return told
    return say_many(
        "{told}, and so is {count:,} other port", "{told}, and so are {count:,} other ports", len(others), told=told
    )


def _name(view: View, finding: Finding) -> str:
    service = view.facts.catalogue.find(finding.protocol or "", finding.port or 0)
    return service.name if service else exposed.UNLISTED.name


def _router_clause(view: View, findings: list[Finding]) -> str:
    rules = {finding.rule for finding in findings}
    sure = view.facts.witness
    if partial.RULE in rules:
        told, guessed = _SOME_ADDRESSES
    elif router.UNFILTERED not in rules:
        return ""
    elif not any(inflow.stopped for inflow in router.inflows(view)):
        told, guessed = _EVERYTHING
    else:
        told, guessed = _UNSOLICITED
    return told if sure else guessed


def _clean(view: View, *, whole: bool) -> str:
    """Nothing to act on: said of what was measured, and only without doubts as a fact."""
    doubt = _doubt(view, whole=whole)
    if doubt:
        return say(
            "Nothing you did not allow was seen from {vantages}, but {doubt}.", vantages=_vantages(view), doubt=doubt
        )
    return say(
        "Nothing you did not allow is reachable from {vantages}: {ports} on {addresses} probed.",
        vantages=_vantages(view),
        ports=enumerated([counted(number, f"{protocol.upper()} port") for protocol, number in _probed(view) if number]),
        addresses=counted(len(view.places), "address"),
    )


def _doubt(view: View, *, whole: bool) -> str:
    unknown = max((len(seen.of({Verdict.INDETERMINATE})) for seen in view.sightings), default=0)
    if unknown:
        return say("{ports} could not be measured", ports=counted(unknown, "port"))
    if not whole:
        return say("not everything could be measured")
    if not any(vantage.outside.verdict == "proven" for vantage in view.vantages):
        return say("it is not proven to be outside")
    return ""


def _probed(view: View) -> tuple[tuple[str, int], ...]:
    return tuple(
        (protocol, len(union((seen for seen in view.sightings if seen.protocol == protocol), Verdict)))
        for protocol in PROTOCOLS
    )


def _vantages(view: View) -> str:
    return listed(list(dict.fromkeys(seen.vantage for seen in view.sightings)))
