"""The state file: read whole, written whole or not at all, by one process at a time."""

import contextlib
import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from scanner.model.errors import EnvironmentFault
from scanner.model.text import say
from scanner.notify.values import State

FILE_NAME = "notices.json"
_SCHEMA = State().schema
_LARGEST = 32 * 1024 * 1024  # bytes


class DamagedError(Exception):
    """The bytes are no state."""


def parse_state(content: bytes) -> State:
    """Raises DamagedError for whatever ``state_json`` would not write."""
    from pydantic import ValidationError  # noqa: PLC0415  (--help need not wait for it)

    if len(content) > _LARGEST:
        raise DamagedError
    try:
        state: State = _adapter().validate_json(content)
    except (ValidationError, ValueError, RecursionError) as error:
        raise DamagedError from error
    if state.schema != _SCHEMA or not all(_zoned(state)):
        raise DamagedError
    return state


def state_json(state: State) -> bytes:
    document: bytes = _adapter().dump_json(state, indent=1)
    return document + b"\n"


def state_file(store: str | None) -> Path:
    """Beside the runs, wherever the owner keeps them; in the state directory where that is no file."""
    from scanner.store.place import NONE, place_of, state_directory  # noqa: PLC0415  (brings SQLAlchemy)

    runs = None if store == NONE else place_of(store).path
    return (runs.parent if runs else state_directory(os.environ)) / FILE_NAME


@contextlib.contextmanager
def alone(path: Path) -> Iterator[None]:
    """Nobody else reads or writes it meanwhile. Raises EnvironmentFault where not even that can be had."""
    from scanner.store import place  # noqa: PLC0415  (brings SQLAlchemy)

    with contextlib.ExitStack() as held:
        try:
            place.make_ready(path.with_name(f"{path.name}.lock"))
            held.enter_context(place.alone(path))
        except EnvironmentFault as error:
            raise _unwritable(path, error.__cause__) from error
        except OSError as error:
            raise _unwritable(path, error) from error
        yield


def read_state(path: Path, tell: Callable[[str], None]) -> State:
    """An empty one where there is none. A damaged file is set aside, and ``tell`` is given a line about it."""
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return State()
    except OSError as error:
        raise _unwritable(path, error) from error
    try:
        return parse_state(content)
    except DamagedError:
        aside = path.with_name(f"{path.name}.damaged-{datetime.now(UTC):%Y%m%dT%H%M%S.%fZ}")
        try:
            path.rename(aside)
        except OSError as error:
            raise _unwritable(path, error) from error
        tell(f"what was told before ({path}) is damaged; it is kept as {aside}, and everything counts as new")
        return State()


def read_only(path: Path) -> State | EnvironmentFault:
    """What is remembered, or why that cannot be told; nothing is changed."""
    try:
        return parse_state(path.read_bytes())
    except FileNotFoundError:
        return State()
    except OSError as error:
        return EnvironmentFault(
            say("{path} cannot be read ({why})", path=path, why=error.strerror), say("run as its owner")
        )
    except DamagedError:
        return EnvironmentFault(
            say("{path} is damaged", path=path), say("the next scan sets it aside, and everything counts as new")
        )


def write_state(path: Path, state: State) -> None:
    """Durably, or the old one stays. Raises EnvironmentFault."""
    from scanner.store import place  # noqa: PLC0415  (brings SQLAlchemy)

    fresh = path.with_name(f"{path.name}.new")
    try:
        fresh.unlink(missing_ok=True)
        place.make_ready(fresh)
        # root may write here in somebody's directory: through no link of theirs
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_NOFOLLOW | os.O_CLOEXEC), "wb") as file:
            file.write(state_json(state))
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)
    except EnvironmentFault as error:
        raise _unwritable(path, error.__cause__) from error
    except OSError as error:
        with contextlib.suppress(OSError):
            fresh.unlink(missing_ok=True)
        raise _unwritable(path, error) from error


def _unwritable(path: Path, error: BaseException | None) -> EnvironmentFault:
    why = (error.strerror if isinstance(error, OSError) else None) or say("no file can be made there")
    return EnvironmentFault(
        say("{path} cannot be read or written ({why})", path=path, why=why),
        say("see that the directory is yours and has space"),
    )


def _zoned(state: State) -> Iterator[bool]:
    """Times are compared: each must know its zone."""
    for host in state.hosts.values():
        yield host.unmeasured is None or host.unmeasured.tzinfo is not None
        yield from (at.tzinfo is not None for at in host.measuring.changes)
        yield from (news.at.tzinfo is not None for some in host.untold.values() for news in some)
        for known in host.known.values():
            yield known.seen.tzinfo is not None
            yield from (at.tzinfo is not None for at in known.pulse.changes)


@cache
def _adapter() -> Any:
    from pydantic import TypeAdapter  # noqa: PLC0415  (as above)

    return TypeAdapter(State)
