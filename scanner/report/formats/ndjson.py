"""``-o ndjson=``: the run document in pieces, one JSON object a line, each with ``type``, ``run_id`` and ``host``."""

import json
from collections.abc import Iterator
from typing import Any

from scanner.codec import run_to_dict
from scanner.model.run import Run

# key of the run document -> type of the lines its elements become
LISTS = {
    "addresses": "address",
    "listeners": "listener",
    "vantages": "vantage",
    "ports": "ports",
    "services": "service",
    "findings": "finding",
    "lan": "lan",
    "differences": "difference",
    "conformance": "conformance",
    "names": "name",
    "events": "event",
}


def render_ndjson(run: Run) -> str:
    """Fields as in the run document; the run itself is the first line, the summary the last."""
    return "".join(json.dumps(line, ensure_ascii=True, separators=(",", ":")) + "\n" for line in _lines(run))


def _lines(run: Run) -> Iterator[dict[str, Any]]:
    document = run_to_dict(run)
    about = {"run_id": run.run.id, "host": run.host.name, "time": document["run"]["finished_at"]}
    yield {"type": "run", **about, "schema": document["schema"], "run": document["run"], "about_host": document["host"]}
    for key, kind in LISTS.items():
        for element in document[key]:
            yield {"type": kind, **about, kind: element}
    yield {"type": "summary", **about, "summary": document["summary"]}
