"""``v6expose history --site DIR``: pages onto disk. A report that is there already is not rendered again."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from scanner.cli.memory import remember
from scanner.cli.speech import told, warn
from scanner.model.errors import EnvironmentFault, IncompleteError, InputError
from scanner.model.text import say

if TYPE_CHECKING:
    from scanner.model.history import RunSummary
    from scanner.store import Store

FOLDERS = ("", "hosts", "runs")


def write(store: Store, directory: Path, host: str | None, most: int | None, *, quiet: bool) -> Path:
    """The index, a page a host and a report a run, at most so many of each host; returns the index.

    Raises InputError where the directory cannot be written, IncompleteError where it is full.
    """
    from scanner.report.site import render_site, report_path, shown

    runs = store.runs(host)
    totals = {name: sum(run.host == name for run in runs) for name in {run.host for run in runs}}
    chosen = shown(runs, most)
    _make(directory)
    kept = tuple(
        run
        for run in chosen
        if (directory / report_path(run)).exists() or _report(store, run, directory / report_path(run), quiet=quiet)
    )
    for page in render_site(kept, totals):
        _write(directory / page.path, page.html)
    return directory / "index.html"


def _report(store: Store, run: RunSummary, path: Path, *, quiet: bool) -> bool:
    """False where the run is damaged: the site goes on without it."""
    from scanner.report.html import render_html

    try:
        document = store.load(str(run.number))
    except EnvironmentFault as error:
        warn(str(error))
        return False
    _write(path, render_html(remember(store, document)))
    if not quiet:
        click.echo(told(say("run {number}: {path}", number=run.number, path=path)), err=True)
    return True


def _make(directory: Path) -> None:
    try:
        for folder in FOLDERS:
            (directory / folder).mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(
            say("--site {directory} cannot be made ({why})", directory=directory, why=error.strerror),
            say("name a directory of yours"),
        ) from error


def _write(path: Path, document: str) -> None:
    from scanner.report.write import check_writable, write_output

    check_writable(str(path))
    went = write_output(str(path), document)
    if went != path.resolve():
        raise IncompleteError(
            say("{path} could not be written", path=path),
            say("free some space; that page is saved as {went}", went=went),
        )
