"""JUnit XML as values, and their text: the dialect that Jenkins, GitLab and GitHub's readers share. Pure.

What could not be measured is an error and never "skipped": readers paint skipped cases green.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from xml.etree import ElementTree as ET

from scanner.report.text import clean


class Outcome(StrEnum):
    PASSED = "passed"
    FAILURE = "failure"
    ERROR = "error"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Case:
    """``group`` and ``name`` together stay the same from run to run. ``message`` is one line, ``details`` are many."""

    group: str
    name: str
    outcome: Outcome = Outcome.PASSED
    message: str = ""
    details: str = ""
    kind: str = ""
    file: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True)
class Suite:
    name: str
    cases: tuple[Case, ...]
    at: datetime
    seconds: float = 0.0
    host: str = ""
    properties: tuple[tuple[str, str], ...] = ()


def junit_text(suites: Iterable[Suite], name: str = "v6expose") -> str:
    """A whole XML document, ending in a newline."""
    given = tuple(suites)
    root = ET.Element("testsuites", {"name": name, **_totals([case for suite in given for case in suite.cases])})
    root.set("time", f"{sum(suite.seconds for suite in given):.3f}")
    root.extend(_suite(suite) for suite in given)
    ET.indent(root, " ")
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root, encoding="unicode") + "\n"


def _suite(suite: Suite) -> ET.Element:
    element = ET.Element(
        "testsuite",
        {
            "name": _plain(suite.name),
            **_totals(suite.cases),
            "time": f"{suite.seconds:.3f}",
            "timestamp": suite.at.strftime("%Y-%m-%dT%H:%M:%S"),
            "hostname": _plain(suite.host),
        },
    )
    if suite.properties:
        properties = ET.SubElement(element, "properties")
        for key, value in suite.properties:
            ET.SubElement(properties, "property", {"name": _plain(key), "value": _plain(value)})
    element.extend(_case(case) for case in suite.cases)
    return element


def _case(case: Case) -> ET.Element:
    element = ET.Element("testcase", {"classname": _plain(case.group), "name": _plain(case.name), "time": "0"})
    if case.file:
        element.set("file", _plain(case.file))
        element.set("line", str(case.line))
    if case.outcome is Outcome.PASSED:
        if case.details:
            ET.SubElement(element, "system-out").text = _plain(case.details)
        return element
    told = ET.SubElement(element, case.outcome.value, {"message": _plain(case.message)})
    if case.outcome is not Outcome.SKIPPED:
        told.set("type", _plain(case.kind or case.outcome.value))
    told.text = _plain(case.details) or None
    return element


def _totals(cases: Iterable[Case]) -> dict[str, str]:
    outcomes = [case.outcome for case in cases]
    return {
        "tests": str(len(outcomes)),
        "failures": str(outcomes.count(Outcome.FAILURE)),
        "errors": str(outcomes.count(Outcome.ERROR)),
        "skipped": str(outcomes.count(Outcome.SKIPPED)),
    }


def _plain(text: str) -> str:
    """XML 1.0 has no way to write most control characters, so they are shown instead."""
    return clean(text)
