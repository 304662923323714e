"""JUnit XML as values."""

from datetime import UTC, datetime

from defusedxml import ElementTree
from hypothesis import given
from hypothesis import strategies as st
from junitparser import JUnitXml

from scanner.report.junit import Case, Outcome, Suite, junit_text

AT = datetime(2026, 11, 23, 12, 30, tzinfo=UTC)


def test_suites_add_up() -> None:
    one = Suite("one", (Case("g", "a"), Case("g", "b", Outcome.ERROR, "m", "d", "kind")), AT, 1.5, "www", (("k", "v"),))
    two = Suite("two", (Case("g", "c", Outcome.SKIPPED, "later"), Case("g", "d", Outcome.FAILURE, "m")), AT, 0.5)
    root = ElementTree.fromstring(junit_text((one, two)))
    assert root.attrib == {
        "name": "v6expose", "tests": "4", "failures": "1", "errors": "1", "skipped": "1", "time": "2.000",
    }  # fmt: skip
    assert root[0].attrib["timestamp"] == "2026-11-23T12:30:00"
    assert root.find(".//error[@type='kind'][@message='m']") is not None
    assert root.find(".//property[@name='k'][@value='v']") is not None


@given(st.text(), st.text(), st.sampled_from(Outcome))
def test_any_text_gives_xml_that_readers_take(name: str, text: str, outcome: Outcome) -> None:
    suite = Suite(text, (Case(name, text, outcome, text, text, name, text, 3),), AT, host=name)
    case = next(iter(next(iter(JUnitXml.fromstring(junit_text((suite,)).encode())))))
    assert len(case.result) == (outcome is not Outcome.PASSED)
