"""What the owner accepts until a day. A waiver in force takes an item out of the count; an expired one fails."""

from dataclasses import replace
from datetime import date

from scanner.checklist.values import Item, Status
from scanner.findings.words import counted
from scanner.model.text import say
from scanner.policy import Policy, Waiver


def waived(items: tuple[Item, ...], policy: Policy, today: date) -> tuple[Item, ...]:
    """The items with the waivers that are in force, then an item for every waiver."""
    in_force = {waiver.item: waiver for waiver in policy.in_force(today)}
    marked = tuple(
        replace(item, waiver=in_force[item.id]) if item.id in in_force and item.status is not Status.PASS else item
        for item in items
    )
    used = {item.id for item in marked if item.waiver}
    return (*marked, *(_item(waiver, today, used=waiver.item in used) for waiver in policy.waive))


def _item(waiver: Waiver, today: date, *, used: bool) -> Item:
    words = {"item": waiver.item, "until": waiver.until.isoformat(), "reason": waiver.reason}
    if waiver.expired(today):
        evidence: str = say("it ended on {until}: {reason}", **words)
        remedy: str = say(
            "Mend {item} and take the waiver out, or renew it: v6expose policy waive {item} --until DAY --reason TEXT",
            **words,
        )
    elif used:
        left = counted((waiver.until - today).days, "day")
        evidence, remedy = say("until {until}, {left} left: {reason}", left=left, **words), ""
    else:
        evidence, remedy = say("no item of its own needs it now; until {until}: {reason}", **words), ""
    return Item(
        id=f"waiver {waiver.item}",
        title=say("The waiver of {item} is in force", **words),
        status=Status.FAIL if waiver.expired(today) else Status.PASS,
        evidence=evidence,
        remedy=remedy,
        line=waiver.line,
    )
