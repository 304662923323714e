"""What the router does beside the host's own ports: the rest of the LAN, ICMPv6, and ways through its filter."""

import json
from collections.abc import Iterable, Mapping, Sequence
from ipaddress import IPv6Network

from scanner.checklist.scene import Scene, again, standing_gaps
from scanner.checklist.values import Judged, Status, fail_or_gap
from scanner.findings import lan
from scanner.findings.words import listed
from scanner.model.conformance import ConformanceRow, Result, Standard
from scanner.model.evidence import Default
from scanner.model.run import LanRecord
from scanner.model.text import clauses, say, say_many, sentences

LINK = 64  # RFC 4291 section 2.5.4: the prefix of one link
WAYS_STANDARD = "RFC 9099 section 2.3; RFC 7113; RFC 6980"
ICMPV6_STANDARD = "RFC 4890 section 4.3.1"
MOST = 6
BATTERY = {Standard.EVASION: "evasion", Standard.RFC4890: "icmpv6"}
NEEDED = "must-pass"
LET_IN = "tcp-allowed"  # packets to ports that are let in anyway: no way to what is blocked


def judge_lan(scene: Scene) -> Judged:
    """Whatever passes to addresses that nobody uses fails; every prefix of the host has to be asked about."""
    usable = {vantage.name for vantage in scene.usable}
    rows = [row for row in scene.run.lan if row.vantage in usable]
    passed = [row for row in rows if row.verdict is Default.PASSED]
    accepted = [row for row in passed if row.port in scene.policy.require.lan_may_pass]
    failed = [_lan_line(row) for row in passed if row not in accepted]
    sure = [row for row in rows if row.vantage in scene.proven]
    gaps = [gap for gap in standing_gaps(scene) if not sure]
    known = {IPv6Network(row.prefix) for row in sure}
    asked = dict.fromkeys(IPv6Network((address.ip, LINK), strict=False) for address in scene.inventory.scannable())
    missing = [str(prefix) for prefix in asked if not any(prefix.subnet_of(one) for one in known)]
    if missing:
        gaps.append(say("nobody asked about the rest of {prefixes}", prefixes=listed(missing)))
    gaps += [_lan_line(row) for row in sure if row.verdict is Default.UNKNOWN]
    status = fail_or_gap(failed, gaps)
    if status is Status.PASS:
        stopped = [row for row in sure if row.verdict is Default.BLOCKED]
        lines = [say("stopped for addresses nobody uses: {doors}", doors=_doors(stopped))] if stopped else []
        lines += (
            [say("let in to every device, as lan_may_pass has it: {doors}", doors=_doors(accepted))] if accepted else []
        )
        return Judged(status, clauses(lines))
    remedy = lan.REMEDY if failed else say("Scan with --profile standard; the quick profile does not ask.")
    return Judged(status, clauses([*failed, *gaps]), remedy)


def _doors(rows: Sequence[LanRecord]) -> str:
    return listed(list(dict.fromkeys(f"{row.protocol}/{row.port}" for row in rows)), most=len(rows))


def lan_passes(scene: Scene) -> frozenset[int]:
    """Ports that every device of the LAN can be reached on."""
    usable = {vantage.name for vantage in scene.usable}
    return frozenset(row.port for row in scene.run.lan if row.vantage in usable and row.verdict is Default.PASSED)


def _lan_line(row: LanRecord) -> str:
    return say(
        "{door} of {prefix}: {verdict} ({evidence})",
        door=f"{row.protocol}/{row.port}",
        prefix=row.prefix,
        verdict=row.verdict.value,
        evidence=row.evidence,
    )


def judge_ways(scene: Scene) -> Judged:
    """Evasion rows: what came through, in part too, fails."""
    through = {Result.THROUGH: say("through"), Result.PARTIAL: say("in part")}
    return _judge_rows(scene, Standard.EVASION, through, Result.STOPPED)


