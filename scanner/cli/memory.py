"""What the store knows of a run: kept before anything is rendered, remembered in every report of it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from scanner.cli.speech import warn
from scanner.model.errors import InputError, ScanError
from scanner.model.text import say

if TYPE_CHECKING:
    from scanner.model.history import Keep
    from scanner.model.run import Run
    from scanner.store import Store

NO_STORE = "none"
_FILES = (".json", ".gz")


@dataclass(frozen=True, slots=True)
class Kept:
    """``run`` with what was known before; ``stored`` is False where it should have been stored and could not."""

    run: Run
    stored: bool


def store_of(place: str | None) -> Store | None:
    """The store that a scan is to write; None where it is switched off. Raises InputError, EnvironmentFault for a place
    that cannot be one, so that nothing is measured in vain.
    """
    return None if place == NO_STORE else open_told(place)


def keep_run(run: Run, store: Store | None, keep: Keep | None, earlier: Run | None = None) -> Kept:
    """Store the run, then let it remember. Whatever is wrong with the store is one line; the run goes on.

    ``earlier`` is a run to compare with in place of the store's last complete one.
    """
    if store is None:
        return Kept(remembered(run, earlier), stored=True)
    try:
        store.save(run)
    except ScanError as error:
        _say(say("the run could not be stored: {why}", why=error))
        return Kept(remembered(run, earlier), stored=False)
    except KeyboardInterrupt:
        _say(
            say(
                "interrupted before the run was stored; the documents hold it: v6expose history add FILE stores it "
                "later"
            )
        )
        return Kept(remembered(run, earlier), stored=False)
    if keep is not None:
        _prune(store, keep)
    return Kept(remember(store, run, earlier), stored=True)


def remember(store: Store, run: Run, earlier: Run | None = None) -> Run:
    """The run with first and last sightings, the run before it, what changed since, and its doors over time. A store
    that cannot tell is one line.
    """
    from scanner.changes import doors
    from scanner.changes.doors import MOST_RUNS

    try:
        told = store.with_sightings(run)
        told = replace(told, doors=doors(store.looks(run, MOST_RUNS)))
        before = store.before(run) if earlier is None else None
        if before is not None:
            earlier = store.load(str(before.number))
        numbers = (before.number if before else None, number_of(store, run))
    except ScanError as error:
        _say(say("what was before this run cannot be told: {why}", why=error))
        return remembered(run, earlier)
    return remembered(told, earlier, numbers)


def remembered(run: Run, earlier: Run | None, numbers: tuple[int | None, int | None] = (None, None)) -> Run:
    """``run`` beside ``earlier``; a run to compare with that it names already stays."""
    if earlier is None:
        return run
    from scanner.changes import compare, digest_of
    from scanner.language import texts_of

    changes = compare(earlier, run, numbers)
    texts = {**run.texts, **texts_of(changes)}
    return replace(run, before=run.before or digest_of(earlier), changes=changes, texts=texts)


def number_of(store: Store, run: Run) -> int | None:
    """Its number in the history, None where it is not there."""
    try:
        found = store.find(run.run.id)
    except InputError:
        return None
    return found.number if found.id == run.run.id else None


def named_run(text: str, host: str | None = None) -> tuple[Run, Store | None]:
    """A run document's file, or RUN of the history with its store. Raises InputError, EnvironmentFault."""
    from scanner.cli.report import read_run

    if is_file(text):
        return read_run(text), None
    store = open_told(None)
    return store.load(text, host), store


def is_file(text: str) -> bool:
    """Whether a file is meant: numbers and ``latest`` mean the history, write ./1 for a file of that name."""
    if text == "-" or "/" in text or text.endswith(_FILES):
        return True
    return not (text.isdigit() or text == "latest") and Path(text).is_file()


def open_told(place: str | None) -> Store:
    """The store; what it has to say goes to standard error."""
    import gc

    gc.disable()  # importing SQLAlchemy makes a hundred thousand objects and no garbage: 0.05 s of 0.3
    try:
        from scanner.store import open_store
    finally:
        gc.enable()
    return open_store(place, tell=_say)


def _prune(store: Store, keep: Keep) -> None:
    try:
        store.prune(keep, datetime.now(UTC))
    except ScanError as error:
        _say(say("old runs could not be forgotten: {why}", why=error))


def _say(line: str) -> None:
    warn(line)
