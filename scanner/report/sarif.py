"""SARIF 2.1.0 (OASIS standard) as values, and their JSON. Pure; whoever reports something builds the values.

A result stands at a line of a file of the owner's: a policy or a configuration, for networks have no source code.
``kind`` "open" is the standard's word for "not enough is known to decide" (section 3.27.9).
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import PurePosixPath
from typing import Any, Literal
from urllib.parse import quote

from scanner.report.text import clean

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
VERSION = "2.1.0"
TOOL = "v6expose"
HOME = "https://pypi.org/project/v6expose/"
ROOT = "SRCROOT"
FINGERPRINT = "v6expose/v1"

Level = Literal["none", "note", "warning", "error"]
Kind = Literal["pass", "fail", "open", "review", "notApplicable", "informational"]


@dataclass(frozen=True, slots=True)
class Rule:
    """``name`` is an identifier in PascalCase, ``level`` that of its failing results."""

    id: str
    name: str
    short: str
    full: str
    help: str
    level: Level = "error"
    help_uri: str = ""
    properties: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Place:
    """``path`` as the owner wrote it; a relative one is taken from the root of the sources. ``line`` from 1."""

    path: str
    line: int = 1


@dataclass(frozen=True, slots=True)
class Result:
    """``fingerprint`` is the same as long as it is the same thing. ``accepted``: why the owner suppresses it, "" where
    nobody does. ``level`` is "none" for every kind but "fail" (section 3.27.10).
    """

    rule: str
    message: str
    place: Place
    fingerprint: str
    level: Level = "error"
    kind: Kind = "fail"
    accepted: str = ""
    properties: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Invocation:
    """``complete``: the tool did all that it was asked for; ``notes`` say what is missing."""

    started: datetime
    finished: datetime
    complete: bool = True
    notes: tuple[str, ...] = ()


def sarif_log(
    rules: Iterable[Rule], results: Iterable[Result], invocation: Invocation, version: str, category: str
) -> dict[str, Any]:
    """One run. ``category`` keeps uploads of different kinds or hosts apart (``automationDetails.id``)."""
    listed = tuple(rules)
    index = {rule.id: number for number, rule in enumerate(listed)}
    return {
        "$schema": SCHEMA,
        "version": VERSION,
        "runs": [
            {
                "tool": {
                    "driver": {
                        "name": TOOL,
                        "informationUri": HOME,
                        "version": version,
                        "semanticVersion": version,
                        "rules": [_rule(rule) for rule in listed],
                    }
                },
                "automationDetails": {"id": f"{category}/"},
                "invocations": [_invocation(invocation)],
                "originalUriBaseIds": {ROOT: {"description": {"text": "The directory of the owner's files."}}},
                "columnKind": "unicodeCodePoints",
                "results": [_result(result, index[result.rule]) for result in results],
            }
        ],
    }


def to_text(log: Mapping[str, Any]) -> str:
    """Indented JSON, ending in a newline; what a reader could not see is made visible."""
    return json.dumps(_visible(log), indent=1, ensure_ascii=False) + "\n"


def uri_of(path: str) -> dict[str, str]:
    """An artifactLocation: relative paths hang on the root, so that a checkout may lie anywhere (section 3.4)."""
    pure = PurePosixPath(path)
    uri = quote(str(pure).encode("utf-8", "surrogatepass"))
    return {"uri": f"file://{uri}"} if pure.is_absolute() else {"uri": uri, "uriBaseId": ROOT}


def _rule(rule: Rule) -> dict[str, Any]:
    document: dict[str, Any] = {
        "id": rule.id,
        "name": rule.name,
        "shortDescription": {"text": rule.short},
        "fullDescription": {"text": rule.full},
        "help": {"text": rule.help},
        "defaultConfiguration": {"level": rule.level},
    }
    if rule.help_uri:
        document["helpUri"] = rule.help_uri
    if rule.properties:
        document["properties"] = dict(rule.properties)
    return document


def _result(result: Result, index: int) -> dict[str, Any]:
    document: dict[str, Any] = {
        "ruleId": result.rule,
        "ruleIndex": index,
        "kind": result.kind,
        "level": result.level if result.kind == "fail" else "none",
        "message": {"text": result.message},
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": uri_of(result.place.path),
                    "region": {"startLine": max(result.place.line, 1)},
                }
            }
        ],
        "partialFingerprints": {FINGERPRINT: result.fingerprint},
        # Section 3.35: an empty array says that it was asked whether somebody suppresses it.
        "suppressions": [{"kind": "external", "status": "accepted", "justification": result.accepted}]
        if result.accepted
        else [],
    }
    if result.properties:
        document["properties"] = dict(result.properties)
    return document


def _invocation(invocation: Invocation) -> dict[str, Any]:
    notes = [{"level": "warning", "message": {"text": note}} for note in invocation.notes]
    return {
        "startTimeUtc": _moment(invocation.started),
        "endTimeUtc": _moment(invocation.finished),
        "executionSuccessful": invocation.complete,
        "toolExecutionNotifications": notes,
    }


def _visible(value: Any) -> Any:
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, Mapping):
        return {key: _visible(one) for key, one in value.items()}
    return [_visible(one) for one in value] if isinstance(value, (list, tuple)) else value


def _moment(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")
