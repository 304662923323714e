"""The run that a command is about: a file, one of the store, or the latest of this host."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

from scanner.model.errors import EnvironmentFault, InputError
from scanner.model.text import say

if TYPE_CHECKING:
    from scanner.model.run import Run

LATEST = "latest"


def chosen_run(file: str | None, reference: str | None) -> Run:
    """``file`` from --run, ``reference`` from --from-run, else the latest stored run here. Raises InputError."""
    if file and reference:
        raise InputError(say("--run and --from-run name two runs"), say("give one of them"))
    if file:
        from scanner.cli.report import read_run

        return read_run(file)
    from scanner.store import open_store

    store = open_store()
    if reference:
        return store.load(reference)
    try:
        return store.load(LATEST, socket.gethostname())
    except (InputError, EnvironmentFault) as error:
        remedy = say("scan first, or give --run FILE.json (written by scan -o json=FILE.json) or --from-run RUN")
        raise InputError(
            say("there is no stored run of this host to take the finding from ({message})", message=error.message),
            remedy,
        ) from error
