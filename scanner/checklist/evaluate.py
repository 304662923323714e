"""Policy + run + day -> checklist. Pure."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date

from scanner.checklist.allowed import judge_allowed
from scanner.checklist.facts import FACTS, Fact
from scanner.checklist.ports import judge_unlisted
from scanner.checklist.scene import Scene, scene_of
from scanner.checklist.values import Checklist, Item
from scanner.checklist.waivers import waived
from scanner.model.cases import Case
from scanner.model.catalogue import Catalogue
from scanner.model.run import Run
from scanner.policy import Policy


def evaluate(policy: Policy, run: Run, catalogue: Catalogue, cases: Iterable[Case], today: date) -> Checklist:
    """``cases`` are the batteries' catalogues, which tell what of their rows matters. ``today`` (UTC) decides which
    waivers are in force; the run may be older. Raises InputError for a run document that no scan wrote.
    """
    scene = scene_of(policy, run, catalogue, cases)
    scene = replace(scene, waived=frozenset(waiver.item for waiver in policy.in_force(today)))
    required = tuple(fact for fact in FACTS if policy.require.asks_for(fact.key))
    items = (*(judge_fact(scene, fact) for fact in required), *judge_allowed(scene), *judge_unlisted(scene))
    return Checklist(
        policy=policy,
        host=run.host.name,
        run=run.run.id,
        measured_at=run.run.finished_at,
        seconds=max((run.run.finished_at - run.run.started_at).total_seconds(), 0.0),
        items=waived(items, policy, today),
        not_required=tuple(fact.key for fact in FACTS if fact not in required),
    )


def judge_fact(scene: Scene, fact: Fact) -> Item:
    judged = fact.judge(scene)
    lines = scene.policy.require.lines
    return Item(
        id=fact.key,
        title=fact.title,
        status=judged.status,
        evidence=judged.evidence,
        remedy=judged.remedy,
        line=lines.get(fact.key, 1),
        standard=fact.standard,
    )
