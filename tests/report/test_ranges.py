from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scanner.model.errors import InputError
from scanner.model.ports import PortSet
from scanner.model.verdict import Verdict
from scanner.report.ranges import changes, listing, read_ranges, segments, size

PORTS = st.sets(st.integers(1, 40) | st.integers(1, 65535), max_size=30)
TABLES = st.dictionaries(st.integers(1, 60), st.sampled_from(Verdict), max_size=40)


def as_verdicts(table: dict[int, Verdict]) -> dict[Verdict, str]:
    return {
        verdict: str(PortSet.of(port for port, found in table.items() if found is verdict))
        for verdict in table.values()
    }


@settings(deadline=None)
@given(PORTS)
def test_reads_what_port_sets_write(ports: set[int]) -> None:
    ranges = read_ranges(str(PortSet.of(ports)))
    assert {port for low, high in ranges for port in range(low, high + 1)} == ports
    assert size(ranges) == len(ports)


@settings(deadline=None)
@given(st.text(max_size=20) | st.text(alphabet="0123456789,-", max_size=20))
def test_anything_else_is_refused_by_name(text: str) -> None:
    try:
        ranges = read_ranges(text)
    except InputError:
        ranges = ()
    assert all(1 <= low <= high <= 65535 for low, high in ranges)


@pytest.mark.parametrize(
    "text", ["0", "65536", "5-4", "7,3", "1-5,5-9", "1_0", "٣", "1,,2", "-5", "5-", "a", "9" * 5000]
)
def test_refused(text: str) -> None:
    with pytest.raises(InputError, match="in the run document is no sorted port list"):
        read_ranges(text)


def test_listing_says_how_many_it_left_off() -> None:
    assert listing(((1, 21), (23, 23), (80, 80)), 2) == ("1-21, 23", 1)
    assert listing((), 2) == ("", 0)


@settings(deadline=None)
@given(TABLES, TABLES)
def test_changes_are_those_of_a_port_by_port_comparison(before: dict[int, Verdict], after: dict[int, Verdict]) -> None:
    found = changes(segments(as_verdicts(before)), segments(as_verdicts(after)))
    seen = {port: pair for pair, ranges in found.items() for low, high in ranges for port in range(low, high + 1)}
    assert seen == {port: (before.get(port), after.get(port)) for port in before.keys() | after.keys()}
    assert all(left[1] + 1 < right[0] for ranges in found.values() for left, right in pairwise(ranges))
