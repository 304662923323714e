"""What every command takes: --json, -q and -v."""

from collections.abc import Callable
from typing import Any

import click

_SHARED = (
    click.option("-v", "--verbose", is_flag=True, help="Say everything, however long."),
    click.option("-q", "--quiet", is_flag=True, help="Say nothing but errors and what was asked for."),
    click.option("--json", "as_json", is_flag=True, help="Write the result as JSON to standard output."),
)


def shared(command: Callable[..., Any]) -> Callable[..., Any]:
    """Adds the parameters ``as_json``, ``quiet`` and ``verbose``."""
    for option in _SHARED:
        command = option(command)
    return command
