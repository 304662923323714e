"""The checklist as SARIF 2.1.0, located at the policy's lines.

What passed has no result: code scanning shows every result as something to act on, whatever its kind.
"""

import hashlib
from datetime import timedelta

from scanner import __version__
from scanner.checklist.facts import FACTS_BY_KEY
from scanner.checklist.values import Checklist, Item, Status
from scanner.model.text import say
from scanner.report import sarif
from scanner.report.text import rfc_link

UNLISTED, ALLOWED, WAIVER = "unlisted_port_answers", "allowed_port_answers", "waiver_in_force"
TITLES = {
    UNLISTED: say("Nothing answers that the policy does not allow"),
    ALLOWED: say("What the policy wants to answer does"),
    WAIVER: say("Waivers are in force"),
} | {key: fact.title for key, fact in FACTS_BY_KEY.items()}
HELP = say("Every item of the checklist, and what it is judged by, is explained in docs/checklist.md of v6expose.")


def to_sarif(checklist: Checklist) -> str:
    items = [item for item in checklist.items if item.status is not Status.PASS]
    rules = dict.fromkeys(rule_of(item.id) for item in checklist.items)
    standards = {rule_of(item.id): item.standard for item in checklist.items}
    gaps = tuple(f"{item.title}: {item.evidence}" for item in items if item.counts_as is Status.NOT_MEASURED)
    invocation = sarif.Invocation(
        started=checklist.measured_at - timedelta(seconds=checklist.seconds),
        finished=checklist.measured_at,
        complete=not gaps,
        notes=gaps,
    )
    log = sarif.sarif_log(
        [_rule(rule, standards[rule]) for rule in rules],
        [_result(item, checklist) for item in items],
        invocation,
        __version__,
        f"v6expose-checklist/{checklist.host}",
    )
    return sarif.to_text(log)


def rule_of(item: str) -> str:
    """``tcp/445`` and ``unlisted_tcp`` are one rule, so that the list of rules does not change with the ports."""
    if item in FACTS_BY_KEY:
        return item
    return next((rule for word, rule in (("allow ", ALLOWED), ("waiver ", WAIVER)) if item.startswith(word)), UNLISTED)


def _rule(rule: str, standard: str) -> sarif.Rule:
    return sarif.Rule(
        id=rule,
        name="".join(word.capitalize() for word in rule.split("_")),
        short=f"{TITLES[rule]}.",
        full=f"{TITLES[rule]}." + (f" Rests on {standard}." if standard else ""),
        help=HELP,
        help_uri=rfc_link(standard),
    )


def _result(item: Item, checklist: Checklist) -> sarif.Result:
    told = f"{item.title}: {item.evidence}." + (f"\n{item.remedy}" if item.remedy else "")
    waiver = item.waiver
    return sarif.Result(
        rule=rule_of(item.id),
        message=told,
        place=sarif.Place(checklist.policy.source, item.line),
        fingerprint=fingerprint(checklist.host, item.id),
        kind="fail" if item.status is Status.FAIL else "open",
        accepted=say("until {until}: {reason}", until=waiver.until.isoformat(), reason=waiver.reason) if waiver else "",
        properties={"item": item.id, "status": item.status.value},
    )


def fingerprint(host: str, item: str) -> str:
    """The same for the same item of the same host, wherever in the policy it stands."""
    return hashlib.sha256(f"{host}\n{item}".encode("utf-8", "surrogatepass")).hexdigest()[:32]