def judge_icmpv6(scene: Scene) -> Judged:
    return _judge_rows(scene, Standard.RFC4890, {Result.VIOLATES: say("violated")}, Result.CONFORMS)


def _judge_rows(scene: Scene, standard: Standard, bad: Mapping[Result, str], good: Result) -> Judged:
    usable = {vantage.name for vantage in scene.usable}
    rows = [row for row in scene.run.conformance if row.vantage in usable and _matters(scene, row, standard)]
    failed = [row for row in rows if row.result in bad]
    sure = [row for row in rows if row.vantage in scene.proven]
    untold = [row for row in sure if row.result not in {good, *bad}]
    accepted = [row for row in untold if row.id in scene.policy.require.may_stay_untried]
    unknown = [row for row in untold if row not in accepted]
    gaps: list[str] = [] if sure else standing_gaps(scene)
    if not rows:
        gaps.append(say("this was not tried in the run"))
    elif not sure and not gaps:
        gaps.append(say("no vantage that is proven to be outside tried it"))
    tried = {row.address for row in sure}
    untried = [str(address.ip) for address in scene.inventory.scannable() if str(address.ip) not in tried]
    if sure and untried:
        gaps.append(say("not tried at {addresses}", addresses=listed(untried)))
    if unknown:
        gaps.append(say("could not be tried: {cases} ({why})", cases=_ids(unknown), why=unknown[0].why))
    lines: list[str] = [say("{how}: {cases}", how=bad[row.result], cases=_case(row)) for row in failed]
    status = fail_or_gap(lines, gaps)
    if status is Status.PASS:
        lines = [
            say_many(
                "{count:,} case tried, as it should be",
                "{count:,} cases tried, every one as it should be",
                len(sure) - len(accepted),
            )
        ]
        lines += [say("untried, as may_stay_untried has it: {cases}", cases=_ids(accepted))] if accepted else []
        return Judged(status, clauses(lines))
    remedy = again(scene) if rows or standing_gaps(scene) else _play(standard)
    if failed:
        remedy = listed(list(dict.fromkeys(row.why for row in failed if row.why)), MOST)
    if unknown and not failed:
        ids = json.dumps(list(dict.fromkeys(row.id for row in unknown)))
        remedy = sentences([remedy, say("If these may stay untried: may_stay_untried = {ids} in the policy.", ids=ids)])
    return Judged(status, clauses([*_capped(lines), *gaps]), remedy)


def _play(standard: Standard) -> str:
    return say(
        "Scan with --profile standard, or with --battery {battery}; the quick profile plays none by itself.",
        battery=BATTERY[standard],
    )


def _matters(scene: Scene, row: ConformanceRow, standard: Standard) -> bool:
    """A case that no catalogue knows matters: it is of another version."""
    if row.standard is not standard:
        return False
    case = scene.cases.get(row.id)
    return case is None or (case.group == NEEDED if standard is Standard.RFC4890 else case.base != LET_IN)


def _capped(lines: list[str]) -> list[str]:
    rest = len(lines) - MOST
    return [*lines[:MOST], say("{count:,} more", count=rest)] if rest > 0 else lines


def _ids(rows: Iterable[ConformanceRow]) -> str:
    return listed(list(dict.fromkeys(row.id for row in rows)), MOST)


def untried(scene: Scene) -> tuple[str, ...]:
    """Ids of the cases that nobody could try, of what the two facts are about."""
    good = {Result.NOT_MEASURABLE: Standard.EVASION, Result.NOT_TESTABLE: Standard.RFC4890}
    rows = (row for row in scene.run.conformance if row.vantage in scene.proven and row.result in good)
    return tuple(dict.fromkeys(row.id for row in rows if _matters(scene, row, good[row.result])))


def _case(row: ConformanceRow) -> str:
    return say("{id} ({title}) at {address}", id=row.id, title=row.title or row.id, address=row.address)
