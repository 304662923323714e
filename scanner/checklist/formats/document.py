"""The checklist as JSON, for scripts."""

import json
from typing import Any

from scanner.checklist.values import Checklist, Item, Status

SCHEMA = "v6expose/checklist/1"


def document_of(checklist: Checklist) -> dict[str, Any]:
    """``status`` counts waivers in, every item's own does not."""
    return {
        "schema": SCHEMA,
        "status": checklist.status.value,
        "policy": {"path": checklist.policy.source, "host": checklist.policy.host},
        "run": {"id": checklist.run, "host": checklist.host, "finished_at": checklist.measured_at.isoformat()},
        "counts": {status.value: checklist.count(status) for status in Status} | {"waived": checklist.waived},
        "items": [_item(item) for item in checklist.items],
        "not_required": list(checklist.not_required),
    }


def to_json(checklist: Checklist) -> str:
    return json.dumps(document_of(checklist), indent=1) + "\n"


def _item(item: Item) -> dict[str, Any]:
    waiver = item.waiver
    return {
        "id": item.id,
        "title": str(item.title),
        "status": item.status.value,
        "evidence": str(item.evidence),
        "remedy": str(item.remedy),
        "line": item.line,
        "standard": item.standard,
        "waived": {"reason": waiver.reason, "until": waiver.until.isoformat()} if waiver else None,
    }
