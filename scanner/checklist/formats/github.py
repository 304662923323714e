"""GitHub Actions: annotations at the policy's lines, as workflow commands on standard output."""

from scanner.checklist.values import Checklist, Item, Status
from scanner.model.text import say
from scanner.report.text import one_line

COMMANDS = {Status.FAIL: "error", Status.NOT_MEASURED: "error"}
WAIVED = "notice"


def to_github(checklist: Checklist) -> str:
    """A line for everything that did not pass, then one that sums up."""
    lines = [_line(item, checklist.policy.source) for item in checklist.items if item.status is not Status.PASS]
    return "\n".join([*lines, _sum(checklist)]) + "\n"


def _line(item: Item, source: str) -> str:
    command = WAIVED if item.waiver else COMMANDS[item.status]
    said = f"{item.status.value}: {item.title}: {item.evidence}"
    if item.waiver:
        said = say("waived until {until}: {item}", until=item.waiver.until.isoformat(), item=said)
    told = "\n".join(filter(None, (said, item.remedy)))
    properties = f"file={_property(source)},line={item.line},title={_property(item.id)}"
    return f"::{command} {properties}::{_data(told)}"


def _sum(checklist: Checklist) -> str:
    counts = ", ".join(f"{checklist.count(status)} {status.value}" for status in Status)
    return (
        f"::notice title=v6expose checklist::{_data(f'{checklist.status.value}: {counts}, {checklist.waived} waived')}"
    )


def _data(text: str) -> str:
    """As the toolkit escapes what follows the second pair of colons."""
    lines = (one_line(line, None) for line in text.replace("%", "%25").split("\n"))
    return "%0A".join(lines)


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
