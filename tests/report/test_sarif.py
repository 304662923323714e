"""SARIF values. The standard's own validator reads them in tests/checklist/formats."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from scanner.report.sarif import Invocation, Place, Result, Rule, sarif_log, to_text, uri_of

AT = datetime(2026, 11, 23, tzinfo=UTC)
RULE = Rule("a_rule", "ARule", "Short.", "Full.", "Help.")


def log(*results: Result, notes: tuple[str, ...] = ()) -> dict[str, Any]:
    return sarif_log([RULE], results, Invocation(AT, AT, not notes, notes), "1.2.3", "category")


def test_a_kind_that_is_no_failure_has_no_level() -> None:
    made = log(*(Result("a_rule", "text", Place("p"), "f", kind=kind) for kind in ("fail", "open", "pass")))
    assert [one["level"] for one in made["runs"][0]["results"]] == ["error", "none", "none"]


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("policy.toml", {"uri": "policy.toml", "uriBaseId": "SRCROOT"}),
        ("./a/../p.toml", {"uri": "a/../p.toml", "uriBaseId": "SRCROOT"}),
        ("a b/é#1.toml", {"uri": "a%20b/%C3%A9%231.toml", "uriBaseId": "SRCROOT"}),
        ("/etc/v6expose/p.toml", {"uri": "file:///etc/v6expose/p.toml"}),
    ],
)
def test_paths_become_uris(path: str, expected: dict[str, str]) -> None:
    assert uri_of(path) == expected


def test_a_rule_that_is_not_listed_is_a_mistake() -> None:
    with pytest.raises(KeyError):
        log(Result("another", "text", Place("p"), "f"))


def test_text_holds_nothing_that_a_reader_cannot_see() -> None:
    text = to_text(log(Result("a_rule", "\x1b[31m\ud800\u202e", Place("p"), "f", accepted="\x00")))
    text.encode()
    result = json.loads(text)["runs"][0]["results"][0]
    assert result["message"]["text"] == "<U+001B>[31m<U+D800><U+202E>"
    assert result["suppressions"][0]["justification"] == "<U+0000>"
