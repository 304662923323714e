"""Test Anything Protocol, version 13, which every reader of version 14 takes too.

What was not measured is ``not ok``: a SKIP would count as success. A waived item is a TODO, which readers expect to
fail.
"""

import json

from scanner.checklist.values import Checklist, Item, Status
from scanner.report.text import one_line


def to_tap(checklist: Checklist) -> str:
    lines = ["TAP version 13", f"1..{len(checklist.items)}"]
    for number, item in enumerate(checklist.items, 1):
        lines += _item(number, item, checklist.policy.source)
    return "\n".join(lines) + "\n"


def _item(number: int, item: Item, source: str) -> list[str]:
    ok = "ok" if item.status is Status.PASS else "not ok"
    title = _escaped(f"{item.id}: {item.title}")
    todo = ""
    if item.waiver:
        todo = f" # TODO waived until {item.waiver.until}: {_escaped(item.waiver.reason)}"
    details = {
        "status": item.status.value,
        "evidence": item.evidence,
        "remedy": item.remedy,
        "at": f"{source}:{item.line}",
    }
    # JSON strings are YAML strings (YAML 1.2 section 1.3).
    block = [f"  {key}: {json.dumps(str(value), ensure_ascii=True)}" for key, value in details.items() if value]
    return [f"{ok} {number} - {title}{todo}", "  ---", *block, "  ..."]


def _escaped(text: str) -> str:
    """On one line; a number sign would begin a directive."""
    return one_line(text, None).replace("\\", "\\\\").replace("#", "\\#")
