"""The one sentence on top of the report."""

from collections.abc import Iterator

from scanner.findings import exposed, measured, partial, router
from scanner.findings.facts import View, union
from scanner.findings.words import counted, listed, sentence
from scanner.model.catalogue import PROTOCOLS
from scanner.model.finding import Finding, Severity
from scanner.model.verdict import Verdict

IN_CLAUSES = (exposed.RULE, router.UNFILTERED, partial.RULE)


def compose(view: View, findings: tuple[Finding, ...], *, complete: bool, nothing: str) -> str:
    """``nothing`` says why nothing can be told, or is empty."""
    if nothing:
        return f"The scan could not tell: {nothing}."
    whole = complete and not any(finding.rule == measured.UNMEASURED for finding in findings)
    clauses = list(_clauses(view, findings))
    if not clauses:
        return _clean(view, whole=whole)
    return sentence("; ".join(clauses)) + ("." if whole else "; not everything could be measured.")


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
        yield f"no service you did not allow is reachable from {_vantages(view)}, but: {told[0].title}"


def _open_clause(view: View, findings: list[Finding]) -> str:
    """``SMB on 445 is open to the Internet on 2 of 2 addresses``; ``findings`` are sorted, gravest first."""
    if not findings:
        return ""
    first = findings[0]
    protocol, port = first.protocol or "", first.port or 0
    same = {finding.address for finding in findings if (finding.protocol, finding.port) == (protocol, port)}
    others = {(finding.protocol, finding.port) for finding in findings} - {(protocol, port)}
    total = counted(len(view.places_probed(protocol)), "address")
    certain = any(port in seen.of({Verdict.OPEN}) for seen in view.sightings if seen.protocol == protocol)
    where = f"{port}" if protocol == "tcp" else f"{protocol.upper()} {port}"
    more = f", and so {'is' if len(others) == 1 else 'are'} {counted(len(others), 'other port')}" if others else ""
    verb = "is" if certain and view.facts.witness else "is probably"
    return f"{_name(view, first)} on {where} {verb} open to the Internet on {len(same)} of {total}{more}"


def _name(view: View, finding: Finding) -> str:
    service = view.facts.catalogue.find(finding.protocol or "", finding.port or 0)
    return service.name if service else exposed.UNLISTED.name


def _router_clause(view: View, findings: list[Finding]) -> str:
    rules = {finding.rule for finding in findings}
    probably = "" if view.facts.witness else "probably "
    if partial.RULE in rules:
        return f"your router {probably}filters only some of your addresses"
    if router.UNFILTERED not in rules:
        return ""
    if not any(inflow.stopped for inflow in router.inflows(view)):
        return f"your router {probably}passes everything"
    return f"your router {probably}passes unsolicited traffic"


def _clean(view: View, *, whole: bool) -> str:
    """Nothing to act on: said of what was measured, and only without doubts as a fact."""
    doubt = _doubt(view, whole=whole)
    if doubt:
        return f"Nothing you did not allow was seen from {_vantages(view)}, but {doubt}."
    probed = " and ".join(
        f"{counted(number, f'{protocol.upper()} port')}" for protocol, number in _probed(view) if number
    )
    what = f"{probed} on {counted(len(view.places), 'address')} probed"
    return f"Nothing you did not allow is reachable from {_vantages(view)}: {what}."


def _doubt(view: View, *, whole: bool) -> str:
    unknown = max((len(seen.of({Verdict.INDETERMINATE})) for seen in view.sightings), default=0)
    if unknown:
        return f"{counted(unknown, 'port')} could not be measured"
    if not whole:
        return "not everything could be measured"
    if not any(vantage.outside.verdict == "proven" for vantage in view.vantages):
        return "it is not proven to be outside"
    return ""


def _probed(view: View) -> tuple[tuple[str, int], ...]:
    return tuple(
        (protocol, len(union((seen for seen in view.sightings if seen.protocol == protocol), Verdict)))
        for protocol in PROTOCOLS
    )


def _vantages(view: View) -> str:
    return listed(list(dict.fromkeys(seen.vantage for seen in view.sightings)))
