"""A run -> what is there, and what of what was known is proven to be gone. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Mapping

from scanner.changes.measured import Measured, measured, size
from scanner.changes.roles import roles
from scanner.model.conformance import Result
from scanner.model.finding import Finding, Severity
from scanner.model.run import Run
from scanner.model.settings import Profile
from scanner.model.text import clauses, say
from scanner.model.verdict import PASSED, Verdict
from scanner.notify.values import Absence, Found, Known, Look, Said

ENOUGH = 0.9  # of what was measured before: a port more or less that listens is no narrowed run
_OPEN = frozenset({Verdict.OPEN, Verdict.OPEN_FILTERED})
# True wherever one looks from. What an upstream network stops, or somebody unknown, another vantage may well reach.
_ANYWHERE = PASSED | {Verdict.ROUTER_DROPPED, Verdict.ROUTER_REJECTED, Verdict.NO_NEIGHBOUR}
_UNTESTED = frozenset({Result.NOT_MEASURABLE, Result.NOT_TESTABLE})
_PROFILES = tuple(Profile)
_BREADTH_OF_ROLE = " of "  # keys of a breadth that end in a role count only while there are addresses of it


def look_of(run: Run, known: Mapping[str, Known], least: Severity, *, attended: bool = False) -> Look:
    """``least``: the mildest finding to be told. ``attended``: somebody watches, and knows why the run was ended."""
    seen = measured(run)
    breadth, by_fingerprint = breadth_of(seen), _by_fingerprint(run.findings)
    found = tuple(
        _found(ones, seen, breadth)
        for ones in by_fingerprint.values()
        if max(one.severity.rank for one in ones) >= least.rank
    )
    missing = [one.found for key, one in known.items() if key not in by_fingerprint] if run.run.complete else []
    absent = {one.fingerprint: fate for one in missing if (fate := _absence(one, seen, breadth))}
    ended = run.run.interrupted and attended
    why = Said("") if run.run.complete else Said.of(_why(run), run.texts)
    return Look(found, absent, None if ended else run.run.complete, why)


def failed(why: str) -> Look:
    """No run was made at all."""
    return Look(measured=False, why=Said.of(why, {}))


def breadth_of(seen: Measured) -> Mapping[str, int]:
    """How widely a run measured: ports by protocol and role, rows of the batteries, the rest of the LAN, names,
    vantages that are not inside, a witness, the profile's place.
    """
    run = seen.run
    breadth: defaultdict[str, int] = defaultdict(int)
    breadth["profile"], breadth["witness"] = _PROFILES.index(run.run.profile), int(run.run.witness)
    for sight in seen.sights:
        key = f"{sight.protocol}{_BREADTH_OF_ROLE}{sight.role}"
        breadth[key] = max(
            breadth[key],
            sum(size(ranges) for verdict, ranges in sight.ranges.items() if verdict is not Verdict.INDETERMINATE),
        )
    for row in run.conformance:
        breadth[f"rows {row.standard}"] += row.result not in _UNTESTED
    for lan in run.lan:
        breadth[f"lan {lan.protocol}"] += 1
    breadth["names"] = len(run.names)
    for name in _vantages(run):
        breadth[f"vantage {name}"] = 1
    return dict(breadth)


def as_wide(now: Mapping[str, int], before: Mapping[str, int], present: Iterable[str]) -> bool:
    """Whether ``now`` measured what ``before`` did, where there is still an address to measure."""
    roles_left = frozenset(present)
    return all(
        now.get(key, 0) >= ENOUGH * amount
        for key, amount in before.items()
        if _BREADTH_OF_ROLE not in key or key.partition(_BREADTH_OF_ROLE)[2] in roles_left
    )


def _found(ones: tuple[Finding, ...], seen: Measured, breadth: Mapping[str, int]) -> Found:
    """The gravest speaks for all that share the fingerprint."""
    first = max(ones, key=lambda one: one.severity.rank)
    by_address = roles(seen.run)
    return Found(
        fingerprint=first.fingerprint,
        severity=first.severity,
        title=Said.of(first.title, seen.run.texts),
        addresses=tuple(dict.fromkeys(one.address for one in ones if one.address)),
        protocol=first.protocol,
        port=first.port,
        roles=tuple(sorted({by_address.get(one.address or "", "") for one in ones})),
        vantages=_vantages(seen.run),
        breadth=breadth,
    )


def _absence(known: Found, seen: Measured, breadth: Mapping[str, int]) -> Absence | None:
    """None where the run did not measure it, or not as it was measured before."""
    present = frozenset(roles(seen.run).values())
    if known.port is None or known.protocol is None or "" in known.roles:
        return Absence.GONE if as_wide(breadth, known.breadth, present) else None
    same_places = frozenset(known.vantages) <= frozenset(_vantages(seen.run))
    verdicts: set[Verdict] = set()
    for role in present.intersection(known.roles):
        said = seen.verdicts(role, known.protocol, known.port)
        if not said or Verdict.INDETERMINATE in said or not (same_places or said <= _ANYWHERE):
            return None
        verdicts |= said
    return Absence.GONE if not verdicts or verdicts & _OPEN else Absence.SHUT


def _vantages(run: Run) -> tuple[str, ...]:
    return tuple(sorted(one.name for one in run.vantages if one.outside.verdict != "refuted"))


def _by_fingerprint(findings: Iterable[Finding]) -> Mapping[str, tuple[Finding, ...]]:
    found: defaultdict[str, tuple[Finding, ...]] = defaultdict(tuple)
    for finding in findings:
        found[finding.fingerprint] += (finding,)
    return found


def _why(run: Run) -> str:
    if run.run.interrupted:
        return say("The scan was interrupted.")
    return clauses(run.run.problems) or say("The scan could not be finished.")
