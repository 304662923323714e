"""Two runs -> what became of their findings. A finding that the later run could not see is unknown, never gone."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

from scanner.changes.around import Around, look_around
from scanner.changes.causes import causes_of
from scanner.changes.digest import name_of
from scanner.changes.measured import Measured, measured
from scanner.changes.roles import roles
from scanner.model.address import Kind
from scanner.model.finding import Finding
from scanner.model.history import Changes, FindingChange, Turn
from scanner.model.run import Run
from scanner.model.settings import Profile
from scanner.model.verdict import Verdict

_TURNS = tuple(Turn)
_PROFILES = tuple(Profile)


def compare(before: Run, after: Run, numbers: tuple[int | None, int | None] = (None, None)) -> Changes:
    """Findings are matched by fingerprint: by rule, protocol, port and the role of the address."""
    old, new = measured(before), measured(after)
    around = look_around(old, new)
    was, now = _by_fingerprint(before.findings), _by_fingerprint(after.findings)
    found = [
        *(
            _change(Turn.NEW, one, None, old, new, around)
            for key in now.keys() - was.keys()
            for one in _told(now[key], after)
        ),
        *(
            _change(_fate(one, new, old), one, one, old, new, around)
            for key in was.keys() - now.keys()
            for one in _told(was[key], before)
        ),
    ]
    for key in was.keys() & now.keys():
        found += _of_both(was[key], now[key], old, new, around)
    changed = {change.fingerprint for change in found}
    return Changes(
        before=name_of(before, numbers[0]),
        after=name_of(after, numbers[1]),
        findings=tuple(sorted(found, key=_order)),
        unchanged=len((was.keys() & now.keys()) - changed),
        notes=around.notes,
    )


def _of_both(
    was: tuple[Finding, ...], now: tuple[Finding, ...], old: Measured, new: Measured, around: Around
) -> Iterator[FindingChange]:
    """The same name in both runs: on another stable address, graver, or answered by something else."""
    appeared = tuple(_strangers(now, was, new.run, old.run))
    gone = tuple(_strangers(was, now, old.run, new.run))
    yield from (_change(Turn.NEW, one, None, old, new, around) for one in appeared)
    yield from (_change(_fate(one, new, old), one, one, old, new, around) for one in gone)
    if not (appeared or gone):
        change = _change(Turn.CHANGED, now[0], was[0], old, new, around)
        if change.causes:
            yield change


def _told(findings: tuple[Finding, ...], run: Run) -> tuple[Finding, ...]:
    """Every stable address; of the temporary ones, which come and go by the dozen, the first."""
    kinds = {record.address: record.kind for record in run.addresses}
    stable = tuple(one for one in findings if kinds.get(one.address or "") is not Kind.TEMPORARY)
    return stable or findings[:1]


def _strangers(here: Iterable[Finding], there: Iterable[Finding], here_run: Run, there_run: Run) -> Iterator[Finding]:
    """Findings ``here`` on a stable address that the run ``there`` scanned, too, and found nothing of the kind on."""
    kinds = {record.address: record.kind for record in here_run.addresses}
    known = {finding.address for finding in there}
    scanned = {record.address for record in there_run.addresses if record.scanned}
    for finding in here:
        if kinds.get(finding.address or "") is Kind.STABLE and finding.address in scanned - known:
            yield finding


def _fate(finding: Finding, new: Measured, old: Measured) -> Turn:
    """Of what the earlier run found and the later did not: gone, if the later one measured it."""
    if finding.port is None or finding.protocol is None or finding.address is None:
        as_thorough = _PROFILES.index(new.run.run.profile) >= _PROFILES.index(old.run.run.profile)
        return Turn.GONE if new.run.run.complete and as_thorough else Turn.UNKNOWN
    role = roles(old.run).get(finding.address)
    if role not in roles(new.run).values():
        return Turn.GONE  # no address of the kind is left to answer
    verdicts = new.verdicts(role, finding.protocol, finding.port)
    return Turn.GONE if verdicts and Verdict.INDETERMINATE not in verdicts else Turn.UNKNOWN


def _change(
    turn: Turn, finding: Finding, before: Finding | None, old: Measured, new: Measured, around: Around
) -> FindingChange:
    return FindingChange(
        turn=turn,
        rule=finding.rule,
        severity=finding.severity,
        severity_before=before.severity if before else None,
        title=finding.title,
        address=finding.address,
        protocol=finding.protocol,
        port=finding.port,
        fingerprint=finding.fingerprint,
        causes=causes_of(turn, finding, before, old, new, around),
    )


def _by_fingerprint(findings: Iterable[Finding]) -> Mapping[str, tuple[Finding, ...]]:
    found: defaultdict[str, list[Finding]] = defaultdict(list)
    for finding in findings:
        found[finding.fingerprint].append(finding)
    return {key: tuple(ones) for key, ones in found.items()}


def _order(change: FindingChange) -> tuple[int, int, str, str, int, str]:
    return (
        _TURNS.index(change.turn),
        -change.severity.rank,
        change.rule,
        change.protocol or "",
        change.port or 0,
        change.address or "",
    )
