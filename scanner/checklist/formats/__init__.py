"""Checklist -> text. A new format is one file and one line in FORMATS; what it may use is the checklist, nothing else.

table    what a reader sees, 80 columns      github   annotations of GitHub Actions
tap      Test Anything Protocol, version 13  json     the values themselves (document.py)
junit    JUnit XML                           sarif    SARIF 2.1.0, at the policy's lines
"""

from collections.abc import Callable

from scanner.checklist.formats.document import to_json
from scanner.checklist.formats.github import to_github
from scanner.checklist.formats.junit import to_junit
from scanner.checklist.formats.sarif import to_sarif
from scanner.checklist.formats.table import to_text
from scanner.checklist.formats.tap import to_tap
from scanner.checklist.values import Checklist

FORMATS: dict[str, Callable[[Checklist], str]] = {
    "text": to_text,
    "tap": to_tap,
    "junit": to_junit,
    "sarif": to_sarif,
    "github": to_github,
    "json": to_json,
}
