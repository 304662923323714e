"""Cutting and joining lose nothing, whatever the document holds."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanner.codec import run_to_dict
from scanner.store.cut import DamagedPartError, cut, join, unpack
from tests.report.sample import SAMPLES, after_fix

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
TABLES = st.lists(
    st.fixed_dictionaries({"address": st.text(max_size=9), "verdicts": JSON, "evidence": JSON, "nmap": JSON}),
    max_size=3,
)
KEYS = st.text("abcxyz", min_size=1, max_size=5)
DOCUMENTS = st.builds(
    lambda rest, ports, before: {**rest, "ports": ports, "before": before},
    st.dictionaries(KEYS, JSON, max_size=4),
    TABLES,
    st.none()
    | st.builds(lambda rest, ports: {**rest, "ports": ports}, st.dictionaries(KEYS, JSON, max_size=2), TABLES),
)


def joined(document: dict[str, Any]) -> dict[str, Any]:
    return join({part.path: unpack(part.content, part.digest) for part in cut(document)})


@given(DOCUMENTS)
def test_a_document_comes_back(document: dict[str, Any]) -> None:
    assert joined(document) == document


@pytest.mark.parametrize("made", SAMPLES.values(), ids=SAMPLES)
def test_a_run_comes_back(made: Any) -> None:
    document = run_to_dict(made())
    assert joined(document) == json.loads(json.dumps(document))


def test_a_run_and_the_one_before_it_share_their_ports() -> None:
    digests = [part.digest for part in cut(run_to_dict(after_fix())) if part.path.startswith("before/ports/")]
    before = run_to_dict(after_fix())["before"]
    assert set(digests) <= {part.digest for part in cut({"ports": before["ports"]})}


@given(st.binary(max_size=60))
def test_foreign_bytes_are_damage(content: bytes) -> None:
    try:
        unpack(content)
    except DamagedPartError:
        return
    raise AssertionError(content)


def test_a_cut_short_part_and_another_ones_digest_are_damage() -> None:
    one, other, *_ = cut(run_to_dict(after_fix()))
    for content, digest in ((one.content[:-3], one.digest), (one.content, other.digest)):
        with pytest.raises(DamagedPartError):
            unpack(content, digest)
