"""The catalogues of the batteries, and what makes a row unfit."""

from typing import Any

import pytest

from scanner.data.cases import EVASION, ICMPV6, MOST_PACKETS, load_cases, parse_cases
from scanner.model.errors import InputError
from scanner.model.finding import Severity

ROW = {
    "id": "a",
    "name": "a case",
    "standard": "RFC 8200",
    "packet": "SYN",
    "filter": "drop",
    "linux": "silent",
    "base": "tcp-blocked",
    "group": "headers",
    "severity": "low",
}


def test_what_the_issue_names_is_there() -> None:
    ids = {case.id for case in load_cases(EVASION)}
    for port in (20, 22, 53, 67, 80, 88, 123, 443, 500, 547, 5353):
        assert {f"sport-{port}-tcp", f"sport-{port}-udp"} <= ids
    for flags in ("ack", "fin", "null", "xmas", "maimon", "syn-fin", "syn-ack", "syn-data"):
        assert {f"tcp-{flags}", f"tcp-{flags}-allowed"} <= ids
    assert {"134", "135", "136", "137", "138", "139", "2-0-flow", "128"} <= {case.id for case in load_cases(ICMPV6)}


def test_a_row_becomes_a_case() -> None:
    (case,) = parse_cases({"case": [ROW | {"taken": "high", "path": "self", "count": 3}]}, "x.toml")
    assert (case.severity, case.taken, case.path, case.count) == (Severity.LOW, Severity.HIGH, "self", 3)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"colour": "red"}, "x.toml: row 1 has the unknown key 'colour'"),
        ({"name": " "}, "x.toml: row 1 has no name"),
        ({"base": "sctp"}, "x.toml: row 1 has the base 'sctp'"),
        ({"severity": "dire"}, "x.toml: row 1 has the severity 'dire'"),
        ({"taken": "dire"}, "x.toml: row 1 has the severity 'dire'"),
        ({"count": 0}, "x.toml: row 1 has the count 0"),
        ({"count": MOST_PACKETS + 1}, f"x.toml: row 1 has the count {MOST_PACKETS + 1}"),
        ({"count": True}, "x.toml: row 1 has the count True"),
        ({"path": "b"}, "x.toml: a has the path 'b'"),
    ],
)
def test_an_unfit_row_is_named(change: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError) as caught:
        parse_cases({"case": [ROW | change]}, "x.toml")
    assert caught.value.message == message


def test_an_id_stands_once() -> None:
    with pytest.raises(InputError, match="a stands in two rows"):
        parse_cases({"case": [ROW, ROW]}, "x.toml")
