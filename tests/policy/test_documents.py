"""What the documentation shows is a policy, and every key stands in it."""

import re
from pathlib import Path

from scanner.policy.parse import _ALLOW_KEYS, _DOCUMENT_KEYS, _REQUIRE_KEYS, _WAIVE_KEYS, parse_policy

DOCS = Path(__file__).parents[2] / "docs"


def test_the_examples_parse() -> None:
    text = (DOCS / "policy.md").read_text()
    examples = re.findall(r"```toml\n(.*?)```", text, re.DOTALL)
    assert [parse_policy(example, "policy.md").host for example in examples] == ["www.example.org"]
    example = (DOCS / "ci/policy.toml").read_text()
    assert parse_policy(example, "policy.toml").require.router_drops_unlisted
    uncommented = re.sub(r"(?m)^# (?=\[\[|\w+ = )", "", example)
    assert parse_policy(uncommented, "policy.toml").waive[0].item == "tcp/8080"


def test_every_key_is_explained() -> None:
    text = (DOCS / "policy.md").read_text()
    for key in (*_ALLOW_KEYS, *_REQUIRE_KEYS, *_WAIVE_KEYS):
        assert re.search(rf"`{key}( = \w+)?`", text), key
    for key in _DOCUMENT_KEYS:
        assert f"## {key}" in text.replace("[", "").replace("]", ""), key
