"""The documents of every sample fit the schema that the product prints."""

import json

import jsonschema
import pytest

from scanner import codec

from .sample import SAMPLES

SCHEMA = codec.run_schema()
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)


def test_the_schema_is_one() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    assert json.loads(codec.run_schema_json()) == SCHEMA


@pytest.mark.parametrize("name", SAMPLES)
def test_every_sample_fits_and_comes_back(name: str) -> None:
    run = SAMPLES[name]()
    text = codec.run_to_json(run)
    VALIDATOR.validate(json.loads(text))
    assert codec.run_from_json(text) == run


@pytest.mark.parametrize(("key", "value"), [("schema", "v6expose/run/2"), ("ports", [{}]), ("summary", None)])
def test_what_is_no_run_document_does_not_fit(key: str, value: object) -> None:
    document = codec.run_to_dict(SAMPLES["before"]()) | {key: value}
    assert not VALIDATOR.is_valid(document)
