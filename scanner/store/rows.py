"""A run as a row that can be listed, and back."""

from __future__ import annotations

import json
from collections.abc import Mapping
from ipaddress import IPv6Address
from typing import TYPE_CHECKING, Any

from scanner.model.errors import InputError
from scanner.model.finding import Severity
from scanner.model.history import RunSummary
from scanner.model.settings import Profile
from scanner.model.text import say

if TYPE_CHECKING:
    from scanner.model.run import Run

LONGEST_ID, LONGEST_NAME = 120, 255


def row_of(run: Run) -> dict[str, Any]:
    """Raises InputError where a document that was written by somebody else names itself with a novel."""
    header, summary = run.run, run.summary
    if not 0 < len(header.id) <= LONGEST_ID or plain(header.id) != header.id:
        raise InputError(
            say("run id {id!r} is no id", id=header.id[:40]),
            say("ids have 1 to {longest_id} printable characters", longest_id=LONGEST_ID),
        )
    if header.started_at.tzinfo is None or header.finished_at.tzinfo is None:
        raise InputError(
            say("run {id} names times without a zone", id=header.id), say("write them like 2026-11-23T00:12:05Z")
        )
    return {
        "id": header.id,
        "host": plain(run.host.name),
        "started_at": header.started_at,
        "finished_at": header.finished_at,
        "profile": header.profile.value,
        "complete": header.complete,
        "interrupted": header.interrupted,
        "grade": summary.grade[:2] if summary.grade else None,
        "headline": plain(summary.headline, 10_000),
        "title": plain(header.title, 10_000),
        "counts": json.dumps({severity.value: summary.counts.get(severity, 0) for severity in Severity}),
        "vantages": json.dumps(sorted(plain(vantage.name) for vantage in run.vantages)),
    }


def summary_of(row: Mapping[Any, Any]) -> RunSummary:
    values = dict(row)
    counts = {Severity(name): number for name, number in json.loads(values.pop("counts")).items()}
    vantages = tuple(json.loads(values.pop("vantages")))
    return RunSummary(**{**values, "profile": Profile(values["profile"])}, counts=counts, vantages=vantages)


def address_rows(run: Run, number: int) -> list[dict[str, Any]]:
    rows = {
        IPv6Address(record.address): {"run": number, "kind": record.kind.value, "scanned": record.scanned}
        for record in run.addresses
    }
    return [{"address": address, **row} for address, row in rows.items()]


def plain(text: str, longest: int = LONGEST_NAME) -> str:
    """What every database takes: no NUL (PostgreSQL), no lone surrogates (UTF-8)."""
    return text[:longest].replace("\0", "").encode("utf-8", "replace").decode()
