"""The one place where values become JSON and back (pydantic TypeAdapter over the frozen dataclasses, no JSON twins)."""

import json
from collections.abc import Iterable
from functools import cache
from ipaddress import IPv6Address
from typing import Any

from pydantic import TypeAdapter, ValidationError

from scanner.model.errors import InputError
from scanner.model.history import Changes, RunSummary
from scanner.model.run import Run
from scanner.model.text import say


@cache
def _adapter() -> TypeAdapter[Run]:
    return TypeAdapter(Run)


def run_to_json(run: Run) -> str:
    """The run document as indented JSON, ending in a newline."""
    return _adapter().dump_json(run, indent=1).decode() + "\n"


def run_to_dict(run: Run) -> dict[str, Any]:
    """The run document as plain JSON values."""
    document: dict[str, Any] = _adapter().dump_python(run, mode="json")
    return document


def run_from_json(text: str | bytes) -> Run:
    """Parse a run document. Raises InputError naming the first field that does not fit."""
    try:
        run = _adapter().validate_json(text)
    except ValidationError as error:
        first = error.errors()[0]
        raise _no_run(".".join(str(part) for part in first["loc"]) or "document", first["msg"]) from error
    for index, record in enumerate(run.addresses):
        try:
            IPv6Address(record.address)
        except ValueError as error:
            raise _no_run(f"addresses.{index}.address", "no IPv6 address") from error
    return run


def changes_to_dict(changes: Changes) -> dict[str, Any]:
    """What became of the findings between two runs, as plain JSON values."""
    document: dict[str, Any] = TypeAdapter(Changes).dump_python(changes, mode="json")
    return document


def summaries_to_list(runs: Iterable[RunSummary]) -> list[dict[str, Any]]:
    """Rows of the history as plain JSON values."""
    rows: list[dict[str, Any]] = TypeAdapter(list[RunSummary]).dump_python(list(runs), mode="json")
    return rows


def _no_run(where: str, why: str) -> InputError:
    return InputError(
        say("not a v6expose run document ({where}: {why})", where=where, why=why),
        say("give a file written by -o json=PATH"),
    )


def run_schema() -> dict[str, Any]:
    """JSON Schema (draft 2020-12) of the run document."""
    schema = _adapter().json_schema(mode="serialization")
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": "urn:v6expose:run:1", **schema}


def run_schema_json() -> str:
    return json.dumps(run_schema(), indent=1) + "\n"
