"""How much the run itself is worth: was it whole, was anybody outside, how sure is a "blocked"."""

from scanner.checklist.scene import PROVEN, REFUTED, Scene
from scanner.checklist.values import Judged, Status
from scanner.findings.words import listed
from scanner.model.run import VantageRecord
from scanner.model.text import clauses, say

STANDARD = "RFC 2330 section 6.3"  # "understand and document the sources of uncertainty"
MOST = 4


def judge_complete(scene: Scene) -> Judged:
    header = scene.run.run
    if header.complete:
        return Judged(Status.PASS, say("run {id}, {profile} profile", id=header.id, profile=header.profile.value))
    why = [say("the run was interrupted")] if header.interrupted else []
    lines = [*why, *header.problems[:MOST]] or [say("some ports have no verdict")]
    return Judged(Status.NOT_MEASURED, clauses(lines), say("Solve these problems and scan again."))


def judge_vantages(scene: Scene) -> Judged:
    """Unproven ones may be outside: with them the question stays open, without them it fails."""
    wanted = scene.policy.require.vantages_proven_outside
    records = scene.run.vantages
    proven = [record for record in records if record.outside.verdict == PROVEN]
    possible = [record for record in records if record.outside.verdict != REFUTED]
    told = clauses(map(_told, records)) or say("the run has no vantage")
    if len(proven) >= wanted:
        return Judged(Status.PASS, told)
    remedy = say("Give more vantages (--vantage, repeatable), each in another network; see v6expose vantage check.")
    open_question = len(possible) >= wanted or not records
    return Judged(Status.NOT_MEASURED if open_question else Status.FAIL, told, remedy)


def _told(record: VantageRecord) -> str:
    why = record.outside.evidence[:1] if record.outside.verdict != PROVEN else ()
    if not why:
        return say("{name}: {verdict}", name=record.name, verdict=record.outside.verdict)
    return say("{name}: {verdict} ({why})", name=record.name, verdict=record.outside.verdict, why=why[0])


def judge_bound(scene: Scene) -> Judged:
    """Of every usable vantage: what is not bounded is not measured."""
    limit = scene.policy.require.false_blocked_at_most or 0.0
    bounds = {record.name: record.false_blocked_bound for record in scene.usable}
    unknown = [name for name, bound in bounds.items() if bound is None]
    high = [f"{name}: {bound:.2g}" for name, bound in bounds.items() if bound is not None and bound > limit]
    told = [f"{name}: {bound:.2g}" for name, bound in bounds.items() if bound is not None]
    remedy = say("Scan again with a lower --rate, or from a vantage with less loss.")
    if high:
        return Judged(Status.FAIL, say("above {limit:g}: {bounds}", limit=limit, bounds=listed(high)), remedy)
    if unknown:
        return Judged(Status.NOT_MEASURED, say("no bound could be stated for {names}", names=listed(unknown)), remedy)
    if not (told and scene.run.run.witness):
        return Judged(Status.NOT_MEASURED, say("nothing was measured from both sides"), remedy)
    return Judged(Status.PASS, say("{bounds}, at most {limit:g} wanted", bounds=listed(told), limit=limit))
